"""The commands of both clients for people: the server's, and what is done here."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from ecochat.core.commands import (
    COMMANDS,
    Argument,
    Command,
    find_command,
    parse_command,
)
from ecochat.core.requests import Close, Help, Request, Say, Search, SetAcks, Watch


class Local(Request, frozen=True, gc=False):
    """What is done here, without asking the server."""


class Keys(Local, frozen=True, gc=False):
    """Show the keys."""


class GoElsewhere(Local, frozen=True, gc=False):
    """Talk with another server; "" for the present one, which is tried at once."""

    server: str = ""


class Mute(Local, frozen=True, gc=False):
    """Be called by a room no longer, or again."""

    room: str | None = None


class GoTo(Local, frozen=True, gc=False):
    """Look at a message of the current room, and at what stands around it."""

    message: int


class CloseRoom(Local, frozen=True, gc=False):
    """Have a private room before the eyes no longer."""


class Clear(Local, frozen=True, gc=False):
    """Take away what is no message, and what was refused; or all that is shown."""


class TellTyping(Local, frozen=True, gc=False):
    """Show others that one writes, or not; None: say how that stands."""

    on: bool | None = None


class TakeMouse(Local, frozen=True, gc=False):
    """Have the mouse work here, or leave it to the terminal; None: say how that
    stands."""

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
_SERVER = (Argument("server", "SERVER"),)
_SOUGHT = (
    msgspec.structs.replace(_ROOM[0], name="#ROOM", fits=re.compile("#.")),
    msgspec.structs.replace(
        COMMANDS["msg"].arguments[0],
        name="@NICK",
        required=False,
        fits=re.compile("@."),
    ),
    *COMMANDS["search"].arguments,
)

LOCAL = {
    command.name: command
    for command in (
        Command("reply", "answer a message, by its number", _reply, _NUMBER_TEXT),
        Command("goto", "go to a message, by its number", GoTo, _NUMBER_TEXT[:1]),
        Command("search", COMMANDS["search"].help, Search, _SOUGHT),
        Command("keys", "show what every key does", Keys),
        Command("connect", "go to another server, or retry this", GoElsewhere, _SERVER),
        Command("mute", "be called by a room no longer, or again", Mute, _ROOM),
        Command("close", "close a private room", _close, (Argument("session", "ID"),)),
        Command("clear", "take away what is no message, and what was refused", Clear),
        Command("typing", "show others that you write, or not", TellTyping, _ON),
        Command("bell", "be called by bell and notification, or not", Ring, _ON),
        Command("mouse", "have it work here; off leaves it to select", TakeMouse, _ON),
    )
}
"""What there is beside the server's commands, or instead of them."""

_SENSELESS = (SetAcks, Watch)
"""What makes no sense here: it is always so, or is for a console."""

ALL = {n: c for n, c in COMMANDS.items() if c.request not in _SENSELESS} | LOCAL
"""What can be written."""

OFFERED = {n: c for n, c in ALL.items() if n in LOCAL or not c.operator}
"""What is offered: not what is for operators."""

REST = "anything else is said in the room; //x says /x; /keys shows the keys"
"""What ``/help`` says behind the commands."""

_CONNECT = re.compile(r"CONNECT(?:\s+(\S+))?\s*")


def understood(typed: str, commands: Mapping[str, Command] = ALL) -> Request:
    """Return what is asked for by a line or a message of several.

    :param commands: those that there are, by name.
    :raises Refused: when that cannot be read.
    """
    if connect := _CONNECT.fullmatch(typed):
        return GoElsewhere(server=connect[1] or "")
    return parse_command(typed, commands) if typed.startswith("/") else Say(typed)


def explained(asked: Help) -> list[str]:
    """Return the lines that answer ``/help``: what is offered, or one command, also one
    for operators.

    :raises Refused: where there is no command of that name.
    """
    word = asked.command
    known = [find_command(word, ALL)] if word else OFFERED.values()
    lines = [f"{command.usage}: {command.help}" for command in known]
    return lines if word else [*lines, REST]
