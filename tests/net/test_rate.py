"""How fast a connection may send."""

from __future__ import annotations

from ecochat.core.items import Kicked, Reply
from ecochat.net import silence
from ecochat.net.bucket import CALM, RateLimit
from ecochat.net.intake import BAD_FRAMES
from ecochat.net.link import IN_FLIGHT
from tests.net import fakes
from tests.net.fakes import MAX_FRAME, Connection, World
from tests.net.test_link import WELCOME, LinkTestCase

RATE = 4.0
BURST = 3
TOKEN = 1 / RATE
QUIET = 0.25
NOTICE = (
    "* more than 4 frames a second: what you send beyond that waits for its turn,"
    " nothing is lost"
)


class RateTestCase(LinkTestCase):
    """Four frames a second, three at once."""

    def setUp(self) -> None:
        super().setUp()
        for module in (silence, fakes):  # so that all times are whole in binary
            self.patch(module, "QUIET", QUIET)
        self.settings(RateLimit(RATE, BURST))

    def settings(self, limit: RateLimit | None) -> None:
        """Limit connections to come."""
        self.world.settings = type(self.world.settings)(
            self.world.dialect, MAX_FRAME, limit
        )

    def pass_time(self, seconds: float) -> None:
        """Let time pass in small steps, and everything happen in them."""
        while seconds > 0:
            self.world.clock.advance(min(seconds, TOKEN / 2))
            self.world.run()
            seconds -= TOKEN / 2

    def held_back(self) -> Connection:
        """Return a connection that has sent nine frames at once, of which the burst is
        taken."""
        one = self.world.join()
        one.send(*["x"] * 9)
        self.world.run()
        return one

    def said(self, connection: Connection) -> list[str]:
        """Return what it was told since the last time, and forget it."""
        frames = connection.frames
        connection.clear()
        return frames


class RateTests(RateTestCase):
    """Over the rate frames wait, and nothing is lost."""

    def test_messages_that_are_taken_together(self) -> None:
        """Each takes a token of its own."""
        one = self.world.join()
        self.said(one)
        one.send(*[f"message number {n}" for n in range(1, 9)])
        self.world.run()
        self.assertEqual(self.said(one), [*acks(1, 3), NOTICE])
        self.pass_time(2 * TOKEN)
        self.assertEqual(self.said(one), acks(4, 5))
        self.pass_time(3 * TOKEN)
        self.assertEqual(self.said(one), acks(6, 8))

    def test_in_order_and_in_time(self) -> None:
        """The burst is taken at once, then a frame for each token, as they were sent;
        meanwhile nothing is read."""
        one, two = self.world.join(), self.world.join()
        self.said(one)
        one.send(*[f"m{n}" for n in range(1, 8)])
        self.world.run()
        self.assertEqual(self.said(one), [*acks(1, 3), NOTICE])
        self.assertTrue(one.shell.paused)
        self.pass_time(TOKEN / 2)
        self.assertEqual(self.said(one), [])
        for n in range(4, 8):
            self.assertTrue(one.shell.paused)
            self.pass_time(TOKEN if n > 4 else TOKEN / 2)
            self.assertEqual(self.said(one), acks(n, n))
        self.assertFalse(one.shell.paused)
        self.assertEqual(two.frames, [f"guest-1: m{n}" for n in range(1, 8)])
        two.lose()
        self.assert_gone(one)

    def test_what_comes_while_it_waits(self) -> None:
        """What was read before the pause follows behind; only one timer runs."""
        one = self.world.join()
        one.send("m1", "m2", "m3", "m4")
        for n in (5, 6):
            one.send(f"m{n}")
            self.world.run()
        self.assertEqual(len(self.world.timers), 1)
        self.assertEqual(self.said(one), [*acks(1, 3), NOTICE])
        self.pass_time(3 * TOKEN)
        self.assertEqual(self.said(one), acks(4, 6))
        self.assert_gone(one)

    def test_at_the_rate(self) -> None:
        """Nobody waits who keeps to it, for ever."""
        one = self.world.join()
        for n in range(1, 50):
            one.send(f"m{n}")
            self.world.run()
            self.assertEqual(self.said(one), acks(n, n))
            self.assertFalse(one.shell.paused)
            self.pass_time(TOKEN)

    def test_each_has_its_own(self) -> None:
        """What one sends is no other's."""
        one, two = self.world.join(), self.world.join()
        one.send(*["x"] * 9)
        two.send("y")
        self.world.run()
        self.assertIn("+ lobby 4", two.frames)

    def test_every_frame_counts(self) -> None:
        """Bad ones, blank ones, questions, attempts at a password."""
        one = self.world.join()
        for data in (b"\xff\0", b" \0", b"/clients\0"):
            with self.subTest(data):
                self.pass_time(CALM + TOKEN)
                self.said(one)
                one.receive(data * BURST + b"/topic\0")
                self.world.run()
                self.assertEqual(self.said(one)[-1], NOTICE)
                self.pass_time(TOKEN)
                self.assertEqual(self.said(one), ["* lobby: there is no topic"])

    def test_too_many_bad_frames(self) -> None:
        """They close the connection when their turn has come."""
        one = self.world.join()
        one.receive(b"\xff\0" * BAD_FRAMES)
        self.pass_time((BAD_FRAMES - BURST - 1) * TOKEN)
        self.assertNotIn("close", one.shell.calls)
        self.pass_time(TOKEN)
        self.assertEqual(one.shell.calls[-1], "close")
        self.assert_gone(one)

    def test_a_part_of_a_frame(self) -> None:
        """It needs no token before its end has come."""
        one = self.world.join()
        one.send(*["x"] * BURST)
        self.world.run()
        self.assertEqual(self.said(one), acks(1, 3))
        one.receive(b"th")
        self.pass_time(TOKEN)
        one.receive(b"ere\0")
        self.world.run()
        self.assertEqual(one.frames[-1], "+ lobby 4")

    def test_a_list(self) -> None:
        """It is sent whole; what follows it waits for its token too."""
        self.world.storage.reads_at_once = False
        one = self.world.join()
        one.send("a", "b", "/history", "c")
        self.world.run()
        self.pass_time(2 * TOKEN)
        self.assertEqual(self.said(one), acks(1, 2))
        self.world.storage.answer()
        self.world.run()
        self.assertEqual(self.said(one)[2:], ["* end lobby 2", *acks(3, 3)])

    def test_no_limit(self) -> None:
        """Then nothing waits, no timer is set, and no clock is read for it."""
        self.settings(None)
        one = self.world.join()
        self.patch(self.world.exchange, "now", lambda: 0.0)
        one.send(*["x"] * (IN_FLIGHT - 1))
        self.assertEqual(len(self.world.timers), 1)  # the turn
        self.world.run()
        self.assertEqual(one.frames, acks(1, IN_FLIGHT - 1))
        self.assertEqual(self.world.timers, [])


