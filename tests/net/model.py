"""A random run of sessions in rooms, and what each of them must have been sent."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from msgspec.structs import replace

from ecochat.core.hub import Hub
from ecochat.core.items import (
    AcksSet,
    Announced,
    Body,
    Dropped,
    Ended,
    Entered,
    Event,
    Exited,
    Item,
    Kicked,
    LogRange,
    Note,
    Opened,
    Refusal,
    Relabelled,
    Reply,
    RoomsPage,
    SessionOpened,
    StatusRange,
    Welcomed,
    WhoPage,
)
from ecochat.core.limits import Limits
from ecochat.dialects.port import Dialect, View
from ecochat.dialects.structured import StructuredDialect
from tests.net.fakes import MAX_FRAME, Connection, World
from tests.net.invariants import Invariants
from tests.net.sockets import Kind, PartialPipe, everything

ROOMS = ("lobby", "red", "blue")
NICKS = tuple(f"n{n}" for n in range(4))
KINDS: tuple[Kind, ...] = ("socket", "tls", "transport")
UNASKED = Opened | Relabelled | Dropped | Announced

_STATUS = re.compile(r"\* s\d+ \S+ connected ")


class MarkedStructured(StructuredDialect):
    """The structured dialect, in which presence has ``~`` before its object."""

    def note(self, room: str, note: Note, view: View) -> bytes:
        """Return the note behind a ``~``."""
        return b"~" + super().note(room, note, view)


class Ordered(World):
    """A world that writes down the hub's order as it becomes final."""

    def __init__(self) -> None:
        super().__init__()
        self.structured = MarkedStructured("test", MAX_FRAME, Limits().message)
        self.settings = replace(self.settings, others=(self.structured,))
        self.of_operators = replace(self.settings, operator=True)
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
    the order follows behind its end. (Of the list of sessions only the end is here.)

    :ivar last_words: what it is sent in the end, behind a part of the frames only,
        when an operator throws it out; None when nobody does.
    """

    def __init__(self, world: Ordered, origin: int, dialect: Dialect) -> None:
        self.last_words: str | None = None
        self._world = world
        self._dialect = dialect
        self._origin = origin
        self._session = 0
        self._rooms: dict[int, str] = {}
        self._current: int | None = None
        self._acks = True
        self._listing = False
        self._knows = False
        self._held: list[bytes] = []
        self._out: list[bytes] = []

    def frames(self) -> list[str]:
        """Return the frames that are to come, presence included."""
        for item in self._world.order:
            if isinstance(item, Reply) and item.origin == self._origin:
                self._reply(item.body, item.ref)
                if isinstance(item.body, Ended | Kicked):
                    break
            elif isinstance(item, SessionOpened) and item.origin == self._origin:
                self._session = item.session
            elif isinstance(item, Event) and item.room in self._rooms:
                self._event(item, self._rooms[item.room])
            elif isinstance(item, Note) and self._is_told(item):
                view = self._view(item.room)
                self._say(self._dialect.note(self._rooms[item.room], item, view))
        return _frames(b"".join(self._out))

    def _event(self, event: Event, name: str) -> None:
        if event.session != self._session or not self._dialect.has_views:
            self._say(self._dialect.event(name, event, self._view(event.room)))
        elif self._acks:
            self._say(self._dialect.event(name, event, View.OWN))

    def _is_told(self, note: Note) -> bool:
        return note.room in self._rooms and note.session != self._session

    def _view(self, room: int) -> View:
        is_current = self._dialect.has_views and room == self._current
        return View.CURRENT if is_current else View.OTHER

    def _say(self, data: bytes) -> None:
        (self._held if self._listing else self._out).append(data)

    def _reply(self, body: Body, ref: str | None) -> None:
        if isinstance(body, LogRange):
            self._out += self._log(body, ref)
        elif isinstance(body, StatusRange):
            self._out.append(self._dialect.status_end(ref))
        elif isinstance(body, Kicked):
            self.last_words = _frames(self._dialect.reply(body))[0]
        elif isinstance(body, UNASKED):
            self._say(self._dialect.reply(body))
            self._take_unasked(body)
        elif not self._is_old_news(body):
            self._out.append(self._dialect.reply(body, ref))
            self._take_answer(body)

    def _take_unasked(self, body: Body) -> None:
        if isinstance(body, Opened | Relabelled):
            self._rooms[body.room] = body.name
        elif isinstance(body, Dropped):
            del self._rooms[body.room]

    def _take_answer(self, body: Body) -> None:
        if isinstance(body, Entered):
            self._enter(body)
        elif isinstance(body, Welcomed):
            for room in body.rooms:
                self._enter(room)
        elif isinstance(body, Exited):
            del self._rooms[body.room]
            self._current = body.current
        elif isinstance(body, AcksSet):
            self._acks = body.on
        self._listing = isinstance(body, WhoPage | RoomsPage) and body.more is not None
        if not self._listing:
            self._out += self._held
            self._held.clear()

    def _enter(self, body: Entered) -> None:
        self._rooms[body.room] = body.name
        self._current = body.room

    def _is_old_news(self, body: Body) -> bool:
        """Whether it says once more that the session cannot begin yet."""
        if not (isinstance(body, Refusal) and body.text.endswith("can be stored")):
            return False
        known, self._knows = self._knows, True
        return known

    def _log(self, wanted: LogRange, ref: str | None) -> Iterator[bytes]:
        memory = self._world.storage.memory
        for event in memory.page(wanted.room, wanted.after, wanted.upto, 10**9):
            yield self._dialect.log_entry(wanted.name, event, ref)
        yield self._dialect.log_end(wanted.name, wanted.end, ref)


def _frames(data: bytes) -> list[str]:
    return [frame.decode() for frame in data.split(b"\0")[:-1]]


class Someone:
    """A random client: what it has to say waits while it is not read from.

    :param slow: whether its socket takes a part of what is sent, at times.
    :param operator: whether it came over the operators' socket.
    :param kind: what its connection is, as long as it is a slow one.
    :ivar behind: whether it ever was, so that it may have missed presence.
    :ivar over: whether it will send no more.
    :ivar gone: whether its connection is lost.
    """

    def __init__(
        self,
        run: Run,
        slow: bool,
        operator: bool = False,
        kind: Kind = "socket",
    ) -> None:
        self._run = run
        self._random = run.random
        self.slow = slow
        self.gone = False
        self.over = False
        self.behind = slow
        self._friend = self._random.choice(NICKS)
        self._operator = operator
        settings = run.world.of_operators if operator else None
        self.pipe = PartialPipe(kind if slow else "socket")
        self.connection = Connection(run.world, settings, self.pipe)
        if slow:
            self.pipe.socket.takes = self._some
        self.origin = self.connection.link._origin
        self._unsent = self._first()

    @property
    def dialect(self) -> Dialect:
        """What it speaks."""
        return self._run.world.dialect

    def _first(self) -> list[str]:
        return [f"/nick {self._random.choice(NICKS)}"]

    def _some(self, size: int) -> int:
        """Have the socket take all, a part or nothing of so many bytes."""
        part = self._random.choice((0, self._random.randrange(size)))
        return part if self._random.random() < 0.4 else size

    def speak(self) -> None:
        """Send what is waiting, or something new."""
        if not self._unsent:
            count = self._random.choice((1, 1, 1, 2, 5))
            self._unsent = [self._something() for _ in range(count)]
        if not self.connection.shell.paused and not self.over:
            texts, self._unsent = self._unsent, []
            self.behind |= any(text.startswith("/s") for text in texts)
            self.connection.send(*texts)

    def say(self, *choices: int) -> None:
        """Send what is waiting, and behind it what is chosen by its place."""
        self._unsent += [self._chosen(choice) for choice in choices]
        self.speak()

    def _chosen(self, choice: int) -> str:
        kinds = list(self._kinds(self._random.choice(ROOMS), self._someones_name()))
        return kinds[choice % len(kinds)]

    def _something(self) -> str:
        kinds = self._kinds(self._random.choice(ROOMS), self._someones_name())
        return self._random.choices(list(kinds), list(kinds.values()))[0]

    def _someones_name(self) -> str:
        if self._random.random() < 0.3:
            self._friend = self._random.choice((*NICKS, *NICKS, "guest-2"))
        return self._friend

    def _text(self) -> str:
        return f"text {self._run.number()} {'x' * self._random.choice((0, 5, 60, 300))}"

    def _kinds(self, room: str, nick: str) -> dict[str, float]:
        """Return what it may say, and how likely each is."""
        run = self._run
        lists = [f"/who {room}", "/rooms", f"/since 0{' ' * 3}", "/history 7"]
        lists += ["/status", f"/since @{nick} 0", f"/history @{nick} 3"]
        kinds: dict[str, float] = {
            self._text(): 14,
            f"/join {room}": 3,
            f"/leave {room}": 2,
            f"/nick {self._random.choice(NICKS)}": 3,
            self._random.choice(lists) if self.slow else "/topic": 8,
            f"/topic about {run.number()}": 5,
            f"/msg {nick} text {run.number()} {'x' * self._random.randrange(90)}": 7,
            f"/join @{nick}": 2,
            f"/leave @{nick}": 2,
            f"/acks {self._random.choice(('on', 'off'))}": 1,
        }
        if self._operator:
            kinds |= {
                f"/say text {run.number()}": 6,
                f"/kick {nick} why": 2,
                f"/close s{self._random.randrange(1, 9)}": 0.3,
            }
        return kinds

    def drain(self) -> None:
        """Let the pipe take more, if it does not."""
        if self.pipe.blocked:
            self.pipe.drain()

    def leave(self) -> None:
        """End the input, or lose the connection."""
        if self.connection.shell.paused or self.over:
            return
        self.over = True
        if self._random.random() < 0.5:
            self.connection.end_input()
        else:
            self.gone = self.pipe.cut = True
            self.connection.lose()


class Program(Someone):
    """One who speaks the structured dialect."""

    @property
    def dialect(self) -> Dialect:
        """What it speaks."""
        return self._run.world.structured

    def _first(self) -> list[str]:
        """Say hello at once; before a session is begun for one who is silent."""
        self.connection.hello(nick=self._random.choice(NICKS))
        return []

    def speak(self) -> None:
        """Send something; once more a hello, where that could not be stored."""
        if not self.connection.link.session:
            self._unsent = [self._asked("hello", protocol=1)]
        super().speak()

    def _asked(self, op: str, **fields: Any) -> str:
        return json.dumps({"op": op, "ref": str(self._run.number()), **fields})

    def _kinds(self, room: str, nick: str) -> dict[str, float]:
        """See :class:`Someone`."""
        asked, text = self._asked, self._text()
        lists = [asked("who", room=room), asked("rooms"), asked("history", after=0)]
        return {
            asked("say", text=text): 8,
            asked("say", text=text, room=room): 8,
            asked("join", room=room): 3,
            asked("leave", room=room): 2,
            asked("nick", nick=self._random.choice(NICKS)): 3,
            self._random.choice(lists) if self.slow else asked("topic"): 6,
            asked("topic", topic=f"about {self._run.number()}"): 3,
            asked("msg", nick=nick, text=text): 5,
            asked("leave", room=f"@{nick}"): 2,
        }


class Run:
    """One random run.

    :param name: what it is called where something is wrong: its seed.
    :param chance: what it is made of; by default, of its seed.
    :ivar invariants: checked after each step.
    """

    def __init__(self, name: int, chance: random.Random | None = None) -> None:
        self.seed = name
        self.random = random.Random(name) if chance is None else chance
        self.world = Ordered()
        self.world.storage.at_once = False
        self.world.storage.reads_at_once = False
        self.invariants = Invariants()
        self._number = 0
        self.people: list[Someone] = []
        for i in range(8):
            who = Program if i % 4 > 1 else Someone
            self.people.append(who(self, slow=bool(i % 2), kind=KINDS[i // 2 % 3]))
        self.people.append(Someone(self, slow=False, operator=True))

    def number(self) -> int:
        """Return the next number, to tell texts apart."""
        self._number += 1
        return self._number

    def play(self, steps: int) -> None:
        """Do random things, then let everything come to rest."""
        for _ in range(steps):
            self._step()
        self.rest()

    def rest(self) -> None:
        """Have everyone take all, and let everything come to rest."""
        for someone in self.people:
            someone.pipe.socket.takes = everything
        self.settle()

    def settle(self) -> None:
        """Let everything come to rest."""
        while self._settle():
            pass

    def _step(self) -> None:
        here = [person for person in self.people if not person.over]
        someone = self.random.choice(here or self.people)
        doing: dict[Callable[[], None], float] = {
            someone.speak: 45,
            someone.drain: 15,
            self.store: 15,
            self.read: 13,
            someone.leave: 0.5,
            self._arrive: 0.6,
        }
        self.random.choices(list(doing), list(doing.values()))[0]()
        self.world.clock.advance(self.random.choice((0, 0, 0, 0.01)))
        self.check()

    def check(self) -> None:
        """See that delivery's state is what it has to be."""
        outlets = [someone.connection.link.outlet for someone in self.people]
        self.invariants.check(self.world.exchange.channels.values(), outlets)

    def store(self) -> None:
        """Store the oldest group, or fail to."""
        storage = self.world.storage
        if storage.appends:
            (storage.fail if self.random.random() < 0.1 else storage.commit)()

    def read(self) -> None:
        """Have something come that was asked of the store."""
        pages = self.world.storage.pages
        if pages:
            pages.pop(self.random.randrange(len(pages))).answer()

    def _arrive(self) -> None:
        slow, operator = (self.random.random() < p for p in (0.5, 0.2))
        who = self.random.choice((Someone, Someone, Program))
        self.people.append(who(self, slow, operator, self.random.choice(KINDS)))

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
            moved |= someone.pipe.blocked
            someone.drain()
        self.world.clock.advance(2.5)
        self.check()
        blocked = any(someone.pipe.blocked for someone in self.people)
        return moved or blocked or bool(storage.appends or storage.pages)


def without_presence(frames: list[str]) -> list[str]:
    """Return the frames that must be there whatever happens."""
    return [frame for frame in frames if not frame.startswith("~")]


def without_status(frames: list[str]) -> list[str]:
    """Return the frames without the lines of lists of sessions, but with their ends."""
    return [frame for frame in frames if not _STATUS.match(frame)]


def mixed_status(frames: list[str]) -> list[str]:
    """Return what stands in lists of sessions and is no line of one."""
    return [
        after
        for before, after in pairwise(frames)
        if _STATUS.match(before)
        and not (_STATUS.match(after) or after == "* end status")
    ]


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
