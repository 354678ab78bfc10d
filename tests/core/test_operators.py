"""What is for operators only, and what it does."""

from ecochat.core import items as i
from ecochat.core import requests as r
from ecochat.core.commands import OPERATORS_ONLY
from tests.core.played import (
    ALICE,
    BOB,
    HubTestCase,
    bodies,
    events,
    notes,
    talkshot,
)
from tests.support.snapshot import snapshot

OLGA = 3
KICKED = i.Kicked("kicked", "an operator has ended your session")
COMMANDS: dict[str, r.Request] = {
    "say": r.Announce("tea"),
    "kick": r.Kick("bob", "loud"),
    "close": r.Close("s2"),
    "shutdown": r.Shutdown(5, "new disk"),
    "watch": r.Watch(True),
}


def gone(nick: str, number: int) -> i.Fact:
    """Return what an operator is told of one who was thrown out."""
    return i.Fact("notice", f"{nick} (s{number}) is disconnected")


class OperatorTestCase(HubTestCase):
    """With alice and bob in the lobby, and olga, an operator."""

    def setUp(self) -> None:
        """Open her session."""
        super().setUp()
        self.come(OLGA, "olga", operator=True)


class RightTests(OperatorTestCase):
    """Who may."""

    def test_others_may_not(self) -> None:
        """Each is refused with the command's name, and changes nothing."""
        self.assertEqual(set(OPERATORS_ONLY), {type(x) for x in COMMANDS.values()})
        for name, request in COMMANDS.items():
            before = snapshot(self.played.hub), talkshot(self.played.hub)
            items = self.played.commit((ALICE, request))
            text = f"/{name} is for operators only"
            refusal = i.Refusal("not_allowed", text)
            self.assertEqual(bodies(items, ALICE), [refusal])
            self.assertEqual(len(items), 1)
            after = snapshot(self.played.hub), talkshot(self.played.hub)
            self.assertEqual(after, before)

    def test_nor_when_nothing_can_be_stored(self) -> None:
        """The right is asked for anew."""
        items = self.played.fail(*[(ALICE, x) for x in COMMANDS.values()])
        codes = [body.code for body in bodies(items) if isinstance(body, i.Refusal)]
        self.assertEqual((codes, len(items)), (["not_allowed"] * 5, 5))

    def test_nor_without_a_session(self) -> None:
        """A connection is none of an operator before its session has begun, nor when
        that is over."""
        for request in COMMANDS.values():
            self.assertEqual(self.refused(9, request)[0], "not_stored")
        items = self.played.commit((OLGA, r.Depart()), (OLGA, r.Kick("bob")))
        refusal = i.Refusal("not_stored", "this connection has no session")
        self.assertEqual(bodies(items, OLGA), [i.Ended(), refusal])
        self.assertEqual(bodies(items, BOB), [])

    def test_the_right_is_the_sessions(self) -> None:
        """Not the name's: who takes it has no right."""
        self.played.commit((OLGA, r.Depart()), (ALICE, r.SetNick("olga")))
        self.assertEqual(self.refused(ALICE, r.Announce("x"))[0], "not_allowed")

    def test_help(self) -> None:
        """Operators are shown their commands; others can have one explained."""
        every, fewer = (
            self.played.answer(origin, r.Help()) for origin in (OLGA, ALICE)
        )
        assert isinstance(every, i.HelpText)
        assert isinstance(fewer, i.HelpText)
        more = [line.split(":")[0] for line in every.lines if line not in fewer.lines]
        self.assertEqual(
            more,
            [
                *("/say TEXT", "/kick NICK [REASON]", "/close ID"),
                *("/shutdown [SECONDS] [REASON]", "/watch on|off"),
            ],
        )
        self.assertEqual(len(fewer.lines), len(every.lines) - 5)
        one = self.played.answer(ALICE, r.Help("kick"))
        assert isinstance(one, i.HelpText)
        self.assertEqual(
            one.lines,
            ("/kick NICK [REASON]: end the session of someone (operators only)",),
        )

    def test_addresses_are_for_operators(self) -> None:
        """The list of sessions has them for none else."""
        for origin, addresses in ((ALICE, False), (OLGA, True)):
            status = self.played.answer(origin, r.Status())
            self.assertEqual(status, i.StatusRange(1000, 3, addresses, frozenset()))


