"""A session's way out."""

from __future__ import annotations

from collections import Counter

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import limits, rules
from ecochat.core.errors import Refused
from ecochat.core.items import Refusal, Reply, WhoPage
from ecochat.core.requests import Who
from ecochat.net import delivery, listing, outlet, presence, telling
from ecochat.net.channel import Recent
from ecochat.net.listing import CHUNK
from ecochat.store.port import EVENT_SIZE, StoreError
from tests.net.fakes import Connection, World
from tests.net.model import (
    Expected,
    Run,
    is_part,
    mixed_status,
    without_presence,
    without_status,
)
from tests.support.snapshot import snapshot

KINDS = (
    *("[@", "+ @", "Server: ", "* end status", "* end @", "* s", "* You left @"),
    *('{"op":"message"', '{"op":"stored"', '{"op":"end"', '~{"op":"joined"'),
)
"""How frames begin of which a random run has to have many, to be worth anything."""


def messages(first: int, last: int, text: str = "m") -> list[str]:
    """Return what others are told of guest-1's messages of these numbers."""
    return [f"guest-1: {text}{n}" for n in range(first, last + 1)]


class OutletTestCase(SynchronousTestCase):
    """One who writes, and one whose pipe the test blocks.

    :cvar MEMORY: bytes of events in memory.
    """

    MEMORY = 2**20

    def setUp(self) -> None:
        self.patch(telling, "Recent", lambda: Recent(self.MEMORY))
        self.world = World()
        self.writer = self.world.join()
        self.reader = self.world.join()
        self.writer.clear()

    def block(self, connection: Connection) -> None:
        """Let every write block from now on."""
        connection.pipe.blocking = lambda: True

    def unblock(self, connection: Connection) -> None:
        """Let no write block any more, and drain."""
        connection.pipe.blocking = lambda: False
        connection.pipe.drain()
        self.world.run()

    def write(self, *texts: str) -> None:
        """Let the writer send, a turn for each."""
        for text in texts:
            self.writer.send(text)
            self.world.run(3)


