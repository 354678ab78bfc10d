"""Sessions whose connection is lost: they are kept, come back, or end."""

from msgspec.structs import replace

from ecochat.core import items as i
from ecochat.core import limits
from ecochat.core import requests as r
from ecochat.core.records import records_of
from tests.core.played import (
    ALICE,
    BOB,
    HubTestCase,
    Played,
    bodies,
    events,
    hello,
    notes,
    whole,
)

ONE, TWO, THREE = 11, 12, 13
"""Connections of programs."""

CAROL = 3
"""The number of the first program's session."""


class AwayTestCase(HubTestCase):
    """With alice and bob in the lobby, and carol, who has a key."""

    def setUp(self) -> None:
        """Have her be in the lobby and in a room of her own."""
        super().setUp()
        self.welcome(ONE, hello(nick="carol"))
        self.played.commit((ONE, r.Join("lab")))

    def drop(self) -> i.SessionAway:
        """Lose carol's connection; return what is told of that."""
        items = self.played.commit((ONE, r.Drop("lost")))
        [away] = [x for x in items if isinstance(x, i.SessionAway)]
        return away

    def lapse(self, away: i.SessionAway) -> list[i.Item]:
        """Have the time be over in which a session could come back."""
        return self.played.commit((0, r.Lapse(away.session, away.seq)))


class DropTests(AwayTestCase):
    """A connection is lost."""

    def test_with_a_key(self) -> None:
        """Nobody sees it leave; nothing is stored; the connection is told its end."""
        items = self.played.commit((ONE, r.Drop("lost", ref="x")))
        [away, reply] = items
        assert isinstance(away, i.SessionAway)
        assert isinstance(reply, i.Reply)
        self.assertEqual((away.session, away.reason), (CAROL, "lost"))
        self.assertEqual((reply.body, reply.ref), (i.Ended(), "x"))
        self.assertFalse(records_of(items))
        carol = self.played.hub._state.sessions[CAROL]
        self.assertEqual(list(self.played.hub.away), [carol])
        self.assertEqual((carol.origin, carol.away_since), (0, away.seq))

    def test_it_is_shown(self) -> None:
        """In the lists of members and sessions; it keeps its name and its rooms."""
        self.drop()
        page = self.played.answer(ALICE, r.Who())
        assert isinstance(page, i.WhoPage)
        self.assertEqual([m.away for m in page.members], [False, False, True])
        status = self.played.answer(ALICE, r.Status())
        self.assertEqual(status, i.StatusRange(1000, 3, False, frozenset({CAROL})))
        self.assertEqual(self.refused(BOB, r.SetNick("Carol"))[0], "name_taken")

    def test_without_a_key(self) -> None:
        """It ends at once, of a person and of a program."""
        self.welcome(TWO, hello(None))
        for origin, number in ((ALICE, 1), (TWO, 4)):
            items = self.played.commit((origin, r.Drop("lost")))
            closed = [x for x in items if isinstance(x, i.SessionClosed)]
            self.assertEqual(
                [(x.session, x.reason) for x in closed], [(number, "lost")]
            )
            self.assertEqual(bodies(items, origin), [i.Ended()])

    def test_where_there_is_no_time_for_it(self) -> None:
        """Of a server without a time of grace it ends at once, too."""
        self.played = Played(grace=False)
        self.welcome(ONE, hello())
        items = self.played.commit((ONE, r.Drop("lost")))
        self.assertEqual(notes(items), [(1, "left", "guest-1", "")])
        self.assertFalse(self.welcome(ONE, hello()).resumed)

    def test_without_a_session(self) -> None:
        """There is nothing to end."""
        self.assertEqual(self.played.answer(99, r.Drop("lost")), i.Ended())

    def test_in_a_group_that_fails(self) -> None:
        """What it wrote is taken back; it is away all the same, and may come back."""
        items = self.played.fail((ONE, r.Say("lost", id=1)), (ONE, r.Drop("lost")))
        [refused, away, ended] = items
        assert isinstance(away, i.SessionAway)
        self.assertEqual(bodies([refused, ended])[1], i.Ended())
        self.assertFalse(self.played.hub.has_unstored)
        self.assertEqual(self.welcome(ONE, hello()).last_id, 0)

    def test_quitting_ends_it(self) -> None:
        """Who departs is gone, with a key or without."""
        items = self.played.commit((ONE, r.Depart()))
        self.assertEqual([note[1] for note in notes(items)], ["left", "left"])
        self.assertFalse(self.welcome(ONE, hello()).resumed)

    def test_no_more_than_so_many(self) -> None:
        """Of more the one that went first ends, for all to see."""
        self.patch(limits, "AWAY", 1)
        self.drop()
        self.welcome(TWO, hello("b", "dave"))
        items = self.played.commit((TWO, r.Drop("lost")))
        closed = [x for x in items if isinstance(x, i.SessionClosed)]
        reasons = [(x.session, x.reason) for x in closed]
        self.assertEqual(reasons, [(CAROL, "too many are away")])
        self.assertEqual([s.nick for s in self.played.hub.away], ["dave"])
        self.assertEqual(bodies(items), [i.Ended()])

    def test_an_operator_ends_it(self) -> None:
        """There is nobody to be told."""
        self.drop()
        self.played.session(ALICE).operator = True
        items = self.played.commit((ALICE, r.Kick("carol")))
        done = i.Fact("notice", f"carol (s{CAROL}) is disconnected")
        self.assertEqual(bodies(items), [done])
        self.assertEqual(list(self.played.hub.away), [])
        self.assertFalse(self.welcome(ONE, hello()).resumed)

    def test_nothing_is_told_to_it(self) -> None:
        """What the operator says is for those who are here."""
        self.drop()
        self.played.session(ALICE).operator = True
        items = self.played.commit((ALICE, r.Announce("tea")))
        replies = [x for x in items if isinstance(x, i.Reply)]
        self.assertEqual([x.origin for x in replies], [ALICE, BOB])


