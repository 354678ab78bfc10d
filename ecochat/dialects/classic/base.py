"""What the dialects of the classroom programs have in common.

They have no frames: what one read returns is one message, both ways. Each read has an
answer, which is made when the read is understood and travels as the request's ``ref``:
it is sent when what was asked for is done, so that of a message when that is stored.
What has no ref answers no read, and is told only where a program showed such things.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ecochat.core.framing import BadFrame
from ecochat.core.items import (
    Announced,
    Body,
    Ended,
    Event,
    Fact,
    Failed,
    Kicked,
    Note,
    Refusal,
    Stored,
)
from ecochat.core.records import Found, Indexed, SessionRecord
from ecochat.core.requests import Refuse, Request, Say, Tell
from ecochat.dialects.frames import bad_frame
from ecochat.dialects.plain_parser import trim
from ecochat.dialects.port import View

ASKED = ""
"""The ref of what is answered by what it came to."""

Answer = Callable[[Any, str | None], str]
"""Makes the text of an answer, of its body and of the request's ref."""


class ClassicParser:
    """See :class:`ecochat.dialects.port.Parser`."""

    messages = None

    def named(self, nick: str) -> None:
        """See :class:`ecochat.dialects.port.Parser`; it makes no difference here."""


class ClassicDialect:
    """See :class:`ecochat.dialects.port.Dialect`. A program's own differs in what it
    answers, and in whether its clients hear what others write.

    :param room: where its clients are.
    """

    has_views = True
    is_answered = True
    needs_hello = False
    is_framed = False
    prompt = ""
    form = ""
    hears_others = True
    answers: dict[type[Body], Answer] = {}

    def __init__(self, room: str) -> None:
        self.rooms: dict[str, int | None] | None = {room: None}
        self._answers = {**_ANSWERS, **self.answers}

    def claims(self, frame: str) -> bool:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return False

    def event(self, room: str, event: Event, view: View) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`: others' messages are told."""
        if view is View.OWN or event.kind != "message" or not self.hears_others:
            return b""
        where = f"[{room}] " if room.startswith("@") else ""
        return f"{where}{event.nick}: {event.text}".encode()

    def events(self, room: str, events: Sequence[Event], view: View) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`; there is but one at a time."""
        return b"".join([self.event(room, event, view) for event in events])

    def reply(self, body: Body, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return self._answers.get(type(body), _nothing)(body, ref).encode()

    def bad_frame(self, problem: BadFrame, limit: int) -> Refuse:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return bad_frame(problem, limit)

    def notice(self, text: str) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return f"{text}\n".encode()

    error = notice

    # What no program showed

    def note(self, room: str, note: Note, view: View) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return b""

    def log_entry(self, room: str, event: Event, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return b""

    def log_end(self, room: str, n: int, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return b""

    def status_entry(
        self,
        session: SessionRecord,
        with_address: bool,
        is_away: bool,
        ref: str | None = None,
    ) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return b""

    def status_end(self, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return b""

    def found_entry(self, room: str, found: Found, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return b""

    def found_end(self, indexed: Indexed, ref: str | None = None) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return b""

    def expired(self, room: str, upto: int, view: View) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return b""

    def ping(self) -> bytes:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return b""


def said(read: str, answer: str) -> Request:
    """Return what says a read in the room and then answers it; of a blank one there is
    nothing to say. Others do not see the line feed at its end that netcat sends."""
    text = trim(read)
    blank = not text or text.isspace()
    return Tell(answer, ref=answer) if blank else Say(text, ref=answer)


def _fact(body: Fact, ref: str | None) -> str:
    """Return a short answer; empty for what nobody asked."""
    return "" if ref is None else body.text


def _announced(body: Announced, ref: str | None) -> str:
    """Return what the operator says to everyone."""
    return f"Server: {body.text}"


def _nothing(body: Body, ref: str | None) -> str:
    return ""


def _stored(body: Stored, ref: str | None) -> str:
    return ref or ""


def _refusal(body: Refusal, ref: str | None) -> str:
    return f"{body.text}\n"


def _failed(body: Failed, ref: str | None) -> str:
    return "the server failed at this, the connection is closed\n"


def _ended(body: Ended, ref: str | None) -> str:
    return ref or ""


_ANSWERS: dict[type[Body], Answer] = {
    Stored: _stored,
    Fact: _fact,
    Refusal: _refusal,
    Kicked: _refusal,
    Failed: _failed,
    Ended: _ended,
    Announced: _announced,
}
