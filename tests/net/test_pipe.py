"""Writing to transports."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from OpenSSL import SSL, crypto
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from ecochat.net.pipe import RECORD, SocketPipe, TLSPipe, TransportPipe, pipe_to

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


@lru_cache(maxsize=1)
def server_context() -> SSL.Context:
    """Return how a server speaks TLS, with a certificate made for it."""
    key = rsa.generate_private_key(65_537, 2_048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    context = SSL.Context(SSL.TLS_METHOD)
    context.use_privatekey(crypto.PKey.from_cryptography_key(key))
    context.use_certificate(crypto.X509.from_cryptography(certificate))
    return context


class TLSTransport:
    """As much of a TLS transport as a pipe uses, after its handshake, with a peer.

    :ivar transport: the one below.
    :ivar writes: what was written in Twisted's way.
    """

    def __init__(self, version: int) -> None:
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_max_proto_version(version)
        self.transport = SocketTransport()
        self.writes = b""
        self._tls = SSL.Connection(server_context(), None)
        self._tls.set_accept_state()
        self._peer = SSL.Connection(context, None)
        self._peer.set_connect_state()
        self._shake_hands()

    def _shake_hands(self) -> None:
        """Do all of it; what the server says last is not taken from it yet."""
        done = False
        while not done:
            with contextlib.suppress(SSL.WantReadError):
                self._peer.do_handshake()
            self._tls.bio_write(self._peer.bio_read(1 << 16))
            with contextlib.suppress(SSL.WantReadError):
                self._tls.do_handshake()
                done = True
            if not done:
                self._peer.bio_write(self._tls.bio_read(1 << 16))

    def getHandle(self) -> SSL.Connection:
        """Return OpenSSL's connection."""
        return self._tls

    def write(self, data: bytes) -> None:
        """Keep it."""
        self.writes += data

    def read(self) -> bytes:
        """Return what the peer reads of what has arrived, and of what is buffered."""
        data = self.transport.read() + self.transport.buffer
        self.transport.buffer = b""
        read = b""
        while data:
            data = data[self._peer.bio_write(data) :]
            with contextlib.suppress(SSL.WantReadError):
                while True:
                    read += self._peer.recv(1 << 16)
        return read


class TLSPipeTests(SynchronousTestCase):
    """The fast way over TLS, past Twisted's timers and buffers."""

    def made(self, version: int = SSL.TLS1_3_VERSION) -> tuple[TLSTransport, TLSPipe]:
        """Return a transport whose handshake is done, and the pipe to it."""
        transport = TLSTransport(version)
        self.addCleanup(transport.transport.close)
        pipe = pipe_to(transport)
        assert isinstance(pipe, TLSPipe)
        return transport, pipe

    def test_what_the_socket_takes(self) -> None:
        """The peer has it, behind what ended the handshake, in either version; nothing
        is held."""
        for version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
            transport, pipe = self.made(version)
            self.assertEqual(pipe.send(b"one\0"), 4)
            pipe.write(b"two\0")
            self.assertFalse(pipe.blocked)
            self.assertEqual(transport.transport.buffer, b"")
            self.assertEqual(transport.read(), b"one\0two\0")
            self.assertEqual(transport.writes, b"")

    def test_the_end_of_the_handshake(self) -> None:
        """It is sent at once: what Twisted sends later would be overtaken."""
        transport, _ = self.made()
        self.assertRaises(SSL.WantReadError, transport.getHandle().bio_read, 1)

    def test_records(self) -> None:
        """What is longer than a record arrives whole."""
        transport, pipe = self.made()
        for size in (1, RECORD - 1, RECORD, RECORD + 1, 2 * RECORD, 65_536):
            data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
            self.assertEqual(pipe.send(data), size)
            self.assertEqual(transport.read(), data)

    def test_what_the_socket_does_not_take(self) -> None:
        """All is taken, and whoever sends sees that no more is, until it has left; what
        is held is held once."""
        transport, pipe = self.made()
        pipe.reader = reader = FakeReader()
        self.assertEqual(pipe.send(MUCH), 0)
        pipe.hold(MUCH)
        self.assertTrue(pipe.blocked)
        self.assertIs(pipe.reader, reader)
        self.assertEqual(transport.read(), MUCH)
        self.assertEqual(reader.drains, 0)
        transport.transport.empty()
        self.assertEqual(reader.drains, 1)
        self.assertFalse(pipe.blocked)
        self.assertEqual(pipe.send(b"more\0"), 5)
        self.assertEqual(transport.read(), b"more\0")

    def test_release_of_a_blocked_pipe(self) -> None:
        """The transport below is let go of, so that it can close."""
        transport, pipe = self.made()
        pipe.write(MUCH)
        pipe.release()
        self.assertIsNone(transport.transport.producer)

    def test_a_connection_that_is_closing(self) -> None:
        """What cannot be encrypted any more is the transport's affair."""
        transport, pipe = self.made()
        self.assertTrue(transport.transport.read())  # what ended the handshake
        transport.getHandle().shutdown()
        pipe.write(b"late\0")
        self.assertEqual(transport.writes, b"late\0")
        self.assertEqual(transport.transport.read(), b"")

    def test_below_is_no_socket(self) -> None:
        """Then all goes Twisted's way."""

        class Wrapped(StringTransport):
            transport = StringTransport()

            def getHandle(self) -> SSL.Connection:
                return SSL.Connection(SSL.Context(SSL.TLS_METHOD), None)

        self.assertIsInstance(pipe_to(Wrapped()), TransportPipe)


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
