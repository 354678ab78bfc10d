"""What connections leave behind."""

from __future__ import annotations

import gc

from ecochat.net.link import Link
from ecochat.net.outlet import Outlet
from ecochat.net.protocol import ChatProtocol
from tests.net.test_protocol import ProtocolTestCase

KINDS = (ChatProtocol, Link, Outlet)


class FreedTests(ProtocolTestCase):
    """It is freed at once: the collector of circles comes late."""

    def setUp(self) -> None:
        super().setUp()
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        self.before = self.count()

    def count(self) -> int:
        """Return how many objects there are of which each connection has one."""
        return sum(type(thing) in KINDS for thing in gc.get_objects())

    def serve(self, *frames: bytes, tls: bool = False) -> None:
        """Have a connection come, say something, and go."""
        made = self.on_tls() if tls else self.on_socket()
        protocol, transport = made
        for frame in frames:
            protocol.dataReceived(frame + b"\0")
            self.world.clock.advance(1)
            self.world.run()
        self.assertEqual(self.count(), self.before + len(KINDS))
        self.lose(protocol)
        self.world.clock.advance(60)
        self.world.run()
        transport.producer = None  # as a transport does that is gone
        del protocol, transport, made

    def test_one_that_has_talked(self) -> None:
        """Nothing of it is left, over a socket nor over TLS."""
        for tls in (False, True):
            self.serve(b"hi", b"/who", tls=tls)
            self.assertEqual(self.count(), self.before)

    def test_one_that_was_silent(self) -> None:
        """Nor of one that never had a session."""
        self.serve()
        self.assertEqual(self.count(), self.before)

    def test_one_of_a_program(self) -> None:
        """Nor of one in the structured dialect."""
        self.serve(b'{"op":"hello","protocol":1}')
        self.assertEqual(self.count(), self.before)
