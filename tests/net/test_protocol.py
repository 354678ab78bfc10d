"""The Twisted shell around links."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from OpenSSL.SSL import Error as SSLError
from twisted.internet import reactor
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import (
    TCP4ClientEndpoint,
    TCP4ServerEndpoint,
    UNIXClientEndpoint,
    UNIXServerEndpoint,
)
from twisted.internet.error import (
    ConnectionAborted,
    ConnectionDone,
    ConnectionLost,
)
from twisted.internet.error import TimeoutError as TimedOut
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IHandshakeListener,
    INegotiated,
)
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.logger import capturedLogs, formatEvent
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface import alsoProvides

from ecochat.core.limits import Limits
from ecochat.dialects.plain import PlainDialect
from ecochat.dialects.plain_parser import PlainParser
from ecochat.net import protocol as shell
from ecochat.net.bucket import RateLimit
from ecochat.net.exchange import Exchange
from ecochat.net.link import LinkSettings
from ecochat.net.places import LINGERING, Places
from ecochat.net.protocol import (
    HANDSHAKE,
    KEEPALIVE,
    LINGER,
    TLS_LINGER,
    ChatFactory,
    ChatProtocol,
)
from ecochat.net.silence import QUIET
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


class FakeTLS(StringTransport):
    """A TLS transport, with what a protocol does to it written down.

    The test says when the handshake is done.
    """

    def __init__(self) -> None:
        super().__init__(hostAddress=UNIX, peerAddress=UNIX)
        alsoProvides(self, INegotiated)
        self.calls: list[str] = []

    def loseConnection(self) -> None:
        """Begin to close."""
        self.calls.append("loseConnection")

    def abortConnection(self) -> None:
        """Close at once."""
        self.calls.append("abortConnection")


class ProtocolTestCase(SynchronousTestCase):
    """A factory that takes two clients."""

    def setUp(self) -> None:
        self.world = World()
        self.factory = ChatFactory(
            self.world.exchange,
            self.world.settings,
            Places(2, self.world.clock),
            self.world.clock,
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

    def on_tls(self, shaken: bool = True) -> tuple[ChatProtocol, FakeTLS]:
        """Make a protocol over TLS, with the handshake done or not."""
        transport = FakeTLS()
        protocol = self.connect(transport)
        if shaken:
            protocol.handshakeCompleted()
        return protocol, transport

    def fill(self) -> list[ChatProtocol]:
        """Make as many connections as there may be."""
        return [self.on_socket()[0] for _ in range(self.factory.places.most)]

    def crowd(self) -> None:
        """Have so many connections ending that no more may take their time."""
        for _ in range(LINGERING):
            self.factory.places.leave(self.factory.buildProtocol(None))
        self.assertTrue(self.factory.places.is_crowded)

    def lose(self, protocol: ChatProtocol, error: Exception | None = None) -> None:
        """End a connection; nothing is due afterwards."""
        protocol.connectionLost(Failure(error or ConnectionDone()))
        self.world.run()
        if not self.factory.places.connections:
            self.assertEqual(self.world.timers, [])


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
        self.assertEqual(list(self.world.exchange.sessions), [1])
        self.assertEqual(self.factory.places.connections, {protocol})
        self.lose(protocol)
        self.assertEqual(self.world.exchange.sessions, {})
        self.assertEqual(self.factory.places.connections, set())

    def test_interfaces(self) -> None:
        """Twisted tells it of half-closes."""
        protocol = self.factory.buildProtocol(None)
        self.assertTrue(IHalfCloseableProtocol.providedBy(protocol))

    def test_addresses(self) -> None:
        """The log has where the peer is."""
        addresses = {
            "10.0.0.7:9": IPv4Address("TCP", "10.0.0.7", 9),
            "[::1]:9": IPv6Address("TCP", "::1", 9),
            "unix": UNIX,
        }
        for text, address in addresses.items():
            self.factory.places.most += 1
            self.connect(StringTransport(hostAddress=UNIX, peerAddress=address))
            self.world.clock.advance(QUIET)
            self.world.run()
            [opened] = self.world.storage.batches[-1].opened
            self.assertEqual(opened.address, text)

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
        """The log has it in words, or as the name of what nobody expected."""
        reasons: list[tuple[Exception, str]] = [
            (ConnectionDone(), "closed"),
            (ConnectionAborted(), "aborted"),
            (ConnectionLost(), "connection lost"),
            (TimedOut(), "timed out"),
            (SSLError([("", "", "unexpected eof")]), "TLS error"),
            (RuntimeError("secret"), "RuntimeError"),
        ]
        for error, _ in reasons:
            protocol, _ = self.on_socket()
            self.world.clock.advance(QUIET)
            self.lose(protocol, error)
        closed = [c.reason for b in self.world.storage.batches for c in b.closed]
        self.assertEqual(closed, [text for _, text in reasons])

    def test_a_system_without_an_option_of_the_keepalive(self) -> None:
        """It has the system's own interval, and is served all the same."""
        self.patch(shell, "KEEPALIVE", {"TCP_NO_SUCH_OPTION": 60})
        address = IPv4Address("TCP", "127.0.0.1", 1)
        transport: Any = StringTransport(hostAddress=address, peerAddress=address)
        tuned: list[str] = []
        transport.setTcpNoDelay = lambda on: tuned.append("no delay")
        transport.setTcpKeepAlive = lambda on: tuned.append("keepalive")
        self.connect(transport)
        self.assertEqual(tuned, ["no delay", "keepalive"])
        self.assertEqual(len(self.world.exchange.links), 1)

    def test_a_fault(self) -> None:
        """The connection is aborted; what comes until then is ignored."""
        protocol, transport = self.on_socket()
        self.world.clock.advance(QUIET)
        self.patch(PlainParser, "request", lambda parser, frame: 1 / 0)
        protocol.dataReceived(b"hi\0")
        protocol.dataReceived(b"hi\0")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(transport.calls, ["abortConnection"])
        self.lose(protocol, ConnectionAborted())
        self.assertEqual(self.world.exchange.sessions, {})


