"""Load: connections that keep messages in flight, and check every answer to them.

What is sent and what has to be answered is prepared before the clock runs; while it
runs an answer costs a comparison of bytes, so that the server is what is measured.
"""

import select
import socket
from collections.abc import Sequence
from contextlib import suppress

from benchmarks.machine import BenchmarkError
from tests.support.client import Client

WAIT = 20.0
"""Seconds without any answer after which the server is taken to have stopped."""

READ = 1 << 16
"""Bytes read at once: far more than the answers to what is in flight."""


class Sender:
    """One connection, alone in a room of its own.

    :param texts: what it says, all of one length.
    :param window: how many of its messages may be unanswered.
    :ivar stored: how many of its messages have been acknowledged.
    """

    def __init__(
        self, connection: socket.socket, room: str, texts: Sequence[str], window: int
    ) -> None:
        frames = [f"{text}\0".encode() for text in texts]
        answers = (f"+ {room} {n}\0" for n in range(1, len(texts) + 1))
        self.socket = connection
        self.stored = 0
        self._count = len(texts)
        self._window = window
        self._frame = len(frames[0])
        self._stream = memoryview(b"".join(frames))
        self._sent = 0
        self._expected = "".join(answers).encode()
        self._received = 0
        connection.setblocking(False)

    @property
    def done(self) -> bool:
        """Whether all has been acknowledged."""
        return self.stored == self._count

    def send(self) -> None:
        """Send what may be in flight now.

        When the socket takes no more the rest goes with the next answers: there are
        some to come then, since it is full of what is unanswered.
        """
        upto = (self.stored + self._window) * self._frame
        part = self._stream[self._sent : upto]
        if part:
            with suppress(BlockingIOError):
                self._sent += self.socket.send(part)

    def receive(self) -> None:
        """Take what was answered.

        :raises BenchmarkError: when that is not the next number of its room, and the
            next, and so on.
        """
        data = self.socket.recv(READ)
        end = self._received + len(data)
        expected = self._expected[self._received : end]
        if not data or data != expected:
            raise BenchmarkError(
                f"after {self.stored} answers came {data[:80]!r} for {expected[:80]!r}"
            )
        self._received = end
        self.stored += data.count(b"\0")


def enter(port: int, room: str) -> socket.socket:
    """Connect, go into a room of one's own, and out of the lobby, where others are."""
    client = Client(port)
    client.say(f"/join {room}", "/leave lobby")
    client.expect(r"\* You left lobby\. You are in ")
    return client.socket


def drive(senders: Sequence[Sender]) -> None:
    """Have all send all that they have to say, and wait until it is acknowledged.

    :raises BenchmarkError: when an answer is wrong, or none come any more.
    """
    by_number = {sender.socket.fileno(): sender for sender in senders}
    with select.epoll() as epoll:
        for number in by_number:
            epoll.register(number, select.EPOLLIN)
        for sender in senders:
            sender.send()
        while by_number:
            ready = epoll.poll(WAIT)
            if not ready:
                raise BenchmarkError(f"no answer for {WAIT:.0f} seconds")
            for number, _ in ready:
                sender = by_number[number]
                sender.receive()
                sender.send()
                if sender.done:
                    epoll.unregister(number)
                    del by_number[number]
