"""What every store keeps of clients' keys: the same tests for each of them."""

import sqlite3
from contextlib import closing
from typing import Any

from msgspec import structs
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.items import (
    Entrance,
    Event,
    KeyMade,
    ReadMarked,
    RoomMade,
    SessionClosed,
    SessionOpened,
    SessionRenamed,
)
from ecochat.core.limits import TALKS
from ecochat.core.records import Batch, KeptSession, KeyRecord, Loaded, TalkRecord
from ecochat.store import reading, sqlite
from ecochat.store.memory import MemoryStore
from ecochat.store.port import Store
from tests.store.test_contract import LOBBY, SQLiteTestCase, message

LAB = RoomMade(1, 2, "lab", "lab", 1000)
ALICE = KeyMade(1, 1, b"\x00alice")
BOB = KeyMade(1, 2, b"\xffbob")


def opened(session: int, nick: str, key: int | None = None) -> SessionOpened:
    """Return the beginning of a session."""
    return SessionOpened(1, session, nick, "1.2.3.4:5", 1000 + session, 9, key)


def closed(session: int) -> SessionClosed:
    """Return the end of a session."""
    return SessionClosed(1, session, "x", "quit", 2000, 0)


def talk(room: int, *owners: str) -> RoomMade:
    """Return a private room."""
    return RoomMade(1, room, "", " ".join(sorted(owners)), 1000, owners)


def entrances(session: int, *rooms: int) -> list[Entrance]:
    """Return that a session came into rooms, and out of those below zero."""
    return [Entrance(1, session, abs(room), room > 0) for room in rooms]


