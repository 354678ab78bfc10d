"""What a loop gets, and what is left at the server."""

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import feed
from ecochat.client.errors import Disconnected, Refused
from ecochat.client.feed import Feed
from ecochat.client.happenings import Happening, Offline
from ecochat.core import wire
from ecochat.core.wire import Event, Expired
from tests.client.fakes import message, numbers


class FeedTestCase(SynchronousTestCase):
    """With a server that has all numbers but the first ones."""

    def setUp(self) -> None:
        self.patch(feed, "FULL", 3)
        self.patch(feed, "MOST", 5)
        self.patch(feed, "FEW", 1)
        self.patch(feed, "PAGE", 4)
        self.last = 0
        self.expired = 0
        self.fetched: list[tuple[str, int]] = []
        self.changes = 0
        self.feed = self.make("lobby")

    def make(self, room: str | None) -> Feed:
        """Return a feed of this room."""
        return Feed(room, self.fetch, self.changed)

    def changed(self) -> None:
        """There is space again."""
        self.changes += 1

    def fetch(self, room: str, after: int, limit: int) -> Deferred[list[Event]]:
        """Read from the server."""
        self.fetched.append((room, after))
        first = max(after, self.expired) + 1
        upto = min(self.last, first + limit - 1)
        return succeed([message(room, n) for n in range(first, upto + 1)])

    def say(self, count: int, room: str = "lobby") -> None:
        """Have so many messages come."""
        for _ in range(count):
            self.last += 1
            self.feed.put(message(room, self.last))

    def take(self) -> Deferred[Happening]:
        """Ask for the next one."""
        return Deferred.fromCoroutine(self.feed.__anext__())

    def taken(self, count: int) -> list[Happening]:
        """Return the next ones, which are there."""
        return [self.successResultOf(self.take()) for _ in range(count)]


class LoopTests(FeedTestCase):
    """What is wanted comes, and then the end."""

    def test_as_it_comes(self) -> None:
        """Who waits is told at once."""
        waiting = self.take()
        self.assertNoResult(waiting)
        self.say(2)
        self.assertEqual(self.successResultOf(waiting), message("lobby", 1))
        self.assertEqual(self.taken(1), [message("lobby", 2)])

    def test_one_room(self) -> None:
        """By any form of its name; nothing of other rooms, and nothing for all."""
        self.feed = self.make("LOBBY")
        joined = wire.Joined(room="lobby", nick="bob", session="s2")
        many = wire.Presence(room="lobby", joined=9)
        for said in (message("dev", 1), wire.Notice(text="x"), Offline("x"), joined):
            self.feed.put(said)
        self.feed.put(wire.Presence(room="dev", left=9))
        self.feed.put(many)
        self.assertEqual(self.taken(2), [joined, many])
        self.assertNoResult(self.take())

    def test_everything(self) -> None:
        """Without a room."""
        self.feed = self.make(None)
        said: list[Happening] = [message("dev", 1), wire.Notice(text="x"), Offline("x")]
        for each in said:
            self.feed.put(each)
        self.assertEqual(self.taken(3), said)

    def test_the_end(self) -> None:
        """Comes behind what waits; it is an error where there was one."""
        waiting = self.take()
        self.feed.end()
        self.failureResultOf(waiting, StopAsyncIteration)
        self.feed = self.make("lobby")
        self.say(1)
        self.feed.end(Disconnected("x"))
        self.assertEqual(len(self.taken(1)), 1)
        for _ in range(2):
            self.failureResultOf(self.take(), Disconnected)

    def test_it_is_followed(self) -> None:
        """A private room, when it has another name."""
        self.feed = self.make("@bob")
        relabelled = wire.Relabelled(room="@bob", new="@rob")
        said = [message("@bob", 1), relabelled, message("@rob", 2)]
        for each in said:
            self.feed.put(each)
        self.feed.put(message("@bob", 9))
        self.assertEqual(self.taken(3), said)
        self.assertNoResult(self.take())

    def test_cancelled(self) -> None:
        """A loop that is cancelled where it waits misses nothing if it goes on."""
        waiting = self.take()
        waiting.cancel()
        self.failureResultOf(waiting)
        self.say(2)
        self.assertEqual(numbers(self.taken(2)), [("lobby", 1), ("lobby", 2)])


