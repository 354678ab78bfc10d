"""A server in memory that keeps what it is sent, for one key, and can be cut off."""

from typing import Any

import msgspec

from ecochat.core import wire
from ecochat.core.framing import DELIMITER
from tests.client.fakes import NOW, error, frames, welcome


class Model:
    """Keeps rooms and one key's ids; talks over one connection at a time.

    :ivar log: what was stored, by room, in order.
    :ivar refusing: how many of the next writes it cannot store.
    :ivar refused: the texts of those that it has refused.
    :ivar out: what it has sent and the client has not got.
    """

    def __init__(self, *rooms: str) -> None:
        self.log: dict[str, list[wire.Message]] = {room: [] for room in rooms}
        self.refusing = 0
        self.refused: set[str] = set()
        self.out = b""
        self._in = b""
        self._stored: dict[int, wire.Message] = {}
        self._last_id = 0
        self._sent: dict[str, int] = {}

    def connect(self) -> None:
        """Begin on a new connection: what travelled on the old one is lost."""
        self._in = self.out = b""
        self._sent = {}

    def receive(self, data: bytes) -> None:
        """Take a part of what the client sends."""
        *whole, self._in = (self._in + data).split(DELIMITER)
        for frame in whole:
            said = msgspec.json.decode(frame)
            self.out += frames(getattr(self, f"_{said['op']}")(said))

    def tell(self, most: int) -> None:
        """Send so many of the events that the client has not been sent."""
        for room, log in self.log.items():
            sent = self._sent.get(room, len(log))
            more = log[sent : sent + most]
            self.out += frames(*more)
            if room in self._sent:
                self._sent[room] += len(more)

    def add(self, room: str, text: str, id: int | None = None) -> wire.Message:
        """Store a message."""
        n = len(self.log[room]) + 1
        stored = wire.Message(
            room=room, n=n, time=NOW, nick="x", session="s9", text=text, id=id
        )
        self.log[room].append(stored)
        return stored

    def _hello(self, said: dict[str, Any]) -> wire.Said:
        lasts = {room: len(log) for room, log in self.log.items()}
        asked = said.get("rooms") or {}
        for room, last in lasts.items():
            after = asked.get(room)
            # It may say again what was seen, never leave out what was not.
            self._sent[room] = last if after is None else max(0, min(after, last) - 1)
        return welcome(lasts, last_id=self._last_id)

    def _say(self, said: dict[str, Any]) -> wire.Said:
        id, ref = said["id"], said["ref"]
        duplicate = id <= self._last_id
        if duplicate and id not in self._stored:
            return error(ref, "id_skipped")
        if not duplicate and self.refusing:
            self.refusing -= 1
            self.refused.add(said["text"])
            return error(ref, "not_stored")
        if not duplicate:
            self._last_id = id
            self._stored[id] = self.add(said["room"], said["text"], id)
        stored = self._stored[id]
        if (stored.room, stored.text) != (said["room"], said["text"]):
            return error(ref, "id_reused")
        return wire.Stored(
            ref=ref, id=id, room=stored.room, n=stored.n, duplicate=duplicate
        )