class Contract:
    """The tests; a subclass says what store they are run against."""

    store: Store
    assertEqual: Any
    assertIsNone: Any

    def begin(self) -> None:
        """Store two rooms of everyone, the keys of alice and bob, and one session
        without a key, carol's."""
        self.store.open()
        self.store.append(
            Batch(
                rooms=[LOBBY, LAB],
                keys=[ALICE, BOB],
                opened=[opened(1, "alice", 1), opened(2, "bob", 2), opened(3, "carol")],
            )
        )

    def reopened(self) -> Loaded:
        """Close the store and open it again."""
        self.store.close()
        return self.store.open()

    def talks(self, hash: bytes) -> tuple[TalkRecord, ...]:
        """Return the private rooms of a key."""
        record = self.store.key(hash)
        assert record is not None
        return record.talks

    def test_a_new_key(self) -> None:
        """It has nothing yet; one that was never used is not known."""
        self.begin()
        self.assertEqual(self.store.key(b"\xffbob"), KeyRecord(2, b"\xffbob"))
        self.assertIsNone(self.store.key(b"bob"))
        self.assertEqual(self.reopened().last_key, 2)

    def test_the_last_id(self) -> None:
        """That of the last event with one, and where it is; of another key, or without
        a number, none counts."""
        self.begin()
        ids = [(1, 5), (1, 9), (2, 4), (1, None), (-3, 70), (None, None)]
        events = [
            Event(n, 1, n, 1000, 1, "x", "message", "hi", key, id)
            for n, (key, id) in enumerate(ids, 1)
        ]
        self.store.append(Batch(events=events))
        self.reopened()
        alice, bob = self.store.key(ALICE.hash), self.store.key(BOB.hash)
        self.assertEqual(alice, KeyRecord(1, ALICE.hash, 9, (1, 2)))
        self.assertEqual(bob, KeyRecord(2, BOB.hash, 4, (1, 3)))

    def test_what_is_stored_under_an_id(self) -> None:
        """By key, or by session below zero; nothing where an id was skipped."""
        self.begin()
        events = [
            Event(n, room, n // 2, 1000, 1, "x", "message", "hi", key, id)
            for n, (room, key, id) in enumerate(
                [(1, 1, 5), (2, 2, 5), (1, -3, 5), (2, 1, 8), (1, 2, None)], 2
            )
        ]
        self.store.append(Batch(events=events))
        for key, id, expected in (
            (1, 5, events[0]),
            (2, 5, events[1]),
            (-3, 5, events[2]),
            (1, 8, events[3]),
            (1, 6, None),
            (2, 8, None),
            (3, 5, None),
        ):
            self.assertEqual(self.store.stored(key, id), expected, (key, id))

    def test_read_marks(self) -> None:
        """The last one of each room is kept, for each key its own."""
        self.begin()
        marks = [(1, 1, 10), (1, 2, 7), (2, 1, 3), (1, 1, 8)]
        self.store.append(Batch(read=[ReadMarked(1, *mark) for mark in marks]))
        self.store.append(Batch(read=[ReadMarked(1, 1, 2, 9)]))
        self.reopened()
        record = KeyRecord(1, ALICE.hash, read={1: 8, 2: 9})
        self.assertEqual(self.store.key(ALICE.hash), record)
        self.assertEqual(self.store.key(BOB.hash), KeyRecord(2, BOB.hash, read={1: 3}))

    def test_private_rooms(self) -> None:
        """They are told with both identities and their last names; the one that was
        written in last is last."""
        self.begin()
        rooms = [talk(3, "k1", "k2"), talk(4, "s3", "k1"), talk(5, "s3", "k2")]
        self.store.append(Batch(rooms=rooms, events=[message(1, 4), message(1, 3)]))
        renamed = [
            SessionRenamed(1, 2, "bob", "bobby"),
            SessionRenamed(1, 3, "carol", "caro"),
        ]
        self.store.append(Batch(renamed=renamed, closed=[closed(3)]))
        with_bob = TalkRecord(3, 1, 1, "", ("k1", "k2"), ("alice", "bobby"))
        with_carol = TalkRecord(4, 1, 1, "", ("s3", "k1"), ("caro", "alice"))
        self.assertEqual(self.talks(ALICE.hash), (with_bob, with_carol))
        tea = structs.replace(message(2, 3), kind="topic", text="tea")
        self.store.append(Batch(events=[tea]))
        self.reopened()
        newest = TalkRecord(3, 1, 2, "tea", ("k1", "k2"), ("alice", "bobby"))
        self.assertEqual(self.talks(ALICE.hash), (with_carol, newest))
        self.assertEqual([room.id for room in self.talks(BOB.hash)], [5, 3])

    def test_the_last_name_of_a_key(self) -> None:
        """It is that of the key's newest session, whether that has ended or not."""
        self.begin()
        self.store.append(Batch(rooms=[talk(3, "k1", "k2")]))
        later = [opened(4, "robert", 2), opened(5, "dave")]
        self.store.append(Batch(closed=[closed(2)], opened=later))
        self.assertEqual(self.talks(ALICE.hash)[0].nicks, ("alice", "robert"))
        self.store.append(Batch(closed=[closed(4)]))
        self.assertEqual(self.talks(ALICE.hash)[0].nicks, ("alice", "robert"))

    def test_many_private_rooms(self) -> None:
        """Those that were written in last are told, as many as a session may have."""
        self.begin()
        ids = range(3, 3 + TALKS + 5)
        rooms = [talk(id, f"s{id}", "k1") for id in ids]
        sessions = [opened(id + 100, "x") for id in ids]
        rooms = [talk(id, f"s{id + 100}", "k1") for id in ids]
        self.store.append(Batch(rooms=rooms, opened=sessions))
        written = [
            Event(at, id, 1, 1000, 1, "x", "message", "hi")
            for at, id in enumerate(reversed(ids), 1)
        ]
        self.store.append(Batch(events=written))
        found = [room.id for room in self.talks(ALICE.hash)]
        self.assertEqual(found, list(reversed(ids))[-TALKS:])

    def test_sessions_that_go_on(self) -> None:
        """Those with a key that were open: with name, key and rooms of everyone, in the
        order in which they came in."""
        self.begin()
        self.store.append(Batch(rooms=[talk(3, "k1", "k2")]))
        rooms = [*entrances(1, 1, 2, 3), *entrances(2, 1, 2, -1, 1)]
        renamed = [SessionRenamed(1, 1, "alice", "al")]
        self.store.append(Batch(entrances=rooms, renamed=renamed))
        alice, bob = self.store.key(ALICE.hash), self.store.key(BOB.hash)
        assert alice is not None
        assert bob is not None
        kept = (KeptSession(1, "al", alice, (1, 2)), KeptSession(2, "bob", bob, (2, 1)))
        self.assertEqual(self.reopened().sessions, kept)
        self.assertEqual(self.reopened().sessions, kept)
        self.store.append(Batch(entrances=entrances(1, -1, 1)))
        self.assertEqual(self.reopened().sessions[0].rooms, (2, 1))

    def test_sessions_that_ended(self) -> None:
        """They do not go on, nor is it kept where they were."""
        self.begin()
        rooms = [*entrances(1, 1), *entrances(2, 1, -1)]
        self.store.append(Batch(entrances=rooms, closed=[closed(1)]))
        (kept,) = self.reopened().sessions
        self.assertEqual((kept.session, kept.rooms), (2, ()))
        both = Batch(opened=[opened(4, "alice", 1)], entrances=entrances(4, 2))
        self.store.append(both)
        numbers = [(s.session, s.rooms) for s in self.reopened().sessions]
        self.assertEqual(numbers, [(2, ()), (4, (2,))])


class MemoryTests(Contract, SynchronousTestCase):
    """The store in memory."""

    def setUp(self) -> None:
        """Make one."""
        self.store = MemoryStore()


class SQLiteTests(Contract, SQLiteTestCase):
    """The store on a file."""

    store: sqlite.SQLiteStore

    def test_only_those_without_a_key_end(self) -> None:
        """A server that was killed left all of them open."""
        self.begin()
        self.store.append(Batch(events=[message(1, time=5000)]))
        self.reopened()
        ended = self.rows("SELECT id, disconnected FROM sessions ORDER BY id")
        self.assertEqual(ended, [(1, None), (2, None), (3, 5000)])
        there = self.store.open_sessions(9000, 0, 9, 9)
        self.assertEqual([session.session for session in there], [1, 2])

    def test_two_sessions_of_one_key(self) -> None:
        """There should be none; the newer one goes on, and the other ends."""
        self.begin()
        both = Batch(opened=[opened(4, "al", 1)], entrances=entrances(1, 1, 2))
        self.store.append(both)
        found = [(s.session, s.nick, s.rooms) for s in self.reopened().sessions]
        self.assertEqual(found, [(2, "bob", ()), (4, "al", ())])
        ended = self.rows("SELECT id FROM sessions WHERE disconnected IS NOT NULL")
        self.assertEqual(ended, [(1,), (3,)])
        self.assertEqual(self.rows("SELECT * FROM entrances"), [])

    def test_where_they_were_is_not_kept(self) -> None:
        """From the moment that a session ends."""
        self.begin()
        rooms = [*entrances(1, 1, 2), *entrances(2, 1)]
        self.store.append(Batch(entrances=rooms, closed=[closed(1)]))
        self.assertEqual(self.rows("SELECT session, room FROM entrances"), [(2, 1)])

    def test_a_key_that_is_not_there(self) -> None:
        """Its session cannot be taken up, so it ends."""
        self.begin()
        self.store.append(Batch(opened=[opened(4, "eve", 99)]))
        self.assertEqual([s.session for s in self.reopened().sessions], [1, 2])

    def test_indexes_are_used(self) -> None:
        """Nothing that is asked at a hello looks at all there is."""
        self.begin()
        queries: list[tuple[str, tuple[Any, ...]]] = [
            (reading.KEY, (b"",)),
            (reading.TALKS_OF_A_KEY, (1, 100)),
            (reading.NICKS["k"], (1,)),
            (reading.NICKS["s"], (1,)),
            (sqlite._STORED, (1, 1)),
            (sqlite._PAGE, (1, 1, 1)),
        ]
        for query, values in queries:
            with closing(sqlite3.connect(self.path)) as db:
                steps = db.execute(f"EXPLAIN QUERY PLAN {query}", values).fetchall()
            plan = [step[3] for step in steps]
            self.assertEqual([x for x in plan if not x.startswith("SEARCH")], [], plan)

    def test_an_id_costs_only_those_who_have_one(self) -> None:
        """What people write is not in the index of ids."""
        self.begin()
        with_id = Event(30, 1, 2, 1000, 1, "x", "message", "hi", 1, 5)
        with_key = Event(31, 1, 3, 1000, 1, "x", "message", "hi", 1)
        self.store.append(Batch(events=[message(1), with_id, with_key]))
        self.rows("ANALYZE")
        query = "SELECT stat FROM sqlite_stat1 WHERE idx = 'events_by_id'"
        self.assertEqual(self.rows(query), [("1 1 1",)])
