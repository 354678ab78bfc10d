"""The hub: order, groups, and what is left after one that failed."""

from unittest import mock

from ecochat.core import items as i
from ecochat.core import limits
from ecochat.core import requests as r
from ecochat.core.records import Batch, Loaded, RoomRecord, records_of
from tests.core.played import (
    ALICE,
    BOB,
    CAROL,
    HubTestCase,
    Played,
    bodies,
    events,
    last,
    notes,
    since,
)
from tests.support.snapshot import snapshot


class SessionTests(HubTestCase):
    """Sessions begin, are renamed, end."""

    def test_opening(self) -> None:
        """A session has a number, a name and the lobby; the others are told."""
        welcome, alice, other = bodies(self.opened)[:3]
        lobby = i.Entered(1, "lobby", 0, "guest-1", 0, "", 0)
        self.assertEqual(welcome, i.Welcomed(1, "guest-1", 1000, (lobby,)))
        self.assertEqual(alice, i.Renamed("guest-1", "alice"))
        lobby = i.Entered(1, "lobby", 0, "guest-2", 1, "", 0)
        self.assertEqual(other, i.Welcomed(2, "guest-2", 1000, (lobby,)))
        self.assertEqual(
            notes(self.opened),
            [
                (1, "joined", "guest-1", ""),
                (1, "renamed", "guest-1", "alice"),
                (1, "joined", "guest-2", ""),
                (1, "renamed", "guest-2", "bob"),
            ],
        )

    def test_what_is_stored_of_it(self) -> None:
        """The room made, the sessions with their times and addresses, the names."""
        batch = records_of(self.opened)
        self.assertEqual([(m.room, m.name) for m in batch.rooms], [(1, "lobby")])
        self.assertEqual(
            [(s.session, s.nick, s.address, s.time) for s in batch.opened],
            [(1, "guest-1", "1.2.3.4:5", 1000), (2, "guest-2", "", 1000)],
        )
        self.assertEqual([s.new for s in batch.renamed], ["alice", "bob"])

    def test_names_are_one_persons(self) -> None:
        """A name that is taken, after folding, is not given again."""
        self.assertEqual(
            self.refused(BOB, r.SetNick("ALICE")),
            ("name_taken", "the name ALICE is taken"),
        )
        self.assertEqual(
            self.refused(BOB, r.SetNick("bob")), ("bad_name", "you are bob already")
        )
        self.assertEqual(self.refused(BOB, r.SetNick("end"))[0], "bad_name")

    def test_another_writing_of_ones_own_name(self) -> None:
        """Upper and lower case of one's own name can be changed."""
        renamed = self.played.answer(BOB, r.SetNick("Bob"))
        self.assertEqual(renamed, i.Renamed("bob", "Bob"))

    def test_departing(self) -> None:
        """Who departs is gone from all rooms, is told the end, and frees the name."""
        self.played.commit((ALICE, r.Join("lab")), (BOB, r.Join("lab")))
        items = self.played.commit((ALICE, r.Depart("quit")))
        self.assertEqual(
            notes(items), [(1, "left", "alice", ""), (2, "left", "alice", "")]
        )
        self.assertEqual(bodies(items), [i.Ended()])
        closed = records_of(items).closed[0]
        self.assertEqual((closed.session, closed.reason), (1, "quit"))
        self.assertEqual(closed.remaining, 1)
        renamed = self.played.answer(BOB, r.SetNick("alice"))
        self.assertEqual(renamed, i.Renamed("bob", "alice"))

    def test_no_session(self) -> None:
        """A connection without a session can only open one, or end."""
        self.assertEqual(
            self.refused(CAROL, r.Say("hi")),
            ("not_stored", "this connection has no session"),
        )
        self.assertEqual(self.played.answer(CAROL, r.Depart("gone")), i.Ended())

    def test_numbers_go_on_after_a_restart(self) -> None:
        """Sessions, rooms and places go on where the store says they were."""
        room = RoomRecord(1, "lobby", "lobby", 1, 41, "about")
        played = Played(Loaded((room,), 7, 99))
        welcome = played.answer(ALICE, r.Open())
        lobby = i.Entered(1, "lobby", 41, "guest-8", 0, "about", 41)
        self.assertEqual(welcome, i.Welcomed(8, "guest-8", 1000, (lobby,)))
        said = played.commit((ALICE, r.Say("on")))
        self.assertEqual(events(said), [(1, 42, "guest-8", "on")])
        self.assertGreater(said[0].seq, 99)


