"""A hub that tests play with, and what each connection hears of it."""

from collections import defaultdict
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import items as i
from ecochat.core import limits
from ecochat.core import requests as r
from ecochat.core.entities import Room, Session
from ecochat.core.facts import Facts
from ecochat.core.hub import Hub
from ecochat.core.limits import Limits
from ecochat.core.records import Loaded
from ecochat.store.memory import MemoryStore
from tests.support.snapshot import snapshot

ALICE, BOB, CAROL = 1, 2, 3


def last(count: int, room: str | None = None, before: int | None = None) -> r.History:
    """Return what asks for a room's last events, as /history does."""
    return r.History(room, before, limit=count)


def since(number: int, room: str | None = None) -> r.History:
    """Return what asks for all that followed an event, as /since does."""
    return r.History(room, after=number, limit=limits.NUMBER)


class Ears:
    """What connections hear, as the network tells it: replies to themselves, and what
    is said in the rooms that they were told they are in.

    :param store: where it is read what a session is to find there.
    :ivar rooms: the rooms that each connection hears, by what it calls them.
    :ivar heard: all that each was told, a list that it was given as its events.
    :ivar log: the events of each room, that a list is read from.
    """

    def __init__(self, store: MemoryStore | None = None) -> None:
        self._store = store or MemoryStore()
        self.rooms: defaultdict[int, dict[int, str]] = defaultdict(dict)
        self.heard: defaultdict[int, list[Any]] = defaultdict(list)
        self.log: defaultdict[int, list[i.Event]] = defaultdict(list)

    def hear(self, items: list[i.Item]) -> None:
        """Take what a group tells."""
        for item in items:
            if isinstance(item, i.Reply):
                self._reply(item.origin, item.body)
            elif isinstance(item, i.Event | i.Note):
                self._in_room(item)

    def _in_room(self, item: i.Event | i.Note) -> None:
        if isinstance(item, i.Event):
            self.log[item.room].append(item)
        for origin, rooms in self.rooms.items():
            if item.room in rooms:
                self.heard[origin].append(item)

    def _reply(self, origin: int, body: i.Body) -> None:
        self.heard[origin].append(body)
        rooms = self.rooms[origin]
        if isinstance(body, i.Entered | i.Opened | i.Relabelled):
            rooms[body.room] = body.name
        elif isinstance(body, i.Welcomed):
            rooms.clear()
            rooms |= {entered.room: entered.name for entered in body.rooms}
        elif isinstance(body, i.Exited | i.Dropped):
            del rooms[body.room]
        elif isinstance(body, i.Ended | i.Kicked):
            rooms.clear()
        elif isinstance(body, i.LogRange):
            self.heard[origin] += self.log[body.room][body.after : body.upto]
        elif isinstance(body, i.SearchRange):
            self.heard[origin] += self._store.search(body)
        elif isinstance(body, i.Repeated):
            self.heard[origin].append(self._store.stored(body.key, body.id))


class Played:
    """A hub that is played with: proposals in, what is told out.

    :param loaded: what it starts from; nothing is stored then.
    :param store: where it is stored; what that holds is what it starts from.
    :ivar ears: what was told, by connection.
    """

    def __init__(
        self,
        loaded: Loaded | None = None,
        message: int = 4000,
        facts: Facts | None = None,
        store: MemoryStore | None = None,
        grace: bool = True,
    ) -> None:
        self.store = store or MemoryStore()
        self._is_stored = loaded is None
        loaded = loaded or self.store.open()
        self.hub = Hub(Limits(message, grace), loaded, facts)
        self.ears = Ears(self.store)

    def propose(self, *proposals: tuple[int, r.Request]) -> None:
        """Propose requests of connections, all at one time."""
        for origin, request in proposals:
            self.hub.propose(origin, 1000, request)

    def commit(self, *proposals: tuple[int, r.Request]) -> list[i.Item]:
        """Propose, apply and commit."""
        self.propose(*proposals)
        group = self.hub.apply()
        if self._is_stored:
            self.store.append(group.batch)
        return self._told(self.hub.commit())

    def fail(self, *proposals: tuple[int, r.Request]) -> list[i.Item]:
        """Propose, apply and fail."""
        self.propose(*proposals)
        self.hub.apply()
        return self._told(self.hub.fail("disk is full"))

    def _told(self, items: list[i.Item]) -> list[i.Item]:
        self.ears.hear(items)
        return items

    def play(self, origin: int, request: r.Request) -> list[i.Item]:
        """Commit a request, and again with what it needs of the store, as the network
        does; return the items of the last time."""
        items = self.commit((origin, request))
        for body in bodies(items, origin):
            if isinstance(body, i.Missing):
                return self.play(origin, self.informed(body))
        return items

    def informed(self, missing: i.Missing) -> r.Informed:
        """Return a request with what it needs, as the store has it now."""
        found: Any = None
        if missing.key is not None:
            found = self.store.key(missing.key)
        else:
            for event in self.store.page(missing.room, missing.n - 1, missing.n, 1):
                found = event
        return r.Informed(missing.request, found, missing.as_of)

    def asked(self, origin: int, request: r.Request) -> i.Body:
        """Return the one answer to a request, which may need something of the store."""
        items = self.play(origin, request)
        replies = [x for x in items if isinstance(x, i.Reply) and x.is_answer]
        assert [reply.origin for reply in replies] == [origin], replies
        return replies[0].body

    def restart(self) -> "Played":
        """Return a hub that starts from what this one has stored."""
        return Played(store=self.store)

    def answer(self, origin: int, request: r.Request) -> i.Body:
        """Return the one reply to a request."""
        replies = [x for x in self.commit((origin, request)) if type(x) is i.Reply]
        assert [reply.origin for reply in replies] == [origin], replies
        return replies[0].body

    def answer_all(self, origin: int, request: r.Request) -> list[i.Body]:
        """Return all replies to a request, when it has what it needs of the store."""
        return bodies(self.play(origin, request), origin)

    def session(self, origin: int) -> Session:
        """Return the session of a connection, from within the hub."""
        return self.hub._state.origins[origin]

    def talk(self, one: int = ALICE, other: int = BOB) -> Room:
        """Return the private room of two connections, from within the hub."""
        pair = self.session(one).identity, self.session(other).identity
        return self.hub._state.talks[" ".join(sorted(pair))]


