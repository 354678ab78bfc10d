"""Pages of the log, for readers that are behind: those at one place share them.

When a server was restarted, hundreds come back at once, and most have seen the same.
So what follows a place is read once for all who wait for it, and told in the same
bytes. Nothing is kept that nobody waits for.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ecochat.core.items import Event
from ecochat.dialects.port import Dialect, View
from ecochat.net.channel import Channel, Channels, Told, Way
from ecochat.net.listing import Pages

Place = tuple[Channel, int, int]
"""A channel, the number of the last event before a page, and the page's size."""


class Page:
    """What follows a place in a channel; it is never changed.

    :ivar told: the events, by rising number.
    :ivar writers: the sessions whose events they are.
    """

    __slots__ = ("_channel", "_forms", "told", "writers")

    def __init__(self, channel: Channel, events: list[Event]) -> None:
        self.told = [Told(channel, event) for event in events]
        self.writers = {event.session for event in events}
        self._channel = channel
        self._forms: dict[Way, bytes] = {}

    def form(self, dialect: Dialect, view: View) -> bytes:
        """Return how a dialect tells all of it to those who did not write any of it, in
        a room that is not private."""
        form = self._forms.get((dialect, view))
        if form is None:
            events = [told.item for told in self.told]
            form = dialect.events(self._channel.name, events, view)
            self._forms[dialect, view] = form
        return form


class LogPages:
    """See the module.

    :ivar store: where they are read from, and what is not shared.
    """

    def __init__(self, store: Pages, channels: Channels) -> None:
        self.store = store
        self._channels = channels
        self._waiting: dict[Place, list[Deferred[Page]]] = {}

    def page(self, channel: Channel, after: int, size: int) -> Deferred[Page]:
        """Return what follows a number, up to what was the last one when the first who
        waits for it asked. It is as it was changed last.

        :param size: see :meth:`ecochat.store.port.Store.page`; it fails like that.
        """
        page: Deferred[Page] = Deferred()
        place = channel, after, size
        waiting = self._waiting.setdefault(place, [])
        waiting.append(page)
        if len(waiting) == 1:
            self._read(place)
        return page

    def _read(self, place: Place) -> None:
        channel, after, size = place
        events = self.store.page(channel.room, after, channel.last, size)
        events.addCallback(self._take, place, self._channels.as_of)
        events.addErrback(self._fail, place)

    def _take(self, events: list[Event], place: Place, as_of: int) -> None:
        if self._channels.has_stale(events, as_of):
            self._read(place)
            return
        page = Page(place[0], events)
        for waiting in self._waiting.pop(place):
            waiting.callback(page)

    def _fail(self, failure: Failure, place: Place) -> None:
        for waiting in self._waiting.pop(place):
            waiting.errback(failure)
