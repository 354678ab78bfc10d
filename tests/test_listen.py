"""What users write for where to listen, and what Twisted is given for it."""

from twisted.internet.endpoints import serverFromString
from twisted.internet.testing import MemoryReactor
from twisted.trial.unittest import SynchronousTestCase

from ecochat.listen import BACKLOG, DEFAULT, endpoint_description

WRITTEN = {
    "4040": "tcp:4040:interface=127.0.0.1",
    "0": "tcp:0:interface=127.0.0.1",
    "localhost:4040": "tcp:4040:interface=localhost",
    "0.0.0.0:4040": "tcp:4040:interface=0.0.0.0",
    "chat.example.org:80": "tcp:80:interface=chat.example.org",
    "[::1]:4040": r"tcp6:4040:interface=\:\:1",
    "[::ffff:127.0.0.1]:1": r"tcp6:1:interface=\:\:ffff\:127.0.0.1",
    "tcp:4040": "tcp:4040",
    r"tcp6:4040:interface=\:\:1": r"tcp6:4040:interface=\:\:1",
    "ssl:4041:privateKey=key.pem:certKey=cert.pem": (
        "ssl:4041:privateKey=key.pem:certKey=cert.pem"
    ),
    "unix:chat.sock": "unix:chat.sock",
    "unix:4040": "unix:4040",
    "unix:/run/chat.sock:mode=660": "unix:/run/chat.sock:mode=660",
    DEFAULT: DEFAULT,
}
"""What a user writes, and its endpoint without the backlog."""


class EndpointDescriptionTests(SynchronousTestCase):
    """From a user's words to an endpoint string."""

    def test_short_forms_and_endpoints(self) -> None:
        """A port, a host or an IPv6 address with a port stand for an endpoint; an
        endpoint stands for itself; each is given a long backlog."""
        for written, endpoint in WRITTEN.items():
            with self.subTest(written):
                expected = f"{endpoint}:backlog={BACKLOG}"
                self.assertEqual(endpoint_description(written), expected)

    def test_a_backlog_that_is_given_stays(self) -> None:
        """Who sets the backlog means it."""
        text = "tcp:4040:backlog=7:interface=127.0.0.1"
        self.assertEqual(endpoint_description(text), text)

    def test_other_endpoints_are_left_alone(self) -> None:
        """Endpoints that know no backlog, and what is none at all, stay as they are."""
        for text in ("systemd:domain=INET:index=0", "haproxy:tcp:1", "nonsense", ""):
            with self.subTest(text):
                self.assertEqual(endpoint_description(text), text)

    def test_the_default_is_a_port_of_this_machine_only(self) -> None:
        """Unasked, the server listens on port 4040 of 127.0.0.1."""
        self.assertEqual(DEFAULT, "tcp:4040:interface=127.0.0.1")

    def test_twisted_reads_what_comes_out(self) -> None:
        """Twisted makes an endpoint of each, so its words are Twisted's."""
        for written in WRITTEN:
            if written.startswith("ssl"):  # that would read the key at once
                continue
            with self.subTest(written):
                serverFromString(MemoryReactor(), endpoint_description(written))
