"""Whether anything grows with time, under a load that stays the same."""

import socket
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from statistics import linear_regression, median

import msgspec

from benchmarks.audience import READ, Audience, over_tcp
from benchmarks.chart import Axis, Chart, Point
from benchmarks.contest import ECOCHAT
from benchmarks.dialects import PLAIN
from benchmarks.load import TEXT, Counting, closed, frame, without_gc
from benchmarks.machine import OTHERS, cpu_seconds, on_core
from benchmarks.memory import resident
from benchmarks.results import Results, Run, new_results, origin, table
from benchmarks.server import server
from tests.support.client import Client
from tests.support.server import Server

NAME = "soak"
PICTURE = "soak.svg"
LOAD = "load"
MESSAGES, VISITS, READS, CPU = "messages", "visits", "history reads", "CPU, seconds"

TICK = 0.1
"""Seconds between two bursts of messages."""

GROWTH = 2.0
"""MB that may be added in the time that counts: what one of SQLite's caches of pages
may take, each of which fills as the file grows. A leak of 1.7 KB for each visitor, or
of 90 bytes for each message, is more."""

IN_FLIGHT = 50
"""Messages of each sender that may be unanswered, to warm up."""

RECEIVE_BUFFER = 4_096
SIP = 1_024
"""Bytes that the slow reader reads in a second: it is said some 15 times as much."""


class Settings(msgspec.Struct, frozen=True):
    """How much is measured.

    :param warm_up: seconds before the first, in which as much is said as can be:
        caches fill.
    :param settle: seconds at the beginning that do not count.
    :param sample: seconds between two looks at the memory.
    :param readers: who stay, and read; two more of them talk.
    :param burst: messages in each tick.
    :param visitors: who are there at one time of those who come and go; one of them is
        replaced in each second tick.
    """

    seconds: int = 300
    warm_up: int = 5
    settle: int = 60
    sample: int = 3
    readers: int = 100
    burst: int = 10
    visitors: int = 50


SHORT = Settings(seconds=2, warm_up=1, settle=0, sample=1, readers=3, visitors=2)


def measure(short: bool = False) -> Results:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = SHORT if short else Settings()
    with ExitStack() as stack:
        started = stack.enter_context(server())
        stack.enter_context(on_core(OTHERS))
        stack.enter_context(without_gc())
        load = stack.enter_context(Load(started, settings))
        cpu = cpu_seconds(started.pid)
        memory = {str(second): float(resident(started.pid)) for second in load.run()}
        said = load.said() | {CPU: cpu_seconds(started.pid) - cpu}
    runs = [Run(1, ECOCHAT, memory), Run(1, LOAD, said)]
    folder = Path(tempfile.gettempdir())
    return new_results(NAME, folder, msgspec.to_builtins(settings), runs)


