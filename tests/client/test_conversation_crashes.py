"""Whenever a client dies, its disk is full, or its connection breaks: what it has taken
is stored once, in order, by it or by those after it."""

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.conversation import Conversation
from ecochat.client.errors import NotKept, NotStored
from ecochat.client.happenings import Answered, Failed, Outcome
from ecochat.client.outbox import Kept, MemoryOutbox
from ecochat.core import requests as ask
from ecochat.core import wire
from ecochat.core.requests import Request
from tests.client.model import Model

ROOMS = ("lobby", "dev")
KEY = "k" * 22
BYTES = st.integers(1, 600)
SAY = st.tuples(st.just("say"), st.sampled_from(ROOMS))
STEPS = st.lists(
    st.one_of(
        *(SAY, SAY),
        st.tuples(st.just("up"), BYTES),
        st.tuples(st.just("down"), BYTES),
        st.tuples(st.just("cut"), st.none()),
        st.tuples(st.just("refuse"), st.integers(1, 3)),
        st.tuples(st.just("full"), st.integers(0, 3)),
        st.tuples(st.just("withdraw"), st.integers(0, 100)),
        st.tuples(st.just("crash"), st.none()),
        st.tuples(st.just("crash_soon"), st.tuples(st.integers(0, 3), st.booleans())),
    ),
    min_size=30,
    max_size=90,
)


class Crash(BaseException):
    """The client dies here."""


class FragileOutbox(MemoryOutbox):
    """Can be full, and can be where the client dies.

    :ivar full: how many of the next calls fail.
    :ivar crash: how many calls are carried out before the one in which the client dies,
        and whether that is carried out; None: it does not die.
    """

    full = 0
    crash: tuple[int, bool] | None = None

    def keep(self, request: Request, talk: int | None) -> Kept:
        """See :class:`ecochat.client.outbox.Outbox`."""
        keep = super().keep
        kept: Kept = self._do(lambda: keep(request, talk))
        return kept

    def change(self, changed: Sequence[Kept]) -> None:
        """See :class:`ecochat.client.outbox.Outbox`."""
        change = super().change
        self._do(lambda: change(changed))

    def remove(self, serials: Sequence[int]) -> None:
        """See :class:`ecochat.client.outbox.Outbox`."""
        remove = super().remove
        self._do(lambda: remove(serials))

    def _do(self, call: Callable[[], Any]) -> Any:
        if self.full:
            self.full -= 1
            raise NotKept("full")
        if self.crash is None:
            return call()
        count, is_done = self.crash
        self.crash = (count - 1, is_done)
        if count and not is_done:
            return call()
        done = call() if is_done else None
        if not count:
            raise Crash
        return done


