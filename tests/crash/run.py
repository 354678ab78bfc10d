"""A run of the crash test: the server, the proxy, the clients, the kills, the check."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from twisted.internet import asyncioreactor

from tests.crash import broken
from tests.crash.check import (
    Entry,
    Fault,
    Kind,
    check_log,
    check_run,
    check_writer,
    compare,
)
from tests.crash.clients import Client, Peer, PlainReader
from tests.crash.proxy import HOST, Proxy
from tests.crash.reading import history, resume, stored
from tests.support.client import Client as Witness
from tests.support.ports import free_port
from tests.support.server import Server

PATIENCE = 30.0
"""Seconds without progress of a client after which the run is given up."""

DOWN = 0.3
"""Seconds for which a killed server is left dead, at most."""

LOOK = 0.005
"""Seconds between two looks at whether it is time."""

MOMENT = 0.4
"""Seconds until a kill, at most, when it is due: in less only some would be back."""


@dataclass(frozen=True)
class Plan:
    """What a run is to meet, at least, and who takes part.

    :param writers: clients that write, and read what all write.
    :param readers: clients that only read.
    :param plain: readers that speak the plain dialect.
    :param seed: of all that is random here; when the kernel gives whom its turn is not
        in it, so that no two runs are the same.
    :param broken: the server with a promise broken, by its name in
        :data:`tests.crash.broken.BROKEN`; empty for the real one.
    :param library: whether those who write and read use :mod:`ecochat.client`.
    """

    messages: int = 10_000
    kills: int = 30
    cuts: int = 300
    writers: int = 6
    readers: int = 3
    plain: int = 2
    seed: int = 1
    broken: str = ""
    library: bool = False


@dataclass
class Result:
    """What a run has met and found.

    :ivar in_flight: messages that were sent and not acknowledged, at each kill.
    :ivar cuts: how many connections were cut in each way.
    :ivar in_frames: how many of them in the middle of a frame.
    :ivar messages: how many are stored.
    :ivar sent_again: how often one was sent again.
    :ivar repeated: how many of these were answered as stored before.
    :ivar heard: how many were heard, all readers together.
    :ivar heard_plain: how many of these in the plain dialect.
    :ivar pause: the longest time for which a client made no progress, in seconds.
    :ivar down: the longest time for which there was no server, in seconds.
    """

    in_flight: list[int] = field(default_factory=list)
    cuts: Counter[str] = field(default_factory=Counter)
    in_frames: int = 0
    messages: int = 0
    sent_again: int = 0
    repeated: int = 0
    heard: int = 0
    heard_plain: int = 0
    pause: float = 0.0
    down: float = 0.0
    faults: list[Fault] = field(default_factory=list)

    def count(self, kind: Kind) -> int:
        """Return how many faults of a kind there are."""
        return sum(fault.kind == kind for fault in self.faults)


class Run:
    """One run, from the first start of the server to the check."""

    def __init__(self, plan: Plan) -> None:
        self.result = Result()
        self._plan = plan
        self._port = free_port()
        self._server = Server(
            listen=f"tcp:{self._port}:interface={HOST}",
            prefix=broken.prefix(plan.broken),
        )
        self._proxy = Proxy(self._port, self._chance("cuts"))
        self._clients: list[Client] = []
        self._plain: list[PlainReader] = []

    def _chance(self, what: str) -> Random:
        return Random(f"{self._plan.seed} {what}")

    def __enter__(self) -> Run:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__(None, None, None)

    # What happens

    async def play(self) -> None:
        """Cut and kill while they write, until there was enough; then let them end."""
        await self._proxy.start()
        self._invite()
        lives = [client.live() for client in self._clients]
        lives += [reader.live() for reader in self._plain]
        tasks = [asyncio.ensure_future(life) for life in lives]
        try:
            await self._kill_again_and_again()
            await self._until(self._has_enough)
            self._proxy.cutting = False
            await self._until(self._is_settled)
        except TimeoutError as late:
            self._fault("wrong", str(late))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._proxy.stop()
        self._count()

    def _invite(self) -> None:
        plan, port = self._plan, self._proxy.port
        kind = _library() if plan.library else Peer
        names = [f"w{n}" for n in range(plan.writers)]
        names += [f"r{n}" for n in range(plan.readers)]
        for name in names:
            key = f"{name} of {self._port} and {plan.seed}".ljust(22, ".")
            more = self._wants_more if name.startswith("w") else None
            self._clients.append(kind(name, port, key, self._chance(name), more))
        for n in range(plan.plain):
            self._plain.append(PlainReader(f"p{n}", port, self._chance(f"p{n}")))

    def _wants_more(self) -> bool:
        return not self._has_enough()

    def _has_enough(self) -> bool:
        plan, result = self._plan, self.result
        return (
            len(result.in_flight) >= plan.kills
            and self._proxy.cuts.total() >= plan.cuts
            and self._acknowledged() >= plan.messages
        )

    def _has_acknowledged(self, count: int) -> bool:
        return self._acknowledged() >= count

    def _acknowledged(self) -> int:
        return sum(len(client.account.answers) for client in self._clients)

    def _is_settled(self) -> bool:
        last = max(client.last for client in self._clients)
        return all(c.last == last and not c.unanswered for c in self._clients)

    async def _kill_again_and_again(self) -> None:
        chance, each = self._chance("kills"), self._plan.messages // self._plan.kills
        for _ in range(self._plan.kills):
            due = self._acknowledged() + chance.randint(1, each)
            await self._until(partial(self._has_acknowledged, due))
            await asyncio.sleep(chance.uniform(0, MOMENT))
            await self._until(lambda: self._in_flight() > 0)
            await self._kill(chance.uniform(0, DOWN))

    def _in_flight(self) -> int:
        return sum(client.in_flight for client in self._clients)

    async def _kill(self, seconds: float) -> None:
        in_flight, begun = self._in_flight(), time.monotonic()
        self._server.signal(signal.SIGKILL)
        await asyncio.to_thread(self._server.kill)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self._server.start)
        self.result.in_flight.append(in_flight)
        self.result.down = max(self.result.down, time.monotonic() - begun)

    async def _until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds.

        :raises TimeoutError: when a client makes no progress.
        """
        begun = time.monotonic()
        while not holds():
            await asyncio.sleep(LOOK)
            if time.monotonic() - begun > PATIENCE:
                self._look_for_progress()

    def _look_for_progress(self) -> None:
        for client in self._clients:
            if client.hearing.now() > PATIENCE or client.answering.now() > PATIENCE:
                name = client.account.name
                raise TimeoutError(f"{name} made no progress for {PATIENCE:.0f} s")

    def _count(self) -> None:
        result = self.result
        result.cuts, result.in_frames = self._proxy.cuts, self._proxy.in_frames
        for client in self._clients:
            account = client.account
            result.sent_again += client.sent_again
            result.repeated += sum(answer.repeated for answer in account.answers)
            result.heard += len(account.heard)
            pauses = (client.hearing.longest, client.answering.longest)
            result.pause = max(result.pause, *pauses)
        runs = [run for reader in self._plain for run in reader.runs]
        result.heard_plain = sum(map(len, runs))
        result.heard += result.heard_plain

    # What came of it

    def judge(self) -> None:
        """Compare what they can tell with what is stored, and what is stored with what
        a reader is told who comes afterwards."""
        told: dict[str, list[Entry]] = {"who resumes from 0": [], "the history": []}
        try:
            with Witness(self._port) as witness:
                told["who resumes from 0"] += resume(witness)
                told["the history"] += history(witness)
        except AssertionError as wrong:
            self._fault("wrong", f"a reader who comes afterwards: {wrong}")
        self._server.stop()
        log = stored(self._server.data)
        self.result.messages = len(log)
        self.result.faults += check_log(log)
        for name, got in told.items():
            self.result.faults += compare(name, got, log)
        self.result.faults += self._check_clients(log)

    def _check_clients(self, log: Sequence[Entry]) -> Iterator[Fault]:
        for client in self._clients:
            account = client.account
            yield from account.faults
            yield from check_writer(account, log)
            yield from compare(account.name, account.heard, log)
        for reader in self._plain:
            yield from reader.faults
            for heard in reader.runs:
                yield from check_run(reader.name, heard, log)

    def _fault(self, kind: Kind, what: str) -> None:
        self.result.faults.append(Fault(kind, what))


def _library() -> type[Client]:
    """Return the client that needs a reactor, which is there only from now on."""
    from tests.crash.library import LibraryClient

    return LibraryClient


def _run_on_reactor(work: Coroutine[Any, Any, None]) -> None:
    """Run something in asyncio's loop while Twisted's reactor runs in it, once only."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)
    from twisted.internet import reactor

    twisted: Any = reactor
    done = loop.create_task(work)
    done.add_done_callback(lambda _: twisted.stop())
    twisted.run(installSignalHandlers=False)
    done.result()


def run(plan: Plan) -> Result:
    """Carry out a plan, blocking, and return what was met and found."""
    with Run(plan) as one:
        (_run_on_reactor if plan.library else asyncio.run)(one.play())
        one.judge()
        return one.result
