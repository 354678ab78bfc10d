"""How much memory an idle connection takes, and many of them in all."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.audience import Audience, over_tcp
from benchmarks.chart import Axis, Chart, Point
from benchmarks.dialects import PLAIN
from benchmarks.machine import OTHERS, BenchmarkError, files, on_core
from benchmarks.results import Results, Run, new_results, origin, spread, table, verdict
from benchmarks.server import server

NAME = "memory"
SERVER = "EcoChat"
PICTURE = "memory.svg"

EACH = (4_000, 2_500)
"""Bytes that a connection beyond the first 1,000 may take, and should."""

ALL = (120, 90)
"""MB that the process may have resident with all connections, and should."""


class Settings(msgspec.Struct, frozen=True):
    """How much is measured.

    :param runs: servers that are started and filled.
    :param first: connections that are not counted: by then buffers have grown.
    :param step: connections between two looks at the memory.
    :param steps: how many.
    """

    runs: int = 2
    first: int = 1_000
    step: int = 3_500
    steps: int = 4

    @property
    def sizes(self) -> list[int]:
        """The numbers of connections at which the memory is looked at."""
        return [self.first + self.step * number for number in range(self.steps + 1)]

    @property
    def most(self) -> int:
        """Connections of all together, at the end."""
        return self.sizes[-1]


SHORT = Settings(runs=1, first=20, step=20, steps=1)


def measure(short: bool = False) -> Results:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = SHORT if short else Settings()
    if (files_each := files()) < settings.most + 600:
        raise BenchmarkError(f"a process may have only {files_each} files here")
    runs = [
        Run(number, SERVER, dict(run_server(settings)))
        for number in range(1, settings.runs + 1)
    ]
    folder = Path(tempfile.gettempdir())
    return new_results(NAME, folder, msgspec.to_builtins(settings), runs)


def run_server(settings: Settings) -> Iterator[tuple[str, float]]:
    """Connect more and more, who say nothing, and read the server's memory."""
    with (
        server("--max-clients", str(settings.most)) as started,
        on_core(OTHERS),
        Audience(over_tcp(started.port), PLAIN) as audience,
    ):
        yield "0", resident(started.pid)
        for size in settings.sizes:
            audience.join(size - len(audience.sockets))
            yield str(size), resident(started.pid)


def resident(pid: int) -> int:
    """Return the memory of a process that is resident, all of it, in bytes (proc(5),
    ``VmRSS``). What the kernel holds for its sockets is not in it."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def section(results: Results) -> str:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = msgspec.convert(results.settings, Settings)
    each, everything = bytes_each(results, settings), megabytes(results, settings)
    rows = [
        ["", "EcoChat", "floor", "goal", ""],
        _row("a connection, bytes", each, EACH),
        _row(f"all {settings.most:,} and the server, MB", everything, ALL),
    ]
    start = [value / 1e6 for value in results.figures(SERVER, "0")]
    return (
        f"![Resident memory against idle connections]({PICTURE})\n\n{table(rows)}\n"
        f"Median (least to greatest) of {settings.runs} servers, each with"
        f" {settings.most:,} connections of the plain dialect that are greeted"
        " and say nothing; a connection is what one beyond the first"
        f" {settings.first:,} takes. With none the server has"
        f" {spread(start, '.0f')} MB resident, most of it Python's and"
        " Twisted's modules. Buffers of the kernel's for the sockets are not"
        f" counted.\n\n{origin(results)}"
    )


def _row(what: str, values: list[float], limits: tuple[int, int]) -> list[str]:
    floor, goal = (f"{limit:,}" for limit in limits)
    stands = verdict(-median(values), -limits[0], -limits[1])
    return [what, f"**{spread(values, ',.0f')}**", floor, goal, stands]


def bytes_each(results: Results, settings: Settings) -> list[float]:
    """Return for each run the bytes that a connection takes beyond the first ones."""
    first, last = settings.first, settings.most
    before, after = (results.figures(SERVER, str(size)) for size in (first, last))
    return [(b - a) / (last - first) for a, b in zip(before, after, strict=True)]


def megabytes(results: Results, settings: Settings) -> list[float]:
    """Return for each run what is resident with all connections."""
    last = results.figures(SERVER, str(settings.most))
    return [value / 1e6 for value in last]


def pictures(results: Results) -> dict[str, Chart]:
    """See :class:`benchmarks.results.Illustrated`."""
    settings = msgspec.convert(results.settings, Settings)
    points: list[Point] = [
        (size, median(results.figures(SERVER, str(size))) / 1e6)
        for size in (0, *settings.sizes)
    ]
    title = "Memory: what is resident of the server's process"
    axes = Axis("idle connections"), Axis("MB")
    return {PICTURE: Chart(title, *axes, {SERVER: points})}
