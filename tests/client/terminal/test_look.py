"""How lines look."""

from prompt_toolkit.styles import Style
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.lines import Fragments
from ecochat.client.terminal.line import Kind, Line, error, line, notice
from ecochat.client.terminal.look import (
    STYLE,
    fragments,
    nick_style,
    prompt_fragments,
    waiting_fragments,
)

HI: Fragments = [("name", "bob"), ("", ": "), ("text", "hi")]

SHOWN = (
    (Line(Kind.OTHER, HI), "bob: hi"),
    (Line(Kind.OTHER, HI, "lab"), "[lab] bob: hi"),
    (Line(Kind.OWN, HI, "", "42"), "bob: hi  42"),
    (Line(Kind.OWN, HI, "@bob", "1"), "[@bob] bob: hi  1"),
    (Line(Kind.NOTICE, [("quiet", "x "), ("found", "y")]), "* x y"),
    (notice("one\ntwo"), "* one\n    two"),
    (line(Kind.PRESENCE, "bob joined"), "* bob joined"),
    (error("no such room"), "! no such room"),
)


class LookTests(SynchronousTestCase):
    """From lines to styles and texts."""

    def test_each_kind(self) -> None:
        """The words of each line, and styles that prompt_toolkit knows."""
        style = Style.from_dict(STYLE)
        for given, shown in SHOWN:
            made = fragments(given, "alice")
            self.assertEqual("".join(text for _, text in made), shown)
            for name, _ in made:
                style.get_attrs_for_style_str(name)

    def test_names_have_their_colours(self) -> None:
        """But for one's own."""
        self.assertEqual(
            fragments(Line(Kind.OTHER, HI), "")[0], (nick_style("bob"), "bob")
        )
        self.assertEqual(fragments(Line(Kind.OWN, HI), "")[0], ("class:own", "bob"))

    def test_who_is_called_sees_it(self) -> None:
        """Ones own name in a message makes it bold; as a word of its own only."""
        called = {"Alice: tea?": True, "malice": False, "thanks @alice": True}
        for text, bold in called.items():
            written: Fragments = [("name", "alice"), ("text", text)]
            styles = dict(fragments(Line(Kind.OTHER, written), "alice"))
            self.assertEqual("class:called" in styles, bold, text)
        styles = dict(fragments(Line(Kind.OTHER, HI), ""))
        self.assertNotIn("class:called", styles)

    def test_the_prompt(self) -> None:
        """Says who and where one is, and that there is no connection."""
        prompts = {
            ("alice", "lobby", True): "alice lobby> ",
            ("Server", "", True): "Server> ",
            ("alice", "lab", False): "alice lab (no connection)> ",
        }
        for given, shown in prompts.items():
            made = "".join(text for _, text in prompt_fragments(*given))
            self.assertEqual(made, shown)

    def test_what_waits_takes_one_line(self) -> None:
        """However many it has."""
        shown = {"one": "alice: one", "one\ntwo\nthree": "alice: one …"}
        for text, waiting in shown.items():
            self.assertEqual(waiting_fragments(text, "alice")[0][1], waiting)
