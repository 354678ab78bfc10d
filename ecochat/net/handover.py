"""Where the echo program of the classroom sent its clients first."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol, ServerFactory


class HandOver(Protocol):
    """Tells whoever connects the number of another port, in decimal digits and nothing
    else, and closes."""

    factory: HandOverFactory
    transport: Any

    def connectionMade(self) -> None:
        """Tell it."""
        self.transport.write(str(self.factory.port).encode())
        self.transport.loseConnection()


class HandOverFactory(ServerFactory):
    """Makes one for each connection; they take no place among the clients.

    :ivar port: the number that they are told.
    """

    noisy = False

    def __init__(self, port: int) -> None:
        self.port = port

    def buildProtocol(  # type: ignore[override]  # the stub's type variable is free
        self, addr: IAddress | None
    ) -> HandOver:
        """Make the protocol of one connection."""
        protocol = HandOver()
        protocol.factory = self
        return protocol
