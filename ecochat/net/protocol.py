"""The Twisted shell around links: byte streams, and the factory that they share."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from OpenSSL.SSL import Error as SSLError
from twisted.internet.address import UNIXAddress
from twisted.internet.error import (
    ConnectionAborted,
    ConnectionDone,
    ConnectionLost,
)
from twisted.internet.error import TimeoutError as TimedOut
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IHandshakeListener,
    INegotiated,
)
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from ecochat.core.reads import READ
from ecochat.dialects.port import Dialect
from ecochat.net.exchange import Exchange
from ecochat.net.link import Link, LinkSettings
from ecochat.net.paced import PacedPipe
from ecochat.net.pipe import Pipe, SocketPipe, pipe_to
from ecochat.net.places import Places

LOG_PREFIX = "connection"
"""What Twisted's own log lines of a connection begin with, the same for all: its words
for each, which also its number and address are in, would take 76 bytes."""

LINGER = 1.0
"""Seconds to wait for the peer's end after ours. Closing while it still sends would
reset the connection and could cost it our last words."""

TLS_LINGER = 30.0
"""Seconds that a TLS peer has to take our last words and to say that it has: over TLS
that is how a connection ends (RFC 8446, 6.1)."""

HANDSHAKE = 10.0
"""Seconds for a TLS handshake; a connection is no session before it is done."""

KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 4}
"""A peer whose machine is gone is noticed after about 140 seconds (RFC 9293, 3.8.4)."""


SILENT = 60.0
"""Seconds without an acknowledgement of anything sent after which a peer's machine is
taken to be gone: by then it was sent again some eight times (RFC 6298, 5.5)."""


_REASONS: dict[type[Exception], str] = {
    ConnectionDone: "closed",
    ConnectionAborted: "aborted",
    TimedOut: "timed out",
    ConnectionLost: "connection lost",
    SSLError: "TLS error",
}


@implementer(IHalfCloseableProtocol, IHandshakeListener)
class ChatProtocol(Protocol):
    """One connection. What it means stands in :class:`ecochat.net.link.Link`.

    :ivar pipe: where the session's bytes go.
    :ivar source: see :class:`ecochat.net.places.Guest`.
    """

    factory: ChatFactory
    transport: Any  # of several interfaces; Twisted's own type names but one
    pipe: Pipe

    # Not set in each, since few of them change and each would take its place.
    source = ""
    _link: Link | None = None
    _refusal = ""
    _lost = False
    _closing = False
    _input_over = False
    _deadline: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """Wait for the TLS handshake, if there is one."""
        self.transport.logstr = LOG_PREFIX
        _tune(self.transport)
        refusal = self.factory.places.admit(self)
        if refusal:
            self._refusal = refusal
        if not INegotiated.providedBy(self.transport):
            self.handshakeCompleted()
        elif not (self._refusal and self.factory.places.is_crowded):
            self._call_later(HANDSHAKE, self.abort)
        else:
            self.abort()

    def handshakeCompleted(self) -> None:
        """Begin the link, or say why there is no place for it."""
        self._cancel_deadline()
        self.pipe = self.factory.pipe(self.transport)
        if self._refusal:
            self.pipe.write(self.factory.refusal(self._refusal))
            self.close()
        else:
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
        self._lost = True
        self._cancel_deadline()
        if self._link is None:
            self.gone()
        else:
            self._link.guarded(self._link.lost, _reason(reason))

    # For the link

    @property
    def address(self) -> str:
        """See :class:`ecochat.net.shell.Shell`."""
        return _address(self.transport.getPeer())

    def pause(self) -> None:
        """See :class:`ecochat.net.shell.Shell`."""
        self.transport.pauseProducing()

    def resume(self) -> None:
        """See :class:`ecochat.net.shell.Shell`."""
        self.transport.resumeProducing()

    def close(self) -> None:
        """See :class:`ecochat.net.shell.Shell`."""
        pipe = self.pipe.below if isinstance(self.pipe, PacedPipe) else self.pipe
        is_socket = isinstance(pipe, SocketPipe)
        crowded = self.factory.places.is_crowded
        self._closing = True
        if is_socket or not crowded:  # over TLS the end may take long
            self.factory.places.leave(self)
        self.pipe.release()
        if is_socket and not (self._input_over or crowded):
            self.transport.loseWriteConnection()
            self.resume()
            self._call_later(LINGER, self._disconnect)
            return
        self._disconnect()
        if not is_socket:
            self._call_later(TLS_LINGER, self.abort)

    def abort(self) -> None:
        """See :class:`ecochat.net.shell.Shell`."""
        self._closing = True
        if self._lost:
            self.gone()
        else:
            self.transport.abortConnection()

    def gone(self) -> None:
        """See :class:`ecochat.net.shell.Shell`."""
        self._link = None  # nor is this one of a circle then
        self.factory.places.gone(self)

    def is_silent(self) -> bool:
        """See :class:`ecochat.net.shell.Shell`."""
        return self._link is not None and _is_silent(self.transport)

    def _call_later(self, seconds: float, call: Callable[[], None]) -> None:
        self._deadline = self.factory.reactor.callLater(seconds, call)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()

    def _disconnect(self) -> None:
        self.transport.loseConnection()


def _tune(transport: Any) -> None:
    if not isinstance(transport.getHost(), UNIXAddress):
        transport.setTcpNoDelay(True)
        transport.setTcpKeepAlive(True)
        for option, value in KEEPALIVE.items():
            if hasattr(socket, option):
                number = getattr(socket, option)
                transport.socket.setsockopt(socket.IPPROTO_TCP, number, value)


def _is_silent(transport: Any) -> bool:
    """Whether something sent is unacknowledged, and nothing was acknowledged for long.

    (tcp_info in linux/tcp.h: tcpi_unacked at byte 24, tcpi_last_ack_recv, in ms, at 56.
    What waits behind a full window has not been sent, so it does not count.)
    """
    if isinstance(transport.getHost(), UNIXAddress) or not hasattr(socket, "TCP_INFO"):
        return False
    info = transport.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 60)
    unacknowledged, *_, last = struct.unpack_from("=9I", info, 24)
    return bool(unacknowledged) and last > SILENT * 1000


def _reason(reason: Failure) -> str:
    for kind, text in _REASONS.items():
        if reason.check(kind):
            return text
    return reason.type.__name__ if reason.type else "unknown"


class ChatFactory(ServerFactory):
    """Makes a link for each connection, as many as there may be.

    :param places: where they are counted, together with those of other factories.
    """

    noisy = False

    def __init__(
        self, exchange: Exchange, settings: LinkSettings, places: Places, reactor: Any
    ) -> None:
        self.places = places
        self.reactor = reactor
        self._exchange = exchange
        self._settings = settings

    def buildProtocol(  # type: ignore[override]  # the stub's type variable is free
        self, addr: IAddress | None
    ) -> ChatProtocol:
        """Make the protocol of one connection."""
        protocol = ChatProtocol()
        protocol.factory = self
        return protocol

    def speaking(self, dialect: Dialect) -> ChatFactory:
        """Return a factory for connections that speak this dialect and no other, and
        take the same places."""
        settings = replace(self._settings, dialect=dialect, others=())
        return ChatFactory(self._exchange, settings, self.places, self.reactor)

    def pipe(self, transport: Any) -> Pipe:
        """Return what sends to a connection."""
        pipe = pipe_to(transport)
        dialect = self._settings.dialect
        if dialect.is_framed:
            return pipe
        longest = READ if dialect.hears_others else None  # an answer is sent whole
        return PacedPipe(pipe, self.reactor.callLater, longest)

    def link(self, protocol: ChatProtocol) -> Link:
        """Make a connection a link of the exchange's."""
        return Link(self._exchange, protocol, self._settings)

    def refusal(self, text: str) -> bytes:
        """Return what a connection is told that is not admitted."""
        return self._settings.dialect.error(f"{text}, try later")


def _address(peer: Any) -> str:
    if isinstance(peer, UNIXAddress):
        return "unix"
    host = f"[{peer.host}]" if ":" in peer.host else peer.host
    return f"{host}:{peer.port}"
