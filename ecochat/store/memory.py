"""A store in memory: the reference for what a store does, for trials and for tests."""

from ecochat.core.items import Event, RoomMade
from ecochat.core.records import Batch, Loaded, RoomRecord
from ecochat.store.port import EVENT_SIZE


class MemoryStore:
    """Keeps everything until the program ends. It grows with what is said."""

    def __init__(self) -> None:
        self._rooms: dict[int, RoomMade] = {}
        self._events: dict[int, list[Event]] = {}
        self._topics: dict[int, str] = {}
        self._last_session = 0
        self._seq = 0

    def open(self) -> Loaded:
        """See :class:`ecochat.store.port.Store`."""
        rooms = tuple(self._record(room) for room in self._rooms.values())
        return Loaded(rooms, self._last_session, self._seq)

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
        for opened in batch.opened:
            self._last_session = opened.session

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

    def close(self) -> None:
        """See :class:`ecochat.store.port.Store`."""
