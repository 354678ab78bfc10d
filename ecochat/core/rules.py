"""What each request does: the rules, which stand here once for every dialect.

Those that change nothing are in ``questions``, private rooms in ``talks``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import asdict

from ecochat.core import limits, talks
from ecochat.core.commands import OPERATORS_ONLY
from ecochat.core.errors import Refused
from ecochat.core.facts import Facts
from ecochat.core.ground import Ground, check_length, is_member
from ecochat.core.items import (
    Ended,
    Entered,
    Event,
    Exited,
    Fact,
    Kicked,
    Renamed,
    SessionClosed,
    SessionOpened,
    SessionRenamed,
    Welcomed,
)
from ecochat.core.names import check_nick, check_room, fold, guest
from ecochat.core.questions import QUESTIONS
from ecochat.core.requests import (
    Close,
    Depart,
    Join,
    Kick,
    Leave,
    Open,
    Request,
    Say,
    SetNick,
    SetTopic,
)
from ecochat.core.state import Room, Session, State

LOBBY = "lobby"

FINAL: frozenset[type[Request]] = frozenset((*QUESTIONS, Depart, Kick, Close))
"""Requests that are carried out also when nothing can be stored: those that change
nothing, and those by which someone is gone."""


class Rules(Ground):
    """Applies one request after another to a state; what they yield is in ``items``.

    Applying is deterministic: the same requests at the same times give the same state
    and the same items.

    :ivar not_open: why requests of a connection that has no session are refused.
    """

    def __init__(self, state: State, settings: limits.Limits, facts: Facts) -> None:
        super().__init__(state, settings, facts)
        self.not_open = "this connection has no session"

    def apply(self, origin: int, time: int, request: Request) -> None:
        """Carry out one request.

        :param origin: the connection that it came over.
        :param time: when, in milliseconds since 1970 (UTC).
        :raises Refused: when it may not be; nothing has changed then.
        """
        self.origin, self.time = origin, time
        kind = type(request)
        session = self.state.origins.get(origin)
        if isinstance(request, Open):
            _open(self, request)
        elif session is None:
            self._without_session(request)
        elif kind in OPERATORS_ONLY and not session.operator:
            text = f"/{OPERATORS_ONLY[kind]} is for operators only"
            raise Refused("not_allowed", text)
        else:
            _RULES[kind](self, session, request)

    def _without_session(self, request: Request) -> None:
        if type(request) is not Depart:
            raise Refused("not_stored", self.not_open)
        self.reply(Ended())


# Sessions


def _open(ground: Ground, request: Open) -> None:
    state = ground.state
    nick = guest(state.last_session + 1)
    session = state.open_session(ground.origin, nick, fold(nick), request.operator)
    ground.items.append(
        SessionOpened(
            state.next_seq(),
            session.number,
            nick,
            request.address,
            ground.time,
            ground.origin,
        )
    )
    room = _enter(ground, session, LOBBY)
    entered = asdict(_entered(session, room))
    ground.reply(Welcomed(**entered, session=session.number))


def _depart(ground: Ground, session: Session, request: Depart) -> None:
    _end(ground, session, request.reason)
    ground.reply(Ended(ground.time if request.tell else None))


def _end(ground: Ground, session: Session, reason: str) -> None:
    state = ground.state
    for room in list(session.rooms.values()):
        state.leave(session, room)
        ground.note(room, session, "left")
    state.close_session(session)
    talks.part(ground, session)
    ground.items.append(
        SessionClosed(
            state.next_seq(),
            session.number,
            session.nick,
            reason,
            ground.time,
            len(state.sessions),
        )
    )


def _kick(ground: Ground, session: Session, request: Kick) -> None:
    check_length("reason", request.reason, limits.REASON, "nothing done")
    _throw_out(ground, ground.person(request.nick), request.reason)


def _close(ground: Ground, session: Session, request: Close) -> None:
    victim = ground.state.sessions.get(request.session)
    if victim is None:
        text = f"there is no session s{request.session}, /status lists them"
        raise Refused("no_session", text)
    _throw_out(ground, victim, "")


def _throw_out(ground: Ground, victim: Session, reason: str) -> None:
    why = f": {reason}" if reason else ""
    _end(ground, victim, "closed by an operator" + why)
    text = f"an operator has ended your session{why}"
    ground.tell(victim.origin, Kicked("kicked", text))
    ground.reply(Fact("notice", f"{victim.nick} (s{victim.number}) is disconnected"))


def _set_nick(ground: Ground, session: Session, request: SetNick) -> None:
    state = ground.state
    own = fold(guest(session.number))
    key = check_nick(request.nick, own)
    if request.nick == session.nick:
        raise Refused("bad_name", f"you are {session.nick} already")
    if state.names.get(key, session) is not session:
        raise Refused("name_taken", f"the name {request.nick} is taken")
    old = session.nick
    for room in session.rooms.values():
        ground.note(room, session, "renamed", request.nick)
    state.rename(session, request.nick, key)
    talks.relabel(ground, session)
    seq = state.next_seq()
    ground.items.append(SessionRenamed(seq, session.number, old, request.nick))
    ground.reply(Renamed(old, request.nick))


# Rooms


def _join(ground: Ground, session: Session, request: Join) -> None:
    room = _enter(ground, session, request.room)
    ground.reply(_entered(session, room))


def _enter(ground: Ground, session: Session, name: str) -> Room:
    state = ground.state
    room = _wanted(ground, session, name)
    if is_member(session, room):
        state.revisit(session, room)
    else:
        state.enter(session, room)
        ground.note(room, session, "joined")
    state.go_to(session, room)
    return room


def _wanted(ground: Ground, session: Session, name: str) -> Room:
    """Return the room that is to be entered, made if there is none."""
    if name.startswith("@"):
        return talks.begin(ground, session, name[1:])
    key = check_room(name)
    room = ground.state.rooms.get(key)
    is_new = room is None or room.id not in session.rooms
    if is_new and len(session.rooms) >= limits.ROOMS_OF_A_SESSION:
        most = limits.ROOMS_OF_A_SESSION
        raise Refused("too_many", f"you are in {most} rooms, /leave one first")
    return room or _make_room(ground, name, key)


def _make_room(ground: Ground, name: str, key: str) -> Room:
    if len(ground.state.rooms) >= limits.ROOMS:
        most = limits.ROOMS
        raise Refused("too_many", f"there are {most} rooms, join one of them")
    room = ground.state.make_room(name, key)
    ground.made(room)
    return room


def _leave(ground: Ground, session: Session, request: Leave) -> None:
    room = ground.own_room(session, request.room)
    ground.state.leave(session, room)
    ground.note(room, session, "left")
    now = session.current
    current = (now.id, now.name_for(session)) if now else ()
    ground.reply(Exited(room.id, room.name_for(session), *current))


def _entered(session: Session, room: Room) -> Entered:
    others = len(room.owners or room.members) - 1
    name = room.name_for(session)
    return Entered(room.id, name, room.last, session.nick, others, room.topic)


# The log


def _say(ground: Ground, session: Session, request: Say) -> None:
    check_length("message", request.text, ground.limits.message, "not sent")
    room = _writable(ground, session, request.room)
    _write(ground, session, room, "message", request.text)


def _set_topic(ground: Ground, session: Session, request: SetTopic) -> None:
    check_length("topic", request.topic, limits.TOPIC, "not set")
    room = _writable(ground, session, request.room)
    ground.state.set_topic(room, request.topic)
    _write(ground, session, room, "topic", request.topic)


def _writable(ground: Ground, session: Session, name: str | None) -> Room:
    """Return a room that the session may write in; one with another is begun."""
    if name is not None and name.startswith("@"):
        room = talks.begin(ground, session, name[1:])
    else:
        room = ground.own_room(session, name)
    if room.owners:
        talks.open_for_both(ground, session, room)
    return room


def _write(ground: Ground, session: Session, room: Room, kind: str, text: str) -> None:
    n = ground.state.advance(room)
    seq = ground.state.next_seq()
    event = Event(
        seq, room.id, n, ground.time, session.number, session.nick, kind, text
    )
    ground.items.append(event)


_RULES: dict[type[Request], Callable[[Ground, Session, Any], None]] = {
    Depart: _depart,
    Kick: _kick,
    Close: _close,
    SetNick: _set_nick,
    Join: _join,
    Leave: _leave,
    Say: _say,
    SetTopic: _set_topic,
    **QUESTIONS,
}
