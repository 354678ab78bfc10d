"""A real server over TLS: readers that stop reading, and one that breaks off."""

from __future__ import annotations

import re
import socket
import ssl
import struct
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.audience import over_tls
from benchmarks.memory import resident
from benchmarks.naive import endpoint, make_certificate
from tests.support.client import Client
from tests.support.server import Server
from tests.support.waiting import WAIT

COUNT, LENGTH = 12_000, 2_000
"""Messages, and characters of each: 24 MB, far more than all sockets hold."""

AT_ONCE = 25
"""Messages that the writer has unanswered: all are told so many in the same bytes."""

MEMORY = 12_000_000
"""Bytes that the server may take more meanwhile: the newest events in memory, up to
4 MiB, and what storing takes. One reader's queue would be twice as much."""


def text(number: int) -> str:
    """Return a message that no other one is like."""
    return f"m{number} ".ljust(LENGTH, "x")


class Reader:
    """Joins over TLS, and reads when it is told to."""

    def __init__(self, server: Server) -> None:
        self.socket = over_tls(server.port)()
        self.socket.settimeout(WAIT)
        self.data = bytearray()
        self.until(b"* Welcome ")

    def until(self, expected: bytes) -> None:
        """Read until something has come."""
        while expected not in self.data[-2 * LENGTH :]:
            got = self.socket.recv(1 << 16)
            assert got, "the server closed"
            self.data += got

    def numbers(self) -> list[int]:
        """Return the numbers of the messages that it was told whole, in order."""
        return [int(n) for n in re.findall(rb"writer: m(\d+) x+\0", self.data)]


class SlowReaderTests(SynchronousTestCase):
    """Who does not read for long costs nothing, and gets everything."""

    def setUp(self) -> None:
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        make_certificate(folder)
        where = "tcp:0:interface=127.0.0.1"
        self.server = Server("--listen", where, listen=endpoint(folder))
        self.server.__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)
        tcp = re.findall(r"listening on tcp:.*:(\d+)", self.server.log)
        self.writer = Client(int(tcp[0]), nick="writer")
        self.addCleanup(self.writer.close)

    def reader(self) -> Reader:
        """Return one who is in the lobby."""
        made = Reader(self.server)
        self.addCleanup(made.socket.close)
        return made

    def say(self, first: int, last: int) -> None:
        """Say those messages, and see that each is stored."""
        for begin in range(first, last + 1, AT_ONCE):
            end = min(begin + AT_ONCE - 1, last)
            self.writer.say(*(text(n) for n in range(begin, end + 1)))
            self.writer.expect(rf"\+ lobby {end}$")

    def test_a_slow_reader(self) -> None:
        """It reads nothing while much is said, and then everything, in order; and what
        follows, like anyone."""
        slow = self.reader()
        self.say(1, 100)
        before = resident(self.server.pid)
        self.say(101, COUNT)
        self.assertLess(resident(self.server.pid) - before, MEMORY)
        slow.until(f"m{COUNT} ".encode())
        self.say(COUNT + 1, COUNT + 10)
        slow.until(text(COUNT + 10).encode() + b"\0")
        self.assertEqual(slow.numbers(), list(range(1, COUNT + 11)))

    def test_one_breaks_off(self) -> None:
        """A reset while much is being sent to it; another one hears all."""
        gone, stays = self.reader(), self.reader()
        self.say(1, 2_000)
        linger = struct.pack("ii", 1, 0)
        gone.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        assert isinstance(gone.socket, ssl.SSLSocket)
        gone.socket.close()
        self.say(2_001, 2_100)
        stays.until(text(2_100).encode() + b"\0")
        self.assertEqual(stays.numbers(), list(range(1, 2_101)))
        self.assertNotIn("Traceback", self.server.log)
