"""Asking a client whether it is there, and when it is taken not to be."""

from __future__ import annotations

import socket
import struct
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.trial.unittest import SynchronousTestCase

from ecochat.net import protocol
from ecochat.net.link import LAST_WORDS
from ecochat.net.protocol import SILENT
from ecochat.net.silence import QUIET
from tests.net.fakes import PING, Connection, World
from tests.net.test_protocol import FakeSocket, ProtocolTestCase

INTERVAL = 30.0
KEY = "k" * 22


class PingTestCase(SynchronousTestCase):
    """One session, of which the server asks after 30 s."""

    def setUp(self) -> None:
        self.world = World(ping_interval=INTERVAL, grace=60)
        self.one = self.world.greet(nick="alice", rooms={"lobby": None}, key=KEY)
        self.one.clear()

    def wait(self, intervals: int = 1) -> None:
        """Let time pass."""
        for _ in range(intervals):
            self.world.clock.advance(INTERVAL)
            self.world.run()

    @property
    def pings(self) -> int:
        """How often it was asked."""
        return self.one.ops().count("ping")

    def assert_nothing_is_due(self) -> None:
        """No timer is left, but the one for which a session is kept."""
        self.assertLessEqual(len(self.world.timers), 1)
        self.world.clock.advance(60)
        self.world.run()
        self.assertEqual(self.world.timers, [])


class PingTests(PingTestCase):
    """Who is asked, and when."""

    def test_silence(self) -> None:
        """One is asked who has said nothing in an interval, and once in each."""
        self.wait()
        self.assertEqual(self.pings, 0, "it has said hello in this one")
        self.wait()
        self.assertEqual(self.one.pipe.writes, [PING])
        self.wait(2)
        self.assertEqual(self.one.pipe.writes, [PING] * 3)

    def test_who_says_something(self) -> None:
        """One that was heard is not asked, whatever it said: an answer too."""
        for op in ("pong", "ping", "pong"):
            self.one.ask(op)
            self.wait()
        self.assertEqual(self.pings, 0)
        self.wait()
        self.assertEqual(self.pings, 1)

    def test_a_pong_has_no_answer(self) -> None:
        """Of all operations it alone."""
        self.one.ask("pong", ref="x")
        self.world.run()
        self.assertEqual(self.one.frames, [])

    def test_before_the_hello(self) -> None:
        """One whose hello was refused is asked too."""
        other = self.world.connect()
        other.ask("hello", protocol=9)
        self.wait(2)
        self.assertEqual(other.ops(), ["error", "ping"])

    def test_plain(self) -> None:
        """It has no word for that, and no timer."""
        world = World(ping_interval=INTERVAL)
        plain = world.join()
        world.clock.advance(10 * INTERVAL)
        self.assertEqual((plain.frames, world.timers), ([], []))

    def test_never(self) -> None:
        """Where the interval is 0 nobody is asked."""
        world = World(ping_interval=0)
        one = world.greet()
        self.assertEqual(world.timers, [])
        self.assertEqual(one.ops(), ["welcome"])

    def test_not_before_what_is_unsent(self) -> None:
        """One whose output is unsent is not asked: that would only wait behind it."""
        self.one.pipe.blocking = lambda: True
        other = self.world.join()
        other.send("hi")
        self.world.run()
        self.one.clear()
        self.wait(5)
        self.assertEqual(self.one.pipe.writes, [])
        self.assertNotIn("abort", self.one.shell.calls)
        self.one.pipe.blocking = lambda: False
        self.one.pipe.drain()
        self.wait()
        self.assertEqual(self.one.ops()[-1], "ping")

    def test_a_ping_that_blocks(self) -> None:
        """What comes then waits as behind anything else."""
        self.one.pipe.blocking = lambda: True
        self.wait(2)
        self.assertTrue(self.one.pipe.blocked)
        other = self.world.join()
        other.send("hi")
        self.world.run()
        self.one.pipe.blocking = lambda: False
        self.one.pipe.drain()
        self.world.run()
        self.assertEqual(self.one.ops(), ["ping", "message"])


class SilentTests(PingTestCase):
    """Who does not answer."""

    def test_it_merely_does_not_read(self) -> None:
        """Its machine answers for it: it is kept, for ever."""
        self.wait(100)
        self.assertEqual(self.one.shell.calls, [])

    def test_its_machine_is_gone(self) -> None:
        """The connection ends, and the session is away."""
        self.one.shell.silent = True
        self.wait()
        self.assertEqual(self.one.shell.calls, [], "it was heard at its hello")
        self.wait()
        self.assertEqual(self.one.shell.calls, [], "it was only just asked")
        self.wait()
        self.assertEqual(self.one.shell.calls, ["abort"])
        self.one.lose("aborted")
        self.world.run()
        self.assertEqual(self.one.shell.calls, ["abort", "gone"])
        self.assert_nothing_is_due()

    def test_it_has_answered(self) -> None:
        """What was heard counts, whatever its machine does since."""
        self.one.shell.silent = True
        for _ in range(5):
            self.one.ask("pong")
            self.wait()
        self.assertEqual(self.one.shell.calls, [])


