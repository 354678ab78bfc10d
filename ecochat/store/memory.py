"""A store in memory: the reference for what a store does, for trials and for tests."""

from operator import attrgetter

from msgspec.structs import replace

from ecochat.core.items import Changed, Event, RoomMade, SearchRange
from ecochat.core.limits import TALKS
from ecochat.core.names import fold
from ecochat.core.records import (
    Batch,
    Found,
    Indexed,
    KeptSession,
    KeyRecord,
    Loaded,
    RoomRecord,
    SessionRecord,
    TalkRecord,
)
from ecochat.store.port import EVENT_SIZE
from ecochat.store.words import marks, terms


class MemoryRoom:
    """A room and what is kept of its log.

    :ivar events: by their numbers, rising.
    :ivar seq: the place of the newest event, also when it is not kept any more.
    """

    def __init__(self, made: RoomMade) -> None:
        self.made = made
        self.events: dict[int, Event] = {}
        self.first = 1
        self.last = 0
        self.topic = ""
        self.seq = 0

    def add(self, event: Event) -> None:
        """Put an event behind the others."""
        self.events[event.n] = event
        self.last, self.seq = event.n, event.seq

    def change(self, change: Changed) -> None:
        """Give a message and its edits another text."""
        for event in list(self.events.values()):
            is_edit = event.kind == "edit" and event.target == change.target
            if is_edit or event.n == change.target:
                changed = replace(event, text=change.text, changed=change.by)
                self.events[event.n] = changed

    def expire(self, upto: int) -> None:
        """Forget the events up to a number."""
        upto = min(upto, self.last)
        for n in range(self.first, upto + 1):
            del self.events[n]
        self.first = max(self.first, upto + 1)

    def record(self) -> RoomRecord:
        """Return what a server starts from."""
        made = self.made
        return RoomRecord(
            made.room, made.name, made.key, self.first, self.last, self.topic
        )


