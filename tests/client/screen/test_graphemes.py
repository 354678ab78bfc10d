"""Text in cells."""

from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen.graphemes import (
    LONGEST,
    cells,
    clusters,
    cut,
    displayable,
    end_of,
    isolated,
    one_line,
)

FAMILY = "👨\u200d👩\u200d👧"


class DisplayableTests(SynchronousTestCase):
    """What is shown of a text."""

    def test_emoji_are_as_wide_everywhere(self) -> None:
        """Sequences become their parts, or lose what terminals do not agree on."""
        shown = {
            FAMILY: "👨👩👧",
            "👍🏽 👩🏾\u200d🚀": "👍 👩🚀",
            "❤\ufe0f ⌚\ufe0e 1\ufe0f\u20e3": "❤ ⌚ 1\u20e3",
            "🇩🇪 🇫🇷!": "DE FR!",
            "🏽 alone": "🏽 alone",
        }
        for text, expected in shown.items():
            self.assertEqual(displayable(text), expected)

    def test_scripts_stay(self) -> None:
        """Joiners of letters and combining marks are not touched."""
        for text in ("می\u200cخواهم", "क्\u200dष", "e\u0301", "한국어", "漢字"):
            self.assertEqual(displayable(text), text)

    def test_marks_for_what_is_not_safe(self) -> None:
        """Also where somebody else should have made them; only line feeds pass."""
        self.assertEqual(displayable("a\x1b[2J\nb\u202e"), "a\\x1b[2J\nb\\u202e")
        self.assertEqual(one_line("a\nb"), "a b")


class CutTests(SynchronousTestCase):
    """Clusters, widths, and where a text is cut."""

    def test_clusters(self) -> None:
        """An accent stays with its letter."""
        self.assertEqual([*clusters("ae\u0301b")], ["a", "e\u0301", "b"])
        self.assertEqual([*clusters("漢e\u0301")], ["漢", "e\u0301"])

    def test_a_tower_of_accents(self) -> None:
        """What is beyond some is left out, and that is shown."""
        tower = "e" + "\u0301" * 500
        self.assertEqual([*clusters(tower)], [tower[:LONGEST], "…"])

    def test_cells(self) -> None:
        """Wide characters take two, accents none."""
        widths = {
            "abc": 3,
            "漢字": 4,
            "e\u0301": 1,
            "👍": 2,
            "한": 2,
            "नि": 2,
            "क्ष्म": 3,
            "": 0,
        }
        for text, expected in widths.items():
            self.assertEqual(cells(text), expected, text)

    def test_cut(self) -> None:
        """The ellipsis is within the width, no cluster is cut."""
        self.assertEqual(cut("alice", 5), "alice")
        self.assertEqual(cut("alice", 4), "ali…")
        self.assertEqual(cut("漢字漢", 4), "漢…")
        self.assertEqual(cut("me\u0301e\u0301", 2), "m…")
        self.assertEqual(cut("alice", 0), "")

    @given(st.text(max_size=30), st.integers(0, 20))
    def test_never_wider(self, text: str, width: int) -> None:
        """Whatever the text is."""
        shown = cut(one_line(text), width)
        self.assertLessEqual(cells(shown), width)
        self.assertLessEqual(get_cwidth(shown), width)


class IsolatedTests(SynchronousTestCase):
    """Writing from right to left."""

    def test_only_what_needs_it(self) -> None:
        """It is put between two characters without width, other text is as it was."""
        self.assertEqual(isolated([("", "abc")]), [("", "abc")])
        turned = isolated([("a", "abc"), ("b", "שלום")])
        text = "".join(text for _, text in turned)
        self.assertEqual(text, "\u2068abcשלום\u2069")
        self.assertEqual(cells(text), 7)


class EndTests(SynchronousTestCase):
    """The end of a text."""

    def test_what_is_cut(self) -> None:
        """Is an ellipsis; a wide character is never halved."""
        self.assertEqual(end_of("hello", 5), "hello")
        self.assertEqual(end_of("hello", 3), "…lo")
        self.assertEqual(end_of("漢字漢字", 4), "…字")
        self.assertEqual(end_of("hello", 1), "…")
