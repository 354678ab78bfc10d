"""What is read of the log: messages one goes to, and what others answer."""

from __future__ import annotations

from typing import Any

from ecochat.client import Answer, Disconnected
from ecochat.client.lines import plain
from ecochat.client.screen import rows
from ecochat.client.screen.entries import Kind
from ecochat.client.screen.room import Place
from ecochat.core import wire
from ecochat.core.requests import History
from tests.client.fakes import NOW, message
from tests.client.screen.modelcase import ModelTestCase


def answering(n: int, to: int) -> wire.Message:
    """Return an answer to a message."""
    event = message("lobby", n, "yes")
    return wire.Message(
        room="lobby",
        n=n,
        time=event.time,
        nick="bob",
        session="s2",
        text="yes",
        reply_to=to,
    )


class GoingTests(ModelTestCase):
    """One goes to a message of a room of 20,000."""

    rooms = {"lobby": 20_000, "dev": 0}

    def setUp(self) -> None:
        super().setUp()
        self.model.older(self.model.room)
        self.read(range(19_901, 20_001))

    def read(self, numbers: range) -> None:
        """Answer what was asked last."""
        self.requests()
        sent = [s for s in self.asked if isinstance(s.request, History)][-1]
        page: list[Any] = [message("lobby", n, f"it is {n}") for n in numbers]
        self.model.answered(sent, Answer(page, wire.End()))

    def fail(self) -> None:  # type: ignore[override]
        """Have no answer to what was asked last."""
        self.requests()
        self.model.failed(self.asked[-1], Disconnected("lost"))

    def at(self) -> int | None:
        """Return where one looks; None for the end."""
        place = self.model.room.place
        return place.entry.n if place else None

    def test_goto(self) -> None:
        """What stands around it is read; then one goes back to where one was."""
        self.model.say("/goto 5")
        self.requests()
        self.assertEqual(
            self.asked[-1].request, History(room="lobby", before=55, limit=100)
        )
        self.read(range(1, 55))
        self.assertEqual(self.at(), 5)
        self.assertTrue(self.model.has_gone)
        self.model.back()
        self.assertEqual((self.at(), self.model.room.is_at_end), (None, True))
        self.assertFalse(self.model.has_gone)

    def test_goto_nothing(self) -> None:
        """It is said; also where there is no room."""
        self.model.say("/goto 30000")
        self.read(range(19_901, 20_001))
        self.assertIn("there is no message 30000", self.last().text)
        self.model.current = ""
        self.model.say("/goto 3")
        self.assertIn("you are in no room", self.last().text)

    def test_not_read(self) -> None:
        """One is where one was, and is told."""
        self.model.go("dev")
        self.model.around("lobby", 5)
        self.assertEqual(self.model.current, "lobby")
        self.fail()
        self.assertEqual(self.model.current, "dev")
        self.assertIn("message 5 cannot be read now: ", self.last().text)
        self.assertIs(self.last().kind, Kind.ERROR)

    def test_back_to_what_is_not_here(self) -> None:
        """From far back to farther back, and to the first again."""
        self.model.say("/goto 9000")
        self.read(range(8_950, 9_050))
        self.model.around("lobby", 5)
        self.read(range(1, 55))
        self.model.back()
        self.read(range(8_950, 9_050))
        self.assertEqual(self.at(), 9_000)

    def test_a_way_back_is_left(self) -> None:
        """By what one says, and by the end of the log."""
        for leave in (
            lambda: self.model.say("hi"),
            lambda: self.model.to_end(self.model.room),
            self.model.seen,
        ):
            self.model.around("lobby", 19_950)
            self.assertTrue(self.model.has_gone)
            leave()
            self.model.room.place = Place(self.model.room.entries[0])
            self.assertFalse(self.model.has_gone)

    def test_the_first(self) -> None:
        """It is read where it is not here; what is gone is no matter."""
        self.model.to_first(self.model.room)
        self.requests()
        self.assertEqual(
            self.asked[-1].request, History(room="lobby", after=0, limit=100)
        )
        self.read(range(301, 401))
        self.assertEqual(self.at(), 301)
        self.model.older(self.model.room)
        self.read(range(0))
        self.model.to_end(self.model.room)
        self.model.say("/goto 301")
        self.read(range(251, 351))
        self.model.to_first(self.model.room)
        self.read(range(301, 401))
        self.assertEqual(self.at(), 301)

    def test_the_first_is_here(self) -> None:
        """Nothing is asked."""
        self.model.go("dev")
        self.hear("a", "b", room="dev")
        self.requests()
        self.model.to_first(self.model.room)
        self.assertEqual(self.requests(), [])
        self.assertIs(self.model.room.place and self.model.room.place.entry,
                      self.model.room.entries[0])  # fmt: skip

    def test_resumed_later(self) -> None:
        """Where one had scrolled to is not forgotten when it cannot be read."""
        room = self.model.room
        room.resume = 5
        self.model.older(room)
        self.read(range(19_801, 19_901))
        self.fail()
        self.assertEqual(room.resume, 5)


class QuotedTests(ModelTestCase):
    """What others answer is not here."""

    rooms = {"lobby": 100}

    def setUp(self) -> None:
        super().setUp()
        self.model.happened(answering(101, 5))
        self.model.happened(answering(102, 7))
        self.requests()

    def look(self) -> list[str]:
        """Look at the room, as the screen does when it is drawn."""
        room = self.model.room
        seen = rows.seen(room, 80, 20)
        self.model.ask_quoted(room, [entry for entry, _ in seen])
        texts = (plain(row) for _, row in seen)
        return [text.split("↳ ")[1].split("  ")[0] for text in texts if "↳" in text]

    def answer(self, *events: wire.Event) -> None:
        """Answer what was asked last."""
        self.model.answered(self.asked[-1], Answer([*events], wire.End()))

    def test_read(self) -> None:
        """Each once, one at a time."""
        self.assertEqual(self.look(), ["5", "7"])
        self.look()
        self.assertEqual(self.requests(), [History(room="lobby", after=4, limit=1)])
        self.answer(message("lobby", 5, "shall we?"))
        self.assertEqual(self.look(), ["bob: shall we?", "7"])
        self.assertEqual(self.requests(), [History(room="lobby", after=6, limit=1)])
        self.answer(message("lobby", 9, "another"))
        for _ in range(3):
            self.assertEqual(self.look(), ["bob: shall we?", "7"])
        self.assertEqual(self.requests(), [])

    def test_no_answer(self) -> None:
        """It is left as it is, and others are read."""
        self.look()
        self.requests()
        self.model.failed(self.asked[-1], Disconnected("lost"))
        self.look()
        self.assertEqual(self.requests(), [History(room="lobby", after=6, limit=1)])

    def test_changed(self) -> None:
        """What is edited is read again."""
        self.look()
        self.requests()
        self.answer(message("lobby", 5, "shall we?"))
        self.model.happened(
            wire.Edit(
                room="lobby",
                n=103,
                time=NOW,
                nick="bob",
                session="s2",
                message=5,
                text="let us",
            )
        )
        self.assertEqual(self.look()[0], "5")
        self.assertEqual(self.requests(), [History(room="lobby", after=4, limit=1)])

    def test_offline(self) -> None:
        """Nothing is asked."""
        self.model.online = False
        self.look()
        self.assertEqual(self.requests(), [])
