"""The client on a reactor in memory: connections that come and go, and its calls."""

from typing import Any

import msgspec
from twisted.internet import error as errors
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import feed
from ecochat.client.backoff import Backoff
from ecochat.client.client import Client
from ecochat.client.connection import ASLEEP, FRESH, GREETING, QUIET
from ecochat.client.errors import (
    Disconnected,
    Ended,
    NotKept,
    NotStored,
    Refused,
    TooMuch,
    Unreachable,
)
from ecochat.client.happenings import Answer, Happening, Held, Offline, Online
from ecochat.client.outbox import MemoryOutbox
from ecochat.client.participant import FAREWELL
from ecochat.core import requests as ask
from ecochat.core import wire
from ecochat.core.requests import Ping
from tests.client.fakes import (
    BOUNDS,
    Transport,
    error,
    frames,
    heard,
    message,
    numbers,
    welcome,
)

LOST, CLOSED = Failure(errors.ConnectionLost()), Failure(errors.ConnectionDone())
REFUSED = Failure(errors.ConnectionRefusedError())


class ClientTestCase(SynchronousTestCase):
    """A client that is started, and a server in the test's hand."""

    def setUp(self) -> None:
        self.reactor: Any = MemoryReactorClock()
        self.make()

    def make(self, **options: Any) -> None:
        """Start a client; its waits are as long as they can be."""
        self.client = Client(
            "tcp:localhost:4040",
            nick="alice",
            reactor=self.reactor,
            backoff=Backoff(lambda: 1.0),
            **options,
        )
        self.ready = self.client.ready()
        self.client.startService()

    def connect(self) -> None:
        """Let the last attempt to connect succeed."""
        self.protocol = self.reactor.tcpClients[-1][2].buildProtocol(None)
        self.transport = Transport()
        self.protocol.makeConnection(self.transport)
        (self.hello,) = self.sent()

    def begin(self, **rooms: int) -> None:
        """Have a session."""
        self.connect()
        self.hear(welcome(rooms or {"lobby": 0}))

    def refuse(self) -> None:
        """Let the last attempt to connect fail."""
        self.reactor.tcpClients[-1][2].clientConnectionFailed(None, REFUSED)

    def lose(self, reason: Failure = LOST) -> None:
        """End the connection."""
        self.protocol.connectionLost(reason)

    def hear(self, *said: wire.Said) -> None:
        """Have the server say something."""
        self.protocol.dataReceived(frames(*said))

    def sent(self) -> list[dict[str, Any]]:
        """Return what the client has sent since the last time."""
        data = self.transport.value()
        self.transport.clear()
        return heard(data)

    def answer(self, *said: wire.Said) -> dict[str, Any]:
        """Answer the one request that was sent since; return it."""
        (request,) = self.sent()
        self.hear(*(msgspec.structs.replace(each, ref=request["ref"]) for each in said))
        return request

    def collect(
        self, room: str | None = None
    ) -> tuple[list[Happening], Deferred[None]]:
        """Loop over what happens; return what came, and the loop's end."""
        got: list[Happening] = []
        happenings = self.client.events()

        async def loop() -> None:
            async for each in happenings:
                got.append(each)

        return got, Deferred.fromCoroutine(loop())

    def attempts(self) -> int:
        """Return how many attempts to connect there were."""
        return len(self.reactor.tcpClients)

    def check_at_rest(self) -> None:
        """Nothing is planned any more."""
        self.assertEqual(self.reactor.getDelayedCalls(), [])


