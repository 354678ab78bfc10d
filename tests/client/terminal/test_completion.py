"""What the Tab key offers."""

from functools import partial
from types import SimpleNamespace

from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.terminal.chat import Chat
from ecochat.client.terminal.commands import OFFERED
from ecochat.client.terminal.completion import OfferCompleter
from ecochat.client.terminal.offers import offers
from ecochat.core.commands import COMMANDS


class CompletionTests(SynchronousTestCase):
    """After a text, with people and rooms known."""

    def setUp(self) -> None:
        self.chat = Chat()
        self.chat.people = dict.fromkeys(("alice", "Bob", "albert"))
        self.chat.places = dict.fromkeys(("lobby", "lab", "@bob"))
        self.completer = OfferCompleter(partial(offers, known=self.chat))

    def texts(self, typed: str) -> list[str]:
        """Return what the line can become."""
        found = self.completer.get_completions(
            Document(typed), CompleteEvent(completion_requested=True)
        )
        return [typed[: len(typed) + c.start_position] + c.text for c in found]

    def test_commands(self) -> None:
        """All that a person may use, from the one table, with usage and help."""
        for_all = [c for c in COMMANDS.values() if not c.operator]
        self.assertEqual(len(self.texts("/")), len(for_all))
        self.assertEqual(self.texts("/NI"), ["/nick "])
        self.assertEqual(self.texts("/qu"), ["/quit"])
        (found,) = self.completer.get_completions(Document("/his"), CompleteEvent())
        self.assertEqual(found.display_text, COMMANDS["history"].usage)
        self.assertEqual(found.display_meta_text, COMMANDS["history"].help)

    def test_arguments(self) -> None:
        """By their names in the table; who was seen last comes first."""
        self.assertEqual(self.texts("/join l"), ["/join lab ", "/join lobby "])
        self.assertEqual(self.texts("/join #la"), ["/join #lab "])
        self.assertEqual(self.texts("/msg AL"), ["/msg albert ", "/msg alice "])
        self.assertEqual(self.texts("/who @b"), ["/who @Bob "])
        self.assertEqual(self.texts("/help his"), ["/help history "])
        self.assertEqual(self.texts("/acks "), ["/acks on ", "/acks off "])

    def test_rooms_with_a_mark(self) -> None:
        """Where words follow, only what begins so is a room."""
        known = SimpleNamespace(
            people={"Bob": None}, places={"lab": None}, commands=OFFERED, numbers={}
        )
        self.completer = OfferCompleter(partial(offers, known=known))
        self.assertEqual(self.texts("/search #la"), ["/search #lab "])
        self.assertEqual(self.texts("/search la"), [])
        self.assertEqual(self.texts("/search #lab @b"), ["/search #lab @Bob "])

    def test_numbers_and_signs(self) -> None:
        """Those of the last messages, with how they begin; a room may come first."""
        known = SimpleNamespace(
            people={},
            places={"lab": None},
            commands=OFFERED,
            numbers={"12": "bob: tea?", "7": "al: hi"},
        )
        self.completer = OfferCompleter(partial(offers, known=known))
        self.assertEqual(
            self.texts("/react "), ["/react 12 ", "/react 7 ", "/react lab "]
        )
        self.assertEqual(self.texts("/react 12 ")[0], "/react 12 👍 ")
        self.assertEqual(self.texts("/react lab 1"), ["/react lab 12 "])
        self.assertEqual(self.texts("/react lab 12 ")[0], "/react lab 12 👍 ")
        self.assertEqual(self.texts("/reply 7"), ["/reply 7 "])
        self.assertEqual(self.texts("/history lab "), [])
        (found,) = self.completer.get_completions(Document("/goto 1"), CompleteEvent())
        self.assertEqual(found.display_meta_text, "bob: tea?")

    def test_nothing_else_is_offered(self) -> None:
        """A new name is one's own to find; so is the rest of a text."""
        for typed in (
            "/nick ",
            "/rooms ",
            "/msg bob al",
            "/nothing a",
            "say al",
            "//j",
        ):
            self.assertEqual(self.texts(typed), [], typed)

    def test_people_at_the_beginning(self) -> None:
        """Whom one speaks to."""
        self.assertEqual(self.texts("al"), ["albert: ", "alice: "])
        self.assertEqual(self.texts("ｂ"), ["Bob: "])

    def test_people_after_an_at_sign(self) -> None:
        """Anywhere."""
        self.assertEqual(self.texts("thanks @b"), ["thanks @Bob "])
        self.assertEqual(self.texts("@ali"), ["@alice "])

    def test_an_empty_line(self) -> None:
        """Everyone can be spoken to; so Tab alone shows who is here."""
        self.assertEqual(self.texts(""), ["albert: ", "Bob: ", "alice: "])
        self.assertEqual(self.texts(" "), [])
