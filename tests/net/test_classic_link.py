"""Connections of the classroom programs' clients: how they begin, are read and end."""

from __future__ import annotations

from datetime import datetime

from twisted.internet.defer import Deferred

from ecochat.core import limits
from ecochat.core.reads import READ, WAITING
from ecochat.dialects.classic.eco import EcoDialect
from ecochat.net.bucket import RateLimit
from ecochat.net.intake import BAD_FRAMES
from ecochat.net.link import LAST_WORDS, RETRY
from ecochat.net.paced import PAUSE
from ecochat.net.protocol import ChatProtocol
from tests.net import classics
from tests.net.classics import (
    DIALECTS,
    PASSWORD,
    ClassicTestCase,
    Client,
    acknowledged,
)
from tests.net.test_protocol import FakeSocket, ProtocolTestCase


class BeginTests(ClassicTestCase):
    """How a session begins."""

    def test_at_once(self) -> None:
        """Without a read and without a wait; silence begins no second one."""
        clients = {kind: self.client(kind) for kind in ("eco", "ack", "upper")}
        self.world.run()
        names = [session[1] for session in self.sessions()]
        self.assertEqual(names, ["eco-1", "Client01", "client-1"])
        self.wait(2)
        self.assertEqual(len(self.sessions()), 3)
        came = datetime.fromtimestamp(0)
        greeting = f"\nYou have connected to the server at {came:%Y-%m-%d %H:%M:%S}"
        self.assertEqual(
            {kind: client.sent for kind, client in clients.items()},
            {
                "eco": [],
                "ack": [f"{greeting}.000000. Welcome Client01!\n".encode()],
                "upper": [],
            },
        )

    def test_a_session_that_cannot_be(self) -> None:
        """Where the room cannot be made it is told why, and closed."""
        self.patch(limits, "ROOMS", 1)
        alien = EcoDialect("elsewhere", PASSWORD)
        self.patch(classics, "DIALECTS", {**DIALECTS, "eco": alien})
        self.come("upper")
        client = self.client("eco")
        client.read(b"hello")
        self.wait()
        self.assertEqual(client.sent, [b"there are 1 rooms, join one of them\n"])
        self.assertEqual(client.shell.calls[-1], "close")

    def test_a_name_is_asked_for(self) -> None:
        """Before anything is stored, and but once."""
        client = self.client("nick")
        self.assertEqual(client.sent, [b"NICK"])
        self.wait(2)
        self.assertEqual((client.sent, self.sessions()), ([], []))
        client.lose()
        self.assertEqual(self.world.storage.batches, [])
        self.assert_gone(client)

    def test_reads_that_come_before(self) -> None:
        """They wait for it, in their order, each a message of its own."""
        self.world.storage.at_once = False
        client = self.client("eco")
        client.read(b"one", b"two")
        self.wait()
        self.assertEqual((len(self.world.storage.appends), client.sent), (1, []))
        self.world.storage.at_once = True
        self.world.storage.commit()
        self.wait()
        self.assertEqual(client.sent, [b"one", b"two"])
        self.assertEqual(self.room(), [("eco-1", "one"), ("eco-1", "two")])

    def test_the_end_of_input_before(self) -> None:
        """What was sent is said and answered, and then it closes."""
        for reads in ([b"hi"], []):
            self.world.storage.at_once = False
            client = self.client("eco")
            client.read(*reads)
            client.end_input()
            self.world.run()
            self.world.storage.at_once = True
            self.world.storage.commit()
            self.wait()
            self.assertEqual((client.sent, client.shell.calls), (reads, ["close"]))
            self.assert_gone(client)
        self.assertEqual(self.room(), [("eco-1", "hi")])

    def test_lost_before(self) -> None:
        """What was sent is stored, and then the session ends."""
        self.world.storage.at_once = False
        client = self.client("ack")
        client.read(b"one", b"two")
        self.world.run()
        client.lose()
        self.world.storage.at_once = True
        self.world.storage.commit()
        self.wait()
        self.assertEqual(client.shell.calls, ["gone"])
        self.assertEqual(self.room(), [("Client01", "one"), ("Client01", "two")])
        self.assert_gone(client)


