"""Clients' keys: new ones, known ones, and the ids of what is written."""

from ecochat.core import items as i
from ecochat.core import requests as r
from ecochat.core.records import KeyRecord, records_of
from tests.core.played import (
    ALICE,
    BOB,
    HubTestCase,
    Played,
    bodies,
    events,
    hello,
    whole,
)

ONE, TWO, THREE = 11, 12, 13
"""Connections of programs."""

HASH = b"k" * 32


class FindTests(HubTestCase):
    """A key is new, or the store has it, or a session here."""

    def test_a_new_key(self) -> None:
        """The store is asked first; what it has none of gets the next number."""
        [missing] = bodies(self.played.commit((ONE, hello(ref="x"))))
        assert isinstance(missing, i.Missing)
        self.assertEqual((missing.key, missing.request), (HASH, hello(ref="x")))
        items = self.played.commit((ONE, self.played.informed(missing)))
        batch = records_of(items)
        self.assertEqual([(k.key, k.hash) for k in batch.keys], [(1, HASH)])
        self.assertEqual([(s.session, s.key) for s in batch.opened], [(3, 1)])
        self.assertEqual([(e.room, e.is_in) for e in batch.entrances], [(1, True)])
        lobby = i.Entered(1, "lobby", 0, "guest-3", 2, "", 0)
        [welcome] = [x for x in items if isinstance(x, i.Reply)]
        self.assertEqual(welcome.body, i.Welcomed(3, "guest-3", 1000, (lobby,)))
        self.assertEqual((welcome.ref, welcome.is_answer), ("x", True))
        self.assertEqual(self.played.session(ONE).identity, "k1")

    def test_being_asked_is_no_answer(self) -> None:
        """What the store is asked for is for the network, not for the client."""
        items = self.played.commit((ONE, hello(ref="x")))
        self.assertEqual(
            [x.is_answer for x in items if isinstance(x, i.Reply)], [False]
        )
        self.assertFalse(records_of(items))

    def test_a_known_key(self) -> None:
        """What is kept of it goes on: its number, its last id, what it has read."""
        self.welcome(ONE, hello())
        self.played.commit(
            (ONE, r.Say("a", id=5)), (ONE, r.Say("b", id=9)), (ONE, r.Read(1))
        )
        self.played.commit((ONE, r.Depart()))
        welcome = self.welcome(TWO, hello())
        self.assertEqual((welcome.resumed, welcome.last_id), (False, 9))
        self.assertEqual((welcome.session, welcome.rooms[0].read), (4, 1))
        self.assertEqual(self.played.session(TWO).identity, "k1")
        self.assertEqual(self.refused_id(TWO, 9), (9, "message"))

    def refused_id(self, origin: int, id: int) -> tuple[int, str]:
        """Return id and kind of what was stored before."""
        body = self.played.answer(origin, r.Say("b", id=id))
        assert isinstance(body, i.Repeated), body
        return body.id, body.kind

    def test_a_stale_answer_is_asked_for_again(self) -> None:
        """What the store had before a session of the key ended is not believed."""
        [missing] = bodies(self.played.commit((ONE, hello())))
        assert isinstance(missing, i.Missing)
        old = self.played.informed(missing)
        self.assertIsNone(old.found)
        self.welcome(TWO, hello())
        self.played.commit((TWO, r.Say("a", id=5)))
        self.played.commit((TWO, r.Depart()))
        [again] = bodies(self.played.commit((ONE, old)))
        assert isinstance(again, i.Missing)
        self.assertGreater(again.as_of, missing.as_of)
        welcome = self.welcome(ONE, self.informed_open(again))
        self.assertEqual((welcome.last_id, welcome.resumed), (5, False))

    def informed_open(self, missing: i.Missing) -> r.Open:
        """Return the hello of what is missing, so that it is asked for anew."""
        assert isinstance(missing.request, r.Open)
        return missing.request

    def test_two_at_one_moment(self) -> None:
        """Of two connections that show a new key, the second takes the session over."""
        first = self.played.commit((ONE, hello()), (TWO, hello()))
        missing = [x for x in bodies(first) if isinstance(x, i.Missing)]
        self.assertEqual(len(missing), 2)
        one, two = map(self.played.informed, missing)
        items = self.played.commit((ONE, one), (TWO, two))
        self.assertEqual(len(records_of(items).keys), 1)
        kinds = [type(body) for body in bodies(items, ONE)]
        self.assertEqual(kinds, [i.Welcomed, i.Kicked])
        [welcome] = bodies(items, TWO)
        assert isinstance(welcome, i.Welcomed)
        self.assertTrue(welcome.resumed)

    def test_without_a_key(self) -> None:
        """A program may do without: nothing is asked, nothing of a key stored."""
        items = self.played.commit((ONE, hello(None)))
        self.assertEqual([type(body) for body in bodies(items)], [i.Welcomed])
        batch = records_of(items)
        self.assertEqual((batch.keys, batch.entrances), ([], []))
        self.assertIsNone(batch.opened[0].key)

    def test_a_key_whose_making_failed(self) -> None:
        """Its number is given again, to whichever comes next."""
        before = whole(self.played.hub)
        [missing] = bodies(self.played.commit((ONE, hello())))
        assert isinstance(missing, i.Missing)
        informed = self.played.informed(missing)
        items = self.played.fail((ONE, informed))
        refusal = i.Refusal("not_stored", "not stored: disk is full")
        self.assertEqual(bodies(items), [refusal])
        self.assertEqual(whole(self.played.hub), before)
        self.welcome(TWO, hello("b"))
        self.assertEqual(self.played.session(TWO).identity, "k1")

    def test_a_failed_hello_keeps_its_ref(self) -> None:
        """Its refusal is the answer to it, and not what a person is told."""
        items = self.played.fail((ONE, hello(ref="x")), (TWO, r.Open(ref="y")))
        replies = [x for x in items if isinstance(x, i.Reply)]
        self.assertEqual([x.ref for x in replies], ["x", "y"])
        kinds = [type(x.body) for x in replies]
        self.assertEqual(kinds, [i.Refusal, i.NotOpened])

    def test_after_a_restart(self) -> None:
        """A key that has no session is found in the store, with its last id."""
        self.welcome(ONE, hello())
        self.played.commit((ONE, r.Say("a", id=5)), (ONE, r.Depart()))
        self.played = self.played.restart()
        self.assertEqual(self.welcome(ONE, hello()).last_id, 5)
        self.welcome(TWO, hello("b"))
        self.assertEqual(self.played.session(TWO).identity, "k2")


