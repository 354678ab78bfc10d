"""The Twisted shell around links."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import (
    TCP4ClientEndpoint,
    TCP4ServerEndpoint,
    UNIXClientEndpoint,
    UNIXServerEndpoint,
)
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from ecochat.core.limits import Limits
from ecochat.dialects.plain import PlainDialect
from ecochat.net.exchange import Exchange
from ecochat.net.link import QUIET, LinkSettings
from ecochat.net.protocol import KEEPALIVE, LINGER, ChatFactory, ChatProtocol
from ecochat.net.storage import Storage
from ecochat.store.memory import MemoryStore
from tests.net.fakes import World
from tests.net.test_pipe import SocketTransport

UNIX = UNIXAddress(None)


class FakeSocket(SocketTransport):
    """A transport on a UNIX socket, with what a protocol does to it written down."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def getPeer(self) -> UNIXAddress:
        """Return where the peer is: it has no name."""
        return UNIX

    getHost = getPeer

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda: self.calls.append(name)


class ProtocolTestCase(SynchronousTestCase):
    """A factory that takes two clients."""

    def setUp(self) -> None:
        self.world = World()
        self.factory = ChatFactory(
            self.world.exchange, self.world.settings, 2, self.world.clock
        )

    def connect(self, transport: Any) -> ChatProtocol:
        """Make a protocol on a transport."""
        protocol = self.factory.buildProtocol(None)
        protocol.makeConnection(transport)
        return protocol

    def on_socket(self) -> tuple[ChatProtocol, FakeSocket]:
        """Make a protocol on a transport with a socket."""
        transport = FakeSocket()
        self.addCleanup(transport.close)
        return self.connect(transport), transport

    def lose(self, protocol: ChatProtocol, error: Exception | None = None) -> None:
        """End a connection; nothing is due afterwards."""
        protocol.connectionLost(Failure(error or ConnectionDone()))
        self.world.run()
        if not self.factory.connections:
            self.assertEqual(self.world.clock.getDelayedCalls(), [])


class ConnectionTests(ProtocolTestCase):
    """One connection."""

    def test_talking(self) -> None:
        """Bytes in any pieces become frames; it is one session of the factory's."""
        protocol, transport = self.on_socket()
        for byte in b"hi\0/nick bob\0":
            protocol.dataReceived(bytes([byte]))
        self.world.run()
        frames = transport.read().split(b"\0")
        self.assertEqual(frames[1:], [b"+ lobby 1", b"* guest-1 is now bob", b""])
        self.assertEqual(list(self.factory.sessions), [1])
        self.assertEqual(self.factory.connections, {protocol})
        self.lose(protocol)
        self.assertEqual(self.factory.sessions, {})
        self.assertEqual(self.factory.connections, set())

    def test_interfaces(self) -> None:
        """Twisted tells it of half-closes, and its frames end with a null byte."""
        protocol = self.factory.buildProtocol(None)
        self.assertTrue(IHalfCloseableProtocol.providedBy(protocol))
        self.assertEqual(protocol.delimiter, b"\0")

    def test_addresses(self) -> None:
        """The log has where the peer is."""
        addresses = {
            "10.0.0.7:9": IPv4Address("TCP", "10.0.0.7", 9),
            "[::1]:9": IPv6Address("TCP", "::1", 9),
            "unix": UNIX,
        }
        for text, address in addresses.items():
            self.factory.max_clients += 1
            transport = StringTransport(hostAddress=UNIX, peerAddress=address)
            link = self.connect(transport)._link
            assert link is not None
            self.assertEqual(link.address, text)

    def test_reading_stops_and_goes_on(self) -> None:
        """As the link wishes."""
        protocol, transport = self.on_socket()
        self.world.clock.advance(QUIET)
        self.world.storage.reads_at_once = False
        protocol.dataReceived(b"hi\0/history\0ho\0")
        self.world.run()
        self.assertEqual(transport.calls, ["pauseProducing"])
        self.world.storage.answer()
        self.world.run()
        self.assertEqual(transport.calls, ["pauseProducing", "resumeProducing"])
        self.lose(protocol)

    def test_lost_in_silence(self) -> None:
        """Before the session has begun."""
        protocol, _ = self.on_socket()
        self.lose(protocol)
        self.assertEqual(self.world.exchange.links, {})

    def test_the_reason_of_the_end(self) -> None:
        """The log has it."""
        protocol, _ = self.on_socket()
        self.world.clock.advance(QUIET)
        self.lose(protocol, ConnectionDone())
        closed = [c for b in self.world.storage.batches for c in b.closed]
        self.assertEqual(closed[0].reason, "closed")

    def test_a_fault(self) -> None:
        """The connection is aborted; what comes until then is ignored."""
        protocol, transport = self.on_socket()
        self.world.clock.advance(QUIET)
        self.patch(self.world.dialect, "request", lambda frame: 1 / 0)
        protocol.dataReceived(b"hi\0")
        protocol.dataReceived(b"hi\0")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(transport.calls, ["abortConnection"])
        self.lose(protocol, ConnectionAborted())
        self.assertEqual(self.factory.sessions, {})


