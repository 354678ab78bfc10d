"""Whatever is proposed and whatever fails: two hubs agree, numbers have no hole, each
request has one answer, nothing is stored twice under one id, what failed left nothing,
and nobody hears what two others write to each other."""

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
from msgspec.structs import replace
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import items as i
from ecochat.core import limits
from ecochat.core import requests as r
from ecochat.core.hub import Group, Hub
from ecochat.core.items import Event, Item, Reply
from ecochat.core.limits import Limits
from ecochat.core.names import fold
from ecochat.store.memory import MemoryStore
from tests.core.played import Ears, hello, last, since, whole

OPERATOR = 4
"""The connection that is an operator's."""

PEOPLE = (1, 2, 3, OPERATOR)
"""The connections of those who are told nothing of what they write but itself."""

PROGRAMS = (5, 6, 7, 8)
"""The connections of those who are answered, and may have a key."""

ORIGINS = st.integers(1, 8)
PERSONS = st.sampled_from(PEOPLE)
NICKS = st.sampled_from(["ann", "ANN", "bob", "eve", "x y", "end", "guest-2"])
TALKS = st.sampled_from(["@ann", "@bob", "@eve", "@guest-1", "@guest-2", "@nobody"])
ROOMS = st.sampled_from(["lobby", "a", "A", "b", "no room"]) | TALKS
MAYBE_ROOM = st.none() | ROOMS
CHANGES: st.SearchStrategy[r.Request] = st.one_of(
    st.builds(r.Open, form=st.sampled_from(["", "eco-{}"])),
    st.builds(r.Say, st.sampled_from(["hi", "", "x" * 11]), MAYBE_ROOM),
    st.builds(r.Say, st.just("hi")),
    st.builds(r.Say, st.just("psst"), TALKS),
    st.builds(r.SetNick, NICKS),
    st.builds(r.Join, ROOMS),
    st.builds(r.Leave, MAYBE_ROOM),
    st.builds(r.SetTopic, st.sampled_from(["", "news"]), MAYBE_ROOM),
    st.builds(r.Depart, st.just("quit"), st.booleans()),
)
AT_ONCE = st.builds(
    r.SayAll,
    st.lists(st.just("hi"), min_size=1, max_size=4)
    | st.lists(st.sampled_from(["hi", "yo", "", " ", "x" * 11]), min_size=1),
)
QUESTIONS: st.SearchStrategy[r.Request] = st.one_of(
    st.builds(r.GetTopic, MAYBE_ROOM),
    st.builds(r.Who, MAYBE_ROOM),
    st.builds(r.Rooms),
    st.builds(last, st.integers(1, 5), MAYBE_ROOM, st.none() | st.integers(0, 9)),
    st.builds(since, st.integers(0, 9), MAYBE_ROOM),
    st.builds(r.Search, st.sampled_from(["hi psst", "psst", ""]), MAYBE_ROOM),
    st.just(r.Ping()),
    st.builds(r.Help, st.none() | st.just("who")),
    st.builds(r.Refuse, st.just("usage"), st.just("wrong")),
    st.builds(r.Tell, st.just("so")),
    st.builds(r.SetAcks, st.booleans()),
    st.sampled_from([r.Status(), r.Clients(), r.Time(), r.Name(), r.Mac(), r.Joke()]),
)
IDS = st.sampled_from([None, 1, 2, 3, 5, 7, 8, 9])
NUMBERS = st.integers(1, 5)
CAME_WITH = st.none() | st.dictionaries(ROOMS, st.none() | NUMBERS, max_size=3)
WRITES: st.SearchStrategy[r.Request] = st.one_of(
    st.builds(r.Say, st.sampled_from(["hi", "yo"]), MAYBE_ROOM, IDS),
    st.builds(r.Say, st.just("hi"), st.just("lobby"), IDS, NUMBERS),
    st.builds(r.SayTo, NICKS, st.just("psst"), IDS),
    st.builds(r.Me, st.just("nods"), MAYBE_ROOM, IDS),
    st.builds(r.SetTopic, st.just("news"), MAYBE_ROOM, IDS),
    st.builds(r.Edit, NUMBERS, st.sampled_from(["ho", ""]), MAYBE_ROOM, IDS),
    st.builds(r.Delete, NUMBERS, MAYBE_ROOM, IDS),
    st.builds(r.React, NUMBERS, st.just("+"), MAYBE_ROOM, st.booleans(), IDS),
    st.builds(r.Typing, MAYBE_ROOM),
    st.builds(r.Read, NUMBERS, MAYBE_ROOM),
    st.builds(r.Join, ROOMS, st.none() | NUMBERS),
)
HELLOS = st.builds(
    hello, st.sampled_from(["a", "b", "c", None]), st.none() | NICKS, CAME_WITH
)
DROPS = st.just(r.Drop("lost"))
FOR_PROGRAMS = WRITES | HELLOS | CHANGES.filter(lambda x: type(x) is not r.Open)
FOR_EVERYONE = st.just(r.Announce("by 4")) | st.just(r.Shutdown(0, "by 4"))
IN_PRIVATE: dict[str, Callable[[str], r.Request]] = {
    "say": partial(r.Say, "psst"),
    "join": r.Join,
    "leave": r.Leave,
    "topic": partial(r.SetTopic, "secret"),
    "topic?": r.GetTopic,
    "who": r.Who,
    "history": partial(last, 5),
    "since": partial(since, 0),
    "edit": partial(r.Edit, 1, "hush"),
    "search": partial(r.Search, "psst"),
    "typing": r.Typing,
}
"""What is done in the private room of a name."""


