"""What stands in a room just before a message, and just after it, a row each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ecochat.client.lines import Fragments, plain
from ecochat.client.screen.entries import Entry, Kind
from ecochat.client.screen.room import Room
from ecochat.core.requests import History


class Beside(NamedTuple):
    """The rows; empty for what is not there, or not known yet."""

    before: Fragments
    after: Fragments


UNKNOWN = Beside([], [])


def wanted(room: str, n: int) -> History:
    """Return what asks for a message with its neighbours."""
    return History(room=room, after=max(0, n - 2), limit=3)


def here(room: Room, n: int) -> Beside | None:
    """Return what stands beside a message; None where that is not here."""
    for part in (room.shown, room.live):
        is_last = part is room.live and room.is_joined and part.upto == n
        if part.first <= max(1, n - 1) and (n < part.upto or is_last):
            return beside(part.entries, n)
    return None


def beside(entries: Sequence[Entry], n: int) -> Beside:
    """Return what stands beside a message among these entries."""
    before = (e for e in reversed(entries) if e.n is not None and e.n < n)
    after = (e for e in entries if e.n is not None and e.n > n)
    return Beside(_row(before), _row(after))


def _row(entries: Iterable[Entry]) -> Fragments:
    for entry in entries:
        text = plain(entry.said) if entry.said else entry.text
        if entry.kind is Kind.MESSAGE:
            text = f"{entry.nick} {'(deleted)' if entry.is_deleted else text}"
        return [("class:quiet", text)]
    return []
