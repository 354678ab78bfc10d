"""Questions, and what they are answered with."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import items as i
from ecochat.core import requests as r
from ecochat.core.commands import COMMANDS
from ecochat.core.facts import Facts
from ecochat.core.questions import QUESTIONS
from tests.core.played import ALICE, BOB, HubTestCase, Played, bodies, talkshot
from tests.support.snapshot import snapshot

ASKED: dict[type[r.Request], r.Request] = {
    kind: kind()
    for kind in QUESTIONS
    if kind not in (r.History, r.Since, r.SetAcks, r.Tell, r.Refuse, r.Announce)
} | {
    r.History: r.History(5),
    r.Since: r.Since(0),
    r.SetAcks: r.SetAcks(False),
    r.Tell: r.Tell("so"),
    r.Refuse: r.Refuse("usage", "wrong"),
    r.Announce: r.Announce("tea"),
}


class AnswerTests(HubTestCase):
    """What each answers."""

    def test_status(self) -> None:
        """All sessions until now, as they are at the time of the question."""
        self.played.hub.propose(BOB, 2500, r.Status())
        status = i.StatusRange(2500, 2, False)
        self.assertEqual(bodies(self.played.commit()), [status])

    def test_status_of_a_group_that_failed(self) -> None:
        """Sessions that could not begin are not asked for."""
        items = self.played.fail((3, r.Open()), (BOB, r.Status()))
        self.assertEqual(bodies(items, BOB), [i.StatusRange(1000, 2, False)])

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
        expected = [i.Fact("notice", "a"), i.Refusal("x", "b")]
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
