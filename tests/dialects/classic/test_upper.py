"""The upper-case program."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import requests as r
from ecochat.dialects.classic.upper import UpperDialect


class UpperTests(SynchronousTestCase):
    """What a read asks for."""

    def setUp(self) -> None:
        self.parser = UpperDialect("class").parser()

    def test_messages(self) -> None:
        """The room sees what was written, its writer the upper case of all of it."""
        for read, text, upper in (
            ("hello", "hello", "HELLO"),
            ("straße ǆ ŉ\n", "straße ǆ ŉ", "STRASSE Ǆ ʼN\n"),
            ("ﬁ", "ﬁ", "FI"),
            ("close socket please", "close socket please", "CLOSE SOCKET PLEASE"),
            ("close  socket", "close  socket", "CLOSE  SOCKET"),
        ):
            self.assertEqual(self.parser.request(read), r.Say(text, ref=upper))

    def test_nothing_to_say(self) -> None:
        """It is sent back."""
        self.assertEqual(self.parser.request(" \n"), r.Tell(" \n", ref=" \n"))

    def test_the_end(self) -> None:
        """In any case, with blanks around it."""
        for read in ("CLOSE SOCKET", "close socket\r\n", " Close Socket \n"):
            self.assertEqual(self.parser.request(read), r.Depart())
