"""Which rooms a session hears, and how far it has been told of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ecochat.core.items import (
    Body,
    Dropped,
    Entered,
    Event,
    Exited,
    Note,
    Opened,
    Relabelled,
    Welcomed,
)
from ecochat.dialects.port import Dialect, View
from ecochat.net.channel import Channel, Channels, Reader, Send, Told
from ecochat.net.pages import Page


class Heard:
    """All of them, with the pages that were read of those it is far behind in.

    :ivar positions: by channel, the number of the last event sent, while the reader is
        behind; while it is up to date, that is where the channel is, and who hears but
        one shares these with all who do: most do, and their own would take 220 bytes.
    :ivar current: the room that the session is in; None before it is in one.
    """

    __slots__ = (
        *("_as_of", "_channels", "_names", "_pages"),
        *("current", "positions"),
    )

    def __init__(self, channels: Channels) -> None:
        self.positions: dict[Channel, int] = {}
        self.current: Channel | None = None
        self._channels = channels
        self._names: dict[Channel, str] | None = None  # of private rooms
        self._pages: dict[Channel, Page] | None = None
        self._as_of = 0  # up to when the pages are known not to be stale

    @property
    def lagging(self) -> list[Channel]:
        """Those of which not all is sent."""
        return [channel for channel, n in self.positions.items() if n < channel.last]

    def name(self, channel: Channel) -> str | None:
        """Return what the session calls a room, if it is a private one."""
        return None if self._names is None else self._names.get(channel)

    def forget(self) -> None:
        """Hear nothing any more."""
        self.positions = {}
        self._names = self._pages = None

    # How far

    def view(self, channel: Channel, dialect: Dialect) -> View:
        """Return how a channel is seen in a dialect."""
        is_current = channel is self.current and dialect.has_views
        return View.CURRENT if is_current else View.OTHER

    def catch_up(self, reader: Reader, dialect: Dialect, send: Send) -> None:
        """Be told what is new, from now on, with all who see it the same way."""
        for channel in self.positions:
            way = dialect, self.view(channel, dialect)
            channel.audiences[way][send] = reader
        if len(self.positions) == 1:
            self.positions = channel.alone

    def fall_behind(self, dialect: Dialect, send: Send) -> None:
        """Be told nothing, but keep where that began."""
        for channel in self.positions:
            way = dialect, self.view(channel, dialect)
            del channel.audiences[way][send]
        self.positions = {channel: channel.told for channel in self.positions}

    def unsent(self, channel: Channel) -> Iterable[Told[Event]] | None:
        """Return what follows, as far as it is at hand; None when a page has to be read
        first."""
        after = self.positions[channel]
        page = None if self._pages is None else self._pages.get(channel)
        if page is not None:
            return [entry for entry in page.told if entry.item.n > after]
        return channel.after(after)

    def run(self) -> list[Told[Event]]:
        """Return all that is unsent, if it is of one channel and in memory."""
        lagging = self.lagging
        if len(lagging) != 1 or self._pages is not None:
            return []
        [channel] = lagging
        after = self.positions[channel]
        return [] if after < channel.first - 1 else list(channel.after(after) or ())

    def take_page(self, channel: Channel, page: Page) -> None:
        """Take what follows in a channel, one event or more."""
        if self._pages is None:
            self._pages = {}
            self._as_of = self._channels.as_of
        self._pages[channel] = page

    def skip(self, channel: Channel, upto: int) -> None:
        """Go on behind a number; a page that was read before may end before it."""
        self.positions[channel] = upto
        if self._pages is not None:
            self._pages.pop(channel, None)
            self._pages = self._pages or None

    def forget_pages(self) -> None:
        """Have what is left of pages read again."""
        self._pages = None

    def forget_stale(self) -> None:
        """Have pages read again of which something has changed meanwhile."""
        as_of, self._as_of = self._as_of, self._channels.as_of
        if self._pages is not None:
            for channel, page in list(self._pages.items()):
                if self._channels.has_stale((told.item for told in page.told), as_of):
                    del self._pages[channel]

    def sent(self, told: Told[Event | Note]) -> bool:
        """Move the position; True at the end of a page, when there is more to read."""
        event, channel = told.item, told.channel
        if type(event) is not Event:
            return False
        self.positions[channel] = event.n
        if self._pages is None:
            return False
        page = self._pages.get(channel)
        if page is None or page.told[-1].item.n > event.n:
            return False
        del self._pages[channel]
        self._pages = self._pages or None
        return True

    # Which

    def change(self, body: Body, channel: Channel | None) -> bool:
        """Carry out what the session is told; False when it is not about this."""
        change = _CHANGES.get(type(body))
        if change is None:
            return False
        change(self, body, channel)
        return True

    def _welcome(self, body: Welcomed, channel: None) -> None:
        for room in body.rooms:
            entered = self._channels.get(room.room)
            if entered is not None:
                self._enter(room, entered)

    def _enter(self, body: Entered, channel: Channel) -> None:
        self._hear(body, channel)
        self.current = channel

    def _hear(self, body: Entered | Opened, channel: Channel) -> None:
        after = body.after if isinstance(body, Entered) else body.last
        self.positions.setdefault(channel, after)
        self._relabel(body, channel)

    def _relabel(self, body: Entered | Opened | Relabelled, channel: Channel) -> None:
        if channel.is_private:
            self._names = self._names or {}
            self._names[channel] = body.name

    def _leave(self, body: Exited, channel: Channel) -> None:
        self._part(body, channel)
        if channel is self.current:
            left = {other.room: other for other in self.positions}
            self.current = left[body.current] if body.current else None

    def _part(self, body: Body, channel: Channel) -> None:
        del self.positions[channel]
        if self._pages is not None:
            self._pages.pop(channel, None)
        if self._names is not None:
            self._names.pop(channel, None)


_CHANGES: dict[type[Body], Callable[[Heard, Any, Any], None]] = {
    Welcomed: Heard._welcome,
    Entered: Heard._enter,
    Opened: Heard._hear,
    Relabelled: Heard._relabel,
    Exited: Heard._leave,
    Dropped: Heard._part,
}
