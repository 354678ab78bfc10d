"""What a dialect has to do."""

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Protocol

from ecochat.core.framing import BadFrame
from ecochat.core.items import Body, Event, Note
from ecochat.core.records import Found, Indexed, SessionRecord
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
    """Understands the frames of one session, one after another.

    :ivar messages: returns how many of these frames, from the first, are messages to
        the current room and nothing else; None where a frame never is.
    """

    @property
    def messages(self) -> Callable[[list[str]], int] | None:
        """See the class."""

    def request(self, frame: str) -> Request | None:
        """Return what a frame asks for; None for one that asks nothing."""

    def named(self, nick: str) -> None:
        """Take the name that the session has from now on."""


class Dialect(Protocol):
    """Translates for all sessions that speak it; it holds no state of any of them.

    What goes out is bytes, whole frames; empty where the dialect says nothing. ``ref``
    is the word of a request for itself, which what answers it repeats.

    :ivar has_views: whether an event is told in other words for each :class:`View`; if
        not, all who hear it are told the same, as ``View.OTHER``, its writer too.
    :ivar is_answered: whether who writes is told where that is stored, beside the event
        itself (:class:`ecochat.core.items.Stored`).
    :ivar needs_hello: whether a session begins with a request of its own
        (:class:`ecochat.core.requests.Hello`), not with any.
    :ivar prompt: what asks for that request; empty where nothing does.
    :ivar is_framed: whether frames are delimited. If not, each read is a frame, each
        thing is sent by itself, and a connection begins at once, with this dialect and
        no other.
    :ivar hears_others: whether what others write is told.
    :ivar form: see :class:`ecochat.core.requests.Open`; as ``rooms``.
    """

    has_views: bool
    is_answered: bool
    needs_hello: bool
    is_framed: bool
    hears_others: bool
    prompt: str
    form: str
    rooms: dict[str, int | None] | None

    def claims(self, frame: str) -> bool:
        """Whether a connection with this first frame speaks this dialect."""

    def parser(self) -> Parser:
        """Return what understands the frames of a new session."""

    def event(self, room: str, event: Event, view: View) -> bytes:
        """Return how a session is told of an event in a room of this name."""

    def events(self, room: str, events: Sequence[Event], view: View) -> bytes:
        """Return the same for several, one behind the other; that takes less time."""

    def note(self, room: str, note: Note, view: View) -> bytes:
        """Return how a session is told who came, went, writes or changed a name, or how
        many did (:class:`ecochat.core.items.Digest`)."""

    def reply(self, body: Body, ref: str | None = None) -> bytes:
        """Return an answer, or what is told unasked. Of a list it may be a part.

        (``LogRange``, ``StatusRange``, ``SearchRange``, ``Repeated`` and ``Missing``
        never come here: what they are about is read from the store first.)
        """

    def log_entry(self, room: str, event: Event, ref: str | None = None) -> bytes:
        """Return an event as an entry of a list that was asked for."""

    def log_end(self, room: str, n: int, ref: str | None = None) -> bytes:
        """Return the end of such a list."""

    def status_entry(
        self,
        session: SessionRecord,
        with_address: bool,
        is_away: bool,
        ref: str | None = None,
    ) -> bytes:
        """Return a session as an entry of the list of sessions."""

    def status_end(self, ref: str | None = None) -> bytes:
        """Return the end of that list."""

    def found_entry(self, room: str, found: Found, ref: str | None = None) -> bytes:
        """Return a message that a search has found."""

    def found_end(self, indexed: Indexed, ref: str | None = None) -> bytes:
        """Return the end of what it has found, and up to when was searched."""

    def expired(self, room: str, upto: int, view: View) -> bytes:
        """Return that events of a room are no longer kept, to who has not read them."""

    def bad_frame(self, problem: BadFrame, limit: int) -> Refuse:
        """Return how a frame that could not be read is answered.

        :param limit: the longest frame, in bytes without the NUL.
        """

    def notice(self, text: str) -> bytes:
        """Return something the server says of itself."""

    def error(self, text: str) -> bytes:
        """Return an error that answers no request."""

    def ping(self) -> bytes:
        """Return what asks a client whether it is there; empty where there is no such
        thing."""
