"""What applying requests yields: events, presence notes, replies, and records.

Every item carries ``seq``, its place in the hub's one order. What a session is sent
is always the part of that order which concerns it.
"""

import msgspec

from ecochat.core.requests import Request


class Item(msgspec.Struct, frozen=True, gc=False):
    """Anything that applying yields."""

    seq: int


class Event(Item, frozen=True, gc=False):
    """An entry of a room's log: numbered, stored, never lost.

    :param room: the room's id.
    :param n: its number in the room: 1, 2, 3, … without a hole.
    :param time: when it was proposed, in milliseconds since 1970 (UTC).
    :param session: the number of the session that wrote it.
    :param nick: the name its writer had then.
    :param kind: ``message`` or ``topic``.
    :param key: the hash of the sender's key, where there is one.
    :param id: the sender's own number for it, where there is one.
    """

    room: int
    n: int
    time: int
    session: int
    nick: str
    kind: str
    text: str
    key: bytes | None = None
    id: int | None = None


class Note(Item, frozen=True, gc=False):
    """Presence: told to a room's members, neither numbered nor stored.

    :param session: the number of the session it is about, which is not told.
    :param kind: ``joined``, ``left`` or ``renamed``.
    :param new: the new name of one that is renamed.
    """

    room: int
    session: int
    kind: str
    nick: str
    new: str = ""


class RoomMade(Item, frozen=True, gc=False):
    """A room was made.

    :param name: empty for a private one: each of its two has another name for it.
    :param owners: the identities that it belongs to; empty for everyone.
    """

    room: int
    name: str
    key: str
    time: int
    owners: tuple[str, ...] = ()


class RoomDropped(Item, frozen=True, gc=False):
    """A private room was forgotten, since nobody is left who may read it."""

    room: int


class SessionOpened(Item, frozen=True, gc=False):
    """A session began.

    :param origin: the connection that it speaks through.
    """

    session: int
    nick: str
    address: str
    time: int
    origin: int


class SessionRenamed(Item, frozen=True, gc=False):
    """A session took another name."""

    session: int
    old: str
    new: str


class SessionClosed(Item, frozen=True, gc=False):
    """A session ended."""

    session: int
    nick: str
    reason: str
    time: int
    remaining: int


class Stopping(Item, frozen=True, gc=False):
    """The server is to stop after some seconds."""

    seconds: int


class Body(msgspec.Struct, frozen=True, gc=False):
    """What a reply says; each dialect has its own words for it."""


class Reply(Item, frozen=True, gc=False):
    """What one connection alone is told.

    :param is_answer: whether it is what a request of its own came to; else it comes
        unasked, from what someone else did.
    """

    origin: int
    body: Body
    is_answer: bool


class Entered(Body, frozen=True, gc=False):
    """The session is in this room now, and the room is its current one.

    :param last: the room's last number when it entered: what follows will be sent.
    :param others: how many others are in the room.
    """

    room: int
    name: str
    last: int
    nick: str
    others: int
    topic: str


class Welcomed(Entered, frozen=True, gc=False):
    """The session has begun, in this room.

    :param session: its number.
    """

    session: int


class Opened(Body, frozen=True, gc=False):
    """The session hears what is said in a private room from now on.

    :param name: what the session calls the room.
    :param last: the room's last number until now.
    """

    room: int
    name: str
    last: int


class Relabelled(Body, frozen=True, gc=False):
    """A private room of the session's has another name for it."""

    room: int
    name: str


class Dropped(Body, frozen=True, gc=False):
    """A private room of the session's is forgotten."""

    room: int


class Exited(Body, frozen=True, gc=False):
    """The session is no longer in ``name``.

    :param current: the id of the room that is current now, None for no room.
    :param current_name: its name.
    """

    room: int
    name: str
    current: int | None = None
    current_name: str = ""


class Renamed(Body, frozen=True, gc=False):
    """The session has a new name."""

    old: str
    new: str


class Topic(Body, frozen=True, gc=False):
    """What a room is about; empty for nothing."""

    name: str
    topic: str


class WhoPage(Body, frozen=True, gc=False):
    """A part of a room's members, as pairs of name and session number.

    :param total: how many there are in all.
    :param more: what to ask for the next part; None when this is the last.
    """

    name: str
    members: tuple[tuple[str, int], ...]
    total: int
    more: Request | None


class RoomLine(msgspec.Struct, frozen=True, gc=False):
    """A room as a list shows it."""

    name: str
    members: int
    last: int
    topic: str


class RoomsPage(Body, frozen=True, gc=False):
    """A part of the rooms, and what to ask for the next part."""

    rooms: tuple[RoomLine, ...]
    more: Request | None


class LogRange(Body, frozen=True, gc=False):
    """The events of a room with ``after < n <= upto``, to be read from the store.

    :param end: the number that the end of the list names.
    """

    room: int
    name: str
    after: int
    upto: int
    end: int


class StatusRange(Body, frozen=True, gc=False):
    """The sessions as they were at a time, to be read from the store.

    :param time: when, in milliseconds since 1970 (UTC).
    :param upto: the highest number of a session then.
    :param addresses: whether it is told where each comes from.
    """

    time: int
    upto: int
    addresses: bool


class Clock(Body, frozen=True, gc=False):
    """What time it is, in milliseconds since 1970 (UTC); see ``requests.Time``."""

    time: int
    local: bool


class Fact(Body, frozen=True, gc=False):
    """A short answer.

    :param kind: to what: ``name``, ``mac``, ``clients``, ``joke`` or ``notice``.
    """

    kind: str
    text: str


class AcksSet(Body, frozen=True, gc=False):
    """The session is told the numbers of its own messages from now on, or not."""

    on: bool


class Announced(Body, frozen=True, gc=False):
    """The operator says something to everyone."""

    text: str


class HelpText(Body, frozen=True, gc=False):
    """Lines of help."""

    lines: tuple[str, ...]


class Refusal(Body, frozen=True, gc=False):
    """The request was not carried out (see :class:`ecochat.core.errors.Refused`)."""

    code: str
    text: str


class NotOpened(Refusal, frozen=True, gc=False):
    """The session could not begin; it is up to the connection to ask again."""


class Failed(Body, frozen=True, gc=False):
    """The hub itself failed at this request: a fault of ours. The session ends.

    :param traceback: what the log has to know.
    """

    traceback: str


class Ended(Body, frozen=True, gc=False):
    """The session is over; nothing follows for it.

    :param time: when, in milliseconds since 1970 (UTC), where that is to be told.
    """

    time: int | None = None


class Kicked(Refusal, frozen=True, gc=False):
    """An operator ended the session: it is told so now, and nothing else."""
