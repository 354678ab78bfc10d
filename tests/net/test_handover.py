"""Where the echo program's clients are sent first."""

from __future__ import annotations

from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from ecochat.net.handover import HandOverFactory


class HandOverTests(SynchronousTestCase):
    """One connection after another."""

    def test_the_number_and_nothing_else(self) -> None:
        """It is in decimal digits, then the connection closes; what a client says does
        not count, and the number may be known later than the factory is made."""
        factory = HandOverFactory(0)
        factory.port = 36861
        for _ in range(2):
            transport = StringTransport()
            protocol = factory.buildProtocol(None)
            protocol.makeConnection(transport)
            self.assertEqual(transport.value(), b"36861")
            self.assertTrue(transport.disconnecting)
            protocol.dataReceived(b"hi")
            self.assertEqual(transport.value(), b"36861")
