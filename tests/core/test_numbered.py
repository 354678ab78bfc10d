"""Names that are numbered by kinds of clients, and when their bearers came and went."""

from __future__ import annotations

from ecochat.core import items as i
from ecochat.core import limits
from ecochat.core import requests as r
from ecochat.core.records import KeptSession, KeyRecord, Loaded
from tests.core.played import ALICE, BOB, HubTestCase, Played, bodies

ECO, ACK = "eco-{}", "Client{:02d}"
TIME = 1000
"""When all that a played hub is asked for is."""

ROOM: dict[str, int | None] = {"lobby": None}


def opening(form: str = ACK) -> r.Open:
    """Return what asks for a session of a classroom program's client."""
    return r.Open("1.2.3.4:5", False, True, rooms=ROOM, form=form)


class NumberedTestCase(HubTestCase):
    """With alice and bob in the lobby, and clients of the classroom's programs."""

    def name(self, origin: int, form: str = ACK) -> str:
        """Return the name that a new session is given."""
        return self.welcome(origin, opening(form)).nick

    def visits(self, origin: int, form: str = ACK) -> list[tuple[str, int | None]]:
        """Return who a session is told came, with when it went."""
        body = self.played.asked(origin, r.Visits(form, ref="x"))
        assert isinstance(body, i.Visited), body
        self.assertEqual({visit.connected for visit in body.visits} - {TIME}, set())
        return [(visit.nick, visit.disconnected) for visit in body.visits]


class NameTests(NumberedTestCase):
    """The names."""

    def test_each_form_is_counted_by_itself(self) -> None:
        """From 1, and no number is given again when its bearer has gone."""
        names = [self.name(n, ECO) for n in (3, 4)]
        names += [self.name(5, ACK), self.name(6, "client-{}")]
        self.played.commit((3, r.Depart()), (4, r.Drop("lost")))
        names += [self.name(7, ECO), self.name(8, ACK)]
        self.assertEqual(
            names, ["eco-1", "eco-2", "Client01", "client-1", "eco-3", "Client02"]
        )

    def test_more_than_its_digits(self) -> None:
        """The number grows by one, as the old program's did."""
        self.played.hub._state._given[ACK] = 98
        self.assertEqual([self.name(3), self.name(4)], ["Client99", "Client100"])

    def test_a_guests_name_does_not_depend_on_them(self) -> None:
        """It has the number of the session, as ever."""
        self.name(3)
        self.assertEqual(self.welcome(4, r.Open()).nick, "guest-4")

    def test_what_is_told_of_one(self) -> None:
        """It is in the room that was asked for, at its end; the log has its name."""
        rooms: dict[str, int | None] = {"class": None}
        request = r.Open("1.2.3.4:5", False, True, rooms=rooms, form=ECO)
        items = self.played.commit((3, request))
        [opened] = [item for item in items if isinstance(item, i.SessionOpened)]
        self.assertEqual((opened.nick, opened.address), ("eco-1", "1.2.3.4:5"))
        [body] = bodies(items, 3)
        assert isinstance(body, i.Welcomed)
        self.assertEqual([room.name for room in body.rooms], ["class"])

    def test_one_that_somebody_has_already(self) -> None:
        """As one who is away may since before such names were reserved: the next that
        is free is given, whatever the letters' case."""
        kept = tuple(
            KeptSession(number, nick, KeyRecord(number, bytes([number])), ())
            for number, nick in ((8, "CLIENT01"), (9, "client02"))
        )
        self.played = Played(Loaded(last_session=9, last_key=9, sessions=kept))
        self.assertEqual([self.name(3), self.name(4)], ["Client03", "Client04"])

    def test_they_are_nobody_elses(self) -> None:
        """Nor can one of them be taken back by who had it before."""
        self.name(3, ECO)
        for nick in ("eco-1", "ECO-7", "Client01", "client7"):
            code, text = self.refused(ALICE, r.SetNick(nick))
            self.assertEqual((code, text), ("bad_name", f"the name {nick} is reserved"))

    def test_another_name(self) -> None:
        """One may take any, and is found under that; its old one is not given anew."""
        self.name(3)
        self.played.commit((3, r.SetNick("carol")))
        self.assertEqual(self.name(4), "Client02")

    def test_a_group_that_cannot_be_stored(self) -> None:
        """Its numbers are given to the next; nothing is left of who it was for."""
        self.name(3)
        items = self.played.fail((4, opening()), (5, opening()))
        self.assertEqual({type(body) for body in bodies(items)}, {i.NotOpened})
        self.assertEqual(self.visits(3), [("Client01", None)])
        self.assertEqual([self.name(4), self.name(5)], ["Client02", "Client03"])


