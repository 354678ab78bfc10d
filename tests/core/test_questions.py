"""Questions, and what they are answered with."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import items as i
from ecochat.core import limits
from ecochat.core import requests as r
from ecochat.core.commands import COMMANDS
from ecochat.core.facts import Facts
from ecochat.core.questions import QUESTIONS
from tests.core.played import ALICE, BOB, HubTestCase, Played, bodies, talkshot
from tests.support.snapshot import snapshot

ASKED: dict[type[r.Request], r.Request] = {
    kind: kind()
    for kind in QUESTIONS
    if kind not in (r.Search, r.SetAcks, r.Tell, r.Refuse, r.Announce, r.Visits)
    if kind is not r.Watch
} | {
    r.Search: r.Search("hi"),
    r.SetAcks: r.SetAcks(False),
    r.Tell: r.Tell("so"),
    r.Refuse: r.Refuse("usage", "wrong"),
    r.Announce: r.Announce("tea"),
    r.Visits: r.Visits("eco-{}"),
    r.Watch: r.Watch(True),
}


class AnswerTests(HubTestCase):
    """What each answers."""

    def test_status(self) -> None:
        """All sessions until now, as they are at the time of the question."""
        self.played.hub.propose(BOB, 2500, r.Status())
        status = i.StatusRange(2500, 2, False, frozenset())
        self.assertEqual(bodies(self.played.commit()), [status])

    def test_status_of_a_group_that_failed(self) -> None:
        """Sessions that could not begin are not asked for."""
        items = self.played.fail((3, r.Open()), (BOB, r.Status()))
        self.assertEqual(
            bodies(items, BOB), [i.StatusRange(1000, 2, False, frozenset())]
        )

    def test_ping(self) -> None:
        """It is answered, with its ref."""
        [reply] = self.played.commit((BOB, r.Ping(ref="x")))
        self.assertEqual(reply, i.Reply(reply.seq, BOB, i.Done(), True, "x"))

    def test_a_list_that_goes_on_has_the_ref(self) -> None:
        """What asks for its next part is the same request still."""
        self.patch(limits, "WHO_PAGE", 1)
        self.patch(limits, "ROOMS_PAGE", 1)
        self.played.commit((BOB, r.Join("lab")))
        who, rooms = bodies(
            self.played.commit((ALICE, r.Who(ref="x")), (ALICE, r.Rooms(ref="y")))
        )
        assert isinstance(who, i.WhoPage)
        assert isinstance(rooms, i.RoomsPage)
        self.assertEqual(who.more, r.Who("lobby", 1, ref="x"))
        self.assertEqual(rooms.more, r.Rooms(1, ref="y"))

    def test_time(self) -> None:
        """The time is the question's own, and of day where that is wanted."""
        for local in (False, True):
            clock = self.played.answer(ALICE, r.Time(local))
            self.assertEqual(clock, i.Clock(1000, local))

    def test_clients(self) -> None:
        """Sessions are counted, as they are at the question's place."""
        items = self.played.commit(
            (ALICE, r.Clients()), (BOB, r.Depart()), (ALICE, r.Clients())
        )
        counts = [i.Fact("clients", "2"), i.Fact("clients", "1")]
        self.assertEqual(bodies(items, ALICE), counts)

    def test_acks(self) -> None:
        """What is wanted is told back, for the network to do."""
        for on in (False, True):
            self.assertEqual(self.played.answer(BOB, r.SetAcks(on)), i.AcksSet(on))

    def test_tell(self) -> None:
        """A notice is told in its place."""
        items = self.played.commit((BOB, r.Tell("a")), (BOB, r.Refuse("x", "b")))
        expected = [i.Fact("told", "a"), i.Refusal("x", "b")]
        self.assertEqual(bodies(items), expected)

    def test_help(self) -> None:
        """A line for each command that is everybody's, or one."""
        every = self.played.answer(ALICE, r.Help())
        assert isinstance(every, i.HelpText)
        for command in COMMANDS.values():
            line = f"{command.usage}: {command.help}"
            self.assertEqual(line in every.lines, not command.operator, line)
        self.assertEqual(
            every.lines[-1], "anything else is said in the room; //x says /x"
        )
        one = self.played.answer(ALICE, r.Help("/WHO"))
        self.assertEqual(one, i.HelpText(("/who [ROOM]: list who is in a room",)))
        self.assertEqual(self.refused(ALICE, r.Help("x"))[0], "unknown_command")


