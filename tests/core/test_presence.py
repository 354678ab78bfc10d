"""Presence as numbers."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.presence import in_numbers


class NumberTests(SynchronousTestCase):
    """How many came, went, have another name."""

    def test_what_nobody_did_is_left_out(self) -> None:
        """Whichever that is."""
        for counts, text in (
            ((37, 12, 3), "37 joined, 12 left, 3 renamed"),
            ((37, 12, 0), "37 joined, 12 left"),
            ((0, 9, 1), "9 left, 1 renamed"),
            ((9, 0, 0), "9 joined"),
        ):
            self.assertEqual(in_numbers(*counts), text)
