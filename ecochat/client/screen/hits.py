"""What a search has found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from msgspec.structs import replace

from ecochat.client.lines import Fragments, sentence
from ecochat.client.safe import safe_name
from ecochat.client.screen.beside import Beside
from ecochat.client.screen.stretches import moment
from ecochat.core import limits, wire
from ecochat.core.requests import Search

PAGE = 100
"""Messages that are asked for at first, and at once of one room: some screens full."""


class Hit(NamedTuple):
    """A message that was found.

    :param time: when it was said, in seconds since 1970.
    :param said: the message as a sentence, what was searched for marked in it.
    """

    room: str
    n: int
    time: float
    said: Fragments

    @property
    def words(self) -> tuple[str, ...]:
        """What is marked in it."""
        return tuple(dict.fromkeys(text for part, text in self.said if part == "found"))


@dataclass(slots=True, eq=False)
class Hits:
    """What has the words, the newest first.

    :ivar asked: what asked for the last of them.
    :ivar time: when that was, in seconds since 1970.
    :ivar is_all: whether there is no more, or more is asked for.
    :ivar chosen: the number of the one that one looks at.
    :ivar beside: what stands beside those for which that was asked, by
        room and number.
    """

    words: str
    hits: list[Hit]
    asked: Search
    time: float
    is_all: bool
    beside: dict[tuple[str, int], Beside] = field(default_factory=dict)
    chosen: int = 0
    has_more: bool = field(init=False)
    """Whether there is more than is here."""

    def __post_init__(self) -> None:
        self.has_more = not self.is_all

    def more(self) -> Search | None:
        """Return what asks for more: in one room for what is before the last one; in
        all rooms, where no number is before another, once more for as many as may be
        asked for. None: that is all."""
        if self.is_all or not self.hits:
            return None
        if self.asked.room is not None:
            return replace(self.asked, before=self.hits[-1].n)
        if self.asked.limit < limits.HISTORY:
            return replace(self.asked, limit=limits.HISTORY)
        return None

    def follows(self, other: Hits) -> bool:
        """Whether it is of the same search as another one."""
        return self.beside is other.beside

    def followed(self, found: Hits) -> Hits:
        """Return both, without what came meanwhile or is known."""
        last, known = self.hits[-1], {(hit.room, hit.n) for hit in self.hits}
        older = (hit for hit in found.hits if hit.time <= last.time)
        new = [hit for hit in older if (hit.room, hit.n) not in known]
        return Hits(
            self.words,
            [*self.hits, *new],
            found.asked,
            self.time,
            found.is_all,
            self.beside,
            len(self.hits) - 1,
        )


def hits_of(found: Iterable[wire.Message], asked: Search, time: float) -> Hits:
    """Return what a search was answered with.

    :param time: when, in seconds since 1970.
    """
    hits = [
        Hit(safe_name(each.room), each.n, moment(each.time), sentence(each))
        for each in found
    ]
    return Hits(safe_name(asked.words), hits, asked, time, len(hits) < asked.limit)
