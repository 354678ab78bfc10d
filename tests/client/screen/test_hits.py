"""What a search has found, and more of it."""

from __future__ import annotations

from datetime import datetime

from ecochat.client import Answer, Refused
from ecochat.client.lines import plain
from ecochat.client.screen.finding import hits
from ecochat.client.screen.hits import PAGE, Hits
from ecochat.client.screen.switcher import Choice
from ecochat.core import limits, wire
from ecochat.core.requests import Search
from tests.client.fakes import message
from tests.client.screen.local import use_utc
from tests.client.screen.modelcase import ModelTestCase


class MoreTests(ModelTestCase):
    """One has searched, and goes through what was found."""

    rooms = {"lobby": 20_000}

    def search(self, typed: str, *numbers: int) -> Hits:
        """Find these messages; return what is looked at."""
        items = [message("lobby", n, "tea") for n in numbers]
        self.model.answered(self.say(typed), Answer([*items], wire.End()))
        assert self.model.search is not None
        return self.model.search

    def more(self, *numbers: int) -> list[int]:
        """Have more found; return the numbers of all that is."""
        items = [message("lobby", n, "tea") for n in numbers]
        self.model.answered(self.asked[-1], Answer([*items], wire.End()))
        assert self.model.search is not None
        return [hit.n for hit in self.model.search.hits]

    def test_what_is_asked(self) -> None:
        """A page, of a room, of what somebody wrote, or of all."""
        for typed, asked in (
            ("/search tea", Search("tea", limit=PAGE)),
            ("/search #lobby tea", Search("tea", room="lobby", limit=PAGE)),
            ("/search @bob tea", Search("tea", nick="bob", limit=PAGE)),
            ("/search #@bob @al a b", Search("a b", "@bob", "al", limit=PAGE)),
            ("/search # @", Search("# @", limit=PAGE)),
        ):
            self.assertEqual(self.say(typed).request, asked, typed)

    def test_of_a_room(self) -> None:
        """What is before the last one is asked for, once at a time, page by page."""
        self.search("/search #lobby tea", *range(300, 200, -1))
        self.model.find_more()
        self.model.find_more()
        asked = Search("tea", room="lobby", before=201, limit=PAGE)
        self.assertEqual(self.requests(), [asked])
        self.assertEqual(self.more(*range(200, 100, -1)), [*range(300, 100, -1)])
        self.model.find_more()
        self.assertEqual(self.requests()[0].before, 101)  # type: ignore[attr-defined]
        self.assertEqual(self.more(5), [*range(300, 100, -1), 5])
        self.model.find_more()
        self.assertEqual(self.requests(), [])

    def test_of_all_rooms(self) -> None:
        """As many as may be asked for are, once."""
        self.search("/search tea", *range(300, 200, -1))
        self.model.find_more()
        self.assertEqual(self.requests(), [Search("tea", limit=limits.HISTORY)])
        self.assertEqual(
            self.more(*range(300, 200, -1), *range(1_200, 300, -1)),
            [*range(300, 200, -1), *range(1_200, 300, -1)],
        )
        self.model.find_more()
        self.assertEqual(self.requests(), [])

    def test_few(self) -> None:
        """There is no more."""
        self.assertFalse(self.search("/search tea", 7, 5).has_more)
        self.model.find_more()
        self.assertEqual(self.requests(), [])

    def test_refused(self) -> None:
        """It is asked again when one gets there again; nothing is shown of it."""
        self.search("/search #lobby tea", *range(300, 200, -1))
        self.model.find_more()
        self.requests()
        self.model.failed(self.asked[-1], Refused("busy", "later"))
        self.model.find_more()
        self.assertEqual(len(self.requests()), 1)

    def test_not_looked_at_any_more(self) -> None:
        """What comes then changes nothing."""
        self.search("/search #lobby tea", *range(300, 200, -1))
        self.model.find_more()
        self.requests()
        self.model.close_search()
        self.model.answered(self.asked[-1], Answer([], wire.End()))
        self.assertIsNone(self.model.search)


class ListedTests(ModelTestCase):
    """How it is listed."""

    def listed(self, count: int) -> tuple[str, list[Choice]]:
        """Return the label and the choices; asking for more is noted."""
        use_utc(self)
        items = [message("lobby", n, "tea") for n in range(count, 0, -1)]
        self.model.answered(self.say("/search tea"), Answer([*items], wire.End()))
        assert self.model.search is not None
        self.found, self.reached = self.model.search, list[int]()
        more = lambda: self.reached.append(1)  # noqa: E731
        return hits(self.found, lambda hit: None, self.model.beside, more)

    def test_how_many(self) -> None:
        """And that there is more."""
        self.assertEqual(self.listed(3)[0], "3 found of tea, Enter opens: ")
        self.assertEqual(self.listed(100)[0], "100+ found of tea, Enter opens: ")

    def test_the_last(self) -> None:
        """Looked at, it asks for more; which one is looked at is known."""
        _, choices = self.listed(3)
        for number, reached in ((0, []), (1, []), (2, [1])):
            beside = choices[number].beside
            assert beside is not None
            beside()
            self.assertEqual((self.found.chosen, self.reached), (number, reached))

    def test_the_year(self) -> None:
        """It is shown where it is another one than now."""
        self.time = datetime(2026, 12, 1).timestamp()
        row = plain(self.listed(1)[1][0].row)
        self.assertTrue(row.startswith("21 Nov 04:30 lobby"), row)
        self.time = datetime(2027, 1, 1).timestamp()
        row = plain(self.listed(1)[1][0].row)
        self.assertTrue(row.startswith("21 Nov 2026 04:30 lobby"), row)
