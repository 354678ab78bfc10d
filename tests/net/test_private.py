"""What a session is told that it did not ask for, and what it does not want to be."""

from __future__ import annotations

from ecochat.core import limits
from ecochat.net import owed
from ecochat.net.outlet import Outlet
from tests.net.test_outlet import OutletTestCase


class PrivateRoomTests(OutletTestCase):
    """A private room: the writer is guest-1, the reader guest-2."""

    def test_both_are_told(self) -> None:
        """Each by its own name for the room, nobody else; and on under a new name."""
        third = self.world.join()
        self.writer.clear()
        self.reader.clear()
        self.write("/msg guest-2 m1", "/nick al", "/msg guest-2 m2")
        self.reader.send("/msg al m3", "/nick bo")
        self.world.run()
        self.write("/msg bo m4")
        self.assertEqual(
            self.reader.frames,
            [
                "[@guest-1] guest-1: m1",
                "~* guest-1 is now al",
                "[@al] al: m2",
                "+ @al 3",
                "* guest-2 is now bo",
                "[@al] al: m4",
            ],
        )
        self.assertEqual(
            self.writer.frames,
            [
                "+ @guest-2 1",
                "* guest-1 is now al",
                "+ @guest-2 2",
                "[@guest-2] guest-2: m3",
                "~* guest-2 is now bo",
                "+ @bo 4",
            ],
        )
        notes = ["~* guest-1 is now al", "~* guest-2 is now bo"]
        self.assertEqual(third.frames, notes)

    def test_as_the_current_room(self) -> None:
        """Then its messages have no name before them; left, it opens again by itself,
        and what was said meanwhile is in the log only."""
        self.write("/msg guest-2 m1")
        self.reader.send("/join @guest-1", "m2")
        self.world.run()
        self.write("/msg guest-2 m3")
        self.reader.send("/leave")
        self.world.run()
        self.write("/leave @guest-2", "/msg guest-2 m4")
        self.assertEqual(
            self.reader.frames,
            [
                "[@guest-1] guest-1: m1",
                "* You are guest-2 in @guest-1 with 1 other.",
                "+ @guest-1 2",
                "guest-1: m3",
                "* You left @guest-1. You are in lobby.",
                "[@guest-1] guest-1: m4",
            ],
        )

    def test_behind(self) -> None:
        """Who reads slowly is told all of it in its place, under the names of then."""
        self.block(self.reader)
        self.write("m1", "/msg guest-2 p1", "m2", "/nick al", "/msg guest-2 p2", "m3")
        self.unblock(self.reader)
        self.assertEqual(
            self.reader.frames,
            [
                "guest-1: m1",
                "[@guest-1] guest-1: p1",
                "guest-1: m2",
                "[@al] al: p2",
                "al: m3",
            ],
        )

    def test_forgotten_while_it_is_unread(self) -> None:
        """A room that both have left for ever is read to its end all the same."""
        self.patch(limits, "TALKS", 1)
        self.block(self.reader)
        self.write("m1", "/msg guest-2 p1", "/msg guest-2 p2", "/quit")
        third = self.world.join()
        third.send("/msg guest-2 p3")
        self.world.run()
        private = [c for c in self.world.exchange.channels.values() if c.is_private]
        self.assertEqual(len(private), 1)
        self.unblock(self.reader)
        self.assertEqual(
            self.reader.frames,
            [
                "guest-1: m1",
                "[@guest-1] guest-1: p1",
                "[@guest-1] guest-1: p2",
                "[@guest-3] guest-3: p3",
            ],
        )
        positions = self.reader.link.outlet.positions
        names = ["lobby" if not c.is_private else "talk" for c in positions]
        self.assertEqual(names, ["lobby", "talk"])

    def test_many_that_come_and_go(self) -> None:
        """A reader that stays away does not fill the memory with what others did: of
        rooms forgotten before it has heard of them, and of old names, nothing waits."""
        reader = self.few()
        self.block(self.reader)
        self.write("m1")
        self.visit(100)
        self.write("/msg guest-2 p1", *(f"/nick n{n}" for n in range(100)))
        self.write("/msg guest-2 p2")
        self.assertLess(len(reader._owed), 100)
        self.unblock(self.reader)
        self.assertEqual(
            [frame for frame in self.reader.frames if frame.startswith("[@")],
            [
                "[@guest-101] guest-101: hello",
                "[@guest-102] guest-102: hello",
                "[@guest-1] guest-1: p1",
                "[@n99] n99: p2",
            ],
        )

    def test_a_room_that_it_had_heard_of(self) -> None:
        """That it is forgotten is told when the reader comes back: it is in it."""
        reader = self.few()
        self.visit(1)
        self.assertEqual(len(reader.positions), 2)
        self.block(self.reader)
        self.write("m1")
        self.visit(20)
        self.unblock(self.reader)
        rooms = set(self.world.exchange.channels.values())
        self.assertLessEqual(reader.positions.keys(), rooms)
        self.assertLessEqual((reader._heard._names or {}).keys(), rooms)

    def test_what_was_asked_of_a_forgotten_room(self) -> None:
        """It is answered, however much comes behind it."""
        self.few()
        third = self.world.join()
        self.block(self.reader)
        self.world.storage.at_once = False
        self.write("m1")
        third.send("/msg guest-2 p1")
        self.reader.send("/join @guest-3", "/join lobby")
        self.world.storage.at_once = True
        self.world.storage.commit()
        self.world.run()
        third.send("/quit")
        self.world.run()
        self.visit(20)
        self.unblock(self.reader)
        wanted = "* You are guest-2 in @guest-3 with 1 other."
        self.assertIn(wanted, self.reader.frames)

    def few(self) -> Outlet:
        """Have few private rooms kept, and little wait; return the reader's outlet."""
        self.patch(limits, "TALKS", 3)
        self.patch(owed, "OWED", 10)
        self.reader.link.outlet._owed.most = 10
        return self.reader.link.outlet

    def visit(self, count: int) -> None:
        """Have so many come, write to the reader, and go."""
        for _ in range(count):
            visitor = self.world.join()
            visitor.send("/msg guest-2 hello", "/quit")
            self.world.run()

    def test_the_same_bytes_for_nobody(self) -> None:
        """In the turn in which one is opened, too, each is told its own name for it."""
        third = self.world.join()
        for one in (self.writer, self.reader, third):
            one.clear()
        self.writer.send("/msg guest-2 a", "all", "/msg guest-3 b")
        third.send("/msg guest-2 c")
        self.world.run()
        self.assertEqual(
            self.reader.frames,
            ["[@guest-1] guest-1: a", "guest-1: all", "[@guest-3] guest-3: c"],
        )
        self.assertEqual(
            third.frames, ["guest-1: all", "[@guest-1] guest-1: b", "+ @guest-2 1"]
        )


