"""The hub's state, and how what a failed commit had applied is taken back.

Every change goes through one of the methods here, and each leaves in a journal what
takes it back: the cost of a change is one entry, that of a group that commits is
clearing the journal. A copy of the state per group would cost its size each time.
"""

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Any


class Room:
    """A room: a numbered log, of which only the ends are known here, and its members.

    :ivar first: the number of the oldest event kept; 1 in an empty room.
    :ivar last: the number of the newest event; 0 in an empty room.
    :ivar members: session numbers, rising, so that a list of them comes in pages.
    """

    __slots__ = ("first", "id", "key", "last", "members", "name", "topic")

    def __init__(
        self,
        id: int,
        name: str,
        key: str,
        first: int = 1,
        last: int = 0,
        topic: str = "",
    ) -> None:
        self.id = id
        self.name = name
        self.key = key
        self.first = first
        self.last = last
        self.topic = topic
        self.members: list[int] = []


class Session:
    """Someone who is here.

    :ivar number: unique in one data file for ever.
    :ivar origin: the connection that it speaks through.
    :ivar rooms: the rooms it is in by id, in the order in which it last joined them.
    """

    __slots__ = ("current", "key", "nick", "number", "origin", "rooms")

    def __init__(self, number: int, origin: int, nick: str, key: str) -> None:
        self.number = number
        self.origin = origin
        self.nick = nick
        self.key = key
        self.rooms: dict[int, Room] = {}
        self.current: Room | None = None


class State:
    """Rooms, sessions and names; see the module."""

    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}
        self.sessions: dict[int, Session] = {}
        self.origins: dict[int, Session] = {}
        self.names: dict[str, Session] = {}
        self.last_session = 0
        self.seq = 0
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

    def _set(self, owner: object, name: str, value: object) -> None:
        self._journal.append((setattr, (owner, name, getattr(owner, name))))
        setattr(owner, name, value)

    def open_session(self, origin: int, nick: str, key: str) -> Session:
        """Begin a session under the next number."""
        self._set(self, "last_session", self.last_session + 1)
        session = Session(self.last_session, origin, nick, key)
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

    def _remove(self, session: Session) -> None:
        del self.sessions[session.number]
        del self.origins[session.origin]
        del self.names[session.key]

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
        room = Room(len(self.rooms) + 1, name, key)
        self.rooms[key] = room
        self._journal.append((self.rooms.pop, (key,)))
        return room

    def enter(self, session: Session, room: Room) -> None:
        """Put a session into a room that it is not in."""
        self.revisit(session, room)
        insort(room.members, session.number)
        self._journal.append((room.members.remove, (session.number,)))

    def revisit(self, session: Session, room: Room) -> None:
        """Put a room behind a session's others, as the one it joined last."""
        self._set(session, "rooms", _without(session, room) | {room.id: room})

    def leave(self, session: Session, room: Room) -> None:
        """Take a session out of a room; the last of its others becomes current."""
        rooms = _without(session, room)
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


def _without(session: Session, room: Room) -> dict[int, Room]:
    return {id: other for id, other in session.rooms.items() if other is not room}
