"""What a search has found."""

from __future__ import annotations

from typing import NamedTuple

from ecochat.client.lines import Fragments


class Hit(NamedTuple):
    """A message that was found.

    :param time: when it was said, in seconds since 1970.
    :param said: the message as a sentence, what was searched for marked in it.
    """

    room: str
    n: int
    time: float
    said: Fragments


class Hits(NamedTuple):
    """What has the words, the newest first."""

    words: str
    hits: list[Hit]
