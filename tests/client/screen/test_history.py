"""A room's log: what comes, what is read back, what goes."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.lines import sentence
from ecochat.client.screen import history
from ecochat.client.screen.entries import Entry, Kind, State
from ecochat.client.screen.room import ENTRIES, SCROLLED, Place, Room
from ecochat.core import wire
from ecochat.core.requests import History
from tests.client.fakes import message


def entry_of(event: wire.Event) -> Entry:
    """Return an event as an entry."""
    text = getattr(event, "text", "")
    is_message = isinstance(event, wire.Message)
    kind = Kind.MESSAGE if is_message else Kind.EVENT
    return Entry(kind, 0.0, event.n, text=text, said=sentence(event))


class HistoryTestCase(SynchronousTestCase):
    """Has a room whose last event was 500."""

    def setUp(self) -> None:
        self.room = Room("lobby")
        history.enter(self.room, 500)

    def hear(self, *numbers: int) -> list[bool]:
        """Have messages come; return which were new."""
        events = [message("lobby", n) for n in numbers]
        return [history.hear(self.room, e, entry_of(e)) for e in events]

    def page(self, first: int, end: int) -> list[wire.Event]:
        """Return a page of messages."""
        return [message("lobby", n) for n in range(first, end)]

    def older(self, before: int, first: int, limit: int = 100) -> None:
        """Have a page come that begins so."""
        asked = History("lobby", before=before, limit=limit)
        page = self.page(first, before)
        history.take_older(self.room, asked, page, entry_of, 0.0)

    def own(self, text: str, state: State = State.PENDING, time: float = 0.0) -> Entry:
        """Write something."""
        entry = Entry(Kind.MESSAGE, time, text=text, raw=text, is_own=True, state=state)
        history.own(self.room, entry)
        return entry

    def numbers(self) -> list[int]:
        """Return the numbers of what is shown."""
        return [entry.n or 0 for entry in self.room.entries]


class ComingTests(HistoryTestCase):
    """Events as they happen."""

    def test_once(self) -> None:
        """What comes again is not shown again."""
        self.assertEqual(self.hear(501, 501, 502, 501), [True, False, True, False])
        self.assertEqual(self.numbers(), [501, 502])

    def test_what_was_told(self) -> None:
        """Stays when the log begins anew, before what one writes; not all of it, nor
        who came and went."""
        room = Room("lobby")
        told = [Entry(Kind.ERROR, n, text=f"told {n}") for n in range(history.TOLD + 3)]
        refused = Entry(Kind.MESSAGE, 5.0, is_own=True, state=State.REFUSED)
        history.own(room, refused)
        for entry in (*told, Entry(Kind.PRESENCE, 9.0)):
            history.note(room, entry)
        self.room = room
        pending = self.own("hi")
        history.enter(room, 500)
        self.assertEqual(room.entries, [refused, *told[3:], pending])
        self.hear(501, 510)
        self.assertEqual(room.entries[:-2], [refused, *told[3:]])
        self.assertEqual(room.entries[-1], pending)

    def test_hole(self) -> None:
        """Behind a hole begins another part; what is in the hole is read back."""
        self.hear(501, 502, 510)
        self.assertEqual(self.numbers(), [510])
        asked = history.older(self.room)
        self.assertEqual(asked, History("lobby", before=510, limit=history.PAGE))

    def test_memory(self) -> None:
        """Of 10,000 messages some screens full are kept, and nothing of the rest."""
        self.hear(*range(501, 10_501))
        room = self.room
        self.assertLessEqual(len(room.entries), ENTRIES)
        self.assertGreater(len(room.entries), ENTRIES // 2)
        self.assertEqual(len(room.shown.index), len(room.entries))
        self.assertEqual(self.numbers(), list(range(room.first, 10_501)))

    def test_memory_of_reactions(self) -> None:
        """Very many reactions to a message do not drive it away, nor take more."""
        self.hear(501)
        for n in range(502, 5_502):
            about = {"nick": "x", "session": "s2", "time": "2026-11-21T04:30:49Z"}
            event = wire.React(room="lobby", n=n, message=501, reaction="+", **about)  # type: ignore[arg-type]
            history.hear(self.room, event, entry_of(event))
        self.assertEqual(self.numbers(), [501])
        self.assertLessEqual(len(self.room.shown.changes), ENTRIES)

    def test_memory_while_scrolled_back(self) -> None:
        """What one looks at stays, however much comes; the end is kept, too."""
        self.hear(*range(501, 601))
        looked_at = self.room.entries[5]
        self.room.place = Place(looked_at)
        self.hear(*range(601, 20_601))
        room = self.room
        self.assertIn(looked_at, room.entries)
        self.assertLessEqual(len(room.entries), SCROLLED)
        self.assertFalse(room.is_at_end)
        self.assertLessEqual(len(room.live.entries), ENTRIES)
        history.to_end(room)
        self.assertEqual(self.numbers()[-1], 20_600)

    def test_what_one_writes(self) -> None:
        """Stands behind all, in order; what is refused stays where that was."""
        first, _second = self.own("1"), self.own("2")
        self.hear(501)
        first.state, first.why = State.REFUSED, "because"
        history.note(self.room, Entry(Kind.NOTICE, 0.0, text="note"))
        third = self.own("3")
        third.state = State.REFUSED
        self.hear(502)
        said = [str(entry.n or entry.text) for entry in self.room.entries]
        self.assertEqual(said, ["501", "1", "note", "502", "2", "3"])
        history.disown(self.room, first)
        self.hear(503)
        said = [str(entry.n or entry.text) for entry in self.room.entries]
        self.assertEqual(said[1:], ["note", "502", "503", "2", "3"])

    def test_what_one_wrote_is_stored(self) -> None:
        """It takes its place before what was written behind it and refused."""
        one = self.own("1")
        self.own("2", State.REFUSED)
        one.n = 501
        history.hear(self.room, message("lobby", 501), one)
        self.hear(502)
        self.assertEqual([e.n or e.text for e in self.room.entries], [501, "2", 502])

    def test_refused_long_ago(self) -> None:
        """It is not shown for ever, but can be taken back."""
        entry = self.own("1", State.REFUSED)
        self.hear(*range(501, 501 + 2 * ENTRIES))
        self.assertNotIn(entry, self.room.entries)
        self.assertEqual(self.room.own, [entry])
        history.disown(self.room, entry)
        self.assertEqual(self.room.own, [])

    def test_expired(self) -> None:
        """What retention took before it was heard is shown as a gap."""
        self.hear(501)
        history.expire(self.room, 510, 0.0)
        self.hear(511)
        kinds = [entry.kind for entry in self.room.entries]
        self.assertEqual(kinds, [Kind.MESSAGE, Kind.GAP, Kind.MESSAGE])
        text = "messages up to 510 are no longer kept"
        self.assertEqual(self.room.entries[1].text, text)


class ReadingTests(HistoryTestCase):
    """Pages of history."""

    def test_pages(self) -> None:
        """Pages stand before what is here, without a hole, to the beginning."""
        self.hear(501)
        self.older(501, 401)
        self.older(401, 301)
        self.assertEqual(self.numbers(), list(range(301, 502)))
        self.older(301, 291)
        self.assertEqual(self.room.entries[0].kind, Kind.GAP)
        self.assertIsNone(history.older(self.room))

    def test_page_that_does_not_join(self) -> None:
        """A page that ends before what is here begins is dropped."""
        self.hear(501)
        self.older(450, 350)
        self.assertEqual(self.numbers(), [501])

    def test_page_that_overlaps(self) -> None:
        """Of a page that is partly here only the rest is taken."""
        self.hear(501)
        self.older(501, 401)
        self.older(501, 301)
        self.assertEqual(self.numbers(), list(range(301, 502)))

    def test_change_of_what_is_read_later(self) -> None:
        """A change is an entry of its own only as long as its message is not here."""
        about = {"nick": "x", "session": "s2", "time": "2026-11-21T04:30:49Z"}
        react = wire.React(room="lobby", n=501, message=450, reaction="+", **about)  # type: ignore[arg-type]
        history.hear(self.room, react, entry_of(react))
        self.room.place = Place(self.room.entries[0])
        self.assertEqual(self.numbers(), [501])
        self.older(501, 401)
        self.assertEqual(self.numbers(), list(range(401, 501)))
        self.assertEqual(self.room.shown.index[450].reactions, {"+": ["x"]})
        self.assertIsNone(self.room.place)

    def test_refused_in_an_earlier_run(self) -> None:
        """It stands among what was said at that time, once that is here."""
        self.room = Room("lobby")
        for time in 2.5, 5.0:
            self.own("mine", State.REFUSED, time)
        history.enter(self.room, 4)
        for first in 3, 1:
            asked = History("lobby", before=first + 2, limit=2)
            history.take_older(
                self.room,
                asked,
                self.page(first, first + 2),
                lambda event: Entry(Kind.MESSAGE, float(event.n), event.n),
                0.0,
            )
        numbers = [entry.n for entry in self.room.entries]
        self.assertEqual(numbers, [1, 2, None, 3, 4, None])

    def test_reactions_to_what_is_not_here(self) -> None:
        """What was heard of them is known when it is read back, however much came
        meanwhile, and while an older part is shown."""
        about = {"nick": "x", "session": "s2", "time": "2026-11-21T04:30:49Z"}
        react = wire.React(room="lobby", n=501, message=150, reaction="+", **about)  # type: ignore[arg-type]
        history.hear(self.room, react, entry_of(react))
        self.hear(*range(502, 502 + 2 * ENTRIES))
        page = self.page(200, 300)
        self.assertTrue(history.take_near(self.room, 250, page, entry_of, 0.0))
        self.older(200, 100)
        self.assertEqual(self.room.shown.index[150].reactions, {"+": ["x"]})
        history.take_near(self.room, 90, self.page(50, 140), entry_of, 0.0)
        asked = History("lobby", after=139, limit=100)
        history.take_newer(self.room, asked, self.page(140, 200), entry_of)
        self.assertEqual(self.room.shown.index[150].reactions, {"+": ["x"]})

    def test_around(self) -> None:
        """One looks at an older part, and comes back to the end over pages."""
        self.hear(501)
        self.older(501, 401)
        found = history.take_near(self.room, 150, self.page(100, 200), entry_of, 0.0)
        self.assertTrue(found)
        assert self.room.place is not None
        self.assertEqual(self.room.place.entry.n, 150)
        self.assertEqual(self.numbers(), list(range(100, 200)))
        self.hear(502)
        self.assertEqual(self.numbers()[-1], 199)
        for _turn in range(3):
            asked = history.newer(self.room)
            assert asked is not None, "at the end too soon"
            after = asked.after or 0
            page = self.page(after + 1, min(after + 1 + asked.limit, 503))
            history.take_newer(self.room, asked, page, entry_of)
        self.assertIsNone(history.newer(self.room))
        self.assertEqual(self.numbers(), list(range(100, 503)))

    def test_memory_around(self) -> None:
        """A part that joins all that may be kept does not come on top of it."""
        self.hear(501)
        self.room.place = Place(self.room.entries[0])
        self.hear(*range(502, 501 + SCROLLED))
        self.assertEqual(len(self.room.entries), SCROLLED)
        self.assertTrue(
            history.take_near(self.room, 450, self.page(401, 501), entry_of, 0.0)
        )
        self.assertLessEqual(len(self.room.entries), SCROLLED)
        assert self.room.place is not None
        self.assertEqual(self.room.place.entry.n, 450)
        self.assertIn(self.room.place.entry, self.room.entries)

    def test_around_what_is_gone(self) -> None:
        """Where it is not kept any more, nothing else is shown instead."""
        self.hear(501)
        self.assertFalse(
            history.take_near(self.room, 5, self.page(10, 50), entry_of, 0.0)
        )
        self.assertEqual(self.numbers(), [501])
