"""A session's way out: a position in the log of each of its rooms, not a queue.

What a session is sent is the part of the hub's one order that concerns it. An outlet
knows up to where it has sent that: the number of the last event for each room, and
what was said to its session alone and is not sent yet. When the socket takes no more,
nothing is queued; when it has drained, the outlet reads on from its positions, from
memory or from the store.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import merge
from itertools import chain
from operator import attrgetter
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ecochat.core.items import (
    AcksSet,
    Body,
    Dropped,
    Ended,
    Entered,
    Event,
    Exited,
    LogRange,
    Note,
    Opened,
    Relabelled,
    Reply,
    RoomsPage,
    StatusRange,
    Welcomed,
    WhoPage,
)
from ecochat.core.requests import Request
from ecochat.dialects.port import Dialect, View
from ecochat.net.channel import Channel, Told
from ecochat.net.listing import (
    CHUNK,
    PAGE,
    Listing,
    LogListing,
    Pages,
    StatusListing,
    present,
)
from ecochat.net.owed import Owed, OwedQueue
from ecochat.net.pipe import Pipe
from ecochat.store.port import StoreError

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
        self._acks = True
        self._names: dict[Channel, str] = {}  # of private rooms
        self._owed = OwedQueue()
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
            channel = self._channels.get(getattr(reply.body, "room", 0))
            self._owed.add(Owed(reply, channel), self.positions)

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
        self._names.clear()
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
        if self._asked:  # a list is not mixed with anything else
            return [[owed for owed in self._owed if owed.is_answer]]
        sources: list[Iterable[Any]] = [list(self._owed)] if self._owed else []
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

    def _form(self, item: Told[Event | Note] | Owed) -> bytes:
        if isinstance(item, Owed):
            return self._reply(item.body)
        what = item.item
        own = what.session == self.session and isinstance(what, Event)
        if own and not self._acks:
            return b""
        view = View.OWN if own else self.view(item.channel)
        name = self._names.get(item.channel)
        return item.form(self.dialect, view, name)

    def _reply(self, body: Body) -> bytes:
        is_read = isinstance(body, LogRange | StatusRange)
        return b"" if is_read else self.dialect.reply(body)

    def _sent(self, item: Told[Event | Note] | Owed) -> bool:
        """Note that this has been sent; True when what follows has to be found anew."""
        self._seq = item.seq
        if isinstance(item, Owed):
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

    def _sent_reply(self, owed: Owed) -> bool:
        """Do what a reply means for the stream; True when it changes what follows."""
        self._owed.remove(owed)
        asked, self._asked = self._asked, False
        change = _CHANGES.get(type(owed.body))
        if change is None:
            return asked  # what waited for the list follows
        change(self, owed.body, owed.channel)
        return True

    def _enter(self, body: Entered, channel: Channel) -> None:
        self._hear(body, channel)
        self._current = channel

    def _hear(self, body: Entered | Opened, channel: Channel) -> None:
        self.positions.setdefault(channel, body.last)
        channel.readers[self] = None
        self._relabel(body, channel)

    def _relabel(self, body: Entered | Opened | Relabelled, channel: Channel) -> None:
        if channel.is_private:
            self._names[channel] = body.name

    def _leave(self, body: Exited, channel: Channel) -> None:
        self._part(body, channel)
        if channel is self._current:
            left = {other.room: other for other in self.positions}
            self._current = left[body.current] if body.current else None

    def _part(self, body: Body, channel: Channel) -> None:
        del self.positions[channel], channel.readers[self]
        self._behind.pop(channel, None)
        self._names.pop(channel, None)

    def _set_acks(self, body: AcksSet, channel: None) -> None:
        self._acks = body.on

    def _begin_list(self, body: WhoPage | RoomsPage, channel: None) -> None:
        self._more = body.more

    def _begin_log(self, body: LogRange, channel: Channel) -> None:
        self._listing = LogListing(body, self.dialect)

    def _begin_status(self, body: StatusRange, channel: None) -> None:
        self._listing = StatusListing(body, self.dialect)

    def _begin_end(self, body: Ended, channel: None) -> None:
        self._forget()
        self._ending = True

    # Reading

    def _ask(self, request: Request) -> None:
        self._more, self._asked = None, True
        self.owner.ask(request)

    def _read_behind(self, channel: Channel, after: int, size: int) -> None:
        def take(events: list[Event]) -> None:
            self._behind[channel] = [Told(channel, e) for e in present(events)]

        self._read(self._pages.page(channel.room, after, channel.last, size), take)

    def _read_listing(self, listing: Listing) -> None:
        if listing.over:
            self._listing = None
            self._pipe.write(listing.end())
        else:
            self._read(listing.read(self._pages), self._send_rows)

    def _send_rows(self, rows: list[Any]) -> None:
        chunk = self._listing.chunk(rows) if self._listing else b""
        if chunk:
            self._pipe.write(chunk)

    def _read(
        self, page: Deferred[list[Any]], take: Callable[[list[Any]], None]
    ) -> None:
        self._reading = True
        page.addCallbacks(self._read_done, self._read_failed, callbackArgs=(take,))
        page.addErrback(self.owner.failed)

    def _read_failed(self, failure: Failure) -> None:
        failure.trap(StoreError)
        self.owner.waits_for_store(failure, self._read_again)

    def _read_again(self) -> None:
        self._reading = False
        self.pump()

    def _read_done(self, rows: list[Any], take: Callable[[list[Any]], None]) -> None:
        self._reading = False
        if not self._closed:
            take(rows)
            self.pump()


def _merged(sources: list[Iterable[Any]]) -> Iterable[Any]:
    return merge(*sources, key=_BY_SEQ) if len(sources) > 1 else chain(*sources)


_CHANGES: dict[type[Body], Callable[[Outlet, Any, Any], None]] = {
    Welcomed: Outlet._enter,
    Entered: Outlet._enter,
    Opened: Outlet._hear,
    Relabelled: Outlet._relabel,
    Exited: Outlet._leave,
    Dropped: Outlet._part,
    AcksSet: Outlet._set_acks,
    WhoPage: Outlet._begin_list,
    RoomsPage: Outlet._begin_list,
    LogRange: Outlet._begin_log,
    StatusRange: Outlet._begin_status,
    Ended: Outlet._begin_end,
}
