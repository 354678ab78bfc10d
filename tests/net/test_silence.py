"""Who has said nothing for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ecochat.net.silence import AT_ONCE, QUIET, Silence
from ecochat.net.timer import Timers

STEP = 0.125
"""Seconds; whole in binary."""


class FakeClock:
    """What an exchange has of a clock."""

    def __init__(self) -> None:
        self.clock = Clock()

    def now(self) -> float:
        """Return the present time."""
        seconds: float = self.clock.seconds()
        return seconds

    def later(self, seconds: float, call: Callable[[], None]) -> IDelayedCall:
        """Call something then."""
        delayed: IDelayedCall = self.clock.callLater(seconds, call)
        return delayed

    @property
    def due(self) -> int:
        """How many calls are due later."""
        return len(self.clock.getDelayedCalls())


class FakeLink:
    """One who may be silent.

    :param act: what it does when it is told so.
    """

    def __init__(self, act: Callable[[FakeLink], None] = lambda link: None) -> None:
        self.times = 0
        self.failed = 0
        self._act = act

    def quiet(self) -> None:
        """Count it."""
        self.times += 1
        self._act(self)

    def guarded(self, serve: Callable[..., None], *arguments: Any) -> None:
        """Call something, and count when it fails."""
        try:
            serve(*arguments)
        except ArithmeticError:
            self.failed += 1


class SilenceTests(SynchronousTestCase):
    """One call of the clock for all of them."""

    def setUp(self) -> None:
        self.clock = FakeClock()
        self.silence = Silence(self.clock)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.clock.advance(seconds)

    def test_each_has_its_own_time(self) -> None:
        """Each is told once, when it was silent for so long, by one timer."""
        links = [FakeLink() for _ in range(3)]
        for link in links:
            self.silence.begin(link)
            self.advance(STEP)
        self.assertEqual(self.clock.due, 1)
        self.advance(QUIET - 3 * STEP)
        told = []
        for _ in range(4):
            told.append([link.times for link in links])
            self.advance(STEP)
        self.assertEqual(told, [[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 1, 1]])
        self.assertEqual(self.clock.due, 0)

    def test_put_off(self) -> None:
        """Who is heard is counted anew; who is not counted, is not."""
        one, other, stranger = FakeLink(), FakeLink(), FakeLink()
        self.silence.begin(one)
        self.silence.begin(other)
        self.advance(QUIET - STEP)
        self.silence.put_off(one)
        self.silence.put_off(stranger)
        self.advance(STEP)
        self.assertEqual((one.times, other.times), (0, 1))
        self.advance(QUIET - STEP)
        self.assertEqual((one.times, stranger.times), (1, 0))
        self.assertEqual(self.clock.due, 0)

    def test_heard_while_the_server_was_held_up(self) -> None:
        """What has come by then is looked at first, whenever that is."""
        late, silent = FakeLink(), FakeLink()
        self.silence.begin(late)
        self.silence.begin(silent)
        self.clock.later(QUIET, lambda: self.silence.put_off(late))
        self.advance(QUIET)
        self.assertEqual((late.times, silent.times), (0, 1))
        self.advance(QUIET)
        self.assertEqual((late.times, silent.times), (1, 1))

    def test_the_last_one_ends(self) -> None:
        """Then no timer is left, nor when someone ends who was not counted."""
        one, other = FakeLink(), FakeLink()
        self.silence.begin(one)
        self.silence.begin(other)
        self.silence.end(one)
        self.assertEqual(self.clock.due, 1)
        self.silence.end(other)
        self.silence.end(other)
        self.assertEqual(self.clock.due, 0)
        self.advance(2 * QUIET)
        self.assertEqual((one.times, other.times), (0, 0))

    def test_beginning_anew_when_told(self) -> None:
        """It is told again, after the same time, and there is one timer."""
        links = [FakeLink(self.silence.begin) for _ in range(2)]
        for link in links:
            self.silence.begin(link)
        for times in (1, 2, 3):
            self.advance(QUIET)
            self.assertEqual([link.times for link in links], [times, times])
            self.assertEqual(self.clock.due, 1)

    def test_very_many(self) -> None:
        """So many are told in one turn; the others in another."""
        links = [FakeLink() for _ in range(AT_ONCE + 1)]
        for link in links:
            self.silence.begin(link)
        told = []

        def look() -> None:
            told.append(sum(link.times for link in links))
            if told[-1] <= AT_ONCE:
                self.clock.later(0, look)

        self.clock.later(QUIET, look)
        self.advance(QUIET)
        self.assertEqual([*dict.fromkeys(told)], [0, AT_ONCE, AT_ONCE + 1])

    def test_one_that_fails(self) -> None:
        """The others are told all the same."""

        def fail(link: FakeLink) -> None:
            raise ArithmeticError

        bad, good = FakeLink(fail), FakeLink()
        self.silence.begin(bad)
        self.silence.begin(good)
        self.advance(QUIET)
        self.assertEqual((bad.failed, good.times), (1, 1))


class TimersTests(SynchronousTestCase):
    """One thing for each."""

    def setUp(self) -> None:
        self.clock = FakeClock()
        self.timers = Timers(self.clock)
        self.calls: list[str] = []

    def test_another_takes_its_place(self) -> None:
        """What was due before is not called, but what is another's is."""
        one, other = FakeLink(), FakeLink()
        self.timers.set(one, 1, lambda: self.calls.append("first"))
        self.timers.set(one, 1, lambda: self.calls.append("second"))
        self.timers.set(other, 2, lambda: self.calls.append("other"))
        self.clock.clock.advance(1)
        self.assertEqual(self.calls, ["second"])
        self.assertFalse(self.timers.is_set(one))
        self.assertTrue(self.timers.is_set(other))
        self.clock.clock.advance(1)
        self.assertEqual(self.calls, ["second", "other"])

    def test_cancelled(self) -> None:
        """It is not called, and nothing is left."""
        one = FakeLink()
        self.timers.set(one, 1, lambda: self.calls.append("never"))
        self.timers.cancel(one)
        self.timers.cancel(one)
        self.assertEqual(self.clock.due, 0)
        self.clock.clock.advance(1)
        self.assertEqual((self.calls, self.timers.is_set(one)), ([], False))

    def test_setting_it_again_when_called(self) -> None:
        """What is called may set the next, and its failing is its owner's."""
        one = FakeLink()

        def again() -> None:
            self.timers.set(one, 1, again)
            raise ArithmeticError

        self.timers.set(one, 1, again)
        self.clock.clock.advance(1)
        self.clock.clock.advance(1)
        self.assertEqual((one.failed, self.clock.due), (2, 1))