class MemoryStore:
    """Keeps everything until the program ends. It grows with what is said."""

    def __init__(self) -> None:
        self._rooms: dict[int, MemoryRoom] = {}
        self._sessions: dict[int, SessionRecord] = {}
        self._keys: dict[int, KeyRecord] = {}
        self._owners: dict[int, int] = {}
        self._entered: dict[int, dict[int, None]] = {}
        self._indexed = Indexed()
        self._seq = 0

    def open(self) -> Loaded:
        """See :class:`ecochat.store.port.Store`."""
        of_everyone = [room for room in self._rooms.values() if not room.made.owners]
        kept = [s for s in self._owners if self._sessions[s].disconnected is None]
        return Loaded(
            tuple(room.record() for room in of_everyone),
            max(self._sessions, default=0),
            self._seq,
            max(self._rooms, default=0),
            max(self._keys, default=0),
            tuple(map(self._kept_session, kept)),
        )

    def _kept_session(self, session: int) -> KeptSession:
        nick = self._sessions[session].nick
        key = self._record(self._owners[session])
        entered = self._entered.get(session, ())
        rooms = [room for room in entered if not self._rooms[room].made.owners]
        return KeptSession(session, nick, key, tuple(rooms))

    def append(self, batch: Batch) -> None:
        """See :class:`ecochat.store.port.Store`."""
        for room in batch.rooms:
            self._rooms[room.room] = MemoryRoom(room)
        for event in batch.events:
            self._rooms[event.room].add(event)
            self._indexed = Indexed(event.seq, event.time)
            self._seq = event.seq
        for id, topic in batch.topics().items():
            self._rooms[id].topic = topic
        for change in batch.changes:
            self._rooms[change.room].change(change)
        for expired in batch.expired:
            self._rooms[expired.room].expire(expired.upto)
            self._seq = max(self._seq, expired.seq)
        self._append_keys(batch)
        self._append_sessions(batch)

    def _append_keys(self, batch: Batch) -> None:
        for made in batch.keys:
            self._keys[made.key] = KeyRecord(made.key, made.hash)
        for key, (id, *place) in batch.last_ids().items():
            self._keys[key] = replace(
                self._keys[key], last_id=id, last_place=tuple(place)
            )
        for mark in batch.read:
            read = self._keys[mark.key].read | {mark.room: mark.n}
            self._keys[mark.key] = replace(self._keys[mark.key], read=read)

    def _append_sessions(self, batch: Batch) -> None:
        for s in batch.opened:
            record = SessionRecord(s.session, s.nick, s.address, s.time)
            self._sessions[s.session] = record
            if s.key is not None:
                self._owners[s.session] = s.key
        for entrance in batch.entrances:
            rooms = self._entered.setdefault(entrance.session, {})
            rooms.pop(entrance.room, None)
            if entrance.is_in:
                rooms[entrance.room] = None
        for renamed in batch.renamed:
            self._change(renamed.session, nick=renamed.new)
        for resumed in batch.resumed:
            self._change(resumed.session, address=resumed.address)
        for closed in batch.closed:
            self._change(closed.session, disconnected=closed.time)
            self._entered.pop(closed.session, None)

    def _change(self, session: int, **values: object) -> None:
        self._sessions[session] = replace(self._sessions[session], **values)

    def page(self, room: int, after: int, upto: int, size: int) -> list[Event]:
        """See :class:`ecochat.store.port.Store`."""
        page: list[Event] = []
        if room not in self._rooms:
            return page
        log = self._rooms[room]
        for n in range(max(after + 1, log.first), min(upto, log.last) + 1):
            event = log.events[n]
            size -= EVENT_SIZE + len(event.text)
            if page and size < 0:
                break
            page.append(event)
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

    def key(self, hash: bytes) -> KeyRecord | None:
        """See :class:`ecochat.store.port.Store`."""
        found = (key for key, made in list(self._keys.items()) if made.hash == hash)
        return next(map(self._record, found), None)

    def _record(self, key: int) -> KeyRecord:
        own = [r for r in list(self._rooms.values()) if f"k{key}" in r.made.owners]
        newest = sorted(own, key=lambda room: (room.seq, room.made.room))[-TALKS:]
        return replace(self._keys[key], talks=tuple(map(self._talk, newest)))

    def _talk(self, room: MemoryRoom) -> TalkRecord:
        made = room.made
        nicks = tuple(self._last_nick(owner) for owner in made.owners)
        return TalkRecord(
            made.room, room.first, room.last, room.topic, made.owners, nicks
        )

    def _last_nick(self, owner: str) -> str:
        number = int(owner[1:])
        own = [s for s, key in list(self._owners.items()) if key == number]
        return self._sessions[max(own) if owner[0] == "k" else number].nick

    def stored(self, key: int, id: int) -> Event | None:
        """See :class:`ecochat.store.port.Store`."""
        own = (e for e in self._newest_first() if (e.key, e.id) == (key, id))
        return next(own, None)

    def _newest_first(self) -> list[Event]:
        rooms = list(self._rooms.values())
        events = [event for room in rooms for event in list(room.events.values())]
        return sorted(events, key=attrgetter("seq"), reverse=True)

    def oldest(self, room: int) -> int:
        """See :class:`ecochat.store.port.Store`."""
        return self._rooms[room].first if room in self._rooms else 1

    def last_before(self, time: int, count: int | None, room: int) -> int:
        """See :class:`ecochat.store.port.Store`."""
        if room not in self._rooms:
            return 0
        log = self._rooms[room]
        kept = log.last if count is None else count
        return max(
            (
                event.n
                for event in list(log.events.values())
                if event.time < time or event.n <= log.last - kept
            ),
            default=0,
        )

    def search(self, wanted: SearchRange) -> list[Found]:
        """See :class:`ecochat.store.port.Store`."""
        sought = terms(wanted.words)
        found: list[Found] = []
        for event in self._newest_first() if sought else ():
            if len(found) < wanted.limit and self._is_in_range(event, wanted):
                where = marks(event.text, sought)
                if where is not None:
                    found.append(Found(event, where))
        return found

    def _is_in_range(self, event: Event, wanted: SearchRange) -> bool:
        is_for_all = not self._rooms[event.room].made.owners
        in_any = wanted.room is None and (is_for_all or event.room in wanted.names)
        return (
            event.kind == "message"
            and (in_any or event.room == wanted.room)
            and wanted.after < event.n < wanted.before
            and event.seq < wanted.below
            and (wanted.nick is None or fold(wanted.nick) == fold(event.nick))
        )

    def indexed(self) -> Indexed:
        """See :class:`ecochat.store.port.Store`."""
        return self._indexed

    def index(self) -> bool:
        """See :class:`ecochat.store.port.Store`."""
        return False

    def close(self) -> None:
        """See :class:`ecochat.store.port.Store`."""
