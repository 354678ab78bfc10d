"""Pages of the log that readers at one place share."""

from __future__ import annotations

import gc

from twisted.trial.unittest import SynchronousTestCase

from ecochat.dialects.structured import StructuredDialect
from ecochat.net import delivery, outlet
from ecochat.net.pages import Page
from ecochat.store.port import EVENT_SIZE, StoreError
from tests.net.fakes import Connection, World
from tests.net.test_outlet import OutletTestCase

KEY = "k" * 22
TEXTS = tuple(f"m{n}" for n in range(1, 6))
"""What was said in each room before the server was started."""


def count_pages() -> int:
    """Return how many pages there are in memory."""
    gc.collect()
    return sum(type(thing) is Page for thing in gc.get_objects())


class SharingTestCase(SynchronousTestCase):
    """A server that was restarted; the test answers what is read of its store."""

    def setUp(self) -> None:
        before = World(grace=60)
        author = before.greet(key=KEY, rooms={"lobby": None, "red": None})
        for room in ("lobby", "red"):
            for text in TEXTS:
                author.ask("say", room=room, text=text)
        before.run()
        self.world = World(grace=60, memory=before.storage.memory)
        self.storage = self.world.storage
        self.storage.reads_at_once = False

    def back(self, **rooms: int) -> Connection:
        """Return one that comes back, and has seen so many in each of its rooms."""
        one = self.world.greet(rooms=rooms or {"lobby": 0})
        one.clear()
        return one

    def three(self) -> list[Connection]:
        """Return three that come back at one place."""
        return [self.back() for _ in range(3)]

    def write(self, op: str, **fields: object) -> None:
        """Let the author write into the lobby while pages are being read."""
        mine, self.storage.pages[:] = self.storage.pages[:], []
        self.storage.reads_at_once = True
        author = self.world.greet(key=KEY, rooms={"lobby": None})
        author.ask(op, room="lobby", **fields)
        self.world.run()
        self.assertIn("stored", author.ops())
        self.storage.reads_at_once = False
        self.storage.pages += mine

    def answer(self) -> int:
        """Answer all that is asked, and return how often that was."""
        count = 0
        while self.storage.pages:
            count += 1
            self.storage.answer()
            self.world.run()
        return count

    def told(self, one: Connection, room: str = "lobby") -> list[str]:
        """Return of each message of a room its text, or else its sign."""
        return [
            said.get("text", said["op"])
            for said in one.said
            if said.get("room") == room and "n" in said
        ]