class Toward(NamedTuple):
    """Something that concerns another connection's session, by its name of then."""

    origin: int
    ask: str


Asked = tuple[int, r.Request | Toward]
TOWARD = st.builds(Toward, ORIGINS, st.sampled_from(["say", *IN_PRIVATE]))
THROW_OUT = st.builds(Toward, ORIGINS, st.sampled_from(["kick", "close"]))
AMEND: st.SearchStrategy[Asked] = st.builds(
    lambda origin, ask: (origin, Toward(origin, ask)),
    st.sampled_from(PROGRAMS),
    st.sampled_from(["amend", "remove", "again", "again"]),
)
"""Another text for the last message of one's own in the lobby, or none; and what was
written last under an id, again."""

PROPOSALS: st.SearchStrategy[list[Asked]] = st.lists(
    st.one_of(
        st.tuples(PERSONS, CHANGES | WRITES),
        st.tuples(PERSONS, AT_ONCE),
        st.tuples(st.sampled_from(PROGRAMS), FOR_PROGRAMS),
        st.tuples(st.sampled_from(PROGRAMS), FOR_PROGRAMS),
        AMEND,
        st.tuples(ORIGINS, DROPS),
        st.tuples(ORIGINS, QUESTIONS),
        st.tuples(ORIGINS, TOWARD),
        st.tuples(ORIGINS, TOWARD),
        st.tuples(ORIGINS, FOR_EVERYONE),
        st.tuples(st.just(OPERATOR), CHANGES | THROW_OUT),
    ),
    max_size=8,
)


def alone(request: r.Request) -> list[r.Request]:
    """Return what is said at once as requests of their own."""
    if isinstance(request, r.SayAll):
        return [r.Say(text) for text in request.texts]
    return [request]