class IdTests(HubTestCase):
    """What is written under an id is written once."""

    def setUp(self) -> None:
        """Have a program in the lobby beside alice and bob."""
        super().setUp()
        self.welcome(ONE, hello())

    def last_id(self, origin: int = ONE) -> int:
        """Return the last id that is stored of a session's key."""
        key = self.played.session(origin).key
        assert key is not None
        return key.last_id

    def test_stored(self) -> None:
        """The sender is told number and id, before the event itself."""
        items = self.played.commit((ONE, r.Say("a", id=5, ref="x")))
        self.assertEqual([type(x) for x in items], [i.Reply, i.Event])
        [reply, event] = items
        assert isinstance(reply, i.Reply)
        assert isinstance(event, i.Event)
        self.assertEqual(reply.body, i.Stored(1, "lobby", 1, 5))
        self.assertEqual((reply.ref, reply.seq < event.seq), ("x", True))
        self.assertEqual((event.key, event.id), (1, 5))

    def test_repeated(self) -> None:
        """An id that is not above the last is answered with what is stored under it;
        where that is is known of the last."""
        self.played.commit((ONE, r.Say("a", id=5)))
        for id, place in ((5, (1, 1)), (3, None)):
            items = self.played.commit((ONE, r.Say("a", id=id, ref="x")))
            [reply] = items
            assert isinstance(reply, i.Reply)
            what = i.Repeated(1, id, 0, "", "message", "a", None, place)
            self.assertEqual((reply.body, reply.ref), (what, "x"))

    def test_twice_in_one_group(self) -> None:
        """The second is answered as one that comes later."""
        items = self.played.commit((ONE, r.Say("a", id=5)), (ONE, r.Say("a", id=5)))
        kinds = [type(body) for body in bodies(items)]
        self.assertEqual(kinds, [i.Stored, i.Repeated])
        self.assertEqual(len(events(items)), 1)

    def test_all_that_is_written_has_ids(self) -> None:
        """Of each kind there is one event, and then the answer again."""
        writes: tuple[r.Request, ...] = (
            r.Say("a", id=1, reply_to=None),
            r.Say("b", id=2, reply_to=1),
            r.SayTo("bob", "c", id=3),
            r.Me("waves", id=4),
            r.SetTopic("d", id=5),
            r.Edit(1, "e", id=6),
            r.Delete(2, id=7),
            r.React(1, "👍", id=8),
            r.React(1, "👍", id=9, remove=True),
        )
        for request in writes:
            stored = self.played.asked(ONE, request)
            assert isinstance(stored, i.Stored), stored
        for request in writes:
            again = self.played.asked(ONE, request)
            assert isinstance(again, i.Repeated), again
            kept = self.played.store.stored(1, again.id)
            assert kept is not None
            self.assertIn(again.room, (kept.room, i.ANY_ROOM))
            is_same = (kept.kind, kept.target)
            self.assertEqual((again.kind, again.target), is_same)
            self.assertEqual(kept.changed > 0 or kept.text == again.text, True)

    def test_another_room(self) -> None:
        """There is none of that name, or nothing was said there; who is gone may have
        had the name."""
        self.played.commit((ONE, r.Say("a", id=5)))
        for name, room in (
            ("nowhere", i.NO_ROOM),
            ("no room", i.NO_ROOM),
            ("@bob", i.NO_ROOM),
            ("@nobody", i.SOMEONE),
        ):
            again = self.played.answer(ONE, r.Say("a", name, id=5))
            assert isinstance(again, i.Repeated), again
            self.assertEqual((again.room, again.name), (room, name))

    def test_what_is_refused_uses_no_id_up(self) -> None:
        """It can be sent again under it, when what was wrong is right."""
        for request in (
            r.Say("", id=5),
            r.Say("x" * 4001, id=5),
            r.Say("x", "no room", id=5),
            r.SetTopic("x" * 401, id=5),
            r.Edit(99, "x", id=5),
            r.React(99, "x", id=5),
        ):
            self.refused(ONE, request)
            self.assertEqual(self.last_id(), 0)
        self.played.commit((ONE, r.Say("x", id=5)))
        self.assertEqual(self.last_id(), 5)

    def test_a_repeated_one_is_not_judged_anew(self) -> None:
        """Whatever has become of its room or the rules, the answer is the first."""
        self.played.commit((ONE, r.SayTo("bob", "hi", id=5)), (BOB, r.Depart()))
        again = self.played.answer(ONE, r.SayTo("bob", "hi", id=5))
        what = i.Repeated(1, 5, 2, "@bob", "message", "hi", None, (2, 1))
        self.assertEqual(again, what)
        self.played.commit((ONE, r.Depart()))
        self.welcome(ONE, hello(rooms={}))
        for request, text in (
            (r.Say("hi", "@nobody", id=5), "hi"),
            (r.Say("", "@nobody", id=5), ""),
            (r.Edit(1, "x" * 4001, "@nobody", id=5), "x" * 4001),
        ):
            body = self.played.answer(ONE, request)
            assert isinstance(body, i.Repeated), body
            self.assertEqual(
                (body.room, body.name, body.text), (i.SOMEONE, "@nobody", text)
            )
        body = self.played.answer(ONE, r.Say("hi", id=5))
        self.assertEqual(
            body, i.Repeated(1, 5, i.ANY_ROOM, "", "message", "hi", None, (2, 1))
        )

    def test_a_failed_group_takes_it_back(self) -> None:
        """Nothing is stored under it then, and it can be sent again."""
        before = whole(self.played.hub)
        items = self.played.fail((ONE, r.Say("a", id=5)), (ONE, r.Say("a", id=5)))
        refusal = i.Refusal("not_stored", "not stored: disk is full")
        self.assertEqual(bodies(items), [refusal] * 2)
        self.assertEqual(whole(self.played.hub), before)
        stored = self.played.answer_all(ONE, r.Say("a", id=5))
        self.assertEqual(stored, [i.Stored(1, "lobby", 1, 5)])

    def test_without_a_key_they_live_with_the_session(self) -> None:
        """Its key is its own number, below zero, and no other session's."""
        self.welcome(TWO, hello(None))
        items = self.played.commit((TWO, r.Say("a", id=5)))
        [event] = [x for x in items if isinstance(x, i.Event)]
        self.assertEqual((event.key, event.id), (-4, 5))
        again = self.played.answer(TWO, r.Say("a", id=5))
        assert isinstance(again, i.Repeated)
        self.assertEqual((again.key, again.id), (-4, 5))
        self.assertEqual(records_of(items).last_ids(), {})
        self.welcome(THREE, hello(None))
        self.assertEqual(self.last_id(THREE), 0)

    def test_of_two_keys(self) -> None:
        """The ids of one are nothing to the other."""
        self.welcome(TWO, hello("b"))
        items = self.played.commit((ONE, r.Say("a", id=5)), (TWO, r.Say("b", id=5)))
        self.assertEqual(len(events(items)), 2)
        self.assertEqual(records_of(items).last_ids(), {1: (5, 1, 1), 2: (5, 1, 2)})

    def test_what_people_write_has_none(self) -> None:
        """They are told nothing beside the event; one without an id stores none."""
        items = self.played.commit((ALICE, r.Say("a")), (ONE, r.Say("b")))
        [people, program] = [x for x in items if isinstance(x, i.Event)]
        self.assertEqual((people.key, people.id), (None, None))
        self.assertEqual((program.key, program.id), (1, None))
        self.assertEqual(bodies(items, ALICE), [])
        self.assertEqual(bodies(items, ONE), [i.Stored(1, "lobby", 2, None)])


