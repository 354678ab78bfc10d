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

TEXTS = 3
"""How often the text is held, at most: in the event, and in the two forms that are for
more than one reader."""


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

    def form(self, dialect: Dialect, view: View, name: str | None = None) -> bytes:
        """Return how a dialect tells it.

        :param name: what the reader calls the room, if it is a private one.
        """
        if name is not None or view is View.OWN:  # then there is but one reader
            return self._made(dialect, view, name or self.channel.name)
        form = self._forms.get((dialect, view))
        if form is None:
            form = self._made(dialect, view, self.channel.name)
            self._forms[dialect, view] = form
        return form

    def _made(self, dialect: Dialect, view: View, name: str) -> bytes:
        item = self.item
        if isinstance(item, Event):
            return dialect.event(name, item, view)
        return dialect.note(name, item, view)


class Recent:
    """The newest events of all rooms within a number of bytes, oldest out first."""

    def __init__(self, limit: int = RECENT_BYTES) -> None:
        self._free = limit
        self._order: deque[tuple[Channel, int]] = deque()

    def add(self, channel: Channel, entry: Told[Event]) -> None:
        """Count an entry that a channel has just taken."""
        size = ENTRY_OVERHEAD + TEXTS * getsizeof(entry.item.text)
        self._order.append((channel, size))
        self._free -= size
        while self._free < 0:
            oldest, size = self._order.popleft()
            oldest.forget()
            self._free += size


class Channel:
    """A room's committed log as far as delivery needs it, and who reads it.

    :param is_private: whether it belongs to two, each of whom calls it otherwise.
    :ivar last: the number of the newest committed event.
    :ivar readers: the outlets whose stream is in this room.
    """

    def __init__(
        self,
        room: int,
        name: str,
        last: int,
        recent: Recent,
        is_private: bool = False,
    ) -> None:
        self.is_private = is_private
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

    def forget(self) -> None:
        """Drop the oldest entry in memory."""
        self._entries.popleft()

    def after(self, n: int) -> Iterator[Told[Event]] | None:
        """Return what follows a number, or None when memory does not reach so far."""
        skipped = n + 1 - (self.last - len(self._entries) + 1)
        if skipped < 0:
            return None
        # By index: islice would walk over all that is skipped.
        return map(self._entries.__getitem__, range(skipped, len(self._entries)))
