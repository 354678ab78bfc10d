"""The service: built from its options, started and stopped, in this process."""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from ecochat import service as composition
from ecochat import tap
from ecochat.options import ServerOptions
from ecochat.service import ChatService
from ecochat.store.sqlite import SQLiteStore


class Frames(Protocol):
    """Collects what comes until the connection ends."""

    def __init__(self) -> None:
        self.data = b""
        self.begun: Deferred[None] = Deferred()
        self.over: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        """Keep it."""
        self.data += data
        if not self.begun.called:
            self.begun.callback(None)

    def connectionLost(self, reason: Any = None) -> None:
        """There is no more."""
        self.over.callback(None)


class ServiceTestCase(TestCase):
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

    def short_folder(self) -> str:
        """Return a folder whose name is short, as a UNIX socket's path has to be."""
        folder = TemporaryDirectory(prefix="ecochat-")
        self.addCleanup(folder.cleanup)
        return folder.name

    async def talk(self, endpoint: str, data: bytes) -> list[str]:
        """Send this, end the input where that can be, and return all frames."""
        client = clientFromString(reactor, endpoint)
        frames: Frames = await connectProtocol(client, Frames())
        frames.transport.write(data)  # type: ignore[union-attr]
        frames.transport.loseWriteConnection()  # type: ignore[union-attr]
        await frames.over
        return frames.data.decode().split("\0")[:-1]

    def refused(self, *arguments: str) -> str:
        """Return the one line with which a server gives up before it starts."""
        error = self.assertRaises(SystemExit, self.service, *arguments)
        text = str(error.code)
        self.assertTrue(text.startswith("ecochat: ") and "\n" not in text, text)
        return text.removeprefix("ecochat: ")


class ServiceTests(ServiceTestCase):
    """From the start to the stop."""

    async def test_a_talk(self) -> None:
        """It says where it listens, talks, keeps what is said, and stops."""
        path = os.path.join(self.short_folder(), "chat.sock")
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

    async def test_unix_sockets_that_cannot_be_made(self) -> None:
        """The system's reason is given; a socket that is in use stays as it is."""
        folder = self.short_folder()
        memory = ("--data", ":memory:", "--listen")
        missing = f"unix:{folder}/missing/chat.sock"
        self.assertRegex(
            self.refused(*memory, missing),
            f"^--listen {missing}: No such file or directory.*; choose another place$",
        )
        taken = f"unix:{folder}/chat.sock"
        service = self.service(*memory, taken)
        service.startService()
        self.assertEqual(
            self.refused(*memory, taken),
            f"--listen {taken}: Address already in use; choose another place",
        )
        self.assertEqual((await self.talk(taken, b"hi\0"))[1:], ["+ lobby 1"])
        await service.stopService()

    def test_a_file_that_is_missing_for_an_endpoint(self) -> None:
        """It is named, where the system's error has its name."""

        def parse(*arguments: object) -> None:
            raise FileNotFoundError(2, "No such file or directory", "key.pem")

        self.patch(composition, "serverFromString", parse)
        self.assertRegex(
            self.refused("--data", ":memory:", "--listen", "ssl:1:privateKey=key.pem"),
            "^--listen ssl:1:privateKey=key.pem: No such file or directory: key.pem; ",
        )

    def test_an_endpoint_that_does_not_listen_at_once(self) -> None:
        """It is refused: whether it can listen would be known too late."""

        class Slow:
            def listen(self, factory: object) -> Deferred[Any]:
                return Deferred()

        self.patch(composition, "serverFromString", lambda *arguments: Slow())
        self.assertEqual(
            self.refused("--data", ":memory:", "--listen", "0"),
            "--listen 0: it does not listen at once; choose another place",
        )

    async def test_data_that_was_taken_since_it_was_checked(self) -> None:
        """The start ends with the one line."""
        data = os.path.abspath(self.mktemp())
        service = self.service("--listen", "0", "--data", data)
        for port in service._ports:
            self.addCleanup(port.stopListening)
        other = SQLiteStore(data)
        other.open()
        self.addCleanup(other.close)
        error = self.assertRaises(SystemExit, service.startService)
        self.assertEqual(
            error.code,
            f"ecochat: {data} is in use by another server; stop that one, or choose"
            " another with --data",
        )
        self.assertNotIn("ready", self.logged)


class StopTests(ServiceTestCase):
    """A stop goes on whatever fails."""

    async def test_a_port_that_does_not_close(self) -> None:
        """It is logged; all is stored and everyone is told all the same."""
        path, data = os.path.join(self.short_folder(), "chat.sock"), self.mktemp()
        service = self.service("--listen", f"unix:{path}", "--data", data)
        service.startService()
        client = clientFromString(reactor, f"unix:{path}")
        frames: Frames = await connectProtocol(client, Frames())
        await frames.begun
        os.unlink(path)
        stopped = service.stopService()
        frames.transport.write(b"hi\0")  # type: ignore[union-attr]
        await stopped
        await frames.over
        self.assertEqual(len(self.flushLoggedErrors(FileNotFoundError)), 1)
        self.assertTrue(frames.data.endswith(b"* server is stopping\0"))
        self.assertRegex(self.logged[-3], "^stopping .* failed$")
        self.assertRegex(self.logged[-2], "disconnected: server stopped; 0 remain$")
        self.assertEqual(self.logged[-1], "stopped")

    async def test_a_store_that_does_not_close(self) -> None:
        """It is logged, and the stop has an end."""
        service = self.service("--data", ":memory:", "--listen", "0")
        service.startService()
        self.addCleanup(service._exchange._storage.stop)
        self.patch(service._exchange._storage, "stop", lambda: 1 / 0)
        await service.stopService()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(self.logged[-1], "stopped")

    async def test_a_port_that_is_closed_already(self) -> None:
        """There is nothing to wait for."""
        service = self.service("--data", ":memory:", "--listen", "0")
        service.startService()
        closed = service._ports[0].stopListening()
        assert closed is not None
        await closed
        await service.stopService()
        self.assertEqual(self.logged[-1], "stopped")
