"""A session's way out: a position in the log of each of its rooms, not a queue.

What a session is sent is the part of the hub's one order that concerns it. An outlet
knows up to where it has sent that: the number of the last event for each room, and
what was said to its session alone and is not sent yet. When the socket takes no more,
nothing is queued; when it has drained, the outlet reads on from its positions, from
memory or from the store.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import partial
from heapq import merge
from itertools import chain, groupby
from operator import attrgetter
from typing import Any, Final, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ecochat.core.items import (
    AcksSet,
    Body,
    Ended,
    Event,
    Note,
    Reply,
    RoomsPage,
    WhoPage,
)
from ecochat.core.requests import Request
from ecochat.dialects.port import Dialect, View
from ecochat.net.channel import Channel, Channels, Told
from ecochat.net.heard import Heard
from ecochat.net.listing import CHUNK, LISTINGS, PAGE, Listing
from ecochat.net.owed import Owed, OwedQueue
from ecochat.net.pages import LogPages, Page
from ecochat.net.pipe import Pipe
from ecochat.store.port import StoreError

Rows = TypeVar("Rows")
"""What is read of the store."""

FEW = 400
"""The same as :data:`ecochat.net.listing.PAGE` for who is sent one thing at a time:
what is left of a page then is read again for the next."""

_BY_SEQ = attrgetter("seq")


class Asked(Enum):
    """The state of a list of which the next part is asked for and has not come."""

    ASKED = 1


ASKED: Final = Asked.ASKED


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


class Gone:
    """The owner of an outlet whose connection is gone: nothing is to be done then."""

    def ask(self, request: Request) -> None:
        """See :class:`Owner`."""

    def settled(self) -> None:
        """See :class:`Owner`."""

    def finished(self) -> None:
        """See :class:`Owner`."""

    def waits_for_store(self, failure: Failure, again: Callable[[], None]) -> None:
        """See :class:`Owner`."""

    def failed(self, error: object) -> None:
        """See :class:`Owner`."""

    def guarded(self, serve: Callable[..., None], *arguments: Any) -> None:
        """See :class:`Owner`."""

    def drained(self) -> None:
        """See :class:`ecochat.net.pipe.Drained`."""


GONE = Gone()


class Outlet:
    """See the module.

    :ivar session: the session's number, 0 before it has begun; its own events are
        told to it as numbers.
    :ivar live: everything is sent and the socket takes more: what comes next is sent
        at once, in the same bytes as to others.
    """

    __slots__ = (
        *("_acks", "_channels", "_closed", "_heard", "_hole", "_last", "_list"),
        *("_owed", "_pages", "_pipe", "_reading", "_seq"),
        *("dialect", "live", "owner", "session"),
    )

    def __init__(
        self,
        pipe: Pipe,
        dialect: Dialect,
        channels: Channels,
        pages: LogPages,
        owner: Owner,
    ) -> None:
        self.dialect = dialect
        self.session = 0
        self.live = True
        self.owner: Owner = owner
        self._heard = Heard(channels)
        self._pipe = pipe
        self._channels = channels
        self._pages = pages
        self._seq = 0
        self._acks = True
        self._owed = OwedQueue()
        self._list: Listing | Request | Asked | None = None
        self._hole: tuple[Channel, int] | None = None
        self._reading = False
        self._last: bytes | None = None  # what there is to say before the end
        self._closed = False

    @property
    def positions(self) -> dict[Channel, int]:
        """See :class:`ecochat.net.heard.Heard`."""
        return self._heard.positions

    @property
    def owes(self) -> bool:
        """Whether there is unsent output, or something asked for is not sent yet. Where
        each thing is sent by itself, what others write does not count: in a busy room
        there is always some of that unsent."""
        unsent = self._pipe.blocked and self.dialect.is_framed
        return bool(unsent or self._owed or self._list is not None)

    @property
    def owed(self) -> OwedQueue:
        """What is for this session alone and not sent yet."""
        return self._owed

    def owe(self, reply: Reply) -> Owed:
        """Take something for this session alone; :meth:`pump` sends it, unless the end
        is there before it."""
        owed = Owed(reply, self._channels.get(getattr(reply.body, "room", 0)))
        if not (self._closed or self._last is not None):
            self.fall_behind()
            self._owed.add(owed, self.positions)
        return owed

    def begin_anew(self, dialect: Dialect) -> None:
        """Speak another dialect, and forget the session so far: nothing that is told to
        it is of use to the client."""
        self._forget()
        self._heard.current = None
        self.session = 0
        self.dialect = dialect

    def ping(self) -> None:
        """Ask the client whether it is there, if there is nothing else to send."""
        if self.live:
            self._pipe.write(self.dialect.ping())
            self._look_at_pipe()

    def hold(self, data: bytes) -> None:
        """Take what was not sent at once of what all who are live are told."""
        self._pipe.hold(data)
        self._look_at_pipe()

    def _look_at_pipe(self) -> None:
        if self._pipe.blocked:
            self.fall_behind()

    def fall_behind(self) -> None:
        """Read on from the positions, by :meth:`pump`, from now on."""
        if self.live:
            self.live = False
            self._heard.fall_behind(self.dialect, self._pipe.send)

    def _catch_up(self) -> None:
        if not self.live:
            self.live = True
            self._heard.catch_up(self, self.dialect, self._pipe.send)

    def pump(self, notes: Sequence[Told[Note]] = ()) -> None:
        """Send what there is to be sent, as far as the socket takes it.

        :param notes: presence since the last turn, by rising place, for a session
            that is up to date; one that is behind is not told.
        """
        self.fall_behind()
        while not (self._pipe.blocked or self._closed):
            if self._last is not None and not self._owed:
                self._finish(self._last)
            elif self._reading:
                break
            elif self._list is not None and self._list is not ASKED:
                self._advance(self._list)
            elif not self._send_chunk(notes) and self._last is None:
                break
        ends = self._closed or self._last is not None
        if not (self.owes or self._reading or ends):
            if not self._pipe.blocked:
                self._catch_up()
            self.owner.settled()

    def drained(self) -> None:
        """The pipe takes more again."""
        self.owner.guarded(self.pump)

    def end(self, last: bytes) -> None:
        """Send nothing more but this, and finish when it has left. Where each thing is
        sent by itself, the answers that wait only for that go before it."""
        owed, self._owed = self._owed, OwedQueue()
        self._forget()
        if not self.dialect.is_framed:
            self._owed = owed
        self._last = last
        self.pump()

    def _finish(self, last: bytes) -> None:
        if last:
            self._last = b""
            self._pipe.write(last)
        else:
            self._closed = True
            self.owner.finished()

    def close(self) -> None:
        """Send nothing more: the connection is gone. Nor is anyone told anything: so
        what it consists of is no circle, and freed as soon as nobody needs it. (The
        collector of circles comes late, after tens of thousands of connections.)"""
        self._forget()
        self._closed = True
        self._pipe.reader = self.owner = GONE

    def _forget(self) -> None:
        self.fall_behind()
        self._heard.forget()
        self._owed.clear()
        self._list = None

    # The stream: the part of the one order that concerns this session

    def _send_chunk(self, notes: Sequence[Told[Note]]) -> bool:
        """Send what is next; return whether there may be more."""
        is_framed = self.dialect.is_framed
        is_mixed = notes or self._owed or self._list is not None or not is_framed
        if not is_mixed and self._send_run():
            return False
        sources = self._sources(notes)
        if sources is None:
            return True
        chunk: list[bytes] = []
        size = 0
        most = CHUNK if is_framed else 0  # then one thing, and what says nothing
        more = False
        for item in _merged(sources):
            told = type(item) is Told
            data = self._form(item) if told else self._reply(item)
            size += len(data)
            more = size > most and bool(chunk)
            if more:
                break
            chunk.append(data)
            self._seq = item.seq
            more = self._heard.sent(item) if told else self._sent_reply(item)
            if more:
                break
        if any(chunk):
            self._pipe.write(b"".join(chunk))
        if self._pipe.blocked:
            self._heard.forget_pages()
        return more

    def _send_run(self) -> bool:
        """Send what follows in the one room in which something does, at once; False
        when that is not at hand, or too much."""
        run = self._heard.run()
        if not run:
            return False
        channel = run[0].channel
        own = self.session if self.dialect.has_views else 0
        view = self._heard.view(channel, self.dialect)
        name = self._heard.name(channel)
        parts: list[bytes] = []
        for is_own, group in groupby(run, lambda told: told.item.session == own):
            if not is_own:
                parts += [told.form(self.dialect, view, name) for told in group]
            elif self._acks:
                events = [told.item for told in group]
                room = name or channel.name
                parts.append(self.dialect.events(room, events, View.OWN))
        data = b"".join(parts)
        if len(data) > CHUNK:
            return False
        self._seq = run[-1].seq
        self.positions[channel] = run[-1].item.n
        if data:
            self._pipe.write(data)
        return True

    def _sources(self, notes: Sequence[Told[Note]]) -> list[Iterable[Any]] | None:
        """Return what is unsent, each source in order; None when pages have to be
        read from the store first."""
        if self._list is not None:  # a list is not mixed with anything else
            return [[owed for owed in self._owed if owed.is_answer]]
        sources: list[Iterable[Any]] = [list(self._owed)] if self._owed else []
        self._heard.forget_stale()
        lagging = self._heard.lagging
        for channel in lagging:
            if self.positions[channel] < channel.first - 1:
                self._skip_expired(channel)
                return None
            entries = self._heard.unsent(channel)
            if entries is None:
                size = PAGE if self.dialect.is_framed else FEW
                self._read_behind(channel, size // len(lagging))
                return None
            sources.append(entries)
        if notes and self.positions:
            begin = bisect_right(notes, self._seq, key=_BY_SEQ)
            sources.append(filter(self._is_told, notes[begin:]))
        return sources

    def _skip_expired(self, channel: Channel) -> None:
        upto = channel.first - 1
        name = self._heard.name(channel) or channel.name
        view = self._heard.view(channel, self.dialect)
        self._pipe.write(self.dialect.expired(name, upto, view))
        self._heard.skip(channel, upto)

    def _is_told(self, note: Told[Note]) -> bool:
        here = note.channel in self.positions
        return here and note.item.session != self.session

    def _form(self, told: Told[Event | Note]) -> bytes:
        what, channel = told.item, told.channel
        view = self._heard.view(channel, self.dialect)
        is_own = what.session == self.session and type(what) is Event
        if is_own and self.dialect.has_views:
            if not self._acks:
                return b""
            view = View.OWN
        return told.form(self.dialect, view, self._heard.name(channel))

    def _reply(self, owed: Owed) -> bytes:
        is_read = type(owed.body) in LISTINGS
        return b"" if is_read else self.dialect.reply(owed.body, owed.ref)

    def _sent_reply(self, owed: Owed) -> bool:
        """Do what a reply means for the stream; True when it changes what follows."""
        self._owed.remove(owed)
        asked, self._list = self._list, None
        body = owed.body
        kind = type(body)
        if kind in LISTINGS:
            self._list = LISTINGS[kind](body, self.dialect, owed.ref, self._channels)
        elif kind in _CHANGES:
            _CHANGES[kind](self, body)
        elif not self._heard.change(body, owed.channel):
            return asked is not None  # what waited for the list follows
        return True

    def _set_acks(self, body: AcksSet) -> None:
        self._acks = body.on

    def _begin_list(self, body: WhoPage | RoomsPage) -> None:
        self._list = body.more

    def _begin_end(self, body: Ended) -> None:
        self._forget()
        self._last = b""

    # Reading

    def _advance(self, part: Listing | Request) -> None:
        """Go on with a list: what is here of it, or what is still to be asked for."""
        if isinstance(part, Request):
            self._list = ASKED
            self.owner.ask(part)
        else:
            self._read_listing(part)

    def _read_behind(self, channel: Channel, size: int) -> None:
        after = self.positions[channel]

        def take(page: Page) -> None:
            if self.positions.get(channel) != after:
                return  # that session was begun anew
            if not page.told or page.told[0].item.n != after + 1:
                self._miss(channel, after)
            elif not self._send_page(channel, page):
                self._heard.take_page(channel, page)

        self._read(self._pages.page(channel, after, size), take)

    def _send_page(self, channel: Channel, page: Page) -> bool:
        """Send all of a page in the bytes that others are sent; False when that cannot
        be: something else comes between, or some of it is told to this one alone."""
        if self._owed or self._heard.lagging != [channel] or channel.is_private:
            return False
        if not self.dialect.is_framed:
            return False
        if self.dialect.has_views and self.session in page.writers:
            return False
        data = page.form(self.dialect, self._heard.view(channel, self.dialect))
        if len(data) > CHUNK:
            return False
        self._seq = page.told[-1].seq
        self.positions[channel] = page.told[-1].item.n
        self._pipe.write(data)
        return True

    def _miss(self, channel: Channel, after: int) -> None:
        """Read again what the store does not have: it has expired, and this is told of
        it in a moment. If not, that is a fault, and not passed over."""
        error = LookupError(f"what follows {after} is not in the store")
        if self._hole == (channel, after):
            raise error
        self._hole = channel, after
        self._wait(Failure(error))

    def _read_listing(self, listing: Listing) -> None:
        if listing.over:
            self._list = None
            self._pipe.write(listing.end())
        else:
            send = partial(self._send_rows, self._channels.as_of)
            self._read(listing.read(self._pages.store), send)

    def _send_rows(self, as_of: int, rows: list[Any]) -> None:
        listing = self._list
        if isinstance(listing, Listing) and not self._is_stale(rows, as_of):
            chunk = listing.chunk(rows)
            if chunk:
                self._pipe.write(chunk)

    def _read(self, page: Deferred[Rows], take: Callable[[Rows], None]) -> None:
        self._reading = True
        page.addCallbacks(self._read_done, self._read_failed, callbackArgs=(take,))
        page.addErrback(self.owner.failed)

    def _read_failed(self, failure: Failure) -> None:
        failure.trap(StoreError)
        self._wait(failure)

    def _wait(self, failure: Failure) -> None:
        self._reading = True
        self.owner.waits_for_store(failure, self._read_again)

    def _read_again(self) -> None:
        self._reading = False
        self.pump()

    def _read_done(self, rows: Rows, take: Callable[[Rows], None]) -> None:
        self._reading = False
        if not self._closed:
            take(rows)
            self.pump()

    def _is_stale(self, rows: list[Any], as_of: int) -> bool:
        events = (getattr(row, "event", row) for row in rows)
        found = (event for event in events if isinstance(event, Event))
        return self._channels.has_stale(found, as_of)


def _merged(sources: list[Iterable[Any]]) -> Iterable[Any]:
    return merge(*sources, key=_BY_SEQ) if len(sources) > 1 else chain(*sources)


_CHANGES: dict[type[Body], Callable[[Outlet, Any], None]] = {
    AcksSet: Outlet._set_acks,
    WhoPage: Outlet._begin_list,
    RoomsPage: Outlet._begin_list,
    Ended: Outlet._begin_end,
}
"""What changes the stream, beside what changes which rooms are heard."""