class LapseTests(AwayTestCase):
    """The time is over."""

    def test_it_has_not_come_back(self) -> None:
        """It ends, for all to see, and that is stored."""
        items = self.lapse(self.drop())
        left = [(1, "left", "carol", ""), (2, "left", "carol", "")]
        self.assertEqual((notes(items), bodies(items)), (left, []))
        [closed] = records_of(items).closed
        self.assertEqual((closed.session, closed.reason), (3, "did not come back"))
        self.assertEqual(
            self.played.answer(BOB, r.SetNick("carol")).__class__, i.Renamed
        )

    def test_it_has(self) -> None:
        """Then nothing is done, also when it has gone away again since."""
        away = self.drop()
        self.welcome(ONE, hello())
        self.assertEqual(self.lapse(away), [])
        again = self.drop()
        self.assertEqual(self.lapse(away), [])
        self.assertEqual(len(self.lapse(again)), 3)
        self.assertEqual(self.lapse(again), [])

    def test_in_a_group_that_fails(self) -> None:
        """Who has not come back is gone, and that is stored as soon as it can be."""
        away = self.drop()
        self.played.fail((ALICE, r.Say("lost")), (0, r.Lapse(CAROL, away.seq)))
        self.assertEqual(list(self.played.hub.away), [])
        self.assertTrue(self.played.hub.has_unstored)


