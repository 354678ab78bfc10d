"""The plain dialect: what is told, as frames."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import items as i
from ecochat.core import requests as r
from ecochat.core.framing import BadFrame
from ecochat.core.moments import timestamp
from ecochat.core.records import Found, Indexed, SessionRecord
from ecochat.dialects.plain import PlainDialect
from ecochat.dialects.plain_parser import LAST_PASSWORD
from ecochat.dialects.port import Dialect, View

TIME = 1_795_235_449_123
STAMP = "2026-11-21T04:30:49.123Z"
LATER = "2026-11-21T04:30:50.123Z"


HAPPENED: tuple[tuple[i.Item, str], ...] = (
    (
        i.SessionOpened(1, 3, "al", "1.2.3.4:5", TIME, 9),
        "s3 al connected from 1.2.3.4:5",
    ),
    (i.SessionAway(1, 3, "lost", "al"), "s3 al is away: lost"),
    (i.SessionResumed(1, 3, "1.2.3.4:5", 9, "al"), "s3 al is back from 1.2.3.4:5"),
    (i.SessionRenamed(1, 3, "al", "bo"), "s3 al is now bo"),
    (
        i.SessionClosed(1, 3, "al", "quit", TIME, 4),
        "s3 al disconnected: quit; 4 remain",
    ),
    (i.Event(1, 7, 42, TIME, 3, "al", "message", "hi"), "lab 42 al: hi"),
    (i.Event(1, 7, 42, TIME, 3, "al", "topic", "tea"), "lab 42 al set the topic: tea"),
)
"""What whoever watches is told of, and how the plain dialect says it."""


def subclasses(kind: type[i.Body]) -> Iterator[type[i.Body]]:
    """Return all kinds of answers that can be given."""
    for below in kind.__subclasses__():
        yield below
        yield from subclasses(below)


def put_back(name: str, value: str | None) -> None:
    """Set a variable of the environment to what it was."""
    if value is None:
        del os.environ[name]
    else:
        os.environ[name] = value


class BadFrameTests(SynchronousTestCase):
    """Frames that could not be read."""

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

    def check(self, event: i.Event, text: str) -> None:
        """See how an event is told: where one is, elsewhere, to its writer, later."""
        mark = "" if event.kind == "message" else "* "
        for view, frame in (
            (View.CURRENT, f"{mark}{text}"),
            (View.OTHER, f"{mark}[lobby] {text}"),
            (View.OWN, "+ lobby 42"),
        ):
            told = self.dialect.event("lobby", event, view)
            self.assertEqual(told.decode(), frame + "\0")
        listed = f"* lobby 42 {STAMP} {text}\0"
        self.assertEqual(self.dialect.log_entry("lobby", event, "x7").decode(), listed)
        found = self.dialect.found_entry("lobby", Found(event, ((0, 1),)), "x7")
        self.assertEqual(found.decode(), listed)

    def test_events(self) -> None:
        """Of each kind, as each kind of reader sees it."""
        for kind, said, text in (
            ("message", "a\nb", "alice: a\nb"),
            ("topic", "tea", "alice set the topic: tea"),
            ("edit", "new", "alice edited 40: new"),
            ("edit", "", "alice edited 40: (deleted)"),
            ("delete", "", "alice deleted 40"),
            ("react", "👍", "alice reacted to 40: 👍"),
            ("unreact", "👍", "alice took back 👍 from 40"),
        ):
            target = None if kind in ("message", "topic") else 40
            event = i.Event(9, 1, 42, TIME, 3, "alice", kind, said, None, None, target)
            self.check(event, text)

    def test_every_kind_has_words(self) -> None:
        """No kind of event is unknown."""
        for kind in i.KINDS:
            event = i.Event(9, 1, 42, TIME, 3, "alice", kind, "x", None, None, 40)
            told = self.dialect.event("lobby", event, View.CURRENT)
            self.assertIn(b"alice", told)

    def test_what_became_of_a_message(self) -> None:
        """What it answers, that it was edited, that it was deleted."""
        for target, changed, said, text in (
            (40, 0, "hi", "alice (to 40): hi"),
            (None, 50, "hi", "alice: hi (edited)"),
            (40, 50, "hi", "alice (to 40): hi (edited)"),
            (None, 50, "", "alice: (deleted)"),
            (40, 50, "", "alice (to 40): (deleted)"),
            (None, 0, "", "alice: "),
        ):
            event = i.Event(
                *(9, 1, 42, TIME, 3, "alice", "message", said, None, None),
                *(target, changed),
            )
            self.check(event, text)

    def test_ends_of_lists(self) -> None:
        """Of history and of a search."""
        end = self.dialect.log_end("lobby", 43, "x7")
        self.assertEqual(end, b"* end lobby 43\0")
        end = self.dialect.found_end(Indexed(9, TIME), "x7")
        self.assertEqual(end, b"* end search\0")

    def test_what_is_no_longer_kept(self) -> None:
        """Up to where, and of which room."""
        for view, where in ((View.CURRENT, ""), (View.OTHER, "[lab] ")):
            told = self.dialect.expired("lab", 41, view)
            text = f"* {where}messages up to 41 are no longer kept\0"
            self.assertEqual(told.decode(), text)

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
        typing = i.Note(1, 1, 5, "typing", "bob")
        self.assertEqual(self.dialect.note("lab", typing, View.CURRENT), b"")

    def test_many(self) -> None:
        """How many came, went, have another name."""
        many = i.Digest(7, 1, joined=37, left=12, renamed=3)
        for view, where in ((View.CURRENT, ""), (View.OTHER, "[lab] ")):
            told = self.dialect.note("lab", many, view)
            text = f"* {where}37 joined, 12 left, 3 renamed\0"
            self.assertEqual(told.decode(), text)

    def test_the_greeting(self) -> None:
        """It says where one is, and how many others are; then the operator's words."""
        for others, company in (
            (0, "alone"),
            (1, "with 1 other"),
            (3, "with 3 others"),
        ):
            lobby = i.Entered(1, "lobby", 9, "guest-7", others, "tea", 9)
            body = i.Welcomed(7, "guest-7", TIME, (lobby,))
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
        members = (i.Member("al", 3, False), i.Member("bo", 9, True))
        lines = (i.RoomLine("lobby", 3, 42, "tea"), i.RoomLine("lab", 1, 0, ""))
        for body, frames in (
            (
                i.Entered(2, "lab", 0, "al", 1, "", 0),
                "* You are al in lab with 1 other.\0",
            ),
            (
                i.Entered(2, "lab", 0, "al", 0, "tea", 0),
                "* You are al in lab alone. Topic: tea\0",
            ),
            (i.Exited(2, "lab", 1, "lobby"), "* You left lab. You are in lobby.\0"),
            (i.Exited(2, "lab"), "* You left lab. You are in no room, /join one.\0"),
            (i.Renamed("a", "b"), "* a is now b\0"),
            (i.Topic("lab", "tea"), "* lab: the topic is: tea\0"),
            (i.Topic("lab", ""), "* lab: there is no topic\0"),
            (
                i.WhoPage("lab", members, 2, None),
                "* lab al s3\0* lab bo s9 away\0* end lab 2\0",
            ),
            (i.WhoPage("lab", members[:1], 2, r.Who("lab", 3)), "* lab al s3\0"),
            (
                i.RoomsPage(lines, 2, None),
                "* lobby 3 members, last 42: tea\0"
                "* lab 1 member, last 0\0* end rooms\0",
            ),
            (
                i.RoomsPage(lines[1:], 2, r.Rooms(2)),
                "* lab 1 member, last 0\0",
            ),
            (i.HelpText(("a", "b")), "* a\0* b\0* end help\0"),
            (i.Refusal("x", "no, because"), "! no, because\0"),
            (
                i.Failed("Traceback"),
                "! the server failed at this, the connection is closed\0",
            ),
            (i.Ended(), ""),
            (i.Ended(TIME), "* disconnected at 2026-11-21T04:30:49Z\0"),
            (i.Kicked("kicked", "out: loud"), "! out: loud\0"),
            (i.NotOpened("not_stored", "later"), "! later\0"),
            (i.Refusal("wrong_password", "no"), "! no\0"),
            (i.Refusal(LAST_PASSWORD, "no"), "! no\0* back to chat\0"),
            (i.Clock(TIME, local=False), "* 2026-11-21T04:30:49Z\0"),
            (i.Fact("clients", "3"), "* 3\0"),
            (i.AcksSet(True), "* acks on\0"),
            (i.AcksSet(False), "* acks off\0"),
            (i.Announced("tea\nfor all"), "Server: tea\nfor all\0"),
            (i.Overlooked(1), "* > … 1 more was not shown\0"),
            (i.Overlooked(37), "* > … 37 more were not shown\0"),
            (i.Stored(1, "lab", 58, 7), ""),
            (i.Done(), ""),
            (i.Opened(7, "@bob", 4), ""),
            (i.Relabelled(7, "@bob", "@rob"), ""),
            (i.Dropped(7, "@bob"), ""),
        ):
            self.assertEqual(self.dialect.reply(body).decode(), frames)
            self.assertEqual(self.dialect.reply(body, "x7").decode(), frames)
        self.assertEqual(self.dialect.notice("x"), b"* x\0")
        self.assertEqual(self.dialect.error("x"), b"! x\0")
        self.assertEqual(self.dialect.ping(), b"")

    def test_what_a_watcher_is_told(self) -> None:
        """No name begins with ``>``: it is like nothing else that begins with ``*``."""
        for item, line in HAPPENED:
            body = i.Happened(item, TIME, "lab")
            self.assertEqual(self.dialect.reply(body).decode(), f"* > {line}\0")

    def test_every_answer_has_words(self) -> None:
        """No kind of answer is unknown, but those that are read from the store, and the
        one that only a classic program asks for."""
        read = {i.LogRange, i.StatusRange, i.SearchRange, i.Repeated, i.Missing}
        read.add(i.Visited)
        known = set(self.dialect._replies) | read
        self.assertEqual(known, set(subclasses(i.Body)))

    def test_the_time_of_day_at_the_server(self) -> None:
        """It is that of the server's own zone."""
        self.addCleanup(time.tzset)
        before = os.environ.get("TZ")
        self.addCleanup(put_back, "TZ", before)
        os.environ["TZ"] = "XYZ-5:30"
        time.tzset()
        told = self.dialect.reply(i.Clock(TIME, local=True))
        self.assertEqual(told, b"* 10:00:49\0")

    def test_the_list_of_sessions(self) -> None:
        """Who is there, who was, and, for operators, from where."""
        here = SessionRecord(3, "alice", "10.0.0.7:9", TIME)
        gone = SessionRecord(2, "bob", "unix", TIME, TIME + 1_000)
        was = f"* s2 bob connected {STAMP} disconnected {LATER}"
        for record, with_address, frame in (
            (here, False, f"* s3 alice connected {STAMP}"),
            (here, True, f"* s3 alice connected {STAMP} from 10.0.0.7:9"),
            (gone, False, was),
            (gone, True, f"{was} from unix"),
        ):
            for is_away, end in ((False, "\0"), (True, " away\0")):
                told = self.dialect.status_entry(record, with_address, is_away, "x7")
                self.assertEqual(told.decode(), frame + end)
        self.assertEqual(self.dialect.status_end(), b"* end status\0")

    def test_what_it_is(self) -> None:
        """It sees from where it is told, needs no hello and claims no connection."""
        dialect: Dialect = self.dialect
        self.assertEqual(
            (dialect.has_views, dialect.is_answered, dialect.needs_hello),
            (True, False, False),
        )
        self.assertFalse(dialect.claims('{"op":"hello"}'))

    def test_timestamps(self) -> None:
        """RFC 3339, in UTC, with milliseconds."""
        self.assertEqual(timestamp(TIME), STAMP)
        self.assertEqual(timestamp(0), "1970-01-01T00:00:00.000Z")
