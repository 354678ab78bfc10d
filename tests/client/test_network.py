"""That the network of this machine has changed."""

import errno
import socket
import struct
import sys
import tempfile
from unittest import mock

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import network
from ecochat.client.network import AT_ONCE, GROUPS, SETTLED, watched_network
from tests.support.ports import free_port
from tests.support.server import Server
from tests.support.terminal import Terminal
from tests.support.waiting import WAIT

PROGRAM = """
import socket, sys
from ecochat.client import network
from ecochat.client.backoff import Backoff
from ecochat.main import main

def connected():
    source = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    source.connect(path)
    source.setblocking(False)
    return source

path = sys.argv.pop(1)
network.open_changes = connected
Backoff.delay = lambda self, was_of_use: 3_600
sys.exit(main())
"""
"""The program, which would not come back by itself within an hour."""

DUMP = struct.pack("=LHHLLB3x12x", 32, 22, 0x301, 1, 0, socket.AF_INET)
"""RTM_GETADDR of rtnetlink(7): all addresses are to be told, as if they had changed."""


class NetworkTests(SynchronousTestCase):
    """With a pair of sockets in place of the system's, and with that."""

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.told: list[float] = []
        self.system, self.ours = socket.socketpair(type=socket.SOCK_SEQPACKET)
        self.ours.setblocking(False)
        self.system.setblocking(False)
        self.addCleanup(self.system.close)
        self.addCleanup(self.ours.close)

    def watch(self, source: socket.socket | None) -> None:
        """Watch until the test is over."""
        watched = watched_network(self.reactor, self.changed, lambda: source)
        watched.__enter__()
        self.addCleanup(watched.__exit__, None, None, None)

    def changed(self) -> None:
        """See :func:`watched_network`."""
        self.told.append(self.reactor.seconds())

    def change(self) -> None:
        """Have the system tell of a change, and the reactor read it."""
        self.system.send(b"x" * 1_000)
        self.read()

    def read(self) -> object:
        """Read as the reactor does; return why there is no more to come."""
        (reader,) = self.reactor.getReaders()
        return reader.doRead()

    def test_told_once(self) -> None:
        """Half a second after the last of several changes."""
        self.watch(self.ours)
        for _ in range(4):
            self.change()
            self.reactor.advance(SETTLED / 2)
        self.assertEqual(self.told, [])
        self.reactor.advance(SETTLED / 2)
        self.assertEqual(self.told, [2.5 * SETTLED])
        self.reactor.advance(10)
        self.assertEqual(len(self.told), 1)
        self.change()
        self.reactor.advance(SETTLED)
        self.assertEqual(len(self.told), 2)

    def test_nothing_has_changed(self) -> None:
        """Then nothing is told, nor is there anything that waits."""
        self.watch(self.ours)
        self.read()
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_bounded(self) -> None:
        """However many changes there are, others have their turn."""
        self.watch(self.ours)
        for _ in range(AT_ONCE + 1):
            self.system.send(b"x")
        self.read()
        self.assertEqual(self.ours.recv(10), b"x")

    def test_too_many(self) -> None:
        """What was dropped by the system was a change, too."""
        many = mock.Mock(fileno=lambda: 99)
        many.recv.side_effect = [OSError(errno.ENOBUFS, ""), BlockingIOError()]
        self.watch(many)
        self.assertIsNone(self.read())
        self.reactor.advance(SETTLED)
        self.assertEqual(len(self.told), 1)

    def test_no_more_to_come(self) -> None:
        """The reactor is told so: what can only be read in vain is not read."""
        self.watch(self.ours)
        self.system.close()
        self.assertIsNotNone(self.read())
        (reader,) = self.reactor.getReaders()
        self.reactor.removeReader(reader)
        reader.connectionLost(None)
        self.assertEqual(self.ours.fileno(), -1)
        broken = mock.Mock(fileno=lambda: 99)
        broken.recv.side_effect = OSError(errno.EBADF, "")
        self.watch(broken)
        self.assertIsInstance(self.read(), OSError)

    def test_the_end(self) -> None:
        """Nothing is read or told any more, and the socket is closed."""
        with watched_network(self.reactor, self.changed, lambda: self.ours):
            self.change()
        self.assertEqual(self.reactor.getReaders(), [])
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        self.assertEqual(self.ours.fileno(), -1)

    def test_none(self) -> None:
        """Elsewhere, or where it is refused, nothing is watched."""
        self.watch(None)
        self.assertEqual(self.reactor.getReaders(), [])
        with mock.patch.object(sys, "platform", "darwin"):
            self.assertIsNone(network.open_changes())
        with mock.patch("socket.socket", side_effect=PermissionError):
            self.assertIsNone(network.open_changes())
        refused = mock.Mock(bind=mock.Mock(side_effect=PermissionError))
        with mock.patch("socket.socket", return_value=refused):
            self.assertIsNone(network.open_changes())
        refused.close.assert_called_once()

    def test_the_system(self) -> None:
        """Its socket hears what is asked for, and can be read as the reactor does."""
        source = network.open_changes()
        assert source is not None
        self.assertEqual(source.getsockname()[1], GROUPS)
        self.watch(source)
        self.assertIsNone(self.read())
        source.send(DUMP)
        self.read()
        self.reactor.advance(SETTLED)
        self.assertEqual(len(self.told), 1)


class FacesTests(SynchronousTestCase):
    """The real program, which hears of changes by a socket of the test's."""

    def open(self, *words: str) -> tuple[Terminal, socket.socket]:
        """Start the program; return what tells it of changes, too."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
            folder = tempfile.TemporaryDirectory(prefix="ecochat-")
            self.addCleanup(folder.cleanup)
            listening.bind(f"{folder.name}/s")
            listening.listen()
            listening.settimeout(WAIT)
            terminal = Terminal(
                *(sys.executable, "-c", PROGRAM, f"{folder.name}/s", *words),
                XDG_STATE_HOME=folder.name,
                XDG_DATA_HOME=folder.name,
                XDG_CONFIG_HOME=folder.name,
            )
            self.addCleanup(terminal.close)
            system, _ = listening.accept()
        self.addCleanup(system.close)
        return terminal, system

    def test_back_at_once(self) -> None:
        """One that is offline tries again, however long it would have waited."""
        for words in (("--inline",), ()):
            port = free_port()
            with Server(listen=f"tcp:{port}:interface=127.0.0.1") as server:
                where = f"127.0.0.1:{port}"
                alice, system = self.open(where, "--nick", "alice", *words)
                alice.expect("Welcome to")
                system.send(b"online")
                server.kill()
                alice.expect("connection lost")
                server.start()
                system.send(b"offline")
                alice.expect("connected again")
