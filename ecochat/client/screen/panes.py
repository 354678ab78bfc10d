"""What stands around a room's log: the rooms, the members, the title and the status."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from ecochat.client.lines import Fragments
from ecochat.client.screen.drawing import QUIET
from ecochat.client.screen.graphemes import cells, cut, isolated, one_line
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

HIDING = 3
"""Rooms that are seen at least where rows tell of the others: the current one always
is."""

MUTED = "⊘"
"""Marks a room that does not call."""


class Seen(Protocol):
    """What is shown of a :class:`ecochat.client.screen.model.Model`, which see."""

    current: str
    nick: str
    server: str
    online: bool
    why: str
    ping: float | None
    unkept: str
    elsewhere: int

    @property
    def rooms(self) -> Mapping[str, Room]:
        """Those one is in, by name, in the order shown."""

    @property
    def room(self) -> Room:
        """The one before the eyes."""

    @property
    def unstored(self) -> int:
        """How much of what one wrote is not stored yet."""

    @property
    def lag(self) -> float:
        """The seconds for which an answer is waited for."""

    def go(self, room: str) -> None:
        """Go to a room, by its name."""


def rooms(model: Seen, width: int, height: int, by: int = 0) -> list[Clickable]:
    """Return the rooms, those around the current one if not all fit; a click on one
    goes there. The first nine have the digits that go there with Alt. Where something
    is new in those that are not seen, the first or last row says so.

    :param by: how many rows further down is looked; back where it is negative.
    """
    names = list(model.rooms)
    first = _first_room(model, height) + by
    first = max(0, min(first, len(names) - height))
    shown = list(enumerate(names, 1))[first : first + height]
    rows = [_room(model, digit, model.rooms[name], width) for digit, name in shown]
    if height >= HIDING:
        above, below = names[: first + 1], names[first + height - 1 :]
        rows[:1] = _hidden(model, "▲", above, width) or rows[:1]
        rows[-1:] = _hidden(model, "▼", below, width) or rows[-1:]
    return rows


def rooms_range(model: Seen, height: int) -> tuple[int, int]:
    """Return how far one can look back and on among the rooms; see :func:`rooms`."""
    first = _first_room(model, height)
    return -first, max(0, len(model.rooms) - height) - first


def _first_room(model: Seen, height: int) -> int:
    names = list(model.rooms)
    at = names.index(model.current) if model.current in names else 0
    return max(0, min(at - height // 2, len(names) - height))


def _hidden(
    model: Seen, arrow: str, names: Sequence[str], width: int
) -> list[Clickable]:
    """Return a row in place of these rooms, which are not seen, where there are several
    and something is new in them that calls; a click goes to the first that does."""
    called = _calling(model, names) if len(names) > 1 else []
    if not called:
        return []
    calls = sum(_calls(room) for room in called)
    new = sum(room.unread for room in called)
    counts = " ".join(
        [*[f"@{_count(calls)}"] * bool(calls), *[_count(new)] * bool(new)]
    )
    style = "class:room.called" if calls else "class:room.unread"

    def go(event: Any) -> None:
        model.go(called[0].name)

    text = cut(f"{arrow} {counts}", width)
    return [[(style, f"{text}{' ' * (width - cells(text))}", go)]]


def _calls(room: Room) -> int:
    """Return how often one is called: each private message does."""
    return room.unread if room.is_private else room.mentions


def members(
    model: Seen,
    width: int,
    height: int,
    first: int = 0,
    write: Callable[[str], object] = lambda nick: None,
) -> list[Clickable]:
    """Return how many are in the current room, and who; away ones are dim.

    :param first: the number of the first one shown, from 0.
    :param write: what a click on one does: is given the name.
    """
    room = model.room
    if not room.members:
        return []
    count = "1 member" if len(room.members) == 1 else f"{len(room.members)} members"
    rows: list[Clickable] = [[(QUIET, cut(f" {count}", width))]]
    are_all = len(room.members) - first < height
    last = first + (height - 1 if are_all else height - 2)
    for nick in room.members[first : max(first, last)]:
        row = _member(nick, room, model.nick, width)
        rows.append(
            [(style, text, partial(_clicked, write, nick)) for style, text in row]
        )
    if not are_all:
        more = len(room.members) - first - len(rows) + 1
        rows.append([(QUIET, cut(f" … {more} more", width))])
    return rows[:height]


def members_range(model: Seen, height: int) -> tuple[int, int]:
    """Return between which numbers the first member that is shown can be."""
    return 0, max(0, len(model.room.members) - max(0, height - 1))


def _clicked(write: Callable[[str], object], nick: str, event: Any) -> None:
    write(nick)


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
    return row


def status(model: Seen, width: int) -> Fragments:
    """Return how it is: the server, the connection, what is not stored yet; and at the
    right who writes, for whom there is space. Why there is no connection is cut first.
    """
    row: Fragments = [("", " ")]
    server = [("", one_line(model.server))] * bool(model.server)
    extras = _extras(model)
    style, text = _connection(model)
    taken = 2 + sum(cells(text) + 3 for _, text in (*server, *extras))
    if taken + cells(text) > width and width < NARROW:
        taken -= sum(cells(text) + 3 for _, text in server)
        server = []  # it is where one went; how it is there counts more
    connection = (style, cut(text, max(STATE, width - taken)))
    for part in *server, connection, *extras:
        row += [*isolated([part]), ("", " · ")]
    row.pop()
    left = width - 1 - sum(cells(text) for _, text in row)
    if left < 0:
        return _cut_row(row, width - 1)
    writers = cut(_writers(model), max(0, left - 1))
    row.append(("", " " * (left - cells(writers))))
    return row + isolated([("", writers)])


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
    calling = _calling(model, [name for name in model.rooms if name != model.current])
    return ", ".join(f"{one_line(r.name)} {_counts(r)}" for r in calling[:CALLING])


def _calling(model: Seen, names: Sequence[str]) -> list[Room]:
    """Return those of these rooms that have something new and are not muted, those
    that call first."""
    found = [room for room in map(model.rooms.__getitem__, names) if room.unread]
    return sorted((r for r in found if not r.is_muted), key=lambda r: not _calls(r))


def _counts(room: Room) -> str:
    """Return how many are unread, and before that how many of them name oneself; and
    before that a mark where the room does not call."""
    named = f"@{_count(room.mentions)}" * bool(room.mentions)
    unread = _count(room.unread) * bool(room.unread)
    return " ".join(filter(None, (MUTED * room.is_muted, named, unread)))


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
    return [("", " "), *isolated([(style, cut(one_line(nick), width - 2))])]


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
    unkept: Fragments = [("class:status.bad", model.unkept)]
    unstored: Fragments = [("class:status.bad", _unstored(model))]
    is_back = model.room.place is not None or not model.room.is_at_end
    back: Fragments = [("", "looking back, End returns")]
    are_some = bool(model.unstored or model.elsewhere)
    return [
        *(unkept * bool(model.unkept)),
        *(unstored * are_some),
        *(back * is_back),
    ]


def _unstored(model: Seen) -> str:
    """Return how much is not stored, here and at servers where one was before."""
    if not model.unstored:
        return f"{model.elsewhere} not yet stored elsewhere"
    more = f", +{model.elsewhere} elsewhere" if model.elsewhere else ""
    return f"{model.unstored} not yet stored{more}"


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
