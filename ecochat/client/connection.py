"""Keeps a conversation connected: connects, and again when the connection is lost."""

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from ecochat.client.address import Address
from ecochat.client.backoff import Backoff
from ecochat.client.conversation import Conversation
from ecochat.client.errors import Disconnected, ServerFault, Unreachable
from ecochat.client.happenings import Online, Outcome, Over, Unreached
from ecochat.client.reasons import plain, why_not
from ecochat.core.framing import encode_frame

GREETING = 10.0
"""Seconds in which a server has to greet after it has been reached."""

QUIET = 60.0
"""Seconds without a word from the server after which it is asked whether it is there,
and as long again after which it is taken to be gone."""

PING = encode_frame('{"op":"ping","ref":"quiet"}')
"""What is asked then; nobody waits for its answer, any word from the server will do."""


class Connection:
    """Carries a conversation over connections that come and go.

    :ivar is_paused: whether nothing is read.
    :ivar is_stopped: whether no other connection is made.
    :param hear: told what comes of the conversation.
    :param patience: the seconds without a session after which it gives up; None: never.
    :param reactor: for connecting and for time.
    """

    def __init__(
        self,
        address: Address,
        conversation: Conversation,
        hear: Callable[[Outcome], None],
        backoff: Backoff,
        patience: float | None,
        reactor: Any,
    ) -> None:
        self.conversation = conversation
        self.reactor = reactor
        self.is_paused = False
        self.is_stopped = False
        self._address = address
        self._hear = hear
        self._backoff = backoff
        self._patience = patience
        self._wire: _Wire | None = None
        self._was_online = self._was_of_use = False
        self._awaited: Deferred[Any] | None = None
        self._running: Deferred[None] = succeed(None)

    def start(self) -> None:
        """Connect, and go on trying.

        :raises ValueError: when Twisted cannot read the endpoint.
        """
        endpoint = self._address.connector(self.reactor)
        self._running = Deferred.fromCoroutine(self._run(endpoint))
        self._running.addErrback(_unless_cancelled)

    def stop(self) -> Deferred[None]:
        """Drop the connection, if there is one, and make no other; wait for its end."""
        self.is_stopped = True
        if self._wire is not None:
            self._wire.abort("the client was stopped")
        elif self._awaited is not None:
            self._awaited.cancel()
        return self._running

    def flush(self) -> None:
        """Send what the conversation has to send."""
        if self._wire is not None and (data := self.conversation.data_to_send()):
            self._wire.write(data)

    def pause(self, paused: bool) -> None:
        """Read no further; or read on."""
        if paused != self.is_paused:
            self.is_paused = paused
            if self._wire is not None:
                self._wire.pause(paused)

    # Connections, one after another

    async def _run(self, endpoint: Any) -> None:
        without = self.reactor.seconds()
        while not self.is_stopped:
            why = await self._converse(endpoint)
            now, was_online = self.reactor.seconds(), self._was_online
            delay = self._backoff.delay(self._was_of_use)
            self._was_online = self._was_of_use = False
            self._tell(self.conversation.lost(why))
            if was_online:
                without = now
            elif not self.is_stopped:
                self._tell([Unreached(Unreachable(why))])
            if self._patience is not None and now + delay > without + self._patience:
                self._tell([Over(Unreachable(why))])
            if not self.is_stopped:
                await self._await(deferLater(self.reactor, delay))

    async def _converse(self, endpoint: Any) -> str:
        """Have a connection until it ends; return why."""
        factory = Factory.forProtocol(lambda: _Wire(self))
        try:
            wire = await self._await(endpoint.connect(factory))
        except Exception:  # whatever an endpoint can raise
            return why_not(self._address, Failure())
        why: str = await wire.ended
        if not self._was_online:
            before = self.conversation.said_before
            why = f"{self._address} {'says: ' + before if before else why}"
        return why

    async def _await(self, awaited: Deferred[Any]) -> Any:
        """Wait for what :meth:`stop` may cancel."""
        self._awaited = awaited
        try:
            return await awaited
        finally:
            self._awaited = None

    def _tell(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            self._was_of_use |= self._was_online
            self._was_online |= isinstance(outcome, Online)
            self._hear(outcome)

    # From the wire

    def made(self, wire: "_Wire") -> None:
        """Begin on a new connection."""
        self._wire = wire
        self.is_paused = False
        self.conversation.connected()
        self.flush()

    def received(self, data: bytes) -> None:
        """Take what was read.

        :raises ServerFault, Disconnected: when the connection is of no use any more.
        """
        try:
            self._tell(self.conversation.receive_data(data))
        finally:
            self.flush()

    def lost(self) -> None:
        """Take the end of the connection."""
        self._wire = None


class _Wire(Protocol):
    """One connection of a :class:`Connection`.

    :ivar ended: fires when it is lost, with a sentence why.
    """

    _log = Logger()
    transport: Any

    def __init__(self, owner: Connection) -> None:
        self.ended: Deferred[str] = Deferred()
        self._owner = owner
        self._why = ""
        self._asked = False
        self._deadline: Any = None

    def connectionMade(self) -> None:
        if hasattr(self.transport, "setTcpNoDelay"):
            self.transport.setTcpNoDelay(True)
        self._deadline = self._owner.reactor.callLater(GREETING, self._not_greeted)
        self._owner.made(self)

    def dataReceived(self, data: bytes) -> None:
        if self._why:
            return  # it is of no use any more
        try:
            self._owner.received(data)
        except (ServerFault, Disconnected) as fault:
            self._log.warn("the connection is dropped: {fault}", fault=str(fault))
            self.abort(str(fault))
        if self._owner.conversation.online and self._deadline.active():
            self._asked = False
            self._deadline.cancel()
            self._deadline = self._owner.reactor.callLater(QUIET, self._quiet)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._deadline.active():
            self._deadline.cancel()
        self._owner.lost()
        self.ended.callback(self._why or plain(reason))

    def write(self, data: bytes) -> None:
        """Send this."""
        self.transport.write(data)

    def pause(self, paused: bool) -> None:
        """Read no further; or read on."""
        change = "pauseProducing" if paused else "resumeProducing"
        getattr(self.transport, change)()

    def abort(self, why: str) -> None:
        """End the connection at once."""
        self._why = self._why or why
        self.transport.abortConnection()

    def _not_greeted(self) -> None:
        text = f"nothing came for {GREETING:.0f} seconds that is a greeting"
        self.abort(f"{text}; is it an EcoChat server?")

    def _quiet(self) -> None:
        if self._asked and not self._owner.is_paused:
            self.abort("the server does not answer any more")
            return
        self._asked = not self._owner.is_paused
        if self._asked:
            self.write(PING)
        self._deadline = self._owner.reactor.callLater(QUIET, self._quiet)


def _unless_cancelled(failure: Failure) -> None:
    failure.trap(CancelledError)
