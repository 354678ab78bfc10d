"""The server's log: a line for each thing that an operator wants to know of."""

from collections.abc import Callable, Iterable
from typing import Any

from twisted.logger import Logger

from ecochat.core.items import (
    Event,
    Item,
    RoomMade,
    SessionAway,
    SessionClosed,
    SessionOpened,
    SessionRenamed,
    SessionResumed,
)


class ServerLog:
    """Writes what happened.

    :param with_messages: whether what is said is written too.
    """

    log = Logger()

    def __init__(self, with_messages: bool) -> None:
        self._with_messages = with_messages

    def messages(self, room: str, events: Iterable[Event]) -> None:
        """Write what was said in a room of this name, if that is wanted."""
        for event in events if self._with_messages else ():
            self.log.info(
                "{room} {n} {nick}: {text!r}",
                room=room,
                n=event.n,
                nick=event.nick,
                text=event.text,
            )

    def fault(self, traceback: str) -> None:
        """Write that the hub failed at what nobody is there to hear the answer to."""
        self.log.error("a request failed:\n{traceback}", traceback=traceback)

    def record(self, item: Item) -> None:
        """Write that a room was made, or that a session began, ended or was renamed."""
        _LINES[type(item)](self, item)

    def _room(self, made: RoomMade) -> None:
        self.log.info("room {room} made", room=made.name)

    def _opened(self, opened: SessionOpened) -> None:
        self.log.info(
            "s{session} {nick} connected from {address}",
            session=opened.session,
            nick=opened.nick,
            address=opened.address,
        )

    def _away(self, away: SessionAway) -> None:
        self.log.info(
            "s{session} is away: {reason}", session=away.session, reason=away.reason
        )

    def _resumed(self, resumed: SessionResumed) -> None:
        self.log.info(
            "s{session} is back from {address}",
            session=resumed.session,
            address=resumed.address,
        )

    def _renamed(self, renamed: SessionRenamed) -> None:
        self.log.info(
            "s{session} {old} is now {new}",
            session=renamed.session,
            old=renamed.old,
            new=renamed.new,
        )

    def _closed(self, closed: SessionClosed) -> None:
        self.log.info(
            "s{session} {nick} disconnected: {reason}; {remaining} remain",
            session=closed.session,
            nick=closed.nick,
            reason=closed.reason,
            remaining=closed.remaining,
        )


_LINES: dict[type[Item], Callable[[ServerLog, Any], None]] = {
    RoomMade: ServerLog._room,
    SessionOpened: ServerLog._opened,
    SessionRenamed: ServerLog._renamed,
    SessionAway: ServerLog._away,
    SessionResumed: ServerLog._resumed,
    SessionClosed: ServerLog._closed,
}
