"""Servers with a promise broken, to see that the check finds it.

``python -m tests.crash.broken NAME TWISTD ...`` runs twistd so; nothing of this is in
the server itself.
"""

from __future__ import annotations

import runpy
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

LATE = 0.1
"""Seconds by which what was acknowledged is stored too late."""


def no_dedupe() -> None:
    """Store what is sent again once more."""
    from ecochat.core import writing

    writing._is_repeated = lambda *_: False


def early_ack() -> None:
    """Tell what is stored before it is."""
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred, succeed

    from ecochat.net.storage import Storage

    store = Storage.append
    waiting: deque[tuple[Storage, Any]] = deque()
    after: Any = reactor

    def append(self: Storage, batch: Any) -> Deferred[None]:
        waiting.append((self, batch))
        after.callLater(LATE, lambda: store(*waiting.popleft()))
        return succeed(None)

    Storage.append = append  # type: ignore[method-assign]


BROKEN: dict[str, Callable[[], None]] = {
    "no-dedupe": no_dedupe,
    "early-ack": early_ack,
}


def prefix(name: str) -> tuple[str, ...]:
    """Return what to put before the command of a server to break it."""
    return (sys.executable, "-m", __name__, name) if name else ()


if __name__ == "__main__":
    BROKEN[sys.argv[1]]()
    sys.argv = sys.argv[2:]
    runpy.run_path(sys.argv[0], run_name="__main__")
