"""Where a server is: what users write for it, and the endpoint it stands for."""

import re
from typing import Any, NamedTuple

PORT = 4040
"""The port where none is given: the one that a server listens on unasked."""

ENDPOINTS = ("tcp", "unix", "tls", "ssl")
"""What an endpoint begins with. A host of one of these names is written with its
domain, or as ``tcp:tls:4040``."""

ATTEMPT_DELAY = 0.1
"""Seconds before the next of a host's addresses is tried (RFC 8305, section 5, advises
no less): ``localhost`` is often ``::1`` first, where an EcoChat seldom listens."""

_V6 = re.compile(r"\[(?P<host>[0-9A-Fa-f:.]+(?:%\w+)?)\](?::(?P<port>.*))?", re.DOTALL)
_HOST = re.compile(r"(?P<host>[^\s:/\[\]=]+)(?::(?P<port>.*))?", re.DOTALL)
_FORMS = "write HOST, HOST:PORT, [V6ADDRESS]:PORT or an endpoint as tls:HOST:PORT"


class Address(NamedTuple):
    """A server's address.

    :param written: what the user wrote.
    :param endpoint: Twisted's description of it; empty where a host is given.
    :param host: the host's name or address; empty where an endpoint is given.
    """

    written: str
    endpoint: str = ""
    host: str = ""
    port: int = PORT

    def __str__(self) -> str:
        """The address in full, as ``localhost:4040`` or ``[::1]:4040``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.host else self.endpoint

    def connector(self, reactor: Any) -> Any:
        """Return Twisted's client endpoint; a host's addresses are tried in turn.

        :raises ValueError: when Twisted cannot read the endpoint, with what is wrong.
        """
        from twisted.internet.endpoints import HostnameEndpoint, clientFromString

        if self.host:
            return HostnameEndpoint(
                reactor, self.host, self.port, attemptDelay=ATTEMPT_DELAY
            )
        try:
            return clientFromString(reactor, self.endpoint)
        except TypeError:  # too few words for the endpoint, or too many
            text = f"{self.written!r} is no complete endpoint; {_FORMS}"
            raise ValueError(text) from None
        except Exception as error:  # whatever the parts of an endpoint can raise
            text = f"{self.written!r} cannot be used: {error}; {_FORMS}"
            raise ValueError(text) from None


def parse_address(written: str) -> Address:
    """Return what a user's words for a server stand for.

    ``HOST``, ``HOST:PORT`` and ``[V6ADDRESS]:PORT`` are a host; what begins with a word
    of :data:`ENDPOINTS` and a colon is an endpoint.

    :raises ValueError: with what is wrong, and what to write.
    """
    if written.partition(":")[0].lower() in ENDPOINTS and ":" in written:
        return Address(written, endpoint=written)
    match = _V6.fullmatch(written) or _HOST.fullmatch(written)
    if match is None:
        raise ValueError(f"{written!r} is no address of a server; {_FORMS}")
    return Address(written, host=match["host"], port=_port(match["port"], written))


def _port(text: str | None, written: str) -> int:
    if text is None:
        return PORT
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 65_535:
        wrong = f"the port in {written!r} is not a number from 1 to 65535"
        raise ValueError(f"{wrong}; {_FORMS}")
    return int(text)
