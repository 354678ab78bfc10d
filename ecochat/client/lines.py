"""What the server says, as lines for people: words and styles, for every face."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zlib import crc32

from ecochat.client.safe import indented, safe, safe_name
from ecochat.core import wire

Fragments = list[tuple[str, str]]
"""A line: pairs of a style and a text that is safe to show. Styles are ``name`` (of a
person), ``text`` (what somebody wrote), ``found`` (in it, what was searched for),
``quiet``, and none."""

ACTION = "/me "
"""What the text of a message begins with that says what its writer does."""

COLOURS = {
    "green": 28,
    "yellow": 100,
    "orange": 166,
    "blue": 63,
    "magenta": 164,
    "pink": 168,
    "violet": 135,
    "cyan": 31,
}
"""Of people's names, by their number among the 256 of terminals. Each can be read on
white and on black, which none of the first sixteen can everywhere: what those look like
differs, and many a terminal's yellow cannot be seen on white. Red is for errors."""

RED = 160
"""That of errors."""


def line_of(said: wire.Said) -> Fragments:
    """Return what the server says as a line, without a line feed at its end.

    :param said: an event, ``expired``, an item of a list, or ``stored``.
    """
    return [*_head(said), *sentence(said)]


def sentence(said: wire.Said) -> Fragments:
    """Return the same without where and when it was."""
    return _SENTENCES[type(said)](said)


def plain(line: Fragments) -> str:
    """Return a line as text."""
    return "".join(text for _, text in line)


def nick_colour(nick: str) -> str:
    """Return the colour of a person's name, the same in every room and run."""
    return list(COLOURS)[crc32(nick.encode(errors="replace")) % len(COLOURS)]


def rgb(colour: int) -> str:
    """Return one of the colours 16 to 231 of 256 as ``#rrggbb``: they are the same in
    all terminals, the cube of xterm."""
    levels = ((colour - 16) // 36, (colour - 16) // 6 % 6, (colour - 16) % 6)
    return "#" + "".join(f"{55 + 40 * level if level else 0:02x}" for level in levels)


def moment(time: str) -> str:
    """Return a moment of the wire's in the local time, to the minute."""
    return local_time(time, "%Y-%m-%d %H:%M")


def local_time(time: str, form: str) -> str:
    """Return a moment of the wire's in the local time, in a form of ``strftime``.

    Where there is no such local time, as at the calendar's edge, it is that of the
    server; what is no time at all is shown as it is.
    """
    try:
        when = datetime.fromisoformat(time)
    except ValueError:
        return safe_name(time)
    with contextlib.suppress(ValueError, OverflowError, OSError):
        when = when.astimezone()
    return f"{when:{form}}"


def _head(said: wire.Said) -> Fragments:
    if isinstance(said, wire.Event):
        place = f"{safe_name(said.room)} {said.n}"
        return [("quiet", f"[{place}] {moment(said.time)} ")]
    if isinstance(said, wire.Expired):
        return [("quiet", f"[{safe_name(said.room)}] ")]
    return []


def _name(nick: str) -> tuple[str, str]:
    return ("name", safe_name(nick))


def _shown(text: str) -> str:
    return indented(safe(text))


# Events


def _message(event: wire.Message) -> Fragments:
    to = "" if event.reply_to is None else f" (to {event.reply_to})"
    if event.deleted:
        return [_name(event.nick), ("", f"{to}: (deleted)")]
    edited = [("", " (edited)")] if event.changed else []
    if event.text.startswith(ACTION):
        text = _marked(event, len(ACTION))
        return [("", "~ "), _name(event.nick), ("", f"{to} "), *text, *edited]
    return [_name(event.nick), ("", f"{to}: "), *_marked(event, 0), *edited]


def _marked(event: wire.Message, begin: int) -> Iterator[tuple[str, str]]:
    """Yield a message's text from this code point on, what was searched for marked."""
    at = begin
    for first, end in event.marks:
        first, end = max(first, at), max(end, at)
        yield "text", _shown(event.text[at:first])
        yield "found", _shown(event.text[first:end])
        at = end
    yield "text", _shown(event.text[at:])


def _done(event: wire.Event, what: str, text: str = "") -> Fragments:
    return [("quiet", "* "), _name(event.nick), ("", f" {what}"), ("text", text)]


def _topic(event: wire.Topic) -> Fragments:
    return _done(event, "set the topic: ", _shown(event.topic))


def _edit(event: wire.Edit) -> Fragments:
    return _done(event, f"edited {event.message}: ", _shown(event.text) or "(deleted)")


def _delete(event: wire.Delete) -> Fragments:
    return _done(event, f"deleted {event.message}")


def _react(event: wire.React) -> Fragments:
    sign = _shown(event.reaction)
    if event.remove:
        return _done(event, f"took back {sign} from {event.message}")
    return _done(event, f"reacted to {event.message}: {sign}")


def _expired(said: wire.Expired) -> Fragments:
    return [("quiet", f"messages up to {said.upto} are no longer kept")]


# Answers


def _stored(said: wire.Stored) -> Fragments:
    return [("", str(said.n))]


def _member(member: wire.Member) -> Fragments:
    return [_name(member.nick), ("", _away(member.away))]


def _room(room: wire.Room) -> Fragments:
    members = "1 member" if room.members == 1 else f"{room.members} members"
    about = f": {_shown(room.topic)}" if room.topic else ""
    return [("", f"{safe_name(room.room)} {members}, last {room.last}{about}")]


def _session(session: wire.Session) -> Fragments:
    when = f" connected {moment(session.connected)}"
    if session.disconnected is not None:
        when += f" disconnected {moment(session.disconnected)}"
    if session.address is not None:
        when += f" from {safe_name(session.address)}"
    name = _name(session.nick)
    id = f"{safe_name(session.session)} "
    return [("", id), name, ("", when + _away(session.away))]


def _away(is_away: bool) -> str:
    return " (away)" if is_away else ""


_SENTENCES: dict[type[wire.Said], Callable[[Any], Fragments]] = {
    wire.Message: _message,
    wire.Topic: _topic,
    wire.Edit: _edit,
    wire.Delete: _delete,
    wire.React: _react,
    wire.Expired: _expired,
    wire.Stored: _stored,
    wire.Member: _member,
    wire.Room: _room,
    wire.Session: _session,
}
