"""The look."""

from prompt_toolkit.output.vt100 import _256_colors
from prompt_toolkit.styles import DEFAULT_ATTRS, Style
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.lines import COLOURS, RED, rgb
from ecochat.client.screen.look import STYLE, nick_style


def contrast(one: str, other: str) -> float:
    """Return how much two colours differ, from 1 to 21 (WCAG 2.2, contrast ratio)."""
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Return how bright a colour is, from 0 to 1 (WCAG 2.2, relative luminance)."""
    parts = [part / 255 for part in bytes.fromhex(colour)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class LookTests(SynchronousTestCase):
    """The table of styles."""

    def test_readable_on_light_and_dark(self) -> None:
        """No background is set, and each colour differs enough from white, from black
        and from the dark grey of many terminals (WCAG 2.2, 1.4.11: 3 to 1)."""
        style = Style.from_dict(STYLE)
        found = set()
        for name in STYLE:
            look = style.get_attrs_for_style_str(f"class:{name}")
            self.assertEqual(look.bgcolor, "", name)
            found.add(look.color)
        self.assertGreater(len(found), 5)
        for colour in found - {""}:
            self.assertRegex(colour or "", "^[0-9a-f]{6}$")
            for ground in "ffffff", "000000", "1e1e1e":
                self.assertGreater(contrast(colour or "", ground), 3, colour)

    def test_the_same_in_all_terminals(self) -> None:
        """None is one of the first sixteen, which all have otherwise; and it is what
        it is called, also where there are 256 only."""
        for number in (*COLOURS.values(), RED):
            self.assertIn(number, range(16, 232))
            parts = bytes.fromhex(rgb(number)[1:])
            self.assertEqual(_256_colors[parts[0], parts[1], parts[2]], number)

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