class FullDiskTests(ClassicTestCase):
    """A session that cannot be stored yet."""

    def waiting(self, *reads: bytes) -> Client:
        """Return one whose first try has failed."""
        self.world.storage.at_once = False
        client = self.client("ack")
        client.read(*reads)
        self.world.run()
        self.world.storage.fail()
        self.wait(2 * PAUSE)
        return client

    def test_it_waits(self) -> None:
        """Nobody is told anything that would be taken for an answer, nothing is tried
        over and over, and what was said is said when that can be."""
        client = self.waiting(b"one")
        client.read(b"two")
        self.wait(RETRY - 10 * PAUSE)
        self.assertEqual((self.world.storage.appends, client.sent), ([], []))
        self.wait(10 * PAUSE)
        self.world.storage.fail()
        self.world.storage.at_once = True
        self.wait(RETRY + 10 * PAUSE)
        greeting, *answers = client.sent
        self.assertIn(b"Welcome Client01!", greeting)
        self.assertEqual(answers, [acknowledged("one"), acknowledged("two")])
        self.assert_gone(client)

    def test_the_end_of_input(self) -> None:
        """Who has said something waits for its answer, who has not does not."""
        client, silent = self.waiting(b"one"), self.waiting()
        for one in (client, silent):
            one.end_input()
        self.wait(2 * PAUSE)
        self.assertEqual((client.shell.calls, silent.shell.calls), ([], ["close"]))
        self.world.storage.at_once = True
        self.wait(RETRY)
        self.assertEqual(client.sent[1:], [acknowledged("one")])
        self.assertEqual(client.shell.calls, ["close"])
        silent.lose()
        self.assert_gone(client)

    def test_lost(self) -> None:
        """Then it is over: nothing could be stored."""
        client = self.waiting(b"one")
        client.lose()
        self.wait()
        self.assertEqual(client.shell.calls, ["gone"])
        self.assert_gone(client)
        self.assertEqual(self.world.storage.batches, [])


class ReadTests(ClassicTestCase):
    """What is read."""

    def test_a_long_one(self) -> None:
        """It is as many messages as reads of it; a character is in one of them."""
        one = self.come("eco")
        text = "x" * (READ - 1) + "é!"
        one.read(text.encode())
        self.wait()
        self.assertEqual(one.sent, [b"x" * (READ - 1), "é!".encode()])

    def test_half_a_character_at_the_end(self) -> None:
        """It is told that it was lost, and closed; with and without a session."""
        for kind in ("eco", "nick"):
            one = self.client(kind)
            one.read(b"a"[: kind == "eco"] + b"\xe2\x82")
            one.end_input()
            self.wait()
            told = [b"a", b"not UTF-8, ignored\n"]
            asked = [b"NICK", b"not UTF-8, ignored\n"]
            self.assertEqual(one.sent, told if kind == "eco" else asked)
            self.assertEqual(one.shell.calls, ["close"])
            self.assert_gone(one)

    def test_bad_ones(self) -> None:
        """Each is answered, and so many in a row end it."""
        one = self.come("upper")
        one.read(b"\xff", b"a\0b", b"ok")
        self.wait()
        nul = b"a message cannot have a null byte in it, ignored\n"
        self.assertEqual(one.sent, [b"not UTF-8, ignored\n", nul, b"OK"])
        for _ in range(BAD_FRAMES):
            one.read(b"\xff")
            self.wait(2 * PAUSE)
        *_, last = one.sent
        self.assertEqual(last, f"{BAD_FRAMES} bad frames in a row, closing\n".encode())
        self.assertEqual(one.shell.calls, ["close"])

    def test_how_many_wait(self) -> None:
        """While an answer cannot be sent, reading goes on, since what is read later is
        read as one message; but not for ever."""
        one = self.come("eco")
        one.pipe.blocking = lambda: True
        one.read(b"first", b"second")
        self.world.run()
        reads = [b"%d" % n for n in range(WAITING)]
        one.read(*reads[:-1])
        self.assertFalse(one.shell.paused)
        one.read(reads[-1])
        self.assertTrue(one.shell.paused)
        one.pipe.blocking = lambda: False
        one.pipe.drain()
        self.wait(2 * WAITING * PAUSE)
        self.assertFalse(one.shell.paused)
        self.assertEqual(one.sent, [b"first", b"second", *reads])
        self.assertEqual(len(self.room()), 2 + WAITING)

    def test_a_limit(self) -> None:
        """What comes too fast waits for its turn; who waits for answers is told of
        nothing else."""
        for kind, answers in (("eco", [b"a", b"b", b"c"]), ("nick", [])):
            one = self.client(kind, RateLimit(2, 2))
            one.read(*[b"carl"][: kind == "nick"], b"a", b"b", b"c")
            said = len(self.room())
            self.wait(0.3)
            self.assertLess(len(self.room()), said + 3)
            self.wait(3)
            self.assertEqual([x for x in one.sent if x != b"NICK"], answers)
        texts = [text for _, text in self.room()]
        self.assertEqual(texts, ["a", "b", "c"] * 2)

    def test_the_last_wrong_password(self) -> None:
        """It is answered, then the server closes; what follows is not understood."""
        one = self.come("eco")
        one.read(b"QUIT", *[b"wrong"] * 10, b"hi")
        self.wait(30 * PAUSE)
        wrong = [b"WRONG PASSWORD, TRY AGAIN..."] * 10
        self.assertEqual(one.sent, [b"ENTER PASSWORD: ", *wrong])
        self.assertEqual(one.shell.calls, ["close"])
        closed = self.world.storage.batches[-1].closed
        self.assertEqual([c.reason for c in closed], ["10 wrong passwords"])
        self.assertEqual(self.room(), [])

    def test_the_end(self) -> None:
        """Each program's own word for it, with its own last words."""
        for kind, word, last in (
            ("eco", PASSWORD.encode(), [b"ENTER PASSWORD: "]),
            ("ack", b"eXit\n", [b"You have ended the connection.\nDisconnect time: "]),
            ("upper", b"close socket", []),
            ("nick", b"/quit", []),
        ):
            one = self.come(kind, b"al" if kind == "nick" else b"")
            one.read(*[b"QUIT"][: kind == "eco"], word)
            self.wait()
            sent = one.sent
            self.assertEqual(len(sent), len(last))
            for said, begin in zip(sent, last, strict=True):
                self.assertTrue(said.startswith(begin), said)
            self.assertEqual(one.shell.calls, ["close"])


