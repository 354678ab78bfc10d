"""A visit without a server: the name that is remembered, and the rooms to be in."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import Answer, Ended, Online
from ecochat.client.address import parse_address
from ecochat.client.identity import NOT_FOR_LONG
from ecochat.client.memory import Memory, Refusal
from ecochat.client.screen import visit as module
from ecochat.client.screen.visit import DRAFTS_UNKEPT, UNKEPT, Visit
from ecochat.client.trust import Trust
from ecochat.core import wire
from tests.client.fakes import welcome

WHERE = parse_address("lab:4040")


class VisitTestCase(SynchronousTestCase):
    """Has a folder of its own."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="ecochat-visit-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def load(self) -> Memory:
        """Return what is remembered."""
        return Memory.load(self.folder, lambda: 5.0)

    def visit(self, memory: Memory, nick: str = "", is_choice: bool = True) -> Visit:
        """Return a visit by a name, by default the one remembered."""
        nick = nick or memory.nick_at(str(WHERE))
        trust = Trust(file=self.folder / "known")
        return Visit(WHERE, nick, "", memory, trust, is_choice)


class NameTests(VisitTestCase):
    """Only what a person has chosen is remembered."""

    def be(
        self, nick: str = "", got: str = "", is_choice: bool = True, then: str = ""
    ) -> None:
        """Visit the server once.

        :param nick: the name to ask for, by default the remembered one.
        :param got: the name that one has there; empty for none: it is taken.
        :param then: another one, taken by ``/nick``.
        """
        memory = self.load()
        visit = self.visit(memory, nick, is_choice)
        visit.remember(memory)
        memory.save()
        if got:
            visit.model.happened(Online(welcome(nick=got), again=False))
        else:
            visit.model.ended(Ended("name_taken", "it is taken"))
        if then:
            visit.model.say(f"/nick {then}")
            (sent,) = [s for s in visit.model.requests() if s.typed]
            visit.model.answered(sent, Answer([], wire.Ok(nick=then)))
        visit.remember(memory)
        memory.save()

    @property
    def names(self) -> tuple[str, str]:
        """The name that is asked for the next time, there and elsewhere."""
        memory = self.load()
        return memory.nick_at(str(WHERE)), memory.nick

    def test_chosen(self) -> None:
        """At the start, or by /nick; in any case of its letters."""
        self.be("alice", "Alice")
        self.assertEqual(self.names, ("Alice", "Alice"))
        self.be("bob", "bob")
        self.assertEqual(self.names, ("bob", "bob"))
        self.be("", "bob", then="carol")
        self.assertEqual(self.names, ("carol", "carol"))

    def test_for_want_of_another(self) -> None:
        """The name that one wanted stays: it is asked for again."""
        self.be("alice", "alice")
        self.be()
        self.be("alice_", "alice_", is_choice=False)
        self.assertEqual(self.names, ("alice", "alice"))
        self.be("alice_", "alice_", is_choice=False, then="carol")
        self.assertEqual(self.names, ("carol", "carol"))

    def test_one_that_cannot_be_had(self) -> None:
        """Is not remembered in place of one that could."""
        self.be("alice", "alice")
        self.be("no name!")
        self.assertEqual(self.names, ("alice", "alice"))

    def test_the_first_one(self) -> None:
        """Is the one that was to be had."""
        self.be("alice")
        self.assertEqual(self.names, ("", ""))
        self.be("alice_", "alice_", is_choice=False)
        self.assertEqual(self.names, ("alice_", "alice_"))

    def test_before_there_is_a_session(self) -> None:
        """The first one is remembered though nobody listens yet; another one is not."""
        for nick in ("alice", "bob"):
            memory = self.load()
            self.visit(memory, nick).remember(memory)
            memory.save()
            self.assertEqual(self.names, ("alice", "alice"))

    def test_given(self) -> None:
        """What the server gives is nobody's."""
        self.be("", "guest-7")
        self.assertEqual(self.names, ("", ""))
        self.be("alice", "alice")
        self.be("alice", "guest-7", then="guest-7")
        self.assertEqual(self.names, ("alice", "alice"))

    def test_at_two_servers(self) -> None:
        """Being somewhere by the name of that place changes no other one."""
        memory = self.load()
        memory.server(str(WHERE)).nick, memory.nick = "al", "alice"
        memory.save()
        self.be("", "al")
        self.assertEqual(self.names, ("al", "alice"))


