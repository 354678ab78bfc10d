"""A connection's way in."""

from __future__ import annotations

from typing import Any

from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import limits, rules
from ecochat.core.requests import GetTopic, Open, Request
from ecochat.dialects.plain_parser import PlainParser
from ecochat.net import exchange
from ecochat.net.intake import BAD_FRAMES
from ecochat.net.link import IN_FLIGHT, RETRY
from ecochat.net.silence import QUIET
from tests.net.fakes import Connection, MarkedDialect, World
from tests.support.snapshot import snapshot

WELCOME = (
    "* Welcome to test. You are guest-1 in lobby alone."
    " /nick NAME to choose a name, /help for the rest."
)
NO_NULL = "! frame without its null byte, ignored"
REFUSED = "! not stored: disk full"
WAITS = REFUSED + "; your session begins as soon as it can be stored"


class LinkTestCase(SynchronousTestCase):
    """A world, in which nothing is left over at the end."""

    def setUp(self) -> None:
        self.world = World()

    def sessions(self) -> Any:
        """Return the sessions that the hub knows."""
        return snapshot(self.world.exchange._hub)["sessions"]

    def assert_gone(self, connection: Connection) -> None:
        """Lose a connection; nothing is left of it, no timer either."""
        connection.lose()
        self.world.run()
        self.world.clock.advance(5)
        self.world.run()
        self.assertEqual(self.sessions(), [])
        self.assertEqual(self.world.exchange.sessions, {})
        self.assertEqual(self.world.exchange.links, {})
        self.assertEqual(self.world.timers, [])


class BeginTests(LinkTestCase):
    """When a session begins."""

    def test_with_silence(self) -> None:
        """After 0.3 s without a frame, not before."""
        one = self.world.connect()
        self.world.clock.advance(QUIET - 0.01)
        self.world.run()
        self.assertEqual((one.frames, one.link.session), ([], 0))
        self.world.clock.advance(0.01)
        self.world.run()
        self.assertEqual((one.frames, one.link.session), ([WELCOME], 1))
        self.assert_gone(one)

    def test_with_the_first_frame(self) -> None:
        """At once, and silence then begins no second one."""
        one = self.world.connect()
        one.send("hi")
        self.world.run()
        self.world.clock.advance(1)
        self.world.run()
        self.assertEqual(one.frames, [WELCOME, "+ lobby 1"])
        self.assert_gone(one)

    def test_bytes_of_a_frame_are_no_silence(self) -> None:
        """Silence is counted from the last byte."""
        one = self.world.connect()
        for byte in (b"h", b"i"):
            self.world.clock.advance(QUIET - 0.1)
            one.receive(byte)
        self.world.clock.advance(QUIET - 0.1)
        self.world.run()
        self.assertEqual(one.frames, [])
        one.receive(b"\0")
        self.world.run()
        self.assertEqual(one.frames, [WELCOME, "+ lobby 1"])
        self.assert_gone(one)

    def test_lost_before(self) -> None:
        """A connection that never had a session leaves nothing, and stores nothing."""
        self.assert_gone(self.world.connect())
        self.assertEqual(self.world.storage.batches, [])

    def test_lost_while_it_begins(self) -> None:
        """It begins, and ends."""
        one = self.world.connect()
        one.send(" ")
        self.assert_gone(one)
        stored = self.world.storage.batches
        self.assertEqual([(len(b.opened), len(b.closed)) for b in stored], [(1, 1)])

    def test_refused(self) -> None:
        """One that could not be stored is tried again by itself."""
        self.world.storage.at_once = False
        one = self.world.connect()
        self.world.clock.advance(QUIET)
        self.world.run()
        self.world.storage.fail()
        self.world.run()
        self.assertEqual(one.frames, [WAITS])
        self.world.storage.at_once = True
        self.world.clock.advance(RETRY - 0.01)
        self.assertEqual(one.frames, [WAITS])
        self.world.clock.advance(0.01)
        self.world.run()
        self.assertEqual(one.frames, [WAITS, WELCOME])
        self.assert_gone(one)

    def test_refused_and_a_frame(self) -> None:
        """The next frame tries too, and there is one session then."""
        self.world.storage.at_once = False
        one = self.world.connect()
        one.send("lost")
        self.world.run()
        self.world.storage.fail()
        self.world.storage.at_once = True
        one.send("hi")
        self.world.run()
        self.world.clock.advance(RETRY)
        self.world.run()
        self.assertEqual(one.frames, [WAITS, REFUSED, WELCOME, "+ lobby 1"])
        self.assert_gone(one)

    def test_an_earlier_refusal_is_not_taken_for_that_of_the_beginning(self) -> None:
        """A connection has one session, whatever is refused around its beginning."""
        other = self.world.join()
        self.world.storage.at_once = False
        one = self.world.connect()
        self.world.clock.advance(QUIET)
        self.world.run()
        one.send("waits")
        other.send("keeps the store at work")
        self.world.storage.fail()
        self.world.run()  # the group of "waits" is on its way to the store
        one.send("begins it")
        self.world.storage.commit()  # "waits" is refused now, its session is not open
        one.send("and not twice")
        self.world.storage.at_once = True
        self.world.run()
        while self.world.storage.appends:
            self.world.storage.commit()
            self.world.run()
        self.assertEqual(len(self.sessions()), 2)
        other.lose()
        self.assert_gone(one)

    def test_refused_when_it_is_gone(self) -> None:
        """Then it is not tried again, and nothing is left."""
        self.world.storage.at_once = False
        one = self.world.connect()
        one.send("hi")
        self.world.run()
        one.lose()
        self.world.storage.fail()
        self.world.run()
        self.assertEqual(self.world.storage.appends, [])
        self.assert_gone(one)
        self.assertEqual(self.world.storage.batches, [])

    def test_refused_and_the_end_of_input(self) -> None:
        """What was refused is told before the link closes."""
        self.world.storage.at_once = False
        one = self.world.connect()
        one.send("hi")
        self.world.run()
        one.send("ho")
        self.world.storage.fail()
        one.end_input()
        self.world.run()
        while self.world.storage.appends:
            self.world.storage.commit()
            self.world.run()
        self.assertEqual(one.frames, [WAITS, REFUSED, REFUSED])
        self.assertEqual(one.shell.calls, ["close"])
        self.assert_gone(one)


