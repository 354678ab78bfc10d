"""How many connections there may be from one address."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.logger import capturedLogs, formatEvent

from ecochat.net.places import Places
from ecochat.net.protocol import ChatFactory, ChatProtocol
from tests.net.test_protocol import FakeSocket, FakeTLS, ProtocolTestCase

MOST = 2


def peer(host: str) -> IPv4Address | IPv6Address:
    """Return the address of a peer."""
    kind = IPv6Address if ":" in host else IPv4Address
    return kind("TCP", host, 40404)


class AddressTests(ProtocolTestCase):
    """Two from one address, a hundred in all."""

    def setUp(self) -> None:
        super().setUp()
        self.factory = self.limited(MOST)

    def limited(self, most: int | None) -> ChatFactory:
        """Make a factory that takes so many from one address."""
        world = self.world
        return ChatFactory(
            world.exchange, world.settings, Places(100, world.clock, most), world.clock
        )

    def come(self, host: str) -> tuple[ChatProtocol, FakeSocket]:
        """Make a connection from somewhere, on a socket."""
        transport: Any = FakeSocket()
        self.addCleanup(transport.close)
        transport.getPeer = lambda: peer(host)
        return self.connect(transport), transport

    def taken(self, *hosts: str) -> int:
        """Return how many connections from these hosts are taken."""
        before = len(self.factory.places.connections)
        for host in hosts:
            self.come(host)
        return len(self.factory.places.connections) - before

    def test_what_is_one_address(self) -> None:
        """An IPv4 address, also where it is written as IPv6; the first 64 bits of an
        IPv6 address."""
        for most, hosts in (
            (MOST, ["192.0.2.7"] * 4),
            (MOST, ["192.0.2.7", "::ffff:192.0.2.7", "::ffff:c000:207"]),
            (MOST, ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::"]),
            (4, ["2001:db8::1", "2001:db8:0:1::1", "2001:db9::1", "::ffff:192.0.2.1"]),
            (3, ["192.0.2.1", "192.0.2.2", "192.0.2.3"]),
        ):
            with self.subTest(hosts):
                self.factory = self.limited(MOST)
                self.assertEqual(self.taken(*hosts), most)

    def test_this_machine(self) -> None:
        """It may have any number, however its address is written."""
        for host in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"):
            self.assertEqual(self.taken(*[host] * 9), 9, host)

    def test_sockets_of_this_machine(self) -> None:
        """UNIX sockets have no address."""
        for _ in range(9):
            self.on_socket()
        self.assertEqual(len(self.factory.places.connections), 9)

    def test_no_limit(self) -> None:
        """Then any number may come from anywhere."""
        self.factory = self.limited(None)
        self.assertEqual(self.taken(*["192.0.2.7"] * 20), 20)

    def test_one_too_many(self) -> None:
        """It is told so, with the address that counts, and closed; nobody else
        suffers."""
        for host, name in (
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8::7", "2001:db8::/64"),
        ):
            self.taken(*[host] * MOST)
            protocol, transport = self.come(host)
            self.assertEqual(
                transport.read().decode(),
                f"! too many connections from {name} ({MOST}), try later\0",
            )
            self.assertEqual(
                transport.calls[-2:], ["loseWriteConnection", "resumeProducing"]
            )
            protocol.dataReceived(b"hi\0")
            protocol.connectionLost()
        self.assertEqual(self.taken("192.0.2.8"), 1)
        self.assertEqual(len(self.world.exchange.links), 2 * MOST + 1)

    def test_free_again(self) -> None:
        """When a session has ended, or its connection, or both, in any order; one that
        was refused frees nothing."""
        host = "192.0.2.7"
        one, _ = self.come(host)
        two, _ = self.come(host)
        refused, _ = self.come(host)
        refused.connectionLost()
        self.assertEqual(self.taken(host), 0)
        one.dataReceived(b"/quit\0")
        self.world.run()
        self.assertEqual(self.taken(host, host), 1)
        one.connectionLost()
        self.assertEqual(self.taken(host), 0)
        two.connectionLost()
        self.assertEqual(self.taken(host, host), 1)

    def test_nothing_is_kept(self) -> None:
        """Of an address from which nobody is here nothing is left."""
        hosts = [f"192.0.2.{n}" for n in range(9)] + ["127.0.0.1", "2001:db8::1"]
        people = [self.come(host)[0] for host in hosts]
        for protocol in people:
            protocol.connectionLost()
        self.assertEqual(dict(self.factory.places._sources), {})

    def test_a_peer_that_turns_out_to_be_another(self) -> None:
        """As behind a proxy that tells whom it serves: what was counted is freed."""
        for n in range(3 * MOST):
            protocol, transport = self.come("192.0.2.7")
            self.assertEqual(transport.read(), b"", n)
            where: Any = transport
            where.getPeer = lambda: peer("198.51.100.1")
            protocol.connectionLost()
        self.assertEqual(dict(self.factory.places._sources), {})

    def test_tls(self) -> None:
        """It is told after its handshake; one that does not end it has no more time
        than any other."""
        host = peer("192.0.2.7")

        def come() -> tuple[ChatProtocol, FakeTLS]:
            transport: Any = FakeTLS()
            transport.peerAddr = host
            return self.connect(transport), transport

        one, _ = come()
        come()
        protocol, transport = come()
        self.assertEqual(transport.value(), b"")
        protocol.handshakeCompleted()
        self.assertEqual(
            transport.value(),
            b"! too many connections from 192.0.2.7 (2), try later\0",
        )
        self.assertEqual(transport.calls, ["loseConnection"])
        one.connectionLost()
        fourth, transport = come()
        fourth.handshakeCompleted()
        self.assertEqual((transport.value(), transport.calls), (b"", []))

    def test_full_and_too_many(self) -> None:
        """A server that is full says that; an address is not counted then."""
        self.factory.places.most = 1
        self.taken("192.0.2.7")
        _, transport = self.come("192.0.2.7")
        self.assertTrue(transport.read().startswith(b"! server is full (1 clients)"))
        self.factory.places.most = 100
        self.assertEqual(self.taken("192.0.2.7"), 1)

    def test_the_log(self) -> None:
        """It says so once, until somebody is taken again."""
        with capturedLogs() as logged:
            self.taken(*["192.0.2.7"] * 5)
            self.taken("192.0.2.8")
            self.taken(*["192.0.2.7"] * 2)
        lines = [formatEvent(event) for event in logged]
        self.assertEqual(lines, ["too many connections from 192.0.2.7 (2)"] * 2)
