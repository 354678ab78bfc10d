"""Going through a log of which only the end is here."""

from __future__ import annotations

from typing import Any

from ecochat.client import Answer
from ecochat.client.screen import rows
from ecochat.client.screen.hits import Hit
from ecochat.client.screen.looking import Looking
from ecochat.client.screen.room import Place
from ecochat.client.screen.writings import Sent
from ecochat.core import wire
from ecochat.core.requests import History
from tests.client.fakes import message
from tests.client.screen.modelcase import ModelTestCase

LAST, WIDTH, HEIGHT = 1_000, 80, 60
PAGE = HEIGHT - 1
"""Rows that a key scrolls."""


class LookingTests(ModelTestCase):
    """Has a room of 1,000 messages, and a server that answers when it is told to."""

    rooms = {"lobby": LAST}

    def setUp(self) -> None:
        self.pages: list[Sent] = []
        super().setUp()
        self.looking = Looking()
        self.looking.size = (WIDTH, HEIGHT)
        self.answer()

    def answer(self) -> int:
        """Answer what is asked, also then; return how many pages that were."""
        count = 0
        while pages := self.asked_pages():
            for sent in pages:
                self.model.answered(sent, Answer(self.page(sent.request), wire.End()))
                self.looking.scroll_on(self.model)
                count += 1
        return count

    def asked_pages(self) -> list[Sent]:
        self.requests()
        asked, self.asked = self.asked, []
        return [sent for sent in asked if isinstance(sent.request, History)]

    def page(self, asked: Any) -> list[Any]:
        if asked.after is not None:
            numbers = range(asked.after + 1, min(asked.after + asked.limit, LAST) + 1)
        else:
            before = asked.before or LAST + 1
            numbers = range(max(1, before - asked.limit), min(before, LAST + 1))
        return [message("lobby", n, f"said {n}") for n in numbers]

    def seen(self) -> list[str]:
        """Return the rows on the screen."""
        room = self.model.room
        found = rows.seen(room, WIDTH, HEIGHT, "alice", self.looking.hit)
        return ["".join(text for _, text in row) for _, row in found]

    def test_whole_pages(self) -> None:
        """Each goes back by one screen but for a row, however late the server answers,
        up to the first message."""
        pressed, before = 0, self.seen()
        while self.model.room.first > 1 or before[0] != self.seen()[0]:
            before = self.seen()
            keys = pressed % 3 + 1
            for _key in range(keys):
                self.looking.scroll(self.model, -PAGE)
            self.answer()
            pressed += keys
            after = self.seen()
            if keys == 1 and self.model.room.first > 1:
                self.assertEqual(after[-1], before[0])
            self.assertLess(pressed, 30)
        self.assertIn("said 1 ", self.seen()[1])
        self.assertGreaterEqual(pressed * PAGE + HEIGHT, LAST)

    def test_read_ahead(self) -> None:
        """Where answers come before the next key, all of the next page is here."""
        while self.model.room.first > 1:
            before = self.seen()
            self.looking.scroll(self.model, -PAGE)
            self.assertEqual(self.seen()[-1], before[0])
            self.answer()

    def test_read_ahead_has_an_end(self) -> None:
        """Some screens are, and then nothing is asked for; also when that fails."""
        self.looking.scroll(self.model, -1)
        self.assertLessEqual(self.answer(), 4)
        self.looking.scroll(self.model, -5 * PAGE)
        (sent,) = self.asked_pages()
        self.model.failed(sent, ValueError("no"))
        self.looking.scroll_on(self.model)
        self.assertEqual(self.asked_pages(), [])

    def test_elsewhere_meanwhile(self) -> None:
        """Who is at the end again when a page comes stays there."""
        self.looking.scroll(self.model, -PAGE)
        self.answer()
        self.looking.scroll(self.model, -20 * PAGE)
        self.model.to_end(self.model.room)
        self.answer()
        self.assertIsNone(self.model.room.place)

    def test_forward(self) -> None:
        """From an older part page by page to the end, nothing left out."""
        self.hit(300)
        self.answer()
        for _key in range(20):
            before = self.seen()
            self.looking.scroll(self.model, PAGE)
            self.answer()
            if self.model.room.place is None:
                break
            self.assertEqual(self.seen()[0], before[-1])
        self.assertTrue(self.model.room.is_at_end)
        self.assertIn(f"said {LAST}", "".join(self.seen()))

    def hit(self, n: int) -> None:
        """Go to what was found."""
        said = [("text", "said "), ("found", str(n))]
        self.looking.go_to(self.model, Hit("lobby", n, 0.0, said))

    def test_a_hit(self) -> None:
        """It is marked while the page that has it is asked for, and until one leaves:
        to the end, or to another room."""
        dev = self.model.open_room("dev")
        dev.place = Place(self.last())
        for leave in (
            lambda: self.model.to_end(self.model.room),
            lambda: self.model.go(dev.name),
        ):
            self.hit(300)
            self.looking.look(self.model.room)
            self.answer()
            self.looking.scroll(self.model, -1)
            self.answer()
            self.looking.look(self.model.room)
            self.assertIsNotNone(self.looking.hit)
            leave()
            self.looking.look(self.model.room)
            self.assertIsNone(self.looking.hit)