class BadFrameTests(LinkTestCase):
    """What cannot be read is answered in its place."""

    def test_in_its_place(self) -> None:
        """Between the answers to what came before it and behind it."""
        one = self.world.join()
        one.receive(b"a\0\xff\0b\0" + b"x" * 65_537 + b"\0/topic\0")
        self.world.run()
        self.assertEqual(
            one.frames,
            [
                "+ lobby 1",
                "! not UTF-8, ignored",
                "+ lobby 2",
                "! frame longer than 65536 bytes, ignored",
                "* lobby: there is no topic",
            ],
        )

    def test_white_space_asks_nothing(self) -> None:
        """It is ignored, but begins the session."""
        one = self.world.connect()
        one.send("", " \n")
        self.world.run()
        self.assertEqual(one.frames, [WELCOME])

    def test_a_hundred_in_a_row(self) -> None:
        """They close the connection; a good one between begins the count anew."""
        one = self.world.join()
        for _ in range(2):
            one.receive(b"\xff\0" * (BAD_FRAMES - 1))
            one.send("good")
            self.world.run()
        one.clear()
        one.receive(b"\xff\0" * BAD_FRAMES + b"not read\0")
        self.world.run()
        self.assertEqual(one.frames[:-1], ["! not UTF-8, ignored"] * BAD_FRAMES)
        self.assertEqual(one.frames[-1], "! 100 bad frames in a row, closing")
        self.assertEqual(one.shell.calls[-1], "close")
        self.assert_gone(one)

    def test_what_follows_the_end_is_not_read(self) -> None:
        """After /quit nothing is taken."""
        one = self.world.join()
        one.send("/quit", "more")
        one.send("and more")
        self.world.run()
        self.assertEqual(one.frames, [])
        self.assertEqual(self.world.exchange.channels[1].last, 0)
        self.assert_gone(one)


