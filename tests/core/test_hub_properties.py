"""Whatever is proposed and whatever fails: two hubs agree, numbers have no hole, what
failed left nothing, and nobody hears what two others write to each other."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import items as i
from ecochat.core import limits
from ecochat.core import requests as r
from ecochat.core.hub import Group, Hub
from ecochat.core.items import Event, Item, Reply, SessionOpened
from ecochat.core.limits import Limits
from ecochat.core.names import fold
from tests.core.played import Ears, talkshot
from tests.support.snapshot import snapshot

OPERATOR = 4
"""The connection that is an operator's."""

ORIGINS = st.integers(1, 4)
NICKS = st.sampled_from(["ann", "ANN", "bob", "eve", "x y", "end", "guest-2"])
TALKS = st.sampled_from(["@ann", "@bob", "@eve", "@guest-1", "@guest-2", "@nobody"])
ROOMS = st.sampled_from(["lobby", "a", "A", "b", "no room"]) | TALKS
MAYBE_ROOM = st.none() | ROOMS
CHANGES: st.SearchStrategy[r.Request] = st.one_of(
    st.builds(r.Open),
    st.builds(r.Say, st.sampled_from(["hi", "", "x" * 11]), MAYBE_ROOM),
    st.builds(r.Say, st.just("hi")),
    st.builds(r.Say, st.just("psst"), TALKS),
    st.builds(r.SetNick, NICKS),
    st.builds(r.Join, ROOMS),
    st.builds(r.Leave, MAYBE_ROOM),
    st.builds(r.SetTopic, st.sampled_from(["", "news"]), MAYBE_ROOM),
    st.builds(r.Depart, st.just("quit"), st.booleans()),
)
QUESTIONS: st.SearchStrategy[r.Request] = st.one_of(
    st.builds(r.GetTopic, MAYBE_ROOM),
    st.builds(r.Who, MAYBE_ROOM),
    st.builds(r.Rooms),
    st.builds(r.History, st.integers(1, 5), st.none() | st.integers(0, 9), MAYBE_ROOM),
    st.builds(r.Since, st.integers(0, 9), MAYBE_ROOM),
    st.builds(r.Help, st.none() | st.just("who")),
    st.builds(r.Refuse, st.just("usage"), st.just("wrong")),
    st.builds(r.Tell, st.just("so")),
    st.builds(r.SetAcks, st.booleans()),
    st.sampled_from([r.Status(), r.Clients(), r.Time(), r.Name(), r.Mac(), r.Joke()]),
)
FOR_EVERYONE = st.just(r.Announce("by 4")) | st.just(r.Shutdown(0, "by 4"))
IN_PRIVATE: dict[str, Callable[[str], r.Request]] = {
    "say": partial(r.Say, "psst"),
    "join": r.Join,
    "leave": r.Leave,
    "topic": partial(r.SetTopic, "secret"),
    "topic?": r.GetTopic,
    "who": r.Who,
    "history": partial(r.History, 5, None),
    "since": partial(r.Since, 0),
}
"""What is done in the private room of a name."""


class Toward(NamedTuple):
    """Something that concerns another connection's session, by its name of then."""

    origin: int
    ask: str


Asked = tuple[int, r.Request | Toward]
TOWARD = st.builds(Toward, ORIGINS, st.sampled_from(["say", *IN_PRIVATE]))
THROW_OUT = st.builds(Toward, ORIGINS, st.sampled_from(["kick", "close"]))
PROPOSALS: st.SearchStrategy[list[Asked]] = st.lists(
    st.one_of(
        st.tuples(ORIGINS, CHANGES),
        st.tuples(ORIGINS, QUESTIONS),
        st.tuples(ORIGINS, TOWARD),
        st.tuples(ORIGINS, TOWARD),
        st.tuples(ORIGINS, FOR_EVERYONE),
        st.tuples(st.just(OPERATOR), CHANGES | THROW_OUT),
    ),
    max_size=8,
)

UNASKED = (i.Opened, i.Relabelled, i.Dropped, i.Kicked)
"""What someone is told for what another did."""


