"""The store on one SQLite file, in write-ahead mode (sqlite.org/wal.html)."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from importlib import resources
from itertools import chain
from queue import SimpleQueue
from typing import Any

from msgspec.structs import astuple

from ecochat.core.items import Event
from ecochat.core.records import Batch, Loaded, RoomRecord, SessionRecord
from ecochat.store.port import EVENT_SIZE, READERS, StoreError

APPLICATION_ID = 0x45434F43
"""Marks the file as ours (``ECOC``), in the header of the SQLite file."""

DURABILITY = {"full": "FULL", "normal": "NORMAL"}
"""The words for users, and what SQLite's ``synchronous`` is set to for each."""

WAL_LIMIT = 32 * 2**20
"""Bytes of the write-ahead log above which the writer waits for readers to empty it:
SQLite alone lets it grow as long as any reader is always at work."""

BUSY_TIMEOUT = 1_000
"""Milliseconds to wait for a lock; readers hold theirs for a few milliseconds."""

ELSEWHERE = "choose another with --data"

ROWS = 50
"""Events that one statement stores: a fifth less time for each than one by one, and
the interpreter is given back once for all of them."""

_EVENT = "(?,?,?,?,?,?,?,?,?,?)"
_INSERT_EVENT = f"INSERT INTO events VALUES {_EVENT}"
_INSERT_EVENTS = f"INSERT INTO events VALUES {','.join([_EVENT] * ROWS)}"
_PAGE = (
    "SELECT seq, room, n, time, session, nick, kind, text, key, id FROM events"
    " WHERE room = ? AND n > ? AND n <= ? ORDER BY n"
)
_SESSION = "SELECT id, nick, address, connected, disconnected FROM sessions"
_OPEN_SESSIONS = (
    "SELECT id, nick, address, connected, NULL"
    f" FROM ({_SESSION} WHERE disconnected IS NULL AND id > :after"
    f" UNION ALL {_SESSION} INDEXED BY sessions_ended"
    " WHERE disconnected > :time AND id > :after)"
    " WHERE id <= :upto ORDER BY id LIMIT :count"
)
_CLOSED_SESSIONS = (
    f"SELECT * FROM ({_SESSION} WHERE disconnected <= ?"
    " ORDER BY disconnected DESC, id DESC LIMIT ?) ORDER BY disconnected, id"
)
_LAST_STORED = (
    "SELECT max((SELECT ifnull(max(time), 0) FROM"
    "  (SELECT time FROM events ORDER BY seq DESC LIMIT 1)),"
    " (SELECT ifnull(max(connected), 0) FROM sessions),"
    " (SELECT ifnull(max(disconnected), 0) FROM sessions))"
)


