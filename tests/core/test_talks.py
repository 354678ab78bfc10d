"""Private rooms of two: what they are called, who hears them, when they end."""

from unittest import mock

from ecochat.core import items as i
from ecochat.core import limits
from ecochat.core import requests as r
from ecochat.core.records import KeyRecord, records_of
from tests.core.played import (
    ALICE,
    BOB,
    CAROL,
    HubTestCase,
    bodies,
    events,
    hello,
    last,
    notes,
    since,
    talkshot,
    whole,
)
from tests.support.snapshot import snapshot

DAVE, ERIN = 4, 5
TALK = 2
"""The id of the first private room: 1 is the lobby."""


def to(nick: str, text: str = "hi") -> r.Say:
    """Return a message to one person."""
    return r.Say(text, f"@{nick}")


def member(nick: str, session: int) -> i.Member:
    """Return a member as a list shows it."""
    return i.Member(nick, session, False)


class NameTests(HubTestCase):
    """What each of the two calls their room."""

    def names(self) -> tuple[str | None, str | None]:
        """Return what alice and bob call their room, as they were told."""
        rooms = self.played.ears.rooms
        return rooms[ALICE].get(TALK), rooms[BOB].get(TALK)

    def test_a_room_begins_with_a_message(self) -> None:
        """Both hear it, each under the other's name; it is stored, with its owners."""
        items = self.played.commit((ALICE, to("bob", "tea?")))
        self.assertEqual(events(items), [(TALK, 1, "alice", "tea?")])
        self.assertEqual(bodies(items, ALICE), [i.Opened(TALK, "@bob", 0)])
        self.assertEqual(bodies(items, BOB), [i.Opened(TALK, "@alice", 0)])
        made = records_of(items).rooms[0]
        self.assertEqual((made.room, made.name, made.key), (TALK, "", "s1 s2 2"))
        self.assertEqual(made.owners, ("s1", "s2"))
        answer = self.played.commit((BOB, to("ALICE", "yes")))
        self.assertEqual(events(answer), [(TALK, 2, "bob", "yes")])
        self.assertEqual(bodies(answer), [])

    def test_everything_is_told_by_the_others_name(self) -> None:
        """Answers name the room as the one who asks does."""
        self.played.commit((BOB, to("alice")), (BOB, r.SetTopic("tea", "@alice")))
        both = (member("alice", 1), member("bob", 2))
        for origin, name in ((ALICE, "@bob"), (BOB, "@alice")):
            page = i.WhoPage(name, both, 2, None)
            self.assertEqual(self.played.answer(origin, r.Who(name.upper())), page)
        for origin, name in ((ALICE, "@bob"), (BOB, "@alice")):
            for request, answer in (
                (r.GetTopic(name), i.Topic(name, "tea")),
                (last(5, name), i.LogRange(TALK, name, 0, 2, 2)),
                (since(1, name), i.LogRange(TALK, name, 1, 2, 2)),
                (
                    r.Join(name),
                    i.Entered(TALK, name, 2, name_of(origin), 1, "tea", 2),
                ),
                (last(1), i.LogRange(TALK, name, 1, 2, 2)),
                (r.Leave(), i.Exited(TALK, name, 1, "lobby")),
            ):
                self.assertEqual(self.played.answer(origin, request), answer)

    def test_a_rename_is_told(self) -> None:
        """The room is called by the new name, and by no old one."""
        self.played.commit((ALICE, to("bob")))
        items = self.played.commit((BOB, r.SetNick("rob")))
        self.assertEqual(bodies(items, ALICE), [i.Relabelled(TALK, "@bob", "@rob")])
        self.assertEqual(self.names(), ("@rob", "@alice"))
        self.played.commit((ALICE, r.SetNick("al")))
        self.assertEqual(self.names(), ("@rob", "@al"))
        self.assertEqual(
            self.refused(ALICE, to("bob")), ("no_nick", "there is nobody called bob")
        )
        self.assertEqual(self.refused(ALICE, last(5, "@bob"))[0], "no_nick")
        said = self.played.commit((ALICE, to("rob", "on")))
        self.assertEqual(events(said), [(TALK, 2, "al", "on")])

    def test_a_rename_is_not_told_to_who_has_left(self) -> None:
        """The name is the new one all the same when it begins to hear it again."""
        self.played.commit((ALICE, to("bob")), (ALICE, r.Leave("@bob")))
        items = self.played.commit((BOB, r.SetNick("rob")))
        self.assertEqual(bodies(items, ALICE), [])
        items = self.played.commit((BOB, to("alice", "there?")))
        self.assertEqual(bodies(items, ALICE), [i.Opened(TALK, "@rob", 1)])

    def test_nobody_to_write_to(self) -> None:
        """An absent one, oneself, and one with whom there was no talk."""
        for request, refusal in (
            (to("carol"), ("no_nick", "there is nobody called carol")),
            (to("x" * 99), ("no_nick", f"there is nobody called {'x' * 32}")),
            (r.Join("@carol"), ("no_nick", "there is nobody called carol")),
            (r.SetTopic("x", "@carol"), ("no_nick", "there is nobody called carol")),
            (r.Who("@carol"), ("no_nick", "there is nobody called carol")),
            (r.Leave("@carol"), ("no_nick", "there is nobody called carol")),
            (to("alice"), ("not_allowed", "you cannot write to yourself")),
            (r.Join("@ALICE"), ("not_allowed", "you cannot write to yourself")),
            (
                last(5, "@BOB"),
                ("no_room", "you and bob have not talked; /msg bob TEXT begins"),
            ),
        ):
            self.assertEqual(self.refused(ALICE, request), refusal)
        self.assertEqual(self.played.hub._state.talks, {})

    def test_too_long(self) -> None:
        """The limits are those of every room, and nothing begins."""
        self.assertEqual(self.refused(ALICE, to("bob", "x" * 4001))[0], "too_long")
        topic = r.SetTopic("x" * 401, "@bob")
        self.assertEqual(self.refused(ALICE, topic)[0], "too_long")
        self.assertEqual(self.played.hub._state.talks, {})


