"""The table of commands, and lines read by it."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import requests as r
from ecochat.core.commands import COMMANDS, find_command, parse_command
from ecochat.core.errors import Refused

WHOLE = "is a whole number, 0 or more, of at most 18 digits"


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
            ("/history", r.History(20)),
            ("/history 5", r.History(5)),
            ("/history before 9", r.History(20, 9)),
            ("/history 5 BEFORE 9", r.History(5, 9)),
            ("/history 1000 before 9", r.History(1000, 9)),
            ("/since 0", r.Since(0)),
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
            ("/since", "NUMBER is missing; usage: /since NUMBER"),
            (
                "/since -1",
                f"NUMBER {WHOLE}; usage: /since NUMBER",
            ),
            (
                "/since ٣",
                f"NUMBER {WHOLE}; usage: /since NUMBER",
            ),
            (
                f"/since {'9' * 19}",
                f"NUMBER {WHOLE}; usage: /since NUMBER",
            ),
            ("/quit now", "too much: now; usage: /quit"),
        ):
            error = self.assertRaises(Refused, parse_command, line)
            self.assertEqual((error.code, error.text), ("usage", text))

    def test_wrong_history(self) -> None:
        """A count out of range, a number that is missing, words out of order."""
        usage = "; usage: /history [COUNT] [before NUMBER]"
        for line, text in (
            ("/history 0", "COUNT is a number from 1 to 1000"),
            ("/history 1001", "COUNT is a number from 1 to 1000"),
            ("/history x", "COUNT is a number from 1 to 1000"),
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

    def test_unknown_commands(self) -> None:
        """The error names the command and the nearest known one."""
        for line, named, near in (
            ("/histroy 5", "/histroy", "/history"),
            ("/Joni x", "/Joni", "/join"),
            ("/", "/", "/"),
            ("/" + "x" * 500, "/" + "x" * 40, "/"),
        ):
            error = self.assertRaises(Refused, parse_command, line)
            self.assertEqual(error.code, "unknown_command")
            self.assertTrue(error.text.startswith(f"unknown command {named}, "))
            self.assertIn(f"did you mean {near}", error.text)


class TableTests(SynchronousTestCase):
    """What the table says of itself."""

    def test_usage_lines(self) -> None:
        """They are those of the documentation."""
        self.assertEqual(
            [command.usage for command in COMMANDS.values()],
            [
                "/nick NAME",
                "/who [ROOM]",
                "/join ROOM",
                "/leave [ROOM]",
                "/rooms",
                "/topic [TEXT]",
                "/history [COUNT] [before NUMBER]",
                "/since NUMBER",
                "/help [COMMAND]",
                "/quit",
            ],
        )

    def test_find(self) -> None:
        """A command is found with or without its slash, in any case."""
        self.assertIs(find_command("/WHO"), COMMANDS["who"])
        self.assertIs(find_command("who"), COMMANDS["who"])
