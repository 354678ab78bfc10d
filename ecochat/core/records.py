"""What the store is given to keep, and what it gives back at the start."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from ecochat.core.items import (
    Event,
    Item,
    RoomMade,
    SessionClosed,
    SessionOpened,
    SessionRenamed,
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


class Loaded(msgspec.Struct, frozen=True):
    """What a server starts from.

    :param rooms: the rooms of everyone, by rising id. (A private room ends with the
        sessions that it belongs to, and those with the server.)
    :param last_room: the highest id of any room.
    :param last_session: the highest session number ever given.
    :param seq: the highest place in the order that is stored.
    """

    rooms: tuple[RoomRecord, ...] = ()
    last_session: int = 0
    seq: int = 0
    last_room: int = 0


class SessionRecord(msgspec.Struct, frozen=True, gc=False):
    """A session as it is kept; times are in milliseconds since 1970 (UTC).

    :param disconnected: None while it is open.
    """

    session: int
    nick: str
    address: str
    connected: int
    disconnected: int | None = None


class Batch(msgspec.Struct):
    """The records of one group: all of them are stored, or none."""

    rooms: list[RoomMade] = []
    events: list[Event] = []
    opened: list[SessionOpened] = []
    renamed: list[SessionRenamed] = []
    closed: list[SessionClosed] = []

    def __bool__(self) -> bool:
        """Whether there is anything to store."""
        return any((self.rooms, self.events, self.opened, self.renamed, self.closed))

    def lasts(self) -> dict[int, int]:
        """Return the last number of each room that the events are in, by room id."""
        return {event.room: event.n for event in self.events}

    def topics(self) -> dict[int, str]:
        """Return the topic of each room whose topic the events set, by room id."""
        return {e.room: e.text for e in self.events if e.kind == "topic"}


def records_of(items: Iterable[Item]) -> Batch:
    """Return those of a group's items that are to be stored."""
    batch = Batch()
    kept: dict[type[Item], Callable[[Any], None]] = {
        RoomMade: batch.rooms.append,
        Event: batch.events.append,
        SessionOpened: batch.opened.append,
        SessionRenamed: batch.renamed.append,
        SessionClosed: batch.closed.append,
    }
    for item in items:
        keep = kept.get(type(item))
        if keep is not None:
            keep(item)
    return batch
