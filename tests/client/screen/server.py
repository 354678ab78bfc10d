"""A server in memory for one key: rooms with logs that are edited and expire."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from ecochat.core import wire
from ecochat.core.framing import DELIMITER
from tests.client.fakes import NOW, error, frames, welcome


class Server:
    """Keeps what is written in its rooms; talks over one connection at a time.

    :ivar log: all events ever, by room.
    :ivar gone: up to which number those of a room are no longer kept.
    :ivar refusing: how many of the next writes it does not store.
    :ivar session: the one that the client has.
    :ivar out: what it has sent and the client has not got.
    """

    def __init__(self, *rooms: str) -> None:
        self.log: dict[str, list[wire.Event]] = {room: [] for room in rooms}
        self.gone = dict.fromkeys(rooms, 0)
        self.refusing = 0
        self.session = 1
        self.out = b""
        self._in = b""
        self._last_id = 0
        self._stored: dict[int, wire.Event] = {}
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
            answer = getattr(self, f"_{said['op']}", self._write)
            self.out += frames(*answer(said))

    def tell(self, most: int) -> None:
        """Send so many of the events of each room that the client has not been sent."""
        for room, sent in self._sent.items():
            if sent < self.gone[room]:
                self.out += frames(wire.Expired(room=room, upto=self.gone[room]))
                sent = self.gone[room]
            more = self.log[room][sent : sent + most]
            self.out += frames(*more)
            self._sent[room] = sent + len(more)

    def expire(self, room: str, count: int) -> None:
        """Keep some of the oldest events no longer."""
        self.gone[room] = min(self.gone[room] + count, len(self.log[room]))

    def add(self, kind: type[wire.Event], room: str, **fields: Any) -> wire.Event:
        """Have somebody write something."""
        about = {"nick": "bob", "session": "s99", **fields}
        n = len(self.log[room]) + 1
        event = kind(room=room, n=n, time=NOW, **about)
        self.log[room].append(event)
        return event

    def messages(self, room: str) -> list[wire.Message]:
        """Return the messages of a room as they are now."""
        now = (self._now(event) for event in self.log[room])
        return [event for event in now if isinstance(event, wire.Message)]

    def _now(self, event: wire.Event) -> wire.Event:
        """Return an event as it is read later: with the last text."""
        if not isinstance(event, wire.Message):
            return event
        for other in self.log[event.room]:
            if isinstance(other, wire.Edit) and other.message == event.n:
                event = msgspec.structs.replace(event, text=other.text, changed=other.n)
            elif isinstance(other, wire.Delete) and other.message == event.n:
                return msgspec.structs.replace(
                    event, text="", changed=other.n, deleted=True
                )
        return event

    def _hello(self, said: dict[str, Any]) -> list[wire.Said]:
        lasts = {room: len(log) for room, log in self.log.items()}
        asked = said.get("rooms") or {}
        for room, last in lasts.items():
            after = asked.get(room)
            # It may say again what was seen, never leave out what was not.
            self._sent[room] = last if after is None else max(0, min(after, last) - 1)
        session = f"s{self.session}"
        return [welcome(lasts, last_id=self._last_id, session=session)]

    def _history(self, said: dict[str, Any]) -> Iterator[wire.Said]:
        room, limit = said["room"], said.get("limit", 20)
        kept = [e for e in self.log[room] if e.n > self.gone[room]]
        if "after" in said:
            page = [e for e in kept if e.n > said["after"]][:limit]
        else:
            page = [e for e in kept if e.n < said["before"]][-limit:]
        for event in page:
            yield msgspec.structs.replace(self._now(event), ref=said["ref"])
        yield wire.End(ref=said["ref"], room=room)

    def _who(self, said: dict[str, Any]) -> list[wire.Said]:
        return [wire.End(ref=said["ref"], room=said["room"], count=0)]

    def _clients(self, said: dict[str, Any]) -> list[wire.Said]:
        return [wire.Ok(ref=said["ref"], count=2)]

    def _read(self, said: dict[str, Any]) -> list[wire.Said]:
        return [wire.Ok(ref=said["ref"])]

    _typing = _ping = _read

    def _write(self, said: dict[str, Any]) -> list[wire.Said]:
        id, ref = said["id"], said["ref"]
        duplicate = id <= self._last_id
        if duplicate and id not in self._stored:
            return [error(ref, "id_skipped")]
        if not duplicate and self.refusing:
            self.refusing -= 1
            return [error(ref, "not_stored")]
        if not duplicate:
            self._last_id = id
            self._stored[id] = self._put(said, id)
        event = self._stored[id]
        stored = wire.Stored(
            ref=ref, id=id, room=event.room, n=event.n, duplicate=duplicate
        )
        return [stored]

    def _put(self, said: dict[str, Any], id: int) -> wire.Event:
        about = {"nick": "alice", "session": f"s{self.session}", "id": id}
        if said["op"] == "edit":
            about |= {"message": said["message"], "text": said["text"]}
            return self.add(wire.Edit, said["room"], **about)
        reply_to = said.get("reply_to")
        about |= {"text": said["text"], "reply_to": reply_to}
        return self.add(wire.Message, said["room"], **about)
