"""A model: what is typed in, what is asked out, its beginning and its end."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import Answer, Ended, NotStored, Online, Refused
from ecochat.client.screen.asking import (
    ASKED,
    PING_EVERY,
    PING_WAITING,
    WHO_EVERY,
)
from ecochat.client.screen.entries import Kind
from ecochat.client.screen.model import Model, Snapshot
from ecochat.client.screen.wishes import (
    AskNick,
    Connect,
    ShowKeys,
    Wish,
)
from ecochat.client.terminal.scene import TYPING_EVERY
from ecochat.core import requests as ask
from ecochat.core import wire
from tests.client.fakes import message, welcome
from tests.client.screen.modelcase import ModelTestCase


class CommandTests(ModelTestCase):
    """What one types that is no message."""

    def wishes(self, typed: str) -> list[Wish]:
        """Type something; return what the face is to do."""
        self.model.say(typed)
        return self.model.take_wishes()

    def test_wishes(self) -> None:
        """Some are for the face."""
        self.assertEqual(self.wishes("/keys"), [ShowKeys()])
        self.assertEqual(self.wishes("/connect tls:x"), [Connect("tls:x")])
        self.assertEqual(self.wishes("CONNECT x:5"), [Connect("x:5")])
        for typed in ("CONNECT", "/connect"):
            self.assertEqual(self.wishes(typed), [Connect("")])
        self.assertEqual(self.requests(), [])

    def test_switches(self) -> None:
        """Each is turned off and on; alone it says how it stands, and stays so."""
        bell, typing = "bell and notifications are {}", "others {} that you write"
        for typed, name, on, off in (
            ("/bell", "rings", bell.format("on"), bell.format("off")),
            ("/typing", "tells_typing", *map(typing.format, ("see", "do not see"))),
        ):
            for end, said in (("", on), (" off", off), ("", off), (" on", on)):
                self.model.say(typed + end)
                self.assertEqual(self.last().text, said, typed + end)
                self.assertEqual(getattr(self.model, name), said == on)
        self.assertEqual(self.requests(), [])

    def test_unknown(self) -> None:
        """The nearest of all commands is named, and what was typed given back."""
        self.model.say("/mut")
        self.assertEqual(self.last().kind, Kind.ERROR)
        self.assertIn("did you mean /mute?", self.last().text)
        self.assertEqual(self.model.recall(), "/mut")

    def test_every_command(self) -> None:
        """Each that is offered can be completed and does something."""
        offers = list(self.model.completions("/", "/"))
        self.assertIn("/reply NUMBER TEXT", [shown for _, shown, _ in offers])
        self.assertEqual(
            [text for text, *_ in self.model.completions("/bell o", "o")],
            ["on ", "off "],
        )
        for name in self.model.commands:
            self.model.say(f"/{name}")
        self.assertTrue(self.model.has_left)

    def test_join(self) -> None:
        """One is there at once; what is typed next is said there."""
        join = self.say("/join Lab")
        say = self.say("hi")
        self.assertEqual(say.request, ask.Say("hi", "Lab"))
        ok = wire.Ok(room="Lab", last=9, topic="tea")
        self.model.answered(join, Answer([], ok))
        self.assertEqual((self.model.current, self.model.room.topic), ("Lab", "tea"))
        self.assertEqual([e.text for e in self.model.room.own], ["hi"])
        self.assertIn(ask.History("Lab", before=10, limit=100), self.requests())
        self.model.say("/join lab")
        self.assertEqual(self.requests(), [])

    def test_an_empty_room(self) -> None:
        """It says that it is empty, there; one in which something was said does not."""
        for name, last in (("new", 0), ("old", 7)):
            self.model.say(f"/join {name}")
            [sent] = [
                s for s in self.model.requests() if isinstance(s.request, ask.Join)
            ]
            self.model.answered(sent, Answer([], wire.Ok(room=name, last=last)))
        self.assertEqual(
            self.shown("new"),
            [(Kind.NOTICE, "nobody has said anything yet in new")],
        )
        self.assertEqual(self.shown("old"), [])

    def test_numbers(self) -> None:
        """Those of the last messages are offered, the newest first."""
        self.hear("tea?", "x" * 99)
        self.model.tell("by the way")
        self.assertEqual(
            list(self.model.numbers.items()),
            [("2", f"bob: {'x' * 40}"), ("1", "bob: tea?")],
        )

    def test_help(self) -> None:
        """It is one entry, with a head."""
        before = len(self.model.room.entries)
        self.model.say("/help")
        self.assertEqual(len(self.model.room.entries), before + 1)
        head, *lines = self.last().text.split("\n")
        self.assertEqual(head, f"{len(lines) - 1} commands:")
        self.model.say("/help goto")
        self.assertEqual(
            self.last().text, "/goto NUMBER: go to a message, by its number"
        )

    def test_joined_under_its_name(self) -> None:
        """A room is called as the server calls it; who went elsewhere stays there."""
        join = self.say("/join LAB")
        self.model.go("dev")
        self.model.answered(join, Answer([], wire.Ok(room="lab", last=0)))
        self.assertEqual(list(self.model.rooms), ["lobby", "dev", "lab"])
        self.assertEqual(self.model.current, "dev")
        self.hear("hi", room="lab")
        self.assertEqual(self.model.rooms["lab"].unread, 1)

    def test_not_joined(self) -> None:
        """A room that one may not enter is not shown."""
        join = self.say("/join x!")
        self.model.failed(join, NotStored("bad_name", "no such name"))
        self.assertEqual(list(self.model.rooms), ["lobby", "dev"])
        self.assertEqual(self.last().text, "no such name")
        self.assertEqual(self.model.recall(), "/join x!")

    def test_leave(self) -> None:
        """A room that one has left is not shown."""
        leave = self.say("/leave")
        self.model.answered(leave, Answer([], wire.Ok(room="lobby")))
        self.assertEqual((list(self.model.rooms), self.model.current), (["dev"], "dev"))

    def test_leave_what_was_refused(self) -> None:
        """It can still be had back; leaving once more leaves that, too."""
        self.model.failed(self.say("hi"), NotStored("not_stored", "disk"))
        self.model.answered(self.say("/leave"), Answer([], wire.Ok(room="lobby")))
        self.assertEqual(self.model.current, "lobby")
        self.assertFalse(self.model.room.is_joined)
        self.model.failed(self.say("/leave"), Refused("not_in_room", "not in it"))
        self.assertEqual(list(self.model.rooms), ["dev"])

    def test_search(self) -> None:
        """Hits are kept to be looked at; none is said."""
        found = self.say("/search tea")
        self.model.answered(found, Answer([message("lobby", 4, "tea")], wire.End()))
        assert self.model.search is not None
        (hit,) = self.model.search.hits
        self.assertEqual((hit.room, hit.n), ("lobby", 4))
        self.model.close_search()
        self.model.answered(self.say("/search tea"), Answer([], wire.End()))
        self.assertIsNone(self.model.search)
        self.assertEqual(self.last().text, "nothing was found that has: tea")

    def test_close(self) -> None:
        """A private room is closed, but not with what is not stored."""
        sent = self.say("/msg bob hi")
        self.model.say("/close")
        self.assertEqual(self.model.current, "@bob")
        self.stored(sent, 1, "@bob")
        self.model.say("/close")
        self.assertNotIn("@bob", self.model.rooms)

    def test_clear(self) -> None:
        """Messages stay, and what is pending; what was refused goes."""
        self.hear("hi")
        self.model.failed(self.say("no"), NotStored("not_stored", "disk"))
        self.say("pending")
        self.model.say("/clear")
        self.assertEqual([text for _, text in self.shown()], ["hi", "pending"])
        self.assertEqual(self.model.refusals, [])


class ClockTests(ModelTestCase):
    """What is asked as time passes."""

    def test_ping(self) -> None:
        """The server is asked now and then; the round trip is known, and the lag."""
        self.model.tick()
        (sent,) = [s for s in self.model.requests() if isinstance(s.request, ask.Ping)]
        self.time += 5
        self.model.tick()
        self.assertEqual(self.model.lag, 5.0)
        self.model.answered(sent, Answer([], wire.Ok()))
        self.assertEqual((self.model.ping, self.model.lag), (5.0, 0.0))
        self.time += PING_EVERY
        self.model.tick()
        self.assertIn(ask.Ping(), self.requests())

    def test_ping_while_something_waits(self) -> None:
        """It is asked sooner: the server may hang."""
        self.model.tick()
        [ping] = [s for s in self.model.requests() if isinstance(s.request, ask.Ping)]
        self.model.answered(ping, Answer([], wire.Ok()))
        self.time += PING_WAITING
        self.model.tick()
        self.assertEqual(self.requests(), [])
        self.say("is it there?")
        self.model.tick()
        self.assertEqual(self.requests(), [ask.Ping()])

    def test_typing(self) -> None:
        """Others are shown that one writes, now and then, if that is allowed."""
        for draft in ("h", "hi"):
            self.model.typed(draft)
        self.assertEqual(self.requests(), [ask.Typing("lobby")])
        self.assertEqual(self.model.room.draft, "hi")
        self.time += TYPING_EVERY
        self.model.typed("/join")
        self.assertEqual(self.requests(), [])
        self.model.typed("hi!")
        self.assertEqual(self.requests(), [ask.Typing("lobby")])
        self.time += TYPING_EVERY
        self.model.say("/typing off")
        self.model.typed("x")
        self.assertEqual(self.requests(), [])

    def test_read(self) -> None:
        """It is told once in a while how far one has read."""
        self.hear("one", "two")
        self.model.tick()
        self.assertIn(ask.Read(2, "lobby"), self.requests())
        self.time += 10
        self.model.tick()
        self.assertNotIn(ask.Read(2, "lobby"), self.requests())

    def test_who(self) -> None:
        """Who is in the current room is asked, unless very many are there; and again
        where many came."""
        count = next(s for s in self.asked if isinstance(s.request, ask.Clients))
        self.model.answered(count, Answer([], wire.Ok(count=ASKED)))
        (who,) = self.model.requests()
        bob = wire.Member(room="lobby", nick="bob", session="s2", away=True)
        self.model.answered(who, Answer([bob], wire.End(room="lobby", count=1)))
        self.assertEqual(
            (self.model.room.members, self.model.room.away), (["bob"], {"bob"})
        )
        self.model.happened(wire.Presence(room="lobby", joined=9))
        self.time += WHO_EVERY
        self.model.tick()
        self.assertIn(ask.Who("lobby"), self.requests())
        self.model.answered(count, Answer([], wire.Ok(count=ASKED + 1)))
        self.model.go("dev")
        self.assertEqual(self.requests(), [])


class StartTests(SynchronousTestCase):
    """The beginning and the end."""

    def test_snapshot(self) -> None:
        """Drafts, muted rooms and how far was read survive."""
        model = Model("alice", clock=lambda: 0.0)
        kept = Snapshot("alice", "dev", {"lobby": 3, "dev": 5}, {"dev": "hm"}, ["dev"])
        model.restore(kept)
        model.happened(Online(welcome({"lobby": 9, "dev": 5}), again=False))
        self.assertEqual(model.current, "dev")
        self.assertEqual(model.snapshot(), kept)

    def test_snapshot_without_a_session(self) -> None:
        """Nothing is forgotten where the server was never reached."""
        model = Model("alice", clock=lambda: 0.0)
        kept = Snapshot("alice", "dev", {"lobby": 3, "dev": 5}, {"dev": "hm"}, ["dev"])
        model.restore(kept)
        self.assertEqual(model.snapshot(), kept)

    def test_new_since_the_last_time(self) -> None:
        """What others said since one has read is marked and counted."""
        model = Model("alice", clock=lambda: 0.0)
        model.restore(Snapshot("alice", "dev", {"lobby": 1, "dev": 0}, {}, []))
        model.happened(Online(welcome({"dev": 0, "lobby": 3}), again=False))
        page = next(s for s in model.requests() if isinstance(s.request, ask.History))
        events = [message("lobby", n, "hi alice") for n in (1, 2, 3)]
        model.answered(page, Answer(list(events), wire.End()))
        lobby = model.rooms["lobby"]
        self.assertEqual((lobby.unread, lobby.mentions), (2, 2))
        self.assertEqual((lobby.fresh or ())[:2], (2, 2))
        self.assertEqual(model.take_wishes(), [])

    def test_unreached(self) -> None:
        """Why there is no session is said once, though there is no room."""
        model = Model("", clock=lambda: 0.0)
        for _ in range(3):
            model.unreached("nobody listens")
        self.assertEqual([e.kind for e in model.room.entries], [Kind.ERROR])
        model.say("hi")
        self.assertEqual(model.recall(), "hi")

    def test_name_taken(self) -> None:
        """Another name is asked for, with a suggestion."""
        model = Model("bob", clock=lambda: 0.0)
        model.ended(Ended("name_taken", "bob is taken"))
        self.assertEqual(model.take_wishes(), [AskNick("bob is taken", "bob_")])

    def test_another_name_later(self) -> None:
        """Who has not answered that can still choose one."""
        model = Model("bob", clock=lambda: 0.0)
        model.ended(Ended("name_taken", "bob is taken"))
        model.take_wishes()
        model.say("/nick carol")
        self.assertEqual(model.take_wishes(), [AskNick("bob is taken", "carol", True)])