class ThrowOutTests(OperatorTestCase):
    """Ending the sessions of others."""

    def test_kick(self) -> None:
        """The one is told why, the rooms that it left, the operator that it is done."""
        self.played.commit((BOB, r.Join("lab")))
        items = self.played.commit((OLGA, r.Kick("BOB", "too loud")))
        text = "an operator has ended your session: too loud"
        self.assertEqual(bodies(items, BOB), [i.Kicked("kicked", text)])
        self.assertEqual(bodies(items, OLGA), [gone("bob", 2)])
        left = [(1, "left", "bob", ""), (2, "left", "bob", "")]
        self.assertEqual(notes(items), left)
        closed = [x for x in items if isinstance(x, i.SessionClosed)]
        reason = "closed by an operator: too loud"
        self.assertEqual(
            [(x.session, x.nick, x.reason, x.time, x.remaining) for x in closed],
            [(2, "bob", reason, 1000, 2)],
        )
        said = self.refused(BOB, r.Say("still here"))
        self.assertEqual(said, ("not_stored", "this connection has no session"))
        renamed = self.played.answer(ALICE, r.SetNick("bob"))
        self.assertEqual(renamed, i.Renamed("alice", "bob"))

    def test_close(self) -> None:
        """By the number, which no renaming changes."""
        items = self.played.commit((BOB, r.SetNick("rob")), (OLGA, r.Close("s2")))
        self.assertEqual(bodies(items, BOB)[1:], [KICKED])
        self.assertEqual(bodies(items, OLGA), [gone("rob", 2)])
        nobody = ("no_session", "there is no session s2, /status lists them")
        self.assertEqual(self.refused(OLGA, r.Close("s2")), nobody)

    def test_closing_what_is_no_session(self) -> None:
        """An id is s and a number, in any case; of anything else there is none."""
        for session in ("", "s", "x2", "2x", "s-2", "s٢", "s 2", "s" + "9" * 19, "ss2"):
            text = f"there is no session {session[:20]}, /status lists them"
            found = self.refused(OLGA, r.Close(session))
            self.assertEqual(found, ("no_session", text))
        for session in ("S2", "1"):
            items = self.played.commit((OLGA, r.Close(session)))
            self.assertEqual(
                len([x for x in items if isinstance(x, i.SessionClosed)]), 1
            )

    def test_nobody(self) -> None:
        """An absent one, and one who departs in the same group."""
        nobody = ("no_nick", "there is nobody called carol")
        self.assertEqual(self.refused(OLGA, r.Kick("carol")), nobody)
        self.assertEqual(self.refused(OLGA, r.Close("s99"))[0], "no_session")
        items = self.played.commit(
            (BOB, r.Depart()), (OLGA, r.Kick("bob")), (OLGA, r.Close("s2"))
        )
        self.assertEqual(bodies(items, BOB), [i.Ended()])
        codes = [x.code for x in bodies(items, OLGA) if isinstance(x, i.Refusal)]
        self.assertEqual(codes, ["no_nick", "no_session"])
        closed = [x.reason for x in items if isinstance(x, i.SessionClosed)]
        self.assertEqual(closed, ["quit"])

    def test_who_departs_behind_it(self) -> None:
        """It ends once, and what it asked for meanwhile finds no session."""
        items = self.played.commit(
            (OLGA, r.Kick("bob")), (BOB, r.Say("x")), (BOB, r.Depart())
        )
        closed = [x.session for x in items if isinstance(x, i.SessionClosed)]
        self.assertEqual((closed, events(items)), ([2], []))
        self.assertEqual(bodies(items, BOB)[0], KICKED)
        self.assertEqual(bodies(items, BOB)[2], i.Ended())

    def test_oneself(self) -> None:
        """An operator can end its own session, in either way, once."""
        items = self.played.commit((OLGA, r.Kick("olga")), (OLGA, r.Close("s3")))
        refusal = i.Refusal("not_stored", "this connection has no session")
        self.assertEqual(bodies(items, OLGA), [KICKED, gone("olga", 3), refusal])
        self.come(4, "otto", operator=True)
        items = self.played.commit((4, r.Close("s4")))
        self.assertEqual(bodies(items, 4), [KICKED, gone("otto", 4)])
        self.assertEqual(list(self.played.hub._state.sessions), [1, 2])

    def test_another_operator(self) -> None:
        """Operators can end each other's."""
        self.come(4, "otto", operator=True)
        items = self.played.commit((4, r.Kick("olga")), (OLGA, r.Kick("otto")))
        self.assertEqual(bodies(items, 4), [gone("olga", 3)])
        self.assertEqual(list(self.played.hub._state.sessions), [1, 2, 4])

    def test_in_a_group_that_fails(self) -> None:
        """Who was thrown out is, and that is stored as soon as it can be."""
        items = self.played.fail(
            (BOB, r.Say("lost")), (OLGA, r.Kick("bob")), (OLGA, r.Close("s1"))
        )
        refusal = i.Refusal("not_stored", "not stored: disk is full")
        self.assertEqual(bodies(items, BOB), [refusal, KICKED])
        self.assertEqual(bodies(items, ALICE), [KICKED])
        self.assertEqual(bodies(items, OLGA), [gone("bob", 2), gone("alice", 1)])
        self.assertEqual(list(self.played.hub._state.sessions), [3])
        self.assertTrue(self.played.hub.has_unstored)
        self.played.fail((OLGA, r.Say("lost")))
        group = self.played.hub.apply()
        self.assertEqual([x.session for x in group.batch.closed], [2, 1])
        self.played.hub.commit()
        self.assertFalse(self.played.hub.has_unstored)

    def test_by_a_name_that_could_not_be_stored(self) -> None:
        """Nobody has it, so nobody is thrown out."""
        items = self.played.fail((BOB, r.SetNick("rob")), (OLGA, r.Kick("rob")))
        nobody = i.Refusal("no_nick", "there is nobody called rob")
        self.assertEqual(bodies(items, OLGA), [nobody])
        self.assertEqual(sorted(self.played.hub._state.sessions), [1, 2, 3])

    def test_one_whose_beginning_could_not_be_stored(self) -> None:
        """There is nobody to be thrown out then."""
        items = self.played.fail((4, r.Open()), (OLGA, r.Kick("guest-4")))
        codes = [x.code for x in bodies(items) if isinstance(x, i.Refusal)]
        self.assertEqual(codes, ["not_stored", "no_nick"])
        self.assertFalse(self.played.hub.has_unstored)