class KeptTests(VisitTestCase):
    """What is said of what is kept."""

    def begin(self) -> tuple[Memory, Visit]:
        """Go to a server, with files in a folder of the test's own."""
        self.patch(os, "environ", {**os.environ, "XDG_DATA_HOME": str(self.folder)})
        self.patch(module, "Client", mock.Mock())
        self.patch(module, "Talk", mock.Mock())
        memory = self.load()
        visit = self.visit(memory, "alice")
        visit.begin(lambda: None, Clock())
        self.addCleanup(visit._held.close)
        visit.note_unkept(memory)
        return memory, visit

    def test_nothing_can_be_kept(self) -> None:
        """It is told, also once there is a session, and the status says so."""
        (self.folder / "ecochat").write_text("no folder")
        memory, visit = self.begin()
        model = visit.model
        for rooms in ((), ("lobby",), ("lab",)):
            if rooms:
                said = welcome(dict.fromkeys(rooms, 7))
                model.happened(Online(said, again=rooms == ("lab",)))
            told = [entry.text for entry in model.room.entries]
            self.assertIn(NOT_FOR_LONG, told)
            self.assertIn("no key can be kept", told[0])
        self.assertEqual(model.unkept, UNKEPT)
        model.say("hi")
        left = visit.left(memory)
        self.assertEqual((left.where, left.unstored, left.refused), ("lab:4040", 1, 0))
        self.assertFalse(left.is_sent_later)

    def test_all_is_kept(self) -> None:
        """Then it says nothing."""
        _, visit = self.begin()
        self.assertEqual((visit.model.unkept, visit.model.room.entries), ("", []))

    def test_what_is_remembered(self) -> None:
        """The status says that it cannot be kept, as long as it is so."""
        memory, visit = self.begin()
        version = visit.model.version
        memory.nick = "alice"
        with mock.patch("ecochat.client.memory.replace", side_effect=OSError(28, "")):
            memory.save()
        visit.note_unkept(memory)
        self.assertEqual(visit.model.unkept, DRAFTS_UNKEPT)
        self.assertGreater(visit.model.version, version)
        self.assertFalse(visit.left(memory).is_shown_later)
        memory.save()
        visit.note_unkept(memory)
        self.assertEqual(visit.model.unkept, "")


class RoomTests(VisitTestCase):
    """Which rooms are entered."""

    def test_what_is_only_shown(self) -> None:
        """A room that is here for what was refused in it, or begun, is not entered, nor
        is one to be in the next time."""
        memory = self.load()
        server = memory.server(str(WHERE))
        server.rooms = {"lobby": 3, "@bob": 1}
        server.refused = [Refusal("dev", "hi", "disk full")]
        server.drafts = {"attic": "half a"}
        visit = self.visit(memory, "alice")
        self.patch(visit, "_kept", lambda: (None, None))
        asked: dict[str, Any] = {}

        def client(where: str, **settings: Any) -> None:
            asked.update(settings)

        self.patch(module, "Client", client)
        self.patch(module, "Talk", mock.Mock())
        visit.begin(lambda: None, Clock())
        self.assertEqual(asked["rooms"], ["lobby"])
        self.assertEqual(list(visit.model.rooms), ["lobby", "attic", "dev", "@bob"])
        visit.remember(memory)
        self.assertEqual(set(server.rooms), {"lobby", "@bob"})
        self.assertEqual([refusal.room for refusal in server.refused], ["dev"])
