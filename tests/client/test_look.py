"""How lines look."""

from prompt_toolkit.styles import Style
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.line import Kind, Line
from ecochat.client.look import (
    COLOURS,
    STYLE,
    fragments,
    nick_style,
    prompt_fragments,
    waiting_fragments,
)

SHOWN = {
    Line(Kind.MESSAGE, "hi", "bob"): "bob: hi",
    Line(Kind.MESSAGE, "a\nb", "bob", "lab"): "[lab] bob: a\n    b",
    Line(Kind.MESSAGE, "/me waves", "bob"): "~ bob waves",
    Line(Kind.OWN, "hi", "alice", "", "42"): "alice: hi  42",
    Line(Kind.OWN, "/me waves", "alice", "@bob", "1"): "[@bob] ~ alice waves  1",
    Line(Kind.NOTICE, "one\ntwo"): "* one\n    two",
    Line(Kind.PRESENCE, "bob joined"): "* bob joined",
    Line(Kind.ERROR, "no such room"): "! no such room",
}


class LookTests(SynchronousTestCase):
    """From lines to styles and texts."""

    def test_each_kind(self) -> None:
        """The words of each line, and styles that prompt_toolkit knows."""
        style = Style.from_dict(STYLE)
        for line, shown in SHOWN.items():
            made = fragments(line, "alice")
            self.assertEqual("".join(text for _, text in made), shown)
            for name, _ in made:
                style.get_attrs_for_style_str(name)

    def test_names_keep_their_colour(self) -> None:
        """The same in every run, and not the same for all."""
        self.assertEqual(nick_style("alice"), nick_style("alice"))
        used = {nick_style(f"p{n}") for n in range(50)}
        self.assertEqual(used, set(COLOURS))

    def test_who_is_called_sees_it(self) -> None:
        """Ones own name in a message makes it bold; as a word of its own only."""
        called = {"Alice: tea?": True, "malice": False, "thanks @alice": True}
        for text, bold in called.items():
            styles = dict(fragments(Line(Kind.MESSAGE, text, "bob"), "alice"))
            self.assertEqual("class:called" in styles, bold, text)
        styles = dict(fragments(Line(Kind.MESSAGE, "hi", "bob"), ""))
        self.assertNotIn("class:called", styles)

    def test_the_prompt(self) -> None:
        """Says who and where one is, and that there is no connection."""
        prompts = {
            ("alice", "lobby", True): "alice lobby> ",
            ("alice", "", True): "alice no room> ",
            ("alice", "lab", False): "alice lab (no connection)> ",
        }
        for given, shown in prompts.items():
            made = "".join(text for _, text in prompt_fragments(*given))
            self.assertEqual(made, shown)

    def test_what_waits_takes_one_line(self) -> None:
        """However many it has."""
        shown = {"one": "alice: one", "one\ntwo\nthree": "alice: one …"}
        for text, line in shown.items():
            self.assertEqual(waiting_fragments(text, "alice")[0][1], line)
