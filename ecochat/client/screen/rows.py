"""What is seen of a room's log: only the rows on the screen are laid out.

A position in the log is what the last row on the screen is: the index of its entry, and
how many rows of that entry are below the screen.
"""

from __future__ import annotations

from bisect import bisect
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from ecochat.client.lines import Fragments
from ecochat.client.screen import drawing
from ecochat.client.screen.drawing import Around
from ecochat.client.screen.entries import Entry
from ecochat.client.screen.hits import Hit
from ecochat.client.screen.room import Place, Room

LAYOUTS = 1_000
"""Entries whose rows are remembered: some screens full of the highest terminal."""


class _Layout(NamedTuple):
    entry: Entry
    stamp: tuple[object, ...]
    rows: list[Fragments]


_layouts: dict[tuple[int, int], _Layout] = {}
"""By the identity of an entry, which stays as long as the entry is in here, and the
width; the oldest go first."""


def seen(
    room: Room, width: int, height: int, nick: str = "", hit: Hit | None = None
) -> list[tuple[Entry, Fragments]]:
    """Return the rows to be drawn, each with the entry that it belongs to: as many as
    there are, ``height`` at most.

    :param nick: one's own name.
    :param hit: a message that was found, to be marked if it is in here.
    """
    log = _Log(room, width, nick, hit)
    if not room.entries or height < 1:
        return []
    at, below = log.bottom(height)
    found: list[tuple[Entry, Fragments]] = []
    while at >= 0 and len(found) < height:
        rows = log.rows(at)
        entry = room.entries[at]
        found += ((entry, row) for row in reversed(rows[: len(rows) - below]))
        at, below = at - 1, 0
    return found[height - 1 :: -1]


def scrolled(room: Room, width: int, height: int, by: int, nick: str = "") -> int:
    """Scroll a room by so many rows, back where that is negative.

    :returns: by how many it could not be, as they are not here.
    """
    if not room.entries or height < 1:
        return abs(by)
    log = _Log(room, width, nick)
    before = log.bottom(height)
    if by < 0:
        most = log.above(*before, height - 1 - by) - (height - 1)
    else:
        most = log.below(*before, by)
    most = max(0, min(most, abs(by)))
    at, below = log.forward(*before, most if by > 0 else -most)
    is_end = room.is_at_end and (at, below) == (len(room.entries) - 1, 0)
    room.place = None if is_end else Place(room.entries[at], below)
    return abs(by) - most


class _Log:
    """The rows of a room at a width."""

    def __init__(
        self, room: Room, width: int, nick: str, hit: Hit | None = None
    ) -> None:
        self._room, self._entries = room, room.entries
        self._width, self._nick = width, nick
        self._hit = hit if hit is not None and hit.room == room.name else None

    def rows(self, at: int) -> list[Fragments]:
        """Return the rows of an entry by its index; laid out only if it has changed."""
        entry = self._entries[at]
        around = self._around(at, entry)
        key, stamp = (id(entry), self._width), _stamp(entry, around)
        layout = _layouts.get(key)
        if layout is not None and layout.stamp == stamp:
            return layout.rows
        layout = _Layout(entry, stamp, drawing.entry_rows(entry, self._width, around))
        _layouts[key] = layout
        if len(_layouts) > LAYOUTS:
            del _layouts[next(iter(_layouts))]
        return layout.rows

    def bottom(self, height: int) -> tuple[int, int]:
        """Return the position for a screen of this height: where the room is scrolled
        to, but not so far back that less than a screen would be seen."""
        at, below = self._place()
        if self.above(at, below, height - 1) == height - 1:
            return at, below
        return self.forward(0, len(self.rows(0)) - 1, height - 1)

    def forward(self, at: int, below: int, by: int) -> tuple[int, int]:
        """Return the position so many rows further; the first or last at most."""
        below -= by
        while below < 0:
            at += 1
            if at == len(self._entries):
                return at - 1, 0
            below += len(self.rows(at))
        while below >= (size := len(self.rows(at))):
            if at == 0:
                return 0, size - 1
            at, below = at - 1, below - size
        return at, below

    def above(self, at: int, below: int, most: int) -> int:
        """Return how many rows are above that of a position; of more than so many no
        more are counted."""
        count = len(self.rows(at)) - below - 1
        while count < most and at > 0:
            at -= 1
            count += len(self.rows(at))
        return min(count, most)

    def below(self, at: int, below: int, most: int) -> int:
        """Return how many rows are below that of a position, in the same way."""
        count = below
        while count < most and at < len(self._entries) - 1:
            at += 1
            count += len(self.rows(at))
        return min(count, most)

    def _place(self) -> tuple[int, int]:
        place, last = self._room.place, len(self._entries) - 1
        if place is None:
            return last, 0
        try:
            at = self._entries.index(place.entry)
        except ValueError:  # no longer here
            after = bisect(self._entries, place.entry.time, key=lambda e: e.time)
            return min(after, last), 0
        return self.forward(at, min(place.row, len(self.rows(at)) - 1), 0)

    def _around(self, at: int, entry: Entry) -> Around:
        quoted = None
        if entry.reply_to is not None:
            n = entry.reply_to
            quoted = self._room.shown.index.get(n) or self._room.quoted.get(n)
        fresh = self._room.fresh if entry is self._fresh else None
        return Around(
            self._entries[at - 1] if at else None,
            quoted,
            fresh and fresh[1:],
            self._nick if entry.is_mention else "",
            self._hit.words if self._hit and self._hit.n == entry.n else None,
        )

    @cached_property
    def _fresh(self) -> Entry | None:
        """The first entry that is new since one was away."""
        if self._room.fresh is None:
            return None
        first = self._room.fresh[0]
        numbered = (entry for entry in self._entries if entry.n is not None)
        return next((e for e in numbered if e.n is not None and e.n >= first), None)


def _stamp(entry: Entry, around: Around) -> tuple[object, ...]:
    """Return what the rows of an entry depend on."""
    before, quoted = around.before, around.quoted
    return (
        *(entry.n, entry.is_own, entry.nick, entry.text, entry.time),
        *(entry.state, entry.why),
        *(entry.is_edited, entry.is_deleted, entry.is_mention, entry.reply_to),
        tuple(entry.said or ()),
        (entry.more, len(entry.reactions)),
        tuple(
            (sign, len(nicks), *nicks[: drawing.GIVERS])
            for sign, nicks in islice(entry.reactions.items(), drawing.SHOWN)
        ),
        before and before.time,
        quoted and (quoted.nick, quoted.text, quoted.is_deleted),
        around.fresh,
        around.nick,
        around.found,
    )
