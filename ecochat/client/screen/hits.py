"""What a search has found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ecochat.client.lines import Fragments
from ecochat.client.screen.beside import Beside


class Hit(NamedTuple):
    """A message that was found.

    :param time: when it was said, in seconds since 1970.
    :param said: the message as a sentence, what was searched for marked in it.
    """

    room: str
    n: int
    time: float
    said: Fragments


@dataclass(slots=True, eq=False)
class Hits:
    """What has the words, the newest first.

    :ivar beside: what stands beside those for which that was asked, by
        room and number.
    """

    words: str
    hits: list[Hit]
    beside: dict[tuple[str, int], Beside] = field(default_factory=dict)
