"""A session's way out: a position in the log of each of its rooms, not a queue.

What a session is sent is the part of the hub's one order that concerns it. An outlet
knows up to where it has sent that: the number of the last event for each room, and
what was said to its session alone and is not sent yet. When the socket takes no more,
nothing is queued; when it has drained, the outlet reads on from its positions, from
memory or from the store.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import merge
from itertools import chain
from operator import attrgetter
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ecochat.core.items import (
    Body,
    Ended,
    Entered,
    Event,
    Exited,
    LogRange,
    Note,
    Reply,
    RoomsPage,
    Welcomed,
    WhoPage,
)
from ecochat.core.requests import Request
from ecochat.dialects.port import Dialect, View
from ecochat.net.channel import Channel, Told
from ecochat.net.pipe import Pipe
from ecochat.store.port import StoreError

CHUNK = 64 * 1024
"""Bytes written at once, ending at a frame's end, and so the most that is held for a
session whose socket is full (a single longer frame excepted)."""

PAGE = 32 * 1024
"""Characters of text read from the store at once: about a chunk's worth."""

_BY_SEQ = attrgetter("seq")


class Owner(Protocol):
    """What an outlet needs of the link that it belongs to."""

    def ask(self, request: Request) -> None:
        """Ask the hub for the next part of a list."""

    def settled(self) -> None:
        """All that the session has asked for is sent."""

    def finished(self) -> None:
        """The last byte is given to the transport."""

    def waits_for_store(self, failure: Failure, again: Callable[[], None]) -> None:
        """The log could not be read: have it tried again later."""

    def failed(self, error: object) -> None:
        """Something went wrong that only this session suffers from."""

    def guarded(self, serve: Callable[..., None], *arguments: Any) -> None:
        """Call something; its failing is this session's alone."""


class Pages(Protocol):
    """Where an outlet reads what memory no longer holds."""

    def page(
        self, room: int, after: int, upto: int, size: int
    ) -> Deferred[list[Event]]:
        """See :meth:`ecochat.store.port.Store.page`."""


class Listing:
    """A part of a room's log on its way to a session that asked for it."""

    def __init__(self, wanted: LogRange) -> None:
        self.wanted = wanted
        self.after = wanted.after


