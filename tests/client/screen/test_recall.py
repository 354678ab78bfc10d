"""What Up gives in an empty line: the newest of one's own here, or nothing."""

from __future__ import annotations

from ecochat.client import NotStored, Refused
from ecochat.client.screen.room import Stretch
from ecochat.client.screen.saying import ON_ITS_WAY
from ecochat.core.errors import Refused as NotHad
from tests.client.screen.modelcase import ModelTestCase


class RecallTests(ModelTestCase):
    """Pressing Up."""

    def store(self, text: str) -> None:
        """Say something that is stored."""
        sent = self.say(text)
        self.n = getattr(self, "n", 0) + 1
        self.stored(sent, self.n)

    def refuse(self, text: str) -> None:
        """Say something that is refused."""
        self.model.failed(self.say(text), NotStored("not_stored", "disk full"))

    def mistype(self, typed: str) -> None:
        """Type something that cannot be read."""
        self.model.say(typed)
        self.assertEqual(self.requests(), [])

    def test_nothing(self) -> None:
        """Is there of one's own."""
        self.hear("hi")
        self.assertEqual(self.model.recall(), "")

    def test_the_last_one(self) -> None:
        """Is edited, as often as one likes, not one that was deleted."""
        self.store("one")
        self.store("two\nlines")
        for _turn in range(2):
            self.assertEqual(self.model.recall(), "/edit 2 two\nlines")
        self.model.room.own[-1].is_deleted = True
        self.assertEqual(self.model.recall(), "/edit 1 one")

    def test_while_it_is_not_stored(self) -> None:
        """None before it is edited in its stead."""
        self.store("one")
        sent = self.say("two")
        with self.assertRaises(NotHad) as raised:
            self.model.recall()
        self.assertEqual(raised.exception.text, ON_ITS_WAY)
        self.assertEqual(self.model.edit_last(), "")
        self.stored(sent, 2)
        self.assertEqual(self.model.recall(), "/edit 2 two")

    def test_not_sent_yet(self) -> None:
        """It is had back, and not sent: then the one before is the last."""
        self.store("one")
        for text in ("two", "/reply 1 three"):
            sent = self.say(text)
            sent.take_back = lambda: True
        self.assertEqual(self.model.recall(), "/reply 1 three")
        self.assertEqual(self.model.unstored, 1)
        self.assertEqual(self.model.recall(), "two")
        self.assertEqual(self.model.unstored, 0)
        self.assertEqual(self.model.recall(), "/edit 1 one")

    def test_refused(self) -> None:
        """Or stored, whichever is newer; the older refused one in place of an edit."""
        self.store("one")
        self.refuse("two")
        self.assertEqual(self.model.recall(), "two")
        self.refuse("three")
        self.store("four")
        edit = self.model.recall()
        self.assertEqual(edit, "/edit 2 four")
        self.assertEqual(self.model.recall(f"{edit}!"), "")
        self.assertEqual(self.model.recall(edit), "three")
        self.assertEqual(self.model.recall(edit), "")
        self.assertEqual(self.model.refusals, [])

    def test_a_command_that_failed(self) -> None:
        """Comes first, once, until the next is typed, in its room."""
        self.store("one")
        self.mistype("/reply x")
        self.assertEqual(self.model.recall(), "/reply x")
        self.assertEqual(self.model.recall(), "/edit 1 one")
        self.mistype("/reply y")
        self.model.go("dev")
        self.requests()
        self.assertEqual(self.model.recall(), "")
        self.model.go("lobby")
        self.store("two")
        self.assertEqual(self.model.recall(), "/edit 2 two")

    def test_a_command_that_failed_late(self) -> None:
        """After something else was said it does not come any more."""
        late = self.say("/react 9 +")
        self.time += 1
        self.store("one")
        self.model.failed(late, Refused("no_message", "there is no message 9"))
        self.assertEqual(self.model.recall(), "/edit 1 one")
        last = self.say("/react 9 +")
        self.model.failed(last, Refused("no_message", "there is no message 9"))
        self.assertEqual(self.model.recall(), "/react 9 +")

    def test_scrolled_back(self) -> None:
        """It is the newest, not one on the screen."""
        self.store("one")
        room = self.model.room
        older = list(room.entries)
        self.say("two")
        room.tail = room.shown
        room.show(Stretch(older, 1, 1))
        self.assertRaises(NotHad, self.model.recall)
