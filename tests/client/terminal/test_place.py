"""Where one is, from one run to the next."""

import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import Online
from ecochat.client.memory import ENTERED, Memory
from ecochat.client.terminal.personal import Personal
from ecochat.client.terminal.place import Place
from tests.client.terminal.fakes import welcome


def chat_of(nick: str, *rooms: str) -> Personal:
    """Return a chat that is online."""
    chat = Personal()
    chat.happened(Online(welcome(), False))
    chat.nick, chat.rooms = nick, list(rooms)
    return chat


class PlaceTests(SynchronousTestCase):
    """With two files in a folder of its own."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="ecochat-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def load(self) -> Memory:
        """Return what is in the files."""
        return Memory.load(self.folder, lambda: 5.0)

    def place(self, nick: str = "", room: str = "") -> Place:
        """Return where one is at a start."""
        return Place(self.load(), "h:4040", nick, room)

    def be(self, nick: str, *rooms: str) -> None:
        """Have been somewhere, in the last of these rooms."""
        self.place().remember(chat_of(nick, *rooms))

    def test_the_first_time(self) -> None:
        """The server says who and where one is, unless one has said so."""
        self.assertEqual((self.place().nick, self.place().rooms), ("", None))
        chat = Personal()
        self.place().begin(chat)
        self.assertEqual((chat.nick, chat.rooms), ("", ["lobby"]))
        given = self.place("bob", "#lab")
        self.assertEqual((given.nick, given.rooms), ("bob", ["lobby", "lab"]))

    def test_again(self) -> None:
        """One is where one was; what is said at the start comes before that."""
        self.be("alice", "attic", "lab", "lobby")
        self.be("alice", "lobby", "attic", "@bob", "lab")
        place = self.place()
        self.assertEqual(place.nick, "alice")
        self.assertEqual(place.rooms, ["attic", "lobby", "lab"])
        given = self.place("bob", "attic")
        self.assertEqual(given.nick, "bob")
        self.assertEqual(given.rooms, ["lab", "lobby", "attic"])
        self.assertEqual(Place(self.load(), "other:4040", "", "").nick, "alice")

    def test_what_is_left(self) -> None:
        """A room that one has left is entered no more; all else is as it was."""
        memory = self.load()
        memory.server("h:4040").rooms = {"lobby": 5, "@bob": 7, "lab": None}
        memory.save()
        self.be("alice", "lobby")
        self.assertEqual(self.load().server("h:4040").rooms, {"lobby": 5, "@bob": 7})

    def test_names_that_are_given(self) -> None:
        """Are not remembered: they are nobody's."""
        self.be("alice", "lobby")
        self.be("guest-7", "lab")
        self.assertEqual(self.place().nick, "alice")
        self.assertEqual(self.place().rooms, ["lab"])

    def test_the_first_name(self) -> None:
        """Is remembered before there was a session; what can be none is not."""
        for nick, remembered in (("a b", ""), ("", ""), ("alice", "alice")):
            place = self.place()
            place.choose(nick)
            self.assertEqual(place.nick, nick)
            place.remember(Personal(nick))
            self.assertEqual(self.place().nick, remembered)

    def test_a_name_instead(self) -> None:
        """Of one that is not to be had: that one stays the one that is remembered,
        until another is chosen. Where there is none, it is the one."""
        for before, after in (("", "bob_"), ("alice", "alice")):
            if before:
                self.be(before, "lobby")
            place = self.place("bob")
            place.go_by("bob_")
            self.assertEqual(place.nick, "bob_")
            place.remember(chat_of("bob_", "lobby"))
            self.assertEqual(self.place().nick, after)
        place.remember(chat_of("carol", "lobby"))
        self.assertEqual(self.place().nick, "carol")

    def test_written_when_it_changes(self) -> None:
        """And not at each thing that happens; nor who one is before there was a
        session."""
        memory, saved = self.load(), []
        place, chat = Place(memory, "h:4040", "", ""), chat_of("alice", "lobby")
        self.patch(memory, "save", lambda: saved.append(memory.nick))
        place.remember(Personal("zoe"))
        for nick in ("alice", "alice", "bob"):
            chat.nick = nick
            place.remember(chat)
        self.assertEqual(saved, ["", "alice", "bob"])

    def test_what_calls(self) -> None:
        """Is remembered as well, also without a session."""
        chat = Personal()
        place = self.place()
        place.begin(chat)
        self.assertEqual(
            (chat.rings, chat.tells_typing, chat.muted), (True, True, set())
        )
        chat.rings = chat.tells_typing = False
        chat.muted = {"lobby"}
        place.remember(chat)
        again = Personal()
        self.place().begin(again)
        self.assertEqual((again.rings, again.tells_typing), (False, False))
        self.assertEqual(again.muted, {"lobby"})
        self.assertEqual(self.place().nick, "")

    def test_many_rooms(self) -> None:
        """As many are entered as a server may allow, with the one to be in."""
        self.be("alice", *(f"r{n}" for n in range(2 * ENTERED)))
        rooms = self.place(room="r1").rooms or []
        self.assertEqual((len(rooms), rooms[-1]), (ENTERED, "r1"))
