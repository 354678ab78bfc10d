"""Panes, drawn without a terminal."""

from typing import Any

from prompt_toolkit.data_structures import Point
from prompt_toolkit.mouse_events import (
    MouseButton,
    MouseEvent,
    MouseEventType,
    MouseModifier,
)
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen.paint import WHEEL, Painted


def event(
    kind: MouseEventType,
    column: int = 0,
    row: int = 0,
    button: MouseButton = MouseButton.LEFT,
    *modifiers: MouseModifier,
) -> MouseEvent:
    """Return what a mouse does."""
    return MouseEvent(Point(column, row), kind, button, frozenset(modifiers))


class PaintedTests(SynchronousTestCase):
    """Rows that are asked for when they are drawn."""

    def drawn(self, control: Painted, width: int, height: int) -> list[str]:
        """Return the rows' text."""
        content = control.create_content(width, height)
        lines = [content.get_line(number) for number in range(content.line_count)]
        return ["".join(part[1] for part in line) for line in lines]

    def test_exactly_the_rows_that_are_seen(self) -> None:
        """They are asked for at the size there is; none at a size of nothing."""
        asked: list[tuple[int, int]] = []

        def rows(width: int, height: int) -> Any:
            asked.append((width, height))
            return [[("", str(n))] for n in range(height + 5)]

        self.assertEqual(self.drawn(Painted(rows), 10, 2), ["0", "1"])
        self.assertEqual(self.drawn(Painted(rows), 0, 2), [])
        self.assertEqual(asked, [(10, 2)])

    def test_few_rows_at_the_bottom(self) -> None:
        """Where that is asked for."""
        control = Painted(lambda width, height: [[("", "x")]], is_bottom=True)
        self.assertEqual(self.drawn(control, 10, 3), ["", "", "x"])

    def test_a_click(self) -> None:
        """Goes to the part of a row that is there, whatever has no width before it."""
        clicked: list[str] = []
        row = [
            ("[ZeroWidthEscape]", "\x1b]8;;\x1b\\"),
            ("", "ab"),
            ("", "cd", lambda event: clicked.append("cd")),
        ]
        control = Painted(lambda width, height: [row])
        control.create_content(10, 3)
        for column, line in ((1, 0), (2, 0), (3, 0), (4, 0), (2, 1)):
            control.mouse_handler(event(MouseEventType.MOUSE_UP, column, line))
        control.mouse_handler(event(MouseEventType.MOUSE_DOWN, 2))
        self.assertEqual(clicked, ["cd", "cd"])

    def test_a_click_on_a_row(self) -> None:
        """Anywhere in one that there is, by the left button alone."""
        clicked: list[int] = []
        rows: list[Any] = [[("", "a")], [("", "b", lambda event: None)]]
        control = Painted(lambda width, height: rows, None, True, clicked.append)
        control.create_content(10, 4)
        up = MouseEventType.MOUSE_UP
        for column, line in ((0, 0), (0, 1), (0, 2), (9, 2), (0, 3), (9, 3), (0, 4)):
            control.mouse_handler(event(up, column, line))
        self.assertEqual(clicked, [0, 0, 1])
        control.mouse_handler(event(up, 0, 2, MouseButton.MIDDLE))
        control.mouse_handler(event(up, 0, 2, MouseButton.LEFT, MouseModifier.CONTROL))
        self.assertEqual(len(clicked), 3)

    def test_the_wheel(self) -> None:
        """Scrolls, where something does."""
        by: list[int] = []
        for scroll in (by.append, None):
            control = Painted(lambda width, height: [], scroll)
            control.mouse_handler(event(MouseEventType.SCROLL_UP))
            control.mouse_handler(event(MouseEventType.SCROLL_DOWN))
        self.assertEqual(by, [-WHEEL, WHEEL])
