"""Decides over TLS, before anything of ours is sent, whether a server is trusted.

A certificate that verifies, for the host it is asked of, needs nothing else. Any other
one has to be the one that was accepted for this server once (trust on first use, as
:rfc:`4251#section-4.1` has it for SSH); unless the user has given a file of those who
verify servers: then it is that which counts, and nothing else.
"""

from typing import Any
from weakref import ref

from OpenSSL.crypto import X509, Error
from OpenSSL.SSL import VERIFY_FAIL_IF_NO_PEER_CERT, VERIFY_PEER, Connection
from service_identity.cryptography import (
    verify_certificate_hostname,
    verify_certificate_ip_address,
)
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import (
    Certificate,
    optionsForClientTLS,
    trustRootFromCertificates,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from ecochat.client.errors import NotKept, Untrusted
from ecochat.client.safe import safe_name
from ecochat.client.trust import Trust

SUBJECT = 200
"""Characters shown of whom a certificate is for: whoever made it chose them."""

WRONG = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is signed by itself",
    19: "who signed it is not known on this machine",
    20: "who signed it is not known on this machine",
    21: "who signed it is not known on this machine",
}
"""OpenSSL's numbers of errors (openssl-verification-options(1)), in words."""


@implementer(IOpenSSLClientConnectionCreator)
class Verifying:
    """Makes the TLS side of connections to one server.

    A connection to a server that is not trusted is lost in the handshake, before any
    byte of the program's is sent; the reason is an
    :class:`~ecochat.client.errors.Untrusted`.

    :param where: the host and port, for the known servers.
    :raises ValueError: when what verifies servers cannot be read.
    """

    def __init__(self, host: str, where: str, trust: Trust) -> None:
        self._host = host
        self._where = where
        self._trust = trust
        self._options = optionsForClientTLS(host, trustRoot=_roots(trust))

    def clientConnectionForTLS(self, tlsProtocol: Any) -> Connection:
        """See Twisted; its own decision is replaced by ours."""
        connection = self._options.clientConnectionForTLS(tlsProtocol)
        mode = VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT
        judge = _Judge(self._host, self._where, self._trust, tlsProtocol)
        connection.set_verify(mode, judge)
        return connection


class _Judge:
    """Is asked by OpenSSL about each certificate of one handshake, and about each thing
    that is wrong with one; what it denies ends the handshake.

    The server's own certificate comes last, and decides; what is found wrong with the
    others is kept until then. What is found wrong after it (OpenSSL looks at the
    constraints of names then) is decided at once.
    """

    def __init__(self, host: str, where: str, trust: Trust, protocol: Any) -> None:
        self._host = host
        self._where = where
        self._trust = trust
        self._protocol = ref(protocol)  # it has us, in the end
        self._own: X509 | None = None
        self._why = ""

    def __call__(
        self, connection: Connection, shown: X509, error: int, depth: int, good: int
    ) -> bool:
        """Return whether the handshake may go on."""
        if not good:
            self._why = self._why or WRONG.get(error, f"it is not valid ({error})")
        if depth == 0:
            self._own = shown
        if self._own is None:
            return True
        untrusted = _judge(self._host, self._where, self._trust, self._own, self._why)
        if untrusted is not None and (protocol := self._protocol()) is not None:
            protocol.failVerification(Failure(untrusted))
        return untrusted is None


def _judge(
    host: str, where: str, trust: Trust, own: X509, why: str
) -> Untrusted | None:
    """Return why a server is not trusted with a certificate; None when it is.

    :param why: what is wrong with it, if anything is, beside whom it is for.
    """
    why = why or _misnamed(own, host)
    if not why:
        return None
    fingerprint = own.digest("sha256").decode()
    if trust.ca is not None:
        return _unverified(where, fingerprint, f"{why}\n{_described(own)}", trust)
    try:
        known = trust.known(where)
    except NotKept as error:
        return Untrusted(str(error), "nobody is trusted now", where, fingerprint)
    if known == fingerprint:
        return None
    if known:
        return _changed(where, fingerprint, known, trust)
    return _unknown(where, fingerprint, f"{why}\n{_described(own)}")


def _misnamed(own: X509, host: str) -> str:
    """Say that a certificate is for somebody else; nothing when it is for this host."""
    try:
        read = own.to_cryptography()
        if isIPAddress(host) or isIPv6Address(host):
            verify_certificate_ip_address(read, host)
        else:
            verify_certificate_hostname(read, host)
    except Exception:  # whatever one that is not in order can raise
        return f"it is not for {host}"
    return ""


def _described(own: X509) -> str:
    """Return whom a certificate is for, and when: nobody has proved it."""
    try:
        read = own.to_cryptography()
        subject = safe_name(read.subject.rfc4514_string())[:SUBJECT]
        since, until = read.not_valid_before_utc, read.not_valid_after_utc
    except ValueError:  # as text, or a date, that is not in order
        return "It cannot be read further."
    return f"It says: {subject}, valid from {since:%Y-%m-%d} to {until:%Y-%m-%d}."


def _unknown(where: str, fingerprint: str, what: str) -> Untrusted:
    brief = f"{where} has a certificate that is not known yet"
    return Untrusted(
        f"{brief}: {what}\n{_fingerprint(fingerprint)}\n"
        "Trust it if whoever runs the server tells you the same one: "
        f"ecochat --tls {where} asks you once, and remembers it",
        brief,
        where,
        fingerprint,
    )


def _unverified(where: str, fingerprint: str, what: str, trust: Trust) -> Untrusted:
    brief = f"{trust.ca} does not verify {where}"
    text = f"{brief}: {what}\n{_fingerprint(fingerprint)}"
    return Untrusted(text, brief, where, fingerprint, is_unverified=True)


def _changed(where: str, fingerprint: str, known: str, trust: Trust) -> Untrusted:
    brief = f"THE CERTIFICATE OF {where} HAS CHANGED"
    return Untrusted(
        f"{brief}! Somebody may be between you and the server; nothing was sent.\n"
        f"Its fingerprint (SHA-256) before, and now:\n{_compared(known, fingerprint)}\n"
        "If whoever runs the server tells you the new one, remove the line of "
        f"{where} from {trust.file}, and connect again",
        brief,
        where,
        fingerprint,
        known,
    )


def _fingerprint(of: str) -> str:
    return "\n".join(("Its fingerprint (SHA-256):", *_rows(of)))


def _compared(known: str, shown: str) -> str:
    """Return two fingerprints, to be compared by eye: a row of one below that of the
    other."""
    pairs = zip(_rows(known), _rows(shown), strict=True)
    return "\n".join(f"was {before}\nnow {now}" for before, now in pairs)


def _rows(fingerprint: str) -> list[str]:
    """Return a fingerprint in rows of eight bytes, which fit on any screen."""
    size = len("AB:") * 8
    return [fingerprint[at : at + size] for at in range(0, len(fingerprint), size)]


def _roots(trust: Trust) -> Any:
    """Return what verifies certificates, as Twisted has it; None for the system's."""
    certificates = trust.authorities()
    if certificates is None:
        return None
    try:
        loaded = [Certificate.loadPEM(each) for each in certificates]
    except Error:
        raise ValueError(f"{trust.ca} has a damaged certificate in it") from None
    return trustRootFromCertificates(loaded)
