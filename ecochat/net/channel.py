"""Rooms as the network sees them: who reads, what came last, and its bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from sys import getsizeof
from typing import Any, Generic, Protocol, TypeVar

from ecochat.core.items import Event, Note
from ecochat.dialects.port import Dialect, View

RECENT_BYTES = 4 * 2**20
"""Bytes of recent events kept in memory, of all rooms together: readers that are a
little behind are served from here. What is older comes from the store."""

ENTRY_OVERHEAD = 1_000
"""Bytes that an entry costs beside its text (measured: 0.6 to 1 KB with its forms)."""

TEXTS = 4
"""How often the text is held, at most: in the event, and in each of three forms."""


class Guard(Protocol):
    """Whom the failing of one reader concerns."""

    def guarded(self, serve: Callable[..., None], *arguments: Any) -> None:
        """Call something; its failing is that reader's alone."""


class Reader(Protocol):
    """What delivery needs of an outlet; see :class:`ecochat.net.outlet.Outlet`."""

    dialect: Dialect
    live: bool
    positions: dict[Channel, int]

    @property
    def owner(self) -> Guard:
        """The link that it belongs to."""

    def view(self, channel: Channel) -> View:
        """See :meth:`ecochat.net.outlet.Outlet.view`."""

    def deliver(self, channel: Channel, data: bytes) -> None:
        """See :meth:`ecochat.net.outlet.Outlet.deliver`."""

    def pump(self, notes: Sequence[Told[Note]] = ()) -> None:
        """See :meth:`ecochat.net.outlet.Outlet.pump`."""


Item = TypeVar("Item", bound=Event | Note, covariant=True)


class Told(Generic[Item]):
    """Something of a channel's that its readers are told, an event or a note, with the
    bytes of its forms, each made once, when first needed.

    :ivar seq: its place in the hub's one order.
    """

    __slots__ = ("_forms", "channel", "item", "seq")

    def __init__(self, channel: Channel, item: Item) -> None:
        self.channel = channel
        self.item = item
        self.seq = item.seq
        self._forms: dict[tuple[Dialect, View], bytes] = {}

    def form(self, dialect: Dialect, view: View) -> bytes:
        """Return how a dialect tells it."""
        form = self._forms.get((dialect, view))
        if form is None:
            name, item = self.channel.name, self.item
            if isinstance(item, Event):
                form = dialect.event(name, item, view)
            else:
                form = dialect.note(name, item, view)
            self._forms[dialect, view] = form
        return form


class Recent:
    """The newest events of all rooms within a number of bytes, oldest out first."""

    def __init__(self, limit: int = RECENT_BYTES) -> None:
        self._free = limit
        self._order: deque[Channel] = deque()

    def add(self, channel: Channel, entry: Told[Event]) -> None:
        """Count an entry that a channel has just taken."""
        self._order.append(channel)
        self._free -= _size(entry)
        while self._free < 0:
            self._free += _size(self._order.popleft().forget())


def _size(entry: Told[Event]) -> int:
    return ENTRY_OVERHEAD + TEXTS * getsizeof(entry.item.text)


class Channel:
    """A room's committed log as far as delivery needs it, and who reads it.

    :ivar last: the number of the newest committed event.
    :ivar readers: the outlets whose stream is in this room.
    """

    def __init__(self, room: int, name: str, last: int, recent: Recent) -> None:
        self.room = room
        self.name = name
        self.last = last
        self.readers: dict[Reader, None] = {}
        self._recent = recent
        self._entries: deque[Told[Event]] = deque()

    def append(self, event: Event) -> Told[Event]:
        """Take the next committed event."""
        entry = Told(self, event)
        self.last = event.n
        self._entries.append(entry)
        self._recent.add(self, entry)
        return entry

    def forget(self) -> Told[Event]:
        """Drop the oldest entry in memory, and return it."""
        return self._entries.popleft()

    def after(self, n: int) -> Iterator[Told[Event]] | None:
        """Return what follows a number, or None when memory does not reach so far."""
        skipped = n + 1 - (self.last - len(self._entries) + 1)
        if skipped < 0:
            return None
        # By index: islice would walk over all that is skipped.
        return map(self._entries.__getitem__, range(skipped, len(self._entries)))
