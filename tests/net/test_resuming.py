"""Sessions that lose their connection, and come back."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from ecochat.store.memory import MemoryStore
from tests.net.fakes import Connection, World
from tests.support.snapshot import snapshot

KEY, OTHER = "k" * 22, "o" * 22
GRACE = 60.0


class ResumeTestCase(SynchronousTestCase):
    """alice with a key in two rooms, and bob, who sees who comes and goes."""

    def setUp(self) -> None:
        self.world = World(grace=GRACE)
        self.bob = self.world.join("/nick bob")
        self.alice = self.hello(nick="alice", rooms={"red": None, "lobby": None})
        self.bob.clear()

    def hello(self, key: str | None = KEY, **fields: Any) -> Connection:
        """Return one who has said hello and was welcomed."""
        return self.world.greet(key=key, **fields)

    def say(self, *texts: str) -> None:
        """Let bob say something, a turn for each."""
        for text in texts:
            self.bob.send(text)
            self.world.run()

    def lose(self, connection: Connection) -> None:
        """Let a connection break."""
        connection.lose()
        self.world.run()

    def names(self) -> list[str]:
        """Return the names of all sessions."""
        return [s[1] for s in snapshot(self.world.exchange._hub)["sessions"]]

    def presence(self) -> list[str]:
        """Return what bob was told of who came and went."""
        return [frame for frame in self.bob.frames if frame.startswith("~")]


class AwayTests(ResumeTestCase):
    """The connection is lost, and the session is kept for a time."""

    def test_back_in_time(self) -> None:
        """It has its number, its name and its rooms, and gets exactly what followed;
        nobody saw it leave or join."""
        self.say("one")
        self.lose(self.alice)
        self.say("two", "three")
        self.world.clock.advance(GRACE - 1)
        back = self.hello(rooms={"lobby": 1, "red": 0})
        self.say("four")
        welcome, *rest = back.said
        self.assertEqual(welcome["session"], "s2")
        self.assertEqual(welcome["nick"], "alice")
        self.assertTrue(welcome["resumed"])
        self.assertEqual(set(welcome["rooms"]), {"lobby", "red"})
        told = [(said["n"], said["text"]) for said in rest]
        self.assertEqual(told, [(2, "two"), (3, "three"), (4, "four")])
        self.assertEqual(self.presence(), [])

    def test_its_time_is_over_once_it_is_back(self) -> None:
        """The timer is gone; the next loss begins another one."""
        self.lose(self.alice)
        self.world.clock.advance(GRACE - 1)
        back = self.hello()
        self.assertEqual(self.world.timers, [])
        self.world.clock.advance(2)
        self.world.run()
        self.assertEqual(self.names(), ["bob", "alice"])
        self.lose(back)
        self.world.clock.advance(GRACE - 1)
        self.world.run()
        self.assertEqual(self.names(), ["bob", "alice"])
        self.world.clock.advance(1)
        self.world.run()
        self.assertEqual((self.names(), self.world.timers), (["bob"], []))

    def test_not_in_time(self) -> None:
        """It has left; who comes with its key then begins anew."""
        self.lose(self.alice)
        self.world.clock.advance(GRACE)
        self.world.run()
        self.assertEqual(self.presence(), ["~* alice left"])
        back = self.hello(nick="alice")
        self.assertFalse(back.said[0]["resumed"])
        self.assertEqual(back.said[0]["session"], "s3")

    def test_without_a_key(self) -> None:
        """It leaves at once, as a plain one does."""
        carl = self.hello(key=None, nick="carl")
        plain = self.world.join("/nick dave")
        self.bob.clear()
        self.lose(carl)
        self.lose(plain)
        self.assertEqual(self.presence(), ["~* carl left", "~* dave left"])
        self.assertEqual(self.world.timers, [])

    def test_it_keeps_its_name(self) -> None:
        """Nobody else can have it meanwhile; it is shown as away."""
        self.lose(self.alice)
        self.bob.send("/nick alice")
        self.world.run()
        self.assertEqual(self.bob.frames, ["! the name alice is taken"])
        carl = self.hello(OTHER, nick="carl")
        carl.clear()
        carl.ask("who", room="lobby")
        self.world.run()
        away = {s["nick"]: s.get("away", False) for s in carl.said[:-1]}
        self.assertEqual(away, {"bob": False, "alice": True, "carl": False})

    def test_thrown_out_while_away(self) -> None:
        """Then it is over, and its timer too."""
        operator = self.world.join(settings=self.world.of_operators)
        self.lose(self.alice)
        operator.send("/kick alice")
        self.world.run()
        self.assertEqual(self.world.timers, [])
        self.assertNotIn("alice", self.names())

    def test_quit(self) -> None:
        """Who says that it leaves is not waited for."""
        self.alice.ask("quit")
        self.world.run()
        self.assertEqual(self.presence(), ["~* alice left"])
        self.assertEqual(self.world.timers, [])

    def test_when_nothing_can_be_stored(self) -> None:
        """It is away all the same, and comes back when it can."""
        self.world.storage.at_once = False
        self.bob.send("lost")
        self.alice.lose()
        self.world.run()
        self.world.storage.fail()
        self.world.run()
        self.assertEqual(len(self.world.timers), 1)
        self.world.storage.at_once = True
        back = self.hello(rooms={"lobby": 0})
        self.assertTrue(back.said[0]["resumed"])
        self.assertEqual(self.world.timers, [])

    def test_coming_back_that_cannot_be_stored(self) -> None:
        """It is still away, in the same time, and can try again."""
        self.lose(self.alice)
        self.world.storage.at_once = False
        back = self.world.connect()
        back.hello(key=KEY, rooms={"lobby": 0, "blue": None})
        self.world.run()
        self.world.storage.fail()
        self.assertEqual([s["code"] for s in back.said], ["not_stored"])
        self.world.storage.at_once = True
        back.hello(key=KEY, rooms={"lobby": 0})
        self.world.run()
        self.assertTrue(back.said[1]["resumed"])
        self.assertEqual(self.world.timers, [])


class TakenOverTests(ResumeTestCase):
    """The old connection only seems alive."""

    def test_the_old_one_is_told(self) -> None:
        """Why it ends, as its last frame; what it sends then is not taken."""
        self.alice.clear()
        back = self.hello(rooms={"lobby": 0})
        self.assertEqual(self.alice.ops(), ["error"])
        self.assertEqual(self.alice.said[0]["code"], "taken_over")
        self.assertEqual(self.alice.shell.calls, ["close"])
        self.alice.ask("say", room="lobby", text="too late")
        self.lose(self.alice)
        self.say("hi")
        self.assertEqual([s["op"] for s in back.said], ["welcome", "message"])
        self.assertEqual(self.names(), ["bob", "alice"])
        self.assertEqual(self.presence(), [])
        self.assertEqual(self.world.timers, [])

    def test_what_it_had_sent_before(self) -> None:
        """That is stored, and the new one sees it; sent again, it is the same."""
        self.alice.ask("say", room="lobby", text="hi", id=1)
        back = self.world.connect()
        back.hello(key=KEY, rooms={"lobby": 0})
        back.ask("say", room="lobby", text="hi", id=1)
        self.world.run()
        self.assertEqual(back.said[0]["last_id"], 1)
        self.assertEqual(back.ops(), ["welcome", "message", "stored"])
        self.assertTrue(back.said[2]["duplicate"])
        self.assertEqual(self.bob.frames, ["alice: hi"])

    def test_one_that_does_not_read(self) -> None:
        """The word waits for it some seconds, and no longer."""
        self.alice.pipe.blocking = lambda: True
        self.say("hi")
        self.hello()
        self.assertEqual(self.alice.shell.calls, [])
        self.world.clock.advance(2)
        self.assertEqual(self.alice.shell.calls, ["abort"])

    def test_to_and_fro(self) -> None:
        """Two that have one key take it from each other, one session all the time."""
        for _ in range(20):
            latest = self.hello(rooms={"lobby": 0})
            self.assertTrue(latest.said[0]["resumed"])
        self.assertEqual(self.names(), ["bob", "alice"])
        self.assertEqual(list(self.world.exchange.sessions), [1, 2])
        self.assertIs(self.world.exchange.sessions[2], latest.link)
        self.assertEqual(len(self.world.exchange.links), 2)


class RestartTests(ResumeTestCase):
    """The server ends, and begins again with what it has stored."""

    def again(self) -> World:
        """Return another server on the same data."""
        memory: MemoryStore = self.world.storage.memory
        return World(grace=GRACE, memory=memory)

    def check(self) -> None:
        """Look who is there after the restart, and come back."""
        world = self.world = self.again()
        self.assertEqual(self.names(), ["alice"])
        self.assertEqual(len(world.timers), 1)
        back = self.hello(rooms={"red": 0, "lobby": 1})
        self.assertEqual(back.said[0]["session"], "s2")
        self.assertEqual(back.said[0]["nick"], "alice")
        self.assertTrue(back.said[0]["resumed"])
        self.assertEqual([s["text"] for s in back.said[1:]], ["two", "three"])
        self.assertEqual(world.timers, [])

    def test_killed(self) -> None:
        """Whoever has a key is away then, and the others are gone."""
        self.say("one", "two", "three")
        self.check()

    def test_stopped(self) -> None:
        """The same; those that are away are waited for no more meanwhile."""
        self.say("one", "two", "three")
        self.hello(OTHER, nick="carl").ask("quit")
        self.world.run()
        self.lose(self.alice)
        stopped = Deferred.fromCoroutine(self.world.exchange.stop())
        self.world.run()
        self.successResultOf(stopped)
        self.bob.lose()
        self.assertEqual(self.world.timers, [])
        self.check()

    def test_that_does_not_come_back(self) -> None:
        """Its time begins with the server."""
        self.world = self.again()
        self.world.clock.advance(GRACE)
        self.world.run()
        self.assertEqual((self.names(), self.world.timers), ([], []))
        self.world = self.again()
        self.assertEqual(self.names(), [])

    def test_where_nothing_is_kept_any_more(self) -> None:
        """It has left at once."""
        self.world = World(grace=0, memory=self.world.storage.memory)
        self.world.run()
        self.assertEqual((self.names(), self.world.timers), ([], []))


class SameTests(ResumeTestCase):
    """The same message over two connections of one key."""

    def test_at_the_same_moment(self) -> None:
        """It is one message, whichever comes first; both are told of the same one."""
        for n in range(1, 20):
            two = [self.world.connect() for _ in range(2)]
            for each in two:
                each.hello(key=KEY, rooms={"lobby": None})
                each.ask("say", room="lobby", text=f"m{n}", id=n)
                self.world.run(turns=n % 7)
            self.world.run()
            stored = [s for each in two for s in each.said if s["op"] == "stored"]
            self.assertEqual({s["n"] for s in stored}, {n})
        log = self.world.storage.memory.page(1, 0, 99, 10**6)
        self.assertEqual([e.text for e in log], [f"m{n}" for n in range(1, 20)])
