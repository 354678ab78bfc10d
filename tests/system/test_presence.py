"""People who come into a room and leave it, all at once: what its members are told."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack

from twisted.trial.unittest import TestCase

from ecochat.net.presence import AHEAD, LINES, RATE
from tests.support.client import Client
from tests.support.server import Server

MEMBERS = 150
VISITORS = 100

_DIGEST = re.compile(r"\b(\d+) (joined|left)\b")
_LINE = re.compile(r"\* [^\d\s]\S* (joined|left)$")


def told(frames: list[str]) -> Iterator[tuple[str, int]]:
    """Yield what frames tell of people: ``joined`` or ``left``, and of how many."""
    for frame in frames:
        if line := _LINE.match(frame):
            yield line[1], 1
        else:
            for number, what in _DIGEST.findall(frame):
                yield what, int(number)


class PresenceTests(TestCase):
    """A real server."""

    def test_a_crowd_comes_and_goes(self) -> None:
        """All who are there are told the same, of each who came and went, in fewer
        frames than a line for each."""
        with Server() as server, ExitStack() as stack:
            members = [stack.enter_context(Client(server.port, "alice"))]
            for _ in range(MEMBERS - 1):
                members.append(stack.enter_context(Client(server.port)))
                members[-1].ask("/clients", r"\* \d+$")
            self.count(members[0], "joined", MEMBERS - 1)
            for member in members:
                member.ask("/clients", r"\* \d+$")
                member.frames.clear()
            begun = time.monotonic()
            self.come_and_go(server, members[0])
            seconds = time.monotonic() - begun
            for member in members:
                member.ask("/clients", rf"\* {MEMBERS}$")
        first, *others = [member.frames[:-1] for member in members]
        self.assertEqual([frames for frames in others if frames != first], [])
        tellings = 1 + (AHEAD + seconds) * RATE / MEMBERS
        self.assertLessEqual(len(first), min(LINES * tellings, 2 * VISITORS - 1))

    def come_and_go(self, server: Server, member: Client) -> None:
        """Let visitors come, and leave when a member has been told of all of them."""
        with ExitStack() as stack:
            for _ in range(VISITORS):
                visitor = stack.enter_context(Client(server.port))
                visitor.say("/acks off")
            self.count(member, "joined", VISITORS)
        self.count(member, "left", VISITORS)

    def count(self, member: Client, what: str, count: int) -> None:
        """Receive until so many have been told of."""

        def are_told() -> bool:
            of = [number for did, number in told(member.frames) if did == what]
            return sum(of) == count

        member.until(are_told)
