"""The hub's state, and how what a failed commit had applied is taken back.

Every change goes through one of the methods here, and each leaves in a journal what
takes it back: the cost of a change is one entry, that of a group that commits is
clearing the journal. A copy of the state per group would cost its size each time.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Any


class Room:
    """A room: a numbered log, of which only the ends are known here, and its members.

    :ivar name: empty for a private room, which each of its two calls by the other.
    :ivar owners: the identities that a private room belongs to, first the one that
        began it; empty for a room of everyone.
    :ivar nicks: the name that each owner of a private room has, or had last.
    :ivar first: the number of the oldest event kept; 1 in an empty room.
    :ivar last: the number of the newest event; 0 in an empty room.
    :ivar members: session numbers, rising, so that a list of them comes in pages.
    """

    __slots__ = (
        "first",
        "id",
        "key",
        "last",
        "members",
        "name",
        "nicks",
        "owners",
        "topic",
    )

    def __init__(
        self,
        id: int,
        name: str,
        key: str,
        first: int = 1,
        last: int = 0,
        topic: str = "",
        owners: tuple[str, ...] = (),
    ) -> None:
        self.id = id
        self.name = name
        self.key = key
        self.first = first
        self.last = last
        self.topic = topic
        self.owners = owners
        self.nicks: dict[str, str] = {}
        self.members: list[int] = []

    def other(self, identity: str) -> str:
        """Return the other one of a private room's two identities."""
        return self.owners[self.owners[0] == identity]

    def name_for(self, session: Session) -> str:
        """Return what a session calls the room."""
        if not self.owners:
            return self.name
        return "@" + self.nicks[self.other(session.identity)]


class Session:
    """Someone who is here.

    :ivar number: unique in one data file for ever.
    :ivar identity: whose what it writes is: no other session has or will have the same.
    :ivar origin: the connection that it speaks through.
    :ivar operator: whether it may do what is for operators only.
    :ivar rooms: the rooms it is in by id, in the order in which it last joined them.
    :ivar talks: the private rooms that it owns, by key, the newest last.
    """

    __slots__ = (
        "current",
        "identity",
        "key",
        "nick",
        "number",
        "operator",
        "origin",
        "rooms",
        "talks",
    )

    def __init__(
        self, number: int, origin: int, nick: str, key: str, operator: bool = False
    ) -> None:
        self.number = number
        self.identity = f"s{number}"
        self.origin = origin
        self.nick = nick
        self.key = key
        self.operator = operator
        self.rooms: dict[int, Room] = {}
        self.talks: dict[str, Room] = {}
        self.current: Room | None = None


