"""What the store is given to keep, and what it gives back at the start."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ecochat.core.items import (
    Changed,
    Entrance,
    Event,
    Item,
    KeyMade,
    ReadMarked,
    RoomExpired,
    RoomMade,
    SessionClosed,
    SessionOpened,
    SessionRenamed,
    SessionResumed,
)


class RoomRecord(msgspec.Struct, frozen=True, gc=False):
    """A room as it is kept.

    :param first: the number of the oldest event kept; 1 when there is none.
    :param last: the number of the newest event; 0 when there is none.
    """

    id: int
    name: str
    key: str
    first: int
    last: int
    topic: str


class TalkRecord(msgspec.Struct, frozen=True, gc=False):
    """A private room as it is kept.

    :param owners: the identities of its two, the one that began it first.
    :param nicks: the name that each of them had last.
    """

    id: int
    first: int
    last: int
    topic: str
    owners: tuple[str, ...]
    nicks: tuple[str, ...]


class KeyRecord(msgspec.Struct, frozen=True, gc=False):
    """A key as it is kept.

    :param key: its number.
    :param last_id: the largest ``id`` that was stored of it; 0 for none.
    :param last_place: the room's id and the number that it was stored under: it may be
        kept no longer.
    :param read: how far it has read, by room id.
    :param talks: its private rooms, of those that were written in last as many as
        ``limits.TALKS``, the newest last.
    """

    key: int
    hash: bytes
    last_id: int = 0
    last_place: tuple[int, int] = (0, 0)
    read: dict[int, int] = {}
    talks: tuple[TalkRecord, ...] = ()


class KeptSession(msgspec.Struct, frozen=True, gc=False):
    """A session that was open when the server ended, and that has a key.

    :param rooms: the ids of the rooms of everyone that it is in, in the order in which
        it joined them.
    """

    session: int
    nick: str
    key: KeyRecord
    rooms: tuple[int, ...]


class Loaded(msgspec.Struct, frozen=True):
    """What a server starts from.

    :param rooms: the rooms of everyone, by rising id. (A private room is read with the
        keys that it belongs to.)
    :param last_room: the highest id of any room.
    :param last_session: the highest session number ever given.
    :param last_key: the highest number of any key.
    :param seq: the highest place in the order that is stored.
    :param sessions: those that can be taken up again, by rising number.
    """

    rooms: tuple[RoomRecord, ...] = ()
    last_session: int = 0
    seq: int = 0
    last_room: int = 0
    last_key: int = 0
    sessions: tuple[KeptSession, ...] = ()


class SessionRecord(msgspec.Struct, frozen=True, gc=False):
    """A session as it is kept; times are in milliseconds since 1970 (UTC).

    :param disconnected: None while it is open.
    """

    session: int
    nick: str
    address: str
    connected: int
    disconnected: int | None = None


class Found(msgspec.Struct, frozen=True, gc=False):
    """A message that a search has found.

    :param marks: where the words are in its text, as pairs of begin and end, in code
        points, rising; the end is behind the last one.
    """

    event: Event
    marks: tuple[tuple[int, int], ...]


class Indexed(msgspec.Struct, frozen=True, gc=False):
    """Up to where the search index has followed the log.

    :param seq: the place of the last event in it.
    :param time: when that was, in milliseconds since 1970 (UTC); 0 for nothing.
    """

    seq: int = 0
    time: int = 0


class Batch(msgspec.Struct):
    """The records of one group: all of them are stored, or none; each list in the order
    of the hub."""

    rooms: list[RoomMade] = []
    events: list[Event] = []
    changes: list[Changed] = []
    expired: list[RoomExpired] = []
    keys: list[KeyMade] = []
    read: list[ReadMarked] = []
    opened: list[SessionOpened] = []
    entrances: list[Entrance] = []
    renamed: list[SessionRenamed] = []
    resumed: list[SessionResumed] = []
    closed: list[SessionClosed] = []

    def __bool__(self) -> bool:
        """Whether there is anything to store."""
        return any(getattr(self, name) for name in self.__struct_fields__)

    def lasts(self) -> dict[int, int]:
        """Return the last number of each room that the events are in, by room id."""
        return {event.room: event.n for event in self.events}

    def topics(self) -> dict[int, str]:
        """Return the topic of each room whose topic the events set, by room id."""
        return {e.room: e.text for e in self.events if e.kind == "topic"}

    def last_ids(self) -> dict[int, tuple[int, int, int]]:
        """Return the last ``id`` of each key that the events have, by its number, with
        the room's id and the number of that event."""
        ids = {}
        for event in self.events:
            if event.key is not None and event.id is not None and event.key > 0:
                ids[event.key] = (event.id, event.room, event.n)
        return ids


_LISTS: dict[type[Item], str] = {
    RoomMade: "rooms",
    Event: "events",
    Changed: "changes",
    RoomExpired: "expired",
    KeyMade: "keys",
    ReadMarked: "read",
    SessionOpened: "opened",
    Entrance: "entrances",
    SessionRenamed: "renamed",
    SessionResumed: "resumed",
    SessionClosed: "closed",
}


def records_of(items: Iterable[Item]) -> Batch:
    """Return those of a group's items that are to be stored."""
    batch = Batch()
    kept: dict[type[Item], Callable[[Any], None]] = {
        kind: getattr(batch, name).append for kind, name in _LISTS.items()
    }
    for item in items:
        keep = kept.get(type(item))
        if keep is not None:
            keep(item)
    return batch
