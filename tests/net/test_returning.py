"""Programs that lose their connections and come back, while much else happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.requests import Expire
from ecochat.net import delivery, outlet, telling
from ecochat.net.channel import Recent
from ecochat.net.exchange import NOBODY
from ecochat.net.outlet import Outlet
from tests.net.fakes import Connection, World
from tests.net.invariants import Invariants
from tests.net.model import KINDS
from tests.net.sockets import PartialPipe, everything

ROOMS = ("lobby", "red")

EVENTS = ("message", "edit", "delete", "topic", "react")

GRACE = 60.0

PROGRAMS = 4

WHO = st.integers(0, PROGRAMS - 1)

NUMBER = st.integers(1, 12)

ACTIONS: st.SearchStrategy[tuple[tuple[str, int, Any], int]] = st.tuples(
    st.one_of(
        st.tuples(st.sampled_from(("say", "edit", "delete", "expire")), WHO, NUMBER),
        st.tuples(st.sampled_from(("edit", "delete")), WHO, NUMBER),
        st.tuples(st.just("take"), WHO, st.lists(st.integers(0, 300), max_size=4)),
        st.tuples(st.sampled_from(("say", "drain", "fail", "read")), WHO, NUMBER),
        st.tuples(st.sampled_from(("lose", "come", "later")), WHO, NUMBER),
    ),
    st.integers(0, 2),
)
"""What happens, and how many groups are stored then."""


class Program:
    """One that keeps in mind what it has heard, by its key.

    :ivar heard: the number of the last event of each room.
    :ivar mine: its own messages, as rooms and numbers.
    :ivar outlets: the server's ends of all its connections.
    :ivar seen: how often it was told what.
    """

    def __init__(self, world: World, number: int) -> None:
        self.heard = dict.fromkeys(ROOMS, 0)
        self.mine: list[tuple[str, int]] = []
        self.outlets: list[Outlet] = []
        self.seen: Counter[str] = Counter()
        self._kind = KINDS[number % len(KINDS)]
        self._number = number
        self._nick = f"n{number}"
        self._world = world
        self._connection: Connection | None = None
        self._read = 0
        self.come()

    @property
    def pipe(self) -> PartialPipe | None:
        """Its socket, if it is here."""
        pipe: PartialPipe | None = self._connection.pipe if self._connection else None
        return pipe

    def come(self) -> None:
        """Connect anew; the connection of before, if there is one, is read no more."""
        self.hear()
        self._read = 0
        self._connection = Connection(self._world, None, PartialPipe(self._kind))
        self.outlets.append(self._connection.link.outlet)
        key, rooms = f"{self._number}" * 22, dict(self.heard)
        self._connection.hello(key=key, nick=self._nick, rooms=rooms)

    def lose(self) -> None:
        """Lose the connection; of what was on its way whole frames have come."""
        self.hear()
        if self._connection is not None:
            self._connection.lose()
        self._connection = None

    def ask(self, op: str, **fields: Any) -> None:
        """Send a request, if it is read from."""
        if self._connection is not None and not self._connection.shell.paused:
            self._connection.ask(op, **fields)

    def change(self, op: str, which: int, **fields: str) -> None:
        """Edit or delete one of its last messages."""
        self.hear()
        if self.mine:
            room, n = self.mine[-which % len(self.mine)]
            self.ask(op, room=room, message=n, **fields)

    def hear(self) -> None:
        """Take what has come; of each room that has to be what follows."""
        if self._connection is None:
            return
        self._connection.pipe.cut = True
        said = self._connection.said
        for one in said[self._read :]:
            self.seen[one["op"]] += 1
            if one["op"] == "expired":
                assert one["upto"] > self.heard[one["room"]]
                self.heard[one["room"]] = one["upto"]
            elif one["op"] in EVENTS:
                assert one["n"] == self.heard[one["room"]] + 1, (self.heard, one)
                self.heard[one["room"]] = one["n"]
                if one["op"] == "message" and one["nick"] == self._nick:
                    self.mine.append((one["room"], one["n"]))
        self._read = len(said)

    def settle(self) -> None:
        """Come, if it is not here, or a connection of before, of which the hello was
        answered last, has taken its session over; and take all."""
        now = self._connection
        if now is None or not now.link.session or "close" in now.shell.calls:
            self.come()
        if self.pipe is not None:
            self.pipe.socket.takes = everything


class Script:
    """What happens to a server and some programs."""

    def __init__(self) -> None:
        self.world = World(grace=GRACE)
        self.world.storage.at_once = False
        self.world.storage.reads_at_once = False
        self.programs = [Program(self.world, n) for n in range(PROGRAMS)]
        self._invariants = Invariants()
        self._said = 0
        self.settle()

    def act(self, action: tuple[str, int, Any], groups: int) -> None:
        """Do one thing, then have so many groups stored."""
        kind, who, with_what = action
        program, n = self.programs[who], with_what
        actions: dict[str, Callable[[], None]] = {
            "say": lambda: self._say(program, n),
            "edit": lambda: program.change("edit", n, text="e"),
            "delete": lambda: program.change("delete", n),
            "expire": lambda: self._expire(n),
            "take": lambda: self._take(program, n),
            "drain": lambda: self._drain(program),
            "fail": self._fail,
            "read": self._answer,
            "lose": program.lose,
            "come": program.come,
            "later": lambda: self.world.clock.advance(n * GRACE / 8),
        }
        actions[kind]()
        self.check()
        for _ in range(groups):
            self._turn()
            self.check()

    def check(self) -> None:
        """See that delivery's state is what it has to be."""
        outlets = [one for program in self.programs for one in program.outlets]
        self._invariants.check(self.world.exchange.channels.values(), outlets)

    def _say(self, program: Program, count: int) -> None:
        for _ in range(count):
            self._said += 1
            room = ROOMS[self._said % 3 % len(ROOMS)]
            program.ask("say", room=room, text=f"{self._said} ".ljust(9 * count, "x"))

    def _expire(self, upto: int) -> None:
        """Have the oldest events forgotten that are there."""
        channel = self.world.exchange.channels[1]
        if channel.first <= upto <= channel.last:
            self.world.exchange.propose(NOBODY, Expire(1, upto))

    def _take(self, program: Program, amounts: list[int]) -> None:
        waiting = list(amounts)
        if program.pipe is not None:
            program.pipe.socket.takes = lambda n: waiting.pop(0) if waiting else n

    def _drain(self, program: Program) -> None:
        if program.pipe is not None:
            program.pipe.drain()

    def _turn(self) -> None:
        for _ in range(3):
            self.world.clock.advance(0)
        if self.world.storage.appends:
            self.world.storage.commit()

    def _fail(self) -> None:
        if self.world.storage.appends:
            self.world.storage.fail()

    def _answer(self) -> None:
        if self.world.storage.pages:
            self.world.storage.answer()

    def settle(self) -> None:
        """Let everyone come and take all, and let everything come to rest."""
        for _ in range(3):
            for program in self.programs:
                program.settle()
            for _ in range(60):
                self._turn()
                self._answer()
                for program in self.programs:
                    self._drain(program)
            self.world.clock.advance(3)
        self.check()
        for program in self.programs:
            program.hear()


