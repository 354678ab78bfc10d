"""The service: built from its options, started and stopped, in this process."""

import os
import socket
import stat
import subprocess
import sys
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from twisted.internet import reactor
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import clientFromString, connectProtocol
from twisted.internet.error import ReactorNotRunning
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.trial.unittest import TestCase
from zope.interface import implementer

from ecochat import ports, tap
from ecochat import service as composition
from ecochat.net.bucket import RateLimit
from ecochat.net.retention import Keep, Retention
from ecochat.options import ServerOptions
from ecochat.ports import OPEN, SOCKET_PATH
from ecochat.service import OPERATORS, ChatService, _retention
from ecochat.store.sqlite import SQLiteStore

listen = ports.listen


class Frames(Protocol):
    """Collects what comes until the connection ends."""

    transport: Any

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
        """Build a service as twistd does; without a socket for operators, unless it is
        asked for."""
        if "--operator-socket" not in arguments:
            arguments += ("--operator-socket", "off")
        options = tap.Options()
        assert isinstance(options, ServerOptions)
        options.parseOptions(arguments)
        service = tap.makeService(options)
        assert isinstance(service, ChatService)
        return service

    def short_folder(self) -> str:
        """Return a folder whose name is short, as a UNIX socket's path has to be."""
        folder = TemporaryDirectory(prefix="ecochat-")
        self.addCleanup(folder.cleanup)
        return folder.name

    async def talk(self, endpoint: str, data: bytes) -> list[str]:
        """Send this, end the input where that can be, and return all frames."""
        client = clientFromString(reactor, endpoint)
        frames: Frames = await connectProtocol(client, Frames())
        frames.transport.write(data)
        frames.transport.loseWriteConnection()
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

        self.patch(ports, "serverFromString", parse)
        self.assertRegex(
            self.refused("--data", ":memory:", "--listen", "ssl:1:privateKey=key.pem"),
            "^--listen ssl:1:privateKey=key.pem: No such file or directory: key.pem; ",
        )

    def test_an_endpoint_that_does_not_listen_at_once(self) -> None:
        """It is refused: whether it can listen would be known too late."""

        class Slow:
            def listen(self, factory: object) -> Deferred[Any]:
                return Deferred()

        self.patch(ports, "serverFromString", lambda *arguments: Slow())
        self.assertEqual(
            self.refused("--data", ":memory:", "--listen", "0"),
            "--listen 0: it does not listen at once; choose another place",
        )

    async def test_data_that_was_taken_since_it_was_checked(self) -> None:
        """The start ends with the one line."""
        data = os.path.abspath(self.mktemp())
        service = self.service("--listen", "0", "--data", data)
        for _, port in service._ports:
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


