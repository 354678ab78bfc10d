"""What a session may ask of the hub. Dialects make these; the hub applies them."""

import msgspec


class Request(msgspec.Struct, frozen=True, gc=False):
    """Anything that can be proposed. ``room`` of None is the current room."""


class Open(Request, frozen=True, gc=False):
    """Begin a session for a connection.

    :param address: where it comes from, for operators only.
    """

    address: str = ""


class Say(Request, frozen=True, gc=False):
    """Write a message in a room."""

    text: str
    room: str | None = None


class SetNick(Request, frozen=True, gc=False):
    """Take another name."""

    nick: str


class Join(Request, frozen=True, gc=False):
    """Be in a room, made when there is none of that name, and make it current."""

    room: str


class Leave(Request, frozen=True, gc=False):
    """Be in a room no longer."""

    room: str | None = None


class SetTopic(Request, frozen=True, gc=False):
    """Set what a room is about."""

    topic: str
    room: str | None = None


class GetTopic(Request, frozen=True, gc=False):
    """Ask what a room is about."""

    room: str | None = None


class Who(Request, frozen=True, gc=False):
    """List a room's members by rising session number, those above ``after``."""

    room: str | None = None
    after: int = 0


class Rooms(Request, frozen=True, gc=False):
    """List the rooms in the order they were made in, without the first ``after``."""

    after: int = 0


class History(Request, frozen=True, gc=False):
    """Read the last ``count`` events of a room, or the last before a number."""

    count: int
    before: int | None = None
    room: str | None = None


class Since(Request, frozen=True, gc=False):
    """Read what follows a number in a room."""

    number: int
    room: str | None = None


class Help(Request, frozen=True, gc=False):
    """List the commands, or explain one."""

    command: str | None = None


class Refuse(Request, frozen=True, gc=False):
    """A frame that its dialect could not read: answered in its place in the order."""

    code: str
    text: str


class Depart(Request, frozen=True, gc=False):
    """End the session.

    :param reason: why, for the server's log.
    """

    reason: str = "quit"
