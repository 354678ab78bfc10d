"""A room's log, as much of it as is here: what comes, what is read back, what goes."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from itertools import takewhile

from ecochat.client.screen.entries import Entry, Kind, State
from ecochat.client.screen.room import ENTRIES, SCROLLED, Place, Room, Stretch
from ecochat.client.screen.stretches import (
    CHANGING,
    EntryOf,
    change_in,
    gap,
    join,
    made,
    put,
    split,
)
from ecochat.core.requests import History
from ecochat.core.wire import Event

PAGE = 100
"""Events that are read at once: some screens full."""

FOLLOWING = 4
"""Rows behind a message that one goes to that are seen too: what was answered."""

SLACK = 100
"""Entries by which a room may be cut below its bound, so that it is not cut at each
event."""

TOLD = 50
"""Entries without a number that outlive the log that they stand in: two screens. All
that a start can tell is some ten."""

_TELLING = (Kind.NOTICE, Kind.SERVER, Kind.ERROR)

# What happens


def enter(room: Room, last: int) -> bool:
    """Take it that what follows a number comes; return whether the log is another one
    than what is here of it, as on a server that keeps nothing."""
    is_new = not room.is_joined and (is_bare(room) or last > room.last)
    is_other = last < room.last
    if is_other:
        for entry in [entry for entry in room.own if entry.n is not None]:
            disown(room, entry)
    room.is_joined = True
    if is_new or is_other:
        _restart(room, last + 1)
    return is_other


def hear(room: Room, event: Event, entry: Entry) -> bool:
    """Take an event as it happens; return whether it is a new one.

    :param entry: what it is shown as: for what one wrote oneself that of ``own``.
    """
    live = room.live
    if event.n <= live.upto and not is_bare(room):
        return False
    if event.n != live.upto + 1:
        _restart(room, event.n)
        live = room.live
    at = _end(room)
    if entry in room.own:
        _take_out(room, entry)
    put(live, event, entry, at)
    if isinstance(event, CHANGING):
        room.quoted.pop(event.message, None)  # it is read again
        if room.tail is not None:
            change_in(room.shown, event)
    bound(room)
    return True


def expire(room: Room, upto: int, time: float) -> None:
    """Take it that the events up to a number do not come."""
    if upto <= room.last:
        return
    is_first = is_bare(room)
    note(room, gap(upto, time))
    room.live.upto = upto
    if is_first:
        room.live.first = 1
    settle(room)


def note(room: Room, entry: Entry) -> None:
    """Put what has no number behind what was said last."""
    room.live.entries.insert(_end(room), entry)
    bound(room)


def carry(room: Room, other: Room) -> None:
    """Tell what was told in a room that is gone in another one."""
    for entry in _told(room):
        note(other, entry)


def newest(room: Room) -> Entry | None:
    """Return the last entry before what one has written oneself that is to come yet."""
    entries, at = room.live.entries, _end(room)
    return entries[at - 1] if at else None


def _end(room: Room) -> int:
    """Return the place at the log's end where what comes is put."""
    return len(room.live.entries) - _coming(room)


def _coming(room: Room) -> int:
    """Return how many stand behind all else: what one has written, from the first on
    that may come yet. What was refused before that stays where it was refused."""
    is_refused = [entry.state is State.REFUSED for entry in room.own]
    return len(is_refused) - [*is_refused, False].index(False)


# What one has written


def own(room: Room, entry: Entry) -> None:
    """Take what one writes, behind everything."""
    room.own.append(entry)
    room.live.entries.append(entry)
    room.sync()


def disown(room: Room, entry: Entry) -> None:
    """Take away what is shown otherwise now, or goes."""
    _take_out(room, entry)
    if room.place is not None and room.place.entry is entry:
        room.place = None
    room.sync()


def _take_out(room: Room, entry: Entry) -> None:
    room.own.remove(entry)
    for stretch in (room.live, room.shown):
        if entry in stretch.entries:
            stretch.entries.remove(entry)


