"""How long a message takes to its readers, when the server has little to do."""

import os
import tempfile
import time
from statistics import median

import msgspec

from benchmarks.chart import Axis, Chart
from benchmarks.contest import (
    ECOCHAT,
    LOOP,
    Started,
    contenders,
    in_turn,
    results_of,
)
from benchmarks.load import paced
from benchmarks.machine import OURS, on_core
from benchmarks.peers import PEERS
from benchmarks.results import Results, Run, origin, spread, table, verdict

NAME = "delay"
PICTURE = "delay.svg"
SHARES = {"50 %": 0.5, "90 %": 0.9, "99 %": 0.99, "99.9 %": 0.999}
"""Of all deliveries: within how many milliseconds they are there."""

DISK = "the disk alone"
WRITTEN = 16_384
"""Bytes that SQLite writes for one message, about."""

P99 = "99 %"
FLOOR, GOAL = 5, 2
"""Milliseconds by which the 99th percentile may be above the bare loop's."""


class Settings(msgspec.Struct, frozen=True):
    """How much is measured.

    :param rate: messages a second.
    """

    pairs: int = 5
    readers: int = 100
    senders: int = 4
    rate: int = 100
    milliseconds: int = 1_500
    warm_up: int = 300


SHORT = Settings(pairs=1, readers=5, senders=2, milliseconds=100, warm_up=50)


def measure(short: bool = False) -> Results:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = SHORT if short else Settings()

    def one(started: Started, seconds: float) -> dict[str, float]:
        got = paced(started.audience, started.pid, settings.rate, seconds)
        return {name: 1000 * got.delay(share) for name, share in SHARES.items()}

    joining = (settings.readers, settings.senders, 1)
    runs = in_turn(contenders(), joining, settings, one)
    for pair in range(1, settings.pairs + 1):
        runs.append(Run(pair, DISK, synced(settings)))
    return results_of(NAME, msgspec.to_builtins(settings), runs, PEERS)


def synced(settings: Settings) -> dict[str, float]:
    """Write to a file and sync it, at the same pace, and return how long that takes."""
    took = []
    with tempfile.TemporaryFile() as file, on_core(OURS):
        begun = time.perf_counter()
        for number in range(settings.rate * settings.milliseconds // 1000):
            time.sleep(max(0, begun + number / settings.rate - time.perf_counter()))
            file.write(os.urandom(WRITTEN))
            file.flush()
            before = time.perf_counter()
            os.fdatasync(file)
            took.append(1000 * (time.perf_counter() - before))
    took.sort()
    return {name: took[int(len(took) * share)] for name, share in SHARES.items()}


def section(results: Results) -> str:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = msgspec.convert(results.settings, Settings)
    rows = [["", *(f"{name} within, ms" for name in SHARES)]]
    for what in measured(results):
        figures = (results.figures(what, name) for name in SHARES)
        rows.append([what, *(spread(each, ".2f") for each in figures)])
    return (
        f"{table(rows)}\n![Delay of deliveries]({PICTURE})\n\n{over_loop(results)}"
        f" Median (least to greatest) of {settings.pairs} runs of"
        f" {settings.milliseconds / 1000:.1f} s each. {settings.rate} messages a second"
        f" from {settings.senders} senders to {settings.readers}"
        f" readers.\n\n{origin(results)}"
    )


def over_loop(results: Results) -> str:
    """Return how much longer EcoChat takes than the loop, and whether that will do."""
    longer = more(results)
    if not longer:
        return "There is no loop to compare with: no C compiler was found."
    said = verdict(-median(longer), -FLOOR, -GOAL)
    return (
        f"At 99 % EcoChat takes {spread(longer, '.2f')} ms more than the loop. It may"
        f" be {FLOOR}, and should be {GOAL}: {said}."
    )


def more(results: Results) -> list[float]:
    """Return by how many ms it takes longer, for each pair; nothing without a loop."""
    ours, theirs = (results.figures(what, P99) for what in (ECOCHAT, LOOP))
    return [a - b for a, b in zip(ours, theirs, strict=True)] if theirs else []


def measured(results: Results) -> list[str]:
    """Return whom there are figures of, in the order in which they ran."""
    return list(dict.fromkeys(run.what for run in results.runs))


def pictures(results: Results) -> dict[str, Chart]:
    """See :class:`benchmarks.results.Illustrated`."""
    places = {float(place): name for place, name in enumerate(SHARES)}
    series = {
        what: [
            (place, median(results.figures(what, name)))
            for place, name in places.items()
        ]
        for what in measured(results)
        if what != DISK
    }
    title = "Delay of a message, 100 a second to 100 readers"
    across = Axis("of all deliveries", ticks=places)
    return {PICTURE: Chart(title, across, Axis("ms, at most", log=True), series)}
