"""The line in which one writes, without a screen."""

from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.history import InMemoryHistory
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import Answer, NotStored, Online
from ecochat.client.screen.model import Model
from ecochat.client.screen.saying import ON_ITS_WAY
from ecochat.client.screen.writing import Writing
from ecochat.client.screen.writings import Sent
from ecochat.client.terminal.completion import OfferCompleter
from ecochat.core import wire
from tests.client.terminal.fakes import welcome


class CompleterTests(SynchronousTestCase):
    """What is offered for a word."""

    def offered(self, typed: str, by_tab: bool, is_unasked: bool) -> list[str]:
        """Return what the word at the end would become."""
        completer = OfferCompleter(
            lambda before, word: [(f"{word}!{before}", "", "")], lambda: is_unasked
        )
        event = CompleteEvent(text_inserted=not by_tab, completion_requested=by_tab)
        found = completer.get_completions(Document(typed), event)
        return [one.text for one in found]

    def test_by_tab(self) -> None:
        """Always, the word before the cursor."""
        self.assertEqual(self.offered("a b", True, False), ["b!a b"])

    def test_unasked(self) -> None:
        """Only while it is wanted: by the time it is looked for, what was typed may
        have been sent, and a list of all names would be shown for the empty line."""
        self.assertEqual(self.offered("/a", False, True), ["/a!/a"])
        self.assertEqual(self.offered("", False, False), [])


class UnaskedTests(SynchronousTestCase):
    """Whether something is offered while one types."""

    def setUp(self) -> None:
        model = Model("alice", "X", clock=lambda: 1e9)
        model.happened(Online(welcome("alice", "lobby", "lab"), False))
        for room, nick in (("lobby", "Bob"), ("lobby", "bobby"), ("lab", "carla")):
            model.happened(wire.Joined(room=room, nick=nick, session=nick))
        self.writing = Writing(model, model.say, InMemoryHistory())
        self.writing.follow()

    def offered(self, text: str) -> list[str]:
        """Return what is offered for a text."""
        self.writing.put(text)
        document = self.writing.buffer.document
        event = CompleteEvent(text_inserted=True)
        completer = self.writing.buffer.completer
        found = [one.text for one in completer.get_completions(document, event)]
        self.assertEqual(bool(self.writing.buffer.complete_while_typing()), bool(found))
        return found

    def test_who_is_here(self) -> None:
        """From two letters on, in the first word, until a name is written out."""
        self.assertEqual(self.offered("bo"), ["bobby: ", "Bob: "])
        self.assertEqual(self.offered("BOBB"), ["bobby: "])
        for text in ("", "b", "bob", "bobby", "so bo", "ca", "box", "bobby: "):
            self.assertEqual(self.offered(text), [], text)

    def test_after_an_at_sign(self) -> None:
        """Anywhere, until a name is written out."""
        self.assertEqual(self.offered("so @bob"), [])
        self.assertEqual(self.offered("so @bo"), ["@bobby ", "@Bob "])


class DraftTests(SynchronousTestCase):
    """What was begun in a room that is gone."""

    def setUp(self) -> None:
        self.model = Model("alice", "X", clock=lambda: 1e9)
        self.model.happened(Online(welcome("alice", "lobby", "lab", "@bob"), False))
        self.writing = Writing(self.model, self.model.say, InMemoryHistory())
        self.writing.follow()

    def lose(self, room: str, text: str) -> str:
        """Begin to write in a room, which goes; return what stands in the line."""
        self.model.go(room)
        self.writing.follow()
        self.writing.put(text)
        self.model.happened(wire.Dropped(room=room))
        self.assertNotEqual(self.model.current, room)
        self.writing.follow()
        return self.writing.text

    def test_it_is_kept(self) -> None:
        """In the line; where it was for one person it stays so."""
        self.assertEqual(self.lose("@bob", "a secret"), "/msg bob a secret")
        self.writing.clear()
        self.assertEqual(self.lose("lab", "text"), "text")
        self.assertEqual(self.model.room.draft, "text")

    def test_the_line_is_in_use(self) -> None:
        """Then it is in the history, and what was begun in the other room stays."""
        self.writing.put("for the lobby")
        self.model.rooms["lab"].draft = "for the lab"
        self.assertEqual(self.lose("@bob", "a secret"), "for the lab")
        history = self.writing.buffer.history.get_strings()
        self.assertEqual(history, ["/msg bob a secret"])

    def test_it_is_dropped(self) -> None:
        """By Ctrl-C; it does not come back, though what was typed before can be had."""
        self.writing.put("half a line")
        self.assertTrue(self.writing.clear())
        self.assertFalse(self.writing.clear())
        for room in ("lab", "lobby"):
            self.model.go(room)
            self.writing.follow()
            self.assertEqual((self.writing.text, self.model.room.draft), ("", ""))
        self.assertEqual(self.model.snapshot().drafts, {})
        self.assertEqual(self.writing.buffer.history.get_strings(), ["half a line"])


