"""Panes, drawn without a terminal."""

from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.application.current import set_app
from prompt_toolkit.data_structures import Point, Size
from prompt_toolkit.input import DummyInput
from prompt_toolkit.layout import HSplit, Layout, Window
from prompt_toolkit.layout.mouse_handlers import MouseHandlers
from prompt_toolkit.layout.screen import Screen, WritePosition
from prompt_toolkit.mouse_events import (
    MouseButton,
    MouseEvent,
    MouseEventType,
    MouseModifier,
)
from prompt_toolkit.output.vt100 import Vt100_Output
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen.paint import WHEEL, Canvas, Pane
from tests.client.screen.desk import Glass

LEFT, TOP = 2, 1
"""Where panes stand in these tests."""


def event(
    kind: MouseEventType,
    column: int = 0,
    row: int = 0,
    button: MouseButton = MouseButton.LEFT,
    *modifiers: MouseModifier,
) -> MouseEvent:
    """Return what a mouse does, in a pane's column and row."""
    at = Point(LEFT + column, TOP + row)
    return MouseEvent(at, kind, button, frozenset(modifiers))


class PaneTests(SynchronousTestCase):
    """Rows that are asked for when they are drawn."""

    def draw(self, pane: Pane, width: int, height: int) -> Screen:
        """Draw a pane."""
        screen, self.mouse = Screen(), MouseHandlers()
        position = WritePosition(LEFT, TOP, width, height)
        pane.write_to_screen(screen, self.mouse, position, "", False, None)
        return screen

    def drawn(self, pane: Pane, width: int, height: int) -> list[str]:
        """Return the rows' text, without spaces at the end."""
        screen = self.draw(pane, width, height)
        self.assertTrue(all(len(row) == width for row in screen.data_buffer.values()))
        rows = (screen.data_buffer[TOP + y] for y in range(height))
        return ["".join(c.char for _, c in sorted(r.items())).rstrip() for r in rows]

    def press(self, *args: Any) -> None:
        """Have a mouse do something where something was drawn."""
        done = event(*args)
        x, y = done.position
        self.mouse.mouse_handlers[y][x](done)

    def test_exactly_the_rows_that_are_seen(self) -> None:
        """They are asked for at the size there is; none at a size of nothing."""
        asked: list[tuple[int, int]] = []

        def rows(width: int, height: int) -> Any:
            asked.append((width, height))
            return [[("", str(n))] for n in range(height + 5)]

        self.assertEqual(self.drawn(Pane(rows), 10, 2), ["0", "1"])
        self.assertEqual(self.drawn(Pane(rows), 0, 2), ["", ""])
        self.assertEqual(asked, [(10, 2)])

    def test_few_rows_at_the_bottom(self) -> None:
        """Where that is asked for."""
        pane = Pane(lambda width, height: [[("", "x")]], is_bottom=True)
        self.assertEqual(self.drawn(pane, 10, 3), ["", "", "x"])

    def test_cells(self) -> None:
        """A wide character has two, an accent none; none is beyond the width."""
        row = [("", "\u2068e\u0301"), ("class:a", "\u0323日\u0301本日")]
        screen = self.draw(Pane(lambda width, height: [row], "class:s"), 6, 1)
        cells = [screen.data_buffer[TOP][LEFT + x] for x in range(6)]
        shown = ["e\u0301\u0323", "日\u0301", "", "本", "", " "]
        self.assertEqual([cell.char for cell in cells], shown)
        self.assertEqual(cells[1].style.split(), ["class:s", "class:a"])
        self.assertEqual(cells[5].style.split(), ["class:s"])

    def test_a_click(self) -> None:
        """Goes to the part of a row that is there; behind the end to the last."""
        clicked: list[str] = []
        row = [("", "日"), ("", "cd", lambda event: clicked.append("cd"))]
        self.draw(Pane(lambda width, height: [row]), 10, 3)
        for column, line in ((1, 0), (2, 0), (3, 0), (9, 0), (2, 1)):
            self.press(MouseEventType.MOUSE_UP, column, line)
        self.press(MouseEventType.MOUSE_DOWN, 2)
        self.assertEqual(clicked, ["cd", "cd", "cd"])

    def test_a_click_on_a_row(self) -> None:
        """Anywhere in one that there is, by the left button alone."""
        clicked: list[int] = []
        rows: list[Any] = [[("", "a")], [("", "b", lambda event: None)]]
        shown = Pane(lambda w, h: rows, is_bottom=True, click=clicked.append)
        self.draw(shown, 10, 4)
        up = MouseEventType.MOUSE_UP
        for column, line in ((0, 0), (0, 1), (0, 2), (9, 2), (0, 3), (9, 3)):
            self.press(up, column, line)
        self.assertEqual(clicked, [0, 0])
        self.press(up, 0, 2, MouseButton.MIDDLE)
        self.press(up, 0, 2, MouseButton.LEFT, MouseModifier.CONTROL)
        self.assertEqual(len(clicked), 2)

    def test_the_wheel(self) -> None:
        """Scrolls, where something does."""
        by: list[int] = []
        for scroll in (by.append, None):
            self.draw(Pane(lambda width, height: [], scroll=scroll), 5, 5)
            self.press(MouseEventType.SCROLL_UP)
            self.press(MouseEventType.SCROLL_DOWN)
        self.assertEqual(by, [-WHEEL, WHEEL])


class CanvasTests(SynchronousTestCase):
    """What is written of a screen."""

    def setUp(self) -> None:
        self.rows: list[Any] = []
        self.glass = Glass(10, 6)
        self.canvas = Canvas(HSplit([Pane(lambda w, h: self.rows), Window(height=1)]))
        self.app: Application[None] = Application(
            Layout(self.canvas),
            full_screen=True,
            input=DummyInput(),
            output=Vt100_Output(
                self.glass,  # type: ignore[arg-type]
                lambda: Size(rows=6, columns=10),
                term="xterm",
                enable_cpr=False,
            ),
        )

    def draw(self, *rows: str) -> str:
        """Draw rows, and return what was written; the screen shows just them."""
        self.rows = [[("", text)] for text in rows]
        before = len(self.glass.written)
        with set_app(self.app):
            self.app.renderer.render(self.app, self.app.layout)
        self.canvas.drawn()
        self.assertEqual(self.glass.text.splitlines(), list(rows))
        return self.glass.written[before:]

    def test_only_what_has_changed_is_written(self) -> None:
        """Also when a row stayed as it was for some time, and then is another."""
        self.draw("one", "two", "three")
        for _ in range(2):
            written = self.draw("one", "zwei", "three")
            self.assertNotIn("one", written)
        self.assertNotIn("zwei", written)
        self.draw("1", "zwei", "3, four")
        self.draw("1")
        self.draw("1", "", "", "four", "five")

    def test_all_is_written_when_it_is_asked_for(self) -> None:
        """As when a terminal shows what something else has written."""
        self.draw("one", "two")
        self.app.renderer.clear()
        self.draw("one", "two")
