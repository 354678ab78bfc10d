"""Sending to who cannot tell where one thing ends and the next begins."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall

from ecochat.net.pipe import Drained, Pipe

PAUSE = 0.02
"""Seconds between two things: time for the peer to read the one before the next is
there, since one read returns both if it can. (On loopback 292 of 300 pairs without a
pause were one read, with 0.5 ms none; a busy peer needs more.) Nobody notices it."""


class PacedPipe:
    """See :class:`ecochat.net.pipe.Pipe`. Behind each thing that is sent it takes
    nothing more for a moment; what is to be sent waits where all waits that a slow
    reader is to be sent, in the log.

    :ivar below: sends what is to be sent.
    :param later: calls something after some seconds.
    :param longest: bytes that are sent at once; what is longer is sent in pieces, none
        of which ends in the middle of a character: clients that decode each read would
        fail there. None: all of it.
    """

    def __init__(
        self,
        pipe: Pipe,
        later: Callable[[float, Callable[[], None]], IDelayedCall],
        longest: int | None = None,
    ) -> None:
        self.below = pipe
        self._later = later
        self._longest = longest
        self._pause: IDelayedCall | None = None
        self._rest = b""  # of what is too long; at most one message
        self._reader: Drained
        pipe.reader = self

    @property
    def reader(self) -> Drained:
        """See :class:`ecochat.net.pipe.Pipe`."""
        return self._reader

    @reader.setter
    def reader(self, reader: Drained) -> None:
        """Take another, as when the connection is gone: it waits for nothing."""
        self._end_pause()
        self._reader = reader

    @property
    def blocked(self) -> bool:
        """See :class:`ecochat.net.pipe.Pipe`."""
        return self._pause is not None or self.below.blocked

    def send(self, data: bytes) -> int:
        """See :class:`ecochat.net.pipe.Pipe`. All is taken; 0 is returned, since no
        more is for now."""
        self.write(data)
        return 0

    def hold(self, data: bytes) -> None:
        """See :class:`ecochat.net.pipe.Pipe`. Nothing is to be done: it was taken."""

    def write(self, data: bytes) -> None:
        """See :class:`ecochat.net.pipe.Pipe`."""
        self._end_pause()
        self._pause = self._later(PAUSE, self._go_on)
        data = self._rest + data
        end = len(data) if self._longest is None else _whole(data, self._longest)
        self._rest = data[end:]
        self.below.write(data[:end])

    def release(self) -> None:
        """See :class:`ecochat.net.pipe.Pipe`."""
        self._end_pause()
        self.below.release()

    def drained(self) -> None:
        """See :class:`ecochat.net.pipe.Drained`."""
        if self._pause is None:
            self._go_on()

    def _go_on(self) -> None:
        self._pause = None
        if self.below.blocked:
            return  # it says when it is not
        if self._rest:
            self.write(b"")
        else:
            self._reader.drained()

    def _end_pause(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None


def _whole(data: bytes, most: int) -> int:
    """Return how many bytes of a text, at most so many, are whole characters."""
    end = most
    while end < len(data) and data[end] & 0xC0 == 0x80:  # RFC 3629, 3
        end -= 1
    return end