class OperatorSocketTests(ServiceTestCase):
    """The socket that operators use."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.short_folder()
        self.path = os.path.join(self.folder, "chat.operator")
        self.patch(composition, "listen", self.listen)

    def listen(self, *arguments: Any) -> Any:
        """Open a port that is closed again also where the server does not start."""
        port: Any = listen(*arguments)
        self.addCleanup(port.stopListening)
        return port

    def with_operators(self, *arguments: str) -> ChatService:
        """Build a service with a socket for operators, and listen to nobody else."""
        where = ("--operator-socket", self.path, "--listen", "0")
        return self.service("--data", ":memory:", *where, *arguments)

    async def start_and_stop(self) -> None:
        """See that the socket can be made, used, and is removed."""
        service = self.with_operators()
        service.startService()
        frames = await self.talk(f"unix:{self.path}", b"/say hi\0")
        await service.stopService()
        self.assertEqual(frames[1:], ["Server: hi"])
        self.assertFalse(os.path.exists(self.path))

    async def test_it_is_its_owners_alone(self) -> None:
        """From the first moment, also before its mode is set; other files are made with
        the mode that they would have."""
        modes: list[int] = []
        set_mode = os.chmod

        def watch(path: Any, mode: int) -> None:
            modes.append(os.stat(path).st_mode)
            set_mode(path, mode)

        umask = os.umask(0o027)
        self.addCleanup(os.umask, umask)
        self.patch(os, "chmod", watch)
        service = self.with_operators()
        modes.append(os.stat(self.path).st_mode)
        self.assertEqual(modes, [stat.S_IFSOCK | 0o600] * 2)
        self.assertEqual(os.umask(0o027), 0o027)
        service.startService()
        self.assertIn(f"operators at unix:{self.path}", self.logged)
        await service.stopService()

    async def test_what_operators_may(self) -> None:
        """They speak to everyone, throw others out, and see where they come from; they
        have no limit on their rate, and others may do none of this."""
        clients = os.path.join(self.folder, "chat.sock")
        service = self.with_operators(
            "--listen", f"unix:{clients}", "--rate", "1/m", "--burst", "2"
        )
        service.startService()
        bob: Frames = await connectProtocol(
            clientFromString(reactor, f"unix:{clients}"), Frames()
        )
        bob.transport.write(b"/nick bob\0/kick bob\0/status\0")
        await bob.begun
        lines = b"x\0" * 50 + b"/say tea\0/status\0/kick bob too loud\0"
        frames = await self.talk(f"unix:{self.path}", lines)
        await bob.over
        await service.stopService()
        self.assertEqual(sum(f.startswith("+ lobby ") for f in frames), 50)
        self.assertIn("Server: tea", frames)
        self.assertEqual(frames[-2:], ["* bob left", "* bob (s1) is disconnected"])
        self.assertTrue(any(f.endswith(" from unix") for f in frames), frames)
        told = bob.data.decode().split("\0")[:-1]
        self.assertIn("! /kick is for operators only", told)
        self.assertIn("Server: tea", told)
        self.assertEqual(told[-1], "! an operator has ended your session: too loud")
        self.assertNotIn("* end status", told)  # it waits for its turn, for a minute

    async def test_beside_the_data(self) -> None:
        """There it is unless it is put elsewhere."""
        data = os.path.join(self.folder, "data")
        options = tap.Options()
        options.parseOptions(["--data", data, "--listen", "0"])
        service = tap.makeService(options)
        service.startService()
        self.assertIn(f"operators at unix:{data}.operator", self.logged)
        await service.stopService()
        self.assertEqual(sorted(os.listdir(self.folder)), ["data"])

    async def test_off(self) -> None:
        """There is none; nor is one for data in memory, unless it is asked for."""
        data = os.path.join(self.folder, "data")
        service = self.service("--data", data, "--listen", "0")
        service.startService()
        options = tap.Options()
        options.parseOptions(["--data", ":memory:", "--listen", "0"])
        in_memory = tap.makeService(options)
        in_memory.startService()
        self.assertFalse([line for line in self.logged if "operators" in line])
        self.assertFalse([n for n in os.listdir(self.folder) if "operator" in n])
        await service.stopService()
        await in_memory.stopService()

    async def test_a_path_that_is_too_long(self) -> None:
        """Where nobody asked for it the log says that there is none; else the server
        does not start. As long as can be is not too long."""
        room = SOCKET_PATH - len(self.folder) - len("/.operator")
        for count, given in ((room, False), (room + 1, False), (room + 1, True)):
            data = os.path.join(self.folder, "d" * count)
            path = f"{data}.operator"
            arguments = ["--data", data, "--listen", "0"]
            text = f"{path} is longer than the 107 bytes of a socket's path"
            if given:
                arguments[1] = ":memory:"
                self.assertEqual(
                    self.refused(*arguments, "--operator-socket", path),
                    f"--operator-socket: {text}; choose another",
                )
                continue
            options = tap.Options()
            options.parseOptions(arguments)
            service = tap.makeService(options)
            service.startService()
            self.assertEqual(f"operators at unix:{path}" in self.logged, count == room)
            said = f"no socket for operators: {text}"
            self.assertEqual(said in self.logged, count > room)
            await service.stopService()

    async def test_one_that_cannot_be_made(self) -> None:
        """The system's reason is given."""
        self.path = os.path.join(self.folder, "missing", "chat.operator")
        with self.assertRaises(SystemExit) as raised:
            self.with_operators()
        self.assertRegex(
            str(raised.exception.code),
            f"^ecochat: --operator-socket {self.path}: No such file or directory.*;"
            " choose another place$",
        )

    async def test_one_that_is_in_use(self) -> None:
        """A second server does not take it from the first."""
        service = self.with_operators()
        service.startService()
        with self.assertRaises(SystemExit) as raised:
            self.with_operators()
        self.assertEqual(
            raised.exception.code,
            f"ecochat: --operator-socket {self.path}: Address already in use;"
            " choose another place",
        )
        frames = await self.talk(f"unix:{self.path}", b"/say hi\0")
        self.assertEqual(frames[-1], "Server: hi")
        await service.stopService()

    async def test_one_that_a_killed_server_has_left(self) -> None:
        """It is replaced, whoever has that server's process id now."""
        gone = subprocess.Popen(["true"])
        gone.wait()
        for pid in (gone.pid, os.getpid(), os.getppid(), None):
            with self.subTest(pid):
                with socket.socket(socket.AF_UNIX) as left:
                    left.bind(self.path)
                if pid is not None:
                    os.symlink(str(pid), f"{self.path}.lock")
                await self.start_and_stop()
                Path(f"{self.path}.lock").unlink(missing_ok=True)

    async def test_a_file_of_another_kind(self) -> None:
        """It is not removed."""
        Path(self.path).write_text("precious")
        with self.assertRaises(SystemExit) as raised:
            self.with_operators()
        self.assertRegex(str(raised.exception.code), "Address already in use")
        self.assertEqual(Path(self.path).read_text(), "precious")


