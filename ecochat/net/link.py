"""A connection's way in: from bytes to proposals, no faster than they are served."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import msgspec
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from ecochat.core.framing import BadFrame, FrameDecoder
from ecochat.core.items import Ended, Failed, Kicked, NotOpened, Reply, Welcomed
from ecochat.core.requests import (
    Depart,
    History,
    Open,
    Refuse,
    Request,
    Rooms,
    Since,
    Status,
    Tell,
    Who,
)
from ecochat.dialects.port import Dialect
from ecochat.net.bucket import RateLimit, TokenBucket
from ecochat.net.exchange import Exchange
from ecochat.net.outlet import Outlet
from ecochat.net.pipe import Pipe

QUIET = 0.3
"""Seconds of silence after which a session begins without a frame: long enough for a
program's first frame to say that it speaks another dialect, short for a person."""

IN_FLIGHT = 256
"""Requests of one session that may wait for their answer: enough to fill a group,
few enough that a fast sender leaves room for others."""

BAD_FRAMES = 100
"""Bad frames in a row after which the peer is taken to speak something else."""

RETRY = 1.0
"""Seconds until a session that could not be stored, or a log that could not be read,
is tried again."""

LAST_WORDS = 2.0
"""Seconds in which one whom an operator throws out can take the word of it."""

CALM = 60.0
"""Seconds in which a session has not sent too fast, after which it is told again."""

THROTTLED = (
    "more than {}: what you send beyond that waits for its turn, nothing is lost"
)

_LISTS: frozenset[type[Request]] = frozenset((Who, Rooms, History, Since, Status))


class Shell(Protocol):
    """What a link needs of the protocol that it serves."""

    pipe: Pipe

    def pause(self) -> None:
        """Read no more for now."""

    def resume(self) -> None:
        """Read again."""

    def close(self) -> None:
        """Close, once what is written has left."""

    def abort(self) -> None:
        """Close at once."""

    def gone(self) -> None:
        """The connection was lost, and all that came over it is taken."""


class LinkSettings(msgspec.Struct, frozen=True):
    """What links are made with.

    :param max_frame: the longest frame in bytes, without its NUL.
    :param rate_limit: how fast each may send; None for as fast as it likes.
    :param operator: whether they may do what is for operators only.
    """

    dialect: Dialect
    max_frame: int
    rate_limit: RateLimit | None = None
    operator: bool = False


