"""What the server says in the structured dialect: one JSON object a frame.

What clients say are the :data:`ecochat.core.requests.OPERATIONS`. Field names and types
are those of docs/protocol.schema.json, which is made from both. A time is written as
RFC 3339 has it, in UTC, with milliseconds; a session as ``s3``; text is counted in code
points. A field that is None, false or empty by default is left out.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

PROTOCOL = 1
"""The version of the protocol. Fields and operations may be added without a new one."""

CODES = (
    "already_open",
    "bad_frame",
    "bad_json",
    "bad_name",
    "bad_request",
    "bad_text",
    "failed",
    "id_reused",
    "id_skipped",
    "kicked",
    "name_taken",
    "no_current_room",
    "no_key",
    "no_mac",
    "no_message",
    "no_nick",
    "no_room",
    "no_session",
    "not_allowed",
    "not_member",
    "not_stored",
    "taken_over",
    "too_long",
    "too_many",
    "unavailable",
    "unknown_command",
    "unknown_op",
    "unknown_protocol",
    "usage",
)
"""The codes that an error can have: a closed list."""

Code = Annotated[str, Meta(extra_json_schema={"enum": list(CODES)})]
"""One of :data:`CODES`; a client takes any, as a newer server may have more."""


HAPPENED = (
    *("connected", "away", "back", "renamed", "disconnected"),
    *("event", "missed"),
)
"""What can happen that whoever watches is told."""

HappenedKind = Annotated[str, Meta(extra_json_schema={"enum": list(HAPPENED)})]
"""One of :data:`HAPPENED`; a client takes any, as a newer server may have more."""


class Said(
    msgspec.Struct,
    frozen=True,
    gc=False,
    kw_only=True,
    tag_field="op",
    omit_defaults=True,
):
    """Anything that the server says.

    :param ref: the ref of the request that this answers.
    """

    ref: str | None = None


class Bounds(msgspec.Struct, frozen=True, gc=False):
    """What a client may send.

    :param frame: the longest frame, in bytes without its NUL.
    :param message: the longest message, in code points.
    """

    frame: int
    message: int


class RoomState(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A room that the session is in.

    :param last: the number of its last event; what follows comes as events.
    :param topic: what it is about; empty for nothing.
    :param read: how far this key has read it, where it has said so.
    :param id: of a private room: what stays when a name changes. ``@12`` is a name,
        too, for the one whose id is 12.
    """

    last: int
    topic: str
    read: int = 0
    id: int | None = None


# Answers


class Welcome(Said, frozen=True, gc=False, kw_only=True, tag="welcome"):
    """The session has begun, or goes on: the answer to ``hello``.

    :param server: the server's name.
    :param time: what time it is there.
    :param resumed: whether a session of this key goes on.
    :param last_id: the largest ``id`` that is stored of this key; 0 for none.
    :param rooms: those that it is in, by name.
    """

    protocol: int
    server: str
    time: str
    session: str
    nick: str
    resumed: bool
    last_id: int
    rooms: dict[str, RoomState]
    limits: Bounds


class Stored(Said, frozen=True, gc=False, kw_only=True, tag="stored"):
    """What the session wrote is on disk.

    :param id: the sender's own number for it.
    :param n: its number in the room.
    :param duplicate: whether it was stored before, and this is that answer again.
    """

    id: int | None = None
    room: str
    n: int
    duplicate: bool = False


class Ok(Said, frozen=True, gc=False, kw_only=True, tag="ok"):
    """It is done; what there is to say of it is in the fields that are there.

    :param text: an answer in words.
    :param lines: an answer of several lines.
    :param count: how many there are.
    :param time: what time it is.
    :param id: of a private room, see ``RoomState``.
    """

    room: str | None = None
    id: int | None = None
    last: int | None = None
    topic: str | None = None
    nick: str | None = None
    text: str | None = None
    lines: tuple[str, ...] | None = None
    count: int | None = None
    time: str | None = None


class Error(Said, frozen=True, gc=False, kw_only=True, tag="error"):
    """It was not done.

    :param code: one of :data:`CODES`.
    :param text: a sentence for people.
    :param path: where in the frame what was wrong is, as ``$.text``.
    """

    code: Code
    text: str
    path: str | None = None


class End(Said, frozen=True, gc=False, kw_only=True, tag="end"):
    """All items of a list have come.

    :param room: the room that it was about.
    :param count: how many there are: members of a room, rooms.
    :param n: of ``history``: the number that it went up to, or would have.
    :param upto: of ``search``: everything said until then was searched.
    """

    room: str | None = None
    count: int | None = None
    n: int | None = None
    upto: str | None = None


class Member(Said, frozen=True, gc=False, kw_only=True, tag="member"):
    """An item of ``who``.

    :param away: whether its connection is lost, and it may come back.
    """

    room: str
    nick: str
    session: str
    away: bool = False


class Room(Said, frozen=True, gc=False, kw_only=True, tag="room"):
    """An item of ``rooms``.

    :param members: how many are in it.
    """

    room: str
    members: int
    last: int
    topic: str


class Session(Said, frozen=True, gc=False, kw_only=True, tag="session"):
    """An item of ``status``.

    :param disconnected: when it ended; left out while it is open.
    :param address: where it comes from, for operators.
    """

    session: str
    nick: str
    connected: str
    disconnected: str | None = None
    address: str | None = None
    away: bool = False


