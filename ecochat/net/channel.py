"""Rooms as the network sees them: who reads, what came last, and its bytes."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from sys import getsizeof
from typing import Any, Final, Generic, Protocol, TypeVar

from msgspec.structs import replace

from ecochat.core.changes import Changes
from ecochat.core.items import Changed, Event, Note, Reply
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

    @property
    def owner(self) -> Guard:
        """The link that it belongs to."""

    def fall_behind(self) -> None:
        """See :meth:`ecochat.net.outlet.Outlet.fall_behind`."""

    def hold(self, data: bytes) -> None:
        """See :meth:`ecochat.net.outlet.Outlet.hold`."""

    def pump(self, notes: Sequence[Told[Note]] = ()) -> None:
        """See :meth:`ecochat.net.outlet.Outlet.pump`."""


class Attached(Guard, Protocol):
    """What the exchange needs of a link; see :class:`ecochat.net.link.Link`."""

    @property
    def outlet(self) -> Reader:
        """Its way out."""

    def take(self) -> None:
        """See :meth:`ecochat.net.link.Link.take`."""

    def answered(self, count: int) -> None:
        """See :meth:`ecochat.net.link.Link.answered`."""

    def told(self, reply: Reply) -> None:
        """See :meth:`ecochat.net.link.Link.told`."""

    def stop(self) -> None:
        """See :meth:`ecochat.net.link.Link.stop`."""


Way = tuple[Dialect, View]
"""How someone sees a room: all who see it the same way are told the same bytes."""

Send = Callable[[bytes], int]
"""Sends to one reader; see :class:`ecochat.net.pipe.Pipe`."""

Audience = dict[Send, Reader]
"""Those who see it one way and are up to date, by what sends to each: who is told looks
at nothing else of a reader, and so at little memory."""

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
        self._forms: dict[Way, bytes] | None = None  # till there are some

    def change(self, item: Any) -> None:
        """Tell this from now on."""
        self.item = item
        self._forms = None

    def form(self, dialect: Dialect, view: View, name: str | None = None) -> bytes:
        """Return how a dialect tells it.

        :param name: what the reader calls the room, if it is a private one.
        """
        if name is not None or view is View.OWN:  # then there is but one reader
            return self._made(dialect, view, name or self.channel.name)
        if self._forms is None:
            self._forms = {}
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
        self._order: deque[tuple[Channel, int, int]] = deque()

    def add(self, channel: Channel, events: Sequence[Event]) -> None:
        """Count what a channel has just taken; it is forgotten together."""
        texts = sum([getsizeof(event.text) for event in events])
        size = ENTRY_OVERHEAD * len(events) + TEXTS * texts
        self._order.append((channel, len(events), size))
        self._free -= size
        while self._free < 0:
            oldest, count, size = self._order.popleft()
            oldest.forget(count)
            self._free += size


class Channels(dict[int, "Channel"]):
    """All of them, by the room's id.

    :ivar as_of: the place in the order of the last change of what was told before.
    """

    def __init__(self) -> None:
        super().__init__()
        self.as_of = 0
        self._changes = Changes()

    def change(self, changed: Changed) -> None:
        """Give a message, and its edits, another text."""
        self.as_of = changed.seq
        self._changes.note((changed.room, changed.target), changed.seq)
        self[changed.room].change(changed)

    def has_stale(self, events: Iterable[Event], as_of: int) -> bool:
        """Whether one of some events may have changed since they were read from the
        store.

        :param as_of: what ``as_of`` was when they were asked for.
        """
        if as_of == self.as_of:
            return False
        return any(self._is_stale(event, as_of) for event in events)

    def _is_stale(self, event: Event, as_of: int) -> bool:
        message = event.target if event.kind == "edit" else event.n
        return self._changes.since((event.room, message), as_of)


class Channel:
    """A room's committed log as far as delivery needs it, and who reads it.

    :param is_private: whether it belongs to two, each of whom calls it otherwise.
    :ivar first: the number of the oldest event that is kept.
    :ivar last: the number of the newest committed event.
    :ivar told: up to where those who are up to date have been told.
    :ivar alone: what all have as their positions who are up to date and hear no other
        channel; never changed.
    :ivar audiences: they, by how they see the room. Who is not there reads on from a
        position of its own.
    """

    def __init__(
        self,
        room: int,
        name: str,
        last: int,
        recent: Recent,
        is_private: bool = False,
        first: int = 1,
    ) -> None:
        self.is_private = is_private
        self.room = room
        self.name = name
        self.first = first
        self.last = last
        self.told = last
        self.alone: Final = {self: last}
        self.audiences: defaultdict[Way, Audience] = defaultdict(dict)
        self._recent = recent
        self._entries: deque[Told[Event]] = deque()
        self._expired = 0  # entries that are gone, and not yet counted so

    @property
    def listeners(self) -> list[Reader]:
        """All who are up to date."""
        return [*chain.from_iterable(a.values() for a in self.audiences.values())]

    def extend(self, events: Sequence[Event]) -> list[Told[Event]]:
        """Take the next committed events."""
        entries = [Told(self, event) for event in events]
        self.last = events[-1].n
        self._entries += entries
        self._recent.add(self, events)
        return entries

    def forget(self, count: int) -> None:
        """Drop the oldest entries in memory."""
        expired = min(self._expired, count)
        self._expired -= expired
        for _ in range(count - expired):
            self._entries.popleft()

    def expire(self, upto: int) -> None:
        """Drop all up to a number."""
        self.first = max(self.first, upto + 1)
        while self._entries and self._entries[0].item.n <= upto:
            self._entries.popleft()
            self._expired += 1

    def change(self, changed: Changed) -> None:
        """Give a message, and its edits, another text."""
        for entry in self._entries:
            event = entry.item
            is_edit = event.kind == "edit" and event.target == changed.target
            if event.n == changed.target or is_edit:
                by = changed.by
                entry.change(replace(event, text=changed.text, changed=by))

    def after(self, n: int) -> Iterator[Told[Event]] | None:
        """Return what follows a number, or None when memory does not reach so far."""
        skipped = n + 1 - (self.last - len(self._entries) + 1)
        if skipped < 0:
            return None
        # By index: islice would walk over all that is skipped.
        return map(self._entries.__getitem__, range(skipped, len(self._entries)))
