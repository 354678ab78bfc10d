"""From proposals through the hub and the store to those they concern."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import LogLevel, capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import rules
from ecochat.core.ground import Ground
from ecochat.core.items import Event, Note
from ecochat.core.requests import Expire, Open, Say
from ecochat.dialects.port import View
from ecochat.net.delivery import Turn
from ecochat.net.exchange import RETRY
from ecochat.net.link import LinkSettings
from tests.net.fakes import MAX_FRAME, MarkedDialect, World

REFUSED = "! not stored: disk full"


class BreakingDialect(MarkedDialect):
    """Fails at an event whose text is ``break``, and at notes when told to."""

    breaks_notes = False

    def events(self, room: str, events: Sequence[Event], view: View) -> bytes:
        """Fail, or do as ever; what one wrote oneself is never looked at."""
        if any(event.text == "break" for event in events) and view is not View.OWN:
            raise RuntimeError("broken")
        return super().events(room, events, view)

    def note(self, room: str, note: Note, view: View) -> bytes:
        """Fail, or do as ever."""
        if self.breaks_notes:
            raise RuntimeError("broken")
        return super().note(room, note, view)


class ExchangeTestCase(SynchronousTestCase):
    """Two in the lobby, and a store that answers when the test says."""

    def setUp(self) -> None:
        self.world = World()
        self.one, self.two = self.world.join(), self.world.join()
        self.one.clear()
        self.storage = self.world.storage
        self.storage.at_once = False

    def texts(self) -> list[list[str]]:
        """Return the texts of the groups that are on their way to the store."""
        return [[e.text for e in batch.events] for batch, _ in self.storage.appends]

    def commit_all(self) -> None:
        """Let everything be stored."""
        self.storage.at_once = True
        while self.storage.appends:
            self.storage.commit()
        self.world.run()


class StoredThenSeenTests(ExchangeTestCase):
    """Nothing is told before it is stored."""

    def test_nothing_before_the_commit(self) -> None:
        """Neither the message, nor its number, nor an answer behind it."""
        self.one.send("hi", "/topic", "/nick bob")
        self.two.send("/topic")
        self.world.run()
        self.assertEqual((self.one.frames, self.two.frames), ([], []))
        self.assertEqual(self.world.exchange.channels[1].last, 0)
        self.storage.commit()
        self.assertEqual(
            self.one.frames,
            ["+ lobby 1", "* lobby: there is no topic", "* guest-1 is now bob"],
        )
        self.assertEqual(
            self.two.frames,
            [
                "guest-1: hi",
                "~* guest-1 is now bob",
                "* lobby: there is no topic",
            ],
        )

    def test_one_group_at_a_time(self) -> None:
        """What comes meanwhile waits, and is the next group."""
        self.one.send("a")
        self.world.run()
        self.one.send("b")
        self.two.send("c")
        self.world.run()
        self.assertEqual(self.texts(), [["a"]])
        self.storage.commit()
        self.assertEqual(self.texts(), [])
        self.world.clock.advance(0)
        self.assertEqual(self.texts(), [["b", "c"]])
        self.assertEqual(self.two.frames, ["guest-1: a"])
        self.storage.commit()
        self.assertEqual(self.two.frames, ["guest-1: a", "guest-1: b", "+ lobby 3"])

    def test_what_comes_in_one_turn_is_one_group(self) -> None:
        """However many send it."""
        self.one.send("a")
        self.two.send("b")
        self.world.run()
        self.assertEqual(self.texts(), [["a", "b"]])

    def test_a_connection_that_nobody_knows(self) -> None:
        """What was proposed for it is stored and told to the others."""
        self.world.exchange.propose(99, Open("gone"))
        self.world.exchange.propose(99, Say("hi"))
        self.world.run()
        self.commit_all()
        self.assertEqual(self.two.frames, ["~* guest-3 joined", "guest-3: hi"])

    def test_questions_wait_for_no_store(self) -> None:
        """A group with nothing to store is told at once."""
        self.one.send("/topic")
        self.world.clock.advance(0)
        self.assertEqual(self.one.frames, ["* lobby: there is no topic"])
        self.assertEqual(self.storage.appends, [])


class FailedCommitTests(ExchangeTestCase):
    """A group that could not be stored."""

    def test_it_never_happened(self) -> None:
        """Its senders are told why; numbers, names and rooms are as before."""
        self.one.send("hi", "/nick bob", "/join red", "/topic")
        self.world.run()
        self.storage.fail()
        self.assertEqual(
            self.one.frames, [REFUSED] * 3 + ["* lobby: there is no topic"]
        )
        self.assertEqual(self.two.frames, [])
        self.one.clear()
        self.one.send("hi", "/join red")
        self.world.run()
        self.commit_all()
        self.assertEqual(
            self.one.frames, ["+ lobby 1", "* You are guest-1 in red alone."]
        )
        self.assertEqual(self.two.frames, ["guest-1: hi"])

    def test_the_log(self) -> None:
        """It says so once, and once more when it has recovered."""
        with capturedLogs() as logged:
            for _ in range(3):
                self.one.send("hi")
                self.world.run()
                self.storage.fail()
            self.one.send("hi")
            self.world.run()
            self.storage.commit()
        self.assertEqual(
            [formatEvent(event) for event in logged],
            [
                "cannot store: disk full; what comes is refused until it can",
                "storing again; 3 groups were refused",
            ],
        )
        self.assertEqual(logged[0]["log_level"], LogLevel.error)

    def test_a_fault_of_the_store(self) -> None:
        """It is logged with its traceback, and its text is told to nobody."""
        self.one.send("hi")
        self.world.run()
        self.storage.fail(RuntimeError("secret"))
        self.assertEqual(self.one.frames, ["! not stored: the server failed"])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.one.send("ho")
        self.world.run()
        self.commit_all()
        self.assertEqual(self.two.frames, ["guest-1: ho"])

    def test_who_leaves_is_gone(self) -> None:
        """At once; when they left is stored as soon as it can be."""
        self.one.send("/nick bob")
        self.world.run()
        self.storage.commit()
        self.two.clear()
        self.one.send("hi")
        self.one.lose()
        self.world.run()
        self.storage.fail()
        self.assertEqual(self.two.frames, ["~* bob left"])
        self.assertNotIn(1, self.world.exchange.sessions)
        for _ in range(3):
            self.assertEqual(self.storage.appends, [])
            self.world.clock.advance(RETRY)
            self.storage.fail()
        self.two.send("/nick bob")
        self.world.run()
        self.assertEqual(self.storage.appends[0][0].closed[0].nick, "bob")
        self.storage.commit()
        self.assertEqual(self.two.frames[1:], ["* guest-2 is now bob"])
        self.world.clock.advance(RETRY)
        self.assertEqual(self.storage.appends, [])
        self.assertEqual(self.world.timers, [])

    def test_departures_are_tried_again_once_a_second(self) -> None:
        """However many groups are refused meanwhile."""
        self.one.lose()
        self.world.run()
        self.storage.fail()
        for _ in range(20):
            self.two.send("hi")
            self.world.run()
            self.storage.fail()
        self.assertEqual(len(self.world.timers), 1)
        self.world.clock.advance(RETRY)
        self.commit_all()
        self.assertEqual(self.world.timers, [])


class FaultTests(ExchangeTestCase):
    """An exception while serving one session ends that session only."""

    def setUp(self) -> None:
        super().setUp()
        self.storage.at_once = True
        self.dialect = BreakingDialect("test")

    def test_a_pipe(self) -> None:
        """The log has the session's id; the others are served."""
        third = self.world.join()
        self.two.clear()
        self.two.pipe.error = RuntimeError("broken")
        with capturedLogs() as logged:
            self.one.send("hi")
            self.world.run()
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        failed = [event for event in logged if "log_failure" in event]
        self.assertEqual(formatEvent(failed[0]), "serving session s2 failed, it ends")
        self.assertEqual(self.two.shell.calls, ["abort"])
        self.assertEqual(self.one.frames[-1], "+ lobby 1")
        self.assertEqual(third.frames, ["guest-1: hi"])
        self.two.lose()
        self.world.run()
        self.assertEqual(third.frames[1:], ["~* guest-2 left"])
        self.assertEqual(sorted(self.world.exchange.sessions), [1, 3])

    def test_the_pipe_of_one_who_asked(self) -> None:
        """The same while answering."""
        self.two.pipe.error = RuntimeError("broken")
        self.two.send("hi")
        self.world.run()
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.assertEqual(self.two.shell.calls, ["abort"])
        self.assertEqual(self.one.frames, ["guest-2: hi"])

    def test_a_dialect_at_an_event(self) -> None:
        """Those who speak it end, each with its id; nobody else misses anything."""
        self.world.settings = LinkSettings(self.dialect, MAX_FRAME)
        broken = [self.world.join() for _ in range(2)]
        self.one.clear()
        self.two.clear()
        with capturedLogs() as logged:
            self.one.send("break")
            self.world.run()
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 2)
        failed = [event["session"] for event in logged if "log_failure" in event]
        self.assertEqual(failed, [3, 4])
        for connection in broken:
            self.assertEqual(connection.shell.calls, ["abort"])
        self.one.send("on")
        self.world.run()
        self.assertEqual(self.one.frames, ["+ lobby 1", "+ lobby 2"])
        self.assertEqual(self.two.frames, ["guest-1: break", "guest-1: on"])

    def test_a_dialect_at_a_note(self) -> None:
        """The same for presence."""
        self.world.settings = LinkSettings(self.dialect, MAX_FRAME)
        broken = self.world.join()
        self.dialect.breaks_notes = True
        self.two.clear()
        self.one.send("/nick bob", "on")
        self.world.run()
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
        self.assertEqual(broken.shell.calls, ["abort"])
        self.assertEqual(self.two.frames, ["~* guest-1 is now bob", "bob: on"])

    def test_the_hub_at_what_nobody_asked(self) -> None:
        """There is no connection to be told: the log says it."""

        def broken(ground: Ground, request: Expire) -> None:
            raise RuntimeError("broken")

        self.patch(rules, "_OF_NOBODY", rules._OF_NOBODY | {Expire: broken})
        with capturedLogs() as logged:
            self.world.exchange.expire(1, 1)
            self.world.run()
        self.assertEqual([e["log_level"] for e in logged], [LogLevel.error])
        self.assertIn("RuntimeError: broken", formatEvent(logged[0]))

    def test_telling_that_fails_altogether(self) -> None:
        """It is logged, and the next group is served."""
        broken = self.patch(Turn, "deliver", lambda *a: 1 / 0)
        self.one.send("hi")
        self.world.run()
        broken.restore()
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.two.send("ho")
        self.world.run()
        self.assertEqual(self.world.exchange.channels[1].last, 2)


