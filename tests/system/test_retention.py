"""Messages that are not kept for ever."""

from __future__ import annotations

import time

from twisted.trial.unittest import TestCase

from tests.support.client import Client
from tests.support.program import Program
from tests.support.server import Server
from tests.support.waiting import wait_until

SAID = 2_500


class RetentionTests(TestCase):
    """A server that is started again with less to keep."""

    def setUp(self) -> None:
        self.server = Server()
        self.server.__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)
        with Program(self.server.port, {"rooms": {"lobby": None, "Lab": None}}) as one:
            for room in ("lobby", "Lab"):
                for n in range(1, SAID + 1):
                    one.request("say", room=room, text=f"{room} {n}")
                    if n % 500 == 0:
                        one.until_event(n, room)
        self.said = time.time()

    def start_again(self, *options: str) -> None:
        """Stop the server, and start it with other options."""
        self.server.stop()
        self.server._options = options
        self.server.start()

    def oldest(self, room: str) -> int:
        """Return the number of the oldest event of the last thousand; 0 for none."""
        with Program(self.server.port, {"rooms": {}}) as one:
            one.call("history", room=room, limit=1_000)
            return next((int(s["n"]) for s in one.said if s["op"] == "message"), 0)

    def wait_for(self, room: str, oldest: int) -> None:
        """Wait until so many are forgotten."""
        wait_until(lambda: self.oldest(room) == oldest)

    def test_by_number(self) -> None:
        """The last ones are kept, of a room of which something else is said all; who
        was away is told first up to where they are gone."""
        self.start_again("--keep-messages", "100", "--keep-messages", "lab=all")
        self.wait_for("lobby", SAID - 99)
        rooms = {"lobby": 10, "Lab": SAID - 3}
        with Program(self.server.port, {"rooms": rooms}) as one:
            one.until_event(SAID)
            one.until_event(SAID, "Lab")
            numbers = [event["n"] for event in one.events()]
            self.assertEqual(numbers, list(range(SAID - 99, SAID + 1)))
            ops = [(s["op"], s["room"]) for s in one.said if s.get("room") == "lobby"]
            self.assertEqual(ops[0], ("expired", "lobby"))
            self.assertEqual(ops.count(("expired", "lobby")), 1)
            self.assertEqual(len(one.events("Lab")), 3)
        self.assertEqual(self.oldest("Lab"), SAID - 999)
        self.start_again()
        self.assertEqual(self.oldest("lobby"), SAID - 99)

    def test_by_time(self) -> None:
        """What is older is gone, and the numbers go on."""
        wait_until(lambda: time.time() > self.said + 1.1)
        self.start_again("--keep", "lobby=1s", "--keep", "all")
        self.wait_for("lobby", 0)
        with Client(self.server.port) as one:
            one.say("next")
            one.expect(rf"\+ lobby {SAID + 1}$")
        self.assertEqual(self.oldest("lobby"), SAID + 1)
        self.assertEqual(self.oldest("Lab"), SAID - 999)
