"""Every command of the plain dialect over real sockets, frame by frame."""

import re
import time

from twisted.trial.unittest import TestCase

from ecochat.core.commands import COMMANDS
from tests.support.client import Client
from tests.support.server import Server
from tests.support.waiting import WAIT

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
HINT = "/nick NAME to choose a name, /help for the rest."


WHOLE = "is a whole number, 0 or more, of at most 18 digits"


class Person(Client):
    """A client of which each frame is looked at, in order."""

    def gets(self, *expected: str) -> None:
        """Receive exactly these frames next; a time in them is written ``TIME``."""
        self.until(lambda: len(self.frames) >= len(expected))
        got = [STAMP.sub("TIME", self.frames.pop(0)) for _ in expected]
        assert got == list(expected), f"got {got}, not {list(expected)}"

    def asks(self, text: str, *expected: str) -> None:
        """Send a frame, and receive exactly these next."""
        self.say(text)
        self.gets(*expected)

    def has_no_more(self) -> None:
        """See that nothing else has come."""
        self.asks("/help quit", "* /quit: end the session", "* end help")

    def is_closed(self, *expected: str) -> None:
        """Receive exactly these frames, then the end."""
        rest = self.read_to_end()
        assert rest == list(expected), rest


class CommandsTestCase(TestCase):
    """Has a server of its own, and people that know each other."""

    def serve(self, *options: str) -> None:
        """Start a server named ``here``; it ends with the test."""
        server = Server("--name", "here", *options, data=":memory:")
        self.addCleanup(server.__exit__, None, None, None)
        server.start()
        self.port = server.port

    def person(self) -> Person:
        """Return a new connection."""
        person = Person(self.port)
        self.addCleanup(person.close)
        return person

    def meet(self, *names: str, options: tuple[str, ...] = ()) -> list[Person]:
        """Return people in the lobby that have seen each other come."""
        self.serve(*options)
        people: list[Person] = []
        for number, name in enumerate(names, 1):
            person = self.person()
            others = {1: "alone", 2: "with 1 other"}
            company = others.get(number, f"with {number - 1} others")
            welcome = f"* Welcome to here. You are guest-{number} in lobby {company}."
            renamed = f"* guest-{number} is now {name}"
            person.asks(f"/nick {name}", f"{welcome} {HINT}", renamed)
            for other in people:
                other.gets(f"* guest-{number} joined", renamed)
            people.append(person)
        return people


class GreetingTests(CommandsTestCase):
    """How a session begins and ends."""

    def test_company(self) -> None:
        """Each is told its name and how many others there are, then the operator's
        text; the others see it come. Who says nothing is greeted after a moment."""
        self.serve("--welcome", "No smoking.")
        you_are = "* Welcome to here. You are"
        first = self.person()
        first.gets(f"{you_are} guest-1 in lobby alone. {HINT}", "* No smoking.")
        second = self.person()
        second.asks(
            "hi",
            f"{you_are} guest-2 in lobby with 1 other. {HINT}",
            "* No smoking.",
            "+ lobby 1",
        )
        first.gets("* guest-2 joined", "guest-2: hi")
        with_two = f"{you_are} guest-3 in lobby with 2 others. {HINT}"
        self.person().asks(
            "/help quit", with_two, "* No smoking.", "* /quit: end the session"
        )
        second.gets("* guest-3 joined")

    def test_presence(self) -> None:
        """Who comes, goes or takes a name is told to those in the room, with its name
        where it is not their current one; it takes no number."""
        alice, bob = self.meet("alice", "bob")
        alice.asks("/join lab", "* You are alice in lab alone.")
        bob.asks("/join lab", "* You are bob in lab with 1 other.")
        alice.gets("* bob joined")
        alice.asks("/join lobby", "* You are alice in lobby with 1 other.")
        bob.asks("/nick robert", "* bob is now robert")
        alice.gets("* bob is now robert", "* [lab] bob is now robert")
        bob.asks("/leave", "* You left lab. You are in lobby.")
        alice.gets("* [lab] robert left")
        carol = self.person()
        you_are = "* Welcome to here. You are guest-3 in lobby with 2 others."
        carol.asks("one", f"{you_are} {HINT}", "+ lobby 1")
        for person in (alice, bob):
            person.gets("* guest-3 joined", "guest-3: one")
        carol.close()
        alice.gets("* guest-3 left")
        bob.gets("* guest-3 left")

    def test_quit(self) -> None:
        """What was sent before it is answered, what follows it is not; all see it."""
        alice, bob = self.meet("alice", "bob")
        alice.say("bye", "/quit", "anyone?")
        alice.is_closed("+ lobby 1")
        bob.gets("alice: bye", "* alice left")
        bob.asks("/nick alice", "* bob is now alice")

    def test_full(self) -> None:
        """One more than there may be is told so and closed; a place that is left can
        be taken."""
        alice, bob = self.meet("alice", "bob", options=("--max-clients", "2"))
        self.person().is_closed("! server is full (2 clients), try later")
        bob.close()
        alice.gets("* bob left")
        self.assertRegex(self.greeting(), r"^\* Welcome to here\. You are guest-3 ")
        alice.gets("* guest-3 joined")

    def greeting(self) -> str:
        """Connect until there is a place, since one that has left is gone only when
        its socket is closed; return the first frame."""
        deadline = time.monotonic() + WAIT
        while time.monotonic() < deadline:
            person = self.person()
            greeting = person.expect("")
            if not greeting.startswith("! server is full"):
                return greeting
        raise AssertionError("the server stays full")


