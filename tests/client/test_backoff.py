"""How long a client waits before it connects again."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.backoff import LONGEST, SHORTEST, Backoff


class BackoffTests(SynchronousTestCase):
    """With the chance given."""

    def test_bounds(self) -> None:
        """They double, up to the longest; the wait is any part of that."""
        backoff = Backoff(lambda: 0.5)
        waits = [backoff.delay(False) for _ in range(10)]
        bounds = [min(LONGEST, SHORTEST * 2**i) for i in range(10)]
        self.assertEqual(waits, [bound / 2 for bound in bounds])
        self.assertEqual(waits[-1], LONGEST / 2)

    def test_short_again(self) -> None:
        """After a session that was of use; not after one that ended at once."""
        backoff = Backoff(lambda: 1.0)
        waits = [backoff.delay(was) for was in (False, False, True, False)]
        self.assertEqual(waits, [0.25, 0.5, 0.25, 0.5])

    def test_by_chance(self) -> None:
        """Two clients that lost the same server do not come back together."""
        waits = {Backoff().delay(False) for _ in range(20)}
        self.assertGreater(len(waits), 15)
        self.assertLessEqual(max(waits), SHORTEST)
