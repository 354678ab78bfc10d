"""Whatever comes in whatever order: a room shows its log, each event once, and behind
it what one has written and is not stored."""

from __future__ import annotations

from collections import Counter, deque
from functools import partial
from itertools import dropwhile, pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.conversation import Conversation
from ecochat.client.happenings import Answered, Failed, Happening, Outcome
from ecochat.client.memory import Refusal
from ecochat.client.outbox import MemoryOutbox
from ecochat.client.screen import history, writings
from ecochat.client.screen.entries import Entry, Kind, State
from ecochat.client.screen.model import Model, Snapshot
from ecochat.client.screen.room import Place, Room, Stretch
from ecochat.client.screen.wishes import Keep
from ecochat.client.screen.writings import Sent
from ecochat.core import wire
from ecochat.core.errors import Refused
from tests.client.screen.server import Server

ROOMS = ("lobby", "dev")
KEY = "k" * 22
SMALL = {"ENTRIES": 12, "SCROLLED": 24, "SLACK": 2, "PAGE": 6}
LOG = 40
"""Messages that were there before."""
ROOM = st.sampled_from(ROOMS)
BYTES = st.integers(1, 1_500)
COUNT = st.integers(1, 30)
NOTHING = st.none()
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(0, 2)),
        st.tuples(st.just("others"), COUNT),
        st.tuples(st.just("change"), st.integers(0, 10_000)),
        st.tuples(st.just("edit_own"), NOTHING),
        st.tuples(st.just("recall"), NOTHING),
        st.tuples(st.just("presence"), NOTHING),
        st.tuples(st.just("up"), BYTES),
        st.tuples(st.just("tell"), COUNT),
        st.tuples(st.just("down"), BYTES),
        st.tuples(st.just("take"), COUNT),
        st.tuples(st.just("settle"), NOTHING),
        st.tuples(st.just("cut"), st.booleans()),
        st.tuples(st.just("crash"), NOTHING),
        st.tuples(st.just("refuse"), st.integers(1, 2)),
        st.tuples(st.just("expire"), COUNT),
        st.tuples(st.just("go"), ROOM),
        st.tuples(st.just("settle"), NOTHING),
        st.tuples(st.just("scroll"), st.integers(0, 10_000)),
        st.tuples(st.just("older"), NOTHING),
        st.tuples(st.just("newer"), NOTHING),
        st.tuples(st.just("around"), st.integers(0, 10_000)),
        st.tuples(st.just("back"), NOTHING),
        st.tuples(st.just("to_end"), NOTHING),
    ),
    min_size=20,
    max_size=80,
)

FAR_BACK: list[tuple[str, object]] = [
    *[("say", 0), ("edit_own", None), *[("say", 0)] * 5],
    *[("edit_own", None), ("edit_own", None), ("settle", None), ("say", 0)],
    *[("change", 1), ("refuse", 1), ("settle", None), ("others", 13), ("cut", False)],
    *[("around", 1518), ("older", None), ("others", 1), ("settle", None)],
]
"""What is looked at joins as much as may be kept."""


