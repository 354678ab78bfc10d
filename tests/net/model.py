"""A random run of sessions in rooms, and what each of them must have been sent."""

from __future__ import annotations

import random
from collections.abc import Iterator

from ecochat.core.hub import Hub
from ecochat.core.items import (
    Body,
    Ended,
    Entered,
    Event,
    Exited,
    Item,
    LogRange,
    Note,
    Refusal,
    Reply,
    RoomsPage,
    SessionOpened,
    Welcomed,
    WhoPage,
)
from ecochat.dialects.port import View
from tests.net.fakes import Connection, World

ROOMS = ("lobby", "red", "blue")


class Ordered(World):
    """A world that writes down the hub's order as it becomes final."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[Item] = []
        hub: Hub = self.exchange._hub
        commit, fail = hub.commit, hub.fail

        def committed() -> list[Item]:
            items = commit()
            self.order += items
            return items

        def failed(reason: str) -> list[Item]:
            items = fail(reason)
            self.order += items
            return items

        hub.commit, hub.fail = committed, failed  # type: ignore[method-assign]


class Expected:
    """What one connection is to be sent: its part of the order, as frames.

    A list of several pages is not mixed with anything: what lies between its pages in
    the order follows behind its end.
    """

    def __init__(self, world: Ordered, origin: int) -> None:
        self._world = world
        self._dialect = world.dialect
        self._origin = origin
        self._session = 0
        self._rooms: dict[int, str] = {}
        self._current: int | None = None
        self._listing = False
        self._knows = False
        self._held: list[bytes] = []
        self._out: list[bytes] = []

    def frames(self) -> list[str]:
        """Return the frames that are to come, presence included."""
        for item in self._world.order:
            if isinstance(item, Reply) and item.origin == self._origin:
                self._reply(item)
                if isinstance(item.body, Ended):
                    break
            elif isinstance(item, SessionOpened) and item.origin == self._origin:
                self._session = item.session
            elif isinstance(item, Event) and item.room in self._rooms:
                view = self._view(item.room)
                own = View.OWN if item.session == self._session else view
                self._say(self._dialect.event(self._rooms[item.room], item, own))
            elif isinstance(item, Note) and self._is_told(item):
                view = self._view(item.room)
                self._say(self._dialect.note(self._rooms[item.room], item, view))
        return [f.decode() for f in b"".join(self._out).split(b"\0")[:-1]]

    def _is_told(self, note: Note) -> bool:
        return note.room in self._rooms and note.session != self._session

    def _view(self, room: int) -> View:
        return View.CURRENT if room == self._current else View.OTHER

    def _say(self, data: bytes) -> None:
        (self._held if self._listing else self._out).append(data)

    def _reply(self, reply: Reply) -> None:
        body = reply.body
        if isinstance(body, LogRange):
            self._out += self._log(body)
            return
        if self._is_old_news(body):
            return
        self._out.append(self._dialect.reply(body))
        if isinstance(body, Entered):
            self._rooms[body.room] = body.name
            self._current = body.room
        elif isinstance(body, Exited):
            del self._rooms[body.room]
            self._current = body.current
        elif isinstance(body, WhoPage | RoomsPage):
            self._listing = body.more is not None
        if not self._listing:
            self._out += self._held
            self._held.clear()

    def _is_old_news(self, body: Body) -> bool:
        """Whether it says once more that the session cannot begin yet."""
        if not (isinstance(body, Refusal) and body.text.endswith("can be stored")):
            return False
        known, self._knows = self._knows, True
        return known

    def _log(self, wanted: LogRange) -> Iterator[bytes]:
        memory = self._world.storage.memory
        for event in memory.page(wanted.room, wanted.after, wanted.upto, 10**9):
            yield self._dialect.log_entry(wanted.name, event)
        yield self._dialect.log_end(wanted.name, wanted.end)


class Someone:
    """A random client: what it has to say waits while it is not read from.

    :ivar behind: whether it ever was, so that it may have missed presence.
    """

    def __init__(self, run: Run, slow: bool) -> None:
        self._run = run
        self._random = run.random
        self.slow = slow
        self.gone = False
        self._over = False
        self.behind = slow
        self._unsent: list[str] = []
        self.connection = Connection(run.world)
        if slow:
            self.connection.pipe.blocking = lambda: self._random.random() < 0.4
        self.origin = self.connection.link._origin

    def speak(self) -> None:
        """Send what is waiting, or something new."""
        if not self._unsent:
            count = self._random.choice((1, 1, 1, 2, 5))
            self._unsent = [self._something() for _ in range(count)]
        if not self.connection.shell.paused and not self._over:
            texts, self._unsent = self._unsent, []
            self.behind |= any(text.startswith("/s") for text in texts)
            self.connection.send(*texts)

    def _something(self) -> str:
        run = self._run
        room = self._random.choice(ROOMS)
        lists = (f"/who {room}", "/rooms", f"/since 0{' ' * 3}", "/history 7")
        kinds = {
            14: f"text {run.number()} {'x' * self._random.choice((0, 5, 60, 300))}",
            3: f"/join {room}",
            2: f"/leave {room}",
            1: f"/nick n{self._random.randrange(6)}",
            4: self._random.choice(lists) if self.slow else "/topic",
            5: f"/topic about {run.number()}",
        }
        return self._random.choices(list(kinds.values()), list(kinds))[0]

    def drain(self) -> None:
        """Let the pipe take more, if it does not."""
        if self.connection.pipe.blocked:
            self.connection.pipe.drain()

    def leave(self) -> None:
        """End the input, or lose the connection."""
        if self.connection.shell.paused or self._over:
            return
        self._over = True
        if self._random.random() < 0.5:
            self.connection.end_input()
        else:
            self.gone = True
            self.connection.lose()


class Run:
    """One random run, made of its seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.world = Ordered()
        self.world.storage.at_once = False
        self.world.storage.reads_at_once = False
        self._number = 0
        self.people = [Someone(self, slow=bool(i % 2)) for i in range(6)]

    def number(self) -> int:
        """Return the next number, to tell texts apart."""
        self._number += 1
        return self._number

    def play(self, steps: int) -> None:
        """Do random things, then let everything come to rest."""
        for _ in range(steps):
            self._step()
        for someone in self.people:
            someone.connection.pipe.blocking = lambda: False
        self.settle()

    def settle(self) -> None:
        """Let everything come to rest."""
        while self._settle():
            pass

    def _step(self) -> None:
        someone = self.random.choice(self.people)
        storage = self.world.storage
        what = self.random.random()
        if what < 0.45:
            someone.speak()
        elif what < 0.6:
            someone.drain()
        elif what < 0.75 and storage.appends:
            (storage.fail if self.random.random() < 0.1 else storage.commit)()
        elif what < 0.88 and storage.pages:
            storage.pages.pop(self.random.randrange(len(storage.pages))).answer()
        elif what < 0.885:
            someone.leave()
        elif what < 0.892:
            self.people.append(Someone(self, slow=self.random.random() < 0.5))
        self.world.clock.advance(self.random.choice((0, 0, 0, 0.01)))

    def _settle(self) -> bool:
        """Move everything on by one; return whether anything moved."""
        storage = self.world.storage
        moved = bool(storage.appends or storage.pages)
        while storage.appends:
            storage.commit()
            self.world.clock.advance(0)
        while storage.pages:
            storage.answer()
        for someone in self.people:
            moved |= someone.connection.pipe.blocked
            someone.drain()
        self.world.clock.advance(2.5)
        return moved or bool(storage.appends or storage.pages)


def without_presence(frames: list[str]) -> list[str]:
    """Return the frames that must be there whatever happens."""
    return [frame for frame in frames if not frame.startswith("~")]


def is_part(part: list[str], whole: list[str]) -> bool:
    """Whether the frames of one stand in the other, in the same order."""
    rest = iter(whole)
    return all(frame in rest for frame in part)


def welcomed(world: Ordered, origin: int) -> bool:
    """Whether a connection has a session, or had one."""
    return any(
        isinstance(item, Reply)
        and item.origin == origin
        and isinstance(item.body, Welcomed)
        for item in world.order
    )