class SharingTests(SharingTestCase):
    """One read for all who wait at one place."""

    def test_all_at_one_place(self) -> None:
        """It is read once, encoded once, and told to all in the same bytes."""
        formed: list[int] = []
        events = StructuredDialect.events

        def counted(dialect: StructuredDialect, *what: object) -> bytes:
            formed.append(1)
            return events(dialect, *what)  # type: ignore[arg-type]

        self.patch(StructuredDialect, "events", counted)
        people = self.three()
        self.assertEqual(self.answer(), 1)
        for one in people:
            self.assertEqual(self.told(one), list(TEXTS))
            self.assertIs(one.pipe.writes[0], people[0].pipe.writes[0])
        self.assertEqual(formed, [1])

    def test_different_places(self) -> None:
        """Another number or another room is another read."""
        people = [self.back(lobby=0), self.back(lobby=2), self.back(red=0)]
        self.assertEqual(self.answer(), 3)
        self.assertEqual(self.told(people[0]), list(TEXTS))
        self.assertEqual(self.told(people[1]), list(TEXTS[2:]))
        self.assertEqual(self.told(people[2], "red"), list(TEXTS))

    def test_several_rooms(self) -> None:
        """Pages of each are shared by those who read as many, and told in order."""
        people = [self.back(lobby=0, red=0) for _ in range(3)]
        self.assertEqual(self.answer(), 2)
        for one in people:
            self.assertEqual(self.told(one), list(TEXTS))
            self.assertEqual(self.told(one, "red"), list(TEXTS))
            self.assertEqual(one.said[len(TEXTS)]["room"], "red")

    def test_page_after_page(self) -> None:
        """Those that were told one together ask for the next together."""
        self.patch(outlet, "PAGE", 2 * (EVENT_SIZE + 2))
        people = self.three()
        self.assertEqual(self.answer(), 3)
        for one in people:
            self.assertEqual(self.told(one), list(TEXTS))

    def test_one_comes_when_more_was_written(self) -> None:
        """It shares what is being read, and reads on behind that."""
        people = self.three()
        self.write("say", text="new")
        people.append(self.back())
        self.assertEqual(len(self.storage.pages), 1)
        self.answer()
        for one in people:
            self.assertEqual(self.told(one), [*TEXTS, "new"])

    def test_one_that_comes_when_it_was_answered(self) -> None:
        """It reads for itself, and nothing is left of what was shared."""
        before = count_pages()
        self.three()
        self.answer()
        self.assertEqual(self.told(late := self.back()), [])
        self.assertEqual(self.answer(), 1)
        self.assertEqual(self.told(late), list(TEXTS))
        self.assertEqual(self.world.exchange.pages._waiting, {})
        self.assertEqual(count_pages(), before)

    def test_more_than_a_chunk(self) -> None:
        """The frames are shared, and each is told as much as it takes."""
        self.patch(outlet, "CHUNK", 250)
        people = self.three()
        people[1].pipe.blocking = lambda: True
        self.assertEqual(self.answer(), 1)
        self.assertEqual(self.told(people[0]), list(TEXTS))
        self.assertLess(len(self.told(people[1])), len(TEXTS))
        self.assertGreater(len(people[2].pipe.writes), 1)
        self.assertLessEqual(max(map(len, people[2].pipe.writes)), 250)
        people[1].pipe.blocking = lambda: False
        people[1].pipe.drain()
        self.answer()
        for one in people:
            self.assertEqual(self.told(one), list(TEXTS))

    def test_an_answer_comes_between(self) -> None:
        """What one has asked for meanwhile is told behind what was before it."""
        people = self.three()
        people[1].ask("topic", room="lobby", ref="t")
        self.world.run()
        self.answer()
        for one in people:
            self.assertEqual(self.told(one), list(TEXTS))
        self.assertEqual(people[1].said[-1].get("ref"), "t")


class ChangedTests(SharingTestCase):
    """What changes while it is read."""

    def test_edited_while_it_is_read(self) -> None:
        """It is read again, once for all; who joined behind the edit is not told the
        old form either."""
        people = self.three()
        self.write("edit", message=2, text="new")
        people += [self.back(), self.back()]
        self.assertEqual(len(self.storage.pages), 1)
        self.assertEqual(self.answer(), 2)
        for one in people:
            self.assertEqual(self.told(one), ["m1", "new", *TEXTS[2:], "new"])

    def test_deleted_while_it_is_read(self) -> None:
        """The same, when it happens again while it is read again."""
        people = self.three()
        self.write("edit", message=2, text="new")
        self.storage.answer()
        self.write("delete", message=2)
        people.append(self.back())
        self.answer()
        for one in people:
            self.assertNotIn("m2", "".join(one.frames))
            self.assertNotIn("new", "".join(one.frames))
            self.assertEqual(self.told(one)[:3], ["m1", "", "m3"])

    def test_something_else(self) -> None:
        """Another message is no reason to read again."""
        people = self.three()
        self.back(lobby=4)
        self.write("edit", message=5, text="new")
        self.patch(outlet, "PAGE", 2 * (EVENT_SIZE + 2))
        people += self.three()
        first = self.storage.pages.pop(0)
        self.assertEqual(self.answer(), 1 + 1 + 3)
        first.answer()
        self.answer()
        for one in people:
            self.assertEqual(self.told(one), [*TEXTS[:4], "new", "new"])

    def test_expired_while_it_is_read(self) -> None:
        """All are told that it is gone, a second later, and go on behind that."""
        people = self.three()
        [page] = self.storage.pages
        self.storage.pages.clear()
        self.world.exchange.expire(1, 3)
        self.world.run()
        page.deferred.callback(self.storage.memory.page(*page.wanted))
        self.world.clock.advance(1)
        self.assertEqual(self.answer(), 1)
        for one in people:
            self.assertEqual(one.ops()[0], "expired")
            self.assertEqual(self.told(one), ["m4", "m5"])


