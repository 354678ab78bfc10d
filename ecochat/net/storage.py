"""The store on threads: one that writes, a few that read, one that searches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from ecochat.core.items import Event, SearchRange
from ecochat.core.records import (
    Batch,
    Found,
    Indexed,
    KeyRecord,
    Loaded,
    SessionRecord,
)
from ecochat.store.port import READERS, SEARCHERS, Store

Result = TypeVar("Result")

PAGES = 2 * READERS
"""Pages that are read or wait for the reactor at one time; without a bound those of all
readers that are behind would wait in memory together."""


class Storage:
    """Calls a store's blocking methods away from the reactor.

    :param reactor: where results are delivered.
    """

    def __init__(self, store: Store, reactor: Any) -> None:
        self._store = store
        self._reactor = reactor
        self._writer = ThreadPool(0, 1, "writer")
        self._readers = ThreadPool(0, READERS, "reader")
        self._places = DeferredSemaphore(PAGES)
        self._searcher = ThreadPool(0, SEARCHERS, "searcher")
        self._searches = DeferredSemaphore(SEARCHERS)
        self._asked = 0
        self._begun = 0

    def start(self) -> Loaded:
        """Open the store, blocking; :raises StoreError: see the store."""
        loaded = self._store.open()
        self._writer.start()
        self._readers.start()
        self._searcher.start()
        return loaded

    def append(self, batch: Batch) -> Deferred[None]:
        """See :meth:`ecochat.store.port.Store.append`; fires when it is stored."""
        self._asked += 1
        return deferToThreadPool(self._reactor, self._writer, self._append, batch)

    def _append(self, batch: Batch) -> None:
        self._begun += 1
        self._store.append(batch)

    def index(self) -> Deferred[bool]:
        """See :meth:`ecochat.store.port.Store.index`; groups that wait to be stored
        when its turn comes go first, and then there is more to do."""
        return deferToThreadPool(self._reactor, self._writer, self._index)

    def _index(self) -> bool:
        return self._begun < self._asked or self._store.index()

    def page(
        self, room: int, after: int, upto: int, size: int
    ) -> Deferred[list[Event]]:
        """See :meth:`ecochat.store.port.Store.page`."""
        return self._read(self._store.page, room, after, upto, size)

    def open_sessions(
        self, time: int, after: int, upto: int, count: int
    ) -> Deferred[list[SessionRecord]]:
        """See :meth:`ecochat.store.port.Store.open_sessions`."""
        return self._read(self._store.open_sessions, time, after, upto, count)

    def closed_sessions(self, time: int, count: int) -> Deferred[list[SessionRecord]]:
        """See :meth:`ecochat.store.port.Store.closed_sessions`."""
        return self._read(self._store.closed_sessions, time, count)

    def key(self, hash: bytes) -> Deferred[KeyRecord | None]:
        """See :meth:`ecochat.store.port.Store.key`."""
        return self._read(self._store.key, hash)

    def stored(self, key: int, id: int) -> Deferred[Event | None]:
        """See :meth:`ecochat.store.port.Store.stored`."""
        return self._read(self._store.stored, key, id)

    def last_before(self, time: int, count: int | None, room: int) -> Deferred[int]:
        """See :meth:`ecochat.store.port.Store.last_before`."""
        return self._read(self._store.last_before, time, count, room)

    def oldest(self, room: int) -> Deferred[int]:
        """See :meth:`ecochat.store.port.Store.oldest`."""
        return self._read(self._store.oldest, room)

    def search(self, wanted: SearchRange) -> Deferred[list[Found]]:
        """See :meth:`ecochat.store.port.Store.search`.

        On a thread of its own: one that takes long holds up no reader.
        """
        return self._searches.run(
            deferToThreadPool,
            self._reactor,
            self._searcher,
            self._store.search,
            wanted,
        )

    def indexed(self) -> Deferred[Indexed]:
        """See :meth:`ecochat.store.port.Store.indexed`."""
        return self._read(self._store.indexed)

    def _read(
        self, read: Callable[..., Result], *arguments: object
    ) -> Deferred[Result]:
        return self._places.run(self._on_thread, read, *arguments)

    def _on_thread(
        self, read: Callable[..., Result], *arguments: object
    ) -> Deferred[Result]:
        return deferToThreadPool(self._reactor, self._readers, read, *arguments)

    def stop(self) -> None:
        """Wait for what the threads are doing, then close the store. Blocking."""
        self._writer.stop()
        self._readers.stop()
        self._searcher.stop()
        self._store.close()
