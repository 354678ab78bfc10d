"""What happens, as it comes to be seen."""

from __future__ import annotations

from ecochat.client import Offline, Online
from ecochat.client.screen.asking import (
    TYPING_FADES,
)
from ecochat.client.screen.entries import Kind
from ecochat.client.screen.room import Place
from ecochat.client.screen.wishes import (
    Notify,
)
from ecochat.core import wire
from tests.client.fakes import NOW, welcome
from tests.client.screen.modelcase import EVIL, ModelTestCase


class EventTests(ModelTestCase):
    """What happens."""

    def test_changes(self) -> None:
        """An edit, a reaction and a deletion change the message they are about."""
        self.hear("hi")
        about = {"room": "lobby", "time": NOW, "nick": "bob", "session": "s2"}
        entry = self.last()
        self.model.happened(wire.Edit(n=2, message=1, text=f"ho{EVIL}", **about))  # type: ignore[arg-type]
        self.assertEqual((entry.text, entry.is_edited), (r"ho\x1b[2J\u202e", True))
        self.model.happened(wire.React(n=3, message=1, reaction="+", **about))  # type: ignore[arg-type]
        self.assertEqual(entry.reactions, {"+": ["bob"]})
        self.model.happened(wire.Delete(n=4, message=1, **about))  # type: ignore[arg-type]
        self.assertEqual((entry.text, entry.raw, entry.is_deleted), ("", "", True))
        self.model.happened(wire.Edit(n=5, message=99, text="x", **about))  # type: ignore[arg-type]
        self.assertEqual([kind for kind, _ in self.shown()], [Kind.MESSAGE, Kind.EVENT])

    def test_presence_is_folded(self) -> None:
        """Who comes and goes next to each other is one entry."""
        for nick in ("eve", "dan"):
            self.model.happened(wire.Joined(room="lobby", nick=nick, session=nick))
        self.model.happened(wire.Left(room="lobby", nick="carol", session="s9"))
        self.model.happened(wire.Left(room="lobby", nick="dan", session="dan"))
        self.model.happened(wire.Presence(room="lobby", joined=7))
        text = "eve joined; carol left; dan came and went; more: 7 joined"
        self.assertEqual(self.shown(), [(Kind.PRESENCE, text)])
        self.assertEqual(self.model.room.members, ["eve"])
        self.hear("hi")
        self.model.happened(wire.Left(room="lobby", nick="eve", session="eve"))
        self.assertEqual(len(self.shown()), 3)

    def test_presence_of_very_many_is_counted(self) -> None:
        """An entry names some, and counts the rest."""
        for number in range(25):
            nick = f"x{number}"
            self.model.happened(wire.Joined(room="lobby", nick=nick, session=nick))
        self.assertTrue(self.last().text.endswith("x19 joined; more: 5 joined"))

    def test_unread(self) -> None:
        """Elsewhere what is new is counted, and who names one calls, unless muted."""
        self.hear("hi", "Alice: hi", "malice", room="dev")
        dev = self.model.rooms["dev"]
        self.assertEqual((dev.unread, dev.mentions), (3, 1))
        notify = [Notify("dev", "bob in dev", "Alice: hi")]
        self.assertEqual(self.model.take_wishes(), notify)
        self.model.say("/mute dev")
        self.hear("alice?", room="dev")
        self.assertEqual(self.model.take_wishes(), [])
        self.model.go_unread()
        self.assertEqual((dev.unread, dev.mentions, dev.read), (0, 0, 4))

    def test_new_elsewhere(self) -> None:
        """A line tells where that begins, until one has been there; then anew."""
        self.hear("seen", room="lobby")
        self.hear("one", "two", room="dev")
        dev = self.model.rooms["dev"]
        self.assertIsNone(self.model.room.fresh)
        self.assertEqual((dev.fresh or ())[:2], (1, 2))
        self.model.go("dev")
        self.hear("three", room="dev")
        self.assertEqual((dev.fresh or ())[:2], (1, 2))
        self.model.go("lobby")
        self.assertIsNone(dev.fresh)
        self.hear("four", room="dev")
        self.assertEqual((dev.fresh or ())[:2], (4, 1))

    def test_new_here(self) -> None:
        """Where one has looked back, what is new is at the end of the same room."""
        self.hear("one")
        self.model.room.place = Place(self.model.room.entries[0])
        self.hear("two")
        self.assertEqual(self.model.room.unread, 1)
        self.model.go_unread()
        self.assertIsNone(self.model.room.place)
        self.assertEqual(self.model.room.unread, 0)

    def test_not_looked_at(self) -> None:
        """What comes while the terminal is not before the eyes is unread."""
        self.model.has_focus = False
        self.hear("hi alice")
        self.assertEqual(self.model.room.unread, 1)
        self.assertEqual(len(self.model.take_wishes()), 1)
        self.model.has_focus = True
        self.model.seen()
        self.assertEqual(self.model.room.unread, 0)

    def test_new_since(self) -> None:
        """After a reconnect a line tells how much is new since when."""
        self.hear("before")
        self.time = 2_000.0
        self.model.happened(Offline("it broke"))
        self.assertEqual((self.model.online, self.model.why), (False, "it broke"))
        self.time = 3_000.0
        self.model.happened(Online(welcome({"lobby": 3, "dev": 0}), again=True))
        self.hear("one", "two", "three")
        self.assertEqual(self.model.room.fresh, (2, 2, 2_000.0))

    def test_another_log(self) -> None:
        """A server that has forgotten all has other messages of the same numbers."""
        self.hear("one", "two")
        self.model.happened(Online(welcome({"lobby": 0, "dev": 0}), again=True))
        self.hear("other")
        texts = [text for kind, text in self.shown() if kind is Kind.MESSAGE]
        self.assertEqual(texts, ["other"])

    def test_typing_fades(self) -> None:
        """Who writes is shown for some seconds, or until it is said."""
        for nick in ("bob", "eve"):
            self.model.happened(wire.Typing(room="lobby", nick=nick, session=nick))
        self.hear("hi")
        self.assertEqual(set(self.model.room.typing), {"eve"})
        self.time += TYPING_FADES
        self.model.tick()
        self.assertEqual(self.model.room.typing, {})

    def test_operator(self) -> None:
        """What an operator says is known as that."""
        self.model.happened(wire.Notice(text="down soon", operator=True))
        self.assertEqual(self.last().kind, Kind.SERVER)

    def test_nothing_harmful(self) -> None:
        """No text of others has a control character."""
        about = {"room": "lobby", "time": NOW, "nick": EVIL, "session": EVIL}
        self.model.happened(wire.Message(n=1, text=EVIL, **about))  # type: ignore[arg-type]
        self.model.happened(wire.Topic(n=2, topic=EVIL, **about))  # type: ignore[arg-type]
        self.model.happened(wire.React(n=3, message=1, reaction=EVIL, **about))  # type: ignore[arg-type]
        self.model.happened(wire.Joined(room="lobby", nick=EVIL, session="s5"))
        self.model.happened(
            wire.Renamed(room="lobby", nick="a", session="s5", new=EVIL)
        )
        self.model.happened(wire.Typing(room="lobby", nick=EVIL, session="s6"))
        self.model.happened(wire.Notice(text=EVIL))
        self.model.happened(wire.Opened(room=f"@{EVIL}", last=0))
        self.model.happened(Offline(EVIL))
        self.model.unreached(EVIL)
        for room in self.model.rooms.values():
            for entry in room.entries:
                entry.raw = ""
            told = repr([room.name, room.topic, room.members, list(room.typing)])
            shown = told + repr(
                [(e.text, e.nick, e.said, e.reactions) for e in room.entries]
            )
            self.assertNotIn(repr(EVIL)[1:-1], shown.replace("\\\\", "/"))
