"""One whom an operator throws out."""

from __future__ import annotations

from ecochat.net.bucket import RateLimit
from ecochat.net.link import LAST_WORDS, LinkSettings
from ecochat.net.protocol import LINGER
from ecochat.net.silence import QUIET
from tests.net.fakes import MAX_FRAME
from tests.net.test_link import LinkTestCase
from tests.net.test_protocol import ProtocolTestCase

WORDS = "! an operator has ended your session: too loud"


class KickTests(LinkTestCase):
    """It is told so, and closed, whatever it reads or sends."""

    def setUp(self) -> None:
        super().setUp()
        self.operator = self.world.join("/nick op", settings=self.world.of_operators)
        self.bob = self.world.join("/nick bob")
        self.operator.clear()

    def kick(self, command: str = "/kick bob too loud") -> None:
        """Have the operator throw bob out."""
        self.operator.send(command)
        self.world.run()

    def assert_over(self, *calls: str) -> None:
        """The victim was told what it had to be; after its end nothing is left."""
        for _ in range(3):
            self.world.clock.advance(LAST_WORDS)
        self.assertEqual(self.ends(), list(calls))
        self.assertEqual(self.world.timers, [])
        self.operator.lose()
        self.assert_gone(self.bob)
        self.assertEqual(self.ends(), list(calls))

    def ends(self) -> list[str]:
        """Return how bob's connection was ended."""
        return [call for call in self.bob.shell.calls if call in ("close", "abort")]

    def test_the_word_and_the_end(self) -> None:
        """One error, then it closes; the others see that it left, and why is kept."""
        carl = self.world.join()
        self.operator.clear()
        self.bob.clear()
        self.kick()
        self.assertEqual(self.bob.frames, [WORDS])
        self.assertEqual(carl.frames, ["~* bob left"])
        said = ["~* bob left", "* bob (s2) is disconnected"]
        self.assertEqual(self.operator.frames, said)
        reason = self.world.storage.batches[-1].closed[0].reason
        self.assertEqual(reason, "closed by an operator: too loud")
        carl.lose()
        self.assert_over("close")

    def test_by_its_id(self) -> None:
        """The same without a reason; whoever is gone already is named."""
        self.kick("/close s2")
        self.assertEqual(self.bob.frames, [WORDS.split(":")[0]])
        for command in ("/close s2", "/kick bob"):
            self.kick(command)
        self.assertEqual(
            self.operator.frames[2:],
            [
                "! there is no session s2, /status lists them",
                "! there is nobody called bob",
            ],
        )
        self.assert_over("close")

    def test_nobody_else_may(self) -> None:
        """It is refused, and nothing happens."""
        self.bob.send("/kick op", "/close s1")
        self.world.run()
        self.assertEqual(
            self.bob.frames,
            ["! /kick is for operators only", "! /close is for operators only"],
        )
        self.assertEqual(self.operator.shell.calls, [])

    def test_oneself(self) -> None:
        """It is possible, and told once."""
        self.operator.send("/kick op")
        self.world.run()
        self.assertEqual(self.operator.frames, ["! an operator has ended your session"])
        self.assertEqual(self.operator.shell.calls, ["close"])
        self.operator.lose()
        self.assert_gone(self.bob)

    def test_what_it_sends_later(self) -> None:
        """It does nothing, nor does the end of its input."""
        self.kick()
        self.bob.send("hi", "/nick rob")
        self.bob.receive(b"\xff\0" * 200 + b"x")
        self.bob.end_input()
        self.world.run()
        self.assertEqual(self.bob.frames, [WORDS])
        self.assertEqual(self.world.exchange.channels[1].last, 0)
        self.assert_over("close")

    def test_what_is_on_its_way(self) -> None:
        """What is ordered before is done, stored and told; what is behind is not."""
        self.world.storage.at_once = False
        self.bob.send("before")
        self.operator.send("/kick bob too loud")
        self.bob.send("behind", "/who", "/quit", "never taken")
        self.world.run()
        self.world.storage.at_once = True
        self.world.storage.commit()
        self.world.run()
        self.assertEqual(self.bob.frames, ["+ lobby 1", WORDS])
        self.assertEqual(self.operator.frames[0], "bob: before")
        self.assertEqual(self.world.exchange.channels[1].last, 1)
        self.assert_over("close")

    def test_lost_while_that_is_stored(self) -> None:
        """There is nothing left to close, and nothing waits to do it."""
        self.world.storage.at_once = False
        self.operator.send("/kick bob")
        self.world.run()
        self.bob.lose()
        self.world.storage.at_once = True
        self.world.storage.commit()
        self.world.run()
        self.assertEqual(self.world.timers, [])
        self.assert_over()

    def test_in_the_turn_after(self) -> None:
        """What it sends while the end of its session is being stored does nothing."""
        self.world.storage.at_once = False
        self.operator.send("/kick bob too loud")
        self.world.run()
        self.bob.send("hi", "/join red")
        self.world.run()
        self.world.storage.at_once = True
        self.world.storage.commit()
        self.world.run()
        self.assertEqual(self.bob.frames, [WORDS])
        self.assertEqual(list(self.world.exchange.channels), [1])
        self.assert_over("close")

    def test_a_reader_that_does_not_read(self) -> None:
        """It is aborted after its time, with the word unsent."""
        self.block()
        self.kick()
        self.assertEqual(self.bob.frames, ["op: hi"])
        self.world.clock.advance(LAST_WORDS - 0.01)
        self.assertEqual(self.bob.shell.calls, [])
        self.world.clock.advance(0.02)
        self.assertEqual(self.bob.shell.calls, ["abort"])
        self.assert_over("abort")
        self.assertEqual(self.bob.frames, ["op: hi"])

    def test_a_reader_that_reads_on_in_time(self) -> None:
        """It gets the word, without what it has missed, and is not aborted."""
        self.block()
        self.operator.send("missed")
        self.kick()
        self.bob.pipe.blocking = lambda: False
        self.bob.pipe.drain()
        self.assertEqual(self.bob.frames, ["op: hi", WORDS])
        self.assert_over("close")

    def test_a_reader_that_takes_the_word_but_does_not_end(self) -> None:
        """While its last words are unsent it has the rest of its time, and no more."""
        self.bob.pipe.blocking = lambda: True
        self.kick()
        self.assertEqual((self.bob.frames, self.bob.shell.calls), ([WORDS], []))
        self.assert_over("abort")

    def test_one_that_is_gone_first(self) -> None:
        """It is not aborted when it has closed by itself."""
        self.block()
        self.kick()
        self.bob.lose()
        self.assert_over()

    def test_while_a_list_is_read(self) -> None:
        """What comes of the store then is let go."""
        self.world.storage.reads_at_once = False
        self.bob.send("hi", "/history", "/status")
        self.world.run()
        self.bob.clear()
        self.kick()
        self.world.storage.answer()
        self.world.run()
        self.assertEqual(self.bob.frames, [WORDS])
        self.assert_over("close")

    def test_while_it_is_throttled(self) -> None:
        """What waits for its turn is never taken, and its timer does no harm."""
        dialect = self.world.dialect
        settings = LinkSettings(dialect, MAX_FRAME, RateLimit(4.0, 2))
        self.bob.lose()
        self.bob = self.world.join(settings=settings)
        self.bob.send("/nick bob", "a", "b", "c")
        self.world.run()
        self.bob.clear()
        self.kick()
        self.assertEqual(self.bob.frames, [WORDS])
        self.world.clock.advance(2)
        self.world.run()
        self.assertEqual(self.world.exchange.channels[1].last, 1)
        self.assert_over("close")

    def test_when_nothing_can_be_stored(self) -> None:
        """Who is thrown out is gone; what it had sent in that group is not done."""
        self.world.storage.at_once = False
        self.bob.send("hi")
        self.operator.send("/kick bob too loud")
        self.world.run()
        self.world.storage.fail()
        self.world.run()
        self.assertEqual(self.bob.frames, ["! not stored: disk full", WORDS])
        said = ["~* bob left", "* bob (s2) is disconnected"]
        self.assertEqual(self.operator.frames, said)
        self.world.storage.at_once = True
        self.world.clock.advance(1)
        self.world.run()
        self.assertEqual(self.world.storage.batches[-1].closed[0].nick, "bob")
        self.assert_over("close")

    def test_when_the_server_stops(self) -> None:
        """It is told no second thing."""
        self.block()
        self.kick()
        for link in list(self.world.exchange.links.values()):
            link.stop()
        self.assertEqual(self.operator.frames[-1], "* server is stopping")
        self.assertEqual(self.bob.frames, ["op: hi"])
        self.assert_over("abort")

    def block(self) -> None:
        """Let bob read no more, with something unsent."""
        self.bob.pipe.blocking = lambda: True
        self.operator.send("hi")
        self.world.run()
        self.operator.clear()