class BeginningTests(ClientTestCase):
    """From the start to the first session."""

    def test_ready(self) -> None:
        """There is a session when the server has welcomed it."""
        self.connect()
        self.assertNoResult(self.ready)
        said = welcome({"lobby": 7})
        self.hear(said)
        self.assertEqual(self.successResultOf(self.ready), said)
        self.assertEqual(self.successResultOf(self.client.ready()), said)
        self.assertTrue(self.client.online)
        self.assertEqual(dict(self.client.joined), {"lobby": 7})
        self.assertEqual(
            (self.hello["nick"], self.hello["key"]), ("alice", self.client.key)
        )

    def test_unreachable(self) -> None:
        """Who waits is told why, in words; the service goes on trying."""
        self.refuse()
        why = self.failureResultOf(self.ready, Unreachable).getErrorMessage()
        self.assertIn("nobody listens at tcp:localhost:4040", why)
        self.reactor.advance(1)
        self.assertEqual(self.attempts(), 2)
        self.begin()
        self.assertTrue(self.client.online)

    def test_not_let_in(self) -> None:
        """Because of the name: that is the end, and there are no more attempts."""
        said = self.client.say("lobby", "hi")
        self.connect()
        self.hear(error("hello", "name_taken", "the name alice is taken"))
        ended = self.failureResultOf(self.ready, Ended).value
        self.assertEqual(ended.code, "name_taken")
        self.failureResultOf(said, Ended)
        self.failureResultOf(self.client.say("lobby", "hi"), Ended)
        self.assertTrue(self.transport.aborted)
        self.lose()
        self.check_at_rest()

    def test_full(self) -> None:
        """A server that has no space now is asked again later."""
        self.connect()
        self.hear(error("hello", "too_many", "the server is full"))
        self.assertTrue(self.transport.aborted)
        self.lose()
        why = self.failureResultOf(self.ready, Unreachable).getErrorMessage()
        self.assertIn("the server is full", why)
        self.reactor.advance(1)
        self.assertEqual(self.attempts(), 2)

    def test_no_greeting(self) -> None:
        """What says nothing, or something else, is no server; it is not waited for."""
        self.connect()
        self.protocol.dataReceived(b"SSH-2.0\0")
        self.reactor.advance(GREETING)
        self.assertTrue(self.transport.aborted)
        self.lose()
        why = self.failureResultOf(self.ready, Unreachable).getErrorMessage()
        self.assertIn("is it an EcoChat server?", why)

    def test_what_it_said_before(self) -> None:
        """As who was greeted as plain is told why it may not in."""
        self.connect()
        self.protocol.dataReceived(b"! the server is full\0")
        self.lose(CLOSED)
        why = self.failureResultOf(self.ready, Unreachable).getErrorMessage()
        self.assertEqual(why, "tcp:localhost:4040 says: the server is full")

    def test_in_a_with_block(self) -> None:
        """It waits for the session, and leaves at the end; or raises why not."""
        self.client = Client("tcp:localhost:4040", reactor=self.reactor)

        async def main() -> str:
            async with self.client as client:
                return client.nick

        done = Deferred.fromCoroutine(main())
        self.begin()
        self.assertNoResult(done)
        self.assertEqual(self.answer(wire.Ok())["op"], "quit")
        self.lose(CLOSED)
        self.assertEqual(self.successResultOf(done), "alice")

        self.client = Client("tcp:localhost:4040", reactor=self.reactor)
        done = Deferred.fromCoroutine(main())
        self.refuse()
        self.failureResultOf(done, Unreachable)


