"""Clients over TLS, and servers that are who they should be, or not; real sockets.

What a server has heard is what came to it decrypted: the one in the middle too can
read it, if anything is said to it.
"""

import os
import tempfile
from pathlib import Path
from typing import Any
from unittest import mock

from OpenSSL import crypto
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.ssl import CertificateOptions
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from ecochat.client import (
    Client,
    Distrusted,
    Offline,
    Online,
    Trust,
    Untrusted,
    verifying,
)
from ecochat.client.backoff import Backoff
from ecochat.client.verifying import Verifying
from ecochat.core.framing import DELIMITER
from tests.client.fakes import frames, welcome
from tests.support.certificates import Certificate, self_signed, signed
from tests.support.waiting import WAIT

KEY = "the-secret-that-makes-one-the-same-again"

DATA = 23
"""The type of a TLS record that has data in it, or what is encrypted as if it were
(:rfc:`8446#section-5.1`)."""


class Greeter(Protocol):
    """Greets whoever says anything, takes all that is said, and lets one leave."""

    transport: Any
    factory: Any
    is_greeted = False

    def connectionMade(self) -> None:
        """See Twisted."""
        self.factory.open.add(self.transport)

    def dataReceived(self, data: bytes) -> None:
        """See Twisted."""
        self.factory.heard += data
        if DELIMITER in data and not self.is_greeted:
            self.is_greeted = True
            self.transport.write(frames(welcome()))
        elif b'"quit"' in data:
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See Twisted."""
        self.factory.open.discard(self.transport)


class Raw(ProtocolWrapper):
    """Takes down what comes before it is decrypted."""

    def dataReceived(self, data: bytes) -> None:
        """See Twisted."""
        self.factory.raw += data
        super().dataReceived(data)


class Listening:
    """A server with a certificate.

    :ivar heard: what was said to it, decrypted.
    """

    def __init__(self, certificate: Certificate, port: int = 0) -> None:
        greeters: Any = Factory()
        greeters.protocol = Greeter
        greeters.heard, greeters.open = bytearray(), set()
        self.greeters = greeters
        over = TLSMemoryBIOFactory(_options(certificate), False, greeters)
        wrapping: Any = WrappingFactory(over)
        wrapping.protocol, wrapping.raw = Raw, bytearray()
        self.wrapping = wrapping
        loop: Any = reactor
        self.listener = loop.listenTCP(port, self.wrapping, interface="127.0.0.1")
        self.port: int = self.listener.getHost().port

    @property
    def heard(self) -> bytes:
        """What was said to it, decrypted."""
        return bytes(self.greeters.heard)

    def records(self) -> list[int]:
        """Return the types of the TLS records that came to it."""
        types, raw = [], bytes(self.wrapping.raw)
        while raw:
            types.append(raw[0])
            raw = raw[5 + int.from_bytes(raw[3:5]) :]
        return types

    async def stop(self) -> None:
        """Listen no more, and end the connections."""
        await maybeDeferred(self.listener.stopListening)
        for transport in list(self.greeters.open):
            transport.abortConnection()


def _options(certificate: Certificate) -> CertificateOptions:
    pem = crypto.FILETYPE_PEM
    chain = [crypto.load_certificate(pem, f.read_bytes()) for f in certificate.chain]
    return CertificateOptions(
        privateKey=crypto.load_privatekey(pem, certificate.key.read_bytes()),
        certificate=crypto.load_certificate(pem, certificate.certificate.read_bytes()),
        extraCertChain=chain,
    )


class OverTLS(TestCase):
    """Has a folder, and clients that ask nobody but its file of known servers."""

    timeout = WAIT

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="ecochat-tls-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.trust = self.trusting()

    def trusting(self, ca: Path | None = None) -> Trust:
        """Return whom the user of the test trusts."""
        return Trust(ca, self.folder / "known-servers")

    def listen(self, certificate: Certificate, port: int = 0) -> Listening:
        """Have a server until the end of the test."""
        server = Listening(certificate, port)
        self.addCleanup(server.stop)
        return server

    def client(
        self, server: Listening, host: str = "127.0.0.1", trust: Trust | None = None
    ) -> Client:
        """Start a client of that server, which does not wait long."""
        client = Client(
            f"tls:{host}:{server.port}",
            key=KEY,
            trust=trust or self.trust,
            backoff=Backoff(lambda: 0.01),
        )
        client.startService()
        self.addCleanup(client.stopService)
        return client

    async def untrusted(
        self, server: Listening, host: str = "127.0.0.1", trust: Trust | None = None
    ) -> Untrusted:
        """See that a server is not trusted, and hears nothing; return why."""
        client = self.client(server, host, trust)
        error = await self.refusing(client)
        await client.stopService()
        self.assert_heard_nothing(server)
        return error

    async def refusing(self, client: Client) -> Untrusted:
        """See that a client finds its server not trusted; return why."""
        ready: Deferred[Any] = client.ready()
        error: Untrusted = await self.assertFailure(ready, Untrusted)
        return error

    def assert_heard_nothing(self, server: Listening) -> None:
        """See that there was a handshake, and nothing but that."""
        self.assertEqual(server.heard, b"")
        self.assertTrue(server.records())
        self.assertNotIn(DATA, server.records())

    def assert_let_in(self, server: Listening) -> None:
        """See that a server has heard the key."""
        self.assertIn(KEY.encode(), server.heard)
        self.assertNotIn(KEY.encode(), bytes(server.wrapping.raw))


def in_rows(fingerprint: str) -> str:
    """Return a fingerprint as it is shown: eight bytes a row."""
    pairs = fingerprint.split(":")
    rows = [":".join(pairs[at : at + 8]) for at in range(0, 32, 8)]
    return ":\n".join(rows)


class FirstUseTests(OverTLS):
    """A server that has signed its certificate itself."""

    async def test_it_is_asked_about_once(self) -> None:
        """It hears nothing until it is accepted, and then everything; who comes later
        is not asked."""
        certificate = self_signed(self.folder, "lab")
        server = self.listen(certificate)
        client = self.client(server)
        error = await self.refusing(client)
        self.assert_heard_nothing(server)
        where = f"127.0.0.1:{server.port}"
        self.assertEqual(error.fingerprint, certificate.fingerprint)
        self.assertEqual((error.where, error.known), (where, ""))
        self.assertIn(f":\n{in_rows(certificate.fingerprint)}\n", str(error))
        for words in ("it is signed by itself", "CN=lab", f"ecochat --tls {where}"):
            self.assertIn(words, str(error))
        self.trust.accept(error)
        client.retry_now()
        await client.ready()
        self.assert_let_in(server)
        await self.client(server, trust=self.trusting()).ready()

    async def test_it_is_told_once(self) -> None:
        """However often it is tried; who listens hears of it, not only who waits."""
        server = self.listen(self_signed(self.folder, "lab"))
        client = self.client(server)
        events = client.events()
        told = await anext(events)
        assert isinstance(told, Distrusted), told
        for _ in range(2):
            await self.refusing(client)
        self.trust.accept(told.error)
        self.assertIsInstance(await anext(events), Online)

    async def test_it_has_changed(self) -> None:
        """Whoever comes between later hears nothing, that is said loudly, and when the
        right one is back, all goes on."""
        right, wrong = (self_signed(self.folder, name) for name in ("lab", "mallory"))
        server = self.listen(right)
        client = self.client(server)
        self.trust.accept(await self.refusing(client))
        events = client.events()
        self.assertIsInstance(await anext(events), Online)
        await server.stop()
        mallory = self.listen(wrong, server.port)
        self.assertIsInstance(await anext(events), Offline)
        told = await anext(events)
        assert isinstance(told, Distrusted), told
        self.assertEqual(told.error.known, right.fingerprint)
        self.assertFalse(told.error.can_be_accepted)
        text = str(told.error)
        self.assertIn(f"CERTIFICATE OF 127.0.0.1:{server.port} HAS CHANGED", text)
        self.assertIn(str(self.trust.file), text)
        rows = (in_rows(c.fingerprint).split("\n") for c in (right, wrong))
        pairs = [f"was {was}\nnow {now}" for was, now in zip(*rows, strict=True)]
        self.assertIn("\n".join(pairs), text)
        client.say("lobby", "for the lab only").addErrback(lambda _: None)
        client.retry_now()
        await mallory.stop()
        self.assert_heard_nothing(mallory)
        again = self.listen(right, server.port)
        self.assertIsInstance(await anext(events), Online)
        self.assert_let_in(again)

    async def test_each_server_its_own(self) -> None:
        """What was accepted for one is not for another one."""
        certificate = self_signed(self.folder, "lab")
        self.trust.accept(await self.untrusted(self.listen(certificate)))
        other = self.listen(certificate)
        self.assertEqual((await self.untrusted(other)).known, "")

    async def test_known_and_expired(self) -> None:
        """What is known by its fingerprint is known for as long as it is remembered,
        and whomever else it may be for."""
        ca = self_signed(self.folder, "ca")
        server = self.listen(signed(ca, self.folder, "old", "DNS:other", days=-1))
        self.trust.accept(await self.untrusted(server))
        await self.client(server).ready()
        self.assert_let_in(server)

    async def test_the_file_is_damaged(self) -> None:
        """Nobody is trusted then: that a server has changed must not be missed."""
        server = self.listen(self_signed(self.folder, "lab"))
        self.trust.accept(await self.untrusted(server))
        with self.trust.file.open("a") as file:
            file.write("half a li\n")
        error = await self.untrusted(server)
        self.assertIn("line 2", str(error))


class VerifiedTests(OverTLS):
    """Certificates that somebody has signed who is known, or not."""

    def setUp(self) -> None:
        super().setUp()
        self.ca = self_signed(self.folder, "ca")

    async def test_by_a_file(self) -> None:
        """A server that the file's certificates verify needs no question."""
        server = self.listen(signed(self.ca, self.folder, "lab"))
        trust = self.trusting(self.ca.certificate)
        await self.client(server, trust=trust).ready()
        self.assert_let_in(server)
        self.assertFalse(trust.file.exists())

    async def test_by_the_system(self) -> None:
        """So it is with what the machine knows; unless a file is given instead."""
        before = os.environ.get("SSL_CERT_FILE")
        os.environ["SSL_CERT_FILE"] = str(self.ca.certificate)
        self.addCleanup(_put_back, "SSL_CERT_FILE", before)
        server = self.listen(signed(self.ca, self.folder, "lab"))
        await self.client(server).ready()
        self.assert_let_in(server)
        other = self_signed(self.folder, "other")
        await self.untrusted(
            self.listen(signed(self.ca, self.folder, "l2")),
            trust=self.trusting(other.certificate),
        )

    async def test_accepted_before(self) -> None:
        """Is not enough where a file says who verifies servers; nobody is asked."""
        server = self.listen(self_signed(self.folder, "lab"))
        error = await self.untrusted(server)
        self.assertTrue(error.can_be_accepted)
        self.trust.accept(error)
        error = await self.untrusted(server, trust=self.trusting(self.ca.certificate))
        self.assertFalse(error.can_be_accepted)
        self.assertIn(f"{self.ca.certificate} does not verify 127.0.0.1", str(error))
        self.assertNotIn("asks you once", str(error))

    async def test_by_itself(self) -> None:
        """A server's own certificate may be the one in the file."""
        certificate = self_signed(self.folder, "lab")
        server = self.listen(certificate)
        await self.client(server, trust=self.trusting(certificate.certificate)).ready()
        self.assert_let_in(server)

    async def test_by_name(self) -> None:
        """A certificate for a name is one for the address that has it, not for all."""
        server = self.listen(signed(self.ca, self.folder, "lab", "DNS:localhost"))
        trust = self.trusting(self.ca.certificate)
        error = await self.untrusted(server, trust=trust)
        self.assertIn("it is not for 127.0.0.1", str(error))
        await self.client(server, "localhost", trust).ready()
        self.assert_let_in(server)

    async def test_what_does_not_verify(self) -> None:
        """It is said why, and nothing is sent."""
        middle = signed(
            *(self.ca, self.folder, "middle"), more="basicConstraints=CA:TRUE"
        )
        no_ca = signed(self.ca, self.folder, "no-ca")
        other = self_signed(self.folder, "other")
        for certificate, words in (
            (signed(other, self.folder, "a"), "who signed it is not known"),
            (signed(self.ca, self.folder, "b", days=-1), "it has expired"),
            (signed(self.ca, self.folder, "c", "IP:127.0.0.2"), "not for 127.0.0.1"),
            (signed(self.ca, self.folder, "d", "URI:x:y"), "not for 127.0.0.1"),
            (signed(no_ca, self.folder, "e"), "it is not valid"),
            (signed(middle, self.folder, "f")._replace(chain=()), "not known"),
        ):
            with self.subTest(words):
                server = self.listen(certificate)
                trust = self.trusting(self.ca.certificate)
                error = await self.untrusted(server, trust=trust)
                self.assertIn(words, str(error))
        good = self.listen(signed(middle, self.folder, "g"))
        await self.client(good, trust=self.trusting(self.ca.certificate)).ready()

    async def test_who_signed_it_may_not_be_called_so(self) -> None:
        """What is wrong with others than the server is found by OpenSSL after all have
        been looked at, and counts all the same."""
        ca = self_signed(
            *(self.folder, "ca2", "DNS:localhost"),
            more="nameConstraints=critical,permitted;DNS:localhost",
        )
        middle = signed(
            *(ca, self.folder, "middle", "DNS:elsewhere"),
            more="basicConstraints=CA:TRUE",
        )
        fine = signed(
            *(ca, self.folder, "fine", "DNS:localhost"),
            more="basicConstraints=CA:TRUE",
        )
        trust = self.trusting(ca.certificate)
        server = self.listen(signed(middle, self.folder, "a", "DNS:localhost"))
        error = await self.untrusted(server, "localhost", trust)
        self.assertIn("it is not valid (47)", str(error))
        other = self.listen(signed(fine, self.folder, "b", "DNS:localhost"))
        await self.client(other, "localhost", trust).ready()

    async def test_a_file_that_is_damaged(self) -> None:
        """It is said before anybody is asked anything."""
        lines = self.ca.certificate.read_text().splitlines(keepends=True)
        damaged = self.folder / "damaged.pem"
        damaged.write_text("".join(lines[:2] + lines[3:]))
        with self.assertRaisesRegex(ValueError, "damaged.pem has a damaged cert"):
            Verifying("localhost", "localhost:4041", Trust(damaged))

    async def test_it_cannot_be_read(self) -> None:
        """What it says of itself may be in no order; then it says nothing."""
        unread = mock.Mock(to_cryptography=mock.Mock(side_effect=ValueError("no")))
        self.assertEqual(verifying._described(unread), "It cannot be read further.")
        self.assertEqual(verifying._misnamed(unread, "lab"), "it is not for lab")

    async def test_what_it_says_of_itself(self) -> None:
        """Cannot make the terminal do anything, nor fill it."""
        certificate = self_signed(self.folder, "x\x1b[2J\u202e" + "y" * 40)
        error = await self.untrusted(self.listen(certificate))
        self.assertIn("\\x1b[2J\\u202e", str(error))
        self.assertNotIn("\x1b", str(error))


def _put_back(name: str, value: str | None) -> None:
    if value is None:
        del os.environ[name]
    else:
        os.environ[name] = value