class UnaskedTests(OutletTestCase):
    """A list in several pages is not mixed with what comes unasked between them."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(limits, "WHO_PAGE", 1)
        self.patch(limits, "ROOMS_PAGE", 1)
        self.operator = self.world.join(settings=self.world.of_operators)
        self.writer.clear()
        self.reader.clear()

    def between(self, *commands: str, by: str = "writer") -> list[str]:
        """Return what the reader is sent when these are carried out after the first
        page of its list, and before the next is asked for."""
        self.block(self.reader)
        self.reader.send("/who")
        self.world.run()
        getattr(self, by).send(*commands)
        self.unblock(self.reader)
        return self.reader.frames

    def test_what_an_operator_says(self) -> None:
        """It follows the end."""
        self.assertEqual(
            self.between("/say tea", "hi", by="operator"),
            [*LIST, "Server: tea", "guest-3: hi"],
        )

    def test_a_private_room(self) -> None:
        """It opens behind the end, with all that was said there."""
        self.assertEqual(
            self.between("/msg guest-2 a", "b", "/msg guest-2 c"),
            [
                *LIST,
                "[@guest-1] guest-1: a",
                "guest-1: b",
                "[@guest-1] guest-1: c",
            ],
        )

    def test_a_new_name(self) -> None:
        """It is the private room's from behind the end on."""
        self.write("/msg guest-2 a")
        self.reader.clear()
        self.assertEqual(
            self.between("/nick al", "/msg guest-2 b"),
            [*LIST, "[@al] al: b"],
        )


class AcksTests(OutletTestCase):
    """The numbers of one's own messages, or not."""

    def test_off_and_on(self) -> None:
        """Each from its place on, in whatever room; answers come all the same."""
        self.writer.send("a", "/acks off", "b", "/msg guest-2 c", "/topic d")
        self.writer.send("/who nowhere", "/acks on", "e", "/msg guest-2 f")
        self.world.run()
        self.assertEqual(
            self.writer.frames,
            [
                "+ lobby 1",
                "* acks off",
                "! there is no room nowhere, /join nowhere makes it",
                "* acks on",
                "+ lobby 4",
                "+ @guest-2 2",
            ],
        )
        self.assertEqual(len(self.reader.frames), 6)

    def test_nothing_at_all_to_write(self) -> None:
        """Then nothing is written, and the next of others' comes at once."""
        self.write("/acks off")
        self.writer.clear()
        self.write("a", "b")
        self.assertEqual(self.writer.pipe.writes, [])
        self.reader.send("c")
        self.world.run()
        self.assertEqual(self.writer.frames, ["guest-2: c"])

    def test_behind(self) -> None:
        """Of one's own that are read late nothing is told either."""
        self.block(self.writer)
        self.reader.send("m1")
        self.world.run()
        self.writer.pipe.blocking = lambda: False
        self.writer.clear()
        self.writer.pipe.drain()
        self.write("/acks off", "own")
        self.reader.send("m3")
        self.world.run()
        self.assertEqual(self.writer.frames, ["* acks off", "guest-2: m3"])

    def test_others_are_not_concerned(self) -> None:
        """They see all, and their own numbers."""
        self.write("/acks off", "a")
        self.reader.send("b")
        self.world.run()
        self.assertEqual(self.reader.frames, ["guest-1: a", "+ lobby 2"])


LIST = [
    "* lobby guest-1 s1",
    "* lobby guest-2 s2",
    "* lobby guest-3 s3",
    "* end lobby 3",
]
