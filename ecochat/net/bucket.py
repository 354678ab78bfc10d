"""How fast one session may send: a token bucket."""

from __future__ import annotations

import math

import msgspec

ROUNDING = 0.001
"""Tokens that floats may lack when the time for one has passed: who has waited for it
is not sent back, over and over, for what the clock's numbers cannot tell."""

CALM = 60.0
"""Seconds in which a session has not sent too fast, after which it is told again."""


class RateLimit(msgspec.Struct, frozen=True):
    """What a session may send.

    :param rate: frames a second in the long run, above 0.
    :param burst: frames at once, 1 or more.
    """

    rate: float
    burst: int

    def __str__(self) -> str:
        """The rate as people read it: ``20 frames a second``."""
        digits = ".3g" if self.rate < 100 else ".0f"
        unit = "frame" if self.rate == 1 else "frames"
        return f"{self.rate:{digits}} {unit} a second"


class TokenBucket:
    """Holds up to ``burst`` tokens, and gains ``rate`` a second; a frame takes one.

    :param now: the present time in seconds, as in all calls.
    """

    __slots__ = ("_emptied", "_limit", "_time", "_tokens")

    def __init__(self, limit: RateLimit, now: float) -> None:
        self._limit = limit
        self._tokens = float(limit.burst)
        self._time = now
        self._emptied = -math.inf

    @property
    def tokens(self) -> int:
        """How many tokens there were at the last :meth:`wait`, less what was taken."""
        return int(self._tokens + ROUNDING)

    def take(self, count: int = 1) -> None:
        """Take tokens, to be called when :meth:`wait` has said that there is one."""
        self._tokens -= count

    def wait(self, now: float) -> float:
        """Return how many seconds it takes until there is a token; 0 for at once."""
        gained = max(now - self._time, 0) * self._limit.rate  # clocks are set back too
        self._time = now
        self._tokens = min(self._tokens + gained, self._limit.burst)
        missing = 1 - self._tokens
        return missing / self._limit.rate if missing > ROUNDING else 0

    def empty(self, now: float) -> bool:
        """Note that a session has to wait; whether it was calm before, and so is to be
        told why."""
        was_calm = now - self._emptied > CALM
        self._emptied = now
        return was_calm