class TwoHubs(RuleBasedStateMachine):
    """Plays the same into two hubs, and keeps what was committed."""

    def __init__(self) -> None:
        super().__init__()
        self.hubs = (Hub(Limits(10)), Hub(Limits(10)))
        self.groups: tuple[Group, ...] = ()
        self.before: dict[str, Any] = {}
        self.talks: dict[str, Any] = {}
        self.ears = Ears()
        self.owners: dict[int, tuple[str, ...]] = {}
        self.here: set[int] = set()
        self.numbers: dict[int, int] = {}
        self.origins: dict[int, int] = {}
        self.committed: dict[int, list[Event]] = {}
        self.seq = 0

    @initialize()
    def open(self) -> None:
        """Begin with four sessions, so that there is something to take back."""
        for origin in (1, 2, 3, OPERATOR):
            self.propose([(origin, r.Open())])
        self.apply()
        self.commit()

    @rule(proposals=PROPOSALS)
    def propose(self, proposals: list[Asked]) -> None:
        """Propose, also while a group is being stored."""
        for time, (origin, asked) in enumerate(proposals):
            request = self.toward(asked) if isinstance(asked, Toward) else asked
            if type(request) is r.Open:
                request = r.Open(operator=origin == OPERATOR)
            if type(request) is not r.Open or not self.has_session(origin):
                for hub in self.hubs:
                    hub.propose(origin, time, request)

    @rule(
        proposals=PROPOSALS,
        meanwhile=PROPOSALS,
        stored=st.booleans(),
        all_here=st.booleans(),
    )
    def play(
        self,
        proposals: list[Asked],
        meanwhile: list[Asked],
        stored: bool,
        all_here: bool,
    ) -> None:
        """A whole group, with what comes while it is being stored."""
        if all_here:
            self.come()
        self.propose(proposals)
        self.apply()
        self.propose(meanwhile)
        (self.commit if stored else self.fail)()

    def come(self) -> None:
        """Everyone who has no session asks for one."""
        self.propose([(origin, r.Open()) for origin in range(1, 5)])

    def toward(self, asked: Toward) -> r.Request:
        """Return the request that is meant."""
        number, nick = self.session(asked.origin)
        if asked.ask == "close":
            return r.Close(number)
        return (
            r.Kick(nick) if asked.ask == "kick" else IN_PRIVATE[asked.ask](f"@{nick}")
        )

    def session(self, origin: int) -> tuple[int, str]:
        """Return number and name of a connection's session, or of nobody."""
        session = self.hubs[0]._state.origins.get(origin)
        return (session.number, session.nick) if session else (0, "nobody")

    def has_session(self, origin: int) -> bool:
        """Whether a connection has a session or has asked for one: the network
        proposes one opening for each connection that has none."""
        hub = self.hubs[0]
        asked = [p for p in hub._waiting if p.origin == origin]
        if hub._group is not None:
            asked = [p for p in hub._group.proposals if p.origin == origin] + asked
        for proposal in reversed(asked):
            if type(proposal.request) in (r.Open, r.Depart):
                return type(proposal.request) is r.Open
        return origin in self.here

    @rule()
    def apply(self) -> None:
        """Begin a group, unless one is under way."""
        if not self.groups:
            self.before = snapshot(self.hubs[0])
            self.talks = talkshot(self.hubs[0])
            origins = self.hubs[0]._state.origins
            self.numbers = {origin: s.number for origin, s in origins.items()}
            self.groups = tuple(hub.apply() for hub in self.hubs)
            assert self.groups[0].items == self.groups[1].items
            assert self.groups[0].batch == self.groups[1].batch

    @rule()
    def commit(self) -> None:
        """End the group well: its events are what is told, in its order."""
        if self.groups:
            self.end([hub.commit() for hub in self.hubs])

    @rule()
    def fail(self) -> None:
        """End the group badly: nobody hears of it, all but departures is as before."""
        if self.groups:
            group = self.groups[0]
            told = [hub.fail("full") for hub in self.hubs]
            gone = {x.session for x in told[0] if isinstance(x, i.SessionClosed)}
            self.check_gone(group, gone)
            self.check_undone(gone)
            self.end(told)

    def check_gone(self, group: Group, gone: set[int]) -> None:
        """Whose departure was asked for is gone, by itself or by an operator."""
        asked = [p.origin for p in group.proposals if type(p.request) is r.Depart]
        departed = {self.numbers[origin] for origin in asked if origin in self.numbers}
        assert departed <= gone
        names = dict(self.before["names"])
        thrown_out: set[int | None] = set()
        for proposal in group.proposals:
            if proposal.origin == OPERATOR and isinstance(proposal.request, r.Kick):
                thrown_out.add(names.get(fold(proposal.request.nick)))
            elif proposal.origin == OPERATOR and isinstance(proposal.request, r.Close):
                thrown_out.add(proposal.request.session)
        assert gone - departed <= thrown_out

    def check_undone(self, gone: set[int]) -> None:
        """All is as it was before the group, without those who are gone."""
        after: Any = snapshot(self.hubs[0])
        left = [s for s in self.before["sessions"] if s[0] not in gone]
        assert after["sessions"] == left
        assert after["names"] == [n for n in self.before["names"] if n[1] not in gone]
        assert [room[:4] for room in after["rooms"]] == [
            room[:4] for room in self.before["rooms"]
        ]
        assert after["last_session"] == self.before["last_session"]
        self.check_talks_undone(gone)

    def check_talks_undone(self, gone: set[int]) -> None:
        """Those with nobody left are gone, and nothing else is another."""
        talks, before = talkshot(self.hubs[0]), self.talks
        here = {f"s{number}" for number in self.hubs[0]._state.sessions}
        kept = {
            key: (*talk[:4], tuple(n for n in talk[4] if n not in gone))
            for key, talk in before["talks"].items()
            if here & set(key.split())
        }
        assert talks["talks"] == kept
        for name in ("owned", "current"):
            left = {n: was for n, was in before[name].items() if n not in gone}
            assert talks[name] == left
        assert talks["last_room"] == before["last_room"]

    def end(self, told: list[list[Item]]) -> None:
        """Check what is told at the end of a group."""
        items = told[0]
        assert items == told[1]
        for item in items:
            assert item.seq > self.seq
            self.seq = item.seq
            if isinstance(item, Event):
                self.committed.setdefault(item.room, []).append(item)
            if isinstance(item, SessionOpened):
                self.origins[item.session] = item.origin
            if isinstance(item, i.RoomMade) and item.owners:
                self.owners[item.room] = item.owners
            if isinstance(item, Reply):
                self.come_or_go(item)
            self.ears.hear([item])
            self.check_private(item)
        self.check_answers(items)
        self.groups = ()

    def come_or_go(self, reply: Reply) -> None:
        """Note who has a session, as far as connections were told."""
        if isinstance(reply.body, i.Welcomed):
            self.here.add(reply.origin)
        elif isinstance(reply.body, i.Ended | i.Kicked):
            self.here.discard(reply.origin)

    def check_private(self, item: Item) -> None:
        """What is said to one person is heard by the two, and by nobody else."""
        room = item.body if isinstance(item, Reply) else item
        owners = self.owners.get(getattr(room, "room", 0), ())
        if not owners or isinstance(item, i.RoomMade | i.RoomDropped):
            return
        both = {self.origins[int(owner[1:])] for owner in owners}
        if isinstance(item, Reply):
            assert item.origin in both
        else:
            assert isinstance(item, Event)
            heard = self.ears.heard.items()
            assert both == {o for o, told in heard if told and told[-1] is item}

    def check_answers(self, items: list[Item]) -> None:
        """Each proposal has one answer: a reply, or an event of its own."""
        asked = Counter(proposal.origin for proposal in self.groups[0].proposals)
        replies = [
            item.origin
            for item in items
            if isinstance(item, Reply)
            and not isinstance(item.body, UNASKED)
            and (item.origin == OPERATOR or not isinstance(item.body, i.Announced))
        ]
        events = [item.session for item in items if isinstance(item, Event)]
        answered = Counter(replies + [self.origins[session] for session in events])
        assert answered == asked

    @invariant()
    def hubs_agree(self) -> None:
        """Both are in the same state, always."""
        assert snapshot(self.hubs[0]) == snapshot(self.hubs[1])
        assert talkshot(self.hubs[0]) == talkshot(self.hubs[1])

    @invariant()
    def numbers_have_no_hole(self) -> None:
        """What is committed in a room is numbered 1, 2, 3, …"""
        for events in self.committed.values():
            assert [event.n for event in events] == list(range(1, len(events) + 1))

    @invariant()
    def private_rooms_are_somebodys(self) -> None:
        """Each is owned by those of its two who are here, unless they forgot it."""
        state = self.hubs[0]._state
        owned = {key for s in state.sessions.values() for key in s.talks}
        assert owned == set(state.talks)
        assert len(owned) <= limits.TALKS_IN_ALL


class HubPropertyTests(SynchronousTestCase):
    """The state machine above, played at random."""

    def test_two_hubs_agree_and_numbers_have_no_hole(self) -> None:
        """At least 200 random plays, with few private rooms, so that some end."""
        with (
            mock.patch.object(limits, "TALKS", 2),
            mock.patch.object(limits, "TALKS_IN_ALL", 4),
        ):
            run_state_machine_as_test(
                TwoHubs,
                settings=settings(
                    max_examples=250,
                    stateful_step_count=40,
                    deadline=None,
                    database=None,
                ),
            )
