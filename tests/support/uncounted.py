"""Processes whose coverage is not counted with the tests' own."""

import os


def uncounted() -> dict[str, str]:
    """Return an environment for a process that has to be as quick, or to import as
    little, as one outside of the tests (see ``ENVIRONMENT`` in :mod:`tests.check`)."""
    return {k: v for k, v in os.environ.items() if k != "COVERAGE_PROCESS_START"}
