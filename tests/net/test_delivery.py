"""Delivery: what a turn has brought, to all whom it concerns."""

from __future__ import annotations

import errno
from collections.abc import Callable
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.requests import Expire
from ecochat.net import presence, telling
from ecochat.net.channel import Channel, Recent
from ecochat.net.exchange import NOBODY
from ecochat.net.outlet import Outlet
from ecochat.net.silence import QUIET
from tests.net.fakes import Connection, World
from tests.net.invariants import Invariants
from tests.net.model import Run, Someone
from tests.net.sockets import PartialPipe, everything
from tests.net.test_outlet import RunTestCase

WHO = st.integers(0, 8)
"""One of the nine of a run."""

ACTIONS: st.SearchStrategy[tuple[str, int, list[int]]] = st.one_of(
    st.tuples(st.just("say"), WHO, st.lists(st.integers(0, 12), max_size=4)),
    st.tuples(st.just("take"), WHO, st.lists(st.integers(0, 300), max_size=4)),
    st.tuples(st.sampled_from(("drain", "turn", "turn")), WHO, st.just([])),
    st.tuples(st.sampled_from(("store", "read", "lose")), WHO, st.just([])),
)
"""What happens: someone says some of what there is to say, the next sends to someone's
socket take so many bytes, something that waits moves on."""


class ScriptTests(RunTestCase):
    """What may happen, in any order."""

    def act(self, run: Run, kind: str, someone: Someone, numbers: list[int]) -> None:
        """Do one thing."""
        actions: dict[str, Callable[[], None]] = {
            "say": lambda: someone.say(*numbers),
            "take": lambda: self.take(someone, numbers),
            "drain": someone.drain,
            "turn": lambda: self.turn(run),
            "store": run.store,
            "read": run.read,
            "lose": someone.leave,
        }
        actions[kind]()
        run.check()

    def take(self, someone: Someone, amounts: list[int]) -> None:
        """Have the next sends to someone take no more than so many bytes each."""
        waiting = list(amounts)
        someone.pipe.socket.takes = lambda size: waiting.pop(0) if waiting else size

    def turn(self, run: Run) -> None:
        """Have applied what waits, and stored it, mostly."""
        for _ in range(3):
            run.world.clock.advance(0)
        run.store()

    def begin(self, memory: int) -> Run:
        """Return a run in which all have their sessions, in one room."""
        self.patch(telling, "Recent", lambda: Recent(memory))
        run = Run(0)
        for someone in run.people:
            someone.pipe.socket.takes = everything
            someone.speak()
        run.settle()
        return run

    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    @given(st.lists(ACTIONS, min_size=25, max_size=70), st.sampled_from((6_000, 10**9)))
    def test_any_order(
        self, script: list[tuple[str, int, list[int]]], memory: int
    ) -> None:
        """Each is sent its part of the hub's order: whole frames, in order, each once;
        and delivery's state is what it has to be after each of them."""
        run = self.begin(memory)
        for kind, who, numbers in script:
            self.act(run, kind, run.people[who], numbers)
        run.rest()
        self.check(run, all_presence=False)


class TurnTestCase(SynchronousTestCase):
    """Connections on sockets that take parts; one who writes is among them.

    :cvar MEMORY: bytes of events in memory.
    """

    MEMORY = 2**20

    def setUp(self) -> None:
        self.patch(telling, "Recent", lambda: Recent(self.MEMORY))
        self.world = World()
        self.outlets: list[Outlet] = []
        self.invariants = Invariants()
        self.writer = self.join("/nick writer")

    def connect(self, operator: bool = False) -> Connection:
        """Make a connection."""
        settings = self.world.of_operators if operator else None
        connection = Connection(self.world, settings, PartialPipe())
        self.outlets.append(connection.link.outlet)
        return connection

    def join(self, *frames: str, operator: bool = False) -> Connection:
        """Make a connection with a session that has said something; what it and all
        the others were sent for that is forgotten."""
        connection = self.connect(operator)
        self.world.clock.advance(QUIET)
        connection.send(*frames)
        self.run_world()
        self.forget(connection)
        return connection

    def forget(self, connection: Connection) -> None:
        """Forget what a connection was sent."""
        connection.pipe.socket.taken.clear()
        connection.pipe.socket.sends.clear()

    def run_world(self) -> None:
        """Let everything happen that is due now; then all is as it has to be."""
        self.world.run(9)
        self.check()

    def check(self) -> None:
        """See that delivery's state is what it has to be."""
        self.invariants.check(self.world.exchange.channels.values(), self.outlets)

    def write(self, *texts: str) -> None:
        """Let the writer send, in one turn."""
        self.writer.send(*texts)
        self.run_world()

    @property
    def lobby(self) -> Channel:
        """The first room."""
        return self.world.exchange.channels[1]


