"""What applying requests yields: events, presence notes, replies, and records.

Every item carries ``seq``, its place in the hub's one order. What a session is sent
is always the part of that order which concerns it.
"""

import msgspec

from ecochat.core.limits import NUMBER
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
    :param kind: one of :data:`KINDS`.
    :param text: the message, the topic, the message's new text, or the reaction. Of
        what was edited and of its edits it is the present one; empty when deleted.
    :param key: whose ``id`` is its own: the number of the sender's key, or that of its
        session below zero if it has none; None where neither is known.
    :param id: the sender's own number for it, where there is one.
    :param target: the number of the message that it is about, or answers.
    :param changed: the number of the event that changed it last; 0 for none.
    """

    room: int
    n: int
    time: int
    session: int
    nick: str
    kind: str
    text: str
    key: int | None = None
    id: int | None = None
    target: int | None = None
    changed: int = 0

    @property
    def is_deleted(self) -> bool:
        """Whether its text was removed."""
        return bool(self.changed) and not self.text


KINDS = ("message", "topic", "edit", "delete", "react", "unreact")
"""What an event can be."""


class Changed(Item, frozen=True, gc=False):
    """A message has another text from now on, and so have the edits of it.

    :param room: the room's id.
    :param target: the message's number.
    :param by: the number of the event that says so.
    :param text: its text now; empty when it is deleted.
    """

    room: int
    target: int
    by: int
    text: str


class RoomExpired(Item, frozen=True, gc=False):
    """The events of a room up to a number are forgotten for good."""

    room: int
    upto: int


class Note(Item, frozen=True, gc=False):
    """Presence: told to a room's members, neither numbered nor stored.

    :param session: the number of the session it is about, which is not told.
    :param kind: ``joined``, ``left``, ``renamed`` or ``typing``; ``many`` of a digest.
    :param new: the new name of one that is renamed.
    """

    room: int
    session: int
    kind: str
    nick: str
    new: str = ""


class Digest(Note, frozen=True, gc=False, kw_only=True):
    """The presence of many as numbers. The hub yields none: the network sums up what is
    too much to be told one by one.

    :param joined: how many have come, and are there.
    :param left: how many are gone that were there.
    :param renamed: how many have another name.
    """

    session: int = 0
    kind: str = "many"
    nick: str = ""
    joined: int
    left: int
    renamed: int


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


class RoomFound(Item, frozen=True, gc=False):
    """A private room of before is here again, since one of its two is.

    :param first: the number of its oldest event.
    :param last: the number of its newest event.
    """

    room: int
    first: int
    last: int


class RoomDropped(Item, frozen=True, gc=False):
    """A private room was forgotten, since nobody is left who may read it."""

    room: int


class KeyMade(Item, frozen=True, gc=False):
    """A key was used for the first time.

    :param key: its number.
    :param hash: what is kept of it.
    """

    key: int
    hash: bytes


class ReadMarked(Item, frozen=True, gc=False):
    """Who has a key has read a room up to a number."""

    key: int
    room: int
    n: int


class SessionOpened(Item, frozen=True, gc=False):
    """A session began.

    :param origin: the connection that it speaks through.
    :param key: the number of its key, if it has one.
    """

    session: int
    nick: str
    address: str
    time: int
    origin: int
    key: int | None = None


class SessionAway(Item, frozen=True, gc=False):
    """A session has lost its connection, and is kept for a time."""

    session: int
    reason: str
    nick: str


class SessionResumed(Item, frozen=True, gc=False):
    """A session speaks through another connection from now on."""

    session: int
    address: str
    origin: int
    nick: str


class Entrance(Item, frozen=True, gc=False):
    """A session that has a key is in a room, or no longer: it outlives the server."""

    session: int
    room: int
    is_in: bool


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


class Watched(Item, frozen=True, gc=False):
    """A session is told all that happens from now on, or no longer."""

    session: int
    on: bool


class Stopping(Item, frozen=True, gc=False):
    """The server is to stop after some seconds."""

    seconds: int


class Body(msgspec.Struct, frozen=True, gc=False):
    """What a reply says; each dialect has its own words for it."""


class Reply(Item, frozen=True, gc=False):
    """What one connection alone is told.

    :param is_answer: whether it is what a request of its own came to; else it comes
        unasked, from what someone else did.
    :param ref: its sender's word for the request that it answers.
    """

    origin: int
    body: Body
    is_answer: bool
    ref: str | None = None


class Entered(Body, frozen=True, gc=False):
    """The session is in this room now, and the room is its current one.

    :param last: the room's last number when it entered.
    :param others: how many others are in the room.
    :param after: what follows this number will be sent.
    :param read: how far its key has read it; 0 for nothing.
    """

    room: int
    name: str
    last: int
    nick: str
    others: int
    topic: str
    after: int
    read: int = 0


class Welcomed(Body, frozen=True, gc=False):
    """The session has begun, or goes on, in these rooms; the last is current.

    :param session: its number.
    :param time: when, in milliseconds since 1970 (UTC).
    :param resumed: whether it goes on.
    :param last_id: the largest ``id`` that is stored of its key.
    """

    session: int
    nick: str
    time: int
    rooms: tuple[Entered, ...]
    resumed: bool = False
    last_id: int = 0


class Stored(Body, frozen=True, gc=False):
    """What the session wrote is stored.

    :param room: the room's id.
    :param name: the room's name.
    :param n: its number there.
    :param id: its sender's own number for it.
    :param duplicate: whether it was stored before, and this is that answer again.
    """

    room: int
    name: str
    n: int
    id: int | None
    duplicate: bool = False


class Repeated(Body, frozen=True, gc=False):
    """The session wrote under an ``id`` that is not above its last: what is stored
    under it is to be read from the store, and be the answer.

    :param key: whose ``id`` it is; see :class:`Event`.
    :param room: the id of the room that it is for now; :data:`ANY_ROOM`,
        :data:`SOMEONE` or :data:`NO_ROOM`.
    :param name: what the session calls that room.
    :param kind: what it is now; see :data:`KINDS`.
    :param place: the room's id and the number that were stored under it, where that is
        known: it may be kept no longer.
    """

    key: int
    id: int
    room: int
    name: str
    kind: str
    text: str
    target: int | None
    place: tuple[int, int] | None


ANY_ROOM = 0
"""In place of a room's id: the room is left out, and the current one may have been
another then."""

SOMEONE = -1
"""In place of a room's id: the private room with one who is gone, or has another name
now, so that it cannot be told which."""

NO_ROOM = -2
"""In place of a room's id: there is no such room."""


