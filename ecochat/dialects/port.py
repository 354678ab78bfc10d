"""What a dialect has to do."""

from enum import IntEnum
from typing import Protocol

from ecochat.core.framing import BadFrame
from ecochat.core.items import Body, Event, Note
from ecochat.core.records import SessionRecord
from ecochat.core.requests import Refuse, Request


class View(IntEnum):
    """How a session sees an event; one event has one form for each.

    (Numbers, since they are part of a key that is looked up for each delivery.)
    """

    CURRENT = 1
    """In the session's current room."""

    OTHER = 2
    """In another room of the session's."""

    OWN = 3
    """Written by the session itself."""


class Parser(Protocol):
    """Understands the frames of one session, one after another."""

    def request(self, frame: str) -> Request | None:
        """Return what a frame asks for; None for one that asks nothing."""


class Dialect(Protocol):
    """Translates for all sessions that speak it; it holds no state of any of them.

    What goes out is bytes, whole frames; empty where the dialect says nothing.
    """

    def parser(self) -> Parser:
        """Return what understands the frames of a new session."""

    def event(self, room: str, event: Event, view: View) -> bytes:
        """Return how a session is told of an event in a room of this name."""

    def note(self, room: str, note: Note, view: View) -> bytes:
        """Return how a session is told who came, went or changed a name."""

    def reply(self, body: Body) -> bytes:
        """Return an answer. Of a list it may be a part."""

    def log_entry(self, room: str, event: Event) -> bytes:
        """Return an event as an entry of a list that was asked for."""

    def log_end(self, room: str, n: int) -> bytes:
        """Return the end of such a list."""

    def status_entry(self, session: SessionRecord, with_address: bool) -> bytes:
        """Return a session as an entry of the list of sessions."""

    def status_end(self) -> bytes:
        """Return the end of that list."""

    def bad_frame(self, problem: BadFrame, limit: int) -> Refuse:
        """Return how a frame that could not be read is answered.

        :param limit: the longest frame, in bytes without the NUL.
        """

    def notice(self, text: str) -> bytes:
        """Return something the server says of itself."""

    def error(self, text: str) -> bytes:
        """Return an error that answers no request."""
