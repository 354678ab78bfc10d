"""People talking through a real server."""

import signal

from twisted.trial.unittest import TestCase

from tests.support.client import Client
from tests.support.server import Server


class TalkTests(TestCase):
    """The main job."""

    def test_two_people_talk_and_it_is_kept(self) -> None:
        """What one says the other sees, its sender is told its number, and all of it
        is there after a restart."""
        with Server("--name", "here-we-are") as server:
            with (
                Client(server.port, "alice") as alice,
                Client(server.port, "bob") as bob,
            ):
                alice.expect(r"\* bob joined|\* guest-2 joined")
                alice.say("hello")
                self.assertEqual(alice.expect(r"\+ "), "+ lobby 1")
                self.assertEqual(bob.expect(r"\w+: "), "alice: hello")
            self.assertEqual(server.stop(), -signal.SIGTERM)
            server.start()
            with Client(server.port, "carol") as carol:
                lines = carol.ask("/since 0", r"\* end lobby")
            self.assertRegex(lines[0], r"^\* lobby 1 \S+Z alice: hello$")
            self.assertEqual(lines[1:], ["* end lobby 1"])
