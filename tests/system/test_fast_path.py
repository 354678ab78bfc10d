"""What a turn brings, sent to real sockets that take less than all of it.

The server is in this process, so that what it keeps can be looked at; its peers are on
threads. Its sockets' buffers are small, and so are those of the one that reads slowly.
"""

from __future__ import annotations

import contextlib
import random
import re
import socket
import ssl
import struct
import subprocess
from collections import Counter
from itertools import cycle
from typing import Any

from twisted.internet import reactor as the_reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from ecochat.core.limits import Limits
from ecochat.dialects.plain import PlainDialect
from ecochat.net.delivery import Turn
from ecochat.net.exchange import Exchange
from ecochat.net.link import LinkSettings
from ecochat.net.listing import CHUNK
from ecochat.net.outlet import Outlet
from ecochat.net.pipe import SocketPipe, TransportPipe
from ecochat.net.places import Places
from ecochat.net.protocol import ChatFactory, ChatProtocol
from ecochat.net.storage import Storage
from ecochat.store.memory import MemoryStore
from tests.net.invariants import Invariants
from tests.support.client import Client
from tests.support.waiting import WAIT
from tests.system.test_endpoints import EndpointsTestCase

reactor: Any = the_reactor

SMALL = 4_096
"""Bytes of a socket's buffer, as asked for; the kernel makes it twice as much."""

TEXTS = [f"{n} ".ljust(1_000, "x") for n in range(1, 1_501)]
"""What is said: 1.5 MB, more than the kernel holds for a connection with such buffers
(over a UNIX socket and over loopback), and than TLS and its transport hold."""

AT_ONCE = (40, 100, 1)
"""How many of them are said at once, in turn: less than is written at once, more, and
little."""

TURNS = 400
"""Turns of the reactor that an idle server may take, at most, in :data:`IDLE` seconds;
one that is called in a busy loop takes some ten thousand."""

IDLE = 0.5
"""Seconds for which it is left alone."""


class Peer(Client):
    """A client on a socket of any kind.

    :param slow: whether it has a small buffer, and reads in odd amounts.
    """

    def __init__(self, place: tuple[str, Any], slow: bool = False) -> None:
        kind, address = place
        family = socket.AF_UNIX if kind == "unix" else socket.AF_INET
        self.socket = socket.socket(family)
        if slow:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        self.socket.settimeout(WAIT)
        self.socket.connect(address)
        if kind == "ssl":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)
        self.frames: list[str] = []
        self._begun = b""
        self._looked_at = 0
        self._random = random.Random(7) if slow else None
        self.nick = f"p{id(self):x}"

    def enter(self) -> None:
        """Take a name: then it has its session, and is in the first room."""
        self.say(f"/nick {self.nick}")
        self.expect(rf"\* \S+ is now {self.nick}$")

    def receive(self, wait: float = WAIT) -> bool:
        """See :class:`Client`."""
        if self._random is None:
            return super().receive(wait)
        self.socket.settimeout(WAIT)
        data = self.socket.recv(self._random.choice((1, 7, 333, 4_999, 60_001)))
        *ended, self._begun = (self._begun + data).split(b"\0")
        self.frames += [frame.decode() for frame in ended]
        return bool(data)

    @property
    def told(self) -> list[str]:
        """The messages that it was told, without presence and answers."""
        found = (re.match(r"p[0-9a-f]+: (.*)", frame) for frame in self.frames)
        return [match[1] for match in found if match]

    def read_until(self, text: str) -> None:
        """Receive until this has been said."""
        begin = text.partition(" ")[0]
        self.expect(rf"\w+: {begin}( |$)")

    def say_all(self, texts: list[str]) -> None:
        """Say all, some at a time."""
        counts = cycle(AT_ONCE)
        while texts:
            some = texts[: next(counts)]
            texts = texts[len(some) :]
            self.say(*some)
            for _ in some:
                self.expect(r"\+ lobby \d+$")

    def reset(self) -> None:
        """Break off: the kernel answers what still comes with a reset."""
        linger = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        with contextlib.suppress(OSError):
            self.socket.close()


