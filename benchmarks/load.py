"""Load on a server: messages that are said, and counted with whoever reads them.

One thread. What is done for each read is a call of the kernel and a count of bytes, so
that the server is what is measured, and not this.
"""

import gc
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from benchmarks.audience import BUSY, EVENTS, READ, WAIT, Audience, Room
from benchmarks.dialects import MARK
from benchmarks.machine import BenchmarkError, cpu_seconds

STAMP = re.compile(re.escape(MARK) + rb"(\d{16})")
"""When a message was sent, in microseconds of a clock."""

TEXT = 100
"""Bytes of a message, if nothing else is said."""

Feed = Callable[[float], float]
"""Says what has to be said now, and returns for how long nothing has to be."""


@dataclass(frozen=True)
class Outcome:
    """What a run gave, in which each reader was given each message of its room.

    :param messages: how many were said.
    :param deliveries: how many readers were given, all together.
    :param seconds: from the first message to the last delivery.
    :param cpu: CPU seconds of the server in that time, of all its threads.
    :param bytes_each: bytes of a delivery.
    :param last: when each reader had its last byte, in seconds of the run.
    :param delays: how long each delivery took, in seconds, rising; where messages were
        said at a pace.
    """

    messages: int
    deliveries: int
    seconds: float
    cpu: float
    bytes_each: float
    last: list[float]
    delays: list[float]

    @property
    def rate(self) -> float:
        """Deliveries per CPU-second of the server."""
        return self.deliveries / max(self.cpu, 0.01)

    @property
    def slowest(self) -> float:
        """When the slowest reader had its last byte, beside the median of all."""
        return max(self.last) / median(self.last)

    def delay(self, share: float) -> float:
        """Return the seconds within which a share of all deliveries were there."""
        return self.delays[min(int(len(self.delays) * share), len(self.delays) - 1)]


def closed(
    audience: Audience, pid: int, in_flight: int, seconds: float, size: int = TEXT
) -> Outcome:
    """Have each sender keep so many messages unanswered, for some seconds.

    The answer is that a reader of its room has them.

    :param pid: the server's process.
    :param size: bytes of a message.
    :raises BenchmarkError: when not everything reached everyone.
    """
    counting = Counting(audience, timed=False)
    frames = [frame(audience, room, "", size) for room in audience.rooms]
    allowed = [in_flight * len(room.senders) for room in audience.rooms]

    def feed(now: float) -> float:
        for room, said, limit in zip(audience.rooms, frames, allowed, strict=True):
            room.say(said, limit - counting.unanswered(room))
        return 0.05

    return run(counting, feed, pid, seconds)


def paced(
    audience: Audience, pid: int, rate: float, seconds: float, size: int = TEXT
) -> Outcome:
    """Say so many messages a second to the first room, and time each delivery."""
    counting = Counting(audience, timed=True)
    room = audience.rooms[0]
    due = time.perf_counter()

    def feed(now: float) -> float:
        nonlocal due
        while due <= now:
            stamp = f"{time.perf_counter() * 1e6:016.0f}"
            room.say(frame(audience, room, stamp, size), 1)
            due += 1 / rate
        return due - now

    return run(counting, feed, pid, seconds)


def frame(audience: Audience, room: Room, stamp: str, size: int) -> bytes:
    """Return a message whose text has so many bytes."""
    return audience.dialect.say(room.name, f"{MARK.decode()}{stamp}".ljust(size, "x"))


class Counting:
    """What has come of a run.

    :param timed: whether messages have stamps, which are compared with the clock.
    """

    def __init__(self, audience: Audience, timed: bool) -> None:
        numbers = audience.sockets
        self.audience = audience
        self.heard = dict.fromkeys(numbers, 0)
        self.got = dict.fromkeys(numbers, 0)
        self.last = dict.fromkeys(numbers, 0.0)
        self.stamps: list[tuple[int, float, list[bytes]]] | None = [] if timed else None
        self._before = {room.name: room.said for room in audience.rooms}
        self._buffer = bytearray(READ)
        self._receive = {n: made.recv_into for n, made in numbers.items()}

    def said(self, room: Room) -> int:
        """Return how many messages of this run were said in a room."""
        return room.said - self._before[room.name]

    def unanswered(self, room: Room) -> int:
        """Return how many of them its first reader does not have yet."""
        return self.said(room) - self.heard[room.readers[0]]

    def take(self, wait: float) -> bool:
        """Take what comes within some seconds, and return whether anything did."""
        buffer, clock = self._buffer, time.perf_counter
        ready = self.audience.epoll.poll(wait, EVENTS)
        for number, _ in ready:
            try:
                size = self._receive[number](buffer)
            except BUSY:
                continue
            if not size:
                raise BenchmarkError("the server closed a connection")
            self.heard[number] += buffer.count(MARK, 0, size)
            self.got[number] += size
            self.last[number] = clock()
            if self.stamps is not None:
                stamps = STAMP.findall(memoryview(buffer)[:size])
                self.stamps.append((number, self.last[number], stamps))
        return bool(ready)

    def missing(self) -> int:
        """Return how many readers have not exactly what was said in their room."""
        return sum(
            self.heard[reader] != self.said(room)
            for room in self.audience.rooms
            for reader in room.readers
        )

    def drain(self) -> None:
        """Take what is on its way, until all readers have all of it.

        :raises BenchmarkError: when they never do, or have more than that.
        """
        deadline = time.perf_counter() + WAIT
        while self.missing():
            for room in self.audience.rooms:
                room.say(b"", 0)
            if not self.take(WAIT / 10) or time.perf_counter() > deadline:
                raise BenchmarkError(
                    f"{self.missing()} readers do not have what was said to them"
                )

    def outcome(self, begun: float, cpu: float) -> Outcome:
        """Return what came, in a run that begun then and took the server so long."""
        readers = [n for room in self.audience.rooms for n in room.readers]
        last = [self.last[reader] - begun for reader in readers]
        deliveries = sum(self.heard[reader] for reader in readers)
        return Outcome(
            messages=sum(map(self.said, self.audience.rooms)),
            deliveries=deliveries,
            seconds=max(last),
            cpu=cpu,
            bytes_each=sum(self.got[reader] for reader in readers) / deliveries,
            last=last,
            delays=sorted(self._delays(set(readers))),
        )

    def _delays(self, readers: set[int]) -> Iterator[float]:
        for number, came, stamps in self.stamps or ():
            for stamp in stamps if number in readers else ():
                yield came - int(stamp) / 1e6


def run(counting: Counting, feed: Feed, pid: int, seconds: float) -> Outcome:
    """Feed for some seconds, wait until all has come, and see what that gave."""
    with without_gc():
        begun, cpu = time.perf_counter(), cpu_seconds(pid)
        while (now := time.perf_counter()) < begun + seconds:
            counting.take(feed(now))
        counting.drain()
        return counting.outcome(begun, cpu_seconds(pid) - cpu)


@contextmanager
def without_gc() -> Iterator[None]:
    """Look for no garbage meanwhile: it would take as long as some deliveries."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
