"""What stands in for sockets that take a part of what is sent, or nothing at all.

The pipes on them are the real ones: :class:`ecochat.net.pipe.SocketPipe` on a socket,
:class:`ecochat.net.pipe.TLSPipe` on one below a TLS that leaves everything as it is,
:class:`ecochat.net.pipe.TransportPipe` on a transport that keeps what it is given.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle
from typing import Any, Literal

from OpenSSL.SSL import WantReadError

from ecochat.net.pipe import SocketPipe, TLSPipe, TransportPipe

Kind = Literal["socket", "tls", "transport"]
"""What a pipe is on."""

REFUSALS = (
    BlockingIOError(errno.EAGAIN, "full"),
    InterruptedError(errno.EINTR, "interrupted"),
    OSError(errno.ENOBUFS, "no memory for it now"),
)
"""What a socket that lives may raise when it takes nothing."""

RECORD = 100
"""Bytes that the fake TLS takes at once."""

KEPT = 300
"""Bytes in a transport's buffer above which it says that it is full."""


def everything(size: int) -> int:
    """Have a socket take all."""
    return size


class PartialSocket:
    """Takes as much of each send as the test says.

    :ivar sends: all that a pipe had it send, in order.
    :ivar taken: all that it took.
    :ivar takes: asked each time how many bytes it takes, of so many.
    """

    def __init__(self) -> None:
        self.sends: list[bytes] = []
        self.taken = bytearray()
        self.takes: Callable[[int], int] = everything
        self._refusals = cycle(REFUSALS)

    def send(self, data: bytes) -> int:
        """Take what it takes; :raises OSError: when that is nothing."""
        self.sends.append(data)
        return self.take(data)

    def take(self, data: bytes) -> int:
        """Do the same for the transport."""
        count = min(self.takes(len(data)), len(data))
        if not count:
            raise next(self._refusals)
        self.taken += data[:count]
        return count


class FullTransport:
    """As much of a Twisted transport as the pipes use: it sends later what it is given.

    :param streaming: whether its producer is to be a push producer, which it tells at
        once that it is full; a pull producer gives it nothing while it has something.
    :ivar writes: all that it was given, in order.
    """

    def __init__(self, socket: PartialSocket, streaming: bool) -> None:
        self.producer: Any = None
        self.writes: list[bytes] = []
        self._socket = socket
        self._streaming = streaming
        self._buffer = b""
        self._paused = False

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Take a producer; ask a pull producer for more at once, as Twisted does."""
        assert self.producer is None, "registered twice"
        assert streaming is self._streaming
        self.producer = producer
        if not streaming:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        """Let go of the producer."""
        self.producer = None

    def write(self, data: bytes) -> None:
        """Keep it; where bytes go past this to the socket, there is nothing kept."""
        assert self._streaming or not self._buffer, "written to while blocked"
        self.writes.append(data)
        self._buffer += data
        is_full = self._streaming and len(self._buffer) > KEPT
        if is_full and not self._paused and self.producer is not None:
            self._paused = True
            self.producer.pauseProducing()

    def empty(self) -> None:
        """Send what the socket takes now; tell the producer when that was all."""
        with suppress(OSError):
            self._buffer = self._buffer[self._socket.take(self._buffer) :]
        if not self._buffer and self.producer is not None:
            paused, self._paused = self._paused, False
            if paused or not self._streaming:
                self.producer.resumeProducing()

    @property
    def full(self) -> bool:
        """Whether something is unsent."""
        return bool(self._buffer)


class NoTLS:
    """A TLS transport that encrypts nothing, and takes little at once.

    :param below: the transport below.
    """

    def __init__(self, below: FullTransport) -> None:
        self.transport = below
        self._said = b""

    def getHandle(self) -> NoTLS:
        """Return what stands for OpenSSL's connection."""
        return self

    def send(self, data: bytes) -> int:
        """Take some of it."""
        self._said += data[:RECORD]
        return len(data[:RECORD])

    def bio_read(self, size: int) -> bytes:
        """Return what there is to be sent; :raises WantReadError: when nothing is."""
        said, self._said = self._said[:size], self._said[size:]
        if not said:
            raise WantReadError
        return said


class PartialPipe:
    """A real pipe on such a socket, with what a test asks of a pipe.

    :ivar cut: whether the connection is gone, so that the last frame may have no end.
    """

    def __init__(self, kind: Kind = "socket") -> None:
        self.cut = False
        self.socket = PartialSocket()
        self.transport = FullTransport(self.socket, streaming=kind == "transport")
        self.pipe = self._made(kind)
        self._kind = kind

    def _made(self, kind: Kind) -> SocketPipe | TLSPipe | TransportPipe:
        socket: Any = self.socket
        if kind == "socket":
            return SocketPipe(self.transport, socket)
        if kind == "tls":
            return TLSPipe(NoTLS(self.transport), socket)
        return TransportPipe(self.transport)

    @property
    def writes(self) -> list[bytes]:
        """All that was to be sent at once."""
        if self._kind == "transport":
            return self.transport.writes
        return self.socket.sends

    @property
    def blocked(self) -> bool:
        """Whether something is unsent."""
        return self.transport.full

    def drain(self) -> None:
        """Let the socket take more."""
        self.transport.empty()

    @property
    def frames(self) -> list[str]:
        """All frames that were taken."""
        *frames, rest = bytes(self.socket.taken).split(b"\0")
        assert self.cut or not rest, "the output does not end with a frame"
        return [frame.decode() for frame in frames]
