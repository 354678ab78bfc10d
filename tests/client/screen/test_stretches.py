"""Moments as the wire has them, and reactions."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen.drawing import Around, entry_rows
from ecochat.client.screen.entries import Entry, Kind
from ecochat.client.screen.stretches import (
    EARLIEST,
    GIVERS,
    LATEST,
    SIGNS,
    change,
    made,
    moment,
)
from ecochat.core import wire


class MomentTests(SynchronousTestCase):
    """Those of servers that are in order, and of others."""

    def test_in_order(self) -> None:
        """In seconds since 1970."""
        self.assertEqual(moment("2026-11-21T12:00:00.500Z"), 1_795_262_400.5)

    def test_not_in_order(self) -> None:
        """It is another one, which can be shown."""
        for time, expected in (
            ("", EARLIEST),
            ("noon", EARLIEST),
            ("0001-01-01T00:00:00", EARLIEST),
            ("0001-01-01T00:00:00+23:59", EARLIEST),
            ("9999-12-31T23:59:59-23:59", LATEST),
        ):
            with self.subTest(time):
                self.assertEqual(moment(time), expected)
                entry = Entry(Kind.MESSAGE, moment(time), 1, "ada", "x")
                self.assertTrue(entry_rows(entry, 80, Around()))


def react(
    n: int, sign: str, nick: str = "bob", message: int = 3, remove: bool = False
) -> wire.React:
    """Return a reaction to a message."""
    return wire.React(
        room="lobby",
        n=n,
        time="2026-11-21T12:00:00Z",
        nick=nick,
        session="s2",
        message=message,
        reaction=sign,
        remove=remove,
    )


class ReactionTests(SynchronousTestCase):
    """Reactions."""

    def test_bounds(self) -> None:
        """More signs, or more names for one, are not kept; what is known is."""
        entry = Entry(Kind.MESSAGE, 0.0, 3, "ada", "x")
        for n in range(SIGNS + 9):
            change(entry, react(n, f"r{n}"))
        for n in range(GIVERS + 9):
            change(entry, react(n, "r1", f"n{n}"))
        self.assertEqual(len(entry.reactions), SIGNS)
        self.assertEqual(len(entry.reactions["r1"]), GIVERS)
        change(entry, react(1, "r1", "bob", remove=True))
        change(entry, react(1, "r2", "bob", remove=True))
        self.assertEqual(entry.reactions["r1"][0], "n0")
        self.assertNotIn("r2", entry.reactions)

    def test_twice_is_once(self) -> None:
        """The same one again changes nothing, nor does what nobody gave taken back."""
        entry = Entry(Kind.MESSAGE, 0.0, 3, "ada", "x")
        for event in (react(4, "+"), react(4, "+"), react(5, "-", remove=True)):
            change(entry, event)
        self.assertEqual(entry.reactions, {"+": ["bob"]})

    def test_to_what_is_not_here(self) -> None:
        """Those that follow each other are one line, which counts them; to another
        message they have a line of their own."""
        events = [react(n, f"r{n}") for n in range(10, 15)]
        events += [react(15, "x", message=4), react(16, "r16")]
        entry_of = lambda event: Entry(Kind.EVENT, 0.0, event.n)  # noqa: E731
        stretch = made(events, entry_of, 10)
        self.assertEqual(
            [(e.n, e.about, e.more) for e in stretch.entries],
            [(10, 3, 4), (15, 4, 0), (16, 3, 0)],
        )
        self.assertEqual((stretch.first, stretch.upto), (10, 16))
