"""What a session may ask of the hub. Dialects make these; the hub applies them.

Those with an ``op`` are also what a frame of the structured dialect holds, field by
field (:data:`OPERATIONS`); their types and limits are checked when one is read.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ecochat.core import limits

Ref = Annotated[str, Meta(max_length=limits.REF)]
Number = Annotated[int, Meta(ge=0, le=limits.NUMBER)]
Id = Annotated[int, Meta(ge=1, le=limits.NUMBER)]
Key = Annotated[str, Meta(min_length=limits.KEY_SHORTEST, max_length=limits.KEY)]
Client = Annotated[str, Meta(max_length=limits.CLIENT)]
Seconds = Annotated[int, Meta(ge=0, le=limits.SHUTDOWN)]
Page = Annotated[int, Meta(ge=1, le=limits.HISTORY)]


class Request(msgspec.Struct, frozen=True, gc=False, tag_field="op", kw_only=True):
    """Anything that can be proposed.

    A ``room`` of None is the current room, ``@bob`` the private one with bob. An ``id``
    is its sender's own number for what it writes, larger than any before it: what is
    sent again with the same one is not written again.

    :param ref: the sender's own word for the request, which its answer repeats.
    """

    ref: Ref | None = None


# Sessions


class Hello(Request, frozen=True, gc=False, tag="hello"):
    """Begin a session, or take up the one that has this key.

    :param protocol: the version of the protocol that the client speaks.
    :param client: the client's name and version, as ``name/1.0``.
    :param key: a secret that the client has made once; the session's identity.
    :param nick: the name to go by; None for the one it has, or one of the server's.
    :param rooms: the rooms to be in, each with the number of the last event seen there,
        None for from now on; without it those it is in, or the lobby, from now on.
    """

    protocol: int
    client: Client = ""
    key: Key | None = None
    nick: str | None = None
    rooms: dict[str, Number | None] | None = None


class Open(Request, frozen=True, gc=False):
    """Begin a session for a connection.

    :param address: where it comes from, for operators only.
    :param operator: whether it may do what is for operators only.
    :param answered: whether it is told where what it writes is stored, beside what
        everyone is told of it.
    :param key: the hash of the client's key; None for a session without one.
    :param nick: see :class:`Hello`.
    :param rooms: see :class:`Hello`.
    :param asked: whether the client has asked for it, and may again when it cannot be
        stored.
    :param form: that of the name it is given instead of a guest's, with a place for a
        number, as ``eco-{}``; they are counted since the server's start.
    """

    address: str = ""
    operator: bool = False
    answered: bool = False
    key: bytes | None = None
    nick: str | None = None
    rooms: dict[str, int | None] | None = None
    asked: bool = False
    form: str = ""


class Quit(Request, frozen=True, gc=False, tag="quit"):
    """End the session; what a program asks for as :class:`Depart`."""


class Depart(Request, frozen=True, gc=False):
    """End the session.

    :param reason: why, for the server's log.
    :param tell: whether it is told when it ended.
    """

    reason: str = "quit"
    tell: bool = False


class Drop(Request, frozen=True, gc=False):
    """The connection is gone: end the session, or keep it for a time if it has a key.

    :param reason: why, for the server's log.
    """

    reason: str


class Lapse(Request, frozen=True, gc=False):
    """End a session that has been away too long.

    :param session: its number.
    :param since: the ``seq`` of the :class:`ecochat.core.items.SessionAway` that this
        is about; one that has come back since is not ended.
    """

    session: int
    since: int


class SetNick(Request, frozen=True, gc=False, tag="nick"):
    """Take another name."""

    nick: str


class Ping(Request, frozen=True, gc=False, tag="ping"):
    """Ask for an answer, and nothing else."""


class Pong(Request, frozen=True, gc=False, tag="pong"):
    """Answer the server's ping. It is the one operation that has no answer."""


# What is written


class Say(Request, frozen=True, gc=False, tag="say"):
    """Write a message in a room, or to one person: ``@bob``.

    :param reply_to: the number of the message that it answers.
    """

    text: str
    room: str | None = None
    id: Id | None = None
    reply_to: Id | None = None


class SayAll(Request, frozen=True, gc=False):
    """Say several things in the current room, each as by a :class:`Say` of its own."""

    texts: list[str]


class SayTo(Request, frozen=True, gc=False, tag="msg"):
    """Write a message to one person."""

    nick: str
    text: str
    id: Id | None = None
    reply_to: Id | None = None


class Me(Request, frozen=True, gc=False, tag="me"):
    """Say what one does."""

    text: str
    room: str | None = None
    id: Id | None = None


class SetTopic(Request, frozen=True, gc=False, tag="topic"):
    """Set what a room is about; None asks for it, as :class:`GetTopic`."""

    topic: str | None = None
    room: str | None = None
    id: Id | None = None


class Edit(Request, frozen=True, gc=False, tag="edit"):
    """Write another text for a message of one's own.

    :param message: its number.
    """

    message: Id
    text: str
    room: str | None = None
    id: Id | None = None


class Delete(Request, frozen=True, gc=False, tag="delete"):
    """Remove the text of a message of one's own."""

    message: Id
    room: str | None = None
    id: Id | None = None


class React(Request, frozen=True, gc=False, tag="react"):
    """Answer a message with a sign.

    :param reaction: the sign, as ``👍``.
    :param remove: whether it is to be taken back.
    """

    message: Id
    reaction: str
    room: str | None = None
    remove: bool = False
    id: Id | None = None