class SendTests(TurnTestCase):
    """Sending to all who see a room the same way."""

    def readers(self, *amounts: int | Exception) -> list[Connection]:
        """Make readers, whose sockets take so many bytes of the next send."""
        readers = [self.join() for _ in amounts]
        for amount, reader in zip(amounts, readers, strict=True):
            self.forget(reader)
            some = mock.Mock(side_effect=[amount, *[9_999] * 9])
            reader.pipe.socket.takes = some
        return readers

    def test_what_is_taken_at_once(self) -> None:
        """Nothing is held for those whose sockets take all; what others did not take
        follows, from the byte on at which it was broken off."""
        whole = len(b"writer: m1\0")
        amounts = (whole, whole - 1, 5, 1, 0)
        readers = self.readers(*amounts)
        self.write("m1")
        for amount, reader in zip(amounts, readers, strict=True):
            self.assertEqual(len(reader.pipe.socket.taken), amount)
            self.assertEqual(reader.pipe.blocked, amount < whole)
            self.assertEqual(reader.link.outlet.live, amount == whole)
            reader.pipe.drain()
        self.check()
        self.write("m2")
        for reader in readers:
            self.assertEqual(reader.frames, ["writer: m1", "writer: m2"])
            self.assertEqual(len(reader.pipe.socket.sends), 2)

    def test_errors(self) -> None:
        """Whatever error a send meets concerns that reader only: its transport is
        given all, to meet the error itself."""
        numbers = (errno.EINTR, errno.ENOBUFS, errno.ECONNRESET, errno.EPIPE)
        errors = [OSError(number, "this one") for number in numbers]
        *readers, last = self.readers(*errors, 99)
        self.write("m1")
        self.assertEqual(last.frames, ["writer: m1"])
        for reader in readers:
            self.assertEqual(reader.pipe.transport.writes, [b"writer: m1\0"])
            reader.pipe.drain()
        self.write("m2")
        for reader in (*readers, last):
            self.assertEqual(reader.frames, ["writer: m1", "writer: m2"])

    def test_a_fault(self) -> None:
        """It ends that reader's session only: the others, also those that come behind
        it, are told, and what they are told next follows."""
        first, broken, last = self.readers(99, 99, 99)
        fault = mock.Mock(side_effect=[ZeroDivisionError()])
        broken.pipe.socket.takes = fault
        self.write("m1")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(broken.shell.calls, ["abort"])
        self.write("m2")
        for reader in (first, last):
            self.assertEqual(reader.frames, ["writer: m1", "writer: m2"])
        fault.assert_called_once()

    def test_said_while_it_is_blocked(self) -> None:
        """It follows when the socket has taken the rest, in one send."""
        [reader] = self.readers(3)
        for n in range(1, 4):
            self.write(f"m{n}")
        reader.pipe.drain()
        self.assertEqual(reader.frames, ["writer: m1", "writer: m2", "writer: m3"])
        self.assertEqual(len(reader.pipe.socket.sends), 2)
        self.check()

    def test_a_reader_that_is_gone_while_blocked(self) -> None:
        """It stands nowhere any more; the others are told."""
        reader, other = self.readers(3, 99)
        self.write("m1")
        reader.pipe.cut = True
        reader.lose()
        self.run_world()
        self.write("m2")
        self.assertEqual(reader.frames, [])
        said = [frame for frame in other.frames if not frame.startswith("~")]
        self.assertEqual(said, ["writer: m1", "writer: m2"])
        self.assertNotIn(reader.link.outlet, self.lobby.listeners)


class RoomsTests(TurnTestCase):
    """Several rooms in one turn."""

    def setUp(self) -> None:
        super().setUp()
        self.write("/join red", "/join lobby")
        self.one = self.join()
        self.both = self.join("/join red", "/join lobby")
        for connection in (self.writer, self.one, self.both):
            self.forget(connection)

    def test_who_reads_several(self) -> None:
        """Is told all of it in the one order, in one send; who reads one, what is said
        there, in one send."""
        self.write("m1", "/join red", "m2", "/join lobby", "m3")
        said = ["writer: m1", "[red] writer: m2", "writer: m3"]
        self.assertEqual(self.both.frames, said)
        self.assertEqual(self.one.frames, ["writer: m1", "writer: m3"])
        for reader in (self.one, self.both):
            self.assertEqual(len(reader.pipe.socket.sends), 1)

    def test_who_changes_the_room_meanwhile(self) -> None:
        """Is told what is said in a room from when it has entered it until it leaves,
        as it sees it then, whoever else sends in the same group."""
        self.writer.send("m1", "/join red", "m2")
        self.both.send("/leave lobby")
        self.writer.send("m3", "/join lobby", "m4")
        self.both.send("/join lobby")
        self.writer.send("m5", "/join red", "m6")
        self.run_world()
        said = [
            *("writer: m1", "[red] writer: m2"),
            *("* You left lobby. You are in red.", "writer: m3"),
            *("* You are guest-3 in lobby with 2 others.", "writer: m5"),
            "[red] writer: m6",
        ]
        self.assertEqual(self.both.frames, said)


