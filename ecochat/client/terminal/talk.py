"""Carries a chat between the client library and what shows it to a person."""

from typing import Protocol

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.python.failure import Failure

from ecochat.client.client import Client
from ecochat.client.errors import ClientError, Disconnected, Unreachable
from ecochat.client.feed import Feed
from ecochat.client.happenings import Answer
from ecochat.client.program import DONE, FAILED, UNREACHABLE
from ecochat.client.terminal.chat import Chat, Sent
from ecochat.client.terminal.line import Line


class Face(Protocol):
    """What shows a chat to a person, and takes what is typed."""

    async def converse(self) -> None:
        """Take what is typed, until the person leaves or :meth:`end` is called."""

    def show(self, lines: list[Line]) -> None:
        """Show lines; anything else of the chat may have changed too."""

    async def keep_up(self) -> None:
        """Wait while too much is not shown yet."""

    def end(self) -> None:
        """Make :meth:`converse` return."""

    async def finish(self) -> None:
        """Wait until everything is shown."""


class Talk:
    """One person's talk with a server.

    :ivar chat: what is known of it.
    :param is_watched: whether a person sees it; if not, nobody is told who is there,
        and what was refused counts in the exit status.
    :param chat: what is known of it at first; by default nothing.
    """

    def __init__(
        self, client: Client, is_watched: bool = True, chat: Chat | None = None
    ) -> None:
        self.chat = chat or Chat(is_watched)
        self._is_watched = is_watched
        self._client = client
        self._face: Face | None = None
        self._why: Disconnected | None = None

    async def run(self, face: Face) -> tuple[int, str]:
        """Talk, until the person leaves, the server ends it, or it is cancelled.

        :return: the exit status, and what went wrong if anything did.
        """
        self._face = face
        feed = self._client.events()
        listening: Deferred[None] = succeed(None)
        try:
            async with self._client:
                conversing = Deferred.fromCoroutine(face.converse())
                listening = Deferred.fromCoroutine(self._listen(feed))
                await conversing
        except CancelledError:
            pass  # the process is told to end: it has left
        except Unreachable as why:
            return UNREACHABLE, str(why)
        except Disconnected as why:
            return FAILED, f"the server does not let you in: {why}"
        await listening
        await face.finish()
        return self._outcome()

    def _outcome(self) -> tuple[int, str]:
        if isinstance(self._why, Unreachable):
            return UNREACHABLE, str(self._why)
        if self._why is not None:
            return FAILED, f"the server has ended the session: {self._why}"
        has_failed = self.chat.failures and not self._is_watched
        return FAILED if has_failed else DONE, ""

    def say(self, typed: str) -> None:
        """Take what a person typed."""
        self._show(self.chat.say(typed))

    async def _listen(self, feed: Feed) -> None:
        assert self._face is not None
        try:
            async for happening in feed:
                self._show(self.chat.happened(happening))
                await self._face.keep_up()
        except Disconnected as why:
            self._why = why
        finally:
            self._face.end()

    def _show(self, lines: list[Line]) -> None:
        """Ask what is to be asked now, and show lines."""
        for sent in self.chat.requests():
            self._ask(sent)
        if self._face is not None:
            self._face.show(lines)

    def _ask(self, sent: Sent) -> None:
        def answered(answer: Answer) -> None:
            self._show(self.chat.answered(sent, answer))

        def failed(failure: Failure) -> None:
            failure.trap(ClientError, ValueError)
            self._show(self.chat.failed(sent, failure.value))  # type: ignore[arg-type]

        self._client.request(sent.request).addCallbacks(answered, failed)