class NickTests(CommandsTestCase):
    """``/nick NAME``."""

    def test_names_that_can_be_taken(self) -> None:
        """Letters, marks and digits of any script, ``_`` and ``-``, up to 32; one's
        own name in other letters, and one's first name again."""
        (alice,) = self.meet("alice")
        names = ["Élise", "_x_", "a-1", "名前", "नमस्ते", "я2", "x" * 32, "𝐱" * 32]
        now = "alice"
        for name in [*names, "e\u0301", "E\u0301", "guest-1", "ALICE"]:
            alice.asks(f"/nick {name}", f"* {now} is now {name}")
            now = name
        alice.asks("/nick ALICE", "! you are ALICE already")

    def test_names_that_cannot_be_taken(self) -> None:
        """Each is refused with what is wrong about it, and nothing changes."""
        (alice,) = self.meet("alice")
        first = "begins with a letter or _"
        only = "has letters, marks, digits, _ and - only"
        names = dict.fromkeys(["1st", "-a", ".a", "#a", "\u0301a", "*a", "!a"], first)
        names |= dict.fromkeys(["a.b", "a:b", "a\u200bb", "a\x1bb", "a😀"], only)
        names["x" * 33] = "has at most 32 characters"
        for name, wrong in names.items():
            alice.asks(f"/nick {name}", f"! a nickname {wrong}")
        reserved = ["server", "system", "operator", "admin", "root", "everyone"]
        reserved += [
            "here",
            "end",
            "guest-2",
            "GUEST-9",
            "client-1",
            "Admin",
            "ｒｏｏｔ",
        ]
        for name in reserved:
            alice.asks(f"/nick {name}", f"! the name {name} is reserved")
        alice.asks("/who", "* lobby alice s1", "* end lobby 1")

    def test_one_name_in_other_letters(self) -> None:
        """Names are one when they are equal after NFKC and case folding."""
        alice, bob = self.meet("alice", "bob")
        for name in ("alice", "ALICE", "ａｌｉｃｅ", "𝒂𝒍𝒊𝒄𝒆"):
            bob.asks(f"/nick {name}", f"! the name {name} is taken")
        alice.asks("/nick straße", "* alice is now straße")
        bob.gets("* alice is now straße")
        bob.asks("/nick STRASSE", "! the name STRASSE is taken")
        alice.asks("/nick fin", "* straße is now fin")
        bob.gets("* straße is now fin")
        bob.asks("/nick ﬁn", "! the name ﬁn is taken")
        bob.asks("/nick Strasse", "* bob is now Strasse")
        alice.gets("* bob is now Strasse")
        alice.has_no_more()