class ComingBackTests(ClientTestCase):
    """When a connection is lost."""

    def setUp(self) -> None:
        super().setUp()
        self.got, self.loop = self.collect()
        self.begin(lobby=5)

    def test_everything_once(self) -> None:
        """What was written is sent again, what was said comes, each once."""
        self.hear(message("lobby", 6))
        said, asked = self.client.say("lobby", "hi"), self.client.time()
        before = self.sent()
        self.lose()
        self.failureResultOf(asked, Disconnected)
        self.assertNoResult(said)
        self.assertFalse(self.client.online)
        self.reactor.advance(1)
        self.connect()
        self.assertEqual(self.hello["rooms"], {"lobby": 6})
        self.hear(welcome({"lobby": 8}, resumed=True), message("lobby", 7))
        self.assertEqual(
            self.answer(wire.Stored(room="lobby", n=7, duplicate=True)), before[0]
        )
        self.hear(message("lobby", 7), message("lobby", 8))
        self.assertEqual(self.successResultOf(said), 7)
        self.assertEqual(numbers(self.got), [("lobby", n) for n in (6, 7, 8)])
        kinds = [type(each) for each in self.got]
        expected = [Online, wire.Message, Offline, Online, wire.Message, wire.Message]
        self.assertEqual(kinds, expected)
        self.assertTrue(self.got[3].again)  # type: ignore[union-attr]

    def test_waits_grow(self) -> None:
        """While there is none; a session that was of use makes them short again."""
        times = []
        self.lose()
        for _ in range(4):
            count, since = self.attempts(), self.reactor.seconds()
            while self.attempts() == count:
                self.reactor.advance(0.25)
            times.append(self.reactor.seconds() - since)
            self.refuse()
        self.assertEqual(times, [0.25, 0.5, 1, 2])
        self.reactor.advance(4)
        self.begin()
        self.hear(message("lobby", 1))
        count = self.attempts()
        self.lose()
        self.reactor.advance(0.25)
        self.assertEqual(self.attempts(), count + 1)

    def test_a_fault_of_the_server(self) -> None:
        """The connection is dropped, and the next one goes on from what was seen."""
        self.hear(message("lobby", 6), message("lobby", 8))
        self.assertTrue(self.transport.aborted)
        self.protocol.dataReceived(frames(message("lobby", 7)))  # read before it broke
        self.lose()
        self.reactor.advance(1)
        self.connect()
        self.assertEqual(self.hello["rooms"], {"lobby": 6})
        self.assertEqual(numbers(self.got), [("lobby", 6)])
        self.assertIn("left something out", self.got[-1].why)  # type: ignore[union-attr]

    def test_quiet(self) -> None:
        """A server that says nothing for long is asked, and then given up."""
        self.reactor.advance(QUIET - 1)
        self.hear(wire.Ping())
        self.sent()
        self.reactor.advance(QUIET - 1)
        self.assertEqual(self.sent(), [])
        self.reactor.advance(1)
        self.assertEqual(self.answer(wire.Ok())["op"], "ping")
        self.reactor.advance(QUIET)
        self.assertEqual(self.sent()[0]["op"], "ping")
        self.assertFalse(self.transport.aborted)
        self.reactor.advance(QUIET)
        self.assertTrue(self.transport.aborted)

    def test_within_20_seconds(self) -> None:
        """From whenever on nothing comes any more, that is known."""
        for last in (0, 3, 9.5):
            with self.subTest(last):
                self.make()
                self.begin()
                self.reactor.advance(last)
                self.hear(message("lobby", 1))
                self.pass_time(20)
                self.assertTrue(self.transport.aborted)
                self.lose()
                self.client.stopService()

    def pass_time(self, seconds: float) -> None:
        """Have so many seconds pass."""
        self.reactor.pump([0.5] * int(2 * seconds))

    def test_busy(self) -> None:
        """A server that says something again and again is never asked."""
        for n in range(6, 46):
            self.reactor.advance(QUIET / 4)
            self.hear(message("lobby", n))
        self.assertEqual(self.sent(), [])

    def test_after_sleep(self) -> None:
        """The connection is not asked whether it lives, it is made again at once; and
        attempts that fail come as soon as after any other."""
        connection = self.client._connection
        assert connection is not None
        slept = 0.0
        connection.uptime = lambda: self.reactor.seconds() + slept
        self.reactor.advance(3)
        self.hear(message("lobby", 6))
        self.reactor.advance(QUIET - 3)
        slept = ASLEEP - 1
        self.reactor.advance(3)
        self.assertEqual(self.sent()[-1]["op"], "ping")
        self.hear(wire.Ok(ref="quiet"))
        slept += 3600
        self.reactor.advance(QUIET)
        self.assertTrue(self.transport.aborted)
        count = self.attempts()
        self.lose()
        self.reactor.advance(0)
        self.assertEqual(self.attempts(), count + 1)
        self.refuse()
        self.reactor.advance(0.5)
        self.assertEqual(self.attempts(), count + 2)

    def test_taken_over(self) -> None:
        """Or thrown out: it ends, and does not fight for its place."""
        asked = self.client.say("lobby", "hi")
        self.assertFalse(self.client.has_ended)
        self.hear(error(None, "taken_over", "elsewhere"))
        self.assertTrue(self.client.has_ended)
        self.failureResultOf(asked, Ended)
        self.assertEqual(
            self.failureResultOf(self.loop, Ended).value.code, "taken_over"
        )
        self.lose()
        self.check_at_rest()
        self.failureResultOf(self.client.events().__anext__(), Ended)

    def test_patience(self) -> None:
        """It gives up after the time that it was given; whatever waits fails."""
        self.make(patience=2)
        self.begin()
        _, loop = self.collect()
        said = self.client.say("lobby", "hi")
        self.lose()
        since, count = self.reactor.seconds(), self.attempts()
        while not said.called and self.reactor.seconds() < since + 10:
            self.reactor.advance(0.25)
            if self.attempts() > count:
                count = self.attempts()
                self.refuse()
        # The wait of 2 s that came next would have been longer than that.
        self.assertEqual(self.reactor.seconds() - since, 1.75)
        for each in (said, loop, self.client.ready()):
            self.failureResultOf(each, Unreachable)

    def test_no_patience(self) -> None:
        """It gives up at the first loss."""
        self.make(patience=0)
        self.begin()
        said = self.client.say("lobby", "hi")
        self.lose()
        self.failureResultOf(said, Unreachable)
        count = self.attempts()
        self.reactor.advance(60)
        self.assertEqual(self.attempts(), count)


