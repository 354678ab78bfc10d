"""Clients of the classroom's programs, on a clock that the test advances."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from ecochat.dialects.classic.ack import AckDialect
from ecochat.dialects.classic.eco import EcoDialect
from ecochat.dialects.classic.nick import NickDialect
from ecochat.dialects.classic.upper import UpperDialect
from ecochat.dialects.port import Dialect
from ecochat.net.bucket import RateLimit
from ecochat.net.link import Link
from ecochat.net.paced import PAUSE, PacedPipe
from tests.net.fakes import Connection, FakeShell, World
from tests.net.test_link import LinkTestCase

PASSWORD = "12345"
TICK = PAUSE / 4

DIALECTS: dict[str, Dialect] = {
    "eco": EcoDialect("lobby", PASSWORD),
    "ack": AckDialect("lobby", lambda: datetime(2026, 11, 21)),
    "upper": UpperDialect("lobby"),
    "nick": NickDialect("lobby"),
}
TAKEN = b"the name alice is taken\n"


def acknowledged(text: str, name: str = "Client01") -> bytes:
    """Return what the acknowledging program answers a message with."""
    when = "2026-11-21 00:00:00.000000"
    return (
        f"Client Name: {name}\nRequest Time: {when}\n"
        f"Message (echoed back): {text} ACK\n"
    ).encode()


class Client(Connection):
    """A connection on a paced pipe, as those of the classroom programs are."""

    def __init__(self, world: World, kind: str, rate: RateLimit | None = None) -> None:
        self.shell = FakeShell()
        self.pipe = self.shell.fake_pipe
        self.shell.pipe = PacedPipe(self.pipe, world.clock.callLater)
        ways = replace(
            world.settings, dialect=DIALECTS[kind], others=(), rate_limit=rate
        )
        self.link = Link(world.exchange, self.shell, ways)

    @property
    def sent(self) -> list[bytes]:
        """What was sent since it was looked at last, each write by itself."""
        writes = list(self.pipe.writes)
        self.clear()
        return writes

    def read(self, *reads: bytes) -> None:
        """Let reads arrive one after the other."""
        for data in reads:
            self.receive(data)


class ClassicTestCase(LinkTestCase):
    """A server that is told to write slowly enough for its clients."""

    def client(self, kind: str, rate: RateLimit | None = None) -> Client:
        """Make a connection of which nothing has been read."""
        return Client(self.world, kind, rate)

    def come(self, kind: str, name: bytes = b"") -> Client:
        """Make one with a session, and forget what it was sent for that."""
        client = self.client(kind)
        if name:
            client.read(name)
        self.wait(2 * PAUSE)
        client.clear()
        return client

    def wait(self, seconds: float = 20 * PAUSE) -> None:
        """Let time pass, in steps of less than a pause."""
        until = self.world.clock.seconds() + seconds
        while self.world.clock.seconds() < until - TICK / 2:
            self.world.run(5)
            self.world.clock.advance(TICK)
        self.world.run(5)

    def room(self) -> list[tuple[str, str]]:
        """Return who wrote what in the lobby, as it is stored."""
        events = self.world.storage.memory.page(1, 0, 10**6, 10**6)
        return [(event.nick, event.text) for event in events]