class DrainingTests(ProtocolTestCase):
    """A connection that is lost while what it sent waits for its turn."""

    def setUp(self) -> None:
        """Let one frame a second be sent, and have one send three and be lost."""
        super().setUp()
        limited = LinkSettings(self.world.dialect, 100, RateLimit(1.0, 1))
        clock = self.world.clock
        self.factory = ChatFactory(
            self.world.exchange, limited, Places(2, clock), clock
        )
        self.protocol, _ = self.on_socket()
        self.protocol.dataReceived(b"a\0b\0c\0")
        self.world.run()
        self.protocol.connectionLost(Failure(ConnectionDone()))
        self.world.run()

    def test_it_keeps_its_place(self) -> None:
        """Until all has had its turn."""
        self.assertEqual(self.factory.places.connections, {self.protocol})
        for _ in range(4):
            self.world.clock.advance(1)
            self.world.run()
        self.assertEqual(self.world.exchange.channels[1].last, 3)
        self.assertEqual(self.factory.places.connections, set())

    def test_it_is_aborted(self) -> None:
        """Then it is forgotten: there is no connection to close any more."""
        self.protocol.abort()
        self.assertEqual(self.factory.places.connections, set())


class ClosingTests(ProtocolTestCase):
    """The ends of a connection, ours and theirs."""

    def test_no_crowd_when_the_server_stops(self) -> None:
        """Then every connection may take the time to end: there are no new ones."""
        self.crowd()
        self.factory.places.stop_soon()
        self.assertFalse(self.factory.places.is_crowded)
        protocol, transport = self.on_socket()
        protocol.close()
        self.assertIn("loseWriteConnection", transport.calls)
        self.assertNotIn("loseConnection", transport.calls)
        self.lose(protocol)

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

    def test_the_place_is_free_at_once(self) -> None:
        """Another may come while we wait for the peer's end."""
        people = self.fill()
        people[0].dataReceived(b"/quit\0")
        self.world.run()
        self.assertEqual(self.factory.places.connections, {people[1]})
        another, transport = self.on_socket()
        self.assertEqual(transport.read(), b"")
        self.assertEqual(self.factory.places.connections, {people[1], another})
        self.lose(people[0])
        self.assertEqual(self.factory.places.connections, {people[1], another})

    def test_in_a_crowd(self) -> None:
        """We wait for no peer's end when so many are ending already."""
        protocol, transport = self.on_socket()
        self.crowd()
        protocol.dataReceived(b"/quit\0")
        self.world.run()
        self.assertEqual(transport.calls, ["loseConnection"])
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
        people = self.fill()
        protocol, transport = self.on_socket()
        self.assertEqual(transport.read(), b"! server is full (2 clients), try later\0")
        self.assertEqual(transport.calls, ["loseWriteConnection", "resumeProducing"])
        protocol.dataReceived(b"hi\0")
        self.assertEqual(self.factory.places.connections, set(people))
        protocol.readConnectionLost()
        self.assertEqual(transport.calls[2:], ["loseConnection"])
        self.lose(protocol)
        self.assertEqual(self.factory.places.connections, set(people))
        self.assertEqual(len(self.world.exchange.links), 2)

    def test_there_is_room_again(self) -> None:
        """When one has left."""
        people = self.fill()
        self.lose(people[0])
        protocol, transport = self.on_socket()
        self.assertEqual(transport.read(), b"")
        self.assertIn(protocol, self.factory.places.connections)

    def test_the_log(self) -> None:
        """It says so once, and once more when there was room meanwhile."""
        with capturedLogs() as logged:
            people = self.fill()
            for _ in range(3):
                self.on_socket()
            self.lose(people[0])
            for _ in range(3):
                self.on_socket()
        lines = [formatEvent(event) for event in logged]
        self.assertEqual(lines.count("server is full (2 clients)"), 2)

    def test_many_too_many(self) -> None:
        """A few are waited for; the others are told, and closed at once."""
        self.fill()
        crowd = [self.on_socket()[1] for _ in range(LINGERING + 5)]
        lingering = [t for t in crowd if t.calls[0] == "loseWriteConnection"]
        self.assertLess(len(lingering), LINGERING)
        for transport in crowd:
            self.assertTrue(transport.read().startswith(b"! server is full"))
            if transport not in lingering:
                self.assertEqual(transport.calls, ["loseConnection"])