class ResumeTests(AwayTestCase):
    """It comes back."""

    def test_nobody_sees_it(self) -> None:
        """It has the same number, name and rooms, and hears on from now."""
        self.drop()
        self.played.commit((ALICE, r.Say("missed")))
        items = self.played.play(TWO, hello(ref="x"))
        [resumed, reply] = items
        self.assertEqual(
            resumed, i.SessionResumed(resumed.seq, CAROL, "1.2.3.4:5", TWO, "carol")
        )
        assert isinstance(reply, i.Reply)
        rooms = (
            i.Entered(1, "lobby", 1, "carol", 2, "", 1),
            i.Entered(2, "lab", 0, "carol", 0, "", 0),
        )
        welcome = i.Welcomed(CAROL, "carol", 1000, rooms, resumed=True)
        self.assertEqual((reply.body, reply.ref), (welcome, "x"))
        self.assertEqual(list(self.played.hub.away), [])

    def test_from_where_it_was(self) -> None:
        """Each room that it names goes on behind the number that it has seen, but not
        behind what there is."""
        self.played.commit((ALICE, r.Say("1")), (ALICE, r.Say("2")))
        self.drop()
        for after, told in ((0, 0), (1, 1), (2, 2), (99, 2), (None, 2)):
            welcome = self.welcome(TWO, hello(rooms={"lobby": after}))
            self.assertEqual([room.after for room in welcome.rooms], [told])
            self.played.commit((TWO, r.Drop("lost")))

    def test_the_rooms_that_it_names(self) -> None:
        """Others are left and entered, which is told and kept."""
        self.drop()
        items = self.played.play(TWO, hello(rooms={"LAB": 0, "new": None}))
        expected = [(1, "left", "carol", ""), (3, "joined", "carol", "")]
        self.assertEqual(notes(items), expected)
        entrances = [(x.room, x.is_in) for x in records_of(items).entrances]
        self.assertEqual(entrances, [(1, False), (3, True)])
        self.assertEqual([m.name for m in records_of(items).rooms], ["new"])

    def test_no_rooms(self) -> None:
        """Then it is in none."""
        self.drop()
        self.assertEqual(self.welcome(TWO, hello(rooms={})).rooms, ())
        self.assertEqual(self.refused(TWO, r.Say("x"))[0], "no_current_room")

    def test_one_room_under_two_names(self) -> None:
        """It is one, and goes on behind the smaller number."""
        self.played.commit((ALICE, r.Say("1")), (ALICE, r.Say("2")))
        self.drop()
        for rooms in (
            {"lobby": 0, "LOBBY": 1},
            {"Lobby": 2, "lobby": 0},
            {"lobby": None, "LOBBY": 0},
        ):
            welcome = self.welcome(TWO, hello(rooms=dict(rooms)))
            self.assertEqual([(x.room, x.after) for x in welcome.rooms], [(1, 0)])

    def test_another_name(self) -> None:
        """It is told to those in its rooms, as that of anyone."""
        self.drop()
        items = self.played.play(TWO, hello(nick="dave"))
        expected = [(1, "renamed", "carol", "dave"), (2, "renamed", "carol", "dave")]
        self.assertEqual(notes(items), expected)
        self.assertEqual([x.new for x in records_of(items).renamed], ["dave"])
        self.assertEqual(self.welcome(ONE, hello(nick="dave")).nick, "dave")

    def test_what_cannot_be(self) -> None:
        """A name that is taken, or a wrong room: nothing has changed then."""
        self.drop()
        self.patch(limits, "ROOMS_OF_A_SESSION", 2)
        before = whole(self.played.hub)
        for request, code in (
            (hello(nick="alice"), "name_taken"),
            (hello(nick="end"), "bad_name"),
            (hello(rooms={"a b": None}), "bad_name"),
            (hello(rooms={"new": None, "lobby": 0, "x y": 0}), "bad_name"),
            (hello(rooms={"a": 0, "b": 0, "c": 0}), "too_many"),
        ):
            items = self.played.play(TWO, request)
            [refusal] = bodies(items, TWO)
            assert isinstance(refusal, i.Refusal)
            self.assertEqual((refusal.code, len(items)), (code, 1))
            self.assertEqual(whole(self.played.hub), before)

    def test_in_a_group_that_fails(self) -> None:
        """It is away as before, and its time goes on."""
        away = self.drop()
        before = whole(self.played.hub)
        self.played.fail((TWO, hello(nick="dave", rooms={"new": None})))
        self.assertEqual(whole(self.played.hub), before)
        self.assertEqual(len(self.lapse(away)), 3)


