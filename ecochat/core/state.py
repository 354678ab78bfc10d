"""The hub's state, and how what a failed commit had applied is taken back.

Every change goes through one of the methods here, and each leaves in a journal what
takes it back: the cost of a change is one entry, that of a group that commits is
clearing the journal. A copy of the state per group would cost its size each time.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Any

from ecochat.core import limits
from ecochat.core.changes import Changes
from ecochat.core.entities import Key, Room, Session, talk_key
from ecochat.core.items import Visit


class State:
    """Rooms, sessions and names; see the module.

    :ivar rooms: the rooms of everyone, by key.
    :ivar talks: the private rooms, by the identities of their two.
    :ivar by_id: the rooms of both, by id.
    :ivar keys: the clients' keys that have a session, by their hash.
    :ivar away: the sessions without a connection, the one that went first first.
    :ivar visits: the last sessions with names of each form, by their number.
    :ivar changes: when events (by room id and number) and keys (by hash) changed.
    """

    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}
        self.talks: dict[str, Room] = {}
        self.by_id: dict[int, Room] = {}
        self.last_room = 0
        self.last_key = 0
        self.keys: dict[bytes, Key] = {}
        self.away: dict[int, Session] = {}
        self.changes = Changes()
        self.sessions: dict[int, Session] = {}
        self.origins: dict[int, Session] = {}
        self.names: dict[str, Session] = {}
        self._kept: dict[str, Session] = {}  # by identity
        self.last_session = 0
        self.seq = 0
        self._jokes = 0
        self._given: dict[str, int] = {}  # names of each form
        self.visits: dict[str, dict[int, Visit]] = {}
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

    def next_seq(self, count: int = 1) -> int:
        """Return the next place in the order, or the last of so many.

        Not journalled: a place that a failed group had is left empty, so that what
        is said about the failure comes behind what was sent before.
        """
        self.seq += count
        return self.seq

    def next_joke(self) -> int:
        """Return how many were told before. Not journalled: none is told twice."""
        self._jokes += 1
        return self._jokes - 1

    def next_name(self, form: str) -> str:
        """Return the next name of a form: its numbers begin at 1."""
        number = self._given.get(form, 0) + 1
        self._journal.append((self._given.__setitem__, (form, number - 1)))
        self._given[form] = number
        return form.format(number)

    def set_visit(self, form: str, session: int, visit: Visit) -> None:
        """Remember when a session with a name of a form came, and went; of very many
        the first are forgotten."""
        before = self.visits.get(form, {})
        visits = before | {session: visit}
        if len(visits) > limits.VISITS:
            del visits[next(iter(visits))]
        self._journal.append((self.visits.__setitem__, (form, before)))
        self.visits[form] = visits

    def _set(self, owner: object, name: str, value: object) -> None:
        self._journal.append((setattr, (owner, name, getattr(owner, name))))
        setattr(owner, name, value)

    def open_session(
        self,
        origin: int,
        nick: str,
        folded: str,
        operator: bool = False,
        answered: bool = False,
        key: Key | None = None,
    ) -> Session:
        """Begin a session under the next number.

        :param key: a client's key; without one, what is answered gets one of its own.
        """
        self._set(self, "last_session", self.last_session + 1)
        number = self.last_session
        if answered and key is None:
            key = Key(-number)
        session = Session(number, origin, nick, folded, operator, answered, key)
        self._insert(session)
        self._journal.append((self._remove, (session,)))
        return session

    def restore_session(
        self, number: int, nick: str, folded: str, key: Key, rooms: list[Room]
    ) -> Session:
        """Take up a session of before this server, which is away."""
        session = Session(number, 0, nick, folded, answered=True, key=key)
        session.rooms = {room.id: room for room in rooms}
        session.current = rooms[-1] if rooms else None
        for room in rooms:
            insort(room.members, number)
        self._insert(session)
        return session

    def close_session(self, session: Session) -> None:
        """End a session that is in no room any more."""
        self._remove(session)
        self._journal.append((self._insert, (session,)))

    def _insert(self, session: Session) -> None:
        self.sessions[session.number] = session
        self.names[session.folded] = session
        if session.key is not None and session.is_kept:
            self._kept[session.identity] = session
            self.keys[session.key.hash] = session.key
        self._speak_through(session, session.origin)

    def _remove(self, session: Session) -> None:
        del self.sessions[session.number]
        del self.names[session.folded]
        if session.key is not None and session.is_kept:
            del self._kept[session.identity]
            del self.keys[session.key.hash]
            self.changes.note(session.key.hash, self.seq + 1)
        self.origins.pop(session.origin, None)
        self.away.pop(session.number, None)

    def speaker(self, identity: str) -> Session | None:
        """Return the session that an identity speaks through now; None for none."""
        if identity.startswith("k"):
            return self._kept.get(identity)
        return self.sessions.get(int(identity[1:]))

    def attach(self, session: Session, origin: int, operator: bool = False) -> None:
        """Have a session speak through a connection; 0: through none, it is away.

        :param operator: whether it may do there what is for operators only.
        """
        self._set(session, "operator", operator)
        self._journal.append((self._speak_through, (session, session.origin)))
        self._speak_through(session, origin)

    def _speak_through(self, session: Session, origin: int) -> None:
        self.origins.pop(session.origin, None)
        self.away.pop(session.number, None)
        session.origin = origin
        if origin:
            self.origins[origin] = session
        else:
            self.away[session.number] = session

    def go_away(self, session: Session, seq: int) -> None:
        """Take a session's connection from it.

        :param seq: the place in the order at which that is.
        """
        self.attach(session, 0)
        self._set(session, "away_since", seq)
        talks = session.talks.values()
        heard = {talk.id: talk.last for talk in talks if session.number in talk.members}
        self._set(session, "heard", heard)

    def hear(self, session: Session, room: Room) -> None:
        """Note that one who is away has heard a private room up to now."""
        self._set(session, "heard", {**session.heard, room.id: room.last})

    def make_key(self, hash: bytes) -> Key:
        """Return a new key under the next number."""
        self._set(self, "last_key", self.last_key + 1)
        return Key(self.last_key, hash)

    def take_id(self, key: Key, id: int, room: Room, n: int) -> None:
        """Note that under this ``id`` a room's event of this number is stored."""
        self._set(key, "last_id", id)
        self._set(key, "last_place", (room.id, n))

    def mark_read(self, key: Key, room: Room, n: int) -> None:
        """Note how far a key has read."""
        self._set(key, "read", key.read | {room.id: n})

    def rename(self, session: Session, nick: str, folded: str) -> None:
        """Give a session another name."""
        self._journal.append((self._rename, (session, session.nick, session.folded)))
        self._rename(session, nick, folded)

    def _rename(self, session: Session, nick: str, folded: str) -> None:
        del self.names[session.folded]
        session.nick, session.folded = nick, folded
        self.names[folded] = session

    def make_room(self, name: str, key: str) -> Room:
        """Make an empty room under the next id."""
        room = Room(self._next_room(), name, key)
        self.rooms[key] = self.by_id[room.id] = room
        self._journal.append((self.rooms.pop, (key,)))
        self._journal.append((self.by_id.pop, (room.id,)))
        return room

    def restore_room(self, room: Room) -> None:
        """Take up a room of before this server, of everyone or a private one."""
        by_key = self.talks if room.owners else self.rooms
        by_key[room.key] = self.by_id[room.id] = room

    def _next_room(self) -> int:
        self._set(self, "last_room", self.last_room + 1)
        return self.last_room

    def make_talk(self, session: Session, other: Session) -> Room:
        """Make a private room of two sessions, begun by the first."""
        owners = (session.identity, other.identity)
        room = Room(self._next_room(), "", talk_key(*owners), owners=owners)
        room.nicks = {session.identity: session.nick, other.identity: other.nick}
        self._add_talk(room, session, other)
        self._journal.append((self._remove_talk, (room, session, other)))
        return room

    def find_talk(self, session: Session, talk: Room) -> Room | None:
        """Have a session own a private room that the store has, and return it: the one
        that is here, since the other one of its two is, or else this; None where there
        are too many."""
        room = self.talks.get(talk.key)
        if room is not None:
            self.own(session, room)
        elif len(self.talks) < limits.TALKS_IN_ALL:
            room = talk
            self._add_talk(talk, session)
            self._journal.append((self._remove_talk, (talk, session)))
        return room

    def own(self, session: Session, room: Room) -> None:
        """Have a session own a private room that is here."""
        self._set(session, "talks", {**session.talks, room.key: room})

    def _add_talk(self, room: Room, *owners: Session) -> None:
        self.talks[room.key] = self.by_id[room.id] = room
        for session in owners:
            session.talks = {**session.talks, room.key: room}

    def _remove_talk(self, room: Room, *owners: Session) -> None:
        del self.talks[room.key], self.by_id[room.id]
        for session in owners:
            session.talks = _talks_without(session, room)

    def disown(self, session: Session, room: Room) -> None:
        """Have a session own a private room no longer."""
        self._set(session, "talks", _talks_without(session, room))

    def drop_talk(self, room: Room) -> None:
        """Forget a private room that nobody owns who is here."""
        self._remove_talk(room)
        self._journal.append((self._add_talk, (room,)))

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
            others = _without(session, room)
            rooms = {**others, room.id: room} if others else room.alone
            self._set(session, "rooms", rooms)

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

    def advance(self, room: Room, count: int = 1) -> int:
        """Take the next numbers of a room's log, and return the last of them."""
        self._journal.append((setattr, (room, "last", room.last)))
        room.last += count
        return room.last

    def expire(self, room: Room, upto: int) -> None:
        """Forget a room's events up to a number."""
        self._set(room, "first", upto + 1)

    def set_topic(self, room: Room, topic: str) -> None:
        """Set what a room is about."""
        self._set(room, "topic", topic)


def _talks_without(session: Session, room: Room) -> dict[str, Room]:
    return {key: talk for key, talk in session.talks.items() if talk is not room}


def _without(session: Session, room: Room) -> dict[int, Room]:
    return {id: other for id, other in session.rooms.items() if other is not room}
