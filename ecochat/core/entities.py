"""What the state is made of: rooms, keys, sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

NOTHING: Final[Mapping[Any, Any]] = {}
"""What most sessions have of private rooms: one mapping for all of them, and never
changed, since an empty one each would take 64 bytes."""


class Room:
    """A room: a numbered log, of which only the ends are known here, and its members.

    :ivar name: empty for a private room, which each of its two calls by the other.
    :ivar owners: the identities that a private room belongs to, first the one that
        began it; empty for a room of everyone.
    :ivar nicks: the name that each owner of a private room has, or had last.
    :ivar first: the number of the oldest event kept; 1 in an empty room.
    :ivar last: the number of the newest event; 0 in an empty room.
    :ivar members: session numbers, rising, so that a list of them comes in pages.
    :ivar alone: the rooms of all who are in this one and no other: one mapping for
        them, never changed, since one each would take 220 bytes.
    """

    __slots__ = (
        "alone",
        "first",
        "id",
        "key",
        "last",
        "members",
        "name",
        "nicks",
        "owners",
        "topic",
    )

    def __init__(
        self,
        id: int,
        name: str,
        key: str,
        first: int = 1,
        last: int = 0,
        topic: str = "",
        owners: tuple[str, ...] = (),
    ) -> None:
        self.id = id
        self.name = name
        self.key = key
        self.first = first
        self.last = last
        self.topic = topic
        self.owners = owners
        self.nicks: dict[str, str] = {}
        self.members: list[int] = []
        self.alone: Final[Mapping[int, Room]] = {id: self}

    def other(self, identity: str) -> str:
        """Return the other one of a private room's two identities."""
        return self.owners[self.owners[0] == identity]


class Key:
    """Whose the ``id`` of what is written is.

    :ivar number: that of a client's key; for a session without one its own, below zero.
    :ivar hash: what is kept of a client's key.
    :ivar last_id: the largest ``id`` that was stored; 0 for none.
    :ivar last_place: the room's id and the number that it was stored under.
    :ivar read: how far its rooms are read, by room id.
    """

    __slots__ = ("hash", "last_id", "last_place", "number", "read")

    def __init__(
        self,
        number: int,
        hash: bytes = b"",
        last_id: int = 0,
        last_place: tuple[int, int] = (0, 0),
        read: dict[int, int] | None = None,
    ) -> None:
        self.number = number
        self.hash = hash
        self.last_id = last_id
        self.last_place = last_place
        self.read = read or {}

    @property
    def is_kept(self) -> bool:
        """Whether it is a client's, which outlives its session."""
        return self.number > 0


class Session:
    """Someone who is here, or may come back.

    :ivar number: unique in one data file for ever.
    :ivar origin: the connection that it speaks through; 0 while it is away.
    :ivar folded: the form of its name under which that is unique.
    :ivar key: None where what is written has no ``id``.
    :ivar operator: whether it may do what is for operators only.
    :ivar answered: see :class:`ecochat.core.requests.Open`.
    :ivar rooms: the rooms it is in by id, in the order in which it last joined them;
        as the other two, replaced by another mapping when it changes.
    :ivar talks: the private rooms that it owns, by key, the newest last.
    :ivar heard: up to where it may have heard its private rooms, by id, while it is
        away.
    :ivar away_since: the ``seq`` of when it went away.
    """

    __slots__ = (
        "answered",
        "away_since",
        "current",
        "folded",
        "heard",
        "key",
        "nick",
        "number",
        "operator",
        "origin",
        "rooms",
        "talks",
    )

    def __init__(
        self,
        number: int,
        origin: int,
        nick: str,
        folded: str,
        operator: bool = False,
        answered: bool = False,
        key: Key | None = None,
    ) -> None:
        self.number = number
        self.origin = origin
        self.nick = nick
        self.folded = folded
        self.operator = operator
        self.answered = answered
        self.key = key
        self.rooms: Mapping[int, Room] = NOTHING
        self.talks: Mapping[str, Room] = NOTHING
        self.current: Room | None = None
        self.heard: Mapping[int, int] = NOTHING
        self.away_since = 0

    @property
    def identity(self) -> str:
        """Whose what it writes is: that of its key, ``k7``, or for one without its own,
        ``s3``: no other session has or will have the same."""
        key = self.key
        return f"k{key.number}" if key and key.is_kept else f"s{self.number}"

    @property
    def is_kept(self) -> bool:
        """Whether it has a client's key, and so can be taken up again."""
        return self.key is not None and self.key.is_kept


def talk_key(one: str, other: str) -> str:
    """Return the key of the private room of two identities. No room of everyone has
    one like it: no name holds a space."""
    return " ".join(sorted((one, other)))