class World:
    """A person at a model, the library's conversation, a network, and a server.

    :ivar said: all that was ever said here, in order: room and text.
    :ivar refused: what of it is remembered as refused.
    """

    def __init__(self) -> None:
        self.server = Server(*ROOMS)
        self.do_others(LOG * len(ROOMS))
        self.outbox = MemoryOutbox(KEY, lambda: 0.0)
        self.said: list[tuple[str, str]] = []
        self.time = 0.0
        self.refused: list[Refusal] = []
        self.begin()

    def begin(self) -> None:
        """Start the program."""
        self.model = Model("alice", clock=lambda: self.time)
        self.model.restore(Snapshot("", "", {}, {}, [], {}, self.refused))
        self.talk = Conversation(
            key=KEY, rooms=dict.fromkeys(ROOMS), outbox=self.outbox
        )
        self.waiting: dict[str, Sent] = {}
        self.feed: deque[Happening] = deque()
        left = [
            (ref, asked.kept)
            for ref, asked in self.talk.unanswered.items()
            if asked.kept is not None
        ]
        sents = self.model.kept([kept for _, kept in left])
        for (ref, _), sent in zip(left, sents, strict=True):
            self.wait(ref, sent)
        self.connect()

    def connect(self) -> None:
        """Have a new connection."""
        self.server.connect()
        self.talk.connected()
        self.pending = b""

    @property
    def room(self) -> Room:
        """The room before the eyes."""
        return self.model.room

    def ask(self) -> None:
        """Ask what the model asks."""
        for sent in self.model.requests():
            self.wait(self.talk.request(sent.request), sent)

    def wait(self, ref: str, sent: Sent) -> None:
        """Have something be answered."""
        self.waiting[ref] = sent
        sent.take_back = partial(self.talk.withdraw, ref)

    def hear(self, outcomes: list[Outcome]) -> None:
        """Take answers at once; what happens waits in its queue."""
        for outcome in outcomes:
            if isinstance(outcome, Answered):
                self.model.answered(self.waiting.pop(outcome.ref), outcome.answer)
            elif isinstance(outcome, Failed):
                self.model.failed(self.waiting.pop(outcome.ref), outcome.error)
                if Keep() in self.model.take_wishes():
                    self.refused = self.model.refusals
            else:
                self.feed.append(outcome)  # type: ignore[arg-type]

    def stored(self, room: str) -> list[wire.Message]:
        """Return what the server has stored of this person, as it was said."""
        log = self.server.log[room]
        return [e for e in log if isinstance(e, wire.Message) and e.id is not None]

    # What can happen

    def do_say(self, repeated: int) -> None:
        """Say something; 0 is what was said before, too."""
        if self.model.current:
            text = "again" if repeated == 0 else f"mine {len(self.said)}"
            self.said.append((self.model.current, text))
            self.model.say(text)

    def do_others(self, count: int) -> None:
        """Have somebody else say something in both rooms."""
        for number in range(count):
            room = ROOMS[number % 2]
            n = len(self.server.log[room])
            self.server.add(wire.Message, room, text=f"theirs {n}")

    def do_change(self, which: int) -> None:
        """Have a message edited, deleted or reacted to."""
        room = ROOMS[which % 2]
        kept = [
            m
            for m in self.server.messages(room)
            if m.n > self.server.gone[room] and not m.deleted
        ]
        if not kept:
            return
        n = kept[which % len(kept)].n
        if which % 5 == 0:
            self.server.add(wire.Delete, room, message=n)
        elif which % 5 == 1:
            self.server.add(wire.Edit, room, message=n, text=f"edited {which}")
        else:
            is_off = which % 5 == 2
            about = {"message": n, "reaction": "+", "remove": is_off}
            self.server.add(wire.React, room, nick=f"x{which % 2}", **about)

    def do_edit_own(self, _: None) -> None:
        """Edit what one said last."""
        typed = self.model.edit_last()
        if typed:
            self.model.say(typed + "!")

    def do_recall(self, _: None) -> None:
        """Press Up, and drop what that gives: it is never said then."""
        entry = writings.last(self.room)
        try:
            typed = self.model.recall()
        except Refused:
            return
        if entry is None or entry.state is State.STORED:
            return
        self.refused = self.model.refusals
        if not typed.startswith("/edit"):
            same = (self.model.current, entry.raw)
            del self.said[len(self.said) - 1 - self.said[::-1].index(same)]

    def do_presence(self, _: None) -> None:
        """Have somebody come."""
        self.time += 10
        self.feed.append(wire.Joined(room="lobby", nick="eve", session="s50"))

    def do_up(self, count: int) -> None:
        """Carry bytes to the server."""
        self.pending += self.talk.data_to_send()
        self.server.receive(self.pending[:count])
        self.pending = self.pending[count:]

    def do_tell(self, most: int) -> None:
        """Have the server send some events."""
        self.server.tell(most)

    def do_down(self, count: int) -> None:
        """Carry bytes to the client."""
        data, self.server.out = self.server.out[:count], self.server.out[count:]
        self.hear(list(self.talk.receive_data(data)))

    def do_take(self, count: int) -> None:
        """Have the model take what happened."""
        while self.feed and count:
            self.model.happened(self.feed.popleft())
            count -= 1

    def do_settle(self, _: None) -> None:
        """Let everything arrive that was sent."""
        for _turn in range(4):
            self.ask()
            self.do_up(10**9)
            self.do_tell(10**9)
            self.do_down(10**9)
            self.do_take(10**9)

    def do_cut(self, is_resumed: bool) -> None:
        """Lose the connection, and make another."""
        self.hear(list(self.talk.lost("cut")))
        self.server.session += not is_resumed
        self.connect()

    def do_crash(self, _: None) -> None:
        """End the program at once, and start it again."""
        self.server.session += 1
        self.begin()

    def do_refuse(self, count: int) -> None:
        """Have the server not store the next ones."""
        self.server.refusing = count

    def do_expire(self, count: int) -> None:
        """Have the oldest events be kept no longer."""
        for room in ROOMS:
            self.server.expire(room, count)

    def do_go(self, room: str) -> None:
        """Go to a room."""
        self.model.go(room)

    def do_scroll(self, which: int) -> None:
        """Look at another place."""
        entries = self.room.entries
        if entries:
            self.room.place = Place(entries[which % len(entries)])

    def do_older(self, _: None) -> None:
        """Scroll to the beginning of what is here."""
        if self.room.entries:
            self.room.place = Place(self.room.entries[0])
        self.model.older(self.room)

    def do_newer(self, _: None) -> None:
        """Scroll to the end of what is here."""
        self.room.place = None
        self.model.newer(self.room)

    def do_around(self, which: int) -> None:
        """Look at some message."""
        if self.model.current and (log := self.server.log[self.model.current]):
            self.model.around(self.model.current, log[which % len(log)].n)

    def do_back(self, _: None) -> None:
        """Go back from there."""
        self.model.back()

    def do_to_end(self, _: None) -> None:
        """Go to the end of the log."""
        self.model.to_end(self.room)


