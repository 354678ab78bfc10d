"""A talk: between the client library and a model."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import Answer, ClientError, Ended, Online, Unreachable
from ecochat.client.feed import Feed
from ecochat.client.outbox import Kept
from ecochat.client.screen.asking import PING_EVERY
from ecochat.client.screen.entries import State
from ecochat.client.screen.model import Model
from ecochat.client.screen.saying import ON_ITS_WAY
from ecochat.client.screen.talk import AT_ONCE, Talk
from ecochat.core import requests as ask
from ecochat.core import wire
from ecochat.core.errors import Refused
from ecochat.core.requests import Request
from tests.client.fakes import message, welcome


class FakeClient:
    """Answers as a test says.

    :ivar asked: what is to be answered.
    :ivar kept: what is left from before.
    :ivar is_unsent: whether what was asked can be taken back.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[Request, Deferred[Answer]]] = []
        self.kept: list[tuple[Kept, Deferred[Answer]]] = []
        self.feed = Feed(None, lambda *_: succeed([]), lambda: None)
        self.waiting: list[Deferred[Any]] = []
        self.is_running = self.has_ended = self.is_unsent = False
        self.error: ClientError | None = None

    def take_kept(self) -> list[tuple[Kept, Deferred[Answer]]]:
        """See :class:`ecochat.client.Client`."""
        assert not self.is_running
        return self.kept

    def events(self) -> Feed:
        """See :class:`ecochat.client.Client`."""
        return self.feed

    def startService(self) -> None:
        """See :class:`ecochat.client.Client`."""
        self.is_running = True

    def stopService(self) -> Deferred[None]:
        """See :class:`ecochat.client.Client`."""
        self.is_running = False
        self.feed.end()
        return succeed(None)

    def ready(self) -> Deferred[Any]:
        """See :class:`ecochat.client.Client`."""
        if self.error is not None:
            return fail(self.error)
        self.waiting.append(Deferred())
        return self.waiting[-1]

    def request(self, operation: Request) -> Deferred[Answer]:
        """See :class:`ecochat.client.Client`."""
        answer: Deferred[Answer] = Deferred()
        self.asked.append((operation, answer))
        return answer

    def withdraw(self, answer: Deferred[Any]) -> bool:
        """See :class:`ecochat.client.Client`."""
        if self.is_unsent:
            answer.cancel()
        return self.is_unsent


