"""A crowd in one room."""

from twisted.trial.unittest import TestCase

from tests.system import crowd


class CrowdTests(TestCase):
    """Many clients that talk all at once."""

    def test_each_gets_everything_once_in_the_order_of_the_log(self) -> None:
        """100 clients join, talk, leave: each got every message of the others exactly
        once, and its live order is that of the log."""
        figures = crowd.run(clients=100, messages=5)
        self.assertEqual(figures.messages, 500)
        self.assertEqual(figures.deliveries, 100 * 500)
