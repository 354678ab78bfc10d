"""Where one is, from one run to the next."""

import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.memory import ENTERED, Memory
from ecochat.client.terminal.place import Place
from ecochat.client.terminal.scene import Scene


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
        scene = Scene()
        scene.nick, scene.rooms = nick, list(rooms)
        self.place().remember(scene)

    def test_the_first_time(self) -> None:
        """The server says who and where one is, unless one has said so."""
        self.assertEqual((self.place().nick, self.place().rooms), (None, None))
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

    def test_a_name_that_is_not_to_be_had(self) -> None:
        """Is done without, once, if nobody has asked for it now."""
        self.be("alice", "lobby")
        self.assertFalse(self.place("bob").do_without_nick())
        place = self.place()
        self.assertTrue(place.do_without_nick())
        self.assertIsNone(place.nick)
        self.assertFalse(place.do_without_nick())

    def test_written_when_it_changes(self) -> None:
        """And not at each thing that happens; nor before there was a session."""
        memory, saved = self.load(), []
        place, scene = Place(memory, "h:4040", "", ""), Scene()
        self.patch(memory, "save", lambda: saved.append(scene.nick))
        place.remember(scene)
        for nick in ("alice", "alice", "bob"):
            scene.nick = nick
            place.remember(scene)
        self.assertEqual(saved, ["alice", "bob"])

    def test_many_rooms(self) -> None:
        """As many are entered as a server may allow, with the one to be in."""
        self.be("alice", *(f"r{n}" for n in range(2 * ENTERED)))
        rooms = self.place(room="r1").rooms or []
        self.assertEqual((len(rooms), rooms[-1]), (ENTERED, "r1"))
