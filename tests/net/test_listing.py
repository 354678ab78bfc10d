"""Lists that are read from the store while they are sent."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.items import LogRange, SessionClosed, SessionOpened, StatusRange
from ecochat.core.limits import CLOSED_SESSIONS
from ecochat.core.names import MAX_NICK
from ecochat.core.records import Batch, SessionRecord
from ecochat.dialects.plain import PlainDialect
from ecochat.net import listing
from ecochat.net.listing import CHUNK, LogListing, StatusListing
from ecochat.store.port import StoreError
from tests.net.fakes import Connection, World

KEY = "k" * 22


class StatusTests(SynchronousTestCase):
    """The sessions, in pages of two."""

    def setUp(self) -> None:
        self.patch(listing, "STATUS_PAGE", 2)
        self.world = World()
        self.people = [self.world.join(f"/nick n{n}") for n in range(1, 6)]
        self.storage = self.world.storage

    def leave(self, *people: Connection) -> None:
        """Let some leave, at different times."""
        for one in people:
            one.lose()
            self.world.run()
            self.world.clock.advance(1)

    def status(self, connection: Connection) -> list[str]:
        """Return what the status tells: of each line the id, ``-`` of one that is gone,
        ``@`` of one with an address."""
        connection.clear()
        connection.send("/status")
        self.world.run()
        return [shorten(frame) for frame in connection.frames]

    def test_open_and_closed(self) -> None:
        """Who is here, by id; then who left, the last one last; addresses are for
        operators."""
        self.leave(self.people[3], self.people[0])
        wanted = ["s2", "s3", "s5", "s4-", "s1-"]
        self.assertEqual(self.status(self.people[1]), [*wanted, "end"])
        operator = self.world.join(settings=self.world.of_operators)
        told = ["s2@", "s3@", "s5@", "s6@", "s4-@", "s1-@", "end"]
        self.assertEqual(self.status(operator), told)

    def test_in_its_place(self) -> None:
        """It is as it was when it was asked for; what follows waits for its end."""
        one, two, three = self.people[:3]
        self.storage.reads_at_once = False
        one.clear()
        one.send("/status", "/topic")
        two.send("hi")
        self.world.run()
        self.world.join("/nick late")
        three.lose()
        self.world.clock.advance(1)
        self.world.run()
        while self.storage.pages:
            self.storage.answer()
        self.world.run()
        told = [shorten(frame).removesuffix("-") for frame in one.frames[:6]]
        self.assertEqual(told, ["s1", "s2", "s3", "s4", "s5", "end"])
        self.assertEqual(one.frames[6:], ["n2: hi", "* lobby: there is no topic"])

    def test_the_last_of_many(self) -> None:
        """So many of those that are gone, and no more."""
        self.patch(listing, "CLOSED_SESSIONS", 2)
        self.leave(*self.people[:4])
        self.assertEqual(self.status(self.people[4]), ["s5", "s3-", "s4-", "end"])

    def test_many_fit_in_a_chunk(self) -> None:
        """Those that are gone are told at once, however long their lines are."""
        record = SessionRecord(10**15, "𝔘" * MAX_NICK, "x" * 60, 0, 1)
        line = PlainDialect("x").status_entry(record, True, is_away=True)
        self.assertLess(CLOSED_SESSIONS * len(line), CHUNK)

    def test_a_page_of_the_open_ones_is_about_a_chunk(self) -> None:
        """And what does not fit is read again."""
        self.patch(listing, "CHUNK", 60)
        told = self.status(self.people[0])
        self.assertEqual(told, ["s1", "s2", "s3", "s4", "s5", "end"])
        writes = self.people[0].pipe.writes
        self.assertEqual([data.count(b"\0") for data in writes], [1] * 6)

    def test_slowly(self) -> None:
        """A page is read when the one before it has left."""
        one = self.people[0]
        one.clear()
        one.pipe.blocking = lambda: True
        one.send("/status")
        self.world.run()
        told = [len(one.frames)]
        while one.pipe.blocked:
            one.pipe.drain()
            self.world.run()
            told.append(len(one.frames))
        self.assertEqual(told, [2, 4, 5, 6, 6])

    def test_what_cannot_be_read(self) -> None:
        """It is read again a second later."""
        self.storage.reads_at_once = False
        one = self.people[0]
        one.clear()
        one.send("/status")
        self.world.run()
        self.storage.pages.pop().deferred.errback(StoreError("disk gone"))
        self.storage.reads_at_once = True
        self.assertEqual(one.frames, [])
        self.world.clock.advance(1)
        self.world.run()
        self.assertEqual(shorten(one.frames[-1]), "end")
        self.assertEqual(len(one.frames), 6)

    def test_from_before_a_restart(self) -> None:
        """They are kept."""
        again = World()
        memory = again.storage.memory
        memory.append(Batch(opened=[SessionOpened(1, 1, "old", "unix", 5, 1)]))
        memory.append(Batch(closed=[SessionClosed(2, 1, "old", "quit", 9, 0)]))
        again.exchange.start()
        one = again.join()
        one.send("/status")
        again.run()
        self.assertEqual([shorten(f) for f in one.frames], ["s2", "s1-", "end"])


class RepeatTests(SynchronousTestCase):
    """What is written again under the same number."""

    def setUp(self) -> None:
        self.world = World()
        self.alice, self.bob = self.world.connect(), self.world.connect()
        self.alice.hello(key=KEY, nick="alice", rooms={"lobby": None, "lab": None})
        self.bob.hello(nick="bob")
        self.world.run()
        self.say("say", room="lobby", text="hi", id=5)

    def say(self, op: str, **fields: object) -> tuple[object, ...]:
        """Return what alice is answered: code, or room and number and whether again."""
        self.alice.clear()
        self.alice.ask(op, ref="r", **fields)
        self.world.run()
        [answer] = [said for said in self.alice.said if said.get("ref") == "r"]
        if answer["op"] == "error":
            return (answer["code"],)
        return answer["room"], answer["n"], answer.get("duplicate", False)

    def test_where_it_was_said(self) -> None:
        """The room may be left out; another one, or none, is not the same."""
        same = ("lobby", 1, True)
        self.assertEqual(self.say("say", room="Lobby", text="hi", id=5), same)
        self.assertEqual(self.say("say", text="hi", id=5), same)
        for room in ("lab", "nowhere", "no room", "@bob", "@nobody"):
            answer = self.say("say", room=room, text="hi", id=5)
            self.assertEqual(answer, ("id_reused",), room)
        self.assertEqual(self.say("topic", topic="hi", id=5), ("id_reused",))
        self.assertEqual(self.say("say", room="lobby", text="ho", id=5), ("id_reused",))

    def test_to_one_person(self) -> None:
        """Who may be gone, or have another name by now."""
        self.assertEqual(self.say("msg", nick="bob", text="psst", id=6)[1:], (1, False))
        self.bob.ask("nick", nick="rob")
        self.world.run()
        for nick in ("bob", "rob"):
            answer = self.say("msg", nick=nick, text="psst", id=6)
            self.assertEqual(answer, (f"@{nick}", 1, True))
        self.assertEqual(self.say("say", text="psst", id=6), ("@3", 1, True))

    def test_an_edit(self) -> None:
        """Its own text is compared; of what it has changed none is known any more."""
        change = {"room": "lobby", "message": 1, "id": 6}
        self.assertEqual(self.say("edit", text="ho", **change), ("lobby", 2, False))
        self.assertEqual(self.say("edit", text="ho", **change), ("lobby", 2, True))
        self.assertEqual(self.say("edit", text="ha", **change), ("id_reused",))
        self.assertEqual(self.say("say", text="hi", id=5), ("lobby", 1, True))

    def test_what_is_no_longer_kept(self) -> None:
        """Of the last one it is known where it was; of others, that it is not there."""
        self.say("say", room="lobby", text="ho", id=7)
        self.world.exchange.expire(1, 2)
        self.world.run()
        self.assertEqual(self.say("say", room="lobby", text="ho", id=7)[1:], (2, True))
        self.assertEqual(self.say("say", room="lab", text="ho", id=7), ("id_reused",))
        self.assertEqual(
            self.say("say", room="lobby", text="hi", id=5), ("id_skipped",)
        )


class ListingTests(SynchronousTestCase):
    """What has to be so without any connection."""

    def test_an_empty_log_is_over_at_once(self) -> None:
        """There is nothing to be read."""
        dialect = PlainDialect("x")
        for after, over in ((3, True), (2, False)):
            some = LogListing(LogRange(1, "lab", after, 3, 3), dialect, None, {})
            self.assertIs(some.over, over)

    def test_what_has_expired_meanwhile(self) -> None:
        """The list is over where nothing of it is kept any more."""
        some = LogListing(LogRange(1, "lab", 2, 3, 3), PlainDialect("x"), None, {})
        self.assertEqual((some.chunk([]), some.over), (b"", True))
        self.assertEqual(some.end(), b"* end lab 3\0")

    def test_no_sessions(self) -> None:
        """They are no error: first none is open, then none has ended."""
        wanted = StatusRange(0, 9, addresses=False, away=frozenset())
        some = StatusListing(wanted, PlainDialect("x"), None, {})
        for over in (False, True):
            self.assertEqual(some.chunk([]), b"")
            self.assertEqual(some.over, over)
        self.assertEqual(some.end(), b"* end status\0")


def shorten(frame: str) -> str:
    """Return a line of the status in short."""
    words = frame.split()
    gone = "-" if "disconnected" in words else ""
    place = "@" if "from" in words else ""
    return words[1] + gone + place
