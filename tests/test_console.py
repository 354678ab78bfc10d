"""The console that a server opens on its own terminal."""

import errno
import os
import pty
import re
import signal
import subprocess
import tempfile
import termios
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from twisted.application.service import Service
from twisted.internet.error import ProcessDone, ProcessTerminated
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ecochat import console
from ecochat.console import WithConsole
from tests.support.client import Client
from tests.support.server import TWISTD
from tests.support.terminal import Terminal
from tests.support.uncounted import uncounted
from tests.support.waiting import wait_until

SHELL = 'trap : INT; "$@"; echo "status $?"; read end'
"""What starts the server, and stays: the terminal is a shell's, not the server's."""


class ForegroundTests(SynchronousTestCase):
    """A server in a terminal, with its console."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="ecochat-")
        self.addCleanup(folder.cleanup)
        self.data = str(Path(folder.name, "ecochat.sqlite"))
        options = ("--listen", "tcp:0:interface=127.0.0.1", "--data", self.data)
        self.terminal = Terminal(
            *("sh", "-c", SHELL, "sh", TWISTD, "-n", "--pidfile=", "ecochat"),
            *("--console", *options),
            columns=160,
            XDG_STATE_HOME=folder.name,
        )
        self.addCleanup(self.terminal.close)
        self.before = self.state()
        self.terminal.expect("Server>", "#info] ready", "here: nobody")
        found = re.search(r"listening on tcp:127.0.0.1:(\d+)", self.terminal.text)
        assert found
        self.port = int(found[1])
        self.server = only_child(self.terminal.process.pid)
        self.console = only_child(self.server)
        self.addCleanup(end, self.server, self.console)

    def state(self) -> list[Any]:
        """Return how the terminal is set."""
        return termios.tcgetattr(self.terminal._fd)

    def assert_ended(self, status: int) -> None:
        """The server ends so, after its console, and the terminal is as it was."""
        self.terminal.expect("Server Shut Down.", f"status {status}")
        self.assertNotIn("Server>", self.terminal.text)
        self.assertEqual(self.state(), self.before)
        self.assertFalse(Path(f"/proc/{self.console}").exists())

    def test_closing_and_stopping(self) -> None:
        """Ctrl-D closes the console, the server and its log go on; Ctrl-C stops it.
        The console has nothing open of the server's but the terminal and the log."""
        files = Path(f"/proc/{self.console}/fd")
        theirs = {os.readlink(file) for file in files.iterdir()}
        server = Path(f"/proc/{self.server}/fd")
        shared = theirs & {os.readlink(file) for file in server.iterdir()}
        terminal, log = os.readlink(files / "0"), os.readlink(files / "3")
        self.assertEqual(shared - {"anon_inode:[eventpoll]"}, {terminal, log})
        Client(self.port, "bob").close()
        self.terminal.expect("is now bob", "bob (s2) disconnected: ")
        self.assertNotIn("ServerLog", self.terminal.text)
        self.terminal.type("\x04")
        self.terminal.expect("the server goes on; Ctrl-C stops it", "--socket /")
        self.assertEqual(self.state(), self.before)
        Client(self.port, "carol").close()
        self.terminal.expect("ServerLog#info] s3 guest-3 is now carol")
        self.terminal.type("\x03")
        self.assert_ended(128 + signal.SIGINT)

    def test_shut_down(self) -> None:
        """The console shows how it ends."""
        self.terminal.type("/shutdown 0 new disk\r")
        self.assert_ended(0)
        self.terminal.expect("Server: stopping now: new disk", "* stopped")

    def test_both_are_killed(self) -> None:
        """The other one gives the terminal back; the server goes on without."""
        os.kill(self.console, signal.SIGKILL)
        self.terminal.expect("the server goes on")
        self.assertEqual(self.state(), self.before)
        with Client(self.port, "bob"):
            pass

    def test_the_server_is_killed(self) -> None:
        """The console notices, and gives the terminal back."""
        os.kill(self.server, signal.SIGKILL)
        self.terminal.expect("status 137")
        wait_until(lambda: self.state() == self.before)

    def test_a_console_that_does_not_read(self) -> None:
        """Holds nobody up; Ctrl-C stops the server as it does without a console."""
        os.kill(self.console, signal.SIGSTOP)
        for _ in range(500):  # more than a pipe holds of the log
            with Client(self.port, "bob"):
                pass
        os.kill(self.console, signal.SIGCONT)
        self.terminal.type("half a line\x03")
        self.assert_ended(128 + signal.SIGINT)


