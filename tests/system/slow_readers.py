"""Readers that stop reading while much is said: what they cost, and what they get.

Two servers are given the same load, one without the slow readers and one with them.
The slow ones have a receive buffer of 4 KiB and read nothing until all is said; then
all of them read on at the same time, beside a writer that goes on. One more client
asks for ``/history 1000`` ten thousand times and never reads.

``python -m tests.system.slow_readers`` prints the figures of the full form.
"""

import argparse
import os
import re
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from tests.support.server import Server

RECEIVE_BUFFER = 4_096
CATCH_UP_BUFFER = 1 << 20
"""With 4 KiB, less than one segment of the loopback, the kernel would send on only at
its timers, some bytes at a time."""

NORMAL_READERS = 2
WINDOW = 1_000
"""Messages the writer has unanswered at most: enough that groups are full."""

SAMPLE = 0.05
"""Seconds between two looks at the server's memory and at its write-ahead log."""

PATIENCE = 60.0
"""Seconds without any progress after which the run is given up."""


@dataclass(frozen=True)
class Load:
    """What is said, and who does not listen.

    :param messages: how many pass while the slow readers read nothing.
    :param more: how many are said while they catch up.
    :param size: the length of a message, in characters.
    :param slow: how many slow readers there are.
    :param asked: how often the silent client asks for ``/history 1000``.
    :param nick: the writer's name.
    """

    messages: int
    more: int
    size: int
    slow: int
    asked: int
    nick: str = "writer"

    def texts(self) -> list[bytes]:
        """Return all messages, each one different from the others if it is long
        enough to be."""
        numbers = range(1, self.messages + self.more + 1)
        return [f"{n} ".ljust(self.size, "x")[: self.size].encode() for n in numbers]


@dataclass
class Phase:
    """What was seen of the server in one part of a run."""

    seconds: float = 0.0
    peak_kb: int = 0
    wal_bytes: int = 0


@dataclass
class Figures:
    """What a run showed.

    :ivar passing: while the messages passed.
    :ivar catching_up: while the slow readers read on.
    :ivar held: bytes that the kernel held at most for one connection that did not
        read; what is said beyond them is for the server to hold, or not.
    """

    passing: Phase = field(default_factory=Phase)
    catching_up: Phase = field(default_factory=Phase)
    held: int = 0