class FailingTests(SharingTestCase):
    """Who waits for what does not come, and who does not wait any more."""

    def test_it_cannot_be_read(self) -> None:
        """All ask again a second later, together."""
        people = self.three()
        self.storage.pages.pop().deferred.errback(StoreError("disk gone"))
        self.assertEqual(self.storage.pages, [])
        self.world.clock.advance(1)
        self.assertEqual(self.answer(), 1)
        for one in people:
            self.assertEqual(self.told(one), list(TEXTS))
            self.assertEqual(one.shell.calls, [])

    def test_a_fault_in_reading(self) -> None:
        """All who wait for it end; nobody is forgotten."""
        people = self.three()
        self.storage.pages.pop().deferred.errback(ZeroDivisionError())
        for one in people:
            self.assertEqual(one.shell.calls[-1], "abort")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 3)
        again = self.back()
        self.answer()
        self.assertEqual(self.told(again), list(TEXTS))

    def test_closed_while_it_waits(self) -> None:
        """It is told nothing, the others are; also when it had asked first."""
        people = self.three()
        people[0].lose()
        people[1].link.stop()
        self.world.run()
        self.assertEqual(self.answer(), 1)
        self.assertEqual((people[0].frames, self.told(people[1])), ([], []))
        self.assertEqual(self.told(people[2]), list(TEXTS))

    def test_all_are_gone(self) -> None:
        """What comes then is let go."""
        for one in self.three():
            one.lose()
        self.world.run()
        self.assertEqual(self.answer(), 1)
        self.assertEqual(self.world.exchange.pages._waiting, {})

    def test_one_cannot_be_told(self) -> None:
        """That is its own fault: the others are told."""
        people = self.three()
        people[0].pipe.error = ZeroDivisionError()
        self.answer()
        self.assertEqual(people[0].shell.calls[-1], "abort")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        for one in people[1:]:
            self.assertEqual(self.told(one), list(TEXTS))


class ViewTests(OutletTestCase):
    """What each is told in other words, in the plain dialect; memory holds nothing."""

    MEMORY = 0

    def setUp(self) -> None:
        super().setUp()
        self.patch(delivery, "CHUNK", 1)  # so that all read on from where they are
        self.other = self.world.join()
        self.world.storage.reads_at_once = False
        for one in (self.writer, self.reader):
            one.clear()

    def answer(self) -> int:
        """Let what was sent be stored, answer all that is asked then, and return how
        often that was."""
        self.world.run()
        count = 0
        while self.world.storage.pages:
            count += 1
            self.world.storage.answer()
        return count

    def test_own_messages(self) -> None:
        """Who wrote some of it is told their numbers; the others share theirs."""
        fourth = self.world.join()
        for one in (self.writer, self.other):
            one.clear()
        self.writer.send("m1")
        self.other.send("m2")
        self.assertEqual(self.answer(), 1)
        self.assertEqual(self.writer.frames, ["+ lobby 1", "guest-3: m2"])
        self.assertEqual(self.other.frames, ["guest-1: m1", "+ lobby 2"])
        self.assertEqual(fourth.frames[-2:], ["guest-1: m1", "guest-3: m2"])
        self.assertIs(fourth.pipe.writes[-1], self.reader.pipe.writes[-1])

    def test_another_room(self) -> None:
        """The read is shared, the words are those of where one is."""
        self.other.send("/join red")
        self.world.run()
        self.other.clear()
        self.writer.send("m1")
        self.assertEqual(self.answer(), 1)
        self.assertEqual(self.reader.frames[-1], "guest-1: m1")
        self.assertEqual(self.other.frames, ["[lobby] guest-1: m1"])

    def test_one_that_begins_anew(self) -> None:
        """What was read for the session before is not for this one, which has seen some
        of it."""
        one = self.world.join()
        self.writer.send("m1", "m2", "m3")
        self.world.run()
        one.hello(rooms={"lobby": 1})
        self.assertEqual(self.answer(), 2)
        said = [s["text"] for s in one.said if s["op"] == "message"]
        self.assertEqual(said, ["m2", "m3"])

    def test_a_private_room(self) -> None:
        """Each of its two calls it otherwise."""
        self.writer.send("/msg guest-2 m1")
        self.answer()
        self.writer.send("/msg guest-2 m2")
        self.assertEqual(self.answer(), 1)
        said = [f for f in self.reader.frames if not f.startswith("~")]
        self.assertEqual(said, ["[@guest-1] guest-1: m1", "[@guest-1] guest-1: m2"])
        numbers = [f for f in self.writer.frames if not f.startswith("~")]
        self.assertEqual(numbers, ["+ @guest-2 1", "+ @guest-2 2"])
