"""Forgetting what need not be kept: which events of which rooms, and when."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger

from ecochat.core.names import fold
from ecochat.net.channel import Channels
from ecochat.store.port import StoreError

PERIOD = 60.0
"""Seconds between two looks for what need not be kept any more."""

AT_ONCE = 1_000
"""Events that are forgotten at once: a transaction of some milliseconds."""

PAUSE = 0.1
"""Seconds until the next ones are: time for everything else in between."""


class Keep(msgspec.Struct, frozen=True):
    """How long a room's events are kept; None: for ever, or however many.

    :param seconds: what is older is forgotten.
    :param messages: of more than so many the oldest are forgotten.
    """

    seconds: int | None = None
    messages: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether everything is kept."""
        return self.seconds is None and self.messages is None


class Retention(msgspec.Struct, frozen=True):
    """How long events are kept: in general, and in rooms of which something else is
    said, by their folded names (:func:`ecochat.core.names.fold`)."""

    general: Keep
    rooms: dict[str, Keep] = {}

    @property
    def is_all(self) -> bool:
        """Whether everything is kept, in all rooms."""
        return self.general.is_all and all(k.is_all for k in self.rooms.values())


class Log(Protocol):
    """What the keeper needs of the exchange."""

    channels: Channels

    @property
    def last_room(self) -> int:
        """See :class:`ecochat.net.exchange.Exchange`."""

    def now(self) -> float:
        """See :meth:`ecochat.net.exchange.Exchange.now`."""

    def expire(self, room: int, upto: int) -> None:
        """See :meth:`ecochat.net.exchange.Exchange.expire`."""


class Pages(Protocol):
    """Where it is looked up; see :class:`ecochat.store.port.Store`."""

    def last_before(self, time: int, count: int | None, room: int) -> Deferred[int]:
        """See :meth:`ecochat.store.port.Store.last_before`."""

    def oldest(self, room: int) -> Deferred[int]:
        """See :meth:`ecochat.store.port.Store.oldest`."""


class Keeper:
    """Looks through all rooms from time to time, one after another, also through
    private ones that nobody is here to read."""

    log = Logger()

    def __init__(
        self, retention: Retention, log: Log, pages: Pages, reactor: Any
    ) -> None:
        self._is_idle = retention.is_all
        self._general = retention.general
        self._rooms = retention.rooms
        self._log = log
        self._pages = pages
        self._loop = LoopingCall(self._look)
        self._loop.clock = self._reactor = reactor

    def start(self) -> None:
        """Begin to look, if there is anything that is not kept for ever."""
        if self._is_idle:
            return
        self._loop.start(PERIOD).addErrback(self._failed)

    def stop(self) -> None:
        """Look no more."""
        if self._loop.running:
            self._loop.stop()

    def _failed(self, failure: Any) -> None:
        self.log.failure("forgetting what need not be kept failed", failure)

    def _look(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._look_through())

    async def _look_through(self) -> None:
        try:
            for room in range(1, self._log.last_room + 1):
                keep = self._keep(room)
                if not keep.is_all and self._loop.running:
                    await self._forget(room, keep)
        except StoreError as error:
            self.log.warn("old events have to wait: {reason}", reason=str(error))

    def _keep(self, room: int) -> Keep:
        channel = self._log.channels.get(room)
        name = channel.name if channel is not None else ""
        return self._rooms.get(fold(name), self._general)

    async def _forget(self, room: int, keep: Keep) -> None:
        since = 0
        if keep.seconds is not None:
            since = max(0, int((self._log.now() - keep.seconds) * 1000))
        last = await self._pages.last_before(since, keep.messages, room)
        before, oldest = 0, await self._pages.oldest(room)
        while before < oldest <= last:  # if a step could not be stored, that is it
            self._log.expire(room, min(last, oldest + AT_ONCE - 1))
            await deferLater(self._reactor, PAUSE)
            before, oldest = oldest, await self._pages.oldest(room)
