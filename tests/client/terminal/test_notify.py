"""What is written to a terminal to call somebody."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.terminal.notify import LENGTH, Notifier


class NotifierTests(SynchronousTestCase):
    """With a clock that is set by hand."""

    def setUp(self) -> None:
        self.now = 0.0
        self.written: list[str] = []
        self.notifier = Notifier(self.written.append, lambda: self.now)

    def test_what_is_written(self) -> None:
        """A bell; and OSC 9, which the terminal takes up to the BEL."""
        self.notifier.bell()
        self.notifier.notify("bob in #dev", "ada: look")
        self.assertEqual(
            self.written, ["\a", "\x1b]9;EcoChat: bob in #dev: ada: look\a"]
        )

    def test_at_most_one_a_second(self) -> None:
        """Of each; what comes sooner is dropped, and does not put off the next."""
        for self.now in (0.0, 0.5, 0.99, 1.0, 1.5, 2.0):
            self.notifier.bell()
            self.notifier.notify("t", f"{self.now}")
        self.assertEqual(self.written.count("\a"), 3)
        shown = [text[-4:-1] for text in self.written if text != "\a"]
        self.assertEqual(shown, ["0.0", "1.0", "2.0"])

    def test_what_others_wrote(self) -> None:
        """Cannot end the sequence, nor begin another, nor be one of its numbers."""
        for bad in ("\a\x1b[2J", "\x1b\\", "\x9c", "\n", "\0", "\u202e"):
            for title, text in ((bad, "x"), ("t", bad)):
                self.now += 1
                self.notifier.notify(title, text)
                inner = self.written[-1].removeprefix("\x1b]9;").removesuffix("\a")
                self.assertTrue(inner.isprintable(), repr(inner))
        self.now += 1
        self.notifier.notify("4;1;50", "")
        self.assertFalse(self.written[-1].startswith("\x1b]9;4"))

    def test_its_length(self) -> None:
        """What is too long is cut."""
        self.notifier.notify("t", "é" * 4_000)
        self.assertEqual(len(self.written[0]), LENGTH + len("\x1b]9;\a"))
