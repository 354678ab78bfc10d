"""The lists beside the log, as far as one has scrolled them."""

from collections.abc import Callable, Sequence

from ecochat.client.screen import panes
from ecochat.client.screen.model import Model
from ecochat.client.screen.paint import Row


class Sides:
    """Shows the rooms and the members, and scrolls each of them until one goes to
    another room.

    :param write: takes the name of a member that was clicked.
    """

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._room = ""
        self._rooms = self._members = 0

    def scroll_rooms(self, by: int) -> None:
        """Scroll the rooms by so many rows, up where it is negative."""
        self._rooms += by

    def scroll_members(self, by: int) -> None:
        """Scroll the members by so many rows, up where it is negative."""
        self._members += by

    def rooms(self, model: Model, width: int, height: int) -> Sequence[Row]:
        """Return the rows of the rooms."""
        self._follow(model)
        self._rooms = _within(self._rooms, *panes.rooms_range(model, height))
        return panes.rooms(model, width, height, self._rooms)

    def members(self, model: Model, width: int, height: int) -> Sequence[Row]:
        """Return the rows of the members."""
        self._follow(model)
        self._members = _within(self._members, *panes.members_range(model, height))
        return panes.members(model, width, height, self._members, self._write)

    def _follow(self, model: Model) -> None:
        if self._room != model.current:
            self._room, self._rooms, self._members = model.current, 0, 0


def _within(number: int, least: int, most: int) -> int:
    return max(least, min(number, most))