class ReturningTests(SynchronousTestCase):
    """Whatever happens, each hears every event of its rooms once, in order."""

    def setUp(self) -> None:
        for module in (outlet, delivery):
            self.patch(module, "CHUNK", 400)
        self.patch(outlet, "PAGE", 150)
        self.seen: Counter[str] = Counter()

    @settings(max_examples=100, deadline=None, database=None, derandomize=True)
    @given(st.lists(ACTIONS, min_size=30, max_size=60), st.sampled_from((4_000, 10**9)))
    def play(
        self, actions: list[tuple[tuple[str, int, Any], int]], memory: int
    ) -> None:
        """Do these things, then see that all have heard all."""
        self.patch(telling, "Recent", lambda: Recent(memory))
        script = Script()
        for action in actions:
            script.act(*action)
        self.finish(script)

    def finish(self, script: Script) -> None:
        """Let everything come to rest; then all have heard all."""
        script.settle()
        channels = script.world.exchange.channels
        last = {channels[room].name: channels[room].last for room in (1, 2)}
        for program in script.programs:
            self.assertEqual(program.heard, last)
            self.seen += program.seen

    def test_any_order(self) -> None:
        """Connections that break or are taken over, sockets that take parts, groups
        that cannot be stored, edits, deletions, and what is no longer kept."""
        self.play()
        for op in ("message", "edit", "delete", "expired", "welcome"):
            self.assertGreater(self.seen[op], 10, self.seen)

    def test_expired_while_another_room_is_read(self) -> None:
        """Of two rooms to be read, one has expired up to the end of the page that was
        read of it: what follows there is told all the same."""
        self.patch(telling, "Recent", lambda: Recent(4_000))
        script = Script()
        for count in (1, 1, 3):
            script.act(("say", 0, count), 0)
        script.act(("drain", 0, 0), 1)
        script.act(("expire", 0, 1), 0)
        self.finish(script)
        for program in script.programs:
            self.assertEqual(program.seen["expired"], 1)
