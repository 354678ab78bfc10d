"""What is read from the tables, beside pages of the log."""

import sqlite3
from typing import Any

from ecochat.core.limits import TALKS
from ecochat.core.records import KeptSession, KeyRecord, Loaded, RoomRecord, TalkRecord

_LAST_STORED = (
    "SELECT max((SELECT ifnull(max(time), 0) FROM"
    "  (SELECT time FROM events ORDER BY seq DESC LIMIT 1)),"
    " (SELECT ifnull(max(connected), 0) FROM sessions),"
    " (SELECT ifnull(max(disconnected), 0) FROM sessions))"
)
_KEPT = (
    "SELECT max(s.id) FROM sessions AS s JOIN keys ON keys.id = s.key"
    " WHERE s.disconnected IS NULL GROUP BY s.key"
)
"""The sessions that can be taken up again: of each key one, should there be more."""

_END_OTHERS = (
    f"UPDATE sessions SET disconnected = max(connected, ({_LAST_STORED}))"
    f" WHERE disconnected IS NULL AND id NOT IN ({_KEPT})"
)
_LEAVE = (
    "DELETE FROM entrances WHERE session NOT IN"
    " (SELECT id FROM sessions WHERE disconnected IS NULL)"
)
_SEQ = (
    "SELECT max((SELECT ifnull(max(seq), 0) FROM events),"
    " (SELECT ifnull(max(seq), 0) FROM expired))"
)
_LAST_SESSION = (
    "SELECT ifnull(max(seq), 0) FROM sqlite_sequence WHERE name = 'sessions'"
)
_ROOMS = (
    "SELECT id, name, key, first, last, topic FROM rooms WHERE owners = '' ORDER BY id"
)
_SESSIONS = (
    "SELECT s.id, s.nick, keys.*"
    " FROM sessions AS s JOIN keys ON keys.id = s.key"
    " WHERE s.disconnected IS NULL ORDER BY s.id"
)
_ENTERED = (
    "SELECT e.room FROM entrances AS e JOIN rooms AS r ON r.id = e.room"
    " WHERE e.session = ? AND r.owners = '' ORDER BY e.id"
)
KEY = "SELECT * FROM keys WHERE hash = ?"
TALKS_OF_A_KEY = (
    "SELECT r.id, r.first, r.last, r.topic, r.owners"
    " FROM talks AS t CROSS JOIN rooms AS r ON r.id = t.room"
    " WHERE t.key = ? ORDER BY t.seq DESC, t.room DESC LIMIT ?"
)
NICKS = {
    "k": "SELECT nick FROM sessions WHERE key = ? ORDER BY id DESC LIMIT 1",
    "s": "SELECT nick FROM sessions WHERE id = ?",
}
"""The last name of an identity, by its first letter; the rest is the number."""


def end_sessions(db: sqlite3.Connection) -> None:
    """End the sessions that a server before this one had open, as of when the last
    thing was stored; but those that have a key are kept."""
    db.execute(_END_OTHERS)
    db.execute(_LEAVE)


def load(db: sqlite3.Connection) -> Loaded:
    """Return what a server starts from."""
    return Loaded(
        tuple(RoomRecord(*row) for row in db.execute(_ROOMS)),
        _number(db, _LAST_SESSION),
        _number(db, _SEQ),
        _number(db, "SELECT ifnull(max(id), 0) FROM rooms"),
        _number(db, "SELECT ifnull(max(id), 0) FROM keys"),
        tuple(_session(db, *row) for row in db.execute(_SESSIONS).fetchall()),
    )


def _number(db: sqlite3.Connection, query: str) -> int:
    number: int = db.execute(query).fetchone()[0]
    return number


def _session(db: sqlite3.Connection, id: int, nick: str, *key: Any) -> KeptSession:
    rooms = tuple(room for (room,) in db.execute(_ENTERED, (id,)))
    return KeptSession(id, nick, _key(db, *key), rooms)


def key_record(db: sqlite3.Connection, hash: bytes) -> KeyRecord | None:
    """Return what is kept of a key; None when it was never used."""
    row = db.execute(KEY, (hash,)).fetchone()
    return _key(db, *row) if row else None


def _key(
    db: sqlite3.Connection, id: int, hash: bytes, last_id: int, *last_place: int
) -> KeyRecord:
    marks = db.execute("SELECT room, n FROM read_marks WHERE key = ?", (id,))
    rows = db.execute(TALKS_OF_A_KEY, (id, TALKS)).fetchall()
    talks = tuple(_talk(db, *row) for row in reversed(rows))
    room, n = last_place
    read = dict(marks.fetchall())
    return KeyRecord(id, hash, last_id, (room, n), read, talks)


def _talk(
    db: sqlite3.Connection, id: int, first: int, last: int, topic: str, owners: str
) -> TalkRecord:
    two = tuple(owners.split(" "))
    nicks = tuple(_nick(db, owner) for owner in two)
    return TalkRecord(id, first, last, topic, two, nicks)


def _nick(db: sqlite3.Connection, owner: str) -> str:
    row = db.execute(NICKS[owner[0]], (int(owner[1:]),)).fetchone()
    return row[0] if row else owner


def oldest(db: sqlite3.Connection, room: int) -> int:
    """See :meth:`ecochat.store.port.Store.oldest`."""
    return _ends(db, room)[0]


def _ends(db: sqlite3.Connection, room: int) -> tuple[int, int]:
    row = db.execute("SELECT first, last FROM rooms WHERE id = ?", (room,)).fetchone()
    return row or (1, 0)


def last_before(db: sqlite3.Connection, time: int, count: int | None, room: int) -> int:
    """See :meth:`ecochat.store.port.Store.last_before`."""
    first, last = _ends(db, room)
    upto = max(first - 1, last - count if count is not None else 0)
    above = last + 1
    # The numbers have no hole and the times rise with them, so halving finds the end.
    while above - upto > 1:
        middle = (upto + above) // 2
        query = "SELECT time FROM events WHERE room = ? AND n = ?"
        if db.execute(query, (room, middle)).fetchone()[0] < time:
            upto = middle
        else:
            above = middle
    return upto if upto >= first else 0