class MemoryTests(OutletTestCase):
    """Reading on from memory."""

    def test_live(self) -> None:
        """What is new is written at once, in one write a turn."""
        self.writer.send("m1", "m2")
        self.world.run()
        self.assertEqual(self.reader.frames, messages(1, 2))
        self.assertEqual(len(self.reader.pipe.writes), 1)
        self.assertEqual(self.writer.frames, ["+ lobby 1", "+ lobby 2"])

    def test_blocked_in_live_delivery(self) -> None:
        """Nothing is written while blocked; then what was missed, once."""
        self.block(self.reader)
        self.write("m1", "m2", "m3")
        self.assertEqual(self.reader.frames, messages(1, 1))
        self.unblock(self.reader)
        self.assertEqual(self.reader.frames, messages(1, 3))
        self.write("m4")
        self.assertEqual(self.reader.frames, messages(1, 4))

    def test_a_chunk_at_a_time(self) -> None:
        """At most 64 KiB are written before the pipe is asked again, whole frames."""
        self.block(self.reader)
        long = "x" * 3_900
        self.write("m1", *[f"{long}{n}" for n in range(2, 42)])
        self.reader.clear()
        for _ in range(3):
            self.reader.pipe.drain()
        self.assertEqual(self.reader.frames, messages(2, 41, long))
        sizes = [len(data) for data in self.reader.pipe.writes]
        self.assertEqual(len(sizes), 3)
        self.assertLessEqual(max(sizes), CHUNK)
        self.assertGreater(min(sizes[:-1]), CHUNK - 4_000)

    def test_much_in_one_turn(self) -> None:
        """More than a chunk is no single write for a live reader either."""
        self.block(self.reader)
        long = "x" * 3_900
        self.writer.send(*[f"{long}{n}" for n in range(1, 21)])
        self.world.run()
        self.assertEqual(len(self.reader.pipe.writes), 1)
        self.assertLessEqual(len(self.reader.pipe.writes[0]), CHUNK)
        self.unblock(self.reader)
        self.assertEqual(self.reader.frames, messages(1, 20, long))

    def test_one_frame_that_is_longer(self) -> None:
        """It is written alone."""
        self.patch(outlet, "CHUNK", 20)
        self.patch(delivery, "CHUNK", 20)
        self.writer.send("m1", "x" * 30, "m3")
        self.world.run()
        self.assertEqual([w.count(b"\0") for w in self.reader.pipe.writes], [1, 1, 1])

    def test_presence_is_for_those_up_to_date(self) -> None:
        """One that is behind is not told who came and went, later neither."""
        self.block(self.reader)
        self.write("m1", "/nick bob")
        self.unblock(self.reader)
        self.assertEqual(self.reader.frames, messages(1, 1))
        self.write("/nick carl")
        self.assertEqual(self.reader.frames[1:], ["~* bob is now carl"])

    def test_presence_in_its_place(self) -> None:
        """Who asks for something in the same turn is told in order, each once."""
        self.write("/join red")
        self.reader.send("/join red")
        self.world.run()
        self.writer.clear()
        self.reader.clear()
        self.writer.send("m1", "/nick bob", "//x")
        self.reader.send("/nick eve")
        self.writer.send("m3", "/leave lobby", "/leave red")
        self.world.run()
        self.assertEqual(
            self.reader.frames,
            [
                "guest-1: m1",
                "~* [lobby] guest-1 is now bob",
                "~* guest-1 is now bob",
                "bob: /x",
                "* guest-2 is now eve",
                "bob: m3",
                "~* [lobby] bob left",
                "~* bob left",
            ],
        )
        self.assertEqual(
            self.writer.frames,
            [
                "+ red 1",
                "* guest-1 is now bob",
                "+ red 2",
                "~* [lobby] guest-2 is now eve",
                "~* guest-2 is now eve",
                "+ red 3",
                "* You left lobby. You are in red.",
                "* You left red. You are in no room, /join one.",
            ],
        )

    def test_coming_and_going_within_a_turn(self) -> None:
        """What is told of a room is what happens between entering and leaving it."""
        self.writer.send("m1")
        self.reader.send("/leave", "no room")
        self.writer.send("m2")
        self.reader.send("/join lobby")
        self.writer.send("m3")
        self.reader.send("mine", "/join red", "/leave lobby")
        self.writer.send("m5")
        self.world.run()
        self.assertEqual(
            self.reader.frames,
            [
                "guest-1: m1",
                "* You left lobby. You are in no room, /join one.",
                "! you are in no room, /join one",
                "* You are guest-2 in lobby with 1 other.",
                "guest-1: m3",
                "+ lobby 4",
                "* You are guest-2 in red alone.",
                "* You left lobby. You are in red.",
            ],
        )

    def test_joining_again_keeps_the_place(self) -> None:
        """A /join of a room that one is in makes it current, and skips nothing."""
        self.block(self.reader)
        self.reader.send("/join red")
        self.world.run()
        self.write("m1", "m2")
        self.reader.clear()
        self.unblock(self.reader)
        self.reader.send("/join lobby")
        self.writer.send("m3")
        self.world.run()
        self.assertEqual(
            self.reader.frames,
            [
                "[lobby] guest-1: m1",
                "[lobby] guest-1: m2",
                "* You are guest-2 in lobby with 1 other.",
                "guest-1: m3",
            ],
        )


