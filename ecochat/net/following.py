"""Having the search index follow the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from ecochat.store.port import StoreError

SOON = 0.05
"""Seconds after something was stored until the index follows it."""

SHARE = 30
"""While groups are stored, the index takes one part in so many of the writer's time: a
group that comes just then waits for the step, some milliseconds."""

RETRY = 5.0
"""Seconds until a step that could not be stored is tried again."""


class Index(Protocol):
    """What takes the steps; see :class:`ecochat.net.storage.Storage`."""

    def index(self) -> Deferred[bool]:
        """See :meth:`ecochat.store.port.Store.index`."""


class Follower:
    """Takes one step after another, until there is nothing more to do.

    :param is_busy: whether a group is being stored.
    """

    log = Logger()

    def __init__(self, index: Index, reactor: Any, is_busy: Callable[[], bool]) -> None:
        self._index = index
        self._reactor = reactor
        self._is_busy = is_busy
        self._due: IDelayedCall | None = None
        self._at_work = False
        self._again = False
        self._stopped = False

    def wake(self) -> None:
        """Follow what was just stored."""
        self._again = True
        if not self._at_work and self._due is None:
            self._later(SOON)

    def stop(self) -> None:
        """Take no more steps."""
        self._stopped = True
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _later(self, seconds: float) -> None:
        if not self._stopped:
            self._due = self._reactor.callLater(seconds, self._step)

    def _step(self) -> None:
        self._due = None
        self._at_work = True
        self._again = False
        begun = self._reactor.seconds()
        step = self._index.index()
        step.addCallbacks(self._stepped, self._failed, callbackArgs=(begun,))
        step.addErrback(self._broken)

    def _stepped(self, has_more: bool, begun: float) -> None:
        self._at_work = False
        if has_more or self._again:
            took = self._reactor.seconds() - begun
            self._later(SHARE * took if self._is_busy() else 0)

    def _failed(self, failure: Failure) -> None:
        failure.trap(StoreError)
        self._at_work = False
        self.log.warn(
            "the search index has to wait: {reason}", reason=failure.getErrorMessage()
        )
        self._later(RETRY)

    def _broken(self, failure: Failure) -> None:
        self.log.failure("the search index failed, and follows no more", failure)