class EndOfInputTests(LinkTestCase):
    """What is owed is written, then the link closes."""

    def test_before_a_session(self) -> None:
        """Nothing is owed, and no session was."""
        one = self.world.connect()
        one.end_input()
        self.assertEqual((one.frames, one.shell.calls), ([], ["close"]))
        self.assert_gone(one)
        self.assertEqual(self.world.storage.batches, [])

    def test_bytes_without_their_null_before_a_session(self) -> None:
        """They are answered with an error, and begin no session."""
        one = self.world.connect()
        one.receive(b"hi")
        one.end_input()
        self.assertEqual((one.frames, one.shell.calls), ([NO_NULL], ["close"]))
        self.assert_gone(one)

    def test_bytes_without_their_null_in_a_session(self) -> None:
        """They are answered behind all else."""
        one = self.world.connect()
        one.receive(b"a\0b\0c")
        one.end_input()
        self.world.run()
        self.assertEqual(one.frames, [WELCOME, "+ lobby 1", "+ lobby 2", NO_NULL])
        self.assertEqual(one.shell.calls, ["close"])
        self.assert_gone(one)

    def test_more_than_may_be_in_flight(self) -> None:
        """All that was sent is taken and answered first."""
        one = self.world.connect()
        one.send(*["x"] * (3 * IN_FLIGHT))
        one.end_input()
        self.world.run()
        wanted = [f"+ lobby {n + 1}" for n in range(3 * IN_FLIGHT)]
        self.assertEqual(one.frames, [WELCOME, *wanted])
        self.assertEqual(one.shell.calls[-1], "close")

    def test_a_list_in_several_pages(self) -> None:
        """It is sent to its end."""
        self.patch(limits, "WHO_PAGE", 2)
        for _ in range(4):
            self.world.join()
        one = self.world.connect()
        one.send("/who")
        one.end_input()
        self.world.run()
        self.assertEqual(one.frames[-1], "* end lobby 5")
        self.assertEqual(len(one.frames), 7)
        self.assertEqual(one.shell.calls[-1], "close")

    def test_a_listing_of_the_log(self) -> None:
        """It is sent to its end."""
        one = self.world.connect()
        one.send("a", "/history")
        one.end_input()
        self.world.run()
        self.assertEqual(one.frames[-1], "* end lobby 1")
        self.assertEqual(len(one.frames), 4)
        self.assertEqual(one.shell.calls[-1], "close")

    def test_while_output_is_unsent(self) -> None:
        """The link closes when all of it has left."""
        one = self.world.join()
        one.pipe.blocking = lambda: True
        one.send("a")
        self.world.run()
        one.pipe.blocking = lambda: False
        one.end_input()
        self.world.run()
        self.assertNotIn("close", one.shell.calls)
        one.pipe.drain()
        self.assertEqual(one.shell.calls[-1], "close")
        self.assert_gone(one)


class LostTests(LinkTestCase):
    """The connection is gone."""

    def test_what_was_sent_whole_is_stored(self) -> None:
        """Even what was waiting here, up to a /quit."""
        one = self.world.join()
        one.send("/history", *["x"] * 300, "/quit", "y")
        one.lose("no more")
        self.world.run()
        self.assertEqual(self.world.exchange.channels[1].last, 300)
        self.assertEqual(self.world.storage.batches[-1].closed[0].nick, "guest-1")
        self.assert_gone(one)

    def test_the_reason_is_kept_for_the_log(self) -> None:
        """It says why the connection ended."""
        one = self.world.join()
        one.lose("connection reset")
        self.world.run()
        closed = self.world.storage.batches[-1].closed
        self.assertEqual([c.reason for c in closed], ["connection reset"])

    def test_nothing_is_written_any_more(self) -> None:
        """Not even what was owed."""
        one, two = self.world.join(), self.world.join()
        one.clear()
        one.send("a")
        one.lose()
        self.world.run()
        self.assertEqual(one.frames, [])
        self.assertEqual(two.frames, ["guest-1: a", "~* guest-1 left"])

    def test_a_frame_that_breaks_its_dialect(self) -> None:
        """The session ends all the same."""

        class BreakingParser(PlainParser):
            def request(self, frame: str) -> Request | None:
                if frame == "break":
                    raise RuntimeError("broken")
                return super().request(frame)

        class Breaking(MarkedDialect):
            def parser(self) -> PlainParser:
                return BreakingParser()

        self.world.settings = type(self.world.settings)(Breaking("test"), 100)
        one = self.world.join()
        one.send("break", "break", "more")
        self.assertEqual(one.shell.calls, ["abort"])
        self.assert_gone(one)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 2)


SLOW = "*"
"""A message that does not begin as most do, and so is looked at by itself."""