class TalkTests(SynchronousTestCase):
    """What a talk carries."""

    def setUp(self) -> None:
        self.client = FakeClient()
        self.clock = Clock()
        self.model = Model("alice", clock=self.clock.seconds)
        self.changes = 0
        self.talk = Talk(self.client, self.model, self.changed, self.clock)  # type: ignore[arg-type]

    def changed(self) -> None:
        """See :class:`Talk`."""
        self.changes += 1

    def begin(self) -> None:
        """Start, and be in the lobby."""
        self.talk.start()
        self.client.feed.put(Online(welcome(), again=False))
        self.client.waiting[-1].callback(welcome())

    def asked(self) -> list[Request]:
        """Return what was asked since the last call."""
        asked = [request for request, _ in self.client.asked]
        self.client.asked.clear()
        return asked

    def test_say(self) -> None:
        """What is said is asked before say returns; its answer comes back."""
        self.begin()
        self.talk.say("hi")
        request, answer = self.client.asked[-1]
        self.assertEqual(request, ask.Say("hi", "lobby"))
        answer.callback(Answer([], wire.Stored(room="lobby", n=1)))
        self.assertEqual(self.model.room.own[0].state, State.STORED)

    def test_one_that_cannot_be_taken(self) -> None:
        """It is logged, and the next one is taken."""
        self.begin()
        taken: list[object] = []

        def happened(happening: object) -> None:
            taken.append(happening)
            if len(taken) == 1:
                raise RuntimeError("no")

        self.patch(self.model, "happened", happened)
        for n in (1, 2):
            self.client.feed.put(message("hi", n=n))
        self.assertEqual(len(taken), 2)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_an_answer_that_cannot_be_taken(self) -> None:
        """It is logged, and told in a sentence: nothing else writes to the screen."""
        self.begin()
        self.talk.say("/rooms")
        answer = self.client.asked[-1][1]
        self.patch(self.model, "answered", lambda sent, answer: 1 // 0)
        answer.callback(Answer([], wire.End()))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertIn("cannot be shown (Rooms)", self.model.room.entries[-1].text)

    def test_refused(self) -> None:
        """So does what goes wrong, of a value that cannot be sent, too."""
        self.begin()
        self.talk.say("hi")
        self.client.asked[-1][1].errback(ValueError("cannot be"))
        self.assertEqual(self.model.room.own[0].why, "cannot be")

    def test_kept(self) -> None:
        """What is left from before is shown before there is a session."""
        answer: Deferred[Answer] = Deferred()
        kept = Kept(1, ask.Say("hi", "lobby"), None, 5.0)
        self.client.kept = [(kept, answer)]
        self.talk.start()
        self.assertEqual(self.model.unstored, 1)
        self.client.feed.put(Online(welcome({"lobby": 1}), again=False))
        answer.callback(Answer([], wire.Stored(room="lobby", n=1)))
        self.assertEqual((self.model.unstored, self.model.room.own), (0, []))
        self.assertNotIn(kept.request, self.asked())

    def test_what_the_face_does(self) -> None:
        """What the model asks in between is asked soon, though nobody says anything."""
        self.begin()
        self.clock.advance(0)
        self.asked()
        self.model.typed("h")
        self.clock.advance(0)
        self.assertEqual(self.asked(), [ask.Typing("lobby")])

    def test_clock(self) -> None:
        """The model is told that time passes; what changes by that is drawn."""
        self.begin()
        self.clock.pump([1.0] * int(PING_EVERY + 2))
        self.assertEqual(self.asked().count(ask.Ping()), 1)
        changes = self.changes
        self.clock.pump([1.0] * 3)
        self.assertEqual(self.changes - changes, 3)  # an answer is late

    def test_nothing_there(self) -> None:
        """Why there is no session is told each time, until there is one."""
        self.talk.start()
        for why in ("nobody", "still nobody"):
            self.client.waiting[-1].errback(Unreachable(why))
            self.assertEqual(self.model.why, why)
        self.assertEqual(len(self.client.waiting), 3)

    def test_not_let_in(self) -> None:
        """What the server ends for good is told, and not tried again."""
        self.talk.start()
        error = Ended("kicked", "you were kicked")
        self.client.feed.end(error)
        self.client.waiting[-1].errback(error)
        self.assertTrue(self.talk.is_over)
        self.assertEqual(self.model.why, "you were kicked")
        self.assertEqual(len(self.client.waiting), 1)

    def test_after_the_end(self) -> None:
        """What is written then is refused, and can be taken back: nobody keeps it. What
        was written before is kept, and is not written a second time."""
        self.begin()
        self.talk.say("kept")
        error = Ended("taken_over", "elsewhere")
        self.client.feed.end(error)
        self.client.asked[-1][1].errback(error)
        self.client.has_ended = True
        self.asked()
        self.talk.say("lost word")
        self.assertEqual(self.asked(), [])
        kept, lost = self.model.room.own
        self.assertEqual((kept.state, lost.state), (State.PENDING, State.REFUSED))
        self.assertIn("/connect", lost.why)
        self.assertEqual(self.model.recall(), "lost word")

    def test_taken_back(self) -> None:
        """What was not sent is not to be, and is no error; else it stays."""
        self.begin()
        self.talk.say("not so")
        with self.assertRaises(Refused) as raised:
            self.model.recall()
        self.assertEqual(raised.exception.text, ON_ITS_WAY)
        self.assertEqual(self.model.unstored, 1)
        self.client.is_unsent = True
        self.assertEqual(self.model.recall(), "not so")
        self.assertEqual((self.model.unstored, self.model.room.own), (0, []))
        self.assertEqual(self.model.take_wishes(), [], "nothing is refused")
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_others_have_their_turn(self) -> None:
        """However much happens at once, keys are read in between."""
        self.begin()
        for n in range(1, 3 * AT_ONCE):
            self.client.feed.put(message("lobby", n))
        self.assertLess(self.model.room.last, 3 * AT_ONCE - 1)
        self.clock.pump([0.0] * 4)
        self.assertEqual(self.model.room.last, 3 * AT_ONCE - 1)

    def test_stop(self) -> None:
        """What is typed is asked before it ends, and nothing is left behind."""
        self.begin()
        self.model.say("bye")
        stopped = Deferred.fromCoroutine(self.talk.stop())
        self.successResultOf(stopped)
        self.assertIn(ask.Say("bye", "lobby"), self.asked())
        self.assertFalse(self.client.is_running)
        self.assertEqual(self.clock.getDelayedCalls(), [])
