"""How many connections there may be, whatever they speak."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any, Protocol

from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred
from twisted.logger import Logger

LINGERING = 32
"""Connections that may wait for the peer's end after ours; more are closed at once,
since each is an open file."""

KNOWN_HOSTS = 1_024
"""Hosts for which it is remembered what they count for: finding it out takes 4 µs of
the 200 that a connection does, and most come from few hosts."""


class Guest(Protocol):
    """A connection; see :class:`ecochat.net.protocol.ChatProtocol`.

    :ivar source: the address that it counts for; empty for this machine's own.
    """

    source: str
    transport: Any

    def abort(self) -> None:
        """Close at once."""


class Places:
    """The connections at one time.

    :param most: how many there may be; one more is told so and closed.
    :param most_per_address: those of one address beyond this machine; None for any
        number. Of IPv6 the first 64 bits count: one host has all the rest (RFC 4291,
        2.5.4).
    :ivar connections: those that are served, with or without a session yet.
    """

    log = Logger()

    def __init__(
        self, most: int, reactor: Any, most_per_address: int | None = None
    ) -> None:
        self.most = most
        self.most_per_address = most_per_address
        self.connections: set[Guest] = set()
        self._reactor = reactor
        self._ending: set[Guest] = set()
        self._sources: Counter[str] = Counter()
        self._full_logged = False
        self._stopping = False
        self._emptied: Deferred[None] | None = None

    @property
    def is_crowded(self) -> bool:
        """Whether so many connections are ending that no more may take their time."""
        return len(self._ending) >= LINGERING and not self._stopping

    def admit(self, guest: Guest) -> str:
        """Count a new connection; return why it is one too many, empty if it is not."""
        source = _source(guest.transport.getPeer())
        refusal = self._refusal(source)
        if refusal:
            self._ending.add(guest)
            if not self._full_logged:
                self._full_logged = True
                self.log.warn("{refusal}", refusal=refusal)
            return refusal
        self._full_logged = False
        self.connections.add(guest)
        if source:
            guest.source = source
        self._sources[source] += 1
        return ""

    def _refusal(self, source: str) -> str:
        if len(self.connections) >= self.most:
            return f"server is full ({self.most} clients)"
        most = self.most_per_address
        if source and most is not None and self._sources[source] >= most:
            return f"too many connections from {source} ({most})"
        return ""

    def leave(self, guest: Guest) -> None:
        """Give a connection's place to another: its session is over."""
        self._release(guest)
        self._ending.add(guest)

    def _release(self, guest: Guest) -> None:
        if guest in self.connections:
            self.connections.remove(guest)
            self._sources[guest.source] -= 1
            if not self._sources[guest.source]:
                del self._sources[guest.source]

    def gone(self, guest: Guest) -> None:
        """Forget a connection that has closed."""
        self._release(guest)
        self._ending.discard(guest)
        if self._emptied is not None and not (self.connections or self._ending):
            emptied, self._emptied = self._emptied, None
            emptied.callback(None)

    def stop_soon(self) -> None:
        """Let every connection take the time to end: there will be no new ones."""
        self._stopping = True

    async def emptied(self, seconds: float) -> None:
        """Wait until all connections have closed, or for so many seconds; those that
        are left are aborted."""
        if self.connections or self._ending:
            emptied: Deferred[None] = Deferred()
            self._emptied = emptied
            late = self._reactor.callLater(seconds, self._abort_all)
            await emptied
            if late.active():
                late.cancel()

    def _abort_all(self) -> None:
        for guest in self.connections | self._ending:
            guest.abort()


def _source(peer: Any) -> str:
    """Return the address that a peer counts for; empty for this machine itself."""
    return "" if isinstance(peer, UNIXAddress) else _source_of(peer.host)


@lru_cache(maxsize=KNOWN_HOSTS)
def _source_of(host: str) -> str:
    address = ip_address(host)
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback:
        return ""
    if isinstance(address, IPv6Address) and not address.is_link_local:
        return str(IPv6Network((int(address), 64), strict=False))
    return str(address)