class EveryoneTests(OperatorTestCase):
    """What everyone is told."""

    def setUp(self) -> None:
        """Have bob be in no room, and alice in two."""
        super().setUp()
        self.played.commit((BOB, r.Leave()), (ALICE, r.Join("lab")))

    def everyone(self, items: list[i.Item], text: str) -> None:
        """Check that each session was told this once, and nothing is stored."""
        told = [(x.origin, x.body) for x in items if isinstance(x, i.Reply)]
        announced = i.Announced(text)
        expected = [(origin, announced) for origin in (ALICE, BOB, OLGA)]
        self.assertEqual(sorted(told, key=lambda x: x[0]), expected)
        self.assertEqual(events(items), [])

    def test_announcing(self) -> None:
        """Each session is told once, in whatever room or none."""
        self.everyone(self.played.commit((OLGA, r.Announce("tea"))), "tea")

    def test_announcing_when_nothing_can_be_stored(self) -> None:
        """All that are still there are told, once."""
        items = self.played.fail(
            (4, r.Open()), (OLGA, r.Announce("disk is full")), (ALICE, r.Say("lost"))
        )
        self.assertEqual(announced_to(items), [ALICE, BOB, OLGA])

    def test_a_program_is_answered(self) -> None:
        """Beside what everyone is told, it is told that it is done, with its ref."""
        opening = r.Open(operator=True, answered=True, nick="otto")
        self.played.commit((4, opening))
        for request in (r.Announce("tea", ref="x"), r.Shutdown(5, ref="x")):
            items = self.played.commit((4, request))
            told = [x for x in items if isinstance(x, i.Reply) and x.origin == 4]
            self.assertEqual([x.is_answer for x in told], [False, True])
            self.assertEqual([x.ref for x in told], [None, "x"])
            self.assertEqual(told[1].body, i.Done())

    def test_who_has_left_is_not_told(self) -> None:
        """Nor who comes later."""
        items = self.played.commit(
            (BOB, r.Depart()), (OLGA, r.Announce("tea")), (4, r.Open())
        )
        self.assertEqual(announced_to(items), [ALICE, OLGA])

    def test_what_is_too_long(self) -> None:
        """Words to everyone are bounded as messages are, reasons as topics."""
        long = "x" * 401
        for request in (
            r.Announce("x" * 4001),
            r.Kick("bob", long),
            r.Shutdown(5, long),
        ):
            items = self.played.commit((OLGA, request))
            (refusal,) = bodies(items, OLGA)
            self.assertIsInstance(refusal, i.Refusal)
            self.assertEqual(getattr(refusal, "code", ""), "too_long")
            self.assertEqual(len(items), 1)

    def test_shutting_down(self) -> None:
        """Everyone is told when and why, then the server is."""
        for request, text, seconds in (
            (r.Shutdown(60, "new disk"), "stopping in 60 seconds: new disk", 60),
            (r.Shutdown(60), "stopping in 60 seconds", 60),
            (r.Shutdown(0, "bye"), "stopping now: bye", 0),
            (r.Shutdown(), "stopping now", 0),
        ):
            items = self.played.commit((OLGA, request))
            self.everyone(items, text)
            self.assertIsInstance(items[-1], i.Stopping)
            stopping = [x.seconds for x in items if isinstance(x, i.Stopping)]
            self.assertEqual(stopping, [seconds])

    def test_shutting_down_when_nothing_can_be_stored(self) -> None:
        """It is done all the same, once."""
        items = self.played.fail((ALICE, r.Say("lost")), (OLGA, r.Shutdown(1)))
        stopping = [x.seconds for x in items if isinstance(x, i.Stopping)]
        self.assertEqual(stopping, [1])
        self.assertEqual(announced_to(items), [ALICE, BOB, OLGA])


class WatchTests(OperatorTestCase):
    """Being told what happens."""

    def test_it_is_asked_for_and_given_up(self) -> None:
        """The answer has a place of its own behind it; nothing is stored."""
        for on, word in ((True, "watch on"), (False, "watch off")):
            watched, reply = self.played.commit((OLGA, r.Watch(on)))
            self.assertEqual(watched, i.Watched(watched.seq, 3, on))
            assert isinstance(reply, i.Reply)
            self.assertEqual(reply.body, i.Fact("notice", word))
            self.assertLess(watched.seq, reply.seq)

    def test_it_is_for_operators(self) -> None:
        """Nobody else is told what happens in rooms that they are not in."""
        [refused] = bodies(self.played.commit((ALICE, r.Watch(True))))
        assert isinstance(refused, i.Refusal)
        self.assertEqual(refused.code, "not_allowed")


def announced_to(items: list[i.Item]) -> list[int]:
    """Return the connections that are told what the operator says, each as often."""
    replies = [item for item in items if isinstance(item, i.Reply)]
    return sorted(x.origin for x in replies if isinstance(x.body, i.Announced))
