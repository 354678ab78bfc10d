"""Draws rows: the panes of the screen, exactly as high as they are."""

from collections.abc import Callable, Sequence
from typing import Any

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout import UIContent, UIControl, Window
from prompt_toolkit.layout.dimension import AnyDimension
from prompt_toolkit.mouse_events import MouseButton, MouseEvent, MouseEventType

Row = Sequence[tuple[Any, ...]]
"""A row of the screen: pairs of a style and a text, or with them what takes a click."""

Rows = Callable[[int, int], Sequence[Row]]
"""Gives the rows that are seen at a width and a height; at most that many."""

WHEEL = 3
"""Rows that one notch of a mouse's wheel scrolls."""

_NOTCHES = {MouseEventType.SCROLL_UP: -WHEEL, MouseEventType.SCROLL_DOWN: WHEEL}


class Painted(UIControl):
    """A pane whose rows are asked for when it is drawn, and not before.

    :param rows: gives them.
    :param scroll: told by how many rows the wheel was turned, back is negative; None
        where it does nothing.
    :param is_bottom: whether fewer rows than there is space for stand at the bottom.
    :param click: told which of the rows was clicked, where nothing in it takes that;
        by the left button alone, as others paste and open links. None: it does nothing.
    """

    def __init__(
        self,
        rows: Rows,
        scroll: Callable[[int], None] | None = None,
        is_bottom: bool = False,
        click: Callable[[int], None] | None = None,
    ) -> None:
        self._ask = rows
        self._scroll = scroll
        self._is_bottom = is_bottom
        self._click = click
        self._missing = 0
        self._rows: Sequence[Row] = ()

    def create_content(self, width: int, height: int) -> UIContent:
        """See prompt_toolkit."""
        rows = self._rows = self._laid_out(width, height)

        def line(number: int) -> StyleAndTextTuples:
            return list(rows[number])

        return UIContent(line, len(rows), show_cursor=False)

    def _laid_out(self, width: int, height: int) -> Sequence[Row]:
        if not width or not height:
            return ()
        rows = list(self._ask(width, height))[:height]
        self._missing = height - len(rows) if self._is_bottom else 0
        return [[]] * self._missing + rows

    def mouse_handler(self, mouse_event: MouseEvent) -> Any:
        """See prompt_toolkit; a click goes to what is drawn there."""
        notch = _NOTCHES.get(mouse_event.event_type)
        if notch is not None and self._scroll is not None:
            return self._scroll(notch)
        if mouse_event.event_type is not MouseEventType.MOUSE_UP:
            return None  # also a wheel where nothing scrolls
        taken = self._at(mouse_event.position.y, mouse_event.position.x)
        return taken(mouse_event) if taken else self._clicked(mouse_event)

    def _clicked(self, event: MouseEvent) -> None:
        is_plain = event.button is MouseButton.LEFT and not event.modifiers
        if self._click is not None and is_plain:
            row = event.position.y - self._missing
            if 0 <= row < len(self._rows) - self._missing:
                self._click(row)

    def _at(self, row: int, column: int) -> Callable[[MouseEvent], object] | None:
        """Return what takes a click there, if anything does."""
        for style, text, *taken in self._rows[row] if row < len(self._rows) else ():
            if "[ZeroWidthEscape]" in style:
                continue
            if column < len(text):
                return taken[0] if taken else None
            column -= len(text)
        return None


def pane(
    control: UIControl,
    style: str = "",
    width: AnyDimension = None,
    height: AnyDimension = None,
) -> Window:
    """Return the window that shows a pane."""
    return Window(
        control, width=width, height=height, style=style, always_hide_cursor=True
    )