class TakeoverTests(HubTestCase):
    """One key has one live connection."""

    def setUp(self) -> None:
        """Have a program in a room of its own beside the lobby."""
        super().setUp()
        self.welcome(ONE, hello(nick="carol"))
        self.played.commit((ONE, r.Join("lab")))

    def test_a_second_connection(self) -> None:
        """It goes on with the same session; the first is told, the rooms are not."""
        items = self.played.play(TWO, hello(rooms={"lobby": 0, "lab": 0}))
        [told] = bodies(items, ONE)
        assert isinstance(told, i.Kicked)
        self.assertEqual(told.code, "taken_over")
        [welcome] = bodies(items, TWO)
        assert isinstance(welcome, i.Welcomed)
        self.assertEqual((welcome.session, welcome.nick), (3, "carol"))
        self.assertTrue(welcome.resumed)
        self.assertEqual([room.name for room in welcome.rooms], ["lobby", "lab"])
        kinds = {type(item) for item in items}
        self.assertEqual(kinds, {i.Reply, i.SessionResumed})
        self.assertEqual(self.played.hub._state.last_session, 3)

    def test_what_the_first_asks_then(self) -> None:
        """It has no session any more; that it is lost ends nothing."""
        self.welcome(TWO, hello())
        items = self.played.commit((ONE, r.Say("late", id=1)), (ONE, r.Drop("lost")))
        refusal = i.Refusal("not_stored", "this connection has no session")
        self.assertEqual(bodies(items, ONE), [refusal, i.Ended()])
        self.assertEqual(events(items), [])
        self.assertEqual(self.played.session(TWO).nick, "carol")

    def test_the_same_id_over_both(self) -> None:
        """In whatever order they come, there is one message."""
        say = r.Say("once", "lobby", id=1)
        items = self.played.commit((ONE, say), (TWO, hello()), (TWO, say))
        kinds = [type(body) for body in bodies(items, TWO)]
        self.assertEqual((len(events(items)), kinds[-1]), (1, i.Repeated))
        say = r.Say("twice", "lobby", id=2)
        items = self.played.commit((ONE, hello()), (ONE, say), (TWO, say))
        kinds = [type(body) for body in bodies(items, TWO)]
        self.assertEqual((len(events(items)), kinds), (1, [i.Kicked, i.Refusal]))

    def test_twice_in_one_group(self) -> None:
        """The last one has it, and each of the others is told."""
        items = self.played.commit((TWO, hello()), (THREE, hello()))
        self.assertEqual([type(body) for body in bodies(items, ONE)], [i.Kicked])
        kinds = [type(body) for body in bodies(items, TWO)]
        self.assertEqual(kinds, [i.Welcomed, i.Kicked])
        self.assertEqual([type(body) for body in bodies(items, THREE)], [i.Welcomed])
        self.assertEqual(self.played.session(THREE).number, 3)
        self.assertEqual(sorted(self.played.hub._state.origins), [1, 2, THREE])

    def test_in_a_group_that_fails(self) -> None:
        """The session stays where it was, and nobody was told anything else."""
        self.played.commit((ONE, r.SayTo("bob", "hi")))
        self.played.session(ONE).operator = True
        before = whole(self.played.hub)
        items = self.played.fail(
            (TWO, hello(nick="dave", rooms={"new": None, "@bob": 0})),
            (TWO, r.Say("lost", id=1)),
            (THREE, hello()),
        )
        self.assertEqual(whole(self.played.hub), before)
        refusal = i.Refusal("not_stored", "not stored: disk is full")
        self.assertEqual(
            [x.origin for x in items if isinstance(x, i.Reply)], [12, 12, 13]
        )
        self.assertEqual(bodies(items), [refusal] * 3)
        said = self.played.answer_all(ONE, r.Say("on", "lobby"))
        self.assertEqual(said, [i.Stored(1, "lobby", 1, None)])

    def test_a_fail_in_which_the_first_is_lost(self) -> None:
        """It is away then, and can come back when something can be stored again."""
        items = self.played.fail((TWO, hello()), (ONE, r.Drop("lost")))
        self.assertEqual([type(x) for x in items], [i.Reply, i.SessionAway, i.Reply])
        self.assertTrue(self.welcome(TWO, hello()).resumed)

    def test_the_right_is_the_connections(self) -> None:
        """An operator's session over another connection is none."""
        self.played.session(ONE).operator = True
        self.welcome(TWO, hello())
        self.assertEqual(self.refused(TWO, r.Announce("x"))[0], "not_allowed")

    def test_nothing_of_it_is_stored(self) -> None:
        """Only where it speaks from now: the session is in the store already."""
        batch = records_of(self.played.play(TWO, hello()))
        self.assertEqual([x.address for x in batch.resumed], ["1.2.3.4:5"])
        batch.resumed.clear()
        self.assertFalse(batch)


class RecordTests(HubTestCase):
    """What a record of a key is."""

    def test_its_marks_are_copied(self) -> None:
        """Marking does not change what the store gave."""
        record = KeyRecord(7, HASH, read={1: 0})
        played = Played()
        [missing] = bodies(played.commit((ONE, hello())))
        assert isinstance(missing, i.Missing)
        played.commit((ONE, r.Informed(missing.request, record, missing.as_of)))
        played.propose((ONE, r.Say("a", id=1)), (ONE, r.Read(1)))
        played.hub.apply()
        played.hub.commit()
        self.assertEqual(record.read, {1: 0})
