"""Which connections have said nothing yet, and for how long."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Protocol

from twisted.internet.interfaces import IDelayedCall

from ecochat.net.channel import Guard
from ecochat.net.timer import Later

QUIET = 0.3
"""Seconds of silence after which a session begins without a frame: long enough for a
program's first frame to say that it speaks another dialect, short for a person."""

AT_ONCE = 250
"""Sessions that begin in one turn, at most: each takes 4 KB until it is told."""


class Quiet(Guard, Protocol):
    """What is told of it; see :class:`ecochat.net.link.Link`."""

    def quiet(self) -> None:
        """It has been silent for so long."""


class Silence:
    """Tells each that was silent for :data:`QUIET`, by one call of the clock for all:
    who begins to be silent last is told last."""

    def __init__(self, clock: Later) -> None:
        self._clock = clock
        self._until: OrderedDict[Quiet, float] = OrderedDict()
        self._look_due: IDelayedCall | None = None

    def begin(self, link: Quiet) -> None:
        """Begin to count for one, or begin anew."""
        self._until[link] = self._clock.now() + QUIET
        self._until.move_to_end(link)
        if self._look_due is None:
            self._look_due = self._clock.later(QUIET, self._due)

    def put_off(self, link: Quiet) -> None:
        """Begin anew for one, if it is counted."""
        if link in self._until:
            self.begin(link)

    def end(self, link: Quiet) -> None:
        """Count for one no more."""
        self._until.pop(link, None)
        if self._look_due is not None and not self._until:
            self._look_due.cancel()
            self._look_due = None

    def _due(self) -> None:
        # One look more at the sockets: who spoke while the server was held up was not
        # silent.
        self._look_due = self._clock.later(0, self._look)

    def _look(self) -> None:
        now = self._clock.now()
        silent: list[Quiet] = []
        while self._next() <= now and len(silent) < AT_ONCE:
            silent.append(self._until.popitem(last=False)[0])
        self._look_due = None
        if self._until:
            self._look_due = self._clock.later(max(self._next() - now, 0), self._due)
        else:
            self._until.clear()  # which gives back its memory, as taking out does not
        for link in silent:
            link.guarded(link.quiet)

    def _next(self) -> float:
        return next(iter(self._until.values()), math.inf)