class RetryNowTests(ClientTestCase):
    """When somebody knows that the network is back."""

    def test_instead_of_a_wait(self) -> None:
        """The next attempt is made now, and the waits are short again."""
        for wait in (0.25, 0.5, 1, 2, 4, 8, 16):
            self.refuse()
            self.reactor.advance(wait)
        self.failureResultOf(self.ready)
        self.refuse()
        count = self.attempts()
        self.client.retry_now()
        self.assertEqual(self.attempts(), count + 1)
        self.refuse()
        self.reactor.advance(0.25)
        self.assertEqual(self.attempts(), count + 2)

    def test_instead_of_an_attempt(self) -> None:
        """One that has no answer is begun anew; that is no failure."""
        self.reactor.advance(FRESH)
        self.client.retry_now()
        self.reactor.advance(0)
        self.assertEqual(self.attempts(), 2)
        self.assertNoResult(self.ready)
        self.begin()
        self.assertTrue(self.client.online)

    def test_often(self) -> None:
        """An attempt is left some time, however often another one is asked for."""
        for _ in range(10):
            self.client.retry_now()
            self.reactor.advance(FRESH / 11)
        self.assertEqual(self.attempts(), 1)
        self.begin()
        self.assertTrue(self.client.online)

    def test_in_a_session(self) -> None:
        """The server is asked at once; the second time that does not put it off."""
        self.begin()
        self.client.retry_now()
        self.assertEqual(self.sent()[0]["op"], "ping")
        self.reactor.advance(QUIET / 2)
        self.client.retry_now()
        self.assertEqual(self.sent(), [])
        self.reactor.advance(QUIET / 2)
        self.assertTrue(self.transport.aborted)

    def test_at_other_times(self) -> None:
        """Nothing comes of it."""
        Client("localhost", reactor=self.reactor).retry_now()
        self.connect()
        self.client.retry_now()
        self.assertEqual(self.sent(), [])
        self.client.stopService()
        self.lose()
        self.client.retry_now()
        self.reactor.advance(60)
        self.assertEqual(self.attempts(), 1)
        self.failureResultOf(self.ready)


