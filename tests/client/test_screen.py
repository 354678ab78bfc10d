"""What others write, on its whole way to the screen: nothing harmful gets out."""

import re
import sys
import unicodedata

from twisted.trial.unittest import SynchronousTestCase

from tests.client.fakes import Desk, at_desk

ATTACKS = (
    "\x1b[2J\x1b[H",  # clear the screen
    "\x1b]0;owned\x07",  # the window's title
    "\x1b]52;c;cm0gLXJm\x07",  # the clipboard
    "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",  # a link
    '\x1bP$q"p\x1b\\',  # a question that the terminal answers as if typed
    "\x1b[6n\x1b[c\x05",
    "\x1b[?1049h\x1b[?25l\x1bc",
    "\x9b2J\x9d0;owned\x9c\x90q\x9c",  # the same in C1
    "a\rb\x08\x08\x08c\x0b\x0c\x7f",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200fx",  # written from right to left
    "ad\u200bmin \ufeffx \u00ad \u2060 \U000e0041\U000e007f",  # not seen
    "x\n* bob left",
    "x\n\x1b[1A\x1b[2K* bob left",
    "\u2028* bob left\u2029\x85y",
)
OWN_SEQUENCES = re.compile(
    r"\x1b(?:\[\?(?:1|7|12|25|2004)[hl]|\[[\d;]*[mABCDJKHG]|\[\d? q)"
)
"""What prompt_toolkit itself writes: colours, moves and erasures."""

WHERE = (
    "bob: {}",
    "{}: hi",
    "[{}] bob: hi",
    "[lab] {}: hi",
    "* {} joined",
    "* bob is now {}",
    "* bob set the topic: {}",
    "* lobby {} s3",
    "* lobby 1 2026-11-21T04:30:49.123Z bob: {}",
    "* You are {} in lobby alone.",
    "* You are alice in {} alone.",
    "* Welcome to {}. You are alice in lobby alone. /nick",
    "! no such room {}",
    "+ {} 1",
    "{}",
)
"""Each place of a frame where something of someone else's can stand."""


class ScreenTests(SynchronousTestCase):
    """The bytes of the server against the characters for the terminal."""

    def written(self, *frames: str) -> str:
        """Return what is written to the terminal when these frames come."""

        async def act(desk: Desk) -> None:
            desk.hear(*frames)
            desk.hear("bob: the last line")
            await desk.until(lambda: ": the last line" in desk.screen.getvalue())
            desk.keyboard.send_text("\t")  # names are offered, too
            desk.hear("bob: after the names")
            await desk.until(lambda: ": after the names" in desk.screen.getvalue())

        return at_desk(act).screen.getvalue()

    def assert_harmless(self, written: str) -> None:
        """See that beside prompt_toolkit's own sequences there is only text."""
        rest = OWN_SEQUENCES.sub("", written)
        bad = {
            char
            for char in rest
            if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        }
        self.assertEqual(bad - {"\r", "\n"}, set())

    def test_every_control_code(self) -> None:
        """All of C0, DEL and C1, in every place."""
        codes = [*range(1, 32), *range(127, 160)]
        text = "".join(f"{chr(code)}." for code in codes)
        written = self.written(*(frame.replace("{}", text) for frame in WHERE))
        self.assert_harmless(written)
        whole = written.replace("\r\n    ", "")
        for code in codes:
            if code not in (9, 10):
                self.assertIn(rf"\x{code:02x}." if code != 13 else r"\r.", whole)

    def test_known_attacks(self) -> None:
        """In every place; none of them does what it is made for."""
        for frame in WHERE:
            written = self.written(*(frame.replace("{}", a) for a in ATTACKS))
            self.assert_harmless(written)
            self.assertNotIn("\x1b[2J\x1b[H", written)
            self.assertNotIn("\n* bob left", written.replace("\r", ""))

    def test_carriage_returns_are_the_terminals_own(self) -> None:
        """None comes from a message: each stands where a line ends or begins."""
        written = self.written("bob: secret\rpublic")
        self.assertIn(r"secret\rpublic", written)

    def test_any_character(self) -> None:
        """Of all that can be written, whatever it is."""
        step = 997
        chars = [chr(c) for c in range(1, sys.maxunicode, step)]
        chars = [c for c in chars if unicodedata.category(c) != "Cs"]
        self.assert_harmless(self.written("bob: " + "".join(chars)))