class RoomTests(CommandsTestCase):
    """``/join``, ``/leave``, ``/who``, ``/rooms``."""

    def test_join_and_leave(self) -> None:
        """A room is made, becomes current, keeps the others; the newest is next."""
        alice, bob = self.meet("alice", "bob")
        alice.asks("/join #Lab.1", "* You are alice in Lab.1 alone.")
        alice.asks("/join lab.1", "* You are alice in Lab.1 alone.")
        bob.asks("hi", "+ lobby 1")
        alice.gets("[lobby] bob: hi")
        alice.asks("here", "+ Lab.1 1")
        alice.asks("/join tea", "* You are alice in tea alone.")
        alice.asks("/leave #LAB.1", "* You left Lab.1. You are in tea.")
        alice.asks("/leave Lab.1", "! you are not in Lab.1")
        alice.asks("/leave", "* You left tea. You are in lobby.")
        alice.asks("/leave", "* You left lobby. You are in no room, /join one.")
        bob.gets("* alice left")
        for command in ("text", "/leave", "/who", "/topic", "/topic x", "/since 0"):
            alice.asks(command, "! you are in no room, /join one")
        alice.asks("/join lab.1", "* You are alice in Lab.1 alone.")
        alice.asks("again", "+ Lab.1 2")
        bob.has_no_more()

    def test_wrong_rooms(self) -> None:
        """Names that break the rules, rooms that do not exist, and wrong words."""
        (alice,) = self.meet("alice")
        wrong = "! a room name"
        alice.asks("/join a/b", f"{wrong} has letters, marks, digits, _ - and . only")
        alice.asks("/join 1", f"{wrong} begins with a letter or _")
        alice.asks("/join ##a", f"{wrong} begins with a letter or _")
        alice.asks("/join #", f"{wrong} cannot be empty")
        alice.asks(f"/join {'r' * 65}", f"{wrong} has at most 64 characters")
        alice.asks("/join end", "! the name end is reserved")
        alice.asks("/join", "! ROOM is missing; usage: /join ROOM")
        alice.asks("/join a b", "! too much: b; usage: /join ROOM")
        alice.asks("/leave a b", "! too much: b; usage: /leave [ROOM]")
        alice.asks("/who a b", "! too much: b; usage: /who [ROOM]")
        alice.asks("/rooms a", "! too much: a; usage: /rooms")
        for command in ("/leave", "/who"):
            no_room = "! there is no room nowhere, /join nowhere makes it"
            alice.asks(f"{command} #nowhere", no_room)
        alice.asks(f"/join {'r' * 64}", f"* You are alice in {'r' * 64} alone.")

    def test_who(self) -> None:
        """A line for each with its session's id, and the end with their number."""
        alice, bob = self.meet("alice", "bob")
        bob.asks("/join lab", "* You are bob in lab alone.")
        both = "* lobby alice s1", "* lobby bob s2", "* end lobby 2"
        alice.asks("/who", *both)
        bob.asks("/who #LOBBY", *both)
        alice.asks("/who lab", "* lab bob s2", "* end lab 1")
        bob.asks("/leave", "* You left lab. You are in lobby.")
        alice.asks("/who lab", "* end lab 0")

    def test_rooms(self) -> None:
        """All rooms, those that nobody is in too, with their last number and topic."""
        alice, bob = self.meet("alice", "bob")
        alice.asks("/join lab", "* You are alice in lab alone.")
        alice.asks("/topic on ships", "+ lab 1")
        alice.asks("/join empty", "* You are alice in empty alone.")
        alice.asks("/leave", "* You left empty. You are in lab.")
        bob.asks(
            "/rooms",
            "* lobby 2 members, last 0",
            "* lab 1 member, last 1: on ships",
            "* empty 0 members, last 0",
            "* end rooms",
        )