class NoticeTests(RateTestCase):
    """It is told once, and again when it has been quiet for a while."""

    def test_once_an_episode(self) -> None:
        """However long it goes on to send too fast."""
        one = self.world.join()
        for _ in range(5):
            one.send(*["x"] * 4)
            self.pass_time(2 * TOKEN)
        self.pass_time(20 * TOKEN)
        self.assertEqual(self.said(one).count(NOTICE), 1)

    def test_again_when_it_was_calm(self) -> None:
        """For a minute: and not before, however many tokens there were."""
        one = self.world.join()
        for calm, notices in ((0.0, 1), (CALM - 1, 0), (CALM + 1, 1)):
            self.pass_time(calm)
            one.send(*["x"] * (BURST + 1))
            self.world.run()
            self.assertEqual(self.said(one).count(NOTICE), notices, calm)

    def test_once_where_no_burst_is_allowed(self) -> None:
        """Though each frame finds all tokens there, one."""
        self.settings(RateLimit(RATE, 1))
        one = self.world.join()
        one.send(*["x"] * 9)
        self.pass_time(12 * TOKEN)
        self.assertEqual(self.said(one).count(NOTICE), 1)

    def test_in_its_place(self) -> None:
        """Behind the answers to what was taken before."""
        one = self.world.connect()
        one.send("a", "/topic", "b", "c")
        self.world.run()
        wanted = [WELCOME, "+ lobby 1", "* lobby: there is no topic", "+ lobby 2"]
        self.assertEqual(one.frames, [*wanted, NOTICE])

    def test_the_rate_is_told_shortly(self) -> None:
        """Three digits of it, and whole numbers as people write them."""
        for rate, told in (
            (5 / 3, "1.67 frames"),
            (1, "1 frame"),
            (2500.0, "2500 frames"),
        ):
            self.settings(RateLimit(rate, 1))
            one = self.world.join()
            one.send("a", "b")
            self.world.run()
            self.assertIn(f"* more than {told} a second:", one.frames[-1])