# Events: numbered, the same for everyone in the room, and items of history and search


class Event(Said, frozen=True, gc=False, kw_only=True):
    """What is kept of a room, under its number ``n``: 1, 2, 3, … without a hole.

    :param nick: the name that its writer had then.
    :param session: the session that wrote it.
    :param id: its sender's own number for it.
    """

    room: str
    n: int
    time: str
    nick: str
    session: str
    id: int | None = None


class Message(Event, frozen=True, gc=False, kw_only=True, tag="message"):
    """Somebody wrote this.

    :param text: what is said now; empty when it was deleted.
    :param reply_to: the number of the message that it answers.
    :param changed: the number of the event that edited or deleted it last.
    :param deleted: whether it was deleted.
    :param marks: in what a search has found, where the words are: pairs of begin and
        end, in code points.
    """

    text: str
    reply_to: int | None = None
    changed: int | None = None
    deleted: bool = False
    marks: tuple[tuple[int, int], ...] = ()


class Topic(Event, frozen=True, gc=False, kw_only=True, tag="topic"):
    """Somebody set what the room is about."""

    topic: str


class Edit(Event, frozen=True, gc=False, kw_only=True, tag="edit"):
    """A message has another text.

    :param message: its number.
    :param text: its present text: that of the last edit, also when an older one is
        read; empty when it was deleted since.
    """

    message: int
    text: str


class Delete(Event, frozen=True, gc=False, kw_only=True, tag="delete"):
    """A message was deleted."""

    message: int


class React(Event, frozen=True, gc=False, kw_only=True, tag="react"):
    """Somebody answered a message with a sign, or took it back."""

    message: int
    reaction: str
    remove: bool = False


# What has no number


class Joined(Said, frozen=True, gc=False, kw_only=True, tag="joined"):
    """Somebody has come into the room."""

    room: str
    nick: str
    session: str


class Left(Said, frozen=True, gc=False, kw_only=True, tag="left"):
    """Somebody is gone from the room."""

    room: str
    nick: str
    session: str


class Renamed(Said, frozen=True, gc=False, kw_only=True, tag="renamed"):
    """Somebody in the room has another name: ``new`` instead of ``nick``."""

    room: str
    nick: str
    session: str
    new: str


class Presence(Said, frozen=True, gc=False, kw_only=True, tag="presence"):
    """So many have come into the room, are gone from it, have another name, of whom no
    ``joined``, ``left`` and ``renamed`` tells, since they are too many. ``who`` lists
    who is there now.
    """

    room: str
    joined: int = 0
    left: int = 0
    renamed: int = 0


class Typing(Said, frozen=True, gc=False, kw_only=True, tag="typing"):
    """Somebody in the room is writing."""

    room: str
    nick: str
    session: str


class Expired(Said, frozen=True, gc=False, kw_only=True, tag="expired"):
    """The room's events up to this number are no longer kept, and do not come."""

    room: str
    upto: int


class Opened(Said, frozen=True, gc=False, kw_only=True, tag="opened"):
    """A private room was begun; what follows ``last`` comes as events.

    :param id: see ``RoomState``.
    """

    room: str
    id: int | None = None
    last: int


class Relabelled(Said, frozen=True, gc=False, kw_only=True, tag="relabelled"):
    """The other one of a private room has another name, and so the room: ``new``.

    :param id: see ``RoomState``.
    """

    room: str
    id: int | None = None
    new: str


class Dropped(Said, frozen=True, gc=False, kw_only=True, tag="dropped"):
    """A private room is forgotten, to make space for another.

    :param id: see ``RoomState``.
    """

    room: str
    id: int | None = None


class Notice(Said, frozen=True, gc=False, kw_only=True, tag="notice"):
    """The server, or its operator, says something to everyone.

    :param operator: whether it is the operator's word.
    """

    text: str
    operator: bool = False


class Happened(Said, frozen=True, gc=False, kw_only=True, tag="happened"):
    """Something happened on the server, which an operator who watches is told.

    :param kind: one of :data:`HAPPENED`.
    :param time: when.
    :param session: whose it is, who goes by ``nick``.
    :param new: of ``renamed``: the new name.
    :param address: of ``connected`` and ``back``: from where.
    :param reason: of ``away`` and ``disconnected``: why.
    :param remaining: of ``disconnected``: how many sessions there are now.
    :param event: of ``event``: what was written or set in a room of everyone.
    :param count: of ``missed``: how much else has happened in this place, which is not
        told, since it was not read in time.
    """

    kind: HappenedKind
    time: str | None = None
    session: str | None = None
    nick: str | None = None
    new: str | None = None
    address: str | None = None
    reason: str | None = None
    remaining: int | None = None
    event: Message | Topic | Edit | Delete | React | None = None
    count: int | None = None


class Ping(Said, frozen=True, gc=False, kw_only=True, tag="ping"):
    """The server asks whether the client is there; it answers ``{"op":"pong"}``."""


EVENTS: tuple[type[Event], ...] = (Message, Topic, Edit, Delete, React)
"""What has a number."""

SAID: tuple[type[Said], ...] = (
    *(Welcome, Stored, Ok, Error, End, Member, Room, Session),
    *EVENTS,
    *(Joined, Left, Renamed, Presence, Typing),
    *(Expired, Opened, Relabelled, Dropped),
    *(Notice, Happened, Ping),
)
"""All that a server of this version says. Of another version there may be more: a
client ignores what it does not know."""
