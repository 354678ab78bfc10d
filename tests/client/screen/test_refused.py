"""What is refused: shown with its reason, given back, kept for the next start."""

from __future__ import annotations

from ecochat.client import Answer, Ended, NotStored, Online, Refused
from ecochat.client.memory import Refusal
from ecochat.client.outbox import Kept
from ecochat.client.screen.entries import Kind, State
from ecochat.client.screen.model import Model, Snapshot
from ecochat.client.screen.wishes import Keep
from ecochat.core import requests as ask
from ecochat.core import wire
from tests.client.fakes import welcome
from tests.client.screen.modelcase import EVIL, ModelTestCase

REMINDER = "refused and still here, in lobby: Up gives it back there"
ROOMS = (["lobby", "dev"], "dev")
SAFE = r"\x1b[2J\u202e"


class RefusedTestCase(ModelTestCase):
    """Has things refused, and starts again."""

    def refuse(self, *typed: str) -> None:
        """Type something that is refused."""
        for each in typed:
            self.time += 1
            self.model.failed(self.say(each), NotStored("not_stored", "disk full"))

    def start_again(self) -> None:
        """Have the next program, before it has a session."""
        kept = self.model.snapshot()
        self.model = Model("alice", clock=lambda: self.time)
        self.model.restore(kept)

    def recalled(self) -> list[str]:
        """Return all that Up gives back in the present room."""
        return list(iter(self.model.recall, ""))


class NextStartTests(RefusedTestCase):
    """At the next start."""

    def test_it_is_shown(self) -> None:
        """With its reason and its time, before there is a session and in one; it is
        told where it is."""
        self.refuse("hi\nthere")
        written = self.time
        self.start_again()
        entry = self.last()
        self.model.happened(Online(welcome({"lobby": 7, "dev": 0}), again=False))
        self.assertEqual(self.last().text, REMINDER)
        self.assertIn(entry, self.model.room.entries)
        self.assertEqual((entry.kind, entry.state), (Kind.MESSAGE, State.REFUSED))
        self.assertEqual((entry.text, entry.why), ("hi\nthere", "disk full"))
        self.assertEqual((entry.nick, entry.time), ("alice", written))

    def test_it_is_given_back(self) -> None:
        """As it was typed, in its room, the last one first; then it is gone."""
        typed = ["one", "//slash", "/me waves", "/reply 3 yes\nno", "/topic tea"]
        for _turn in range(2):
            self.refuse(*typed, "/edit 3 new")
            self.start_again()
            self.assertEqual(self.recalled(), ["/edit 3 new", *reversed(typed)])
        self.assertEqual(self.model.refusals, [])

    def test_it_is_the_same_again(self) -> None:
        """What is not taken back is kept for the start after that, in its order."""
        self.refuse("one", "/topic tea")
        self.model.go("dev")
        self.refuse("two", "/me waves")
        self.model.go("lobby")
        self.refuse("three")
        kept = self.model.refusals
        rooms = [refusal.room for refusal in kept]
        self.assertEqual(rooms, ["lobby", "lobby", "dev", "dev", "lobby"])
        for _turn in range(2):
            self.start_again()
            self.assertEqual(self.model.refusals, kept)

    def test_what_is_for_one_person(self) -> None:
        """Never becomes something for everyone, wherever it was kept."""
        typed = {"lobby": "/msg bob a secret", "": "/x y"}
        refusals = [Refusal(room, text, "no") for room, text in typed.items()]
        self.model.restore(Snapshot("", "", {}, {}, [], {}, refusals))
        self.assertEqual(self.recalled(), ["/x y", "/msg bob a secret"])
        sent = self.say("/msg bob psst")
        self.model.failed(sent, NotStored("not_stored", "disk full"))
        self.start_again()
        self.model.go("@bob")
        self.assertEqual(self.model.recall(), "psst")

    def test_it_is_safe(self) -> None:
        """Whatever the file has."""
        refusals = [Refusal("lobby", f"hi{EVIL}", f"no{EVIL}")]
        self.model.restore(Snapshot("", "", {}, {}, [], {}, refusals))
        entry = self.last()
        self.assertEqual((entry.text, entry.why), (f"hi{SAFE}", f"no{SAFE}"))
        self.assertEqual(self.model.recall(), f"hi{EVIL}")

    def test_it_is_kept_at_once(self) -> None:
        """The face is told to; not for what has no words of one's own."""
        self.refuse("hi")
        self.assertEqual(self.model.take_wishes(), [Keep()])
        self.refuse("/delete 3")
        self.assertEqual(self.model.take_wishes(), [])


