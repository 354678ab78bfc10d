"""The exchange: brings what is proposed through the hub and the store to its readers.

A turn: all that was proposed in one turn of the reactor is applied as one group,
stored as one transaction, and only then told. What comes meanwhile is the next group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from ecochat.core.facts import Facts
from ecochat.core.hub import Group, Hub
from ecochat.core.items import Event, Item, Missing
from ecochat.core.limits import Limits
from ecochat.core.requests import Expire, Informed, Lapse, Request
from ecochat.net.channel import Attached
from ecochat.net.following import Follower
from ecochat.net.grace import Grace
from ecochat.net.pages import LogPages
from ecochat.net.presence import Presence
from ecochat.net.silence import Silence
from ecochat.net.storage import Storage
from ecochat.net.telling import Teller
from ecochat.net.timer import Timers
from ecochat.store.port import StoreError

WAITING = 2_000
"""Proposals that may wait for the group before them: a commit of so many takes about
10 ms."""

WAITING_TEXT = 2**20
"""Code points that their frames may have together, of up to 4 bytes each."""

NOBODY = 0
"""The number, as that of a connection, of what the server itself proposes."""

RETRY = 1.0
"""Seconds until departures that could not be stored are tried again."""


class Exchange:
    """See the module.

    :ivar channels: the rooms by id, as far as they are committed.
    :ivar sessions: the links of open sessions, by their number.
    :ivar links: the connections by the number they have in the order.
    :ivar pages: where outlets read what memory no longer holds.
    :ivar silence: counts for those that have said nothing yet.
    :ivar turns: when more is to be taken of what waits in a link.
    :ivar timers: what else a link is to do later, one thing at a time: another try, a
        look for signs of life, to break off.
    :ivar stop_server: called when an operator wants the server to stop, with the
        seconds until then.
    :param facts: what the server says of itself.
    :param log_messages: whether the log has what is said.
    :param grace: the seconds for which a session with a key is kept that has lost its
        connection; 0 for none.
    """

    log = Logger()

    def __init__(
        self,
        limits: Limits,
        storage: Storage,
        reactor: Any,
        facts: Facts | None = None,
        log_messages: bool = False,
        grace: float = 0,
    ) -> None:
        self.stop_server: Callable[[int], None] = lambda seconds: None
        self.links: dict[int, Attached] = {}
        self.silence = Silence(self)
        self.turns = Timers(self)
        self.timers = Timers(self)
        self._grace = Grace(grace, reactor, self._lapse)
        self.sessions: dict[int, Attached] = {}
        self._presence = Presence(reactor, self.sessions)
        self._teller = Teller(
            self.links,
            self._grace,
            lambda s: self.stop_server(s),
            log_messages,
            self._presence,
            self.sessions,
            self.now,
        )
        self.channels = self._teller.channels
        self.pages = LogPages(storage, self.channels)
        self._limits = limits
        self._facts = facts
        self._storage = storage
        self._reactor = reactor
        self._follower = Follower(storage, reactor, self._is_storing)
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
        self._teller.add_rooms(self._hub.rooms)
        for session in self._hub.away:
            self._grace.begin(session.number, session.away_since)
        self._follower.wake()

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

    @property
    def room(self) -> tuple[int, int]:
        """How many requests may come now, and how many code points of their frames."""
        return WAITING - self._hub.waiting, WAITING_TEXT - self._hub.waiting_text

    def propose(self, origin: int, request: Request, size: int = 0) -> None:
        """Put a request into the order; its group is applied at the turn's end.

        :param size: code points of the frame that it comes from.
        """
        self._hub.propose(origin, int(self.now() * 1000), request, size)
        self._schedule()

    def fetch(self, missing: Missing) -> Deferred[Informed]:
        """Return what a request needs of the store."""
        if missing.key is not None:
            found: Deferred[Any] = self._storage.key(missing.key)
        else:
            n = missing.n
            found = self._storage.page(missing.room, n - 1, n, 1).addCallback(_first)
        return found.addCallback(
            lambda found: Informed(missing.request, found, missing.as_of)
        )

    # For the keeper of the log

    @property
    def last_room(self) -> int:
        """The highest id of any room."""
        return self._hub.last_room

    def expire(self, room: int, upto: int) -> None:
        """Have the events of a room forgotten up to a number."""
        if not self._stopping:
            self.propose(NOBODY, Expire(room, upto))

    # For those who are away

    def _lapse(self, session: int, since: int) -> None:
        self.propose(NOBODY, Lapse(session, since))

    # The turn

    def _schedule(self) -> None:
        if not (self._turn_due or self._hub.busy):
            self._turn_due = True
            # One look more at the sockets: what has come meanwhile shares the commit
            # and the send to each reader.
            self._reactor.callLater(0, self._reactor.callLater, 0, self._turn)

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

    def _is_storing(self) -> bool:
        return self._hub.busy

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
        self._follower.wake()

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
        origins: Counter[int] = Counter()
        for proposal in group.proposals:
            origins[proposal.origin] += proposal.count
        for origin, count in origins.items():
            link = self.links.get(origin)
            if link is not None:
                link.answered(count)
        try:
            self._teller.tell(items)
        finally:
            self._go_on()

    def _go_on(self) -> None:
        if self._hub.waiting:
            self._schedule()
        elif self._idle:
            idle, self._idle = self._idle, []
            for waiter in idle:
                waiter.callback(None)

    # The end

    async def stop(self) -> None:
        """Store what is pending, tell everyone, end all sessions, close the store."""
        self._stopping = True
        self._grace.stop()
        self._presence.stop()
        await self._all_told()
        for link in list(self.links.values()):
            link.guarded(link.stop)
        await self._all_told()
        self._follower.stop()
        self._storage.stop()

    async def _all_told(self) -> None:
        if self._hub.busy or self._hub.waiting:
            told: Deferred[None] = Deferred()
            self._idle.append(told)
            await told


def _first(events: list[Event]) -> Event | None:
    return events[0] if events else None
