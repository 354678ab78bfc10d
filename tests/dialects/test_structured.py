"""The structured dialect: what is told, as objects."""

from __future__ import annotations

import json
import os
import time
from typing import Any, Union

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import items as i
from ecochat.core import requests as r
from ecochat.core import wire
from ecochat.core.framing import BadFrame
from ecochat.core.records import Found, Indexed, SessionRecord
from ecochat.dialects.port import Dialect, View
from ecochat.dialects.structured import StructuredDialect
from tests.dialects.generated import TEXT
from tests.dialects.test_plain import HAPPENED, LATER, STAMP, TIME, put_back, subclasses

Object = dict[str, Any]

SAID = msgspec.json.Decoder(Union[wire.SAID])  # noqa: UP007

HEAD = {"room": "lobby", "n": 42, "time": STAMP, "nick": "alice", "session": "s3"}
"""What every event has."""


def objects(told: bytes) -> list[Object]:
    """Return what was told; each is a frame of its own, and one that clients know."""
    *frames, rest = told.split(b"\0")
    assert rest == b""
    for frame in frames:
        SAID.decode(frame)
    return [json.loads(frame) for frame in frames]


def event(kind: str = "message", text: str = "hi", **fields: Any) -> i.Event:
    """Return an event."""
    return i.Event(9, 1, 42, TIME, 3, "alice", kind, text, **fields)


class StructuredCase(SynchronousTestCase):
    """A dialect."""

    def setUp(self) -> None:
        self.dialect = StructuredDialect("NAME", 65_536, 4_000)


class EventTests(StructuredCase):
    """What is said in rooms."""

    def check(self, happened: i.Event, said: Object) -> None:
        """See how an event is told: to everyone alike, and with a ref in a list."""
        told = {self.dialect.event("lobby", happened, view) for view in View}
        self.assertEqual([objects(one) for one in told], [[said]])
        listed = self.dialect.log_entry("lobby", happened, "x7")
        self.assertEqual(objects(listed), [said | {"ref": "x7"}])
        self.assertEqual(self.dialect.log_entry("lobby", happened), told.pop())

    def test_events(self) -> None:
        """Of each kind: what it is about, and of a message what has become of it."""
        message = HEAD | {"op": "message"}
        for happened, said in (
            (event(), message | {"text": "hi"}),
            (event(id=7, target=40), message | {"id": 7, "text": "hi", "reply_to": 40}),
            (event(changed=50), message | {"text": "hi", "changed": 50}),
            (
                event(text="", changed=50),
                message | {"text": "", "changed": 50, "deleted": True},
            ),
            (event("topic", "tea"), HEAD | {"op": "topic", "topic": "tea"}),
            (event("topic", ""), HEAD | {"op": "topic", "topic": ""}),
            (
                event("edit", "ho", target=40, id=7),
                HEAD | {"op": "edit", "message": 40, "text": "ho", "id": 7},
            ),
            (event("delete", "", target=40), HEAD | {"op": "delete", "message": 40}),
            (
                event("react", "👍", target=40),
                HEAD | {"op": "react", "message": 40, "reaction": "👍"},
            ),
            (
                event("unreact", "👍", target=40),
                HEAD | {"op": "react", "message": 40, "reaction": "👍", "remove": True},
            ),
        ):
            self.check(happened, said)

    def test_every_kind_has_words(self) -> None:
        """No kind of event is unknown."""
        for kind in i.KINDS:
            [said] = objects(
                self.dialect.event("a", event(kind, target=40), View.OTHER)
            )
            self.assertEqual(said["n"], 42)

    def test_the_form(self) -> None:
        """One object, its op first, and one NUL, also where a text has one of its own
        or the end of a line."""
        told = self.dialect.event("a", event(text='\n"\\'), View.OTHER)
        self.assertTrue(told.startswith(b'{"op":"message","room":"a","n":42,"time":'))
        self.assertTrue(told.endswith(rb'"text":"\n\"\\"}' + b"\0"))

    @settings(max_examples=100, deadline=None, database=None, derandomize=True)
    @given(st.text(TEXT), st.text(TEXT))
    def test_any_text(self, room: str, text: str) -> None:
        """It comes as it is."""
        [said] = objects(self.dialect.event(room, event(text=text), View.OTHER))
        self.assertEqual((said["room"], said["text"]), (room, text))

    def test_notes(self) -> None:
        """Who came, went, writes or has another name."""
        about = {"room": "lab", "nick": "bob", "session": "s5"}
        for kind, more in (
            ("joined", {}),
            ("left", {}),
            ("typing", {}),
            ("renamed", {"new": "rob"}),
        ):
            note = i.Note(1, 1, 5, kind, "bob", more.get("new", ""))
            for view in View:
                told = self.dialect.note("lab", note, view)
                self.assertEqual(objects(told), [about | {"op": kind} | more])

    def test_many(self) -> None:
        """How many came, went, have another name; what nobody did is left out."""
        about = {"op": "presence", "room": "lab"}
        for counts in ({"joined": 37, "left": 12, "renamed": 3}, {"left": 9}):
            joined, left, renamed = (
                counts.get(what, 0) for what in ("joined", "left", "renamed")
            )
            many = i.Digest(7, 1, joined=joined, left=left, renamed=renamed)
            for view in View:
                told = self.dialect.note("lab", many, view)
                self.assertEqual(objects(told), [about | counts])

    def test_what_is_no_longer_kept(self) -> None:
        """Up to where."""
        told = self.dialect.expired("lab", 41, View.OTHER)
        self.assertEqual(objects(told), [{"op": "expired", "room": "lab", "upto": 41}])


