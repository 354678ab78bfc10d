"""Nobody else learns what two write to each other, whatever is tried."""

import itertools
from collections.abc import Iterator
from typing import Any

import msgspec

from ecochat.core import items as i
from ecochat.core import requests as r
from ecochat.core.commands import COMMANDS, OPERATORS_ONLY, parse_command
from ecochat.core.errors import Refused
from ecochat.core.ground import may_read
from ecochat.core.records import Found
from tests.core.played import (
    ALICE,
    BOB,
    CAROL,
    HubTestCase,
    bodies,
    hello,
    last,
    since,
    talkshot,
)

SECRET, SECRET_TOPIC = "thesecret", "thesecret topic"
TALK, KEY = 2, "s1 s2"

NAMES = (
    *(
        "@alice",
        "@bob",
        "@ALICE",
        "@@bob",
        "@carol",
        "@",
        "",
        " @bob",
        "@bob ",
        "@nick",
    ),
    *("alice", "bob", "s1", "s2", KEY, "s2 s1", f"@{KEY}", "@s1", "@s2", "@s1,s2"),
    *("alice bob", "@alice @bob", "@alice bob", "#@bob", "#@alice", f"#{KEY}"),
    *("2", "#2", "@2", "s1-s2", "s1.s2", "@*", "*", "%", "\n@bob", "lobby"),
)
"""All that a third person might take for the room's name."""

ENDS: tuple[type[r.Request], ...] = (
    *(r.Open, r.Depart, r.Drop, r.Kick, r.Close),
    *(r.Lapse, r.Expire, r.Informed),
)
"""Requests that begin or end a session, which the connection makes, or operators; and
those that the server makes."""

TRANSLATED: tuple[type[r.Request], ...] = (r.Hello, r.Quit, r.Pong)
"""Operations that never come to the hub: they are others there, or nothing."""

FIELDS: dict[str, tuple[Any, ...]] = {
    "room": (None, *NAMES),
    "form": ("eco-{}",),
    "nick": NAMES,
    "text": ("tried",),
    "texts": (["tried"],),
    "topic": ("tried",),
    "words": ("the*", "*"),
    "limit": (1000,),
    "before": (None, 99),
    "after": (None, 0),
    "message": (1,),
    "reply_to": (1,),
    "id": (None, 7),
    "n": (1,),
    "reaction": ("tried",),
    "remove": (False,),
    "command": (None, "msg"),
    "reason": ("tried",),
    "code": ("usage",),
    "local": (False, True),
    "on": (True,),
    "seconds": (0,),
    "path": ("",),
    "ref": ("tried",),
}
"""What is tried for each field of a request."""

TAILS = ("", " tried", " 0", " 1000", " 1000 before 99", " 5 tried")
"""What is tried behind the name, on a command's line."""


def every_request(without: tuple[type[r.Request], ...] = ENDS) -> Iterator[r.Request]:
    """Return each type of request with each choice of its fields."""
    for kind in r.Request.__subclasses__():
        if kind not in (*without, *TRANSLATED):
            fields = msgspec.structs.fields(kind)
            names = [field.name for field in fields]
            for values in itertools.product(*map(choices, fields)):
                yield kind(**dict(zip(names, values, strict=True)))


def choices(field: msgspec.structs.FieldInfo) -> list[Any]:
    """Return what is tried for a field; None only where it may be left out."""
    may_be_absent = field.default is None
    if field.name == "nick" and may_be_absent:
        return [None, "alice"]  # of those who wrote what is searched for
    tried = FIELDS[field.name]
    return [value for value in tried if value is not None or may_be_absent]


def every_line() -> Iterator[r.Request]:
    """Return what each command of the table asks for, with each name."""
    for command, name, tail in itertools.product(COMMANDS, NAMES, TAILS):
        try:
            request = parse_command(f"/{command} {name}{tail}")
        except Refused:
            continue
        if type(request) not in ENDS:
            yield request