class TLSTests(ProtocolTestCase):
    """Over TLS a connection is no session before its handshake is done."""

    def test_before_the_handshake(self) -> None:
        """There is no link and no greeting; it has a place, so that there are not more
        connections than there may be."""
        protocol, transport = self.on_tls(shaken=False)
        self.assertTrue(IHandshakeListener.providedBy(protocol))
        self.world.clock.advance(2 * QUIET)
        self.world.run()
        self.assertEqual(self.world.exchange.links, {})
        self.assertEqual((transport.value(), transport.calls), (b"", []))
        self.assertEqual(self.factory.places.connections, {protocol})

    def test_after_the_handshake(self) -> None:
        """It is served as any other, for as long as it likes."""
        protocol, transport = self.on_tls()
        self.world.clock.advance(QUIET)
        self.world.run()
        self.world.clock.advance(2 * HANDSHAKE)
        self.assertTrue(transport.value().startswith(b"* Welcome to test."))
        self.assertEqual(transport.calls, [])
        self.lose(protocol)

    def test_a_handshake_without_end(self) -> None:
        """It is aborted after its time, and holds its place until it is gone."""
        protocol, transport = self.on_tls(shaken=False)
        self.world.clock.advance(HANDSHAKE - 0.01)
        self.assertEqual(transport.calls, [])
        self.world.clock.advance(0.01)
        self.assertEqual(transport.calls, ["abortConnection"])
        self.assertEqual(self.factory.places.connections, {protocol})
        self.lose(protocol, ConnectionAborted())
        self.assertEqual(self.factory.places.connections, set())

    def test_lost_in_the_handshake(self) -> None:
        """Nothing is left of it, no timer either, and nothing is stored."""
        protocol, _ = self.on_tls(shaken=False)
        protocol.readConnectionLost()
        self.lose(protocol, SSLError([]))
        self.assertEqual(self.factory.places.connections, set())
        self.assertEqual(self.world.storage.batches, [])

    def test_one_too_many(self) -> None:
        """It is told so when it can be: after its handshake."""
        people = self.fill()
        protocol, transport = self.on_tls(shaken=False)
        self.assertEqual((transport.value(), transport.calls), (b"", []))
        protocol.handshakeCompleted()
        told = b"! server is full (2 clients), try later\0"
        self.assertEqual(transport.value(), told)
        self.assertEqual(transport.calls, ["loseConnection"])
        self.assertIsNone(transport.producer)
        self.assertEqual(self.factory.places.connections, set(people))
        self.lose(protocol)
        self.assertEqual(len(self.world.exchange.links), 2)

    def test_one_too_many_that_does_not_shake_hands(self) -> None:
        """It is aborted after the time that any other has."""
        self.fill()
        protocol, transport = self.on_tls(shaken=False)
        self.world.clock.advance(HANDSHAKE)
        self.assertEqual(transport.calls, ["abortConnection"])
        self.lose(protocol, ConnectionAborted())

    def test_one_too_many_in_a_crowd(self) -> None:
        """There is no time for its handshake."""
        self.fill()
        self.crowd()
        protocol, transport = self.on_tls(shaken=False)
        self.assertEqual(transport.calls, ["abortConnection"])
        self.lose(protocol, ConnectionAborted())

    def test_a_crowd_does_not_hinder_one_who_has_a_place(self) -> None:
        """It has its time for the handshake, and is served."""
        self.crowd()
        protocol, transport = self.on_tls()
        self.assertEqual(transport.calls, [])
        self.assertEqual(len(self.world.exchange.links), 1)
        self.lose(protocol)

    def test_the_end_of_the_session(self) -> None:
        """It closes when all is sent; its place is free at once; a peer that does not
        end too is aborted after its time."""
        self.factory.places.most = 1
        protocol, transport = self.on_tls()
        protocol.dataReceived(b"/quit\0")
        self.world.run()
        self.assertEqual(transport.calls, ["loseConnection"])
        self.assertIsNone(transport.producer)
        another, _ = self.on_tls()
        self.assertEqual(self.factory.places.connections, {another})
        protocol.dataReceived(b"more\0")
        self.world.clock.advance(TLS_LINGER - 0.01)
        self.assertEqual(transport.calls, ["loseConnection"])
        self.world.clock.advance(0.01)
        self.assertEqual(transport.calls, ["loseConnection", "abortConnection"])
        self.lose(protocol, ConnectionAborted())
        self.lose(another)
        self.assertEqual(self.world.exchange.channels[1].last, 0)

    def test_the_end_of_the_session_in_a_crowd(self) -> None:
        """It has its time, but holds its place until it is gone: else peers that do
        not end would have any number of open files."""
        self.crowd()
        protocol, transport = self.on_tls()
        protocol.dataReceived(b"/quit\0")
        self.world.run()
        self.assertEqual(transport.calls, ["loseConnection"])
        self.assertEqual(self.factory.places.connections, {protocol})
        self.world.clock.advance(TLS_LINGER)
        self.assertEqual(transport.calls, ["loseConnection", "abortConnection"])
        self.lose(protocol, ConnectionAborted())
        self.assertEqual(self.factory.places.connections, set())

    def test_the_peer_ends_too(self) -> None:
        """Then nothing is left to be aborted."""
        protocol, transport = self.on_tls()
        protocol.dataReceived(b"/quit\0")
        self.world.run()
        self.lose(protocol)
        self.world.clock.advance(TLS_LINGER)
        self.assertEqual(transport.calls, ["loseConnection"])


