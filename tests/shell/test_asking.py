"""Reading what a server has; see also tests.system.test_shell."""

from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.errors import Disconnected, Ended
from ecochat.client.happenings import Happening
from ecochat.core.wire import Event, Message, Said
from ecochat.shell import asking
from ecochat.shell.asking import history, tail


def message(n: int, room: str = "lobby") -> Message:
    """Return the message of this number."""
    time = "2026-11-21T04:30:49.123Z"
    return Message(room=room, n=n, time=time, nick="bob", session="s1", text=f"m{n}")


class Room:
    """A client of a server whose lobby has so many events, and then some.

    :ivar asked: the limits that history was asked with.
    :ivar joined: after which numbers it was joined.
    :ivar failures: what becomes of the first attempts to join.
    """

    nick = "carol-tail"
    running = True
    failures: Sequence[Exception] = ()

    def __init__(self, last: int, *follows: Happening) -> None:
        self._kept: list[Event] = [message(n) for n in range(1, last + 1)]
        self._follows = follows
        self.asked: list[int] = []
        self.joined: list[int] = []

    def history(
        self,
        room: str,
        before: int | None = None,
        after: int | None = None,
        limit: int = 20,
    ) -> Deferred[list[Event]]:
        """See :meth:`ecochat.client.Client.history`."""
        self.asked.append(limit)
        found = [e for e in self._kept if before is None or e.n < before]
        if after is None:
            return succeed([*found[-limit:]])
        return succeed([e for e in found if e.n > after][:limit])

    async def log(self, room: str, after: int) -> Any:
        """See :meth:`ecochat.client.Client.log`."""
        for event in await self.history(room, after=after, limit=1_000):
            yield event

    def join(self, room: str, after: int) -> Deferred[str]:
        """See :meth:`ecochat.client.Client.join`."""
        self.joined.append(after)
        if self.failures:
            failure, *self.failures = self.failures
            return fail(failure)
        return succeed(room)

    async def events(self) -> Any:
        """See :meth:`ecochat.client.Client.events`; this has an end."""
        for happening in self._follows:
            yield happening


class AskingTests(SynchronousTestCase):
    """What is asked for, and what is yielded of it."""

    def setUp(self) -> None:
        self.patch(asking, "login_name", lambda suffix: Room.nick)

    def all_of(self, yielded: Any) -> list[Any]:
        """Return everything, in a list."""

        async def collect() -> list[Said]:
            return [said async for said in yielded]

        found: list[Any] = self.successResultOf(Deferred.fromCoroutine(collect()))
        return found

    def numbers(self, client: Any, *range_: Any) -> list[int]:
        """Return the numbers of a history."""
        return [event.n for event in self.all_of(history(client, "lobby", *range_))]

    def test_pages(self) -> None:
        """No more is asked for than a server gives, or than is wanted."""
        room = Room(2_500)
        self.assertEqual(self.numbers(room, None, 0, 2_200), [*range(1, 2_201)])
        self.assertEqual(room.asked, [1_000, 1_000, 200])
        room = Room(2_500)
        self.assertEqual(self.numbers(room, None, None, 1_000), [*range(1_501, 2_501)])
        self.assertEqual(room.asked, [1_000])

    def test_many_of_the_last(self) -> None:
        """Come in order without being kept in memory; also where few are left."""
        numbers = self.numbers(Room(2_500), 2_001, None, 1_500)
        self.assertEqual(numbers, [*range(501, 2_001)])
        self.assertEqual(self.numbers(Room(50), None, None, 9_999), [*range(1, 51)])
        self.assertEqual(self.numbers(Room(0), None, None, 9_999), [])

    def follow(self, room: Any, **words: Any) -> list[Any]:
        """Return what tail yields."""
        arguments = {"room": "lobby", "since": None, "limit": 10, "nick": None}
        return self.all_of(tail(room, Namespace(**arguments | words, follow=True)))

    def test_where_following_goes_on(self) -> None:
        """Behind the last that was printed: what was said since is not left out."""
        for words, shown in (
            ({"limit": 2}, [29, 30]),
            ({"limit": 0}, []),
            ({"since": 28}, [29, 30]),
        ):
            room = Room(30, message(31), message(5, "@bob"))
            yielded = self.follow(room, **words)
            self.assertEqual([event.n for event in yielded], [*shown, 31])
            self.assertEqual(room.joined, [30])
        empty = Room(0)
        self.assertEqual(self.follow(empty), [])
        self.assertEqual(empty.joined, [0])

    def test_a_connection_that_is_lost_while_joining(self) -> None:
        """It is joined on the next one; not where there will be none."""
        room = Room(3, message(4))
        room.failures = [Disconnected("closed"), Disconnected("closed")]
        self.assertEqual([event.n for event in self.follow(room, limit=0)], [4])
        self.assertEqual(room.joined, [3, 3, 3])
        for failure, runs in (
            (Ended("kicked", "out"), True),
            (Disconnected(""), False),
        ):
            client: Any = Room(3)
            client.failures, client.running = [failure], runs
            words = {"room": "lobby", "since": None, "limit": 0, "nick": None}
            first: Any = tail(client, Namespace(**words, follow=True)).__anext__()
            ended: Deferred[Said] = Deferred.fromCoroutine(first)
            self.failureResultOf(ended, type(failure))
