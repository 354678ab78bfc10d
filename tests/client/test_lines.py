"""What the server says, as lines."""

import os
import time
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.lines import COLOURS, line_of, moment, nick_colour, plain, sentence
from ecochat.core import wire

HEAD: dict[str, Any] = {"room": "lobby", "n": 58, "time": "2026-11-21T04:30:49.123Z"}
HEAD |= {"nick": "alice", "session": "s3"}
BEGIN = "[lobby 58] 2026-11-21 04:30 "


def message(text: str, **fields: Any) -> wire.Message:
    """Return a message of alice's."""
    return wire.Message(**HEAD, text=text, **fields)


EVENTS: dict[wire.Said, str] = {
    message("hi"): "alice: hi",
    message("hi", id=7, reply_to=40): "alice (to 40): hi",
    message("hi", changed=60): "alice: hi (edited)",
    message("", changed=60, deleted=True): "alice: (deleted)",
    message("/me waves"): "~ alice waves",
    message("/me waves", reply_to=4, changed=5): "~ alice (to 4) waves (edited)",
    message("one\ntwo\r\nthree"): "alice: one\n    two\n    three",
    message("\x1b[31mred\x07\u202e"): r"alice: \x1b[31mred\x07\u202e",
    wire.Topic(**HEAD, topic="tea\x1b"): r"* alice set the topic: tea\x1b",
    wire.Edit(**HEAD, message=40, text="no"): "* alice edited 40: no",
    wire.Edit(**HEAD, message=40, text=""): "* alice edited 40: (deleted)",
    wire.Delete(**HEAD, message=40): "* alice deleted 40",
    wire.React(**HEAD, message=4, reaction="👍"): "* alice reacted to 4: 👍",
    wire.React(
        **HEAD, message=4, reaction="👍", remove=True
    ): "* alice took back 👍 from 4",
}

ANSWERS: dict[wire.Said, str] = {
    wire.Expired(room="lobby", upto=9): "[lobby] messages up to 9 are no longer kept",
    wire.Stored(room="lobby", n=58, duplicate=True): "58",
    wire.Member(room="lobby", nick="bob", session="s1"): "bob",
    wire.Member(room="lobby", nick="bob", session="s1", away=True): "bob (away)",
    wire.Room(room="lab", members=1, last=5, topic=""): "lab 1 member, last 5",
    wire.Room(room="lab", members=0, last=5, topic="a\tb"): "lab 0 members, last 5:"
    " a    b",
    wire.Session(
        session="s1",
        nick="bob",
        connected="2026-11-21T04:30:49.123Z",
        disconnected="2026-11-21T05:00:00.000Z",
    ): "s1 bob connected 2026-11-21 04:30 disconnected 2026-11-21 05:00",
    wire.Session(
        session="s1",
        nick="bob",
        connected="2026-11-21T04:30:49.123Z",
        address="10.0.0.1",
        away=True,
    ): "s1 bob connected 2026-11-21 04:30 from 10.0.0.1 (away)",
}


class LineTests(SynchronousTestCase):
    """From the server's objects to lines."""

    def setUp(self) -> None:
        self.live_in("UTC")

    def live_in(self, zone: str) -> None:
        """Have the local time be that of a zone, as POSIX writes it."""
        before = os.environ.get("TZ")

        def restore() -> None:
            os.environ.pop("TZ")
            if before is not None:
                os.environ["TZ"] = before
            time.tzset()

        os.environ["TZ"] = zone
        time.tzset()
        self.addCleanup(restore)

    def test_events(self) -> None:
        """What is written in a room, each with where and when: nothing in it can move
        the cursor, and what goes on in another line is indented."""
        for said, line in EVENTS.items():
            self.assertEqual(plain(line_of(said)), BEGIN + line)
            self.assertEqual(plain(sentence(said)), line)

    def test_answers(self) -> None:
        """The items of each list, and what was stored."""
        for said, line in ANSWERS.items():
            self.assertEqual(plain(line_of(said)), line)

    def test_everything_that_can_be_printed_has_a_line(self) -> None:
        """All events and items; a new kind is given one."""
        kinds = {type(said) for said in (*EVENTS, *ANSWERS)}
        items = {wire.Member, wire.Room, wire.Session, wire.Stored, wire.Expired}
        self.assertEqual(kinds, {*wire.EVENTS, *items})

    def test_local_time(self) -> None:
        """The time is that of who reads it."""
        self.live_in("XXX-5:30")
        self.assertEqual(moment("2026-11-21T20:45:00.000Z"), "2026-11-22 02:15")

    def test_times_at_the_calendars_edge(self) -> None:
        """Have no local time, and are shown; so is what is no time."""
        for zone in ("XXX12", "XXX-12"):
            self.live_in(zone)
            for edge in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"):
                year = str(int(edge[:4]))
                self.assertTrue(moment(edge).lstrip("0").startswith(f"{year}-"))
        self.assertEqual(moment("soon\x1b[2J\n"), r"soon\x1b[2J\n")

    def test_names_that_would_do_harm(self) -> None:
        """A server that is not ours can send any."""
        evil = wire.Member(room="x", nick="\x1b[2J\n!", session="s1")
        self.assertEqual(plain(line_of(evil)), r"\x1b[2J\n!")
        fields = HEAD | {"room": "\x1b[2J", "nick": "\x1b[1m"}
        said = wire.Delete(**fields, message=1)
        self.assertNotIn("\x1b", plain(line_of(said)))

    def test_what_was_found_is_marked(self) -> None:
        """By code points of what was written, whatever is shown for some of them."""
        found = sentence(message("\x07tea, 🍵 tea!", marks=((1, 4), (8, 11))))
        parts = [r"\x07", "tea", ", 🍵 ", "tea", "!"]
        self.assertEqual([text for _, text in found[2:]], parts)
        self.assertEqual([style for style, _ in found[3:6]], ["found", "text", "found"])
        action = sentence(message("/me me", marks=((1, 3), (4, 6))))
        self.assertIn(("found", "me"), action)
        self.assertEqual(plain(action), "~ alice me")

    def test_names_keep_their_colour(self) -> None:
        """The same in every run, and not the same for all."""
        self.assertEqual(nick_colour("alice"), "cyan")
        self.assertEqual({nick_colour(f"p{n}") for n in range(50)}, set(COLOURS))