class TwoHubs(RuleBasedStateMachine):
    """Plays the same into two hubs, what is said at once into the second one by one,
    and keeps what was committed."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.pending: dict[str, int] = {}
        self.written: dict[int, r.Request] = {}
        self.asked = 0
        self.stored: set[tuple[int, int]] = set()
        self.owners: dict[int, tuple[str, ...]] = {}
        self.identities: dict[str, int] = {}
        self.origins: dict[int, int] = {}
        self.committed: dict[int, list[Event]] = {}
        self.start()

    def start(self) -> None:
        """Have two servers start, from what is stored."""
        loaded = self.store.open()
        self.hubs = (Hub(Limits(10), loaded), Hub(Limits(10), loaded))
        self.groups: tuple[Group, ...] = ()
        self.before: dict[str, Any] = {}
        self.ears = Ears()
        self.missing: list[tuple[int, i.Missing]] = []
        self.here: set[int] = set()
        self.numbers: dict[int, int] = {}
        self.speaks: dict[int, int] = {}
        self.pending.clear()
        self.seq = loaded.seq

    @initialize()
    def open(self) -> None:
        """Begin with four sessions, so that there is something to take back."""
        self.come()

    @rule(proposals=PROPOSALS)
    def propose(self, proposals: list[Asked]) -> None:
        """Propose, also while a group is being stored."""
        for time, (origin, asked) in enumerate(proposals):
            request = self.toward(asked) if isinstance(asked, Toward) else asked
            if origin in PROGRAMS:
                self.ask(origin, time, self.with_ref(origin, request))
            elif type(request) is not r.Open:
                self.ask(origin, time, request)
            elif not self.has_session(origin):
                request = replace(request, operator=origin == OPERATOR)
                self.ask(origin, time, request)

    def ask(self, origin: int, time: int, request: r.Request) -> None:
        """Propose to both."""
        at_once, one_by_one = self.hubs
        at_once.propose(origin, time, request)
        for one in alone(request):
            one_by_one.propose(origin, time, one)
        assert at_once.waiting == one_by_one.waiting

    def with_ref(self, origin: int, request: r.Request) -> r.Request:
        """Return a request with a word of its own, for which an answer is awaited."""
        self.asked += 1
        ref = f"r{self.asked}"
        self.pending[ref] = origin
        if getattr(request, "id", None) is not None:
            self.written[origin] = request
        return replace(request, ref=ref)

    @rule(index=st.integers(0, 9))
    def inform(self, index: int) -> None:
        """Find in the store what one of the requests needs, which is proposed again;
        what comes between may have made that stale."""
        if self.missing:
            origin, missing = self.missing.pop(index % len(self.missing))
            found: Any = None
            if missing.key is not None:
                found = self.store.key(missing.key)
            else:
                found = [
                    *self.store.page(missing.room, missing.n - 1, missing.n, 1),
                    None,
                ][0]
            self.ask(origin, 0, r.Informed(missing.request, found, missing.as_of))

    @rule(index=st.integers(0, 9), is_late=st.booleans())
    def lapse(self, index: int, is_late: bool) -> None:
        """The time of one who is away is over, or that of an earlier time away."""
        away = list(self.hubs[0].away)
        if away:
            session = away[index % len(away)]
            self.ask(0, 0, r.Lapse(session.number, session.away_since - is_late))

    @rule(index=st.integers(0, 9), upto=st.integers(0, 6))
    def expire(self, index: int, upto: int) -> None:
        """Old events of a room, also of one that is not here."""
        if self.committed:
            room = list(self.committed)[index % len(self.committed)]
            self.ask(0, 0, r.Expire(room, upto))

    @rule(chance=st.integers(0, 9))
    def restart(self, chance: int) -> None:
        """The server is killed, whatever it was at, and starts again."""
        if chance == 0:
            self.start()

    @rule(
        proposals=PROPOSALS,
        meanwhile=PROPOSALS,
        stored=st.booleans(),
        all_here=st.booleans(),
        informed=st.booleans(),
    )
    def play(
        self,
        proposals: list[Asked],
        meanwhile: list[Asked],
        stored: bool,
        all_here: bool,
        informed: bool,
    ) -> None:
        """A whole group, with what comes while it is being stored."""
        if all_here:
            self.come()
        self.propose(proposals)
        while informed and self.missing:
            self.inform(0)
        self.apply()
        self.propose(meanwhile)
        (self.commit if stored else self.fail)()

    def come(self) -> None:
        """All who have no session ask for one, and get it."""
        self.propose([(origin, r.Open()) for origin in PEOPLE])
        for origin, key in zip(PROGRAMS, ("a", "b", "c", None), strict=True):
            if not self.session(origin)[0]:
                self.propose([(origin, hello(key))])
        self.settle()

    def settle(self) -> None:
        """Have all that waits served, and all that is asked of the store."""
        self.commit()
        while self.missing or self.hubs[0].waiting:
            while self.missing:
                self.inform(0)
            self.apply()
            self.commit()

    def toward(self, asked: Toward) -> r.Request:
        """Return the request that is meant."""
        number, nick = self.session(asked.origin)
        if asked.ask == "again":
            return self.written.get(asked.origin, r.Say("hi", "lobby", 1))
        if asked.ask in ("amend", "remove"):
            lobby = self.committed.get(1, [])
            own = [e.n for e in lobby if (e.session, e.kind) == (number, "message")]
            n = own[-1] if own else 1
            return (
                r.Edit(n, "ho", "lobby")
                if asked.ask == "amend"
                else r.Delete(n, "lobby")
            )
        if asked.ask == "close":
            return r.Close(f"s{number}")
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
            if type(proposal.request) in (r.Open, r.Depart, r.Drop):
                return type(proposal.request) is r.Open
        return origin in self.here

    @rule()
    def apply(self) -> None:
        """Begin a group, unless one is under way."""
        if not self.groups:
            self.before = whole(self.hubs[0])
            origins = self.hubs[0]._state.origins
            self.numbers = {origin: s.number for origin, s in origins.items()}
            self.groups = tuple(hub.apply() for hub in self.hubs)
            assert self.groups[0].items == self.groups[1].items
            assert self.groups[0].batch == self.groups[1].batch

    @rule()
    def commit(self) -> None:
        """End the group well: its events are what is told, in its order."""
        if self.groups:
            self.store.append(self.groups[0].batch)
            self.end([hub.commit() for hub in self.hubs])

    @rule()
    def fail(self) -> None:
        """End the group badly: nobody hears of it, all but departures is as before."""
        if self.groups:
            group = self.groups[0]
            told = [hub.fail("full") for hub in self.hubs]
            gone = {x.session for x in told[0] if isinstance(x, i.SessionClosed)}
            away = {x.session for x in told[0] if isinstance(x, i.SessionAway)}
            self.check_gone(group, gone, away)
            self.check_undone(gone, away)
            self.end(told)

    def check_gone(self, group: Group, gone: set[int], away: set[int]) -> None:
        """Whose departure was asked for is gone or away, by itself or by an operator,
        or by its time or those who went away after it."""
        departed, dropped = (
            {
                self.numbers[p.origin]
                for p in group.proposals
                if type(p.request) is kind and p.origin in self.numbers
            }
            for kind in (r.Depart, r.Drop)
        )
        assert departed <= gone | away
        assert dropped <= gone | away
        may_go = departed | dropped | self.thrown_out(group)
        may_go |= {
            p.request.session for p in group.proposals if isinstance(p.request, r.Lapse)
        }
        if dropped:
            may_go |= self.before["keys"]["away"]
        assert gone <= may_go
        assert away <= dropped

    def thrown_out(self, group: Group) -> set[int]:
        """Return the numbers of the sessions that the operator has ended."""
        names = dict(self.before["plain"]["names"])
        found: set[int] = set()
        for proposal in group.proposals:
            if proposal.origin == OPERATOR and isinstance(proposal.request, r.Kick):
                found.add(names.get(fold(proposal.request.nick), 0))
            elif proposal.origin == OPERATOR and isinstance(proposal.request, r.Close):
                found.add(int(proposal.request.session[1:]))
        return found

    def check_undone(self, gone: set[int], away: set[int]) -> None:
        """All is as it was before the group, without those who are gone."""
        now = whole(self.hubs[0])
        after, before = now["plain"], self.before["plain"]
        left = [s for s in before["sessions"] if s[0] not in gone]
        assert after["sessions"] == left
        assert after["names"] == [n for n in before["names"] if n[1] not in gone]
        assert [room[:4] for room in after["rooms"]] == [
            room[:4] for room in before["rooms"]
        ]
        assert after["last_session"] == before["last_session"]
        given, visits = now["keys"]["given"], now["keys"]["visits"]
        assert given == self.before["keys"]["given"]
        assert set(visits) == set(self.before["keys"]["visits"])
        for form, came in self.before["keys"]["visits"].items():
            assert list(visits[form]) == list(came)
            went = {n for n, visit in came.items() if visit != visits[form][n]}
            assert went <= gone
        self.check_talks_undone(now["talks"], gone)
        self.check_keys_undone(now["keys"], gone, away)

    def check_talks_undone(self, talks: dict[str, Any], gone: set[int]) -> None:
        """Those with nobody left are gone, and nothing else is another."""
        before = self.before["talks"]
        owned = {n: was for n, was in before["owned"].items() if n not in gone}
        kept = {
            key: (*talk[:4], tuple(n for n in talk[4] if n not in gone))
            for key, talk in before["talks"].items()
            if any(key in keys for keys in owned.values())
        }
        assert talks["talks"] == kept
        for name in ("owned", "current"):
            left = {n: was for n, was in before[name].items() if n not in gone}
            assert talks[name] == left
        assert talks["last_room"] == before["last_room"]

    def check_keys_undone(
        self, keys: dict[str, Any], gone: set[int], away: set[int]
    ) -> None:
        """Who is not gone or away speaks through the same connection, and keys know
        what they did."""
        before = self.before["keys"]
        same = [n for n in before["sessions"] if n not in gone | away]
        assert set(keys["sessions"]) == set(before["sessions"]) - gone
        for number in same:
            assert keys["sessions"][number] == before["sessions"][number]
        for hash, key in keys["keys"].items():
            assert before["keys"][hash] == key
        assert keys["last_key"] == before["last_key"]
        assert keys["away"] == (before["away"] | away) - gone

    def end(self, told: list[list[Item]]) -> None:
        """Check what is told at the end of a group."""
        items = told[0]
        assert items == told[1]
        for item in items:
            assert item.seq > self.seq
            self.seq = item.seq
            self.take(item)
            self.ears.hear([item])
            self.check_private(item)
        self.check_stored(items)
        self.check_answers(items)
        self.groups = ()

    def take(self, item: Item) -> None:
        """Note what an item means."""
        if isinstance(item, Event):
            self.committed.setdefault(item.room, []).append(item)
        elif isinstance(item, i.SessionOpened):
            identity = f"s{item.session}" if item.key is None else f"k{item.key}"
            self.identities[identity] = item.session
            self.speaks[item.session] = self.origins[item.session] = item.origin
        elif isinstance(item, i.SessionResumed):
            self.speaks[item.session] = item.origin
        elif isinstance(item, i.SessionAway | i.SessionClosed):
            self.speaks.pop(item.session, None)
        elif isinstance(item, i.RoomMade) and item.owners:
            self.owners[item.room] = item.owners
        elif isinstance(item, Reply):
            self.come_or_go(item)

    def come_or_go(self, reply: Reply) -> None:
        """Note who has a session, as far as connections were told."""
        if isinstance(reply.body, i.Welcomed):
            self.here.add(reply.origin)
        elif isinstance(reply.body, i.Ended | i.Kicked):
            self.here.discard(reply.origin)
        elif isinstance(reply.body, i.Missing):
            self.missing.append((reply.origin, reply.body))

    def check_private(self, item: Item) -> None:
        """What is said to one person is heard by the two, and by nobody else."""
        if isinstance(item, Reply):
            for room in rooms_of(item.body):
                assert item.origin in self.both(room), item
        elif isinstance(item, Event | i.Note) and item.room in self.owners:
            heard = self.ears.heard.items()
            hearers = {o for o, told in heard if told and told[-1] is item}
            both = self.both(item.room)
            assert hearers == both if isinstance(item, Event) else hearers <= both

    def both(self, room: int) -> set[int]:
        """Return the connections of those who may read a room."""
        if room not in self.owners:
            return set(PEOPLE + PROGRAMS)
        sessions = map(self.identities.get, self.owners[room])
        return {self.speaks[n] for n in sessions if n in self.speaks}

    def check_stored(self, items: list[Item]) -> None:
        """Under one id there is one event, and its sender is told just before it."""
        for before, item in zip([None, *items], items, strict=False):
            if isinstance(item, Event) and item.key is not None:
                assert isinstance(before, Reply)
                told = before.body
                assert isinstance(told, i.Stored)
                assert (told.room, told.n, told.id) == (item.room, item.n, item.id)
                if item.id is not None:
                    assert (item.key, item.id) not in self.stored
                    self.stored.add((item.key, item.id))

    def check_answers(self, items: list[Item]) -> None:
        """Each proposal has one answer, or needs something of the store; each request
        of a program has one with its own word, in the order in which they came."""
        proposals = self.groups[0].proposals
        asked = Counter(p.origin for p in proposals for _ in range(p.count))
        replies = [item for item in items if isinstance(item, Reply)]
        answered = [
            reply.origin
            for reply in replies
            if reply.is_answer
            or isinstance(reply.body, i.Missing)
            or (reply.origin == OPERATOR and isinstance(reply.body, i.Announced))
        ]
        answered += [
            self.origins[item.session]
            for item in items
            if isinstance(item, Event) and item.key is None
        ]
        for origin in PEOPLE + PROGRAMS:
            assert Counter(answered)[origin] == asked[origin], origin
        self.check_refs(
            proposals, [reply for reply in replies if reply.ref is not None]
        )

    def check_refs(self, proposals: list[Any], replies: list[Reply]) -> None:
        """All that are awaited, each once; what is unasked has none."""
        for reply in replies:
            assert reply.is_answer
            assert reply.ref is not None
            assert self.pending.pop(reply.ref) == reply.origin
        for origin in PROGRAMS:
            asked = [p.request for p in proposals if p.origin == origin]
            refs = [getattr(request, "request", request).ref for request in asked]
            told = [reply.ref for reply in replies if reply.origin == origin]
            assert told == [ref for ref in refs if ref in told]

    def teardown(self) -> None:
        """In the end nothing is left without an answer."""
        self.settle()
        assert not self.pending
        for room, events in self.committed.items():
            first = self.store.oldest(room)
            kept = self.store.page(room, 0, limits.NUMBER, 10**9)
            assert [x.n for x in kept] == [x.n for x in events[first - 1 :]]

    @invariant()
    def hubs_agree(self) -> None:
        """Both are in the same state, always."""
        assert whole(self.hubs[0]) == whole(self.hubs[1])

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


def rooms_of(body: i.Body) -> set[int]:
    """Return the rooms that a reply is about."""
    if isinstance(body, i.Welcomed):
        return {entered.room for entered in body.rooms}
    rooms = {getattr(body, "room", None)}
    if isinstance(body, i.SearchRange):
        rooms |= set(body.names)
    return {room for room in rooms if room}


class HubPropertyTests(SynchronousTestCase):
    """The state machine above, played at random."""

    def test_two_hubs_agree_and_numbers_have_no_hole(self) -> None:
        """At least 200 random plays, with few private rooms, so that some end, and few
        who may be away."""
        with (
            mock.patch.object(limits, "TALKS", 2),
            mock.patch.object(limits, "TALKS_IN_ALL", 4),
            mock.patch.object(limits, "AWAY", 1),
            mock.patch.object(limits, "STALE", 2),
        ):
            run_state_machine_as_test(
                TwoHubs,
                settings=settings(
                    max_examples=250,
                    stateful_step_count=40,
                    deadline=None,
                    database=None,
                    derandomize=True,
                ),
            )
