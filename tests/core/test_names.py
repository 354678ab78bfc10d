"""Names: what is allowed, and when two are the same."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.errors import Refused
from ecochat.core.names import check_nick, check_room, fold, guest, is_nick


class NickTests(SynchronousTestCase):
    """Nicknames."""

    def refused(self, name: str) -> str:
        """Return why a nickname is refused."""
        error = self.assertRaises(Refused, check_nick, name)
        self.assertEqual(error.code, "bad_name")
        return str(error.text)

    def test_letters_of_any_script(self) -> None:
        """Letters, marks, digits, _ and - are allowed."""
        for name in (
            "alice",
            "_x-1",
            "Ærøskøbing",
            "Иван",
            "李雷",
            "नीता",
            "a٣",
            "x" * 32,
        ):
            self.assertEqual(check_nick(name), fold(name))

    def test_what_a_name_may_not_hold(self) -> None:
        """Spaces, punctuation, symbols, controls and what cannot be seen are not."""
        for name in (
            "a b",
            "a.b",
            "a:b",
            "a\n",
            "a\x1b",
            "a\u200b",
            "a🙂",
            "a²",
            "a\ufe0f",
        ):
            self.assertEqual(
                self.refused(name),
                "a nickname has letters, marks, digits, _ and - only",
            )
        self.assertIn("only", self.refused("a\u3164"))

    def test_what_is_no_name_when_folded(self) -> None:
        """Some letters are a space and a mark in their other form."""
        for name in ("\u037a", "a\ufdfa", "\ufe70"):
            self.assertIn("only", self.refused(name))

    def test_how_a_name_begins(self) -> None:
        """It begins with a letter or _, so never as what the server says does."""
        for name in ("1a", "-a", "*a", "!a", "+a", "[a", "#a", "/a", "@a", "\u0301a"):
            self.assertEqual(self.refused(name), "a nickname begins with a letter or _")

    def test_length(self) -> None:
        """At least one, at most 32 code points."""
        self.assertEqual(self.refused(""), "a nickname cannot be empty")
        self.assertEqual(self.refused("é" * 33), "a nickname has at most 32 characters")

    def test_reserved(self) -> None:
        """Names that the server or its operator may seem to have are nobody's."""
        for name in (
            *("server", "Operator", "ＡＤＭＩＮ", "end", "guest-7", "Client-12"),
            *("Client01", "cLIENT100", "ECO-1", "eco-٣"),
        ):
            self.assertEqual(self.refused(name), f"the name {name} is reserved")
        for name in ("eco", "eco1", "client", "client_1", "Client01x", "eco-1-"):
            self.assertEqual(check_nick(name), fold(name))

    def test_ones_own_given_name(self) -> None:
        """The name that the server gave to a session, that session may take again."""
        self.assertEqual(check_nick("guest-7", guest(7)), "guest-7")
        self.assertRaises(Refused, check_nick, "guest-7", guest(8))

    def test_whether_it_is_one(self) -> None:
        """A name that anyone can choose is one; what is given to people is none."""
        names = ("alice", "Иван", "", "a b", "server", "guest-7")
        self.assertEqual([name for name in names if is_nick(name)], ["alice", "Иван"])

    def test_sameness(self) -> None:
        """Names are the same after NFKC and case folding."""
        for one, other in (
            ("Alice", "aLICE"),
            ("ｂｏｂ", "bob"),
            ("straße", "STRASSE"),
            ("e\u0301va", "ÉVA"),
        ):
            self.assertEqual(check_nick(one), check_nick(other))


class RoomTests(SynchronousTestCase):
    """Names of rooms."""

    def test_rooms_have_more_room(self) -> None:
        """A dot is allowed too, and 64 code points."""
        self.assertEqual(check_room("Team.2-a"), "team.2-a")
        self.assertEqual(check_room("r" * 64), "r" * 64)
        self.assertEqual(check_room("Client01"), "client01")

    def test_refused(self) -> None:
        """The error speaks of rooms."""
        for name, text in (
            ("r" * 65, "a room name has at most 64 characters"),
            ("a b", "a room name has letters, marks, digits, _ - and . only"),
            ("end", "the name end is reserved"),
        ):
            self.assertEqual(self.assertRaises(Refused, check_room, name).text, text)
