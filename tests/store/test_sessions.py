"""What every store tells of sessions and of private rooms: the same tests for each."""

import sqlite3
from contextlib import closing
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.items import (
    RoomMade,
    SearchRange,
    SessionClosed,
    SessionRenamed,
    SessionResumed,
)
from ecochat.core.records import Batch, Loaded, RoomRecord, SessionRecord
from ecochat.store import sqlite
from ecochat.store.memory import MemoryStore
from ecochat.store.port import READERS, Store, StoreError
from tests.store.test_contract import LOBBY, SQLiteTestCase, message, opened

PRIVATE = RoomMade(1, 2, "", "s1 s2", 1000, ("s1", "s2"))
ALL = 10**6


def closed(session: int, time: int) -> SessionClosed:
    """Return the end of a session."""
    return SessionClosed(1, session, "x", "quit", time, 0)


class Contract:
    """The tests; a subclass says what store they are run against.

    Session 1 is open, 2 ended at 2000, 3 and 5 at 3000, 4 at 2500, 6 and 7 are open.
    """

    store: Store
    assertEqual: Any

    def begin(self) -> None:
        """Store the sessions, their ends not in the order of their numbers."""
        self.store.open()
        ids = range(1, 8)
        self.store.append(Batch(opened=[opened(n, 1000 + n) for n in ids]))
        self.store.append(Batch(closed=[closed(5, 3000), closed(2, 2000)]))
        self.store.append(Batch(closed=[closed(3, 3000), closed(4, 2500)]))

    def there(self, time: int, after: int = 0, upto: int = 9, count: int = ALL) -> Any:
        """Return the numbers of those that were open at a time."""
        found = self.store.open_sessions(time, after, upto, count)
        return [record.session for record in found]

    def ended(self, time: int, count: int) -> list[int]:
        """Return the numbers of those that ended last by a time."""
        return [record.session for record in self.store.closed_sessions(time, count)]

    def test_none(self) -> None:
        """A store without sessions tells of none."""
        self.store.open()
        self.assertEqual((self.there(ALL), self.ended(ALL, 50)), ([], []))

    def test_all_that_is_told_of_one(self) -> None:
        """Name, address and times, as they are at last."""
        self.begin()
        renamed = [
            SessionRenamed(1, 1, "guest-1", "alice"),
            SessionRenamed(2, 1, "alice", "al"),
            SessionRenamed(3, 2, "guest-2", "bob"),
        ]
        resumed = [SessionResumed(4, 1, "5.6.7.8:9", 10, "al")]
        self.store.append(Batch(renamed=renamed, resumed=resumed))
        open_one = SessionRecord(1, "al", "5.6.7.8:9", 1001, None)
        self.assertEqual(self.store.open_sessions(ALL, 0, 1, 9), [open_one])
        ended_one = SessionRecord(2, "bob", "1.2.3.4:5", 1002, 2000)
        self.assertEqual(self.store.closed_sessions(2000, 9), [ended_one])

    def test_those_that_were_open_at_a_time(self) -> None:
        """Also those that have ended since; who ends at the time itself has ended."""
        self.begin()
        for time, numbers in (
            (1999, [1, 2, 3, 4, 5, 6, 7]),
            (2000, [1, 3, 4, 5, 6, 7]),
            (2499, [1, 3, 4, 5, 6, 7]),
            (2500, [1, 3, 5, 6, 7]),
            (2999, [1, 3, 5, 6, 7]),
            (3000, [1, 6, 7]),
            (ALL, [1, 6, 7]),
        ):
            self.assertEqual(self.there(time), numbers, time)

    def test_bounds(self) -> None:
        """Numbers above the one bound, up to and with the other, so many at most."""
        self.begin()
        for after, upto, count, numbers in (
            (1, 6, ALL, [2, 3, 4, 5, 6]),
            (0, 1, ALL, [1]),
            (6, 7, ALL, [7]),
            (7, 9, ALL, []),
            (3, 3, ALL, []),
            (0, 9, 3, [1, 2, 3]),
            (2, 6, 2, [3, 4]),
            (0, 9, 1, [1]),
        ):
            found = self.there(1999, after, upto, count)
            self.assertEqual(found, numbers, (after, upto, count))

    def test_paging(self) -> None:
        """Pages one behind the other give each session once, whatever happens
        meanwhile: it is the list of one time."""
        self.begin()
        found: list[int] = []
        while page := self.there(2400, found[-1] if found else 0, 7, 2):
            found += page
            n = 10 * len(found)
            last = page[-1]
            self.store.append(Batch(opened=[opened(n, 5000)]))
            if last in (1, 6, 7):
                self.store.append(Batch(closed=[closed(last, 6000)]))
        self.assertEqual(found, [1, 3, 4, 5, 6, 7])

    def test_those_that_ended_last(self) -> None:
        """The latest last; of those that ended at one time, by their numbers."""
        self.begin()
        for time, count, numbers in (
            (ALL, 50, [2, 4, 3, 5]),
            (3000, 4, [2, 4, 3, 5]),
            (3000, 3, [4, 3, 5]),
            (3000, 2, [3, 5]),
            (3000, 1, [5]),
            (2999, 50, [2, 4]),
            (2500, 1, [4]),
            (2499, 50, [2]),
            (1999, 50, []),
        ):
            self.assertEqual(self.ended(time, count), numbers, (time, count))

    def test_each_is_in_one_of_the_lists(self) -> None:
        """At any time, those that were open and those that had ended are all."""
        self.begin()
        for time in (0, 1999, 2000, 2001, 2500, 3000, 3001):
            both = self.there(time) + self.ended(time, 50)
            self.assertEqual(sorted(both), [1, 2, 3, 4, 5, 6, 7], time)

    def test_private_rooms(self) -> None:
        """Their events are kept; they are not loaded again, but their ids count."""
        self.store.open()
        event = message(1, 2, "secret")
        self.store.append(Batch(rooms=[LOBBY, PRIVATE], events=[message(1), event]))
        self.assertEqual(self.store.page(2, 0, 9, 100), [event])
        self.store.close()
        lobby = RoomRecord(1, "Lobby", "lobby", 1, 1, "")
        self.assertEqual(self.store.open(), Loaded((lobby,), 0, 12, 2))
        self.assertEqual(self.store.page(2, 0, 9, 100), [event])


