"""The plain dialect: frames to requests, and what is told to frames."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import items as i
from ecochat.core import requests as r
from ecochat.core.framing import BadFrame
from ecochat.dialects.plain import PlainDialect, timestamp, trim
from ecochat.dialects.port import View

TIME = 1_795_235_449_123
STAMP = "2026-11-21T04:30:49.123Z"


class RequestTests(SynchronousTestCase):
    """Frames that come in."""

    def test_requests(self) -> None:
        """Text is said, a slash commands, two slashes say one."""
        dialect = PlainDialect("x")
        for frame, request in (
            ("hi", r.Say("hi")),
            (" hi ", r.Say(" hi ")),
            ("hi\n", r.Say("hi")),
            ("hi\r\n", r.Say("hi")),
            ("hi\n\n", r.Say("hi\n")),
            ("hi\r", r.Say("hi\r")),
            ("a\nb", r.Say("a\nb")),
            ("\x1b[1m", r.Say("\x1b[1m")),
            ("//who", r.Say("/who")),
            ("/who\n", r.Who()),
            ("/nick", r.Refuse("usage", "NAME is missing; usage: /nick NAME")),
            ("", None),
            (" \t\n", None),
        ):
            self.assertEqual(dialect.request(frame), request, repr(frame))

    def test_trim(self) -> None:
        """One LF or CRLF is trimmed, and no more."""
        self.assertEqual(trim("a\r\n\r\n"), "a\r\n")
        self.assertEqual(trim("a"), "a")

    def test_bad_frames(self) -> None:
        """What is said about frames that could not be read."""
        dialect = PlainDialect("x")
        for problem, text in (
            (BadFrame.TOO_LONG, "frame longer than 65536 bytes, ignored"),
            (BadFrame.NOT_UTF8, "not UTF-8, ignored"),
            (BadFrame.UNTERMINATED, "frame without its null byte, ignored"),
        ):
            self.assertEqual(
                dialect.bad_frame(problem, 65536), r.Refuse("bad_frame", text)
            )


class TellingTests(SynchronousTestCase):
    """Frames that go out."""

    def setUp(self) -> None:
        """Make a dialect."""
        self.dialect = PlainDialect("NAME", "Be kind.\nHave fun.")

    def test_events(self) -> None:
        """A message, a topic, each as three kinds of readers see it."""
        said = i.Event(9, 1, 42, TIME, 3, "alice", "message", "a\nb")
        about = i.Event(9, 1, 43, TIME, 3, "alice", "topic", "tea")
        for event, view, frame in (
            (said, View.CURRENT, "alice: a\nb"),
            (said, View.OTHER, "[lobby] alice: a\nb"),
            (said, View.OWN, "+ lobby 42"),
            (about, View.CURRENT, "* alice set the topic: tea"),
            (about, View.OTHER, "* [lobby] alice set the topic: tea"),
            (about, View.OWN, "+ lobby 43"),
        ):
            told = self.dialect.event("lobby", event, view)
            self.assertEqual(told, frame.encode() + b"\0")
        for event, text in ((said, "alice: a\nb"), (about, "alice set the topic: tea")):
            self.assertEqual(
                self.dialect.log_entry("lobby", event).decode(),
                f"* lobby {event.n} {STAMP} {text}\0",
            )
        self.assertEqual(self.dialect.log_end("lobby", 43), b"* end lobby 43\0")

    def test_notes(self) -> None:
        """Who came, went, or has another name."""
        for kind, text in (
            ("joined", "bob joined"),
            ("left", "bob left"),
            ("renamed", "bob is now rob"),
        ):
            note = i.Note(1, 1, 5, kind, "bob", "rob")
            self.assertEqual(
                self.dialect.note("lab", note, View.CURRENT).decode(), f"* {text}\0"
            )
            self.assertEqual(
                self.dialect.note("lab", note, View.OTHER).decode(),
                f"* [lab] {text}\0",
            )

    def test_the_greeting(self) -> None:
        """It says where one is, and how many others are; then the operator's words."""
        for others, company in (
            (0, "alone"),
            (1, "with 1 other"),
            (3, "with 3 others"),
        ):
            body = i.Welcomed(1, "lobby", 9, "guest-7", others, "tea", 7)
            greeting = (
                f"* Welcome to NAME. You are guest-7 in lobby {company}."
                " /nick NAME to choose a name, /help for the rest."
            )
            self.assertEqual(
                self.dialect.reply(body).decode(),
                f"{greeting}\0* Be kind.\nHave fun.\0",
            )
            bare = PlainDialect("NAME").reply(body)
            self.assertEqual(bare.decode(), greeting + "\0")

    def test_replies(self) -> None:
        """Every other answer."""
        lines = (i.RoomLine("lobby", 3, 42, "tea"), i.RoomLine("lab", 1, 0, ""))
        for body, frames in (
            (
                i.Entered(2, "lab", 0, "al", 1, ""),
                "* You are al in lab with 1 other.\0",
            ),
            (
                i.Entered(2, "lab", 0, "al", 0, "tea"),
                "* You are al in lab alone. Topic: tea\0",
            ),
            (i.Exited(2, "lab", 1, "lobby"), "* You left lab. You are in lobby.\0"),
            (i.Exited(2, "lab"), "* You left lab. You are in no room, /join one.\0"),
            (i.Renamed("a", "b"), "* a is now b\0"),
            (i.Topic("lab", "tea"), "* lab: the topic is: tea\0"),
            (i.Topic("lab", ""), "* lab: there is no topic\0"),
            (
                i.WhoPage("lab", (("al", 3), ("bo", 9)), 2, None),
                "* lab al s3\0* lab bo s9\0* end lab 2\0",
            ),
            (i.WhoPage("lab", (("al", 3),), 2, r.Who("lab", 3)), "* lab al s3\0"),
            (
                i.RoomsPage(lines, None),
                "* lobby 3 members, last 42: tea\0"
                "* lab 1 member, last 0\0* end rooms\0",
            ),
            (
                i.RoomsPage(lines[1:], r.Rooms(2)),
                "* lab 1 member, last 0\0",
            ),
            (i.HelpText(("a", "b")), "* a\0* b\0* end help\0"),
            (i.Refusal("x", "no, because"), "! no, because\0"),
            (
                i.Failed("Traceback"),
                "! the server failed at this, the connection is closed\0",
            ),
            (i.Ended(), ""),
        ):
            self.assertEqual(self.dialect.reply(body).decode(), frames)
        self.assertEqual(self.dialect.notice("x"), b"* x\0")
        self.assertEqual(self.dialect.error("x"), b"! x\0")

    def test_timestamps(self) -> None:
        """RFC 3339, in UTC, with milliseconds."""
        self.assertEqual(timestamp(TIME), STAMP)
        self.assertEqual(timestamp(0), "1970-01-01T00:00:00.000Z")
