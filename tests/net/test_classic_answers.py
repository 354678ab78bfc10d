"""What the classroom programs' clients are sent: one thing at a time."""

from __future__ import annotations

from collections.abc import Callable
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from ecochat.net import telling
from ecochat.net.channel import Recent
from ecochat.net.paced import PAUSE
from tests.net.classics import (
    DIALECTS,
    ClassicTestCase,
    acknowledged,
)
from tests.net.fakes import World


class AnswerTests(ClassicTestCase):
    """What is sent, is sent by itself."""

    def test_answers_and_others_messages(self) -> None:
        """Each is one write, in the room's order, whoever wrote how much in a turn."""
        one, two, carl = self.come("eco"), self.come("eco"), self.come("nick", b"carl")
        ack, upper = self.come("ack"), self.come("upper")
        one.read(b"a", b"TIME", b"b")
        two.read(b"c\n")
        carl.read(b"d")
        ack.read(b"e")
        upper.read(b"f", b"g")
        self.wait()
        others = [b"Client01: e", b"client-1: f", b"client-1: g"]
        a_and_b = [b"eco-1: a", b"eco-1: b"]
        clock, *heard = sorted(one.sent, key=lambda x: not x.startswith(b"SERVER"))
        self.assertRegex(clock, rb"^SERVER TIME = \d\d:\d\d:\d\d$")
        self.assertEqual(heard, [b"a", b"b", b"eco-2: c", b"carl: d", *others])
        self.assertEqual(two.sent, [*a_and_b, b"c\n", b"carl: d", *others])
        self.assertEqual(carl.sent, [*a_and_b, b"eco-2: c", *others])
        self.assertEqual(ack.sent, [acknowledged("e")])
        self.assertEqual(upper.sent, [b"F", b"G"])

    def test_the_pause(self) -> None:
        """Between two there is as long as a peer needs to read the one."""
        one, two = self.come("eco"), self.come("eco")
        two.read(b"a", b"b")
        self.world.run()
        self.assertEqual(one.sent, [b"eco-2: a"])
        self.world.clock.advance(PAUSE - 0.001)
        self.world.run()
        self.assertEqual(one.sent, [])
        self.world.clock.advance(0.001)
        self.assertEqual(one.sent, [b"eco-2: b"])
        two.read(b"c")
        self.world.run()
        self.assertEqual(one.sent, [])
        self.wait()
        self.assertEqual(one.sent, [b"eco-2: c"])

    def test_what_says_nothing_takes_no_time(self) -> None:
        """Who is not told what others write is answered at once, and never sent
        nothing."""
        ack, one = self.come("ack"), self.come("eco")
        for n in range(5):
            one.read(b"x")
            self.world.run(5)
            ack.read(b"hi %d" % n)
            one.read(b"y")
            self.world.run()
            self.assertEqual(ack.sent, [acknowledged(f"hi {n}")])
            self.wait()
        self.assertEqual(ack.sent, [])

    def test_who_comes_and_goes(self) -> None:
        """Nobody is told, and what is said in the same turn stands alone."""
        one = self.come("eco")
        bob = self.world.join("/nick bob")
        bob.send("a", "/nick rob", "b", "/quit")
        self.come("upper")
        self.wait(2)
        self.assertEqual(one.sent, [b"bob: a", b"rob: b"])

    def test_a_reader_that_is_behind(self) -> None:
        """It is sent what it has missed, one after the other."""
        one, two = self.come("nick", b"one"), self.come("eco")
        one.pipe.blocking = lambda: True
        two.read(b"a", b"b", b"c")
        self.wait()
        self.assertEqual(one.sent, [b"eco-1: a"])
        one.pipe.blocking = lambda: False
        one.pipe.drain()
        two.read(b"d")
        self.wait()
        self.assertEqual(one.sent, [b"eco-1: b", b"eco-1: c", b"eco-1: d"])
        two.read(b"e")
        self.world.run()
        self.assertEqual(one.sent, [b"eco-1: e"])

    def test_nothing_to_say(self) -> None:
        """A read has its answer all the same: an acknowledgement would be wrong."""
        one = self.come("ack")
        one.read(b" \n")
        self.wait()
        [answer] = one.sent
        self.assertTrue(answer.endswith(b"\n"))
        self.assertNotIn(b"ACK", answer)
        self.assertEqual(self.room(), [])

    def test_the_end_of_what_it_is_owed(self) -> None:
        """Nothing is due, and nothing is sent, when all is said."""
        one = self.come("eco")
        one.read(b"a", b"b", b"TIME")
        self.wait()
        self.assertEqual((len(one.sent), self.world.timers), (3, []))

    def test_operators(self) -> None:
        """They are heard, but by who waits for its answer."""
        heard = {kind: self.come(kind, kind.encode()) for kind in DIALECTS}
        for client in heard.values():
            client.clear()
        olga = self.world.join("/nick olga", settings=self.world.of_operators)
        olga.send("/say tea", "/say cake")
        self.wait()
        said = [b"Server: tea", b"Server: cake"]
        self.assertEqual(
            {kind: client.sent for kind, client in heard.items()},
            {"eco": said, "ack": [], "upper": said, "nick": said},
        )


