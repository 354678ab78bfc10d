"""What a link is to do later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall

from ecochat.net.channel import Guard


class Later(Protocol):
    """What calls it then; see :class:`ecochat.net.exchange.Exchange`."""

    def later(self, seconds: float, call: Callable[[], None]) -> IDelayedCall:
        """See :meth:`ecochat.net.exchange.Exchange.later`."""


class Timer:
    """One thing that is due; another that is set takes its place.

    :param guard: whom its failing concerns.
    """

    __slots__ = ("_clock", "_due", "_guard")

    def __init__(self, clock: Later, guard: Guard) -> None:
        self._clock = clock
        self._guard = guard
        self._due: IDelayedCall | None = None

    @property
    def is_set(self) -> bool:
        """Whether something is due."""
        return self._due is not None

    def set(self, seconds: float, call: Callable[[], None]) -> None:
        """Have something called after some seconds."""

        def fire() -> None:
            self._due = None
            self._guard.guarded(call)

        self.cancel()
        self._due = self._clock.later(seconds, fire)

    def put_off(self, seconds: float) -> None:
        """Have what is due, if anything is, called so many seconds from now."""
        if self._due is not None:
            self._due.reset(seconds)

    def cancel(self) -> None:
        """Have nothing called."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