class RoomTests(HubTestCase):
    """Rooms are made, entered, left."""

    def test_joining(self) -> None:
        """A room is made by who joins first, and is current; the others are kept."""
        self.assertEqual(
            self.played.answer(ALICE, r.Join("Lab")),
            i.Entered(2, "Lab", 0, "alice", 0, "", 0),
        )
        items = self.played.commit(
            (BOB, r.Join("lab")), (BOB, r.Say("in lab")), (BOB, r.Join("lobby"))
        )
        self.assertEqual(bodies(items)[0], i.Entered(2, "Lab", 0, "bob", 1, "", 0))
        self.assertEqual(bodies(items)[1], i.Entered(1, "lobby", 0, "bob", 1, "", 0))
        self.assertEqual(notes(items), [(2, "joined", "bob", "")])
        self.assertEqual(events(items), [(2, 1, "bob", "in lab")])

    def test_leaving(self) -> None:
        """The room joined last before becomes current, and in the end there is none."""
        rooms = [r.Join("b"), r.Join("a"), r.Join("b")]
        self.played.commit(*[(ALICE, room) for room in rooms])
        self.assertEqual(
            self.played.answer(ALICE, r.Leave("lobby")), i.Exited(1, "lobby", 2, "b")
        )
        self.assertEqual(self.played.answer(ALICE, r.Leave()), i.Exited(2, "b", 3, "a"))
        self.assertEqual(self.played.answer(ALICE, r.Leave()), i.Exited(3, "a"))
        text = ("no_current_room", "you are in no room, /join one")
        for request in (r.Say("hi"), r.Leave(), r.GetTopic(), r.Who(), last(5)):
            self.assertEqual(self.refused(ALICE, request), text)

    def test_rooms_that_are_not_there(self) -> None:
        """One cannot leave where one is not, nor look at what is not there."""
        self.played.commit((ALICE, r.Join("lab")))
        for request, refusal in (
            (r.Leave("lab"), ("not_member", "you are not in lab")),
            (r.Who("x"), ("no_room", "there is no room x, /join x makes it")),
        ):
            self.assertEqual(self.refused(BOB, request), refusal)
        self.assertEqual(self.refused(BOB, r.Join("a b"))[0], "bad_name")

    def test_not_too_many(self) -> None:
        """There are bounds on the rooms of a session, and on all rooms."""
        with mock.patch.object(limits, "ROOMS_OF_A_SESSION", 2):
            self.played.commit((ALICE, r.Join("a")))
            self.assertEqual(
                self.refused(ALICE, r.Join("b")),
                ("too_many", "you are in 2 rooms, /leave one first"),
            )
        with mock.patch.object(limits, "ROOMS", 2):
            self.assertEqual(
                self.refused(BOB, r.Join("b")),
                ("too_many", "there are 2 rooms, join one of them"),
            )
            self.assertIsInstance(self.played.answer(BOB, r.Join("a")), i.Entered)