class StoppableClock(Clock):
    """A clock with as much of a reactor as a service stops.

    :ivar stops: when it was stopped.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stops: list[float] = []

    def stop(self) -> None:
        """Stop, which can be done once."""
        if self.stops:
            raise ReactorNotRunning
        self.stops.append(self.seconds())


class ShutdownTests(ServiceTestCase):
    """An operator stops the server."""

    def setUp(self) -> None:
        super().setUp()
        self.clock = StoppableClock()
        self.running = self.service("--data", ":memory:", "--listen", "0")
        self.running.startService()
        self.running._reactor = self.clock
        self.stop = self.running._exchange.stop_server

    async def test_after_some_seconds(self) -> None:
        """Not before."""
        self.stop(5)
        self.assertIn("an operator stops it in 5 s", self.logged)
        self.clock.advance(4.5)
        self.assertEqual(self.clock.stops, [])
        self.clock.advance(0.5)
        self.assertEqual(self.clock.stops, [5])
        await self.running.stopService()

    async def test_a_second_one(self) -> None:
        """It replaces the first, be it sooner or later."""
        for first, second in ((9, 1), (1, 9)):
            self.clock.stops.clear()
            begin = self.clock.seconds()
            self.stop(first)
            self.stop(second)
            self.clock.pump([1] * 20)
            self.assertEqual(self.clock.stops, [begin + second])
            self.running._shutdown = None
        await self.running.stopService()

    async def test_one_more_when_it_stops_already(self) -> None:
        """It is too late for that."""
        self.stop(0)
        self.clock.advance(0)
        self.stop(0)
        self.clock.advance(1)
        self.assertEqual(self.clock.stops, [0])
        await self.running.stopService()

    async def test_stopped_by_a_signal_meanwhile(self) -> None:
        """Then it is stopped only once."""
        self.stop(1)
        await self.running.stopService()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_while_it_stops(self) -> None:
        """One that was on its way when a signal came is too late: a reactor that is
        told twice to stop complains."""
        stopped = self.running.stopService()
        self.stop(0)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        await stopped

    async def test_over_the_socket(self) -> None:
        """Everyone is told, then the reactor is stopped."""
        await self.running.stopService()
        stopped: Deferred[None] = Deferred()
        self.patch(reactor, "stop", lambda: stopped.callback(None))
        path = os.path.join(self.short_folder(), "operator")
        service = self.service(
            "--data", ":memory:", "--operator-socket", path, "--listen", "0"
        )
        service.startService()
        frames = await self.talk(
            f"unix:{path}", b"/shutdown 3600 new disk\0/shutdown\0"
        )
        await stopped
        await service.stopService()
        said = ["Server: stopping in 3600 seconds: new disk", "Server: stopping now"]
        self.assertEqual(frames[1:], said)


class FakePort:
    """A port that listens somewhere."""

    def __init__(self, address: Any, factory: Any = None) -> None:
        self._address = address
        self.factory = factory

    def getHost(self) -> Any:
        """Return where."""
        return self._address


class LoudTests(ServiceTestCase):
    """A listener that is open to others, where all can be read on the way."""

    def test_where(self) -> None:
        """It is said of those beyond this machine without TLS, and of no others."""
        tls: Any = TLSMemoryBIOFactory.__new__(TLSMemoryBIOFactory)
        for host, factory, loud in (
            ("0.0.0.0", None, True),
            ("192.0.2.7", None, True),
            ("::", None, True),
            ("2001:db8::1", None, True),
            ("127.0.0.1", None, False),
            ("127.0.0.2", None, False),
            ("::1", None, False),
            ("0.0.0.0", tls, False),
            ("::", tls, False),
        ):
            kind = IPv6Address if ":" in host else IPv4Address
            with self.subTest(host):
                shown = f"[{host}]" if ":" in host else host
                where = f"{'ssl' if factory else 'tcp'}:{shown}:4040"
                self.check(FakePort(kind("TCP", host, 4040), factory), where, loud)

    def test_unix_sockets(self) -> None:
        """They are this machine's."""
        self.check(FakePort(UNIXAddress(b"/run/x")), "unix:/run/x", loud=False)

    def check(self, port: Any, where: str, loud: bool) -> None:
        """See what the log says when a service on this port starts."""
        self.logged.clear()
        part: Any = SimpleNamespace(start=lambda: None)
        ports = [("listening on", port)]
        service = ChatService(part, part, [], ports, "x", Clock())
        service.startService()
        lines = [f"listening on {where}"]
        if loud:
            lines.append(OPEN.format(where=where))
        self.assertEqual(self.logged, ["keeping everything in x", *lines, "ready"])

    def test_the_words(self) -> None:
        """They begin loudly, name the listener, and say what to do."""
        self.assertRegex(OPEN, "^OPEN TO THE NETWORK WITHOUT TLS: {where}")
        self.assertRegex(OPEN, "listen on 127.0.0.1 or with ssl:$")