def name_of(origin: int) -> str:
    """Return the name that the tests give to a connection."""
    return ("", "alice", "bob", "carol", "dave", "erin")[origin]


class JoinTests(HubTestCase):
    """A private room as the current one."""

    def test_joining_begins_it(self) -> None:
        """Lines go there then; the other one is told with the first of them."""
        items = self.played.commit((ALICE, r.Join("@bob")))
        entered = i.Entered(TALK, "@bob", 0, "alice", 1, "", 0)
        self.assertEqual(bodies(items), [entered])
        self.assertEqual(notes(items), [])
        self.assertEqual(self.played.ears.rooms[BOB], {1: "lobby"})
        items = self.played.commit((ALICE, r.Say("tea?")), (ALICE, r.SetTopic("tea")))
        self.assertEqual(bodies(items), [i.Opened(TALK, "@alice", 0)])
        self.assertEqual(
            events(items), [(TALK, 1, "alice", "tea?"), (TALK, 2, "alice", "tea")]
        )
        self.assertEqual(self.played.answer(BOB, r.GetTopic()), i.Topic("lobby", ""))

    def test_leaving(self) -> None:
        """The room of everyone joined last is current then; a message opens again."""
        self.played.commit((ALICE, r.Join("lab")), (ALICE, r.Join("@bob")))
        items = self.played.commit((ALICE, r.Say("one")), (ALICE, r.Leave()))
        self.assertEqual(bodies(items, ALICE), [i.Exited(3, "@bob", 2, "lab")])
        self.assertEqual(notes(items), [])
        not_in = ("not_member", "you are not in @bob")
        self.assertEqual(self.refused(ALICE, r.Leave("@bob")), not_in)
        items = self.played.commit((BOB, to("alice", "two")))
        self.assertEqual(bodies(items, ALICE), [i.Opened(3, "@bob", 1)])
        self.assertEqual(events(items), [(3, 2, "bob", "two")])
        left = i.Exited(3, "@bob", 2, "lab")
        self.assertEqual(self.played.answer(ALICE, r.Leave("@bob")), left)

    def test_leaving_a_room_of_everyone_from_there(self) -> None:
        """The private one stays current, also when it is the only one left."""
        self.played.commit((ALICE, r.Join("@bob")))
        left = i.Exited(1, "lobby", TALK, "@bob")
        self.assertEqual(self.played.answer(ALICE, r.Leave("lobby")), left)
        self.assertEqual(events(self.played.commit((ALICE, r.Say("x"))))[0][0], TALK)
        self.assertEqual(
            self.played.answer(ALICE, r.Leave()), i.Exited(TALK, "@bob", None, "")
        )
        self.assertEqual(self.refused(ALICE, r.Say("x"))[0], "no_current_room")

    def test_joining_again(self) -> None:
        """Nothing is said of it to anyone else, and lines go there again."""
        self.played.commit((ALICE, r.Join("@bob")), (ALICE, r.Join("lobby")))
        items = self.played.commit((ALICE, r.Join("@bob")))
        self.assertEqual(bodies(items), [i.Entered(TALK, "@bob", 0, "alice", 1, "", 0)])
        self.assertEqual((notes(items), len(items)), ([], 1))

    def test_presence_is_not_told(self) -> None:
        """Nobody hears there who came, went or has another name."""
        self.played.commit((ALICE, r.Join("@bob")), (BOB, r.Join("@alice")))
        items = [
            *self.played.commit((BOB, r.Leave("@alice")), (BOB, r.Join("@alice"))),
            *self.played.commit((BOB, r.SetNick("rob")), (BOB, r.Depart())),
        ]
        self.assertEqual({room for room, *_ in notes(items)}, {1})

    def test_they_are_not_among_the_rooms(self) -> None:
        """Neither in the list of rooms, nor in the numbers that there may be."""
        self.come(CAROL, "carol")
        with (
            mock.patch.object(limits, "ROOMS", 1),
            mock.patch.object(limits, "ROOMS_OF_A_SESSION", 1),
        ):
            self.played.commit((ALICE, to("bob")), (ALICE, r.Join("@carol")))
            self.assertEqual(self.refused(ALICE, r.Join("lab"))[0], "too_many")
        lobby = i.RoomLine("lobby", 3, 0, "")
        page = i.RoomsPage((lobby,), 1, None)
        self.assertEqual(self.played.answer(ALICE, r.Rooms()), page)
        self.played.commit((ALICE, r.Join("lab")))
        self.assertEqual(list(self.played.session(ALICE).rooms), [1, 4])