def end(*pids: int) -> None:
    """End processes that a test that fails would leave behind."""
    for pid in pids:
        program = Path(f"/proc/{pid}/cmdline")
        if program.exists() and b"ecochat" in program.read_bytes():
            os.kill(pid, signal.SIGKILL)


def only_child(pid: int) -> int:
    """Return the process id of a process's child."""
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text())


class FakeTerminal:
    """Notes what is done with it."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def lend(self) -> dict[int, int]:
        """See :class:`ecochat.console.Terminal`."""
        self.calls.append("lend")
        return {0: 0, 3: 9}

    def redirect(self) -> None:
        """See :class:`ecochat.console.Terminal`."""
        self.calls.append("redirect")

    def take_back(self) -> None:
        """See :class:`ecochat.console.Terminal`."""
        self.calls.append("take_back")


class FakeReactor(Clock):
    """Keeps the child that is started, and what it is sent.

    :ivar error: raised instead, when set.
    """

    error: OSError | None = None

    def __init__(self) -> None:
        super().__init__()
        self.signals: list[str] = []

    def callWhenRunning(self, call: Callable[[], None]) -> None:
        """Call it: this one runs."""
        call()

    def spawnProcess(self, child: Any, *command: Any, **settings: Any) -> None:
        """Keep it."""
        if self.error is not None:
            raise self.error
        self.child, self.settings = child, settings
        child.transport = SimpleNamespace(signalProcess=self.signals.append)


class ChildTests(SynchronousTestCase):
    """The server's side, without processes."""

    def open(self, error: OSError | None = None) -> None:
        """Start a server that does nothing, and its console."""
        self.terminal = FakeTerminal()
        self.patch(console, "Terminal", lambda: self.terminal)
        self.reactor = FakeReactor()
        self.reactor.error = error
        self.service = WithConsole(Service(), "/op.sock", self.reactor)
        self.service.startService()

    def test_one_that_does_not_end(self) -> None:
        """Is killed when it has had its time; the end waits for its end."""
        self.open()
        self.assertEqual(self.reactor.settings["childFDs"], {0: 0, 3: 9})
        stopped = self.service.stopService()
        self.assertEqual(self.terminal.calls, ["lend", "redirect"])
        self.reactor.advance(console.PATIENCE - 0.1)
        self.assertEqual(self.reactor.signals, [])
        self.reactor.advance(0.2)
        self.assertEqual(self.reactor.signals, ["KILL"])
        self.assertNoResult(stopped)
        self.reactor.child.processEnded(Failure(ProcessTerminated()))
        self.successResultOf(stopped)
        self.assertEqual(self.terminal.calls[2:], ["take_back"])

    def test_one_that_ends(self) -> None:
        """Nothing is due then."""
        self.open()
        stopped = self.service.stopService()
        self.reactor.child.processEnded(Failure(ProcessDone(0)))
        self.successResultOf(stopped)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_one_that_cannot_be_started(self) -> None:
        """The log says so, on the terminal, and the server goes on."""
        self.open(OSError(errno.EAGAIN, "no more processes"))
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.assertEqual(self.terminal.calls, ["lend", "take_back"])
        self.successResultOf(self.service.stopService())


class WrongTests(SynchronousTestCase):
    """Where it cannot be opened."""

    def refused(self, *options: str, terminal: bool = True) -> str:
        """Return the one line that a start ends with."""
        command = (TWISTD, *options[:1], "--pidfile=", "ecochat", "--console")
        command += options[1:]
        mine, theirs = pty.openpty()
        self.addCleanup(os.close, mine)
        place = theirs if terminal else subprocess.DEVNULL
        done = subprocess.run(
            command,
            stdin=place,
            stdout=place,
            stderr=subprocess.PIPE,
            env=uncounted(),
            cwd=self.folder,
            text=True,
            timeout=60,
        )
        os.close(theirs)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("\n"), 1)
        return done.stderr

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="ecochat-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_what_it_needs(self) -> None:
        """A server in the foreground, a terminal, a socket for operators."""
        self.assertIn("twistd -n ecochat --console", self.refused("--no_save"))
        self.assertIn("needs a terminal", self.refused("-n", terminal=False))
        for options in (("--data", ":memory:"), ("--operator-socket", "off")):
            self.assertIn("--operator-socket PATH", self.refused("-n", *options))
        long = "x" * 108
        self.assertIn("too long", self.refused("-n", "--data", long))
        self.assertEqual(os.listdir(self.folder), [])
