"""A store in memory: the reference for what a store does, for trials and for tests."""

from operator import attrgetter

from msgspec.structs import replace

from ecochat.core.items import Event, RoomMade
from ecochat.core.records import Batch, Loaded, RoomRecord, SessionRecord
from ecochat.store.port import EVENT_SIZE


class MemoryStore:
    """Keeps everything until the program ends. It grows with what is said."""

    def __init__(self) -> None:
        self._rooms: dict[int, RoomMade] = {}
        self._events: dict[int, list[Event]] = {}
        self._topics: dict[int, str] = {}
        self._sessions: dict[int, SessionRecord] = {}
        self._seq = 0

    def open(self) -> Loaded:
        """See :class:`ecochat.store.port.Store`."""
        of_everyone = [room for room in self._rooms.values() if not room.owners]
        return Loaded(
            tuple(self._record(room) for room in of_everyone),
            max(self._sessions, default=0),
            self._seq,
            max(self._rooms, default=0),
        )

    def _record(self, room: RoomMade) -> RoomRecord:
        last = len(self._events[room.room])
        topic = self._topics.get(room.room, "")
        return RoomRecord(room.room, room.name, room.key, 1, last, topic)

    def append(self, batch: Batch) -> None:
        """See :class:`ecochat.store.port.Store`."""
        for room in batch.rooms:
            self._rooms[room.room] = room
            self._events[room.room] = []
        for event in batch.events:
            self._events[event.room].append(event)
            self._seq = event.seq
        self._topics |= batch.topics()
        for s in batch.opened:
            self._sessions[s.session] = SessionRecord(
                s.session, s.nick, s.address, s.time
            )
        for renamed in batch.renamed:
            self._change(renamed.session, nick=renamed.new)
        for closed in batch.closed:
            self._change(closed.session, disconnected=closed.time)

    def _change(self, session: int, **values: object) -> None:
        self._sessions[session] = replace(self._sessions[session], **values)

    def page(self, room: int, after: int, upto: int, size: int) -> list[Event]:
        """See :class:`ecochat.store.port.Store`."""
        events = self._events.get(room, [])
        page: list[Event] = []
        for n in range(after, min(upto, len(events))):
            size -= EVENT_SIZE + len(events[n].text)
            if page and size < 0:
                break
            page.append(events[n])
        return page

    def open_sessions(
        self, time: int, after: int, upto: int, count: int
    ) -> list[SessionRecord]:
        """See :class:`ecochat.store.port.Store`."""
        there = [
            replace(record, disconnected=None)
            for record in list(self._sessions.values())  # others may be added meanwhile
            if after < record.session <= upto
            and (record.disconnected is None or record.disconnected > time)
        ]
        return there[:count]

    def closed_sessions(self, time: int, count: int) -> list[SessionRecord]:
        """See :class:`ecochat.store.port.Store`."""
        closed = [
            record
            for record in list(self._sessions.values())
            if record.disconnected is not None and record.disconnected <= time
        ]
        return sorted(closed, key=attrgetter("disconnected", "session"))[-count:]

    def close(self) -> None:
        """See :class:`ecochat.store.port.Store`."""