class Missing(Body, frozen=True, gc=False):
    """The request needs something of the store, and is to be proposed again with it,
    as ``requests.Informed``.

    :param key: the hash of the key whose record is needed; or
    :param room: the id of the room and
    :param n: the number there of the event that is needed.
    :param as_of: goes back with it, and tells whether it has become stale meanwhile.
    """

    request: Request
    as_of: int
    key: bytes | None = None
    room: int = 0
    n: int = 0


class Done(Body, frozen=True, gc=False):
    """What was asked for is done, and there is nothing more to say."""


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
    old: str
    name: str


class Dropped(Body, frozen=True, gc=False):
    """A private room of the session's is forgotten."""

    room: int
    name: str


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


class Member(msgspec.Struct, frozen=True, gc=False):
    """A member of a room as a list shows it.

    :param away: whether its connection is lost, and it may come back.
    """

    nick: str
    session: int
    away: bool


class WhoPage(Body, frozen=True, gc=False):
    """A part of a room's members.

    :param total: how many there are in all.
    :param more: what to ask for the next part; None when this is the last.
    """

    name: str
    members: tuple[Member, ...]
    total: int
    more: Request | None


class RoomLine(msgspec.Struct, frozen=True, gc=False):
    """A room as a list shows it."""

    name: str
    members: int
    last: int
    topic: str


class RoomsPage(Body, frozen=True, gc=False):
    """A part of the rooms, how many there are, and what to ask for the next part."""

    rooms: tuple[RoomLine, ...]
    total: int
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
    :param away: the numbers of those that have lost their connection.
    """

    time: int
    upto: int
    addresses: bool
    away: frozenset[int]


class Visit(msgspec.Struct, frozen=True, gc=False):
    """A session as a list of visits shows it.

    :param connected: when, in milliseconds since 1970 (UTC).
    :param disconnected: the same; None while it is open.
    """

    nick: str
    connected: int
    disconnected: int | None = None


class Visited(Body, frozen=True, gc=False):
    """The last sessions with names of one form, as they came."""

    visits: tuple[Visit, ...]


class SearchRange(Body, frozen=True, gc=False):
    """Messages that are to be found in the store, the newest first.

    :param words: what the session wrote; see :class:`ecochat.core.requests.Search`.
    :param room: the id of the room; None for all rooms of everyone and ``talks``.
    :param names: what the session calls the rooms, by id: the one room, or its private
        rooms.
    :param nick: the name of who wrote them; None for anyone.
    :param after: only those with ``after < n < before``.
    :param limit: how many.
    :param below: only those with a ``seq`` below this: so they are read in pages.
    """

    words: tuple[str, ...]
    room: int | None
    names: dict[int, str]
    nick: str | None
    after: int
    before: int
    limit: int
    below: int = NUMBER


class Clock(Body, frozen=True, gc=False):
    """What time it is, in milliseconds since 1970 (UTC); see ``requests.Time``."""

    time: int
    local: bool


class Fact(Body, frozen=True, gc=False):
    """A short answer.

    :param kind: to what: ``name``, ``mac``, ``clients``, ``joke`` or ``notice``;
        ``told`` for what nobody asked, but that has a place among the answers.
    """

    kind: str
    text: str


class AcksSet(Body, frozen=True, gc=False):
    """The session is told the numbers of its own messages from now on, or not."""

    on: bool


class Announced(Body, frozen=True, gc=False):
    """The operator says something to everyone."""

    text: str


class Happened(Body, frozen=True, gc=False):
    """Something happened, which whoever watches is told.

    :param item: what: of a session, or an event of a room of everyone.
    :param time: when, in milliseconds since 1970 (UTC).
    :param where: the room's name; empty for what is of no room.
    """

    item: Item
    time: int
    where: str = ""


class Overlooked(Body, frozen=True, gc=False):
    """So much has happened that a watcher was not told, since it did not read."""

    count: int


class HelpText(Body, frozen=True, gc=False):
    """Lines of help."""

    lines: tuple[str, ...]


class Refusal(Body, frozen=True, gc=False):
    """The request was not carried out (see :class:`ecochat.core.errors.Refused`).

    :param path: where in the request what was wrong is; empty for the whole.
    """

    code: str
    text: str
    path: str = ""


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