class Link:
    """Serves one connection: opens its session, proposes what its frames ask for.

    Reading stops while the session has unsent output, while a list is on its way to
    it, while it has many requests unanswered, while the hub has many waiting, and while
    it has sent too fast. What is read by then waits here: at most what one read brings.

    :param address: where the peer is, for the log and for operators.
    """

    log = Logger()

    def __init__(
        self, exchange: Exchange, shell: Shell, settings: LinkSettings, address: str
    ) -> None:
        self.address = address
        self.outlet = Outlet(
            shell.pipe, settings.dialect, exchange.channels, exchange.pages, self
        )
        self._exchange = exchange
        self._shell = shell
        shell.pipe.drained = self.outlet.drained
        self._settings = settings
        self._dialect = settings.dialect
        self._parser = settings.dialect.parser()
        limit = settings.rate_limit
        self._bucket = TokenBucket(limit, exchange.now()) if limit else None
        self._throttle: IDelayedCall | None = None
        self._throttled_at = -math.inf
        self._decoder = FrameDecoder(settings.max_frame)
        self._in_flight = 0
        self._bad_frames = 0
        self._opening = False
        self._known = False  # whether the hub has heard of this connection
        self._waits_told = False
        self._listing = False
        self._paused = False
        self._input_over = False
        self._departing = False
        self._lost = False
        self._origin = exchange.attach(self)
        self._timer: IDelayedCall | None = exchange.later(QUIET, self._open)

    @property
    def session(self) -> int:
        """The session's number, 0 before it has begun."""
        return self.outlet.session

    # From the connection

    def receive(self, data: bytes) -> None:
        """Take what was read."""
        if self._departing:
            return
        self._decoder.receive(data)
        self.take()
        if self._timer is not None and not self._known:
            self._timer.reset(QUIET)

    def input_over(self) -> None:
        """Take the end of input: what is owed will be sent, then the link closes."""
        self._input_over = True
        self.take()

    def lost(self, reason: str) -> None:
        """Take the end of the connection. What it has sent whole is stored all the
        same, no faster than it may send; then the session ends."""
        self._lost = True
        self._cancel_timer()
        self._cancel_throttle()
        self.outlet.close()
        self._drain(reason)

    def _drain(self, reason: str) -> None:
        self._throttle = None
        wait = 0.0
        try:
            while self._decoder.waiting and not self._departing:
                wait = self._wait(self._exchange.now())
                if wait or not self._take_frame():
                    break
        finally:
            if wait:
                again = partial(self.guarded, self._drain, reason)
                self._throttle = self._exchange.later(wait, again)
            else:
                self._leave(reason)
                self._shell.gone()

    def _cancel_throttle(self) -> None:
        if self._throttle is not None:
            self._throttle.cancel()
            self._throttle = None

    # To the hub

    def take(self) -> None:
        """Propose what the frames at hand ask for, as far as that is due."""
        if not self.outlet.owes:  # nor will it for what is proposed: that sends nothing
            while self._may_take() and self._take_frame():
                pass
        self._pause_or_resume()
        waits = self._decoder.waiting or self._listing or self._departing
        if self._input_over and not waits:
            self._finish_input()

    def _may_take(self) -> bool:
        return not (
            self._departing
            or self._listing
            or self._in_flight >= IN_FLIGHT
            or not self._exchange.has_room(self)
            or (self._bucket is not None and self._is_throttled())
        )

    def _is_throttled(self) -> bool:
        """Whether it has sent too fast and has to wait; if so, it is told why."""
        if not self._decoder.waiting:
            return False
        now = self._exchange.now()
        wait = self._wait(now)
        if wait and self._throttle is None:
            self._throttle = self._exchange.later(wait, self._unthrottle)
            if now - self._throttled_at > CALM:
                limit = self._settings.rate_limit
                self._propose(Tell(THROTTLED.format(limit)))
            self._throttled_at = now
        return wait > 0

    def _wait(self, now: float) -> float:
        """Return how many seconds it has to wait for its next turn; 0 for none."""
        return self._bucket.wait(now) if self._bucket is not None else 0

    def _unthrottle(self) -> None:
        self._throttle = None
        self.guarded(self.take)

    def _pause_or_resume(self) -> None:
        paused = self._decoder.waiting or self.outlet.owes
        over = self._departing or self._input_over or self._lost
        if paused != self._paused and not over:
            self._paused = paused
            (self._shell.pause if paused else self._shell.resume)()

    def _take_frame(self) -> bool:
        frame = self._decoder.next_frame()
        if frame is None:
            return False
        if self._bucket is not None:
            self._bucket.take()
        if not self.outlet.session:
            self._open()
        if isinstance(frame, BadFrame):
            self._take_bad_frame(frame)
            return True
        self._bad_frames = 0
        request = self._parser.request(frame)
        if isinstance(request, Depart):
            self._depart(request)
        elif request is not None:
            self._listing = type(request) in _LISTS
            self._propose(request, len(frame))
        return True

    def _take_bad_frame(self, problem: BadFrame) -> None:
        self._bad_frames += 1
        self._propose(self._dialect.bad_frame(problem, self._settings.max_frame))
        if self._bad_frames == BAD_FRAMES:
            text = f"{BAD_FRAMES} bad frames in a row, closing"
            self._propose(Refuse("bad_frame", text))
            self._depart(Depart(text))

    def _finish_input(self) -> None:
        problem = self._decoder.finish()
        refusal = problem and self._dialect.bad_frame(problem, self._settings.max_frame)
        if self._known:
            if refusal:
                self._propose(refusal)
            self._depart(Depart("end of input"))
        else:
            self._cancel_timer()
            self.outlet.end(self._dialect.error(refusal.text) if refusal else b"")

    @property
    def _begun(self) -> bool:
        return bool(self.session or self._opening)

    def _open(self) -> None:
        self._cancel_timer()
        if not (self._begun or self._departing):
            self._opening = True
            self._propose(Open(self.address, self._settings.operator))

    def _cancel_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _leave(self, reason: str) -> None:
        if self._known:
            self._depart(Depart(reason))
        else:
            self._departing = True
            self._exchange.detach(self._origin)

    def _depart(self, request: Depart) -> None:
        if not self._departing:
            self._departing = True
            self._propose(request)

    def _propose(self, request: Request, size: int = 0) -> None:
        self._known = True
        self._in_flight += 1
        self._exchange.propose(self._origin, request, size)

    # From the hub

    def answered(self, count: int) -> None:
        """So many of its requests have been served; what came of them follows."""
        self._in_flight -= count

    def told(self, reply: Reply) -> None:
        """Take what the hub says to this connection alone."""
        body = reply.body
        if isinstance(body, Welcomed):
            self._opening = False
            self.outlet.session = body.session
        elif isinstance(body, Ended):
            self._departing = True
            self._exchange.detach(self._origin)
        elif isinstance(body, Failed):
            self._record_failed(body)
        elif isinstance(body, Kicked):
            self._thrown_out(body)
            return
        elif isinstance(body, NotOpened) and not self._try_again():
            return
        self.outlet.owe(reply)

    def _thrown_out(self, body: Kicked) -> None:
        """Say so, send nothing more, and close, also when nothing more is read."""
        self._departing = True
        self._exchange.detach(self._origin)
        self._cancel_timer()
        if not self._lost:
            self._timer = self._exchange.later(LAST_WORDS, self._shell.abort)
        self.outlet.end(self._dialect.reply(body))

    def _record_failed(self, body: Failed) -> None:
        self.log.error(
            "serving session s{session} failed, it ends:\n{traceback}",
            session=self.session,
            traceback=body.traceback,
        )
        self._depart(Depart("failed"))

    def _try_again(self) -> bool:
        """The session could not be stored: try again later; True if that is news."""
        self._opening = False
        if not (self._lost or self._departing):
            self._timer = self._exchange.later(RETRY, self._open)
        is_news, self._waits_told = not self._waits_told, True
        return is_news

    # From the outlet

    def ask(self, request: Request) -> None:
        """See :class:`ecochat.net.outlet.Owner`."""
        self._propose(request)

    def settled(self) -> None:
        """See :class:`ecochat.net.outlet.Owner`."""
        if not self._in_flight:
            self._listing = False
        self.take()

    def finished(self) -> None:
        """See :class:`ecochat.net.outlet.Owner`."""
        self._cancel_timer()
        self._shell.close()

    def waits_for_store(self, failure: Failure, again: Callable[[], None]) -> None:
        """See :class:`ecochat.net.outlet.Owner`."""
        self.log.warn(
            "s{session} has to wait: {reason}",
            session=self.session,
            reason=failure.getErrorMessage(),
        )
        self._exchange.later(RETRY, partial(self.guarded, again))

    def failed(self, error: Any) -> None:
        """See :class:`ecochat.net.outlet.Owner`."""
        failure = error if isinstance(error, Failure) else Failure(error)
        self.log.failure(
            "serving session s{session} failed, it ends", failure, session=self.session
        )
        self.outlet.close()
        self._shell.abort()

    def guarded(self, serve: Callable[..., None], *arguments: Any) -> None:
        """Call something of this link's, so that its failing ends this link only."""
        try:
            serve(*arguments)
        except Exception:
            self.failed(Failure())

    def stop(self) -> None:
        """Say that the server is stopping, send nothing more, and close."""
        self.outlet.end(self._dialect.notice("server is stopping"))
        self._leave("server stopped")
        if self._lost:
            self._cancel_throttle()
            self._shell.gone()
