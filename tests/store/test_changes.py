"""What every store does when messages are edited, deleted and forgotten: the same tests
for each of them; and that nothing of them is left in a file."""

import random
import string
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.items import Changed, Event, RoomExpired, RoomMade
from ecochat.core.records import Batch, Loaded
from ecochat.store import fulltext, sqlite
from ecochat.store.memory import MemoryStore
from ecochat.store.port import Store
from tests.store.test_contract import LOBBY, SQLiteTestCase, message, topic

LAB = RoomMade(2, 2, "lab", "lab", 1000)


def change(n: int, target: int, text: str, room: int = 1) -> Batch:
    """Return an edit of a message, or its deletion, as a group of its own."""
    kind = "edit" if text else "delete"
    event = Event(10 * n + room, room, n, 1000, 1, "alice", kind, text, target=target)
    return Batch(events=[event], changes=[Changed(10 * n + 9, room, target, n, text)])


class Contract:
    """The tests; a subclass says what store they are run against."""

    store: Store
    assertEqual: Any

    def begin(self, *texts: str) -> None:
        """Store messages, in two rooms the same."""
        self.store.open()
        numbered = list(enumerate(texts, 1))
        events = [message(n, room, text) for n, text in numbered for room in (1, 2)]
        self.store.append(Batch(rooms=[LOBBY, LAB], events=events))

    def reopened(self) -> Loaded:
        """Close the store and open it again."""
        self.store.close()
        return self.store.open()

    def told(self, room: int = 1) -> list[tuple[int, str, str, int]]:
        """Return all that is in a room: numbers, kinds, texts, and what changed it."""
        page = self.store.page(room, 0, 10**6, 10**6)
        return [(event.n, event.kind, event.text, event.changed) for event in page]

    def test_edited(self) -> None:
        """Whoever reads the number later reads the present text, marked; so with the
        edit itself. The other room's is as it was."""
        self.begin("tea", "milk")
        self.store.append(change(3, 1, "a longer text than before"))
        new = "a longer text than before"
        expected = [(1, "message", new, 3), (2, "message", "milk", 0)]
        self.assertEqual(self.told(), [*expected, (3, "edit", new, 3)])
        self.assertEqual([text for _, _, text, _ in self.told(2)], ["tea", "milk"])
        self.reopened()
        self.assertEqual(self.told(), [*expected, (3, "edit", new, 3)])

    def test_edited_again(self) -> None:
        """Also older edits have the present text."""
        self.begin("tea", "milk")
        for n, text in ((3, "a"), (4, "bb"), (5, "ccc")):
            self.store.append(change(n, 1, text))
        self.store.append(change(6, 2, "dddd"))
        edits = [(n, "edit", "ccc", 5) for n in (3, 4, 5)]
        first = (1, "message", "ccc", 5)
        second = (2, "message", "dddd", 6)
        expected = [first, second, *edits, (6, "edit", "dddd", 6)]
        self.assertEqual(self.told(), expected)

    def test_edited_twice_in_one_group(self) -> None:
        """The later edit counts."""
        self.begin("tea")
        one, two = change(2, 1, "a"), change(3, 1, "bb")
        both = Batch(events=one.events + two.events, changes=one.changes + two.changes)
        self.store.append(both)
        edits = [(n, "edit", "bb", 3) for n in (2, 3)]
        self.assertEqual(self.told(), [(1, "message", "bb", 3), *edits])

    def test_deleted(self) -> None:
        """The text is gone, also that of its edits."""
        self.begin("tea", "milk")
        self.store.append(change(3, 1, "coffee"))
        self.store.append(change(4, 1, ""))
        gone = [(1, "message", "", 4), (2, "message", "milk", 0), (3, "edit", "", 4)]
        self.assertEqual(self.told(), [*gone, (4, "delete", "", 0)])
        self.assertEqual([e.is_deleted for e in self.store.page(1, 0, 1, 9)], [True])

    def test_written_and_changed_in_one_group(self) -> None:
        """It is stored as it is at the end."""
        self.begin()
        batch = change(2, 1, "new")
        batch.events.insert(0, message(1, 1, "old"))
        self.store.append(batch)
        self.assertEqual(self.told(), [(1, "message", "new", 2), (2, "edit", "new", 2)])

    def test_what_is_stored_under_an_id_is_the_present(self) -> None:
        """Also for who sends again what was edited since."""
        self.begin()
        event = Event(5, 1, 1, 1000, 1, "alice", "message", "old", -1, 7)
        self.store.append(Batch(events=[event]))
        self.store.append(change(2, 1, "new"))
        stored = self.store.stored(-1, 7)
        assert stored is not None
        self.assertEqual((stored.text, stored.changed), ("new", 2))

    def test_expired(self) -> None:
        """Events up to a number are gone, and the room begins behind them."""
        self.begin(*"abcde")
        self.store.append(change(6, 1, "A"))
        self.assertEqual(self.store.oldest(1), 1)
        self.store.append(Batch(expired=[RoomExpired(90, 1, 3)]))
        self.assertEqual([n for n, *_ in self.told()], [4, 5, 6])
        self.assertEqual([n for n, *_ in self.told(2)], [1, 2, 3, 4, 5])
        self.assertEqual([self.store.oldest(room) for room in (1, 2, 3)], [4, 1, 1])
        rooms = self.reopened().rooms
        self.assertEqual([(r.first, r.last) for r in rooms], [(4, 6), (1, 5)])

    def test_expired_again(self) -> None:
        """Less than before changes nothing; more than there is empties the room, and it
        goes on with the next number. A topic stays."""
        self.begin(*"abc")
        self.store.append(Batch(events=[topic(4, "tea")]))
        for upto, first in ((2, 3), (1, 3), (9, 5), (9, 5)):
            self.store.append(Batch(expired=[RoomExpired(90, 1, upto)]))
            self.assertEqual(self.store.oldest(1), first)
        self.store.append(Batch(events=[message(5)]))
        self.assertEqual([n for n, *_ in self.told()], [5])
        room = self.reopened().rooms[0]
        self.assertEqual((room.first, room.last, room.topic), (5, 5, "tea"))

    def test_the_order_goes_on(self) -> None:
        """The place of what has expired is not given again."""
        self.begin(*"abc")
        expired = [RoomExpired(90, 1, 3), RoomExpired(91, 2, 3)]
        self.store.append(Batch(expired=expired))
        self.assertEqual(self.reopened().seq, 91)

    def test_what_need_not_be_kept(self) -> None:
        """What is older than a time, and what is not among the last so many."""
        self.store.open()
        times = [10, 10, 20, 30, 30, 40]
        events = [message(n, time=time) for n, time in enumerate(times, 1)]
        self.store.append(Batch(rooms=[LOBBY, LAB], events=events))
        for time, count, room, last in (
            (0, None, 1, 0),
            (10, None, 1, 0),
            (11, None, 1, 2),
            (30, None, 1, 3),
            (31, None, 1, 5),
            (99, None, 1, 6),
            (0, 0, 1, 6),
            (0, 6, 1, 0),
            (0, 9, 1, 0),
            (0, 2, 1, 4),
            (11, 2, 1, 4),
            (31, 2, 1, 5),
            (99, 0, 2, 0),
            (99, 0, 3, 0),
        ):
            found = self.store.last_before(time, count, room)
            self.assertEqual(found, last, (time, count, room))

    def test_what_need_not_be_kept_of_the_rest(self) -> None:
        """What has expired is not told again."""
        self.test_what_need_not_be_kept()
        self.store.append(Batch(expired=[RoomExpired(90, 1, 3)]))
        for time, count, last in ((11, None, 0), (30, 3, 0), (31, 9, 5), (0, 2, 4)):
            self.assertEqual(self.store.last_before(time, count, 1), last)


