"""What a session may ask of the hub. Dialects make these; the hub applies them."""

import msgspec


class Request(msgspec.Struct, frozen=True, gc=False):
    """Anything that can be proposed. ``room`` of None is the current room."""


class Open(Request, frozen=True, gc=False):
    """Begin a session for a connection.

    :param address: where it comes from, for operators only.
    :param operator: whether it may do what is for operators only.
    """

    address: str = ""
    operator: bool = False


class Say(Request, frozen=True, gc=False):
    """Write a message in a room, or to one person: ``@bob``."""

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


class Status(Request, frozen=True, gc=False):
    """List the sessions: those that are open, and those that ended last."""


class Clients(Request, frozen=True, gc=False):
    """Ask how many sessions there are."""


class Time(Request, frozen=True, gc=False):
    """Ask what time it is.

    :param local: whether the time of day at the server is wanted, without a date.
    """

    local: bool = False


class Name(Request, frozen=True, gc=False):
    """Ask the server's name."""


class Mac(Request, frozen=True, gc=False):
    """Ask the hardware address of the server's machine."""


class Joke(Request, frozen=True, gc=False):
    """Ask for a joke."""


class SetAcks(Request, frozen=True, gc=False):
    """Be told the numbers of one's own messages, or not."""

    on: bool


class Help(Request, frozen=True, gc=False):
    """List the commands, or explain one."""

    command: str | None = None


class Refuse(Request, frozen=True, gc=False):
    """A frame that its dialect could not read: answered in its place in the order."""

    code: str
    text: str


class Tell(Request, frozen=True, gc=False):
    """A notice that needs no more than its place in the order."""

    text: str


class Depart(Request, frozen=True, gc=False):
    """End the session.

    :param reason: why, for the server's log.
    :param tell: whether it is told when it ended.
    """

    reason: str = "quit"
    tell: bool = False


class Announce(Request, frozen=True, gc=False):
    """Say something to everyone, as the server."""

    text: str


class Kick(Request, frozen=True, gc=False):
    """End the session of someone, by name."""

    nick: str
    reason: str = ""


class Close(Request, frozen=True, gc=False):
    """End a session, by its number."""

    session: int


class Shutdown(Request, frozen=True, gc=False):
    """Stop the server after some seconds."""

    seconds: int = 0
    reason: str = ""
