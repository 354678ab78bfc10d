"""What is told in the shell at the end."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen.farewell import Left

WHERE = "lab:4040"


class LeftTests(SynchronousTestCase):
    """Each sentence."""

    def test_nothing(self) -> None:
        """Is told where nothing waits."""
        self.assertEqual(Left(WHERE, 0, 0).told(), [])

    def test_what_waits(self) -> None:
        """What becomes of it, one or many."""
        one, other = Left(WHERE, 1, 2).told()
        end = "is not stored yet; it is sent at the next start there"
        self.assertEqual(one, f"1 message for lab:4040 {end}")
        end = "are refused; they are shown at the next start there"
        self.assertEqual(other, f"2 messages for lab:4040 {end}")

    def test_what_is_not_kept(self) -> None:
        """It says so."""
        one, other = Left(WHERE, 2, 1, False, False).told()
        end = "not stored yet, and they could not be kept on this machine's disk"
        self.assertEqual(one, f"2 messages for lab:4040 are {end}")
        end = "is refused, and it could not be kept on this machine's disk"
        self.assertEqual(other, f"1 message for lab:4040 {end}")