class World:
    """Clients of one key, one after the other, and a server; and what carries bytes.

    :ivar said: all that a client has taken: its room, by its text, in order.
    :ivar tried: all that one was given.
    :ivar withdrawn: what of that was taken back.
    :ivar dying: the same, where the client died of it: it is, or it is not.
    :ivar ends: what became of it, as far as a client has lived to see it.
    """

    def __init__(self) -> None:
        self.model = Model(*ROOMS)
        self.outbox = FragileOutbox(KEY)
        self.said: dict[str, str] = {}
        self.tried: list[str] = []
        self.withdrawn: set[str] = set()
        self.dying: set[str] = set()
        self.ends: dict[str, wire.Stored | None] = {}
        self.begin()

    def begin(self) -> None:
        """Have a new client."""
        self.outbox.crash = None
        self.talk = Conversation(
            key=KEY, rooms=dict.fromkeys(ROOMS), outbox=self.outbox
        )
        asked: list[tuple[str, Any]] = self.talk.unanswered.items()
        self.texts = {ref: each.request.text for ref, each in asked}
        self.connect()

    def connect(self) -> None:
        """Have a new connection."""
        self.model.connect()
        self.talk.connected()
        self.pending = b""

    def do(self, name: str, argument: Any) -> None:
        """Do a step; if the client dies in it, have another."""
        try:
            getattr(self, f"do_{name}")(argument)
        except Crash:
            self.begin()

    def do_say(self, room: str) -> None:
        """Have the client write."""
        text = f"mine {len(self.tried)}"
        self.tried.append(text)
        try:
            self.texts[self.talk.request(ask.Say(text=text, room=room))] = text
        except NotKept:
            self.tried.remove(text)
            self.tried.append("")
        else:
            self.said[text] = room

    def do_withdraw(self, which: int) -> None:
        """Have the client take something back, if it has not sent it."""
        refs = list(self.texts)
        if not refs:
            return
        text = self.texts[ref := refs[which % len(refs)]]
        self.dying.add(text)
        is_withdrawn = self.talk.withdraw(ref)
        self.dying.discard(text)
        if is_withdrawn:
            self.withdrawn.add(self.texts.pop(ref))

    def do_up(self, count: int) -> None:
        """Carry bytes to the server."""
        self.pending += self.talk.data_to_send()
        self.model.receive(self.pending[:count])
        self.pending = self.pending[count:]

    def do_down(self, count: int) -> None:
        """Carry bytes to the client; what it dies of it has not seen."""
        data, self.model.out = self.model.out[:count], self.model.out[count:]
        self.hear(list(self.talk.receive_data(data)))

    def do_cut(self, _: None) -> None:
        """Lose the connection, and make another."""
        self.hear(list(self.talk.lost("cut")))
        self.connect()

    def do_refuse(self, count: int) -> None:
        """Have the server be unable to store the next ones."""
        self.model.refusing = count

    def do_full(self, count: int) -> None:
        """Have the outbox be unable to keep the next ones."""
        self.outbox.full = count

    def do_crash(self, _: None) -> None:
        """Have the client die now."""
        raise Crash

    def do_crash_soon(self, crash: tuple[int, bool]) -> None:
        """Have the client die while it keeps something."""
        self.outbox.crash = crash

    def hear(self, outcomes: list[Outcome]) -> None:
        """Take what a client has lived to see."""
        for outcome in outcomes:
            if isinstance(outcome, Answered):
                assert isinstance(outcome.answer.end, wire.Stored)
                self.end(self.texts.pop(outcome.ref), outcome.answer.end)
            elif isinstance(outcome, Failed):
                assert isinstance(outcome.error, NotStored), outcome.error
                self.end(self.texts.pop(outcome.ref), None)

    def end(self, text: str, stored: wire.Stored | None) -> None:
        """Take what became of something; it is never something else."""
        assert self.ends.setdefault(text, stored) is None or stored is not None
        self.ends[text] = stored

    def settle(self) -> None:
        """Let everything arrive that was sent."""
        self.model.refusing = self.outbox.full = 0
        self.outbox.crash = None
        for _ in range(4):
            self.do_up(10**9)
            self.do_down(10**9)


class CrashTests(SynchronousTestCase):
    """Over clients that die anywhere."""

    @settings(max_examples=300, deadline=None, database=None, derandomize=True)
    @given(STEPS)
    def test_once_in_order(self, steps: list[tuple[str, object]]) -> None:
        """What a client has taken is stored once or refused; what it has not taken is
        not; all in the order in which it was written; and all is answered."""
        world = World()
        world.settle()
        for name, argument in steps:
            world.do(name, argument)
        world.settle()
        self.assertEqual(world.outbox.load(), [])
        self.assertEqual((len(world.talk.unanswered), world.texts), (0, {}))
        self.check_log(world)
        self.check_ends(world)

    def check_log(self, world: World) -> None:
        """What is stored was written, once, in that order, and not taken back."""
        for room in ROOMS:
            texts = [event.text for event in world.model.log[room]]
            self.assertEqual(world.withdrawn & {*texts}, set())
            places = [world.tried.index(text) for text in texts]
            self.assertEqual(places, sorted(set(places)))

    def check_ends(self, world: World) -> None:
        """What was told is so; nothing that was taken is neither stored nor refused."""
        for text, room in world.said.items():
            at = {e.n for e in world.model.log[room] if e.text == text}
            if text in world.ends:
                end = world.ends[text]
                self.assertEqual(at, {end.n} if end else set(), text)
            elif not at and text not in world.withdrawn | world.dying:
                self.assertIn(text, world.model.refused)
