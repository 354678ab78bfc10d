"""What stands in for sockets, the store and the protocol in these tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from ecochat.core.framing import encode_frame
from ecochat.core.items import Event, Note, SearchRange
from ecochat.core.limits import Limits
from ecochat.core.records import (
    Batch,
    Found,
    Indexed,
    KeyRecord,
    Loaded,
    SessionRecord,
)
from ecochat.dialects.plain import PlainDialect
from ecochat.dialects.port import View
from ecochat.dialects.structured import StructuredDialect
from ecochat.net.exchange import Exchange
from ecochat.net.link import Link, LinkSettings
from ecochat.net.pipe import Drained
from ecochat.net.silence import QUIET
from ecochat.store.memory import MemoryStore
from ecochat.store.port import StoreError
from tests.net.sockets import PartialPipe

MAX_FRAME = 65_536

PING = b'{"op":"ping"}\0'
"""What a client is asked that has been silent."""


class MarkedDialect(PlainDialect):
    """The plain dialect, in which presence can be told from all else: it has ``~``."""

    def note(self, room: str, note: Note, view: View) -> bytes:
        """Return the note behind a ``~``."""
        return b"~" + super().note(room, note, view)


class FakePipe:
    """A pipe that the test blocks and drains.

    :ivar writes: what was written, in order.
    :ivar blocking: asked at each write whether that blocks.
    :ivar error: raised by the next write, when set.
    """

    reader: Drained

    def __init__(self) -> None:
        self.blocked = False
        self.writes: list[bytes] = []
        self.blocking: Callable[[], bool] = lambda: False
        self.error: Exception | None = None
        self.released = False

    def send(self, data: bytes) -> int:
        """Keep what is sent, unless this is to block."""
        assert not self.blocked, "written to while blocked"
        if self.error is not None or self.blocking():
            return 0
        self.writes.append(data)
        return len(data)

    def hold(self, data: bytes) -> None:
        """Keep it too, and block."""
        if self.error is not None:
            raise self.error
        self.writes.append(data)
        self.blocked = True

    def write(self, data: bytes) -> None:
        """Do one or the other."""
        if self.send(data) < len(data):
            self.hold(data)

    def release(self) -> None:
        """Note that the transport is let go of."""
        self.released = True

    def drain(self) -> None:
        """Take more again."""
        self.blocked = False
        self.reader.drained()

    @property
    def frames(self) -> list[str]:
        """All frames that were written."""
        *frames, rest = b"".join(self.writes).split(b"\0")
        assert not rest, "the output does not end with a frame"
        return [frame.decode() for frame in frames]


class FakeShell:
    """A protocol that remembers what its link asked for.

    :ivar silent: whether the peer's machine does not answer.
    """

    def __init__(self) -> None:
        self.silent = False
        self.address = "test"
        self.fake_pipe = FakePipe()
        self.pipe: Any = self.fake_pipe
        self.paused = False
        self.calls: list[str] = []

    def pause(self) -> None:
        """Read no more."""
        assert not self.paused
        self.paused = True
        self.calls.append("pause")

    def resume(self) -> None:
        """Read again."""
        assert self.paused
        self.paused = False
        self.calls.append("resume")

    def close(self) -> None:
        """Close."""
        self.calls.append("close")

    def abort(self) -> None:
        """Close at once."""
        self.calls.append("abort")

    def gone(self) -> None:
        """Forget the connection."""
        self.calls.append("gone")

    def is_silent(self) -> bool:
        """Return what the test says."""
        return self.silent


class Page:
    """What was asked of the store; the test answers it.

    :ivar wanted: the arguments of the call.
    """

    def __init__(self, wanted: tuple[Any, ...], rows: Any) -> None:
        self.wanted = wanted
        self.deferred: Deferred[Any] = Deferred()
        self._rows = rows

    def answer(self) -> None:
        """Give what the store holds."""
        self.deferred.callback(self._rows)


class FakeStorage:
    """A store whose answers the test gives.

    :ivar appends: the groups to be stored, with the Deferred of each.
    :ivar pages: the pages asked for and not answered.
    :ivar at_once: whether groups are stored as soon as they come.
    :ivar reads_at_once: whether pages are answered at the next turn of the clock.
    """

    def __init__(self, clock: Clock) -> None:
        self.memory = MemoryStore()
        self.appends: list[tuple[Batch, Deferred[None]]] = []
        self.pages: list[Page] = []
        self.batches: list[Batch] = []
        self.at_once = True
        self.reads_at_once = True
        self.stopped = False
        self._clock = clock

    def start(self) -> Loaded:
        """Open the store."""
        return self.memory.open()

    def append(self, batch: Batch) -> Deferred[None]:
        """Take a group; it is stored when :meth:`commit` says so."""
        deferred: Deferred[None] = Deferred()
        self.appends.append((batch, deferred))
        if self.at_once:
            self._clock.callLater(0, self.commit)
        return deferred

    def commit(self) -> None:
        """Store the oldest group."""
        batch, deferred = self.appends.pop(0)
        self.batches.append(batch)
        self.memory.append(batch)
        deferred.callback(None)

    def fail(self, error: Exception | None = None) -> None:
        """Refuse the oldest group."""
        _, deferred = self.appends.pop(0)
        deferred.errback(Failure(error or StoreError("disk full")))

    def page(
        self, room: int, after: int, upto: int, size: int
    ) -> Deferred[list[Event]]:
        """Take the wish for a page; it is read now and answered when the test says."""
        return self._read(self.memory.page, room, after, upto, size)

    def open_sessions(
        self, time: int, after: int, upto: int, count: int
    ) -> Deferred[list[SessionRecord]]:
        """The same for sessions."""
        return self._read(self.memory.open_sessions, time, after, upto, count)

    def closed_sessions(self, time: int, count: int) -> Deferred[list[SessionRecord]]:
        """The same for those that have ended."""
        return self._read(self.memory.closed_sessions, time, count)

    def key(self, hash: bytes) -> Deferred[KeyRecord | None]:
        """The same for a key."""
        return self._read(self.memory.key, hash)

    def stored(self, key: int, id: int) -> Deferred[Event | None]:
        """The same for what was stored under an id."""
        return self._read(self.memory.stored, key, id)

    def search(self, wanted: SearchRange) -> Deferred[list[Found]]:
        """The same for a search."""
        return self._read(self.memory.search, wanted)

    def indexed(self) -> Deferred[Indexed]:
        """The same for how far a search sees."""
        return self._read(self.memory.indexed)

    def last_before(self, time: int, count: int | None, room: int) -> Deferred[int]:
        """The same for what need not be kept."""
        return self._read(self.memory.last_before, time, count, room)

    def oldest(self, room: int) -> Deferred[int]:
        """The same for what is kept."""
        return self._read(self.memory.oldest, room)

    def index(self) -> Deferred[bool]:
        """There is nothing to do: memory is searched as it is."""
        return succeed(self.memory.index())

    def _read(self, read: Callable[..., Any], *wanted: Any) -> Deferred[Any]:
        page = Page(wanted, read(*wanted))
        if self.reads_at_once:
            self._clock.callLater(0, page.answer)
        else:
            self.pages.append(page)
        return page.deferred

    def answer(self) -> None:
        """Answer the oldest page."""
        self.pages.pop(0).answer()

    def stop(self) -> None:
        """Note that it is over."""
        self.stopped = True


class Connection:
    """A link with its fake shell and pipe.

    :param settings: those of the world's links, unless others are given.
    :param partial: a pipe on a socket that takes parts, in the place of the fake one.
    """

    def __init__(
        self,
        world: World,
        settings: LinkSettings | None = None,
        partial: PartialPipe | None = None,
    ) -> None:
        self.shell = FakeShell()
        self.pipe: Any = self.shell.fake_pipe
        if partial is not None:
            self.pipe, self.shell.pipe = partial, partial.pipe
        self.link = Link(world.exchange, self.shell, settings or world.settings)

    @property
    def frames(self) -> list[str]:
        """All frames that it was sent."""
        frames: list[str] = self.pipe.frames
        return frames

    @property
    def said(self) -> list[dict[str, Any]]:
        """All objects that it was sent, of the structured dialect."""
        return [json.loads(frame) for frame in self.frames if frame[0] == "{"]

    def ops(self) -> list[str]:
        """Return what they are."""
        return [said["op"] for said in self.said]

    def ask(self, op: str, **fields: Any) -> None:
        """Let a frame of the structured dialect arrive."""
        self.send(json.dumps({"op": op, **fields}))

    def hello(self, **fields: Any) -> None:
        """Let a hello arrive."""
        self.ask("hello", protocol=1, **fields)

    def send(self, *texts: str) -> None:
        """Let frames arrive, all in one read."""
        self.receive(b"".join(map(encode_frame, texts)))

    def receive(self, data: bytes) -> None:
        """Let bytes arrive, as the protocol does."""
        self.link.guarded(self.link.receive, data)

    def end_input(self) -> None:
        """Let the end of input arrive."""
        self.link.guarded(self.link.input_over)

    def lose(self, reason: str = "lost") -> None:
        """Let the connection break."""
        self.link.guarded(self.link.lost, reason)

    def clear(self) -> None:
        """Forget what was sent so far."""
        self.pipe.writes.clear()


class World:
    """An exchange on a clock and a fake store, and connections to it.

    :param memory: what is stored already, if there is something.
    """

    def __init__(
        self,
        log_messages: bool = False,
        grace: float = 0,
        ping_interval: float = 0,
        memory: MemoryStore | None = None,
    ) -> None:
        self.clock = Clock()
        self.storage = FakeStorage(self.clock)
        if memory is not None:
            self.storage.memory = memory
        storage: Any = self.storage
        self.exchange = Exchange(
            Limits(grace=bool(grace)),
            storage,
            self.clock,
            log_messages=log_messages,
            grace=grace,
        )
        self.exchange.start()
        self.dialect = MarkedDialect("test")
        structured = StructuredDialect("test", MAX_FRAME, Limits().message)
        self.settings = LinkSettings(
            self.dialect, MAX_FRAME, others=(structured,), ping_interval=ping_interval
        )
        self.of_operators = replace(self.settings, operator=True)

    def connect(self, settings: LinkSettings | None = None) -> Connection:
        """Make a connection that has no session yet."""
        return Connection(self, settings)

    def join(self, *commands: str, settings: LinkSettings | None = None) -> Connection:
        """Make a connection with a session that has carried out some commands; what
        it was sent for that is forgotten."""
        connection = self.connect(settings)
        self.clock.advance(QUIET)
        connection.send(*commands)
        self.run()
        connection.clear()
        return connection

    def greet(self, **fields: Any) -> Connection:
        """Make a connection that has said hello, and been welcomed; that is kept."""
        connection = self.connect()
        connection.hello(**fields)
        self.run()
        return connection

    @property
    def timers(self) -> list[IDelayedCall]:
        """What is due later, but for the search index, which has its own time."""
        index = self.exchange._follower._due
        return [call for call in self.clock.getDelayedCalls() if call is not index]

    def run(self, turns: int = 50) -> None:
        """Let everything happen that is due now."""
        for _ in range(turns):
            self.clock.advance(0)
