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
from ecochat.client.terminal.commands import understood
from ecochat.client.terminal.typed import typed_for
from ecochat.core.errors import Refused
from ecochat.core.requests import (
    Edit,
    Me,
    Request,
    Say,
    SayTo,
    SetTopic,
)

SAID = (Say, SayTo, Me)
"""What is shown as a message at once."""

WORDED = (*SAID, Edit, SetTopic)
"""What has words of one's own: refused, it is shown in its room, and kept."""

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
    :ivar lost: told why there is none, in the same way.
    :ivar time: when it was asked, in seconds since 1970.
    :ivar where: the room in which a person typed it; None for nowhere, or where it is
        the same anywhere.
    :ivar take_back: has it not be sent any more, if certainly it never was; returns
        whether it is so.
    """

    request: Request
    typed: str = ""
    room: Room | None = None
    entry: Entry | None = None
    then: Callable[[Answer], None] | None = None
    lost: Callable[[str], object] = lambda why: None
    time: float = 0.0
    where: Room | None = None
    take_back: Callable[[], bool] | None = None

    @property
    def is_write(self) -> bool:
        """Whether the library keeps it until it is stored."""
        return is_write(self.request)


def entry_of(request: Request, nick: str, time: float) -> Entry | None:
    """Return what is shown of a request as long as it is not stored; None: nothing."""
    if not isinstance(request, SAID):
        return None
    raw = ACTION + request.text if isinstance(request, Me) else request.text
    return _written(raw, nick, time, getattr(request, "reply_to", None))


def command(typed: str, nick: str, time: float) -> Entry:
    """Return what shows a command, as it was typed, when it is refused."""
    entry = _written(typed, nick, time)
    entry.typed = typed
    return entry


def again(typed: str, nick: str, time: float) -> Entry:
    """Return what shows something that was refused before this start.

    :param typed: what is typed in its room to write it again.
    """
    try:
        request = understood(typed)
    except Refused:
        return command(typed, nick, time)
    said = entry_of(request, nick, time) if isinstance(request, Say | Me) else None
    return said or command(typed, nick, time)


def _written(raw: str, nick: str, time: float, reply_to: int | None = None) -> Entry:
    entry = Entry(Kind.MESSAGE, time, nick=nick, text=safe(raw), is_own=True, raw=raw)
    entry.state, entry.reply_to = State.PENDING, reply_to
    return entry


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
        before = entry
        entry = _written(before.raw, before.nick, before.time, before.reply_to)
        entry.typed = before.typed
        history.own(room, entry)
    entry.state, entry.why = State.REFUSED, why
    entry.typed = typed(entry)
    for old in all_refused(room)[:-REFUSED]:
        history.disown(room, old)
    room.version += 1
    return entry


def all_refused(room: Room) -> list[Entry]:
    """Return what one wrote in a room that was refused, and not taken back."""
    return [entry for entry in room.own if entry.state is State.REFUSED]


def last(room: Room) -> Entry | None:
    """Return the last message that one wrote in a room, whatever has become of it."""
    own = (e for e in reversed(room.live.entries) if e.is_own and not e.is_deleted)
    found = next((entry for entry in own if entry.kind is Kind.MESSAGE), None)
    return found or next(reversed(all_refused(room)), None)


def typed(entry: Entry) -> str:
    """Return what a message is typed as in its room."""
    return entry.typed or _typed(entry)


def _typed(entry: Entry) -> str:
    if entry.raw.startswith(ACTION):
        return entry.raw
    return typed_for(Say(entry.raw, reply_to=entry.reply_to))


def move(entry: Entry, room: Room, other: Room) -> None:
    """Take it that what one wrote is in another room, as of a person who has another
    name."""
    if room is not other and entry in room.own:
        history.disown(room, entry)
        history.own(other, entry)
