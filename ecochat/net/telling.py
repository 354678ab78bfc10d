"""What has been committed, brought to those whom it concerns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any

from ecochat.core.entities import Room
from ecochat.core.items import (
    Changed,
    Entrance,
    Event,
    Failed,
    Item,
    KeyMade,
    Note,
    ReadMarked,
    Reply,
    RoomDropped,
    RoomExpired,
    RoomFound,
    RoomMade,
    SessionAway,
    SessionClosed,
    SessionOpened,
    SessionRenamed,
    SessionResumed,
    Stopping,
    Watched,
)
from ecochat.net.channel import Attached, Channel, Channels, Recent
from ecochat.net.delivery import Turn
from ecochat.net.grace import Grace
from ecochat.net.presence import Presence
from ecochat.net.serverlog import ServerLog
from ecochat.net.watching import Watchers


class Teller:
    """Keeps the rooms and sessions as the network sees them, and tells what is new.

    :param links: the connections by the number they have in the order.
    :param grace: counts for those who are away.
    :param stop_server: called when an operator wants the server to stop, with the
        seconds until then.
    :param log_messages: whether the log has what is said.
    :param presence: tells who comes and goes.
    :param now: returns the present time, in seconds since 1970 (UTC).
    :ivar channels: the rooms by id, as far as they are committed.
    :ivar sessions: the links of open sessions, by their number.
    """

    def __init__(
        self,
        links: Mapping[int, Attached],
        grace: Grace,
        stop_server: Callable[[int], None],
        log_messages: bool,
        presence: Presence,
        sessions: dict[int, Attached],
        now: Callable[[], float],
    ) -> None:
        self.channels = Channels()
        self.sessions = sessions
        self._presence = presence
        self._links = links
        self._grace = grace
        self._stop_server = stop_server
        self._server_log = ServerLog(log_messages)
        self._recent = Recent()
        self._watchers = Watchers(self.channels, sessions, now)

    def add_rooms(self, rooms: Iterable[Room]) -> None:
        """Take the rooms that were there before the server was started."""
        for room in rooms:
            is_private = bool(room.owners)
            self._add_channel(room.id, room.name, room.last, is_private, room.first)

    def _add_channel(
        self,
        room: int,
        name: str,
        last: int = 0,
        is_private: bool = False,
        first: int = 1,
    ) -> None:
        channel = Channel(room, name, last, self._recent, is_private, first)
        self.channels[room] = channel

    def tell(self, items: Iterable[Item]) -> None:
        """Tell what one group has come to, in order."""
        turn = Turn()
        for (kind, _), run in groupby(items, _place):
            if self._watchers:
                run = self._watchers.tell(turn, list(run))
            if kind is Event:
                events: list[Any] = list(run)
                self._take_events(turn, events)
            else:
                for item in run:
                    _TAKE[kind](self, turn, item)
        self._presence.tell(turn)
        self._server_log.write()
        turn.deliver()

    def _take_events(self, turn: Turn, events: list[Event]) -> None:
        """Take events of one room."""
        channel = self.channels[events[0].room]
        turn.add_events(channel, events)
        for session in dict.fromkeys([event.session for event in events]):
            author = self.sessions.get(session)
            if author is not None:
                turn.set_apart(author.outlet)
        if not channel.is_private:
            self._server_log.messages(channel.name, events)

    def _take_note(self, turn: Turn, note: Note) -> None:
        self._presence.take(turn, self.channels[note.room], note)

    def _take_reply(self, turn: Turn, reply: Reply) -> None:
        link = self._links.get(reply.origin)
        if link is not None:
            turn.set_apart(link.outlet)
            link.guarded(link.told, reply)
        elif isinstance(reply.body, Failed):
            self._server_log.fault(reply.body.traceback)

    def _take_room(self, _: Turn, made: RoomMade) -> None:
        self._add_channel(made.room, made.name, is_private=bool(made.owners))
        if not made.owners:
            self._server_log.record(made)

    def _take_found(self, _: Turn, found: RoomFound) -> None:
        if found.room not in self.channels:
            self._add_channel(found.room, "", found.last, True, found.first)

    def _take_changed(self, _: Turn, changed: Changed) -> None:
        self.channels.change(changed)

    def _take_expired(self, turn: Turn, expired: RoomExpired) -> None:
        channel = self.channels.get(expired.room)
        if channel is not None:
            channel.expire(expired.upto)

    def _take_dropped(self, _: Turn, dropped: RoomDropped) -> None:
        del self.channels[dropped.room]

    def _take_record(self, turn: Turn, item: Item) -> None:
        """What is for the store only."""

    def _take_watched(self, _: Turn, watched: Watched) -> None:
        self._watchers.add(watched)

    def _take_stopping(self, _: Turn, stopping: Stopping) -> None:
        self._stop_server(stopping.seconds)

    def _take_opened(self, _: Turn, opened: SessionOpened) -> None:
        self._connect(opened)
        self._server_log.record(opened)

    def _connect(self, begun: SessionOpened | SessionResumed) -> None:
        link = self._links.get(begun.origin)
        if link is not None:
            self.sessions[begun.session] = link

    def _take_resumed(self, _: Turn, resumed: SessionResumed) -> None:
        self._grace.end(resumed.session)
        self._connect(resumed)
        self._server_log.record(resumed)

    def _take_away(self, _: Turn, away: SessionAway) -> None:
        self.sessions.pop(away.session, None)
        self._grace.begin(away.session, away.seq)
        self._server_log.record(away)

    def _take_renamed(self, _: Turn, renamed: SessionRenamed) -> None:
        self._server_log.record(renamed)

    def _take_closed(self, _: Turn, closed: SessionClosed) -> None:
        self.sessions.pop(closed.session, None)
        self._grace.end(closed.session)
        self._server_log.record(closed)


def _place(item: Item) -> tuple[type[Item], int]:
    """Return by what items are taken together that follow each other: events of a room
    cost half as much so."""
    return type(item), item.room if isinstance(item, Event) else 0


_TAKE: dict[type[Item], Callable[[Teller, Turn, Any], None]] = {
    Note: Teller._take_note,
    Reply: Teller._take_reply,
    RoomMade: Teller._take_room,
    RoomFound: Teller._take_found,
    RoomDropped: Teller._take_dropped,
    RoomExpired: Teller._take_expired,
    Changed: Teller._take_changed,
    KeyMade: Teller._take_record,
    ReadMarked: Teller._take_record,
    Entrance: Teller._take_record,
    Stopping: Teller._take_stopping,
    Watched: Teller._take_watched,
    SessionOpened: Teller._take_opened,
    SessionAway: Teller._take_away,
    SessionResumed: Teller._take_resumed,
    SessionRenamed: Teller._take_renamed,
    SessionClosed: Teller._take_closed,
}