class Typing(Request, frozen=True, gc=False, tag="typing"):
    """Show the others in a room that one is writing. It is passed on, never stored."""

    room: str | None = None


class Read(Request, frozen=True, gc=False, tag="read"):
    """Keep how far one has read in a room, for one's own key only."""

    n: Number
    room: str | None = None


# Rooms


class Join(Request, frozen=True, gc=False, tag="join"):
    """Be in a room, made when there is none of that name, and make it current.

    :param after: the number of the last event seen there; None for from now on.
    """

    room: str
    after: Number | None = None


class Leave(Request, frozen=True, gc=False, tag="leave"):
    """Be in a room no longer."""

    room: str | None = None


# Questions


class GetTopic(Request, frozen=True, gc=False):
    """Ask what a room is about."""

    room: str | None = None


class Who(Request, frozen=True, gc=False, tag="who"):
    """List a room's members by rising session number, those above ``after``."""

    room: str | None = None
    after: Number = 0


class Rooms(Request, frozen=True, gc=False, tag="rooms"):
    """List the rooms in the order they were made in, without the first ``after``."""

    after: Number = 0


class History(Request, frozen=True, gc=False, tag="history"):
    """Read a room's log.

    :param before: the last events before this number.
    :param after: the first events after this number.
    :param limit: how many; of neither ``before`` nor ``after`` the last ones.
    """

    room: str | None = None
    before: Number | None = None
    after: Number | None = None
    limit: Page = limits.HISTORY_DEFAULT


class Search(Request, frozen=True, gc=False, tag="search"):
    """Find messages, the newest first.

    :param words: all of them have to be in it; ``word*`` is one that begins so.
    :param room: where; None for all rooms that the session may read.
    :param nick: the name that its writer had.
    :param before: only those before this number of the room.
    :param after: only those after this number of the room.
    :param limit: how many.
    """

    words: str
    room: str | None = None
    nick: str | None = None
    before: Number | None = None
    after: Number | None = None
    limit: Page = limits.HISTORY_DEFAULT


class Status(Request, frozen=True, gc=False, tag="status"):
    """List the sessions: those that are open, and those that ended last."""


class Visits(Request, frozen=True, gc=False):
    """List the sessions that were given names of a form, see :class:`Open`: the last
    ones, open or not, as they came."""

    form: str


class Clients(Request, frozen=True, gc=False, tag="clients"):
    """Ask how many sessions there are."""


class Time(Request, frozen=True, gc=False, tag="time"):
    """Ask what time it is.

    :param local: whether the time of day at the server is wanted, without a date.
    """

    local: bool = False


class Name(Request, frozen=True, gc=False, tag="name"):
    """Ask the server's name."""


class Mac(Request, frozen=True, gc=False, tag="mac"):
    """Ask the hardware address of the server's machine."""


class Joke(Request, frozen=True, gc=False, tag="joke"):
    """Ask for a joke."""


class SetAcks(Request, frozen=True, gc=False):
    """Be told the numbers of one's own messages, or not."""

    on: bool


class Help(Request, frozen=True, gc=False, tag="help"):
    """List the commands, or explain one."""

    command: str | None = None


class Refuse(Request, frozen=True, gc=False):
    """A frame that its dialect could not read: answered in its place in the order.

    :param path: where in the frame, as ``$.id``; empty for the whole.
    """

    code: str
    text: str
    path: str = ""


class Tell(Request, frozen=True, gc=False):
    """A notice that needs no more than its place in the order."""

    text: str


# Operators


class Announce(Request, frozen=True, gc=False, tag="announce"):
    """Say something to everyone, as the server."""

    text: str


class Kick(Request, frozen=True, gc=False, tag="kick"):
    """End the session of someone, by name."""

    nick: str
    reason: str = ""


class Close(Request, frozen=True, gc=False, tag="close"):
    """End a session, by its id as ``s3``."""

    session: str


class Shutdown(Request, frozen=True, gc=False, tag="shutdown"):
    """Stop the server after some seconds."""

    seconds: Seconds = 0
    reason: str = ""


class Watch(Request, frozen=True, gc=False, tag="watch"):
    """Be told all that happens on the server, as it happens, or no longer: of every
    session, and what is said in every room of everyone; never in private ones."""

    on: bool


# The server itself


class Expire(Request, frozen=True, gc=False):
    """Forget the oldest events of a room for good.

    :param room: its id.
    :param upto: the number of the last event that is forgotten.
    """

    room: int
    upto: int


class Informed(Request, frozen=True, gc=False):
    """A request with what it was found to need of the store.

    See :class:`ecochat.core.items.Missing`.

    :param request: the request.
    :param found: what the store has: a ``KeyRecord`` or an ``Event``; None for nothing.
    :param as_of: when that was, as ``Missing`` had it.
    """

    request: Request
    found: Any
    as_of: int


OPERATIONS: tuple[type[Request], ...] = (
    *(Hello, Quit, SetNick, Ping, Pong),
    *(Say, SayTo, Me, SetTopic, Edit, Delete, React, Typing, Read),
    *(Join, Leave, Who, Rooms, History, Search, Status),
    *(Clients, Time, Name, Mac, Joke, Help),
    *(Announce, Kick, Close, Shutdown, Watch),
)
"""What a frame of the structured dialect can hold, in the protocol page's order."""
