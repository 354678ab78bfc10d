"""The store on threads: one that writes, a few that read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from ecochat.core.items import Event
from ecochat.core.records import Batch, Loaded, SessionRecord
from ecochat.store.port import READERS, Store

Row = TypeVar("Row")

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

    def start(self) -> Loaded:
        """Open the store, blocking; :raises StoreError: see the store."""
        loaded = self._store.open()
        self._writer.start()
        self._readers.start()
        return loaded

    def append(self, batch: Batch) -> Deferred[None]:
        """See :meth:`ecochat.store.port.Store.append`; fires when it is stored."""
        return deferToThreadPool(self._reactor, self._writer, self._store.append, batch)

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

    def _read(
        self, read: Callable[..., list[Row]], *arguments: int
    ) -> Deferred[list[Row]]:
        return self._places.run(self._on_thread, read, *arguments)

    def _on_thread(
        self, read: Callable[..., list[Row]], *arguments: int
    ) -> Deferred[list[Row]]:
        return deferToThreadPool(self._reactor, self._readers, read, *arguments)

    def stop(self) -> None:
        """Wait for what the threads are doing, then close the store. Blocking."""
        self._writer.stop()
        self._readers.stop()
        self._store.close()
