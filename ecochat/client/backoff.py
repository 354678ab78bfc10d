"""How long to wait before a connection is made again."""

import random
from collections.abc import Callable

SHORTEST = 0.25
"""Seconds that the first wait has at most: a server that is started again needs about
as long."""

LONGEST = 30.0
"""Seconds that any wait has at most: who comes back is in the chat again soon, and
10,000 clients that try for long are 700 attempts a second."""

FACTOR = 2.0


class Backoff:
    """Says how long to wait: anything up to a bound, which doubles at each failure.

    Any part of it by chance (full jitter), so that the clients of a server that was
    started again do not all come at one moment. Source: Marc Brooker, "Exponential
    Backoff And Jitter", AWS Architecture Blog, 2015.

    :param chance: returns a number from 0 to below 1.
    :param longest: the seconds that any wait has at most.
    """

    def __init__(
        self,
        chance: Callable[[], float] = random.random,
        longest: float = LONGEST,
    ) -> None:
        self._chance = chance
        self._longest = longest
        self._bound = SHORTEST

    def delay(self, was_of_use: bool) -> float:
        """Return the seconds to wait now.

        :param was_of_use: whether anything was heard in the last session but its
            welcome; then the next wait is short again. A server that ends each session
            at once is not asked without a pause.
        """
        if was_of_use:
            self._bound = SHORTEST
        bound, self._bound = self._bound, min(self._longest, self._bound * FACTOR)
        return bound * self._chance()