class Peer:
    """A client of a run, on a socket that never blocks.

    :ivar wanted: whether it reads.
    """

    def __init__(self, port: int, nick: str, receive_buffer: int = 0) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port))
        self.wanted = True
        self._unsent = b""
        self._begun = self._greet(nick)
        self.socket.setblocking(False)

    def _greet(self, nick: str) -> bytes:
        """Take a name, before anything is said; return what was received behind."""
        self.socket.settimeout(PATIENCE)
        self.socket.sendall(b"/nick %s\0" % nick.encode())
        end, data = b" is now %s\0" % nick.encode(), b""
        while end not in data:
            data += self.socket.recv(1 << 18)
        return data.partition(end)[2]

    @property
    def unsent(self) -> bool:
        """Whether it has something to send."""
        return bool(self._unsent)

    def say(self, texts: list[bytes]) -> None:
        """Send each text as a frame, when the socket takes it."""
        self._unsent += b"".join(text + b"\0" for text in texts)

    def write(self) -> None:
        """Send what the socket takes now."""
        self._unsent = self._unsent[self.socket.send(self._unsent) :]

    def read(self) -> None:
        """Take what there is."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise AssertionError("the server closed the connection")
        *frames, self._begun = (self._begun + data).split(b"\0")
        self.take(frames)

    def take(self, frames: list[bytes]) -> None:
        """Take frames; what they are is of no interest here."""


class Reader(Peer):
    """Checks that it is told every message once, in order.

    :ivar count: how many it was told.
    """

    def __init__(
        self, port: int, nick: str, expected: list[bytes], receive_buffer: int = 0
    ) -> None:
        super().__init__(port, nick, receive_buffer)
        self.count = 0
        self._expected = expected

    def take(self, frames: list[bytes]) -> None:
        """Compare; who comes and goes is no message."""
        said = [frame for frame in frames if not frame.startswith(b"* ")]
        expected = self._expected[self.count : self.count + len(said)]
        if said != expected:
            pairs = enumerate(zip_longest(said, expected), self.count + 1)
            n, pair = next((n, pair) for n, pair in pairs if pair[0] != pair[1])
            raise AssertionError(f"message {n} was {pair[0]!r}, not {pair[1]!r}")
        self.count += len(said)


class Writer(Peer):
    """Says everything, some messages ahead of their acknowledgements.

    :ivar stored: how many messages were acknowledged, each with its number.
    """

    def __init__(self, port: int, nick: str, texts: list[bytes]) -> None:
        super().__init__(port, nick)
        self.stored = 0
        self._said = 0
        self._texts = texts

    def go_on(self, upto: int) -> None:
        """Say what may be said by now, of the first ``upto`` messages."""
        upto = min(upto, self.stored + WINDOW)
        if upto > self._said and not self.unsent:
            self.say(self._texts[self._said : upto])
            self._said = upto

    def take(self, frames: list[bytes]) -> None:
        """Count the numbers that messages are stored under: 1, 2, 3, …"""
        for frame in frames:
            if not frame.startswith(b"* "):
                self.stored += 1
                assert frame == b"+ lobby %d" % self.stored, frame


class Run:
    """One server under the load, with the slow readers or without them."""

    def __init__(self, load: Load, with_slow: bool, kept: ExitStack) -> None:
        self.figures = Figures()
        self._load = load
        self._server = kept.enter_context(Server())
        port = self._server.port
        texts = load.texts()
        expected = [load.nick.encode() + b": " + text for text in texts]
        self._writer = Writer(port, load.nick, texts)
        self._normal = [
            Reader(port, f"normal{i}", expected) for i in range(NORMAL_READERS)
        ]
        slow = range(load.slow if with_slow else 0)
        self._slow = [Reader(port, f"slow{i}", expected, RECEIVE_BUFFER) for i in slow]
        self._peers: list[Peer] = [self._writer, *self._normal, *self._slow]
        if with_slow and load.asked:
            silent = Peer(port, "silent", RECEIVE_BUFFER)
            silent.say([b"/history 1000"] * load.asked)
            silent.wanted = False
            self._peers.append(silent)
        self._selector = kept.enter_context(selectors.DefaultSelector())
        for peer in self._peers:
            kept.callback(peer.socket.close)
            self._selector.register(peer.socket, selectors.EVENT_READ, peer)

    def pass_by(self) -> None:
        """Say the messages while the slow readers read nothing."""
        for reader in self._slow:
            reader.wanted = False
        upto = self._load.messages

        def step() -> bool:
            self._writer.go_on(upto)
            heard = min(reader.count for reader in self._normal)
            return self._writer.stored >= upto and heard >= upto

        self._until(step, self.figures.passing)
        self.figures.held = self._unread()

    def catch_up(self) -> None:
        """Let the slow ones read on while more is said, as fast as they read."""
        for reader in self._slow:
            reader.socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_RCVBUF, CATCH_UP_BUFFER
            )
            reader.wanted = True
        first, more = self._load.messages, self._load.more
        readers = self._normal + self._slow

        def step() -> bool:
            heard = min(reader.count for reader in readers)
            self._writer.go_on(first + min(more, heard * more // first + 1))
            return heard >= first + more

        self._until(step, self.figures.catching_up)

    def _until(self, step: Callable[[], bool], phase: Phase) -> None:
        begun = moved = time.monotonic()
        looked = 0.0
        while not step():
            now = time.monotonic()
            if now - looked > SAMPLE:
                looked = now
                self._look(phase)
            if self._serve():
                moved = now
            elif now - moved > PATIENCE:
                raise AssertionError(f"nothing moves; the log: {self._server.log}")
        self._look(phase)
        phase.seconds = time.monotonic() - begun

    def _serve(self) -> bool:
        """Read and write what can be; return whether there was anything."""
        for peer in self._peers:
            reading = selectors.EVENT_READ if peer.wanted else 0
            writing = selectors.EVENT_WRITE if peer.unsent else 0
            self._watch(peer, reading | writing)
        ready = self._selector.select(SAMPLE)
        for key, events in ready:
            if events & selectors.EVENT_WRITE:
                key.data.write()
            if events & selectors.EVENT_READ:
                key.data.read()
        return bool(ready)

    def _watch(self, peer: Peer, events: int) -> None:
        key = self._selector.get_map().get(peer.socket)
        if not events and key:
            self._selector.unregister(peer.socket)
        elif events and not key:
            self._selector.register(peer.socket, events, peer)
        elif key and key.events != events:
            self._selector.modify(peer.socket, events, peer)

    def _look(self, phase: Phase) -> None:
        phase.peak_kb = max(phase.peak_kb, self._server.resident_kb())
        wal = os.path.getsize(f"{self._server.data}-wal")
        phase.wal_bytes = max(phase.wal_bytes, wal)

    def _unread(self) -> int:
        """Return how much the kernel holds at most for one of the slow readers."""
        ports = {reader.socket.getsockname()[1] for reader in self._slow}
        return max((queued(self._server.port, port) for port in ports), default=0)


def queued(local: int, remote: int) -> int:
    """Return the bytes of a connection that its sender's kernel holds."""
    ends = rf"0100007F:{local:04X} 0100007F:{remote:04X} \w\w (\w+):"
    found = re.search(ends, Path("/proc/net/tcp").read_text())
    assert found
    return int(found[1], 16)


def measure(load: Load, with_slow: bool) -> Figures:
    """Run one server under the load; :raises AssertionError: when a reader misses a
    message, gets it twice or in the wrong place, or when nothing moves any more."""
    with ExitStack() as kept:
        run = Run(load, with_slow, kept)
        run.pass_by()
        run.catch_up()
        return run.figures


def _show(what: str, figures: Figures) -> None:
    phases = {"passing": figures.passing, "catching up": figures.catching_up}
    for name, phase in phases.items():
        print(
            f"{what}, {name}: {phase.seconds:.1f} s, peak of memory"
            f" {phase.peak_kb / 1024:.1f} MiB, largest write-ahead log"
            f" {phase.wal_bytes / 2**20:.1f} MiB"
        )


def main() -> None:
    """Run the full form, or what the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--more", type=int, default=40_000)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--slow", type=int, default=50)
    parser.add_argument("--asked", type=int, default=10_000)
    load = Load(**vars(parser.parse_args()))
    without = measure(load, with_slow=False)
    _show("without slow readers", without)
    slow = measure(load, with_slow=True)
    _show(f"with {load.slow} slow readers", slow)
    print(f"the kernel held at most {slow.held / 2**20:.1f} MiB for one of them")
    for name in ("passing", "catching_up"):
        grown = getattr(slow, name).peak_kb - getattr(without, name).peak_kb
        print(f"{name.replace('_', ' ')}: {grown / 1024:+.1f} MiB for the slow readers")


if __name__ == "__main__":
    main()
