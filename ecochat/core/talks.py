"""Private rooms of two: how they begin, who hears them, when they are forgotten.

A private room belongs to two identities. What each calls it is the other's present
name, so whoever takes a name later has another room.
"""

from __future__ import annotations

from ecochat.core import limits
from ecochat.core.errors import Refused
from ecochat.core.ground import Ground, is_member
from ecochat.core.items import Dropped, Opened, Relabelled, RoomDropped
from ecochat.core.state import Room, Session, talk_key


def begin(ground: Ground, session: Session, nick: str) -> Room:
    """Return the private room with the one of this name, made if there is none.

    :raises Refused: ``no_nick``, ``not_allowed``, ``too_many``.
    """
    other = ground.person(nick)
    if other is session:
        raise Refused("not_allowed", "you cannot write to yourself")
    room = ground.state.talks.get(talk_key(session.identity, other.identity))
    return room or _make(ground, session, other)


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
                ground.tell(session.origin, Dropped(room.id))
            ground.state.disown(session, room)
            _drop(ground, room)
            return


def _drop(ground: Ground, room: Room) -> None:
    ground.state.drop_talk(room)
    ground.items.append(RoomDropped(ground.state.next_seq(), room.id))


def _other(ground: Ground, session: Session, room: Room) -> Session | None:
    return ground.state.identities.get(room.other(session.identity))


def open_for_both(ground: Ground, session: Session, room: Room) -> None:
    """Have both hear what is said in their room.

    :raises Refused: ``no_nick`` when the other one is gone.
    """
    other = _other(ground, session, room)
    if other is None:
        name = room.name_for(session)
        raise Refused("no_nick", f"{name[1:]} is gone, nobody would read it")
    for owner in (session, other):
        if not is_member(owner, room):
            ground.state.enter(owner, room)
            name = room.name_for(owner)
            ground.tell(owner.origin, Opened(room.id, name, room.last))


def relabel(ground: Ground, session: Session) -> None:
    """Tell those who talk with a session in private that it has another name."""
    for room in session.talks.values():
        ground.state.label(session, room)
        other = _other(ground, session, room)
        if other is not None and is_member(other, room):
            name = room.name_for(other)
            ground.tell(other.origin, Relabelled(room.id, name))


def part(ground: Ground, session: Session) -> None:
    """Take a session that ends out of its private rooms; the other one can still read
    them."""
    for room in list(session.talks.values()):
        if is_member(session, room):
            ground.state.leave(session, room)
        if _other(ground, session, room) is None:
            _drop(ground, room)