class MemoryTests(Contract, SynchronousTestCase):
    """The store in memory."""

    def setUp(self) -> None:
        """Make one."""
        self.store = MemoryStore()


class SQLiteTests(Contract, SQLiteTestCase):
    """The store on a file."""

    store: sqlite.SQLiteStore


class NothingIsLeftTests(SQLiteTestCase):
    """What was changed is in none of the files; here with texts of words that are no
    others' part, and parts of the index that are small.

    :ivar random: makes them; the same each time.
    :ivar words: all that ever were.
    :ivar texts: what is there now, by number.
    """

    def setUp(self) -> None:
        """Open a store."""
        super().setUp()
        self.patch(fulltext, "PART", 1000)
        self.random = random.Random(3)  # has SQLite leave copies, as most do not
        self.words: set[str] = set()
        self.texts: dict[int, str] = {}
        self.last = 0
        self.store.open()
        self.store.append(Batch(rooms=[LOBBY]))

    def text(self) -> str:
        """Return a text of new words."""
        count = self.random.choice((1, 3, 10, 100))
        letters = string.ascii_lowercase
        words = ["".join(self.random.choices(letters, k=14)) for _ in range(count)]
        self.words.update(words)
        return " ".join(words)

    def say(self, count: int) -> None:
        """Store new messages."""
        events = []
        for n in range(self.last + 1, self.last + count + 1):
            self.texts[n] = self.text()
            events.append(message(n, text=self.texts[n]))
        self.store.append(Batch(events=events))
        self.last += count

    def change(self, count: int) -> None:
        """Edit or delete some, in one group."""
        group = Batch()
        for target in self.random.sample(sorted(self.texts), count):
            self.last += 1
            text = self.text() if self.random.random() < 0.5 else ""
            one = change(self.last, target, text)
            group.events += one.events
            group.changes += one.changes
            self.texts[target] = text
        self.store.append(group)

    def finish(self, store: sqlite.SQLiteStore | None = None) -> None:
        """Let the index do all it has to."""
        while (store or self.store).index():
            pass

    def left(self) -> list[str]:
        """Return the words that are in one of the files and should not be.

        FTS5 leaves out what the beginning of a word has in common with the one before.
        """
        found = b"".join(
            Path(self.path + end).read_bytes()
            for end in ("", "-wal")
            if Path(self.path + end).exists()
        )
        there = {
            run[at : at + 9]
            for run in found.decode("latin-1").translate(_ONLY_LETTERS).split()
            for at in range(len(run) - 8)
        }
        present = {word for text in self.texts.values() for word in text.split()}
        self.assertEqual([w for w in present if w[-9:] not in there], [])
        return sorted(word for word in self.words - present if word[-9:] in there)

    def test_nothing_is_left(self) -> None:
        """However messages and changes come, and however far the index has followed."""
        for _ in range(100):
            self.say(self.random.choice((1, 5, 40)))
            for _ in range(self.random.randrange(6)):
                self.store.index()
            self.change(min(len(self.texts), self.random.choice((0, 1, 5, 20))))
        self.finish()
        self.assertEqual(self.left(), [])

    def test_rows_keep_their_size(self) -> None:
        """So that SQLite moves none: it would leave copies of those that it moves."""
        size = "SELECT sum(length(CAST(text AS BLOB))) FROM events WHERE n <= 30"
        self.say(30)
        before = self.rows(size)
        self.change(15)
        self.assertEqual(self.rows(size), before)

    def test_after_a_restart(self) -> None:
        """What remains to be done is done by the next server, also when the one before
        was killed: that finds the files as they are now."""
        self.say(100)
        self.finish()
        self.change(20)
        self.finish_in_another()

    def test_after_a_restart_before_it_was_indexed(self) -> None:
        """Also what is in the write-ahead log only."""
        self.say(100)
        self.change(20)
        self.finish_in_another()

    def finish_in_another(self) -> None:
        """Leave the store as it is, and go on in one with copies of its files."""
        self.assertTrue(self.left())
        copy = self.path + ".copy"
        for end in ("", "-wal"):
            Path(copy + end).write_bytes(Path(self.path + end).read_bytes())
        self.path = copy
        later = sqlite.SQLiteStore(copy)
        self.addCleanup(later.close)
        later.open()
        self.assertTrue(self.left())
        self.finish(later)
        self.assertEqual(self.left(), [])

    def test_expired(self) -> None:
        """What has expired is in none of them either, and parts of the index that are
        empty go."""
        self.patch(fulltext, "PART", 200)
        self.say(700)
        self.finish()
        parts = "SELECT count(*) FROM search_parts"
        self.assertEqual(self.rows(parts), [(3,)])
        self.store.append(Batch(expired=[RoomExpired(10**6, 1, 650)]))
        for n in range(1, 651):
            del self.texts[n]
        self.finish()
        self.assertEqual(self.left(), [])
        self.assertEqual(self.rows(parts), [(1,)])

    def test_a_reader_that_stays(self) -> None:
        """The log cannot be emptied before it ends, so there is more to do until then;
        groups are stored meanwhile."""
        self.say(10)
        self.finish()
        with self.store._reader() as reader:
            reader.execute("SELECT count(*) FROM events").fetchone()
            self.change(5)
            for _ in range(50):
                self.assertTrue(self.store.index())
            self.say(1)
        self.finish()
        self.assertEqual(self.left(), [])


_ONLY_LETTERS = "".join(
    chr(code) if chr(code) in string.ascii_lowercase else " " for code in range(256)
)
