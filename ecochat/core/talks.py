"""Private rooms of two: how they begin, who hears them, when they are forgotten.

A private room belongs to two identities. What each calls it is the other's present
name, so whoever takes a name later has another room.
"""

from __future__ import annotations

from collections.abc import Iterable

from ecochat.core import limits
from ecochat.core.entities import Room, Session, talk_key
from ecochat.core.errors import Refused
from ecochat.core.ground import Ground, is_member
from ecochat.core.items import Dropped, Opened, Relabelled, RoomDropped, RoomFound
from ecochat.core.records import KeyRecord


def begin(ground: Ground, session: Session, nick: str) -> Room:
    """Return the private room with the one of this name, made if there is none.

    :param nick: also the id of one that there is.
    :raises Refused: ``no_nick``, ``not_allowed``, ``too_many``, ``no_room``.
    """
    if nick.isdecimal():
        return ground.room(session, f"@{nick}")
    other = ground.person(nick)
    if other is session:
        raise Refused("not_allowed", "you cannot write to yourself")
    room = ground.state.talks.get(talk_key(session.identity, other.identity))
    if room is None:
        return _make(ground, session, other)
    _own(ground, session, room)
    return room


def _make(ground: Ground, session: Session, other: Session) -> Room:
    for owner in (session, other):
        _forget_one(ground, owner)
    begun = sum(r.owners[0] == session.identity for r in session.talks.values())
    if begun >= limits.TALKS or len(ground.state.talks) >= limits.TALKS_IN_ALL:
        raise Refused("too_many", "there are too many private rooms, use one of them")
    room = ground.state.make_talk(session, other)
    ground.made(room)
    return room


def _forget_one(ground: Ground, session: Session) -> None:
    """Make space for another: the oldest whose other one is gone is forgotten."""
    if len(session.talks) < limits.TALKS:
        return
    for room in session.talks.values():
        gone = _other(ground, session, room) is None
        if gone and room is not session.current:
            if is_member(session, room):
                ground.state.leave(session, room)
                name = ground.name_of(room, session)
                ground.tell(session.origin, Dropped(room.id, name))
            ground.state.disown(session, room)
            _drop(ground, room)
            return


def _drop(ground: Ground, room: Room) -> None:
    ground.state.drop_talk(room)
    ground.items.append(RoomDropped(ground.state.next_seq(), room.id))


def _other(ground: Ground, session: Session, room: Room) -> Session | None:
    return ground.state.speaker(room.other(session.identity))


def open_for_both(ground: Ground, session: Session, room: Room) -> None:
    """Have both hear what is said in their room.

    :raises Refused: ``no_nick`` when the other one is gone.
    """
    other = _other(ground, session, room)
    if other is None:
        nick = room.nicks[room.other(session.identity)]
        raise Refused("no_nick", f"{nick} is gone, nobody would read it")
    for owner in (session, other):
        _own(ground, owner, room)
        if not is_member(owner, room):
            ground.state.enter(owner, room)
            if not owner.origin:
                ground.state.hear(owner, room)
            name = ground.name_of(room, owner)
            ground.tell(owner.origin, Opened(room.id, name, room.last))


def relabel(ground: Ground, session: Session) -> None:
    """Tell those who talk with a session in private that it has another name."""
    for room in session.talks.values():
        _label(ground, session, room)


def _label(ground: Ground, session: Session, room: Room) -> None:
    old = room.nicks[session.identity]
    other = _other(ground, session, room)
    ground.state.label(session, room)
    if other is not None and is_member(other, room) and old != session.nick:
        name = ground.name_of(room, other)
        ground.tell(other.origin, Relabelled(room.id, f"@{old}", name))


def kept(record: KeyRecord) -> Iterable[Room]:
    """Return the private rooms that are kept of a key; where it has two with the same
    one, the newer."""
    rooms = {}
    for talk in record.talks:
        key = talk_key(*talk.owners)
        room = Room(talk.id, "", key, talk.first, talk.last, talk.topic, talk.owners)
        room.nicks = dict(zip(talk.owners, talk.nicks, strict=True))
        rooms[key] = room
    return rooms.values()


def load(ground: Ground, session: Session, talk: Room) -> None:
    """Have a session that begins own a private room that is kept, as far as there is
    space for it."""
    room = ground.state.find_talk(session, talk)
    if room is not None:
        seq = ground.state.next_seq()
        ground.items.append(RoomFound(seq, room.id, room.first, room.last))
        other = _other(ground, session, room)
        for owner in filter(None, (session, other)):
            _label(ground, owner, room)


def _own(ground: Ground, session: Session, room: Room) -> None:
    """Have one of a private room's two own it that has forgotten it before."""
    if room.key not in session.talks:
        ground.state.own(session, room)
        _label(ground, session, room)


def part(ground: Ground, session: Session) -> None:
    """Take a session that ends out of its private rooms; the other one can still read
    them."""
    for room in list(session.talks.values()):
        if is_member(session, room):
            ground.state.leave(session, room)
        other = _other(ground, session, room)
        if other is None or room.key not in other.talks:
            _drop(ground, room)
