"""The token bucket."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ecochat.net.bucket import RateLimit, TokenBucket

BEGIN = 1_795_235_449.125
"""A time of today, in seconds: there floats are coarser than near 0."""


class BucketTests(SynchronousTestCase):
    """Four tokens a second, three at once."""

    def setUp(self) -> None:
        self.bucket = TokenBucket(RateLimit(4.0, 3), BEGIN)

    def taken(self, at: float) -> int:
        """Take all tokens that there are at a time, in seconds; return how many."""
        count = 0
        while not self.bucket.wait(BEGIN + at):
            self.bucket.take()
            count += 1
        return count

    def test_a_table_of_times(self) -> None:
        """At each time what has been gained since is there, and never more than the
        burst; the rest of a token is kept, and a clock that is set back gives none."""
        for at, tokens in (
            (0.0, 3),
            (0.0, 0),
            (0.125, 0),
            (0.25, 1),
            (0.375, 0),
            (1.0, 3),
            (1.125, 0),
            (9.0, 3),
            (9.5, 2),
            (5.0, 0),
            (5.25, 1),
            (-3600.0, 0),
            (-3599.5, 2),
        ):
            self.assertEqual(self.taken(at), tokens, at)

    def test_how_long_it_takes(self) -> None:
        """Until the next token, however many are missing."""
        self.assertEqual(self.bucket.wait(BEGIN), 0)
        for _ in range(3):
            self.bucket.take()
        self.assertEqual(self.bucket.wait(BEGIN), 0.25)
        self.assertEqual(self.bucket.wait(BEGIN + 0.125), 0.125)
        for _ in range(2):  # as one does whose connection is gone
            self.bucket.take()
        self.assertEqual(self.bucket.wait(BEGIN + 0.125), 0.625)

    def test_who_has_waited_need_not_wait_again(self) -> None:
        """Whatever the rate, and however coarse the clock's numbers are."""
        for rate in (1 / 60, 100 / 60, 3.0, 20.0, 33.0):
            for begin in (0.0, 0.3, BEGIN):
                bucket, now = TokenBucket(RateLimit(rate, 1), begin), begin
                for _ in range(100):
                    bucket.take()
                    now += bucket.wait(now)
                    self.assertEqual(bucket.wait(now), 0, (rate, begin))
