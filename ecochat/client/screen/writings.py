"""What one has written oneself, until it is seen in the room's log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ecochat.client.happenings import Answer
from ecochat.client.lines import ACTION
from ecochat.client.outbox import is_write
from ecochat.client.safe import safe
from ecochat.client.screen import history
from ecochat.client.screen.entries import Entry, Kind, State
from ecochat.client.screen.room import Room
from ecochat.core.requests import (
    Me,
    Request,
    Say,
    SayTo,
)

SAID = (Say, SayTo, Me)
"""What is shown as a message at once."""

REFUSED = 100
"""Refused messages that a room keeps to be written again; of more the oldest go."""


@dataclass(slots=True, eq=False)
class Sent:
    """What is asked of the server.

    :ivar typed: what a person typed, or could have, of what is kept from before; empty
        for what the client asks by itself.
    :ivar room: where.
    :ivar entry: what is shown of it already.
    :ivar then: takes the answer, where nobody typed it.
    :ivar time: when it was asked, in seconds since 1970.
    """

    request: Request
    typed: str = ""
    room: Room | None = None
    entry: Entry | None = None
    then: Callable[[Answer], None] | None = None
    time: float = 0.0

    @property
    def is_write(self) -> bool:
        """Whether the library keeps it until it is stored."""
        return is_write(self.request)


def entry_of(request: Request, nick: str, time: float) -> Entry | None:
    """Return what is shown of a request as long as it is not stored; None: nothing."""
    if not isinstance(request, SAID):
        return None
    raw = ACTION + request.text if isinstance(request, Me) else request.text
    return Entry(
        Kind.MESSAGE,
        time,
        nick=nick,
        text=safe(raw),
        is_own=True,
        raw=raw,
        state=State.PENDING,
        reply_to=getattr(request, "reply_to", None),
    )


def shown_by(room: Room, heard: Entry) -> Entry:
    """Return the entry that shows an event: one that is here already, where one has
    written that, else that which is given."""
    if heard.kind is not Kind.MESSAGE:
        return heard
    known = [entry for entry in room.own if entry.n == heard.n]
    if not known and heard.is_own:
        known = [entry for entry in room.own if _is_same(entry, heard)]
    if not known:
        return heard
    entry = known[0]
    entry.n, entry.time, entry.nick = heard.n, heard.time, heard.nick
    entry.raw, entry.text, entry.changed = heard.raw, heard.text, heard.changed
    entry.is_edited, entry.is_deleted = heard.is_edited, heard.is_deleted
    entry.state = State.STORED
    return entry


def _is_same(entry: Entry, heard: Entry) -> bool:
    what = (entry.raw, entry.reply_to)
    return entry.state is State.PENDING and what == (heard.raw, heard.reply_to)


def stored(room: Room, entry: Entry, n: int) -> None:
    """Take it that what one wrote in a room is stored under a number."""
    if entry in room.own:
        entry.n, entry.state = n, State.STORED
    for stretch in (room.shown, room.live):
        if n in stretch.index:
            stretch.index[n].is_own = True
    history.settle(room)


def refused(room: Room, entry: Entry, why: str) -> Entry:
    """Take it that what one wrote is not stored; return what shows it.

    It was taken for another of the same words, where an event seemed to show it.
    """
    if entry not in room.own:
        reply_to, raw = entry.reply_to, entry.raw
        nick, time = entry.nick, entry.time
        entry = Entry(Kind.MESSAGE, time, nick=nick, text=safe(raw), is_own=True)
        entry.raw, entry.reply_to = raw, reply_to
        history.own(room, entry)
    entry.state, entry.why = State.REFUSED, why
    all_refused = [e for e in room.own if e.state is State.REFUSED]
    for old in all_refused[:-REFUSED]:
        history.disown(room, old)
    room.version += 1
    return entry


def move(entry: Entry, room: Room, other: Room) -> None:
    """Take it that what one wrote is in another room, as of a person who has another
    name."""
    if room is not other and entry in room.own:
        history.disown(room, entry)
        history.own(other, entry)
