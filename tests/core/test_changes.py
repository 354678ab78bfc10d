"""What is remembered of changes: whether something that was read is stale."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import limits
from ecochat.core.changes import Changes


class ChangesTests(SynchronousTestCase):
    """When things changed last."""

    def test_since(self) -> None:
        """What changed behind a place has; at it or before it has not."""
        changes = Changes()
        self.assertFalse(changes.since("a", 0))
        changes.note("a", 5)
        self.assertTrue(changes.since("a", 4))
        self.assertFalse(changes.since("a", 5))
        self.assertFalse(changes.since("b", 4))

    def test_of_what_is_forgotten(self) -> None:
        """It may have changed, as anything may that is not remembered."""
        self.patch(limits, "STALE", 2)
        changes = Changes()
        for seq, thing in enumerate("abac", 1):
            changes.note(thing, seq)
        self.assertFalse(changes.since("b", 2))
        changes.note("d", 5)
        self.assertTrue(changes.since("b", 1))
        self.assertTrue(changes.since("e", 2))
        self.assertFalse(changes.since("e", 3))
        self.assertTrue(changes.since("c", 3))
        self.assertFalse(changes.since("c", 4))

    @given(st.lists(st.sampled_from("abcde")), st.sampled_from("abcde"))
    @settings(database=None, deadline=None, derandomize=True)
    def test_none_is_missed(self, changed: list[str], asked: str) -> None:
        """Whatever changes, what did change is said to have, and no more things are
        remembered than there may be."""
        most, limits.STALE = limits.STALE, 3
        self.addCleanup(setattr, limits, "STALE", most)
        changes = Changes()
        for seq, thing in enumerate(changed, 1):
            changes.note(thing, seq)
        for place in range(len(changed) + 1):
            if asked in changed[place:]:
                self.assertTrue(changes.since(asked, place))
        self.assertFalse(changes.since(asked, len(changed)))
        self.assertLessEqual(len(changes._last), 3)
