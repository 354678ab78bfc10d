"""The service: built from its options, started and stopped, in this process."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from ecochat import tap
from ecochat.options import ServerOptions
from ecochat.service import ChatService


class Frames(Protocol):
    """Collects what comes until the connection ends."""

    def __init__(self) -> None:
        self.data = b""
        self.over: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        """Keep it."""
        self.data += data

    def connectionLost(self, reason: Any = None) -> None:
        """There is no more."""
        self.over.callback(None)


class ServiceTests(TestCase):
    """A server in this process, on UNIX sockets and TCP ports of its own."""

    def setUp(self) -> None:
        """Collect what is logged, and put back what a service sets."""
        self.logged: list[str] = []

        @implementer(ILogObserver)
        def collect(event: LogEvent) -> None:
            if event.get("log_namespace", "").startswith("ecochat"):
                self.logged.append(event["log_format"].format(**event))

        globalLogPublisher.addObserver(collect)
        self.addCleanup(globalLogPublisher.removeObserver, collect)
        self.addCleanup(sys.setswitchinterval, sys.getswitchinterval())

    def service(self, *arguments: str) -> ChatService:
        """Build a service as twistd does."""
        options = tap.Options()
        assert isinstance(options, ServerOptions)
        options.parseOptions(arguments)
        return tap.makeService(options)

    async def talk(self, endpoint: str, data: bytes) -> list[str]:
        """Send this, end the input where that can be, and return all frames."""
        from twisted.internet import reactor

        client = clientFromString(reactor, endpoint)
        frames: Frames = await connectProtocol(client, Frames())
        frames.transport.write(data)  # type: ignore[union-attr]
        frames.transport.loseWriteConnection()  # type: ignore[union-attr]
        await frames.over
        return frames.data.decode().split("\0")[:-1]

    async def test_a_talk(self) -> None:
        """It says where it listens, talks, keeps what is said, and stops."""
        folder = TemporaryDirectory(prefix="ecochat-")  # a socket's path is short
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "chat.sock")
        data = self.mktemp()
        options = ("--listen", f"unix:{path}", "--listen", "0", "--data", data)
        service = self.service(*options, "--name", "here", "--log-messages")
        service.startService()
        frames = await self.talk(f"unix:{path}", b"hi\0")
        await service.stopService()
        self.assertTrue(frames[0].startswith("* Welcome to here. You are guest-1"))
        self.assertEqual(frames[1:], ["+ lobby 1"])
        self.assertEqual(
            self.logged[0], f"keeping everything in {os.path.abspath(data)}"
        )
        self.assertEqual(self.logged[1], f"listening on unix:{path}")
        self.assertRegex(self.logged[2], r"^listening on tcp:127\.0\.0\.1:[1-9]\d*$")
        self.assertEqual(
            self.logged[3:],
            [
                "ready",
                "s1 guest-1 connected from unix",
                "room lobby made",
                "lobby 1 guest-1: 'hi'",
                "s1 guest-1 disconnected: end of input; 0 remain",
                "stopped",
            ],
        )
        self.assertFalse(Path(path).exists())

    async def test_in_memory(self) -> None:
        """Without a file, and on IPv6 written as an address."""
        service = self.service("--data", ":memory:", "--listen", "0")
        service.startService()
        port = self.logged[1].rsplit(":", 1)[1]
        frames = await self.talk(f"tcp:127.0.0.1:{port}", b"a\0/rooms\0")
        await service.stopService()
        self.assertEqual(frames[1:3], ["+ lobby 1", "* lobby 1 member, last 1"])
        self.assertIn("keeping everything in memory", self.logged[0])

    def refused(self, *arguments: str) -> str:
        """Return the one line with which a server gives up before it starts."""
        error = self.assertRaises(SystemExit, self.service, *arguments)
        text = str(error.code)
        self.assertTrue(text.startswith("ecochat: ") and "\n" not in text, text)
        return text.removeprefix("ecochat: ")

    async def test_what_cannot_be_started(self) -> None:
        """One line says what is wrong: the file, the endpoint, the port."""
        folder = self.mktemp()
        os.mkdir(folder)
        self.assertIn("cannot be used: Is a directory", self.refused("--data", folder))
        memory = ("--data", ":memory:", "--listen")
        self.assertEqual(
            self.refused(*memory, "nowhere:a"),
            "--listen nowhere:a: Unknown endpoint type: 'nowhere';"
            " write PORT, HOST:PORT, [V6ADDRESS]:PORT or a Twisted endpoint",
        )
        service = self.service(*memory, "0")
        service.startService()
        port = self.logged[1].rsplit(":", 1)[1]
        self.assertEqual(
            self.refused(*memory, port),
            f"--listen {port}: Address already in use; choose another place",
        )
        await service.stopService()