class StoreTests(OutletTestCase):
    """Reading on from the store, when memory has been passed by others."""

    def setUp(self) -> None:
        super().setUp()
        self.world.storage.reads_at_once = False
        self.block(self.reader)

    def forget(self) -> None:
        """Let memory hold nothing of what was written so far."""
        for channel in self.world.exchange.channels.values():
            while (entries := channel.after(channel.last - 1)) and list(entries):
                channel.forget(1)

    def write(self, *texts: str) -> None:
        """Write, and let it be forgotten."""
        super().write(*texts)
        self.forget()

    def catch_up(self) -> int:
        """Drain, and answer pages while there are any; return how many were."""
        count = 0
        while self.reader.pipe.blocked or self.world.storage.pages:
            if self.reader.pipe.blocked:
                self.reader.pipe.drain()
            while self.world.storage.pages:
                count += 1
                self.world.storage.answer()
        self.world.run()
        return count

    def test_a_page(self) -> None:
        """What is missing is read in one page, and sent once."""
        self.write("m1", "m2", "m3")
        self.assertEqual(self.catch_up(), 1)
        self.assertEqual(self.reader.frames, messages(1, 3))

    def test_pages_that_are_shorter_than_what_is_missing(self) -> None:
        """One after another, nothing twice, nothing left out."""
        self.patch(outlet, "PAGE", 3 * (2 + EVENT_SIZE))
        self.write(*[f"m{n}" for n in range(1, 12)])
        self.assertEqual(self.catch_up(), 4)
        self.assertEqual(self.reader.frames, messages(1, 11))

    def test_what_comes_while_a_page_is_read(self) -> None:
        """It follows the page, from memory."""
        self.write("m1", "m2")
        self.reader.pipe.blocking = lambda: False
        self.reader.pipe.drain()
        super().write("m3", "/nick bob")
        self.assertEqual(self.reader.frames, messages(1, 1))
        self.world.storage.answer()
        self.assertEqual(self.reader.frames, messages(1, 3))
        super().write("m4")
        self.assertEqual(self.reader.frames[3:], ["bob: m4"])

    def test_a_page_that_is_cut_by_the_chunk(self) -> None:
        """A session that is blocked holds nothing of it; the rest is read again."""
        self.patch(outlet, "CHUNK", 40)
        self.write(*[f"m{n}" for n in range(1, 10)])
        self.reader.pipe.drain()
        self.world.storage.answer()
        self.assertTrue(self.reader.pipe.blocked)
        self.assertEqual(len(self.reader.pipe.writes[-1]), 3 * len("guest-1: mN."))
        self.reader.pipe.drain()
        self.assertEqual([page.wanted[1] for page in self.world.storage.pages], [4])
        self.catch_up()
        self.assertEqual(self.reader.frames, messages(1, 9))

    def test_several_rooms(self) -> None:
        """Their events come in the one order, however the pages are cut."""
        self.unblock(self.reader)
        self.reader.send("/join red", "/join blue")
        self.writer.send("/join red", "/join blue")
        self.world.run()
        self.reader.clear()
        self.block(self.reader)
        rooms = ("blue", "red", "lobby", "red", "red", "blue", "lobby", "lobby")
        texts = [[f"/join {room}", f"m{n}"] for n, room in enumerate(rooms, 1)]
        self.patch(outlet, "PAGE", 9)
        for pair in texts:
            self.write(*pair)
        self.assertGreater(self.catch_up(), 3)
        said = [f for f in self.reader.frames if not f.startswith("~")]
        wanted = [
            f"[{room}] guest-1: m{n}" if room != "blue" else f"guest-1: m{n}"
            for n, room in enumerate(rooms, 1)
        ]
        self.assertEqual(said, wanted)

    def test_answers_in_their_place(self) -> None:
        """What a lagging session asked for comes between the events around it."""
        self.reader.pipe.blocking = lambda: False
        self.reader.send("a")
        self.world.run()
        self.block(self.reader)
        self.write("m2", "m3")
        self.reader.pipe.drain()
        self.reader.send("/join red", "/leave lobby", "b")
        super().write("m4")
        self.forget()
        self.catch_up()
        self.assertEqual(
            self.reader.frames,
            [
                "+ lobby 1",
                *messages(2, 3),
                "* You are guest-2 in red alone.",
                "* You left lobby. You are in red.",
                "+ red 1",
            ],
        )

    def test_nothing_where_something_should_be(self) -> None:
        """A hole in the store ends the session when it is there a second later too;
        it is not passed over."""
        self.write("m1", "m2")
        self.reader.pipe.drain()
        for tried in range(2):
            self.assertEqual(self.reader.shell.calls, [], tried)
            self.world.storage.pages.pop().deferred.callback([])
            self.world.clock.advance(1)
        self.assertEqual(self.reader.shell.calls, ["abort"])
        self.assertEqual(len(self.flushLoggedErrors(LookupError)), 1)

    def test_a_page_that_cannot_be_read(self) -> None:
        """It is read again a second later; meanwhile the others go on."""
        self.write("m1", "m2")
        self.reader.pipe.blocking = lambda: False
        self.reader.pipe.drain()
        page = self.world.storage.pages.pop(0)
        page.deferred.errback(StoreError("disk gone"))
        super().write("m3")
        self.assertEqual(self.writer.frames[-1], "+ lobby 3")
        self.assertEqual(self.world.storage.pages, [])
        self.world.clock.advance(1)
        self.world.storage.answer()
        self.assertEqual(self.reader.frames, messages(1, 3))
        self.assertEqual(self.reader.shell.calls, [])

    def test_a_fault_in_reading_a_page(self) -> None:
        """The session ends, the others go on."""
        self.write("m1", "m2")
        self.reader.pipe.drain()
        self.world.storage.pages[0].deferred.errback(ZeroDivisionError())
        self.assertEqual(self.reader.shell.calls[-1], "abort")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        super().write("m3")
        self.assertEqual(self.writer.frames[-1], "+ lobby 3")

    def test_lost_while_a_page_is_read(self) -> None:
        """The page is let go."""
        self.write("m1", "m2")
        self.reader.pipe.drain()
        self.reader.lose()
        self.world.storage.answer()
        self.assertEqual(self.reader.frames, messages(1, 1))

    def test_stopped_while_a_page_is_read(self) -> None:
        """It is told and closed at once; the page is let go."""
        self.write("m1", "m2")
        self.reader.pipe.blocking = lambda: False
        self.reader.pipe.drain()
        self.reader.link.stop()
        self.assertEqual(self.reader.frames[1:], ["* server is stopping"])
        self.assertEqual(self.reader.shell.calls, ["close"])
        self.world.storage.answer()
        self.assertEqual(self.reader.frames[2:], [])


