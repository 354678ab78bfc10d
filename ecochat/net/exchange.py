"""The exchange: brings what is proposed through the hub and the store to its readers.

A turn: all that was proposed in one turn of the reactor is applied as one group,
stored as one transaction, and only then told. What comes meanwhile is the next group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from ecochat.core.facts import Facts
from ecochat.core.hub import Group, Hub
from ecochat.core.items import (
    Event,
    Item,
    Note,
    Reply,
    RoomDropped,
    RoomMade,
    SessionClosed,
    SessionOpened,
    SessionRenamed,
    Stopping,
)
from ecochat.core.limits import Limits
from ecochat.core.requests import Request
from ecochat.net.channel import Channel, Guard, Reader, Recent
from ecochat.net.delivery import Turn
from ecochat.net.listing import Pages
from ecochat.net.serverlog import ServerLog
from ecochat.net.storage import Storage
from ecochat.store.port import StoreError

WAITING = 2_000
"""Proposals that may wait for the group before them: a commit of so many takes about
10 ms."""

WAITING_TEXT = 2**20
"""Code points that their frames may have together, of up to 4 bytes each."""

RETRY = 1.0
"""Seconds until departures that could not be stored are tried again."""


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


class Exchange:
    """See the module.

    :ivar channels: the rooms by id, as far as they are committed.
    :ivar sessions: the links of open sessions, by their number.
    :ivar links: the connections by the number they have in the order.
    :ivar pages: where outlets read what memory no longer holds.
    :ivar stop_server: called when an operator wants the server to stop, with the
        seconds until then.
    :param facts: what the server says of itself.
    :param log_messages: whether the log has what is said.
    """

    log = Logger()

    def __init__(
        self,
        limits: Limits,
        storage: Storage,
        reactor: Any,
        facts: Facts | None = None,
        log_messages: bool = False,
    ) -> None:
        self.pages: Pages = storage
        self.stop_server: Callable[[int], None] = lambda seconds: None
        self.channels: dict[int, Channel] = {}
        self.links: dict[int, Attached] = {}
        self.sessions: dict[int, Attached] = {}
        self._limits = limits
        self._facts = facts
        self._storage = storage
        self._reactor = reactor
        self._server_log = ServerLog(log_messages)
        self._recent = Recent()
        self._stalled: dict[Attached, None] = {}
        self._last_origin = 0
        self._turn_due = False
        self._retry_due = False
        self._failing = 0
        self._stopping = False
        self._idle: list[Deferred[None]] = []

    def start(self) -> None:
        """Open the store, blocking; :raises StoreError: see the store."""
        loaded = self._storage.start()
        self._hub = Hub(self._limits, loaded, self._facts)
        for room in loaded.rooms:
            self._add_channel(room.id, room.name, room.last)

    def _add_channel(
        self, room: int, name: str, last: int = 0, is_private: bool = False
    ) -> None:
        channel = Channel(room, name, last, self._recent, is_private)
        self.channels[room] = channel

    # For links

    def attach(self, link: Attached) -> int:
        """Take a new connection, and return its number in the order."""
        self._last_origin += 1
        self.links[self._last_origin] = link
        return self._last_origin

    def detach(self, origin: int) -> None:
        """Forget a connection whose session has ended or never begun."""
        link = self.links.pop(origin, None)
        if link is not None:
            self._stalled.pop(link, None)

    def now(self) -> float:
        """Return the present time, in seconds since 1970 (UTC)."""
        seconds: float = self._reactor.seconds()
        return seconds

    def later(self, seconds: float, call: Callable[[], None]) -> IDelayedCall:
        """Call something after some seconds."""
        delayed: IDelayedCall = self._reactor.callLater(seconds, call)
        return delayed

    def has_room(self, link: Attached) -> bool:
        """Whether another proposal may come now; if not, the link is told when."""
        full = self._hub.waiting >= WAITING or self._hub.waiting_text >= WAITING_TEXT
        if not (full or self._stopping):
            return True
        self._stalled[link] = None
        return False

    def propose(self, origin: int, request: Request, size: int = 0) -> None:
        """Put a request into the order; its group is applied at the turn's end.

        :param size: code points of the frame that it comes from.
        """
        self._hub.propose(origin, int(self.now() * 1000), request, size)
        self._schedule()

    # The turn

    def _schedule(self) -> None:
        if not (self._turn_due or self._hub.busy):
            self._turn_due = True
            self._reactor.callLater(0, self._turn)

    def _turn(self) -> None:
        self._turn_due = False
        group = self._hub.apply()
        if group.batch:
            stored = self._storage.append(group.batch)
            stored.addCallbacks(
                self._committed,
                self._refused,
                callbackArgs=(group,),
                errbackArgs=(group,),
            )
            stored.addErrback(self._broken)
        else:
            self._tell(group, self._hub.commit())
        self._unstall()

    def _unstall(self) -> None:
        stalled, self._stalled = self._stalled, {}
        for link in stalled:
            link.guarded(link.take)

    def _committed(self, _: None, group: Group) -> None:
        if self._failing:
            self.log.info(
                "storing again; {count} groups were refused", count=self._failing
            )
            self._failing = 0
        self._tell(group, self._hub.commit())

    def _refused(self, failure: Failure, group: Group) -> None:
        expected = failure.check(StoreError)
        reason = str(failure.value) if expected else "the server failed"
        if not expected:
            self.log.failure("storing failed", failure)
        elif not self._failing:
            self.log.error(
                "cannot store: {reason}; what comes is refused until it can",
                reason=reason,
            )
        self._failing += 1
        self._tell(group, self._hub.fail(reason))
        if self._hub.has_unstored and not self._retry_due:
            self._retry_due = True
            self.later(RETRY, self._retry)

    def _retry(self) -> None:
        self._retry_due = False
        if self._hub.has_unstored and not self._stopping:
            self._schedule()

    def _broken(self, failure: Failure) -> None:
        self.log.failure("telling what was stored failed", failure)

    def _tell(self, group: Group, items: list[Item]) -> None:
        origins = Counter([proposal.origin for proposal in group.proposals])
        for origin, count in origins.items():
            link = self.links.get(origin)
            if link is not None:
                link.answered(count)
        try:
            self._deliver(items)
        finally:
            self._go_on()

    def _go_on(self) -> None:
        if self._hub.waiting:
            self._schedule()
        elif self._idle:
            idle, self._idle = self._idle, []
            for waiter in idle:
                waiter.callback(None)

    # What is told

    def _deliver(self, items: list[Item]) -> None:
        turn = Turn()
        for item in items:
            _TAKE[type(item)](self, turn, item)
        turn.deliver()

    def _take_event(self, turn: Turn, event: Event) -> None:
        channel = self.channels[event.room]
        turn.add_event(channel, event)
        author = self.sessions.get(event.session)
        if author is not None:
            turn.set_apart(author.outlet)
        if not channel.is_private:
            self._server_log.message(channel.name, event)

    def _take_note(self, turn: Turn, note: Note) -> None:
        turn.add_note(self.channels[note.room], note)

    def _take_reply(self, turn: Turn, reply: Reply) -> None:
        link = self.links.get(reply.origin)
        if link is not None:
            turn.set_apart(link.outlet)
            link.guarded(link.told, reply)

    def _take_room(self, _: Turn, made: RoomMade) -> None:
        self._add_channel(made.room, made.name, is_private=bool(made.owners))
        if not made.owners:
            self._server_log.record(made)

    def _take_dropped(self, _: Turn, dropped: RoomDropped) -> None:
        del self.channels[dropped.room]

    def _take_stopping(self, _: Turn, stopping: Stopping) -> None:
        self.stop_server(stopping.seconds)

    def _take_opened(self, _: Turn, opened: SessionOpened) -> None:
        link = self.links.get(opened.origin)
        if link is not None:
            self.sessions[opened.session] = link
        self._server_log.record(opened)

    def _take_renamed(self, _: Turn, renamed: SessionRenamed) -> None:
        self._server_log.record(renamed)

    def _take_closed(self, _: Turn, closed: SessionClosed) -> None:
        self.sessions.pop(closed.session, None)
        self._server_log.record(closed)

    # The end

    async def stop(self) -> None:
        """Store what is pending, tell everyone, end all sessions, close the store."""
        self._stopping = True
        await self._all_told()
        for link in list(self.links.values()):
            link.guarded(link.stop)
        await self._all_told()
        self._storage.stop()

    async def _all_told(self) -> None:
        if self._hub.busy or self._hub.waiting:
            told: Deferred[None] = Deferred()
            self._idle.append(told)
            await told


_TAKE: dict[type[Item], Callable[[Exchange, Turn, Any], None]] = {
    Event: Exchange._take_event,
    Note: Exchange._take_note,
    Reply: Exchange._take_reply,
    RoomMade: Exchange._take_room,
    RoomDropped: Exchange._take_dropped,
    Stopping: Exchange._take_stopping,
    SessionOpened: Exchange._take_opened,
    SessionRenamed: Exchange._take_renamed,
    SessionClosed: Exchange._take_closed,
}
