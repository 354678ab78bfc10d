"""Where text is broken into rows."""

from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen.graphemes import LONGEST, cells, displayable
from ecochat.client.screen.wrapping import LEAST, wrapped

TEXTS = st.text("ab  漢é\n👍\u0301\u200d🏽क\u094dش", max_size=LONGEST) | st.text(
    max_size=LONGEST
)


def rows(*texts: str, width: int) -> list[str]:
    """Return the rows that fragments with these texts become."""
    shown = wrapped([(str(n), text) for n, text in enumerate(texts)], width)
    return ["".join(text for _, text in row) for row in shown]


class WrappingTests(SynchronousTestCase):
    """Words, long words, spaces and line feeds."""

    def test_between_words(self) -> None:
        """Spaces at the end of a row go."""
        self.assertEqual(
            rows("one two three", width=8),
            ["one two", "three"],
        )
        self.assertEqual(rows("to the last", width=11), ["to the last"])

    def test_a_word_of_several_styles(self) -> None:
        """It stays together."""
        self.assertEqual(rows("a ", "*bold*", ", b", width=8), ["a", "*bold*,", "b"])

    def test_a_long_word(self) -> None:
        """It fills rows, the first of which has begun."""
        self.assertEqual(
            rows("see", " ", "abcdefghij", " x", width=6),
            ["see ab", "cdefgh", "ij x"],
        )

    def test_wide_characters(self) -> None:
        """Where there are no spaces between words it is broken between characters; none
        is half in a row."""
        self.assertEqual(rows("a 漢字漢字", width=7), ["a 漢字", "漢字"])
        self.assertEqual(rows("漢字漢", width=5), ["漢字", "漢"])

    def test_clusters_stay_whole(self) -> None:
        """A letter and its accents are in one row."""
        self.assertEqual(
            rows("e\u0301e\u0301e\u0301", width=2), ["e\u0301e\u0301", "e\u0301"]
        )

    def test_lines(self) -> None:
        """Line feeds end rows; what a line begins with stays."""
        self.assertEqual(
            rows("if x:\n    y\n\nz\n", width=20), ["if x:", "    y", "", "z", ""]
        )

    def test_a_deep_indent(self) -> None:
        """Of more than half a row of spaces half a row is left."""
        self.assertEqual(rows(" " * 30 + "abc", width=10), [" " * 5 + "abc"])
        self.assertEqual(rows(" " * 30 + "abcdef", width=10), ["     abcde", "f"])

    def test_styles(self) -> None:
        """Each part keeps its own."""
        self.assertEqual(
            wrapped([("a", "one two"), ("b", " three")], 9),
            [[("a", "one two")], [("b", "three")]],
        )

    def test_nothing(self) -> None:
        """It is a row."""
        self.assertEqual(wrapped([], 9), [[]])

    @given(st.lists(TEXTS, max_size=5), st.integers(LEAST, 40))
    def test_nothing_is_lost(self, texts: list[str], width: int) -> None:
        """But spaces; and no row is too wide, by whatever measure."""
        texts = [displayable(text) for text in texts]
        parts = wrapped([(str(n), text) for n, text in enumerate(texts)], width)
        shown = ["".join(text for _, text in row) for row in parts]
        self.assertEqual(
            "".join("".join(shown).split()), "".join("".join(texts).split())
        )
        for row, text in zip(parts, shown, strict=True):
            self.assertLessEqual(sum(cells(part) for _, part in row), width)
            self.assertLessEqual(get_cwidth(text), width)