class HelloTests(HubTestCase):
    """How a session begins that says who it is."""

    def test_name_and_rooms(self) -> None:
        """It is in those only, from where it says; they are kept for it."""
        self.played.commit((ALICE, r.Say("1")), (ALICE, r.Say("2")))
        items = self.played.play(
            ONE, hello(nick="carol", rooms={"lab": None, "lobby": 1, "@bob": 0})
        )
        [welcome] = bodies(items)
        rooms = (
            i.Entered(2, "lab", 0, "carol", 0, "", 0),
            i.Entered(1, "lobby", 2, "carol", 2, "", 1),
        )
        self.assertEqual(welcome, i.Welcomed(3, "carol", 1000, rooms))
        expected = [(2, "joined", "carol", ""), (1, "joined", "carol", "")]
        self.assertEqual(notes(items), expected)
        entrances = [(x.room, x.is_in) for x in records_of(items).entrances]
        self.assertEqual(entrances, [(2, True), (1, True)])
        self.assertEqual(self.played.session(ONE).current, self.room("lobby"))

    def room(self, key: str) -> object:
        """Return a room of everyone, from within the hub."""
        return self.played.hub._state.rooms[key]

    def test_the_lobby_is_always_there(self) -> None:
        """Also when the first who comes does not enter it."""
        played = Played()
        played.play(ONE, hello(rooms={}))
        self.assertEqual(list(played.hub._state.rooms), ["lobby"])

    def test_what_cannot_be(self) -> None:
        """Neither a session nor its key is there then, and none is stored."""
        before = whole(self.played.hub)
        for nick, code in (
            ("ALICE", "name_taken"),
            ("", "bad_name"),
            ("guest-3", "bad_name"),
            ("x y", "bad_name"),
        ):
            [missing] = bodies(self.played.commit((ONE, hello(nick=nick))))
            assert isinstance(missing, i.Missing)
            items = self.played.commit((ONE, self.played.informed(missing)))
            [refusal] = bodies(items)
            assert isinstance(refusal, i.Refusal)
            self.assertEqual((refusal.code, len(items)), (code, 1))
            self.assertEqual(whole(self.played.hub), before)
        self.assertEqual(
            self.refused(ONE, hello(nick="")),
            ("bad_name", "a nickname cannot be empty"),
        )

    def test_who_was_greeted_before(self) -> None:
        """The session of one who was slow to say who it is ends, and a new one
        begins; with what is refused it goes on."""
        self.played.commit((ONE, r.Open()), (ONE, r.SetNick("carol")))
        self.assertEqual(self.refused(ONE, hello(nick="bob"))[0], "name_taken")
        self.assertEqual(self.played.session(ONE).nick, "carol")
        items = self.played.play(ONE, hello(nick="carol"))
        closed = [x for x in items if isinstance(x, i.SessionClosed)]
        self.assertEqual([(x.session, x.reason) for x in closed], [(3, "began anew")])
        [welcome] = bodies(items)
        assert isinstance(welcome, i.Welcomed)
        self.assertEqual((welcome.session, welcome.nick), (4, "carol"))
        self.assertEqual(len(self.played.hub._state.sessions), 3)

    def test_who_was_greeted_takes_its_session_up(self) -> None:
        """The same with a key whose session is away, and in one group that fails."""
        self.welcome(TWO, hello())
        self.played.commit((TWO, r.Drop("lost")), (ONE, r.Open()))
        before = whole(self.played.hub)
        self.played.fail((ONE, hello()))
        self.assertEqual(whole(self.played.hub), before)
        self.assertTrue(self.welcome(ONE, hello()).resumed)
        self.assertEqual(sorted(self.played.hub._state.sessions), [1, 2, 3])


