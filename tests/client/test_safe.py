"""Text that others wrote, made harmless."""

import json
import sys
import unicodedata

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.safe import indented, safe, safe_json, sendable

VISIBLE = {0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6DD, 0x70F, 0x890, 0x891, 0x8E2}
VISIBLE |= {0x110BD, 0x110CD, *range(0x13430, 0x13440)}
"""Format characters that show as something: signs around numbers and hieroglyphs."""

KEPT = (
    "grüße, 你好, שלום, مرحبا ✓ a\u0301 \u00a0",
    "👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 🏳\ufe0f\u200d🌈 👍🏽",
    "می\u200cخواهم क्\u200dष",
    "two\nlines\n",
)


class SafeTests(SynchronousTestCase):
    """Which characters pass, and what becomes of the others."""

    def test_no_control_or_format_character_passes(self) -> None:
        """Of all that Unicode calls a control, format, surrogate or separator of
        lines, only the line feed and visible signs pass; what passes is itself."""
        dangerous = {"Cc", "Cf", "Cs", "Zl", "Zp"}
        for code in range(sys.maxunicode + 1):
            char = chr(code)
            if unicodedata.category(char) in dangerous and code not in VISIBLE:
                passed = char == "\n"
                self.assertEqual(char in safe(f"a{char}b"), passed, hex(code))

    def test_marks_are_visible(self) -> None:
        """Each is shown as Python would write it."""
        given = "\x1b[2J \x07 \x9b \u202e \u200b \U000e0041 \ud800 \x00 \x7f \r."
        shown = r"\x1b[2J \x07 \x9b \u202e \u200b \U000e0041 \ud800 \x00 \x7f \r."
        self.assertEqual(safe(given), shown)

    def test_text_stays_as_it_is(self) -> None:
        """Scripts and emoji are not harmed: joiners stay where they belong."""
        for text in KEPT:
            self.assertEqual(safe(text), text)

    def test_joiners_elsewhere_are_marked(self) -> None:
        """Between letters that do not join, or at an end, they would only hide."""
        self.assertEqual(safe("ad\u200dmin \u200c"), r"ad\u200dmin \u200c")
        self.assertEqual(safe("👍\u200d"), r"👍\u200d")

    def test_white_space(self) -> None:
        """A tab is four spaces, a line ends with a line feed alone."""
        self.assertEqual(safe("a\tb\r\nc"), "a    b\nc")

    def test_accents_without_end(self) -> None:
        """They would cover the lines above: 15 stay, of any script."""
        for accent in "\u0301\u20dd\u0e49\u064e\u05b0":
            tower = f"a{accent * 15}"
            self.assertEqual(safe(f"{tower}b {tower}"), f"{tower}b {tower}")
            self.assertEqual(safe(f"{tower}{accent * 500}b"), f"{tower}…b")
            self.assertEqual(safe(safe(f"{tower}{accent}")), f"{tower}…")

    def test_json_means_the_same(self) -> None:
        """What would harm is escaped as JSON has it, outside of the BMP too."""
        given = (
            "grüße \x7f \x9b \u202e \U000e0041 👨\u200d👩 \u200b" + "e" + "\u0301" * 20
        )
        shown = safe_json(json.dumps(given, ensure_ascii=False))
        self.assertEqual(json.loads(shown), given)
        self.assertEqual(safe(shown), shown)
        self.assertTrue(
            shown.startswith(r'"grüße \u007f \u009b \u202e \udb40\udc41 👨')
        )

    def test_lines_after_the_first_are_indented(self) -> None:
        """So none of them looks like a line of the server's."""
        self.assertEqual(indented("a\n* bob left"), "a\n    * bob left")

    def test_what_is_typed_can_be_sent(self) -> None:
        """No frame can carry a NUL or a lone surrogate."""
        self.assertEqual(sendable("a\0b\ud800ü"), "ab?ü")