class LogTests(CommandsTestCase):
    """``/topic``, ``/history``, ``/since``."""

    def test_topic(self) -> None:
        """It is shown, and set as an entry of the log; it has a greatest length."""
        alice, bob = self.meet("alice", "bob")
        alice.asks("/topic", "* lobby: there is no topic")
        alice.asks("/topic tea  at #5", "+ lobby 1")
        bob.gets("* alice set the topic: tea  at #5")
        bob.asks("/topic", "* lobby: the topic is: tea  at #5")
        alice.asks(f"/topic {'é' * 401}", "! topic longer than 400 characters, not set")
        alice.asks(f"/topic {'é' * 400}", "+ lobby 2")
        bob.gets(f"* alice set the topic: {'é' * 400}")
        bob.asks("/join lab", "* You are bob in lab alone.")
        alice.asks("/topic short", "+ lobby 3")
        bob.gets("* [lobby] alice set the topic: short")
        topic = "Topic: short"
        bob.asks("/join lobby", f"* You are bob in lobby with 1 other. {topic}")

    def entries(self, begin: int, end: int) -> list[str]:
        """Return the frames of a list of what alice has said, up to its end."""
        frames = [f"* lobby {n} TIME alice: text {n}" for n in range(begin, end + 1)]
        return [*frames, f"* end lobby {end}"]

    def test_history(self) -> None:
        """The last ones, so many as are asked for, all or those before a number."""
        (alice,) = self.meet("alice")
        for command in ("/history", "/history 5 before 3", "/since 0", "/since 7"):
            alice.asks(command, "* end lobby 0")
        for n in range(1, 31):
            alice.asks(f"text {n}", f"+ lobby {n}")
        alice.asks("/history", *self.entries(11, 30))
        alice.asks("/history 3", *self.entries(28, 30))
        alice.asks("/history 1000", *self.entries(1, 30))
        alice.asks("/history before 25", *self.entries(5, 24))
        alice.asks("/history 2 before 25", *self.entries(23, 24))
        alice.asks("/history 5 before 3", *self.entries(1, 2))
        alice.asks("/history 2 before 99", *self.entries(29, 30))
        alice.asks("/history 2 before 1", "* end lobby 30")
        alice.asks("/history 2 before 0", "* end lobby 30")
        alice.asks("/since 0", *self.entries(1, 30))
        alice.asks("/since 28", *self.entries(29, 30))
        alice.asks("/since 30", "* end lobby 30")
        alice.asks("/since 99", "* end lobby 30")

    def test_wrong_numbers(self) -> None:
        """Each is answered with what is wrong and the usage line."""
        (alice,) = self.meet("alice")
        usage = "usage: /history [ROOM] [COUNT] [before NUMBER]"
        for count in ("0", "1001", "-1", "1.5", "1" * 50):
            wrong = f"! COUNT is a number from 1 to 1000; {usage}"
            alice.asks(f"/history {count}", wrong)
        alice.asks("/history x", "! there is no room x, /join x makes it")
        alice.asks("/history ٣", "! a room name begins with a letter or _")
        alice.asks("/history before", f"! NUMBER is missing; {usage}")
        alice.asks("/history before x", f"! NUMBER {WHOLE}; {usage}")
        alice.asks("/history 5 6", f"! too much: 6; {usage}")
        alice.asks("/history 5 before 6 7", f"! too much: 7; {usage}")
        usage = "usage: /since [ROOM] NUMBER"
        alice.asks("/since", f"! NUMBER is missing; {usage}")
        alice.asks("/since x", f"! NUMBER is missing; {usage}")
        for number in ("-1", "9" * 19, "x y"):
            alice.asks(f"/since {number}", f"! NUMBER {WHOLE}; {usage}")
        alice.asks("/since 1 2", f"! too much: 2; {usage}")

    def test_entries_of_each_kind(self) -> None:
        """Messages with line breaks and topics, those that others wrote as well."""
        alice, bob = self.meet("alice", "bob")
        alice.asks("one\ntwo", "+ lobby 1")
        alice.asks("/topic ships", "+ lobby 2")
        bob.gets("alice: one\ntwo", "* alice set the topic: ships")
        bob.asks(
            "/since 0",
            "* lobby 1 TIME alice: one\ntwo",
            "* lobby 2 TIME alice set the topic: ships",
            "* end lobby 2",
        )


class HelpTests(CommandsTestCase):
    """``/help``, and what is said of commands that are none."""

    def test_help(self) -> None:
        """All commands with their usage and one line each, or one of them."""
        (alice,) = self.meet("alice")
        lines = [f"* {c.usage}: {c.help}" for c in COMMANDS.values() if not c.operator]
        shown = alice.ask("/help", r"\* end help$")
        self.assertEqual(shown[:-2], lines)
        alice.frames.clear()
        one = "* /nick NAME: choose another name", "* end help"
        for command in ("nick", "/nick", "NICK"):
            alice.asks(f"/help {command}", *one)
        alice.asks("/help a b", "! too much: b; usage: /help [COMMAND]")

    def test_unknown_commands(self) -> None:
        """The error names it and the nearest that there is."""
        (alice,) = self.meet("alice")
        for command, near in {
            "/histroy 5": "history",
            "/hlp": "help",
            "/help nik": "nick",
            "/JION lab": "join",
            "/exit\nquit": "quit",
        }.items():
            word = command.removeprefix("/help ").split()[0].removeprefix("/")
            instead = f"did you mean /{near}? /help lists them all"
            alice.asks(command, f"! unknown command /{word}, {instead}")

    def test_how_commands_are_written(self) -> None:
        """In any case, with any space, with a line end; two slashes are text."""
        alice, bob = self.meet("alice", "bob")
        for command in ("/WHO", "/who\n", "/Who \r\n", "/who\tlobby", "/who  lobby "):
            alice.asks(command, "* lobby alice s1", "* lobby bob s2", "* end lobby 2")
        alice.asks("/nick", "! NAME is missing; usage: /nick NAME")
        alice.asks("/nick a b", "! too much: b; usage: /nick NAME")
        alice.asks("/quit now", "! too much: now; usage: /quit")
        alice.asks("//who", "+ lobby 1")
        alice.asks("///", "+ lobby 2")
        alice.asks(" /who", "+ lobby 3")
        bob.gets("alice: /who", "alice: //", "alice:  /who")

    def test_answers_come_in_order(self) -> None:
        """However many frames come at once, their answers keep their order."""
        (alice,) = self.meet("alice")
        alice.say("a", "/topic", "/nick 1", "b", "/since 1", "/who", "/join x", "c")
        alice.gets(
            "+ lobby 1",
            "* lobby: there is no topic",
            "! a nickname begins with a letter or _",
            "+ lobby 2",
            "* lobby 2 TIME alice: b",
            "* end lobby 2",
            "* lobby alice s1",
            "* end lobby 1",
            "* You are alice in x alone.",
            "+ x 1",
        )


