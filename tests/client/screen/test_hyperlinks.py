"""Links that a terminal can follow."""

import io
import re
from collections.abc import Sequence

from prompt_toolkit.application import Application
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import DummyInput
from prompt_toolkit.layout import HSplit, Layout, Window
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.lines import Fragments
from ecochat.client.screen.hyperlinks import LinkOutput, show_links
from ecochat.client.screen.paint import Pane

ONE, TWO = "https://a.example/1", "https://a.example/2"


class Screen:
    """What a terminal is sent for rows of fragments."""

    def __init__(self) -> None:
        self._rows: Sequence[Fragments] = ()
        self._sent = io.StringIO()
        output = LinkOutput(
            self._sent, lambda: Size(rows=6, columns=40), term="xterm", enable_cpr=False
        )
        self._app: Application[None] = Application(
            Layout(HSplit([Pane(lambda width, height: self._rows), Window(height=1)])),
            full_screen=True,
            input=DummyInput(),
            output=output,
        )
        show_links(self._app)

    def sent(self, *rows: Fragments) -> str:
        """Draw rows, and return what was sent for them."""
        self._rows = rows
        before = len(self._sent.getvalue())
        self._app.renderer.render(self._app, self._app.layout)
        return self._sent.getvalue()[before:]


def link(text: str, address: str) -> tuple[str, str]:
    """Return a link."""
    return f"class:link [{address}]", text


def followed(sent: str) -> list[tuple[str, str]]:
    """Return what was written in each link: its address and its text."""
    found = []
    for part in sent.split("\x1b]8;;")[1:]:
        address, rest = part.split("\x1b\\", 1)
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", rest)
        if address:
            found.append((address, text))
    return found


class HyperlinkTests(SynchronousTestCase):
    """What is in a link, and what is not."""

    def test_a_link(self) -> None:
        """It is opened, and closed before anything else is written."""
        sent = Screen().sent([("", "see "), link("here", ONE)], [("", "next")])
        self.assertEqual(followed(sent), [(ONE, "here")])
        last = sent.rindex("\x1b]8;;")
        self.assertTrue(sent[last:].startswith("\x1b]8;;\x1b\\"))
        self.assertLess(last, sent.index("next"))

    def test_another_address(self) -> None:
        """The same text is written again where it leads elsewhere; cells that keep
        their link are not."""
        screen = Screen()
        screen.sent([link("here", ONE)])
        self.assertEqual(followed(screen.sent([link("here", TWO)])), [(TWO, "here")])
        self.assertEqual(followed(screen.sent([link("hers", TWO)])), [(TWO, "s")])

    def test_two_next_to_each_other(self) -> None:
        """Each has its own address, though they look alike."""
        sent = Screen().sent([link("a", ONE), link("b", TWO)])
        self.assertEqual(followed(sent), [(ONE, "a"), (TWO, "b")])

    def test_no_link(self) -> None:
        """Nothing is sent of it."""
        self.assertNotIn("\x1b]8", Screen().sent([("class:link", "see")]))

    def test_no_other_address(self) -> None:
        """A style cannot carry anything else than a web address."""
        for address in ("file:///etc/passwd", "javascript:x", "ZeroWidth"):
            self.assertEqual(followed(Screen().sent([link("a", address)])), [])