class PropertyTests(SynchronousTestCase):
    """A model's rooms, after each thing that can happen."""

    def setUp(self) -> None:
        for name, value in SMALL.items():
            self.patch(history, name, value)

    @settings(max_examples=150, deadline=None, database=None, derandomize=True)
    @given(STEPS)
    @example(FAR_BACK)
    def test_log_once_in_order(self, steps: list[tuple[str, object]]) -> None:
        """No event is left out or shown twice; at last all is as the server has it."""
        world = World()
        world.do_settle(None)
        for name, argument in steps:
            getattr(world, f"do_{name}")(argument)
            world.ask()
            for room in world.model.rooms.values():
                self.check_room(world, room)
        world.server.refusing = 0
        world.do_settle(None)
        self.check_end(world)

    def check_room(self, world: World, room: Room) -> None:
        """What is shown of a room, and its end, are parts of its log."""
        for stretch in (room.shown, room.live):
            self.check_stretch(world, room, stretch)
        self.assertIs(room.entries, room.shown.entries)
        self.assertEqual(room.first, room.shown.first)
        self.assertEqual(room.last, room.live.upto)
        count = len(self.coming(room))
        behind = room.live.entries[len(room.live.entries) - count :]
        self.assertEqual(behind, self.coming(room))
        waiting = [e.raw for e in room.own if e.state is State.PENDING]
        said = iter(text for name, text in world.said if name == room.name)
        self.assertTrue(all(text in said for text in waiting), "in order")
        if room.place is not None:
            self.assertIn(room.place.entry, room.entries)

    def coming(self, room: Room) -> list[Entry]:
        """Return what stands behind all else, from the first on that may be stored."""
        return list(dropwhile(lambda e: e.state is State.REFUSED, room.own))

    def check_stretch(self, world: World, room: Room, stretch: Stretch) -> None:
        """It is in order, without a hole that is not shown, and not too long."""
        own = len(self.coming(room)) if stretch is room.live else 0
        log = stretch.entries[: len(stretch.entries) - own]
        self.assertLessEqual(len(log), SMALL["SCROLLED"])
        numbered = [entry for entry in log if entry.n is not None]
        numbers = [entry.n or 0 for entry in numbered]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual(numbers, sorted(stretch.index))
        changes = {event.n for event in stretch.changes}
        here = {*numbers, *(n for n in changes if n >= stretch.first)}
        missing = set(range(stretch.first, stretch.upto + 1)) - here
        self.assertLessEqual(here, set(range(stretch.first, stretch.upto + 1)))
        gone = world.server.gone[room.name]
        self.assertEqual({n for n in missing if n > gone}, set())
        if missing:
            self.assertIn(Kind.GAP, {entry.kind for entry in log})
        self.check_messages(world, room, numbered)
        shown = {event.n for event in stretch.changes if event.message in stretch.index}
        self.assertEqual(shown & set(numbers), set())

    def check_messages(self, world: World, room: Room, numbered: list[Entry]) -> None:
        """Each entry is the event of its number; the messages are all there."""
        events = world.server.log[room.name]
        for entry in numbered:
            event = events[(entry.n or 0) - 1]
            is_message = isinstance(event, wire.Message)
            self.assertEqual(entry.kind is Kind.MESSAGE, is_message)
        for one, other in pairwise(numbered):
            between = events[one.n or 0 : (other.n or 0) - 1]
            gone = world.server.gone[room.name]
            self.assertFalse(
                [e for e in between if isinstance(e, wire.Message) and e.n > gone]
            )

    def check_end(self, world: World) -> None:
        """All that was said has its end; what is here is as the server has it."""
        self.assertEqual(world.model.unstored, 0)
        for room in world.model.rooms.values():
            world.model.to_end(room)
            self.check_room(world, room)
            self.assertEqual({e.state for e in room.own} - {State.REFUSED}, set())
            self.check_texts(world, room)
            self.check_said(world, room)
        for name in ROOMS:
            world.model.go(name)
            self.check_scrolling(world)

    def check_said(self, world: World, room: Room) -> None:
        """What was said is stored once, or shown as refused, also after a crash."""
        stored = Counter(event.text for event in world.stored(room.name))
        words = [entry.raw for entry in room.own]
        refused = Counter(raw for raw in words if not raw.startswith("/edit"))
        said = Counter(text for name, text in world.said if name == room.name)
        self.assertEqual(stored + refused, said)

    def check_scrolling(self, world: World) -> None:
        """One gets to the beginning, and from there to the end."""
        room = world.room
        for go, is_there in (
            (world.do_older, lambda: room.first == 1),
            (world.do_newer, lambda: room.is_at_end),
        ):
            for _turn in range(len(world.server.log[room.name]) + 2):
                if not is_there():
                    go(None)
                    world.do_settle(None)
                    self.check_room(world, room)
            self.assertTrue(is_there())
        self.check_texts(world, room)

    def check_texts(self, world: World, room: Room) -> None:
        """Texts, deletions and reactions are those that there are now."""
        now = {m.n: m for m in world.server.messages(room.name)}
        reactions = self.reactions(room.live)
        for n, entry in room.live.index.items():
            if n not in now or n <= world.server.gone[room.name]:
                continue
            self.assertEqual(entry.text, now[n].text)
            self.assertEqual(entry.is_deleted, now[n].deleted)
            self.assertEqual(entry.state, State.STORED)
            given = {s: set(nicks) for s, nicks in entry.reactions.items()}
            self.assertEqual(given.get("+", set()), reactions.get(n, set()))

    def reactions(self, stretch: Stretch) -> dict[int, set[str]]:
        """Return who has given a sign to each message."""
        given: dict[int, set[str]] = {}
        for event in stretch.changes:
            if isinstance(event, wire.React):
                nicks = given.setdefault(event.message, set())
                (nicks.discard if event.remove else nicks.add)(event.nick)
        return given
