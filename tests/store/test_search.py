"""What every store finds: the same tests for each of them; and how the index of the one
on a file follows the log."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.items import Event, RoomExpired, RoomMade, SearchRange
from ecochat.core.limits import NUMBER
from ecochat.core.records import Batch, Indexed
from ecochat.store import fulltext, reading, sqlite
from ecochat.store.memory import MemoryStore
from ecochat.store.port import Store, StoreError
from tests.store.test_changes import change
from tests.store.test_contract import LOBBY, SQLiteTestCase, message, topic

LAB = RoomMade(2, 2, "lab", "lab", 1000)
TALKS = [
    RoomMade(3, room, "", f"k1 k{room}", 1000, ("k1", f"k{room}")) for room in (3, 4)
]


def wanted(
    *words: str,
    room: int | None = None,
    names: dict[int, str] | None = None,
    nick: str | None = None,
    after: int = 0,
    before: int = NUMBER,
    limit: int = 100,
    below: int = NUMBER,
) -> SearchRange:
    """Return what is searched for."""
    return SearchRange(words, room, names or {}, nick, after, before, limit, below)


class Contract:
    """The tests; a subclass says what store they are run against."""

    store: Store
    assertEqual: Any

    def begin(self, *texts: str) -> None:
        """Store messages in the lobby, and have them indexed."""
        self.store.open()
        events = [message(n, text=text) for n, text in enumerate(texts, 1)]
        self.store.append(Batch(rooms=[LOBBY, LAB, *TALKS], events=events))
        self.finish()

    def finish(self) -> None:
        """Let the index follow to the end."""
        while self.store.index():
            pass

    def numbers(self, search: SearchRange) -> list[int]:
        """Return the numbers of the messages that are found."""
        return [found.event.n for found in self.store.search(search)]

    def places(self, search: SearchRange) -> list[tuple[int, int]]:
        """Return the rooms and numbers of the messages that are found."""
        return [(f.event.room, f.event.n) for f in self.store.search(search)]

    def test_words(self) -> None:
        """All of them have to be there, whole unless a star says that they begin so.
        Neither case nor accents count, nor words of signs only. The newest is first."""
        self.begin(
            "Tea for two",
            "two teas",
            "Café, TEA!",
            "I don't know",
            "don, t",
            "t don",
            "nice🙂 day🥰",
            "Привет",
        )
        for words, numbers in (
            (["tea"], [3, 1]),
            (["TEA", "two"], [1]),
            (["two", "tea"], [1]),
            (["tea*"], [3, 2, 1]),
            (["te"], []),
            (["te*", "tw*"], [2, 1]),
            (["cafe"], [3]),
            (["CAFÉ"], [3]),
            (["don't"], [5, 4]),
            (["don", "t"], [6, 5, 4]),
            (["don't", "know"], [4]),
            (["don't*"], [5, 4]),
            (["nice"], [7]),
            (["day"], [7]),
            (["привет"], [8]),
            (["tea", "--", "!"], [3, 1]),
            (["tea", "coffee"], []),
            (["--"], []),
            (["*"], []),
            (["🙂"], []),
            ([""], []),
            ([], []),
        ):
            self.assertEqual(self.numbers(wanted(*words)), numbers, words)

    def test_what_a_query_language_would_read(self) -> None:
        """It is text like other text."""
        self.begin("a OR b", "NEAR (a, b)", "text : a", 'say "hi" a')
        for words, numbers in (
            (["OR"], [1]),
            (["a", "OR", "b"], [1]),
            (["NEAR"], [2]),
            (["near(a"], [2]),
            (["text:"], [3]),
            (["text:a"], [3]),
            (['"hi"'], [4]),
            (['"hi'], [4]),
            (['""'], []),
            (["^a"], [4, 3, 2, 1]),
            (["-a"], [4, 3, 2, 1]),
            (["a+b"], [2]),
            (["NOT"], []),
            (["\0"], []),
            (["{a}"], [4, 3, 2, 1]),
            (["'"], []),
        ):
            self.assertEqual(self.numbers(wanted(*words)), numbers, words)

    def test_what_is_told_of_one(self) -> None:
        """The whole event, and where the words are, whatever else is in the text."""
        text = "\x02🙂Été\x03 <b>ete</b> \\ete"
        self.begin()
        event = Event(31, 1, 1, 1000, 1, "al", "message", text, -1, 5, 1)
        self.store.append(Batch(events=[event]))
        self.finish()
        (found,) = self.store.search(wanted("ete"))
        self.assertEqual(found.event, event)
        marked = [text[begin:end] for begin, end in found.marks]
        self.assertEqual(marked, ["Été", "ete", "ete"])
        self.assertEqual(found.marks[0], (2, 5))

    def test_rooms(self) -> None:
        """All of everyone and one's own private ones, or one."""
        self.begin("tea")
        events = [message(n, n, "tea") for n in (2, 3, 4)]
        self.store.append(Batch(events=events))
        self.finish()
        for search, places in (
            (wanted("tea"), [(2, 2), (1, 1)]),
            (wanted("tea", names={3: "@bob"}), [(3, 3), (2, 2), (1, 1)]),
            (wanted("tea", room=1, names={1: "lobby"}), [(1, 1)]),
            (wanted("tea", room=4, names={4: "@eve"}), [(4, 4)]),
            (wanted("tea", room=9), []),
        ):
            self.assertEqual(self.places(search), places)

    def test_a_room_is_no_word(self) -> None:
        """What the index has of rooms is not found, nor taken for one."""
        self.begin("tea 2", "all")
        self.assertEqual(self.numbers(wanted("1")), [])
        self.assertEqual(self.numbers(wanted("all")), [2])
        self.assertEqual(self.numbers(wanted("2")), [1])
        self.assertEqual(self.numbers(wanted("tea", room=2)), [])

    def test_ranges(self) -> None:
        """Numbers between two others, places below one, and so many at most."""
        self.begin(*["tea"] * 6)
        for search, numbers in (
            (wanted("tea", after=2), [6, 5, 4, 3]),
            (wanted("tea", before=3), [2, 1]),
            (wanted("tea", room=1, after=2, before=5), [4, 3]),
            (wanted("tea", room=1, after=6), []),
            (wanted("tea", room=1, before=1), []),
            (wanted("tea", room=1, after=90, before=99), []),
            (wanted("tea", limit=2), [6, 5]),
            (wanted("tea", room=1, before=5, limit=2), [4, 3]),
            (wanted("tea", below=51), [4, 3, 2, 1]),
            (wanted("tea", room=1, below=51, before=3), [2, 1]),
            (wanted("tea", room=1, below=21, before=5), [1]),
        ):
            self.assertEqual(self.numbers(search), numbers, search)

    def test_who_wrote_it(self) -> None:
        """By the name of then, in any case."""
        self.begin()
        nicks = ("Bob", "alice", "BOB", "bobby", "Straße")
        events = [
            Event(n, 1, n, 1000, 1, nick, "message", "tea")
            for n, nick in enumerate(nicks, 1)
        ]
        self.store.append(Batch(events=events))
        self.finish()
        for nick, numbers in (("bob", [3, 1]), ("STRASSE", [5]), ("eve", [])):
            self.assertEqual(self.numbers(wanted("tea", nick=nick)), numbers)
        self.assertEqual(self.numbers(wanted("tea", nick="bob", limit=1)), [3])

    def test_only_messages(self) -> None:
        """Not topics, reactions, nor edits."""
        self.begin("milk")
        react = Event(50, 1, 3, 1000, 1, "al", "react", "tea", target=1)
        self.store.append(Batch(events=[topic(2, "tea"), react]))
        self.store.append(change(4, 1, "tea"))
        self.finish()
        self.assertEqual(self.numbers(wanted("tea")), [1])

    def test_changed(self) -> None:
        """What was edited away or deleted is not found, at once, and never again; the
        new text is. So it is also with what the index has not come to yet."""
        self.begin("old tea", "old milk", "old water")
        self.store.append(Batch(events=[message(4, text="old wine")]))
        for n, target, text in ((5, 1, "new tea"), (6, 2, ""), (7, 4, "new wine")):
            self.store.append(change(n, target, text))
        self.assertEqual(self.numbers(wanted("old")), [3])
        self.assertEqual(self.numbers(wanted("milk")), [])
        self.assertEqual(self.numbers(wanted("new"))[-1], 1)
        for _ in range(2):
            self.finish()
            self.assertEqual(self.numbers(wanted("old")), [3])
            self.assertEqual(self.numbers(wanted("new")), [4, 1])
            self.assertEqual(self.numbers(wanted("milk")), [])
            self.store.close()
            self.store.open()

    def test_changed_again(self) -> None:
        """Each text is found while it is there."""
        self.begin("one", "other")
        for n, text in ((3, "two"), (4, "three one"), (5, ""), (6, "four")):
            self.store.append(change(n, 1, text))
            for word in ("one", "two", "three", "four"):
                expected = [1] if word in text else []
                self.assertEqual(self.numbers(wanted(word)), expected, (text, word))
            self.finish()
        self.assertEqual(self.numbers(wanted("o*")), [2])

    def test_expired(self) -> None:
        """It is not found any more, in its room."""
        self.begin("tea", "tea", "tea")
        other = Event(35, 2, 1, 1000, 1, "alice", "message", "tea")
        self.store.append(Batch(events=[other]))
        self.finish()
        self.store.append(Batch(events=[message(4, text="tea")]))
        self.store.append(Batch(expired=[RoomExpired(90, 1, 2)]))
        for _ in range(2):
            found = set(self.places(wanted("tea"))) | {(1, 4), (2, 1)}
            self.assertEqual(found, {(1, 3), (1, 4), (2, 1)})
            self.finish()
        self.assertEqual(self.places(wanted("tea")), [(1, 4), (2, 1), (1, 3)])

    def test_up_to_where(self) -> None:
        """The place and the time of the last event."""
        self.begin()
        self.assertEqual(self.store.indexed(), Indexed())
        self.store.append(Batch(events=[message(1, time=5), topic(2, "x")]))
        self.finish()
        self.assertEqual(self.store.indexed(), Indexed(21, 1000))
        self.store.append(Batch(expired=[RoomExpired(90, 1, 2)]))
        self.finish()
        self.assertEqual(self.store.indexed(), Indexed(21, 1000))