class ReplyTests(StructuredCase):
    """What is told to one alone."""

    def test_the_welcome(self) -> None:
        """Who one is, where, and what may be sent."""
        lab = i.Entered(2, "lab", 57, "al", 1, "tea", 41, 50)
        talk = i.Entered(3, "@bo", 0, "al", 1, "", 0)
        begun = {
            "op": "welcome",
            "protocol": 1,
            "server": "NAME",
            "time": STAMP,
            "session": "s3",
            "nick": "al",
            "resumed": False,
            "last_id": 0,
            "limits": {"frame": 65_536, "message": 4_000},
        }
        rooms = {
            "lab": {"last": 57, "topic": "tea", "read": 50},
            "@bo": {"last": 0, "topic": "", "id": 3},
        }
        for body, said in (
            (i.Welcomed(3, "al", TIME, ()), begun | {"rooms": {}}),
            (
                i.Welcomed(3, "al", TIME, (lab, talk), True, 9),
                begun | {"rooms": rooms, "resumed": True, "last_id": 9},
            ),
        ):
            told = self.dialect.reply(body, "x7")
            self.assertEqual(objects(told), [said | {"ref": "x7"}])

    def test_what_the_operator_says_at_the_start(self) -> None:
        """It follows the welcome of a new session; who comes back has heard it."""
        dialect = StructuredDialect("NAME", 65_536, 4_000, "Be kind.")
        notice = {"op": "notice", "text": "Be kind.", "operator": True}
        for resumed, said in ((False, [notice]), (True, [])):
            body = i.Welcomed(3, "al", TIME, (), resumed)
            self.assertEqual(objects(dialect.reply(body, "x7"))[1:], said)

    def test_answers(self) -> None:
        """Each is one object, with the ref of what it answers, or without."""
        refusal = {"op": "error", "text": "no, because"}
        for body, said in (
            (
                i.Stored(1, "lab", 58, 7),
                {"op": "stored", "room": "lab", "n": 58, "id": 7},
            ),
            (
                i.Stored(1, "lab", 58, None, True),
                {"op": "stored", "room": "lab", "n": 58, "duplicate": True},
            ),
            (
                i.Entered(2, "lab", 57, "al", 1, "", 57),
                {"op": "ok", "room": "lab", "last": 57, "topic": ""},
            ),
            (i.Exited(2, "lab", 1, "lobby"), {"op": "ok", "room": "lab"}),
            (i.Renamed("a", "b"), {"op": "ok", "nick": "b"}),
            (i.Topic("lab", ""), {"op": "ok", "room": "lab", "topic": ""}),
            (i.Clock(TIME, local=False), {"op": "ok", "time": STAMP}),
            (i.Fact("clients", "3"), {"op": "ok", "count": 3}),
            (i.Fact("joke", "ha"), {"op": "ok", "text": "ha"}),
            (i.Fact("notice", "bo is out"), {"op": "ok", "text": "bo is out"}),
            (i.AcksSet(True), {"op": "ok"}),
            (i.HelpText(("a", "b")), {"op": "ok", "lines": ["a", "b"]}),
            (i.Done(), {"op": "ok"}),
            (i.Ended(TIME), {"op": "ok", "time": STAMP}),
            (i.Refusal("no_room", "no, because"), refusal | {"code": "no_room"}),
            (
                i.Refusal("bad_request", "no, because", "$.id"),
                refusal | {"code": "bad_request", "path": "$.id"},
            ),
            (
                i.NotOpened("not_stored", "no, because"),
                refusal | {"code": "not_stored"},
            ),
            (i.Kicked("kicked", "no, because"), refusal | {"code": "kicked"}),
            (
                i.Failed("Traceback"),
                {
                    "op": "error",
                    "code": "failed",
                    "text": "the server failed at this, the connection is closed",
                },
            ),
        ):
            self.assertEqual(objects(self.dialect.reply(body)), [said])
            told = self.dialect.reply(body, "x7")
            self.assertEqual(objects(told), [said | {"ref": "x7"}])

    def test_an_end_that_nobody_asked_for(self) -> None:
        """Nothing is told of it."""
        self.assertEqual(self.dialect.reply(i.Ended()), b"")
        told = self.dialect.reply(i.Ended(), "x7")
        self.assertEqual(objects(told), [{"op": "ok", "ref": "x7"}])

    def test_what_comes_unasked(self) -> None:
        """It has no ref."""
        for told, said in (
            (
                self.dialect.reply(i.Announced("tea")),
                {"op": "notice", "text": "tea", "operator": True},
            ),
            (
                self.dialect.reply(i.Opened(7, "@bob", 4)),
                {"op": "opened", "room": "@bob", "id": 7, "last": 4},
            ),
            (
                self.dialect.reply(i.Relabelled(7, "@bob", "@rob")),
                {"op": "relabelled", "room": "@bob", "id": 7, "new": "@rob"},
            ),
            (
                self.dialect.reply(i.Dropped(7, "@bob")),
                {"op": "dropped", "room": "@bob", "id": 7},
            ),
            (self.dialect.notice("x"), {"op": "notice", "text": "x"}),
            (
                self.dialect.reply(i.Fact("told", "slow down")),
                {"op": "notice", "text": "slow down"},
            ),
            (
                self.dialect.error("x"),
                {"op": "error", "code": "unavailable", "text": "x"},
            ),
            (self.dialect.ping(), {"op": "ping"}),
        ):
            self.assertEqual(objects(told), [said])

    def test_what_a_watcher_is_told(self) -> None:
        """Of a session its number and name; of a room the event as it is told there."""
        al = {"op": "happened", "time": STAMP, "session": "s3", "nick": "al"}
        event = {"op": "message", "room": "lab", "n": 42, "time": STAMP, "nick": "al"}
        topic = event | {"op": "topic", "session": "s3", "topic": "tea"}
        event |= {"session": "s3", "text": "hi"}
        at: Object = {"address": "1.2.3.4:5"}
        said: tuple[Object, ...] = (
            al | {"kind": "connected"} | at,
            al | {"kind": "away", "reason": "lost"},
            al | {"kind": "back"} | at,
            al | {"kind": "renamed", "new": "bo"},
            al | {"kind": "disconnected", "reason": "quit", "remaining": 4},
            {"op": "happened", "kind": "event", "time": STAMP, "event": event},
            {"op": "happened", "kind": "event", "time": STAMP, "event": topic},
        )
        for (item, _), expected in zip(HAPPENED, said, strict=True):
            told = self.dialect.reply(i.Happened(item, TIME, "lab"))
            self.assertEqual(objects(told), [expected])
        missed = {"op": "happened", "kind": "missed", "count": 37}
        self.assertEqual(objects(self.dialect.reply(i.Overlooked(37))), [missed])

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
        self.addCleanup(put_back, "TZ", os.environ.get("TZ"))
        os.environ["TZ"] = "XYZ-5:30"
        time.tzset()
        told = self.dialect.reply(i.Clock(TIME, local=True))
        self.assertEqual(objects(told), [{"op": "ok", "time": "10:00:49"}])


