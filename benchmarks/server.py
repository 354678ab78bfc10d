"""The server that is measured: a process of its own, as a user starts it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.machine import OURS, on_core
from tests.support.server import Server

LISTEN = "tcp:0:interface=127.0.0.1"


@contextmanager
def server(*options: str, listen: str = LISTEN) -> Iterator[Server]:
    """Start ``twistd -n ecochat`` with an empty file of its own, on the server's core.

    Its settings are the defaults, but for the limit on what one session may send, which
    is off. Its folder is a temporary one: ``TMPDIR`` says on which disk.

    :param options: more options of ``twistd ecochat``.
    :param listen: where it listens; a free port by default.
    """
    with ExitStack() as stack:
        with on_core(OURS):
            started = stack.enter_context(Server(*options, listen=listen))
        yield started
