"""The store on one SQLite file, in write-ahead mode (sqlite.org/wal.html)."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from importlib import resources
from queue import SimpleQueue
from typing import Any

from ecochat.core.items import Event, SearchRange
from ecochat.core.records import (
    Batch,
    Found,
    Indexed,
    KeyRecord,
    Loaded,
    SessionRecord,
)
from ecochat.store import fulltext, reading, writing
from ecochat.store.port import EVENT_SIZE, READERS, SEARCHERS, StoreError

APPLICATION_ID = 0x45434F43
"""Marks the file as ours (``ECOC``), in the header of the SQLite file."""

DURABILITY = {"full": "FULL", "normal": "NORMAL"}
"""The words for users, and what SQLite's ``synchronous`` is set to for each."""

WAL_LIMIT = 32 * 2**20
"""Bytes of the write-ahead log above which the writer waits for readers to empty it:
SQLite alone lets it grow as long as any reader is always at work."""

BUSY_TIMEOUT = 1_000
"""Milliseconds to wait for a lock; readers hold theirs for a few milliseconds."""

READER_TIMEOUT = 10
"""Milliseconds to wait for readers where groups may come to be stored meanwhile."""

ELSEWHERE = "choose another with --data"

_PAGE = "SELECT * FROM log WHERE room = ? AND n > ? AND n <= ? ORDER BY n"
_STORED = "SELECT * FROM log WHERE key = ? AND id = ? LIMIT 1"
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
            reading.end_sessions(self._db())
            for _ in range(
                READERS + SEARCHERS
            ):  # now, so that reading needs no more files later
                self._readers.put(self._connect())
            return reading.load(self._db())

    def check(self) -> None:
        """Make the file if there is none, bring it up to date, and hold it.

        :raises StoreError: when it is in use, not writable, not ours or newer.
        """
        self._wal_bound = WAL_LIMIT
        self._has_old_text = True  # it may have been killed before it emptied the log
        self._cleaned = 0
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
        connection.execute("PRAGMA secure_delete = ON")
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

    def append(self, batch: Batch) -> None:
        """See :class:`ecochat.store.port.Store`."""
        with self._writing() as db:
            writing.write(db, batch)
        self._has_old_text |= bool(batch.changes or batch.expired)
        self._bound_wal(self._db())

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Give a transaction: what is written in it is there at its end, or nothing."""
        db = self._db()
        try:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        except Exception as error:
            if db.in_transaction:  # some errors have already rolled it back
                db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise StoreError(str(error)) from error
            raise

    def _bound_wal(self, db: sqlite3.Connection) -> None:
        # The group is stored by now. When emptying the log fails (a full disk) it stays
        # as it is and the next group tries again. A reader that stays for long (a
        # backup) is waited for once each 32 MiB, not at each group.
        with suppress(sqlite3.Error, OSError):
            size = os.path.getsize(f"{self._path}-wal")
            if size > self._wal_bound:
                busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                self._wal_bound = (size if busy else 0) + WAL_LIMIT

    def index(self) -> bool:
        """See :class:`ecochat.store.port.Store`."""
        db = self._db()
        # It need not outlive a power cut: then it is done again.
        db.execute("PRAGMA synchronous = NORMAL")
        try:
            with self._writing():
                is_more, self._cleaned = fulltext.step(db, self._cleaned)
        finally:
            db.execute(f"PRAGMA synchronous = {self._synchronous}")
        self._has_old_text |= self._cleaned > 0
        self._bound_wal(db)
        return is_more or (self._has_old_text and not self._empty_wal(db))

    def _empty_wal(self, db: sqlite3.Connection) -> bool:
        """Have the texts that were removed leave the write-ahead log too; return
        whether they have."""
        db.execute(f"PRAGMA busy_timeout = {READER_TIMEOUT}")
        try:
            busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        except sqlite3.Error as error:
            raise StoreError(str(error)) from error
        finally:
            db.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
        self._has_old_text = bool(busy)
        return not busy

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for what is there at one moment."""
        self._db()
        reader = self._readers.get()
        try:
            reader.execute("BEGIN")
            yield reader
        except sqlite3.Error as error:
            raise StoreError(f"cannot read the log: {error}") from error
        finally:
            if reader.in_transaction:  # no transaction outlives what is read
                reader.execute("ROLLBACK")
            self._readers.put(reader)

    @contextmanager
    def _reading(
        self, query: str, values: Sequence[int] | dict[str, int]
    ) -> Iterator[sqlite3.Cursor]:
        with self._reader() as reader, closing(reader.execute(query, values)) as rows:
            yield rows

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

    def key(self, hash: bytes) -> KeyRecord | None:
        """See :class:`ecochat.store.port.Store`."""
        with self._reader() as reader:
            return reading.key_record(reader, hash)

    def stored(self, key: int, id: int) -> Event | None:
        """See :class:`ecochat.store.port.Store`."""
        with self._reading(_STORED, (key, id)) as rows:
            row = rows.fetchone()
        return Event(*row) if row else None

    def last_before(self, time: int, count: int | None, room: int) -> int:
        """See :class:`ecochat.store.port.Store`."""
        with self._reader() as reader:
            return reading.last_before(reader, time, count, room)

    def oldest(self, room: int) -> int:
        """See :class:`ecochat.store.port.Store`."""
        with self._reader() as reader:
            return reading.oldest(reader, room)

    def search(self, wanted: SearchRange) -> list[Found]:
        """See :class:`ecochat.store.port.Store`."""
        with self._reader() as reader:
            return fulltext.search(reader, wanted)

    def indexed(self) -> Indexed:
        """See :class:`ecochat.store.port.Store`."""
        with self._reader() as reader:
            return fulltext.indexed(reader)

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
