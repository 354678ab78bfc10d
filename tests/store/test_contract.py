"""What every store does: the same tests for each of them."""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.items import (
    Event,
    RoomMade,
    SessionClosed,
    SessionOpened,
    SessionRenamed,
)
from ecochat.core.records import Batch, Loaded, RoomRecord
from ecochat.store import sqlite
from ecochat.store.memory import MemoryStore
from ecochat.store.port import EVENT_SIZE, READERS, SEARCHERS, Store, StoreError
from ecochat.store.sqlite import SQLiteStore

LOBBY = RoomMade(1, 1, "Lobby", "lobby", 1000)


def message(n: int, room: int = 1, text: str = "hi", time: int = 1000) -> Event:
    """Return an event with this number, at a place of its own in the order."""
    return Event(10 * n + room, room, n, time, 1, "alice", "message", text)


def topic(n: int, text: str) -> Event:
    """Return an event that sets the lobby's topic."""
    return Event(10 * n + 1, 1, n, 1000, 1, "alice", "topic", text)


def opened(session: int, time: int = 1000) -> SessionOpened:
    """Return the beginning of a session."""
    return SessionOpened(1, session, f"guest-{session}", "1.2.3.4:5", time, 9)


class Contract:
    """The tests; a subclass says what store they are run against."""

    store: Store
    assertEqual: Any
    assertRaises: Any

    def reopened(self) -> Loaded:
        """Close the store and open it again."""
        self.store.close()
        return self.store.open()

    def test_an_empty_store(self) -> None:
        """There is nothing in it, and nothing to be read."""
        self.assertEqual(self.store.open(), Loaded((), 0, 0))
        self.assertEqual(self.store.page(1, 0, 9, 1000), [])

    def test_what_is_appended_is_there(self) -> None:
        """Rooms with their ends and topics, and the highest numbers."""
        self.store.open()
        lab = RoomMade(2, 2, "lab", "lab", 1000)
        self.store.append(Batch(rooms=[LOBBY, lab], opened=[opened(1), opened(2)]))
        self.store.append(
            Batch(events=[message(1), topic(2, "old"), topic(3, "new"), message(4)])
        )
        self.assertEqual(
            self.reopened(),
            Loaded(
                (
                    RoomRecord(1, "Lobby", "lobby", 1, 4, "new"),
                    RoomRecord(2, "lab", "lab", 1, 0, ""),
                ),
                2,
                41,
                2,
            ),
        )

    def test_groups_of_any_size(self) -> None:
        """Each event is there, whole and once, however many come together."""
        self.store.open()
        self.store.append(Batch(rooms=[LOBBY]))
        last = 0
        for size in (1, 49, 50, 51, 100, 123):
            numbers = range(last + 1, last + size + 1)
            events = [message(n, text=f"text {n}", time=n) for n in numbers]
            self.store.append(Batch(events=events))
            last += size
            page = self.store.page(1, last - size, last, 1_000_000)
            self.assertEqual(page, events)
        self.assertEqual(self.reopened().rooms[0].last, last)

    def test_pages(self) -> None:
        """A page has the events between two numbers of one room, in order."""
        self.store.open()
        lab = RoomMade(2, 2, "lab", "lab", 1000)
        events = [message(n, room) for n in range(1, 8) for room in (1, 2)]
        self.store.append(Batch(rooms=[LOBBY, lab], events=events))
        page = self.store.page(2, 2, 5, 1000)
        self.assertEqual(page, [message(n, 2) for n in (3, 4, 5)])
        self.assertEqual(self.store.page(1, 7, 99, 1000), [])
        self.assertEqual(self.store.page(1, 5, 99, 1000), [message(6), message(7)])

    def test_a_page_is_bounded_by_its_text(self) -> None:
        """It has as many events as the size allows, but one at least."""
        self.store.open()
        events = [message(n, text="x" * 10) for n in range(1, 6)]
        self.store.append(Batch(rooms=[LOBBY], events=events))
        three = 3 * (10 + EVENT_SIZE)
        self.assertEqual(self.store.page(1, 0, 5, three), events[:3])
        self.assertEqual(self.store.page(1, 0, 5, three - 1), events[:2])
        self.assertEqual(self.store.page(1, 3, 5, three), events[3:])
        self.assertEqual(self.store.page(1, 0, 5, 1), events[:1])

    def test_an_events_own_columns(self) -> None:
        """All of an event is kept: any text, whose it is, what it is about."""
        self.store.open()
        event = Event(5, 1, 1, 2**45, 7, "ÆØ", "message", "a\n\x1b✓🙂", -7, 3)
        about = Event(6, 1, 2, 2**45, 7, "ÆØ", "react", "👍", target=1)
        self.store.append(Batch(rooms=[LOBBY], events=[event, about]))
        self.reopened()
        self.assertEqual(self.store.page(1, 0, 2, 1000), [event, about])