class Outlet:
    """See the module.

    :ivar session: the session's number, 0 before it has begun; its own events are
        told to it as numbers.
    :ivar live: everything is sent and the socket takes more: what comes next may be
        written at once, in the same bytes as to others.
    :ivar positions: by channel, the number of the last event sent.
    """

    def __init__(
        self,
        pipe: Pipe,
        dialect: Dialect,
        channels: Mapping[int, Channel],
        pages: Pages,
        owner: Owner,
    ) -> None:
        self.dialect = dialect
        self.session = 0
        self.live = True
        self.positions: dict[Channel, int] = {}
        self._pipe = pipe
        self._channels = channels
        self._pages = pages
        self.owner = owner
        self._current: Channel | None = None
        self._seq = 0
        self._owed: deque[Reply] = deque()
        self._listing: Listing | None = None
        self._more: Request | None = None
        self._asked = False
        self._behind: dict[Channel, list[Told[Event]]] = {}
        self._reading = False
        self._ending = False
        self._last = b""
        self._closed = False

    @property
    def owes(self) -> bool:
        """Whether there is unsent output, or something asked for is not sent yet."""
        return bool(self._pipe.blocked or self._owed or self._lists)

    @property
    def _lists(self) -> bool:
        return bool(self._listing or self._more or self._asked)

    def view(self, channel: Channel) -> View:
        """Return how this session sees a channel."""
        return View.CURRENT if channel is self._current else View.OTHER

    def owe(self, reply: Reply) -> None:
        """Take something for this session alone; :meth:`pump` sends it."""
        if not self._closed:
            self.live = False
            self._owed.append(reply)

    def deliver(self, channel: Channel, data: bytes) -> None:
        """Send all that is new in a channel, to an outlet that is live."""
        self.positions[channel] = channel.last
        self._pipe.write(data)
        self.live = not self._pipe.blocked

    def pump(self, notes: Sequence[Told[Note]] = ()) -> None:
        """Send what there is to be sent, as far as the socket takes it.

        :param notes: presence since the last turn, by rising place, for a session
            that is up to date; one that is behind is not told.
        """
        while not (self._pipe.blocked or self._closed):
            if self._ending:
                self._finish()
            elif self._reading:
                break
            elif self._listing is not None:
                self._read_listing(self._listing)
            elif self._more is not None:
                self._ask(self._more)
            elif not self._send_chunk(notes):
                break
        busy = self.owes or self._reading or self._closed
        self.live = not busy
        if not busy:
            self.owner.settled()

    def drained(self) -> None:
        """The pipe takes more again."""
        self.owner.guarded(self.pump)

    def end(self, last: bytes) -> None:
        """Send nothing more but this, and finish when it has left."""
        self._forget()
        self._last = last
        self._ending = True
        self.pump()

    def _finish(self) -> None:
        if self._last:
            last, self._last = self._last, b""
            self._pipe.write(last)
        else:
            self._closed = True
            self.owner.finished()

    def close(self) -> None:
        """Send nothing more: the connection is gone."""
        self._forget()
        self._closed = True

    def _forget(self) -> None:
        self.live = False
        for channel in self.positions:
            del channel.readers[self]
        self.positions.clear()
        self._behind.clear()
        self._owed.clear()
        self._listing = self._more = None
        self._asked = False

    # The stream: the part of the one order that concerns this session

    def _send_chunk(self, notes: Sequence[Told[Note]]) -> bool:
        """Send what is next; return whether there may be more."""
        sources = self._sources(notes)
        if sources is None:
            return True
        chunk: list[bytes] = []
        size = 0
        more = False
        for item in _merged(sources):
            data = self._form(item)
            size += len(data)
            more = size > CHUNK and bool(chunk)
            if more:
                break
            chunk.append(data)
            more = self._sent(item)
            if more:
                break
        if any(chunk):
            self._pipe.write(b"".join(chunk))
        if self._pipe.blocked:
            self._behind.clear()  # what is left of a page is read again
        return more

    def _sources(self, notes: Sequence[Told[Note]]) -> list[Iterable[Any]] | None:
        """Return what is unsent, each source in order; None when pages have to be
        read from the store first."""
        sources: list[Iterable[Any]] = [list(self._owed)] if self._owed else []
        if self._asked:
            return sources  # a list is not mixed with anything else
        lagging = [c for c, n in self.positions.items() if n < c.last]
        for channel in lagging:
            after = self.positions[channel]
            page = self._behind.get(channel)
            if page is not None:
                sources.append([entry for entry in page if entry.item.n > after])
            elif (entries := channel.after(after)) is not None:
                sources.append(entries)
            else:
                self._read_behind(channel, after, PAGE // len(lagging))
                return None
        if notes and self.positions:
            begin = bisect_right(notes, self._seq, key=_BY_SEQ)
            sources.append(filter(self._is_told, notes[begin:]))
        return sources

    def _is_told(self, note: Told[Note]) -> bool:
        here = note.channel in self.positions
        return here and note.item.session != self.session

    def _form(self, item: Told[Event | Note] | Reply) -> bytes:
        if isinstance(item, Told):
            what = item.item
            own = what.session == self.session and type(what) is Event
            return item.form(self.dialect, View.OWN if own else self.view(item.channel))
        is_log = isinstance(item.body, LogRange)
        return b"" if is_log else self.dialect.reply(item.body)

    def _sent(self, item: Told[Event | Note] | Reply) -> bool:
        """Note that this has been sent; True when what follows has to be found anew."""
        self._seq = item.seq
        if isinstance(item, Reply):
            return self._sent_reply(item)
        what = item.item
        return isinstance(what, Event) and self._sent_event(item.channel, what.n)

    def _sent_event(self, channel: Channel, n: int) -> bool:
        """Move the position; True at the end of a page, when there is more to read."""
        self.positions[channel] = n
        page = self._behind.get(channel)
        if page is None or page[-1].item.n > n:
            return False
        del self._behind[channel]
        return True

    def _sent_reply(self, reply: Reply) -> bool:
        """Do what a reply means for the stream; True when it changes what follows."""
        self._owed.popleft()
        asked, self._asked = self._asked, False
        change = _CHANGES.get(type(reply.body))
        if change is None:
            return asked  # what waited for the list follows
        change(self, reply.body)
        return True

    def _enter(self, body: Entered) -> None:
        self._current = channel = self._channels[body.room]
        self.positions.setdefault(channel, body.last)
        channel.readers[self] = None

    def _leave(self, body: Exited) -> None:
        channel = self._channels[body.room]
        del self.positions[channel], channel.readers[self]
        self._behind.pop(channel, None)
        self._current = self._channels[body.current] if body.current else None

    def _begin_list(self, body: WhoPage | RoomsPage) -> None:
        self._more = body.more

    def _begin_listing(self, body: LogRange) -> None:
        self._listing = Listing(body)

    def _begin_end(self, body: Ended) -> None:
        self._forget()
        self._ending = True

    # Reading

    def _ask(self, request: Request) -> None:
        self._more, self._asked = None, True
        self.owner.ask(request)

    def _read_behind(self, channel: Channel, after: int, size: int) -> None:
        def take(events: list[Event]) -> None:
            self._behind[channel] = [Told(channel, event) for event in events]

        self._read(channel.room, after, channel.last, size, take)

    def _read_listing(self, listing: Listing) -> None:
        wanted = listing.wanted
        if listing.after >= wanted.upto:
            self._listing = None
            self._pipe.write(self.dialect.log_end(wanted.name, wanted.end))
        else:
            self._read(
                wanted.room, listing.after, wanted.upto, PAGE, self._send_entries
            )

    def _send_entries(self, events: list[Event]) -> None:
        listing = self._listing
        if listing is None:
            return
        chunk: list[bytes] = []
        size = 0
        for event in events:
            data = self.dialect.log_entry(listing.wanted.name, event)
            size += len(data)
            if size > CHUNK and chunk:
                break
            chunk.append(data)
            listing.after = event.n
        self._pipe.write(b"".join(chunk))

    def _read(
        self,
        room: int,
        after: int,
        upto: int,
        size: int,
        take: Callable[[list[Event]], None],
    ) -> None:
        self._reading = True
        page = self._pages.page(room, after, upto, size)
        page.addCallbacks(self._read_done, self._read_failed, callbackArgs=(take,))
        page.addErrback(self.owner.failed)

    def _read_failed(self, failure: Failure) -> None:
        failure.trap(StoreError)
        self.owner.waits_for_store(failure, self._read_again)

    def _read_again(self) -> None:
        self._reading = False
        self.pump()

    def _read_done(
        self, events: list[Event], take: Callable[[list[Event]], None]
    ) -> None:
        self._reading = False
        if self._closed:
            return
        if not events:
            raise LookupError("the store has nothing where the log goes on")
        take(events)
        self.pump()


def _merged(sources: list[Iterable[Any]]) -> Iterable[Any]:
    return merge(*sources, key=_BY_SEQ) if len(sources) > 1 else chain(*sources)


_CHANGES: dict[type[Body], Callable[[Outlet, Any], None]] = {
    Welcomed: Outlet._enter,
    Entered: Outlet._enter,
    Exited: Outlet._leave,
    WhoPage: Outlet._begin_list,
    RoomsPage: Outlet._begin_list,
    LogRange: Outlet._begin_listing,
    Ended: Outlet._begin_end,
}