class LogTests(HubTestCase):
    """What is written takes numbers; what is asked is answered."""

    def test_messages_and_topics_are_numbered(self) -> None:
        """They share the numbers of their room; presence has none."""
        items = self.played.commit(
            (ALICE, r.Say("one")),
            (ALICE, r.SetNick("anne")),
            (BOB, r.SetTopic("two")),
            (BOB, r.Say("three", "LOBBY")),
        )
        self.assertEqual(
            events(items),
            [(1, 1, "alice", "one"), (1, 2, "bob", "two"), (1, 3, "bob", "three")],
        )
        self.assertEqual(
            [e.kind for e in items if isinstance(e, i.Event)],
            ["message", "topic", "message"],
        )
        self.assertEqual(
            self.played.answer(ALICE, r.GetTopic()), i.Topic("lobby", "two")
        )
        batch = records_of(items)
        self.assertEqual(batch.lasts(), {1: 3})
        self.assertEqual(batch.topics(), {1: "two"})

    def test_too_long(self) -> None:
        """Lengths are code points; nothing of what is too long is kept."""
        played = Played(message=3)
        played.commit((ALICE, r.Open()))
        self.assertEqual(events(played.commit((ALICE, r.Say("äöü"))))[0][1], 1)
        self.assertEqual(
            played.answer(ALICE, r.Say("four")),
            i.Refusal("too_long", "message longer than 3 characters, not sent"),
        )
        self.assertEqual(
            self.refused(ALICE, r.SetTopic("x" * 401)),
            ("too_long", "topic longer than 400 characters, not set"),
        )

    def test_history(self) -> None:
        """A request for history gives a range of numbers, within what there is."""
        self.played.commit(*[(ALICE, r.Say(str(n))) for n in range(1, 11)])
        for request, after, upto, end in (
            (last(3), 7, 10, 10),
            (last(1000), 0, 10, 10),
            (last(3, before=5), 1, 4, 4),
            (last(3, before=99), 7, 10, 10),
            (last(3, before=1), 0, 0, 10),
            (last(3, before=0), 0, 0, 10),
            (since(0), 0, 10, 10),
            (since(8), 8, 10, 10),
            (since(10), 10, 10, 10),
            (since(99), 99, 10, 10),
        ):
            self.assertEqual(
                self.played.answer(BOB, request),
                i.LogRange(1, "lobby", after, upto, end),
                request,
            )

    def test_history_of_which_the_beginning_is_gone(self) -> None:
        """What the store no longer has is not asked of it."""
        room = RoomRecord(1, "lobby", "lobby", 5, 9, "")
        played = Played(Loaded((room,)))
        played.commit((ALICE, r.Open()))
        for request in (since(0), last(100)):
            self.assertEqual(
                played.answer(ALICE, request), i.LogRange(1, "lobby", 4, 9, 9)
            )

    def test_who_comes_in_pages(self) -> None:
        """Each page says what to ask for the next, and all of them the number."""
        alice, bob = i.Member("alice", 1, False), i.Member("bob", 2, False)
        self.assertEqual(
            self.played.answer(BOB, r.Who()),
            i.WhoPage("lobby", (alice, bob), 2, None),
        )
        with mock.patch.object(limits, "WHO_PAGE", 1):
            first = self.played.answer(BOB, r.Who("lobby"))
            self.assertEqual(first, i.WhoPage("lobby", (alice,), 2, r.Who("lobby", 1)))
            second = self.played.answer(BOB, r.Who("lobby", 1))
            self.assertEqual(second, i.WhoPage("lobby", (bob,), 2, None))

    def test_rooms_come_in_pages(self) -> None:
        """In the order in which they were made."""
        self.played.commit((BOB, r.Join("b")), (BOB, r.Join("a")), (BOB, r.Say("x")))
        lines = (
            i.RoomLine("lobby", 2, 0, ""),
            i.RoomLine("b", 1, 0, ""),
            i.RoomLine("a", 1, 1, ""),
        )
        page = self.played.answer(ALICE, r.Rooms())
        self.assertEqual(page, i.RoomsPage(lines, 3, None))
        with mock.patch.object(limits, "ROOMS_PAGE", 2):
            self.assertEqual(
                self.played.answer(ALICE, r.Rooms()),
                i.RoomsPage(lines[:2], 3, r.Rooms(2)),
            )
            self.assertEqual(
                self.played.answer(ALICE, r.Rooms(2)), i.RoomsPage(lines[2:], 3, None)
            )

    def test_a_dialects_refusal_has_its_place(self) -> None:
        """What a dialect could not read is answered in the order of the frames."""
        items = self.played.commit(
            (ALICE, r.Say("a")), (ALICE, r.Refuse("usage", "so")), (ALICE, r.Say("b"))
        )
        kinds = [type(item) for item in items]
        self.assertEqual(kinds, [i.Event, i.Reply, i.Event])
        self.assertEqual(bodies(items), [i.Refusal("usage", "so")])