class MemoryTests(Contract, SynchronousTestCase):
    """The store in memory."""

    def setUp(self) -> None:
        """Make one."""
        self.store = MemoryStore()


class SQLiteTests(Contract, SQLiteTestCase):
    """The store on a file."""

    store: sqlite.SQLiteStore

    def test_any_words(self) -> None:
        """Nothing that a user writes is an error, and both stores find the same."""
        self.begin(*TEXTS)
        memory = MemoryStore()
        memory.open()
        memory.append(Batch(rooms=[LOBBY], events=self.store.page(1, 0, 99, 9999)))

        @settings(max_examples=300, deadline=None, derandomize=True, database=None)
        @given(
            st.lists(st.text("aAé bT0🙂\"'*:^-(){}+,\0\n\\", max_size=6), max_size=3)
        )
        def check(words: list[str]) -> None:
            search = wanted(*words)
            self.assertEqual(self.store.search(search), memory.search(search))

        check()


TEXTS = ("a b", "A é", "b a b", "t0 a", "aé ba", "a-b (T0)", "É", "bb ab", "0 a b T")
SIGNS = "aAé bT0🙂\"'*:^-(){}+,\0\n\\"


class SmallPartsTests(SQLiteTests):
    """The same, where each part of the index has one message only."""

    def setUp(self) -> None:
        """Make the parts small, and the steps."""
        super().setUp()
        self.patch(fulltext, "PART", 1)
        self.patch(fulltext, "EVENTS", 1)


