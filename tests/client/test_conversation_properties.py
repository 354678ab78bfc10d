"""Whatever breaks when: what is said is stored once, what is stored is seen once."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.conversation import Conversation
from ecochat.client.errors import NotStored
from ecochat.client.happenings import Answered, Failed, Outcome
from ecochat.core import requests as ask
from ecochat.core import wire
from tests.client.fakes import numbers
from tests.client.model import Model

ROOMS = ("lobby", "dev")
BYTES = st.integers(1, 600)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.sampled_from(ROOMS)),
        st.tuples(st.just("others"), st.sampled_from(ROOMS)),
        st.tuples(st.just("up"), BYTES),
        st.tuples(st.just("down"), BYTES),
        st.tuples(st.just("tell"), st.integers(1, 4)),
        st.tuples(st.just("refuse"), st.integers(1, 3)),
        st.tuples(st.just("cut"), st.none()),
        st.tuples(st.just("withdraw"), st.integers(0, 100)),
    ),
    min_size=40,
    max_size=120,
)


class World:
    """A conversation and a server, and a network that carries some bytes of it."""

    def __init__(self) -> None:
        self.model = Model(*ROOMS)
        self.talk = Conversation(rooms=dict.fromkeys(ROOMS))
        self.outcomes: list[Outcome] = []
        self.said: dict[str, tuple[str, str]] = {}
        self.pending = b""
        self.withdrawn = 0
        self.connect()

    def connect(self) -> None:
        """Have a new connection."""
        self.model.connect()
        self.talk.connected()
        self.pending = b""

    def do_say(self, room: str) -> None:
        """Have the client write."""
        text = f"mine {len(self.said) + self.withdrawn}"
        self.said[self.talk.request(ask.Say(text=text, room=room))] = room, text

    def do_others(self, room: str) -> None:
        """Have somebody else write."""
        self.model.add(room, "another's")

    def do_up(self, count: int) -> None:
        """Carry bytes to the server."""
        self.pending += self.talk.data_to_send()
        self.model.receive(self.pending[:count])
        self.pending = self.pending[count:]

    def do_down(self, count: int) -> None:
        """Carry bytes to the client."""
        self.outcomes += self.talk.receive_data(self.model.out[:count])
        self.model.out = self.model.out[count:]

    def do_tell(self, most: int) -> None:
        """Have the server send some events."""
        self.model.tell(most)

    def do_withdraw(self, which: int) -> None:
        """Have the client take back what it has not sent, if it has not."""
        refs = [ref for ref, _ in self.talk.unanswered.items()]
        if refs and self.talk.withdraw(ref := refs[which % len(refs)]):
            del self.said[ref]
            self.withdrawn += 1

    def do_refuse(self, count: int) -> None:
        """Have the server be unable to store the next ones."""
        self.model.refusing = count

    def do_cut(self, _: None) -> None:
        """Lose the connection, and make another."""
        self.outcomes += self.talk.lost("cut")
        self.connect()

    def settle(self) -> None:
        """Let everything arrive that was sent."""
        self.model.refusing = 0
        for _ in range(3):
            self.do_up(10**9)
            self.do_tell(10**9)
            self.do_down(10**9)


class ExactlyOnceTests(SynchronousTestCase):
    """Over connections that break anywhere, in the midst of frames too."""

    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    @given(STEPS)
    def test_once_in_order(self, steps: list[tuple[str, object]]) -> None:
        """Acknowledged is stored, what was refused or taken back is not; all is seen,
        in order."""
        world = World()
        world.settle()
        for name, argument in steps:
            getattr(world, f"do_{name}")(argument)
        world.settle()
        self.check_writes(world)
        self.check_events(world)

    def check_writes(self, world: World) -> None:
        """Each write has one end: it is in the log once, or it was not stored."""
        ends: dict[str, wire.Stored | None] = {}
        for outcome in world.outcomes:
            if isinstance(outcome, Answered):
                assert isinstance(outcome.answer.end, wire.Stored)
                self.assertNotIn(outcome.ref, ends)
                ends[outcome.ref] = outcome.answer.end
            elif isinstance(outcome, Failed):
                self.assertIsInstance(outcome.error, NotStored)
                ends[outcome.ref] = None
        self.assertEqual(set(ends), set(world.said))
        for room in ROOMS:
            stored = [e.text for e in world.model.log[room] if e.id is not None]
            told = [
                world.said[r][1]
                for r in world.said
                if (s := ends[r]) and s.room == room
            ]
            self.assertEqual(stored, told)
        for ref, end in ends.items():
            if end is not None:
                self.assertEqual(
                    world.model.log[end.room][end.n - 1].text, world.said[ref][1]
                )

    def check_events(self, world: World) -> None:
        """Each event was told once, in the order of its room."""
        seen = numbers(world.outcomes)
        for room in ROOMS:
            count = len(world.model.log[room])
            own = [n for where, n in seen if where == room]
            self.assertEqual(own, list(range(1, count + 1)))