class FactsTests(ServiceTestCase):
    """What the server says of itself and of its machine."""

    async def ask(self, *options: str, data: bytes) -> list[str]:
        """Return what a server with these options answers, without its greeting."""
        path = os.path.join(self.short_folder(), "chat.sock")
        memory = ("--data", ":memory:", "--listen", f"unix:{path}")
        service = self.service(*memory, *options)
        service.startService()
        frames = await self.talk(f"unix:{path}", data)
        await service.stopService()
        return frames[1:]

    async def test_its_address(self) -> None:
        """The machine's own; one with the multicast bit is none."""
        for number, answer in (
            (0x001122AABBCC, "* 00:11:22:aa:bb:cc"),
            (0x020000000001, "* 02:00:00:00:00:01"),
            (0xFEFFFFFFFFFF, "* fe:ff:ff:ff:ff:ff"),
            (0x010000000000, "! this machine shows no hardware address"),
            (0xFFFFFFFFFFFF, "! this machine shows no hardware address"),
        ):
            self.patch(uuid, "getnode", lambda number=number: number)
            self.assertEqual(await self.ask(data=b"/mac\0"), [answer])

    async def test_jokes(self) -> None:
        """Those of a file, one after the other, or its own."""
        file = self.mktemp()
        Path(file).write_text("# two\none\n\ntwo\n")
        told = await self.ask("--jokes", file, data=b"/joke\0" * 3)
        self.assertEqual(told, ["* one", "* two", "* one"])
        own = await self.ask(data=b"/joke\0" * 2)
        self.assertEqual(len(set(own)), 2)

    def test_jokes_that_are_gone_since_the_options_were_read(self) -> None:
        """The start ends with the one line."""

        def read(path: str) -> None:
            raise ValueError("cannot be read: No such file or directory")

        file = self.mktemp()
        Path(file).write_text("one")
        self.patch(composition, "read_jokes", read)
        self.assertEqual(
            self.refused("--data", ":memory:", "--listen", "0", "--jokes", file),
            f"--jokes {file} cannot be read: No such file or directory",
        )

    async def test_classic_words(self) -> None:
        """They are taken, with the password that is set, or not at all."""
        words = b"WHRU\0QUIT no\0QUIT sesame\0never\0"
        told = await self.ask("--name", "x", "--quit-password", "sesame", data=words)
        self.assertEqual(told, ["* x", "! wrong password, try again"])
        self.assertEqual(await self.ask(data=b"QUIT 12345\0never\0"), [])
        told = await self.ask("--no-classic-words", data=b"WHRU\0QUIT 12345\0")
        self.assertEqual(told, ["+ lobby 1", "+ lobby 2"])


