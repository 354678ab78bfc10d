"""A talk: between the client library and a face."""

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import (
    Answer,
    ClientError,
    Disconnected,
    Ended,
    Happening,
    Held,
    Offline,
    Online,
    Refused,
    Unreachable,
)
from ecochat.client.feed import Feed
from ecochat.client.outbox import Kept
from ecochat.client.terminal.line import Line
from ecochat.client.terminal.look import plain
from ecochat.client.terminal.talk import Talk
from ecochat.core.requests import Request, Say
from tests.client.terminal.fakes import message, stored, welcome


class FakeClient:
    """Answers as a test says.

    :ivar asked: what is to be answered.
    """

    def __init__(self, error: ClientError | None = None) -> None:
        self.error = error
        self.asked: list[tuple[Request, Deferred[Answer]]] = []
        self.feed = Feed(None, lambda *_: succeed([]), lambda: None)
        self.stopped = False
        self.left: list[tuple[Kept, Deferred[Answer]]] = []
        self.retries = 0

    def events(self) -> Feed:
        """See :class:`ecochat.client.Client`."""
        return self.feed

    def take_kept(self) -> list[tuple[Kept, Deferred[Answer]]]:
        """See :class:`ecochat.client.Client`."""
        self.asked += [(kept.request, answer) for kept, answer in self.left]
        return self.left

    def retry_now(self) -> None:
        """See :class:`ecochat.client.Client`."""
        self.retries += 1

    async def __aenter__(self) -> "FakeClient":
        if self.error is not None:
            raise self.error
        return self

    async def __aexit__(self, *error: object) -> None:
        self.stopped = True
        for _, answer in self.asked:
            if not answer.called:
                answer.errback(Disconnected("the client was stopped"))
        self.feed.end()

    def request(self, operation: Request) -> Deferred[Answer]:
        """See :class:`ecochat.client.Client`."""
        answer: Deferred[Answer] = Deferred()
        self.asked.append((operation, answer))
        return answer


