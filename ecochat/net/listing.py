"""Lists that are read from the store while they are sent, never held whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from msgspec.structs import replace
from twisted.internet.defer import Deferred

from ecochat.core.items import (
    ANY_ROOM,
    SOMEONE,
    Body,
    Event,
    LogRange,
    Refusal,
    Repeated,
    SearchRange,
    StatusRange,
    Stored,
)
from ecochat.core.limits import CLOSED_SESSIONS, STATUS_PAGE
from ecochat.core.records import Found, Indexed, SessionRecord
from ecochat.dialects.port import Dialect

CHUNK = 64 * 1024
"""Bytes written at once, ending at a frame's end, and so the most that is held for a
session whose socket is full (a single longer frame excepted)."""

SEARCH_PAGE = 50
"""Messages that are searched for at once: with the longest texts some 200 KiB, and a
search for a rare word reads them all in one or two."""

PAGE = 22 * 1024
"""Characters of text read from the store at once, each event counting for 40 more: a
chunk's worth at most also in the structured dialect, which has 115 bytes around each
text, so that nothing of it is read again. (Not so with many letters of several bytes.)
"""


class Pages(Protocol):
    """Where it is read from; see :class:`ecochat.store.port.Store`."""

    def page(
        self, room: int, after: int, upto: int, size: int
    ) -> Deferred[list[Event]]:
        """See :meth:`ecochat.store.port.Store.page`."""

    def open_sessions(
        self, time: int, after: int, upto: int, count: int
    ) -> Deferred[list[SessionRecord]]:
        """See :meth:`ecochat.store.port.Store.open_sessions`."""

    def closed_sessions(self, time: int, count: int) -> Deferred[list[SessionRecord]]:
        """See :meth:`ecochat.store.port.Store.closed_sessions`."""

    def stored(self, key: int, id: int) -> Deferred[Event | None]:
        """See :meth:`ecochat.store.port.Store.stored`."""

    def search(self, wanted: SearchRange) -> Deferred[list[Found]]:
        """See :meth:`ecochat.store.port.Store.search`."""

    def indexed(self) -> Deferred[Indexed]:
        """See :meth:`ecochat.store.port.Store.indexed`."""


class Named(Protocol):
    """What has a name: a room."""

    @property
    def name(self) -> str:
        """It."""


class Listing(ABC):
    """A list on its way to a session, or a single thing that the store has.

    :param wanted: what was asked for.
    :param ref: the word for itself of the request for it.
    :param rooms: those of everyone, by id, also those that are made meanwhile.
    :ivar over: whether nothing but its end is left.
    """

    over = False

    def __init__(
        self,
        wanted: Any,
        dialect: Dialect,
        ref: str | None,
        rooms: Mapping[int, Named],
    ) -> None:
        self._wanted = wanted
        self._dialect = dialect
        self._ref = ref
        self._rooms = rooms

    @abstractmethod
    def read(self, pages: Pages) -> Deferred[list[Any]]:
        """Ask for the next rows."""

    @abstractmethod
    def end(self) -> bytes:
        """Return the end of the list."""

    @abstractmethod
    def _form(self, row: Any) -> bytes:
        """Return a row as it is told."""

    @abstractmethod
    def _sent(self, row: Any) -> None:
        """Note that a row is on its way."""

    def chunk(self, rows: list[Any]) -> bytes:
        """Return what is to be sent of the rows that were read: all that fits in a
        chunk, and the rest is read again."""
        chunk: list[bytes] = []
        size = 0
        for row in rows:
            data = self._form(row)
            size += len(data)
            if size > CHUNK and chunk:
                break
            chunk.append(data)
            self._sent(row)
        return b"".join(chunk)


class LogListing(Listing):
    """A part of a room's log."""

    _wanted: LogRange

    def __init__(
        self,
        wanted: LogRange,
        dialect: Dialect,
        ref: str | None,
        rooms: Mapping[int, Named],
    ) -> None:
        super().__init__(wanted, dialect, ref, rooms)
        self._after = wanted.after
        self.over = wanted.after >= wanted.upto

    def read(self, pages: Pages) -> Deferred[list[Any]]:
        """See :class:`Listing`."""
        return pages.page(self._wanted.room, self._after, self._wanted.upto, PAGE)

    def chunk(self, rows: list[Any]) -> bytes:
        """See :class:`Listing`. (What is gone meanwhile is no longer kept.)"""
        self.over = not rows
        return super().chunk(rows)

    def _form(self, row: Event) -> bytes:
        return self._dialect.log_entry(self._wanted.name, row, self._ref)

    def _sent(self, row: Event) -> None:
        self._after = row.n
        self.over = row.n >= self._wanted.upto

    def end(self) -> bytes:
        """See :class:`Listing`."""
        return self._dialect.log_end(self._wanted.name, self._wanted.end, self._ref)


