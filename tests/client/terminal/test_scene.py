"""What a person has in view: what happens in, lines out."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import Offline, Online
from ecochat.client.terminal import scene
from ecochat.client.terminal.line import Kind, Line, notice
from ecochat.client.terminal.line import line as said_line
from ecochat.client.terminal.scene import Scene
from ecochat.core import wire
from tests.client.terminal.fakes import TIME, message, welcome


def event(kind: type[wire.Event], session: str = "s2", **fields: object) -> wire.Event:
    """Return an event of bob's in the lobby."""
    head = {"room": "lobby", "n": 7, "time": TIME, "nick": "bob", "session": session}
    return kind(**{**head, **fields})  # type: ignore[arg-type]


class SceneTestCase(SynchronousTestCase):
    """Has a scene of alice's, in the lobby."""

    def setUp(self) -> None:
        self.scene = Scene()
        self.greeting = self.hear(Online(welcome(), False))

    def hear(self, *happenings: object) -> list[Line]:
        """Have things happen."""
        return [
            line
            for happening in happenings
            for line in self.scene.happened(happening)  # type: ignore[arg-type]
        ]


class SessionTests(SceneTestCase):
    """The beginning, an interruption, and going on."""

    def test_the_greeting_says_who_and_where_one_is(self) -> None:
        """And what the room is about."""
        self.assertEqual((self.scene.nick, self.scene.room), ("alice", "lobby"))
        self.assertTrue(self.scene.online)
        (line,) = self.greeting
        self.assertTrue(line.text.startswith("Welcome to X. You are alice in lobby."))
        about = welcome()
        about.rooms["lobby"] = wire.RoomState(3, "tea")
        (line,) = Scene().happened(Online(about, False))
        self.assertTrue(line.text.endswith(" Topic: tea"), line.text)

    def test_one_keeps_name_and_rooms(self) -> None:
        """The current room stays current; a private one that is gone does not."""
        for room in ("lab", "@bob", "tea"):
            self.scene.go_into(room)
        self.scene.go_into("lobby")
        (line,) = self.hear(Offline("it broke"))
        self.assertEqual((self.scene.online, line.kind), (False, Kind.ERROR))
        self.assertIn("it broke", line.text)
        again = welcome("alice", "tea", "lab", "new", "lobby", "@eve", session="s9")
        lines = self.hear(Online(again, True))
        self.assertEqual([line.text for line in lines], ["connected again"])
        self.assertEqual(self.scene.rooms, ["new", "lab", "tea", "lobby"])
        (own,) = self.hear(message("mine", session="s9"))
        (old,) = self.hear(message("before", session="s1"))
        self.assertEqual((own.kind, old.kind), (Kind.OWN, Kind.OWN))

    def test_another_name_is_told(self) -> None:
        """As when one's own was taken meanwhile."""
        lines = self.hear(Offline("x"), Online(welcome("guest-4"), True))
        self.assertEqual(lines[-1].text, "you are guest-4 now")


class EventTests(SceneTestCase):
    """What is said and done."""

    def test_messages(self) -> None:
        """By others, here and elsewhere; one's own has its number."""
        said = {
            message("hi: you"): (Kind.OTHER, "bob: hi: you", "", ""),
            message("x\n* y", room="lab"): (
                Kind.OTHER,
                "bob: x\n    * y",
                "lab",
                "",
            ),
            message("psst", room="@bob"): (Kind.OTHER, "bob: psst", "@bob", ""),
            message("mine", 42, "alice", session="s1"): (
                Kind.OWN,
                "alice: mine",
                "",
                "42",
            ),
        }
        for heard, shown in said.items():
            (line,) = self.hear(heard)
            self.assertEqual((line.kind, line.text, line.room, line.number), shown)
        self.assertEqual(list(self.scene.people), ["bob"])
        self.assertEqual(list(self.scene.places), ["lab", "@bob", "lobby"])

    def test_without_numbers(self) -> None:
        """As /acks off has it."""
        self.scene.has_numbers = False
        (line,) = self.hear(message("mine", session="s1"))
        self.assertEqual(line.number, "")

    def test_the_server_speaks(self) -> None:
        """By its operator, or of itself."""
        (word,) = self.hear(wire.Notice(text="tea\n! x", operator=True))
        self.assertEqual((word.kind, word.text), (Kind.OTHER, "Server: tea\n    ! x"))
        self.assertEqual(self.hear(wire.Notice(text="x")), [notice("x")])

    def test_what_is_done_to_messages(self) -> None:
        """In a sentence each; one's own with its number."""
        (line,) = self.hear(event(wire.Edit, message=3, text="x"))
        self.assertEqual((line.kind, line.text), (Kind.OTHER, "* bob edited 3: x"))
        (line,) = self.hear(event(wire.Delete, "s1", message=3, room="lab"))
        self.assertEqual((line.kind, line.room, line.number), (Kind.OWN, "lab", "7"))

    def test_everything_is_made_safe(self) -> None:
        """Names and rooms too, where they are shown and where they are kept."""
        bad = message("\x9b", nick="\x1bbob", room="\u202e")
        lines = self.hear(bad, wire.Notice(text="\x07"), Offline("\x08"))
        shown = "".join(line.room + line.text for line in lines[:2])
        self.assertEqual(shown, r"\u202e\x1bbob: \x9b\x07")
        self.assertIn(r"\x08", lines[2].text)
        self.assertEqual(list(self.scene.people), [r"\x1bbob"])
        (line,) = Scene().happened(Online(welcome("\x1b", "\x07"), False))
        self.assertIn(r"\x1b in \x07", line.text)

    def test_what_is_no_longer_kept(self) -> None:
        """Is told, since numbers are missing."""
        (line,) = self.hear(wire.Expired(room="lab", upto=7))
        self.assertEqual((line.room, "up to 7" in line.text), ("lab", True))

    def test_what_is_not_known_is_not_shown(self) -> None:
        """Nor who writes at the moment."""
        self.assertEqual(
            self.hear(wire.Typing(room="lobby", nick="bob", session="s2")), []
        )


