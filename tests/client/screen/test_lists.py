"""What a person asked to see, as one entry."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.lines import plain
from ecochat.client.screen.entries import Entry, Kind
from ecochat.client.screen.lists import LISTED, answer
from ecochat.core import wire
from ecochat.core.requests import Clients, Joke, Request, Rooms, Status, Who
from tests.client.fakes import NOW
from tests.client.screen.hostile import HOSTILE, harm


def shown(asked: Request, items: list[Any], end: Any) -> Entry:
    """Return what shows an answer."""
    return answer(asked, items, end, 1.0)


def member(nick: str, away: bool = False) -> wire.Member:
    """Return who is in the lobby."""
    return wire.Member(room="lobby", nick=nick, session="s2", away=away)


def session(nick: str) -> wire.Session:
    """Return a session."""
    return wire.Session(session="s2", nick=nick, connected=NOW, disconnected=None)


class ListTests(SynchronousTestCase):
    """One entry each: a head, and rows."""

    def test_who(self) -> None:
        """How many, and their names in order; of too many the first."""
        people = [member("bob"), member("Alice", away=True)]
        entry = shown(Who("lobby"), people, wire.End(room="lobby", count=2))
        self.assertEqual(plain(entry.said or []), "2 in lobby")
        self.assertEqual(entry.columns, [("Alice", True), ("bob", False)])
        self.assertIs(entry.kind, Kind.NOTICE)
        many = [member(f"n{n:05}") for n in range(LISTED + 9)]
        entry = shown(Who("lobby"), many, wire.End(room="lobby"))
        self.assertEqual(plain(entry.said or []), f"{LISTED + 9} in lobby")
        self.assertEqual(len(entry.columns), LISTED)

    def test_rows(self) -> None:
        """Rooms and sessions have a head, a row for each."""
        rooms = [wire.Room(room=r, members=2, last=7, topic="") for r in ("lab", "pub")]
        entry = shown(Rooms(), rooms, wire.End())
        self.assertEqual(
            plain(entry.said or []).split("\n"),
            ["2 rooms", "lab 2 members, last 7", "pub 2 members, last 7"],
        )
        entry = shown(Status(), [session("bob"), session("ada")], wire.End())
        rows = plain(entry.said or []).split("\n")
        self.assertEqual(rows[0], "2 sessions, open and ended")
        self.assertEqual(len(rows), 3)

    def test_facts(self) -> None:
        """A number is a sentence; what else is answered is as it is."""
        for count, text in ((4, "4 are here"), (1, "1 is here")):
            entry = shown(Clients(), [], wire.Ok(count=count))
            self.assertEqual(plain(entry.said or []), text)
        entry = shown(Joke(), [], wire.Ok(lines=("one", "two")))
        self.assertEqual(plain(entry.said or []), "one\ntwo")

    def test_hostile_text(self) -> None:
        """No control character comes through."""
        for text in HOSTILE:
            for asked, item in (
                (Who("lobby"), member(text)),
                (Status(), session(text)),
            ):
                entry = shown(asked, [item], wire.End(room=text))
                row = [*(entry.said or []), *(("", nick) for nick, _ in entry.columns)]
                lines = [[(s, t.replace("\n", " ")) for s, t in row]]
                self.assertEqual(harm(lines), [], repr(text))