class Load:
    """Those who stay, those who come and go, one who reads slowly, and one who asks
    for what was said before; ``with`` closes their connections."""

    def __init__(self, server: Server, settings: Settings) -> None:
        self._settings = settings
        self._connect = over_tcp(server.port)
        self._staying = Audience(self._connect, PLAIN)
        self._staying.join(settings.readers, 2)
        closed(self._staying, server.pid, IN_FLIGHT, settings.warm_up)
        self._room = self._staying.rooms[0]
        self._counting = Counting(self._staying, timed=False)
        self._visitors: deque[socket.socket] = deque()
        self._slow = Client(server.port, receive_buffer=RECEIVE_BUFFER)
        self._asking = Client(server.port)
        self._visits = self._reads = 0

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        self._staying.__exit__()
        for visitor in self._visitors:
            visitor.close()
        self._slow.close()
        self._asking.close()

    def run(self) -> Iterator[int]:
        """Do all that for so long, and yield each second in which memory is looked at;
        then wait until those who stay have been given everything.

        :raises BenchmarkError: when they have not.
        """
        said = frame(self._staying, self._room, "", TEXT)
        ticks = round(1 / TICK)
        begun = time.perf_counter()
        for tick in range(self._settings.seconds * ticks + 1):
            second, part = divmod(tick, ticks)
            if not part and not second % self._settings.sample:
                yield second
            self._room.say(said, self._settings.burst)
            if not part:
                self._each_second()
            if not tick % 2:
                self._visit()
            self._listen(begun + (tick + 1) * TICK)
        self._counting.drain()

    def _each_second(self) -> None:
        self._slow.socket.recv(SIP)
        self._asking.ask("/history 100", r"\* end lobby \d+$")
        self._asking.frames.clear()
        self._reads += 1

    def _visit(self) -> None:
        """One comes, and says so; the one who has been there for longest goes."""
        visitor = self._connect()
        visitor.sendall(PLAIN.say(self._room.name, "hello"))
        visitor.setblocking(False)
        self._visitors.append(visitor)
        self._visits += 1
        if len(self._visitors) > self._settings.visitors:
            self._visitors.popleft().close()

    def _listen(self, until: float) -> None:
        """Read what comes, but not for the slow one, until the next tick."""
        while (wait := until - time.perf_counter()) > 0:
            self._counting.take(wait)
        for visitor in self._visitors:
            with suppress(BlockingIOError):
                visitor.recv(READ)

    def said(self) -> dict[str, float]:
        """Return how much of everything there was."""
        said = self._counting.said(self._room)
        return {MESSAGES: said, VISITS: self._visits, READS: self._reads}


def points(results: Results) -> list[Point]:
    """Return what was resident at which second, in MB."""
    (memory,) = (run.figures for run in results.runs if run.what == ECOCHAT)
    return [(float(second), size / 1e6) for second, size in memory.items()]


def growth(results: Results) -> float:
    """Return the MB that were added in the time that counts: by the line that is
    nearest to its points (least squares)."""
    settings = msgspec.convert(results.settings, Settings)
    counted = [point for point in points(results) if point[0] >= settings.settle]
    slope = linear_regression(*zip(*counted, strict=True)).slope
    return slope * (settings.seconds - settings.settle)


def section(results: Results) -> str:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = msgspec.convert(results.settings, Settings)
    (load,) = (run.figures for run in results.runs if run.what == LOAD)
    sizes = [size for second, size in points(results) if second >= settings.settle]
    more = growth(results)
    rows = [
        ["", "EcoChat", "limit", ""],
        [
            f"added from {settings.settle} s to {settings.seconds} s, MB",
            f"**{more:.2f}**",
            f"{GROWTH:.0f}",
            "nothing grows" if more <= GROWTH else "**it grows**",
        ],
        [
            "resident in that time, MB",
            f"{median(sizes):.1f} ({min(sizes):.1f} to {max(sizes):.1f})",
            "",
            "",
        ],
    ]
    return (
        f"![Resident memory over time]({PICTURE})\n\n{table(rows)}\n"
        f"After {settings.warm_up} s of as many messages as can be, so that caches are"
        f" full: {load[MESSAGES]:,.0f} messages, each of them given to"
        f" {settings.readers:,} readers who stay; {load[VISITS]:,.0f} visitors,"
        f" {settings.visitors} at one time, who say something, read and go; one who"
        f" asks {load[READS]:,.0f} times for the last 100 messages; and one who reads"
        f" {SIP:,} bytes in a second, less than comes. The server took"
        f" {100 * load[CPU] / settings.seconds:.1f} % of its core. What is added is the"
        " slope of the straight line that is nearest to the points (least squares)."
        f" {GROWTH:.0f} MB is what one of SQLite's caches of pages may take; 1.7 KB for"
        f" each visitor, or 90 bytes for each message, would be more.\n\n"
        f"{origin(results)}"
    )


def pictures(results: Results) -> dict[str, Chart]:
    """See :class:`benchmarks.results.Illustrated`."""
    title = "Memory under a load that stays the same"
    axes = Axis("seconds"), Axis("MB resident")
    return {PICTURE: Chart(title, *axes, {ECOCHAT: points(results)})}