class Serving(EndpointsTestCase):
    """A server in this process.

    :cvar KIND: of what kind its sockets are.
    """

    KIND = "tcp"

    timeout = 110

    async def serve(self) -> None:
        """Start it."""
        self.exchange = Exchange(Limits(), Storage(MemoryStore(), reactor), reactor)
        self.exchange.start()
        settings = LinkSettings(PlainDialect("test"), 65_536)
        self.factory = ChatFactory(
            self.exchange, settings, Places(100, reactor), reactor
        )
        self.protocols: list[ChatProtocol] = []
        self.outlets: dict[ChatProtocol, Outlet] = {}
        self.gone: dict[ChatProtocol, Deferred[None]] = {}
        self.peers: list[Peer] = []
        self._watch()
        places = {
            "tcp": lambda: "tcp:0:interface=127.0.0.1",
            "unix": lambda: f"unix:{self.short}/s",
            "ssl": self.tls,
        }
        endpoint = serverFromString(reactor, places[self.KIND]())
        self.port: Any = await endpoint.listen(self.factory)
        self.port.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        host = self.port.getHost()
        where: Any = f"{self.short}/s"
        if self.KIND != "unix":
            where = ("127.0.0.1", host.port)
        self.place = self.KIND, where
        self.addCleanup(lambda: Deferred.fromCoroutine(self.stop()))

    def _watch(self) -> None:
        """Note which connections there are, and when each has gone."""
        link, gone = self.factory.link, self.factory.places.gone

        def made(protocol: ChatProtocol) -> Any:
            self.protocols.append(protocol)
            self.gone[protocol] = Deferred()
            made = link(protocol)
            self.outlets[protocol] = made.outlet
            return made

        def over(protocol: ChatProtocol) -> None:
            gone(protocol)
            if not self.gone[protocol].called:
                self.gone[protocol].callback(None)

        self.patch(self.factory, "link", made)
        self.patch(self.factory.places, "gone", over)

    async def stop(self) -> None:
        """Stop it; nothing is left of it then."""
        for peer in self.peers:
            peer.close()
        await self.port.stopListening()
        await self.exchange.stop()
        await self.factory.places.emptied(5)

    async def peer(self, slow: bool = False) -> Peer:
        """Make a peer that has its session."""
        peer: Peer = await deferToThread(Peer, self.place, slow)
        self.peers.append(peer)
        await deferToThread(peer.enter)
        return peer

    def check(self) -> None:
        """See that delivery's state is what it has to be."""
        channels = self.exchange.channels.values()
        Invariants().check(channels, self.outlets.values())

    def held(self, protocol: ChatProtocol) -> int:
        """Return the bytes that the server holds for a connection."""
        size, transport = 0, protocol.transport
        while transport is not None:
            size += len(getattr(transport, "dataBuffer", b""))
            size += getattr(transport, "_tempDataLen", 0)
            size += sum(map(len, getattr(transport, "_appSendBuffer", ())))
            transport = getattr(transport, "transport", None)
        return size

    async def block(self) -> tuple[Peer, Peer, list[Peer], ChatProtocol]:
        """Have all texts said to some readers, one of whom does not read; return the
        writer, that one, the others, and the server's end of the one's connection."""
        await self.serve()
        writer = await self.peer()
        slow = await self.peer(slow=True)
        others = [await self.peer() for _ in range(3)]
        reading = [deferToThread(other.read_until, TEXTS[-1]) for other in others]
        await deferToThread(writer.say_all, TEXTS)
        for each in reading:
            await each
        protocol = self.protocols[1]
        self.assertTrue(protocol.pipe.blocked)
        self.check()
        for other in others:
            self.assertEqual(other.told, TEXTS)
        return writer, slow, others, protocol

    def assert_nothing_left(self, protocol: ChatProtocol) -> None:
        """Nothing knows of a connection any more."""
        self.check()
        outlet = self.outlets[protocol]
        links: list[Any] = list(self.exchange.links.values())
        self.assertNotIn(outlet, [link.outlet for link in links])
        sessions: list[Any] = list(self.exchange.sessions.values())
        self.assertNotIn(outlet, [link.outlet for link in sessions])
        for channel in self.exchange.channels.values():
            self.assertNotIn(outlet, channel.listeners)
        watched = [*reactor.getReaders(), *reactor.getWriters()]
        protocols = [getattr(one, "protocol", None) for one in watched]
        inner = [getattr(one, "wrappedProtocol", None) for one in protocols]
        self.assertNotIn(protocol, [*protocols, *inner])
        self.assertNotIn(protocol, self.factory.places.connections)

    async def say_one_more(self, writer: Peer, readers: list[Peer]) -> None:
        """The readers are told what is said from now on."""
        await deferToThread(writer.say_all, ["more"])
        for reader in readers:
            await deferToThread(reader.read_until, "more")
        self.check()