class EndTests(ClassicTestCase):
    """An end that others make."""

    def test_the_server_stops(self) -> None:
        """Each is told in a line of its own, behind what it was being sent."""
        clients = [self.come(kind, b"x") for kind in DIALECTS]
        clients.append(self.client("nick"))
        for client in clients:
            client.clear()
        clients[0].read(b"hi", b"ho")
        self.world.run()
        stopped = Deferred.fromCoroutine(self.world.exchange.stop())
        self.wait()
        self.successResultOf(stopped)
        last = b"server is stopping\n"
        told = [[b"hi", b"ho", last], [last], [last], [b"eco-1: hi", last], [last]]
        self.assertEqual([client.sent for client in clients], told)
        self.assertEqual([c.shell.calls for c in clients], [["close"]] * 5)
        self.assertEqual(self.world.timers, [])

    def test_thrown_out(self) -> None:
        """It is told so in a line, after the answers that wait for the pauses only;
        then it closes although more was due to it."""
        olga = self.world.join("/nick olga", settings=self.world.of_operators)
        one = self.come("eco")
        one.read(b"hi", b"ho", b"hu")
        self.world.run()
        olga.send("a", "b", "/kick eco-1 too loud")
        self.wait()
        why = b"an operator has ended your session: too loud\n"
        self.assertEqual(one.sent, [b"hi", b"ho", b"hu", why])
        self.assertEqual(one.shell.calls, ["close"])
        self.wait(LAST_WORDS)
        self.assertEqual(one.shell.calls, ["close"])
        olga.lose()
        self.assert_gone(one)

    def test_lost_in_a_pause(self) -> None:
        """Nothing is sent any more, and nothing is due."""
        one, two = self.come("eco"), self.come("eco")
        two.read(b"a", b"b")
        self.world.run()
        one.lose()
        two.lose()
        self.world.run()
        self.assertEqual(one.sent, [b"eco-2: a"])
        self.assertEqual(self.world.timers, [])


class ProtocolTests(ProtocolTestCase):
    """On a transport, beside connections of the other dialects."""

    def open(self, kind: str) -> tuple[ChatProtocol, FakeSocket]:
        """Connect to the place of a program."""
        transport = FakeSocket()
        self.addCleanup(transport.close)
        protocol = self.factory.speaking(DIALECTS[kind]).buildProtocol(None)
        protocol.makeConnection(transport)
        return protocol, transport

    def test_a_talk(self) -> None:
        """It closes as any connection does, a pause after the last words."""
        protocol, transport = self.open("ack")
        self.world.run()
        self.assertIn(b"Welcome Client01!", transport.read())
        protocol.dataReceived(b"exit")
        self.world.run()
        self.world.clock.advance(PAUSE)
        self.world.run()
        self.assertTrue(transport.read().startswith(b"You have ended"))
        self.world.clock.advance(PAUSE)
        self.assertEqual(transport.calls, ["loseWriteConnection", "resumeProducing"])
        self.lose(protocol)

    def test_one_too_many(self) -> None:
        """The places are those of all; each kind is told in a line, and closed."""
        people = self.fill()
        for kind in DIALECTS:
            protocol, transport = self.open(kind)
            line = b"server is full (2 clients), try later\n"
            self.assertEqual(transport.read(), line)
            calls = ["loseWriteConnection", "resumeProducing"]
            self.assertEqual(transport.calls, calls)
            self.lose(protocol)
        self.lose(people[0])
        protocol, transport = self.open("nick")
        self.assertEqual(transport.read(), b"NICK")
        self.lose(protocol)
