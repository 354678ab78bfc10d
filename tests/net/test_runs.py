"""Messages that come together are proposed together: that must not be seen."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.limits import Limits
from ecochat.core.requests import SayAll
from ecochat.dialects.plain import PlainDialect
from ecochat.net import exchange, link
from ecochat.net.bucket import RateLimit
from ecochat.net.link import Link
from tests.net.fakes import Connection, World

LIMIT = 60
"""Bytes of a frame, in these tests."""

PLAIN = st.sampled_from((b"m", b"hello", b"1", "äöü €".encode(), b"x" * LIMIT))
"""Messages that nothing is special about."""

ODD = st.sampled_from(
    (
        *(b"", b" ", b"\n", b"x\n", b"x\r\n", b"x\r", b"QUIT", b"QUIT wrong", b"Q"),
        *(b"right", b"TIME", b"NAME", b"//x", b"/me too", b"/topic t", b"/acks off"),
        *(
            b"/leave",
            b"/join lobby",
            b"/join red",
            b"/msg guest-2 x",
            b"/join @guest-2",
        ),
        *(b"/nick bob", b"/who", b"/history 3", b"/edit 1 y", b"/quit"),
        *(b"-", b"!x", b"@guest-2 x", b"#1", b"~", b"{x", "\u200b".encode(), b"\x1c"),
        *(
            b"\xff",
            b"x\xc3",
            b"y" * (LIMIT + 1),
            "é".encode() * LIMIT,
            b"\xef\xbb\xbf{",
        ),
        *(b'{"op":"hello","protocol":1}', b'{"op":"hello"', "١".encode(), "ﬁ".encode()),
    )
)
"""Frames that are something else, or are refused, or change what follows."""

FRAMES = st.lists(st.one_of(PLAIN, PLAIN, PLAIN, ODD), min_size=1, max_size=25)
"""What one of the two sends."""

CUTS = st.lists(st.integers(1, 200), max_size=8)
"""How many bytes are read at once."""

RATES = st.sampled_from((None, RateLimit(5.0, 3), RateLimit(0.5, 10)))


class Talk:
    """Two clients whose bytes come in certain pieces, and one who reads.

    :ivar sent: what each was sent.
    :ivar events: what is stored of the first room.
    :ivar runs: how many messages were proposed together with others.
    """

    def __init__(
        self, rate: RateLimit | None, fails: frozenset[int], max_frame: int = LIMIT
    ) -> None:
        self.world = World()
        self.world.settings = replace(
            self.world.settings,
            dialect=PlainDialect("test", "", "right"),
            rate_limit=rate,
            max_frame=max_frame,
        )
        self.runs = 0
        self._fails = fails
        self._groups = 0
        self.people = [self.world.join("/topic") for _ in range(3)]
        self.world.storage.at_once = False
        self._count_runs()

    def _count_runs(self) -> None:
        propose = self.world.exchange.propose

        def counted(origin: int, request: Any, size: int = 0) -> None:
            if type(request) is SayAll:
                self.runs += len(request.texts)
            propose(origin, request, size)

        self.world.exchange.propose = counted  # type: ignore[method-assign]

    def play(self, streams: list[list[bytes]], cuts: list[int]) -> None:
        """Let the pieces of both arrive in turn."""
        pieces = [_cut(b"\0".join([*frames, b""]), cuts) for frames in streams]
        for i in range(max(map(len, pieces))):
            for person, of_one in zip(self.people, pieces, strict=False):
                if i < len(of_one):
                    person.receive(of_one[i])
            self._rest(0.3)
        self._rest(60)

    def _rest(self, seconds: float) -> None:
        """Let time pass; some groups cannot be stored."""
        for _ in range(20):
            self.world.clock.advance(seconds / 20)
            while self.world.storage.appends:
                self._groups += 1
                fail = self._groups in self._fails
                (self.world.storage.fail if fail else self.world.storage.commit)()
                self.world.clock.advance(0)

    @property
    def seen(self) -> tuple[list[list[str]], list[Any], list[list[str]]]:
        """What each was sent, what is stored, and what each connection was asked."""
        people: list[Connection] = self.people
        memory = self.world.storage.memory
        events = [e for room in (1, 2) for e in memory.page(room, 0, 10**6, 10**9)]
        return (
            [person.frames for person in people],
            events,
            [person.shell.calls for person in people],
        )


def _cut(data: bytes, cuts: list[int]) -> list[bytes]:
    pieces = []
    for size in cuts:
        pieces.append(data[:size])
        data = data[size:]
    return [piece for piece in (*pieces, data) if piece]


class RunTests(SynchronousTestCase):
    """Everyone is sent the same, and the same is stored, as when each message is
    proposed by itself."""

    def setUp(self) -> None:
        self.runs = 0

    def compare(
        self,
        streams: list[list[bytes]],
        cuts: list[int],
        rate: RateLimit | None = None,
        fails: frozenset[int] = frozenset(),
        max_frame: int = LIMIT,
    ) -> None:
        """Play the same once with runs of messages, and once without."""
        together = Talk(rate, fails, max_frame)
        together.play(streams, cuts)
        alone = Talk(rate, fails, max_frame)
        self.assertEqual(alone.runs, 0)
        patched = self.patch(Link, "_take_run", lambda link: None)
        alone.play(streams, cuts)
        patched.restore()
        self.assertEqual(together.seen, alone.seen)
        self.assertEqual(alone.runs, 0)
        self.runs += together.runs

    @settings(max_examples=150, deadline=None, database=None, derandomize=True)
    @given(
        st.tuples(FRAMES, FRAMES).map(list),
        CUTS,
        RATES,
        st.frozensets(st.integers(1, 9), max_size=3),
        st.sampled_from((3, 7, 256)),
        st.sampled_from((4, 2_000)),
        st.sampled_from((30, 2**20)),
    )
    def test_any_frames(
        self,
        streams: list[list[bytes]],
        cuts: list[int],
        rate: RateLimit | None,
        fails: frozenset[int],
        in_flight: int,
        waiting: int,
        waiting_text: int,
    ) -> None:
        """Whatever they are, whatever the limits, however they come, and whichever
        groups cannot be stored."""
        self.patch(link, "IN_FLIGHT", in_flight)
        self.patch(exchange, "WAITING", waiting)
        self.patch(exchange, "WAITING_TEXT", waiting_text)
        self.compare(streams, cuts, rate, fails)

    def test_many(self) -> None:
        """There are runs of them: nearly all of a read full of messages."""
        self.compare([[b"hello"] * 100, [b"m"] * 50], [])
        self.assertGreater(self.runs, 140)

    def test_in_a_private_room(self) -> None:
        """There each of the two is told in its own words, and one who has left it that
        it is open again."""
        begin = [b"/msg guest-2 x", b"/join @guest-2"]
        cuts = [len(frame) + 1 for frame in begin]
        other = [b"/leave @guest-1", b"hi", b"ho"]
        self.compare([[*begin, *[b"hello"] * 9], other], cuts)
        self.assertGreater(self.runs, 8)

    def test_one_that_is_too_long(self) -> None:
        """It is refused, the others are not."""
        long = b"x" * (Limits().message + 1)
        self.compare([[b"a", long, b"b"], [long, b"c"]], [], max_frame=2 * len(long))
        self.assertGreater(self.runs, 4)
