"""Operators who watch."""

from __future__ import annotations

from ecochat.net import watching
from tests.net.fakes import Connection
from tests.net.test_link import LinkTestCase

ALICE = {"key": "alices-key-of-22-letters", "nick": "alice"}


class WatchTestCase(LinkTestCase):
    """An operator who watches, in no room."""

    def setUp(self) -> None:
        super().setUp()
        self.watcher = self.watch()

    def watch(self) -> Connection:
        """Have an operator watch from now on."""
        settings = self.world.of_operators
        return self.world.join("/leave", "/watch on", settings=settings)

    def told(self) -> list[str]:
        """Let all that is due happen; return what the watcher was told, once."""
        self.world.run()
        frames = self.watcher.frames
        self.watcher.clear()
        return frames


class HappeningTests(WatchTestCase):
    """What it is told, in which order, and what not."""

    def test_what_happens_in_rooms(self) -> None:
        """Of every room of everyone, with its name and number; it is in none."""
        bob = self.world.join("/nick bob")
        self.told()
        bob.send("hi", "/join lab", "/topic tea")
        self.world.run()
        bob.send("/edit lobby 1 ho", "/react lobby 1 +", "/who lobby")
        self.assertEqual(
            self.told(),
            [
                "* > lobby 1 bob: hi",
                "* > lab 1 bob set the topic: tea",
                "* > lobby 2 bob edited 1: ho",
                "* > lobby 3 bob reacted to 1: +",
            ],
        )
        self.assertEqual(bob.frames[-2:], ["* lobby bob s2", "* end lobby 1"])

    def test_what_becomes_of_sessions(self) -> None:
        """Each with its number, and its end with the reason and how many remain."""
        bob = self.world.join("/nick bob")
        bob.lose("it broke")
        self.assertEqual(
            self.told(),
            [
                "* > s2 guest-2 connected from test",
                "* > s2 guest-2 is now bob",
                "* > s2 bob disconnected: it broke; 1 remain",
            ],
        )

    def test_programs_go_away_and_come_back(self) -> None:
        """With a key, of which there is not a word."""
        self.world = type(self.world)(grace=60)
        self.watcher = self.watch()
        self.world.greet(**ALICE).lose("it broke")
        self.world.run()
        self.world.greet(**ALICE)
        self.assertEqual(
            self.told(),
            [
                "* > s2 alice connected from test",
                "* > s2 alice is away: it broke",
                "* > s2 alice is back from test",
            ],
        )

    def test_private_rooms(self) -> None:
        """What two write to each other is for them alone."""
        alice, bob = self.world.join("/nick alice"), self.world.join("/nick bob")
        self.told()
        alice.send("/msg bob psst", "hi")
        bob.send("/msg alice yes", "/topic @alice x")
        told = self.told()
        self.assertIn("* > lobby 1 alice: hi", told)
        self.assertNotIn("psst", "".join(told))
        self.assertNotIn("yes", "".join(told))

    def test_its_place_among_the_rest(self) -> None:
        """What happens, answers and what is said in its own rooms come in one order."""
        self.watcher.send("/join lobby")
        bob = self.world.join()
        self.told()
        bob.send("one")
        self.watcher.send("/clients")
        bob.send("two")
        self.watcher.send("three")
        self.assertEqual(
            self.told(),
            [
                *("* > lobby 1 guest-2: one", "guest-2: one", "* 2"),
                *("* > lobby 2 guest-2: two", "guest-2: two"),
                *("* > lobby 3 guest-1: three", "+ lobby 3"),
            ],
        )

    def test_two_watchers(self) -> None:
        """Both are told, and of each other's coming."""
        other = self.watch()
        self.assertEqual(self.told()[0], "* > s2 guest-2 connected from test")
        self.world.join().send("hi")
        told = self.told()
        self.assertEqual(told[-1], "* > lobby 1 guest-3: hi")
        self.assertEqual(other.frames, told)


class EndTests(WatchTestCase):
    """When it is told no more; then nothing is kept of it."""

    def tearDown(self) -> None:
        """Nobody watches, and what happens costs nothing."""
        teller = self.world.exchange._teller
        self.assertFalse(teller._watchers)
        self.patch(teller._watchers, "tell", None)
        self.world.join().send("hi")
        self.world.run()

    def test_off(self) -> None:
        """When it says so."""
        self.watcher.send("/watch OFF")
        self.assertEqual(self.told(), ["* watch off"])
        self.world.join("hi")
        self.assertEqual(self.told(), [])

    def test_gone(self) -> None:
        """When it leaves, of which it is not told, or its connection is lost."""
        self.watcher.send("/quit")
        self.assertEqual(self.told(), [])
        self.watch().lose()
        self.world.run()

    def test_away(self) -> None:
        """Also when its session goes on without it, or with another connection."""
        for lose in (True, False):
            self.world = type(self.world)(grace=60)
            watcher = self.world.connect(self.world.of_operators)
            watcher.hello(**ALICE)
            watcher.ask("watch", on=True)
            self.world.run()
            self.assertTrue(self.world.exchange._teller._watchers)
            if lose:
                watcher.lose()
            else:
                self.world.greet(**ALICE)
            self.world.run()

    def test_while_it_reads_nothing(self) -> None:
        """What was owed to it goes, too."""
        self.watcher.pipe.blocking = lambda: True
        self.world.join("hi")
        self.world.run()
        self.watcher.lose()
        self.world.run()


class SlowTests(WatchTestCase):
    """One that does not read."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(watching, "WAITING", 3)
        self.bob = self.world.join("/nick bob")
        self.told()
        self.watcher.pipe.blocking = lambda: True
        self.say("zero")

    def say(self, *texts: str) -> None:
        """Have bob say these, one after the other."""
        for text in texts:
            self.bob.send(text)
            self.world.run()

    def read_on(self) -> list[str]:
        """Have the watcher read; return what it is told then."""
        self.watcher.clear()
        self.watcher.pipe.blocking = lambda: False
        self.watcher.pipe.drain()
        return [frame.removeprefix("* > ") for frame in self.told()]

    def test_more_than_may_wait(self) -> None:
        """Is counted, and told in its place as soon as it reads, without more
        happening."""
        self.say(*"abcdefg")
        self.assertEqual(len(self.watcher.link.outlet.owed), 4)
        read = [f"lobby {n} bob: {text}" for n, text in ((2, "a"), (3, "b"), (4, "c"))]
        self.assertEqual(self.read_on(), [*read, "… 4 more were not shown"])
        self.say("h")
        self.assertEqual(self.told(), ["* > lobby 9 bob: h"])

    def test_twice(self) -> None:
        """Each gap has its own number."""
        for number in (1, 2):
            self.say(*"abc", *"x" * number)
            plural = "s were" if number == 2 else " was"
            missed = f"… {number} more {plural.removeprefix('s').strip()} not shown"
            self.assertEqual(self.read_on()[3:], [missed])
            self.watcher.pipe.blocking = lambda: True
            self.say("again")

    def test_what_is_deleted_meanwhile(self) -> None:
        """Nobody is sent a text that was deleted before; nor one in an edit."""
        self.say("a secret", "/edit 2 my secret")
        self.assertIn("my secret", str(self.owed()))
        self.say("/delete 2")
        self.assertNotIn("secret", str(self.owed()))
        deleted = ["lobby 2 bob: (deleted)", "lobby 3 bob edited 2: (deleted)"]
        self.assertEqual(self.read_on(), [*deleted, "lobby 4 bob deleted 2"])

    def owed(self) -> list[object]:
        """Return what waits for the watcher."""
        return [owed.body for owed in self.watcher.link.outlet.owed]