class KeptTests(ClientTestCase):
    """Clients with an outbox, one after the other."""

    key = "k" * 22

    def setUp(self) -> None:
        super().setUp()
        self.outbox = MemoryOutbox(self.key, lambda: 7.0)
        self.make(key=self.key, outbox=self.outbox)
        self.said = [self.client.say("lobby", text) for text in ("a", "b")]
        for said in self.said:
            said.addErrback(lambda failure: None)

    def restart(self) -> None:
        """Have the client stop, and another one begin."""
        self.ready.addErrback(lambda failure: None)
        self.client.stopService()
        self.make(key=self.key, outbox=self.outbox)

    def test_taken(self) -> None:
        """The program can have what is left, each with its answer, once."""
        self.restart()
        (one, answer), (two, refusal) = self.client.take_kept()
        self.assertEqual(self.client.take_kept(), [])
        assert isinstance(one.request, ask.Say)
        assert isinstance(two.request, ask.Say)
        texts = [one.request.text, two.request.text]
        self.assertEqual((texts, one.written), (["a", "b"], 7.0))
        self.begin()
        a, b = self.sent()
        self.hear(wire.Stored(ref=a["ref"], id=1, room="lobby", n=1))
        self.hear(error(b["ref"], "not_stored"))
        self.assertEqual(self.successResultOf(answer).end.n, 1)  # type: ignore[attr-defined]
        self.failureResultOf(refusal, NotStored)
        self.assertEqual(self.outbox.load(), [])

    def test_taken_late(self) -> None:
        """It is what has no answer yet; what is written now is not in it."""
        self.restart()
        self.begin()
        a, _ = self.sent()
        self.hear(wire.Stored(ref=a["ref"], id=1, room="lobby", n=1))
        self.client.say("lobby", "c")
        ((kept, _),) = self.client.take_kept()
        self.assertEqual(kept.request.text, "b")  # type: ignore[attr-defined]

    def test_taken_back(self) -> None:
        """What was not sent, by the answer that one waits for; each once."""
        one, two = self.said[0], self.client.request(ask.Say("c", "lobby"))
        self.assertTrue(self.client.withdraw(two))
        self.failureResultOf(two, CancelledError)
        self.assertFalse(self.client.withdraw(two))
        self.assertFalse(self.client.withdraw(succeed(Answer([], wire.End()))))
        self.begin()
        self.assertEqual([said["text"] for said in self.sent()], ["a", "b"])
        self.assertFalse(self.client.withdraw(one))

    def test_not_taken(self) -> None:
        """It is sent all the same, and that it fails is no error of the program."""
        self.restart()
        self.begin()
        a, b = self.sent()
        self.hear(wire.Stored(ref=a["ref"], id=1, room="lobby", n=1))
        self.hear(error(b["ref"], "not_stored"))
        self.assertEqual(self.outbox.load(), [])
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_stopped(self) -> None:
        """What is kept is left for the next one."""
        self.restart()
        kept = self.client.take_kept()
        self.restart()
        for _, answer in kept:
            self.failureResultOf(answer, Disconnected)
        self.assertEqual(len(self.outbox.load()), 2)

    def test_full(self) -> None:
        """Who writes is told; the client goes on, and tells who listens."""
        self.restart()
        got, _ = self.collect()

        def fail(*_: object) -> None:
            raise NotKept("the disk is full")

        for name in ("keep", "change"):
            self.patch(self.outbox, name, fail)
        self.begin()
        self.assertIn(Held("the disk is full"), got)
        self.failureResultOf(self.client.say("lobby", "c"), NotKept)
        self.assertTrue(self.client.online)
        self.assertEqual(self.sent(), [])


class LeavingTests(ClientTestCase):
    """How it ends."""

    def test_well(self) -> None:
        """What was asked before is answered, then it quits; loops end without error."""
        _, loop = self.collect()
        self.begin()
        said = self.client.say("lobby", "hi")
        left = self.client.quit()
        again = self.client.stopService()
        say, quit_ = self.sent()
        self.hear(wire.Stored(ref=say["ref"], room="lobby", n=1))
        self.hear(wire.Ok(ref=quit_["ref"]))
        self.assertEqual(self.successResultOf(said), 1)
        self.assertTrue(self.transport.aborted)
        self.lose(CLOSED)
        for each in (left, again, loop):
            self.assertIsNone(self.successResultOf(each))
        self.failureResultOf(self.client.say("lobby", "late"), Disconnected)
        self.check_at_rest()

    def test_without_an_answer(self) -> None:
        """It is not waited for long."""
        self.begin()
        said = self.client.say("lobby", "hi")
        left = self.client.stopService()
        self.reactor.advance(FAREWELL)
        self.failureResultOf(said, Disconnected)
        self.lose()
        self.successResultOf(left)
        self.check_at_rest()

    def test_at_any_time(self) -> None:
        """While it connects, while it waits, before it began."""
        steps: dict[str, Any] = {
            "connecting": lambda: None,
            "connected": self.connect,
            "waiting": self.refuse,
        }
        for name, step in steps.items():
            with self.subTest(name):
                self.make()
                self.ready.addErrback(lambda failure: None)
                said = self.client.say("lobby", "hi")
                step()
                left = self.client.stopService()
                if name == "connected":
                    self.lose()
                self.successResultOf(left)
                self.failureResultOf(said, Disconnected)
        self.check_at_rest_but_first()
        client = Client("localhost", reactor=self.reactor)
        self.successResultOf(client.stopService())

    def check_at_rest_but_first(self) -> None:
        """Nothing is planned but by the client that every test has."""
        self.client.stopService()
        self.reactor.advance(GREETING)
        self.assertEqual(len(self.reactor.getDelayedCalls()), 0)

    def test_from_who_is_told(self) -> None:
        """Who is told that there is no server may stop it there and then."""
        stopped: list[Deferred[None]] = []
        self.ready.addErrback(lambda _: stopped.append(self.client.stopService()))
        self.refuse()
        self.successResultOf(stopped[0])
        self.check_at_rest()


