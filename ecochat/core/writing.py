"""What is written in rooms: messages, topics, edits, deletions, reactions."""

from __future__ import annotations

from ecochat.core import limits, rooms, talks
from ecochat.core.entities import Room, Session
from ecochat.core.errors import Refused
from ecochat.core.ground import Ground, check_length
from ecochat.core.items import (
    ANY_ROOM,
    NO_ROOM,
    SOMEONE,
    Changed,
    Done,
    Event,
    ReadMarked,
    Repeated,
    Stored,
)
from ecochat.core.requests import (
    Delete,
    Edit,
    Me,
    React,
    Read,
    Say,
    SayAll,
    SayTo,
    SetTopic,
    Typing,
)

Written = Say | SetTopic | Edit | Delete | React
"""The requests that are stored as an event."""


def say(ground: Ground, session: Session, request: Say) -> None:
    """Carry out a :class:`ecochat.core.requests.Say`."""
    text, target = request.text, request.reply_to
    if request.id and _is_repeated(ground, session, request, "message", text, target):
        return
    _check_text(ground, "message", text, "not sent")
    room = _writable(ground, session, request.room, is_made=True)
    if target is not None and not target <= room.last:
        name = ground.name_of(room, session)
        raise Refused("no_message", f"there is no message {target} in {name}")
    _write(ground, session, room, request, "message", text, target)


def say_all(ground: Ground, session: Session, request: SayAll) -> bool:
    """Write messages in a session's current room; False, and nothing done, where one
    may be refused, or comes to more than an event."""
    room, texts, key = session.current, request.texts, session.key
    most = ground.limits.message
    if room is None or room.owners or session.answered or max(map(len, texts)) > most:
        return False
    if not all(texts) or any(map(str.isspace, texts)):
        return False
    state, time = ground.state, ground.time
    who, nick, number = session.number, session.nick, key.number if key else None
    count = len(texts)
    n, seq = state.advance(room, count) - count, state.next_seq(count) - count
    ground.items += [
        Event(seq + i, room.id, n + i, time, who, nick, "message", text, number)
        for i, text in enumerate(texts, 1)
    ]
    return True


def say_to(ground: Ground, session: Session, request: SayTo) -> None:
    """Carry out a :class:`ecochat.core.requests.SayTo`."""
    room = f"@{request.nick}"
    say(ground, session, Say(request.text, room, request.id, request.reply_to))


def me(ground: Ground, session: Session, request: Me) -> None:
    """Carry out a :class:`ecochat.core.requests.Me`."""
    is_empty = not request.text or request.text.isspace()
    text = "" if is_empty else f"/me {request.text}"
    say(ground, session, Say(text, request.room, request.id))


def set_topic(ground: Ground, session: Session, request: SetTopic) -> None:
    """Carry out a :class:`ecochat.core.requests.SetTopic`."""
    topic = request.topic or ""
    if request.id and _is_repeated(ground, session, request, "topic", topic, None):
        return
    check_length("topic", topic, limits.TOPIC, "not set")
    room = _writable(ground, session, request.room, is_made=True)
    ground.state.set_topic(room, topic)
    _write(ground, session, room, request, "topic", topic)


def edit(ground: Ground, session: Session, request: Edit) -> None:
    """Carry out an :class:`ecochat.core.requests.Edit`."""
    _change(ground, session, request, "edit", request.text)


def delete(ground: Ground, session: Session, request: Delete) -> None:
    """Carry out a :class:`ecochat.core.requests.Delete`."""
    _change(ground, session, request, "delete", "")


def _change(
    ground: Ground, session: Session, request: Edit | Delete, kind: str, text: str
) -> None:
    target = request.message
    if request.id and _is_repeated(ground, session, request, kind, text, target):
        return
    if kind == "edit":
        _check_text(ground, "message", text, "not changed")
    message = ground.message(ground.room(session, request.room), session, target)
    if message is None:
        return  # the store is asked, and this comes again
    if not (session.operator or _is_own(session, message)):
        raise Refused("not_allowed", f"message {target} is not yours to {kind}")
    room = _writable(ground, session, request.room)
    event = _write(ground, session, room, request, kind, text, target)
    ground.state.changes.note((room.id, target), event.seq)
    seq = ground.state.next_seq()
    ground.items.append(Changed(seq, room.id, target, event.n, text))


