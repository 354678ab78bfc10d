"""Carries a model between the client library and what shows it to a person."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from ecochat.client.client import Client
from ecochat.client.errors import (
    ClientError,
    Disconnected,
    Refused,
    Unreachable,
    Untrusted,
)
from ecochat.client.feed import Feed
from ecochat.client.happenings import Answer
from ecochat.client.screen.entries import Kind
from ecochat.client.screen.model import Model
from ecochat.client.screen.writings import Sent

TICK = 1.0
"""Seconds between two looks at the clock."""

AT_ONCE = 100
"""Happenings that are taken before keys are read and the screen is drawn: some 5 ms."""

NO_SESSION = "there is no session any more, /connect begins one"
"""Why something is not written once the server has ended the session: nothing would
send it, then or later."""


class Talk:
    """One person's talk with one server.

    :ivar is_over: whether the server has ended it for good, or let nobody in: the model
        says why.
    :param client: not started yet.
    :param changed: called when something of the model, or its wishes, may be others.
    :param reactor: for time.
    """

    _log = Logger()

    def __init__(
        self, client: Client, model: Model, changed: Callable[[], None], reactor: Any
    ) -> None:
        self.is_over = False
        self.model = model
        self._client = client
        self._changed = changed
        self._reactor = reactor
        self._flushing: Any = None
        self._clock = LoopingCall(self._tick)
        self._clock.clock = reactor
        self._listening: Deferred[None] = succeed(None)

    def start(self) -> None:
        """Connect, and go on trying; what is left from before is sent first.

        :raises ValueError: when Twisted cannot read the endpoint.
        """
        left = self._client.take_kept()
        sents = self.model.kept([kept for kept, _ in left])
        for sent, (_, answer) in zip(sents, left, strict=True):
            self._wait(sent, answer)
        feed = self._client.events()
        self._client.startService()
        self.model.asks = self._ask_soon
        self._listening = Deferred.fromCoroutine(self._listen(feed))
        Deferred.fromCoroutine(self._greet())
        self._clock.start(TICK, now=False)
        self._flush()

    async def stop(self) -> None:
        """Leave: what was asked is waited for, at most two seconds; then the session
        ends. What is not stored is in the outbox, if there is one."""
        if self._clock.running:
            self._clock.stop()
        self._flush()
        self.model.asks = lambda: None  # there is nobody to ask any more
        await self._client.stopService()
        await self._listening

    def say(self, typed: str) -> None:
        """Take what a person typed; it is in the outbox when this returns."""
        self.model.say(typed)
        self._flush()

    def retry_now(self) -> None:
        """Connect at once, or see whether the connection is still good."""
        self._client.retry_now()

    async def _greet(self) -> None:
        """Tell why there is no session yet, each time that none was had."""
        while not self.is_over:
            try:
                await self._client.ready()
                return
            except Untrusted:
                pass  # who listens is told, once
            except Unreachable as why:
                self.model.unreached(str(why))
                self._changed()
            except Disconnected:
                return  # who listens is told, too

    async def _listen(self, feed: Feed) -> None:
        taken = 0
        try:
            async for happening in feed:
                self._take(self.model.happened, happening)
                taken += 1
                if taken % AT_ONCE == 0:
                    await deferLater(self._reactor, 0)
        except Disconnected as why:
            self.model.ended(why)
        self.is_over = True
        self._changed()

    def _take(self, take: Callable[..., None], *what: Any) -> None:
        """What goes wrong with one must not keep the next from being seen."""
        try:
            take(*what)
        except Exception:
            # Not as critical: that is written to the terminal where no log is kept.
            self._log.failure("what happened is not shown", level=LogLevel.error)
            kind = type(getattr(what[0], "request", what[0])).__name__
            text = f"the server said what cannot be shown ({kind})"
            self.model.tell(text, Kind.ERROR)
        self._changed()

    def _tick(self) -> None:
        version = self.model.version
        self.model.tick()
        if self.model.version != version:
            self._changed()

    def _ask_soon(self) -> None:
        if self._flushing is None:
            self._flushing = self._reactor.callLater(0, self._flush)

    def _flush(self) -> None:
        """Ask what is to be asked now."""
        flushing, self._flushing = self._flushing, None
        if flushing is not None and flushing.active():
            flushing.cancel()
        for sent in self.model.requests():
            if sent.is_write and self._client.has_ended:
                self.model.failed(sent, Refused("ended", NO_SESSION))
            else:
                self._wait(sent, self._client.request(sent.request))
        self._changed()

    def _wait(self, sent: Sent, answer: Deferred[Answer]) -> None:
        sent.take_back = partial(self._client.withdraw, answer)

        def answered(answer: Answer) -> None:
            self._take(self.model.answered, sent, answer)

        def failed(failure: Failure) -> None:
            failure.trap(ClientError, ValueError, CancelledError)
            if failure.check(CancelledError):
                return  # it is taken back
            self.model.failed(sent, failure.value)  # type: ignore[arg-type]
            self._changed()

        answer.addCallbacks(answered, failed)