class StatusListing(Listing):
    """The sessions: first those that were open, then those that had ended last."""

    _wanted: StatusRange
    _after = 0
    _open_told = False

    def read(self, pages: Pages) -> Deferred[list[Any]]:
        """See :class:`Listing`."""
        time, upto = self._wanted.time, self._wanted.upto
        if self._open_told:
            return pages.closed_sessions(time, CLOSED_SESSIONS)
        return pages.open_sessions(time, self._after, upto, STATUS_PAGE)

    def chunk(self, rows: list[Any]) -> bytes:
        """See :class:`Listing`. (Those that ended always fit in one chunk.)"""
        self.over = self._open_told
        self._open_told = self._open_told or not rows
        return super().chunk(rows)

    def _form(self, row: SessionRecord) -> bytes:
        is_away = row.session in self._wanted.away
        return self._dialect.status_entry(
            row, self._wanted.addresses, is_away, self._ref
        )

    def _sent(self, row: SessionRecord) -> None:
        self._after = row.session

    def end(self) -> bytes:
        """See :class:`Listing`."""
        return self._dialect.status_end(self._ref)


class SearchListing(Listing):
    """What a search finds. First it is asked how far the index has come, so that what
    it says of that is never too much.
    """

    _wanted: SearchRange
    _indexed: Indexed | None = None

    def read(self, pages: Pages) -> Deferred[list[Any]]:
        """See :class:`Listing`."""
        if self._indexed is None:
            return pages.indexed().addCallback(lambda indexed: [indexed])
        limit = min(self._wanted.limit, SEARCH_PAGE)
        return pages.search(replace(self._wanted, limit=limit))

    def chunk(self, rows: list[Any]) -> bytes:
        """See :class:`Listing`."""
        if self._indexed is None:
            [self._indexed] = rows
            return b""
        chunk = super().chunk(rows)
        self.over = not rows or self._wanted.limit == 0
        return chunk

    def _form(self, row: Found) -> bytes:
        room = row.event.room
        name = self._wanted.names.get(room) or self._rooms[room].name
        return self._dialect.found_entry(name, row, self._ref)

    def _sent(self, row: Found) -> None:
        limit = self._wanted.limit - 1
        self._wanted = replace(self._wanted, limit=limit, below=row.event.seq)

    def end(self) -> bytes:
        """See :class:`Listing`."""
        return self._dialect.found_end(self._indexed or Indexed(), self._ref)


class RepeatListing(Listing):
    """The answer to what was written under an ``id`` of before."""

    _wanted: Repeated

    def read(self, pages: Pages) -> Deferred[list[Any]]:
        """See :class:`Listing`."""
        stored = pages.stored(self._wanted.key, self._wanted.id)
        return stored.addCallback(lambda event: [event])

    def _form(self, row: Event | None) -> bytes:
        return self._dialect.reply(self._answer(row), self._ref)

    def _answer(self, event: Event | None) -> Body:
        """Return the answer, from what was stored then."""
        wanted = self._wanted
        place = (event.room, event.n) if event else wanted.place
        if place is None:
            text = f"nothing is kept under id {wanted.id}, and later ones were stored"
            return Refusal("id_skipped", text, "$.id")
        room, n = place
        if not (self._is_for(room) and _is_same(wanted, event)):
            text = f"something else is stored under id {wanted.id}, take a larger one"
            return Refusal("id_reused", text, "$.id")
        return Stored(room, self._name(room), n, wanted.id, duplicate=True)

    def _is_for(self, room: int) -> bool:
        if self._wanted.room == SOMEONE:
            return not self._name_for_everyone(room)
        return self._wanted.room in (room, ANY_ROOM)

    def _name(self, room: int) -> str:
        return self._wanted.name or self._name_for_everyone(room) or f"@{room}"

    def _name_for_everyone(self, room: int) -> str:
        """Return a room's name; empty for a private one, also one not here any more."""
        return self._rooms[room].name if room in self._rooms else ""

    def _sent(self, row: Event | None) -> None:
        self.over = True

    def end(self) -> bytes:
        """See :class:`Listing`."""
        return b""


def _is_same(wanted: Repeated, event: Event | None) -> bool:
    """Whether it is what was stored. Of what is no longer kept, that is taken to be so;
    and the text of what was changed since is not compared."""
    if event is None:
        return True
    is_text_known = event.changed in (0, event.n)  # an edit is changed by itself
    return (event.kind, event.target) == (wanted.kind, wanted.target) and (
        not is_text_known or event.text == wanted.text
    )


LISTINGS: dict[
    type[Body], Callable[[Any, Dialect, str | None, Mapping[int, Named]], Listing]
] = {
    LogRange: LogListing,
    StatusRange: StatusListing,
    SearchRange: SearchListing,
    Repeated: RepeatListing,
}
"""What is read of the store before it is told."""
