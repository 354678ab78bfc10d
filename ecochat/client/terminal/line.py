"""What there is to show."""

from enum import Enum
from typing import NamedTuple

from ecochat.client.lines import Fragments, plain
from ecochat.client.safe import indented


class Kind(Enum):
    """What a line is: what somebody else wrote or did, or oneself; who comes and goes;
    what the server or the client says; what went wrong."""

    OTHER = "other"
    OWN = "own"
    PRESENCE = "presence"
    NOTICE = "notice"
    ERROR = "error"


class Line(NamedTuple):
    """Something to show; every part of it is safe to show.

    :param said: may be of several lines.
    :param room: where, if not in the current room.
    :param number: the number under which what oneself wrote is stored.
    :param time: the time of day, where that is shown.
    :param caller: who calls the person by it, and where; empty for what calls nobody.
    """

    kind: Kind
    said: Fragments
    room: str = ""
    number: str = ""
    time: str = ""
    caller: str = ""

    @property
    def text(self) -> str:
        """What is said, without its styles."""
        return plain(self.said)

    @property
    def written(self) -> str:
        """What somebody wrote in it."""
        return "".join(text for style, text in self.said if style in ("text", "found"))


def line(kind: Kind, text: str, room: str = "") -> Line:
    """Return a text as a line."""
    return Line(kind, [("", indented(text))], room)


def notice(text: str) -> Line:
    """Return what the server or the client says, as a line."""
    return line(Kind.NOTICE, text)


def error(text: str) -> Line:
    """Return what went wrong, as a line."""
    return line(Kind.ERROR, text)
