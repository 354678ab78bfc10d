"""A connection's way in: from bytes to proposals, no faster than they are served."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from twisted.logger import Logger
from twisted.python.failure import Failure

from ecochat.core.framing import BadFrame, FrameDecoder
from ecochat.core.items import (
    Body,
    Ended,
    Fact,
    Failed,
    Kicked,
    Missing,
    NotOpened,
    Refusal,
    Renamed,
    Reply,
    Welcomed,
)
from ecochat.core.reads import ReadDecoder
from ecochat.core.requests import (
    Delete,
    Depart,
    Drop,
    Edit,
    Hello,
    History,
    Informed,
    Open,
    Pong,
    React,
    Refuse,
    Request,
    Rooms,
    SayAll,
    Search,
    Status,
    Tell,
    Who,
)
from ecochat.dialects.port import Dialect, Parser
from ecochat.net.bucket import RateLimit, TokenBucket
from ecochat.net.exchange import Exchange
from ecochat.net.intake import BAD_FRAMES, UNREAD, Intake
from ecochat.net.lifesigns import LifeSigns
from ecochat.net.opening import BEFORE_A_HELLO, Opening
from ecochat.net.outlet import Outlet
from ecochat.net.shell import Shell
from ecochat.store.port import StoreError

IN_FLIGHT = 256
"""Requests of one session that may wait for their answer: enough to fill a group,
few enough that a fast sender leaves room for others."""

RETRY = 1.0
"""Seconds until a session that could not be stored, or a log that could not be read,
is tried again."""

ASK_AGAIN = 0.5
"""Seconds until who cannot have a name is asked for another: the nickname program's
client answers by itself, with the same one, and its user has to see why."""

LAST_WORDS = 2.0
"""Seconds in which one whom an operator throws out can take the word of it."""

THROTTLED = (
    "more than {}: what you send beyond that waits for its turn, nothing is lost"
)

LATE = Refuse("already_open", "a hello has to be the first frame; connect anew")
"""What becomes of a hello that comes behind something else."""

_ALONE: frozenset[type[Request]] = frozenset(
    (*(Who, Rooms, History, Search, Status), *(Open, Edit, Delete, React))
)
"""What is served before the next frame is read: lists, and what may need something of
the store first."""


class LinkSettings(msgspec.Struct, frozen=True):
    """What links are made with.

    :param max_frame: the longest frame in bytes, without its NUL.
    :param rate_limit: how fast each may send; None for as fast as it likes.
    :param dialect: what is spoken where the first frame claims no other.
    :param others: what else can be spoken.
    :param operator: whether they may do what is for operators only.
    :param ping_interval: the seconds without a word after which a client is asked
        whether it is there, where its dialect has a word for that; 0 for never.
    """

    dialect: Dialect
    max_frame: int
    rate_limit: RateLimit | None = None
    operator: bool = False
    others: tuple[Dialect, ...] = ()
    ping_interval: float = 0


class Link:
    """Serves one connection: opens its session, proposes what its frames ask for.

    The first frame tells which dialect is spoken. Reading stops while the session has
    unsent output, while a list is on its way to it, while it has many requests
    unanswered, while the hub has many waiting, and while it has sent too fast. What is
    read by then waits here: at most what one read brings. (Not so where reads are the
    frames: there one dialect is spoken, reading goes on while output is unsent, and up
    to :data:`ecochat.core.reads.WAITING` reads wait here.)
    """

    __slots__ = (
        *("_alone", "_departing", "_exchange", "_in_flight", "_input_over", "_intake"),
        *("_known", "_lost", "_opening", "_origin"),
        *("_parser", "_paused", "_settings", "_shell", "_signs", "_waits_told"),
        "outlet",
    )

    log = Logger()

    def __init__(
        self, exchange: Exchange, shell: Shell, settings: LinkSettings
    ) -> None:
        self.outlet = Outlet(
            shell.pipe, settings.dialect, exchange.channels, exchange.pages, self
        )
        self._exchange = exchange
        self._shell = shell
        shell.pipe.reader = self.outlet
        self._settings = settings
        self._opening = Opening(self.outlet, settings.others, shell, settings.operator)
        self._parser: Parser | None = None  # till the first frame
        self._intake = UNREAD
        self._signs: LifeSigns | None = None
        self._in_flight = 0
        self._known = False  # whether the hub has heard of this connection
        self._waits_told = False
        self._alone = False
        self._paused = False
        self._input_over = False
        self._lost: str | None = None  # why, once it is
        self._departing = False
        self._origin = exchange.attach(self)
        if settings.dialect.is_framed:
            exchange.silence.begin(self)
        else:
            self._begin_at_once(settings.dialect)

    def _begin_at_once(self, dialect: Dialect) -> None:
        """Begin in the one dialect that is spoken here."""
        self._parser = dialect.parser()
        if dialect.needs_hello:
            self._ask_for_hello()
        else:
            self._open()

    @property
    def session(self) -> int:
        """The session's number, 0 before it has begun."""
        return self.outlet.session

    # From the connection

    def receive(self, data: bytes) -> None:
        """Take what was read."""
        if self._departing:
            return
        if self._signs is not None:
            self._signs.heard = True
        if self._intake is UNREAD:
            self._begin_to_read()
        self._intake.receive(data)
        self.take()
        if not self._known:
            self._exchange.silence.put_off(self)

    def _begin_to_read(self) -> None:
        """Make what only those need who say something: 210 bytes."""
        settings = self._settings
        limit = settings.rate_limit
        is_framed = self.outlet.dialect.is_framed
        self._intake = Intake(
            FrameDecoder(settings.max_frame) if is_framed else ReadDecoder(),
            TokenBucket(limit, self._exchange.now()) if limit else None,
        )

    def input_over(self) -> None:
        """Take the end of input: what is owed will be sent, then the link closes."""
        self._input_over = True
        self.take()

    def lost(self, reason: str) -> None:
        """Take the end of the connection. What it has sent whole is stored all the
        same, no faster than it may send; then the session ends."""
        self._lost = reason
        self._call_off()
        self._exchange.turns.cancel(self)
        self.outlet.close()
        self._drain()

    def _call_off(self) -> None:
        """Do nothing later any more, but take what waits."""
        self._exchange.silence.end(self)
        self._exchange.timers.cancel(self)

    def _drain(self) -> None:
        """Take what waited: for its turn, or for what had to be served alone."""
        self._go_on()
        wait = 0.0
        try:
            while self._intake.waiting and not (self._departing or self._alone):
                wait = self._intake.wait(self._exchange.now())
                if wait or not self._take_frame():
                    break
        finally:
            if wait:
                self._exchange.turns.set(self, wait, self._drain)
            elif self._departing or not self._alone:
                self._leave(self._lost or "")
                self._shell.gone()

    def _go_on(self) -> None:
        if not self._in_flight:
            self._alone = False

    # To the hub

    def take(self) -> None:
        """Propose what the frames at hand ask for, as far as that is due."""
        if not self.outlet.owes:  # nor will it for what is proposed: that sends nothing
            if self._may_take():
                self._take_run()
            while self._may_take() and self._take_frame():
                pass
        self._pause_or_resume()
        waits = self._intake.waiting or self._alone or self._departing
        if self._input_over and not waits:
            self._finish_input()

    def _may_take(self) -> bool:
        return not (
            self._departing
            or self._alone
            or self._in_flight >= IN_FLIGHT
            or not self._exchange.has_room(self)
            or self._is_throttled()
        )

    def _is_throttled(self) -> bool:
        """Whether it has sent too fast and has to wait; if so, it is told why."""
        if not self._intake.may_wait:
            return False
        now = self._exchange.now()
        wait = self._intake.wait(now)
        if wait and not self._exchange.turns.is_set(self):
            self._exchange.turns.set(self, wait, self.take)
            if self._intake.is_too_fast(now):
                self._propose(Tell(THROTTLED.format(self._settings.rate_limit)))
        return wait > 0

    def _pause_or_resume(self) -> None:
        owes = self.outlet.owes and self.outlet.dialect.is_framed
        paused = owes or self._intake.is_full  # reads are not to become one
        over = self._departing or self._input_over or self._lost is not None
        if paused != self._paused and not over:
            self._paused = paused
            (self._shell.pause if paused else self._shell.resume)()

    def _take_run(self) -> None:
        """Take frames that are all messages to the current room as one proposal."""
        count = self._parser.messages if self._parser is not None else None
        if count is None or not self.outlet.session:
            return
        most, size = self._exchange.room
        most = min(most, IN_FLIGHT - self._in_flight)
        texts = self._intake.next_run(most, size, count)
        if texts:
            self._propose(SayAll(texts), sum(map(len, texts)), len(texts))

    def _take_frame(self) -> bool:
        dialect = self.outlet.dialect
        if not (dialect.is_framed or dialect.needs_hello or self.outlet.session):
            return False  # it is opened by itself, and asked for already
        frame = self._intake.next_frame()
        if frame is None:
            return False
        if self._parser is None and _is_blank(frame):
            self._open()  # it says nothing, nor in which dialect
            return True
        parser = self._parser or self._choose(frame)
        if not self.outlet.session:
            self._open()
        if isinstance(frame, BadFrame):
            self._take_bad_frame(frame)
            return True
        late = frame.startswith(BEFORE_A_HELLO) and self._opening.is_late(frame)
        request = LATE if late else parser.request(frame)
        if request is not None:
            self._take_request(request, len(frame))
        return True

    def _choose(self, frame: str | BadFrame) -> Parser:
        """Speak the dialect that the first frame claims."""
        if self._opening.choose(frame):
            self._call_off()
            self._watch()
        self._parser = self.outlet.dialect.parser()
        return self._parser

    def _watch(self) -> None:
        interval = self._settings.ping_interval
        if interval and self.outlet.dialect.ping() and self._lost is None:
            self._signs = LifeSigns(
                self._shell, self.outlet, self._exchange.timers, interval
            )

    def _take_request(self, request: Request, size: int) -> None:
        if type(request) is Hello or not self.outlet.session:
            request = self._opening.admitted(request)
        kind = type(request)
        if kind is Depart:
            self._depart(request)
        elif kind is not Pong:
            self._alone = kind in _ALONE
            self._propose(request, size)

    def _take_bad_frame(self, problem: BadFrame) -> None:
        self._propose(self._bad_frame(problem))
        if self._intake.is_senseless:
            text = f"{BAD_FRAMES} bad frames in a row, closing"
            self._propose(Refuse("bad_frame", text))
            self._depart(Depart(text))

    def _bad_frame(self, problem: BadFrame) -> Refuse:
        return self.outlet.dialect.bad_frame(problem, self._settings.max_frame)

    def _finish_input(self) -> None:
        problem = self._intake.finish()
        refusal = self._bad_frame(problem) if problem else None
        if self._known:
            if refusal:
                self._propose(refusal)
            self._depart(Drop("end of input"))
        else:
            self._call_off()
            last = self.outlet.dialect.error(refusal.text) if refusal else b""
            self.outlet.end(last)

    def quiet(self) -> None:
        """Begin a session for who says nothing; who has, waits for its first frame to
        be taken, which tells what kind of session it is."""
        if self._intake.waiting:
            self._exchange.silence.begin(self)
        else:
            self._open()

    def _open(self) -> None:
        request = None if self._departing else self._opening.unasked()
        if request is not None:
            self._call_off()
            self._alone = self._alone or not self.outlet.dialect.is_framed
            self._propose(request)

    def _ask_for_hello(self) -> None:
        """Ask for it, where a client has to be asked."""
        if not self._opening.begun:
            prompt = self.outlet.dialect.prompt
            told = Fact("told", prompt)
            self.outlet.owe(Reply(0, self._origin, told, True, ref=prompt))
            self.outlet.pump()

    def _leave(self, reason: str) -> None:
        if self._known:
            self._depart(Drop(reason))
        else:
            self._end()

    def _end(self) -> None:
        self._departing = True
        self._exchange.detach(self._origin)

    def _depart(self, request: Request) -> None:
        if not self._departing:
            self._departing = True
            self._propose(request)

    def _propose(self, request: Request, size: int = 0, count: int = 1) -> None:
        self._known = True
        self._in_flight += count
        self._exchange.propose(self._origin, request, size)

    # From the hub

    def answered(self, count: int) -> None:
        """So many of its requests have been served; what came of them follows."""
        self._in_flight -= count
        if self._lost is not None and self._alone and not self._departing:
            # Then it is known whether the store is needed.
            self._exchange.turns.set(self, 0, self._drain)

    def told(self, reply: Reply) -> None:
        """Take what the hub says to this connection alone."""
        if self._opening.concerns(reply):
            act = _ACTS.get(type(reply.body))
            if act is None or act(self, reply.body):
                self.outlet.owe(reply)

    def _fetch(self, body: Missing) -> bool:
        """Look up what a request needs of the store, and propose it again; it counts
        as in flight meanwhile."""
        self._in_flight += 1
        self._look_up(body)
        return False

    def _look_up(self, body: Missing) -> None:
        informed = self._exchange.fetch(body)
        informed.addCallbacks(self._fetched, self._fetch_failed, errbackArgs=(body,))
        informed.addErrback(self._fetch_broken)

    def _fetched(self, informed: Informed) -> None:
        if self._departing:
            self._in_flight -= 1
        else:  # it stays in flight
            self._exchange.propose(self._origin, informed)

    def _fetch_failed(self, failure: Failure, body: Missing) -> None:
        failure.trap(StoreError)
        self.waits_for_store(failure, partial(self._look_up, body))

    def _fetch_broken(self, failure: Failure) -> None:
        self._in_flight -= 1
        self.failed(failure)

    def _thrown_out(self, body: Kicked) -> bool:
        """Say so, send nothing more, and close, also when nothing more is read."""
        self._end()
        if self._lost is not None:
            self._exchange.turns.set(self, 0, self._drain)
        else:
            self._exchange.timers.set(self, LAST_WORDS, self._shell.abort)
            self.outlet.pump()  # what it has been answered before
        self.outlet.end(self.outlet.dialect.reply(body))
        return False

    def _record_failed(self, body: Failed) -> bool:
        self.log.error(
            "serving session s{session} failed, it ends:\n{traceback}",
            session=self.session,
            traceback=body.traceback,
        )
        self._depart(Depart("failed"))
        return True

    def _ended(self, body: Ended) -> bool:
        self._end()
        return True

    def _named(self, body: Welcomed | Renamed) -> bool:
        """Have the parser know the name."""
        if self._parser is not None:
            nick = body.nick if isinstance(body, Welcomed) else body.new
            self._parser.named(nick)
        return True

    def _refused(self, body: Refusal) -> bool:
        """Ask for another name, if that was one. Who cannot be asked for anything else
        has come in vain."""
        dialect = self.outlet.dialect
        if self.outlet.session or dialect.is_framed:
            return True
        if dialect.needs_hello:
            timers = self._exchange.timers
            timers.set(self, ASK_AGAIN, self._ask_for_hello)
        else:
            self._depart(Depart(body.text))
        return True

    def _try_again(self, body: NotOpened) -> bool:
        """The session could not be stored: try again later; True if that is news."""
        if not (self._lost is not None or self._departing):
            self._exchange.timers.set(self, RETRY, self._open)
        is_news, self._waits_told = not self._waits_told, True
        return is_news

    # From the outlet

    def ask(self, request: Request) -> None:
        """See :class:`ecochat.net.outlet.Owner`."""
        self._propose(request)

    def settled(self) -> None:
        """See :class:`ecochat.net.outlet.Owner`."""
        self._go_on()
        self.take()

    def finished(self) -> None:
        """See :class:`ecochat.net.outlet.Owner`."""
        self._call_off()
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
        self._call_off()
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
        self.outlet.end(self.outlet.dialect.notice("server is stopping"))
        self._leave("server stopped")
        if self._lost is not None:
            self._exchange.turns.cancel(self)
            self._shell.gone()


def _is_blank(frame: str | BadFrame) -> bool:
    return isinstance(frame, str) and (not frame or frame.isspace())


_ACTS: dict[type[Body], Callable[[Link, Any], bool]] = {
    Missing: Link._fetch,
    Kicked: Link._thrown_out,
    Failed: Link._record_failed,
    Ended: Link._ended,
    NotOpened: Link._try_again,
    Welcomed: Link._named,
    Renamed: Link._named,
    Refusal: Link._refused,
}
"""What the link itself does at a reply; whether that is for the client too."""
