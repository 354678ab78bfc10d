"""A server's log, as its own console shows it."""

import re
from collections.abc import Callable
from typing import Any

from twisted.internet import fdesc
from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from ecochat.client.safe import safe
from ecochat.client.terminal.line import Line, error, notice

LONGEST = 2**16
"""Bytes of a line of the log that are waited for; the rest is another one."""

_ENTRY = re.compile(r"\S*T(\d\d:\d\d:\d\d)\S* \[([^\]]*)\] (.*)")
"""How Twisted begins an entry: when, from where and how serious, and the text."""

_SHOWN_ANYWAY = "ecochat.net.serverlog.ServerLog#info"
"""What happens to sessions: whoever watches is told it."""

_SERIOUS = ("#warn", "#error", "#critical")


class LogLines:
    """Takes the bytes of a log, and gives the lines that are to be shown.

    What happens to sessions is left out, and the lines that go on with it: they begin
    with white space.
    """

    def __init__(self) -> None:
        self._begun = b""
        self._make: Callable[[str], Line] | None = notice

    def receive(self, data: bytes) -> list[Line]:
        """Take what was read; return what to show of it."""
        *whole, self._begun = (self._begun + data).split(b"\n")
        if len(self._begun) > LONGEST:
            whole, self._begun = [*whole, self._begun], b""
        texts = [line.decode(errors="replace").rstrip() for line in whole]
        return [shown for text in texts if text and (shown := self._line(text))]

    def _line(self, text: str) -> Line | None:
        entry = _ENTRY.fullmatch(text)
        if entry is None:
            if self._make is None and text[0].isspace():
                return None
            return (self._make or notice)(safe(text))
        time, system, said = entry.groups()
        self._make = error if system.endswith(_SERIOUS) else notice
        if system == _SHOWN_ANYWAY:
            self._make = None
            return None
        return self._make(safe(said))._replace(time=time)


@implementer(IReadDescriptor)
class LogReader:
    """Reads a log from a file number to its end, however much else is to be done.

    :param file: its number.
    :param take: takes what was read.
    :param over: called at the end.
    """

    def __init__(
        self, file: int, take: Callable[[bytes], None], over: Callable[[], None]
    ) -> None:
        self._file = file
        self._take = take
        self._over = over

    def start(self, reactor: Any) -> None:
        """Read from now on."""
        fdesc.setNonBlocking(self._file)
        reactor.addReader(self)

    def fileno(self) -> int:
        """See Twisted."""
        return self._file

    def logPrefix(self) -> str:
        """See Twisted."""
        return "log"

    def doRead(self) -> Any:
        """See Twisted."""
        return fdesc.readFromFD(self._file, self._take)

    def connectionLost(self, reason: Failure) -> None:
        """See Twisted: the server has ended, or wants its terminal back."""
        self._over()
