"""Clients that come back: they keep all that they are told, and judge nothing.

They speak the wire by themselves, not through :mod:`ecochat.client`, so that a fault of
that does not hide one of the server.
"""

from __future__ import annotations

import asyncio
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from itertools import count
from random import Random
from typing import Any

from tests.crash.check import Account, Answer, Entry, Fault, entry_of
from tests.crash.proxy import HOST

ROOM = "crash"

LONGEST = 1 << 20
"""Bytes of a frame that are read at most; the server's are far below."""

AGAIN = 0.1
"""Seconds until a client connects again, at most."""

WINDOW = range(4, 21)
"""How many messages of a writer may be unanswered."""


class Pause:
    """Measures the longest time without progress, in seconds."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._last: float | None = None

    def progress(self) -> None:
        """Something has come."""
        self.longest, self._last = self.now(), time.monotonic()

    def now(self) -> float:
        """Return the longest pause, the one that lasts until now included."""
        if self._last is None:
            return self.longest
        return max(self.longest, time.monotonic() - self._last)


def texts(name: str, chance: Random) -> Iterator[str]:
    """Return texts without end, no two of them the same, some of them long."""
    for number in count(1):
        filler = chance.choice("xé漢🙂") * chance.choice(
            (0, 0, 0, 10, 10, 100, 100, 1000)
        )
        yield f"{number} of {name} {filler}"


class Client(ABC):
    """One who writes and hears; what of it is the same however it speaks.

    :param name: its nick.
    :param port: of the proxy.
    :param key: what makes it the same again when it comes back.
    :param chance: of what it writes and when it comes back.
    :param more: whether it is to write more now; None for one that only hears.
    :ivar account: what it can tell.
    :ivar last: the number of the last message that it heard.
    :ivar unanswered: what it has to have acknowledged, by id.
    :ivar answering: the pauses between answers to what it wrote.
    :ivar hearing: the pauses between the messages that it heard.
    :ivar sent_again: how often it sent something again.
    """

    def __init__(
        self,
        name: str,
        port: int,
        key: str,
        chance: Random,
        more: Callable[[], bool] | None = None,
    ) -> None:
        self.account = Account(name)
        self.last = 0
        self.unanswered: dict[int, str] = {}
        self.answering = Pause()
        self.hearing = Pause()
        self.sent_again = 0
        self._port = port
        self._key = key
        self._chance = chance
        self._more = more or (lambda: False)
        self._window = chance.choice(WINDOW)
        self._texts = enumerate(texts(name, chance), 1)

    @abstractmethod
    async def live(self) -> None:
        """Write and hear until cancelled."""

    @property
    @abstractmethod
    def online(self) -> bool:
        """Whether it has a session now."""

    @abstractmethod
    def say(self, id: int, text: str) -> None:
        """Send a message."""

    @property
    def in_flight(self) -> int:
        """How many messages are sent on a connection that is open, and unanswered."""
        return len(self.unanswered) if self.online else 0

    def go_on(self) -> None:
        """Write what may be written now."""
        while len(self.unanswered) < self._window and self._more():
            id, text = next(self._texts)
            self.unanswered[id] = self.account.sent[id] = text
            self.say(id, text)

    def stored(self, answer: Answer) -> None:
        """Take an answer to a message."""
        self.account.answers.append(answer)
        if self.unanswered.pop(answer.id, None) is None:
            self.fault(f"that {answer.id} is stored, which was answered before")
        self.answering.progress()
        self.go_on()

    def heard(self, entry: Entry) -> None:
        """Take a message."""
        self.account.heard.append(entry)
        self.last = entry.n
        self.hearing.progress()

    def fault(self, told: str) -> None:
        """Keep that it was told something that it should not be."""
        what = f"{self.account.name} was told {told}"
        self.account.faults.append(Fault("wrong", what))


class Peer(Client):
    """A session of the structured dialect, over connections that are lost."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._writer: asyncio.StreamWriter | None = None
        self._take: dict[str, Callable[[dict[str, Any]], None]] = {
            "welcome": self._welcomed,
            "stored": self._stored,
            "message": lambda message: self.heard(entry_of(message)),
            "error": self._refused,
            "ping": lambda _: self._send({"op": "pong"}),
        }

    @property
    def online(self) -> bool:
        """See :class:`Client`."""
        return self._writer is not None and not self._writer.is_closing()

    def say(self, id: int, text: str) -> None:
        """See :class:`Client`."""
        said = {"op": "say", "room": ROOM, "id": id, "text": text}
        self._send(said | {"ref": str(id)})

    async def live(self) -> None:
        """See :class:`Client`."""
        await _again_and_again(self._connect, self._chance)

    async def _connect(self) -> None:
        reader, writer = await asyncio.open_connection(HOST, self._port, limit=LONGEST)
        try:
            hello = {"op": "hello", "protocol": 1, "key": self._key}
            nick = {"nick": self.account.name, "rooms": {ROOM: self.last}}
            writer.write(_frame(hello | nick))
            while True:
                frame = await reader.readuntil(b"\0")
                if frame.startswith(b"{"):  # else said before it knew who we are
                    self._understand(json.loads(frame[:-1]), writer)
        finally:
            self._writer = None
            writer.transport.abort()

    def _understand(self, said: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if said["op"] == "welcome":
            self._writer = writer
        take = self._take.get(said["op"])
        if take is not None:
            take(said)

    def _welcomed(self, welcome: dict[str, Any]) -> None:
        """Send again what was not acknowledged."""
        least = max((answer.id for answer in self.account.answers), default=0)
        if not least <= welcome["last_id"] <= len(self.account.sent):
            self.fault(f"last_id {welcome['last_id']}, and {least} is acknowledged")
        self.sent_again += len(self.unanswered)
        for id, text in self.unanswered.items():
            self.say(id, text)
        self.go_on()

    def _send(self, said: dict[str, Any]) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(_frame(said))

    def _stored(self, stored: dict[str, Any]) -> None:
        if stored["ref"] != str(stored["id"]):
            self.fault(f"that {stored['id']} is stored, by the ref {stored['ref']!r}")
        repeated = stored.get("duplicate", False)
        self.stored(Answer(stored["id"], stored["n"], repeated))

    def _refused(self, error: dict[str, Any]) -> None:
        ref = error.get("ref", "nothing")
        self.fault(f"{error['code']} of {ref}: {error['text']}")
        if ref.isdigit():  # an answer like any other: what comes next is not held up
            self.unanswered.pop(int(ref), None)
            self.go_on()


class PlainReader:
    """A reader that speaks the plain dialect, over connections that are lost.

    :ivar runs: what it heard, who said what, in each of them.
    :ivar faults: errors that it was told.
    """

    def __init__(self, name: str, port: int, chance: Random) -> None:
        self.name = name
        self.runs: list[list[tuple[str, str]]] = []
        self.faults: list[Fault] = []
        self._port = port
        self._chance = chance

    async def live(self) -> None:
        """Hear until cancelled."""
        await _again_and_again(self._connect, self._chance)

    async def _connect(self) -> None:
        reader, writer = await asyncio.open_connection(HOST, self._port, limit=LONGEST)
        self.runs.append([])
        try:
            writer.write(f"/join {ROOM}\0".encode())
            while True:
                self._take((await reader.readuntil(b"\0"))[:-1].decode())
        finally:
            writer.transport.abort()

    def _take(self, frame: str) -> None:
        if frame.startswith("!"):
            self.faults.append(Fault("wrong", f"{self.name} was told {frame}"))
        elif not frame.startswith(("*", "+")):
            nick, _, text = frame.partition(": ")
            self.runs[-1].append((nick, text))


async def _again_and_again(
    connect: Callable[[], Coroutine[Any, Any, None]], chance: Random
) -> None:
    """Connect whenever there is no connection, until cancelled."""
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            await connect()
        await asyncio.sleep(chance.uniform(0, AGAIN))


def _frame(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False).encode() + b"\0"
