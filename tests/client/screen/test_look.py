"""The look."""

import re

from prompt_toolkit.styles import DEFAULT_ATTRS, Style
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen.look import STYLE, nick_style


class LookTests(SynchronousTestCase):
    """The table of styles."""

    def test_only_the_terminals_colours(self) -> None:
        """No others could be read on light and dark backgrounds alike."""
        for name, look in STYLE.items():
            self.assertNotRegex(look, r"#|\bbg:|\bfg:", name)
            for colour in re.findall(r"ansi\w+", look):
                self.assertNotRegex(colour, "black|white|gray|bright", name)

    def test_without_colours(self) -> None:
        """What matters differs by an attribute, too."""
        style = Style.from_dict(STYLE)
        plain = DEFAULT_ATTRS._replace(color="")
        for name in ("called", "pending", "found", "link", "bold", "room.current"):
            look = style.get_attrs_for_style_str(f"class:{name}")._replace(color="")
            self.assertNotEqual(look, plain, name)

    def test_names(self) -> None:
        """A person's name always looks the same; one's own does otherwise."""
        self.assertEqual(nick_style("alice"), nick_style("alice"))
        self.assertIn(nick_style("alice").removeprefix("class:"), STYLE)
        self.assertEqual(nick_style("alice", "alice"), "class:own")
        self.assertGreater(len({nick_style(f"n{n}") for n in range(50)}), 4)
