"""Having the search index follow the log."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from ecochat.net.following import RETRY, SHARE, SOON, Follower
from ecochat.store.port import StoreError


class FollowerTests(SynchronousTestCase):
    """An index whose steps the test ends."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.steps: list[Deferred[bool]] = []
        self.busy = False
        self.follower = Follower(self, self.clock, lambda: self.busy)

    def index(self) -> Deferred[bool]:
        """Begin a step."""
        self.steps.append(Deferred())
        return self.steps[-1]

    def end(self, has_more: bool) -> None:
        """End a step."""
        self.steps.pop().callback(has_more)

    def test_a_step(self) -> None:
        """It is taken soon after something was stored, however often that was."""
        for _ in range(3):
            self.follower.wake()
        self.assertEqual(self.steps, [])
        self.clock.advance(SOON)
        self.assertEqual(len(self.steps), 1)
        self.end(has_more=False)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_as_long_as_there_is_more(self) -> None:
        """One step after another, one at a time, and then none."""
        self.follower.wake()
        self.clock.advance(SOON)
        for _ in range(5):
            self.end(has_more=True)
            self.clock.advance(0)
            self.assertEqual(len(self.steps), 1)
        self.end(has_more=False)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_what_is_stored_during_a_step(self) -> None:
        """It is followed by another one."""
        self.follower.wake()
        self.clock.advance(SOON)
        self.follower.wake()
        self.end(has_more=False)
        self.clock.advance(0)
        self.assertEqual(len(self.steps), 1)

    def test_beside_groups_that_are_stored(self) -> None:
        """It takes its share of the time, and no more."""
        self.busy = True
        self.follower.wake()
        self.clock.advance(SOON)
        self.clock.advance(0.02)
        self.end(has_more=True)
        self.clock.advance(SHARE * 0.02 - 0.001)
        self.assertEqual(self.steps, [])
        self.clock.advance(0.002)
        self.assertEqual(len(self.steps), 1)

    def test_a_step_that_cannot_be_stored(self) -> None:
        """It is taken again later, and the log says so."""
        self.follower.wake()
        self.clock.advance(SOON)
        with capturedLogs() as logged:
            self.steps.pop().errback(StoreError("disk full"))
        said = [formatEvent(event) for event in logged]
        self.assertEqual(said, ["the search index has to wait: disk full"])
        self.follower.wake()
        self.clock.advance(RETRY)
        self.assertEqual(len(self.steps), 1)

    def test_a_fault(self) -> None:
        """It follows no more, and the log has why."""
        self.follower.wake()
        self.clock.advance(SOON)
        self.steps.pop().errback(ZeroDivisionError())
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.follower.wake()
        self.clock.advance(RETRY)
        self.assertEqual(self.steps, [])

    def test_stopped(self) -> None:
        """No step is due then, also when one ends late and has more to do."""
        self.follower.wake()
        self.follower.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        for late in (True, StoreError("closed")):
            follower = Follower(self, self.clock, lambda: False)
            follower.wake()
            self.clock.advance(SOON)
            follower.stop()
            if isinstance(late, bool):
                self.end(late)
            else:
                self.steps.pop().errback(late)
            follower.wake()
            self.assertEqual(self.clock.getDelayedCalls(), [])
