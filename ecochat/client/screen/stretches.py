"""Parts of a room's log: made of events, joined, split, and changed by events."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from ecochat.client.safe import safe, safe_name
from ecochat.client.screen.entries import Entry, Kind
from ecochat.client.screen.room import CHANGES, Stretch
from ecochat.core import wire

CHANGING = (wire.Edit, wire.Delete, wire.React)
"""The events that change a message."""

EARLIEST, LATEST = 86_400.0, 253_000_000_000.0
"""Moments that every time zone has a date for: from 1970 to 9987."""

SIGNS = 50
"""Reactions to a message that are kept: more signs than anyone looks at, and each takes
memory as long as the message is here."""

GIVERS = 1_000
"""Names kept for one of them, for the same reason; others are not counted."""

EntryOf = Callable[[wire.Event], Entry]
"""Makes an event an entry, as the one does that knows who one is."""


def moment(time: str) -> float:
    """Return a moment of the wire's in seconds since 1970; of one that cannot be read,
    or shown, the nearest that can."""
    try:
        found = datetime.fromisoformat(time).timestamp()
    except (ValueError, OverflowError):
        found = EARLIEST
    return max(EARLIEST, min(found, LATEST))


def gap(upto: int, time: float) -> Entry:
    """Return what stands for events that are no longer kept."""
    text = f"messages up to {upto} are no longer kept"
    return Entry(Kind.GAP, time, text=text)


def made(events: Iterable[wire.Event], entry_of: EntryOf, first: int) -> Stretch:
    """Make a part of the log of a page of history, by rising number.

    :param first: the number that it begins at where there are no events.
    """
    stretch = Stretch(first=first, upto=first - 1)
    for event in events:
        entry = entry_of(event)
        if event.n > stretch.upto + 1 and stretch.entries:
            stretch.entries.append(gap(event.n - 1, entry.time))
        elif not stretch.entries:
            stretch.first = event.n
        put(stretch, event, entry, len(stretch.entries))
    return stretch


def put(stretch: Stretch, event: wire.Event, entry: Entry, at: int) -> bool:
    """Take the next event of a part; return whether it has an entry now.

    :param at: the place of its entry.
    """
    stretch.upto = event.n
    if isinstance(event, CHANGING):
        stretch.changes.append(event)
        if (changed := stretch.index.get(event.message)) is not None:
            change(changed, event)
            return False
    if isinstance(event, wire.React):
        entry.about = event.message
        if at and _folds(stretch.entries[at - 1], entry):
            return False
    stretch.entries.insert(at, entry)
    stretch.index[event.n] = entry
    return True


def _folds(last: Entry, entry: Entry) -> bool:
    """Have one line for reactions that follow each other, to a message that is not
    here; return whether the last one stands for this one, too."""
    is_same = last.about == entry.about
    last.more += is_same
    return is_same


def join(older: Stretch, newer: Stretch) -> Stretch:
    """Return two parts as one, of which the second begins behind the first."""
    single = {
        event.n
        for event in newer.changes
        if change_in(older, event) and event.n in newer.index
    }
    gone = {newer.index[n] for n in single}
    kept = [e for e in newer.entries if e not in gone] if gone else newer.entries
    index = older.index | newer.index
    for n in single:
        del index[n]
    changes = deque((*older.changes, *newer.changes), CHANGES)
    first = min(older.first, newer.first)
    return Stretch([*older.entries, *kept], first, newer.upto, index, changes)


def split(stretch: Stretch, at: int) -> tuple[Stretch, Stretch]:
    """Return the part before an entry, given by its place, and that from there on."""
    before, behind = stretch.entries[:at], stretch.entries[at:]
    index = stretch.index
    numbers = (e.n for e in behind if e.n is not None and index.get(e.n) is e)
    first = next(numbers, stretch.upto + 1)
    return (
        _part(stretch, before, stretch.first, first - 1),
        _part(stretch, behind, first, stretch.upto),
    )


def _part(stretch: Stretch, entries: list[Entry], first: int, upto: int) -> Stretch:
    index = {
        entry.n: entry
        for entry in entries
        if entry.n is not None and stretch.index.get(entry.n) is entry
    }
    changes = (event for event in stretch.changes if first <= event.n <= upto)
    return Stretch(entries, first, upto, index, deque(changes, CHANGES))


# Changes of messages


def change_in(stretch: Stretch, event: wire.Edit | wire.Delete | wire.React) -> bool:
    """Change the message that an event is about, if it is here; return whether."""
    entry = stretch.index.get(event.message)
    if entry is not None:
        change(entry, event)
    return entry is not None


def change(entry: Entry, event: wire.Edit | wire.Delete | wire.React) -> None:
    """Change a message as an event says; once or more comes to the same."""
    _CHANGES[type(event)](entry, event)


def _edited(entry: Entry, event: wire.Edit) -> None:
    """A later change is known where the message was read from history since."""
    if event.n < entry.changed or entry.is_deleted:
        return
    if event.text:
        entry.changed, entry.is_edited = event.n, True
        entry.raw, entry.text, entry.said = event.text, safe(event.text), None
    else:
        _deleted(entry, event)


def _deleted(entry: Entry, event: wire.Event) -> None:
    entry.changed = max(entry.changed, event.n)
    entry.is_deleted = True
    entry.raw = entry.text = ""
    entry.said = None


def _reacted(entry: Entry, event: wire.React) -> None:
    sign, nick = safe_name(event.reaction), safe_name(event.nick)
    given = entry.reactions.get(sign, [])
    if event.remove and nick in given:
        given.remove(nick)
        if not given:
            del entry.reactions[sign]
    elif not event.remove and nick not in given and _has_space(entry, given):
        entry.reactions[sign] = [*given, nick]


def _has_space(entry: Entry, given: list[str]) -> bool:
    """Whether one more can be kept of those that gave the same sign."""
    return len(given) < GIVERS if given else len(entry.reactions) < SIGNS


_CHANGES: dict[type[wire.Event], Callable[[Entry, Any], None]] = {
    wire.Edit: _edited,
    wire.Delete: _deleted,
    wire.React: _reacted,
}