class VisitTests(NumberedTestCase):
    """When they came and went."""

    def test_none_yet(self) -> None:
        """Nobody has come; other forms do not count, nor do guests."""
        self.name(3, ECO)
        self.assertEqual(self.visits(ALICE), [])

    def test_the_answer(self) -> None:
        """It has the word of the request, and who asks is among them."""
        self.name(3)
        items = self.played.commit((3, r.Visits(ACK, ref="x")))
        seq = self.played.hub._state.seq
        visited = i.Visited((i.Visit("Client01", TIME),))
        self.assertEqual(items, [i.Reply(seq, 3, visited, True, "x")])

    def test_each_way_to_go(self) -> None:
        """By itself, by a lost connection, thrown out; the name is the one it had."""
        for origin in range(3, 7):
            self.name(origin)
        self.come(9, "olga", operator=True)
        self.played.commit((5, r.SetNick("carol")))
        self.played.hub.propose(3, TIME + 1, r.Depart())
        self.played.hub.propose(4, TIME + 2, r.Drop("lost"))
        self.played.hub.propose(9, TIME + 3, r.Kick("carol"))
        self.played.commit()
        went = [TIME + 1, TIME + 2, TIME + 3, None]
        names = ["Client01", "Client02", "Client03", "Client04"]
        self.assertEqual(self.visits(BOB), list(zip(names, went, strict=True)))

    def test_going_when_nothing_can_be_stored(self) -> None:
        """Who is gone is gone; who only came in that group has not."""
        self.name(3)
        self.played.fail((3, r.Drop("lost")), (4, opening()))
        self.assertEqual(self.visits(ALICE), [("Client01", TIME)])

    def test_coming_and_going_in_a_group_that_fails(self) -> None:
        """Nothing was."""
        self.played.fail((3, opening()), (3, r.Drop("lost")))
        self.assertEqual(self.visits(ALICE), [])

    def test_a_request_that_fails(self) -> None:
        """What it had counted is taken back with the rest."""
        nowhere: dict[str, int | None] = {"no room": None}
        bad = r.Open("1.2.3.4:5", False, True, rooms=nowhere, form=ACK)
        self.assertEqual(self.refused(3, bad)[0], "bad_name")
        self.assertEqual(self.visits(ALICE), [])
        self.assertEqual(self.name(3), "Client01")

    def test_the_last_ones_are_remembered(self) -> None:
        """So many, open or not; that one goes who is forgotten changes nothing."""
        self.patch(limits, "VISITS", 2)
        for origin in (3, 4, 5):
            self.name(origin)
        self.assertEqual(self.visits(3), [("Client02", None), ("Client03", None)])
        self.played.commit((3, r.Depart()), (4, r.Depart()))
        self.assertEqual(self.visits(5), [("Client02", TIME), ("Client03", None)])

    def test_a_restart(self) -> None:
        """They are counted from it, and nothing of before is known."""
        self.name(3)
        self.played = self.played.restart()
        self.assertEqual(self.name(3), "Client01")
        self.assertEqual(self.visits(3), [("Client01", None)])