class ClosingTests(ProtocolTestCase):
    """The ends of a connection, ours and theirs."""

    def test_half_close(self) -> None:
        """What is owed is written; then we close too, at once."""
        protocol, transport = self.on_socket()
        protocol.dataReceived(b"hi\0")
        protocol.readConnectionLost()
        self.assertEqual(transport.calls, [])
        self.world.run()
        self.assertEqual(transport.read().split(b"\0")[1:], [b"+ lobby 1", b""])
        self.assertEqual(transport.calls, ["loseConnection"])
        self.lose(protocol)

    def test_half_close_before_anything(self) -> None:
        """Nothing is owed."""
        protocol, transport = self.on_socket()
        protocol.readConnectionLost()
        self.assertEqual(transport.calls, ["loseConnection"])
        self.assertEqual(transport.read(), b"")
        self.lose(protocol)

    def test_our_end_first(self) -> None:
        """We wait for the peer's, reading and ignoring what it still sends."""
        protocol, transport = self.on_socket()
        protocol.dataReceived(b"/quit\0")
        self.world.run()
        self.assertEqual(transport.calls, ["loseWriteConnection", "resumeProducing"])
        protocol.writeConnectionLost()
        protocol.dataReceived(b"more\0")
        self.world.run()
        protocol.readConnectionLost()
        self.assertEqual(transport.calls[2:], ["loseConnection"])
        self.lose(protocol)
        self.assertEqual(self.world.exchange.channels[1].last, 0)

    def test_the_peer_does_not_end(self) -> None:
        """We wait so long and no longer."""
        protocol, transport = self.on_socket()
        protocol.dataReceived(b"/quit\0")
        self.world.run()
        self.world.clock.advance(LINGER - 0.01)
        self.assertNotIn("loseConnection", transport.calls)
        self.world.clock.advance(0.01)
        self.assertEqual(transport.calls[2:], ["loseConnection"])
        self.lose(protocol)

    def test_a_transport_that_is_no_socket(self) -> None:
        """It has no half-close; it closes when all is sent."""
        transport = StringTransport(hostAddress=UNIX, peerAddress=UNIX)
        protocol = self.connect(transport)
        protocol.dataReceived(b"/quit\0")
        self.world.run()
        self.assertTrue(transport.disconnecting)
        self.assertIsNone(transport.producer)
        self.lose(protocol)


class FullTests(ProtocolTestCase):
    """As many as there may be."""

    def test_one_too_many(self) -> None:
        """It is told so and closed, and is not counted."""
        people = [self.on_socket()[0] for _ in range(2)]
        protocol, transport = self.on_socket()
        self.assertEqual(transport.read(), b"! server is full (2 clients), try later\0")
        self.assertEqual(transport.calls, ["loseWriteConnection", "resumeProducing"])
        protocol.dataReceived(b"hi\0")
        self.assertEqual(self.factory.connections, set(people))
        protocol.readConnectionLost()
        self.assertEqual(transport.calls[2:], ["loseConnection"])
        self.lose(protocol)
        self.assertEqual(self.factory.connections, set(people))
        self.assertEqual(len(self.world.exchange.links), 2)

    def test_there_is_room_again(self) -> None:
        """When one has left."""
        people = [self.on_socket()[0] for _ in range(2)]
        self.lose(people[0])
        protocol, transport = self.on_socket()
        self.assertEqual(transport.read(), b"")
        self.assertIn(protocol, self.factory.connections)


