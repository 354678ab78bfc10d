"""What it costs that people come to a large room and go, beside a line for each.

What a line to everyone costs is measured in the same run: messages to the same members,
one at a time. What is to be told of those who came and went may come up to a minute
later, in one line; so one such line is added to what coming and going itself costs.
"""

import tempfile
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.audience import Audience, over_tcp, received
from benchmarks.dialects import Plain
from benchmarks.load import closed
from benchmarks.machine import OTHERS, cpu_seconds, on_core
from benchmarks.results import Results, Run, new_results, origin, spread, table
from benchmarks.server import server
from tests.support.client import Client

NAME = "presence"
TOLD, EACH = "EcoChat", "a line to everyone for each"
CPU, DELIVERIES = "CPU seconds", "deliveries"

MOST = 0.05
"""The part of what lines would cost that may not be exceeded."""


class Settings(msgspec.Struct, frozen=True):
    """How much is measured.

    :param pairs: runs, each with a server of its own.
    :param members: who is in the room at the start.
    :param changes: how many of them leave, and how many others come.
    :param seconds: for which messages are said to all of them, to see what one costs.
    """

    pairs: int = 2
    members: int = 10_000
    changes: int = 1_000
    seconds: int = 3

    @property
    def lines(self) -> int:
        """How many lines everyone would be told."""
        return 2 * self.changes


SHORT = Settings(pairs=1, members=60, changes=20, seconds=1)


def measure(short: bool = False) -> Results:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = SHORT if short else Settings()
    runs = [
        run for pair in range(1, settings.pairs + 1) for run in both(pair, settings)
    ]
    folder = Path(tempfile.gettempdir())
    return new_results(NAME, folder, msgspec.to_builtins(settings), runs)


def both(pair: int, settings: Settings) -> list[Run]:
    """Measure what coming and going costs, and what a line to everyone does."""
    most = settings.members + settings.changes + 10
    with server("--max-clients", str(most)) as started, on_core(OTHERS):
        connect = over_tcp(started.port)
        with Audience(connect, Plain()) as staying, Audience(connect, Plain()) as new:
            with Audience(connect, Plain()) as leaving:
                staying.join(settings.members - settings.changes)
                leaving.join(settings.changes)
                staying.join(0, senders=1)
                take_all(staying)
                cpu = cpu_seconds(started.pid)
                new.join(settings.changes)
            wait_until_gone(started.port, settings.members + 1)
            cpu = cpu_seconds(started.pid) - cpu
            frames = take_all(staying)
            said = closed(staying, started.pid, 1, settings.seconds)
    line = said.cpu / said.messages
    told = {CPU: cpu + line, DELIVERIES: frames + settings.members}
    each = {CPU: settings.lines * line, DELIVERIES: settings.lines * settings.members}
    return [Run(pair, TOLD, told), Run(pair, EACH, each)]


def take_all(audience: Audience) -> int:
    """Take what has come to everyone; return how many frames that are."""
    return sum(received(made).count(0) for made in audience.sockets.values())


def wait_until_gone(port: int, count: int) -> None:
    """Wait until a server has so many sessions, and this one more."""
    client = Client(port)
    while client.ask("/clients", r"\* \d+$")[-1] != f"* {count + 1}":
        pass
    client.close()


def section(results: Results) -> str:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = msgspec.convert(results.settings, Settings)
    ratios = results.ratios(TOLD, EACH, CPU)
    counts = results.ratios(TOLD, EACH, DELIVERIES)
    rows = [
        ["", "CPU seconds of the server", "lines delivered"],
        *(_row(results, what) for what in (TOLD, EACH)),
        [
            f"**{TOLD} / {EACH}**",
            f"**{100 * median(ratios):.2f} %**",
            f"{100 * median(counts):.2f} %",
        ],
    ]
    verdict = "it is" if max(ratios) < MOST else "**it is not**"
    return (
        f"{table(rows)}\n"
        f"Median (least to greatest) of {settings.pairs} runs: in a room of"
        f" {settings.members:,}, {settings.changes:,} people come and as many go.\n"
        f"It has to be under {100 * MOST:.0f} %: {verdict}.\n\n{origin(results)}"
    )


def _row(results: Results, what: str) -> list[str]:
    cpu, deliveries = (results.figures(what, figure) for figure in (CPU, DELIVERIES))
    return [what, spread(cpu, ".2f"), spread(deliveries, ",.0f")]
