"""What there is to show."""

from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """What a line is."""

    MESSAGE = "message"
    OWN = "own"
    PRESENCE = "presence"
    NOTICE = "notice"
    ERROR = "error"


class Line(NamedTuple):
    """Something to show; every part of it is safe to show.

    :param text: may be of several lines.
    :param nick: who wrote it; empty for what the server says.
    :param room: where, if not in the current room.
    :param number: the number under which one's own message is stored.
    """

    kind: Kind
    text: str
    nick: str = ""
    room: str = ""
    number: str = ""
