"""What is for one session alone and not sent yet."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator

from msgspec.structs import replace

from ecochat.core.items import Body, Dropped, Relabelled, Reply
from ecochat.net.channel import Channel

OWED = 1_000
"""Things that may wait before those of no use are sought out: else others could fill
the memory behind a reader that stays away."""


class Owed:
    """One such thing, with the channel that it is about, if any: the channel may be
    forgotten by others before it is sent."""

    __slots__ = ("body", "channel", "is_answer", "ref", "seq")

    def __init__(self, reply: Reply, channel: Channel | None) -> None:
        self.seq = reply.seq
        self.body: Body = reply.body
        self.is_answer = reply.is_answer
        self.ref = reply.ref
        self.channel = channel


class OwedQueue:
    """All of them, in order.

    :ivar most: how many there may be before those of no use are sought out; it grows
        with the useful, so that a long queue is not searched at each of them.
    """

    __slots__ = ("_queue", "most")

    def __init__(self) -> None:
        self.most = OWED
        self._queue: deque[Owed] | tuple[()] = ()  # an empty deque takes 600 bytes

    def __len__(self) -> int:
        return len(self._queue)

    def __iter__(self) -> Iterator[Owed]:
        return iter(self._queue)

    def add(self, owed: Owed, heard: Collection[Channel]) -> None:
        """Put something behind the others.

        :param heard: the channels that the session has heard of.
        """
        if not self._queue:
            self._queue = deque()
        self._queue.append(owed)
        if len(self._queue) > self.most:
            self._forget_useless(heard)

    def remove(self, owed: Owed) -> None:
        """Take something out: the first, but for the next part of a list."""
        if isinstance(self._queue, deque):
            self._queue.remove(owed)
        if not self._queue:
            self._queue = ()

    def clear(self) -> None:
        """Forget all."""
        self._queue = ()

    def _forget_useless(self, heard: Collection[Channel]) -> None:
        """Forget all but the newest name of a private room, and all of a room that is
        forgotten before the session has heard of it or asked for it."""
        gone = {o.channel for o in self if type(o.body) is Dropped}
        gone -= {*heard, *(o.channel for o in self if o.is_answer)}
        old = self._old_names()
        useful = (o for o in self if o.channel not in gone and o not in old)
        self._queue = deque(useful)
        self.most = OWED + 2 * len(self._queue)

    def _old_names(self) -> set[Owed]:
        """Return all names of private rooms but the newest of each, which takes the
        place of the first: that is the one that the session has heard."""
        newest: dict[Channel | None, Owed] = {}
        old: set[Owed] = set()
        for owed in self:
            if isinstance(owed.body, Relabelled):
                before = newest.get(owed.channel)
                if before is not None and isinstance(before.body, Relabelled):
                    owed.body = replace(owed.body, old=before.body.old)
                    old.add(before)
                newest[owed.channel] = owed
        return old
