"""What links are to do later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall

from ecochat.net.channel import Guard


class Later(Protocol):
    """What calls it then; see :class:`ecochat.net.exchange.Exchange`."""

    def now(self) -> float:
        """See :meth:`ecochat.net.exchange.Exchange.now`."""

    def later(self, seconds: float, call: Callable[[], None]) -> IDelayedCall:
        """See :meth:`ecochat.net.exchange.Exchange.later`."""


class Timers:
    """For each of many, one thing that is due; another that is set takes its place.

    They are kept here, since most links have nothing due: so it costs those nothing.
    """

    def __init__(self, clock: Later) -> None:
        self._clock = clock
        self._due: dict[Guard, IDelayedCall] = {}

    def is_set(self, owner: Guard) -> bool:
        """Whether something is due."""
        return owner in self._due

    def set(self, owner: Guard, seconds: float, call: Callable[[], None]) -> None:
        """Have something called after some seconds.

        :param owner: whose it is, and whom its failing concerns.
        """

        def fire() -> None:
            del self._due[owner]
            owner.guarded(call)

        self.cancel(owner)
        self._due[owner] = self._clock.later(seconds, fire)

    def cancel(self, owner: Guard) -> None:
        """Have nothing called."""
        due = self._due.pop(owner, None)
        if due is not None:
            due.cancel()