class State:
    """Rooms, sessions and names; see the module.

    :ivar rooms: the rooms of everyone, by key.
    :ivar talks: the private rooms, by the identities of their two.
    :ivar identities: the session that each identity speaks through now.
    """

    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}
        self.talks: dict[str, Room] = {}
        self.last_room = 0
        self.sessions: dict[int, Session] = {}
        self.origins: dict[int, Session] = {}
        self.names: dict[str, Session] = {}
        self.identities: dict[str, Session] = {}
        self.last_session = 0
        self.seq = 0
        self._jokes = 0
        self._journal: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []

    def mark(self) -> int:
        """Return the present place, to which :meth:`undo` can go back."""
        return len(self._journal)

    def undo(self, mark: int = 0) -> None:
        """Take back all changes since ``mark``."""
        while len(self._journal) > mark:
            change, arguments = self._journal.pop()
            change(*arguments)

    def keep(self) -> None:
        """Make all changes final."""
        self._journal.clear()

    def next_seq(self) -> int:
        """Return the next place in the order.

        Not journalled: a place that a failed group had is left empty, so that what
        is said about the failure comes behind what was sent before.
        """
        self.seq += 1
        return self.seq

    def next_joke(self) -> int:
        """Return how many were told before. Not journalled: none is told twice."""
        self._jokes += 1
        return self._jokes - 1

    def _set(self, owner: object, name: str, value: object) -> None:
        self._journal.append((setattr, (owner, name, getattr(owner, name))))
        setattr(owner, name, value)

    def open_session(
        self, origin: int, nick: str, key: str, operator: bool = False
    ) -> Session:
        """Begin a session under the next number."""
        self._set(self, "last_session", self.last_session + 1)
        session = Session(self.last_session, origin, nick, key, operator)
        self._insert(session)
        self._journal.append((self._remove, (session,)))
        return session

    def close_session(self, session: Session) -> None:
        """End a session that is in no room any more."""
        self._remove(session)
        self._journal.append((self._insert, (session,)))

    def _insert(self, session: Session) -> None:
        self.sessions[session.number] = session
        self.origins[session.origin] = session
        self.names[session.key] = session
        self.identities[session.identity] = session

    def _remove(self, session: Session) -> None:
        del self.sessions[session.number]
        del self.origins[session.origin]
        del self.names[session.key]
        del self.identities[session.identity]

    def rename(self, session: Session, nick: str, key: str) -> None:
        """Give a session another name."""
        self._journal.append((self._rename, (session, session.nick, session.key)))
        self._rename(session, nick, key)

    def _rename(self, session: Session, nick: str, key: str) -> None:
        del self.names[session.key]
        session.nick, session.key = nick, key
        self.names[key] = session

    def make_room(self, name: str, key: str) -> Room:
        """Make an empty room under the next id."""
        room = Room(self._next_room(), name, key)
        self.rooms[key] = room
        self._journal.append((self.rooms.pop, (key,)))
        return room

    def _next_room(self) -> int:
        self._set(self, "last_room", self.last_room + 1)
        return self.last_room

    def make_talk(self, session: Session, other: Session) -> Room:
        """Make a private room of two sessions, begun by the first."""
        owners = (session.identity, other.identity)
        room = Room(self._next_room(), "", talk_key(*owners), owners=owners)
        room.nicks = {session.identity: session.nick, other.identity: other.nick}
        self.talks[room.key] = session.talks[room.key] = other.talks[room.key] = room
        self._journal.append((self._remove_talk, (room, session, other)))
        return room

    def _remove_talk(self, room: Room, *owners: Session) -> None:
        del self.talks[room.key]
        for session in owners:
            del session.talks[room.key]

    def disown(self, session: Session, room: Room) -> None:
        """Have a session own a private room no longer."""
        talks = {key: talk for key, talk in session.talks.items() if talk is not room}
        self._set(session, "talks", talks)

    def drop_talk(self, room: Room) -> None:
        """Forget a private room that nobody owns who is here."""
        del self.talks[room.key]
        self._journal.append((self.talks.__setitem__, (room.key, room)))

    def label(self, session: Session, room: Room) -> None:
        """Give an owner of a private room its present name there."""
        nicks = room.nicks | {session.identity: session.nick}
        self._set(room, "nicks", nicks)

    def enter(self, session: Session, room: Room) -> None:
        """Put a session into a room that it is not in."""
        self.revisit(session, room)
        insort(room.members, session.number)
        self._journal.append((room.members.remove, (session.number,)))

    def revisit(self, session: Session, room: Room) -> None:
        """Put a room behind a session's others, as the one it joined last.

        Private rooms are not among them.
        """
        if not room.owners:
            self._set(session, "rooms", _without(session, room) | {room.id: room})

    def leave(self, session: Session, room: Room) -> None:
        """Take a session out of a room; the last of its others becomes current."""
        rooms = _without(session, room)
        if not room.owners:
            self._set(session, "rooms", rooms)
        del room.members[bisect_left(room.members, session.number)]
        self._journal.append((insort, (room.members, session.number)))
        if session.current is room:
            self.go_to(session, next(reversed(rooms.values()), None))

    def go_to(self, session: Session, room: Room | None) -> None:
        """Make a room of a session's its current one."""
        self._set(session, "current", room)

    def advance(self, room: Room) -> int:
        """Return the next number of a room's log, now taken."""
        self._journal.append((setattr, (room, "last", room.last)))
        room.last += 1
        return room.last

    def set_topic(self, room: Room, topic: str) -> None:
        """Set what a room is about."""
        self._set(room, "topic", topic)


def talk_key(one: str, other: str) -> str:
    """Return the key of the private room of two identities. No room of everyone has
    one like it: no name holds a space."""
    return " ".join(sorted((one, other)))


def _without(session: Session, room: Room) -> dict[int, Room]:
    return {id: other for id, other in session.rooms.items() if other is not room}