def settle(room: Room) -> None:
    """Take away of one's own what an event has shown, or none will."""
    for entry in [e for e in room.own if e.n is not None and e.n <= room.live.upto]:
        disown(room, entry)
    room.sync()


def clear(room: Room) -> None:
    """Take away what is no event, and nothing that one has written."""
    room.shown.entries[:] = [
        entry
        for entry in room.shown.entries
        if entry.n is not None or entry.kind is Kind.GAP or entry in room.own
    ]
    room.place = None
    room.sync()


# What is read from the server


def is_bare(room: Room) -> bool:
    """Whether nothing of its log is here."""
    return room.live.first > room.live.upto


def older(room: Room) -> History | None:
    """Return what asks for a page before what is shown; None where nothing is."""
    if room.shown.first <= 1:
        return None
    return History(room=room.name, before=room.shown.first, limit=PAGE)


def newer(room: Room) -> History | None:
    """Return what asks for a page behind what is shown; None at the end."""
    if room.is_at_end:
        return None
    return History(room=room.name, after=room.shown.upto, limit=PAGE)


def near(room: Room, n: int) -> History:
    """Return what asks for what stands around an event."""
    return History(room=room.name, before=n + PAGE // 2, limit=PAGE)


def first(room: Room) -> History:
    """Return what asks for the first that is kept."""
    return History(room=room.name, after=0, limit=PAGE)


def take_older(
    room: Room, asked: History, events: Sequence[Event], entry_of: EntryOf, time: float
) -> None:
    """Take a page before what is here; one that does not join it is dropped."""
    shown, before = room.shown, asked.before or 0
    if before < shown.first or shown.first <= 1:
        return
    new = [event for event in events if event.n < shown.first]
    if events and not new:
        return
    page = made(new, entry_of, shown.first)
    page.upto = shown.first - 1
    _file(room, page)
    if len(events) < asked.limit:
        _begin(page, time)
    room.show(join(page, shown))
    _change(room)
    _keep_place(room)
    bound(room)


def take_newer(
    room: Room, asked: History, events: Sequence[Event], entry_of: EntryOf
) -> None:
    """Take a page behind what is shown."""
    shown, after = room.shown, asked.after or 0
    new = [event for event in events if event.n > shown.upto]
    if room.tail is None or after > shown.upto or not new:
        return
    page = made(new, entry_of, shown.upto + 1)
    if page.first > shown.upto + 1:
        page.entries.insert(0, gap(page.first - 1, page.entries[0].time))
    room.show(join(shown, page))
    _change(room)
    _meet(room)
    bound(room)


def take_near(
    room: Room, n: int, events: Sequence[Event], entry_of: EntryOf, time: float
) -> bool:
    """Show what stands around an event; return whether that is here."""
    if all(event.n != n for event in events):
        return False
    page = made(events, entry_of, n)
    if len(events) < PAGE:
        _begin(page, time)
    room.tail = room.live
    room.place = None
    room.show(page)
    _change(room)
    _meet(room)
    is_here = find(room, n)
    bound(room)
    return is_here


def find(room: Room, n: int) -> bool:
    """Go to an event, if it is here, at the end of the log or where one looks."""
    live = room.live
    if not room.shown.first <= n <= room.shown.upto and live.first <= n <= live.upto:
        to_end(room)
    shown = room.shown
    is_here = shown.first <= n <= shown.upto
    if is_here:
        behind = (e for e in shown.entries if e.n is not None and e.n >= n)
        entry = next(behind, None)
        room.place = Place(entry, -FOLLOWING) if entry else None
        room.version += 1
    return is_here


def to_first(room: Room) -> None:
    """Go to the first of what is here."""
    room.place = Place(room.entries[0]) if room.entries else None
    room.version += 1


def scrolled_to(room: Room) -> int:
    """Return the number of the last event on the screen; 0 at the end of the log."""
    if room.place is None:
        return room.resume
    n = 0
    for entry in room.entries:
        n = n if entry.n is None else entry.n
        if entry is room.place.entry:
            break
    return n


def to_end(room: Room) -> None:
    """Show the end of the log."""
    room.place, room.resume = None, 0
    if room.tail is not None:
        tail, room.tail = room.tail, None
        room.show(tail)
    bound(room)


# What is not kept here


def bound(room: Room) -> None:
    """Keep no more than there may be; what one looks at stays."""
    if room.tail is not None and len(room.tail.entries) > ENTRIES + _coming(room):
        room.tail = _newest(room, room.tail)
    is_scrolled = room.place is not None or room.tail is not None
    most = SCROLLED if is_scrolled else ENTRIES
    if len(room.entries) > most + _owned(room):
        _halve(room) if is_scrolled else room.show(_newest(room, room.shown))
    room.sync()


def _owned(room: Room) -> int:
    return _coming(room) if room.is_at_end else 0


def _newest(room: Room, stretch: Stretch) -> Stretch:
    keep = ENTRIES - SLACK + _coming(room)
    newest = split(stretch, len(stretch.entries) - keep)[1]
    newest.changes = stretch.changes  # they may be of what is read back later
    return newest


def _halve(room: Room) -> None:
    """Keep the half of what is shown in which one looks."""
    middle = (len(room.entries) - _owned(room)) // 2
    older, newer = split(room.shown, middle)
    is_newer = room.place is None or room.place.entry not in older.entries
    if not is_newer and room.tail is None:
        newer.changes = room.shown.changes
        room.tail = _newest(room, newer) if len(newer.entries) > ENTRIES else newer
    room.show(newer if is_newer else older)


def _restart(room: Room, first: int) -> None:
    """Have nothing of the log but what one has written; it goes on at a number. What
    was told stays: nobody may have read it yet, as before the first session."""
    for entry in [e for e in room.own if e.n is not None and e.n < first]:
        disown(room, entry)
    kept = {*room.own, *_told(room)}
    entries = [entry for entry in room.live.entries if entry in kept]
    early = [entry for entry in room.own if entry not in entries]
    room.place = room.tail = room.fresh = None
    room.quoted.clear()
    room.show(Stretch([*early, *entries], first, first - 1))


def _told(room: Room) -> list[Entry]:
    """Return what the client and the server told in a room, the newest of it."""
    return [entry for entry in room.live.entries if entry.kind in _TELLING][-TOLD:]


def _begin(page: Stretch, time: float) -> None:
    """Have a page be the beginning of what there is."""
    if page.first > 1:
        time = page.entries[0].time if page.entries else time
        page.entries.insert(0, gap(page.first - 1, time))
    page.first = 1


def _meet(room: Room) -> None:
    """Have what is shown go to the end, if it reaches that."""
    tail, shown = room.tail, room.shown
    if tail is None or shown.upto + 1 < tail.first:
        return
    at = next(
        (i for i, e in enumerate(shown.entries) if (e.n or 0) >= tail.first),
        len(shown.entries),
    )
    room.tail = None
    whole = tail if shown.first >= tail.first else join(split(shown, at)[0], tail)
    room.show(whole)
    _keep_place(room)


def _change(room: Room) -> None:
    """Have what was changed behind what is shown be so there."""
    for event in room.tail.changes if room.tail is not None else ():
        change_in(room.shown, event)


def _file(room: Room, page: Stretch) -> None:
    """Put what was refused before all that is here, as in an earlier run, among what
    was said at that time, where that is in a page."""
    first = next((e for e in room.shown.entries if e.n is not None), None)
    early = takewhile(lambda entry: entry is not first, list(room.shown.entries))
    for entry in early:
        at = bisect(page.entries, entry.time, key=lambda e: e.time)
        if entry.state is State.REFUSED and at < len(page.entries):
            room.shown.entries.remove(entry)
            page.entries.insert(at, entry)


def _keep_place(room: Room) -> None:
    """Look at what stands where that was which one looked at, if it has gone."""
    place = room.place
    if place is None or place.entry in room.entries:
        return
    n = place.entry.n or 0
    behind = (entry for entry in room.entries if (entry.n or 0) >= n > 0)
    entry = next(behind, None)
    room.place = Place(entry) if entry else None