class ListTests(StructuredCase):
    """Lists: one object an item, then their end, all with the ref."""

    def test_members(self) -> None:
        """In parts; the end comes with the last."""
        ref = {"ref": "x7", "room": "lab"}
        al = ref | {"op": "member", "nick": "al", "session": "s3"}
        bo = ref | {"op": "member", "nick": "bo", "session": "s9", "away": True}
        members = (i.Member("al", 3, False), i.Member("bo", 9, True))
        page = i.WhoPage("lab", members, 7, r.Who("lab", 9))
        self.assertEqual(objects(self.dialect.reply(page, "x7")), [al, bo])
        last = i.WhoPage("lab", members[1:], 7, None)
        end = ref | {"op": "end", "count": 7}
        self.assertEqual(objects(self.dialect.reply(last, "x7")), [bo, end])

    def test_rooms(self) -> None:
        """In parts, too."""
        lab = {"ref": "x7", "op": "room", "room": "lab", "members": 3}
        lab |= {"last": 42, "topic": ""}
        lines = (i.RoomLine("lab", 3, 42, ""),)
        page = i.RoomsPage(lines, 5, r.Rooms(1))
        self.assertEqual(objects(self.dialect.reply(page, "x7")), [lab])
        last = i.RoomsPage(lines, 5, None)
        end = {"ref": "x7", "op": "end", "count": 5}
        self.assertEqual(objects(self.dialect.reply(last, "x7")), [lab, end])

    def test_history(self) -> None:
        """Its end says up to where."""
        told = self.dialect.log_end("lab", 43, "x7")
        end = {"op": "end", "ref": "x7", "room": "lab", "n": 43}
        self.assertEqual(objects(told), [end])

    def test_sessions(self) -> None:
        """Who is there, who was, who is away, and, for operators, from where."""
        here = SessionRecord(3, "alice", "10.0.0.7:9", TIME)
        gone = SessionRecord(2, "bob", "unix", TIME, TIME + 1_000)
        alice = {"op": "session", "ref": "x7", "session": "s3", "nick": "alice"}
        bob = alice | {"session": "s2", "nick": "bob", "disconnected": LATER}
        for record, with_address, is_away, said in (
            (here, False, False, alice),
            (here, True, True, alice | {"address": "10.0.0.7:9", "away": True}),
            (gone, False, False, bob),
        ):
            told = self.dialect.status_entry(record, with_address, is_away, "x7")
            self.assertEqual(objects(told), [said | {"connected": STAMP}])
        told = self.dialect.status_end("x7")
        self.assertEqual(objects(told), [{"op": "end", "ref": "x7"}])

    def test_what_was_found(self) -> None:
        """The message, where the words are in it, and up to when was searched."""
        found = Found(event(text="tea for tea"), ((0, 3), (8, 11)))
        said = HEAD | {"op": "message", "ref": "x7", "text": "tea for tea"}
        told = self.dialect.found_entry("lobby", found, "x7")
        self.assertEqual(objects(told), [said | {"marks": [[0, 3], [8, 11]]}])
        for indexed, upto in ((Indexed(9, TIME), {"upto": STAMP}), (Indexed(), {})):
            told = self.dialect.found_end(indexed, "x7")
            self.assertEqual(objects(told), [{"op": "end", "ref": "x7"} | upto])


class DialectTests(StructuredCase):
    """What it is beside its words."""

    def test_what_it_is(self) -> None:
        """It begins with a hello, tells everyone the same, and answers."""
        dialect: Dialect = self.dialect
        self.assertEqual(
            (dialect.has_views, dialect.is_answered, dialect.needs_hello),
            (False, True, True),
        )
        self.assertTrue(dialect.claims('{"op":"hello"}'))
        self.assertFalse(dialect.claims("hello"))
        self.assertEqual(dialect.parser().request('{"op":"ping"}'), r.Ping())

    def test_bad_frames(self) -> None:
        """They are refused in the order of the others."""
        refused = self.dialect.bad_frame(BadFrame.NOT_UTF8, 9)
        self.assertEqual(refused, r.Refuse("bad_frame", "not UTF-8, ignored"))