class ListTests(OutletTestCase):
    """Lists that were asked for."""

    def setUp(self) -> None:
        super().setUp()
        self.world.storage.reads_at_once = False

    def texts(self) -> list[str]:
        """Return what the reader was sent, log entries without their time."""
        return [
            " ".join(f.split()[:3] + f.split()[4:]) if f.endswith("!") else f
            for f in self.reader.frames
        ]

    def test_the_log_in_pages(self) -> None:
        """Chunk after chunk, each when the one before it has left; what happens
        meanwhile follows behind the end."""
        self.patch(listing, "CHUNK", 110)
        self.write("1!", "2!", "3!", "4!", "5!")
        self.reader.clear()
        self.block(self.reader)
        self.reader.send("/since 0", "/topic")
        self.world.run()
        self.write("6", "/nick bob")
        for _ in range(3):
            self.assertEqual(len(self.world.storage.pages), 1)
            self.world.storage.answer()
            self.assertEqual(self.world.storage.pages, [])
            self.reader.pipe.drain()
        self.unblock(self.reader)
        self.world.run()
        entries = [f"* lobby {n} guest-1: {n}!" for n in range(1, 6)]
        rest = ["* end lobby 5", "guest-1: 6", "* lobby: there is no topic"]
        self.assertEqual(self.texts(), [*entries, *rest])

    def test_an_empty_list(self) -> None:
        """Only the end is sent, nothing is read."""
        self.reader.send("/history")
        self.world.run()
        self.assertEqual(self.reader.frames, ["* end lobby 0"])

    def test_what_has_expired_meanwhile(self) -> None:
        """It is left out."""
        self.write("m1")
        self.reader.clear()
        self.reader.send("/history")
        self.world.run()
        self.world.storage.pages[0].deferred.callback([])
        self.assertEqual(self.reader.frames, ["* end lobby 1"])

    def test_stopped_in_a_list(self) -> None:
        """The rest of it is not sent."""
        self.write("m1")
        self.reader.clear()
        self.reader.send("/history")
        self.world.run()
        self.reader.link.stop()
        self.world.storage.answer()
        self.assertEqual(self.reader.frames, ["* server is stopping"])

    def test_stopped_while_the_log_is_read(self) -> None:
        """What comes of the store then is not sent, though the farewell is unsent."""
        self.write("m1")
        self.reader.clear()
        self.reader.send("/history")
        self.world.run()
        self.block(self.reader)
        self.reader.link.stop()
        self.world.storage.answer()
        self.world.run()
        self.assertNotIn("close", self.reader.shell.calls)
        self.unblock(self.reader)
        self.assertEqual(self.reader.frames, ["* server is stopping"])
        self.assertEqual(self.reader.shell.calls, ["close"])

    def test_members_in_pages(self) -> None:
        """Each page when the one before it has left; a list is not mixed."""
        self.patch(limits, "WHO_PAGE", 2)
        for _ in range(3):
            self.world.join()
        self.reader.clear()
        self.block(self.reader)
        self.reader.send("/who", "/topic")
        self.world.run()
        self.write("m1")
        for _ in range(2):
            self.reader.pipe.drain()
            self.world.run()
            self.write("m")
        self.unblock(self.reader)
        self.assertEqual(
            self.reader.frames,
            [
                *[f"* lobby guest-{n} s{n}" for n in range(1, 6)],
                "* end lobby 5",
                "guest-1: m1",
                "guest-1: m",
                "guest-1: m",
                "* lobby: there is no topic",
            ],
        )

    def test_rooms_in_pages(self) -> None:
        """The same for rooms."""
        self.patch(limits, "ROOMS_PAGE", 1)
        self.write("/join red", "/join blue")
        self.reader.send("/rooms")
        self.world.run()
        names = [frame.split()[1] for frame in self.reader.frames]
        self.assertEqual(names, ["lobby", "red", "blue", "end"])

    def test_a_page_that_is_refused(self) -> None:
        """What has waited for the list follows all the same."""

        def who(carried_out: rules.Rules, session: object, request: Who) -> None:
            if request.room:
                raise Refused("no_room", "gone")
            carried_out.reply(WhoPage("lobby", (), 1, Who("nowhere")))

        self.patch(rules, "_RULES", {**rules._RULES, Who: who})
        self.reader.send("/who")
        self.writer.send("m1")
        self.world.clock.advance(0)
        self.writer.send("m2")
        self.world.run()
        self.assertEqual(self.reader.frames, ["! gone", *messages(1, 2)])
        self.write("m3")
        self.assertEqual(self.reader.frames[3:], messages(3, 3))


