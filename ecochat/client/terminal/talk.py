"""Carries a chat between the client library and what shows it to a person."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.python.failure import Failure

from ecochat.client.client import Client
from ecochat.client.conversation import ENDINGS
from ecochat.client.errors import ClientError, Disconnected, Ended, Unreachable
from ecochat.client.feed import Feed
from ecochat.client.happenings import Answer
from ecochat.client.outbox import is_write
from ecochat.client.program import DONE, FAILED, UNREACHABLE
from ecochat.client.terminal.chat import Chat, Sent
from ecochat.client.terminal.line import Line

NOT_LET_IN = "the server does not let you in"


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

    def clear(self) -> None:
        """Take away what is shown, if that can be done."""

    async def finish(self) -> None:
        """Wait until everything is shown."""


class Talk:
    """One person's talk with a server.

    :ivar chat: what is known of it.
    :ivar error: why there is no session, if that is not wanted.
    :param is_watched: whether a person sees it; if not, nobody is told who is there,
        and what was refused counts in the exit status.
    :param chat: what is known of it at first; by default nothing.
    :param keeps: whether the client has an outbox, from which the next one goes on.
    """

    def __init__(
        self,
        client: Client,
        is_watched: bool = True,
        chat: Chat | None = None,
        keeps: bool = False,
    ) -> None:
        self.chat = chat or Chat(is_watched)
        self.error: Disconnected | None = None
        self._keeps = keeps
        self._is_watched = is_watched
        self._client = client
        self._face: Face | None = None

    async def run(self, face: Face) -> tuple[int, str]:
        """Talk, until the person leaves, the server ends it, or it is cancelled.

        :return: the exit status, and what went wrong if anything did.
        """
        self._face = face
        feed = self._client.events()
        self._take_kept()
        listening: Deferred[None] = succeed(None)
        try:
            async with self._session():
                conversing = Deferred.fromCoroutine(face.converse())
                listening = Deferred.fromCoroutine(self._listen(feed))
                await conversing
        except CancelledError:
            pass  # the process is told to end: it has left
        except Unreachable as why:
            self.error = why
            return UNREACHABLE, str(why)
        except Disconnected as why:
            self.error = why
            return FAILED, f"{NOT_LET_IN}: {why}"
        await listening
        await face.finish()
        return self._outcome()

    def _session(self) -> AbstractAsyncContextManager[object]:
        """Return what waits for a session, and leaves at the end."""
        return self._client

    def _outcome(self) -> tuple[int, str]:
        if isinstance(self.error, Unreachable):
            return UNREACHABLE, str(self.error)
        if self.error is not None:
            return FAILED, f"{self._what_ended()}: {self.error}"
        has_failed = self.chat.failures and not self._is_watched
        return FAILED if has_failed else DONE, ""

    def _what_ended(self) -> str:
        is_in = isinstance(self.error, Ended) and self.error.code in ENDINGS
        return "the server has ended the session" if is_in else NOT_LET_IN

    def say(self, typed: str) -> None:
        """Take what a person typed; look at once whether the server is back."""
        self._show(self.chat.say(typed))
        self.retry_now()

    def typed(self, draft: str) -> None:
        """Take what stands in the input, as it is being written."""
        self.chat.typed(draft)
        self._ask()

    def retry_now(self) -> None:
        """Connect at once, if a person waits for that."""
        if self._is_watched and not self.chat.online:
            self._client.retry_now()

    async def _listen(self, feed: Feed) -> None:
        assert self._face is not None
        try:
            async for happening in feed:
                self._show(self.chat.happened(happening))
                await self._face.keep_up()
        except Disconnected as why:
            self.error = why
        finally:
            self._face.end()

    def _show(self, lines: list[Line]) -> None:
        """Ask what is to be asked now, and show lines."""
        self._ask()
        if self._face is not None:
            self._face.show(lines)

    def _ask(self) -> None:
        for sent in self.chat.requests():
            answer = self._client.request(sent.request)
            # What has failed already, as after the end, was not kept.
            is_kept = self._keeps and is_write(sent.request) and not answer.called
            self._wait(sent, answer, is_kept)

    def _take_kept(self) -> None:
        """Wait for the answers to what is left from before, too."""
        left = self._client.take_kept()
        sents = self.chat.kept([kept.request for kept, _ in left])
        for sent, (_, answer) in zip(sents, left, strict=True):
            self._wait(sent, answer, is_kept=True)

    def _wait(self, sent: Sent, answer: Deferred[Answer], is_kept: bool) -> None:
        def answered(answer: Answer) -> None:
            self._show(self.chat.answered(sent, answer))

        def failed(failure: Failure) -> None:
            failure.trap(ClientError, ValueError)
            if is_kept and failure.check(Disconnected):
                self._show(self.chat.put_off(sent))
            else:
                self._show(self.chat.failed(sent, failure.value))  # type: ignore[arg-type]

        answer.addCallbacks(answered, failed)
