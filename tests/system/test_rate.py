"""The rate limit on a real server: everything is served, only later."""

import time

from twisted.trial.unittest import TestCase

from tests.support.client import Client
from tests.support.server import Server

LIMITS = ("--limits", "on", "--rate", "400/s", "--burst", "50")


class RateTests(TestCase):
    """A session that sends faster than it may."""

    def test_nothing_is_lost(self) -> None:
        """All is acknowledged in order, no sooner than the rate allows, with one
        notice; somebody else is served at once meanwhile."""
        with Server(*LIMITS, data=":memory:") as server:
            fast, other = Client(server.port, "fast"), Client(server.port, "other")
            began = time.monotonic()
            fast.say(*(f"message {n}" for n in range(450)))
            other.ask("/clients", r"\* 2$")
            fast.expect(r"\+ lobby 450$")
            took = time.monotonic() - began
            acks = [frame for frame in fast.frames if frame.startswith("+ ")]
            notices = [frame for frame in fast.frames if "400 frames" in frame]
            self.assertEqual(acks, [f"+ lobby {n}" for n in range(1, 451)])
            self.assertEqual(len(notices), 1, notices)
            self.assertGreater(took, 0.9)  # 401 of them at 400 a second
            fast.close()
            other.close()

    def test_no_limit(self) -> None:
        """With --limits off, and for operators, there is none."""
        with Server("--rate", "1/m", "--burst", "1") as server:
            self.send_many(server.port)
        with Server("--limits", "on", "--rate", "1/m", "--burst", "1") as server:
            self.send_many(server.operators)

    def send_many(self, place: int | str) -> None:
        """Send many frames at once; all are answered, without a notice."""
        with Client(place) as client:
            client.say(*["hello"] * 200)
            client.expect(r"\+ lobby 200$")
            notices = [frame for frame in client.frames if "frames a second" in frame]
            self.assertEqual(notices, [])
