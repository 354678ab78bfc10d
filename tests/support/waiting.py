"""Waiting for what another process does."""

import time
from collections.abc import Callable

WAIT = 60.0
"""Seconds after which what was expected is taken not to come, on a machine that is busy
with other things too."""


def wait_until(done: Callable[[], bool]) -> None:
    """Wait until something holds; :raises AssertionError: when it never does."""
    deadline = time.monotonic() + WAIT
    while not done():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)