class PresenceTests(SceneTestCase):
    """Who and what is there."""

    def test_people_come_and_go(self) -> None:
        """They are known, and shown quietly; oneself is not news."""
        lines = self.hear(
            wire.Joined(room="lobby", nick="bob", session="s2"),
            wire.Joined(room="lab", nick="ann", session="s3"),
            wire.Joined(room="lab", nick="alice", session="s1"),
            wire.Left(room="lab", nick="alice", session="s1"),
        )
        shown = [(line.kind, line.text, line.room) for line in lines]
        self.assertEqual(
            shown,
            [
                (Kind.PRESENCE, "bob joined", ""),
                (Kind.PRESENCE, "ann joined", "lab"),
            ],
        )
        self.assertEqual(list(self.scene.people), ["bob", "ann"])
        self.hear(wire.Left(room="lab", nick="ann", session="s3"))
        self.assertEqual(list(self.scene.people), ["bob"])

    def test_many_come_and_go(self) -> None:
        """How many, quietly; whom one has seen is known as before."""
        self.hear(wire.Joined(room="lobby", nick="bob", session="s2"))
        lines = self.hear(
            wire.Presence(room="lobby", joined=37, left=12),
            wire.Presence(room="lab", renamed=9),
        )
        shown = [(line.kind, line.text, line.room) for line in lines]
        self.assertEqual(
            shown,
            [
                (Kind.PRESENCE, "37 joined, 12 left", ""),
                (Kind.PRESENCE, "9 renamed", "lab"),
            ],
        )
        self.assertEqual(list(self.scene.people), ["bob"])

    def test_another_name_is_told_once(self) -> None:
        """Of however many rooms it is heard, the private one too, which follows it."""
        self.hear(message("psst", room="@bob"))
        self.scene.go_into("@bob")
        lines = self.hear(
            wire.Renamed(room="lobby", nick="bob", session="s2", new="rob"),
            wire.Renamed(room="lab", nick="bob", session="s2", new="rob"),
            wire.Relabelled(room="@bob", new="@rob"),
        )
        self.assertEqual(lines, [said_line(Kind.PRESENCE, "bob is now rob")])
        self.assertEqual(list(self.scene.people), ["rob"])
        self.assertEqual(list(self.scene.places), ["lobby", "@rob"])
        self.assertEqual(self.scene.room, "@rob")

    def test_ones_own_name(self) -> None:
        """Is followed, and is nobody else's."""
        renamed = wire.Renamed(room="lobby", nick="alice", session="s1", new="al")
        self.assertEqual(self.hear(renamed), [])
        self.assertEqual((self.scene.nick, list(self.scene.people)), ("al", []))

    def test_private_rooms(self) -> None:
        """One that somebody begins is heard, and not gone into; one that is forgotten
        is left."""
        self.assertEqual(self.hear(wire.Opened(room="@bob", last=0)), [])
        self.assertEqual((self.scene.room, "@bob" in self.scene.heard), ("lobby", True))
        self.scene.go_into("@bob")
        (line,) = self.hear(wire.Dropped(room="@bob"))
        self.assertIn("@bob", line.text)
        self.assertEqual(
            (self.scene.room, "@bob" in self.scene.heard), ("lobby", False)
        )

    def test_names_are_not_kept_for_ever(self) -> None:
        """The oldest go first."""
        for n in range(scene.KNOWN + 1):
            self.hear(message("x", nick=f"p{n}"))
        self.assertEqual(len(self.scene.people), scene.KNOWN)
        self.assertNotIn("p0", self.scene.people)