class ThirdPersonTests(HubTestCase):
    """Carol, who is in a room with alice and bob, tries all that there is."""

    def setUp(self) -> None:
        """Have alice and bob talk, and carol be there."""
        super().setUp()
        self.played.commit(
            (ALICE, r.Say(SECRET, "@bob")), (BOB, r.SetTopic(SECRET_TOPIC, "@alice"))
        )
        self.welcome(CAROL, hello(nick="carol"))
        self.talk = self.played.talk()
        self.before = self.talks()

    def talks(self) -> Any:
        """Return what there is to be known of alice's and bob's room."""
        return talkshot(self.played.hub)["talks"][KEY]

    def try_all(self, requests: Iterator[r.Request]) -> int:
        """Make carol ask for all of it, each for itself; return how much it was."""
        tried = 0
        for request in requests:
            self.played.play(CAROL, request)
            tried += 1
        return tried

    def check(self) -> None:
        """Carol has heard nothing, and the room is as it was."""
        heard = self.played.ears.heard[CAROL]
        self.assertNotIn(SECRET, repr(heard))
        self.assertNotIn(TALK, self.played.ears.rooms[CAROL])
        about = [what for what in heard if getattr(what, "room", None) == TALK]
        self.assertEqual(about, [])
        self.assertEqual(self.talks(), self.before)
        self.assertNotIn(CAROL, self.talk.members)
        self.assertNotIn(KEY, self.played.session(CAROL).talks)

    def test_the_ears_hear_what_is_told(self) -> None:
        """So that the tests here do not succeed for want of hearing."""
        self.played.commit((BOB, last(5, "@alice")), (BOB, r.Search(SECRET)))
        heard = self.played.ears.heard[BOB]
        self.assertEqual([x.event.text for x in heard if type(x) is Found], [SECRET])
        for origin in (ALICE, BOB):
            self.assertIn(SECRET, repr(self.played.ears.heard[origin]))
            self.assertIn(SECRET_TOPIC, repr(self.played.ears.heard[origin]))

    def test_every_request(self) -> None:
        """With every name, as someone like others."""
        self.assertGreater(self.try_all(every_request()), 300)
        self.check()

    def test_every_line(self) -> None:
        """Every command of the table, with every name and what may follow it."""
        self.assertGreater(self.try_all(every_line()), 300)
        self.check()

    def test_in_one_group_that_fails(self) -> None:
        """What is answered when nothing can be stored is no more."""
        self.played.fail(*[(CAROL, request) for request in every_request()])
        self.check()

    def test_an_operator(self) -> None:
        """Operators cannot read it either."""
        self.played.session(CAROL).operator = True
        self.try_all(every_request())
        self.try_all(every_line())
        self.check()

    def test_nobody(self) -> None:
        """Nor can a connection without a session."""
        for request in every_request():
            self.played.commit((9, request))
        self.assertNotIn(SECRET, repr(self.played.ears.heard[9]))
        self.assertEqual(self.talks(), self.before)

    def test_a_foreign_room_as_the_current_one(self) -> None:
        """Even if it were that by a fault of ours, it would not be read or written."""
        for asks in every_request():
            if getattr(asks, "room", "") is None and type(asks) is not r.Search:
                self.played.session(CAROL).current = self.talk
                refusal = i.Refusal("no_room", "there is no such room")
                self.assertEqual(self.played.answer(CAROL, asks), refusal, asks)
        self.try_all(every_request())
        self.check()

    def test_who_takes_the_name(self) -> None:
        """With bob's name, and then with that of both, carol is still another."""
        self.played.commit((BOB, r.Depart()), (CAROL, r.SetNick("bob")))
        self.before = self.talks()
        self.try_all(every_request(without=(*ENDS, r.SetNick)))
        self.check()
        self.played.commit((ALICE, r.SetNick("al")), (CAROL, r.SetNick("alice")))
        self.before = self.talks()
        self.try_all(every_request(without=(*ENDS, r.SetNick)))
        self.check()

    def test_that_there_is_a_room_is_not_told(self) -> None:
        """What carol is answered is what she would be if the two had never talked."""
        nothing = "you and bob have not talked; /msg bob TEXT begins"
        asks = last(5, "@bob")
        self.assertEqual(self.refused(CAROL, asks), ("no_room", nothing))
        self.played.commit((BOB, r.Depart()))
        nobody = ("no_nick", "there is nobody called bob")
        self.assertEqual(self.refused(CAROL, asks), nobody)
        self.come(4, "bob")
        self.assertEqual(self.refused(4, since(0, "@alice"))[0], "no_room")

    def test_throwing_them_out_shows_nothing(self) -> None:
        """An operator may end their sessions, and is told that only."""
        self.played.session(CAROL).operator = True
        items = self.played.commit((CAROL, r.Kick("bob")), (CAROL, r.Close("s1")))
        self.assertEqual(
            bodies(items, CAROL),
            [
                i.Fact("notice", "bob (s2) is disconnected"),
                i.Fact("notice", "alice (s1) is disconnected"),
            ],
        )
        self.assertNotIn(SECRET, repr(self.played.ears.heard[CAROL]))

    def test_one_function_decides(self) -> None:
        """A private room is its owners' to read, a room of everyone everybody's."""
        lobby = self.played.hub._state.rooms["lobby"]
        for origin, may in ((ALICE, True), (BOB, True), (CAROL, False)):
            session = self.played.session(origin)
            self.assertEqual(may_read(session, self.talk), may)
            self.assertTrue(may_read(session, lobby))

    def test_all_kinds_of_requests_are_tried(self) -> None:
        """Those that are for operators are among the commands that are left out, and
        what takes a switch."""
        tried = {type(request) for request in every_request()}
        self.assertEqual(tried | {*ENDS, *TRANSLATED}, set(r.Request.__subclasses__()))
        lines = {type(request) for request in every_line()}
        self.assertLess({r.SayTo, r.Join, r.History, r.Search, r.Who}, lines)
        self.assertLess(set(OPERATORS_ONLY) - {*ENDS, r.Watch}, lines)
