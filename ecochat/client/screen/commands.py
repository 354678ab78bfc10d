"""The commands on the whole screen: the server's, and what concerns the screen only."""

from __future__ import annotations

import re

import msgspec

from ecochat.core.commands import COMMANDS, Argument, Command, parse_command
from ecochat.core.requests import Close, Request, Say, SetAcks, Watch


class Local(Request, frozen=True, gc=False):
    """What is done here, without asking the server."""


class Keys(Local, frozen=True, gc=False):
    """Show the keys."""


class GoElsewhere(Local, frozen=True, gc=False):
    """Talk with another server."""

    server: str = "localhost"


class Mute(Local, frozen=True, gc=False):
    """Be called by a room no longer, or again."""

    room: str | None = None


class CloseRoom(Local, frozen=True, gc=False):
    """Have a private room before the eyes no longer."""


class Clear(Local, frozen=True, gc=False):
    """Take away what is no message, and what was refused."""


class TellTyping(Local, frozen=True, gc=False):
    """Show others that one writes, or not; None: say how that stands."""

    on: bool | None = None


class Ring(Local, frozen=True, gc=False):
    """Be called by bell and notification, or not; None: say how that stands."""

    on: bool | None = None


def _close(session: str | None = None) -> Request:
    return Close(session) if session else CloseRoom()


def _reply(message: int, text: str) -> Request:
    return Say(text, reply_to=message)


_ROOM = COMMANDS["who"].arguments
_ON = (msgspec.structs.replace(COMMANDS["acks"].arguments[0], required=False),)
_NUMBER_TEXT = COMMANDS["edit"].arguments[1:]
_SERVER = Argument("server", "SERVER")

LOCAL = {
    command.name: command
    for command in (
        Command("reply", "answer a message, by its number", _reply, _NUMBER_TEXT),
        Command("keys", "show what every key does", Keys),
        Command("connect", "talk with another server", GoElsewhere, (_SERVER,)),
        Command("mute", "be called by a room no longer, or again", Mute, _ROOM),
        Command("close", "close a private room", _close, (Argument("session", "ID"),)),
        Command("clear", "take away what is no message", Clear),
        Command("typing", "show others that you write, or not", TellTyping, _ON),
        Command("bell", "be called by bell and notification, or not", Ring, _ON),
    )
}
"""What there is on the screen beside the server's commands, or instead of them."""

_SENSELESS = (SetAcks, Watch)
"""What makes no sense here: it is always so, or is for a console."""

ALL = {n: c for n, c in COMMANDS.items() if c.request not in _SENSELESS} | LOCAL
"""What can be written."""

OFFERED = {n: c for n, c in ALL.items() if n in LOCAL or not c.operator}
"""What is offered: not what is for operators."""

_CONNECT = re.compile(r"CONNECT(?:\s+(\S+))?\s*")


def understood(typed: str) -> Request:
    """Return what is asked for by a line or a message of several.

    :raises Refused: when that cannot be read.
    """
    if connect := _CONNECT.fullmatch(typed):
        return GoElsewhere(server=connect[1] or "localhost")
    return parse_command(typed, ALL) if typed.startswith("/") else Say(typed)