class SpaceTests(ClientTestCase):
    """Loops that are slow."""

    def setUp(self) -> None:
        self.patch(feed, "FULL", 3)
        self.patch(feed, "MOST", 5)
        self.patch(feed, "FEW", 1)
        super().setUp()
        self.feed = self.client.events("lobby")
        self.begin()

    def is_paused(self) -> bool:
        """Whether the connection is not read."""
        return self.transport.producerState == "paused"

    def take(self, count: int) -> list[Any]:
        """Take the next ones, which are there."""
        next_ = self.feed.__anext__
        return [
            self.successResultOf(Deferred.fromCoroutine(next_())) for _ in range(count)
        ]

    def test_reading_stops(self) -> None:
        """While nothing waits, nothing is read; the server keeps the rest."""
        self.hear(*(message("lobby", n) for n in (1, 2)))
        self.assertFalse(self.is_paused())
        self.hear(message("lobby", 3))
        self.assertTrue(self.is_paused())
        self.take(2)
        self.assertFalse(self.is_paused())

    def test_no_deadlock(self) -> None:
        """A loop that waits for an answer gets it, however much comes before it, and
        nothing piles up; what had no space is read then."""
        self.hear(*(message("lobby", n) for n in range(1, 5)))
        self.assertTrue(self.is_paused())
        said = self.client.say("lobby", "hi")
        self.assertFalse(self.is_paused())
        (say,) = self.sent()
        self.hear(*(message("lobby", n) for n in range(5, 500)))
        self.assertEqual(len(self.feed._queue), 5)
        self.hear(wire.Stored(ref=say["ref"], room="lobby", n=500))
        self.assertEqual(self.successResultOf(said), 500)
        self.assertTrue(self.is_paused())
        self.take(5)
        self.assertFalse(self.is_paused())
        more = Deferred.fromCoroutine(self.feed.__anext__())
        page = [message("lobby", n) for n in range(6, 8)]
        asked = self.answer(*page, wire.End())
        self.assertEqual((asked["op"], asked["after"]), ("history", 5))
        self.assertEqual(self.successResultOf(more), message("lobby", 6))

    def test_the_end_comes_while_it_catches_up(self) -> None:
        """Then there is nothing more to be had from the server: the loop ends."""
        asked = self.client.request(Ping())
        self.hear(*(message("lobby", n) for n in range(1, 10)))
        self.take(5)
        more = Deferred.fromCoroutine(self.feed.__anext__())
        self.assertEqual(self.sent()[-1]["op"], "history")
        self.hear(error(None, "kicked"))
        self.failureResultOf(more, Ended)
        self.failureResultOf(asked, Ended)

    def test_a_loop_that_is_left(self) -> None:
        """Holds up nobody."""
        self.hear(*(message("lobby", n) for n in range(1, 5)))
        self.assertTrue(self.is_paused())
        del self.feed
        self.assertFalse(self.is_paused())

    def test_another_connection(self) -> None:
        """Is read from the beginning, however the last one was."""
        self.hear(*(message("lobby", n) for n in range(1, 5)))
        self.lose()
        self.reactor.advance(1)
        self.begin(lobby=4)
        self.assertTrue(self.client.online)

    def test_too_much(self) -> None:
        """More is asked than can wait: that fails, the rest goes on."""
        asked = [self.client.request(Ping()) for _ in range(1001)]
        self.failureResultOf(asked[-1], TooMuch)
        self.assertNoResult(asked[0])


STORED = wire.Stored(room="lobby", n=9)
END = wire.End()
MESSAGE = message("lobby", 3)
MEMBER = wire.Member(room="lobby", nick="bob", session="s2")
ROOM = wire.Room(room="lobby", members=1, last=2, topic="")
SESSION = wire.Session(session="s1", nick="bob", connected="then")