class HistoryTests(HubTestCase):
    """Which part of a log is meant."""

    def ranges(self, *asked: tuple[int | None, int | None, int]) -> list[Any]:
        """Return the numbers around what each before, after and limit gives."""
        found = []
        for before, after, limit in asked:
            body = self.played.answer(ALICE, r.History(None, before, after, limit))
            assert isinstance(body, i.LogRange), body
            found.append((body.after, body.upto, body.end))
        return found

    def test_ranges(self) -> None:
        """The last before a number, the first after one, those between two, all no
        more than the limit and within what there is."""
        self.played.commit(*[(BOB, r.Say(str(n))) for n in range(1, 21)])
        self.played.commit((0, r.Expire(1, 5)))
        cases: dict[tuple[int | None, int | None, int], tuple[int, int, int]] = {
            (None, None, 3): (17, 20, 20),
            (None, None, 99): (5, 20, 20),
            (10, None, 3): (6, 9, 9),
            (10, None, 99): (5, 9, 9),
            (99, None, 3): (17, 20, 20),
            (6, None, 3): (5, 5, 20),
            (0, None, 3): (5, 0, 20),
            (None, 10, 3): (10, 13, 13),
            (None, 0, 3): (5, 8, 8),
            (None, 0, 7): (5, 12, 12),
            (None, 18, 3): (18, 20, 20),
            (None, 20, 3): (20, 20, 20),
            (None, 99, 3): (99, 20, 20),
            (12, 8, 99): (8, 11, 11),
            (12, 8, 2): (8, 10, 10),
            (8, 12, 99): (12, 7, 20),
            (limits.NUMBER, limits.NUMBER, 1000): (limits.NUMBER, 20, 20),
        }
        self.assertEqual(self.ranges(*cases), list(cases.values()))

    def test_an_empty_room(self) -> None:
        """There is nothing, and the end says so."""
        self.assertEqual(self.ranges((None, None, 20)), [(0, 0, 0)])


class SearchTests(HubTestCase):
    """What is searched for, and where."""

    def setUp(self) -> None:
        """Let there be two rooms of everyone, and private ones."""
        super().setUp()
        self.come(3, "carol")
        self.played.commit(
            (ALICE, r.Say("tea", "lobby")),
            (ALICE, r.Say("tea", "lab")),
            (ALICE, r.Say("tea", "@bob")),
            (BOB, r.Say("tea", "@carol")),
        )

    def where(self, origin: int, request: r.Search) -> i.SearchRange:
        """Return what is to be looked for."""
        body = self.played.answer(origin, request)
        assert isinstance(body, i.SearchRange), body
        return body

    def found(self, origin: int, request: r.Search) -> list[int]:
        """Return the rooms of what is found."""
        found = self.played.store.search(self.where(origin, request))
        return sorted(x.event.room for x in found)

    def test_everywhere(self) -> None:
        """In all rooms of everyone, and in one's own private rooms."""
        wanted = i.SearchRange(
            ("tea", "time*"), None, {3: "@bob"}, None, 0, limits.NUMBER, 20
        )
        self.assertEqual(self.where(ALICE, r.Search(" tea  time* ")), wanted)
        self.assertEqual(self.where(3, r.Search("tea")).names, {4: "@bob"})
        for origin, rooms in ((ALICE, [1, 2, 3]), (BOB, [1, 2, 3, 4]), (3, [1, 2, 4])):
            self.assertEqual(self.found(origin, r.Search("tea")), rooms)

    def test_in_one_room(self) -> None:
        """Between two numbers of it, by one writer, as many as are wanted."""
        asked = r.Search("tea", "LAB", "Alice", 9, 0, 5)
        wanted = i.SearchRange(("tea",), 2, {2: "lab"}, "Alice", 0, 9, 5)
        self.assertEqual(self.where(BOB, asked), wanted)
        self.assertEqual(self.found(BOB, asked), [2])
        self.assertEqual(self.found(BOB, r.Search("tea", "@alice")), [3])
        self.assertEqual(self.found(BOB, r.Search("tea", nick="alice")), [1, 2, 3])

    def test_not_in_others_rooms(self) -> None:
        """Private rooms of others are none, by whatever name."""
        for name in ("@bob", "@alice", "@carol"):
            self.come(4, "dave")
            self.assertEqual(self.refused(4, r.Search("tea", name))[0], "no_room")
            self.assertEqual(self.found(4, r.Search("tea")), [1, 2])
            self.played.commit((4, r.Depart()))

    def test_what_cannot_be(self) -> None:
        """No word, too many, numbers of no room."""
        numbers = ("usage", "before and after are numbers of a room, name it")
        for request, refusal in (
            (r.Search(" "), ("usage", "there is no word to search for")),
            (r.Search("a " * 21), ("too_many", "more than 20 words to search")),
            (r.Search("a", before=1), numbers),
            (r.Search("a", after=0), numbers),
            (r.Search("a", "nowhere"), None),
        ):
            found = self.refused(ALICE, request)
            self.assertIn(refusal, (found, None))
        self.assertEqual(len(self.where(ALICE, r.Search("a " * 20)).words), 20)