class WhoTests(HubTestCase):
    """Who is in a private room."""

    def test_both_are(self) -> None:
        """Whoever hears it, and also who has left it: a message would bring it back."""
        self.played.commit((ALICE, r.Join("@bob")))
        members = member("alice", 1), member("bob", 2)
        both = i.WhoPage("@bob", members, 2, None)
        self.assertEqual(self.played.answer(ALICE, r.Who("@bob")), both)
        self.played.commit((ALICE, r.Leave("@bob")))
        self.assertEqual(self.played.answer(ALICE, r.Who("@bob")), both)

    def test_none_with_oneself(self) -> None:
        """The error says so."""
        refused = ("no_room", "you have no private room with yourself")
        self.assertEqual(self.refused(ALICE, r.Who("@Alice")), refused)


class GoneTests(HubTestCase):
    """When one of the two is gone."""

    def setUp(self) -> None:
        """Have alice and bob talk, and bob leave under another name."""
        super().setUp()
        self.played.commit((ALICE, to("bob", "secret")), (BOB, r.SetNick("rob")))
        self.left = self.played.commit((BOB, r.Depart()))
        self.history = i.LogRange(TALK, "@rob", 0, 1, 1)

    def test_who_stays_can_read(self) -> None:
        """By the name that the other had last, whatever else has happened since."""
        for change in (r.SetNick("al"), r.Leave("@ROB"), r.Join("lab")):
            read = self.played.answer(ALICE, last(5, "@rob"))
            self.assertEqual(read, self.history)
            self.played.commit((ALICE, change))
        self.assertEqual(self.played.answer(ALICE, since(0, "@ROB")), self.history)
        page = self.played.answer(ALICE, r.Who("@rob"))
        self.assertEqual(page, i.WhoPage("@rob", (member("al", 1),), 1, None))
        self.assertEqual(self.refused(ALICE, since(0, "@bob"))[0], "no_nick")

    def test_nobody_would_read_it(self) -> None:
        """Writing there is refused, also when it is the current room."""
        nobody = ("no_nick", "there is nobody called rob")
        for request in (to("rob"), r.SetTopic("x", "@rob"), r.Join("@rob")):
            self.assertEqual(self.refused(ALICE, request), nobody)
        self.come(CAROL, "carol")
        self.played.commit((ALICE, r.Join("@carol")), (CAROL, r.Depart()))
        gone = ("no_nick", "carol is gone, nobody would read it")
        for request in (r.Say("x"), r.SetTopic("x")):
            self.assertEqual(self.refused(ALICE, request), gone)
        self.assertEqual(
            self.played.answer(ALICE, r.Leave()), i.Exited(3, "@carol", 1, "lobby")
        )

    def test_who_takes_the_name_has_another_room(self) -> None:
        """It begins at number 1, and the old one is read by neither of them there."""
        self.come(CAROL, "rob")
        asks = last(5, "@rob")
        nothing = ("no_room", "you and rob have not talked; /msg rob TEXT begins")
        self.assertEqual(self.refused(ALICE, asks), nothing)
        nothing = ("no_room", "you and alice have not talked; /msg alice TEXT begins")
        self.assertEqual(self.refused(CAROL, since(0, "@alice")), nothing)
        said = self.played.commit((ALICE, to("rob", "who are you?")))
        self.assertEqual(events(said), [(3, 1, "alice", "who are you?")])
        self.assertEqual(
            self.played.answer(ALICE, asks), i.LogRange(3, "@rob", 0, 1, 1)
        )
        self.assertEqual(
            self.played.answer(CAROL, since(0, "@alice")),
            i.LogRange(3, "@alice", 0, 1, 1),
        )
        self.assertNotIn("secret", repr(self.played.ears.heard[CAROL]))

    def test_the_old_room_is_there_again_when_the_name_is_free(self) -> None:
        """Who talked under it last is the one that is meant."""
        self.come(CAROL, "rob")
        self.played.commit((CAROL, r.SetNick("carol")))
        asks = last(5, "@rob")
        self.assertEqual(self.played.answer(ALICE, asks), self.history)
        self.come(DAVE, "rob")
        self.played.commit((ALICE, to("rob")), (DAVE, r.Depart()))
        newest = i.LogRange(3, "@rob", 0, 1, 1)
        self.assertEqual(self.played.answer(ALICE, asks), newest)

    def test_ones_own_name_is_not_the_others(self) -> None:
        """Who takes the name of one who is gone can read their room by it still."""
        self.played.commit((ALICE, r.SetNick("rob")))
        asks = last(5, "@rob")
        self.assertEqual(self.played.answer(ALICE, asks), self.history)

    def test_a_room_ends_with_the_last_of_the_two(self) -> None:
        """Then nobody is left who may read it, and it is forgotten."""
        self.assertFalse([x for x in self.left if isinstance(x, i.RoomDropped)])
        items = self.played.commit((ALICE, r.Depart()))
        dropped = [x.room for x in items if isinstance(x, i.RoomDropped)]
        self.assertEqual(dropped, [TALK])
        self.assertEqual(self.played.hub._state.talks, {})

    def test_leaving_it_does_not_end_it(self) -> None:
        """Who has left its room and departs: the other one reads on."""
        self.come(CAROL, "carol")
        self.played.commit((CAROL, to("alice")), (CAROL, r.Leave("@alice")))
        self.played.commit((CAROL, r.Depart()))
        read = self.played.answer(ALICE, since(0, "@carol"))
        self.assertEqual(read, i.LogRange(3, "@carol", 0, 1, 1))


