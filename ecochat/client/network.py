"""Hears that the network of this machine has changed: it may be back."""

import contextlib
import errno
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
"""RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_IFADDR and
RTMGRP_IPV6_ROUTE of rtnetlink(7), which Python has no names for: what is told."""

SETTLED = 0.5
"""Seconds without another change after which one is told: a network that comes back is
a dozen changes within a tenth of a second, the last of them is the route."""

AT_ONCE = 100
"""Changes that are taken in one turn of the reactor, each without what it says: where
routes change all the time, as on a router, that must not cost anybody's keys."""


@contextlib.contextmanager
def watched_network(
    reactor: Any,
    changed: Callable[[], None],
    opened: Callable[[], socket.socket | None] | None = None,
) -> Iterator[None]:
    """Call back when addresses or routes of this machine have changed, half a second
    after the last change. Nothing comes where the system does not tell of them.

    :param reactor: for reading, and for time.
    :param opened: gives what can be read at each change, without blocking; it is
        closed at the end. By default it is the system's.
    """
    source = (opened or open_changes)()
    if source is None:
        yield
        return
    watch = _Watch(reactor, changed, source)
    reactor.addReader(watch)
    try:
        yield
    finally:
        watch.stop()


def open_changes() -> socket.socket | None:
    """Return a socket that can be read at each change; None where there is none."""
    if sys.platform != "linux":
        return None
    with contextlib.ExitStack() as opening:
        try:
            source = socket.socket(
                socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE
            )
            opening.callback(source.close)
            source.setblocking(False)
            source.bind((0, GROUPS))
        except OSError:  # as in a sandbox
            return None
        opening.pop_all()
    return source


@implementer(IReadDescriptor)
class _Watch:
    """Reads that something has changed; what that is does not matter."""

    def __init__(
        self, reactor: Any, changed: Callable[[], None], source: socket.socket
    ) -> None:
        self._reactor = reactor
        self._changed = changed
        self._source = source
        self._telling: Any = None

    def stop(self) -> None:
        """Read no more, and tell nothing more."""
        self._reactor.removeReader(self)
        self.connectionLost()
        if self._telling is not None:
            self._telling.cancel()

    # For the reactor

    def fileno(self) -> int:
        """Return what is read; -1 once that is closed."""
        return self._source.fileno()

    def logPrefix(self) -> str:
        """Return who is meant in the log."""
        return "network"

    def doRead(self) -> Any:
        """Take changes; return why there are no more to come, if so."""
        for _ in range(AT_ONCE):
            try:
                if not self._source.recv(1):  # the rest of it is dropped
                    return ConnectionDone()
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # that is: there were too many
                    return error
            self._tell_later()
        return None

    def connectionLost(self, reason: Failure | None = None) -> None:
        """Nothing can be read any more."""
        self._source.close()

    def _tell_later(self) -> None:
        if self._telling is not None:
            self._telling.reset(SETTLED)
        else:
            self._telling = self._reactor.callLater(SETTLED, self._tell)

    def _tell(self) -> None:
        self._telling = None
        self._changed()
