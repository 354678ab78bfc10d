"""Keeps a conversation connected: connects, and again when the connection is lost."""

import contextlib
import time
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
from ecochat.client.errors import Disconnected, ServerFault, Unreachable, Untrusted
from ecochat.client.happenings import Online, Outcome, Over, Unreached
from ecochat.client.reasons import plain, why_not
from ecochat.client.trust import Trust
from ecochat.core.framing import encode_frame

GREETING = 10.0
"""Seconds in which a server has to greet after it has been reached."""

QUIET = 10.0
"""Seconds without a word from the server after which it is asked whether it is there,
and as long again after which it is taken to be gone: who writes knows within 20 seconds
whether anybody hears it. 1,000 clients that are silent are 100 questions a second."""

ASLEEP = 5.0
"""Seconds by which a look at the clock may be late before the machine is taken to have
slept: a program that is only busy is not that late."""

FRESH = 3.0
"""Seconds that an attempt to connect has in any case. Whoever asks for another one with
each line that is typed would else never let one succeed; a handshake whose first packet
is lost takes a second longer."""

PING = encode_frame('{"op":"ping","ref":"quiet"}')
"""What is asked then; nobody waits for its answer, any word from the server will do."""


def uptime() -> float:
    """Return the seconds since some moment, also those for which the machine slept, as
    a reactor's clock need not have them."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.time() if clock is None else time.clock_gettime(clock)


class Connection:
    """Carries a conversation over connections that come and go.

    :ivar is_paused: whether nothing is read.
    :ivar is_stopped: whether no other connection is made.
    :ivar uptime: see the parameter.
    :param hear: told what comes of the conversation.
    :param patience: the seconds without a session after which it gives up; None: never.
    :param reactor: for connecting and for time.
    :param quiet: the seconds of silence after which the server is asked whether it is
        there, and as long again after which it is not.
    :param uptime: tells the seconds that have passed, asleep or not.
    :param trust: whom to trust over TLS; see :meth:`Address.connector`.
    """

    def __init__(
        self,
        address: Address,
        conversation: Conversation,
        hear: Callable[[Outcome], None],
        backoff: Backoff,
        patience: float | None,
        reactor: Any,
        quiet: float = QUIET,
        uptime: Callable[[], float] = uptime,
        trust: Trust | None = None,
    ) -> None:
        self.conversation = conversation
        self.reactor = reactor
        self.quiet = quiet
        self.uptime = uptime
        self.is_paused = False
        self.is_stopped = False
        self._address = address
        self._hear = hear
        self._backoff = backoff
        self._patience = patience
        self._trust = trust
        self._wire: _Wire | None = None
        self._untrusted: Untrusted | None = None
        self._was_online = self._was_of_use = False
        self._at_once = False
        self._awaited: Deferred[Any] | None = None
        self._fresh_until = 0.0
        self._running: Deferred[None] = succeed(None)

    def start(self) -> None:
        """Connect, and go on trying.

        :raises ValueError: when Twisted cannot read the endpoint.
        """
        endpoint = self._address.connector(self.reactor, self._trust)
        self._running = Deferred.fromCoroutine(self._run(endpoint))

    def stop(self) -> Deferred[None]:
        """Drop the connection, if there is one, and make no other; wait for its end."""
        self.is_stopped = True
        if self._wire is not None:
            self._wire.abort("the client was stopped")
        elif self._awaited is not None:
            self._awaited.cancel()
        return self._running

    def retry_now(self) -> None:
        """Wait no longer before the next attempt, or for the present one, unless that
        is a fresh one; or ask the server whether it is still there."""
        if self._awaited is not None:
            if self.reactor.seconds() >= self._fresh_until:
                self.hurry()
                self._awaited.cancel()
        elif self._wire is not None and self.conversation.online:
            self._wire.ask()

    def hurry(self) -> None:
        """Have the next attempt be made at once, and others soon after it."""
        self._at_once = self._was_of_use = True

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
            self._at_once, self._untrusted = False, None
            why = await self._converse(endpoint)
            error = self._untrusted or Unreachable(why)
            now, was_online = self.reactor.seconds(), self._was_online
            delay = self._backoff.delay(self._was_of_use) * (not self._at_once)
            self._was_online = self._was_of_use = False
            self._tell(self.conversation.lost(why))
            if was_online:
                without = now
            elif not self.is_stopped and not self._at_once:
                self._tell([Unreached(error)])
            if self._patience is not None and now + delay > without + self._patience:
                self._tell([Over(error)])
            if not self.is_stopped:
                with contextlib.suppress(CancelledError):
                    await self._await(deferLater(self.reactor, delay))

    async def _converse(self, endpoint: Any) -> str:
        """Have a connection until it ends; return why."""
        factory = Factory.forProtocol(lambda: _Wire(self))
        self._fresh_until = self.reactor.seconds() + FRESH
        try:
            wire = await self._await(endpoint.connect(factory))
        except Exception:  # whatever an endpoint can raise
            return why_not(self._address, Failure())
        finally:
            self._fresh_until = 0.0
        why: str = await wire.ended
        if not self._was_online and self._untrusted is None:
            before = self.conversation.said_before
            why = f"{self._address} {'says: ' + before if before else why}"
        return why

    async def _await(self, awaited: Deferred[Any]) -> Any:
        """Wait for what :meth:`stop` and :meth:`retry_now` may cancel."""
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

    def lost(self, reason: Failure) -> str:
        """Take the end of the connection; return why, in words."""
        self._wire = None
        if isinstance(reason.value, Untrusted):
            self._untrusted = reason.value
            return self._untrusted.brief
        return plain(reason)


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
        self._asked = self._greeted = False
        self._heard = self._due = 0.0
        self._deadline: Any = None

    def connectionMade(self) -> None:
        if hasattr(self.transport, "setTcpNoDelay"):
            self.transport.setTcpNoDelay(True)
        self._deadline = self._owner.reactor.callLater(GREETING, self._not_greeted)
        self._owner.made(self)

    def dataReceived(self, data: bytes) -> None:
        if self._why:
            return  # it is of no use any more
        self._asked = False
        self._heard = self._owner.reactor.seconds()
        try:
            self._owner.received(data)
        except (ServerFault, Disconnected) as fault:
            self._log.warn("the connection is dropped: {fault}", fault=str(fault))
            self.abort(str(fault))
        if self._owner.conversation.online and not self._greeted:
            self._greeted = True
            self._watch(self._owner.quiet)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._deadline.active():
            self._deadline.cancel()
        why = self._owner.lost(reason)
        self.ended.callback(self._why or why)

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

    def ask(self) -> None:
        """Ask whether the server is there, unless that is asked or nothing is read."""
        if not self._asked:
            self._asked = not self._owner.is_paused
            if self._asked:
                self.write(PING)
            self._watch(self._owner.quiet)

    def _watch(self, seconds: float) -> None:
        """Look after some seconds whether anything was heard."""
        if self._deadline.active():
            self._deadline.cancel()
        self._due = self._owner.uptime() + seconds
        self._deadline = self._owner.reactor.callLater(seconds, self._look)

    def _look(self) -> None:
        owner = self._owner
        quiet = self._heard + owner.quiet - owner.reactor.seconds()
        if owner.uptime() > self._due + ASLEEP:
            owner.hurry()
            self.abort("this machine has slept")
        elif quiet > 0:
            self._watch(quiet)
        elif self._asked and not owner.is_paused:
            self.abort("the server does not answer any more")
        else:
            self._asked = False
            self.ask()
