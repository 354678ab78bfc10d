"""How much of each thing there may be."""

import msgspec

TOPIC = 400
"""Code points of a topic: it has to fit on a line of a list."""

ROOMS = 10_000
"""Rooms of a server: each is kept in memory, and anyone can make one."""

ROOMS_OF_A_SESSION = 100
"""Rooms one session may be in: each costs it a position, and the room a member."""

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
