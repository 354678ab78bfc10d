"""Classic words: they are commands only as whole frames, and written so."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.requests import Depart, Time
from ecochat.core.words import WORDS, WORDS_IN_ANY_CASE, find_word


class WordsTests(SynchronousTestCase):
    """What is one of them."""

    def test_each_word(self) -> None:
        """As it is in its table."""
        for word, request in (WORDS | WORDS_IN_ANY_CASE).items():
            self.assertEqual(find_word(word), request)
        self.assertEqual(find_word("TIME"), Time(local=True))
        self.assertEqual(find_word("Exit"), Depart(tell=True))

    def test_messages(self) -> None:
        """Anything else is none, and QUIT has a rule of its own."""
        for text in ("time", "TIME ", " q", "exit now", "QUIT", "x" * 4_000, ""):
            self.assertIsNone(find_word(text), text)
