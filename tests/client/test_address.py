"""What users write for a server."""

from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.address import Address, parse_address

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

ENDPOINTS = ("tcp:localhost:4040", "unix:chat.sock", "TCP:h:1", "tcp:host=h:port=1")

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

    def test_endpoints(self) -> None:
        """What is an endpoint already stands for itself, and Twisted reads it."""
        for written in ENDPOINTS:
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
