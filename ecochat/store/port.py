"""What a store has to do."""

from typing import Protocol

from ecochat.core.items import Event, SearchRange
from ecochat.core.records import (
    Batch,
    Found,
    Indexed,
    KeyRecord,
    Loaded,
    SessionRecord,
)

EVENT_SIZE = 40
"""Characters that an event counts in a page beside its text, about what is told of it:
else a page of very short messages would have tens of thousands of them."""


READERS = 2
"""Pages that are read side by side: one at a time would let a slow disk hold up
everyone who reads."""

SEARCHERS = 1
"""Searches at one time, beside those who read: one that goes through a whole log takes
seconds."""


class StoreError(Exception):
    """Something could not be stored or read; the text says why, for people."""


class Store(Protocol):
    """Keeps what happened. All calls block; ``append`` is called by one thread at a
    time, those that read by any."""

    def open(self) -> Loaded:
        """Get ready, and return what is there.

        :raises StoreError: when that cannot be: in use, not writable, newer.
        """

    def append(self, batch: Batch) -> None:
        """Store a group: when this returns it is kept, whatever happens to the program.

        :raises StoreError: when nothing of it was stored.
        """

    def page(self, room: int, after: int, upto: int, size: int) -> list[Event]:
        """Return events of a room with ``after < n <= upto``, by rising number.

        At least one when there is one, and of more only as many as have ``size``
        characters together, each that of its text and :data:`EVENT_SIZE`.

        :raises StoreError: when it cannot be read.
        """

    def open_sessions(
        self, time: int, after: int, upto: int, count: int
    ) -> list[SessionRecord]:
        """Return sessions with ``after < number <= upto`` that were open at a time.

        At most ``count``, by rising number, and as open, whatever has come since; the
        time is in milliseconds since 1970 (UTC).

        :raises StoreError: when they cannot be read.
        """

    def closed_sessions(self, time: int, count: int) -> list[SessionRecord]:
        """Return the ``count`` sessions that ended last by a time, the latest last.

        :raises StoreError: when they cannot be read.
        """

    def key(self, hash: bytes) -> KeyRecord | None:
        """Return what is kept of a key; None when it was never used.

        :raises StoreError: when it cannot be read.
        """

    def stored(self, key: int, id: int) -> Event | None:
        """Return what was stored under a sender's own number; None for nothing.

        :param key: as :class:`ecochat.core.items.Event` has it.
        :raises StoreError: when it cannot be read.
        """

    def last_before(self, time: int, count: int | None, room: int) -> int:
        """Return the number of a room's last event that need not be kept; 0 for none.

        :param time: those of before this time need not be, in milliseconds since 1970
            (UTC); 0 for all.
        :param count: nor those but the last so many; None for any number.
        :raises StoreError: when it cannot be read.
        """

    def oldest(self, room: int) -> int:
        """Return the number of a room's oldest event; 1 where there never was one.

        :raises StoreError: when it cannot be read.
        """

    def search(self, wanted: SearchRange) -> list[Found]:
        """Return messages that have the words, the newest first.

        What was deleted, edited away or expired is never among them.

        :raises StoreError: when it cannot be read.
        """

    def indexed(self) -> Indexed:
        """Return up to where :meth:`search` finds what is stored.

        :raises StoreError: when it cannot be read.
        """

    def index(self) -> bool:
        """Have the search index follow the log a step, in a transaction of its own that
        takes some milliseconds; return whether there is more to do.

        Called by the thread that calls :meth:`append`, when it has nothing else to do.

        :raises StoreError: when the step could not be stored; nothing is lost by that.
        """

    def close(self) -> None:
        """Let go of everything. A store that is closed can be opened again."""
