"""Where a server is: what users write for it, and the endpoint it stands for."""

import re
from typing import Any, NamedTuple

from ecochat.client.trust import Trust

PORT = 4040
"""The port where none is given: the one that a server listens on unasked."""

TLS_PORT = 4041
"""The port over TLS where none is given, as docs/operations.md has it."""

ENDPOINTS = ("tcp", "unix", "tls", "ssl")
"""What an endpoint begins with. A host of one of these names is written with its
domain, or as ``tcp:tls:4040``."""

ATTEMPT_DELAY = 0.1
"""Seconds before the next of a host's addresses is tried (RFC 8305, section 5, advises
no less): ``localhost`` is often ``::1`` first, where an EcoChat seldom listens."""

_V6 = re.compile(r"\[(?P<host>[0-9A-Fa-f:.]+(?:%\w+)?)\](?::(?P<port>.*))?", re.DOTALL)
_HOST = re.compile(r"(?P<host>[^\s:/\[\]=]+)(?::(?P<port>.*))?", re.DOTALL)
_NAMED = re.compile(r"(?<!\\):hostname=[^:]")
_TLS = "tls:"
_FORMS = "write HOST, HOST:PORT, [V6ADDRESS]:PORT or an endpoint as tls:HOST:PORT"


class Address(NamedTuple):
    """A server's address.

    :param written: what the user wrote.
    :param endpoint: Twisted's description of it; empty where a host is given.
    :param host: the host's name or address; empty where an endpoint is given.
    :param is_secret: whether a host is talked with over TLS.
    """

    written: str
    endpoint: str = ""
    host: str = ""
    port: int = PORT
    is_secret: bool = False

    def __str__(self) -> str:
        """The address in full, as ``localhost:4040`` or ``tls:[::1]:4041``."""
        return _TLS * self.is_secret + self._where if self.host else self.endpoint

    @property
    def _where(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def connector(self, reactor: Any, trust: Trust | None = None) -> Any:
        """Return Twisted's client endpoint; a host's addresses are tried in turn.

        :param trust: whom to trust over TLS; by default whom this user does. What is
            an endpoint of Twisted's is verified by Twisted alone.
        :raises ValueError: when Twisted cannot read the endpoint, or what verifies
            servers cannot be read; with what is wrong.
        """
        from twisted.internet.endpoints import HostnameEndpoint, clientFromString

        if self.host:
            endpoint = HostnameEndpoint(
                reactor, self.host, self.port, attemptDelay=ATTEMPT_DELAY
            )
            return self._secret(endpoint, trust) if self.is_secret else endpoint
        try:
            return clientFromString(reactor, self.endpoint)
        except TypeError:  # too few words for the endpoint, or too many
            text = f"{self.written!r} is no complete endpoint; {_FORMS}"
            raise ValueError(text) from None
        except Exception as error:  # whatever the parts of an endpoint can raise
            text = f"{self.written!r} cannot be used: {error}; {_FORMS}"
            raise ValueError(text) from None

    def _secret(self, endpoint: Any, trust: Trust | None) -> Any:
        from twisted.internet.endpoints import wrapClientTLS

        from ecochat.client.verifying import Verifying

        where = self._where.lower()
        return wrapClientTLS(Verifying(self.host, where, trust or Trust()), endpoint)


def parse_address(written: str) -> Address:
    """Return what a user's words for a server stand for.

    ``HOST``, ``HOST:PORT`` and ``[V6ADDRESS]:PORT`` are a host, and with ``tls:``
    before it one over TLS; what else begins with a word of :data:`ENDPOINTS` and a
    colon is an endpoint.

    :raises ValueError: with what is wrong, and what to write; also for an endpoint
        that would take any server for the right one.
    """
    kind, colon, rest = written.partition(":")
    is_endpoint = bool(colon) and kind.lower() in ENDPOINTS
    if is_endpoint and kind.lower() == "ssl" and not _NAMED.search(written):
        text = f"{written!r} verifies nobody without hostname=NAME"
        raise ValueError(f"{text}; write tls:HOST:PORT")
    if is_endpoint and kind.lower() != "tls":
        return Address(written, endpoint=written)
    match = _host(rest if is_endpoint else written)
    if is_endpoint and (match is None or ":" in (match["port"] or "")):
        return Address(written, endpoint=written)  # with words for Twisted
    if match is None:
        raise ValueError(f"{written!r} is no address of a server; {_FORMS}")
    port = _port(match["port"], written, TLS_PORT if is_endpoint else PORT)
    return Address(written, host=match["host"], port=port, is_secret=is_endpoint)


def over_tls(written: str) -> str:
    """Return the address over TLS of what a user's words for a host stand for.

    :raises ValueError: when they stand for no host.
    """
    address = parse_address(written)
    if not address.host:
        raise ValueError(
            f"TLS is asked of a host: {written!r} is none; write HOST:PORT"
        )
    return written if address.is_secret else _TLS + written


def _host(written: str) -> re.Match[str] | None:
    return _V6.fullmatch(written) or _HOST.fullmatch(written)


def _port(text: str | None, written: str, default: int) -> int:
    if text is None:
        return default
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 65_535:
        wrong = f"the port in {written!r} is not a number from 1 to 65535"
        raise ValueError(f"{wrong}; {_FORMS}")
    return int(text)