class TCPTests(Serving):
    """Over TCP; the same tests are made over the others."""

    async def test_a_slow_reader(self) -> None:
        """It gets all, in order, once, when it reads; it holds up nobody, and the
        server holds no more for it than a chunk, over TLS what TLS holds beside it."""
        writer, slow, others, protocol = await self.block()
        most = CHUNK if self.KIND != "ssl" else 4 * CHUNK
        self.assertLessEqual(self.held(protocol), most)
        self.assertGreater(self.held(protocol), 0)
        await deferToThread(slow.read_until, TEXTS[-1])
        self.assertEqual(slow.told, TEXTS)
        await self.say_one_more(writer, [slow, *others])
        for reader in (slow, *others):
            self.assertEqual(reader.told, [*TEXTS, "more"])
        self.assertTrue(self.outlets[protocol].live)

    async def test_a_reset_of_one_that_is_blocked(self) -> None:
        """The others miss nothing; of it nothing is left."""
        writer, slow, others, protocol = await self.block()
        said = deferToThread(writer.say_all, ["a", "b", "c"])
        slow.reset()
        await said
        await self.gone[protocol]
        await self.say_one_more(writer, others)
        for other in others:
            self.assertEqual(other.told, [*TEXTS, "a", "b", "c", "more"])
        self.assert_nothing_left(protocol)

    async def test_a_reset_in_the_middle_of_a_turn(self) -> None:
        """It is up to date, and the very send to it fails: the same."""
        await self.serve()
        writer, one, two, three = [await self.peer() for _ in range(4)]
        protocol = self.protocols[2]
        deliver = Turn.deliver

        def reset_before(turn: Turn) -> None:
            self.assertTrue(self.outlets[protocol].live)
            two.reset()
            broken.restore()
            deliver(turn)

        broken = self.patch(Turn, "deliver", reset_before)
        await deferToThread(writer.say_all, ["a", "b"])
        await self.gone[protocol]
        await self.say_one_more(writer, [one, three])
        for other in (one, three):
            self.assertEqual(other.told, ["a", "b", "more"])
        self.assert_nothing_left(protocol)

    async def test_the_end_of_one_that_is_up_to_date(self) -> None:
        """Of it nothing is left."""
        await self.serve()
        writer, one, two = [await self.peer() for _ in range(3)]
        protocol = self.protocols[2]
        self.assertTrue(self.outlets[protocol].live)
        two.close()
        await self.gone[protocol]
        self.assertNotIn(self.outlets[protocol], self.exchange.channels[1].listeners)
        await self.say_one_more(writer, [one])
        self.assert_nothing_left(protocol)

    async def test_a_half_close_of_one_that_is_blocked(self) -> None:
        """It still gets all that was said till then, and its end; over TLS, where it
        is the end of both directions, the others miss nothing, and it is gone."""
        writer, slow, others, protocol = await self.block()
        if isinstance(slow.socket, ssl.SSLSocket):
            slow.socket.settimeout(0.0)
            with contextlib.suppress(OSError):
                slow.socket.unwrap()
            await self.say_one_more(writer, others)
            slow.reset()
        else:
            slow.end_input()
            await deferToThread(slow.read_to_end)
            self.assertEqual(slow.told, TEXTS)
            slow.close()
        await self.gone[protocol]
        await self.say_one_more(writer, others)
        self.assert_nothing_left(protocol)

    async def test_idle_connections(self) -> None:
        """They wake nobody: neither those that never were blocked, nor one that was."""
        writer, slow, others, _ = await self.block()
        await deferToThread(slow.read_until, TEXTS[-1])
        await self.say_one_more(writer, [slow, *others])
        counts: Counter[str] = Counter()
        for pipe in (SocketPipe, TransportPipe):
            self.count(counts, pipe, "resumeProducing")
        self.count(counts, reactor, "doIteration")
        await deferLater(reactor, IDLE)
        self.assertEqual(counts["resumeProducing"], 0)
        self.assertGreater(counts["doIteration"], 0)
        self.assertLess(counts["doIteration"], TURNS)

    def count(self, counts: Counter[str], where: Any, name: str) -> None:
        """Count the calls of something from now on."""
        call = getattr(where, name)

        def counted(*arguments: Any) -> Any:
            counts[name] += 1
            return call(*arguments)

        self.patch(where, name, counted)


class UNIXTests(TCPTests):
    """Over UNIX sockets."""

    KIND = "unix"


class TLSTests(TCPTests):
    """Over TLS."""

    KIND = "ssl"

    async def test_small_records(self) -> None:
        """A client that can take but small ones is sent all of it (RFC 6066, 4)."""
        await self.serve()
        writer = await self.peer()
        command = ("openssl", "s_client", "-quiet", "-maxfraglen", "512", "-connect")
        client = subprocess.Popen(
            [*command, f"127.0.0.1:{self.port.getHost().port}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.write(b"/nick small\0")
        client.stdin.flush()
        await deferToThread(writer.expect, r"\* .*small( joined)?$")
        await deferToThread(writer.say_all, TEXTS[:100])
        client.stdin.write(b"/quit\0")
        client.stdin.close()
        frames = (await deferToThread(client.stdout.read)).decode().split("\0")
        client.stdout.close()
        client.wait()
        said = [f"{writer.nick}: {text}" for text in TEXTS[:100]]
        self.assertEqual([frame for frame in frames if frame in said], said)
