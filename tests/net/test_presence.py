"""Who comes and goes: told to a large room in few words, and to a small one at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.items import Note
from ecochat.dialects.plain import PlainDialect
from ecochat.dialects.port import View
from ecochat.net import presence
from ecochat.net.channel import Channel, Recent, Told
from ecochat.net.delivery import Turn
from ecochat.net.presence import AHEAD, LINES, RATE, Presence
from tests.net.fakes import World

LARGE = 1_000
"""Members of a room that is told of presence every five seconds."""

PLAIN = PlainDialect("test")

NUMBERS = re.compile(r"\b(\d+) (joined|left|renamed)")


class Member:
    """A reader that is always up to date, and keeps what it is told.

    :ivar frames: what it was told and not asked for yet.
    :ivar times: when it was told something.
    """

    def __init__(self, clock: Clock) -> None:
        self.session = 0
        self.frames: list[str] = []
        self.times: list[float] = []
        self._clock = clock

    @property
    def owner(self) -> Member:
        """Itself, which fails as any test does."""
        return self

    def guarded(self, serve: Callable[..., None], *arguments: Any) -> None:
        """Call it."""
        serve(*arguments)

    def send(self, data: bytes) -> int:
        """Keep what is told."""
        self.frames += data.decode().removesuffix("\0").split("\0")
        self.times.append(self._clock.seconds())
        return len(data)

    def fall_behind(self) -> None:
        """Be told apart, as in a private room."""

    def hold(self, data: bytes) -> None:
        """Never."""

    def pump(self, notes: Sequence[Told[Note]] = ()) -> None:
        """Keep what is told apart."""


class Walked(dict[Any, Any]):
    """The readers of a room.

    :ivar walks: how often someone has walked over them all.
    """

    walks = 0

    def __iter__(self) -> Any:
        """Count it."""
        self.walks += 1
        return super().__iter__()


class Kinds(PlainDialect):
    """A dialect in which notes are told as what they are, those of who writes too."""

    def note(self, room: str, note: Note, view: View) -> bytes:
        """Return the kind."""
        return note.kind.encode()


class Room:
    """A room with members who stay and do nothing, and what happens in it.

    :ivar members: those of whom it matters what they are told: two.
    """

    def __init__(self, size: int, dialect: PlainDialect = PLAIN) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000)
        self.presence = Presence(self.clock, {})
        self.channel = Channel(1, "lab", 0, Recent())
        self.members = [Member(self.clock), Member(self.clock)]
        self.readers = Walked((member.send, member) for member in self.members)
        others = (Member(self.clock) for _ in range(2, size))
        self.readers.update((partial(len), other) for other in others)
        self.channel.audiences[dialect, View.CURRENT] = self.readers
        self._seq = 0

    def note(self, what: str) -> Note:
        """Return a note of a line, as ``5 bob joined`` or ``5 bob is now rob``."""
        self._seq += 1
        session, nick, *kind = what.split()
        new = kind[-1] if kind[0] == "is" else ""
        return Note(
            self._seq, 1, int(session), "renamed" if new else kind[0], nick, new
        )

    def turn(self, *lines: str) -> None:
        """Have all this happen in one turn."""
        turn = Turn()
        for line in lines:
            self.presence.take(turn, self.channel, self.note(line))
        self.presence.tell(turn)
        turn.deliver()

    def told(self) -> list[str]:
        """Return what was told since this was asked last; each is told the same."""
        first, second = self.members
        assert first.frames == second.frames
        told, first.frames, second.frames = first.frames, [], []
        return told

    def later(self, *lines: str) -> list[str]:
        """Return what is told of what happens turn by turn while something else has
        just been told."""
        self.turn("97 zora joined")
        assert self.told() == ["* zora joined"]
        for line in lines:
            self.turn(line)
        assert self.told() == []
        self.clock.advance(LARGE / RATE)
        return self.told()


def crowd(kind: str, count: int, first: int = 1) -> list[str]:
    """Return what so many do."""
    return [f"{n} n{n} {kind}" for n in range(first, first + count)]


class RateTests(SynchronousTestCase):
    """How often a room is told."""

    def test_a_small_room(self) -> None:
        """Is told of each at once, in its turn, as it is said."""
        room = Room(5)
        room.turn("5 guest-5 joined", "5 guest-5 is now bob")
        self.assertEqual(room.told(), ["* guest-5 joined", "* guest-5 is now bob"])
        for _ in range(15):
            room.turn("5 bob left")
            self.assertEqual(room.told(), ["* bob left"])
            room.turn("5 bob joined")
            self.assertEqual(room.told(), ["* bob joined"])
        self.assertEqual(room.clock.getDelayedCalls(), [])

    def test_a_large_room(self) -> None:
        """Is told of the first at once, and of the next hundreds in one line, when it
        can bear one again; there is one timer till then."""
        room = Room(LARGE)
        room.turn("500 bob joined")
        self.assertEqual(room.told(), ["* bob joined"])
        for line in crowd("joined", 300):
            room.turn(line)
        for line in crowd("left", 100):
            room.turn(line)
        room.turn("500 bob left", "499 eve left")
        self.assertEqual(len(room.clock.getDelayedCalls()), 1)
        room.clock.advance(LARGE / RATE - AHEAD - 0.001)
        self.assertEqual(room.told(), [])
        room.clock.advance(0.001)
        self.assertEqual(room.told(), ["* 200 joined, 2 left"])
        self.assertEqual(room.clock.getDelayedCalls(), [])

    def test_one_turn(self) -> None:
        """In which many come, while nobody was told anything: numbers at once."""
        room = Room(2)
        room.turn(*crowd("joined", LINES))
        self.assertEqual(len(room.told()), LINES)
        room.turn(*crowd("left", LINES), *crowd("joined", 30, 50))
        self.assertEqual(room.told(), [f"* 30 joined, {LINES} left"])

    def test_nobody_is_looked_at_in_vain(self) -> None:
        """While notes are gathered, nothing costs a walk over the readers."""
        room = Room(LARGE)
        room.turn("500 bob joined")
        walks = room.readers.walks
        for line in crowd("joined", 100):
            room.turn(line)
        self.assertEqual(room.readers.walks, walks)

    def test_nobody_there(self) -> None:
        """Nothing is held back, and nothing kept for later."""
        room = Room(2)
        room.readers.clear()
        for line in crowd("joined", 500):
            room.turn(line)
        self.assertEqual(room.clock.getDelayedCalls(), [])

    def test_each_room_for_itself(self) -> None:
        """What one room has been told holds up no other."""
        room = Room(LARGE)
        room.turn(*crowd("joined", 1))
        room.turn(*crowd("joined", 1, 2))
        room.told()
        room.channel = Channel(2, "red", 0, Recent())
        room.channel.audiences[PLAIN, View.CURRENT] = room.readers
        room.turn("7 bob joined")
        self.assertEqual(room.told(), ["* bob joined"])

    def test_at_the_end(self) -> None:
        """When the server stops, nothing is told later, and nothing gathered."""
        room = Room(LARGE)
        room.turn("500 bob joined")
        room.turn(*crowd("joined", 20))
        room.presence.stop()
        self.assertEqual(room.clock.getDelayedCalls(), [])
        room.turn(*crowd("left", 20))
        self.assertEqual(room.clock.getDelayedCalls(), [])

    def test_who_writes(self) -> None:
        """Is told at once or not at all, and counts."""
        room = Room(LARGE, Kinds("test"))
        room.turn("5 bob typing")
        room.turn("5 bob typing")
        self.assertEqual(room.told(), ["typing"])
        room.turn("6 eve joined")
        room.clock.advance(LARGE / RATE)
        self.assertEqual(room.told(), ["joined"])


class GatheredTests(SynchronousTestCase):
    """What is told of what was gathered."""

    def test_lines_for_few(self) -> None:
        """Each as it would have been told, in order."""
        lines = crowd("joined", LINES - 2)
        told = Room(LARGE).later(*lines, "70 eve left", "71 al is now bo")
        names = [f"* n{n} joined" for n in range(1, LINES - 1)]
        self.assertEqual(told, [*names, "* eve left", "* al is now bo"])

    def test_numbers_for_many(self) -> None:
        """What nobody did is left out."""
        for kind in ("joined", "left"):
            told = Room(LARGE).later(*crowd(kind, LINES + 1))
            self.assertEqual(told, [f"* {LINES + 1} {kind}"])
        renamed = [f"{n} a{n} is now b{n}" for n in range(9)]
        self.assertEqual(Room(LARGE).later(*renamed), ["* 9 renamed"])

    def test_what_two_come_to(self) -> None:
        """What happens to one between two tellings is one thing, or nothing."""
        for lines, told in (
            (("5 a joined", "5 a left"), []),
            (("5 a joined", "5 a is now b"), ["* b joined"]),
            (("5 a joined", "5 a is now b", "5 b left"), []),
            (("5 a is now b", "5 b is now c"), ["* a is now c"]),
            (("5 a is now b", "5 b is now a"), []),
            (("5 a is now b", "5 b left"), ["* a left"]),
            (("5 a left", "5 a joined"), []),
            (("5 a left", "5 b joined"), ["* a is now b"]),
            (("5 a is now b", "5 b left", "5 a joined"), []),
            (("5 a left", "5 b joined", "5 b left"), ["* a left"]),
            (("5 a joined", "6 x left", "5 a is now b"), ["* x left", "* b joined"]),
        ):
            self.assertEqual(Room(LARGE).later(*lines), told, lines)


Happened = list[tuple[float, list[tuple[int, bool]]]]
"""Turns: seconds before each, and who comes or goes in it, or takes another name."""


class PropertyTests(SynchronousTestCase):
    """Whatever happens, and when."""

    @settings(max_examples=150, deadline=None, database=None, derandomize=True)
    @given(
        st.sampled_from((2, 10, 40, 300, 3_000)),
        st.lists(
            st.tuples(
                st.sampled_from((0.0, 0.0, 0.01, 0.3, 2.0)),
                st.lists(st.tuples(st.integers(1, 20), st.booleans()), max_size=12),
            ),
            max_size=40,
        ),
    )
    def test_any(self, size: int, happened: Happened) -> None:
        """Lines and numbers add up to who is there; where there were only lines, the
        names do too; and no window of time has more tellings than it may have."""
        room = Room(size)
        there = {n: f"n{n}" for n in range(1, 20, 2)}
        seen = set(there.values())
        for seconds, doings in happened:
            room.clock.advance(seconds)
            lines = []
            for session, renames in doings:
                lines += self.do(there, session, renames)
            room.turn(*lines)
        room.clock.advance(2 * size / RATE)
        self.assertEqual(room.clock.getDelayedCalls(), [])
        self.check_names(room.members[0].frames, seen, there)
        self.check_rate(room.members[0].times, size)

    def do(self, there: dict[int, str], session: int, renames: bool) -> list[str]:
        """Let somebody do something; return what may be told of it."""
        nick = there.pop(session, "")
        if not nick:
            there[session] = f"n{session}"
            return [f"{session} n{session} joined"]
        if renames:
            there[session] = "x" * (len(nick) % 4 + 1) + str(session)
            return [f"{session} {nick} is now {there[session]}"]
        return [f"{session} {nick} left"]

    def check_names(
        self, frames: list[str], seen: set[str], there: dict[int, str]
    ) -> None:
        """Follow what one was told; compare it with what is so."""
        count, digests = len(seen), 0
        for frame in frames:
            words = frame.split()[1:]
            if numbers := NUMBERS.findall(frame):
                digests += 1
                sums = {what: int(number) for number, what in numbers}
                self.assertGreater(sum(sums.values()), LINES)
                count += sums.get("joined", 0) - sums.get("left", 0)
            elif words[1] == "joined":
                count += 1
                seen.add(words[0])
            else:
                count -= words[1] == "left"
                seen.discard(words[0])
                seen.update(words[3:])
        self.assertEqual(count, len(there))
        if not digests:
            self.assertEqual(seen, set(there.values()))

    def check_rate(self, times: list[float], size: int) -> None:
        """See that any tellings that follow each other took the time that they must."""
        for first, begin in enumerate(times):
            for last, end in enumerate(times[first:], first):
                deliveries = (last - first) * size
                most = RATE * (AHEAD + end - begin)
                self.assertLessEqual(deliveries, most + 1e-3 * size)


class SessionTests(SynchronousTestCase):
    """Real sessions of both dialects, in a room that is told every thousand seconds.

    :ivar plain: alice, who was told just now that bob came,
    :ivar structured: who is bob.
    """

    def setUp(self) -> None:
        self.patch(presence, "AHEAD", 0)
        self.patch(presence, "RATE", 0.001)
        self.world = World()
        self.plain = self.world.join("/nick alice")
        self.structured = self.world.greet(nick="bob")
        self.plain.clear()
        self.structured.clear()

    def wait(self) -> None:
        """Let the time come at which the room may be told again."""
        self.world.clock.advance(10_000)
        self.world.run()

    def ops(self) -> list[str]:
        """Return what bob was told, but whether he is there."""
        return [op for op in self.structured.ops() if op != "ping"]

    def test_both_dialects(self) -> None:
        """Both are told in their words, between what is said before and after."""
        for _ in range(10):
            self.world.join()
        self.plain.send("hi")
        self.world.run()
        self.wait()
        self.structured.ask("say", text="hello")
        self.world.run()
        self.assertEqual(self.plain.frames, ["+ lobby 1", "~* 10 joined", "bob: hello"])
        self.assertEqual(self.ops(), ["message", "presence", "stored", "message"])
        self.assertEqual(
            self.structured.said[1], {"op": "presence", "room": "lobby", "joined": 10}
        )

    def test_another_room(self) -> None:
        """Its name stands before what happens there."""
        for _ in range(10):
            self.world.join()
        self.plain.send("/join lab")
        self.world.run()
        self.wait()
        self.assertEqual(self.plain.frames[-1], "~* [lobby] 10 joined")

    def test_oneself(self) -> None:
        """Who came is not told of itself, nor of who came before it."""
        first, second, third = (self.world.join() for _ in range(3))
        self.wait()
        told = [f"~* guest-{n} joined" for n in (3, 4, 5)]
        self.assertEqual(self.plain.frames, told)
        self.assertEqual((first.frames, second.frames), (told[1:], told[2:]))
        self.assertEqual(third.frames, [])

    def test_who_is_behind(self) -> None:
        """Is not told, and misses no message."""
        self.plain.pipe.blocking = lambda: True
        self.structured.ask("say", text="hello")
        self.world.run()
        self.world.join()
        self.wait()
        self.plain.pipe.drain()
        self.world.run()
        self.assertEqual(self.plain.frames, ["bob: hello"])
        self.assertEqual(self.ops(), ["stored", "message", "joined"])

    def test_private_rooms(self) -> None:
        """Who writes in one is always told, and nothing is kept of it."""
        other = self.world.greet(nick="eve")
        self.structured.ask("msg", nick="eve", text="psst")
        self.world.run()
        for _ in range(20):
            self.structured.ask("typing", room="@eve")
            self.world.run()
        self.assertEqual(other.ops().count("typing"), 20)
        crowds = self.world.exchange._presence._crowds
        self.assertEqual([channel.name for channel in crowds], ["lobby"])

    def test_nothing_dangles(self) -> None:
        """When the server stops while something is gathered, no timer is left."""
        joiners = [self.world.join() for _ in range(10)]
        stopped = Deferred.fromCoroutine(self.world.exchange.stop())
        self.world.run()
        self.successResultOf(stopped)
        for connection in (*joiners, self.plain, self.structured):
            connection.lose()
        self.world.run()
        self.assertEqual(self.world.timers, [])
