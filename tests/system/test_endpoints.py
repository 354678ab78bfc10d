"""Where a real server listens: every form of it, and what is said when it cannot."""

import contextlib
import os
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
from pathlib import Path

from twisted.trial.unittest import TestCase

from tests.support.client import Client
from tests.support.server import TWISTD, Server
from tests.support.waiting import WAIT, wait_until

LOCAL = "tcp:0:interface=127.0.0.1"


class Talker(Client):
    """A client on a socket that is connected already."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self.frames: list[str] = []
        self._begun = b""
        self._looked_at = 0


def connect(place: str) -> Talker:
    """Return a client of a place as the server logs it: ``tcp:127.0.0.1:40123``."""
    kind, _, where = place.partition(":")
    if kind == "unix":
        connected = socket.socket(socket.AF_UNIX)
        connected.connect(where)
        return Talker(connected)
    host, _, port = where.rpartition(":")
    connected = socket.create_connection((host.strip("[]"), int(port)))
    if kind == "ssl":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connected = context.wrap_socket(connected)
    return Talker(connected)


def is_gone(pid: int) -> bool:
    """Whether a process has ended, though nobody may have asked for its status."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def has_ipv6() -> bool:
    """Whether this machine has the address ``::1``."""
    try:
        with socket.socket(socket.AF_INET6) as tried:
            tried.bind(("::1", 0))
    except OSError:
        return False
    return True


