"""What is said when a message could not be sent; see also tests.system.test_shell."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.shell.sending import what_is_known


class KnownTests(SynchronousTestCase):
    """What became of the messages."""

    def test_what_is_known(self) -> None:
        """Nothing is said to be lost or stored that may not be."""
        for numbers, text in {
            (0, 1): "whether the message is stored is not known",
            (3, 0): "3 stored, no other was sent",
            (3, 1): "3 stored, of 1 other it is not known",
            (3, 2): "3 stored, of 2 others it is not known",
        }.items():
            self.assertEqual(what_is_known(*numbers), text)
