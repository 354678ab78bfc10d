"""Writing to transports."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from ecochat.net.pipe import SocketPipe, TransportPipe, pipe_to

MUCH = b"x" * 4_000_000


class SocketTransport:
    """As much of a TCP transport as a pipe uses, on one end of a pair of sockets.

    :ivar buffer: what the socket did not take.
    """

    def __init__(self) -> None:
        self.handle, self.peer = socket.socketpair()
        for end in self.handle, self.peer:
            end.setblocking(False)
        self.buffer = b""
        self.producer: Any = None

    def getHandle(self) -> socket.socket:
        """Return the socket."""
        return self.handle

    def write(self, data: bytes) -> None:
        """Buffer what the socket did not take."""
        self.buffer += data

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Take a pull producer; as Twisted does, tell it at once."""
        assert not streaming
        assert self.producer is None, "registered twice"
        self.producer = producer
        producer.resumeProducing()

    def unregisterProducer(self) -> None:
        """Let go of the producer."""
        self.producer = None

    def read(self) -> bytes:
        """Return what has arrived at the peer."""
        data = b""
        while True:
            try:
                data += self.peer.recv(1 << 20)
            except BlockingIOError:
                return data

    def empty(self) -> None:
        """Do as the transport when its buffer has left."""
        self.buffer = b""
        self.producer.resumeProducing()

    def close(self) -> None:
        """Close both ends."""
        self.handle.close()
        self.peer.close()


class FakeReader:
    """Whom a pipe tells that it takes more.

    :param act: what it does then.
    :ivar drains: how often it was told.
    """

    def __init__(self, act: Callable[[], None] = lambda: None) -> None:
        self.drains = 0
        self._act = act

    def drained(self) -> None:
        """The pipe takes more again."""
        self.drains += 1
        self._act()


class SocketPipeTests(SynchronousTestCase):
    """The fast way, past the transport's buffer."""

    def setUp(self) -> None:
        self.transport = SocketTransport()
        self.addCleanup(self.transport.close)
        self.pipe = pipe_to(self.transport)
        self.reader = self.pipe.reader = FakeReader()

    def test_what_the_socket_takes(self) -> None:
        """It goes to the socket, and nothing is held."""
        self.assertIsInstance(self.pipe, SocketPipe)
        self.pipe.write(b"one\0")
        self.pipe.write(b"two\0")
        self.assertEqual(self.transport.read(), b"one\0two\0")
        self.assertFalse(self.pipe.blocked)
        self.assertIsNone(self.transport.producer)
        self.pipe.release()

    def test_what_the_socket_does_not_take(self) -> None:
        """The rest goes to the transport, in order; the pipe is blocked until that
        has left, and is told once."""
        self.pipe.write(MUCH)
        self.assertTrue(self.pipe.blocked)
        self.assertEqual(self.reader.drains, 0)
        got = self.transport.read() + self.transport.buffer
        self.assertEqual(len(got), len(MUCH))
        self.transport.empty()
        self.assertFalse(self.pipe.blocked)
        self.assertEqual(self.reader.drains, 1)
        self.assertIsNone(self.transport.producer)

    def test_writing_again_when_drained(self) -> None:
        """What is written by ``drained`` may block again."""
        self.pipe.reader = FakeReader(lambda: self.pipe.write(MUCH))
        self.pipe.write(MUCH)
        self.transport.empty()
        self.assertTrue(self.pipe.blocked)
        self.assertIs(self.transport.producer, self.pipe)

    def test_release_of_a_blocked_pipe(self) -> None:
        """The transport is let go of, so that it can close; nobody is told."""
        self.pipe.write(MUCH)
        self.pipe.release()
        self.assertIsNone(self.transport.producer)
        self.assertEqual(self.reader.drains, 0)

    def test_a_broken_socket(self) -> None:
        """The transport is given all, and meets the error itself."""
        self.transport.handle.close()
        self.pipe.write(b"one\0")
        self.assertEqual(self.transport.buffer, b"one\0")
        self.assertTrue(self.pipe.blocked)
        self.transport.producer.stopProducing()
        self.assertEqual(self.reader.drains, 0)


class TransportPipeTests(SynchronousTestCase):
    """The way through a transport that is no socket."""

    def test_writing_and_blocking(self) -> None:
        """It is blocked from when the transport says so until it says otherwise."""
        transport = StringTransport()
        pipe = pipe_to(transport)
        assert isinstance(pipe, TransportPipe)
        pipe.reader = reader = FakeReader()
        pipe.write(b"one\0")
        self.assertEqual(transport.value(), b"one\0")
        self.assertIs(transport.producer, pipe)
        self.assertTrue(transport.streaming)
        pipe.pauseProducing()
        self.assertTrue(pipe.blocked)
        pipe.resumeProducing()
        self.assertFalse(pipe.blocked)
        self.assertEqual(reader.drains, 1)
        pipe.stopProducing()
        pipe.release()
        self.assertIsNone(transport.producer)

    def test_a_handle_that_is_no_socket(self) -> None:
        """Over TLS the handle is a connection of OpenSSL's."""

        class Wrapped(StringTransport):
            def getHandle(self) -> object:
                return object()

        self.assertIsInstance(pipe_to(Wrapped()), TransportPipe)
