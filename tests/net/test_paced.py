"""A pause behind each thing that is sent."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.reads import READ
from ecochat.net.paced import PAUSE, PacedPipe
from tests.net.fakes import FakePipe

PIECES = [1_023, 1_022, 1_024, 532]
"""Bytes of the pieces of a text in which characters have one, two and four."""


class Listener:
    """Counts how often it was told that more is taken."""

    def __init__(self) -> None:
        self.told = 0

    def drained(self) -> None:
        """Count it."""
        self.told += 1


class PacedPipeTests(SynchronousTestCase):
    """On a pipe that the test blocks."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.below = FakePipe()
        self.pipe = PacedPipe(self.below, self.clock.callLater, READ)
        self.listener = Listener()
        self.pipe.reader = self.listener

    def state(self) -> tuple[bool, int]:
        """Return whether it is blocked, and how often it has drained."""
        return self.pipe.blocked, self.listener.told

    def tearDown(self) -> None:
        """Whatever happened, no time is counted any more."""
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_pause(self) -> None:
        """It is as long as is said, and only then is more taken."""
        self.assertEqual(self.state(), (False, 0))
        self.pipe.write(b"a")
        self.assertEqual(self.state(), (True, 0))
        self.clock.advance(PAUSE - 0.001)
        self.assertEqual(self.state(), (True, 0))
        self.clock.advance(0.001)
        self.assertEqual(self.state(), (False, 1))
        self.assertEqual(self.below.writes, [b"a"])

    def test_sending_what_all_are_sent(self) -> None:
        """All is taken, and the sender is told that no more is for now; what it then
        gives to be held is not sent a second time."""
        self.assertEqual(self.pipe.send(b"ab"), 0)
        self.pipe.hold(b"ab")
        self.assertEqual(self.below.writes, [b"ab"])
        self.assertTrue(self.pipe.blocked)
        self.clock.advance(PAUSE)

    def test_a_slow_peer(self) -> None:
        """After the pause it is blocked until the peer has read."""
        self.below.blocking = lambda: True
        self.pipe.write(b"a")
        self.clock.advance(PAUSE)
        self.assertEqual(self.state(), (True, 0))
        self.below.drain()
        self.assertEqual(self.state(), (False, 1))

    def test_a_peer_that_reads_within_the_pause(self) -> None:
        """It is told once, at the end of the pause."""
        self.below.blocking = lambda: True
        self.pipe.write(b"a")
        self.below.drain()
        self.assertEqual(self.state(), (True, 0))
        self.clock.advance(PAUSE)
        self.assertEqual(self.state(), (False, 1))

    def test_writing_within_the_pause(self) -> None:
        """As at the end, when there is nobody to wait for: the pause begins anew."""
        self.pipe.write(b"a")
        self.clock.advance(PAUSE / 2)
        self.pipe.write(b"b")
        self.clock.advance(PAUSE / 2)
        self.assertEqual(self.state(), (True, 0))
        self.clock.advance(PAUSE / 2)
        self.assertEqual(self.state(), (False, 1))

    def test_letting_go(self) -> None:
        """It lets go of what is below, and tells nobody later."""
        self.pipe.write(b"a")
        self.pipe.release()
        self.assertTrue(self.below.released)
        self.clock.advance(PAUSE)
        self.assertEqual(self.state(), (False, 0))

    def test_another_reader(self) -> None:
        """As when the connection is gone: the one before is not told, nor is this one
        of a pause that was not its own."""
        self.pipe.write(b"a")
        self.pipe.reader = other = Listener()
        self.assertIs(self.pipe.reader, other)
        self.clock.advance(PAUSE)
        self.assertEqual((self.listener.told, other.told), (0, 0))

    def test_an_answer_is_whole(self) -> None:
        """Where nothing else is sent, however long it is."""
        pipe = PacedPipe(self.below, self.clock.callLater)
        pipe.reader = self.listener
        pipe.write(b"a" * 3 * READ)
        self.assertEqual(self.below.writes, [b"a" * 3 * READ])
        self.clock.advance(PAUSE)
        self.assertFalse(pipe.blocked)

    def test_what_is_longer_than_a_read(self) -> None:
        """It goes in pieces that a peer can decode one by one; nothing is lost, and
        more is taken only behind the last, also of a peer that was slow meanwhile."""
        text = "a" + "\u00e9" * 600 + "\U0001f600" * 600
        self.pipe.write(text.encode())
        self.below.blocking = lambda: len(self.below.writes) == 2
        for _ in range(3):
            self.assertEqual(self.state(), (True, 0))
            self.clock.advance(PAUSE)
            if self.below.blocked:
                self.below.drain()
        self.assertEqual(self.state(), (True, 0))
        self.clock.advance(PAUSE)
        self.assertEqual(self.state(), (False, 1))
        pieces = [piece.decode() for piece in self.below.writes]
        self.assertEqual("".join(pieces), text)
        self.assertEqual([len(piece.encode()) for piece in pieces], PIECES)
