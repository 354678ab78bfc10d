"""What stands around a room's log: the rooms, the members, the title and the status."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ecochat.client.lines import Fragments
from ecochat.client.screen.drawing import QUIET
from ecochat.client.screen.graphemes import cells, closed, cut, isolated, one_line
from ecochat.client.screen.look import nick_style
from ecochat.client.screen.room import Room

Clickable = list[tuple[str, str] | tuple[str, str, Callable[[Any], object]]]
"""A row with parts that take a click, as prompt_toolkit has them."""

NARROW = 60
"""Columns from which on the rooms are shown beside the log; of less the title tells
that there is something new in them."""

CALLING = 3
"""Rooms named in which something is new, where the rooms are not shown."""

WRITERS = 3
"""Names shown of those who write."""

SLOW = 2.0
"""Seconds without an answer from which on that is shown: longer than any network takes
that is good to write over."""

STATE = 8
"""Cells of the state of the connection that are shown before what follows it is."""

MOST = 999
"""Counts above this are shown as more than this."""


class Seen(Protocol):
    """What is shown of a :class:`ecochat.client.screen.model.Model`, which see."""

    current: str
    nick: str
    server: str
    online: bool
    why: str
    ping: float | None

    @property
    def rooms(self) -> Mapping[str, Room]: ...
    @property
    def room(self) -> Room: ...
    @property
    def unstored(self) -> int: ...
    @property
    def lag(self) -> float: ...

    def go(self, room: str) -> None: ...


def rooms(model: Seen, width: int, height: int) -> list[Clickable]:
    """Return the rooms, those around the current one if not all fit; a click on one
    goes there. The first nine have the digits that go there with Alt."""
    names = list(model.rooms)
    at = names.index(model.current) if model.current in names else 0
    first = max(0, min(at - height // 2, len(names) - height))
    shown = list(enumerate(names, 1))[first : first + height]
    return [_room(model, digit, model.rooms[name], width) for digit, name in shown]


def members(model: Seen, width: int, height: int) -> list[Fragments]:
    """Return how many are in the current room, and who; away ones are dim."""
    room = model.room
    if not room.members:
        return []
    count = "1 member" if len(room.members) == 1 else f"{len(room.members)} members"
    rows = [[(QUIET, cut(f" {count}", width))]]
    are_all = len(room.members) < height
    for nick in room.members[: height - 1 if are_all else height - 2]:
        rows.append(_member(nick, room, model.nick, width))
    if not are_all:
        more = len(room.members) - len(rows) + 1
        rows.append([(QUIET, cut(f" … {more} more", width))])
    return rows[:height]


def title(model: Seen, width: int) -> Fragments:
    """Return the current room and its topic, or what is new elsewhere where the rooms
    are not seen."""
    name, beside = one_line(model.room.name or "no room"), one_line(model.room.topic)
    name, style = cut(f" {name}", width - 1), QUIET
    row = isolated([("class:title.room", name)])
    if width < NARROW and (elsewhere := _elsewhere(model)):
        beside, style = elsewhere, "class:room.called"
    if beside:
        beside = cut(f"  {beside}", width - cells(name) - 1)
        row += isolated([(style, beside)])
    return closed(row)


def status(model: Seen, width: int) -> Fragments:
    """Return how it is: the server, the connection, what is not stored yet; and at the
    right who writes, for whom there is space. Why there is no connection is cut first.
    """
    row: Fragments = [("", " ")]
    server = [("", one_line(model.server))] * bool(model.server)
    extras = _extras(model)
    taken = 2 + sum(cells(text) + 3 for _, text in (*server, *extras))
    style, text = _connection(model)
    connection = (style, cut(text, max(STATE, width - taken)))
    for part in *server, connection, *extras:
        row += [*isolated([part]), ("", " · ")]
    row.pop()
    left = width - 1 - sum(cells(text) for _, text in row)
    if left < 0:
        return closed(_cut_row(row, width - 1))
    writers = cut(_writers(model), max(0, left - 1))
    row.append(("", " " * (left - cells(writers))))
    return closed(row + isolated([("", writers)]))


def _room(model: Seen, digit: int, room: Room, width: int) -> Clickable:
    key = f"{digit} " if digit < 10 else "  "
    counts = _counts(room)
    style = _room_style(model, room)
    space = max(1, width - len(key) - len(counts) - 1)
    name = cut(one_line(room.name), space)
    fill = " " * (width - len(key) - cells(name) - len(counts))

    def go(event: Any) -> None:
        model.go(room.name)

    mark = "class:room.called" if room.mentions and not room.is_muted else style
    head = "class:room.current" if room.name == model.current else QUIET
    parts = [(head, key), *isolated([(style, name)]), (style, fill), (mark, counts)]
    return [(part, text, go) for part, text in parts]


def _elsewhere(model: Seen) -> str:
    """Return which other rooms have something new, those that name oneself first."""
    others = [r for r in model.rooms.values() if r.name != model.current and r.unread]
    calling = [r for r in others if not r.is_muted]
    calling.sort(key=lambda room: not room.mentions)
    return ", ".join(f"{one_line(r.name)} {_counts(r)}" for r in calling[:CALLING])


def _counts(room: Room) -> str:
    """Return how many are unread, and before that how many of them name oneself."""
    named = f"@{_count(room.mentions)} " if room.mentions else ""
    return f"{named}{_count(room.unread)}" if room.unread else named.strip()


def _count(number: int) -> str:
    return str(number) if number <= MOST else f"{MOST}+"


def _room_style(model: Seen, room: Room) -> str:
    if room.name == model.current:
        return "class:room.current"
    if room.is_muted or not model.online:
        return "class:room.quiet"
    return "class:room.unread" if room.unread else "class:room"


def _member(nick: str, room: Room, own_nick: str, width: int) -> Fragments:
    style = QUIET if nick in room.away else nick_style(nick, own_nick)
    return closed([("", " "), *isolated([(style, cut(one_line(nick), width - 2))])])


def _connection(model: Seen) -> tuple[str, str]:
    if not model.online:
        why = one_line(model.why)
        return "class:status.bad", f"offline: {why}" if why else "offline"
    if model.lag >= SLOW:
        return "class:status.bad", f"no answer for {model.lag:.0f} s"
    if model.ping is None:
        return "class:status.good", "connected"
    return "class:status.good", f"connected, {model.ping * 1_000:.0f} ms"


def _extras(model: Seen) -> Fragments:
    unstored: Fragments = [("class:status.bad", f"{model.unstored} not yet stored")]
    is_back = model.room.place is not None or not model.room.is_at_end
    back: Fragments = [("", "looking back, End returns")]
    return [*(unstored * bool(model.unstored)), *(back * is_back)]


def _writers(model: Seen) -> str:
    nicks = list(model.room.typing)
    if not nicks:
        return ""
    names = ", ".join(one_line(nick) for nick in nicks[:WRITERS])
    more = f" and {len(nicks) - WRITERS} more" if len(nicks) > WRITERS else ""
    return f"{names}{more} {'writes' if len(nicks) == 1 else 'write'} …"


def _cut_row(row: Fragments, width: int) -> Fragments:
    """Return as much of a row as there is space for."""
    kept: Fragments = []
    for style, text in row:
        kept.append((style, cut(text, width)))
        width -= cells(kept[-1][1])
    return kept