class TalkTests(HubTestCase):
    """Private rooms of one who is away, and comes back."""

    def setUp(self) -> None:
        """Have carol and dave talk, who have keys, and carol go away."""
        super().setUp()
        self.welcome(ONE, hello("c", "carol"))
        self.welcome(TWO, hello("d", "dave"))
        self.played.commit((ONE, r.SayTo("dave", "1")), (TWO, r.SayTo("carol", "2")))
        self.talk = self.played.talk(ONE, TWO)
        self.played.commit((ONE, r.Drop("lost")))

    def back(self, rooms: dict[str, int | None] | None = None) -> list[tuple[str, int]]:
        """Have carol come back; return names and positions of her private rooms."""
        welcome = self.welcome(ONE, hello("c", rooms=rooms))
        return [(x.name, x.after) for x in welcome.rooms if x.name[0] == "@"]

    def test_what_was_missed(self) -> None:
        """It is heard from where it may have been heard last."""
        self.played.commit((TWO, r.SayTo("carol", "3")), (TWO, r.SayTo("carol", "4")))
        self.assertEqual(self.back(), [("@dave", 2)])

    def test_what_was_named(self) -> None:
        """From before that, where the client has not seen all of it; never behind."""
        self.played.commit((TWO, r.SayTo("carol", "3")))
        for n, after in ((0, 0), (1, 1), (2, 2), (3, 2), (99, 2), (None, 2)):
            self.assertEqual(self.back({"@DAVE": n}), [("@dave", after)])
            self.played.commit((ONE, r.Drop("lost")))
            heard = self.played.hub._state.sessions[3].heard
            self.assertEqual(heard, {self.talk.id: 3})
            self.played.hub._state.sessions[3].heard = {self.talk.id: 2}

    def test_one_that_begins_meanwhile(self) -> None:
        """It is heard from its beginning, and the one who is away is told nothing."""
        items = self.played.commit((ALICE, r.Say("hi", "@carol")))
        self.assertEqual(bodies(items), [i.Opened(3, "@carol", 0)])
        self.played.commit((ALICE, r.Say("there?", "@carol")))
        self.assertEqual(self.back(), [("@dave", 2), ("@alice", 0)])

    def test_one_that_was_left(self) -> None:
        """It is not heard, unless it is named, or written in meanwhile."""
        self.back()
        self.played.commit((ONE, r.Leave("@dave")), (ONE, r.Drop("lost")))
        self.assertEqual(self.back(), [])
        self.played.commit((ONE, r.Drop("lost")))
        self.assertEqual(self.back({"@dave": 1}), [("@dave", 1)])
        self.played.commit((ONE, r.Leave("@dave")), (ONE, r.Drop("lost")))
        self.played.commit((TWO, r.SayTo("carol", "3")))
        self.assertEqual(self.back(), [("@dave", 2)])

    def test_a_rename_meanwhile(self) -> None:
        """It is told with the welcome, and to nobody before."""
        items = self.played.commit((TWO, r.SetNick("david")))
        self.assertEqual(bodies(items), [i.Renamed("dave", "david")])
        self.assertEqual(self.back({"@dave": 0}), [("@david", 2)])

    def test_a_name_that_is_somebody_elses_now(self) -> None:
        """Its number is not taken for that of another's room."""
        self.played.commit((TWO, r.SayTo("carol", "3")), (TWO, r.SetNick("david")))
        self.played.commit((BOB, r.SetNick("dave")), (BOB, r.Say("hi", "@carol")))
        self.assertEqual(self.back({"@dave": 3}), [("@david", 2), ("@dave", 0)])

    def test_it_is_one_of_the_two_still(self) -> None:
        """Who is away is there to be written to, and to be seen."""
        page = self.played.answer(TWO, r.Who("@carol"))
        assert isinstance(page, i.WhoPage)
        away = [(m.nick, m.away) for m in page.members]
        self.assertEqual(away, [("carol", True), ("dave", False)])
        self.played.commit((TWO, r.Depart()))
        self.assertEqual(list(self.played.hub._state.talks), ["k1 k2"])
        self.assertEqual(self.back({"@dave": 0}), [("@dave", 0)])

    def test_taken_over(self) -> None:
        """The rooms go on over the other connection, from where the client says."""
        self.back()
        self.played.commit((TWO, r.SayTo("carol", "3")))
        welcome = self.welcome(THREE, hello("c", rooms={"lobby": 0, "@dave": 1}))
        positions = [(x.name, x.after) for x in welcome.rooms]
        self.assertEqual(positions, [("lobby", 0), ("@dave", 1)])

    def test_taken_over_without_a_word_of_it(self) -> None:
        """Then from now on, whatever was missed in an absence before."""
        self.back()
        self.played.commit((TWO, r.SayTo("carol", "3")))
        welcome = self.welcome(THREE, hello("c"))
        self.assertEqual([x.after for x in welcome.rooms], [0, 3])

    def test_a_failed_group(self) -> None:
        """What was to be heard from where is as before it."""
        before = whole(self.played.hub)
        self.played.fail((ALICE, r.Say("hi", "@carol")), (TWO, r.SayTo("carol", "3")))
        self.assertEqual(whole(self.played.hub), before)
        self.assertEqual(self.back(), [("@dave", 2)])

    def test_it_lapses(self) -> None:
        """The other one reads on; one that comes back as a new session has the room
        again, and names it to hear it."""
        [carol] = self.played.hub.away
        self.played.commit((0, r.Lapse(3, carol.away_since)))
        self.assertEqual(self.refused(TWO, r.SayTo("carol", "?"))[0], "no_nick")
        welcome = self.welcome(ONE, hello("c", "carol"))
        self.assertEqual([x.name for x in welcome.rooms], ["lobby"])
        self.played.commit((ONE, r.Depart()))
        welcome = self.welcome(ONE, hello("c", "carol", {"@dave": 1}))
        self.assertEqual([(x.name, x.after) for x in welcome.rooms], [("@dave", 1)])