class MemoryStoreTests(Contract, SynchronousTestCase):
    """The store in memory."""

    def setUp(self) -> None:
        """Make one."""
        self.store = MemoryStore()


class SQLiteTestCase(SynchronousTestCase):
    """With a file in a temporary folder."""

    def setUp(self) -> None:
        """Make the store."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = str(Path(folder.name, "chat.sqlite"))
        self.store = SQLiteStore(self.path)
        self.addCleanup(self.store.close)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a connection of its own finds in the file."""
        with closing(sqlite3.connect(self.path)) as db:
            return db.execute(query).fetchall()


class SQLiteStoreTests(Contract, SQLiteTestCase):
    """The store on a file."""

    store: SQLiteStore

    def test_sessions(self) -> None:
        """Names, addresses and times are kept."""
        self.store.open()
        self.store.append(Batch(opened=[opened(1), opened(2, 1500)]))
        renamed = SessionRenamed(3, 1, "guest-1", "alice")
        closed = SessionClosed(4, 1, "alice", "quit", 2000, 1)
        self.store.append(Batch(renamed=[renamed], closed=[closed]))
        self.assertEqual(
            self.rows(
                "SELECT id, nick, address, connected, disconnected FROM sessions"
            ),
            [
                (1, "alice", "1.2.3.4:5", 1000, 2000),
                (2, "guest-2", "1.2.3.4:5", 1500, None),
            ],
        )

    def test_sessions_that_a_crash_left_open(self) -> None:
        """They ended when the last thing was stored, and not before they began."""
        self.store.open()
        self.store.append(Batch(rooms=[LOBBY], opened=[opened(1), opened(2, 9000)]))
        self.store.append(Batch(events=[message(1, time=5000)]))
        self.reopened()
        ended = self.rows("SELECT disconnected FROM sessions ORDER BY id")
        self.assertEqual(ended, [(9000,), (9000,)])
        self.store.append(Batch(opened=[opened(3, 9500)]))
        self.store.append(Batch(events=[message(2, time=9700)]))
        self.assertEqual(self.reopened().last_session, 3)
        ended = self.rows("SELECT disconnected FROM sessions ORDER BY id")
        self.assertEqual(ended, [(9000,), (9000,), (9700,)])

    def test_a_session_number_is_never_given_twice(self) -> None:
        """Also when the rows of the newest sessions are gone."""
        self.store.open()
        self.store.append(Batch(opened=[opened(41), opened(42)]))
        self.store.close()
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute("DELETE FROM sessions")
        self.assertEqual(self.store.open().last_session, 42)

    def test_a_group_is_stored_whole_or_not_at_all(self) -> None:
        """One number twice, and nothing of its group is there."""
        self.store.open()
        self.store.append(Batch(rooms=[LOBBY], events=[message(1)]))
        batch = Batch(events=[message(2), message(1)], opened=[opened(1)])
        error = self.assertRaises(StoreError, self.store.append, batch)
        self.assertIn("UNIQUE constraint failed", str(error))
        self.assertEqual(self.rows("SELECT count(*) FROM events"), [(1,)])
        self.store.append(Batch(events=[message(2)]))
        self.assertEqual(self.reopened().rooms[0].last, 2)

    def test_an_error_that_is_not_sqlites(self) -> None:
        """It is a fault of ours, and raised; later groups are stored."""
        self.store.open()
        self.store.append(Batch(rooms=[LOBBY]))
        wrong = Event(21, 1, 2, 1000, 1, "alice", "message", "hi", 1, 2**70)
        batch = Batch(events=[message(1), wrong])
        self.assertRaises(OverflowError, self.store.append, batch)
        self.assertFalse(self.store._db().in_transaction)
        self.assertEqual(self.rows("SELECT count(*) FROM events"), [(0,)])
        self.store.append(Batch(events=[message(1)]))
        self.assertEqual(self.rows("SELECT n FROM events"), [(1,)])

    def test_a_page_that_cannot_be_read(self) -> None:
        """It says so, and each connection to read with is there for the next."""
        self.store.open()
        self.store.append(Batch(rooms=[LOBBY], events=[message(1)]))
        ((view,),) = self.rows("SELECT sql FROM sqlite_master WHERE type = 'view'")
        self.rows("DROP VIEW log")
        for _ in range(READERS + SEARCHERS + 1):
            error = self.assertRaises(StoreError, self.store.page, 1, 0, 1, 1)
            self.assertRegex(str(error), "^cannot read the log: no such table")
            self.assertEqual(self.store._readers.qsize(), READERS + SEARCHERS)
        self.rows(view)
        self.assertEqual(self.store.page(1, 0, 1, 1), [message(1)])

    def test_an_error_that_has_rolled_back(self) -> None:
        """A group for which there is no room is refused; later ones are stored."""
        self.store.open()
        self.store.append(Batch(rooms=[LOBBY]))
        db = self.store._db()
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
        batch = Batch(events=[message(1, text="x" * 100_000)])
        error = self.assertRaises(StoreError, self.store.append, batch)
        self.assertEqual(str(error), "database or disk is full")
        db.execute("PRAGMA max_page_count = 1000000")
        self.store.append(batch)
        self.assertEqual(self.store.page(1, 0, 1, 1), batch.events)

    def test_beginning_that_fails(self) -> None:
        """When not even the transaction begins, there is none to take back."""
        self.store.open()
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.store._db().execute("PRAGMA busy_timeout = 0")
            error = self.assertRaises(StoreError, self.store.append, Batch())
            self.assertEqual(str(error), "database is locked")

    def test_durability(self) -> None:
        """FULL syncs at each commit, NORMAL at checkpoints; both write ahead."""
        for durability, synchronous in (("full", 2), ("normal", 1)):
            store = SQLiteStore(self.path, durability)
            store.open()
            pragma = store._db().execute
            self.assertEqual(pragma("PRAGMA synchronous").fetchone(), (synchronous,))
            self.assertEqual(pragma("PRAGMA journal_mode").fetchone(), ("wal",))
            store.close()

    def test_the_file_is_its_owners(self) -> None:
        """Nobody else can read what is said."""
        self.store.open()
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)

    def test_the_write_ahead_log_is_bounded(self) -> None:
        """Above a size it is emptied, unless a reader holds it up; then it is tried
        again, and such a reader waited for, when it has grown by as much again."""
        self.open_with_wal_limit(50_000)
        self.store._db().execute("PRAGMA wal_autocheckpoint = 0")
        self.store._db().execute("PRAGMA busy_timeout = 0")
        wal = Path(self.path + "-wal")
        self.store.append(Batch(rooms=[LOBBY], events=[message(1, text="x" * 90_000)]))
        self.assertEqual(wal.stat().st_size, 0)
        with closing(sqlite3.connect(self.path)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM events").fetchone()
            self.store.append(Batch(events=[message(2, text="x" * 90_000)]))
            self.assertGreater(wal.stat().st_size, 50_000)
        self.store.append(Batch(events=[message(3)]))
        self.assertGreater(wal.stat().st_size, 50_000)
        self.store.append(Batch(events=[message(4, text="x" * 90_000)]))
        self.assertEqual(wal.stat().st_size, 0)
        self.store.append(Batch(events=[message(5, text="x" * 90_000)]))
        self.assertEqual(wal.stat().st_size, 0)

    def open_with_wal_limit(self, limit: int) -> None:
        """Open a store whose write-ahead log is emptied above so many bytes."""
        self.patch(sqlite, "WAL_LIMIT", limit)
        self.store = SQLiteStore(self.path)
        self.addCleanup(self.store.close)
        self.store.open()

    def test_a_write_ahead_log_that_cannot_be_emptied(self) -> None:
        """The group is stored all the same, and the next one empties it."""

        def allowed(action: int, name: str | None, *rest: object) -> int:
            is_it = action == sqlite3.SQLITE_PRAGMA and name == "wal_checkpoint"
            return sqlite3.SQLITE_DENY if is_it else sqlite3.SQLITE_OK

        self.open_with_wal_limit(1)
        wal = Path(self.path + "-wal")
        self.store._db().set_authorizer(allowed)
        self.store.append(Batch(rooms=[LOBBY], events=[message(1)]))
        self.assertGreater(wal.stat().st_size, 1)
        self.assertEqual(self.store.page(1, 0, 1, 1), [message(1)])
        self.store._db().set_authorizer(None)
        self.store.append(Batch(events=[message(2)]))
        self.assertEqual(wal.stat().st_size, 0)

    def test_nothing_works_when_closed(self) -> None:
        """A closed store says so."""
        self.assertRaises(StoreError, self.store.append, Batch())
        self.assertRaises(StoreError, self.store.page, 1, 0, 1, 1)
        self.assertRaises(StoreError, self.store.open_sessions, 1, 0, 1, 1)
        self.assertRaises(StoreError, self.store.closed_sessions, 1, 1)
        self.assertRaises(StoreError, self.store.key, b"")
        self.assertRaises(StoreError, self.store.indexed)
        self.assertRaises(StoreError, self.store.index)


class SQLiteFileTests(SQLiteTestCase):
    """Files that can be used, and those that cannot."""

    def refused(self) -> str:
        """Return why the file is refused, without its path."""
        error = self.assertRaises(StoreError, self.store.open)
        return str(error).removeprefix(self.path).strip()

    def test_in_use(self) -> None:
        """A file has one server at a time; it is free when that is gone."""
        other = SQLiteStore(self.path)
        other.open()
        self.assertEqual(
            self.refused(),
            "is in use by another server; stop that one, or choose another with --data",
        )
        other.close()
        self.store.open()

    def test_in_use_by_another_name(self) -> None:
        """A link to a file in use is in use, and nothing is made beside it."""
        other = SQLiteStore(self.path)
        other.open()
        self.addCleanup(other.close)
        os.symlink(self.path, self.path + ".symbolic")
        os.link(self.path, self.path + ".hard")
        there = sorted(os.listdir(os.path.dirname(self.path)))
        for name in (self.path, self.path + ".symbolic", self.path + ".hard"):
            store = SQLiteStore(name)
            error = self.assertRaises(StoreError, store.open)
            self.assertIn(f"{name} is in use by another server", str(error))
            self.assertEqual(sorted(os.listdir(os.path.dirname(self.path))), there)
        other.append(Batch(rooms=[LOBBY]))
        self.assertEqual(self.rows("SELECT name FROM rooms"), [("Lobby",)])

    def test_nothing_is_made_beside_what_is_refused(self) -> None:
        """Neither beside a newer file nor beside another's."""
        self.store.open()
        self.store.close()
        for pragma in ("user_version = 99", "application_id = 7"):
            self.rows(f"PRAGMA {pragma}")
            self.refused()
            folder = os.path.dirname(self.path)
            self.assertEqual(os.listdir(folder), [os.path.basename(self.path)])
        Path(self.path).write_text("no database at all, but a longer text" * 9)
        self.refused()
        self.assertEqual(os.listdir(folder), [os.path.basename(self.path)])

    def test_newer(self) -> None:
        """A file of a later schema is not touched."""
        self.store.open()
        self.store.close()
        with closing(sqlite3.connect(self.path)) as db:
            db.execute("PRAGMA user_version = 99")
        self.assertEqual(
            self.refused(),
            "was written by a newer EcoChat (schema 99, this one knows 3);"
            " upgrade EcoChat, or choose another with --data",
        )

    def test_anothers(self) -> None:
        """A database of another program is not touched, nor is what is none."""
        with closing(sqlite3.connect(self.path)) as db:
            db.execute("CREATE TABLE mine (x)")
        self.assertEqual(
            self.refused(), "is not an EcoChat file; choose another with --data"
        )
        Path(self.path).write_text("no database at all, but a longer text" * 9)
        self.assertEqual(
            self.refused(),
            "cannot be used: file is not a database; choose another with --data",
        )

    def test_a_place_where_no_file_can_be(self) -> None:
        """A missing folder, or a folder in place of the file."""
        Path(self.path).touch()
        self.store = SQLiteStore(self.path + "/x")
        no_folder = "/x cannot be used: Not a directory; choose another with --data"
        self.assertEqual(self.refused(), no_folder)
        os.mkdir(self.path + "d")
        self.path += "d"
        self.store = SQLiteStore(self.path)
        self.assertIn("cannot be used: Is a directory;", self.refused())

    def test_a_step_of_the_schema_is_whole(self) -> None:
        """Later steps are applied to an older file, each whole or not at all."""
        now = sqlite._schema()
        number = len(now)
        self.store.open()
        self.store.append(Batch(rooms=[LOBBY], events=[message(1)]))
        self.store.close()
        broken = "CREATE TABLE t (x); CREATE TABLE t (x)"
        self.patch(sqlite, "_schema", lambda: [*now, broken])
        self.assertIn("table t already exists", self.refused())
        tables = "SELECT count(*) FROM sqlite_master WHERE name = 't'"
        self.assertEqual(self.rows(tables), [(0,)])
        self.assertEqual(self.rows("PRAGMA user_version"), [(number,)])
        self.patch(sqlite, "_schema", lambda: [*now, "CREATE TABLE t (x)"])
        self.assertEqual(self.store.open().rooms[0].last, 1)
        self.assertEqual(self.rows("PRAGMA user_version"), [(number + 1,)])