class FakeFace:
    """Keeps what it is shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.has_finished = False
        self.space: Deferred[None] = succeed(None)
        self._ended: Deferred[None] = Deferred()

    async def converse(self) -> None:
        """See :class:`ecochat.client.terminal.talk.Face`."""
        await self._ended

    def show(self, lines: list[Line]) -> None:
        """See :class:`ecochat.client.terminal.talk.Face`."""
        self.shown += map(plain, lines)

    async def keep_up(self) -> None:
        """See :class:`ecochat.client.terminal.talk.Face`."""
        await self.space

    def end(self) -> None:
        """See :class:`ecochat.client.terminal.talk.Face`."""
        if not self._ended.called:
            self._ended.callback(None)

    def clear(self) -> None:
        """See :class:`ecochat.client.terminal.talk.Face`."""
        self.shown.clear()

    async def finish(self) -> None:
        """See :class:`ecochat.client.terminal.talk.Face`."""
        self.has_finished = True


class TalkTests(SynchronousTestCase):
    """With a library and a face in memory."""

    def begin(
        self,
        is_watched: bool = True,
        error: ClientError | None = None,
        left: Sequence[Request] = (),
        keeps: bool = False,
    ) -> None:
        """Start a talk."""
        self.client = FakeClient(error)
        self.client.left = [(Kept(1, each, None, 0), Deferred()) for each in left]
        self.face = FakeFace()
        self.addCleanup(self.face.end)
        client: Any = self.client
        self.talk = Talk(client, is_watched, keeps=keeps)
        self.running = Deferred.fromCoroutine(self.talk.run(self.face))

    def hear(self, *happenings: Happening) -> None:
        """Have things happen."""
        for happening in happenings:
            self.client.feed.put(happening)

    def end(self) -> tuple[int, str]:
        """Return what it has come to."""
        return self.successResultOf(self.running)

    def test_from_the_greeting_to_the_end(self) -> None:
        """What is said is asked, shown when it is stored; then one leaves."""
        self.begin()
        self.hear(Online(welcome(), False))
        self.client.asked.clear()
        self.talk.say("hello")
        ((request, answer),) = self.client.asked
        self.assertEqual(request, Say("hello", room="lobby"))
        answer.callback(stored(42))
        self.assertEqual(self.talk.chat.waiting, [])
        self.hear(message("hello", 42, "alice", session="s1"))
        self.assertEqual(self.face.shown[-1], "alice: hello  42")
        self.face.end()
        self.assertEqual(self.end(), (0, ""))
        self.assertTrue(self.client.stopped and self.face.has_finished)

    def test_what_is_refused(self) -> None:
        """Is told; between programs the exit status says so too."""
        for is_watched, status in ((True, 0), (False, 1)):
            self.begin(is_watched)
            self.hear(Online(welcome(), False))
            self.talk.say("hello")
            why = Refused("not_stored", "the disk is full")
            self.client.asked[-1][1].errback(why)
            self.assertEqual(self.face.shown[-1], "! the disk is full")
            self.face.end()
            self.assertEqual(self.end(), (status, ""))

    def test_what_is_not_answered_before_one_leaves(self) -> None:
        """Is told, before the end."""
        self.begin()
        self.hear(Online(welcome(), False))
        self.talk.say("hello")
        self.face.end()
        self.assertEqual(self.end(), (0, ""))
        self.assertTrue(self.face.shown[-1].startswith("! not confirmed"))

    def test_what_is_left_from_before(self) -> None:
        """Is shown as waiting, is not asked again, and is answered as all else."""
        self.begin(left=[Say("one", room="lobby"), Say("/two", room="@bob")])
        self.assertEqual([s.said for s in self.talk.chat.waiting], ["one", "/two"])
        (_, one), (_, two) = self.client.asked
        self.hear(Online(welcome(), False), Held("the disk is full"))
        self.assertIn("cannot be sent: the disk is full", self.face.shown[-1])
        requests = [request for request, _ in self.client.asked]
        self.assertEqual(sum(isinstance(r, Say) for r in requests), 2)
        one.callback(stored(1))
        two.errback(Refused("no_nick", "bob is gone"))
        self.assertEqual(self.talk.chat.waiting, [])
        self.assertEqual(self.face.shown[-1], "! bob is gone")
        self.assertEqual(list(self.talk.chat.given_back), ["/msg bob /two"])

    def test_what_is_kept_for_the_next_run(self) -> None:
        """Is not called lost; what came too late to be kept is."""
        self.begin(left=[Say("one", room="lobby")], keeps=True)
        self.hear(Online(welcome(), False))
        self.talk.say("two")
        self.talk.say("/time")
        shown = len(self.face.shown)
        self.face.end()
        self.end()
        lost = self.face.shown[shown:]
        self.assertEqual(lost, ["! there was no answer to: /time"])
        self.assertEqual(self.talk.chat.unanswered, [])

        self.begin(keeps=True)
        self.hear(Online(welcome(), False))
        late = fail(Disconnected("the client was stopped"))
        self.patch(self.client, "request", lambda operation: late)
        self.talk.say("three")
        self.assertTrue(self.face.shown[-1].startswith("! not confirmed"))

    def test_at_once(self) -> None:
        """Where a person waits for the server, what is typed has it looked for."""
        for is_watched in (True, False):
            self.begin(is_watched)
            self.hear(Online(welcome(), False))
            self.talk.say("one")
            self.talk.retry_now()
            self.assertEqual(self.client.retries, 0)
            self.hear(Offline("gone"))
            self.talk.say("two")
            self.talk.retry_now()
            self.assertEqual(self.client.retries, 2 * is_watched)

    def test_the_server_ends_it(self) -> None:
        """Or is lost for good: that ends the conversation."""
        ends = {
            Ended("kicked", "go"): (1, "the server has ended the session: go"),
            Unreachable("nobody listens"): (3, "nobody listens"),
        }
        for error, outcome in ends.items():
            self.begin()
            self.hear(Online(welcome(), False), message("hi"))
            self.client.feed.end(error)
            self.assertEqual(self.end(), outcome)
            self.assertEqual(self.face.shown[-1], "bob: hi")

    def test_there_is_no_session(self) -> None:
        """Nobody listens, or does not let one in: there is no conversation."""
        ends = {
            Unreachable("nobody listens"): (3, "nobody listens"),
            Ended("name_taken", "it is taken"): (
                1,
                "the server does not let you in: it is taken",
            ),
        }
        for error, outcome in ends.items():
            self.begin(error=error)
            self.assertEqual(self.end(), outcome)
            self.assertFalse(self.face.has_finished)

    def test_told_to_end(self) -> None:
        """It leaves well."""
        self.begin()
        self.running.cancel()
        self.assertEqual(self.end(), (0, ""))
        self.assertTrue(self.client.stopped and self.face.has_finished)

    def test_a_face_that_is_behind_is_waited_for(self) -> None:
        """What happens meanwhile is left where it costs no memory."""
        self.begin()
        self.face.space = Deferred()
        self.hear(Online(welcome(), False), message("one"), message("two"))
        self.assertEqual(len(self.face.shown), 1)
        self.face.space.callback(None)
        self.face.space = succeed(None)
        self.assertEqual(self.face.shown[1:], ["bob: one", "bob: two"])

    def test_a_fault_is_not_hidden(self) -> None:
        """Of the conversation, or of what takes the events."""
        self.begin()
        self.face._ended.errback(ZeroDivisionError("oops"))
        self.failureResultOf(self.running, ZeroDivisionError)
        self.begin()
        self.patch(self.talk.chat, "happened", lambda happening: 1 / 0)
        self.hear(message("hi"))
        self.failureResultOf(self.running, ZeroDivisionError)
