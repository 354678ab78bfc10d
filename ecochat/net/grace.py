"""The time that those who are away have to come back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.interfaces import IDelayedCall


class Grace:
    """Counts it for each session.

    :ivar seconds: how long it is.
    :param lapse: called when it has passed, with the session's number and since when
        it was away.
    """

    def __init__(
        self, seconds: float, reactor: Any, lapse: Callable[[int, int], None]
    ) -> None:
        self.seconds = seconds
        self._reactor = reactor
        self._lapse = lapse
        self._due: dict[int, IDelayedCall] = {}
        self._stopped = False

    def begin(self, session: int, since: int) -> None:
        """Begin to count for a session that is away."""
        if not self._stopped:
            over = partial(self._over, session, since)
            self._due[session] = self._reactor.callLater(self.seconds, over)

    def _over(self, session: int, since: int) -> None:
        del self._due[session]
        self._lapse(session, since)

    def end(self, session: int) -> None:
        """Count no more, if it was counted: the session is back, or has ended."""
        due = self._due.pop(session, None)
        if due is not None:
            due.cancel()

    def stop(self) -> None:
        """Count for nobody any more: they are away also when the server is started
        again, and have their time then."""
        self._stopped = True
        for session in list(self._due):
            self.end(session)
