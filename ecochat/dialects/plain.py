"""The plain dialect: what a person or a shell speaks (docs/protocol.md).

The first character of what the server sends tells what it is: ``*`` a notice or a
reply, ``!`` an error, ``+`` the number of one's own message; anything else is
somebody's message, since no name can begin so.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from ecochat.core.framing import BadFrame, encode_frame, encode_frames
from ecochat.core.items import (
    AcksSet,
    Announced,
    Body,
    Clock,
    Done,
    Dropped,
    Ended,
    Entered,
    Event,
    Exited,
    Fact,
    Failed,
    Happened,
    HelpText,
    Item,
    Kicked,
    Note,
    NotOpened,
    Opened,
    Overlooked,
    Refusal,
    Relabelled,
    Renamed,
    RoomsPage,
    SessionAway,
    SessionClosed,
    SessionOpened,
    SessionRenamed,
    SessionResumed,
    Stored,
    Topic,
    Welcomed,
    WhoPage,
)
from ecochat.core.moments import timestamp
from ecochat.core.presence import in_numbers
from ecochat.core.records import Found, Indexed, SessionRecord
from ecochat.core.requests import Refuse
from ecochat.dialects.frames import bad_frame
from ecochat.dialects.plain_parser import LAST_PASSWORD, PlainParser
from ecochat.dialects.port import View


class PlainDialect:
    """See :class:`ecochat.dialects.port.Dialect`.

    :param server: the server's name.
    :param welcome: what the operator tells everyone at the start; may be empty.
    :param quit_password: what ends a session after ``QUIT``; None: the classic words
        are messages like all others.
    """

    has_views = True
    is_answered = False
    needs_hello = False
    is_framed = True
    hears_others = True
    prompt = ""
    form = ""
    rooms: dict[str, int | None] | None = None

    def __init__(
        self, server: str, welcome: str = "", quit_password: str | None = None
    ) -> None:
        self._server = server
        self._welcome = welcome
        self._quit_password = quit_password
        self._replies: dict[type[Body], Callable[[Any], list[str]]] = {
            Welcomed: self._welcomed,
            Entered: _entered,
            Exited: _exited,
            Renamed: _renamed,
            Topic: _topic,
            WhoPage: _who,
            RoomsPage: _rooms,
            Clock: _clock,
            Fact: _fact,
            AcksSet: _acks_set,
            Announced: _announced,
            Happened: _happened,
            Overlooked: _overlooked,
            HelpText: _help,
            Refusal: _refusal,
            NotOpened: _refusal,
            Kicked: _refusal,
            Failed: _failed,
            Ended: _ended,
            Stored: _nothing,  # one's own event tells it, as View.OWN
            Done: _nothing,
            Opened: _nothing,
            Relabelled: _nothing,
            Dropped: _nothing,
        }

    def claims(self, frame: str) -> bool:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return False

    def parser(self) -> PlainParser:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return PlainParser(self._quit_password)

    def event(self, room: str, event: Event, view: View) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return self.events(room, [event], view)

    def events(self, room: str, events: Sequence[Event], view: View) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        if view is View.OWN:
            return encode_frames([f"+ {room} {event.n}" for event in events])
        where = "" if view is View.CURRENT else f"[{room}] "
        return encode_frames(
            [
                f"{where}{_message(event)}"
                if event.kind == "message"
                else f"* {where}{_EVENTS[event.kind](event)}"
                for event in events
            ]
        )

    def note(self, room: str, note: Note, view: View) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`; who writes is not told."""
        said = _NOTES[note.kind](note)
        where = "" if view is View.CURRENT else f"[{room}] "
        return encode_frame(f"* {where}{said}") if said else b""

    def reply(self, body: Body, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return encode_frames(self._replies[type(body)](body))

    def log_entry(self, room: str, event: Event, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        stamp = timestamp(event.time)
        return encode_frame(f"* {room} {event.n} {stamp} {_said(event)}")

    def log_end(self, room: str, n: int, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return encode_frame(f"* end {room} {n}")

    def status_entry(
        self,
        session: SessionRecord,
        with_address: bool,
        is_away: bool,
        ref: str | None = None,
    ) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        line = f"* s{session.session} {session.nick}"
        line += f" connected {timestamp(session.connected)}"
        if session.disconnected is not None:
            line += f" disconnected {timestamp(session.disconnected)}"
        if with_address:
            line += f" from {session.address}"
        return encode_frame(line + _away(is_away))

    def status_end(self, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return encode_frame("* end status")

    def found_entry(self, room: str, found: Found, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`; the words are not marked."""
        return self.log_entry(room, found.event)

    def found_end(self, indexed: Indexed, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return encode_frame("* end search")

    def expired(self, room: str, upto: int, view: View) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        where = "" if view is View.CURRENT else f"[{room}] "
        return encode_frame(f"* {where}messages up to {upto} are no longer kept")

    def bad_frame(self, problem: BadFrame, limit: int) -> Refuse:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return bad_frame(problem, limit)

    def notice(self, text: str) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return encode_frame(f"* {text}")

    def error(self, text: str) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return encode_frame(f"! {text}")

    def ping(self) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`; there is no such thing here."""
        return b""

    def _welcomed(self, body: Welcomed) -> list[str]:
        lines = [
            f"* Welcome to {self._server}. {_you_are(body.rooms[-1])}"
            " /nick NAME to choose a name, /help for the rest."
        ]
        return [*lines, f"* {self._welcome}"] if self._welcome else lines


def _said(event: Event) -> str:
    return _EVENTS[event.kind](event)


def _message(event: Event) -> str:
    if event.changed or event.target is not None:
        return _marked(event)
    return f"{event.nick}: {event.text}"


def _marked(event: Event) -> str:
    to = "" if event.target is None else f" (to {event.target})"
    if event.is_deleted:
        return f"{event.nick}{to}: (deleted)"
    mark = " (edited)" if event.changed else ""
    return f"{event.nick}{to}: {event.text}{mark}"


def _edit(event: Event) -> str:
    return f"{event.nick} edited {event.target}: {event.text or '(deleted)'}"


_EVENTS: dict[str, Callable[[Event], str]] = {
    "message": _message,
    "topic": lambda event: f"{event.nick} set the topic: {event.text}",
    "edit": _edit,
    "delete": lambda event: f"{event.nick} deleted {event.target}",
    "react": lambda e: f"{e.nick} reacted to {e.target}: {e.text}",
    "unreact": lambda e: f"{e.nick} took back {e.text} from {e.target}",
}


_NOTES: dict[str, Callable[[Any], str]] = {
    "joined": lambda note: f"{note.nick} joined",
    "left": lambda note: f"{note.nick} left",
    "renamed": lambda note: f"{note.nick} is now {note.new}",
    "many": lambda many: in_numbers(many.joined, many.left, many.renamed),
    "typing": lambda note: "",
}


def _away(is_away: bool) -> str:
    return " away" if is_away else ""


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
    lines = [
        f"* {body.name} {member.nick} s{member.session}{_away(member.away)}"
        for member in body.members
    ]
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


def _clock(body: Clock) -> list[str]:
    if body.local:
        return [f"* {datetime.fromtimestamp(body.time / 1000):%H:%M:%S}"]
    return [f"* {timestamp(body.time, 'seconds')}"]


def _fact(body: Fact) -> list[str]:
    return [f"* {body.text}"]


def _acks_set(body: AcksSet) -> list[str]:
    return [f"* acks {'on' if body.on else 'off'}"]


def _announced(body: Announced) -> list[str]:
    return [f"Server: {body.text}"]


def _happened(body: Happened) -> list[str]:
    """Tell a watcher; no name begins with ``>``, so it is like nothing else."""
    item = body.item
    if isinstance(item, Event):
        return [f"* > {body.where} {item.n} {_said(item)}"]
    return [f"* > s{item.session} {_NEWS[type(item)](item)}"]  # type: ignore[attr-defined]


_NEWS: dict[type[Item], Callable[[Any], str]] = {
    SessionOpened: lambda item: f"{item.nick} connected from {item.address}",
    SessionAway: lambda item: f"{item.nick} is away: {item.reason}",
    SessionResumed: lambda item: f"{item.nick} is back from {item.address}",
    SessionRenamed: lambda item: f"{item.old} is now {item.new}",
    SessionClosed: lambda item: (
        f"{item.nick} disconnected: {item.reason}; {item.remaining} remain"
    ),
}


def _overlooked(body: Overlooked) -> list[str]:
    verb = "was" if body.count == 1 else "were"
    return [f"* > … {body.count} more {verb} not shown"]


def _refusal(body: Refusal) -> list[str]:
    lines = [f"! {body.text}"]
    return [*lines, "* back to chat"] if body.code == LAST_PASSWORD else lines


def _failed(body: Failed) -> list[str]:
    return ["! the server failed at this, the connection is closed"]


def _ended(body: Ended) -> list[str]:
    if body.time is None:
        return []
    return [f"* disconnected at {timestamp(body.time, 'seconds')}"]


def _nothing(body: Body) -> list[str]:
    return []
