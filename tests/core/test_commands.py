"""The table of commands, and lines read by it."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import requests as r
from ecochat.core.commands import (
    COMMANDS,
    OPERATORS_ONLY,
    find_command,
    parse_command,
)
from ecochat.core.errors import Refused
from tests.core.played import last, since

WHOLE = "is a whole number, 0 or more, of at most 18 digits"
SINCE = "usage: /since [ROOM] NUMBER"
EDIT = "usage: /edit [ROOM] NUMBER TEXT"
REACT = "usage: /react [ROOM] NUMBER SIGN [off]"


class ParseTests(SynchronousTestCase):
    """Lines that begin with a slash."""

    def test_what_lines_ask_for(self) -> None:
        """Each line gives its request."""
        for line, request in (
            ("/nick alice", r.SetNick("alice")),
            ("/NICK  alice ", r.SetNick("alice")),
            ("/nick\nalice", r.SetNick("alice")),
            ("/who", r.Who()),
            ("/who #lab", r.Who("lab")),
            ("/join #lab", r.Join("lab")),
            ("/join lab", r.Join("lab")),
            ("/leave", r.Leave()),
            ("/leave lab", r.Leave("lab")),
            ("/rooms", r.Rooms()),
            ("/topic", r.GetTopic()),
            ("/topic  all about  it ", r.SetTopic("all about  it")),
            ("/history", last(20)),
            ("/history 5", last(5)),
            ("/history before 9", last(20, before=9)),
            ("/history 5 BEFORE 9", last(5, before=9)),
            ("/history 1000 before 9", last(1000, before=9)),
            ("/history lab", last(20, "lab")),
            ("/history @bob 5", last(5, "@bob")),
            ("/history #lab before 9", last(20, "lab", 9)),
            ("/history @bob 5 before 9", last(5, "@bob", 9)),
            ("/since 0", since(0)),
            ("/since lab 0", since(0, "lab")),
            ("/since @bob 41", since(41, "@bob")),
            ("/msg bob  hi  there ", r.SayTo("bob", "hi  there")),
            ("/msg @bob a\nb", r.SayTo("bob", "a\nb")),
            ("/msg bob 5", r.SayTo("bob", "5")),
            ("/me waves  at all", r.Me("waves  at all")),
            ("/edit 5 so  be it ", r.Edit(5, "so  be it")),
            ("/edit #lab 5 6", r.Edit(5, "6", "lab")),
            ("/delete 5", r.Delete(5)),
            ("/delete @bob 5", r.Delete(5, "@bob")),
            ("/react 5 👍", r.React(5, "👍")),
            ("/react lab 5 👍 OFF", r.React(5, "👍", "lab", remove=True)),
            ("/search  tea time* ", r.Search("tea time*")),
            ("//me is a word", r.Say("/me is a word")),
            ("/acks on", r.SetAcks(True)),
            ("/acks OFF", r.SetAcks(False)),
            ("/status", r.Status()),
            ("/clients", r.Clients()),
            ("/time", r.Time()),
            ("/name", r.Name()),
            ("/mac", r.Mac()),
            ("/joke", r.Joke()),
            ("/say tea is  ready", r.Announce("tea is  ready")),
            ("/kick bob", r.Kick("bob")),
            ("/kick @bob too  loud", r.Kick("bob", "too  loud")),
            ("/close s3", r.Close("s3")),
            ("/close S3", r.Close("s3")),
            ("/close 3", r.Close("s3")),
            ("/shutdown", r.Shutdown()),
            ("/shutdown 60", r.Shutdown(60)),
            ("/shutdown 0 new  disk", r.Shutdown(0, "new  disk")),
            ("/shutdown 86400", r.Shutdown(86_400)),
            ("/help", r.Help()),
            ("/help nick", r.Help("nick")),
            ("/quit", r.Depart("quit")),
        ):
            self.assertEqual(parse_command(line), request, line)

    def test_wrong_arguments(self) -> None:
        """The error says what was wrong, and how the command is written."""
        for line, text in (
            ("/nick", "NAME is missing; usage: /nick NAME"),
            ("/nick a b", "too much: b; usage: /nick NAME"),
            ("/since", f"NUMBER is missing; {SINCE}"),
            ("/since lab", f"NUMBER is missing; {SINCE}"),
            ("/since -1", f"NUMBER {WHOLE}; {SINCE}"),
            ("/since lab x", f"NUMBER {WHOLE}; {SINCE}"),
            ("/since lab ٣", f"NUMBER {WHOLE}; {SINCE}"),
            (f"/since {'9' * 19}", f"NUMBER {WHOLE}; {SINCE}"),
            ("/since 1 2", f"too much: 2; {SINCE}"),
            ("/quit now", "too much: now; usage: /quit"),
            ("/msg", "NICK is missing; usage: /msg NICK TEXT"),
            ("/msg bob ", "TEXT is missing; usage: /msg NICK TEXT"),
            ("/me", "TEXT is missing; usage: /me TEXT"),
            ("/acks", "on|off is missing; usage: /acks on|off"),
            ("/joke two", "too much: two; usage: /joke"),
            ("/edit 5", f"TEXT is missing; {EDIT}"),
            ("/edit lab five x", f"NUMBER {WHOLE}; {EDIT}"),
            ("/delete", "NUMBER is missing; usage: /delete [ROOM] NUMBER"),
            ("/delete 5 6", "too much: 6; usage: /delete [ROOM] NUMBER"),
            ("/react 5", f"SIGN is missing; {REACT}"),
            ("/react 5 👍 on", f"off is what can stand there; {REACT}"),
            ("/search", "WORDS is missing; usage: /search WORDS"),
        ):
            error = self.assertRaises(Refused, parse_command, line)
            self.assertEqual((error.code, error.text), ("usage", text))

    def test_wrong_history(self) -> None:
        """A count out of range, a number that is missing, words out of order."""
        usage = "; usage: /history [ROOM] [COUNT] [before NUMBER]"
        for line, text in (
            ("/history 0", "COUNT is a number from 1 to 1000"),
            ("/history 1001", "COUNT is a number from 1 to 1000"),
            ("/history lab x", "COUNT is a number from 1 to 1000"),
            ("/history -5", "COUNT is a number from 1 to 1000"),
            ("/history +5", "COUNT is a number from 1 to 1000"),
            ("/history lab 5 6", "too much: 6"),
            ("/history 5 before", "NUMBER is missing"),
            (
                "/history before x",
                f"NUMBER {WHOLE}",
            ),
            ("/history 5 6", "too much: 6"),
            ("/history before 9 5", "too much: 5"),
        ):
            error = self.assertRaises(Refused, parse_command, line)
            self.assertEqual(error.text, text + usage, line)

    def test_wrong_switch(self) -> None:
        """The error names the words that there are."""
        error = self.assertRaises(Refused, parse_command, "/acks maybe")
        self.assertEqual(error.code, "usage")
        self.assertRegex(error.text, r"^on\|off .*; usage: /acks on\|off$")

    def test_wrong_arguments_of_operators(self) -> None:
        """They are numbers of ASCII digits, within their limits."""
        seconds = "SECONDS is a number from 0 to 86400"
        session = "ID is a session as /status names it, like s3"
        for line, text in (
            ("/close", "ID is missing"),
            ("/close bob", session),
            ("/close s", session),
            ("/close -3", session),
            ("/close ٣", session),
            (f"/close s{'9' * 19}", session),
            ("/close s3 s4", "too much: s4"),
            ("/shutdown 86401", seconds),
            (f"/shutdown {'9' * 5000}", seconds),
            ("/shutdown new disk", seconds),
            ("/shutdown 5x", seconds),
            ("/shutdown 5pm", seconds),
            ("/shutdown 1_0", seconds),
            ("/shutdown 5٣", seconds),
            ("/shutdown 1.5", seconds),
            ("/shutdown -5", seconds),
            ("/shutdown +5 tea", seconds),
            ("/kick", "NICK is missing"),
            ("/say", "TEXT is missing"),
        ):
            usage = COMMANDS[line.split()[0][1:]].usage
            error = self.assertRaises(Refused, parse_command, line)
            expected = ("usage", f"{text}; usage: {usage}")
            self.assertEqual((error.code, error.text), expected)

    def test_unknown_commands(self) -> None:
        """The error names the command and the nearest known one."""
        for line, named, near in (
            ("/histroy 5", "/histroy", "/history"),
            ("/Joni x", "/Joni", "/join"),
            ("/EXIT", "/EXIT", "/quit"),
            ("/names lab", "/names", "/who"),
            ("/", "/", "/"),
            ("/" + "x" * 500, "/" + "x" * 40, "/"),
        ):
            error = self.assertRaises(Refused, parse_command, line)
            self.assertEqual(error.code, "unknown_command")
            self.assertTrue(error.text.startswith(f"unknown command {named}, "))
            self.assertIn(f"did you mean {near}", error.text)


class TwinTests(SynchronousTestCase):
    """Each command has its operation, and each operation its command."""

    WITHOUT = frozenset(
        (*(r.Hello, r.Ping, r.Pong, r.Typing, r.Read), *(r.SetAcks, r.Say))
    )
    """What rightly has none: what only programs need, what a program is always told
    (the numbers of its messages), and saying, which is a plain message."""

    def test_twins(self) -> None:
        """They are the same set, but for those few; and each of those has none."""
        commands = {command.operation for command in COMMANDS.values()}
        operations = set(r.OPERATIONS)
        self.assertEqual(commands ^ operations, set(self.WITHOUT))

    def test_names(self) -> None:
        """Twins have the same name, but for those whose words differ."""
        differ = {
            command.name: str(kind.__struct_config__.tag)
            for command in COMMANDS.values()
            for kind in r.OPERATIONS
            if kind is command.operation and kind.__struct_config__.tag != command.name
        }
        self.assertEqual(differ, {"since": "history", "say": "announce"})

    def test_rights(self) -> None:
        """Who may ask for an operation is who may write its command."""
        for command in COMMANDS.values():
            is_checked = command.operation in OPERATORS_ONLY
            self.assertEqual(is_checked, command.operator, command.name)


class TableTests(SynchronousTestCase):
    """What the table says of itself."""

    def test_usage_lines(self) -> None:
        """They are those of the documentation."""
        self.assertEqual(
            [command.usage for command in COMMANDS.values()],
            [
                "/nick NAME",
                "/who [ROOM]",
                "/msg NICK TEXT",
                "/me TEXT",
                "/edit [ROOM] NUMBER TEXT",
                "/delete [ROOM] NUMBER",
                "/react [ROOM] NUMBER SIGN [off]",
                "/join ROOM",
                "/leave [ROOM]",
                "/rooms",
                "/topic [TEXT]",
                "/history [ROOM] [COUNT] [before NUMBER]",
                "/since [ROOM] NUMBER",
                "/search WORDS",
                "/acks on|off",
                "/status",
                "/clients",
                "/time",
                "/name",
                "/mac",
                "/joke",
                "/help [COMMAND]",
                "/quit",
                "/say TEXT",
                "/kick NICK [REASON]",
                "/close ID",
                "/shutdown [SECONDS] [REASON]",
                "/watch on|off",
            ],
        )

    def test_operators(self) -> None:
        """Each type of request that is for operators is of no other command."""
        for_operators = {c.request: c.name for c in COMMANDS.values() if c.operator}
        self.assertEqual(OPERATORS_ONLY, for_operators)
        theirs = {r.Announce, r.Kick, r.Close, r.Shutdown, r.Watch}
        self.assertEqual(set(OPERATORS_ONLY), theirs)
        others = {c.request for c in COMMANDS.values() if not c.operator}
        self.assertEqual(others & set(OPERATORS_ONLY), set())

    def test_find(self) -> None:
        """A command is found with or without its slash, in any case."""
        self.assertIs(find_command("/WHO"), COMMANDS["who"])
        self.assertIs(find_command("who"), COMMANDS["who"])
