"""Connections that come and go, on a reactor in memory."""

from typing import Any

from OpenSSL.SSL import Error as SSLError
from twisted.internet import error as errors
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import connection
from ecochat.client.address import parse_address
from ecochat.client.connection import Connection, Outcome, plain, why_not
from ecochat.client.conversation import Conversation
from ecochat.client.line import Line
from ecochat.core.framing import encode_frame

HELLO = "* Welcome to X. You are guest-1 in lobby alone. /nick NAME"
LOST, CLOSED = Failure(errors.ConnectionLost()), Failure(errors.ConnectionDone())
REFUSED = Failure(errors.ConnectionRefusedError())


class Face:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.greetings = 0
        self.lines: list[Line] = []
        self.outcomes: list[Outcome] = []

    def greeted(self) -> None:
        """See the interface."""
        self.greetings += 1

    def show(self, lines: list[Line]) -> None:
        """See the interface."""
        self.lines += lines

    def over(self, outcome: Outcome) -> None:
        """See the interface."""
        self.outcomes.append(outcome)


class Transport(StringTransport):
    """Remembers that it was aborted."""

    aborted = False

    def abortConnection(self) -> None:
        """See Twisted."""
        self.aborted = True
        super().abortConnection()


class ConnectionTestCase(SynchronousTestCase):
    """A connection that is started."""

    def setUp(self) -> None:
        self.reactor: Any = MemoryReactorClock()
        self.face = Face()
        self.talk = Conversation("alice")
        address = parse_address("tcp:localhost:4040")
        self.connection = Connection(address, self.talk, self.face, self.reactor)
        self.connection.start()

    def connect(self) -> None:
        """Let the last attempt to connect succeed."""
        self.protocol = self.reactor.tcpClients[-1][2].buildProtocol(None)
        self.transport = Transport()
        self.protocol.makeConnection(self.transport)

    def hear(self, *frames: str) -> None:
        """Have the server send frames."""
        self.protocol.dataReceived(b"".join(map(encode_frame, frames)))

    def lose(self, reason: Failure = LOST) -> None:
        """End the connection."""
        self.protocol.connectionLost(reason)

    def sent(self) -> bytes:
        """Return what was sent since the last call."""
        data: bytes = self.transport.value()
        self.transport.clear()
        return data


class BeginningTests(ConnectionTestCase):
    """Until the greeting."""

    def test_the_greeting_begins_it(self) -> None:
        """The name is sent at once, and the face told once."""
        self.connect()
        self.assertEqual((self.sent(), self.face.greetings), (b"/nick alice\0", 0))
        self.hear(HELLO)
        self.hear("* guest-1 is now alice")
        self.assertEqual((self.face.greetings, len(self.face.lines)), (1, 2))
        self.reactor.advance(connection.GREETING + 1)
        self.assertFalse(self.transport.aborted)

    def test_nobody_listens(self) -> None:
        """The first attempt decides."""
        connector = self.reactor.connectors[-1]
        factory = self.reactor.tcpClients[-1][2]
        factory.clientConnectionFailed(
            connector, Failure(errors.ConnectionRefusedError())
        )
        (outcome,) = self.face.outcomes
        self.assertEqual(outcome.status, connection.UNREACHABLE)
        self.assertIn("nobody listens at tcp:localhost:4040", outcome.why)
        self.reactor.advance(100)
        self.assertEqual(len(self.reactor.tcpClients), 1)

    def test_no_greeting(self) -> None:
        """Another kind of server closes, or says nothing."""
        self.connect()
        self.reactor.advance(connection.GREETING)
        self.assertTrue(self.transport.aborted)
        self.lose(Failure(errors.ConnectionAborted()))
        (outcome,) = self.face.outcomes
        self.assertEqual(outcome.status, connection.UNREACHABLE)
        why = "nothing came for 10 seconds that is a greeting; is it an EcoChat server?"
        self.assertIn(f"did not greet: {why}", outcome.why)

    def test_leaving_before_it_is_connected(self) -> None:
        """Nothing is waited for."""
        self.connection.leave()
        self.connect()  # too late
        self.lose(CLOSED)
        self.assertEqual(self.face.outcomes, [Outcome(connection.LEFT)])


