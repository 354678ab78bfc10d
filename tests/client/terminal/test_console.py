"""An operator's console: what happens and is typed in, lines and requests out."""

from datetime import datetime
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import Answer, Disconnected, Offline, Online, Refused
from ecochat.client.terminal import chat, console
from ecochat.client.terminal.chat import LEAVE_HINT
from ecochat.client.terminal.console import Console
from ecochat.client.terminal.line import Kind, Line
from ecochat.client.terminal.look import plain
from ecochat.client.terminal.offers import offers
from ecochat.core import wire
from ecochat.core.commands import COMMANDS
from ecochat.core.requests import (
    Announce,
    Clients,
    Delete,
    History,
    Kick,
    Request,
    Rooms,
    SayTo,
    Search,
    Shutdown,
    Status,
    Watch,
    Who,
)
from tests.client.terminal.fakes import TIME, message, welcome

NOW = datetime(2026, 11, 21, 19, 30, 5)
NOON = datetime.fromisoformat(TIME).astimezone().strftime("%H:%M:%S")
"""When what a server tells has happened, as it is shown here."""


def happened(kind: str, **fields: Any) -> wire.Happened:
    """Return what whoever watches is told."""
    return wire.Happened(kind=kind, time=TIME, **fields)


def session(nick: str, number: int = 3, **fields: Any) -> wire.Session:
    """Return a session as /status lists it."""
    return wire.Session(session=f"s{number}", nick=nick, connected=TIME, **fields)


class ConsoleTestCase(SynchronousTestCase):
    """Has a console that is connected as s1, in no room."""

    def setUp(self, is_hosted: bool = False) -> None:
        self.console = Console("op.sock", lambda: NOW, is_hosted=is_hosted)
        self.hello = welcome("guest-1")
        self.greeting = self.console.happened(Online(self.hello, False))

    def asked(self) -> list[Request]:
        """Return what was asked since the last call."""
        return [sent.request for sent in self.console.requests()]

    def answer(self, end: wire.Said, *items: wire.Said) -> list[str]:
        """Have the oldest request answered; return what is shown."""
        sent = self.console.unanswered[0]
        answer = Answer(list(items), end)
        return [plain(line) for line in self.console.answered(sent, answer)]

    def begin(self) -> None:
        """Have all that is asked at first answered."""
        self.answer(wire.Ok(text="watch on"))
        self.answer(wire.End(), wire.Room(room="lab", members=1, last=4, topic=""))
        self.answer(wire.Ok(count=201))
        self.asked()

    def shown(self, happening: Any) -> list[str]:
        """Have something happen; return what is shown."""
        return [plain(line) for line in self.console.happened(happening)]


class BeginTests(ConsoleTestCase):
    """How it begins, and begins again."""

    def test_it_asks_to_watch(self) -> None:
        """At each connection, and who is here; that is not shown as what is typed."""
        self.assertEqual(self.asked(), [Watch(True), Rooms(), Clients()])
        self.assertIn("19:30:05 * The console of X.", plain(self.greeting[0]))
        self.assertEqual(self.answer(wire.Ok(text="watch on")), [])
        lab = wire.Room(room="lab", members=1, last=4, topic="")
        self.assertEqual(self.answer(wire.End(), lab), [])
        self.assertEqual(self.answer(wire.Ok(count=3)), [])
        self.assertEqual(self.asked(), [Status()])
        here = [session("guest-1", 1), session("bob", 2), session("carol", away=True)]
        gone = session("dave", disconnected=TIME)
        shown = self.answer(wire.End(), *here, gone)
        self.assertEqual(shown, ["19:30:05 * here: bob"])
        self.console.happened(Offline("it broke"))
        again = self.shown(Online(self.hello, True))
        self.assertEqual(again, ["19:30:05 * connected to X again"])
        self.assertEqual(self.asked()[0], Watch(True))

    def test_very_many(self) -> None:
        """Are not asked for by name, and not all shown."""
        for _ in range(2):
            self.answer(wire.End())
        shown = self.answer(wire.Ok(count=chat.ASKED + 1))
        self.assertEqual(shown, ["19:30:05 * 200 are here"])
        self.assertEqual(len(self.asked()), 3)
        self.console.happened(Online(self.hello, True))
        for end in (wire.Ok(), wire.End(), wire.Ok(count=30)):
            self.answer(end)
        many = [session(f"n{n}", n) for n in range(2, 2 + console.NAMED + 5)]
        [line] = self.answer(wire.End(), *many)
        self.assertTrue(line.endswith(" and 5 more"))

    def test_between_programs(self) -> None:
        """Nobody is asked for who reads it."""
        self.console = Console("op.sock", lambda: NOW, asks_who=False)
        self.console.happened(Online(self.hello, False))
        self.assertEqual(self.asked(), [Watch(True)])

    def test_no_operators_socket(self) -> None:
        """Where one may not watch, it says so."""
        sent = self.console.unanswered[0]
        [line] = self.console.failed(sent, Refused("not_allowed", "for operators"))
        self.assertEqual(line.kind, Kind.ERROR)
        self.assertIn("is this the operators' socket?", line.text)
        self.assertEqual(self.console.failures, 1)

    def test_the_server_goes(self) -> None:
        """It says so, and what is typed waits; a server's own console just ends."""
        self.begin()
        [line] = self.shown(Offline("it \x1b broke"))
        self.assertEqual(
            line,
            "19:30:05 ! the server is gone (it \\x1b broke);"
            " this goes on when it is back",
        )
        self.console.say("tea")
        self.assertEqual([sent.said for sent in self.console.waiting], ["tea"])
        [lost] = self.console.failed(self.console.unanswered[0], Disconnected("x"))
        self.assertEqual(lost.text, "there was no answer to: tea")
        self.setUp(is_hosted=True)
        self.assertEqual(self.shown(Offline("it broke")), [])


