"""How sessions begin, go away, come back and end."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from ecochat.core import limits, talks
from ecochat.core.entities import Key, Session
from ecochat.core.errors import Refused
from ecochat.core.ground import Ground, check_length, is_member
from ecochat.core.items import (
    Ended,
    Entered,
    Fact,
    KeyMade,
    Kicked,
    Renamed,
    SessionAway,
    SessionClosed,
    SessionOpened,
    SessionRenamed,
    SessionResumed,
    Visit,
    Welcomed,
)
from ecochat.core.names import LOBBY, check_nick, fold, guest
from ecochat.core.records import KeyRecord
from ecochat.core.requests import (
    Close,
    Depart,
    Drop,
    Kick,
    Lapse,
    Open,
    SetNick,
)
from ecochat.core.rooms import enter, entered, find, go_out, leave_all_but

_FROM_NOW_ON: dict[str, int | None] = {LOBBY: None}


# Beginning


def begin(ground: Ground, request: Open) -> None:
    """Carry out an :class:`ecochat.core.requests.Open`: a session begins, or that of
    the same key goes on, wherever it spoke until now."""
    key = None
    if request.key is not None:
        key = _find_key(ground, request.key)
        if key is None:
            return  # the store is asked, and this comes again
    before = ground.state.origins.get(ground.origin)
    if before is not None:  # greeted before it said who it is
        end(ground, before, "began anew")
    kept = ground.state.speaker(f"k{key.number}") if key else None
    if kept is None:
        _begin(ground, request, key)
    else:
        _resume(ground, request, kept)


def _find_key(ground: Ground, hash: bytes) -> Key | None:
    """Return a key, made if it is new; None where the store has to be asked."""
    key = ground.state.keys.get(hash)
    if key is not None:
        return key
    informed = ground.key_record(hash)
    if informed is None:
        return None
    if informed.found is not None:
        return key_of(informed.found)
    key = ground.state.make_key(hash)
    ground.items.append(KeyMade(ground.state.next_seq(), key.number, hash))
    return key


def key_of(record: KeyRecord) -> Key:
    """Return a key that was kept."""
    read = dict(record.read)
    return Key(record.key, record.hash, record.last_id, record.last_place, read)


def _begin(ground: Ground, request: Open, key: Key | None) -> None:
    state = ground.state
    nick, folded = _first_name(ground, request)
    session = state.open_session(
        ground.origin, nick, folded, request.operator, request.answered, key
    )
    if request.form:
        visit = Visit(nick, ground.time)
        state.set_visit(request.form, session.number, visit)
    ground.items.append(
        SessionOpened(
            state.next_seq(),
            session.number,
            nick,
            request.address,
            ground.time,
            ground.origin,
            key.number if key else None,
        )
    )
    _load_talks(ground, session)
    find(ground, LOBBY)
    wanted = _FROM_NOW_ON if request.rooms is None else request.rooms
    rooms = _enter_all(ground, session, wanted)
    rooms += _talks_heard(ground, session, {}, wanted)
    _welcome(ground, session, rooms, resumed=False)


def _first_name(ground: Ground, request: Open) -> tuple[str, str]:
    """Return the name that a session begins with, and the form under which that is
    unique."""
    state = ground.state
    if request.nick is not None:
        folded = check_nick(request.nick)
        _check_free(ground, request.nick, folded)
        return request.nick, folded
    if not request.form:
        nick = guest(state.last_session + 1)
        return nick, nick
    nick = state.next_name(request.form)
    while fold(nick) in state.names:  # of one who had it before it was reserved
        nick = state.next_name(request.form)
    return nick, fold(nick)


def _load_talks(ground: Ground, session: Session) -> None:
    """Give a session the private rooms that the store has of its key."""
    record = ground.found
    if session.is_kept and isinstance(record, KeyRecord):
        for talk in talks.kept(record):
            talks.load(ground, session, talk)


def _resume(ground: Ground, request: Open, session: Session) -> None:
    state = ground.state
    if session.origin:
        text = "the same key has connected again, which takes this session over"
        ground.tell(session.origin, Kicked("taken_over", text))
        state.go_away(session, state.seq)
    heard = session.heard
    state.attach(session, ground.origin, request.operator)
    seq = state.next_seq()
    ground.items.append(
        SessionResumed(
            seq, session.number, request.address, ground.origin, session.nick
        )
    )
    if request.nick is not None and request.nick != session.nick:
        _rename(ground, session, request.nick)
    if request.rooms is None:
        rooms = [
            entered(ground, session, room, None) for room in session.rooms.values()
        ]
    else:
        rooms = _enter_all(ground, session, request.rooms)
    rooms += _talks_heard(ground, session, heard, request.rooms or {})
    _welcome(ground, session, rooms, resumed=True)


def _enter_all(
    ground: Ground, session: Session, wanted: dict[str, int | None]
) -> list[Entered]:
    """Have a session be in these rooms of everyone, and in no others."""
    names = [name for name in wanted if not name.startswith("@")]
    found = {ground.state.rooms.get(fold(name)) for name in names}
    leave_all_but(ground, session, {room for room in found if room is not None})
    rooms: dict[int, Entered] = {}
    for name in names:
        now = entered(ground, session, enter(ground, session, name), wanted[name])
        before = rooms.setdefault(now.room, now)  # it may be written in two ways
        rooms[now.room] = now if now.after < before.after else before
    return list(rooms.values())


def _talks_heard(
    ground: Ground,
    session: Session,
    heard: Mapping[int, int],
    wanted: dict[str, int | None],
) -> list[Entered]:
    """Return the private rooms that a session hears: those that it did, from where it
    may have heard them last, and those that it names, from where it says.

    (A person's name may be another's by now, so with that it is never taken to have
    heard more than it may have.)
    """
    rooms = []
    named = {fold(name): n for name, n in wanted.items()}
    for talk in session.talks.values():
        id, name = f"@{talk.id}", fold(ground.name_of(talk, session))
        if named.keys() & {id, name} and not is_member(session, talk):
            ground.state.enter(session, talk)
        if is_member(session, talk):
            last = heard.get(talk.id, talk.last)
            after = named.get(name)
            after = last if after is None else min(after, last)
            after = named.get(id, after)
            rooms.append(entered(ground, session, talk, after))
    return rooms


def _welcome(
    ground: Ground, session: Session, rooms: list[Entered], resumed: bool
) -> None:
    last_id = session.key.last_id if session.key else 0
    ground.reply(
        Welcomed(
            session.number, session.nick, ground.time, tuple(rooms), resumed, last_id
        )
    )


# Names


def set_nick(ground: Ground, session: Session, request: SetNick) -> None:
    """Carry out a :class:`ecochat.core.requests.SetNick`."""
    if request.nick == session.nick:
        raise Refused("bad_name", f"you are {session.nick} already")
    old = session.nick
    _rename(ground, session, request.nick)
    ground.reply(Renamed(old, request.nick))


def _rename(ground: Ground, session: Session, nick: str) -> None:
    state = ground.state
    folded = check_nick(nick, fold(guest(session.number)))
    _check_free(ground, nick, folded, session)
    old = session.nick
    for room in session.rooms.values():
        ground.note(room, session, "renamed", nick)
    state.rename(session, nick, folded)
    talks.relabel(ground, session)
    seq = state.next_seq()
    ground.items.append(SessionRenamed(seq, session.number, old, nick))


def _check_free(
    ground: Ground, nick: str, folded: str, own: Session | None = None
) -> None:
    if ground.state.names.get(folded, own) is not own:
        raise Refused("name_taken", f"the name {nick} is taken")


# Going away, and ending


def depart(ground: Ground, session: Session, request: Depart) -> None:
    """Carry out a :class:`ecochat.core.requests.Depart`."""
    end(ground, session, request.reason)
    ground.reply(Ended(ground.time if request.tell else None))


def drop(ground: Ground, session: Session, request: Drop) -> None:
    """Carry out a :class:`ecochat.core.requests.Drop`."""
    state = ground.state
    if session.is_kept and ground.limits.grace:
        seq = state.next_seq()
        state.go_away(session, seq)
        away = SessionAway(seq, session.number, request.reason, session.nick)
        ground.items.append(away)
        if len(state.away) > limits.AWAY:
            end(ground, next(iter(state.away.values())), "too many are away")
    else:
        end(ground, session, request.reason)
    ground.reply(Ended())


def lapse(ground: Ground, request: Lapse) -> None:
    """Carry out a :class:`ecochat.core.requests.Lapse`."""
    session = ground.state.away.get(request.session)
    if session is not None and session.away_since == request.since:
        end(ground, session, "did not come back")


def end(ground: Ground, session: Session, reason: str) -> None:
    """End a session, which is told nothing of that."""
    state = ground.state
    for room in list(session.rooms.values()):
        go_out(ground, session, room)
    state.close_session(session)
    _end_visit(ground, session)
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


def _end_visit(ground: Ground, session: Session) -> None:
    for form, visits in ground.state.visits.items():
        visit = visits.get(session.number)
        if visit is not None:
            ended = replace(visit, disconnected=ground.time)
            ground.state.set_visit(form, session.number, ended)
            return


def kick(ground: Ground, session: Session, request: Kick) -> None:
    """Carry out a :class:`ecochat.core.requests.Kick`."""
    check_length("reason", request.reason, limits.REASON, "nothing done")
    _throw_out(ground, ground.person(request.nick), request.reason)


def close(ground: Ground, session: Session, request: Close) -> None:
    """Carry out a :class:`ecochat.core.requests.Close`."""
    number = request.session.lower().removeprefix("s")
    is_number = number.isascii() and number.isdigit() and len(number) < 19
    victim = ground.state.sessions.get(int(number)) if is_number else None
    if victim is None:
        text = f"there is no session {request.session[:20]}, /status lists them"
        raise Refused("no_session", text)
    _throw_out(ground, victim, "")


def _throw_out(ground: Ground, victim: Session, reason: str) -> None:
    why = f": {reason}" if reason else ""
    end(ground, victim, "closed by an operator" + why)
    text = f"an operator has ended your session{why}"
    ground.tell(victim.origin, Kicked("kicked", text))
    ground.reply(Fact("notice", f"{victim.nick} (s{victim.number}) is disconnected"))
