"""The structured dialect: one JSON object a frame (docs/protocol.md).

What is said in it stands in :mod:`ecochat.core.wire`; this makes it of what the hub
yields. Each answer is one object with the request's ref; a list is one object an item,
and an end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from ecochat.core import items, moments, wire
from ecochat.core.framing import DELIMITER, BadFrame
from ecochat.core.items import Body
from ecochat.core.records import Found, Indexed, SessionRecord
from ecochat.core.requests import Refuse
from ecochat.dialects.frames import bad_frame
from ecochat.dialects.port import View
from ecochat.dialects.structured_parser import StructuredParser, is_hello

_encode = msgspec.json.Encoder().encode

timestamp = lru_cache(1_024)(moments.timestamp)
"""As that is, for the moments used last: what is written in one turn has few of them,
and to write one takes half of the time that an event does."""


class StructuredDialect:
    """See :class:`ecochat.dialects.port.Dialect`.

    :param server: the server's name.
    :param max_frame: the longest frame that is read, in bytes without its NUL.
    :param max_message: the longest message, in code points.
    :param welcome: what the operator tells everyone at the start; may be empty.
    """

    has_views = False
    is_answered = True
    needs_hello = True
    is_framed = True
    hears_others = True
    prompt = ""
    form = ""
    rooms: dict[str, int | None] | None = None

    def __init__(
        self, server: str, max_frame: int, max_message: int, welcome: str = ""
    ) -> None:
        self._server = server
        notice = wire.Notice(text=welcome, operator=True)
        self._notice = _frame(notice) if welcome else b""
        self._limits = wire.Bounds(max_frame, max_message)
        self._parser = StructuredParser()
        self._replies: dict[type[Body], Callable[[Any, str | None], bytes]] = {
            items.Welcomed: self._welcomed,
            **_REPLIES,
        }

    def claims(self, frame: str) -> bool:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return is_hello(frame)

    def parser(self) -> StructuredParser:
        """See :class:`ecochat.dialects.port.Dialect`; all sessions share one."""
        return self._parser

    def event(self, room: str, event: items.Event, view: View) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return _frame(_EVENTS[event.kind](room, event, None))

    def events(self, room: str, events: Sequence[items.Event], view: View) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return b"".join([self.event(room, event, view) for event in events])

    def note(self, room: str, note: items.Note, view: View) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return _frame(_NOTES[note.kind](room, note))

    def reply(self, body: Body, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return self._replies[type(body)](body, ref)

    def log_entry(self, room: str, event: items.Event, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return _frame(_EVENTS[event.kind](room, event, ref))

    def log_end(self, room: str, n: int, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return _frame(wire.End(ref=ref, room=room, n=n))

    def status_entry(
        self,
        session: SessionRecord,
        with_address: bool,
        is_away: bool,
        ref: str | None = None,
    ) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        ended = session.disconnected
        return _frame(
            wire.Session(
                ref=ref,
                session=_session(session.session),
                nick=session.nick,
                connected=timestamp(session.connected),
                disconnected=None if ended is None else timestamp(ended),
                address=session.address if with_address else None,
                away=is_away,
            )
        )

    def status_end(self, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return _frame(wire.End(ref=ref))

    def found_entry(self, room: str, found: Found, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return _frame(_message(room, found.event, ref, found.marks))

    def found_end(self, indexed: Indexed, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        upto = timestamp(indexed.time) if indexed.time else None
        return _frame(wire.End(ref=ref, upto=upto))

    def expired(self, room: str, upto: int, view: View) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return _frame(wire.Expired(room=room, upto=upto))

    def bad_frame(self, problem: BadFrame, limit: int) -> Refuse:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return bad_frame(problem, limit)

    def notice(self, text: str) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return _frame(wire.Notice(text=text))

    def error(self, text: str) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return _frame(wire.Error(code="unavailable", text=text))

    def ping(self) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return _PING

    def _welcomed(self, body: items.Welcomed, ref: str | None) -> bytes:
        welcome = _frame(
            wire.Welcome(
                ref=ref,
                protocol=wire.PROTOCOL,
                server=self._server,
                time=timestamp(body.time),
                session=_session(body.session),
                nick=body.nick,
                resumed=body.resumed,
                last_id=body.last_id,
                rooms={
                    r.name: wire.RoomState(r.last, r.topic, r.read, _private(r))
                    for r in body.rooms
                },
                limits=self._limits,
            )
        )
        return welcome if body.resumed else welcome + self._notice


def _frame(said: wire.Said) -> bytes:
    """Return an object as a frame; JSON has no NUL (RFC 8259, section 7)."""
    return _encode(said) + DELIMITER


def _session(number: int) -> str:
    return f"s{number}"


# Events


def _head(room: str, event: items.Event, ref: str | None) -> dict[str, Any]:
    """Return what every event has."""
    return {
        "ref": ref,
        "room": room,
        "n": event.n,
        "time": timestamp(event.time),
        "nick": event.nick,
        "session": _session(event.session),
        "id": event.id,
    }


def _message(
    room: str,
    event: items.Event,
    ref: str | None,
    marks: tuple[tuple[int, int], ...] = (),
) -> wire.Message:
    return wire.Message(
        **_head(room, event, ref),
        text=event.text,
        reply_to=event.target,
        changed=event.changed or None,
        deleted=event.is_deleted,
        marks=marks,
    )


def _topic_set(room: str, event: items.Event, ref: str | None) -> wire.Topic:
    return wire.Topic(**_head(room, event, ref), topic=event.text)


def _edit(room: str, event: items.Event, ref: str | None) -> wire.Edit:
    target = event.target or 0
    return wire.Edit(**_head(room, event, ref), message=target, text=event.text)


def _delete(room: str, event: items.Event, ref: str | None) -> wire.Delete:
    return wire.Delete(**_head(room, event, ref), message=event.target or 0)


def _react(room: str, event: items.Event, ref: str | None) -> wire.React:
    return wire.React(
        **_head(room, event, ref),
        message=event.target or 0,
        reaction=event.text,
        remove=event.kind == "unreact",
    )


_EVENTS: dict[str, Callable[[str, items.Event, str | None], wire.Event]] = {
    "message": _message,
    "topic": _topic_set,
    "edit": _edit,
    "delete": _delete,
    "react": _react,
    "unreact": _react,
}


# Notes


def _about(
    kind: type[wire.Joined] | type[wire.Left] | type[wire.Typing],
) -> Callable[[str, items.Note], wire.Said]:
    def make(room: str, note: items.Note) -> wire.Said:
        return kind(room=room, nick=note.nick, session=_session(note.session))

    return make


def _has_new_name(room: str, note: items.Note) -> wire.Said:
    session = _session(note.session)
    return wire.Renamed(room=room, nick=note.nick, session=session, new=note.new)


def _many(room: str, digest: items.Digest) -> wire.Said:
    joined, left, renamed = digest.joined, digest.left, digest.renamed
    return wire.Presence(room=room, joined=joined, left=left, renamed=renamed)


_NOTES: dict[str, Callable[[str, Any], wire.Said]] = {
    "joined": _about(wire.Joined),
    "left": _about(wire.Left),
    "renamed": _has_new_name,
    "many": _many,
    "typing": _about(wire.Typing),
}

_PING = _frame(wire.Ping())


# Answers, and what is told to one alone


def _stored(body: items.Stored, ref: str | None) -> bytes:
    return _frame(
        wire.Stored(
            ref=ref, id=body.id, room=body.name, n=body.n, duplicate=body.duplicate
        )
    )


def _entered(body: items.Entered, ref: str | None) -> bytes:
    id = _private(body)
    name, last, topic = body.name, body.last, body.topic
    return _frame(wire.Ok(ref=ref, room=name, id=id, last=last, topic=topic))


def _private(body: items.Entered) -> int | None:
    """Return the id of a private room, of which that is told."""
    return body.room if body.name.startswith("@") else None


def _exited(body: items.Exited, ref: str | None) -> bytes:
    return _frame(wire.Ok(ref=ref, room=body.name))


def _renamed(body: items.Renamed, ref: str | None) -> bytes:
    return _frame(wire.Ok(ref=ref, nick=body.new))


def _topic(body: items.Topic, ref: str | None) -> bytes:
    return _frame(wire.Ok(ref=ref, room=body.name, topic=body.topic))


def _who(body: items.WhoPage, ref: str | None) -> bytes:
    members = b"".join(
        _frame(
            wire.Member(
                ref=ref,
                room=body.name,
                nick=member.nick,
                session=_session(member.session),
                away=member.away,
            )
        )
        for member in body.members
    )
    if body.more:
        return members
    return members + _frame(wire.End(ref=ref, room=body.name, count=body.total))


def _rooms(body: items.RoomsPage, ref: str | None) -> bytes:
    rooms = b"".join(
        _frame(
            wire.Room(
                ref=ref,
                room=room.name,
                members=room.members,
                last=room.last,
                topic=room.topic,
            )
        )
        for room in body.rooms
    )
    return rooms if body.more else rooms + _frame(wire.End(ref=ref, count=body.total))


def _clock(body: items.Clock, ref: str | None) -> bytes:
    if body.local:
        time = f"{datetime.fromtimestamp(body.time / 1000):%H:%M:%S}"
    else:
        time = timestamp(body.time)
    return _frame(wire.Ok(ref=ref, time=time))


def _fact(body: items.Fact, ref: str | None) -> bytes:
    if body.kind == "clients":
        return _frame(wire.Ok(ref=ref, count=int(body.text)))
    if body.kind == "told":
        return _frame(wire.Notice(text=body.text))
    return _frame(wire.Ok(ref=ref, text=body.text))


def _help(body: items.HelpText, ref: str | None) -> bytes:
    return _frame(wire.Ok(ref=ref, lines=body.lines))


def _done(body: Body, ref: str | None) -> bytes:
    return _frame(wire.Ok(ref=ref))


def _refusal(body: items.Refusal, ref: str | None) -> bytes:
    path = body.path or None
    return _frame(wire.Error(ref=ref, code=body.code, text=body.text, path=path))


def _failed(body: items.Failed, ref: str | None) -> bytes:
    text = "the server failed at this, the connection is closed"
    return _frame(wire.Error(ref=ref, code="failed", text=text))


def _ended(body: items.Ended, ref: str | None) -> bytes:
    """Answer who asked: its time is to be told, or it has a ref."""
    if body.time is not None:
        return _frame(wire.Ok(ref=ref, time=timestamp(body.time)))
    return b"" if ref is None else _frame(wire.Ok(ref=ref))


def _announced(body: items.Announced, ref: str | None) -> bytes:
    return _frame(wire.Notice(text=body.text, operator=True))


def _happened(body: items.Happened, ref: str | None) -> bytes:
    item, time = body.item, timestamp(body.time)
    if isinstance(item, items.Event):
        event: Any = _EVENTS[item.kind](body.where, item, None)
        return _frame(wire.Happened(kind="event", time=time, event=event))
    kind, nick, more = _NEWS[type(item)](item)
    session = _session(item.session)  # type: ignore[attr-defined]
    return _frame(
        wire.Happened(kind=kind, time=time, session=session, nick=nick, **more)
    )


_NEWS: dict[type[items.Item], Callable[[Any], tuple[str, str, dict[str, Any]]]] = {
    items.SessionOpened: lambda i: ("connected", i.nick, {"address": i.address}),
    items.SessionAway: lambda i: ("away", i.nick, {"reason": i.reason}),
    items.SessionResumed: lambda i: ("back", i.nick, {"address": i.address}),
    items.SessionRenamed: lambda i: ("renamed", i.old, {"new": i.new}),
    items.SessionClosed: lambda i: (
        "disconnected",
        i.nick,
        {"reason": i.reason, "remaining": i.remaining},
    ),
}
"""What becomes of a session: its kind, its name, and what else there is to say."""


def _overlooked(body: items.Overlooked, ref: str | None) -> bytes:
    return _frame(wire.Happened(kind="missed", count=body.count))


def _opened(body: items.Opened, ref: str | None) -> bytes:
    return _frame(wire.Opened(room=body.name, id=body.room, last=body.last))


def _relabelled(body: items.Relabelled, ref: str | None) -> bytes:
    return _frame(wire.Relabelled(room=body.old, id=body.room, new=body.name))


def _dropped(body: items.Dropped, ref: str | None) -> bytes:
    return _frame(wire.Dropped(room=body.name, id=body.room))


_REPLIES: dict[type[Body], Callable[[Any, str | None], bytes]] = {
    items.Stored: _stored,
    items.Entered: _entered,
    items.Exited: _exited,
    items.Renamed: _renamed,
    items.Topic: _topic,
    items.WhoPage: _who,
    items.RoomsPage: _rooms,
    items.Clock: _clock,
    items.Fact: _fact,
    items.AcksSet: _done,
    items.HelpText: _help,
    items.Done: _done,
    items.Refusal: _refusal,
    items.NotOpened: _refusal,
    items.Kicked: _refusal,
    items.Failed: _failed,
    items.Ended: _ended,
    items.Announced: _announced,
    items.Happened: _happened,
    items.Overlooked: _overlooked,
    items.Opened: _opened,
    items.Relabelled: _relabelled,
    items.Dropped: _dropped,
}
