"""What is seen of a room's log."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen import drawing, rows
from ecochat.client.screen.entries import Entry, Kind, State
from ecochat.client.screen.hits import Hit
from ecochat.client.screen.room import Place, Room, Stretch
from tests.client.screen.local import use_utc

NOON = 1795262400.0
WIDTH = 40


def log(*heights: int) -> Room:
    """Return a room whose messages have so many rows; the first has a day line too."""
    entries = [
        Entry(Kind.MESSAGE, NOON, n, "bob", "\n".join([f"{n}."] + ["-"] * (height - 1)))
        for n, height in enumerate(heights, 1)
    ]
    return Room("lobby", entries=entries)


def visible(room: Room, width: int, height: int) -> list[Any]:
    """Return the rows as they are drawn."""
    return [row for _, row in rows.seen(room, width, height)]


def seen(room: Room, height: int) -> list[str]:
    """Return the rows on the screen, without their heads and numbers."""
    shown = visible(room, WIDTH, height)
    number = "class:number"
    texts = ["".join(text for style, text in row if style != number) for row in shown]
    return [text.split("│ ")[-1] for text in texts]


def scroll(room: Room, height: int, by: int) -> int:
    """Scroll, and return by how many rows that could not be done."""
    return rows.scrolled(room, WIDTH, height, by)


class VisibleTests(SynchronousTestCase):
    """Which rows are seen."""

    def setUp(self) -> None:
        use_utc(self)

    def test_the_end(self) -> None:
        """The last rows; an entry may be half on the screen."""
        self.assertEqual(seen(log(1, 1, 3, 1), 3), ["-", "-", "4."])

    def test_few(self) -> None:
        """All there are."""
        self.assertEqual(seen(log(1), 9)[1:], ["1."])
        self.assertEqual(seen(log(), 9), [])
        self.assertEqual(seen(log(1), 0), [])
        self.assertEqual(scroll(log(), 9, -1), 1)

    def test_a_place(self) -> None:
        """With it the last row is given, and what comes does not move it."""
        room = log(1, 1, 3, 1, 1)
        room.place = Place(room.entries[2], 1)
        self.assertEqual(seen(room, 3), ["2.", "3.", "-"])
        room.entries.append(log(1).entries[0])
        self.assertEqual(seen(room, 3), ["2.", "3.", "-"])

    def test_a_place_with_what_follows(self) -> None:
        """So many rows of that are seen too, or all there are."""
        room = log(1, 1, 3, 1, 1)
        room.place = Place(room.entries[1], -2)
        self.assertEqual(seen(room, 3), ["2.", "3.", "-"])
        room.place = Place(room.entries[3], -2)
        self.assertEqual(seen(room, 3), ["-", "4.", "5."])

    def test_the_beginning(self) -> None:
        """A place near it shows a whole screen."""
        room = log(1, 1, 1, 1)
        room.place = Place(room.entries[0])
        self.assertEqual(seen(room, 3)[1:], ["1.", "2."])
        self.assertEqual(seen(room, 5)[1:], ["1.", "2.", "3.", "4."])

    def test_a_place_that_is_gone(self) -> None:
        """What was said then is shown."""
        room = log(1, 1, 1, 1)
        room.place = Place(Entry(Kind.MESSAGE, NOON - 1, 0, "bob", "0."))
        self.assertEqual(seen(room, 3)[1:], ["1.", "2."])
        room.place = Place(Entry(Kind.MESSAGE, NOON + 9, 9, "bob", "9."))
        self.assertEqual(seen(room, 3), ["2.", "3.", "4."])

    def test_whose_rows_they_are(self) -> None:
        """Each comes with its entry."""
        room = log(1, 2)
        found = [entry for entry, _ in rows.seen(room, WIDTH, 3)]
        self.assertEqual(found, [room.entries[0], *[room.entries[1]] * 2])

    def test_what_is_new(self) -> None:
        """A line stands before the first entry that is."""
        room = log(1, 1, 1)
        room.entries.insert(1, Entry(Kind.PRESENCE, NOON, text="bob left"))
        room.fresh = (2, 37, NOON)
        self.assertEqual(
            seen(room, 4),
            ["bob left", f"── 37 new since 12:00 {'─' * 18}", "2.", "3."],
        )

    def test_an_answer(self) -> None:
        """It finds what it is an answer to."""
        room = log(1, 1)
        room.entries[1].reply_to = 1
        self.assertEqual(seen(room, 2), ["↳ bob: 1.", "2."])
        room.entries[0].text = "changed"
        self.assertEqual(seen(room, 2), ["↳ bob: changed", "2."])

    def test_what_was_found(self) -> None:
        """Its bar and its words are marked, in its room."""
        room = log(1, 2)
        room.entries[1].text = "*Two*, two, twofold\n-"
        said: Any = [("name", "bob"), ("found", "Two"), ("text", " words: ")]

        def marked(hit: Hit | None) -> list[str]:
            shown = rows.seen(room, WIDTH, 2, "", hit)
            parts = (part for _, row in shown for part in row)
            return [text for style, text in parts if "class:found" in style]

        self.assertEqual(marked(None), [])
        self.assertEqual(
            marked(Hit("lobby", 2, NOON, said)), [" │ ", "Two", "two", " │ "]
        )
        self.assertEqual(marked(Hit("lab", 2, NOON, said)), [])
        self.assertEqual(marked(Hit("lobby", 3, NOON, said)), [])

    def test_changes_are_seen(self) -> None:
        """Whatever of an entry changes."""
        room = log(1, 1)
        entry = room.entries[1]
        changes: list[tuple[str, Any]] = [
            *(("text", "new"), ("is_edited", True), ("reactions", {"+": ["a"]})),
            *(("nick", "eve"), ("is_own", True), ("n", 8), ("reply_to", 7)),
            *(("time", NOON + 60), ("is_mention", True), ("state", State.REFUSED)),
            *(("why", "because"), ("said", [("name", "x")]), ("is_deleted", True)),
        ]
        before = visible(room, WIDTH, 9)
        for name, value in changes:
            setattr(entry, name, value)
            after = visible(room, WIDTH, 9)
            self.assertNotEqual(after, before, name)
            before = after

    def test_only_what_is_seen_is_laid_out(self) -> None:
        """And once."""
        laid_out: list[Entry] = []
        real = drawing.entry_rows

        def entry_rows(entry: Entry, *given: Any) -> Any:
            laid_out.append(entry)
            return real(entry, *given)

        self.patch(drawing, "entry_rows", entry_rows)
        room = log(*[1] * 500)
        seen(room, 20)
        seen(room, 20)
        self.assertEqual(len(laid_out), 20)
        scroll(room, 20, -1)
        seen(room, 20)
        self.assertLessEqual(len(laid_out), 22)

    def test_layouts_are_bounded(self) -> None:
        """However much is looked at."""
        room = log(*[1] * (rows.LAYOUTS + 500))
        scroll(room, 20, -len(room.entries))
        self.assertLessEqual(len(rows._layouts), rows.LAYOUTS)


class ScrolledTests(SynchronousTestCase):
    """Scrolling."""

    def setUp(self) -> None:
        use_utc(self)

    def test_back_and_on(self) -> None:
        """By rows, not entries; at the end of the log there is no place any more."""
        room = log(1, 1, 3, 1)
        self.assertEqual(scroll(room, 2, -2), 0)
        self.assertEqual(seen(room, 2), ["3.", "-"])
        self.assertEqual((room.place and room.place.row), 1)
        self.assertEqual(scroll(room, 2, 1), 0)
        self.assertEqual(seen(room, 2), ["-", "-"])
        room.tail = Stretch(first=9, upto=9)
        scroll(room, 2, 99)
        assert room.place is not None
        self.assertEqual((room.place.entry.n, room.place.row), (4, 0))
        room.tail = None
        scroll(room, 2, 99)
        self.assertIsNone(room.place)

    def test_the_beginning(self) -> None:
        """It is said how much there is not, and it stays on the screen."""
        room = log(1, 1, 1, 1)
        self.assertEqual(scroll(room, 3, -99), 97)
        self.assertEqual(seen(room, 3)[1:], ["1.", "2."])
        self.assertEqual(scroll(room, 3, -1), 1)
        self.assertEqual(seen(room, 3)[1:], ["1.", "2."])
        self.assertEqual(scroll(room, 3, 1), 0)
        self.assertEqual(seen(room, 3), ["1.", "2.", "3."])

    def test_less_than_a_screen(self) -> None:
        """There is nowhere to go."""
        room = log(1, 1)
        self.assertEqual(scroll(room, 9, -1), 1)
        self.assertIsNone(room.place)

    @given(
        st.lists(st.integers(1, 5), min_size=1, max_size=12),
        st.integers(1, 12),
        st.lists(st.integers(-9, 9), max_size=12),
    )
    def test_it_is_a_slice_of_all_rows(
        self, heights: list[int], height: int, moves: list[int]
    ) -> None:
        """Wherever one scrolls; and back by as much is where one was."""
        room = log(*heights)
        whole = visible(room, WIDTH, 1_000)
        most = max(0, len(whole) - height)
        top = most
        for by in moves:
            missing = scroll(room, height, by)
            wanted = top + by
            top = min(most, max(0, wanted))
            self.assertEqual(missing, abs(wanted - top))
            shown = visible(room, WIDTH, height)
            self.assertEqual(shown, whole[top : top + height])
        before = seen(room, height)
        scroll(room, height, -min(4, top))
        scroll(room, height, min(4, top))
        self.assertEqual(seen(room, height), before)
