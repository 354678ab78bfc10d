"""What stands beside a message that was found."""

from __future__ import annotations

from ecochat.client import Answer, Refused
from ecochat.client.lines import plain
from ecochat.client.screen.hits import Hit
from ecochat.core import wire
from ecochat.core.requests import History
from tests.client.fakes import message
from tests.client.screen.modelcase import EVIL, ModelTestCase


class BesideTests(ModelTestCase):
    """One has searched, and looks at what was found."""

    rooms = {"lobby": 100, "dev": 0}

    def search(self, *numbers: int) -> list[Hit]:
        """Find these messages of the lobby."""
        items = [message("lobby", n, "tea") for n in numbers]
        self.model.answered(self.say("/search tea"), Answer([*items], wire.End()))
        assert self.model.search is not None
        return self.model.search.hits

    def beside(self, hit: Hit) -> tuple[str, str]:
        """Return what is shown beside one."""
        before, after = self.model.beside(hit)
        return plain(before), plain(after)

    def test_what_is_here(self) -> None:
        """Nothing is asked where the room has it: before, after, at the end."""
        self.hear("cup", "tea", "milk")
        middle, last = self.search(102, 103)
        self.assertEqual(self.beside(middle), ("bob cup", "bob milk"))
        self.assertEqual(self.beside(last), ("bob tea", ""))
        self.assertEqual(self.requests(), [])

    def test_what_is_asked_for(self) -> None:
        """Once for each, however often it is drawn, and one at a time."""
        first, second = self.search(1, 50)
        for _ in range(3):
            self.assertEqual(self.beside(second), ("", ""))
            self.beside(first)
        self.assertEqual(self.requests(), [History(room="lobby", after=48, limit=3)])
        page = [message("lobby", n, f"it is {n}{EVIL}") for n in (49, 50, 51)]
        self.model.answered(self.asked[-1], Answer([*page], wire.End()))
        before, after = self.beside(second)
        self.assertTrue(before.startswith("bob it is 49"), before)
        self.assertTrue(after.startswith("bob it is 51"), after)
        self.assertNotIn("\x1b", before + after)
        self.beside(first)
        self.beside(second)
        self.assertEqual(self.requests(), [History(room="lobby", after=0, limit=3)])

    def test_refused(self) -> None:
        """It is not asked again, but what stands beside others is."""
        first, second = self.search(10, 50)
        self.beside(first)
        self.requests()
        self.model.failed(self.asked[-1], Refused("not_in_room", "no"))
        self.beside(first)
        self.assertEqual(self.requests(), [])
        self.beside(second)
        self.assertEqual(self.requests(), [History(room="lobby", after=48, limit=3)])
