"""The acknowledging program: its client waits for one answer to each read, and is sent
nothing else."""

from collections.abc import Callable
from datetime import datetime

from ecochat.core.items import Announced, Ended, Visited, Welcomed
from ecochat.core.requests import Depart, Request, Say, Visits
from ecochat.dialects.classic.base import ClassicDialect, ClassicParser
from ecochat.dialects.plain_parser import trim

FORM = "Client{:02d}"


class AckParser(ClassicParser):
    """See :class:`ecochat.dialects.port.Parser`.

    :param now: gives the present local time.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._nick = ""

    def named(self, nick: str) -> None:
        """See :class:`ecochat.dialects.port.Parser`."""
        self._nick = nick

    def request(self, frame: str) -> Request:
        """See :class:`ecochat.dialects.port.Parser`."""
        text = trim(frame)
        return _WORDS.get(text.lower()) or Say(text, ref=self._acknowledged(frame))

    def _acknowledged(self, text: str) -> str:
        return (
            f"Client Name: {self._nick}\n"
            f"Request Time: {_written(self._now())}\n"
            f"Message (echoed back): {text} ACK\n"
        )


_WORDS: dict[str, Request] = {
    "exit": Depart(tell=True),
    "status": Visits(FORM),
}
"""What a read of this word, in any case, asks for."""


class AckDialect(ClassicDialect):
    """See :class:`ecochat.dialects.port.Dialect`; times are the server's local ones.

    :param now: see :class:`AckParser`.
    """

    form = FORM
    hears_others = False

    def __init__(self, room: str, now: Callable[[], datetime] = datetime.now) -> None:
        super().__init__(room)
        self._now = now

    def parser(self) -> AckParser:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return AckParser(self._now)

    @staticmethod
    def _welcomed(body: Welcomed, ref: str | None) -> str:
        when = _written(_local(body.time))
        return f"\nYou have connected to the server at {when}. Welcome {body.nick}!\n"

    @staticmethod
    def _ended(body: Ended, ref: str | None) -> str:
        if body.time is None:
            return ""
        when = _written(_local(body.time))
        return f"You have ended the connection.\nDisconnect time: {when}\n"

    @staticmethod
    def _visited(body: Visited, ref: str | None) -> str:
        """Write the old program's dictionary as Python did."""
        cache = {
            visit.nick: {
                "connection": _local(visit.connected),
                "disconnection": visit.disconnected and _local(visit.disconnected),
            }
            for visit in body.visits
        }
        return f"Server Cache: {cache}\n"

    @staticmethod
    def _announced(body: Announced, ref: str | None) -> str:
        return ""

    answers = {
        Welcomed: _welcomed,
        Ended: _ended,
        Visited: _visited,
        Announced: _announced,
    }


def _local(time: int) -> datetime:
    return datetime.fromtimestamp(time / 1000)


def _written(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S.%f}"
