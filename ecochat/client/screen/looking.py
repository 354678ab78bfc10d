"""Where one looks in a room's log: scrolled back, or at what was found."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

from ecochat.client.screen import rows
from ecochat.client.screen.entries import Entry
from ecochat.client.screen.hits import Hit, Hits
from ecochat.client.screen.model import Model
from ecochat.client.screen.room import Place, Room

AHEAD = 3
"""Screens of messages that are there, above the place where one is, before one gets to
them: a page from the server takes as long as a few keys."""


class Rest(NamedTuple):
    """What is left of scrolling, until the server has sent that.

    :param rows: how many; 0 where only more are to be there before one gets to them.
    :param place: where one was then; whoever is elsewhere by now stays there.
    :param here: the first and the last message that were here then.
    """

    room: Room
    is_back: bool
    rows: int
    place: Place | None
    here: tuple[int, int]


class Looking:
    """Goes through the log of the room before the eyes.

    :ivar size: the columns and rows of the log that are seen at one time.
    :ivar hit: what was found and gone to, until one leaves it.
    """

    def __init__(self) -> None:
        self.size = (0, 0)
        self.hit: Hit | None = None
        self._room: Room | None = None
        self._rest: Rest | None = None
        self._found: Hits | None = None

    def scroll(self, model: Model, by: int) -> None:
        """Scroll by so many rows, back where it is negative: by what is here at once,
        and by the rest when the server has sent that."""
        self._scroll(model, by, by < 0)

    def _scroll(self, model: Model, by: int, is_back: bool) -> None:
        room = model.room
        missing = rows.scrolled(room, *self.size, by, model.nick)
        rest, self._rest = self._rest, None
        if missing or self._is_near(room, is_back):
            (model.older if is_back else model.newer)(room)
            if rest is not None and (rest.room, rest.is_back) == (room, is_back):
                missing += rest.rows
            if room.is_loading:
                here = _here(room)
                self._rest = Rest(room, is_back, missing, room.place, here)
        if room.place is None and not is_back:
            model.seen()

    def scroll_on(self, model: Model) -> None:
        """Scroll by the rest, if more of the log has come; have enough of it in a room
        that is new before the eyes."""
        rest, room = self._rest, model.room
        if room is not self._room and room.entries and not room.is_loading:
            self._room = room
            self._scroll(model, 0, is_back=True)
        if rest is None or rest.room.is_loading:
            return
        self._rest = None
        is_there = rest.room is room and rest.place is room.place
        if is_there and _here(room) != rest.here:
            by = -rest.rows if rest.is_back else rest.rows
            self._scroll(model, by, rest.is_back)

    def _is_near(self, room: Room, is_back: bool) -> bool:
        """Whether so little is left that way that more should be asked for already."""
        height, place = self.size[1], room.place
        if place is None:
            return is_back and len(room.entries) < (AHEAD + 1) * height
        entries = iter(room.entries) if is_back else reversed(room.entries)
        return place.entry in islice(entries, AHEAD * height)

    def has_found(self, model: Model, is_listed: bool) -> bool:
        """Whether something was found that is to be listed now; what is more of the
        same only where that is listed already.

        :param is_listed: whether a list is shown.
        """
        before, self._found = self._found, model.search
        now = self._found
        if now is None or now is before:
            return False
        return is_listed or before is None or not now.follows(before)

    def go_to(self, model: Model, hit: Hit) -> None:
        """Go to a message that was found; it is marked until one leaves it."""
        self.hit = hit
        model.around(hit.room, hit.n)

    def follow(self, model: Model, entry: Entry) -> None:
        """Go to what a message answers, in the same way."""
        if entry.reply_to is not None:
            self.go_to(model, Hit(model.current, entry.reply_to, entry.time, []))

    def look(self, room: Room) -> None:
        """Take it that this room is before the eyes; what was found is left at the end
        of its room, and in another one."""
        is_back = room.place is None and room.is_at_end and not room.is_loading
        if self.hit is not None and (is_back or room.name != self.hit.room):
            self.hit = None


def _here(room: Room) -> tuple[int, int]:
    return room.first, room.shown.upto