class SQLiteStore:
    """Keeps everything in ``path``, which one process at a time may have open.

    :param durability: ``full``: what is stored outlives a power cut. ``normal``: it
        outlives the program being killed; a power cut may take the last moments.
    """

    def __init__(self, path: str, durability: str = "full") -> None:
        self._path = path
        self._synchronous = DURABILITY[durability]
        self._lock: int | None = None
        self._writer: sqlite3.Connection | None = None
        self._readers: SimpleQueue[sqlite3.Connection] = SimpleQueue()

    def open(self) -> Loaded:
        """See :class:`ecochat.store.port.Store`."""
        self.check()
        with self._failing():
            self._end_open_sessions()
            for _ in range(READERS):  # now, so that reading needs no more files later
                self._readers.put(self._connect())
            return self._load()

    def check(self) -> None:
        """Make the file if there is none, bring it up to date, and hold it.

        :raises StoreError: when it is in use, not writable, not ours or newer.
        """
        self._wal_bound = WAL_LIMIT
        try:
            self._take_lock()
            with self._failing():
                self._writer = self._connect()
                self._prepare(self._writer)
        except StoreError:
            self.close()
            raise

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            text = f"{self._path} cannot be used: {reason}; {ELSEWHERE}"
            raise StoreError(text) from error

    def _take_lock(self) -> None:
        # On the file itself, so that no other name for it gets around the lock. SQLite
        # has locks of another kind (fcntl), which end when any descriptor of the file
        # is closed: this one is closed last.
        with self._failing():
            flags = os.O_RDWR | os.O_CREAT
            self._lock = os.open(self._path, flags, 0o600)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                text = f"is in use by another server; stop that one, or {ELSEWHERE}"
                raise StoreError(f"{self._path} {text}") from None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path,
            timeout=BUSY_TIMEOUT / 1000,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return connection

    def _prepare(self, db: sqlite3.Connection) -> None:
        mark, version = _pragma(db, "application_id"), _pragma(db, "user_version")
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if mark != APPLICATION_ID and (mark or version or tables):
            raise StoreError(f"{self._path} is not an EcoChat file; {ELSEWHERE}")
        steps = _schema()
        if version > len(steps):
            raise StoreError(
                f"{self._path} was written by a newer EcoChat (schema {version}, this"
                f" one knows {len(steps)}); upgrade EcoChat, or {ELSEWHERE}"
            )
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")  # in a file that cannot be written this fails
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("COMMIT")
        for number, step in enumerate(steps[version:], version + 1):
            db.executescript(f"BEGIN;{step};PRAGMA user_version = {number};COMMIT")

    def _db(self) -> sqlite3.Connection:
        if self._writer is None:
            raise StoreError(f"{self._path} is not open")
        return self._writer

    def _end_open_sessions(self) -> None:
        """After a crash: those that were open ended when the last thing was stored."""
        self._db().execute(
            "UPDATE sessions SET disconnected = max(connected, (" + _LAST_STORED + "))"
            " WHERE disconnected IS NULL"
        )

    def _load(self) -> Loaded:
        db = self._db()
        rooms = db.execute(
            "SELECT id, name, key, first, last, topic FROM rooms WHERE owners = ''"
            " ORDER BY id"
        )
        last_session = "SELECT seq FROM sqlite_sequence WHERE name = 'sessions'"
        return Loaded(
            tuple(RoomRecord(*row) for row in rooms),
            (db.execute(last_session).fetchone() or (0,))[0],
            db.execute("SELECT ifnull(max(seq), 0) FROM events").fetchone()[0],
            db.execute("SELECT ifnull(max(id), 0) FROM rooms").fetchone()[0],
        )

    def append(self, batch: Batch) -> None:
        """See :class:`ecochat.store.port.Store`."""
        db = self._db()
        try:
            db.execute("BEGIN IMMEDIATE")
            self._write(db, batch)
            db.execute("COMMIT")
        except Exception as error:
            if db.in_transaction:  # some errors have already rolled it back
                db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise StoreError(str(error)) from error
            raise
        self._bound_wal(db)

    def _write(self, db: sqlite3.Connection, batch: Batch) -> None:
        db.executemany(
            "INSERT INTO rooms (id, name, key, made, owners) VALUES (?, ?, ?, ?, ?)",
            [
                (room.room, room.name, room.key, room.time, " ".join(room.owners))
                for room in batch.rooms
            ],
        )
        events = [astuple(event) for event in batch.events]
        several = len(events) // ROWS * ROWS
        for at in range(0, several, ROWS):
            values = [*chain.from_iterable(events[at : at + ROWS])]
            db.execute(_INSERT_EVENTS, values)
        db.executemany(_INSERT_EVENT, events[several:])
        db.executemany(
            "UPDATE rooms SET last = ? WHERE id = ?",
            [(last, room) for room, last in batch.lasts().items()],
        )
        db.executemany(
            "UPDATE rooms SET topic = ? WHERE id = ?",
            [(topic, room) for room, topic in batch.topics().items()],
        )
        db.executemany(
            "INSERT INTO sessions (id, nick, address, connected) VALUES (?, ?, ?, ?)",
            [(s.session, s.nick, s.address, s.time) for s in batch.opened],
        )
        db.executemany(
            "UPDATE sessions SET nick = ? WHERE id = ?",
            [(s.new, s.session) for s in batch.renamed],
        )
        db.executemany(
            "UPDATE sessions SET disconnected = ? WHERE id = ?",
            [(s.time, s.session) for s in batch.closed],
        )

    def _bound_wal(self, db: sqlite3.Connection) -> None:
        # The group is stored by now. When emptying the log fails (a full disk) it stays
        # as it is and the next group tries again. A reader that stays for long (a
        # backup) is waited for once each 32 MiB, not at each group.
        with suppress(sqlite3.Error, OSError):
            size = os.path.getsize(f"{self._path}-wal")
            if size > self._wal_bound:
                busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                self._wal_bound = (size if busy else 0) + WAL_LIMIT

    @contextmanager
    def _reading(
        self, query: str, values: Sequence[int] | dict[str, int]
    ) -> Iterator[sqlite3.Cursor]:
        self._db()
        reader = self._readers.get()
        try:
            # Closing the cursor ends the read: no transaction outlives the page.
            with closing(reader.execute(query, values)) as rows:
                yield rows
        except sqlite3.Error as error:
            raise StoreError(f"cannot read the log: {error}") from error
        finally:
            self._readers.put(reader)

    def page(self, room: int, after: int, upto: int, size: int) -> list[Event]:
        """See :class:`ecochat.store.port.Store`."""
        page: list[Event] = []
        with self._reading(_PAGE, (room, after, upto)) as rows:
            for row in rows:
                event = Event(*row)
                size -= EVENT_SIZE + len(event.text)
                if page and size < 0:
                    break
                page.append(event)
        return page

    def open_sessions(
        self, time: int, after: int, upto: int, count: int
    ) -> list[SessionRecord]:
        """See :class:`ecochat.store.port.Store`."""
        values = {"time": time, "after": after, "upto": upto, "count": count}
        with self._reading(_OPEN_SESSIONS, values) as rows:
            return [SessionRecord(*row) for row in rows]

    def closed_sessions(self, time: int, count: int) -> list[SessionRecord]:
        """See :class:`ecochat.store.port.Store`."""
        with self._reading(_CLOSED_SESSIONS, (time, count)) as rows:
            return [SessionRecord(*row) for row in rows]

    def close(self) -> None:
        """See :class:`ecochat.store.port.Store`."""
        while not self._readers.empty():
            self._readers.get().close()
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _pragma(db: sqlite3.Connection, name: str) -> Any:
    return db.execute(f"PRAGMA {name}").fetchone()[0]


def _schema() -> list[str]:
    """Return the steps that make the schema, in order; each is one file."""
    folder = resources.files("ecochat.store") / "schema"
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return [file.read_text() for file in files if file.name.endswith(".sql")]
