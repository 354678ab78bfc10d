"""The local time of tests: UTC."""

import os
import time

from twisted.trial.unittest import SynchronousTestCase


def use_utc(case: SynchronousTestCase) -> None:
    """Have this be the local time until the test is over."""
    before = os.environ.get("TZ")
    case.addCleanup(time.tzset)
    case.addCleanup(_put_back, before)
    os.environ["TZ"] = "UTC"
    time.tzset()


def _put_back(zone: str | None) -> None:
    if zone is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = zone