class SpaceTests(FeedTestCase):
    """What there is no space for."""

    def test_full(self) -> None:
        """It says so before it is, and when there is space again."""
        self.say(2)
        self.assertFalse(self.feed.is_full)
        self.say(1)
        self.assertTrue(self.feed.is_full)
        self.taken(1)
        self.assertEqual((self.feed.is_full, self.changes), (True, 0))
        self.taken(1)
        self.assertEqual((self.feed.is_full, self.changes), (False, 1))

    def test_left_at_the_server(self) -> None:
        """And read from there, page by page, with what came meanwhile; once each."""
        self.say(9)
        self.assertEqual(len(self.feed._queue), 5)
        got = self.taken(6)
        self.say(4)
        got += self.taken(5)
        self.say(4)
        got += self.taken(6)
        self.assertEqual(numbers(got), [("lobby", n) for n in range(1, 18)])
        self.assertEqual(self.fetched[0], ("lobby", 5))
        self.assertNoResult(self.take())
        count = len(self.fetched)
        self.say(1)
        self.assertEqual(len(self.fetched), count)

    def test_the_log_is_ahead(self) -> None:
        """What was read from it is not told again when it comes."""
        self.say(7)
        self.last = 9
        got = self.taken(9)
        for n in (8, 9, 10):
            self.feed.put(message("lobby", n))
        got += self.taken(1)
        self.assertEqual(numbers(got), [("lobby", n) for n in range(1, 11)])

    def test_only_what_is_in_no_log_is_left_out(self) -> None:
        """Who came and went, when there is no space."""
        self.say(5)
        self.feed.put(wire.Joined(room="lobby", nick="bob", session="s2"))
        self.taken(5)
        self.assertNoResult(self.take())

    def test_what_has_expired(self) -> None:
        """Is said not to come."""
        self.say(9)
        self.expired = 7
        got = self.taken(8)
        self.assertEqual(got[5], Expired(room="lobby", upto=7))
        self.assertEqual(numbers(got[6:]), [("lobby", 8), ("lobby", 9)])
        self.say(8)
        self.taken(5)
        self.expired = 99
        self.assertEqual(self.taken(1), [Expired(room="lobby", upto=17)])
        self.assertNoResult(self.take())

    def test_not_to_be_read_any_more(self) -> None:
        """The rest is given up where one may not read it; and the loop goes on."""
        self.say(7)
        self.taken(5)
        self.patch(self, "fetch", None)
        self.feed._fetch = lambda *_: fail(Refused("not_allowed", "no"))
        waiting = self.take()
        self.assertNoResult(waiting)
        self.say(1)
        self.assertEqual(self.successResultOf(waiting), message("lobby", 8))

    def test_disconnected(self) -> None:
        """The rest is asked for again on another connection."""
        self.say(7)
        self.taken(5)
        first: Deferred[list[Event]] = Deferred()
        answers: list[Deferred[list[Event]]] = [first, self.fetch("lobby", 5, 4)]
        self.feed._fetch = lambda *_: answers.pop(0)
        waiting = self.take()
        first.errback(Disconnected("x"))
        self.assertEqual(self.successResultOf(waiting), message("lobby", 6))

    def test_renamed_meanwhile(self) -> None:
        """What was left of a private room is read under its new name."""
        self.feed = self.make(None)
        self.say(7, "@bob")
        self.feed.put(wire.Relabelled(room="@bob", new="@rob"))
        got = self.taken(7)
        self.assertEqual(self.fetched, [("@rob", 5)])
        self.assertEqual(numbers(got[5:]), [("@rob", 6), ("@rob", 7)])

    def test_left(self) -> None:
        """A loop that is over holds up nobody."""
        self.say(4)
        del self.feed
        self.assertEqual(self.changes, 1)