class FollowingTests(SQLiteTestCase):
    """How the index follows the log, a step at a time."""

    def setUp(self) -> None:
        """Open a store."""
        super().setUp()
        self.store.open()
        self.store.append(Batch(rooms=[LOBBY]))
        self.finish()

    def say(self, *texts: str) -> None:
        """Store messages behind those that are there."""
        (last,) = [room.last for room in reading.load(self.store._db()).rooms]
        events = [message(n, text=text) for n, text in enumerate(texts, last + 1)]
        self.store.append(Batch(events=events))

    def finish(self) -> int:
        """Let the index do all it has to; return in how many steps."""
        steps = 1
        while self.store.index():
            steps += 1
        return steps

    def found(self, word: str) -> int:
        """Return how many messages are found."""
        return len(self.store.search(wanted(word, limit=1000)))

    def test_steps(self) -> None:
        """So many events at a time; what the index has not come to is not found, and
        it is told up to where it is."""
        self.patch(fulltext, "EVENTS", 10)
        self.say(*["tea"] * 25)
        for found, is_more in ((10, True), (20, True), (25, False), (25, False)):
            self.assertEqual(self.store.index(), is_more)
            self.assertEqual(self.found("tea"), found)
            self.assertEqual(self.store.indexed(), Indexed(10 * found + 1, 1000))

    def test_long_texts(self) -> None:
        """Of those there are fewer in a step, but one at least."""
        self.patch(fulltext, "TEXT", 100)
        self.say("tea " * 10, "tea " * 10, "tea " * 10, "tea " * 50, "tea")
        for found in (2, 3, 4, 5):
            self.store.index()
            self.assertEqual(self.found("tea"), found)

    def test_after_a_restart(self) -> None:
        """It goes on where it was."""
        self.patch(fulltext, "EVENTS", 10)
        self.say(*["tea"] * 25)
        self.store.index()
        self.store.close()
        self.store.open()
        self.assertEqual(self.found("tea"), 10)
        self.assertEqual(self.finish(), 2)
        self.assertEqual(self.found("tea"), 25)

    def test_parts(self) -> None:
        """There are several, which are searched from the newest on; only the one that
        has had a changed message is merged."""
        self.patch(fulltext, "PART", 10)
        self.patch(fulltext, "EVENTS", 5)
        self.say(*[f"tea {n}" for n in range(1, 36)])
        self.finish()
        parts = "SELECT first, last, messages, dirty FROM search_parts ORDER BY id"
        expected = [(1, 101, 10, 0), (102, 201, 10, 0), (202, 301, 10, 0)]
        self.assertEqual(self.rows(parts), [*expected, (302, 351, 5, 0)])
        found = [f.event.n for f in self.store.search(wanted("tea", limit=17))]
        self.assertEqual(found, list(range(35, 18, -1)))
        self.store.append(change(36, 15, "milk"))
        self.assertEqual([dirty for *_, dirty in self.rows(parts)], [0, 1, 0, 0])
        self.finish()
        self.assertEqual([dirty for *_, dirty in self.rows(parts)], [0, 0, 0, 0])
        self.assertEqual((self.found("tea"), self.found("milk")), (34, 1))

    def test_those_who_change_all_the_time(self) -> None:
        """They hold up the index for some steps only."""
        self.patch(fulltext, "CLEANING", 5)
        self.say("tea")
        self.finish()
        for n in range(2, 8):
            self.assertEqual(self.store.indexed().seq, 11, n)
            self.store.append(change(n, 1, f"milk {n}"))
            self.assertTrue(self.store.index())
        self.assertEqual(self.store.indexed().seq, 71)

    def test_a_step_that_fails(self) -> None:
        """It says so, nothing is lost, and what is said later is stored durably."""
        self.say("tea")
        self.store._db().execute("PRAGMA query_only = ON")
        error = self.assertRaises(StoreError, self.store.index)
        self.assertIn("readonly", str(error))
        self.store._db().execute("PRAGMA query_only = OFF")
        synchronous = self.store._db().execute("PRAGMA synchronous").fetchone()
        self.assertEqual(synchronous, (2,))
        self.finish()
        self.assertEqual(self.found("tea"), 1)

    def test_a_group_that_fails_leaves_the_index(self) -> None:
        """What was to be changed is found as before."""
        self.say("tea")
        self.finish()
        batch = change(2, 1, "milk")
        batch.events.append(batch.events[0])
        self.assertRaises(StoreError, self.store.append, batch)
        self.assertEqual((self.found("tea"), self.found("milk")), (1, 0))

    def test_it_does_not_sort(self) -> None:
        """The newest are found without looking at all that have the word: as fast in a
        long log as in a short one."""
        self.say(*["tea"] * 3000)
        self.finish()
        with self.store._reader() as reader:
            steps = 0

            def count() -> int:
                nonlocal steps
                steps += 1
                return 0

            reader.set_progress_handler(count, 10)
            self.assertEqual(len(fulltext.search(reader, wanted("tea", limit=5))), 5)
            reader.set_progress_handler(None, 0)
        self.assertLess(steps, 100)