class LogTests(SynchronousTestCase):
    """The server's log."""

    def play(self, log_messages: bool) -> list[str]:
        """Return what is logged of a short talk."""
        with capturedLogs() as logged:
            world = World(log_messages)
            one = world.join("hi", "/nick bob", "/join red")
            one.lose("quit")
            world.run()
        return [formatEvent(event) for event in logged]

    def test_without_messages(self) -> None:
        """Who came, went and changed a name, and the rooms; not what was said."""
        self.assertEqual(
            self.play(log_messages=False),
            [
                "s1 guest-1 connected from test",
                "room lobby made",
                "s1 guest-1 is now bob",
                "room red made",
                "s1 bob disconnected: quit; 0 remain",
            ],
        )

    def test_with_messages(self) -> None:
        """What was said, too."""
        self.assertIn("lobby 1 guest-1: 'hi'", self.play(log_messages=True))

    def test_private_rooms(self) -> None:
        """Never: neither what is said in one, nor that there is one."""
        world = World(log_messages=True)
        world.join()
        with capturedLogs() as logged:
            world.join("/msg guest-1 a", "/join @guest-1", "b", "/topic c")
        lines = [formatEvent(event) for event in logged]
        self.assertEqual(lines, ["s2 guest-2 connected from test"])


class StopTests(ExchangeTestCase):
    """The server stops."""

    def stop(self) -> Deferred[None]:
        """Begin to stop."""
        return Deferred.fromCoroutine(self.world.exchange.stop())

    def test_what_is_pending_is_stored_and_told(self) -> None:
        """Then everyone is told, all sessions end, and the store is closed."""
        early = self.world.connect()
        self.one.send("a")
        self.world.clock.advance(0)
        self.one.send("b")
        stopped = self.stop()
        self.assertNoResult(stopped)
        self.storage.commit()
        self.world.clock.advance(0)
        self.assertFalse(self.storage.stopped)
        self.storage.commit()
        last = "* server is stopping"
        self.assertEqual(self.one.frames, ["+ lobby 1", "+ lobby 2", last])
        self.assertEqual(self.two.frames, ["guest-1: a", "guest-1: b", last])
        self.assertEqual(early.frames, [last])
        self.world.clock.advance(0)
        self.assertFalse(self.storage.stopped)
        self.storage.commit()
        self.successResultOf(stopped)
        self.assertTrue(self.storage.stopped)
        self.assertEqual(len(self.storage.batches[-1].closed), 2)
        self.assertEqual(self.world.exchange.sessions, {})
        for connection in self.one, self.two, early:
            self.assertEqual(connection.shell.calls, ["close"])
            connection.lose()
        self.world.run()
        self.assertEqual(self.world.timers, [])
        self.assertEqual(self.storage.appends, [])

    def test_with_nothing_pending(self) -> None:
        """The farewell is all there is."""
        stopped = self.stop()
        self.assertEqual(self.one.frames, ["* server is stopping"])
        self.world.clock.advance(0)
        self.storage.commit()
        self.successResultOf(stopped)

    def test_with_nobody_there(self) -> None:
        """It is over at once."""
        world = World()
        self.successResultOf(Deferred.fromCoroutine(world.exchange.stop()))
        self.assertTrue(world.storage.stopped)

    def test_what_is_sent_while_it_stops(self) -> None:
        """It is taken no more, and its sender is told that the server stops."""
        self.one.send("a")
        self.world.run()
        stopped = self.stop()
        self.two.send("too late")
        self.assertTrue(self.two.shell.paused)
        self.storage.commit()
        self.world.run()
        self.storage.commit()
        self.successResultOf(stopped)
        self.assertEqual(self.two.frames, ["guest-1: a", "* server is stopping"])

    def test_when_nothing_can_be_stored(self) -> None:
        """It stops all the same, and tries no more."""
        self.one.send("a")
        self.world.run()
        stopped = self.stop()
        self.storage.fail()
        self.world.run()
        self.storage.fail()
        self.successResultOf(stopped)
        self.assertEqual(self.one.frames, [REFUSED, "* server is stopping"])
        self.world.clock.advance(RETRY)
        self.assertEqual(self.storage.appends, [])
        self.assertEqual(self.world.timers, [])


class StartTests(SynchronousTestCase):
    """What is kept is there again."""

    def test_rooms_and_numbers(self) -> None:
        """They go on where they ended."""
        world = World()
        world.join("a", "/topic all", "/join red", "b").lose()
        world.run()
        again = World()
        again.storage.memory = world.storage.memory
        again.exchange.start()
        one = again.connect()
        one.send("c", "/since 0")
        again.run()
        self.assertIn("You are guest-2 in lobby alone.", one.frames[0])
        self.assertEqual(one.frames[1], "+ lobby 3")
        self.assertEqual(len(one.frames), 6)
        names: Any = [channel.name for channel in again.exchange.channels.values()]
        self.assertEqual(names, ["lobby", "red"])
