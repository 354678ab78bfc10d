"""Lists that are read from the store while they are sent, never held whole."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

from twisted.internet.defer import Deferred

from ecochat.core.items import Event, LogRange, StatusRange
from ecochat.core.limits import CLOSED_SESSIONS, STATUS_PAGE
from ecochat.core.records import SessionRecord
from ecochat.dialects.port import Dialect

CHUNK = 64 * 1024
"""Bytes written at once, ending at a frame's end, and so the most that is held for a
session whose socket is full (a single longer frame excepted)."""

PAGE = 32 * 1024
"""Characters of text read from the store at once: about a chunk's worth."""


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


class Listing(ABC):
    """A list on its way to a session.

    :ivar over: whether nothing but its end is left.
    """

    over = False

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

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

    def __init__(self, wanted: LogRange, dialect: Dialect) -> None:
        super().__init__(dialect)
        self._wanted = wanted
        self._after = wanted.after
        self.over = wanted.after >= wanted.upto

    def read(self, pages: Pages) -> Deferred[list[Any]]:
        """See :class:`Listing`."""
        return pages.page(self._wanted.room, self._after, self._wanted.upto, PAGE)

    def chunk(self, rows: list[Any]) -> bytes:
        """See :class:`Listing`; :raises LookupError: when there are no rows."""
        return super().chunk(present(rows))

    def _form(self, row: Event) -> bytes:
        return self._dialect.log_entry(self._wanted.name, row)

    def _sent(self, row: Event) -> None:
        self._after = row.n
        self.over = row.n >= self._wanted.upto

    def end(self) -> bytes:
        """See :class:`Listing`."""
        return self._dialect.log_end(self._wanted.name, self._wanted.end)


class StatusListing(Listing):
    """The sessions: first those that were open, then those that had ended last."""

    def __init__(self, wanted: StatusRange, dialect: Dialect) -> None:
        super().__init__(dialect)
        self._wanted = wanted
        self._after = 0
        self._open_told = False

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
        return self._dialect.status_entry(row, self._wanted.addresses)

    def _sent(self, row: SessionRecord) -> None:
        self._after = row.session

    def end(self) -> bytes:
        """See :class:`Listing`."""
        return self._dialect.status_end()


def present(rows: list[Any]) -> list[Any]:
    """Return rows of a log; :raises LookupError: when none are where it goes on."""
    if not rows:
        raise LookupError("the store has nothing where the log goes on")
    return rows
