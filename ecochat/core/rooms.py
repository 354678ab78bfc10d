"""How sessions come into rooms, and out of them."""

from __future__ import annotations

from ecochat.core import limits, talks
from ecochat.core.entities import Room, Session
from ecochat.core.errors import Refused
from ecochat.core.ground import Ground, is_member
from ecochat.core.items import Entered, Entrance, Exited, RoomExpired
from ecochat.core.names import check_room
from ecochat.core.requests import Expire, Join, Leave


def join(ground: Ground, session: Session, request: Join) -> None:
    """Carry out a :class:`ecochat.core.requests.Join`."""
    room = enter(ground, session, request.room)
    ground.reply(entered(ground, session, room, request.after))


def enter(ground: Ground, session: Session, name: str) -> Room:
    """Put a session into a room, made if there is none, and make it current.

    :raises Refused: ``bad_name``, ``too_many``; with another one also ``no_nick``,
        ``not_allowed``.
    """
    state = ground.state
    room = _wanted(ground, session, name)
    if is_member(session, room):
        state.revisit(session, room)
    else:
        state.enter(session, room)
        ground.note(room, session, "joined")
        _record(ground, session, room, is_in=True)
    state.go_to(session, room)
    return room


def _record(ground: Ground, session: Session, room: Room, is_in: bool) -> None:
    if session.is_kept and not room.owners:
        seq = ground.state.next_seq()
        ground.items.append(Entrance(seq, session.number, room.id, is_in))


def _wanted(ground: Ground, session: Session, name: str) -> Room:
    """Return the room that is to be entered, made if there is none."""
    if name.startswith("@"):
        return talks.begin(ground, session, name[1:])
    room = ground.state.rooms.get(check_room(name))
    is_new = room is None or room.id not in session.rooms
    if is_new and len(session.rooms) >= limits.ROOMS_OF_A_SESSION:
        most = limits.ROOMS_OF_A_SESSION
        raise Refused("too_many", f"you are in {most} rooms, /leave one first")
    return find(ground, name)


def find(ground: Ground, name: str) -> Room:
    """Return a room of everyone, made if there is none of that name.

    :raises Refused: ``bad_name``, ``too_many``.
    """
    key = check_room(name)
    room = ground.state.rooms.get(key)
    if room is not None:
        return room
    if len(ground.state.rooms) >= limits.ROOMS:
        most = limits.ROOMS
        raise Refused("too_many", f"there are {most} rooms, join one of them")
    room = ground.state.make_room(name, key)
    ground.made(room)
    return room


def entered(ground: Ground, session: Session, room: Room, after: int | None) -> Entered:
    """Return what a session is told that is in a room.

    :param after: the number of the last event that it has seen; None for the last.
    """
    after = room.last if after is None else min(after, room.last)
    others = len(room.owners or room.members) - 1
    read = session.key.read.get(room.id, 0) if session.key else 0
    name = ground.name_of(room, session)
    return Entered(
        room.id, name, room.last, session.nick, others, room.topic, after, read
    )


def leave(ground: Ground, session: Session, request: Leave) -> None:
    """Carry out a :class:`ecochat.core.requests.Leave`."""
    room = ground.own_room(session, request.room)
    go_out(ground, session, room)
    _record(ground, session, room, is_in=False)
    now = session.current
    current = (now.id, ground.name_of(now, session)) if now else ()
    ground.reply(Exited(room.id, ground.name_of(room, session), *current))


def leave_all_but(ground: Ground, session: Session, rooms: set[Room]) -> None:
    """Take a session out of the other rooms of everyone that it is in."""
    for room in [room for room in session.rooms.values() if room not in rooms]:
        go_out(ground, session, room)
        _record(ground, session, room, is_in=False)


def go_out(ground: Ground, session: Session, room: Room) -> None:
    """Take a session out of a room that it is in."""
    ground.state.leave(session, room)
    ground.note(room, session, "left")


def expire(ground: Ground, request: Expire) -> None:
    """Carry out an :class:`ecochat.core.requests.Expire`, also of a private room that
    nobody is here to read."""
    upto = request.upto
    room = ground.state.by_id.get(request.room)
    if room is not None:
        upto = max(room.first - 1, min(upto, room.last))
        ground.state.expire(room, upto)
    ground.items.append(RoomExpired(ground.state.next_seq(), request.room, upto))