class RestartTests(HubTestCase):
    """Sessions of before this server."""

    def setUp(self) -> None:
        """Have two with keys, who talk, and restart the server."""
        super().setUp()
        self.welcome(ONE, hello("c", "carol"))
        self.welcome(TWO, hello("d", "dave"))
        self.played.commit(
            (ONE, r.Join("lab")),
            (ONE, r.Join("b")),
            (ONE, r.Leave("b")),
            (ONE, r.SayTo("dave", "secret", id=7)),
            (ONE, r.Read(0, "lab")),
            (TWO, r.SetNick("david")),
            (ALICE, r.Say("1")),
        )
        self.played = self.played.restart()

    def test_they_are_away(self) -> None:
        """With their names and rooms; those without a key are gone."""
        state = self.played.hub._state
        self.assertEqual(list(state.sessions), [3, 4])
        self.assertEqual(list(state.away), [3, 4])
        self.assertEqual(sorted(state.names), ["carol", "david"])
        names = [[room.name for room in s.rooms.values()] for s in state.away.values()]
        self.assertEqual(names, [["lobby", "lab"], ["lobby"]])
        self.assertEqual(
            [s.current.name for s in state.away.values() if s.current], ["lab", "lobby"]
        )
        self.assertEqual(
            (state.last_session, state.last_room, state.last_key), (4, 4, 2)
        )
        self.assertEqual(
            [room.members for room in state.rooms.values()], [[3, 4], [3], []]
        )

    def test_they_come_back(self) -> None:
        """As if nothing had been; their private room is there."""
        welcome = self.welcome(
            ONE, hello("c", rooms={"lobby": 0, "lab": 0, "@david": 0})
        )
        self.assertEqual(
            (welcome.session, welcome.nick, welcome.resumed, welcome.last_id),
            (3, "carol", True, 7),
        )
        rooms = [(x.name, x.after, x.last) for x in welcome.rooms]
        self.assertEqual(rooms, [("lobby", 0, 1), ("lab", 0, 0), ("@david", 0, 1)])
        self.welcome(TWO, hello("d"))
        items = self.played.commit((TWO, r.SayTo("carol", "and?")))
        self.assertEqual([e[1:] for e in events(items)], [(2, "david", "and?")])
        self.assertIn("and?", repr(self.played.ears.heard[ONE]))

    def test_they_do_not(self) -> None:
        """Each ends when its time is over, and the room with the last of them."""
        for session in list(self.played.hub.away):
            away = session.number, session.away_since
            items = self.played.commit((0, r.Lapse(*away)))
            self.assertEqual(len(records_of(items).closed), 1)
        state = self.played.hub._state
        self.assertEqual((len(state.sessions), len(state.talks)), (0, 0))
        self.assertEqual(self.played.store.open().sessions, ())

    def test_who_comes_before_them(self) -> None:
        """A name that is kept for one who is away is taken; what two wrote to each
        other is nobody else's."""
        self.assertEqual(self.refused(THREE, hello("e", "carol"))[0], "name_taken")
        self.welcome(THREE, hello("e", "eve", {"@carol": 0, "@david": 0}))
        for asks in (r.Search("secr*"), r.History("@carol"), r.History("@david")):
            self.played.play(THREE, asks)
        self.assertNotIn("secret", repr(self.played.ears.heard[THREE]))

    def test_a_room_that_only_one_of_them_has(self) -> None:
        """It is there for both as soon as one of them writes."""
        loaded = self.played.store.open()
        carol, david = loaded.sessions
        self.assertEqual(len(carol.key.talks), 1)
        david = replace(david, key=replace(david.key, talks=()))
        self.played = Played(replace(loaded, sessions=(carol, david)))
        state = self.played.hub._state
        self.assertEqual([list(s.talks) for s in state.away.values()], [["k1 k2"], []])
        self.welcome(TWO, hello("d", "dora"))
        items = self.played.commit((TWO, r.SayTo("carol", "on")))
        self.assertEqual([e[1:] for e in events(items)], [(2, "dora", "on")])
        self.assertEqual(list(self.played.session(TWO).talks), ["k1 k2"])
        welcome = self.welcome(ONE, hello("c"))
        self.assertEqual([x.name for x in welcome.rooms], ["lobby", "lab", "@dora"])
