"""Keeps a conversation connected: connects, and again when the connection is lost."""

import errno
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from OpenSSL.SSL import Error as SSLError
from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet import error as errors
from twisted.internet import protocol
from twisted.python.failure import Failure

from ecochat.client.address import Address
from ecochat.client.conversation import Conversation
from ecochat.client.line import Line
from ecochat.core.framing import encode_frame

LEFT, ENDED, UNREACHABLE = 0, 1, 3
"""Exit statuses: the user left; the server ended the session; it cannot be reached."""

GREETING = 10.0
"""Seconds in which a server has to greet after it has been reached."""

FAREWELL = 2.0
"""Seconds to wait for the server to close, when the user leaves."""

RETRY = backoffPolicy(initialDelay=0.3, maxDelay=15.0, factor=1.6)
"""How long to wait before each attempt: 0.3 s, 0.5 s, …, 15 s, and up to a second more
by chance, so that a restarted server does not meet everyone at one moment."""

START = "start a server with: twistd -n ecochat"


class Outcome(NamedTuple):
    """How it ended.

    :param status: the exit status.
    :param why: what went wrong, if anything did.
    """

    status: int
    why: str = ""


class Face(Protocol):
    """What shows a conversation to a person."""

    def greeted(self) -> None:
        """The first session has begun."""

    def show(self, lines: list[Line]) -> None:
        """Show lines; anything else of the conversation may have changed too."""

    def over(self, outcome: Outcome) -> None:
        """The conversation is over."""


class Connection:
    """Carries a conversation over connections that come and go.

    :param reactor: for connecting and for time.
    """

    def __init__(
        self, address: Address, conversation: Conversation, face: Face, reactor: Any
    ) -> None:
        self._address = address
        self._conversation = conversation
        self._face = face
        self._reactor = reactor
        self._transport: Any = None
        self._leaving = self._over = False
        self._deadline: Any = None
        factory = protocol.Factory.forProtocol(lambda: _Wire(self))
        self._service = ClientService(
            address.connector(reactor), factory, RETRY, clock=reactor
        )

    def start(self) -> None:
        """Connect; the face is told how it went."""
        self._service.startService()
        first = self._service.whenConnected(failAfterFailures=1)
        first.addErrback(self._not_connected)

    def say(self, typed: str) -> None:
        """Send what a person typed; it is given back when there is no session."""
        lines = self._conversation.say(typed)
        self._flush()
        self._face.show(lines)

    def leave(self) -> None:
        """End the session well, or without its answer after :data:`FAREWELL`."""
        if self._over or self._leaving:
            return
        self._leaving = True
        if self._transport is None:
            self._finish(LEFT)
            return
        self._transport.write(encode_frame("/quit"))
        self._wait(FAREWELL, self._transport.abortConnection)

    def pause(self, paused: bool) -> None:
        """Read no further, since what was read is not shown yet; or read on."""
        if self._transport is not None:
            change = "pauseProducing" if paused else "resumeProducing"
            getattr(self._transport, change)()

    # From the wire

    def made(self, transport: Any) -> None:
        """Begin a session."""
        self._transport = transport
        self._conversation.connected()
        self._flush()
        self._wait(GREETING, transport.abortConnection)

    def received(self, data: bytes) -> None:
        """Take what was read."""
        first = not self._conversation.welcomed
        lines = self._conversation.receive(data)
        self._flush()
        self._face.show(lines)
        if self._conversation.online and not self._leaving:
            self._cancel_wait()
        if first and self._conversation.welcomed:
            self._face.greeted()

    def lost(self, reason: Failure) -> None:
        """Take the end of a connection, and decide whether there is another one."""
        self._transport = None
        self._cancel_wait()
        if self._leaving or self._conversation.asked_to_leave:
            self._finish(LEFT)
        elif not self._conversation.welcomed:
            why = f"{self._address} did not greet: {plain(reason)}"
            self._finish(UNREACHABLE, f"{why}; is it an EcoChat server?")
        elif self._conversation.dismissed and reason.check(errors.ConnectionDone):
            self._finish(ENDED, "the server has ended the session")
        elif self._conversation.online:
            self._face.show(self._conversation.lost())

    def _not_connected(self, failure: Failure) -> None:
        self._finish(UNREACHABLE, why_not(self._address, failure))

    def _finish(self, status: int, why: str = "") -> None:
        if self._over:
            return
        self._over = True
        # In a turn of its own: the service may be in the midst of telling us this.
        self._reactor.callLater(0, self._service.stopService)
        self._face.over(Outcome(status, why))

    def _flush(self) -> None:
        if self._transport is not None:
            self._transport.write(self._conversation.output())

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._cancel_wait()
        self._deadline = self._reactor.callLater(seconds, then)

    def _cancel_wait(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()


class _Wire(protocol.Protocol):
    """One connection of a :class:`Connection`."""

    def __init__(self, owner: Connection) -> None:
        self._owner = owner

    def connectionMade(self) -> None:
        self._owner.made(self.transport)

    def dataReceived(self, data: bytes) -> None:
        self._owner.received(data)

    def connectionLost(self, reason: Failure = protocol.connectionDone) -> None:
        self._owner.lost(reason)


def why_not(address: Address, failure: Failure) -> str:
    """Say why a server cannot be reached, and what to do."""
    error = failure.value
    where, host = str(address), address.host
    if failure.check(errors.ConnectionRefusedError):
        return f"nobody listens at {where} (connection refused); {START}"
    if getattr(error, "osError", None) == errno.ENOENT:
        return f"nobody listens at {where} (no such file); {START}"
    if failure.check(errors.DNSLookupError, errors.UnknownHostError):
        return f"cannot find the host {host or where}; see how its name is written"
    if failure.check(errors.TimeoutError):
        return f"{where} does not answer; see if the address and the port are right"
    return f"cannot connect to {where}: {plain(failure)}"


def plain(failure: Failure) -> str:
    """Return an error's own words, without Twisted's sentence before them."""
    error = failure.value
    if isinstance(error, SSLError):  # its argument is OpenSSL's queue of errors
        return f"TLS failed: {'; '.join(words[-1] for words in error.args[0])}"
    if isinstance(error, errors.ConnectError) and error.args:
        return str(error.args[-1])
    if isinstance(error, errors.ConnectionDone):
        return "it closed the connection"
    if isinstance(error, errors.ConnectionAborted):  # by us
        return f"nothing came for {GREETING:.0f} seconds that is a greeting"
    return str(error).rstrip(".") or type(error).__name__