class MemoryTests(Contract, SynchronousTestCase):
    """The store in memory."""

    def setUp(self) -> None:
        """Make one."""
        self.store = MemoryStore()

    def test_one_begins_while_they_are_listed(self) -> None:
        """Writing and reading are done by threads of their own."""
        self.begin()
        store = self.store

        class Meanwhile(int):
            """A number that has a session begin each time it is compared."""

            def __lt__(self, other: int) -> bool:
                store.append(Batch(opened=[opened(20), opened(20 + other)]))
                return super().__lt__(other)

            __ge__ = __lt__

        self.assertEqual(self.there(ALL, Meanwhile(0)), [1, 6, 7])


class SQLiteTests(Contract, SQLiteTestCase):
    """The store on a file."""

    store: sqlite.SQLiteStore

    def plan(self, query: str, values: Any) -> list[str]:
        """Return how SQLite would carry out a query."""
        with closing(sqlite3.connect(self.path)) as db:
            steps = db.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()
        return [step[3] for step in steps]

    def test_indexes_are_used(self) -> None:
        """Neither list looks at all sessions there ever were: many have ended."""
        self.store.open()
        names = {"time": 1, "after": 1, "upto": 1, "count": 1}
        for query, values, wanted in (
            (sqlite._OPEN_SESSIONS, names, {"sessions_open", "sessions_ended"}),
            (sqlite._CLOSED_SESSIONS, (1, 50), {"sessions_ended"}),
        ):
            plan = self.plan(query, values)
            on_table = [step for step in plan if " sessions" in step]
            self.assertEqual([x for x in on_table if not x.startswith("SEARCH")], [])
            used = {word for step in on_table for word in step.split() if "s_" in word}
            self.assertEqual(used, wanted, plan)

    def test_owners_are_kept(self) -> None:
        """In the file, so that a room's could be told of later."""
        self.store.open()
        self.store.append(Batch(rooms=[LOBBY, PRIVATE]))
        rows = self.rows("SELECT id, name, key, owners FROM rooms")
        expected = [(1, "Lobby", "lobby", ""), (2, "", "s1 s2", "s1 s2")]
        self.assertEqual(rows, expected)

    def test_sessions_that_cannot_be_read(self) -> None:
        """It says so, and the next are read when it can."""
        self.begin()
        self.rows("ALTER TABLE sessions RENAME TO away")
        for _ in range(READERS + 1):
            for read in (lambda: self.there(ALL), lambda: self.ended(ALL, 1)):
                error = self.assertRaises(StoreError, read)
                self.assertRegex(str(error), "^cannot read the log: no such table")
        self.rows("ALTER TABLE away RENAME TO sessions")
        self.assertEqual(self.there(ALL), [1, 6, 7])