class EmptiedTests(ProtocolTestCase):
    """Waiting until all have left."""

    def emptied(self) -> Deferred[None]:
        """Wait for a second at most."""
        return Deferred.fromCoroutine(self.factory.places.emptied(1.0))

    def test_nobody_there(self) -> None:
        """There is nothing to wait for."""
        self.successResultOf(self.emptied())

    def test_the_last_has_left(self) -> None:
        """Then it fires, and no timer is left."""
        people = self.fill()
        emptied = self.emptied()
        self.lose(people[0])
        self.assertNoResult(emptied)
        people[1].connectionLost()
        self.successResultOf(emptied)
        self.world.run()
        self.assertEqual(self.world.timers, [])

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
        people = self.fill()
        refused, _ = self.on_socket()
        emptied = self.emptied()
        for protocol in (*people, refused):
            protocol.connectionLost()
        self.successResultOf(emptied)
        self.world.run()
        self.assertEqual(self.world.timers, [])


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
        self.factory = ChatFactory(self.exchange, settings, Places(2, reactor), reactor)

    async def talk(self, server: Any, client: Any) -> list[bytes]:
        """Listen, let a client talk, and return what it was sent."""
        port = await server.listen(self.factory)
        self.addCleanup(port.stopListening)
        collector: Any = await client(port).connect(Factory.forProtocol(Collector))
        received: bytes = await collector.over
        await self.factory.places.emptied(60)
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
