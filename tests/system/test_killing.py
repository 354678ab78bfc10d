"""A server that is killed while many send."""

from twisted.trial.unittest import TestCase

from tests.system import killing


class KillingTests(TestCase):
    """``kill -9``, in the short form of :mod:`tests.system.killing`."""

    def test_what_was_acknowledged_or_seen_is_kept(self) -> None:
        """Three kills while 20 clients send as fast as they can: what was acknowledged
        is there with its text, what was seen too, and no number is missing."""
        kills = list(killing.run(times=3))
        self.assertEqual(len(kills), 3)
        for killed in kills:
            self.assertGreater(killed.just_before, 0)
            self.assertGreater(killed.unanswered, 0)