class FactsTests(SynchronousTestCase):
    """What the server says of itself."""

    def begun(self, facts: Facts | None) -> Played:
        """Return a hub with these facts, and alice in it."""
        played = Played(facts=facts)
        played.commit((ALICE, r.Open()))
        return played

    def test_they_are_given(self) -> None:
        """Name and address are those of the server."""
        played = self.begun(Facts("lab", "aa:bb:cc:dd:ee:ff"))
        self.assertEqual(played.answer(ALICE, r.Name()), i.Fact("name", "lab"))
        mac = i.Fact("mac", "aa:bb:cc:dd:ee:ff")
        self.assertEqual(played.answer(ALICE, r.Mac()), mac)

    def test_without(self) -> None:
        """There is a name, and no address, which is said so."""
        played = self.begun(None)
        self.assertEqual(played.answer(ALICE, r.Name()), i.Fact("name", "EcoChat"))
        none = i.Refusal("no_mac", "this machine shows no hardware address")
        self.assertEqual(played.answer(ALICE, r.Mac()), none)
        self.assertIsInstance(played.answer(ALICE, r.Joke()), i.Fact)

    def test_jokes(self) -> None:
        """In their order, over and over, whoever asks; none again for a failure."""
        played = self.begun(Facts(jokes=("one", "two", "three")))
        played.commit((BOB, r.Open()))
        for origin, joke in ((ALICE, "one"), (BOB, "two"), (BOB, "three")):
            answer = played.answer(origin, r.Joke())
            self.assertEqual(answer, i.Fact("joke", joke))
        told = bodies(played.fail((ALICE, r.Joke()), (ALICE, r.Say("lost"))))
        self.assertEqual(told[0], i.Fact("joke", "two"))
        self.assertEqual(played.answer(ALICE, r.Joke()), i.Fact("joke", "three"))


class NothingChangesTests(HubTestCase):
    """Questions change nothing, and need no storing."""

    def setUp(self) -> None:
        """Let alice ask all of them, those of operators too."""
        super().setUp()
        self.played.session(ALICE).operator = True
        self.played.commit((ALICE, r.Say("hi", "@bob")))

    def test_none_changes_anything(self) -> None:
        """The state is the same, and there is nothing to store."""
        before = snapshot(self.played.hub), talkshot(self.played.hub)
        self.played.propose(*[(ALICE, asked) for asked in ASKED.values()])
        self.assertFalse(self.played.hub.apply().batch)
        self.played.hub.commit()
        after = snapshot(self.played.hub), talkshot(self.played.hub)
        self.assertEqual(after, before)

    def test_each_is_answered_when_nothing_can_be_stored(self) -> None:
        """With what it is answered with otherwise, from what is left."""
        for kind, asked in ASKED.items():
            if kind is not r.Joke:
                stored = self.played.commit((ALICE, asked))
                items = self.played.fail((ALICE, r.Say("lost")), (ALICE, asked))
                self.assertEqual(bodies(items)[1:], bodies(stored), kind)
