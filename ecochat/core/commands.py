"""The one table of commands, and how a line of text becomes a request by it.

Plain slash commands, help and completion are read from here, and which operation of the
structured dialect is the twin of each.
"""

import difflib
import re
from collections.abc import Callable, Mapping

import msgspec

from ecochat.core import limits
from ecochat.core.errors import Refused
from ecochat.core.requests import (
    Announce,
    Clients,
    Close,
    Delete,
    Depart,
    Edit,
    GetTopic,
    Help,
    History,
    Join,
    Joke,
    Kick,
    Leave,
    Mac,
    Me,
    Name,
    Quit,
    React,
    Request,
    Rooms,
    Say,
    SayTo,
    Search,
    SetAcks,
    SetNick,
    SetTopic,
    Shutdown,
    Status,
    Time,
    Watch,
    Who,
)


class Argument(msgspec.Struct, frozen=True):
    """One argument of a command.

    :param field: the request's field that it fills.
    :param name: what the usage line calls it.
    :param read: makes a value of the word; :raises ValueError: with what was expected.
    :param required: whether the command needs it.
    :param keyword: the word that has to stand before it.
    :param fits: what a word has to look like to be taken for it, where it may be
        absent and another follows.
    :param rest: whether it is all the rest of the text instead of one word.
    """

    field: str
    name: str
    read: Callable[[str], object] = str
    required: bool = False
    keyword: str = ""
    fits: re.Pattern[str] = re.compile("")
    rest: bool = False

    @property
    def usage(self) -> str:
        """The argument as the usage line shows it."""
        shown = f"{self.keyword} {self.name}".strip()
        return shown if self.required else f"[{shown}]"


class Command(msgspec.Struct, frozen=True):
    """One command: its name, a line of help, what it makes of its arguments.

    :param operator: whether it is for operators only.
    :param twin: the operation that asks for the same; None: it is ``request`` itself.
    """

    name: str
    help: str
    request: Callable[..., Request]
    arguments: tuple[Argument, ...] = ()
    operator: bool = False
    twin: type[Request] | None = None

    @property
    def operation(self) -> object:
        """The type of request that a program asks for the same with."""
        return self.twin or self.request

    @property
    def usage(self) -> str:
        """How to write the command: ``/history [ROOM] [COUNT] [before NUMBER]``."""
        return " ".join([f"/{self.name}", *(a.usage for a in self.arguments)])


def _number(word: str) -> int:
    if not re.fullmatch("[0-9]{1,18}", word):
        raise ValueError("is a whole number, 0 or more, of at most 18 digits")
    return int(word)