def bodies(items: list[i.Item], origin: int | None = None) -> list[i.Body]:
    """Return what the replies among some items say, to one connection or all."""
    replies = [item for item in items if isinstance(item, i.Reply)]
    return [reply.body for reply in replies if origin in (None, reply.origin)]


def events(items: list[i.Item]) -> list[tuple[int, int, str, str]]:
    """Return room, number, name and text of the events among some items."""
    return [(e.room, e.n, e.nick, e.text) for e in items if isinstance(e, i.Event)]


def notes(items: list[i.Item]) -> list[tuple[int, str, str, str]]:
    """Return room, kind, name and new name of the notes among some items."""
    return [(n.room, n.kind, n.nick, n.new) for n in items if isinstance(n, i.Note)]


def hello(
    key: str | None = "k",
    nick: str | None = None,
    rooms: dict[str, int | None] | None = None,
    ref: str | None = None,
) -> r.Open:
    """Return what a program's hello asks for; a key is one letter."""
    hash = key.encode() * 32 if key else None
    return r.Open("1.2.3.4:5", False, True, hash, nick, rooms, asked=True, ref=ref)


class HubTestCase(SynchronousTestCase):
    """With alice and bob in the lobby."""

    def setUp(self) -> None:
        """Open two sessions."""
        self.played = Played()
        self.opened = self.played.commit(
            (ALICE, r.Open("1.2.3.4:5")),
            (ALICE, r.SetNick("alice")),
            (BOB, r.Open()),
            (BOB, r.SetNick("bob")),
        )

    def come(self, origin: int, nick: str, operator: bool = False) -> None:
        """Open another session, under a name."""
        opening = r.Open("9.9.9.9:9", operator)
        self.played.commit((origin, opening), (origin, r.SetNick(nick)))

    def welcome(self, origin: int, request: r.Open) -> i.Welcomed:
        """Have a session begin or go on; return what it is told."""
        body = self.played.asked(origin, request)
        assert isinstance(body, i.Welcomed), body
        return body

    def refused(self, origin: int, request: r.Request) -> tuple[str, str]:
        """Return code and text of the refusal that a request meets."""
        body = self.played.asked(origin, request)
        assert isinstance(body, i.Refusal), body
        return body.code, body.text


def talkshot(hub: Hub) -> dict[str, Any]:
    """Return of private rooms what ``tests.support.snapshot`` leaves out.

    ``talks``: id, last number, topic, names and members of each, by key; ``owned``: the
    keys of each session's, in their order; ``current``: the id of each session's
    current room; ``last_room``: the highest id given.
    """
    state = hub._state
    sessions = state.sessions.items()
    return {
        "talks": {
            key: (room.id, room.last, room.topic, dict(room.nicks), tuple(room.members))
            for key, room in state.talks.items()
        },
        "owned": {number: list(session.talks) for number, session in sessions},
        "current": {n: s.current.id if s.current else None for n, s in sessions},
        "last_room": state.last_room,
    }


def keyshot(hub: Hub) -> dict[str, Any]:
    """Return of keys and of who is away what the other two leave out.

    ``keys``: number, last id and read marks of each, by hash; ``sessions``: connection,
    right, identity, what was heard and since when it is away, by number; ``away``: the
    numbers of those; ``last_key``: the highest number of a key; ``given`` and
    ``visits``: how many names of each form there were, and the last with theirs.
    """
    state = hub._state
    assert {s.origin: s for s in state.sessions.values() if s.origin} == state.origins
    everyone = list(state.sessions.values())
    assert [state.speaker(s.identity) for s in everyone] == everyone
    assert {s.identity: s for s in everyone if s.is_kept} == state._kept
    return {
        "keys": {
            hash: (key.number, key.last_id, dict(key.read))
            for hash, key in state.keys.items()
        },
        "sessions": {
            number: (s.origin, s.operator, s.identity, dict(s.heard), s.away_since)
            for number, s in state.sessions.items()
        },
        "away": set(state.away),
        "last_key": state.last_key,
        "given": {form: number for form, number in state._given.items() if number},
        "visits": {form: dict(last) for form, last in state.visits.items() if last},
    }


def whole(hub: Hub) -> dict[str, Any]:
    """Return all of a hub's state as plain values."""
    return {"plain": snapshot(hub), "talks": talkshot(hub), "keys": keyshot(hub)}
