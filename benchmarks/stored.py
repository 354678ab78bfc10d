"""How many messages a second are stored and acknowledged, beside a loop of commits.

Connections that each are alone in a room of their own, so that nothing is delivered to
anyone else, keep messages in flight; each answer is checked. The bare loop stores the
same rows in groups of 1,000. Both run in turn, on one disk, each on a new file.
"""

import sqlite3
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.bare_log import GROUP, Row, bare_log, write
from benchmarks.machine import OTHERS, OURS, BenchmarkError, cpu_seconds, on_core
from benchmarks.results import (
    Results,
    Run,
    new_results,
    origin,
    spread,
    table,
    verdict,
)
from benchmarks.senders import Sender, drive, enter
from benchmarks.server import server

NAME = "stored"
SERVER, LOOP = "EcoChat", "bare loop"
RATE, SECONDS, CPU, LOAD = "messages/s", "seconds", "CPU seconds", "load CPU seconds"

FLOOR, GOAL = 0.3, 0.5
"""The part of the loop's rate that the server has to reach, and should."""

TEXT = 100
"""Bytes of a message."""


class Settings(msgspec.Struct, frozen=True):
    """How much is measured.

    :param pairs: runs of the server and of the loop that count; one of each before
        them, to warm up, does not.
    :param messages: of each connection.
    :param window: messages of a connection that may be unanswered.
    """

    pairs: int = 5
    connections: int = 50
    messages: int = 4_000
    window: int = 100

    @property
    def rooms(self) -> list[str]:
        """The rooms, one for each connection."""
        return [f"bench-{number}" for number in range(1, self.connections + 1)]

    @property
    def total(self) -> int:
        """The messages of all connections."""
        return self.connections * self.messages

    def texts(self, room: str) -> list[str]:
        """What is said in a room."""
        numbers = range(1, self.messages + 1)
        return [f"message {n} in {room} ".ljust(TEXT, "x") for n in numbers]


SHORT = Settings(pairs=1, connections=3, messages=500, window=20)


def measure(short: bool = False) -> Results:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = SHORT if short else Settings()
    runs = []
    for pair in range(settings.pairs + 1):
        runs.append(Run(pair, SERVER, run_server(settings)))
        runs.append(Run(pair, LOOP, run_loop(settings)))
    folder = Path(tempfile.gettempdir())
    counted = [run for run in runs if run.pair]
    return new_results(NAME, folder, msgspec.to_builtins(settings), counted)


def run_server(settings: Settings) -> dict[str, float]:
    """Have everyone talk to a server, kill it, and look at what it kept."""
    with server() as started, ExitStack() as stack, on_core(OTHERS):
        senders = []
        for room in settings.rooms:
            connection = stack.enter_context(enter(started.port, room))
            texts = settings.texts(room)
            senders.append(Sender(connection, room, texts, settings.window))
        begun, cpu = time.perf_counter(), cpu_seconds(started.pid)
        load = time.process_time()
        drive(senders)
        load = time.process_time() - load
        cpu = cpu_seconds(started.pid) - cpu
        seconds = time.perf_counter() - begun
        started.kill()
        check_kept(Path(started.data), settings)
    rate = settings.total / seconds
    return {RATE: rate, SECONDS: seconds, CPU: cpu, LOAD: load}


def run_loop(settings: Settings) -> dict[str, float]:
    """Store the same rows in a loop."""
    rows = rows_of(settings)
    with tempfile.TemporaryDirectory(prefix="ecochat-") as folder, on_core(OURS):
        path = Path(folder) / "loop.sqlite"
        with bare_log(path) as db:
            cpu = time.process_time()
            seconds = write(db, rows)
            cpu = time.process_time() - cpu
        check_kept(path, settings)
    return {RATE: len(rows) / seconds, SECONDS: seconds, CPU: cpu}


def rows_of(settings: Settings) -> list[Row]:
    """Return the rows that the server makes of what is said, in an order that it may
    make them in: a window of one room's, then one of the next room's. (The lobby is
    room 1, and empty.)"""
    now = int(time.time() * 1000)
    said = [settings.texts(room) for room in settings.rooms]
    rows: list[Row] = []
    for first in range(0, settings.messages, settings.window):
        for number, texts in enumerate(said, 1):
            who = (number, f"guest-{number}", "message")
            for n, text in enumerate(texts[first : first + settings.window], first + 1):
                rows.append((len(rows) + 1, number + 1, n, now, *who, text))
    return rows


def check_kept(path: Path, settings: Settings) -> None:
    """See that a file has all that was acknowledged, also after the server was killed.

    :raises BenchmarkError: when it has not.
    """
    ends = "SELECT count(*), min(n), max(n) FROM events GROUP BY room"
    with closing(sqlite3.connect(path)) as db:
        kept = db.execute(ends).fetchall()
    count = settings.messages
    if kept != [(count, 1, count)] * settings.connections:
        raise BenchmarkError(
            f"{settings.connections} rooms of {count} messages were acknowledged,"
            f" but the file has (count, first, last) {kept}"
        )


def section(results: Results) -> str:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = msgspec.convert(results.settings, Settings)
    ratios = results.ratios(SERVER, LOOP, RATE)
    cpu = spread(results.ratios(SERVER, LOOP, CPU), ".1f")
    rows = [
        ["", "messages/s", "CPU for a message, µs"],
        *(_row(results, what, settings.total) for what in (SERVER, LOOP)),
        ["**EcoChat / bare loop**", f"**{spread(ratios, '.2f')}**", cpu],
    ]
    loads = results.figures(SERVER, LOAD)
    shares = [
        100 * load / seconds
        for load, seconds in zip(loads, results.figures(SERVER, SECONDS), strict=True)
    ]
    return (
        f"{table(rows)}\n"
        f"Median (least to greatest) of {settings.pairs} pairs, after one to warm up.\n"
        f"{settings.connections} connections, {settings.messages:,} messages of {TEXT}"
        f" bytes each, {settings.window} of them in flight; the loop commits {GROUP:,}"
        " rows at once.\n"
        f"The floor is {FLOOR}, the goal {GOAL}:"
        f" {verdict(median(ratios), FLOOR, GOAL)}."
        f" The load took {spread(shares, '.0f')} % of a core.\n\n{origin(results)}"
    )


def _row(results: Results, what: str, messages: int) -> list[str]:
    cpu = [1e6 * seconds / messages for seconds in results.figures(what, CPU)]
    return [what, spread(results.figures(what, RATE), ",.0f"), spread(cpu, ".1f")]
