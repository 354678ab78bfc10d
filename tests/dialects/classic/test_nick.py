"""The nickname program."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import items as i
from ecochat.core import requests as r
from ecochat.dialects.classic.nick import HELP, NickDialect


def asks(nick: str) -> r.Hello:
    """Return what asks for a session under a name."""
    return r.Hello(protocol=1, nick=nick, rooms={"class": None}, ref="")


class NickTestCase(SynchronousTestCase):
    """A client that has no name yet."""

    def setUp(self) -> None:
        self.parser = NickDialect("class").parser()

    def requests(self, *reads: str) -> list[r.Request | None]:
        """Return what reads ask for."""
        return [self.parser.request(read) for read in reads]

    def named(self, name: str = "alice") -> None:
        """Have it say a name, and be given it."""
        self.parser.request(name)
        self.parser.named(name.strip())


class NameTests(NickTestCase):
    """The first thing it says."""

    def test_the_name(self) -> None:
        """Without what a terminal or a person puts around it; all else is left to the
        rules for names."""
        reads = ("alice", "alice\n", " alice \r\n", "/quit", "", "a b")
        names = ("alice", "alice", "alice", "/quit", "", "a b")
        self.assertEqual(self.requests(*reads), [asks(name) for name in names])

    def test_another_after_one_that_was_refused(self) -> None:
        """Its client asks for the same one by itself, and writes that before what its
        user types: a user can name another all the same."""
        reads = self.requests("alice", "alice", "alice: bob")
        self.assertEqual(reads, [asks("alice"), asks("alice"), asks("bob")])
        self.parser.named("bob")
        self.assertEqual(
            self.requests("alice: hi", "bob: hi"), [r.Say("hi"), r.Say("hi")]
        )


class PrefixTests(NickTestCase):
    """A client that writes its name before each message."""

    def test_its_own(self) -> None:
        """It is taken away, once, and from a command too."""
        self.named()
        self.assertEqual(
            self.requests("alice: hi", "alice: alice: hi", "alice: /who", "alice: "),
            [r.Say("hi"), r.Say("alice: hi"), r.Who(ref=""), None],
        )

    def test_what_is_none(self) -> None:
        """Another's name, or one's own in other words, is said."""
        self.named()
        for text in ("bob: hi", "alice:hi", "Alice: hi", "alice hi", "so alice: hi"):
            self.assertEqual(self.requests(text), [r.Say(text)])

    def test_after_another_name(self) -> None:
        """Its client writes the first one on, and another client the present one; what
        it was called between is nothing to anyone."""
        self.named()
        self.parser.named("bob")
        self.parser.named("carl")
        self.assertEqual(
            self.requests("alice: hi", "carl: hi", "bob: hi"),
            [r.Say("hi"), r.Say("hi"), r.Say("bob: hi")],
        )

    def test_blanks_around_its_name(self) -> None:
        """They are not part of the name, but its client writes them."""
        self.named("alice ")
        self.assertEqual(self.requests("alice : hi"), [r.Say("hi")])


class ReadTests(NickTestCase):
    """What it says when it has a name."""

    def setUp(self) -> None:
        super().setUp()
        self.named()

    def test_messages(self) -> None:
        """They are said, without the line feed at their end; blank ones are nothing."""
        self.assertEqual(
            self.requests("hi", "hi\r\n", " hi", "two\nlines", "", "\n", " "),
            [r.Say("hi"), r.Say("hi"), r.Say(" hi"), r.Say("two\nlines")] + [None] * 3,
        )

    def test_commands(self) -> None:
        """Those that there are, in any case."""
        for command, request in (
            ("/time", r.Time(ref="")),
            ("/joke", r.Joke(ref="")),
            ("/who", r.Who(ref="")),
            ("/WHO\n", r.Who(ref="")),
            ("/nick bob", r.SetNick("bob", ref="")),
            ("/help", r.Tell(HELP, ref="")),
            ("/HELP ", r.Tell(HELP, ref="")),
            ("/help nick", r.Help("nick", ref="")),
            ("/quit", r.Depart(ref="")),
        ):
            self.assertEqual(self.requests(command), [request])

    def test_what_is_no_command_here(self) -> None:
        """It is refused in a line, also where the other dialects have it; of a long
        word only a part is repeated. Two slashes say one."""
        for read, word in (
            ("/join red", "join"),
            ("/say x", "say"),
            ("/", ""),
            ("/" + "x" * 99, "x" * 40),
        ):
            text = f"there is no command /{word} here, /help lists them"
            self.assertEqual(self.requests(read), [r.Refuse("unknown_command", text)])
        self.assertEqual(self.requests("//x"), [r.Say("/x")])

    def test_a_wrong_command(self) -> None:
        """How it is written is told."""
        [request] = self.requests("/nick")
        assert isinstance(request, r.Refuse)
        self.assertEqual(request.code, "usage")
        self.assertIn("/nick NAME", request.text)

    def test_the_help(self) -> None:
        """A line for each command, and no line feed at its end."""
        words = [line.split()[0].rstrip(":") for line in HELP.split("\n")]
        known = ["/help", "/time", "/joke", "/who", "/nick", "/quit"]
        self.assertEqual(words, known)


class AnswerTests(SynchronousTestCase):
    """What it is told."""

    def reply(self, body: i.Body) -> str:
        """Return it."""
        return NickDialect("class").reply(body, "").decode()

    def test_the_time(self) -> None:
        """In UTC, to the second, as the other dialects have it."""
        clock = i.Clock(1_795_235_449_999, False)
        self.assertEqual(self.reply(clock), "2026-11-21T04:30:49Z")

    def test_the_help_for_one(self) -> None:
        """As the server has it."""
        lines = ("/who [ROOM]: list who is in a room",)
        self.assertEqual(self.reply(i.HelpText(lines)), lines[0])

    def test_another_name(self) -> None:
        """Both are told."""
        self.assertEqual(self.reply(i.Renamed("al", "bo")), "al is now bo")

    def test_who_is_online(self) -> None:
        """And who may come back."""
        members = (i.Member("al", 1, False), i.Member("bo", 2, True))
        page = i.WhoPage("class", members, 2, None)
        self.assertEqual(self.reply(page), "online: al, bo (away)")

    def test_the_end(self) -> None:
        """Nothing is said."""
        self.assertEqual(self.reply(i.Ended()), "")