class EndTests(RateTestCase):
    """However a connection ends, what it has sent is served and no timer is left."""

    def test_quit(self) -> None:
        """It waits for its turn like all else."""
        one = self.world.join()
        one.send("a", "b", "c", "d", "/quit", "e")
        self.pass_time(TOKEN)
        self.assertEqual(self.said(one), [*acks(1, 3), NOTICE, *acks(4, 4)])
        self.assertNotIn("close", one.shell.calls)
        self.pass_time(TOKEN)
        self.assertEqual(one.shell.calls[-1], "close")
        self.pass_time(9 * TOKEN)
        self.assertEqual(self.world.exchange.channels[1].last, 4)
        self.assert_gone(one)

    def test_the_end_of_input(self) -> None:
        """All that was sent before it is answered, in time; then it closes."""
        one = self.world.connect()
        one.receive(b"m\0" * 9 + b"no end")
        one.end_input()
        self.pass_time(6 * TOKEN)
        self.assertNotIn("close", one.shell.calls)  # for the rest has its turn too
        self.pass_time(TOKEN)
        wanted = [WELCOME, *acks(1, 3), NOTICE, *acks(4, 9)]
        self.assertEqual(one.frames[:-1], wanted)
        self.assertEqual(one.frames[-1], "! frame without its null byte, ignored")
        self.assertEqual(one.shell.calls[-1], "close")
        self.assert_gone(one)

    def test_lost(self) -> None:
        """What it has sent whole is stored all the same, and no sooner: to break the
        connection off is no way around the rate. Until then it counts as a client."""
        one = self.world.join()
        one.send(*["x"] * 9)
        one.receive(b"no end")
        self.world.run()
        one.lose()
        log = self.world.exchange.channels[1]
        for taken in (BURST, BURST + 1, BURST + 2):
            self.world.run()
            self.assertEqual(log.last, taken)
            self.assertNotIn("gone", one.shell.calls)
            self.pass_time(TOKEN)
        self.pass_time(9 * TOKEN)
        self.assertEqual(log.last, 9)
        self.assertEqual(one.shell.calls[-1], "gone")
        self.assertEqual(self.world.timers, [])
        self.assert_gone(one)

    def test_lost_with_nothing_unread(self) -> None:
        """Then it is gone at once, without a limit too."""
        for limit in (RateLimit(RATE, BURST), None):
            self.settings(limit)
            one = self.world.join()
            one.send("a", "b")
            self.world.run()
            one.lose()
            self.world.run()
            self.assertEqual(one.shell.calls[-1], "gone")
            self.assert_gone(one)

    def test_lost_and_then_stopped(self) -> None:
        """The server's end does not wait for what is unread."""
        one = self.held_back()
        one.lose()
        self.world.run()
        one.link.stop()
        self.world.run()
        self.assertEqual(one.shell.calls[-1], "gone")
        self.assertEqual(self.world.timers, [])
        self.assertEqual(self.world.exchange.channels[1].last, BURST)
        self.assert_gone(one)

    def test_lost_and_then_thrown_out(self) -> None:
        """What is unread is not said any more."""
        one = self.held_back()
        one.lose()
        self.world.run()
        one.link.told(Reply(1, 1, Kicked("kicked", "out"), is_answer=False))
        self.pass_time(9 * TOKEN)
        self.assertEqual(self.world.exchange.channels[1].last, BURST)
        self.assertEqual(one.shell.calls[-1], "gone")
        self.assertEqual(self.world.timers, [])

    def test_stopped(self) -> None:
        """The server's end does not wait for it."""
        one = self.held_back()
        self.said(one)
        one.link.stop()
        self.assertEqual(one.frames, ["* server is stopping"])
        self.pass_time(9 * TOKEN)
        self.assertEqual(self.world.exchange.channels[1].last, BURST)
        self.assert_gone(one)

    def test_the_limit_of_another_world_is_not_shared(self) -> None:
        """Operators have none: their links are made without."""
        self.world.of_operators = World().of_operators
        one = self.world.join(settings=self.world.of_operators)
        one.send(*["x"] * 50)
        self.world.run()
        self.assertEqual(one.frames, acks(1, 50))

    def test_silence_begins_a_session_all_the_same(self) -> None:
        """That takes no token."""
        one = self.world.connect()
        self.pass_time(QUIET)
        one.send(*["x"] * BURST)
        self.world.run()
        self.assertEqual(one.frames, [WELCOME, *acks(1, BURST)])


def acks(first: int, last: int) -> list[str]:
    """Return what a session is told of its own messages of these numbers."""
    return [f"+ lobby {n}" for n in range(first, last + 1)]
