"""A hub that tests play with, and what each connection hears of it."""

from collections import defaultdict
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import items as i
from ecochat.core import requests as r
from ecochat.core.facts import Facts
from ecochat.core.hub import Hub
from ecochat.core.limits import Limits
from ecochat.core.records import Loaded
from ecochat.core.state import Room, Session

ALICE, BOB, CAROL = 1, 2, 3


class Ears:
    """What connections hear, as the network tells it: replies to themselves, and what
    is said in the rooms that they were told they are in.

    :ivar rooms: the rooms that each connection hears, by what it calls them.
    :ivar heard: all that each was told, a list that it was given as its events.
    :ivar log: the events of each room, that a list is read from.
    """

    def __init__(self) -> None:
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
        elif isinstance(body, i.Exited | i.Dropped):
            del rooms[body.room]
        elif isinstance(body, i.Ended | i.Kicked):
            rooms.clear()
        elif isinstance(body, i.LogRange):
            self.heard[origin] += self.log[body.room][body.after : body.upto]


class Played:
    """A hub that is played with: proposals in, what is told out.

    :ivar ears: what was told, by connection.
    """

    def __init__(
        self,
        loaded: Loaded | None = None,
        message: int = 4000,
        facts: Facts | None = None,
    ) -> None:
        self.hub = Hub(Limits(message), loaded, facts)
        self.ears = Ears()

    def propose(self, *proposals: tuple[int, r.Request]) -> None:
        """Propose requests of connections, all at one time."""
        for origin, request in proposals:
            self.hub.propose(origin, 1000, request)

    def commit(self, *proposals: tuple[int, r.Request]) -> list[i.Item]:
        """Propose, apply and commit."""
        self.propose(*proposals)
        self.hub.apply()
        return self._told(self.hub.commit())

    def fail(self, *proposals: tuple[int, r.Request]) -> list[i.Item]:
        """Propose, apply and fail."""
        self.propose(*proposals)
        self.hub.apply()
        return self._told(self.hub.fail("disk is full"))

    def _told(self, items: list[i.Item]) -> list[i.Item]:
        self.ears.hear(items)
        return items

    def answer(self, origin: int, request: r.Request) -> i.Body:
        """Return the one reply to a request."""
        replies = [x for x in self.commit((origin, request)) if type(x) is i.Reply]
        assert [reply.origin for reply in replies] == [origin], replies
        return replies[0].body

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

    def refused(self, origin: int, request: r.Request) -> tuple[str, str]:
        """Return code and text of the refusal that a request meets."""
        body = self.played.answer(origin, request)
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
