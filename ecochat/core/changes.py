"""Whether what was read of something is stale."""

from __future__ import annotations

from collections.abc import Hashable

from ecochat.core import limits


class Changes:
    """When things changed last: whether what was read of one is stale.

    It is exact for the newest, and says of the others that they may be.
    """

    def __init__(self) -> None:
        self._last: dict[Hashable, int] = {}
        self._forgotten = 0

    def note(self, thing: Hashable, seq: int) -> None:
        """Take that a thing has changed at a place of the order."""
        self._last.pop(thing, None)
        self._last[thing] = seq
        if len(self._last) > limits.STALE:
            oldest = next(iter(self._last))
            self._forgotten = self._last.pop(oldest)

    def since(self, thing: Hashable, seq: int) -> bool:
        """Whether it may have changed behind a place of the order."""
        return max(self._forgotten, self._last.get(thing, 0)) > seq
