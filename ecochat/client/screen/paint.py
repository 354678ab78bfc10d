"""Draws rows: the panes of the screen, exactly as high as they are."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import repeat
from typing import Any

from prompt_toolkit.application import get_app
from prompt_toolkit.layout import Container, Dimension, Float, FloatContainer
from prompt_toolkit.layout.dimension import AnyDimension, to_dimension
from prompt_toolkit.layout.mouse_handlers import MouseHandlers
from prompt_toolkit.layout.screen import Char, Screen, WritePosition
from prompt_toolkit.mouse_events import MouseButton, MouseEvent, MouseEventType

from ecochat.client.screen.graphemes import cells

Row = Sequence[tuple[Any, ...]]
"""A row of the screen: pairs of a style and a text, or with them what takes a click."""

Rows = Callable[[int, int], Sequence[Row]]
"""Gives the rows that are seen at a width and a height; at most that many."""

WHEEL = 3
"""Rows that one notch of a mouse's wheel scrolls."""

PAINTED = 500
"""Rows whose cells are remembered: those of some screens. Most of a screen is what it
was before, a row higher; so a row is taken apart once, not at each drawing."""

CHARS = 10_000
"""Cells that are remembered: letters in a style, more than are on a screen."""

_NOTCHES = {MouseEventType.SCROLL_UP: -WHEEL, MouseEventType.SCROLL_DOWN: WHEEL}
_LAST = 10**9
"""Where what is drawn is in front of all else."""

_BEHIND = Char("", "")
"""The second cell of a wide character."""


class Canvas(FloatContainer):
    """All of the screen: only rows that have changed are compared cell by cell.

    prompt_toolkit compares each cell of the screen with that of the last one, which
    takes longer than all else. So rows that are the same are in neither while it does.
    """

    def __init__(self, content: Container, *floats: Float) -> None:
        super().__init__(content, list(floats))
        self._rows: dict[int, Any] = {}
        self._same: dict[int, Any] = {}

    def write_to_screen(self, screen: Screen, *others: Any, **more: Any) -> None:
        """See prompt_toolkit."""
        super().write_to_screen(screen, *others, **more)
        screen.draw_with_z_index(_LAST, partial(self._leave_out, screen))

    def _leave_out(self, screen: Screen) -> None:
        """Take out what is as it was, when all is drawn."""
        last = get_app().renderer.last_rendered_screen
        before = last.data_buffer if last else {}
        rows = self._rows = screen.data_buffer
        self._same = {y: row for y, row in rows.items() if before.get(y) == row}
        for y in self._same:
            del rows[y], before[y]

    def drawn(self) -> None:
        """Put back what was taken out; to be called when it is on the terminal."""
        self._rows.update(self._same)


class Pane(Container):
    """A pane whose rows are asked for when it is drawn, and not before.

    A window of prompt_toolkit's would copy them cell by cell at each drawing.

    :param rows: gives them.
    :param style: of the whole pane, behind what is in the rows too.
    :param scroll: told by how many rows the wheel was turned, back is negative; None
        where it does nothing.
    :param is_bottom: whether fewer rows than there is space for stand at the bottom.
    :param click: told which of the rows was clicked, where nothing in it takes that;
        by the left button alone, as others paste and open links. None: it does nothing.
    """

    def __init__(
        self,
        rows: Rows,
        style: str = "",
        width: AnyDimension = None,
        height: AnyDimension = None,
        scroll: Callable[[int], None] | None = None,
        is_bottom: bool = False,
        click: Callable[[int], None] | None = None,
    ) -> None:
        self._ask = rows
        self._style = style
        self._width = width
        self._height = height
        self._scroll = scroll
        self._is_bottom = is_bottom
        self._click = click
        self._at = (0, 0)
        self._rows: Sequence[Row] = ()

    def reset(self) -> None:
        """See prompt_toolkit."""

    def preferred_width(self, max_available_width: int) -> Dimension:
        """See prompt_toolkit."""
        return to_dimension(self._width)

    def preferred_height(self, width: int, max_available_height: int) -> Dimension:
        """See prompt_toolkit."""
        return to_dimension(self._height)

    def get_children(self) -> list[Container]:
        """See prompt_toolkit."""
        return []

    def write_to_screen(
        self,
        screen: Screen,
        mouse_handlers: MouseHandlers,
        write_position: WritePosition,
        parent_style: str,
        erase_bg: bool,
        z_index: int | None,
    ) -> None:
        """See prompt_toolkit."""
        left, top = write_position.xpos, write_position.ypos
        width, height = write_position.width, write_position.height
        takes = dict.fromkeys(range(left, left + width), self.mouse)
        for y, row in enumerate(self._laid_out(left, top, width, height), top):
            texts = tuple((part[0], part[1]) for part in row)
            screen.data_buffer[y].update(painted(texts, left, width, self._style))
            mouse_handlers.mouse_handlers[y].update(takes)
        screen.height = max(screen.height, top + height)

    def _laid_out(self, left: int, top: int, width: int, height: int) -> list[Row]:
        """Ask for the rows, and return as many as the pane has."""
        rows = self._ask(width, height)[:height] if width and height else ()
        missing: list[Row] = [()] * (height - len(rows))
        self._rows = rows
        self._at = left, top + len(missing) * self._is_bottom
        return [*missing, *rows] if self._is_bottom else [*rows, *missing]

    def mouse(self, event: MouseEvent) -> Any:
        """Take what a mouse does; a click goes to what is drawn there."""
        notch = _NOTCHES.get(event.event_type)
        if notch is not None and self._scroll is not None:
            return self._scroll(notch)
        if event.event_type is not MouseEventType.MOUSE_UP:
            return NotImplemented  # also a wheel where nothing scrolls
        column, row = event.position.x - self._at[0], event.position.y - self._at[1]
        if not 0 <= row < len(self._rows):
            return NotImplemented
        taken = _part(self._rows[row], column)
        return taken(event) if taken else self._clicked(row, event)

    def _clicked(self, row: int, event: MouseEvent) -> None:
        is_plain = event.button is MouseButton.LEFT and not event.modifiers
        if self._click is not None and is_plain:
            self._click(row)


def _part(row: Row, column: int) -> Callable[[MouseEvent], object] | None:
    """Return what takes a click there, if anything does; behind the end what does at
    the end."""
    last = None
    for _, text, *taken in row:
        last = taken[0] if taken else None
        column -= cells(text)
        if column < 0:
            break
    return last


@lru_cache(PAINTED)
def painted(
    row: tuple[tuple[str, str], ...], left: int, width: int, style: str
) -> dict[int, Char]:
    """Return the cells of a row, by column, as prompt_toolkit has them: as many as the
    width."""
    line: list[Char] = []
    for own, text in (*row, ("", " " * (width + 1))):
        for char in map(_char, text, repeat(f"{style} {own}")):
            if char.width == 1:
                line.append(char)
            else:
                _put(line, char)
    if line[width] is _BEHIND:  # half of a wide character is within the width
        line[width - 1] = _char(" ", style)
    return dict(zip(range(left, left + width), line, strict=False))


def _put(line: list[Char], char: Char) -> None:
    """Put a wide character behind a line; one without width, as an accent, into the
    cell before it."""
    if char.width:
        line += [char, _BEHIND]
        return
    at = len(line) - 1
    while at >= 0 and line[at] is _BEHIND:
        at -= 1
    if at >= 0:
        line[at] = _char(line[at].char + char.char, line[at].style)


_char = lru_cache(CHARS)(Char)