class LimitTests(HubTestCase):
    """How many private rooms there may be."""

    def setUp(self) -> None:
        """Allow a session two rooms, and three in all; five are there."""
        super().setUp()
        self.patch(limits, "TALKS", 2)
        self.patch(limits, "TALKS_IN_ALL", 3)
        for origin in (CAROL, DAVE, ERIN):
            self.come(origin, name_of(origin))

    FULL = ("too_many", "there are too many private rooms, use one of them")

    def talks_of(self, origin: int) -> list[str]:
        """Return the names of a session's rooms, the oldest first."""
        session = self.played.session(origin)
        name_of = self.played.hub._rules.name_of
        return [name_of(talk, session) for talk in session.talks.values()]

    def test_of_one_session(self) -> None:
        """Those that it began are bounded; others may still begin one with it."""
        self.played.commit((ALICE, to("bob")), (ALICE, to("carol")))
        self.assertEqual(self.refused(ALICE, to("dave")), self.FULL)
        self.assertEqual(self.refused(ALICE, r.Join("@dave")), self.FULL)
        self.assertEqual(
            events(self.played.commit((ALICE, to("bob", "x"))))[0][1:3], (2, "alice")
        )
        self.played.commit((DAVE, to("alice")))
        self.assertEqual(self.talks_of(ALICE), ["@bob", "@carol", "@dave"])

    def test_in_all(self) -> None:
        """The bound on all rooms is one for everybody."""
        self.played.commit((ALICE, to("bob")), (BOB, to("carol")), (CAROL, to("alice")))
        self.assertEqual(self.refused(DAVE, to("erin")), self.FULL)
        self.assertEqual(len(self.played.hub._state.talks), 3)
        self.played.commit((ALICE, r.Depart()), (BOB, r.Depart()))
        self.assertEqual(len(events(self.played.commit((DAVE, to("erin"))))), 1)

    def test_the_oldest_ended_one_is_forgotten(self) -> None:
        """It makes space for another; who heard it is told, before it is gone."""
        self.played.commit((ALICE, to("bob")), (ALICE, to("carol")))
        self.played.commit((CAROL, r.Depart()), (BOB, r.Depart()))
        items = self.played.commit((ALICE, to("dave")))
        self.assertEqual(
            bodies(items, ALICE), [i.Dropped(TALK, "@bob"), i.Opened(4, "@dave", 0)]
        )
        kinds = [type(item) for item in items]
        self.assertLess(kinds.index(i.Reply), kinds.index(i.RoomDropped))
        self.assertEqual(self.talks_of(ALICE), ["@carol", "@dave"])
        self.assertEqual(self.refused(ALICE, since(0, "@bob"))[0], "no_nick")

    def test_one_is_forgotten_for_another_who_begins(self) -> None:
        """Also the other one's ended rooms make space, and nothing is told of those
        that it does not hear."""
        self.played.commit((BOB, to("alice")), (CAROL, to("alice")))
        self.played.commit((ALICE, r.Leave("@bob")), (BOB, r.Depart()))
        items = self.played.commit((DAVE, to("alice")))
        self.assertEqual(bodies(items, ALICE), [i.Opened(4, "@dave", 0)])
        self.assertEqual(self.talks_of(ALICE), ["@carol", "@dave"])

    def test_the_current_one_is_not_forgotten(self) -> None:
        """Nor one whose two are here."""
        self.played.commit((ALICE, to("carol")), (ALICE, r.Join("@bob")))
        self.played.commit((BOB, r.Depart()))
        self.assertEqual(self.refused(ALICE, to("dave")), self.FULL)
        self.assertEqual(self.talks_of(ALICE), ["@carol", "@bob"])
        self.assertEqual(
            self.played.answer(ALICE, since(0)), i.LogRange(3, "@bob", 0, 0, 0)
        )

    def test_what_is_refused_forgets_nothing(self) -> None:
        """What was forgotten for a room that could not begin is there as before."""
        self.played.commit((BOB, to("alice")), (CAROL, to("alice")))
        self.played.commit((BOB, r.Depart()), (CAROL, r.Depart()))
        before = talkshot(self.played.hub)
        with mock.patch.object(limits, "TALKS_IN_ALL", 1):
            self.assertEqual(self.refused(DAVE, to("alice")), self.FULL)
        self.assertEqual(talkshot(self.played.hub), before)
        self.assertEqual(list(before["owned"][1]), ["s1 s2", "s1 s3"])
        self.assertEqual(self.talks_of(ALICE), ["@bob", "@carol"])