class LimitTests(ServiceTestCase):
    """What the options make of the limits."""

    async def limits(self, *options: str) -> list[tuple[Any, Any, int]]:
        """Return the limits on clients and on operators."""
        service = self.service("--data", ":memory:", "--listen", "0", *options)
        service.startService()
        await service.stopService()
        return [
            (f._settings.rate_limit, f.places.most_per_address, f.places.most)
            for f in service._factories
        ]

    async def test_on(self) -> None:
        """For clients; operators have none but on their number."""
        given = ("--rate", "5/s", "--burst", "7", "--max-per-address", "3")
        self.assertEqual(
            await self.limits("--max-clients", "9", *given),
            [(RateLimit(5.0, 7), 3, 9), (None, None, OPERATORS)],
        )

    async def test_off(self) -> None:
        """Neither on the rate nor for an address."""
        self.assertEqual(
            await self.limits("--max-clients", "9", "--limits", "off"),
            [(None, None, 9), (None, None, OPERATORS)],
        )


class KeptTests(ServiceTestCase):
    """What the options make of what is kept."""

    def kept(self, *options: str) -> Retention:
        """Return what is kept of messages."""
        read = ServerOptions()
        read.parseOptions(list(options))
        return _retention(read)

    def test_all(self) -> None:
        """Without options everything is."""
        self.assertTrue(self.kept().is_all)

    def test_in_general(self) -> None:
        """By time and by number; the last word counts."""
        kept = self.kept("--keep", "9d", "--keep", "1h", "--keep-messages", "5")
        self.assertEqual(kept, Retention(Keep(3_600, 5), {}))

    def test_of_a_room(self) -> None:
        """What is not said of it is as in general; its name is one however it is
        written."""
        kept = self.kept(
            *("--keep", "1h", "--keep", "Lab=2h", "--keep", "red=all"),
            *("--keep-messages", "7", "--keep-messages", "lab=5"),
        )
        rooms = {"lab": Keep(7_200, 5), "red": Keep(None, 7)}
        self.assertEqual(kept, Retention(Keep(3_600, 7), rooms))

    async def test_sessions(self) -> None:
        """How long they are kept, and how often they are asked for a sign of life."""
        times = ("--grace", "5m", "--ping-interval", "7s")
        service = self.service("--data", ":memory:", "--listen", "0", *times)
        service.startService()
        await service.stopService()
        self.assertEqual(service._exchange._grace.seconds, 300)
        self.assertTrue(service._exchange._limits.grace)
        asked = [f._settings.ping_interval for f in service._factories]
        self.assertEqual(asked, [7, 7])


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
        frames.transport.write(b"hi\0")
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
        closed = service._ports[0][1].stopListening()
        assert closed is not None
        await closed
        await service.stopService()
        self.assertEqual(self.logged[-1], "stopped")
