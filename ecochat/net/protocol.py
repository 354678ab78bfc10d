"""The Twisted shell around links: streams of null-terminated frames, and the factory
that all of them share."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IDelayedCall, IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from ecochat.core.framing import DELIMITER
from ecochat.net.exchange import Attached, Exchange
from ecochat.net.link import Link, LinkSettings
from ecochat.net.pipe import Pipe, SocketPipe, pipe_to

LINGER = 1.0
"""Seconds to wait for the peer's end after ours. Closing while it still sends would
reset the connection and could cost it our last words."""

KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 4}
"""A peer whose machine is gone is noticed after about 140 seconds (RFC 9293, 3.8.4)."""


@implementer(IHalfCloseableProtocol)
class ChatProtocol(Protocol):
    """One connection. What it means stands in :class:`ecochat.net.link.Link`.

    :ivar pipe: where the session's bytes go.
    """

    delimiter = DELIMITER
    factory: ChatFactory
    pipe: Pipe

    def __init__(self) -> None:
        self._link: Link | None = None
        self._closing = False
        self._input_over = False
        self._linger: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """Greet nobody yet: that waits for the first frame, or for silence."""
        _tune(self.transport)
        self.pipe = pipe_to(self.transport)
        if len(self.factory.connections) >= self.factory.max_clients:
            self.pipe.write(self.factory.full())
            self.close()
            self._close_late(self.abort)
        else:
            self.factory.connections.add(self)
            self._link = self.factory.link(self)

    def dataReceived(self, data: bytes) -> None:
        """Take what was read; after the end of the session it is ignored."""
        if self._link is not None and not self._closing:
            self._link.guarded(self._link.receive, data)

    def readConnectionLost(self) -> None:
        """The peer sends no more; what it is owed is written, then we close too."""
        self._input_over = True
        if self._closing:
            self._disconnect()
        elif self._link is not None:
            self._link.guarded(self._link.input_over)

    def writeConnectionLost(self) -> None:
        """Our own end has been sent."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Both ends are closed, or the connection broke."""
        self.factory.gone(self)
        if self._linger is not None and self._linger.active():
            self._linger.cancel()
        if self._link is not None:
            self._link.guarded(self._link.lost, _reason(reason))

    # For the link

    def pause(self) -> None:
        """See :class:`ecochat.net.link.Shell`."""
        self.transport.pauseProducing()  # type: ignore[union-attr]

    def resume(self) -> None:
        """See :class:`ecochat.net.link.Shell`."""
        self.transport.resumeProducing()  # type: ignore[union-attr]

    def close(self) -> None:
        """See :class:`ecochat.net.link.Shell`."""
        self._closing = True
        self.pipe.release()
        if self._input_over or not isinstance(self.pipe, SocketPipe):
            self._disconnect()
        else:
            self.transport.loseWriteConnection()  # type: ignore[union-attr]
            self.resume()
            self._close_late(self._disconnect)

    def _close_late(self, close: Callable[[], None]) -> None:
        if self._linger is None:
            self._linger = self.factory.reactor.callLater(LINGER, close)

    def abort(self) -> None:
        """See :class:`ecochat.net.link.Shell`."""
        self._closing = True
        self.transport.abortConnection()  # type: ignore[union-attr]

    def _disconnect(self) -> None:
        self.transport.loseConnection()  # type: ignore[union-attr]


def _tune(transport: Any) -> None:
    if not isinstance(transport.getHost(), UNIXAddress):
        transport.setTcpNoDelay(True)
        transport.setTcpKeepAlive(True)
        for option, value in KEEPALIVE.items():
            if hasattr(socket, option):
                number = getattr(socket, option)
                transport.socket.setsockopt(socket.IPPROTO_TCP, number, value)


def _reason(reason: Failure) -> str:
    return reason.getErrorMessage().rstrip(".").lower()


class ChatFactory(ServerFactory):
    """Makes a link for each connection, as many as there may be.

    :param max_clients: connections at one time; one more is told so and closed.
    :ivar connections: those that are served, with or without a session yet.
    """

    noisy = False

    def __init__(
        self, exchange: Exchange, settings: LinkSettings, max_clients: int, reactor: Any
    ) -> None:
        self.max_clients = max_clients
        self.reactor = reactor
        self.connections: set[ChatProtocol] = set()
        self._exchange = exchange
        self._settings = settings
        self._emptied: Deferred[None] | None = None

    @property
    def sessions(self) -> dict[int, Attached]:
        """The sessions of the whole server, by number."""
        return self._exchange.sessions

    def buildProtocol(  # type: ignore[override]  # the stub's type variable is free
        self, addr: IAddress | None
    ) -> ChatProtocol:
        """Make the protocol of one connection."""
        protocol = ChatProtocol()
        protocol.factory = self
        return protocol

    def link(self, protocol: ChatProtocol) -> Link:
        """Make a connection a link of the exchange's."""
        address = _address(protocol.transport.getPeer())  # type: ignore[union-attr]
        return Link(self._exchange, protocol, self._settings, address)

    def full(self) -> bytes:
        """Return what a connection is told when there are too many."""
        text = f"server is full ({self.max_clients} clients), try later"
        return self._settings.dialect.error(text)

    def gone(self, protocol: ChatProtocol) -> None:
        """Forget a connection that has closed."""
        self.connections.discard(protocol)
        if self._emptied is not None and not self.connections:
            emptied, self._emptied = self._emptied, None
            emptied.callback(None)

    async def emptied(self, seconds: float) -> None:
        """Wait until all connections have closed, or for so many seconds; those that
        are left are aborted."""
        if self.connections:
            emptied: Deferred[None] = Deferred()
            self._emptied = emptied
            late = self.reactor.callLater(seconds, self._abort_all)
            await emptied
            if late.active():
                late.cancel()

    def _abort_all(self) -> None:
        for protocol in list(self.connections):
            protocol.abort()


def _address(peer: Any) -> str:
    if isinstance(peer, UNIXAddress):
        return "unix"
    host = f"[{peer.host}]" if ":" in peer.host else peer.host
    return f"{host}:{peer.port}"