class KickedConnectionTests(ProtocolTestCase):
    """What the connection of such a one comes to."""

    def setUp(self) -> None:
        super().setUp()
        self.operator = self.world.join(settings=self.world.of_operators)
        self.protocol, self.transport = self.on_socket()
        self.world.clock.advance(QUIET)
        self.world.run()
        self.transport.read()

    def kick(self) -> None:
        """Throw it out."""
        self.operator.send("/close s2")
        self.world.run()

    def end(self) -> None:
        """Lose the connection, and the operator's; nothing is due then."""
        self.operator.lose()
        self.lose(self.protocol)
        self.assertEqual(self.factory.places.connections, set())

    def test_it_closes_as_any_other(self) -> None:
        """Our end is sent behind the word, then we wait for the peer's; its place is
        free, and it is not aborted."""
        self.kick()
        words = WORDS.split(":")[0].encode() + b"\0"
        self.assertEqual(self.transport.read(), words)
        calls = ["loseWriteConnection", "resumeProducing"]
        self.assertEqual(self.transport.calls, calls)
        self.assertEqual(self.factory.places.connections, set())
        self.world.clock.advance(LINGER)
        self.world.clock.advance(2 * LAST_WORDS)
        self.assertEqual(self.transport.calls, [*calls, "loseConnection"])
        self.end()

    def test_a_socket_that_is_full(self) -> None:
        """It is aborted after its time, and has its place until it is gone."""
        while not self.transport.buffer:
            self.operator.send(*["x" * 4_000] * 50)
            self.world.run()
        self.kick()
        self.world.clock.advance(LAST_WORDS - 0.01)
        self.assertNotIn("abortConnection", self.transport.calls)
        self.assertEqual(self.factory.places.connections, {self.protocol})
        self.world.clock.advance(0.02)
        self.assertEqual(self.transport.calls, ["abortConnection"])
        self.protocol.dataReceived(b"hi\0")
        self.end()
        self.assertEqual(self.transport.calls, ["abortConnection"])
