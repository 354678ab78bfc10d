"""The store on threads: one that writes, a few that read."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from ecochat.core.items import Event
from ecochat.core.records import Batch, Loaded
from ecochat.store.port import READERS, Store

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
        return self._places.run(self._page, room, after, upto, size)

    def _page(
        self, room: int, after: int, upto: int, size: int
    ) -> Deferred[list[Event]]:
        return deferToThreadPool(
            self._reactor, self._readers, self._store.page, room, after, upto, size
        )

    def stop(self) -> None:
        """Wait for what the threads are doing, then close the store. Blocking."""
        self._writer.stop()
        self._readers.stop()
        self._store.close()
