"""How the records of a group get into the tables; all of them in one transaction."""

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import Any

from msgspec.structs import astuple

from ecochat.core.items import Changed, Entrance, RoomExpired
from ecochat.core.records import Batch
from ecochat.store import fulltext

ROWS = 50
"""Events that one statement stores: a fifth less time for each than one by one, and
the interpreter is given back once for all of them."""

_COLUMNS = (
    *("seq", "room", "n", "time", "session", "nick", "kind", "text"),
    *("key", "id", "target"),
)
"""As the fields of an event are in order; those in the second line may all be None."""

_PLAIN = 8
"""Columns of events that have none of those: each costs a seventh more time."""


def _insert(columns: int, rows: int) -> str:
    names, row = ", ".join(_COLUMNS[:columns]), ",".join("?" * columns)
    values = ",".join([f"({row})"] * rows)
    return f"INSERT INTO events ({names}) VALUES {values}"


_INSERT = {
    columns: (_insert(columns, ROWS), _insert(columns, 1))
    for columns in (_PLAIN, len(_COLUMNS))
}
"""The statements for many events and for one, by how many columns they have."""

_MESSAGE = "events WHERE room = :room AND n = :target"
_EDITS = (
    "events INDEXED BY edits"
    " WHERE room = :room AND target = :target AND kind = 'edit' AND n <= :by"
)
_BY = "(SELECT seq FROM events WHERE room = :room AND n = :by)"
_CHANGE = [
    statement.format(events)
    for events in (_MESSAGE, _EDITS)
    for statement in (
        "INSERT OR REPLACE INTO changes (seq, by, now)"
        f" SELECT seq, :by, {_BY} FROM {{}}",
        "UPDATE events SET text = zeroblob(length(CAST(text AS BLOB)))"
        " WHERE seq IN (SELECT seq FROM {} AND n != :by)",
    )
]
_EXPIRE = (
    "DELETE FROM changes WHERE seq IN"
    " (SELECT seq FROM events WHERE room = :room AND n <= :upto)",
    "DELETE FROM events WHERE room = :room AND n <= :upto",
    "UPDATE rooms SET first = max(first, min(last, :upto) + 1) WHERE id = :room",
    "INSERT INTO expired VALUES (1, :seq)"
    " ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)",
)


def write(db: sqlite3.Connection, batch: Batch) -> None:
    """Store a group, in a transaction that is begun and ended elsewhere."""
    _write_rooms(db, batch)
    _write_events(db, batch)
    for change in batch.changes:
        _change(db, change)
    for expired in batch.expired:
        _expire(db, expired)
    _write_keys(db, batch)
    _write_sessions(db, batch)


def _write_rooms(db: sqlite3.Connection, batch: Batch) -> None:
    _for_each(
        db,
        "INSERT INTO rooms (id, name, key, made, owners) VALUES (?, ?, ?, ?, ?)",
        [
            (room.room, room.name, room.key, room.time, " ".join(room.owners))
            for room in batch.rooms
        ],
    )
    _for_each(
        db,
        "INSERT INTO talks (room, key) VALUES (?, ?)",
        [
            (room.room, int(owner[1:]))
            for room in batch.rooms
            for owner in room.owners
            if owner.startswith("k")
        ],
    )


def _write_events(db: sqlite3.Connection, batch: Batch) -> None:
    plain = all(e.key is None and e.target is None for e in batch.events)
    columns = _PLAIN if plain else len(_COLUMNS)
    insert_many, insert_one = _INSERT[columns]
    events = [astuple(event)[:columns] for event in batch.events]
    several = len(events) // ROWS * ROWS
    for at in range(0, several, ROWS):
        values = [*chain.from_iterable(events[at : at + ROWS])]
        db.execute(insert_many, values)
    _for_each(db, insert_one, events[several:])
    _for_each(
        db,
        "UPDATE rooms SET last = ? WHERE id = ?",
        [(last, room) for room, last in batch.lasts().items()],
    )
    _for_each(
        db,
        "UPDATE rooms SET topic = ? WHERE id = ?",
        [(topic, room) for room, topic in batch.topics().items()],
    )


def _change(db: sqlite3.Connection, change: Changed) -> None:
    with fulltext.changing(db, change.room, change.target):
        values = {"room": change.room, "target": change.target, "by": change.by}
        for statement in _CHANGE:
            db.execute(statement, values)


def _expire(db: sqlite3.Connection, expired: RoomExpired) -> None:
    fulltext.take_out(db, expired.room, expired.upto)
    values = {"room": expired.room, "upto": expired.upto, "seq": expired.seq}
    for statement in _EXPIRE:
        db.execute(statement, values)


def _write_keys(db: sqlite3.Connection, batch: Batch) -> None:
    _for_each(
        db,
        "INSERT INTO keys (id, hash) VALUES (?, ?)",
        [(made.key, made.hash) for made in batch.keys],
    )
    _for_each(
        db,
        "UPDATE keys SET last_id = ?, last_room = ?, last_n = ? WHERE id = ?",
        [(*last, key) for key, last in batch.last_ids().items()],
    )
    _for_each(
        db,
        "INSERT OR REPLACE INTO read_marks (key, room, n) VALUES (?, ?, ?)",
        [(mark.key, mark.room, mark.n) for mark in batch.read],
    )


def _write_sessions(db: sqlite3.Connection, batch: Batch) -> None:
    _for_each(
        db,
        "INSERT INTO sessions (id, nick, address, connected, key)"
        " VALUES (?, ?, ?, ?, ?)",
        [(s.session, s.nick, s.address, s.time, s.key) for s in batch.opened],
    )
    for entrance in batch.entrances:
        _enter(db, entrance)
    _for_each(
        db,
        "UPDATE sessions SET nick = ? WHERE id = ?",
        [(s.new, s.session) for s in batch.renamed],
    )
    db.executemany(
        "UPDATE sessions SET address = ? WHERE id = ?",
        [(s.address, s.session) for s in batch.resumed],
    )
    _for_each(
        db,
        "UPDATE sessions SET disconnected = ? WHERE id = ?",
        [(s.time, s.session) for s in batch.closed],
    )
    _for_each(
        db,
        "DELETE FROM entrances WHERE session = ?",
        [(s.session,) for s in batch.closed],
    )


def _enter(db: sqlite3.Connection, entrance: Entrance) -> None:
    # A row that is replaced gets a new id, the highest: the room that was entered last.
    statement = (
        "INSERT OR REPLACE INTO entrances (session, room) VALUES (?, ?)"
        if entrance.is_in
        else "DELETE FROM entrances WHERE session = ? AND room = ?"
    )
    db.execute(statement, (entrance.session, entrance.room))


def _for_each(
    db: sqlite3.Connection, statement: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    if rows:  # most kinds of records are in few groups
        db.executemany(statement, rows)