def _is_own(session: Session, message: Event) -> bool:
    has_key = session.key is not None and message.key == session.key.number
    return has_key or message.session == session.number


def react(ground: Ground, session: Session, request: React) -> None:
    """Carry out a :class:`ecochat.core.requests.React`."""
    kind = "unreact" if request.remove else "react"
    target, reaction = request.message, request.reaction
    if request.id and _is_repeated(ground, session, request, kind, reaction, target):
        return
    if reaction.split() != [reaction]:
        raise Refused("bad_text", "a reaction is one word or sign, without blanks")
    check_length("reaction", reaction, limits.REACTION, "not sent")
    room = ground.room(session, request.room)
    if ground.message(room, session, target) is not None:
        room = _writable(ground, session, request.room)
        _write(ground, session, room, request, kind, reaction, target)


def typing(ground: Ground, session: Session, request: Typing) -> None:
    """Carry out a :class:`ecochat.core.requests.Typing`."""
    ground.note(ground.room(session, request.room), session, "typing")
    ground.reply(Done())


def read(ground: Ground, session: Session, request: Read) -> None:
    """Carry out a :class:`ecochat.core.requests.Read`."""
    if session.key is None or not session.is_kept:
        raise Refused(
            "no_key", "how far one has read is kept for a key only; say hello with one"
        )
    room = ground.room(session, request.room)
    n = min(request.n, room.last)
    ground.state.mark_read(session.key, room, n)
    seq = ground.state.next_seq()
    ground.items.append(ReadMarked(seq, session.key.number, room.id, n))
    ground.reply(Done())


def _check_text(ground: Ground, what: str, text: str, undone: str) -> None:
    if not text or text.isspace():
        raise Refused("bad_text", f"a {what} cannot be empty, {undone}")
    check_length(what, text, ground.limits.message, undone)


def _writable(
    ground: Ground, session: Session, name: str | None, is_made: bool = False
) -> Room:
    """Return a room that the session may write in; one with another is begun.

    :param is_made: whether one of everyone is made, too, if there is none.
    """
    if name is not None and name.startswith("@"):
        room = talks.begin(ground, session, name[1:])
    elif name is not None and is_made:
        room = rooms.find(ground, name)
    else:
        room = ground.room(session, name)
    if room.owners:
        talks.open_for_both(ground, session, room)
    return room


def _is_repeated(
    ground: Ground,
    session: Session,
    request: Written,
    kind: str,
    text: str,
    target: int | None,
) -> bool:
    """Whether something may be stored under this ``id``; then that is the answer."""
    key, id = session.key, request.id
    if key is None or id is None or id > key.last_id:
        return False
    room, name = _named(ground, session, request.room)
    place = key.last_place if id == key.last_id else None
    ground.reply(Repeated(key.number, id, room, name, kind, text, target, place))
    return True


def _named(ground: Ground, session: Session, name: str | None) -> tuple[int, str]:
    """Return the id of the room that a name means, or what stands in its place, and
    what the session calls it."""
    if name is None:
        return ANY_ROOM, ""
    try:
        room = ground.room(session, name)
    except Refused as refused:
        is_gone = refused.code == "no_nick"
        return SOMEONE if is_gone else NO_ROOM, name
    return room.id, ground.name_of(room, session)


def _write(
    ground: Ground,
    session: Session,
    room: Room,
    request: Written,
    kind: str,
    text: str,
    target: int | None = None,
) -> Event:
    state = ground.state
    n = state.advance(room)
    key, id = session.key, request.id
    if session.answered:
        ground.reply(Stored(room.id, ground.name_of(room, session), n, id))
    if key is not None and id is not None:
        state.take_id(key, id, room, n)
    event = Event(
        state.next_seq(),
        room.id,
        n,
        ground.time,
        session.number,
        session.nick,
        kind,
        text,
        key.number if key else None,
        id if key else None,
        target,
    )
    ground.items.append(event)
    return event
