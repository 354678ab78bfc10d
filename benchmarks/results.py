"""What was measured: raw runs, kept as JSON, and the medians that are told of them."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Protocol, runtime_checkable

import msgspec

from benchmarks.chart import Chart
from benchmarks.machine import BenchmarkError, machine

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "benchmarks" / "results"
"""Where the raw runs are kept, a file for each benchmark."""

PAGE = ROOT / "docs" / "benchmarks.md"
"""Where they are told of."""

README = ROOT / "README.md"
"""Where the most important ones are told too."""


class Run(msgspec.Struct):
    """One run of one program.

    :param pair: which pair it belongs to: 1, 2, 3, …
    :param what: which of the programs that are compared.
    :param figures: by name and unit.
    """

    pair: int
    what: str
    figures: dict[str, float]


class Results(msgspec.Struct):
    """All runs of one benchmark, and where, when and how they were made."""

    benchmark: str
    date: str
    command: str
    machine: dict[str, str]
    settings: dict[str, int]
    runs: list[Run]

    def figures(self, what: str, figure: str) -> list[float]:
        """Return one figure of each run of a program, by rising pair."""
        runs = sorted(self.runs, key=lambda run: run.pair)
        return [run.figures[figure] for run in runs if run.what == what]

    def ratios(self, what: str, limit: str, figure: str) -> list[float]:
        """Return a figure of one program beside another's, for each pair: the machine
        is the same within a pair, and wanders from one to the next."""
        ours, theirs = self.figures(what, figure), self.figures(limit, figure)
        return [a / b for a, b in zip(ours, theirs, strict=True)]


class Benchmark(Protocol):
    """What a module is that answers one question; see :mod:`benchmarks.stored`."""

    def measure(self, short: bool) -> Results:
        """Run all that is compared, in turn.

        :param short: as little as shows that it works; the figures mean nothing.
        :raises BenchmarkError: when what came was not what had to come.
        """

    def section(self, results: Results) -> str:
        """Return what the page says of the results, in Markdown."""


@runtime_checkable
class Illustrated(Protocol):
    """A benchmark that has pictures too."""

    def pictures(self, results: Results) -> dict[str, Chart]:
        """Return them by the names of their files, beside the page."""


def new_results(
    benchmark: str,
    folder: Path,
    settings: dict[str, int],
    runs: list[Run],
    facts: Mapping[str, str] | None = None,
) -> Results:
    """Put runs that were made just now with what has to be known of them.

    :param folder: where what was stored went.
    :param facts: more that has to be known, beside what the machine is.
    """
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    command = " ".join(["python -m benchmarks", *sys.argv[1:]])
    known = machine(folder) | dict(facts or {})
    return Results(benchmark, now, command, known, settings, runs)


def save(results: Results, folder: Path) -> None:
    """Write results to their file, over those of the last time."""
    folder.mkdir(exist_ok=True)
    data = msgspec.json.format(msgspec.json.encode(results), indent=2)
    (folder / f"{results.benchmark}.json").write_bytes(data + b"\n")


def load(benchmark: str, folder: Path) -> Results:
    """Read results that were saved."""
    data = (folder / f"{benchmark}.json").read_bytes()
    return msgspec.json.decode(data, type=Results)


def write_section(benchmark: str, section: str, page: Path) -> None:
    """Put a section in its place on the page, between two comments.

    :raises BenchmarkError: when the page has no such place.
    """
    begin, end = f"<!-- {benchmark} -->\n", f"<!-- end of {benchmark} -->\n"
    before, found, rest = page.read_text().partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise BenchmarkError(f"{page} lacks the lines {begin}{end}".strip())
    page.write_text(f"{before}{begin}{section}{end}{after}")


def verdict(figure: float, floor: float, goal: float) -> str:
    """Return in words where a figure stands, of which more is better.

    Where less is better, all three are given with a minus.
    """
    if figure < floor:
        return "**below the floor**" if floor > 0 else "**over the limit**"
    return "the goal is met" if figure >= goal else "the floor is met, the goal is not"


def spread(values: list[float], form: str) -> str:
    """Return the median of values, and the least and the greatest: ``5 (4 to 6)``.

    :param form: how to write each, as ``,.0f``.
    """
    low, middle, high = (
        format(value, form) for value in (min(values), median(values), max(values))
    )
    return f"{middle} ({low} to {high})"


def table(rows: list[list[str]]) -> str:
    """Return a table in Markdown; the first row is its head."""
    head, *body = ("| " + " | ".join(row) + " |\n" for row in rows)
    return head + "|" + " --- |" * len(rows[0]) + "\n" + "".join(body)


def origin(results: Results) -> str:
    """Return in Markdown what machine the figures are of, and how to get them."""
    facts = "; ".join(f"{name} {value}" for name, value in results.machine.items())
    return f"{results.date}, `{results.command}`: {facts}.\n"
