"""Forgetting what need not be kept."""

from __future__ import annotations

from typing import Any

from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from ecochat.net import retention
from ecochat.net.retention import PAUSE, PERIOD, Keep, Keeper, Retention
from ecochat.store.port import StoreError
from tests.net.fakes import World

DAY = 86_400


class KeeperTestCase(SynchronousTestCase):
    """Two rooms, in which something is said each day."""

    def setUp(self) -> None:
        self.world = World()
        self.one = self.world.join()

    def say(self, days: int, *rooms: str) -> None:
        """Let something be said in each room, a day apart."""
        for _ in range(days):
            for room in rooms:
                self.one.send(f"/join {room}", "x")
            self.world.run()
            self.world.clock.advance(DAY)

    def keep(self, general: Keep, **rooms: Keep) -> Keeper:
        """Begin to forget, and return who does it."""
        storage: Any = self.world.storage
        kept = Retention(general, rooms)
        keeper = Keeper(kept, self.world.exchange, storage, self.world.clock)
        keeper.start()
        self.addCleanup(keeper.stop)
        self.go_on()
        return keeper

    def go_on(self) -> None:
        """Let the keeper do what it can now."""
        for _ in range(20):
            self.world.clock.advance(PAUSE)
            self.world.run()

    def first(self, name: str) -> int:
        """Return the number of the oldest event of a room; it is the store's too."""
        channels = self.world.exchange.channels.values()
        channel = next(channel for channel in channels if channel.name == name)
        stored = self.world.storage.memory.oldest(channel.room)
        self.assertEqual(channel.first, stored)
        return channel.first


class KeeperTests(KeeperTestCase):
    """What is forgotten, and what is not."""

    def test_by_time(self) -> None:
        """What is older is forgotten, and nothing else."""
        self.say(10, "lab")
        self.keep(Keep(seconds=3 * DAY + 60))
        self.assertEqual(self.first("lab"), 8)

    def test_by_number(self) -> None:
        """Of more than so many the oldest are."""
        self.say(10, "lab")
        self.keep(Keep(messages=4))
        self.assertEqual(self.first("lab"), 7)

    def test_by_both(self) -> None:
        """Whichever of them says so."""
        self.say(10, "lab")
        self.keep(Keep(seconds=6 * DAY + 60, messages=4))
        self.assertEqual(self.first("lab"), 7)
        self.say(1, "red")
        self.keep(Keep(seconds=1, messages=40))
        self.assertEqual(self.first("lab"), 11)

    def test_rooms_of_which_something_else_is_said(self) -> None:
        """By their folded names, so that Lab and lab are one."""
        self.say(10, "Lab", "red", "blue")
        self.keep(Keep(messages=5), lab=Keep(), red=Keep(messages=2))
        firsts = [self.first(name) for name in ("Lab", "red", "blue")]
        self.assertEqual(firsts, [1, 9, 6])

    def test_private_rooms(self) -> None:
        """They are as all others, also while nobody of the two is here."""
        self.world.join("/nick bob", *["/msg guest-1 psst"] * 9)
        talk = max(self.world.exchange.channels)
        self.one.lose()
        self.world.run()
        self.keep(Keep(messages=2))
        self.assertEqual(self.world.storage.memory.oldest(talk), 8)

    def test_for_longer_than_there_is_time(self) -> None:
        """Then all is kept."""
        self.say(10, "lab")
        self.keep(Keep(seconds=999_999_999 * DAY))
        self.assertEqual(self.first("lab"), 1)

    def test_all_is_kept(self) -> None:
        """Then nobody looks."""
        self.say(2, "lab")
        self.keep(Keep(), lab=Keep())
        self.assertEqual(self.world.timers, [])

    def test_from_time_to_time(self) -> None:
        """It looks again, and again."""
        self.keep(Keep(messages=2), lobby=Keep())
        for n in range(1, 5):
            self.one.send(*["/join lab", "x", "x"])
            self.world.run()
            self.world.clock.advance(PERIOD)
            self.go_on()
            self.assertEqual(self.first("lab"), 2 * n - 1)

    def test_many(self) -> None:
        """They are forgotten some at a time, with time for others between."""
        self.patch(retention, "AT_ONCE", 3)
        self.say(10, "lab")
        before = len(self.world.storage.batches)
        self.keep(Keep(messages=1))
        expired = [b.expired for b in self.world.storage.batches[before:]]
        self.assertEqual([[e.upto for e in each] for each in expired], [[3], [6], [9]])


class TroubleTests(KeeperTestCase):
    """The store does not do what it should."""

    def test_it_cannot_be_read(self) -> None:
        """The log says so, and it is tried again the next time."""
        self.say(3, "lab")
        self.world.storage.reads_at_once = False
        with capturedLogs() as logged:
            self.keep(Keep(messages=1))
            self.world.storage.pages.pop().deferred.errback(StoreError("disk gone"))
        said = [formatEvent(event) for event in logged]
        self.assertEqual(said, ["old events have to wait: disk gone"])
        self.world.storage.reads_at_once = True
        self.world.clock.advance(PERIOD)
        self.go_on()
        self.assertEqual(self.first("lab"), 3)

    def test_it_cannot_be_stored(self) -> None:
        """It does not try for ever, but again the next time."""
        self.say(3, "lab")
        self.world.storage.at_once = False
        self.keep(Keep(messages=1))
        self.world.storage.fail()
        self.go_on()
        self.assertEqual(self.world.storage.appends, [])
        self.assertEqual(self.first("lab"), 1)
        self.world.storage.at_once = True
        self.world.clock.advance(PERIOD)
        self.go_on()
        self.assertEqual(self.first("lab"), 3)

    def test_a_fault(self) -> None:
        """The log has it, and nothing is forgotten any more."""
        self.say(3, "lab")
        self.world.storage.reads_at_once = False
        self.keep(Keep(messages=1))
        self.world.storage.pages.pop().deferred.errback(ZeroDivisionError())
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_stopped(self) -> None:
        """Nothing is due then but the rest of a pause, and nothing is forgotten."""
        self.patch(retention, "AT_ONCE", 1)
        self.say(5, "lab")
        keeper = self.keep(Keep(messages=4))
        self.one.send("x", "x", "x")
        self.world.run()
        self.world.clock.advance(PERIOD)
        keeper.stop()
        self.go_on()
        first = self.first("lab")
        self.world.clock.advance(10 * PERIOD)
        self.go_on()
        self.assertEqual((self.first("lab"), self.world.timers), (first, []))
