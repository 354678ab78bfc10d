"""Whatever is proposed and whatever fails: two hubs agree, and numbers have no hole."""

from collections import Counter
from typing import Any

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

from ecochat.core import requests as r
from ecochat.core.hub import Group, Hub
from ecochat.core.items import Event, Item, Reply, SessionOpened
from ecochat.core.limits import Limits
from tests.support.snapshot import snapshot

ORIGINS = st.integers(1, 4)
NICKS = st.sampled_from(["ann", "ANN", "bob", "eve", "x y", "end", "guest-2"])
ROOMS = st.sampled_from(["lobby", "a", "A", "b", "no room"])
MAYBE_ROOM = st.none() | ROOMS
CHANGES: st.SearchStrategy[r.Request] = st.one_of(
    st.builds(r.Open),
    st.builds(r.Say, st.sampled_from(["hi", "", "x" * 11]), MAYBE_ROOM),
    st.builds(r.Say, st.just("hi")),
    st.builds(r.SetNick, NICKS),
    st.builds(r.Join, ROOMS),
    st.builds(r.Leave, MAYBE_ROOM),
    st.builds(r.SetTopic, st.sampled_from(["", "news"]), MAYBE_ROOM),
    st.builds(r.Depart, st.just("quit")),
)
QUESTIONS: st.SearchStrategy[r.Request] = st.one_of(
    st.builds(r.GetTopic, MAYBE_ROOM),
    st.builds(r.Who, MAYBE_ROOM),
    st.builds(r.Rooms),
    st.builds(r.History, st.integers(1, 5), st.none() | st.integers(0, 9)),
    st.builds(r.Since, st.integers(0, 9)),
    st.builds(r.Help, st.none() | st.just("who")),
    st.builds(r.Refuse, st.just("usage"), st.just("wrong")),
)
PROPOSALS = st.lists(st.tuples(ORIGINS, CHANGES | QUESTIONS), max_size=8)


class TwoHubs(RuleBasedStateMachine):
    """Plays the same into two hubs, and keeps what was committed."""

    def __init__(self) -> None:
        super().__init__()
        self.hubs = (Hub(Limits(10)), Hub(Limits(10)))
        self.groups: tuple[Group, ...] = ()
        self.before: dict[str, Any] = {}
        self.numbers: dict[int, int] = {}
        self.origins: dict[int, int] = {}
        self.committed: dict[int, list[Event]] = {}
        self.seq = 0

    @initialize()
    def open(self) -> None:
        """Begin with three sessions, so that there is something to take back."""
        for origin in (1, 2, 3):
            self.propose([(origin, r.Open())])
        self.apply()
        self.commit()

    @rule(proposals=PROPOSALS)
    def propose(self, proposals: list[tuple[int, r.Request]]) -> None:
        """Propose, also while a group is being stored."""
        for time, (origin, request) in enumerate(proposals):
            if type(request) is not r.Open or not self.has_session(origin):
                for hub in self.hubs:
                    hub.propose(origin, time, request)

    @rule(proposals=PROPOSALS, meanwhile=PROPOSALS, stored=st.booleans())
    def play(
        self,
        proposals: list[tuple[int, r.Request]],
        meanwhile: list[tuple[int, r.Request]],
        stored: bool,
    ) -> None:
        """A whole group, with what comes while it is being stored."""
        self.propose(proposals)
        self.apply()
        self.propose(meanwhile)
        (self.commit if stored else self.fail)()

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
        return origin in hub._state.origins

    @rule()
    def apply(self) -> None:
        """Begin a group, unless one is under way."""
        if not self.groups:
            self.before = snapshot(self.hubs[0])
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
        if not self.groups:
            return
        proposals = self.groups[0].proposals
        departed = {p.origin for p in proposals if type(p.request) is r.Depart}
        gone = {self.numbers[origin] for origin in departed if origin in self.numbers}
        self.end([hub.fail("full") for hub in self.hubs])
        after: Any = snapshot(self.hubs[0])
        left = [s for s in self.before["sessions"] if s[0] not in gone]
        assert after["sessions"] == left
        assert after["names"] == [n for n in self.before["names"] if n[1] not in gone]
        assert [room[:4] for room in after["rooms"]] == [
            room[:4] for room in self.before["rooms"]
        ]
        assert after["last_session"] == self.before["last_session"]

    def end(self, told: list[list[Item]]) -> None:
        """Check what is told at the end of a group."""
        items = told[0]
        assert items == told[1]
        for item in items:
            assert item.seq > self.seq
            self.seq = item.seq
            if isinstance(item, Event):
                self.committed.setdefault(item.room, []).append(item)
        self.check_answers(items)
        self.groups = ()

    def check_answers(self, items: list[Item]) -> None:
        """Each proposal has one answer: a reply, or an event of its own."""
        for item in items:
            if isinstance(item, SessionOpened):
                self.origins[item.session] = item.origin
        asked = Counter(proposal.origin for proposal in self.groups[0].proposals)
        replies = [item.origin for item in items if isinstance(item, Reply)]
        events = [item.session for item in items if isinstance(item, Event)]
        answered = Counter(replies + [self.origins[session] for session in events])
        assert answered == asked

    @invariant()
    def hubs_agree(self) -> None:
        """Both are in the same state, always."""
        assert snapshot(self.hubs[0]) == snapshot(self.hubs[1])

    @invariant()
    def numbers_have_no_hole(self) -> None:
        """What is committed in a room is numbered 1, 2, 3, …"""
        for events in self.committed.values():
            assert [event.n for event in events] == list(range(1, len(events) + 1))


class HubPropertyTests(SynchronousTestCase):
    """The state machine above, played at random."""

    def test_two_hubs_agree_and_numbers_have_no_hole(self) -> None:
        """At least 200 random plays."""
        run_state_machine_as_test(
            TwoHubs,
            settings=settings(
                max_examples=250,
                stateful_step_count=40,
                deadline=None,
                database=None,
            ),
        )
