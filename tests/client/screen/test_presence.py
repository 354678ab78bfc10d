"""Who comes and goes, in one line."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen import presence
from ecochat.client.screen.entries import Entry, Kind
from ecochat.client.screen.presence import JOINED, LEFT, RENAMED


class PresenceTests(SynchronousTestCase):
    """What is told."""

    def told(self, *did: tuple[str, str]) -> str:
        """Return what is told of those who did this."""
        entry = Entry(Kind.PRESENCE, 0.0)
        for nick, what in did:
            presence.add(entry, nick, what)
        return entry.text

    def test_the_last_thing_each_did(self) -> None:
        """Together with the others who did the same."""
        self.assertEqual(
            self.told(("a", JOINED), ("b", LEFT), ("c", JOINED), ("b", JOINED)),
            "a, c joined; b is back",
        )
        self.assertEqual(self.told(("a", JOINED), ("a", LEFT)), "a came and went")

    def test_who_comes_and_takes_a_name(self) -> None:
        """As most do: only that name is told; of who was there, both are."""
        come = ("guest-1", JOINED), ("guest-1", f"{RENAMED}a")
        self.assertEqual(self.told(*come), "a joined")
        self.assertEqual(self.told(*come, ("a", LEFT)), "a came and went")
        there = ("b", f"{RENAMED}c"), ("c", LEFT)
        self.assertEqual(self.told(*there), "b is now c; c left")

    def test_names_are_bounded(self) -> None:
        """More are counted."""
        come = [(f"n{n}", JOINED) for n in range(presence.NAMED + 5)]
        self.assertTrue(self.told(*come).endswith("joined; more: 5 joined"))