class EmptiedTests(ProtocolTestCase):
    """Waiting until all have left."""

    def emptied(self) -> Deferred[None]:
        """Wait for a second at most."""
        return Deferred.fromCoroutine(self.factory.emptied(1.0))

    def test_nobody_there(self) -> None:
        """There is nothing to wait for."""
        self.successResultOf(self.emptied())

    def test_the_last_has_left(self) -> None:
        """Then it fires, and no timer is left."""
        people = [self.on_socket()[0] for _ in range(2)]
        emptied = self.emptied()
        self.lose(people[0])
        self.assertNoResult(emptied)
        people[1].connectionLost()
        self.successResultOf(emptied)
        self.world.run()
        self.assertEqual(self.world.clock.getDelayedCalls(), [])

    def test_some_do_not_leave(self) -> None:
        """They are aborted after the time."""
        protocol, transport = self.on_socket()
        emptied = self.emptied()
        self.world.clock.advance(1.0)
        self.assertIn("abortConnection", transport.calls)
        self.assertNoResult(emptied)
        self.lose(protocol, ConnectionAborted())
        self.successResultOf(emptied)

    def test_one_that_was_refused_leaves_last(self) -> None:
        """It is not waited for, and its end is no second one."""
        people = [self.on_socket()[0] for _ in range(2)]
        refused, _ = self.on_socket()
        emptied = self.emptied()
        for protocol in (*people, refused):
            protocol.connectionLost()
        self.successResultOf(emptied)
        self.world.run()
        self.assertEqual(self.world.clock.getDelayedCalls(), [])


class Collector(Protocol):
    """A client that sends, ends its input, and takes what comes."""

    def __init__(self) -> None:
        self.data = b""
        self.over: Deferred[bytes] = Deferred()

    def connectionMade(self) -> None:
        """Send, and end the input."""
        self.transport.write(b"hi\0/who\0")  # type: ignore[union-attr]
        self.transport.loseWriteConnection()  # type: ignore[union-attr]

    def dataReceived(self, data: bytes) -> None:
        """Take what comes."""
        self.data += data

    def connectionLost(self, reason: Failure = Failure(ConnectionDone())) -> None:  # noqa: B008
        """Hand over what came."""
        self.over.callback(self.data)


class SocketTests(TestCase):
    """The same on real sockets."""

    def setUp(self) -> None:
        self.exchange = Exchange(Limits(), Storage(MemoryStore(), reactor), reactor)
        self.exchange.start()
        self.addCleanup(lambda: Deferred.fromCoroutine(self.exchange.stop()))
        settings = LinkSettings(PlainDialect("test"), 100)
        self.factory = ChatFactory(self.exchange, settings, 2, reactor)

    async def talk(self, server: Any, client: Any) -> list[bytes]:
        """Listen, let a client talk, and return what it was sent."""
        port = await server.listen(self.factory)
        self.addCleanup(port.stopListening)
        collector: Any = await client(port).connect(Factory.forProtocol(Collector))
        received: bytes = await collector.over
        await self.factory.emptied(60)
        return received.split(b"\0")

    def check(self, frames: list[bytes]) -> None:
        """See that all that was owed came."""
        wanted = [b"+ lobby 1", b"* lobby guest-1 s1", b"* end lobby 1", b""]
        self.assertEqual(frames[1:], wanted)

    async def test_tcp(self) -> None:
        """Over TCP, with keepalive."""
        tuned: list[bool] = []
        build = self.factory.link

        def link(protocol: Any) -> Any:
            handle = protocol.transport.getHandle()
            options = [getattr(socket, name) for name in KEEPALIVE]
            got = [handle.getsockopt(socket.IPPROTO_TCP, o) for o in options]
            tuned.append(got == list(KEEPALIVE.values()))
            return build(protocol)

        self.patch(self.factory, "link", link)
        server = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
        self.check(
            await self.talk(
                server,
                lambda port: TCP4ClientEndpoint(
                    reactor, "127.0.0.1", port.getHost().port
                ),
            )
        )
        self.assertEqual(tuned, [True])

    async def test_unix(self) -> None:
        """Over a UNIX socket."""
        path = Path(self.mktemp())
        name = path.name  # a short one: such names have 107 bytes at most
        self.check(
            await self.talk(
                UNIXServerEndpoint(reactor, name),
                lambda port: UNIXClientEndpoint(reactor, name),
            )
        )
