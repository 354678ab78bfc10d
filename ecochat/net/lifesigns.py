"""Asking a client whether it is there."""

from __future__ import annotations

from ecochat.net.outlet import Outlet
from ecochat.net.shell import Shell
from ecochat.net.timer import Timers


class LifeSigns:
    """Looks once in each interval whether the client was heard in it, and asks it.

    One that does not answer is left alone as long as its machine does: it merely has
    stopped reading.

    :param interval: in seconds.
    :ivar heard: to be set when something comes from the client.
    """

    __slots__ = ("_asked", "_interval", "_outlet", "_shell", "_timers", "heard")

    def __init__(
        self, shell: Shell, outlet: Outlet, timers: Timers, interval: float
    ) -> None:
        self.heard = True
        self._asked = False
        self._shell = shell
        self._outlet = outlet
        self._timers = timers
        self._interval = interval
        self._wait()

    def _look(self) -> None:
        if self._asked and not self.heard and self._shell.is_silent():
            self._shell.abort()
            return
        self._asked = not self.heard
        if self._asked:
            self._outlet.ping()
        self.heard = False
        self._wait()

    def _wait(self) -> None:
        self._timers.set(self._outlet.owner, self._interval, self._look)
