"""A model, and what one does with it in tests."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import Answer, Online
from ecochat.client.screen.entries import Entry, Kind
from ecochat.client.screen.model import Model
from ecochat.client.screen.writings import Sent
from ecochat.core import wire
from ecochat.core.requests import Request
from tests.client.fakes import message, welcome

EVIL = "\x1b[2J\u202e"


class ModelTestCase(SynchronousTestCase):
    """Has a model of alice's, in the lobby and in dev."""

    rooms = {"lobby": 0, "dev": 0}

    def setUp(self) -> None:
        self.time = 1_000.0
        self.model = Model("alice", "localhost", clock=lambda: self.time)
        self.model.happened(Online(welcome(self.rooms), again=False))
        self.asked: list[Sent] = []
        self.requests()

    def requests(self) -> list[Request]:
        """Return what was asked since the last call."""
        sents = self.model.requests()
        self.asked += sents
        return [sent.request for sent in sents]

    def say(self, typed: str) -> Sent:
        """Type something that is asked; return it."""
        self.model.say(typed)
        (self.sent,) = self.model.requests()
        return self.sent

    def stored(self, sent: Sent, n: int, room: str = "lobby") -> None:
        """Have something be stored."""
        self.model.answered(sent, Answer([], wire.Stored(room=room, n=n)))

    def hear(self, *texts: str, room: str = "lobby") -> None:
        """Have bob say something."""
        for text in texts:
            n = self.model.rooms[room].last + 1
            self.model.happened(message(room, n, text))

    def shown(self, room: str = "") -> list[tuple[Kind, str]]:
        """Return what a room shows beside what was said at first."""
        entries = self.model.rooms[room or self.model.current].entries
        return [(e.kind, e.text) for e in entries if "Welcome" not in e.text]

    def last(self) -> Entry:
        """Return the last entry of the current room."""
        return self.model.room.entries[-1]
