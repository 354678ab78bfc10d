"""Lines between programs, against a server in this process."""

import os
import pty
import re
import socket
from typing import Any

from twisted.internet import defer, reactor
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from ecochat.client import relay
from ecochat.client.address import parse_address
from ecochat.client.connection import ENDED, LEFT, UNREACHABLE
from ecochat.client.relay import Relay


class Peer(Protocol):
    """A server that says something, and closes when it is asked to."""

    transport: Any

    def __init__(self, test: "RelayTests") -> None:
        self.test = test
        test.peer = self
        self.data = b""

    def connectionMade(self) -> None:
        """Greet."""
        self.transport.write(self.test.says)
        if self.test.hangs_up:
            self.transport.loseConnection()

    def dataReceived(self, data: bytes) -> None:
        """Close at /quit, as a server does."""
        self.data += data
        if re.search(rb"/quit\r?\n\0", self.data.lower()):
            if self.test.breaks_off:
                self.transport.abortConnection()
                return
            self.transport.write(b"+ the end\0")
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tell the test."""
        self.test.closed.callback(None)


class RelayTests(TestCase):
    """Two pipes for input and output."""

    timeout = 20
    says = b"* hello\0"
    hangs_up = False
    breaks_off = False
    peer: Peer

    def setUp(self) -> None:
        self.closed: defer.Deferred[None] = defer.Deferred()
        factory = Factory.forProtocol(lambda: Peer(self))
        network: Any = reactor
        listening = network.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(listening.stopListening)
        self.server = f"127.0.0.1:{listening.getHost().port}"
        self.their_stdin, self.stdin = os.pipe()
        self.stdout, self.their_stdout = os.pipe()
        self.relay = self.make(self.server)

    def make(self, server: str, nick: str = "") -> Relay:
        """Return a relay between the pipes and a server."""
        files = (self.their_stdin, self.their_stdout)
        return Relay(parse_address(server), nick, reactor, *files)

    def type(self, data: bytes) -> None:
        """Write to the input, and end it."""
        os.write(self.stdin, data)
        os.close(self.stdin)

    def read_all(self) -> bytes:
        """Return what was printed."""
        os.write(self.their_stdout, b"!")  # so that there is something to read
        written = os.read(self.stdout, 65_536)
        for file in (self.stdout, self.their_stdout):
            os.close(file)
        return written.removesuffix(b"!")

    @defer.inlineCallbacks
    def test_lines_are_frames(self) -> Any:
        """Until the end of input; the answers come before the end."""
        self.says = "* hello\nyou\x1b[2J ✓\0".encode() + b"\xff\0"
        self.relay = self.make(self.server, "alice")
        self.type("one\ntwo\r\nthree ✓".encode())
        self.relay.start()
        outcome = yield self.relay.done
        yield self.closed
        written = self.read_all()
        expected = "/nick alice\0one\n\0two\r\n\0three ✓\0/quit\n\0"
        self.assertEqual(self.peer.data.decode(), expected)
        said = (
            "* hello\n    you\\x1b[2J ✓\n! the server sent something that is not UTF-8"
        )
        self.assertEqual(written.decode(), f"{said}\n+ the end\n")
        self.assertEqual(outcome, (ENDED, ""))  # since that was wrong

    @defer.inlineCallbacks
    def test_a_quit_of_ones_own(self) -> Any:
        """Ends it, though the input goes on."""
        os.write(self.stdin, b"x" * 200 + b"\n/QUIT\r\n")
        self.relay.start()
        outcome = yield self.relay.done
        yield self.closed
        self.assertEqual(outcome, (LEFT, ""))
        self.assertEqual(self.read_all(), b"* hello\n+ the end\n")
        os.close(self.stdin)

    @defer.inlineCallbacks
    def test_a_lost_connection(self) -> Any:
        """Is told; what came is printed."""
        self.hangs_up = True
        self.relay.start()
        outcome = yield self.relay.done
        yield self.closed
        self.assertEqual(outcome.status, UNREACHABLE)
        self.assertIn("was lost", outcome.why)
        self.assertEqual(self.read_all(), b"* hello\n")
        os.close(self.stdin)

    @defer.inlineCallbacks
    def test_a_connection_that_breaks_while_answers_are_awaited(self) -> Any:
        """Is lost too: nobody knows what is stored."""
        self.breaks_off = True
        self.type(b"hello\n")
        self.relay.start()
        outcome = yield self.relay.done
        yield self.closed
        self.assertEqual(outcome.status, UNREACHABLE)
        self.assertEqual(self.read_all(), b"* hello\n")

    @defer.inlineCallbacks
    def test_a_message_that_ends_so_is_no_quit(self) -> Any:
        """Only a whole line is."""
        self.says = b""
        os.write(self.stdin, b"one leaves by /quit\n")
        self.relay.start()
        outcome = yield self.relay.done
        yield self.closed
        self.assertEqual(outcome.status, UNREACHABLE)
        self.read_all()
        os.close(self.stdin)

    @defer.inlineCallbacks
    def test_nobody_listens(self) -> Any:
        """The input is not touched."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.closed.callback(None)
        unheard = self.make(f"127.0.0.1:{port}")
        unheard.start()
        outcome = yield unheard.done
        self.assertIn("nobody listens", outcome.why)
        for file in (self.stdin, self.stdout, self.their_stdin, self.their_stdout):
            os.close(file)

    @defer.inlineCallbacks
    def test_nobody_reads_the_output(self) -> Any:
        """As behind head: what is to be sent is sent all the same, to its end."""
        os.close(self.stdout)
        self.relay.start()
        while not getattr(self, "peer", None):
            yield self.pause()
        self.peer.transport.write(b"* more\0")
        self.type(b"one\ntwo\n")
        outcome = yield self.relay.done
        yield self.closed
        self.assertEqual(outcome, (LEFT, ""))
        self.assertEqual(self.peer.data, b"one\n\0two\n\0\0/quit\n\0")

    @defer.inlineCallbacks
    def test_nobody_reads_at_a_terminal(self) -> Any:
        """Who typed until then has nothing left to do: it leaves."""
        mine, theirs = pty.openpty()
        self.addCleanup(os.close, mine)
        address = parse_address(self.server)
        typed = Relay(address, "", reactor, theirs, self.their_stdout)
        os.close(self.stdout)
        typed.start()
        outcome = yield typed.done
        yield self.closed
        self.assertEqual(outcome, (LEFT, ""))
        for file in (self.stdin, self.their_stdin):
            os.close(file)

    @defer.inlineCallbacks
    def test_a_refusal(self) -> Any:
        """Can be told by the exit status; what was refused is printed."""
        self.says = b"* hello\0! not stored: database or disk is full\0"
        self.type(b"hello\n")
        self.relay.start()
        outcome = yield self.relay.done
        yield self.closed
        self.assertEqual(outcome, (ENDED, ""))
        self.assertIn(b"! not stored", self.read_all())

    @defer.inlineCallbacks
    def test_no_greeting(self) -> Any:
        """It does not wait for ever, as for a server of another kind."""
        self.patch(relay, "GREETING", 0.01)
        self.says = b""
        self.relay.start()
        outcome = yield self.relay.done
        yield self.closed
        self.assertEqual(outcome.status, UNREACHABLE)
        self.assertIn("did not greet", outcome.why)
        self.read_all()
        os.close(self.stdin)

    @defer.inlineCallbacks
    def test_told_to_end(self) -> Any:
        """Connected or not, it ends at once."""
        other = self.make("127.0.0.1:1")
        other.stop()
        self.assertEqual((yield other.done), (LEFT, ""))
        self.relay.start()
        while not getattr(self, "peer", None):
            yield self.pause()
        while self.relay.transport is None:
            yield self.pause()
        self.relay.stop()
        self.assertEqual((yield self.relay.done), (LEFT, ""))
        yield self.closed
        os.close(self.stdin)
        os.close(self.stdout)

    def pause(self) -> defer.Deferred[None]:
        """Let the reactor turn."""
        turned: defer.Deferred[None] = defer.Deferred()
        reactor.callLater(0, turned.callback, None)
        return turned