class HappeningTests(ConsoleTestCase):
    """What is shown of what happens."""

    def test_all_kinds(self) -> None:
        """With the time, who and where; what a newer server tells is left out."""
        bob = {"session": "s2", "nick": "bob"}
        lines = {
            "bob (s2) connected from unix": happened(
                "connected", address="unix", **bob
            ),
            "bob (s2) is away: lost": happened("away", reason="lost", **bob),
            "bob (s2) is back from unix": happened("back", address="unix", **bob),
            "bob (s2) is now rob": happened("renamed", new="rob", **bob),
            "bob (s2) disconnected: quit; 3 remain": happened(
                "disconnected", reason="quit", remaining=3, **bob
            ),
        }
        for text, said in lines.items():
            self.assertEqual(self.shown(said), [f"{NOON} * {text}"])
        said = happened("event", event=message("hi", 42, room="lab"))
        self.assertEqual(self.shown(said), [f"{NOON} [lab 42] bob: hi"])
        missed = wire.Happened(kind="missed", count=37)
        [line] = self.shown(missed)
        self.assertTrue(line.startswith("19:30:05 * … 37 more were not shown"))
        for unknown in ("eclipse", "event"):
            self.assertEqual(self.shown(happened(unknown)), [])

    def test_what_the_server_says(self) -> None:
        """Also what was typed here."""
        notice = wire.Notice(text="tea", operator=True)
        self.assertEqual(self.shown(notice), ["19:30:05 Server: tea"])

    def test_it_is_harmless(self) -> None:
        """Whatever others put into texts, names and reasons."""
        evil = "\x1b]0;evil\x07\u202e\n* x"
        for said in (
            happened("connected", session=evil, nick=evil, address=evil),
            happened("renamed", session="s2", nick=evil, new=evil),
            happened("disconnected", nick=evil, reason=evil, remaining=0),
            happened("event", event=message(evil, nick=evil, room=evil)),
        ):
            [line] = self.shown(said)
            self.assertIn("\\x1b]0;evil\\x07\\u202e", line)
            for char in "\x1b\x07\u202e":
                self.assertNotIn(char, line)
            self.assertNotIn("\n*", line)