class MeanwhileTests(TurnTestCase):
    """What happens to a session in the middle of a turn, or while it is up to date."""

    def test_thrown_out_in_the_middle_of_a_turn(self) -> None:
        """It is told what came before, and why it is; the others miss nothing."""
        operator, victim, other = self.join(operator=True), self.join(), self.join()
        for connection in (operator, victim):
            self.forget(connection)
        self.writer.send("m1")
        operator.send("/kick guest-3 why")
        self.writer.send("m2")
        self.run_world()
        said = ["writer: m1", "! an operator has ended your session: why"]
        self.assertEqual(victim.frames, said)
        self.assertEqual(victim.shell.calls, ["close"])
        told = ["writer: m1", "~* guest-3 left", "writer: m2"]
        self.assertEqual(other.frames, told)

    def test_thrown_out_while_blocked_in_the_middle_of_a_turn(self) -> None:
        """The same when its socket takes nothing: it is told when that takes more."""
        operator, victim, other = self.join(operator=True), self.join(), self.join()
        self.forget(victim)
        victim.pipe.socket.takes = mock.Mock(side_effect=[4, *[999] * 9])
        self.write("m0")
        self.forget(other)
        self.writer.send("m1")
        operator.send("/kick guest-3 why")
        self.writer.send("m2")
        self.run_world()
        told = ["writer: m1", "~* guest-3 left", "writer: m2"]
        self.assertEqual(other.frames, told)
        victim.pipe.drain()
        self.check()
        word = "! an operator has ended your session: why"
        self.assertEqual(victim.frames[-1], word)
        self.assertEqual(victim.frames[0], "writer: m0")

    def test_a_hello_of_one_that_is_up_to_date(self) -> None:
        """It is told nothing more of what the session heard that it had till then."""
        program = self.join()
        self.assertTrue(program.link.outlet.live)
        program.hello(nick="program", rooms={"red": None})
        self.check()
        self.assertEqual(self.lobby.listeners, [self.writer.link.outlet])
        self.write("m1")
        self.forget(program)
        self.write("m2", "/join red", "m3")
        said = [s["text"] for s in program.said if s["op"] == "message"]
        self.assertEqual(said, ["m3"])

    def test_a_ping_that_is_taken_in_part(self) -> None:
        """What is said meanwhile follows it."""
        program = self.connect()
        program.hello(nick="program", rooms={"lobby": None})
        self.run_world()
        self.forget(program)
        program.pipe.socket.takes = mock.Mock(side_effect=[4, 99, 999])
        program.link.outlet.ping()
        self.check()
        self.write("m1")
        self.assertEqual(len(program.pipe.socket.taken), 4)
        program.pipe.drain()
        self.assertEqual(program.ops(), ["ping", "message"])
        self.check()


class LateTests(TurnTestCase):
    """Presence that is told by a turn of its own."""

    def test_between_apply_and_commit(self) -> None:
        """Then nothing of the group that waits is told, and all of it afterwards."""
        self.patch(presence, "AHEAD", -1.0)
        reader = self.join()
        self.forget(self.writer)
        self.world.storage.at_once = False
        self.write("m1", "/nick w")
        self.world.clock.advance(5)
        self.check()
        self.assertEqual(reader.frames, [])
        self.assertEqual(self.writer.frames, ["~* guest-2 joined"])
        self.world.storage.commit()
        self.check()
        self.world.clock.advance(5)
        self.assertEqual(reader.frames, ["writer: m1", "~* writer is now w"])
        said = ["~* guest-2 joined", "+ lobby 1", "* writer is now w"]
        self.assertEqual(self.writer.frames, said)
        self.check()


class ForgettingTests(TurnTestCase):
    """Memory that is too small for what a turn brings."""

    MEMORY = 5_000

    def test_more_than_memory_holds(self) -> None:
        """Those who are up to date are told all of it at once; those who are behind
        read it from the store."""
        live, behind = self.join(), self.join()
        behind.pipe.socket.takes = mock.Mock(side_effect=[2, *[9_999] * 9])
        self.write("m0")
        texts = [f"m{n}" for n in range(1, 30)]
        self.write(*texts)
        behind.pipe.drain()
        self.run_world()
        for reader in (live, behind):
            said = [frame for frame in reader.frames if not frame.startswith("~")]
            self.assertEqual(said, [f"writer: {text}" for text in ("m0", *texts)])

    def test_expired_in_the_turn_in_which_it_is_said(self) -> None:
        """Those who are up to date are told it all the same; who is behind, that it is
        not kept."""
        live, behind = self.join(), self.join()
        behind.pipe.socket.takes = mock.Mock(side_effect=[2, *[9_999] * 9])
        self.write("m1")
        self.writer.send("m2", "m3")
        self.world.exchange.propose(NOBODY, Expire(1, 2))
        self.writer.send("m4")
        self.run_world()
        behind.pipe.drain()
        self.run_world()
        said = [frame for frame in live.frames if not frame.startswith("~")]
        self.assertEqual(said, [f"writer: m{n}" for n in range(1, 5)])
        self.assertEqual((behind.frames[0], *behind.frames[-2:]), (said[0], *said[2:]))
        self.assertIn("no longer kept", " ".join(behind.frames))
