"""Rooms as the network sees them."""

from sys import getsizeof

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.items import Event
from ecochat.dialects.plain import PlainDialect
from ecochat.dialects.port import View
from ecochat.net.channel import ENTRY_OVERHEAD, TEXTS, Channel, Recent, Told


def event(n: int, text: str = "hi") -> Event:
    """Return a message of somebody's."""
    return Event(n, 1, n, 0, 9, "bob", "message", text)


SMALL = ENTRY_OVERHEAD + TEXTS * getsizeof("hi")
"""What one of those takes in memory."""


class CountingDialect(PlainDialect):
    """Counts how often it is asked for the form of an event."""

    asked = 0

    def event(self, room: str, event: Event, view: View) -> bytes:
        """Count, and do as ever."""
        self.asked += 1
        return super().event(room, event, view)


class ToldTests(SynchronousTestCase):
    """An event and its forms."""

    def test_each_form_is_made_once(self) -> None:
        """However often it is asked for; but its only writer's own is not kept."""
        dialect = CountingDialect("test")
        entry = Told(Channel(1, "red", 0, Recent()), event(4))
        for _ in range(3):
            forms = [entry.form(dialect, view) for view in View]
        self.assertEqual(forms, [b"bob: hi\0", b"[red] bob: hi\0", b"+ red 4\0"])
        self.assertEqual(dialect.asked, 1 + 1 + 3)

    def test_dialects_do_not_share_forms(self) -> None:
        """Each dialect makes its own."""
        one, other = CountingDialect("test"), CountingDialect("test")
        entry = Told(Channel(1, "red", 0, Recent()), event(4))
        entry.form(one, View.OWN)
        entry.form(other, View.OWN)
        self.assertEqual((one.asked, other.asked), (1, 1))


class ChannelTests(SynchronousTestCase):
    """A log of which the newest part is in memory."""

    def numbers(self, channel: Channel, n: int) -> list[int] | None:
        """Return the numbers of what follows a number."""
        entries = channel.after(n)
        return None if entries is None else [entry.item.n for entry in entries]

    def test_what_follows(self) -> None:
        """From each number what follows it, as far as memory reaches back."""
        channel = Channel(1, "red", 3, Recent())
        self.assertEqual(self.numbers(channel, 3), [])
        for n in (4, 5, 6):
            channel.extend([event(n)])
        self.assertEqual(channel.last, 6)
        self.assertEqual(self.numbers(channel, 6), [])
        self.assertEqual(self.numbers(channel, 5), [6])
        self.assertEqual(self.numbers(channel, 3), [4, 5, 6])
        self.assertIsNone(self.numbers(channel, 2))

    def test_memory_is_of_all_rooms_together(self) -> None:
        """The oldest entry of any room goes first, and a text's size counts."""
        recent = Recent(3 * SMALL)
        red, blue = Channel(1, "red", 0, recent), Channel(2, "blue", 0, recent)
        for n in (1, 2):
            red.extend([event(n)])
        blue.extend([event(1)])
        self.assertEqual(self.numbers(red, 0), [1, 2])
        blue.extend([event(2)])
        self.assertIsNone(self.numbers(red, 0))
        self.assertEqual(self.numbers(red, 1), [2])
        blue.extend([event(3, "x" * ENTRY_OVERHEAD)])
        self.assertIsNone(self.numbers(blue, 2))

    def test_one_that_is_too_big_for_all_memory(self) -> None:
        """It is not kept in memory, and the next is counted rightly."""
        channel = Channel(1, "red", 0, Recent(SMALL + 40))
        channel.extend([event(1, "x" * 100)])
        self.assertIsNone(self.numbers(channel, 0))
        self.assertEqual(self.numbers(channel, 1), [])
        channel.extend([event(2)])
        self.assertEqual(self.numbers(channel, 1), [2])
