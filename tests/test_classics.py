"""Listening for the classroom programs' clients, in a server in this process."""

from __future__ import annotations

import os
import re
import socket
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol

from ecochat import classics
from ecochat import service as composition
from ecochat.listen import CLASSIC
from ecochat.ports import listen
from ecochat.service import ChatService
from tests.support.ports import free_port
from tests.test_service import ServiceTestCase


class Reads(Protocol):
    """Gives what it reads, one read after the other.

    :ivar over: fires when the connection has ended.
    """

    transport: Any

    def __init__(self) -> None:
        self.over: Deferred[None] = Deferred()
        self._reads: list[bytes] = []
        self._wanted: Deferred[None] | None = None

    def dataReceived(self, data: bytes) -> None:
        """Keep it."""
        self._reads.append(data)
        if self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            wanted.callback(None)

    async def read(self) -> bytes:
        """Return the next read."""
        if not self._reads:
            self._wanted = Deferred()
            await self._wanted
        return self._reads.pop(0)

    async def ask(self, data: bytes) -> bytes:
        """Send this, and return the next read."""
        self.transport.write(data)
        return await self.read()

    def connectionLost(self, reason: Any = None) -> None:
        """There is no more."""
        self.over.callback(None)


class ClassicsTestCase(ServiceTestCase):
    """A server that listens to nobody but the clients of the classroom's programs."""

    def setUp(self) -> None:
        super().setUp()
        for module in (classics, composition):
            self.patch(module, "listen", self.listen)

    def listen(self, *arguments: Any) -> Any:
        """Open a port that is closed again also where the server does not start."""
        port: Any = listen(*arguments)
        self.addCleanup(port.stopListening)
        return port

    def move(self, kind: str, port: int) -> None:
        """Have another port be the one that a program had."""
        self.addCleanup(CLASSIC.__setitem__, kind, CLASSIC[kind])
        CLASSIC[kind] = port

    def server(self, *arguments: str) -> ChatService:
        """Build one."""
        fixed = ("--data", ":memory:", "--listen", "0", "--name", "lab")
        return self.service(*fixed, *arguments)

    def started(self, *arguments: str) -> dict[str, int]:
        """Start one; return the ports that its log names, by what is said of them."""
        service = self.server(*arguments)
        service.startService()
        self.addCleanup(service.stopService)
        found = re.findall(r"(?m)^classic (.+) on tcp:(\S+):(\d+)$", self.log())
        self.assertEqual({host for _, host, _ in found}, {"127.0.0.1"})
        return {what: int(port) for what, _, port in found}

    def log(self) -> str:
        """Return what is logged."""
        return "\n".join(self.logged)

    async def connect(self, port: int) -> Reads:
        """Connect to a port."""
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
        client: Reads = await connectProtocol(endpoint, Reads())
        self.addCleanup(client.transport.loseConnection)
        return client


class ListeningTests(ClassicsTestCase):
    """Where it listens, and that each is spoken to in its own way."""

    async def test_all(self) -> None:
        """On the ports that they had, with one more for the echo program; they are in
        one room, where they were told to be."""
        ports = {"eco": 50002, "ack": 12345, "upper": 56040, "nick": 55555}
        self.assertEqual(CLASSIC, ports)
        for kind in CLASSIC:
            self.move(kind, free_port())
        where = self.started(
            *("--classic", "all", "--classic-room", "class"),
            *("--quit-password", "sesame"),
        )
        self.assertEqual(list(where), ["eco", "eco talks", "ack", "upper", "nick"])
        self.assertEqual({kind: where[kind] for kind in CLASSIC}, CLASSIC)
        first = await self.connect(where["eco"])
        told = await first.read()
        await first.over
        self.assertEqual(told, str(where["eco talks"]).encode())
        eco = await self.connect(int(told))
        self.assertEqual(await eco.ask(b"WHORU"), b"lab")
        ack = await self.connect(where["ack"])
        self.assertIn(b"Welcome Client01!", await ack.read())
        upper = await self.connect(where["upper"])
        self.assertEqual(await upper.ask(b"hi"), b"HI")
        self.assertEqual(await eco.read(), b"client-1: hi")
        nick = await self.connect(where["nick"])
        self.assertEqual(await nick.read(), b"NICK")
        self.assertEqual(await eco.ask(b"CLIENTS NUM"), b"3")
        self.assertEqual(await eco.ask(b"QUIT"), b"ENTER PASSWORD: ")
        eco.transport.write(b"sesame")
        await eco.over
        self.assertIn("room class made", self.log())

    async def test_some_elsewhere(self) -> None:
        """Wherever a server can listen, one kind in two places too, with names that
        are counted together."""
        path = os.path.join(self.short_folder(), "up")
        where = self.started(
            *("--classic", "ack=0", "--classic", f"upper=unix:{path}"),
            *("--classic", "ack=tcp:0:interface=127.0.0.1"),
        )
        self.assertEqual(list(where), ["ack"])
        numbers = re.findall(r"(?m)^classic ack on tcp:\S+:(\d+)$", self.log())
        self.assertIn(f"classic upper on unix:{path}", self.log())
        names = [await (await self.connect(int(n))).read() for n in numbers]
        self.assertIn(b"Welcome Client01!", names[0])
        self.assertIn(b"Welcome Client02!", names[1])

    async def test_on_the_network(self) -> None:
        """The port that is told of is on the same interface, and both are warned of."""
        service = self.server("--classic", "eco=0.0.0.0:0")
        service.startService()
        await service.stopService()
        open_ones = re.findall(r"OPEN TO THE NETWORK.*?tcp:0\.0\.0\.0:\d+", self.log())
        self.assertEqual(len(set(open_ones)), 2)

    async def test_on_ipv6(self) -> None:
        """The same there."""
        service = self.server("--classic", "eco=[::1]:0")
        service.startService()
        await service.stopService()
        self.assertRegex(self.log(), r"classic eco talks on tcp:\[::1\]:\d+")


class RefusedTests(ClassicsTestCase):
    """Where it cannot listen; one line says why."""

    def refused(self, *arguments: str) -> str:
        """Return it."""
        return super().refused("--data", ":memory:", "--listen", "0", *arguments)

    def test_a_busy_port(self) -> None:
        """What stands on the command line is named, also of its own port."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            busy = "Address already in use; choose another place"
            self.assertEqual(
                self.refused("--classic", f"ack={port}"),
                f"--classic ack={port}: {busy}",
            )
            self.move("nick", port)
            said = self.refused("--classic", "nick")
            self.assertEqual(said, f"--classic nick: {busy}")

    def test_what_is_no_place(self) -> None:
        """How a place is written is told."""
        said = self.refused("--classic", "upper=nowhere:a")
        self.assertIn("--classic upper=nowhere:a: Unknown endpoint type", said)

    def test_the_echo_program_needs_tcp(self) -> None:
        """Its clients are told a number, and would not know of encryption there."""
        path = os.path.join(self.short_folder(), "eco")
        said = "its clients are told a port number, write eco=PORT or eco=HOST:PORT"
        for where in (f"unix:{path}", "ssl:0:privateKey=key.pem"):
            refused = self.refused("--classic", f"eco={where}")
            self.assertEqual(refused, f"--classic eco={where}: {said}")
        self.assertFalse(os.path.exists(path))
