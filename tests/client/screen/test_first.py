"""What the screen shows before there is a server."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen.first import encoding_note


class EncodingTests(SynchronousTestCase):
    """What the terminal can take."""

    def test_all_letters(self) -> None:
        """Nothing is said, however Python calls it."""
        for name in ("utf-8", "UTF-8", "UTF8"):
            self.assertEqual(encoding_note(name), "")

    def test_few_letters(self) -> None:
        """It is said which, and what to do."""
        for name in ("ANSI_X3.4-1968", "iso8859-1"):
            self.assertIn(f"{name}: ", encoding_note(name))
            self.assertIn("set LC_ALL", encoding_note(name))