class GroupTests(HubTestCase):
    """Propose, apply, commit or fail."""

    def test_one_group_at_a_time(self) -> None:
        """What is proposed while a group is stored waits unapplied."""
        hub = self.played.hub
        self.played.propose((ALICE, r.Say("one")))
        self.assertEqual((hub.waiting, hub.busy), (1, False))
        group = hub.apply()
        self.assertEqual((hub.waiting, hub.busy), (0, True))
        self.assertEqual([p.origin for p in group.proposals], [ALICE])
        self.played.propose((BOB, r.Say("two")))
        self.assertRaises(RuntimeError, hub.apply)
        self.assertEqual(events(hub.commit()), [(1, 1, "alice", "one")])
        self.assertEqual(hub.waiting, 1)
        self.assertEqual(events(self.played.commit()), [(1, 2, "bob", "two")])
        self.assertRaises(RuntimeError, hub.commit)

    def test_questions_need_no_storing(self) -> None:
        """A group in which nothing is written has an empty batch."""
        self.played.propose((ALICE, r.Who()), (BOB, r.Refuse("usage", "x")))
        group = self.played.hub.apply()
        self.assertFalse(group.batch)
        self.assertEqual(group.batch, Batch())

    def test_a_failed_group_is_taken_back(self) -> None:
        """Numbers, names, rooms and topics are as before; its senders are told."""
        self.played.commit((ALICE, r.Join("old")), (ALICE, r.Say("first")))
        before = snapshot(self.played.hub)
        items = self.played.fail(
            (CAROL, r.Open()),
            (ALICE, r.Say("lost")),
            (ALICE, r.SetTopic("lost")),
            (BOB, r.SetNick("robert")),
            (BOB, r.Join("new")),
            (ALICE, r.Leave("lobby")),
            (ALICE, r.Leave()),
        )
        self.assertEqual(snapshot(self.played.hub), before)
        reason = "not stored: disk is full"
        opening = f"{reason}; your session begins as soon as it can be stored"
        self.assertEqual(bodies(items)[0], i.NotOpened("not_stored", opening))
        self.assertEqual(bodies(items)[1:], [i.Refusal("not_stored", reason)] * 6)
        self.assertEqual([type(item) for item in items], [i.Reply] * 7)
        self.assertFalse(self.played.hub.has_unstored)
        said = self.played.commit((ALICE, r.Say("second")))
        self.assertEqual(events(said), [(2, 2, "alice", "second")])

    def test_what_the_network_is_told(self) -> None:
        """The rooms that are here, private ones too, who is away, the highest room."""
        hub = self.played.hub
        self.played.commit((ALICE, r.Say("hi", "@bob")), (ALICE, r.Join("lab")))
        self.assertEqual([room.id for room in hub.rooms], [1, 2, 3])
        self.assertEqual((list(hub.away), hub.last_room), ([], 3))

    def test_departures_stay(self) -> None:
        """Who left in a group that failed is gone, and that is stored later."""
        items = self.played.fail((ALICE, r.Say("lost")), (ALICE, r.Depart("quit")))
        self.assertEqual(
            bodies(items),
            [i.Refusal("not_stored", "not stored: disk is full"), i.Ended()],
        )
        self.assertEqual(notes(items), [(1, "left", "alice", "")])
        self.assertTrue(self.played.hub.has_unstored)
        self.played.fail((BOB, r.Say("lost too")))
        self.assertTrue(self.played.hub.has_unstored)
        group = self.played.hub.apply()
        self.assertEqual([c.session for c in group.batch.closed], [1])
        self.assertEqual(self.played.hub.commit(), [])
        self.assertFalse(self.played.hub.has_unstored)
        renamed = self.played.answer(BOB, r.SetNick("alice"))
        self.assertEqual(renamed, i.Renamed("bob", "alice"))

    def test_questions_are_answered_anew(self) -> None:
        """An answer does not tell of what was taken back."""
        items = self.played.fail((BOB, r.SetNick("robert")), (ALICE, r.Who()))
        page = bodies(items)[1]
        assert isinstance(page, i.WhoPage)
        self.assertEqual([m.nick for m in page.members], ["alice", "bob"])

    def test_requests_behind_an_opening_that_failed(self) -> None:
        """They are refused with the reason for which there is no session."""
        self.played.propose((CAROL, r.Open()))
        self.played.hub.apply()
        self.played.propose((CAROL, r.Say("hi")))
        self.played.hub.fail("disk is full")
        self.assertEqual(
            bodies(self.played.commit()),
            [i.Refusal("not_stored", "not stored: disk is full")],
        )

    def test_places_are_never_given_twice(self) -> None:
        """What is told of a failed group has its place behind the group's."""
        lost = self.played.hub
        self.played.propose((ALICE, r.Say("lost")))
        taken = lost.apply().items[-1].seq
        self.assertGreater(lost.fail("no")[0].seq, taken)

    def test_a_fault_of_ours_is_one_requests(self) -> None:
        """A rule that raises changes nothing, and the others are served."""
        from ecochat.core.rules import Rules

        def broken(self: Rules, *arguments: object) -> None:
            raise ZeroDivisionError("a fault")

        before = snapshot(self.played.hub)
        with mock.patch.object(Rules, "note", broken):
            items = self.played.commit((BOB, r.SetNick("x")), (ALICE, r.Say("hi")))
        body = bodies(items)[0]
        assert isinstance(body, i.Failed)
        self.assertIn("ZeroDivisionError: a fault", body.traceback)
        self.assertEqual(events(items), [(1, 1, "alice", "hi")])
        after = snapshot(self.played.hub)
        self.assertEqual(after["sessions"], before["sessions"])