class PageTests(ClassicTestCase):
    """A reader that is so far behind that it is told what is in the store."""

    def setUp(self) -> None:
        self.patch(telling, "Recent", lambda: Recent(0))
        super().setUp()

    def test_one_at_a_time(self) -> None:
        """In order, with what is for it alone, each once, and nothing of what it wrote
        itself; and no more is read of the store than it takes."""
        one, two = self.come("nick", b"one"), self.come("eco")
        one.pipe.blocking = lambda: True
        texts = [b"%d" % n for n in range(100)]
        for text in texts:
            two.read(text)
            self.wait(2 * PAUSE)
        one.pipe.blocking = lambda: False
        read: list[int] = []
        page = self.world.storage.memory.page

        def counted(*place: int) -> object:
            events = page(*place)
            read.append(len(events))
            return events

        self.patch(self.world.storage.memory, "page", counted)
        one.pipe.drain()
        self.wait(50 * PAUSE)
        one.read(b"mine", b"/nick uno")
        self.wait(80 * PAUSE)
        told = [b"eco-1: " + text for text in texts]
        self.assertEqual(one.sent, [*told, b"one is now uno"])
        self.assertLess(sum(read), 20 * len(texts))


class AnyTalkTests(ClassicTestCase):
    """Whatever is said, and whoever reads slowly."""

    @settings(max_examples=150, deadline=None, database=None, derandomize=True)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from([*DIALECTS]),
                st.sampled_from(["say", "say", "say", "slow", "fast", "wait"]),
            ),
            max_size=30,
        ),
        st.booleans(),
    )
    def test_each_thing_once_and_by_itself(
        self, steps: list[tuple[str, str]], is_stored: bool
    ) -> None:
        """Each is sent its own answers in the order of its reads, and what it hears of
        others in the room's order, each as one write."""
        recent = Recent(0 if is_stored else 2**20)
        with mock.patch.object(telling, "Recent", return_value=recent):
            self.world = World()
        clients = {kind: self.come(kind, _NAMES[kind]) for kind in DIALECTS}
        answers: dict[str, list[bytes]] = {kind: [] for kind in DIALECTS}
        for n, (kind, step) in enumerate(steps):
            client, text = clients[kind], f"{kind} {n}"
            if step == "say":
                client.read(text.encode())
                answers[kind] += _ANSWERED[kind](text)
            elif step == "wait":
                self.wait(PAUSE)
            else:
                client.pipe.blocking = lambda step=step: step == "slow"
            if step == "fast":
                client.pipe.drain()
        for client in clients.values():
            client.pipe.blocking = lambda: False
            client.pipe.drain()
        self.settle()
        said = [(text.split()[0], f"{nick}: {text}") for nick, text in self.room()]
        self.assertEqual(len(said), sum(step == "say" for _, step in steps))
        for kind, client in clients.items():
            heard = [line.encode() for writer, line in said if writer != kind]
            sent = client.sent
            own = [data for data in sent if data in answers[kind]]
            others = [data for data in sent if data not in answers[kind]]
            self.assertEqual(own, answers[kind])
            self.assertEqual(others, heard if kind in ("eco", "nick") else [])

    def settle(self) -> None:
        """Let time pass until nothing is due."""
        self.world.run(5)
        while self.world.timers:
            self.world.clock.advance(PAUSE)
            self.world.run(5)


_NAMES = {"eco": b"", "ack": b"", "upper": b"", "nick": b"nick"}

_ANSWERED: dict[str, Callable[[str], list[bytes]]] = {
    "eco": lambda text: [text.encode()],
    "ack": lambda text: [acknowledged(text)],
    "upper": lambda text: [text.upper().encode()],
    "nick": lambda text: [],
}
"""What each program answers a message with."""