class UpTests(SynchronousTestCase):
    """What Up does with the line."""

    def setUp(self) -> None:
        self.model = Model("alice", "X", clock=lambda: 1e9)
        self.model.happened(Online(welcome("alice", "lobby"), False))
        self.model.requests()
        self.writing = Writing(self.model, self.model.say, InMemoryHistory())
        self.writing.follow()

    def write(self, text: str) -> Sent:
        """Say something; return it."""
        self.writing.put(text)
        self.writing.send()
        (sent,) = [sent for sent in self.model.requests() if sent.typed]
        return sent

    def up(self) -> str:
        """Press it where it does something; return what stands in the line then."""
        self.assertEqual(self.writing.up(), "")
        return self.writing.text

    def test_an_edit(self) -> None:
        """Of two lines: Up goes up in it, then to what was refused; not if that was
        changed."""
        self.model.failed(self.write("refused"), NotStored("not_stored", "full"))
        end = wire.Stored(room="lobby", n=1)
        self.model.answered(self.write("one\ntwo"), Answer([], end))
        edit = "/edit 1 one\ntwo"
        self.assertEqual([self.up() for _ in range(3)], [edit, edit, "refused"])
        self.writing.put(edit.replace("\n", " "))
        self.assertNotEqual(self.up(), "refused")

    def test_not_stored(self) -> None:
        """It says so, and the line stays empty."""
        self.write("one")
        self.assertEqual((self.writing.up(), self.writing.text), (ON_ITS_WAY, ""))


class OtherServerTests(SynchronousTestCase):
    """What was begun at one server, when one goes to another."""

    def model(self, *rooms: str) -> Model:
        """Return one that is in these rooms."""
        model = Model("alice", "X", clock=lambda: 1e9)
        model.happened(Online(welcome("alice", *rooms), False))
        return model

    def test_each_has_its_drafts(self) -> None:
        """Also where rooms have the same name; what was begun is in the history."""
        one, other = self.model("lobby"), self.model("lobby")
        other.room.draft = "for the other"
        writing = Writing(one, one.say, InMemoryHistory())
        writing.follow()
        writing.put("for the one")
        writing.belong(other)
        self.assertEqual(writing.text, "for the other")
        self.assertEqual(one.room.draft, "for the one")
        self.assertEqual(writing.buffer.history.get_strings(), ["for the one"])
        writing.put("more")
        self.assertEqual((one.room.draft, other.room.draft), ("for the one", "more"))

    def test_a_secret_is_not_said_elsewhere(self) -> None:
        """Nothing of it stands in the line, in no room."""
        one, other = self.model("@bob"), self.model("lobby")
        writing = Writing(one, one.say, InMemoryHistory())
        writing.follow()
        writing.put("a secret")
        writing.belong(other)
        self.assertEqual((writing.text, other.room.draft), ("", ""))

    def test_what_is_written_in_no_room_stays(self) -> None:
        """It is for the first room that there is."""
        nowhere, other = Model(clock=lambda: 1e9), self.model("lobby")
        writing = Writing(nowhere, nowhere.say, InMemoryHistory())
        writing.put("hello")
        writing.belong(other)
        self.assertEqual((writing.text, other.room.draft), ("hello", "hello"))
