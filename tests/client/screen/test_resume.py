"""Where one had scrolled to, at the next start."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import Answer, Online
from ecochat.client.address import parse_address
from ecochat.client.memory import Memory
from ecochat.client.screen import history
from ecochat.client.screen.model import Model, Snapshot
from ecochat.client.screen.room import Place
from ecochat.client.screen.visit import Visit
from ecochat.client.screen.writings import Sent
from ecochat.client.trust import Trust
from ecochat.core import wire
from ecochat.core.requests import History
from tests.client.fakes import message, welcome


class ResumeTests(SynchronousTestCase):
    """The lobby has 500 messages; one had scrolled back in it, and is in dev."""

    def start(self, place: int) -> None:
        """Start again where one had scrolled to a message."""
        self.model = Model("alice", clock=lambda: 0.0)
        read = {"lobby": 500, "dev": 0}
        places = {"lobby": place}
        self.model.restore(Snapshot("alice", "dev", read, {}, [], places))
        self.assertEqual(self.model.snapshot().places, places)
        self.model.happened(Online(welcome({"lobby": 500, "dev": 0}), again=False))
        self.lobby = self.model.rooms["lobby"]

    def pages(self) -> list[Sent]:
        """Return what is asked of the lobby's log."""
        asked = self.model.requests()
        return [s for s in asked if isinstance(s.request, History)]

    def answer(self, kept: int = 1) -> History:
        """Answer the one page that is asked for; return the request."""
        (sent,) = self.pages()
        request = sent.request
        assert isinstance(request, History)
        end = request.before or 0
        first = max(kept, end - request.limit)
        events = [message("lobby", n) for n in range(first, min(end, 501))]
        self.model.answered(sent, Answer([*events], wire.End()))
        return request

    def place(self) -> tuple[int | None, int] | None:
        """Return the last message on the screen, with the rows below."""
        place = self.lobby.place
        return None if place is None else (place.entry.n, place.row)

    def test_on_the_last_page(self) -> None:
        """One is there again, and looks at the same room as before."""
        self.start(450)
        self.answer()
        self.assertEqual(self.place(), (450, 0))
        self.assertEqual(self.model.current, "dev")
        self.assertEqual(self.pages(), [])
        self.assertEqual(self.model.snapshot().places, {"lobby": 450})

    def test_further_back(self) -> None:
        """What stands around it is read."""
        self.start(50)
        self.answer()
        self.assertIsNone(self.place())
        self.answer()
        self.assertEqual(self.place(), (50, 0))
        self.assertEqual(self.model.snapshot().places, {"lobby": 50})

    def test_no_longer_kept(self) -> None:
        """One is at the end, and nothing is said of it."""
        self.start(50)
        self.answer(kept=300)
        before = len(self.model.room.entries)
        self.answer(kept=300)
        self.assertIsNone(self.place())
        self.assertEqual(len(self.model.room.entries), before)
        self.assertEqual(self.model.snapshot().places, {})

    def test_back_at_the_end(self) -> None:
        """It is forgotten, also before it was gone to."""
        for is_there in (True, False):
            self.start(450)
            if is_there:
                self.answer()
            self.model.to_end(self.lobby)
            self.assertEqual(self.model.snapshot().places, {})
            if not is_there:
                self.answer()
            self.assertIsNone(self.place())

    def test_what_has_no_number(self) -> None:
        """Of a notice at the bottom the event before it is kept."""
        self.start(450)
        self.answer()
        self.model.tell("hm", room=self.lobby)
        self.lobby.place = Place(self.lobby.entries[-1])
        self.assertEqual(history.scrolled_to(self.lobby), 500)

    def test_the_next_visit(self) -> None:
        """What one visit has remembered, the next begins with; of a room that is gone
        nothing is."""
        memory, address = Memory.load(Path(self.mktemp())), parse_address("tcp:host")
        server = memory.server(str(address))
        server.rooms, server.places = {"lobby": 9}, {"lobby": 4, "gone": 5}
        visit = Visit(address, "alice", "", memory, Trust())
        self.assertEqual(visit.model.snapshot().places, {"lobby": 4})
        visit.model.rooms["lobby"].resume = 3
        visit.remember(memory)
        self.assertEqual(server.places, {"lobby": 3})
