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

VISITS = 50
"""Sessions with a name of one form that are remembered: what the acknowledging program
of the classroom is asked for, in one piece."""

STATUS_PAGE = 500
"""Sessions read from the store at once: about 64 KiB of lines."""

SHUTDOWN = 86_400
"""Seconds that a shutdown can be announced ahead: a day."""

NUMBER = 2**63 - 1
"""The highest number there can be: what SQLite keeps (sqlite.org/datatype3.html)."""

REF = 200
"""Code points of a program's own word for a request, which is sent back."""

KEY_SHORTEST = 22
"""Characters of a key, at least: 128 random bits in base 64."""

KEY = 256
"""Characters of a key, at most: only its hash is kept."""

CLIENT = 100
"""Code points of a client's name and version, which go into the log."""

REACTION = 32
"""Code points of a reaction: the longest emoji sequences have about ten."""

AWAY = 10_000
"""Sessions that are kept for a client that may come back, about 3 KB each; of more the
one that has been away longest ends."""

STALE = 10_000
"""Things whose last change is remembered, about 200 bytes each, to tell whether what
was read of one is still so; of older changes it is only known that there were some."""

SEARCH_WORDS = 20
"""Words of a search: each costs a look into the index."""

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
    :param grace: whether a session that has a key is kept when its connection is lost.
    """

    message: int = 4_000
    grace: bool = True
