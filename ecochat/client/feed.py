"""What happens, for one loop over it."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from twisted.internet.defer import Deferred

from ecochat.client.errors import Disconnected, Refused
from ecochat.client.happenings import Happening
from ecochat.core.names import fold
from ecochat.core.wire import Event, Expired, Relabelled

FULL = 1_000
"""Happenings that wait for a loop until nothing more should be read."""

MOST = 2_000
"""Happenings that wait at most, since what was read already may have as many more; with
the longest messages they take 32 MB."""

FEW = 100
"""Happenings that may still wait when more should be read."""

PAGE = 100
"""Events that are read at once of what there was no space for."""

Fetch = Callable[[str, int, int], Deferred[list[Event]]]
"""Reads the first events of a room after a number, so many."""


class _Missed(NamedTuple):
    """What is to be read from the server: ``after < n <= upto``."""

    after: int
    upto: int


class Feed:
    """What happens, to loop over with ``async for``, once and by one loop.

    Where there is no space for an event, it and what follows in its room are left at
    the server, and read from its history when the loop has come so far; what is in no
    history is left out. So a loop may wait for answers, which come behind what is said,
    without that piling up here.

    :param room: what is wanted; None for everything.
    :param fetch: reads what was left at the server.
    :param changed: called when there is space again.
    """

    def __init__(
        self, room: str | None, fetch: Fetch, changed: Callable[[], None]
    ) -> None:
        self._room = room
        self._fetch = fetch
        self._changed = changed
        self._queue: deque[Happening] = deque()
        self._missed: dict[str, _Missed] = {}
        self._taken: dict[str, int] = {}
        self._waiting: Deferred[None] | None = None
        self._end: Exception | None = None
        self._full = False

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be read before the loop goes on."""
        return self._full

    def put(self, happening: Happening) -> None:
        """Take what happened, if it is wanted and new."""
        is_wanted = self._wants(getattr(happening, "room", ""))
        if isinstance(happening, Relabelled):
            self._relabel(happening)
        if not is_wanted or (isinstance(happening, Event) and self._leaves(happening)):
            return
        if len(self._queue) < MOST:
            self._queue.append(happening)
        self._full = len(self._queue) >= FULL
        self._wake()

    def end(self, error: Exception | None = None) -> None:
        """Let the loop end behind what waits, by this error if there is one."""
        self._end = error or StopAsyncIteration()
        self._wake()

    def __del__(self) -> None:
        # A loop that was left must not keep others from being told.
        self._full = False
        self._changed()

    def __aiter__(self) -> "Feed":
        return self

    async def __anext__(self) -> Happening:
        while not self._queue:
            if self._end is not None:
                raise self._end
            if self._missed:
                await self._catch_up()
            else:
                self._waiting = Deferred()
                await self._waiting
        happening = self._queue.popleft()
        if self._full and len(self._queue) <= FEW:
            self._full = False
            self._changed()
        return happening

    def _wants(self, room: str) -> bool:
        wanted = self._room
        return wanted is None or room == wanted or fold(room) == fold(wanted)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.callback(None)

    def _leaves(self, event: Event) -> bool:
        """Leave an event at the server, if it was had from there or there is no space;
        return whether."""
        room, n = event.room, event.n
        missed = self._missed.get(room)
        if missed is not None:
            self._missed[room] = missed._replace(upto=n)
        elif n <= self._taken.get(room, 0):
            return True
        elif len(self._queue) >= MOST:
            self._missed[room] = _Missed(n - 1, n)
        return room in self._missed

    async def _catch_up(self) -> None:
        """Read some of what was left at the server."""
        room, missed = next(iter(self._missed.items()))
        try:
            events = await self._fetch(room, missed.after, PAGE)
        except Refused:  # one may not read it any more
            self._missed.pop(room, None)
            return
        except Disconnected:  # it is asked again, unless that was the end
            return
        if room in self._missed:
            self._take(room, events, missed.after)

    def _take(self, room: str, events: list[Event], after: int) -> None:
        upto = self._missed[room].upto
        first, last = (events[0].n, events[-1].n) if events else (upto + 1, upto)
        if first > after + 1:
            self._queue.append(Expired(room=room, upto=first - 1))
        self._queue.extend(events)
        self._taken[room] = last
        if last < upto:
            self._missed[room] = _Missed(last, upto)
        else:
            del self._missed[room]

    def _relabel(self, said: Relabelled) -> None:
        old, new = said.room, said.new
        if old in self._missed:
            self._missed[new] = self._missed.pop(old)
        if old in self._taken:
            self._taken[new] = self._taken.pop(old)
        if self._room is not None and self._wants(said.room):
            self._room = said.new
