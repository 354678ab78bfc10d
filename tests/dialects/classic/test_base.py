"""What the dialects of the classroom programs have in common."""

from __future__ import annotations

from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import items as i
from ecochat.core import requests as r
from ecochat.core.framing import BadFrame
from ecochat.core.records import Found, Indexed, SessionRecord
from ecochat.dialects.classic.ack import AckDialect
from ecochat.dialects.classic.base import said
from ecochat.dialects.classic.eco import EcoDialect
from ecochat.dialects.classic.nick import NickDialect
from ecochat.dialects.classic.upper import UpperDialect
from ecochat.dialects.port import Dialect, View

DIALECTS: dict[str, Dialect] = {
    "eco": EcoDialect("class", "sesame"),
    "ack": AckDialect("class"),
    "upper": UpperDialect("class"),
    "nick": NickDialect("class"),
}
HEARING = ("eco", "nick")
"""Those whose programs showed what others write."""

MESSAGE = i.Event(1, 1, 7, 1000, 2, "bob", "message", "two\nlines")


class PropertyTests(SynchronousTestCase):
    """What the network asks of a dialect before anything is said."""

    def test_where_they_are(self) -> None:
        """In the one room, from its end; and nothing else is spoken there."""
        for dialect in DIALECTS.values():
            self.assertEqual(dialect.rooms, {"class": None})
            self.assertFalse(dialect.is_framed)
            self.assertFalse(dialect.claims('{"op":"hello"}'))
            self.assertIsNone(dialect.parser().messages)

    def test_how_they_begin(self) -> None:
        """One is asked for a name; the others are given one of their own form."""
        begun = {
            kind: (d.needs_hello, d.prompt, d.form) for kind, d in DIALECTS.items()
        }
        self.assertEqual(
            begun,
            {
                "eco": (False, "", "eco-{}"),
                "ack": (False, "", "Client{:02d}"),
                "upper": (False, "", "client-{}"),
                "nick": (True, "NICK", ""),
            },
        )

    def test_a_name(self) -> None:
        """It makes no difference to what is read of the eco and upper programs."""
        for kind in ("eco", "upper"):
            parser = DIALECTS[kind].parser()
            parser.named("x")
            self.assertIsInstance(parser.request("x: hi"), r.Say)


class EventTests(SynchronousTestCase):
    """What is heard of others."""

    def test_messages(self) -> None:
        """By name and text, as they were written; not one's own, and not everywhere."""
        for kind, dialect in DIALECTS.items():
            expected = b"bob: two\nlines" if kind in HEARING else b""
            for view in (View.CURRENT, View.OTHER):
                self.assertEqual(dialect.event("class", MESSAGE, view), expected)
                self.assertEqual(dialect.events("class", [MESSAGE], view), expected)
            self.assertEqual(dialect.event("class", MESSAGE, View.OWN), b"")

    def test_private_ones(self) -> None:
        """They can be told from what everyone reads."""
        for kind in HEARING:
            said = DIALECTS[kind].event("@bob", MESSAGE, View.OTHER)
            self.assertEqual(said, b"[@bob] bob: two\nlines")

    def test_all_else(self) -> None:
        """No program showed topics, changes, reactions, who came and went, or lists."""
        session = SessionRecord(1, "bob", "1.2.3.4:5", 1000, None)
        note = i.Note(1, 1, 2, "joined", "bob")
        found = Found(MESSAGE, ())
        for dialect in DIALECTS.values():
            said = [
                dialect.event("class", replace(MESSAGE, kind=kind), View.OTHER)
                for kind in set(i.KINDS) - {"message"}
            ]
            said += [
                dialect.note("class", note, View.OTHER),
                dialect.log_entry("class", MESSAGE),
                dialect.log_end("class", 7),
                dialect.status_entry(session, True, False),
                dialect.status_end(),
                dialect.found_entry("class", found),
                dialect.found_end(Indexed(1, 1000)),
                dialect.expired("class", 6, View.CURRENT),
                dialect.ping(),
            ]
            self.assertEqual(set(said), {b""})