class FrameTests(CommandsTestCase):
    """What is in a frame, and frames that cannot be read."""

    def test_line_ends_and_white_space(self) -> None:
        """One LF or CRLF at the end goes, everything else stays; white space alone is
        no message."""
        alice, bob = self.meet("alice", "bob")
        alice.say("", " ", "\n", "\r\n", " \t\n\n")
        kept = {"a\n": "a", "a\r\n": "a", "a\n\n": "a\n", "a\r": "a\r", "a\nb": "a\nb"}
        for number, (sent, said) in enumerate(kept.items(), 1):
            alice.asks(sent, f"+ lobby {number}")
            bob.gets(f"alice: {said}")

    def test_control_characters(self) -> None:
        """They are passed on as they are: all but NUL, which cannot occur."""
        alice, bob = self.meet("alice", "bob")
        text = "".join(map(chr, range(1, 32))) + "\x7f\x85\u2028\u202e\ufeffend"
        alice.asks(f"x{text}", "+ lobby 1")
        bob.gets(f"alice: x{text}")
        self.assertIn(f"alice: x{text}", bob.ask("/since 0", r"\* end ")[0])

    def test_long_messages(self) -> None:
        """Code points are counted, not bytes."""
        alice, bob = self.meet("alice", "bob")
        alice.asks("😀" * 4000, "+ lobby 1")
        bob.gets("alice: " + "😀" * 4000)
        alice.asks("x" * 4001, "! message longer than 4000 characters, not sent")
        alice.asks("x" * 65536, "! message longer than 4000 characters, not sent")
        alice.asks("x" * 4000 + "\r\n", "+ lobby 2")
        bob.gets("alice: " + "x" * 4000)
        bob.has_no_more()

    def test_bad_frames(self) -> None:
        """Each is answered, the connection goes on, and nobody else sees anything."""
        alice, bob = self.meet("alice", "bob")
        alice.asks("x" * 65537, "! frame longer than 65536 bytes, ignored")
        alice.asks("x" * 1_000_000, "! frame longer than 65536 bytes, ignored")
        for wrong in (
            b"\xff",
            b"a\xc3",
            b"\xed\xa0\x80",
            b"\xc0\xaf",
            b"x" * 9 + b"\x80",
        ):
            alice.send(wrong + b"\0")
            alice.gets("! not UTF-8, ignored")
        alice.asks("still here", "+ lobby 1")
        alice.send(b"half a fra")
        alice.end_input()
        alice.is_closed("! frame without its null byte, ignored")
        bob.gets("alice: still here", "* alice left")
        bob.has_no_more()

    def test_limits_that_were_set(self) -> None:
        """The errors name them."""
        options = "--max-frame", "20", "--max-message", "10"
        alice, bob = self.meet("alice", "bob", options=options)
        alice.asks("x" * 21, "! frame longer than 20 bytes, ignored")
        alice.asks("x" * 11, "! message longer than 10 characters, not sent")
        alice.asks("x" * 10, "+ lobby 1")
        bob.gets("alice: " + "x" * 10)

    def test_a_hundred_bad_frames(self) -> None:
        """So many in a row close the connection; a good one between starts anew."""
        alice, bob = self.meet("alice", "bob")
        alice.send(b"\xff\0" * 99 + b"ok\0" + b"\xff\0" * 99)
        alice.gets(*["! not UTF-8, ignored"] * 99, "+ lobby 1")
        alice.gets(*["! not UTF-8, ignored"] * 99)
        alice.send(b"\xff\0" + b"more\0" * 5)
        closing = "! 100 bad frames in a row, closing"
        alice.is_closed("! not UTF-8, ignored", closing)
        bob.gets("alice: ok", "* alice left")
        bob.has_no_more()