def _count(word: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", word) or not 1 <= int(word) <= limits.HISTORY:
        raise ValueError(f"is a number from 1 to {limits.HISTORY}")
    return int(word)


def _seconds(word: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", word) or int(word) > limits.SHUTDOWN:
        raise ValueError(f"is a number from 0 to {limits.SHUTDOWN}")
    return int(word)


def _session(word: str) -> str:
    if not re.fullmatch("[sS]?[0-9]{1,18}", word):
        raise ValueError("is a session as /status names it, like s3")
    return f"s{word.lstrip('sS')}"


def _off(word: str) -> bool:
    if word.lower() != "off":
        raise ValueError("is what can stand there")
    return True


def _on(word: str) -> bool:
    if word.lower() not in _SWITCH:
        raise ValueError("is what it takes")
    return _SWITCH[word.lower()]


def _room(word: str) -> str:
    return word.removeprefix("#")


def _nick(word: str) -> str:
    if word == "@":
        raise ValueError("is missing")
    return word.removeprefix("@")


def _topic(topic: str | None = None) -> Request:
    return GetTopic() if topic is None else SetTopic(topic)


def _since(number: int, room: str | None = None) -> Request:
    return History(room, after=number, limit=limits.NUMBER)


_SWITCH = {"on": True, "off": False}
_ROOM = Argument("room", "ROOM", _room)
_ROOM_FIRST = Argument("room", "ROOM", _room, fits=re.compile("[^0-9+-]"))
_NUMBER = Argument("number", "NUMBER", _number, required=True)
_MESSAGE = Argument("message", "NUMBER", _number, required=True)
_NICK = Argument("nick", "NICK", _nick, required=True)
_TEXT = Argument("text", "TEXT", required=True, rest=True)
_REASON = Argument("reason", "REASON", rest=True)

COMMANDS = {
    command.name: command
    for command in (
        Command(
            "nick",
            "choose another name",
            SetNick,
            (Argument("nick", "NAME", required=True),),
        ),
        Command("who", "list who is in a room", Who, (_ROOM,)),
        Command(
            "msg",
            "write to one person; nobody else can read it",
            SayTo,
            (_NICK, _TEXT),
        ),
        Command("me", "say what you do, as in /me waves", Me, (_TEXT,)),
        Command(
            "edit",
            "write another text for a message of yours",
            Edit,
            (_ROOM_FIRST, _MESSAGE, _TEXT),
        ),
        Command(
            "delete",
            "remove the text of a message of yours",
            Delete,
            (_ROOM_FIRST, _MESSAGE),
        ),
        Command(
            "react",
            "answer a message with a sign, as in /react 5 👍; off takes it back",
            React,
            (
                _ROOM_FIRST,
                _MESSAGE,
                Argument("reaction", "SIGN", required=True),
                Argument("remove", "off", _off),
            ),
        ),
        Command(
            "join",
            "go into a room, made if there is none; the others are kept",
            Join,
            (Argument("room", "ROOM", _room, required=True),),
        ),
        Command("leave", "leave a room", Leave, (_ROOM,)),
        Command("rooms", "list the rooms", Rooms),
        Command(
            "topic",
            "show or set what the room is about",
            _topic,
            (Argument("topic", "TEXT", rest=True),),
            twin=SetTopic,
        ),
        Command(
            "history",
            f"show the last COUNT messages ({limits.HISTORY_DEFAULT})",
            History,
            (
                _ROOM_FIRST,
                Argument("limit", "COUNT", _count),
                Argument("before", "NUMBER", _number, keyword="before"),
            ),
        ),
        Command(
            "since",
            "show all that followed a message",
            _since,
            (_ROOM_FIRST, _NUMBER),
            twin=History,
        ),
        Command(
            "search",
            "find messages that have all the words; word* begins so",
            Search,
            (Argument("words", "WORDS", required=True, rest=True),),
        ),
        Command(
            "acks",
            "be told the numbers of your own messages, or not",
            SetAcks,
            (Argument("on", "on|off", _on, required=True),),
        ),
        Command("status", "list the sessions, and those that ended last", Status),
        Command("clients", "say how many are here", Clients),
        Command("time", "say what time it is (UTC)", Time),
        Command("name", "say the server's name", Name),
        Command("mac", "say the hardware address of the server's machine", Mac),
        Command("joke", "tell a joke", Joke),
        Command(
            "help",
            "list the commands, or explain one",
            Help,
            (Argument("command", "COMMAND"),),
        ),
        Command("quit", "end the session", Depart, twin=Quit),
        Command(
            "say", "say something to everyone, as Server", Announce, (_TEXT,), True
        ),
        Command(
            "kick",
            "end the session of someone",
            Kick,
            (_NICK, _REASON),
            operator=True,
        ),
        Command(
            "close",
            "end a session by its id, as s3",
            Close,
            (Argument("session", "ID", _session, required=True),),
            operator=True,
        ),
        Command(
            "shutdown",
            "stop the server, now or in some seconds",
            Shutdown,
            (Argument("seconds", "SECONDS", _seconds), _REASON),
            operator=True,
        ),
        Command(
            "watch",
            "be told all that happens on the server, or not",
            Watch,
            (Argument("on", "on|off", _on, required=True),),
            operator=True,
        ),
    )
}

_ELSEWHERE = {"exit": "quit", "list": "rooms", "names": "who", "part": "leave"}
"""What other programs call a command, where that is not the nearest name."""

OPERATORS_ONLY = {c.request: c.name for c in COMMANDS.values() if c.operator}
"""The types of request that are for operators, and the command that each is of."""


def find_command(name: str, commands: Mapping[str, Command] = COMMANDS) -> Command:
    """Return the command of this name, in any case, with or without its slash.

    :param commands: those that there are, by name.
    :raises Refused: ``unknown_command``, naming it and the nearest known one.
    """
    known = commands.get(name.removeprefix("/").lower())
    if known is None:
        word = name.removeprefix("/")[:40]
        near = _ELSEWHERE.get(word.lower()) or _nearest(word.lower(), commands)
        text = f"unknown command /{word}, did you mean /{near}? /help lists them all"
        raise Refused("unknown_command", text)
    return known


def _nearest(word: str, commands: Mapping[str, Command]) -> str:
    return difflib.get_close_matches(word, commands, 1, cutoff=0)[0]


def parse_command(text: str, commands: Mapping[str, Command] = COMMANDS) -> Request:
    """Return what a line that begins with a slash asks for; ``//x`` says ``/x``.

    :param commands: those that there are, by name.
    :raises Refused: ``unknown_command``, or ``usage`` with the usage line.
    """
    if text.startswith("//"):
        return Say(text[1:])
    word, *rest = re.split(r"\s", text, maxsplit=1)
    command = find_command(word, commands)
    try:
        values = _read(command, rest[0].strip() if rest else "")
    except ValueError as wrong:
        raise Refused("usage", f"{wrong}; usage: {command.usage}") from None
    return command.request(**values)


def _read(command: Command, text: str) -> dict[str, object]:
    keywords = {argument.keyword for argument in command.arguments}
    values = {}
    for argument in command.arguments:
        word, text = _take(argument, text, keywords)
        if word:
            try:
                values[argument.field] = argument.read(word)
            except ValueError as wrong:
                raise ValueError(f"{argument.name} {wrong}") from None
        elif argument.required:
            raise ValueError(f"{argument.name} is missing")
    if text:
        raise ValueError(f"too much: {text[:40]}")
    return values


def _take(argument: Argument, text: str, keywords: set[str]) -> tuple[str, str]:
    """Return what the text gives for an argument, empty for nothing, and the rest."""
    first, rest = _first_word(text)
    if argument.keyword:
        if first.lower() != argument.keyword:
            return "", text
        first, rest = _first_word(rest)
        if not first:
            raise ValueError(f"{argument.name} is missing")
        return first, rest
    if first.lower() in keywords or not argument.fits.match(first):
        return "", text
    return (text, "") if argument.rest else (first, rest)


def _first_word(text: str) -> tuple[str, str]:
    first, rest = (*text.split(maxsplit=1), "", "")[:2]
    return first, rest