class FlowTests(LinkTestCase):
    """Frames are taken no faster than they are served."""

    def test_in_flight(self) -> None:
        """So many wait for their answer at most; the rest waits, and is not lost."""
        one = self.world.join()
        self.world.storage.at_once = False
        for number, text in enumerate(("x", SLOW), 1):
            one.send(*[text] * (2 * IN_FLIGHT + 1))
            self.assertTrue(one.shell.paused)
            self.world.run()
            for count in (IN_FLIGHT, IN_FLIGHT, 1):
                self.assertEqual(len(self.world.storage.appends[0][0].events), count)
                self.world.storage.commit()
                self.world.run()
            self.assertFalse(one.shell.paused)
            last = f"+ lobby {number * (2 * IN_FLIGHT + 1)}"
            self.assertEqual(one.frames[-1], last)

    def test_a_read_full_of_messages(self) -> None:
        """They are one proposal, each with its own answer; what is between them is in
        its place."""
        one = self.world.join()
        one.send("first")
        one.clear()
        one.send("a", "b", "/no", "c", SLOW, "d", "/me nods")
        self.assertEqual(len(self.world.exchange._hub._waiting), 7)
        self.assertEqual(self.world.exchange._hub.waiting, 8)
        self.world.run()
        numbers = [f"+ lobby {n}" for n in range(1, 8)]
        self.assertRegex(one.frames[3], "^! unknown command /no")
        self.assertEqual(one.frames[:3] + one.frames[4:], numbers)

    def test_messages_that_are_refused_among_others(self) -> None:
        """Each has its own answer; the store failing refuses each."""
        one = self.world.join()
        one.send("first")
        self.world.run()
        one.clear()
        most = limits.Limits().message
        one.send("a", "y" * (most + 1), "b")
        self.world.run()
        self.assertEqual(
            one.frames,
            [
                "+ lobby 2",
                f"! message longer than {most} characters, not sent",
                "+ lobby 3",
            ],
        )
        one.clear()
        self.world.storage.at_once = False
        one.send("c", "d")
        self.world.run()
        self.world.storage.fail()
        self.world.run()
        self.assertEqual(one.frames, [REFUSED] * 2)

    def test_unsent_output(self) -> None:
        """While there is some, nothing is read or taken."""
        one, two = self.world.join(), self.world.join()
        one.pipe.blocking = lambda: True
        two.send("hello")
        self.world.run()
        one.send("a", "b")
        self.assertTrue(one.shell.paused)
        self.world.run()
        self.assertEqual(self.world.exchange.channels[1].last, 1)
        one.pipe.blocking = lambda: False
        one.pipe.drain()
        self.world.run()
        self.assertFalse(one.shell.paused)
        self.assertEqual(self.world.exchange.channels[1].last, 3)

    def test_a_listing_holds_back_what_follows(self) -> None:
        """The next frame is taken when the list has been sent."""
        self.world.storage.reads_at_once = False
        one = self.world.join()
        one.send("a", "/history", "b")
        self.world.run()
        self.assertEqual(one.frames, ["+ lobby 1"])
        self.assertTrue(one.shell.paused)
        self.assertEqual(self.world.exchange.channels[1].last, 1)
        self.world.storage.answer()
        self.world.run()
        self.assertEqual(one.frames[2:], ["* end lobby 1", "+ lobby 2"])
        self.assertFalse(one.shell.paused)

    def test_a_refused_list(self) -> None:
        """It holds back nothing when it has been answered."""
        one = self.world.join()
        one.send("/who nowhere", "b")
        self.world.run()
        self.assertEqual(
            one.frames,
            ["! there is no room nowhere, /join nowhere makes it", "+ lobby 1"],
        )

    def test_many_waiting_in_the_hub(self) -> None:
        """Then links stop, go on by themselves afterwards, and nothing is lost."""
        self.patch(exchange, "WAITING", 10)
        people = [self.world.join() for _ in range(4)]
        for one in people:
            one.clear()
        self.world.storage.at_once = False
        for one, text in zip(people, ("x", SLOW, "x", SLOW), strict=True):
            one.send(*[text] * 30)
        self.assertEqual(self.world.exchange._hub.waiting, 10)
        self.assertTrue(all(one.shell.paused for one in people))
        sizes = []
        self.world.run()
        while self.world.storage.appends:
            sizes.append(len(self.world.storage.appends[0][0].events))
            self.world.storage.commit()
            self.world.run()
        self.assertEqual((sum(sizes), max(sizes)), (120, 10))
        for one in people:
            self.assertFalse(one.shell.paused)
            own = [frame for frame in one.frames if frame.startswith("+")]
            self.assertEqual((len(own), len(one.frames)), (30, 120))

    def test_much_text_waiting_in_the_hub(self) -> None:
        """A few long messages stop links too; all are stored, in order."""
        self.patch(exchange, "WAITING_TEXT", 1_000)
        people = [self.world.join() for _ in range(2)]
        for one in people:
            one.send("first")
        self.world.run()
        for one in people:
            one.clear()
        self.world.storage.at_once = False
        texts = [f"{n} ".ljust(600, "x") for n in range(5)]
        for one in people:
            one.send(*texts)
        self.assertEqual(self.world.exchange._hub.waiting, 2)
        self.assertTrue(all(one.shell.paused for one in people))
        self.world.run()
        sizes = []
        while self.world.storage.appends:
            events = self.world.storage.appends[0][0].events
            sizes.append(len(events))
            self.world.storage.commit()
            self.world.run()
        self.assertEqual((sum(sizes), max(sizes)), (10, 2))
        for one, other in (people, people[::-1]):
            self.assertFalse(one.shell.paused)
            seen = [f.split(": ")[1] for f in other.frames if f.startswith("guest")]
            self.assertEqual(seen, texts)
            self.assertEqual(len(one.frames), 10)

    def test_any_long_frames_waiting_in_the_hub(self) -> None:
        """What a command holds counts too, also when it will be refused."""
        self.patch(exchange, "WAITING_TEXT", 1_000)
        one = self.world.join()
        one.clear()
        self.world.storage.at_once = False
        for line in ("/nick ", "/join ", "/topic "):
            one.send(*[line + "x" * 600] * 3)
        self.assertEqual(self.world.exchange._hub.waiting, 2)
        self.assertTrue(one.shell.paused)
        self.world.run()
        self.assertEqual(len(one.frames), 9)
        self.assertFalse(one.shell.paused)

    def test_a_stalled_link_that_is_lost(self) -> None:
        """What it sent is stored, and nobody asks for it later."""
        self.patch(exchange, "WAITING", 1)
        one = self.world.join()
        one.send("a", "b", "c")
        self.assert_gone(one)
        self.assertEqual(self.world.exchange.channels[1].last, 3)


