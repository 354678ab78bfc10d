"""The face between programs: lines of input are frames, what comes is printed."""

import os
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import connectProtocol
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.python.failure import Failure
from zope.interface import implementer

from ecochat.client.address import Address
from ecochat.client.connection import (
    ENDED,
    GREETING,
    LEFT,
    UNREACHABLE,
    Outcome,
    plain,
    why_not,
)
from ecochat.client.safe import indented, safe, sendable
from ecochat.client.unanswered import read_typed
from ecochat.core.framing import DELIMITER, BadFrame, FrameDecoder, encode_frame
from ecochat.core.requests import Depart

QUIT = b"/quit\n"

TAIL = 100
"""Bytes kept of the input: more than any line has that asks the server to close."""


class Relay(Protocol):
    """Copies lines to a server and frames from it, as fast as both sides take them.

    Each line is sent as a frame, whatever it is; a null byte ends one too. What comes
    is printed as the server says it (docs/protocol.md), made safe for a terminal. At
    the end of input it leaves, when everything is answered.

    :ivar done: fires with the outcome, when everything is printed.
    :param stdin: the file number to read; ``stdout``: the one to write.
    """

    transport: Any

    def __init__(
        self,
        address: Address,
        nick: str,
        reactor: Any,
        stdin: int = 0,
        stdout: int = 1,
    ) -> None:
        self.done: Deferred[Outcome] = Deferred()
        self._outcome = Outcome(LEFT)
        self._address = address
        self._nick = nick
        self._reactor = reactor
        self._files = {"stdin": stdin, "stdout": stdout}
        self._endpoint = address.connector(reactor)
        self._decoder = FrameDecoder()
        self._console = _Console(self)
        self._tail = b"\n"
        self._deadline: Any = None

    def start(self) -> None:
        """Connect, and read from then on."""
        connectProtocol(self._endpoint, self).addErrback(self._not_connected)

    def stop(self) -> None:
        """Close at once, as when the process is told to end."""
        if self.transport is None:
            self.finished()
        else:
            self.input_over()
            self.transport.abortConnection()

    # From the server

    def connectionMade(self) -> None:
        """Take the name, and join input and output to the connection."""
        if self._nick:
            self.transport.write(encode_frame(f"/nick {sendable(self._nick)}"))
        self._deadline = self._reactor.callLater(GREETING, self._not_greeted)
        console = StandardIO(self._console, reactor=self._reactor, **self._files)
        self.transport.registerProducer(console, True)
        console.registerProducer(self.transport, True)

    def dataReceived(self, data: bytes) -> None:
        """Print the frames of what was read."""
        self._decoder.receive(data)
        while (frame := self._decoder.next_frame()) is not None:
            self._cancel_deadline()
            if isinstance(frame, BadFrame):
                frame = f"! the server sent something that is {frame.value}"
            if frame.startswith("! "):
                self._outcome = Outcome(ENDED)  # the error itself is printed
            self._console.print(indented(safe(frame)) + "\n")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """End, when what came is printed.

        What the server was told may be lost unless it closed well, as it was asked to.
        An abort is our own.
        """
        left = self._asked_to_leave and reason.check(ConnectionDone)
        if not (left or reason.check(ConnectionAborted)):
            text = f"the connection to {self._address} was lost: {plain(reason)}"
            self._outcome = Outcome(UNREACHABLE, text)
        self._cancel_deadline()
        self._console.close()

    def _not_greeted(self) -> None:
        why = f"{self._address} did not greet in {GREETING:.0f} seconds"
        self._outcome = Outcome(UNREACHABLE, f"{why}; is it an EcoChat server?")
        self.transport.abortConnection()

    def _cancel_deadline(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()

    def _not_connected(self, failure: Failure) -> None:
        self._outcome = Outcome(UNREACHABLE, why_not(self._address, failure))
        self.finished()

    @property
    def _asked_to_leave(self) -> bool:
        """Whether the last whole line of the input asks the server to close."""
        line = self._tail.rpartition(b"\n")[0].rpartition(b"\n")[2]
        typed = line.removesuffix(b"\r").decode(errors="replace")
        return isinstance(read_typed(typed).request, Depart)

    # From input and output

    def typed(self, data: bytes) -> None:
        """Send what was read from the input."""
        self.transport.write(data.replace(b"\n", b"\n" + DELIMITER))
        self._tail = (self._tail + data)[-TAIL:]

    def input_over(self) -> None:
        """Leave: the server answers what came before, then closes. (An end of input
        would do over TCP, and lose the answers over TLS.)"""
        self.transport.unregisterProducer()
        self.transport.write(DELIMITER + QUIT + DELIMITER)
        self._tail = b"\n" + QUIT

    def output_over(self) -> None:
        """Nobody reads what is printed: what comes in by a pipe is sent all the same,
        someone at a terminal has nothing left to do."""
        self.transport.resumeProducing()
        if os.isatty(self._files["stdin"]):
            self.input_over()

    def finished(self) -> None:
        """Everything is printed."""
        if not self.done.called:
            self.done.callback(self._outcome)


@implementer(IHalfCloseableProtocol)
class _Console(Protocol):
    """Input and output of the program."""

    transport: Any

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._open = False

    def connectionMade(self) -> None:
        self._open = True

    def print(self, text: str) -> None:
        self.transport.write(text.encode(errors="replace"))

    def close(self) -> None:
        """Close when everything is written."""
        if self._open:
            self.transport.unregisterProducer()
            self.transport.loseConnection()
        else:
            self._relay.finished()

    def dataReceived(self, data: bytes) -> None:
        self._relay.typed(data)

    def readConnectionLost(self) -> None:
        self._relay.input_over()

    def writeConnectionLost(self) -> None:
        self._open = False
        self._relay.output_over()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._open = False
        self._relay.finished()
