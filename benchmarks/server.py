"""The server that is measured: a process of its own, as a user starts it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.machine import OURS, on_core
from tests.support.server import Server


@contextmanager
def server(*options: str) -> Iterator[Server]:
    """Start ``twistd -n ecochat`` with an empty file of its own, on the server's core.

    Its settings are the defaults, but for the limit on what one session may send, which
    is off. Its folder is a temporary one: ``TMPDIR`` says on which disk.

    :param options: more options of ``twistd ecochat``.
    """
    with ExitStack() as stack:
        with on_core(OURS):
            started = stack.enter_context(Server(*options))
        yield started
