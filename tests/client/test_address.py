"""What users write for a server."""

from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.address import Address, over_tls, parse_address
from ecochat.client.trust import Trust

HOSTS = {
    "localhost": ("localhost", 4040, "localhost:4040"),
    "chat.example.org:80": ("chat.example.org", 80, "chat.example.org:80"),
    "127.0.0.1:4041": ("127.0.0.1", 4041, "127.0.0.1:4041"),
    "[::1]": ("::1", 4040, "[::1]:4040"),
    "[fe80::1%eth0]:65535": ("fe80::1%eth0", 65535, "[fe80::1%eth0]:65535"),
    "tls": ("tls", 4040, "tls:4040"),
    "bücher.example": ("bücher.example", 4040, "bücher.example:4040"),
}
"""What a user writes: the host, the port, and how it is shown."""

SECRET = {
    "tls:chat.example.org": ("chat.example.org", 4041, "tls:chat.example.org:4041"),
    "TLS:127.0.0.1:4050": ("127.0.0.1", 4050, "tls:127.0.0.1:4050"),
    "tls:[::1]": ("::1", 4041, "tls:[::1]:4041"),
    "tls:bücher.example:1": ("bücher.example", 1, "tls:bücher.example:1"),
}
"""The same, of servers that are talked with over TLS."""

ENDPOINTS = ("tcp:localhost:4040", "unix:chat.sock", "TCP:h:1", "tcp:host=h:port=1")

TLS_ENDPOINTS = (
    "tls:host=h:port=1",
    "tls:h:1:timeout=3",
    "ssl:h:1:hostname=h",
)
"""Those that Twisted verifies alone."""

WRONG = {
    "": "no address",
    "::1": "no address",
    "two words": "no address",
    "http://localhost": "port in 'http:",
    "localhost:": "port in 'localhost:'",
    "localhost:0": "a number from 1 to 65535",
    "localhost:65536": "a number from 1 to 65535",
    "localhost:４０": "a number from 1 to 65535",
    "[::1]:x": "a number from 1 to 65535",
    "[::1": "no address",
    "localhost:40\n": "a number from 1 to 65535",
    "tls:localhost:x": "a number from 1 to 65535",
    "tls:localhost:": "a number from 1 to 65535",
    "ssl:localhost:4041": "verifies nobody without hostname=",
    "SSL:h:1:caCertsDir=/x\\:hostname=h": "verifies nobody without hostname=",
}


class AddressTests(SynchronousTestCase):
    """From a user's words to an endpoint."""

    def test_hosts(self) -> None:
        """A host is tried at all its addresses; its port is 4040 unless given."""
        for written, (host, port, shown) in HOSTS.items():
            with self.subTest(written):
                address = parse_address(written)
                expected = Address(written, host=host, port=port)
                self.assertEqual((address, str(address)), (expected, shown))
                made = address.connector(MemoryReactorClock())
                self.assertIsInstance(made, HostnameEndpoint)

    def test_hosts_over_tls(self) -> None:
        """They are hosts too; their port is 4041 unless given."""
        for written, (host, port, shown) in SECRET.items():
            with self.subTest(written):
                address = parse_address(written)
                expected = Address(written, host=host, port=port, is_secret=True)
                self.assertEqual((address, str(address)), (expected, shown))
                self.assertEqual(str(parse_address(shown)), shown)
                self.assertIsNotNone(address.connector(MemoryReactorClock()))

    def test_over_tls(self) -> None:
        """What is written for a host is written for one over TLS."""
        for written in ("localhost", "h:1", "[::1]", "tls"):
            self.assertEqual(over_tls(written), f"tls:{written}")
        for written in SECRET:
            self.assertEqual(over_tls(written), written)
        for written in (*ENDPOINTS, *TLS_ENDPOINTS, "h:x"):
            self.assertRaises(ValueError, over_tls, written)

    def test_who_verifies_cannot_be_read(self) -> None:
        """That is said at once, where an endpoint is asked for."""
        address, trust = parse_address("tls:localhost"), Trust("/nowhere/ca.pem")
        error = self.assertRaises(
            ValueError, address.connector, MemoryReactorClock(), trust
        )
        self.assertIn("/nowhere/ca.pem cannot be read: No such file", str(error))

    def test_endpoints(self) -> None:
        """What is an endpoint already stands for itself, and Twisted reads it."""
        for written in (*ENDPOINTS, *TLS_ENDPOINTS):
            with self.subTest(written):
                address = parse_address(written)
                self.assertEqual(address, Address(written, endpoint=written))
                self.assertEqual(str(address), written)
                self.assertIsNotNone(address.connector(MemoryReactorClock()))

    def test_what_is_no_address(self) -> None:
        """The error says what is wrong, and what to write."""
        for written, words in WRONG.items():
            with self.subTest(written):
                error = self.assertRaises(ValueError, parse_address, written)
                self.assertIn(words, str(error))
                self.assertIn("HOST:PORT", str(error))

    def test_endpoints_that_twisted_cannot_read(self) -> None:
        """Their error is in a user's words, not in Python's."""
        for written in ("tcp:localhost", "tcp:h:x", "tls:h:1:trustRoots=/nowhere"):
            with self.subTest(written):
                address = parse_address(written)
                error = self.assertRaises(
                    ValueError, address.connector, MemoryReactorClock()
                )
                self.assertTrue(str(error).startswith(repr(written)), str(error))
                self.assertNotIn("__init__", str(error))
