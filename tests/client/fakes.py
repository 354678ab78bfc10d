"""What a server says and hears, for conversations without one."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec
from twisted.internet.testing import StringTransport

from ecochat.client.conversation import Conversation
from ecochat.client.happenings import Outcome
from ecochat.core import wire
from ecochat.core.framing import DELIMITER

NOW = "2026-11-21T04:30:49.123Z"
BOUNDS = wire.Bounds(65_536, 4_000)


def frames(*said: wire.Said) -> bytes:
    """Return what a server says as it travels."""
    return b"".join(msgspec.json.encode(each) + DELIMITER for each in said)


def heard(data: bytes) -> list[dict[str, Any]]:
    """Return what a client says, from how it travels; it ends with a whole frame."""
    *objects, rest = data.split(DELIMITER)
    assert not rest, rest
    return [json.loads(each) for each in objects]


def welcome(
    rooms: dict[str, int] | None = None,
    nick: str = "alice",
    last_id: int = 0,
    resumed: bool = False,
    session: str = "s1",
) -> wire.Welcome:
    """Return a welcome to these rooms, each with its last number; to the lobby."""
    lasts = {"lobby": 0} if rooms is None else rooms
    return wire.Welcome(
        ref="hello",
        protocol=1,
        server="EcoChat",
        time=NOW,
        session=session,
        nick=nick,
        resumed=resumed,
        last_id=last_id,
        rooms={room: wire.RoomState(last, "") for room, last in lasts.items()},
        limits=BOUNDS,
    )


def message(
    room: str, n: int, text: str = "hi", ref: str | None = None
) -> wire.Message:
    """Return that somebody said something."""
    return wire.Message(
        ref=ref, room=room, n=n, time=NOW, nick="bob", session="s2", text=text
    )


def error(ref: str | None, code: str, text: str = "no") -> wire.Error:
    """Return a refusal."""
    return wire.Error(ref=ref, code=code, text=text)


class Talk:
    """A conversation, and the connection that it has."""

    def __init__(self, **options: Any) -> None:
        self.conversation = Conversation(key="k" * 22, **options)

    def sent(self) -> list[dict[str, Any]]:
        """Return what it has sent since the last time."""
        return heard(self.conversation.data_to_send())

    def hear(self, *said: wire.Said) -> list[Outcome]:
        """Have the server say something; return what comes of it."""
        return list(self.conversation.receive_data(frames(*said)))

    def connect(self, said: wire.Welcome | None = None) -> dict[str, Any]:
        """Have a connection on which the server greets; return the hello."""
        self.conversation.connected()
        hello, *more = self.sent()
        assert not more, more
        self.hear(said or welcome())
        return hello

    def lose(self) -> list[Outcome]:
        """Lose the connection."""
        return list(self.conversation.lost("it broke"))


class Transport(StringTransport):
    """Remembers that it was aborted."""

    aborted = False

    def abortConnection(self) -> None:
        """See Twisted."""
        self.aborted = True
        super().abortConnection()


def numbers(outcomes: Iterable[object]) -> list[tuple[str, int]]:
    """Return the rooms and numbers of the events among what came."""
    return [(e.room, e.n) for e in outcomes if isinstance(e, wire.Event)]
