"""A program's part in a chat: its life, what it asks, and what it hears."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

from twisted.application.service import Service
from twisted.internet import defer
from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger

from ecochat import __version__
from ecochat.client.address import parse_address
from ecochat.client.backoff import Backoff
from ecochat.client.connection import Connection
from ecochat.client.conversation import Conversation
from ecochat.client.errors import ClientError, Disconnected, Refused, Untrusted
from ecochat.client.feed import Feed
from ecochat.client.happenings import (
    Answer,
    Answered,
    Distrusted,
    Failed,
    Happening,
    Held,
    Online,
    Outcome,
    Over,
    Unreached,
)
from ecochat.client.outbox import Kept, Outbox
from ecochat.client.trust import Trust
from ecochat.core.requests import History, Quit, Request
from ecochat.core.wire import Welcome

FAREWELL = 2.0
"""Seconds that the server has to answer what was asked before one leaves."""


class Participant(Service):
    """One identity's session with a server, over connections that come and go.

    What it asks by name is in :class:`ecochat.client.Client`.

    :param server: HOST, HOST:PORT, ``tls:HOST:PORT``, ``unix:PATH``; see
        :func:`ecochat.client.address.parse_address`, whose ValueError it raises.
    :param nick: the name to go by; None for the one that the server gives.
    :param rooms: the rooms to be in: names, from now on; or the number of the last
        event seen in each, None for from now on. None: the lobby, from now on.
    :param key: the secret that makes one the same identity again, at least 22
        characters; see :mod:`ecochat.client.keys`. None: one for this client only.
    :param name: the program's own name and version, as ``bot/1.0``.
    :param patience: the seconds without a session after which it gives up; 0: at the
        first loss. None: never.
    :param outbox: keeps what is written until it is answered, so that the next client
        of the same key sends what this one could not; None: nothing outlives this one.
    :param trust: whom to trust over TLS; by default whom this user has accepted, beside
        whom this machine verifies.
    :param reactor: Twisted's; by default the one that is installed at the start.
    :param backoff: how long to wait before a connection is made again.
    :raises ValueError: when the outbox is that of another key.
    :raises NotKept: when the outbox cannot be read.
    """

    _log = Logger()

    def __init__(
        self,
        server: str = "localhost:4040",
        *,
        nick: str | None = None,
        rooms: Iterable[str] | Mapping[str, int | None] | None = None,
        key: str | None = None,
        name: str = f"ecochat.client/{__version__}",
        patience: float | None = None,
        outbox: Outbox | None = None,
        trust: Trust | None = None,
        reactor: Any = None,
        backoff: Backoff | None = None,
    ) -> None:
        if rooms is not None and not isinstance(rooms, Mapping):
            rooms = dict.fromkeys(rooms)
        self._address = parse_address(server)
        self._conversation = Conversation(
            nick=nick, rooms=rooms, key=key, name=name, outbox=outbox
        )
        self._patience = patience
        self._trust = trust
        self._distrusted = ""
        self._reactor = reactor
        self._backoff = backoff or Backoff()
        self._connection: Connection | None = None
        self._waiting: dict[str, Deferred[Answer]] = {}
        self._unready: list[Deferred[Welcome]] = []
        self._feeds: WeakSet[Feed] = WeakSet()
        self._end: ClientError | None = None
        self._left: Deferred[None] | None = None

    # What there is

    @property
    def nick(self) -> str:
        """One's present name; before the first session the one asked for, or empty."""
        return self._conversation.nick

    @property
    def key(self) -> str:
        """The key: keep it to be the same identity later."""
        return self._conversation.key

    @property
    def joined(self) -> Mapping[str, int]:
        """The rooms that one is in, each with the number of its last event seen here.

        Keep it and give it as ``rooms`` to go on there later.
        """
        return self._conversation.positions

    @property
    def online(self) -> bool:
        """Whether there is a session now."""
        return self._conversation.online

    @property
    def has_ended(self) -> bool:
        """Whether there is no session any more, and none comes: what is asked fails,
        and nothing of it is in the outbox."""
        return self._end is not None

    @property
    def welcome(self) -> Welcome | None:
        """What the server greeted with last: its name, the limits, one's session."""
        return self._conversation.welcome

    # Its life

    def startService(self) -> None:
        """Connect, and go on trying until :meth:`stopService`. A client starts once.

        :raises ValueError: when Twisted cannot read the endpoint.
        """
        if self._reactor is None:
            from twisted.internet import reactor

            self._reactor = reactor
        self._connection = Connection(
            self._address,
            self._conversation,
            self._hear,
            self._backoff,
            self._patience,
            self._reactor,
            trust=self._trust,
        )
        self._connection.start()
        super().startService()  # type: ignore[no-untyped-call]

    def stopService(self) -> Deferred[None]:
        """Leave: what was asked before is waited for, at most two seconds; then the
        session ends, and with it every :meth:`events`."""
        super().stopService()  # type: ignore[no-untyped-call]
        if self._left is None:
            self._left = Deferred.fromCoroutine(self._leave())
        done: Deferred[None] = Deferred()
        self._left.chainDeferred(done)
        return done

    def retry_now(self) -> None:
        """Connect at once instead of after a while, or see whether the connection is
        still good: for when the network has come back, or the user asks for it. An
        attempt that was begun just now goes on."""
        if self._connection is not None:
            self._connection.retry_now()

    def ready(self) -> Deferred[Welcome]:
        """Wait for the first session; at once when there was one.

        :raises Unreachable: when an attempt to connect failed; the service goes on
            trying all the same.
        :raises Ended: when the server did not let us in, as with a ``code`` of
            ``name_taken``; the service has stopped trying.
        """
        if self._end is not None:
            return fail(self._end)
        if self.welcome is not None:
            return succeed(self.welcome)
        ready: Deferred[Welcome] = Deferred()
        self._unready.append(ready)
        return ready

    async def __aenter__(self) -> Self:
        """Start, and wait until it is :meth:`ready`, or stop and raise its error."""
        self.startService()
        try:
            await self.ready()
        except BaseException:
            await self.stopService()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave; see :meth:`stopService`."""
        await self.stopService()

    async def _leave(self) -> None:
        if self.online:
            # The server may not even be there any more.
            with contextlib.suppress(ClientError, defer.TimeoutError):
                await self.request(Quit()).addTimeout(FAREWELL, self._reactor)
        self._finish(Disconnected("the client was stopped"), None)
        if self._connection is not None:
            await self._connection.stop()

    def _finish(self, error: ClientError, why: ClientError | None) -> None:
        """Fail what waits and what is asked later; end what loops.

        :param why: what the loops end by; None for an end that was wanted.
        """
        if self._end is not None:
            return
        self._end = error
        for feed in list(self._feeds):  # before their requests fail: they ask again
            feed.end(why)
        for outcome in self._conversation.close(error):
            self._hear(outcome)
        self._tell_ready(lambda ready: ready.errback(error))

    def _tell_ready(self, tell: Callable[[Deferred[Welcome]], None]) -> None:
        unready, self._unready = self._unready, []
        for ready in unready:
            tell(ready)

    # What happens

    def events(self, room: str | None = None) -> Feed:
        """Return what happens from now on in one room, or everywhere, to loop over.

        ``async for event in client.events("lobby"):`` gives what is said in the room,
        also by oneself (:class:`~ecochat.core.wire.Event`, numbered without a hole),
        and who comes and goes. Without a room it gives also what the server says to
        everyone, and :class:`~ecochat.client.Online` and ``Offline``. The loop ends
        when the client is stopped.

        A loop that is slow costs no memory: nothing more is read then; and while an
        answer is waited for, what there is no space for is left at the server, and read
        from its history when the loop gets to it; only who came, went or wrote
        meanwhile is left out. Call it before the start to miss nothing.

        :raises Ended, Unreachable: in the loop, when the client ended by itself.
        """
        feed = Feed(room, self._fetch, self._balance)
        self._feeds.add(feed)
        if self._end is not None:
            feed.end(self._end)
        return feed

    def _fetch(self, room: str, after: int, limit: int) -> Deferred[list[Any]]:
        asked = self.request(History(room=room, after=after, limit=limit))
        return asked.addCallback(lambda answer: answer.items)

    def _balance(self) -> None:
        """Read only while there is space; or while an answer is waited for, since it
        comes behind what is said, and a loop may wait for it."""
        if self._connection is not None:
            is_full = any(feed.is_full for feed in list(self._feeds))
            self._connection.pause(is_full and not self._waiting)

    # What is asked

    def request(self, operation: Request) -> Deferred[Answer]:
        """Ask any of :data:`ecochat.core.requests.OPERATIONS`; give the whole answer.

        Its ``ref`` is the client's own; an ``id`` that is None is made where the
        operation writes.
        """
        if self._end is not None:
            return fail(self._end)
        try:
            ref = self._conversation.request(operation)
        except (ClientError, ValueError) as error:
            return fail(error)
        answer = self._waiting[ref] = Deferred()
        if self._connection is not None:
            self._balance()
            self._connection.flush()
        return answer

    def take_kept(self) -> list[tuple[Kept, Deferred[Answer]]]:
        """Return what clients before this one have left in the outbox, in order, each
        with what gives its answer as :meth:`request` does; each once.

        Taken before the start it is all of that. What nobody takes is sent as well;
        that it was refused is logged then.
        """
        taken = []
        for ref, asked in self._conversation.unanswered.items():
            if asked.kept is not None and ref not in self._waiting:
                answer = self._waiting[ref] = Deferred()
                taken.append((asked.kept, answer))
        return taken

    def withdraw(self, answer: Deferred[Any]) -> bool:
        """Take back what was asked, if certainly no server has it; return whether.

        That is what has waited for a session since it was asked: it has no id yet. It
        is in the outbox no longer, and fails with Twisted's ``CancelledError``.

        :param answer: what :meth:`request`, a call like ``say``, or :meth:`take_kept`
            gave for it.
        """
        waiting = self._waiting.items()
        ref = next((ref for ref, waits in waiting if waits is answer), "")
        if not self._conversation.withdraw(ref):
            return False
        del self._waiting[ref]
        answer.cancel()
        return True

    # From the conversation

    def _hear(self, outcome: Outcome) -> None:
        take = _TAKEN.get(type(outcome))
        if take is not None:
            take(self, outcome)
        else:
            self._put(outcome)  # type: ignore[arg-type]

    def _put(self, happening: Happening) -> None:
        feeds = list(self._feeds)
        for feed in feeds:
            feed.put(happening)
        if any(feed.is_full for feed in feeds):
            self._balance()

    def _answered(self, outcome: Answered) -> None:
        if (waiting := self._waiting.pop(outcome.ref, None)) is not None:
            waiting.callback(outcome.answer)
        self._balance()

    def _failed(self, outcome: Failed) -> None:
        if (waiting := self._waiting.pop(outcome.ref, None)) is not None:
            waiting.errback(outcome.error)
        elif isinstance(outcome.error, Refused):
            why = str(outcome.error)
            self._log.warn("what was kept from before is refused: {why}", why=why)
        self._balance()

    def _held(self, outcome: Held) -> None:
        self._log.error("what is kept cannot be sent: {why}", why=outcome.why)
        self._put(outcome)

    def _online(self, outcome: Online) -> None:
        self._distrusted = ""
        self._put(outcome)
        self._tell_ready(lambda ready: ready.callback(outcome.welcome))

    def _unreached(self, outcome: Unreached) -> None:
        self._log.info("{why}", why=str(outcome.error))
        if isinstance(outcome.error, Untrusted):
            self._distrust(outcome.error)
        self._tell_ready(lambda ready: ready.errback(outcome.error))

    def _distrust(self, error: Untrusted) -> None:
        if str(error) != self._distrusted:  # once, not at each attempt
            self._distrusted = str(error)
            self._put(Distrusted(error))

    def _over(self, outcome: Over) -> None:
        self._finish(outcome.error, outcome.error)
        if self._connection is not None:
            self._connection.stop()


_TAKEN: dict[type, Callable[[Participant, Any], None]] = {
    Answered: Participant._answered,
    Failed: Participant._failed,
    Held: Participant._held,
    Online: Participant._online,
    Unreached: Participant._unreached,
    Over: Participant._over,
}