class SayTests(OutletTestCase):
    """What has no place in the order."""

    def test_after_output_that_is_unsent(self) -> None:
        """It follows that, and the end follows it."""
        self.block(self.reader)
        self.write("m1")
        self.reader.link.stop()
        self.assertEqual(self.reader.shell.calls, [])
        self.unblock(self.reader)
        self.assertEqual(self.reader.frames, [*messages(1, 1), "* server is stopping"])
        self.assertEqual(self.reader.shell.calls, ["close"])

    def test_nothing_is_owed_after_the_end(self) -> None:
        """An outlet that is closed takes nothing."""
        way_out = self.reader.link.outlet
        way_out.close()
        way_out.owe(Reply(1, 2, Refusal("no_room", "gone"), is_answer=True))
        way_out.pump()
        self.assertEqual(self.reader.frames, [])
        self.assertFalse(way_out.owes)


class RunTestCase(SynchronousTestCase):
    """Checks of runs, in which chunks and pages are small, and presence is told at
    once, however much there is."""

    def setUp(self) -> None:
        for name, value in (("WHO_PAGE", 2), ("ROOMS_PAGE", 2), ("TALKS", 2)):
            self.patch(limits, name, value)
        self.patch(listing, "STATUS_PAGE", 2)
        self.patch(listing, "CLOSED_SESSIONS", 3)
        for module in (outlet, delivery, listing):
            self.patch(module, "CHUNK", 400)
        self.patch(outlet, "PAGE", 150)
        self.patch(presence, "AHEAD", 10**9)
        self.patch(presence, "LINES", 10**9)

    def check(self, run: Run, all_presence: bool) -> Counter[str]:
        """Compare what everyone was sent with what is expected; return how much of
        what was sent."""
        seen: Counter[str] = Counter()
        for someone in run.people:
            model = Expected(run.world, someone.origin, someone.dialect)
            expected, sent = model.frames(), someone.connection.frames
            place = f"seed {run.seed}, origin {someone.origin}"
            got = without_status(sent)
            if model.last_words is not None and got[-1:] == [model.last_words]:
                got.pop()
                sent.pop()
                seen["kicked"] += 1
            elif model.last_words is not None:
                self.assertTrue(someone.gone, place)
            stored = without_presence(expected)
            if someone.gone or model.last_words is not None:
                stored = stored[: len(without_presence(got))]
            elif all_presence and not someone.behind:
                self.assertEqual(got, expected, place)
            self.assertEqual(without_presence(got), stored, place)
            self.assertTrue(is_part(got, expected), place)
            self.assertEqual(mixed_status(sent), [], place)
            for data in someone.pipe.writes:
                self.assertTrue(len(data) <= 400 or data.count(b"\0") == 1, place)
            seen.update(kind for kind in KINDS for f in sent if f.startswith(kind))
            seen["all"] += len(sent)
        return seen