class EndpointsTestCase(TestCase):
    """Has a temporary folder, and makes certificates and bare processes there."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        # A UNIX socket's path has at most 107 bytes, so those are made elsewhere.
        self.short = Path(f"/tmp/ecochat-{os.getpid()}-{id(self):x}")
        self.short.mkdir()
        self.addCleanup(shutil.rmtree, self.short)

    def tls(self) -> str:
        """Return a TLS endpoint on a free port, with a new certificate."""
        key, certificate = self.folder / "key.pem", self.folder / "cert.pem"
        command = "openssl req -x509 -nodes -newkey ec -days 2 -subj /CN=localhost"
        options = ["-pkeyopt", "ec_paramgen_curve:prime256v1"]
        files = ["-keyout", str(key), "-out", str(certificate)]
        subprocess.run(
            [*command.split(), *options, *files], check=True, capture_output=True
        )
        keys = f"privateKey={key}:certKey={certificate}"
        return f"ssl:0:{keys}:interface=127.0.0.1"

    def places(self, server: Server) -> list[str]:
        """Return where a server says that it listens, and see that it is ready then."""
        said = re.findall(r"#info\] (listening on \S+|ready)\n", server.log)
        self.assertEqual([line == "ready" for line in said].index(True), len(said) - 1)
        return [line.removeprefix("listening on ") for line in said[:-1]]

    def assert_one_line(self, written: str, *expected: str) -> None:
        """See that a server that did not start said why in one line."""
        self.assertRegex(written, r"\Aecochat: [^\n]+\n\Z")
        for words in expected:
            self.assertIn(words, written)

    def talk(self, *places: str) -> None:
        """Have two people talk, one at the first place and one at the last."""
        with connect(places[0]) as alice, connect(places[-1]) as bob:
            alice.say("/nick alice")
            alice.expect(r"\* guest-\d+ is now alice")
            bob.say("/nick bob")
            bob.expect(r"\* guest-\d+ is now bob")
            alice.say("hello")
            self.assertRegex(alice.expect(r"\+ "), r"^\+ lobby \d+$")
            self.assertEqual(bob.expect(r"\w+: "), "alice: hello")
            bob.say("hello yourself")
            self.assertEqual(alice.expect(r"\w+: "), "bob: hello yourself")


class PlacesTests(EndpointsTestCase):
    """Each form of ``--listen`` gives a server that people talk through."""

    def assert_talk(self, listen: str, place: str) -> None:
        """See that people talk at the one place that the server says it listens at."""
        with Server(listen=listen) as server:
            places = self.places(server)
            self.assertEqual(len(places), 1)
            self.assertRegex(places[0], f"^{place}$")
            self.assertNotIn(":0", places[0][-2:])
            self.talk(places[0])

    def test_port(self) -> None:
        """A port alone is one of this machine's own address."""
        self.assert_talk("0", r"tcp:127\.0\.0\.1:\d+")

    def test_host_and_port(self) -> None:
        """A host name or address is what to listen on."""
        self.assert_talk("127.0.0.1:0", r"tcp:127\.0\.0\.1:\d+")
        self.assert_talk("localhost:0", r"tcp:(127\.0\.0\.1|\[::1\]):\d+")

    def test_ipv6_address_and_port(self) -> None:
        """An IPv6 address stands in brackets; where there is none, one line says so."""
        if has_ipv6():
            self.assert_talk("[::1]:0", r"tcp:\[::1\]:\d+")
            return
        command = [TWISTD, "-n", "--pidfile=", "ecochat", "--listen", "[::1]:0"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        self.assert_one_line(done.stderr, "--listen [::1]:0")

    def test_tcp_endpoint(self) -> None:
        """A Twisted endpoint is taken as it is."""
        self.assert_talk("tcp:0:interface=127.0.0.1:backlog=5", r"tcp:127\.0\.0\.1:\d+")

    def test_unix_endpoint(self) -> None:
        """A path is a UNIX socket."""
        path = self.short / "chat.sock"
        self.assert_talk(f"unix:{path}", f"unix:{path}")

    def test_tls_endpoint(self) -> None:
        """With a key and a certificate the talk is encrypted."""
        self.assert_talk(self.tls(), r"ssl:127\.0\.0\.1:\d+")

    def test_several_at_once(self) -> None:
        """All of them lead into the same rooms; each is named, in order, then ready."""
        unix = f"unix:{self.short / 'chat.sock'}"
        more = ["--listen", unix, "--listen", self.tls(), "--listen", LOCAL]
        with Server(*more, listen="0") as server:
            places = self.places(server)
            kinds = [place.split(":")[0] for place in places]
            self.assertEqual(kinds, ["tcp", "unix", "ssl", "tcp"])
            self.assertEqual(len(set(places)), 4)
            for place in places[1:]:
                self.talk(places[0], place)


class EndOfInputTests(EndpointsTestCase):
    """A peer that has no more to say still gets what it is owed."""

    def half_close(self, *nc: str) -> None:
        """Say hi with netcat, which ends its input behind it, and see the answers."""
        command = ["nc", "-N", *nc]
        done = subprocess.run(command, input=b"hi\0", capture_output=True, timeout=WAIT)
        *frames, rest = done.stdout.decode().split("\0")
        self.assertEqual((done.returncode, done.stderr, rest), (0, b"", ""))
        self.assertRegex(frames[0], r"^\* Welcome to ")
        self.assertEqual(frames[1:], ["+ lobby 1"])

    def test_tcp(self) -> None:
        """``printf 'hi\\0' | nc -N`` shows the welcome and the number."""
        with Server() as server:
            self.half_close("127.0.0.1", str(server.port))

    def test_unix(self) -> None:
        """The same over a UNIX socket."""
        path = str(self.short / "chat.sock")
        with Server(listen=f"unix:{path}") as server:
            self.half_close("-U", path)
            self.assertIn("connected from unix", server.log)

    def test_tls_stores_what_was_sent(self) -> None:
        """Over TLS both directions end at once; what was sent is stored all the same,
        and others see it."""
        with Server("--listen", self.tls()) as server:
            tcp, tls = self.places(server)
            with connect(tcp) as reader:
                reader.expect(r"\* Welcome")
                with connect(tls) as sender:
                    sender.say(*(f"line {n}" for n in range(300)))
                    assert isinstance(sender.socket, ssl.SSLSocket)
                    with contextlib.suppress(OSError):
                        sender.socket.unwrap()  # the end of its input, in TLS
                reader.expect(r"\* guest-2 left")
                lines = reader.ask("/since 0", r"\* end lobby")
        self.assertEqual(len(lines), 301)
        self.assertTrue(lines[299].endswith(" guest-2: line 299"), lines[299])


class RefusalTests(EndpointsTestCase):
    """A server that cannot start says so in one line that tells what to do."""

    def assert_refused(self, options: list[str], *expected: str) -> None:
        """Start it in the foreground and in the background: both say the same."""
        pid = self.folder / "pid"
        for twistd in (["-n", "--pidfile="], [f"--pidfile={pid}", "--logfile=log"]):
            done = subprocess.run(
                [TWISTD, *twistd, "ecochat", *options],
                cwd=self.folder,
                capture_output=True,
                text=True,
                timeout=WAIT,
            )
            if pid.exists():  # it has started: so fail, but leave nothing behind
                os.kill(int(pid.read_text()), signal.SIGKILL)
                pid.unlink()
            self.assertEqual(done.returncode, 1, (twistd, done))
            self.assert_one_line(done.stderr, *expected)
            self.assertNotIn("Traceback", done.stdout)
            self.assertNotIn(".lock", done.stderr)  # Twisted's own affair
        self.assertFalse((self.folder / "log").exists())

    def test_wrong_options(self) -> None:
        """The option is named, and where to read about it."""
        self.assert_refused(["--colour"], "--colour", "see twistd ecochat --help")
        self.assert_refused(
            ["--max-frame", "no"], "--max-frame", "is not a number above 0"
        )

    def test_unknown_endpoint(self) -> None:
        """What was given is repeated, and what could be given is named."""
        for listen in ("nonsense", "here:there", "ssl:1:privateKey=no.pem", ""):
            options = ["--listen", listen]
            self.assert_refused(
                options, f"--listen {listen}: ", "; write PORT, HOST:PORT, "
            )

    def test_port_in_use(self) -> None:
        """The place is named; another is to be chosen."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            listen = f"127.0.0.1:{taken.getsockname()[1]}"
            options = ["--listen", LOCAL, "--listen", listen]
            expected = f"--listen {listen}: ", "in use", "choose another"
            self.assert_refused(options, *expected)

    def test_unix_path_in_a_missing_folder(self) -> None:
        """The system's reason is given without what is Twisted's own affair."""
        listen = f"unix:{self.short}/missing/chat.sock"
        expected = f"--listen {listen}: ", "No such file or directory", "choose another"
        self.assert_refused(["--listen", listen], *expected)

    def test_unix_path_in_use(self) -> None:
        """The socket of a running server is not taken away from it."""
        listen = f"unix:{self.short / 'chat.sock'}"
        with Server(listen=listen) as server:
            expected = f"--listen {listen}: ", "in use", "choose another"
            self.assert_refused(["--listen", listen], *expected)
            self.talk(*self.places(server))


class TLSTests(EndpointsTestCase):
    """What over TLS is not as it is elsewhere."""

    def test_no_session_before_the_handshake(self) -> None:
        """A connection that never speaks TLS is nobody: those who are there see nobody
        join, and it is not in the list."""
        with Server("--listen", self.tls()) as server:
            tcp, tls = self.places(server)
            with connect(tcp) as reader:
                reader.expect(r"\* Welcome")
                with connect(tls.replace("ssl:", "tcp:")), connect(tls) as later:
                    greeting = later.expect(r"\* Welcome")
                    self.assertIn("You are guest-2 in lobby", greeting)
                    reader.expect(r"\* guest-2 joined")
                    listed = reader.ask("/who", r"\* end lobby")
        self.assertEqual(
            listed,
            ["* lobby guest-1 s1", "* lobby guest-2 s2", "* end lobby 2"],
        )
        self.assertEqual(len([f for f in reader.frames if " joined" in f]), 1)

    def test_the_place_of_one_who_quits_is_free_at_once(self) -> None:
        """Also while the peer has not closed its own end."""
        with Server("--max-clients", "1", listen=self.tls()) as server:
            (tls,) = self.places(server)
            with connect(tls) as first:
                first.say("/quit")
                first.read_to_end()
                with connect(tls) as second:
                    second.say("hi")
                    second.expect(r"\+ lobby 1$")
        self.assertTrue(second.frames[0].startswith("* Welcome"), second.frames)


class UnixSocketTests(EndpointsTestCase):
    """What a killed server leaves behind."""

    def test_a_stale_socket_does_not_hinder(self) -> None:
        """After kill -9 the next server takes its place at the same path."""
        path = self.short / "chat.sock"
        with Server(listen=f"unix:{path}") as server:
            self.talk(f"unix:{path}")
            server.kill()
            self.assertTrue(path.exists())
            server.start()
            self.talk(f"unix:{path}")


class BackgroundTests(EndpointsTestCase):
    """``twistd ecochat`` without ``-n``: a daemon."""

    def start(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Start a daemon in the folder, with its log and pid file there."""
        files = ["--pidfile", "pid", "--logfile", "log"]
        done = subprocess.run(
            [TWISTD, *files, "ecochat", *options],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WAIT,
        )
        if done.returncode == 0:
            self.pid = int((self.folder / "pid").read_text())
            self.addCleanup(self.kill)
        return done

    def kill(self) -> None:
        """End the daemon if it still runs."""
        if not is_gone(self.pid):
            os.kill(self.pid, signal.SIGKILL)

    def assert_in_use(self, *options: str) -> None:
        """See that another server with these options finds that they are taken."""
        (self.folder / "other").mkdir(exist_ok=True)
        done = subprocess.run(
            [TWISTD, "-n", "--pidfile=", "ecochat", *options],
            cwd=self.folder / "other",
            capture_output=True,
            text=True,
            timeout=WAIT,
        )
        self.assertEqual(done.returncode, 1)
        self.assert_one_line(done.stderr, "in use")

    def logged_places(self) -> list[str]:
        """Return where the daemon listens, once its log has it all."""
        log = self.folder / "log"
        wait_until(lambda: "#info] ready" in log.read_text())
        return re.findall(r"listening on (\S+)", log.read_text())

    def test_it_serves_is_seen_and_stops(self) -> None:
        """People talk over TCP and UNIX; ports, path and data are its own; SIGTERM to
        what the pid file names ends it and leaves nothing."""
        unix = f"unix:{self.short / 'chat.sock'}"
        done = self.start("--listen", LOCAL, "--listen", unix)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        tcp, also_unix = self.logged_places()
        self.assertEqual(also_unix, unix)
        self.talk(tcp, unix)
        self.assert_in_use("--listen", tcp.removeprefix("tcp:"))
        self.assert_in_use("--listen", unix)
        data = str(self.folder / "ecochat.sqlite")
        self.assert_in_use("--listen", LOCAL, "--data", data)
        self.talk(unix, tcp)
        with connect(tcp) as client:
            client.say("the last")
            client.expect(r"\+ lobby 5$")
            os.kill(self.pid, signal.SIGTERM)
            self.assertEqual(client.read_to_end()[-1], "* server is stopping")
        wait_until(lambda: is_gone(self.pid))
        self.assertFalse((self.folder / "pid").exists())
        self.assertFalse((self.short / "chat.sock").exists())
        log = (self.folder / "log").read_text()
        self.assertIn("#info] stopped", log)
        self.assertNotIn("Traceback", log)
        with contextlib.closing(sqlite3.connect(data)) as database:
            texts = database.execute("SELECT text FROM events ORDER BY seq").fetchall()
        talk = [("hello",), ("hello yourself",)]
        self.assertEqual(texts, [*talk, *talk, ("the last",)])
