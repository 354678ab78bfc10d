"""Lines that are longer than the terminal is wide."""

from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.terminal.wrap import wrapped


def lines(*texts: str, width: int) -> list[str]:
    """Return the lines that fragments with these texts become."""
    shown = wrapped([("", text) for text in texts], width)
    return "".join(text for _, text in shown).split("\n")


class WrapTests(SynchronousTestCase):
    """Where lines are broken."""

    def test_between_words(self) -> None:
        """No word is cut, the rest is indented."""
        self.assertEqual(
            lines("alice", ": ", "one two three four five", width=16),
            ["alice: one two", "    three four", "    five"],
        )

    def test_what_fits_stays(self) -> None:
        """To the last column, with all its spaces."""
        self.assertEqual(lines("* 34  7 90", width=10), ["* 34  7 90"])
        self.assertEqual(lines("a ", " b ", width=10), ["a  b "])

    def test_line_feeds_stay(self) -> None:
        """Those of a message, with their indent."""
        self.assertEqual(
            lines("bob", ": ", "one\n    two three four", width=14),
            ["bob: one", "    two three", "    four"],
        )

    def test_a_long_word(self) -> None:
        """It is cut, so that no part of it begins where a line of its own does."""
        self.assertEqual(
            lines("see ", "x" * 40, " there", width=24),
            ["see " + "x" * 20, "    " + "x" * 20, "    there"],
        )
        no_break = "a" * 18 + "\u00a0!\u00a0gone"
        for line in lines("bob: ", no_break, width=24)[1:]:
            self.assertTrue(line.startswith("    "), line)

    def test_a_narrow_terminal(self) -> None:
        """There is no room to break anything well."""
        self.assertEqual(lines("one two three four five", width=7)[1:], [])

    def test_wide_characters(self) -> None:
        """Each takes two columns."""
        self.assertEqual(lines("漢字 漢字 漢字", width=10), ["漢字 漢字", "    漢字"])
        self.assertEqual(lines("漢漢 漢漢漢漢", width=12), ["漢漢", "    漢漢漢漢"])

    def test_styles_stay(self) -> None:
        """Each part keeps its style."""
        shown = wrapped([("bold", "one two"), ("dim", " three")], 9)
        self.assertEqual(
            shown, [("bold", "one"), ("bold", " two"), ("dim", "\n    three")]
        )

    @given(st.lists(st.text("ab 漢\n", max_size=30), max_size=5), st.integers(12, 40))
    def test_nothing_is_lost(self, texts: list[str], width: int) -> None:
        """The text is the same, and no line is too long."""
        shown = lines(*texts, width=width)
        written = "".join("".join(texts).split())
        self.assertEqual("".join("".join(shown).split()), written)
        for line in shown:
            self.assertLessEqual(get_cwidth(line.rstrip()), width)