class RoomTests(RefusedTestCase):
    """In which room it is."""

    def test_a_room_that_one_has_left(self) -> None:
        """Stays for it, also after a start, but is not one to be in again."""
        self.model.go("dev")
        self.refuse("hi")
        self.model.answered(self.say("/leave"), Answer([], wire.Ok(room="dev")))
        for _turn in range(2):
            kept = self.model.snapshot()
            self.assertEqual(list(kept.rooms), ["lobby"])
            self.start_again()
            self.assertTrue(self.model.rooms["dev"].is_left)
            self.model.happened(Online(welcome({"lobby": 0}), again=False))
            self.assertFalse(self.model.rooms["dev"].is_joined)
            self.model.go("dev")
        self.assertEqual(self.model.recall(), "hi")

    def test_nobody_to_write_to(self) -> None:
        """There is no room for that, nor is it said in another one."""
        no_nick = Refused("no_nick", "nobody is called bob")
        self.model.go("dev")
        self.model.failed(self.say("/msg bob psst"), no_nick)
        self.assertEqual((list(self.model.rooms), self.model.current), ROOMS)
        entry = self.last()
        self.assertEqual((entry.text, entry.why), ("/msg bob psst", str(no_nick)))
        self.assertNotIn("@bob", self.model.places)
        self.start_again()
        self.assertEqual(self.model.recall(), "/msg bob psst")

    def test_nobody_to_write_to_any_more(self) -> None:
        """A room in which something was said, or is being said, stays."""
        no_nick = Refused("no_nick", "nobody is called bob")
        first, _second = self.say("/msg bob one"), self.say("two")
        self.model.failed(first, no_nick)
        self.assertEqual(self.model.current, "@bob")
        self.model.happened(wire.Opened(room="@eve", id=1, last=0))
        self.model.go("lobby")
        self.requests()
        self.model.failed(self.say("/msg eve psst"), no_nick)
        self.assertEqual(self.model.current, "@eve")
        self.model.go("lobby")
        self.model.failed(self.say("/msg ann psst"), NotStored("not_stored", "full"))
        self.assertEqual(self.model.current, "@ann")

    def test_the_session_has_ended(self) -> None:
        """What was asked meanwhile says so, and not why twice."""
        sent = self.say("/who")
        self.model.failed(sent, Ended("bad_name", "a nickname has letters"))
        self.assertEqual(self.last().text, "/who is not done: the session has ended")

    def test_a_room_that_one_enters_again(self) -> None:
        """Is one to be in the next time; not if one was not let in."""
        self.model.go("dev")
        self.refuse("hi")
        self.model.answered(self.say("/leave"), Answer([], wire.Ok(room="dev")))
        self.model.failed(self.say("/join dev"), Refused("banned", "no"))
        self.assertEqual(list(self.model.snapshot().rooms), ["lobby"])
        join = self.say("/join dev")
        self.assertEqual(list(self.model.snapshot().rooms), ["lobby", "dev"])
        self.model.answered(join, Answer([], wire.Ok(room="dev", last=0)))
        self.assertEqual(list(self.model.snapshot().rooms), ["lobby", "dev"])

    def test_what_is_about_the_room(self) -> None:
        """Is given back there only: it would be about another one elsewhere."""
        commands = ("/topic tea", "/edit 3 x", "/delete 3", "/react 3 +", "/close")
        for typed in commands:
            self.model.go("lobby")
            self.model.say(typed)
            for sent in self.model.requests():
                self.model.failed(sent, NotStored("not_stored", "disk full"))
            self.model.go("dev")
            self.requests()
            self.assertEqual(self.recalled(), [], typed)
            self.model.go("lobby")
            self.assertEqual(self.recalled(), [typed])

    def test_what_is_about_no_room(self) -> None:
        """Is given back anywhere: what was typed while one was nowhere, and a name."""
        self.model.failed(self.say("/nick bob"), Refused("name_taken", "taken"))
        self.model.go("dev")
        self.assertEqual(self.recalled(), ["/nick bob"])
        model = Model("alice", clock=lambda: self.time)
        model.say("hello?")
        model.happened(Online(welcome(), again=False))
        self.assertEqual(model.recall(), "hello?")

    def test_a_room_that_is_not_before_the_eyes(self) -> None:
        """That something is refused there is told here, once."""
        for text in ("one", "two"):
            sent = self.say(text)
            self.model.go("dev")
            self.requests()
            self.model.failed(sent, NotStored("not_stored", f"disk{EVIL}"))
            self.model.go("lobby")
        told = [text for _, text in self.shown("dev") if "refused" in text]
        self.assertEqual(told, [f"what you wrote in lobby is refused: disk{SAFE}"])

    def test_words_of_another_room(self) -> None:
        """A change of a message elsewhere is shown there; where that room is not here,
        in the present one: it says which it is about."""
        self.refuse("/edit #dev 3 new", "/edit #attic 3 new")
        rooms = [(refusal.room, refusal.typed) for refusal in self.model.refusals]
        expected = [("dev", "/edit #dev 3 new"), ("lobby", "/edit #attic 3 new")]
        self.assertEqual(rooms, expected)

    def test_left_from_before(self) -> None:
        """A topic that the outbox had is given back in its room."""
        kept = Kept(1, ask.SetTopic("tea", "dev"), None, 5.0)
        (sent,) = self.model.kept([kept])
        self.model.failed(sent, NotStored("not_stored", "disk full"))
        self.assertEqual(self.recalled(), [])
        self.model.go("dev")
        self.assertEqual(self.recalled(), ["/topic tea"])
