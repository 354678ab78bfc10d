"""What a person asked to see, as one entry: a head, and a row for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ecochat.client.lines import Fragments
from ecochat.client.screen.entries import Entry, Kind
from ecochat.client.terminal import phrases
from ecochat.client.terminal.harmless import harmless
from ecochat.core import wire
from ecochat.core.names import fold
from ecochat.core.requests import Clients, Request, Rooms, Status, Who

LISTED = 1_000
"""Rows, or names, of a list that are shown: it stays in the log, and more than some
screens nobody reads."""


def answer(asked: Request, items: list[Any], end: Any, time: float) -> Entry:
    """Return what shows an answer that is for a person to read."""
    entry = Entry(Kind.NOTICE, time)
    if isinstance(asked, Who):
        entry.said = [("", f"{len(items)} in {harmless(end).room}")]
        people = sorted(map(harmless, items[:LISTED]), key=lambda m: fold(m.nick))
        entry.columns = [(m.nick, m.away) for m in people]
    elif isinstance(asked, Clients) and end.count is not None:
        entry.said = [("", f"{end.count} {'is' if end.count == 1 else 'are'} here")]
    elif isinstance(end, wire.Ok):
        entry.said = _joined(line.said for line in phrases.facts(harmless(end)))
    else:
        head = _HEADS.get(type(asked))
        lines = phrases.listed(harmless(item) for item in items[:LISTED])
        rows = [line.said for line in lines]
        entry.said = _joined([[("", head(len(items)))], *rows] if head else rows)
    return entry


def _joined(rows: Iterable[Fragments]) -> Fragments:
    said: Fragments = []
    for row in rows:
        said += [("", "\n")] * bool(said) + row
    return said


def _rooms(count: int) -> str:
    return "1 room" if count == 1 else f"{count} rooms"


def _sessions(count: int) -> str:
    return "1 session" if count == 1 else f"{count} sessions, open and ended"


_HEADS: dict[type[Request], Callable[[int], str]] = {Rooms: _rooms, Status: _sessions}
