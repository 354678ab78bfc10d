"""The plain dialect: what a person or a shell speaks (docs/protocol.md).

The first character of what the server sends tells what it is: ``*`` a notice or a
reply, ``!`` an error, ``+`` the number of one's own message; anything else is
somebody's message, since no name can begin so.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ecochat.core.commands import parse_command
from ecochat.core.errors import Refused
from ecochat.core.framing import BadFrame, encode_frame
from ecochat.core.items import (
    Body,
    Ended,
    Entered,
    Event,
    Exited,
    Failed,
    HelpText,
    Note,
    NotOpened,
    Refusal,
    Renamed,
    RoomsPage,
    Topic,
    Welcomed,
    WhoPage,
)
from ecochat.core.requests import Refuse, Request, Say
from ecochat.dialects.port import View

_NOTES = {
    "joined": "{nick} joined",
    "left": "{nick} left",
    "renamed": "{nick} is now {new}",
}
_BAD_FRAMES = {
    BadFrame.TOO_LONG: "frame longer than {limit} bytes, ignored",
    BadFrame.NOT_UTF8: "not UTF-8, ignored",
    BadFrame.UNTERMINATED: "frame without its null byte, ignored",
}


class PlainDialect:
    """See :class:`ecochat.dialects.port.Dialect`.

    :param server: the server's name.
    :param welcome: what the operator tells everyone at the start; may be empty.
    """

    def __init__(self, server: str, welcome: str = "") -> None:
        self._server = server
        self._welcome = welcome
        self._replies: dict[type[Body], Callable[[Any], list[str]]] = {
            Welcomed: self._welcomed,
            Entered: _entered,
            Exited: _exited,
            Renamed: _renamed,
            Topic: _topic,
            WhoPage: _who,
            RoomsPage: _rooms,
            HelpText: _help,
            Refusal: _refusal,
            NotOpened: _refusal,
            Failed: _failed,
            Ended: _nothing,
        }

    def request(self, frame: str) -> Request | None:
        """See :class:`ecochat.dialects.port.Dialect`."""
        text = trim(frame)
        if not text or text.isspace():
            return None
        if not text.startswith("/"):
            return Say(text)
        if text.startswith("//"):
            return Say(text[1:])
        try:
            return parse_command(text)
        except Refused as refused:
            return Refuse(refused.code, refused.text)

    def event(self, room: str, event: Event, view: View) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        if view is View.OWN:
            return encode_frame(f"+ {room} {event.n}")
        where = "" if view is View.CURRENT else f"[{room}] "
        if event.kind == "message":
            return encode_frame(f"{where}{event.nick}: {event.text}")
        return encode_frame(f"* {where}{_said(event)}")

    def note(self, room: str, note: Note, view: View) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        where = "" if view is View.CURRENT else f"[{room}] "
        said = _NOTES[note.kind].format(nick=note.nick, new=note.new)
        return encode_frame(f"* {where}{said}")

    def reply(self, body: Body) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return b"".join(map(encode_frame, self._replies[type(body)](body)))

    def log_entry(self, room: str, event: Event) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        stamp = timestamp(event.time)
        return encode_frame(f"* {room} {event.n} {stamp} {_said(event)}")

    def log_end(self, room: str, n: int) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return encode_frame(f"* end {room} {n}")

    def bad_frame(self, problem: BadFrame, limit: int) -> Refuse:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return Refuse("bad_frame", _BAD_FRAMES[problem].format(limit=limit))

    def notice(self, text: str) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return encode_frame(f"* {text}")

    def error(self, text: str) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return encode_frame(f"! {text}")

    def _welcomed(self, body: Welcomed) -> list[str]:
        lines = [
            f"* Welcome to {self._server}. {_you_are(body)}"
            " /nick NAME to choose a name, /help for the rest."
        ]
        return [*lines, f"* {self._welcome}"] if self._welcome else lines


def trim(frame: str) -> str:
    """Return a frame without the one LF or CRLF that may end it."""
    return (
        frame.removesuffix("\n").removesuffix("\r") if frame.endswith("\n") else frame
    )


def timestamp(milliseconds: int) -> str:
    """Return a time since 1970 as RFC 3339 writes it: ``2026-11-21T04:30:49.123Z``."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _said(event: Event) -> str:
    if event.kind == "topic":
        return f"{event.nick} set the topic: {event.text}"
    return f"{event.nick}: {event.text}"


def _you_are(body: Entered) -> str:
    company = {0: "alone", 1: "with 1 other"}
    others = company.get(body.others, f"with {body.others} others")
    return f"You are {body.nick} in {body.name} {others}."


def _entered(body: Entered) -> list[str]:
    about = f" Topic: {body.topic}" if body.topic else ""
    return [f"* {_you_are(body)}{about}"]


def _exited(body: Exited) -> list[str]:
    now = f"in {body.current_name}" if body.current else "in no room, /join one"
    return [f"* You left {body.name}. You are {now}."]


def _renamed(body: Renamed) -> list[str]:
    return [f"* {body.old} is now {body.new}"]


def _topic(body: Topic) -> list[str]:
    about = f"the topic is: {body.topic}" if body.topic else "there is no topic"
    return [f"* {body.name}: {about}"]


def _who(body: WhoPage) -> list[str]:
    lines = [f"* {body.name} {nick} s{number}" for nick, number in body.members]
    return lines if body.more else [*lines, f"* end {body.name} {body.total}"]


def _rooms(body: RoomsPage) -> list[str]:
    lines = []
    for room in body.rooms:
        members = "1 member" if room.members == 1 else f"{room.members} members"
        about = f": {room.topic}" if room.topic else ""
        lines.append(f"* {room.name} {members}, last {room.last}{about}")
    return lines if body.more else [*lines, "* end rooms"]


def _help(body: HelpText) -> list[str]:
    return [f"* {line}" for line in body.lines] + ["* end help"]


def _refusal(body: Refusal) -> list[str]:
    return [f"! {body.text}"]


def _failed(body: Failed) -> list[str]:
    return ["! the server failed at this, the connection is closed"]


def _nothing(body: Body) -> list[str]:
    return []