class ModelTests(RunTestCase):
    """Random runs: people and programs in rooms and in private, sockets that take a
    part of what is sent, pages and commits that wait or fail, some who leave or are
    thrown out. Each was sent its part of the order, all bytes of it once; and after
    each step delivery's state is what it has to be."""

    RUNS = 100
    STEPS = 400

    def check_nothing_is_left(self, run: Run) -> None:
        """When all are gone there is no session, no link, no timer, and no private
        room."""
        for someone in run.people:
            someone.connection.lose()
        run.settle()
        world = run.world
        self.assertEqual(snapshot(world.exchange._hub)["sessions"], [])
        self.assertEqual((world.exchange.links, world.exchange.sessions), ({}, {}))
        self.assertEqual(world.timers, [])
        for channel in world.exchange.channels.values():
            self.assertEqual((channel.listeners, channel.is_private), ([], False))

    def play(self, memory: int, all_presence: bool) -> None:
        """Play all runs with so many bytes of events in memory."""
        self.patch(telling, "Recent", lambda: Recent(memory))
        seen: Counter[str] = Counter()
        for seed in range(self.RUNS):
            run = Run(seed)
            run.play(self.STEPS)
            seen += self.check(run, all_presence)
            bodies = (i.body for i in run.world.order if isinstance(i, Reply))
            seen.update(type(body).__name__ for body in bodies)
            self.check_nothing_is_left(run)
        self.assertGreater(seen["all"], 30 * self.RUNS)
        self.assertGreater(seen["Welcomed"], 4 * self.RUNS)
        for kind in (*KINDS, "kicked", "Opened", "Relabelled", "Dropped", "AcksSet"):
            self.assertGreater(seen[kind], self.RUNS // 10, kind)

    def test_from_memory(self) -> None:
        """Everything is in memory: those who are never behind miss no presence."""
        self.play(10**9, all_presence=True)

    def test_from_the_store(self) -> None:
        """Memory holds six events: those who are behind read from the store."""
        self.play(6_000, all_presence=False)
