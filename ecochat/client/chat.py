"""A chat in a terminal: the prompt, and the connection behind it."""

import asyncio
from typing import Any

from prompt_toolkit.history import History
from prompt_toolkit.input import Input
from prompt_toolkit.output import Output
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ecochat.client.address import Address
from ecochat.client.connection import Connection, Outcome
from ecochat.client.conversation import Conversation
from ecochat.client.line import Line
from ecochat.client.prompt import Prompt


class Chat:
    """Joins a prompt and a connection. It needs a running asyncio loop.

    :ivar done: fires with the outcome, when everything is shown, or with what failed.
    """

    def __init__(
        self,
        address: Address,
        nick: str,
        reactor: Any,
        history: History,
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self.done: Deferred[Outcome] = Deferred()
        self._talking: asyncio.Future[None] | None = None
        conversation = Conversation(nick)
        self._connection = Connection(address, conversation, self, reactor)
        self._prompt = Prompt(
            conversation,
            self._connection.say,
            self._connection.pause,
            history,
            input,
            output,
        )

    def start(self) -> None:
        """Connect; the prompt comes with the server's greeting."""
        self._connection.start()

    def stop(self) -> None:
        """Leave, as when the process is told to end."""
        self._connection.leave()

    def greeted(self) -> None:
        """See :class:`ecochat.client.connection.Face`."""
        self._talking = asyncio.ensure_future(self._talk())

    def show(self, lines: list[Line]) -> None:
        """See :class:`ecochat.client.connection.Face`."""
        self._prompt.show(lines)

    def over(self, outcome: Outcome) -> None:
        """See :class:`ecochat.client.connection.Face`."""
        self._prompt.end()
        self._finishing = asyncio.ensure_future(self._finish(outcome))

    async def _talk(self) -> None:
        try:
            await self._prompt.talk()
        finally:
            self._connection.leave()

    async def _finish(self, outcome: Outcome) -> None:
        try:
            if self._talking is not None:
                await self._talking
            await self._prompt.shown()
        except Exception:
            self.done.errback(Failure())
        else:
            self.done.callback(outcome)
