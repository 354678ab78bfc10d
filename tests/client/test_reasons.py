"""Why there is no connection, in words for people."""

from twisted.internet import error
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.address import parse_address
from ecochat.client.reasons import CHECK, START, why_not


class ReasonsTests(SynchronousTestCase):
    """What is advised."""

    def test_nobody_listens(self) -> None:
        """To start a server is advised only where one can."""
        refused = Failure(error.ConnectionRefusedError())
        for own in ("localhost", "LOCALHOST:5", "127.0.0.1", "127.1.2.3", "[::1]:4040"):
            self.assertIn(START, why_not(parse_address(own), refused))
        for other in ("chat.example.org", "127.example.org", "[::2]", "tls:localhost"):
            why = why_not(parse_address(other), refused)
            self.assertIn(CHECK, why)
            self.assertNotIn(START, why)
