"""How much of each thing there may be."""

import msgspec

TOPIC = 400
"""Code points of a topic: it has to fit on a line of a list."""

REASON = 400
"""Code points of the reason that an operator gives."""

ROOMS = 10_000
"""Rooms of a server: each is kept in memory, and anyone can make one."""

ROOMS_OF_A_SESSION = 100
"""Rooms one session may be in: each costs it a position, and the room a member."""

TALKS = 100
"""Private rooms that one session may begin and have at one time; of those whose other
one is gone it keeps as many as make this number with the rest."""

TALKS_IN_ALL = 100_000
"""Private rooms of a server: each is kept in memory, about 1.5 KB."""

CLOSED_SESSIONS = 50
"""Sessions that have ended of which the status tells."""

STATUS_PAGE = 500
"""Sessions read from the store at once: about 64 KiB of lines."""

SHUTDOWN = 86_400
"""Seconds that a shutdown can be announced ahead: a day."""

HISTORY = 1_000
"""Events one request for history may ask for."""

HISTORY_DEFAULT = 20
"""Events that history gives unasked: about what a terminal shows."""

WHO_PAGE = 100
"""Members in one page of a list: with the longest names it stays under 64 KiB."""

ROOMS_PAGE = 30
"""Rooms in one page of a list: with the longest topics it stays under 64 KiB."""


class Limits(msgspec.Struct, frozen=True):
    """The limits an operator may set.

    :param message: the longest message, in code points.
    """

    message: int = 4_000