class UndoTests(HubTestCase):
    """What is left of private rooms when a group could not be stored."""

    def failed(self, *proposals: tuple[int, r.Request]) -> list[i.Item]:
        """Play a group that fails; nothing may have changed."""
        before = talkshot(self.played.hub), snapshot(self.played.hub)
        items = self.played.fail(*proposals)
        after = talkshot(self.played.hub), snapshot(self.played.hub)
        self.assertEqual(after, before)
        self.assertEqual([type(item) for item in items], [i.Reply] * len(proposals))
        return items

    def test_a_room_that_was_begun(self) -> None:
        """It is not there, and begins at 1 when it can be stored."""
        items = self.failed((ALICE, to("bob", "lost")), (BOB, r.Join("@alice")))
        refusal = i.Refusal("not_stored", "not stored: disk is full")
        self.assertEqual(bodies(items), [refusal, refusal])
        said = self.played.commit((ALICE, to("bob", "kept")))
        self.assertEqual(events(said), [(TALK, 1, "alice", "kept")])
        self.assertEqual(self.played.ears.rooms[BOB], {1: "lobby", TALK: "@alice"})

    def test_all_that_happens_in_one(self) -> None:
        """Numbers, topics, names, who hears it, and which is current."""
        self.played.commit((ALICE, to("bob")), (ALICE, r.Join("@bob")))
        self.failed(
            (ALICE, r.Say("lost")),
            (BOB, r.SetTopic("lost", "@alice")),
            (BOB, r.SetNick("rob")),
            (BOB, r.Leave("@alice")),
            (ALICE, r.Leave()),
            (BOB, to("alice", "lost")),
        )
        said = self.played.commit((ALICE, r.Say("kept")))
        self.assertEqual(events(said), [(TALK, 2, "alice", "kept")])

    def test_what_was_forgotten(self) -> None:
        """It is there again, in its place among the others."""
        self.patch(limits, "TALKS", 2)
        self.come(CAROL, "carol")
        self.come(DAVE, "dave")
        self.played.commit((ALICE, to("bob")), (ALICE, to("carol")))
        self.played.commit((BOB, r.Depart()), (CAROL, r.Depart()))
        self.failed((ALICE, to("dave")))
        self.assertEqual(list(self.played.session(ALICE).talks), ["s1 s2", "s1 s3"])
        self.played.commit((ALICE, to("dave")))
        self.assertEqual(list(self.played.session(ALICE).talks), ["s1 s3", "s1 s4"])

    def test_departures_stay(self) -> None:
        """Who departs is out of its rooms; the last of two ends one for good."""
        self.played.commit((ALICE, to("bob")))
        items = self.played.fail((ALICE, to("bob", "lost")), (BOB, r.Depart()))
        self.assertEqual(
            bodies(items),
            [i.Refusal("not_stored", "not stored: disk is full"), i.Ended()],
        )
        self.assertEqual(talkshot(self.played.hub)["talks"]["s1 s2"][4], (1,))
        self.assertEqual(self.refused(ALICE, to("bob"))[0], "no_nick")
        read = self.played.answer(ALICE, since(0, "@bob"))
        self.assertEqual(read, i.LogRange(TALK, "@bob", 0, 1, 1))
        items = self.played.fail((ALICE, r.Depart()))
        dropped = [x.room for x in items if isinstance(x, i.RoomDropped)]
        self.assertEqual(dropped, [TALK])
        self.assertEqual(self.played.hub._state.talks, {})

    def test_a_room_that_begins_and_ends_in_one_group(self) -> None:
        """It is made and dropped in that order; nothing is left of it."""
        group = ((ALICE, to("bob")), (ALICE, r.Depart()), (BOB, r.Depart()))
        items = self.played.commit(*group)
        kinds = [type(item) for item in items]
        self.assertLess(kinds.index(i.RoomMade), kinds.index(i.RoomDropped))
        self.assertEqual(self.played.hub._state.talks, {})