class ReplyTests(SynchronousTestCase):
    """What is told to one alone."""

    def reply(self, kind: str, body: i.Body, ref: str | None = None) -> str:
        """Return how a dialect tells it."""
        return DIALECTS[kind].reply(body, ref).decode()

    def test_the_answer_to_a_read(self) -> None:
        """It is what the read was answered with when it was understood, once that is
        stored, and nothing where there is no such thing."""
        for kind in DIALECTS:
            stored = i.Stored(1, "class", 7, None)
            self.assertEqual(self.reply(kind, stored, "THE ANSWER"), "THE ANSWER")
            self.assertEqual(self.reply(kind, stored), "")

    def test_what_nobody_asked(self) -> None:
        """A client that waits for one answer to each read would take it for that."""
        for kind in DIALECTS:
            self.assertEqual(self.reply(kind, i.Fact("told", "too fast")), "")
            self.assertEqual(self.reply(kind, i.Fact("told", "answer"), ""), "answer")

    def test_refusals(self) -> None:
        """One line, which says why; also to who asked by a read that had no word."""
        for kind in DIALECTS:
            for body in (i.Refusal("too_long", "why"), i.Kicked("kicked", "why")):
                for ref in (None, "THE ANSWER"):
                    self.assertEqual(self.reply(kind, body, ref), "why\n")
            waits = i.NotOpened("not_stored", "your session begins when it can")
            self.assertEqual(self.reply(kind, waits), "")

    def test_a_fault_of_the_servers(self) -> None:
        """It is told as such, without what only the log has to know."""
        for kind in DIALECTS:
            line = "the server failed at this, the connection is closed\n"
            self.assertEqual(self.reply(kind, i.Failed("Traceback …"), "x"), line)

    def test_the_operator(self) -> None:
        """Whoever may be sent something unasked is told."""
        body = i.Announced("tea\nat five")
        said = {kind: self.reply(kind, body) for kind in DIALECTS}
        tea = "Server: tea\nat five"
        self.assertEqual(said, {"eco": tea, "ack": "", "upper": tea, "nick": tea})

    def test_the_beginning(self) -> None:
        """Only the acknowledging program greeted."""
        welcome = i.Welcomed(1, "x", 1000, ())
        silent = [kind for kind in DIALECTS if not self.reply(kind, welcome)]
        self.assertEqual(silent, ["eco", "upper", "nick"])

    def test_lines_of_the_server(self) -> None:
        """They end as lines, so that a terminal goes on below them."""
        for dialect in DIALECTS.values():
            self.assertEqual(dialect.error("full, try later"), b"full, try later\n")
            self.assertEqual(dialect.notice("stopping"), b"stopping\n")

    def test_what_could_not_be_read(self) -> None:
        """It is refused, with the reason."""
        for problem, text in (
            (BadFrame.NOT_UTF8, "not UTF-8, ignored"),
            (BadFrame.WITH_NUL, "a message cannot have a null byte in it, ignored"),
        ):
            for dialect in DIALECTS.values():
                refused = r.Refuse("bad_frame", text)
                self.assertEqual(dialect.bad_frame(problem, 9), refused)


class SaidTests(SynchronousTestCase):
    """What most reads are."""

    def test_a_message(self) -> None:
        """Others do not see the line feed at its end, and nothing else is missing."""
        for read, text in (
            ("hi", "hi"),
            ("hi\n", "hi"),
            ("hi\r\n", "hi"),
            ("hi\n\n", "hi\n"),
            (" hi ", " hi "),
            ("/quit", "/quit"),
        ):
            self.assertEqual(said(read, "answer"), r.Say(text, ref="answer"))

    def test_nothing_to_say(self) -> None:
        """It is answered all the same."""
        for read in ("\n", "\r\n", " ", "\t\n", "\u2003"):
            self.assertEqual(said(read, "answer"), r.Tell("answer", ref="answer"))
