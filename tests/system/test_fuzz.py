"""What no client should send: the short form of :mod:`tests.system.fuzz`."""

from twisted.trial.unittest import TestCase

from tests.system.fuzz import Figures, run

SECONDS = 5.0
SEED = 20_261_121


class FuzzTests(TestCase):
    """Nothing that is sent disturbs the server, or others."""

    def check_peace(self, figures: Figures) -> None:
        """Check that nothing went wrong and nothing was lost."""
        self.assertEqual(figures.trouble, [], f"seed {figures.seed}")
        self.assertGreater(figures.connections, 20)
        self.assertGreater(len(figures.said), 0)
        self.assertEqual(list(figures.kept.items()), list(figures.said.items()))
        count = len(figures.numbers)
        self.assertEqual(figures.numbers, list(range(1, count + 1)))

    def test_noise_disturbs_nobody(self) -> None:
        """A well-behaved client is answered all through, what it said is kept in
        order among what the others said, and the server's log has no exception."""
        self.check_peace(run(SECONDS, SEED))

    def test_noise_in_ever_new_rooms_disturbs_nobody(self) -> None:
        """The same where every room has a new name."""
        self.check_peace(run(SECONDS / 2, SEED, many_rooms=True))