class TypedTests(ConsoleTestCase):
    """From what is typed to what is asked, and what is shown of its answer."""

    def setUp(self, is_hosted: bool = False) -> None:
        super().setUp(is_hosted)
        self.begin()

    def say(self, typed: str) -> list[Line]:
        """Type something that is answered at once."""
        shown = self.console.say(typed)
        self.assertEqual(self.asked(), [])
        return shown

    def test_what_is_asked(self) -> None:
        """A line is said to everyone; of commands /who is about the lobby."""
        typed = {
            "tea is ready\n": Announce("tea is ready"),
            "//x": Announce("/x"),
            "TIME": Announce("TIME"),
            "/say tea": Announce("tea"),
            "/who": Who("lobby"),
            "/who lab": Who("lab"),
            "/status": Status(),
            "/kick bob too loud": Kick("bob", "too loud"),
            "/shutdown 60 new disk": Shutdown(60, "new disk"),
            "/history lab 5": History("lab", limit=5),
            "/delete lab 42": Delete(42, "lab"),
            "/search tea": Search("tea"),
            "/msg bob psst": SayTo("bob", "psst"),
            "/watch off": Watch(False),
        }
        for text, request in typed.items():
            self.assertEqual(self.console.say(text), [], text)
            self.assertEqual(self.asked(), [request])

    def test_answers(self) -> None:
        """What is said to everyone is shown as such, and not answered twice."""
        for typed in ("tea", "/shutdown 5"):
            self.console.say(typed)
            self.assertEqual(self.answer(wire.Ok()), [])
        self.console.say("/kick bob")
        gone = self.answer(wire.Ok(text="bob (s2) is disconnected"))
        self.assertEqual(gone, ["* bob (s2) is disconnected"])
        self.console.say("/clients")
        self.assertEqual(self.answer(wire.Ok(count=3)), ["* 3"])
        self.console.say("/watch off")
        self.assertEqual(self.answer(wire.Ok(text="watch off")), ["* watch off"])
        self.console.say("/kick bob")
        sent = self.console.unanswered[0]
        [line] = self.console.failed(sent, Refused("no_nick", "there is nobody"))
        self.assertEqual((line.kind, line.text), (Kind.ERROR, "there is nobody"))
        self.assertEqual(list(self.console.given_back), ["/kick bob"])

    def test_what_needs_a_room(self) -> None:
        """Says what to write instead; nothing is asked."""
        for typed, instead in {
            "/join lab": "ecochat unix:op.sock",
            "/leave": "ecochat unix:op.sock",
            "/topic": "/rooms shows",
            "/topic tea": "/rooms shows",
            "/me waves": "without /me",
            "/acks off": "/watch off",
            "/history 5": "/history ROOM [COUNT] [before NUMBER]",
            "/since 5": "/since ROOM NUMBER",
            "/delete 5": "/delete ROOM NUMBER",
            "/histroy": "did you mean /history?",
        }.items():
            [line] = self.say(typed)
            self.assertEqual(line.kind, Kind.ERROR)
            self.assertIn(instead, line.text)

    def test_every_command(self) -> None:
        """Is offered and explained, or is one of those."""
        help = "\n".join(line.text for line in self.say("/help"))
        offered = [text for text, _, _ in offers("/", "/", self.console)]
        for name in COMMANDS:
            is_senseless = name in ("join", "leave", "topic", "me", "acks")
            self.assertEqual(f"/{name}" in help, not is_senseless, name)
            self.assertEqual(
                any(text.strip() == f"/{name}" for text in offered), not is_senseless
            )
        self.assertIn("/history ROOM [COUNT]", help)
        self.assertIn("/who [ROOM]", help)
        self.console.say("/help kick")
        self.assertEqual(len(self.asked()), 1)

    def test_names_that_are_known(self) -> None:
        """People and rooms that it was told of are offered."""
        self.console.happened(happened("connected", session="s2", nick="bob"))
        self.console.happened(happened("renamed", nick="bob", new="rob"))
        self.console.happened(happened("event", event=message("hi", room="ops")))
        self.console.happened(happened("disconnected", session="s2", nick="bob"))
        offered = [text for text, _, _ in offers("/kick ", "", self.console)]
        self.assertEqual(offered, ["rob "])
        offered = [text for text, _, _ in offers("/who ", "", self.console)]
        self.assertEqual(offered, ["ops ", "lab "])

    def test_leaving(self) -> None:
        """By /quit; Ctrl-C says so, or stops the server whose own it is."""
        self.assertEqual(self.console.prompt, ("Server", ""))
        self.assertEqual(self.console.interrupted()[0].text, LEAVE_HINT)
        self.assertFalse(self.console.was_interrupted)
        self.console.say("/quit")
        self.assertTrue(self.console.has_left)
        self.setUp(is_hosted=True)
        self.assertEqual(self.console.interrupted(), [])
        self.assertTrue(self.console.has_left and self.console.was_interrupted)
