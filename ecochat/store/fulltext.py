"""The search index: SQLite's FTS5 (sqlite.org/fts5.html), which follows the log.

It holds words only, not the texts, and is told itself what was taken out of it. FTS5
then keeps the words until it merges all it has: so the index is in parts, and only the
one that has had the message is merged, which takes about ten steps.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from ecochat.core.items import Event, SearchRange
from ecochat.core.limits import NUMBER
from ecochat.core.names import fold
from ecochat.core.records import Found, Indexed
from ecochat.store.words import Term, marks, terms

PART = 25_000
"""Messages in a part, about 1.2 MB: what is rewritten when one of them is changed. Each
part costs a search about 0.05 ms."""

EVENTS = 300
"""Events that a step takes into the index: about 2 ms."""

TEXT = 40_000
"""Characters that a step takes: long messages take as long as many short ones. (One
message may have more.)"""

PAGES = 32
"""Pages of 4 KiB that a step merges: enough for what it takes in, about 3 ms."""

CLEANING = 100
"""Steps that taking words out of the file may hold up following the log: a part is
done within about a tenth; without a bound those who edit all the time would stop it."""

_EMOJI = "".join(
    chr(code)
    for first, last in (
        *((0x1F321, 0x1F5FA), (0x1F641, 0x1F644), (0x1F6C6, 0x1F6FF)),
        *((0x1F7E0, 0x1F7F0), (0x1F900, 0x1FAFF)),
    )
    for code in range(first, last + 1)
)
"""Those that are younger than the Unicode of SQLite's tokenizer (6.1), which would take
them for letters of the word before."""

_CREATE = (
    "CREATE VIRTUAL TABLE search_{0} USING fts5(text, room, content = '',"
    " columnsize = 0,"
    f" tokenize = \"unicode61 remove_diacritics 2 separators '{_EMOJI}'\")"
)
_NEWEST = "SELECT id, last, messages FROM search_parts ORDER BY id DESC LIMIT 1"
_STEP = (
    "SELECT seq, time FROM (SELECT seq, time, row_number() OVER before AS number,"
    "  sum(length(text)) OVER before AS size"
    "  FROM (SELECT seq, time, text FROM events WHERE seq > ? ORDER BY seq LIMIT ?)"
    "  WINDOW before AS (ORDER BY seq))"
    " WHERE size <= ? OR number = 1 ORDER BY seq DESC LIMIT 1"
)
_MESSAGES = (
    "e.seq, e.text, e.room || iif(r.owners = '', ' all', '')"
    " FROM log AS e JOIN rooms AS r ON r.id = e.room"
    " WHERE e.kind = 'message' AND e.text != ''"
)
"""What the index has of a message; those that were deleted have no text."""

_IN_ROOM = (
    "+e.seq BETWEEN :first AND :last AND e.room = :room AND e.n BETWEEN :n AND :upto"
)
_ADD = "INSERT INTO search_{0} (rowid, text, room) SELECT " + _MESSAGES
_REMOVE = (
    "INSERT INTO search_{0} (search_{0}, rowid, text, room) SELECT 'delete', "
    f"{_MESSAGES} AND {_IN_ROOM}"
)
_ADD_AGAIN = f"{_ADD} AND {_IN_ROOM}"
_FOLLOW = f"{_ADD} AND e.seq > ? AND e.seq <= ?"
_MERGE = "INSERT INTO search_{0} (search_{0}, rank) VALUES ('merge', ?)"
_IS_EXPIRED = (
    "SELECT NOT EXISTS (SELECT 1 FROM events WHERE seq BETWEEN p.first AND p.last)"
    " AND id < (SELECT max(id) FROM search_parts) FROM search_parts AS p WHERE id = ?"
)
_COUNT = "UPDATE search_parts SET messages = messages + ?, dirty = 1 WHERE id = ?"
_PARTS_OF = (
    "SELECT id, first, last FROM search_parts"
    " WHERE last >= (SELECT seq FROM events WHERE room = :room AND n >= :n"
    "  ORDER BY n LIMIT 1)"
    " AND first <= (SELECT seq FROM events WHERE room = :room AND n <= :upto"
    "  ORDER BY n DESC LIMIT 1)"
)
_FIND = (
    "SELECT e.* FROM"
    " search_{0} AS s CROSS JOIN log AS e ON e.seq = s.rowid"
    " WHERE search_{0} MATCH :query AND s.rowid > :low AND s.rowid < :high"
    " AND e.n > :after AND e.n < :before ORDER BY s.rowid DESC"
)
_LOW = "SELECT seq FROM events WHERE room = ? AND n <= ? ORDER BY n DESC LIMIT 1"
_HIGH = "SELECT seq FROM events WHERE room = ? AND n >= ? ORDER BY n LIMIT 1"


# Following the log


def step(db: sqlite3.Connection, cleaned: int) -> tuple[bool, int]:
    """Do a step in a transaction; return whether there is more to do, and how many
    steps words were taken out without a step of following.

    :param cleaned: how many such steps there were before.
    """
    dirty = db.execute("SELECT id FROM search_parts WHERE dirty LIMIT 1").fetchone()
    if dirty and cleaned < CLEANING:
        _clean(db, *dirty)
        return True, cleaned + 1
    return _follow(db) or bool(dirty), 0


def _follow(db: sqlite3.Connection) -> bool:
    """Take the next events in; return whether there are more."""
    id, last, messages = db.execute(_NEWEST).fetchone() or (0, 0, PART)
    row = db.execute(_STEP, (last, EVENTS, TEXT)).fetchone()
    if row is None:
        return False
    upto, time = row
    if messages >= PART:
        id += 1
        _begin_part(db, id, last + 1)
    added = db.execute(_FOLLOW.format(id), (last, upto)).rowcount
    db.execute(_MERGE.format(id), (PAGES,))
    db.execute(
        "UPDATE search_parts SET last = ?, time = ?, messages = messages + ?"
        " WHERE id = ?",
        (upto, time, added, id),
    )
    more = "SELECT EXISTS (SELECT 1 FROM events WHERE seq > ?)"
    return bool(db.execute(more, (upto,)).fetchone()[0])


def _begin_part(db: sqlite3.Connection, id: int, first: int) -> None:
    db.execute(_CREATE.format(id))
    # FTS5 itself would merge many pages at a time, once in a while.
    db.execute(f"INSERT INTO search_{id} (search_{id}, rank) VALUES ('automerge', 0)")
    db.execute(
        "INSERT INTO search_parts (id, first, last) VALUES (?, ?, 0)", (id, first)
    )


def indexed(db: sqlite3.Connection) -> Indexed:
    """Return up to where the index has followed."""
    query = "SELECT last, time FROM search_parts ORDER BY id DESC LIMIT 1"
    return Indexed(*(db.execute(query).fetchone() or ()))


# Taking words out


@contextmanager
def changing(db: sqlite3.Connection, room: int, n: int) -> Iterator[None]:
    """Have the index know the text that a message has afterwards, not that before."""
    values = {"room": room, "n": n, "upto": n}
    parts = _parts_of(db, values)
    _tell(db, parts, values, _REMOVE, -1)
    yield
    _tell(db, parts, values, _ADD_AGAIN, 1)


def take_out(db: sqlite3.Connection, room: int, upto: int) -> None:
    """Take the messages of a room up to a number out of the index."""
    values = {"room": room, "n": 0, "upto": upto}
    _tell(db, _parts_of(db, values), values, _REMOVE, -1)


def _parts_of(db: sqlite3.Connection, values: dict[str, int]) -> list[tuple[int, ...]]:
    return db.execute(_PARTS_OF, values).fetchall()


def _tell(
    db: sqlite3.Connection,
    parts: list[tuple[int, ...]],
    values: dict[str, int],
    statement: str,
    sign: int,
) -> None:
    for id, first, last in parts:
        bounds = {"first": first, "last": last}
        told = db.execute(statement.format(id), values | bounds).rowcount
        if told:
            db.execute(_COUNT, (sign * told, id))


def _clean(db: sqlite3.Connection, id: int) -> None:
    """Merge a dirty part a step; when nothing is left to merge it is clean."""
    before = db.total_changes
    db.execute(_MERGE.format(id), (-PAGES,))
    if db.total_changes - before >= 2:  # as sqlite.org/fts5.html tells it, section 6.7
        return
    if db.execute(_IS_EXPIRED, (id,)).fetchone()[0]:
        db.execute(f"DROP TABLE search_{id}")
        db.execute("DELETE FROM search_parts WHERE id = ?", (id,))
        return
    _write_again(db, f"search_{id}_data", "(?, ?)")
    _write_again(db, f"search_{id}_idx", "(?, ?, ?)")
    db.execute("UPDATE search_parts SET dirty = 0 WHERE id = ?", (id,))


def _write_again(db: sqlite3.Connection, table: str, row: str) -> None:
    """Write a table of FTS5's on other pages: in the free space of those that it has
    are copies of what was there once."""
    rows = db.execute(f"SELECT * FROM {table}").fetchall()
    db.execute(f"DELETE FROM {table}")  # all at once: the pages are overwritten
    db.executemany(f"INSERT INTO {table} VALUES {row}", rows)


# Searching


def search(db: sqlite3.Connection, wanted: SearchRange) -> list[Found]:
    """See :meth:`ecochat.store.port.Store.search`; in one transaction."""
    sought = terms(wanted.words)
    found: list[Found] = []
    if sought:
        nick = None if wanted.nick is None else fold(wanted.nick)
        for event in _candidates(db, wanted, sought):
            if nick is None or fold(event.nick) == nick:
                found.append(Found(event, marks(event.text, sought) or ()))
                if len(found) >= wanted.limit:
                    break
    return found


def _candidates(
    db: sqlite3.Connection, wanted: SearchRange, sought: list[Term]
) -> Iterator[Event]:
    """Give the messages that have the words, from part to part, the newest first."""
    low, high = _bounds(db, wanted)
    values = {
        "query": _query(wanted, sought),
        "after": wanted.after,
        "before": wanted.before,
        "low": low,
        "high": high,
    }
    parts = "SELECT id FROM search_parts WHERE first < ? AND last > ? ORDER BY id DESC"
    for (id,) in db.execute(parts, (high, low)).fetchall():
        with closing(db.execute(_FIND.format(id), values)) as rows:
            for row in rows:
                yield Event(*row)


def _bounds(db: sqlite3.Connection, wanted: SearchRange) -> tuple[int, int]:
    """Return between which places of the order the messages are."""
    if wanted.room is None:
        return 0, wanted.below
    low = db.execute(_LOW, (wanted.room, wanted.after)).fetchone() or (0,)
    high = db.execute(_HIGH, (wanted.room, wanted.before)).fetchone() or (NUMBER,)
    return low[0], min(high[0], wanted.below)


def _query(wanted: SearchRange, sought: list[Term]) -> str:
    """Return what is sought in the language of FTS5; words have no quotes in them."""
    words = " AND ".join(
        f'"{term.text}"{" *" if term.is_prefix else ""}' for term in sought
    )
    rooms = ["all", *wanted.names] if wanted.room is None else [wanted.room]
    places = " OR ".join(f'"{room}"' for room in rooms)
    return f"text : ({words}) AND room : ({places})"
