"""Who comes and goes, folded into one entry as long as nothing else is said."""

from __future__ import annotations

from ecochat.client.screen.entries import Entry, Kind
from ecochat.core.presence import in_numbers

NAMED = 20
"""Names in one entry; more are counted only."""

FOLDED = 3_600.0
"""Seconds that one entry tells of: later comes another, with its own time."""

JOINED, LEFT, BOTH, BACK = "joined", "left", "came and went", "is back"

RENAMED = "is now "
"""Before a new name. Who has just come is told of by that one alone."""

_THEN = {(JOINED, LEFT): BOTH, (BOTH, JOINED): JOINED, (LEFT, JOINED): BACK}
_THEN |= {(BACK, LEFT): LEFT}
"""What somebody did last, and what that makes of it."""


def folds(entry: Entry | None, time: float) -> bool:
    """Whether an entry takes what happens at this time."""
    return (
        entry is not None and entry.kind is Kind.PRESENCE and entry.time + FOLDED > time
    )


def add(entry: Entry, nick: str, what: str) -> None:
    """Take what somebody did.

    :param nick: safe to show.
    :param what: one of the words above, or ``is now NAME``.
    """
    before = entry.names.pop(nick, None)
    if before in (JOINED, BACK) and what.startswith(RENAMED):
        nick, what = what.removeprefix(RENAMED), before  # one line less
    if before is None and len(entry.names) >= NAMED:
        is_joined, is_left = what == JOINED, what == LEFT
        count(entry, is_joined, is_left, not is_joined and not is_left)
    else:
        entry.names[nick] = _THEN.get((before or "", what), what)
        _tell(entry)


def count(entry: Entry, joined: int = 0, left: int = 0, renamed: int = 0) -> None:
    """Take how many did something, of whom it is not known who they are."""
    before = entry.counts
    entry.counts = (before[0] + joined, before[1] + left, before[2] + renamed)
    _tell(entry)


def _tell(entry: Entry) -> None:
    did: dict[str, list[str]] = {}
    for nick, what in entry.names.items():
        did.setdefault(what, []).append(nick)
    told = [f"{', '.join(nicks)} {what}" for what, nicks in did.items()]
    if any(entry.counts):
        more = "more: " * bool(told)
        told.append(more + in_numbers(*entry.counts))
    entry.text = "; ".join(told)