class FailureTests(LinkTestCase):
    """A fault of ours ends one session only."""

    def test_a_fault_of_the_hub(self) -> None:
        """The session is told, the log has its number, the others go on."""

        def broken(*arguments: object) -> None:
            raise RuntimeError("a fault of the hub's")

        one, two = self.world.join(), self.world.join()
        one.clear()
        self.patch(rules, "_RULES", {**rules._RULES, GetTopic: broken})
        with capturedLogs() as logged:
            one.send("/topic", "/topic")
            self.world.run()
        said = "! the server failed at this, the connection is closed"
        self.assertEqual(one.frames[0], said)
        self.assertEqual(one.shell.calls[-1], "close")
        failed = [event for event in logged if "traceback" in event]
        self.assertEqual(failed[0]["session"], 1)
        self.assertIn("a fault of the hub's", failed[0]["traceback"])
        two.send("hi")
        self.world.run()
        self.assertEqual(two.frames, ["~* guest-1 left", "+ lobby 1"])
        two.lose()
        self.assert_gone(one)

    def test_a_fault_at_the_beginning(self) -> None:
        """It is not tried again, even when storing its end takes long."""

        def broken(*arguments: object) -> None:
            raise RuntimeError("a fault of the hub's")

        other = self.world.join()
        self.world.storage.at_once = False
        self.patch(rules, "_OF_NOBODY", {Open: broken})
        one = self.world.connect()
        one.send("hi")
        self.world.run()
        other.send("keeps the store at work")
        self.world.run()
        self.world.clock.advance(2 * RETRY)
        self.world.run()
        while self.world.storage.appends:
            self.world.storage.commit()
            self.world.run()
        self.assertEqual(one.shell.calls[-1], "close")
        other.lose()
        self.world.storage.at_once = True
        self.assert_gone(one)


class StopTests(LinkTestCase):
    """The server stops."""

    def test_in_a_session(self) -> None:
        """It is told, and ended."""
        one = self.world.join()
        one.link.stop()
        self.assertEqual(one.frames, ["* server is stopping"])
        self.assertEqual(one.shell.calls, ["close"])
        self.assert_gone(one)
        self.assertEqual(
            self.world.storage.batches[-1].closed[0].reason, "server stopped"
        )

    def test_before_a_session(self) -> None:
        """It is told; no session begins any more, whatever it had sent."""
        one = self.world.connect()
        one.link.stop()
        self.world.clock.advance(1)
        self.assertEqual(one.frames, ["* server is stopping"])
        self.assertEqual(one.shell.calls, ["close"])
        self.assert_gone(one)
        self.assertEqual(self.world.storage.batches, [])

    def test_before_a_session_with_frames_at_hand(self) -> None:
        """They are not proposed behind the end of everything."""
        self.patch(exchange, "WAITING", 0)
        one = self.world.connect()
        one.send("hi")
        one.link.stop()
        self.assert_gone(one)
        self.assertEqual(self.world.storage.batches, [])