class EndTests(PingTestCase):
    """Nobody is asked any more when it is over."""

    def end(self, connection: Connection) -> None:
        """Let the connection be gone."""
        connection.lose("closed")
        self.world.run()
        self.assert_nothing_is_due()

    def test_lost(self) -> None:
        """With the connection."""
        self.end(self.one)

    def test_quit(self) -> None:
        """With the session, even when the peer leaves the connection open."""
        self.one.ask("quit")
        self.world.run()
        self.assertEqual(self.world.timers, [])
        self.end(self.one)

    def test_quit_that_is_unsent(self) -> None:
        """As long as the last word is unsent, it may turn out that nobody is there."""
        self.one.pipe.blocking = lambda: True
        self.world.join().send("hi")
        self.world.run()
        self.one.end_input()
        self.world.exchange.links[1].stop()
        self.one.shell.silent = True
        self.wait(4)
        self.assertEqual(self.one.shell.calls, ["abort"])
        self.end(self.one)

    def test_taken_over(self) -> None:
        """The old connection is asked no more; it is given its time for the word."""
        self.one.pipe.blocking = lambda: True
        self.world.join().send("hi")
        self.world.run()
        two = self.world.greet(key=KEY)
        self.assertEqual(two.said[0]["resumed"], True)
        self.world.clock.advance(LAST_WORDS)
        self.assertEqual(self.one.shell.calls, ["abort"])
        self.one.lose("aborted")
        two.lose("closed")
        self.world.run()
        self.assert_nothing_is_due()

    def test_stopped(self) -> None:
        """With the server."""
        self.world.exchange.links[1].stop()
        self.assertEqual(self.one.ops(), ["notice"])
        self.end(self.one)

    def test_greeted_before(self) -> None:
        """There is one timer, also for one who was greeted as plain."""
        one = self.world.connect()
        self.world.clock.advance(QUIET)
        one.hello()
        self.world.run()
        self.assertEqual(len(self.world.timers), 2)
        one.lose("closed")
        self.end(self.one)


class TCPTransport(FakeSocket):
    """A TCP transport of which the kernel says what the test wants.

    :ivar unacknowledged: segments that are.
    :ivar last: milliseconds since the last acknowledgement.
    """

    unacknowledged = 0
    last = 0

    def getHost(self) -> Any:
        """Return an address of TCP."""
        return IPv4Address("TCP", "127.0.0.1", 1)

    getPeer = getHost

    @property
    def socket(self) -> Any:
        """What is asked for the kernel's word."""
        return self

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        """Return what tcp_info begins with (linux/tcp.h)."""
        assert (level, option) == (socket.IPPROTO_TCP, socket.TCP_INFO)
        info = bytearray(b"\xff" * size)
        struct.pack_into("=I", info, 24, self.unacknowledged)
        struct.pack_into("=I", info, 56, self.last)
        return bytes(info)

    def setsockopt(self, *arguments: int) -> None:
        """Take how it is to be watched."""

    def setTcpNoDelay(self, on: bool) -> None:
        """Take that nothing is to wait."""

    setTcpKeepAlive = setTcpNoDelay


class KernelTests(ProtocolTestCase):
    """What the kernel knows of a peer."""

    def silent(self, unacknowledged: int, seconds: float) -> bool:
        """Return whether a peer of this kind is taken to be gone."""
        transport = TCPTransport()
        self.addCleanup(transport.close)
        transport.unacknowledged = unacknowledged
        transport.last = int(seconds * 1000)
        protocol = self.connect(transport)
        self.assertTrue(self.factory.places.connections)
        is_silent = protocol.is_silent()
        self.lose(protocol)
        return is_silent

    def test_tcp(self) -> None:
        """Something it was sent is unacknowledged, and nothing was for long."""
        self.assertTrue(self.silent(1, SILENT + 1))
        self.assertFalse(self.silent(0, SILENT + 1), "it has had all")
        self.assertFalse(self.silent(1, SILENT - 1), "it may be on its way")

    def test_unix(self) -> None:
        """It is this machine."""
        self.assertFalse(self.on_socket()[0].is_silent())

    def test_elsewhere(self) -> None:
        """Where the kernel does not say it is left to the keepalive."""
        self.patch(protocol, "socket", object())
        self.assertFalse(protocol._is_silent(TCPTransport()))

    def test_in_the_handshake(self) -> None:
        """Nobody asks, and nobody is."""
        self.assertFalse(self.on_tls(shaken=False)[0].is_silent())

    def test_a_real_socket(self) -> None:
        """The kernel's own answer is of that form: all is acknowledged here."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            peer = socket.create_connection(listener.getsockname())
            self.addCleanup(peer.close)
            peer.sendall(b"x")
            info = peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 60)
        unacknowledged, *_, last = struct.unpack_from("=9I", info, 24)
        self.assertEqual(unacknowledged, 0)
        self.assertLess(last, 10_000)
