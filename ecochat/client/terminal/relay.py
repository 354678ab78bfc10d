"""The face between programs: lines of input are said, what comes is printed."""

import os
from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.stdio import StandardIO
from twisted.python.failure import Failure
from zope.interface import implementer

from ecochat.client.terminal.chat import Chat
from ecochat.client.terminal.line import Line, error, notice
from ecochat.client.terminal.look import plain
from ecochat.core.framing import DELIMITER

FLIGHT = 50
"""Lines that wait for their answers, before more is read: a server takes so many in one
turn, and a chat has space for twice as many."""

LONGEST = 2**20
"""Bytes of a line, at most; the rest of it is another one. No server takes so much."""


@implementer(IHalfCloseableProtocol)
class Relay(Protocol):
    """Says lines and prints what comes, as fast as both sides take them.

    Each line is what a person would type; a null byte ends one too. At the end of input
    it leaves, when everything is answered.

    :cvar flight: lines that may wait for their answers, before more is said.
    :param say: takes what is typed.
    :param stdin: the file number to read; ``stdout``: the one to write.
    """

    transport: Any
    flight = FLIGHT

    def __init__(
        self,
        chat: Chat,
        say: Callable[[str], object],
        reactor: Any,
        stdin: int = 0,
        stdout: int = 1,
    ) -> None:
        self._chat = chat
        self._say = say
        self._reactor = reactor
        self._files = {"stdin": stdin, "stdout": stdout}
        self._lines: deque[bytes] = deque()
        self._begun = b""
        self._input_is_over = self._is_busy = False
        self._ended: Deferred[None] = Deferred()
        self._space: Deferred[None] = succeed(None)
        self._closed: Deferred[None] = succeed(None)

    # A face; see :class:`ecochat.client.terminal.talk.Face`

    async def converse(self) -> None:
        """Read lines to the end."""
        self._closed = Deferred()
        StandardIO(self, reactor=self._reactor, **self._files)
        self.transport.registerProducer(self, True)
        await self._ended

    def show(self, lines: list[Line]) -> None:
        """Print lines, and say more."""
        if lines and not self._closed.called:
            text = "".join(f"{plain(line)}\n" for line in lines)
            self.transport.write(text.encode(errors="replace"))
        self._go_on()

    async def keep_up(self) -> None:
        """Wait while nobody reads what is printed."""
        space: Deferred[None] = Deferred()
        self._space.chainDeferred(space)
        await space

    def end(self) -> None:
        """Read no further."""
        self._input_is_over = True
        if not self._ended.called:
            self._ended.callback(None)

    def clear(self) -> None:
        """Nothing can be taken away."""
        self.show([notice("what is shown here cannot be taken away")])

    async def finish(self) -> None:
        """Wait until everything is printed."""
        if self.transport is not None and not self._closed.called:
            self.transport.unregisterProducer()
            self.transport.loseConnection()
        await self._closed

    # From input and output

    def dataReceived(self, data: bytes) -> None:
        """Take what was read."""
        data = self._begun + data.replace(DELIMITER, b"\n")
        *lines, self._begun = data.split(b"\n")
        if len(self._begun) > LONGEST:
            lines, self._begun = [*lines, self._begun], b""
        self._lines += lines
        self._go_on()

    def readConnectionLost(self) -> None:
        """Take the end of input."""
        self._lines += [self._begun] if self._begun else []
        self._begun = b""
        self._input_is_over = True
        self._go_on()

    def writeConnectionLost(self) -> None:
        """Nobody reads what is printed: what comes in by a pipe is said all the same,
        someone at a terminal has nothing left to do."""
        self.connectionLost()
        if os.isatty(self._files["stdin"]):
            self.end()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Nothing can be printed any more."""
        self.resumeProducing()
        if not self._closed.called:
            self._closed.callback(None)

    def _go_on(self) -> None:
        """Say what was read, as far as it may be; leave when there is no more."""
        if self._is_busy:
            return  # what is said shows something, which leads here
        self._is_busy = True
        while self._lines and self._chat.in_flight < self.flight:
            self._take(self._lines.popleft())
            if self._chat.has_left:
                self._lines.clear()
                self._input_is_over = True
        self._is_busy = False
        if self._input_is_over and self._is_done():
            self.end()
        elif not self._input_is_over:
            change = "pauseProducing" if self._lines else "resumeProducing"
            getattr(self.transport, change)()

    def _is_done(self) -> bool:
        """Whether it may leave at the end of input."""
        return not (self._lines or self._chat.in_flight)

    def _take(self, line: bytes) -> None:
        try:
            typed = line.decode()
        except UnicodeDecodeError:
            self._chat.failures += 1
            self.show([error("a line that is not UTF-8 was not sent")])
        else:
            self._say(typed)

    # As what writes to the output

    def pauseProducing(self) -> None:
        """Print no more for now."""
        if self._space.called:
            self._space = Deferred()

    def resumeProducing(self) -> None:
        """Print again."""
        if not self._space.called:
            self._space.callback(None)

    def stopProducing(self) -> None:
        """Nobody reads what is printed; that is told otherwise, too."""