class TalkTests(ConnectionTestCase):
    """With a session."""

    def setUp(self) -> None:
        super().setUp()
        self.connect()
        self.hear(HELLO)
        self.sent()

    def test_saying(self) -> None:
        """What is typed is sent as a frame; the answer is shown."""
        self.connection.say("hello")
        self.assertEqual(self.sent(), b"hello\0")
        self.hear("+ lobby 1")
        self.assertEqual(self.face.lines[-1].number, "1")

    def test_reading_is_paused(self) -> None:
        """While too much waits to be shown."""
        self.connection.pause(True)
        self.assertEqual(self.transport.producerState, "paused")
        self.connection.pause(False)
        self.assertEqual(self.transport.producerState, "producing")

    def test_a_lost_connection_is_made_again(self) -> None:
        """After a while, which grows; name and session are taken again."""
        self.lose()
        self.assertFalse(self.talk.online)
        self.connection.pause(True)  # nothing to pause
        self.connection.say("late")  # given back
        waits = []
        for _ in range(12):
            attempts = len(self.reactor.tcpClients)
            begun = self.reactor.seconds()
            while len(self.reactor.tcpClients) == attempts:
                self.reactor.advance(0.05)
            waits.append(self.reactor.seconds() - begun)
            factory = self.reactor.tcpClients[-1][2]
            if len(waits) < 12:
                factory.clientConnectionFailed(None, REFUSED)
        self.assertLess(waits[0], 2)
        self.assertTrue(all(wait < 20 for wait in waits), waits)
        self.assertGreater(waits[-1], 5)
        self.connect()
        self.assertEqual(self.sent(), b"/nick alice\0")
        self.hear(HELLO)
        texts = [line.text for line in self.face.lines]
        self.assertIn("connected again", texts)
        self.assertEqual((self.face.greetings, self.face.outcomes), (1, []))

    def test_lost_again_before_the_greeting(self) -> None:
        """It is told once that the connection is lost."""
        self.lose()
        told = len(self.face.lines)
        self.reactor.advance(5)
        self.connect()
        self.hear("! server is full (1 clients), try later")
        self.lose(CLOSED)
        self.assertEqual((len(self.face.lines), self.face.outcomes), (told + 1, []))
        self.reactor.advance(20)
        self.assertEqual(len(self.reactor.tcpClients), 3)

    def test_leaving(self) -> None:
        """The server is asked, and closes; no other connection is made."""
        self.connection.leave()
        self.connection.leave()
        self.assertEqual(self.sent(), b"/quit\0")
        self.lose(CLOSED)
        self.reactor.advance(100)
        self.assertEqual(self.face.outcomes, [Outcome(connection.LEFT)])
        self.assertEqual(len(self.reactor.tcpClients), 1)
        self.connection.leave()

    def test_leaving_a_server_that_does_not_answer(self) -> None:
        """It is not waited for any longer."""
        self.connection.leave()
        self.hear("bob: wait")
        self.reactor.advance(connection.FAREWELL)
        self.assertTrue(self.transport.aborted)

    def test_asked_to_leave_by_a_classic_word(self) -> None:
        """Whatever closed the connection."""
        self.connection.say("exit")
        self.lose()
        self.assertEqual(self.face.outcomes, [Outcome(connection.LEFT)])

    def test_the_server_ends_the_session(self) -> None:
        """Who was kicked does not come again."""
        self.hear("* guest-1 is now alice", "! an operator ended your session")
        self.lose(CLOSED)
        (outcome,) = self.face.outcomes
        self.assertEqual(outcome.status, connection.ENDED)


class WordsTests(SynchronousTestCase):
    """Why a server cannot be reached."""

    def test_each_reason(self) -> None:
        """In words that say what to do."""
        unix, host = parse_address("unix:chat.sock"), parse_address("h:1")
        reasons = [
            (
                host,
                errors.ConnectionRefusedError(),
                "nobody listens at h:1 ",
            ),
            (
                unix,
                errors.ConnectError(2, "No such file"),
                "nobody listens at unix:chat.sock",
            ),
            (host, errors.DNSLookupError("no"), "cannot find the host h;"),
            (host, errors.TimeoutError(), "h:1 does not answer;"),
            (
                host,
                errors.ConnectError(13, "Permission denied"),
                "h:1: Permission denied",
            ),
            (host, errors.ConnectionDone(), "cannot connect to h:1: it closed"),
            (host, ZeroDivisionError(), "h:1: ZeroDivisionError"),
        ]
        for address, error, words in reasons:
            self.assertIn(words, why_not(address, Failure(error)))

    def test_tls(self) -> None:
        """OpenSSL's errors come as lists; only its last words are for people."""
        queue = [("SSL routines", "", "certificate verify failed"), ("", "", "bad")]
        told = plain(Failure(SSLError(queue)))
        self.assertEqual(told, "TLS failed: certificate verify failed; bad")
