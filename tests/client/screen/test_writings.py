"""What one writes oneself: pending, stored, refused, each shown once."""

from __future__ import annotations

from ecochat.client import Answer, Disconnected, NotStored, Online
from ecochat.client.errors import NotKept
from ecochat.client.outbox import Kept
from ecochat.client.screen.entries import Kind, State
from ecochat.client.screen.model import Model
from ecochat.client.screen.room import Place
from ecochat.client.screen.writings import REFUSED
from ecochat.core import requests as ask
from ecochat.core import wire
from tests.client.fakes import message, welcome
from tests.client.screen.modelcase import EVIL, ModelTestCase


class OwnTests(ModelTestCase):
    """What one writes oneself."""

    def own_event(self, n: int, text: str, session: str = "s1") -> None:
        """Hear what one has said."""
        event = message("lobby", n, text)
        own = {"nick": "alice", "session": session, "id": n}
        self.model.happened(
            wire.Message(room="lobby", n=n, time=event.time, text=text, **own)  # type: ignore[arg-type]
        )

    def test_pending_then_stored(self) -> None:
        """It is there at once, and stored with its number when that is answered."""
        sent = self.say("hi")
        entry = self.last()
        self.assertEqual(
            (entry.state, entry.n, entry.text), (State.PENDING, None, "hi")
        )
        self.assertEqual(self.model.unstored, 1)
        self.stored(sent, 1)
        self.assertEqual((entry.state, entry.n), (State.STORED, 1))
        self.assertEqual(self.model.unstored, 0)
        self.own_event(1, "hi")
        self.assertEqual(self.shown(), [(Kind.MESSAGE, "hi")])
        self.assertIs(self.last(), entry)

    def test_event_first(self) -> None:
        """Its event may come before the answer."""
        sent = self.say("hi")
        entry = self.last()
        self.own_event(1, "hi")
        self.assertIs(self.last(), entry)
        self.stored(sent, 1)
        self.assertEqual(self.shown(), [(Kind.MESSAGE, "hi")])
        self.assertEqual((entry.state, entry.n), (State.STORED, 1))

    def test_event_of_a_session_before(self) -> None:
        """It is not shown twice where its event was not known as one's own."""
        sent = self.say("hi")
        self.own_event(1, "hi", "s77")
        self.assertEqual(len(self.shown()), 2)
        self.stored(sent, 1)
        self.assertEqual(self.shown(), [(Kind.MESSAGE, "hi")])
        self.assertTrue(self.last().is_own)

    def test_stored_behind_what_is_not_heard_yet(self) -> None:
        """What others said before it stands before it."""
        sent = self.say("hi")
        self.stored(sent, 2)
        self.hear("first")
        self.assertEqual([text for _, text in self.shown()], ["first", "hi"])
        self.own_event(2, "hi")
        self.assertEqual([text for _, text in self.shown()], ["first", "hi"])

    def test_refused(self) -> None:
        """It says why, and can be had again."""
        sent = self.say("hi")
        self.model.failed(sent, NotStored("not_stored", f"disk{EVIL}"))
        entry = self.last()
        self.assertEqual(entry.state, State.REFUSED)
        self.assertEqual(entry.why, r"disk\x1b[2J\u202e")
        self.assertEqual(self.model.recall(), "hi")
        self.assertEqual(self.shown(), [])
        self.assertEqual(self.model.recall(), "")

    def test_refused_before(self) -> None:
        """What was written later is given back first, however it was refused."""
        first, second = self.say("one"), self.say("two")
        self.model.failed(second, NotStored("not_stored", "disk"))
        self.model.failed(first, NotStored("not_stored", "disk"))
        recalled = [self.model.recall() for _turn in range(3)]
        self.assertEqual(recalled, ["two", "one", ""])

    def test_refused_elsewhere(self) -> None:
        """A message is given back in its room only."""
        self.model.failed(self.say("hi"), NotStored("not_stored", "disk"))
        self.model.go("dev")
        self.assertEqual(self.model.recall(), "")
        self.model.go("lobby")
        self.assertEqual(self.model.recall(), "hi")

    def test_refused_in_a_room_that_is_gone(self) -> None:
        """It is shown there all the same, and given back."""
        sent = self.say("/msg bob psst")
        self.model.happened(wire.Dropped(room="@bob"))
        self.assertIn("@bob", self.model.rooms)
        self.model.close_room(self.model.rooms["@bob"])
        self.model.failed(sent, NotStored("not_stored", "disk"))
        self.model.go("@bob")
        self.assertEqual(self.last().state, State.REFUSED)
        self.model.happened(wire.Dropped(room="@bob"))
        self.assertEqual(self.model.recall(), "psst")

    def test_refused_in_a_room_of_another_name(self) -> None:
        """A room that has become part of another one, which is renamed again."""
        self.model.happened(wire.Opened(room="@bob", id=1, last=0))
        sent = self.say("/msg rob psst")
        self.model.happened(wire.Relabelled(room="@bob", id=1, new="@rob"))
        self.model.happened(wire.Relabelled(room="@rob", id=1, new="@ron"))
        self.model.say("/close")
        self.assertEqual(self.model.current, "@ron")
        self.model.failed(sent, NotStored("not_stored", "disk"))
        self.assertEqual(list(self.model.rooms), ["lobby", "dev", "@ron"])
        self.assertEqual([e.state for e in self.model.room.own], [State.REFUSED])

    def test_looked_at_and_taken_back(self) -> None:
        """One looks at nothing that is not there any more."""
        self.model.failed(self.say("hi"), NotStored("not_stored", "disk"))
        self.model.room.place = Place(self.last())
        self.model.recall()
        self.assertIsNone(self.model.room.place)

    def test_refused_twin(self) -> None:
        """Of two with the same words the event of one does not hide the other's end."""
        first, second = self.say("hi"), self.say("hi")
        self.own_event(1, "hi")
        self.model.failed(first, NotStored("not_stored", "disk"))
        self.stored(second, 1)
        states = [e.state for e in self.model.room.entries if e.kind is Kind.MESSAGE]
        self.assertEqual(states, [State.STORED, State.REFUSED])

    def test_not_kept(self) -> None:
        """What the outbox could not take is shown as refused."""
        self.model.failed(self.say("hi"), NotKept("disk full"))
        self.assertEqual(
            (self.last().state, self.last().why), (State.REFUSED, "disk full")
        )

    def test_refused_are_bounded(self) -> None:
        """Of very many refused ones the oldest go."""
        for number in range(REFUSED + 5):
            self.model.failed(self.say(str(number)), NotStored("not_stored", "disk"))
        own = [entry.text for entry in self.model.room.own]
        self.assertEqual(own, [str(n) for n in range(5, REFUSED + 5)])

    def test_unanswered_at_the_end(self) -> None:
        """What the outbox keeps when the client ends stays pending."""
        self.model.failed(self.say("hi"), Disconnected("stopped"))
        self.assertEqual((self.last().state, self.model.unstored), (State.PENDING, 1))

    def test_reply_and_me(self) -> None:
        """A reply has its message, an action its sign; both come back as written."""
        sent = self.say("/reply 3 yes\nno")
        self.assertEqual(sent.request, ask.Say("yes\nno", "lobby", reply_to=3))
        self.assertEqual((self.last().reply_to, self.last().text), (3, "yes\nno"))
        self.model.failed(sent, NotStored("not_stored", "disk"))
        self.assertEqual(self.model.recall(), "/reply 3 yes\nno")
        self.assertEqual(self.say("/me waves").request, ask.Me("waves", "lobby"))
        self.assertEqual(self.last().raw, "/me waves")

    def test_to_one_person(self) -> None:
        """It has a room at once, which stays the same when the server names it."""
        sent = self.say("/msg bob psst")
        self.assertEqual(self.model.current, "@bob")
        self.model.happened(wire.Opened(room="@Bob", id=1, last=0))
        self.stored(sent, 1, "@Bob")
        self.assertEqual(list(self.model.rooms), ["lobby", "dev", "@Bob"])
        self.assertEqual(self.shown(), [(Kind.MESSAGE, "psst")])
        self.assertEqual(self.model.room.members, ["alice", "Bob"])

    def test_relabelled(self) -> None:
        """A private room with another name has what it had."""
        sent = self.say("/msg bob psst")
        self.model.happened(wire.Opened(room="@bob", id=1, last=0))
        self.model.happened(wire.Relabelled(room="@bob", id=1, new="@rob"))
        self.assertEqual(self.model.current, "@rob")
        self.stored(sent, 1, "@rob")
        self.assertIn((Kind.PRESENCE, "bob is now rob"), self.shown())

    def test_stored_under_another_name(self) -> None:
        """What is left from before for one who has another name by now goes there."""
        model = Model("alice", clock=lambda: self.time)
        kept = Kept(1, ask.SayTo(nick="bob", text="psst"), 5, 5.0)
        (sent,) = model.kept([kept])
        model.happened(Online(welcome({"lobby": 0, "@rob": 0}), again=False))
        model.answered(sent, Answer([], wire.Stored(room="@rob", n=1)))
        self.assertEqual(list(model.rooms), ["lobby", "@rob"])
        self.assertEqual([e.text for e in model.rooms["@rob"].own], ["psst"])

    def test_left_from_before(self) -> None:
        """What the outbox has is shown before there is a session, in order."""
        model = Model("alice", clock=lambda: self.time)
        say = ask.Say("one", "lobby")
        to = ask.SayTo(nick="bob", text="two")
        edit = ask.Edit(message=3, text="x", room="lobby")
        kept = [Kept(n, r, None, 5.0) for n, r in enumerate((say, to, edit))]
        sents = model.kept(kept)
        self.assertEqual(model.requests(), [])
        self.assertEqual(model.unstored, 3)
        model.happened(Online(welcome({"lobby": 7}), again=False))
        (entry,) = model.rooms["lobby"].own
        self.assertEqual(
            (entry.text, entry.time, entry.state), ("one", 5.0, State.PENDING)
        )
        model.answered(sents[0], Answer([], wire.Stored(room="lobby", n=7)))
        self.assertEqual(model.rooms["lobby"].own, [])
        self.assertEqual([e.text for e in model.rooms["@bob"].own], ["two"])

    def test_refused_from_before(self) -> None:
        """What is no message is given back as the command that it can be typed as:
        where that has words in it, in its room."""
        commands = {
            "/topic tea": ask.SetTopic("tea", "lobby"),
            "/edit #dev 3 new": ask.Edit(3, "new", "dev"),
            "/delete @bob 3": ask.Delete(3, "@bob"),
            "/react #dev 3 +": ask.React(3, "+", "dev"),
            "/react #dev 3 + off": ask.React(3, "+", "dev", remove=True),
        }
        for command, request in commands.items():
            self.setUp()
            (sent,) = self.model.kept([Kept(1, request, None, 5.0)])
            self.model.failed(sent, NotStored("not_stored", "disk"))
            self.model.go("dev" if "new" in command else "lobby")
            self.requests()
            self.assertEqual(self.model.recall(), command)
            again = self.say(command).request
            self.assertEqual(again, request)
