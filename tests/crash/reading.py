"""The log as it is afterwards: told to one who resumes, as history, and in the file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

from tests.crash.check import Entry, entry_of
from tests.crash.clients import ROOM
from tests.support.client import Client

PAGE = 1_000
"""Messages of a page of history: as many as may be asked for."""


def resume(witness: Client) -> list[Entry]:
    """Return what a session gets that has seen nothing of the room."""
    hello = {"op": "hello", "protocol": 1, "rooms": {ROOM: 0}}
    witness.say(json.dumps(hello))
    welcome = json.loads(witness.expect(r'\{"op":"welcome"'))
    last = welcome["rooms"][ROOM]["last"]
    if last:
        witness.expect(rf'\{{"op":"message","room":"{ROOM}","n":{last},')
    return _messages(witness.frames)


def history(witness: Client) -> Iterator[Entry]:
    """Yield the room's log as it is told page by page."""
    after = 0
    while True:
        begun = len(witness.frames)
        request = {"op": "history", "room": ROOM, "after": after, "limit": PAGE}
        witness.ask(json.dumps(request), r'\{"op":"end"')
        page = _messages(witness.frames[begun:])
        if not page:
            return
        yield from page
        after = page[-1].n


def _messages(frames: Sequence[str]) -> list[Entry]:
    said = (json.loads(frame) for frame in frames if frame.startswith("{"))
    return [entry_of(one) for one in said if one["op"] == "message"]


def stored(path: str) -> list[Entry]:
    """Return the room's log as the file has it, in the order of the numbers."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = db.execute(
            "SELECT n, time, nick, 's' || session, events.id, text"
            " FROM events JOIN rooms ON room = rooms.id WHERE rooms.key = ? ORDER BY n",
            (ROOM,),
        )
        return [Entry(*row) for row in rows]
