"""The server's log: a line for each thing that an operator wants to know of."""

import re
from collections.abc import Iterable

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

_CLIENT = re.compile(r"client-(\d+)")
"""The name that only clients of the upper-case program of the classroom are given: its
log called them ``Client 1``."""

_LINES: dict[type[Item], str] = {
    RoomMade: "room {0.name} made",
    SessionOpened: "s{0.session} {nick} connected from {0.address}",
    SessionAway: "s{0.session} is away: {0.reason}",
    SessionResumed: "s{0.session} is back from {0.address}",
    SessionRenamed: "s{0.session} {0.old} is now {0.new}",
    SessionClosed: (
        "s{0.session} {nick} disconnected: {0.reason}; {0.remaining} remain"
    ),
}

FEW = 8
"""Lines of one turn that are entries of their own; more are one entry: each costs 20 to
40 µs, which was a quarter of what a connection does."""


class ServerLog:
    """Writes what happened.

    :param with_messages: whether what is said is written too.
    """

    log = Logger()

    def __init__(self, with_messages: bool) -> None:
        self._with_messages = with_messages
        self._lines: list[str] = []

    def messages(self, room: str, events: Iterable[Event]) -> None:
        """Take what was said in a room of this name, if that is wanted."""
        if self._with_messages:
            self._lines += [
                f"{room} {e.n} {_logged(e.nick)}: {e.text!r}" for e in events
            ]

    def record(self, item: Item) -> None:
        """Take that a room was made, or that a session began, ended or was renamed."""
        nick = _logged(getattr(item, "nick", ""))
        line = _LINES[type(item)].format(item, nick=nick)
        self._lines.append(line.replace("\n", " "))  # what an operator gave as a reason

    def write(self) -> None:
        """Write what was taken."""
        lines, self._lines = self._lines, []
        for entry in lines if len(lines) <= FEW else ["\n".join(lines)]:
            self.log.info("{entry}", entry=entry)

    def fault(self, traceback: str) -> None:
        """Write that the hub failed at what nobody is there to hear the answer to."""
        self.log.error("a request failed:\n{traceback}", traceback=traceback)


def _logged(nick: str) -> str:
    return _CLIENT.sub(r"Client \1", nick) if _CLIENT.fullmatch(nick) else nick