CALLS: tuple[tuple[str, tuple[Any, ...], dict[str, Any], list[wire.Said], Any], ...] = (
    ("say", ("lobby", "hi"), {"op": "say", "text": "hi"}, [STORED], 9),
    ("msg", ("bob", "hi"), {"op": "msg", "nick": "bob", "text": "hi"}, [STORED], 9),
    ("me", ("lobby", "waves"), {"op": "me", "text": "waves"}, [STORED], 9),
    ("set_topic", ("lobby", "x"), {"op": "topic", "topic": "x"}, [STORED], 9),
    ("edit", ("lobby", 3, "x"), {"op": "edit", "message": 3, "text": "x"}, [STORED], 9),
    ("delete", ("lobby", 3), {"op": "delete", "message": 3}, [STORED], 9),
    ("react", ("lobby", 3, "+"), {"op": "react", "reaction": "+"}, [STORED], 9),
    ("typing", ("lobby",), {"op": "typing", "room": "lobby"}, [wire.Ok()], None),
    ("read", ("lobby", 3), {"op": "read", "n": 3}, [wire.Ok()], None),
    ("join", ("Dev",), {"op": "join"}, [wire.Ok(room="dev", last=0)], "dev"),
    ("leave", ("lobby",), {"op": "leave"}, [wire.Ok(room="lobby")], None),
    ("set_nick", ("eve",), {"op": "nick", "nick": "eve"}, [wire.Ok(nick="eve")], "eve"),
    ("topic", ("lobby",), {"op": "topic"}, [wire.Ok(room="lobby", topic="x")], "x"),
    ("topic", ("lobby",), {"op": "topic"}, [wire.Ok(room="lobby")], ""),
    ("history", ("lobby",), {"op": "history", "limit": 20}, [MESSAGE, END], [MESSAGE]),
    ("search", ("hi",), {"op": "search", "words": "hi"}, [MESSAGE, END], [MESSAGE]),
    ("who", ("lobby",), {"op": "who", "room": "lobby"}, [MEMBER, END], [MEMBER]),
    ("rooms", (), {"op": "rooms"}, [ROOM, END], [ROOM]),
    ("status", (), {"op": "status"}, [SESSION, END], [SESSION]),
    ("time", (), {"op": "time"}, [wire.Ok(time="now")], "now"),
    ("joke", (), {"op": "joke"}, [wire.Ok(text="ha")], "ha"),
)
"""Each call: its arguments, what is sent at least, the answer, what is given."""


class CallTests(ClientTestCase):
    """What each call sends and gives."""

    def setUp(self) -> None:
        super().setUp()
        self.begin()

    def test_each(self) -> None:
        """As the table has it."""
        for name, arguments, sent, answer, given in CALLS:
            with self.subTest(name):
                call = getattr(self.client, name)(*arguments)
                request = self.answer(*answer)
                self.assertLessEqual(sent.items(), request.items())
                self.assertEqual(self.successResultOf(call), given)

    def test_refused(self) -> None:
        """The error is raised where the answer is waited for."""
        call = self.client.say("lobby", "")
        self.answer(error(None, "usage", "a message cannot be empty"))
        self.assertEqual(self.failureResultOf(call, Refused).value.code, "usage")

    def test_what_cannot_be_sent(self) -> None:
        """Fails in the same way."""
        self.failureResultOf(self.client.say("lobby", "\ud800"), ValueError)
        self.failureResultOf(self.client.say("lobby", "x" * BOUNDS.frame), Refused)

    def test_a_long_log(self) -> None:
        """Is read page by page, to its end."""
        log = self.client.log("lobby", after=2)

        async def read() -> list[wire.Event]:
            return [event async for event in log]

        read_ = Deferred.fromCoroutine(read())
        asked = [self.answer(message("lobby", 3), message("lobby", 7), END)]
        asked.append(self.answer(message("lobby", 8), END))
        asked.append(self.answer(END))
        self.assertEqual([each["after"] for each in asked], [2, 7, 8])
        self.assertEqual([e.n for e in self.successResultOf(read_)], [3, 7, 8])

    def test_a_cancelled_call(self) -> None:
        """What is not waited for any more is done all the same, and disturbs nobody."""
        call = self.client.say("lobby", "hi")
        call.cancel()
        self.failureResultOf(call)
        self.answer(STORED)
        self.assertTrue(self.client.online)
