"""What people write between signs."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen.code import LEXERS, TIME, coloured, in_time
from ecochat.client.screen.graphemes import displayable
from ecochat.client.screen.markup import fragments
from tests.client.screen.hostile import HOSTILE, harm

LINK = "class:link"
QUIET = "class:quiet"


def written(text: str, nick: str = "") -> list[tuple[str, str]]:
    """Return the parts that have a style."""
    return [(style, part) for style, part in fragments(text, nick) if style]


class InlineTests(SynchronousTestCase):
    """Signs within a line."""

    def test_bold_and_italic(self) -> None:
        """The signs stay, and have the style too."""
        self.assertEqual(
            fragments("a *b c*, _d_"),
            [
                ("", "a "),
                ("class:bold", "*"),
                ("class:bold", "b c"),
                ("class:bold", "*"),
                ("", ", "),
                ("class:italic", "_"),
                ("class:italic", "d"),
                ("class:italic", "_"),
            ],
        )

    def test_one_in_the_other(self) -> None:
        """Styles add up."""
        self.assertIn(("class:bold class:italic", "b"), fragments("*a _b_*"))

    def test_no_signs(self) -> None:
        """Products, names of variables, lists and rows of signs are text."""
        for text in (
            "2*3*4",
            "a*b*",
            "snake_case_name_",
            "* a * b",
            "***",
            "_ _",
            "*a\nb*",
        ):
            self.assertEqual(written(text), [], text)

    def test_code(self) -> None:
        """Nothing in it is a sign."""
        self.assertEqual(written("`*a* b`"), [("class:code", "`*a* b`")])
        self.assertEqual(written("```a ``b```"), [])
        self.assertEqual(written("``` a ```"), [("class:code", "``` a ```")])

    def test_who_is_called(self) -> None:
        """One's own name as a word, in whatever case; also in bold."""
        called = written("Me, meme *me*", "me")
        self.assertEqual(called[0], ("class:called", "Me"))
        self.assertIn(("class:bold class:called", "me"), called)
        self.assertEqual(len(called), 4)
        self.assertEqual(written("(a|b)", "(a|b)"), [("class:called", "(a|b)")])

    def test_the_style_before(self) -> None:
        """It stands before every style."""
        self.assertEqual(
            fragments("a `b`", style="x"), [("x", "a "), ("x class:code", "`b`")]
        )


class LinkTests(SynchronousTestCase):
    """Addresses."""

    def test_a_link(self) -> None:
        """Its address is in the style; what ends the sentence is not in it."""
        shown = {
            "see https://a.example/b?c=d#e.": "https://a.example/b?c=d#e",
            "(http://a.example)": "http://a.example",
            "https://a.example/b_(c), d": "https://a.example/b_(c)",
            "https://a.example:80/%20;x": "https://a.example:80/%20;x",
        }
        for text, address in shown.items():
            self.assertEqual(written(text), [(f"{LINK} [{address}]", address)], text)
            self.assertEqual("".join(part for _, part in fragments(text)), text)

    def test_beyond_ascii(self) -> None:
        """A path is quoted; a name of a host that may only look like one is shown, and
        leads nowhere."""
        self.assertEqual(
            written("https://a.example/ü"),
            [(f"{LINK} [https://a.example/%C3%BC]", "https://a.example/ü")],
        )
        self.assertEqual(
            written("https://a\u0430.com/"), [(LINK, "https://a\u0430.com/")]
        )

    def test_too_long(self) -> None:
        """It leads nowhere."""
        address = "https://a.example/" + "x" * 1_000
        self.assertEqual(written(address), [(LINK, address)])

    def test_brackets_end_it(self) -> None:
        """So that nothing in an address is a word of prompt_toolkit's."""
        found = fragments("https://a.example/[ZeroWidthEscape]")
        self.assertEqual(found[0][0], f"{LINK} [https://a.example/]")
        self.assertEqual(found[1], ("", "[ZeroWidthEscape]"))


class CodeTests(SynchronousTestCase):
    """Lines of code."""

    def test_colours(self) -> None:
        """The language stands behind the first fence; text around it is text."""
        found = fragments("look:\n```py\ndef f(): pass\n```\n*so*")
        self.assertEqual(found[0], ("", "look:\n"))
        self.assertEqual(found[1], (QUIET, "```py\n"))
        self.assertIn(("class:code.keyword", "def"), found)
        self.assertIn(("class:code.name.function", "f"), found)
        self.assertIn((QUIET, "```\n"), found)
        self.assertEqual(found[-2], ("class:bold", "so"))

    def test_other_languages(self) -> None:
        """They have one colour."""
        found = written("```klingon\n*Qapla'*\n```")
        self.assertEqual(
            found,
            [(QUIET, "```klingon\n"), ("class:code", "*Qapla'*\n"), (QUIET, "```")],
        )

    def test_fences(self) -> None:
        """Two blocks, an empty one, and one that does not end."""
        found = written("```\na\n```\n```\n```\n```\nb")
        self.assertEqual([part for _, part in found if "```" not in part], ["a\n"])
        self.assertEqual(written("```py\nx = 1"), [])

    def test_all_lexers(self) -> None:
        """Each language that is known has one, and it loses nothing."""
        text = "\n a = 'b' # c\n\n<d>\n"
        for name in sorted(LEXERS):
            parts = coloured(text, name)
            self.assertEqual("".join(part for _, part in parts), text, name)

    def test_no_more_than_there_is_time_for(self) -> None:
        """The rest has one style, and nothing is lost."""
        tokens = [("Token.Name", "a"), ("Token.Text", " "), ("Token.Name", "b")]
        ticks = iter([0.0, 0.0, TIME + 0.001])
        found = list(in_time(tokens, "a b c", lambda: next(ticks)))
        styles = ["class:code.name", "class:code.text", "class:code"]
        self.assertEqual(found, list(zip(styles, ["a", " ", "b c"], strict=True)))
        self.assertEqual(list(in_time(tokens[:1], "a")), [("class:code.name", "a")])


class HarmlessTests(SynchronousTestCase):
    """What is shown, whatever was written."""

    def test_hostile_text(self) -> None:
        """No control character comes through, in no style either."""
        for text in HOSTILE:
            found = [(s, t.replace("\n", "")) for s, t in fragments(text, "alice")]
            self.assertEqual(harm([found]), [], repr(text))

    @given(st.text("ab*_` \n[]/:.() https://a", max_size=60) | st.text(max_size=40))
    def test_all_text_is_there(self, text: str) -> None:
        """With all signs."""
        found = fragments(text, "a")
        self.assertEqual("".join(part for _, part in found), displayable(text))

    @given(st.lists(st.sampled_from(["```", "```py", "a = 1", "", "*b*"]), max_size=12))
    def test_all_lines_are_there(self, lines: list[str]) -> None:
        """However fences are set."""
        text = "\n".join(lines)
        self.assertEqual("".join(part for _, part in fragments(text)), text)