class KeptTests(HubTestCase):
    """Private rooms of those who have keys: they are there again when one comes back,
    and may have been forgotten by one of the two, or by both."""

    ANN, BEN = 11, 12

    def setUp(self) -> None:
        """Have two with keys talk, and the first of them go."""
        super().setUp()
        self.welcome(self.ANN, hello("a", "ann"))
        self.welcome(self.BEN, hello("b", "ben"))
        self.played.commit((self.ANN, to("ben", "1")), (self.BEN, to("ann", "2")))
        self.played.commit((self.ANN, r.Depart()))

    def owned(self, origin: int) -> list[str]:
        """Return the keys of the private rooms that a session owns."""
        return list(self.played.session(origin).talks)

    def forget(self) -> None:
        """Have ben forget the room, for one with another."""
        self.patch(limits, "TALKS", 1)
        self.played.commit((self.BEN, to("alice")))
        self.patch(limits, "TALKS", 100)
        self.assertEqual(self.owned(self.BEN), ["k2 s1"])

    def test_it_goes_on(self) -> None:
        """It has its numbers still, and is read by both."""
        items = self.played.play(self.ANN, hello("a", "ann"))
        found = [x for x in items if isinstance(x, i.RoomFound)]
        self.assertEqual([(x.room, x.first, x.last) for x in found], [(2, 1, 2)])
        items = self.played.commit((self.ANN, to("ben", "3")))
        self.assertEqual(events(items), [(2, 3, "ann", "3")])
        self.assertEqual(bodies(items, self.BEN), [])

    def test_when_both_have_gone(self) -> None:
        """The first to come back finds it, the second has the same."""
        self.played.commit((self.BEN, r.Depart()))
        self.assertEqual(self.played.hub._state.talks, {})
        self.welcome(self.BEN, hello("b", "ben"))
        read = self.played.answer(self.BEN, since(0, "@ann"))
        self.assertEqual(read, i.LogRange(2, "@ann", 0, 2, 2))
        self.welcome(self.ANN, hello("a", "ann"))
        self.assertEqual(self.played.talk(self.ANN, self.BEN).other("k1"), "k2")
        self.assertEqual(self.owned(self.ANN), self.owned(self.BEN))

    def test_what_it_is_about(self) -> None:
        """That is kept with it."""
        self.welcome(self.ANN, hello("a", "ann"))
        self.played.commit((self.ANN, r.SetTopic("tea", "@ben")))
        self.played.commit((self.ANN, r.Depart()), (self.BEN, r.Depart()))
        self.welcome(self.ANN, hello("a", "ann"))
        about = self.played.answer(self.ANN, r.GetTopic("@ben"))
        self.assertEqual(about, i.Topic("@ben", "tea"))

    def test_under_another_name(self) -> None:
        """The room is called by the new one, and who hears it is told."""
        items = self.played.play(self.ANN, hello("a", "anna"))
        told = bodies(items, self.BEN)
        self.assertEqual(told, [i.Relabelled(2, "@ann", "@anna")])
        items = self.played.commit((self.BEN, to("anna", "3")))
        stored = i.Stored(2, "@anna", 3, None)
        self.assertEqual(bodies(items, self.BEN), [stored])

    def test_without_a_name(self) -> None:
        """Of one that the server gives it is the same."""
        self.played.commit((self.BEN, r.Depart()))
        self.welcome(self.BEN, hello("b"))
        self.welcome(self.ANN, hello("a", rooms={"@guest-5": 0}))
        read = self.played.answer(self.BEN, since(0, "@guest-6"))
        self.assertEqual(read, i.LogRange(2, "@guest-6", 0, 2, 2))
        self.assertEqual(self.played.ears.rooms[self.ANN], {2: "@guest-5"})

    def test_forgotten_by_one(self) -> None:
        """It is there for that one too, when the other comes back and writes."""
        self.forget()
        self.played.commit((self.BEN, r.SetNick("bob-2")))
        self.welcome(self.ANN, hello("a", "ann"))
        self.assertEqual(self.owned(self.ANN), ["k1 k2"])
        self.assertNotIn("k1 k2", self.owned(self.BEN))
        items = self.played.commit((self.ANN, to("bob-2", "3")))
        self.assertEqual(events(items), [(2, 3, "ann", "3")])
        self.assertEqual(bodies(items, self.BEN), [i.Opened(2, "@ann", 2)])
        self.assertIn("k1 k2", self.owned(self.BEN))
        items = self.played.commit((self.BEN, r.SetNick("ben")))
        self.assertIn(i.Relabelled(2, "@bob-2", "@ben"), bodies(items, self.ANN))
        self.played.commit((self.ANN, r.Depart()), (self.BEN, r.Depart()))
        self.assertEqual(list(self.played.hub._state.talks), ["k2 s1"])

    def test_forgotten_by_one_who_writes(self) -> None:
        """It is found for that one as well, under its present name."""
        self.forget()
        self.welcome(self.ANN, hello("a", "ann", {"@ben": 0}))
        self.played.commit((self.BEN, r.SetNick("bill")))
        items = self.played.commit((self.BEN, r.Join("@ann")))
        told = bodies(items, self.ANN)
        self.assertEqual(told, [i.Relabelled(2, "@ben", "@bill")])
        self.assertIn("k1 k2", self.owned(self.BEN))

    def test_forgotten_by_one_who_stays(self) -> None:
        """It is gone from memory with the only one who had it; nobody is left who
        would let go of it."""
        self.forget()
        self.welcome(self.ANN, hello("a", "ann"))
        items = self.played.commit((self.ANN, r.Depart()))
        self.assertEqual([x.room for x in items if isinstance(x, i.RoomDropped)], [2])
        self.assertEqual(list(self.played.hub._state.talks), ["k2 s1"])

    def test_forgotten_by_both(self) -> None:
        """They begin another, which the store can tell from the first."""
        self.forget()
        self.patch(self.played.store, "key", self.without_talks)
        self.welcome(self.ANN, hello("a", "ann"))
        items = self.played.commit((self.ANN, to("ben", "anew")))
        self.assertEqual(events(items), [(4, 1, "ann", "anew")])
        self.assertEqual([x.key for x in records_of(items).rooms], ["k1 k2 4"])
        self.played = self.played.restart()
        talk = self.played.hub._state.talks["k1 k2"]
        self.assertEqual((talk.id, talk.last), (4, 1))

    def without_talks(self, hash: bytes) -> KeyRecord:
        """Return a key as if it had talked with many since."""
        return KeyRecord(1, hash)

    def test_no_more_than_there_may_be(self) -> None:
        """Those that there is no space for are left in the store."""
        self.played.commit((self.BEN, r.Depart()), (ALICE, to("bob")))
        for most, owned in ((1, []), (2, ["k1 k2"])):
            self.patch(limits, "TALKS_IN_ALL", most)
            self.welcome(self.ANN, hello("a", "ann"))
            self.assertEqual(self.owned(self.ANN), owned)
            self.played.commit((self.ANN, r.Depart()))

    def test_no_more_after_a_restart(self) -> None:
        """The same, of sessions that may come back."""
        self.welcome(self.ANN, hello("a", "ann"))
        self.patch(limits, "TALKS_IN_ALL", 0)
        self.assertEqual(self.played.restart().hub._state.talks, {})

    def test_in_a_group_that_fails(self) -> None:
        """Nothing is found then, and nothing has another name."""
        [missing] = bodies(self.played.commit((self.ANN, hello("a", "anna"))))
        assert isinstance(missing, i.Missing)
        self.forget()
        for _ in range(2):
            before = whole(self.played.hub)
            informed = self.played.informed(missing)
            self.played.fail((self.ANN, informed), (self.ANN, to("ben", "lost")))
            self.assertEqual(whole(self.played.hub), before)
            self.played.commit((self.BEN, r.Depart()))
            self.welcome(self.BEN, hello("b", "ben"))