class UpgradeTests(SQLiteTestCase):
    """A file that an older EcoChat has written, with the first schema."""

    def setUp(self) -> None:
        """Write one, with the first step of the schema and rows as it had them."""
        super().setUp()
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(f"PRAGMA application_id = {sqlite.APPLICATION_ID}")
            db.executescript(sqlite._schema()[0])
            db.execute("PRAGMA user_version = 1")
            db.executescript(
                "INSERT INTO rooms VALUES (1, 'Lobby', 'lobby', 900, 1, 2, 'tea');"
                "INSERT INTO rooms VALUES (3, 'lab', 'lab', 950, 1, 0, '');"
                "INSERT INTO events VALUES"
                " (11, 1, 1, 1000, 1, 'alice', 'message', 'hi', NULL, NULL),"
                " (21, 1, 2, 1000, 1, 'alice', 'topic', 'tea', NULL, NULL);"
                "INSERT INTO sessions VALUES"
                " (1, 'alice', '1.2.3.4:5', 900, 2000),"
                " (2, 'bob', '1.2.3.4:6', 950, NULL);"
            )

    def test_all_is_there(self) -> None:
        """Rooms are everyone's, sessions can be asked for, and messages be found."""
        lobby = RoomRecord(1, "Lobby", "lobby", 1, 2, "tea")
        lab = RoomRecord(3, "lab", "lab", 1, 0, "")
        self.assertEqual(self.store.open(), Loaded((lobby, lab), 2, 21, 3))
        self.assertEqual(self.rows("PRAGMA user_version"), [(len(sqlite._schema()),)])
        while self.store.index():
            pass
        (found,) = self.store.search(SearchRange(("hi",), None, {}, None, 0, 9, 9))
        page = self.store.page(1, 0, 9, 1000)
        self.assertEqual(found.event, page[0])
        said = [(1, "message", "hi"), (2, "topic", "tea")]
        self.assertEqual([(e.n, e.kind, e.text) for e in page], said)
        ended = self.store.closed_sessions(ALL, 50)
        times = [(s.session, s.disconnected) for s in ended]
        self.assertEqual(times, [(1, 2000), (2, 2000)])
        self.assertEqual(self.store.open_sessions(ALL, 0, 9, 9), [])

    def test_it_goes_on(self) -> None:
        """What is stored later is as in a new file, private rooms too."""
        self.store.open()
        private = RoomMade(30, 4, "", "s3 s4", 3000, ("s3", "s4"))
        self.store.append(Batch(rooms=[private], events=[message(3), message(1, 4)]))
        self.store.append(Batch(opened=[opened(3, 3000)]))
        self.store.close()
        loaded = self.store.open()
        self.assertEqual([room.last for room in loaded.rooms], [3, 0])
        self.assertEqual((loaded.last_session, loaded.last_room), (3, 4))

    def test_the_schema_is_that_of_a_new_file(self) -> None:
        """Column by column, index by index."""
        tables = "SELECT type, name, tbl_name FROM sqlite_master ORDER BY name"
        columns = "SELECT name, type, dflt_value FROM pragma_table_info('rooms')"
        self.store.open()
        upgraded = self.rows(tables), self.rows(columns)
        self.store.close()
        self.path += ".new"
        new = sqlite.SQLiteStore(self.path)
        new.open()
        self.addCleanup(new.close)
        self.assertEqual((self.rows(tables), self.rows(columns)), upgraded)
