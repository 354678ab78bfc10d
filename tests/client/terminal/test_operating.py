"""The operator's console in a terminal and between programs, beside a real server."""

import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.terminal.operating import _quoted
from tests.support.client import Client
from tests.support.program import Program
from tests.support.server import Server
from tests.support.terminal import Terminal

ECOCHAT = (sys.executable, "-m", "ecochat.main", "console", "--socket")


class OperatingTests(SynchronousTestCase):
    """As an operator uses it."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="ecochat-")
        self.addCleanup(folder.cleanup)
        self.home = folder.name

    def open(self, server: Server, term: str = "xterm-256color") -> Terminal:
        """Open the console of a server in a terminal."""
        terminal = Terminal(
            *(*ECOCHAT, server.operators), TERM=term, XDG_STATE_HOME=self.home
        )
        self.addCleanup(terminal.close)
        return terminal

    def pipe(self, path: str, text: str) -> tuple[int, str, str]:
        """Return the exit status, and what is printed for these lines."""
        done = subprocess.run(
            (*ECOCHAT, path), input=text, capture_output=True, text=True, timeout=60
        )
        return done.returncode, done.stdout, done.stderr

    def test_a_morning(self) -> None:
        """People come, talk and attack, the operator answers; the server restarts."""
        with Server() as server:
            console = self.open(server)
            console.expect("here: nobody", "Server>")
            bob = Client(server.port, "bob")
            self.addCleanup(bob.close)
            console.expect("guest-2 (s2) connected from 127.0.0.1:", "is now bob")
            carol = Program(server.port, {"nick": "carol"})
            self.addCleanup(carol.close)
            bob.say("hi \x1b]0;evil\x07")
            console.expect("carol (s3) connected")
            console.expect("[lobby 1] bob: hi \\x1b]0;evil\\x07")
            self.assertNotIn(b"\x1b]0;evil", console.written)
            console.type("tea is ready\r")
            console.expect("Server: tea is ready")
            bob.expect("Server: tea is ready")
            said = {"op": "notice", "text": "tea is ready", "operator": True}
            carol.find(lambda found: found == said)
            console.type("/who\r")
            console.expect("in lobby: bob (s2), carol (s3)")
            console.type("/kick bo\t")
            console.expect("Server> /kick bob")
            console.type("too loud\r")
            console.expect("bob (s2) disconnected: closed by an operator: too loud; 2")
            server.signal(signal.SIGTERM)
            console.expect("server is stopping", "Server (no connection)>")
            server.stop()
            server.start()
            console.expect("connected to", "again")
            Client(server.port, "dave").close()
            console.expect("is now dave", "dave (s4) disconnected: ")
            console.type("\x04")
            self.assertEqual(console.end(), 0)
            self.assertNotIn("Server: tea", server.log)

    def test_a_dumb_terminal(self) -> None:
        """Lines go out, lines come in, without one sequence."""
        with Server() as server:
            console = self.open(server, term="dumb")
            console.expect("The console of")
            console.type("tea\n")
            console.expect("Server: tea")
            console.type("\x04")
            self.assertEqual(console.end(), 0)
            self.assertNotIn(b"\x1b", console.written)

    def test_between_programs(self) -> None:
        """Each line is done before the end; the exit status says how it went."""
        with Server() as server:
            status, printed, error = self.pipe(server.operators, "tea\n/clients\n")
            self.assertEqual((status, error), (0, ""))
            [_, said, count] = printed.splitlines()
            self.assertTrue(said.endswith(" Server: tea"), said)
            self.assertEqual(count, "* 1")
            status, printed, _ = self.pipe(server.operators, "/clinets\ntea\n")
            self.assertEqual(status, 1)
            self.assertIn("did you mean /clients?", printed)

    def test_nobody_listens(self) -> None:
        """One line names the path, and says what to do."""
        path = f"{self.home}/no:such\\one"
        status, printed, error = self.pipe(path, "tea\n")
        self.assertEqual((status, printed), (3, ""))
        for text in ("nobody listens at unix:", "(no such file)", "--socket PATH\n"):
            self.assertIn(text, error)
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(path)
            self.assertIn("(connection refused)", self.pipe(path, "")[2])

    def test_paths(self) -> None:
        """Whatever is in a path, it is that path."""
        self.assertEqual(_quoted("/a:b=c\\d"), "/a\\:b\\=c\\\\d")
        with Server(data="a:b=c") as server:
            self.assertTrue(Path(server.operators).exists())
            self.assertEqual(self.pipe(server.operators, "tea\n")[0], 0)
