"""Writing to a transport, and knowing when it takes no more."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from OpenSSL.SSL import Connection, Error, WantReadError
from twisted.internet.interfaces import IPullProducer, IPushProducer
from zope.interface import implementer

RECORD = 1 << 14
"""Bytes that one record of TLS holds at most (RFC 8446, 5.1)."""

SPACE = 2 * RECORD
"""Bytes in which a record, what encrypting adds, and what OpenSSL has to say of itself
find room."""


class Drained(Protocol):
    """Who is told; see :class:`ecochat.net.outlet.Outlet`."""

    def drained(self) -> None:
        """The pipe takes more again."""


class Pipe(Protocol):
    """Where a session's bytes go.

    :ivar reader: whose it is; to be set before the first write.
    """

    reader: Drained

    @property
    def send(self) -> Callable[[bytes], int]:
        """What sends as much as is taken at once, and returns how many bytes that was,
        or raises an :class:`OSError` for none; the rest is for :meth:`hold`."""

    @property
    def blocked(self) -> bool:
        """Whether earlier bytes are unsent; nothing may be sent before the reader is
        told that they are gone."""

    def hold(self, data: bytes) -> None:
        """Send as soon as that can be."""

    def write(self, data: bytes) -> None:
        """Send, and hold what is not taken at once."""

    def release(self) -> None:
        """Let go of the transport, so that it can close once all is sent."""


@implementer(IPullProducer)
class SocketPipe:
    """Sends to the socket of a TCP or UNIX transport directly.

    Only what the socket does not take goes through Twisted's buffer. While that holds
    something this is registered as a pull producer, which is told when it is empty.

    :param transport: a Twisted transport on a socket.
    """

    __slots__ = ("_registering", "_transport", "blocked", "reader", "send")

    reader: Drained

    def __init__(self, transport: Any, handle: socket.socket) -> None:
        self.blocked = False
        self.send = handle.send
        self._transport = transport
        self._registering = False

    def write(self, data: bytes) -> None:
        """See :class:`Pipe`."""
        try:
            sent = self.send(data)
        except OSError:  # full, or broken: then the transport meets the error itself
            sent = 0
        if sent < len(data):
            self.hold(data[sent:])

    def hold(self, data: bytes) -> None:
        """See :class:`Pipe`."""
        self.blocked = True
        self._transport.write(data)
        self._registering = True
        self._transport.registerProducer(self, False)
        self._registering = False

    def resumeProducing(self) -> None:
        """The transport's buffer is empty. (It says so at registration too.)"""
        if not self._registering:
            self.release()
            self.reader.drained()

    def stopProducing(self) -> None:
        """The transport is gone; the protocol is told by itself."""

    def release(self) -> None:
        """See :class:`Pipe`."""
        if self.blocked:
            self.blocked = False
            self._transport.unregisterProducer()


@implementer(IPushProducer)
class TransportPipe:
    """Sends through a transport that is no bare socket, as TLS.

    The transport holds up to its buffer size (64 KiB) before it says that it is full.
    (A pull producer would be called in a busy loop there.)
    """

    __slots__ = ("_transport", "blocked", "reader")

    reader: Drained

    def __init__(self, transport: Any) -> None:
        self.blocked = False
        self._transport = transport
        transport.registerProducer(self, True)

    def send(self, data: bytes) -> int:
        """See :class:`Pipe`; nothing is taken at once here."""
        return 0

    def hold(self, data: bytes) -> None:
        """See :class:`Pipe`."""
        self._transport.write(data)

    write = hold

    def pauseProducing(self) -> None:
        """The transport's buffer is full."""
        self.blocked = True

    def resumeProducing(self) -> None:
        """The transport's buffer is empty again."""
        self.blocked = False
        self.reader.drained()

    def stopProducing(self) -> None:
        """The transport is gone; the protocol is told by itself."""

    def release(self) -> None:
        """See :class:`Pipe`."""
        self._transport.unregisterProducer()


class TLSPipe:
    """Encrypts, and sends to the socket below TLS directly.

    (Twisted would gather what is written until its next turn, with a timer for each
    connection, and send it when the socket is said to be writable.) To be made when the
    handshake is done: from then on nobody else writes to the transport below. OpenSSL
    says something of itself only together with what is sent, or at the very end.
    """

    __slots__ = ("_below", "_transport")

    def __init__(self, transport: Any, handle: socket.socket) -> None:
        self._transport = transport
        self._below = SocketPipe(transport.transport, handle)
        with suppress(WantReadError):  # what ends the handshake; it may be nothing
            self._below.write(transport.getHandle().bio_read(SPACE))

    @property
    def blocked(self) -> bool:
        """See :class:`Pipe`."""
        return self._below.blocked

    @property
    def reader(self) -> Drained:
        """See :class:`Pipe`."""
        return self._below.reader

    @reader.setter
    def reader(self, reader: Drained) -> None:
        self._below.reader = reader

    def send(self, data: bytes) -> int:
        """See :class:`Pipe`. All is taken; 0 is returned when no more is."""
        self.write(data)
        return 0 if self._below.blocked else len(data)

    def hold(self, data: bytes) -> None:
        """See :class:`Pipe`. Nothing is to be done: it was taken."""

    def write(self, data: bytes) -> None:
        """See :class:`Pipe`."""
        tls = self._transport.getHandle()
        records = []
        start = 0
        try:
            while start < len(data):  # a peer may want smaller records
                start += tls.send(data[start : start + RECORD])
                records.append(tls.bio_read(SPACE))
        except Error:  # it is closing, or broken: then the transport meets the error
            self._transport.write(data[start:])
        self._below.write(b"".join(records))

    def release(self) -> None:
        """See :class:`Pipe`."""
        self._below.release()


def pipe_to(transport: Any) -> Pipe:
    """Return the fastest pipe that a transport allows."""
    handle = _handle(transport)
    if isinstance(handle, socket.socket):
        return SocketPipe(transport, handle)
    if isinstance(handle, Connection):
        below = _handle(transport.transport)
        if isinstance(below, socket.socket):
            return TLSPipe(transport, below)
    return TransportPipe(transport)


def _handle(transport: Any) -> object:
    return transport.getHandle() if hasattr(transport, "getHandle") else None
