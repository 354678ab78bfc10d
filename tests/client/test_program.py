"""The real program in a terminal, against a real server."""

import signal
import socket
import sys
import tempfile

from twisted.trial.unittest import SynchronousTestCase

from tests.support.client import Client
from tests.support.server import Server
from tests.support.terminal import Terminal

PROGRAM = (
    "import sys; from ecochat.client.terminal import run; sys.exit(run(*sys.argv[1:]))"
)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class ProgramTestCase(SynchronousTestCase):
    """Has terminals that are closed at the end."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="ecochat-")
        self.addCleanup(folder.cleanup)
        self.home = folder.name

    def open(self, *words: str, term: str = "xterm-256color") -> Terminal:
        """Start the program in a terminal."""
        command = (sys.executable, "-c", PROGRAM, *words)
        terminal = Terminal(*command, TERM=term, XDG_STATE_HOME=self.home)
        self.addCleanup(terminal.close)
        return terminal


class TalkTests(ProgramTestCase):
    """Two people and a server that is killed and started again."""

    def test_two_people_talk(self) -> None:
        """A name is completed, an attack comes, the server restarts, they talk on."""
        port = free_port()
        with Server(listen=f"tcp:{port}:interface=127.0.0.1") as server:
            where = f"127.0.0.1:{port}"
            alice = self.open(where, "alice")
            alice.expect("is now alice", "alice lobby>")
            bob = self.open(where, "bob")
            bob.expect("is now bob", "bob lobby>")
            alice.expect("is now bob")

            alice.type("bo\t")
            alice.expect("alice lobby> bob:")
            alice.type("tea?\r")
            alice.expect("alice: bob: tea?  1")
            bob.expect("alice: bob: tea?")
            bob.type("/join lab\r")
            bob.expect("bob lab>")
            bob.type("here I am\r")
            bob.expect("bob: here I am  1")

            with Client(port) as eve:
                eve.say("\x1b[2J\x1b]0;owned\x07\x9b31m\n* bob left")
                eve.expect(r"\+ lobby 2")
            alice.expect(r"\x1b[2J\x1b]0;owned\x07\x9b31m", "\n    * bob left", "tea?")
            self.assertNotIn(b"\x1b[2J", alice.written)
            self.assertNotIn(b"owned\x07", alice.written)

            alice.type("half a li")
            alice.expect("alice lobby> half a li")
            server.kill()
            alice.expect("connection lost", "alice lobby (no connection)> half a li")
            alice.type("ne\r")
            alice.expect("your input stays here", "> half a line")
            bob.expect("bob lab (no connection)>")
            server.start()
            alice.expect("connected again", "alice lobby> half a line")
            bob.expect("connected again", "bob lab>")
            bob.until(lambda screen: screen.endswith("bob lab>"))
            alice.type("\r")
            bob.expect("[lobby] alice: half a line")
            bob.type("/leave\r")
            bob.expect("You left lab", "bob lobby>")
            bob.type("welcome back\r")
            alice.expect("bob: welcome back")

            alice.type("\x1b[A")
            alice.expect("alice lobby> half a line")
            alice.type("\x03")
            alice.expect("to leave: /quit or Ctrl-D")
            alice.type("\x04")
            self.assertEqual(alice.end(), 0)
            bob.expect("alice left")
            bob.type("/quit\r")
            self.assertEqual(bob.end(), 0)

    def test_told_to_end(self) -> None:
        """It leaves, and the terminal is as it was."""
        with Server() as server:
            alice = self.open(f"127.0.0.1:{server.port}", "alice")
            alice.expect("alice lobby>")
            alice.process.send_signal(signal.SIGTERM)
            self.assertEqual(alice.end(), 0)
            self.assertTrue(alice.written.rpartition(b"\x1b[?2004")[2].startswith(b"l"))

    def test_a_dumb_terminal(self) -> None:
        """Lines go out, lines come in, without one sequence."""
        with Server() as server:
            alice = self.open(f"127.0.0.1:{server.port}", "alice", term="dumb")
            alice.expect("is now alice")
            alice.type("hello\n")
            alice.expect("+ lobby 1")
            alice.type("\x04")
            self.assertEqual(alice.end(), 0)
            self.assertNotIn(b"\x1b", alice.written)


class NobodyListensTests(ProgramTestCase):
    """What a new user meets first."""

    def test_it_says_what_to_do(self) -> None:
        """In one line, with its own exit status."""
        port = free_port()
        terminal = self.open(f"localhost:{port}")
        self.assertEqual(terminal.end(), 3)
        words = f"ecochat: nobody listens at localhost:{port} (connection refused);"
        said = " ".join(terminal.text.split())
        self.assertEqual(said, f"{words} start a server with: twistd -n ecochat")

    def test_an_address_that_is_none(self) -> None:
        """Is an error of the command line."""
        terminal = self.open("localhost:port")
        self.assertEqual(terminal.end(), 2)
        self.assertIn(b"ecochat: the port in 'localhost:port'", terminal.written)
