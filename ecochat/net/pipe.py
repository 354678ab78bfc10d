"""Writing to a transport, and knowing when it takes no more."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.interfaces import IPullProducer, IPushProducer
from zope.interface import implementer


class Pipe(Protocol):
    """Where a session's bytes go.

    :ivar blocked: earlier bytes are unsent; nothing may be written before ``drained``
        is called.
    :ivar drained: what to call then; to be set before the first write.
    """

    blocked: bool
    drained: Callable[[], None]

    def write(self, data: bytes) -> None:
        """Send, or hold what is not taken at once."""

    def release(self) -> None:
        """Let go of the transport, so that it can close once all is sent."""


@implementer(IPullProducer)
class SocketPipe:
    """Sends to the socket of a TCP or UNIX transport directly.

    Only what the socket does not take goes through Twisted's buffer. While that holds
    something this is registered as a pull producer, which is told when it is empty.

    :param transport: a Twisted transport on a socket.
    """

    drained: Callable[[], None]

    def __init__(self, transport: Any, handle: socket.socket) -> None:
        self.blocked = False
        self._transport = transport
        self._socket = handle
        self._registering = False

    def write(self, data: bytes) -> None:
        """See :class:`Pipe`."""
        try:
            sent = self._socket.send(data)
        except OSError:  # full, or broken: then the transport meets the error itself
            sent = 0
        if sent < len(data):
            self._hold(data[sent:])

    def _hold(self, data: bytes) -> None:
        self.blocked = True
        self._transport.write(data)
        self._registering = True
        self._transport.registerProducer(self, False)
        self._registering = False

    def resumeProducing(self) -> None:
        """The transport's buffer is empty. (It says so at registration too.)"""
        if not self._registering:
            self.release()
            self.drained()

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

    drained: Callable[[], None]

    def __init__(self, transport: Any) -> None:
        self.blocked = False
        self._transport = transport
        transport.registerProducer(self, True)

    def write(self, data: bytes) -> None:
        """See :class:`Pipe`."""
        self._transport.write(data)

    def pauseProducing(self) -> None:
        """The transport's buffer is full."""
        self.blocked = True

    def resumeProducing(self) -> None:
        """The transport's buffer is empty again."""
        self.blocked = False
        self.drained()

    def stopProducing(self) -> None:
        """The transport is gone; the protocol is told by itself."""

    def release(self) -> None:
        """See :class:`Pipe`."""
        self._transport.unregisterProducer()


def pipe_to(transport: Any) -> Pipe:
    """Return the fastest pipe that a transport allows."""
    handle = transport.getHandle() if hasattr(transport, "getHandle") else None
    if isinstance(handle, socket.socket):
        return SocketPipe(transport, handle)
    return TransportPipe(transport)
