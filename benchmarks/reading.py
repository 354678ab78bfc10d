"""How fast a large history is read: a page, a search, what one has missed.

One room has a million messages. A program asks a server for a page, for the messages
that have a word, and comes back to a room in which it has missed 10,000. Beside each is
what the store alone takes to read the same from the same file, without a server.
"""

import json
import random
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.machine import OTHERS, OURS, BenchmarkError, on_core
from benchmarks.results import Results, Run, new_results, origin, spread, table
from benchmarks.server import server
from ecochat.core.items import Event, RoomMade, SearchRange
from ecochat.core.limits import HISTORY, NUMBER
from ecochat.core.records import Batch
from ecochat.store.sqlite import SQLiteStore

NAME = "reading"
SERVER, STORE = "EcoChat", "store alone"
ROOM = "archive"
RARE = "heliotrope"
"""The word that is searched for."""

PAGE, FEW, MANY, MISSED = "page, ms", "search, ms", "search for all, ms", "resume, ms"
LIMITS = {PAGE: 10, FEW: 100, MANY: 100, MISSED: 300}
"""Milliseconds that each may take."""

WORDS = [f"word{number}" for number in range(20_000)]
"""Of which messages are made: as many as a language has in use."""


class Settings(msgspec.Struct, frozen=True):
    """How much is measured.

    :param rounds: how often each thing is asked of each.
    :param messages: that the room has.
    :param rare: how many of them have the word.
    :param page: messages of a page.
    :param missed: messages that were missed.
    """

    rounds: int = 5
    messages: int = 1_000_000
    rare: int = 1_000
    page: int = 100
    missed: int = 10_000


SHORT = Settings(rounds=1, messages=3_000, rare=30, page=10, missed=100)


def fill(path: Path, settings: Settings) -> None:
    """Make a file that has the history, and its search index."""
    chance = random.Random(1)
    step = settings.messages // settings.rare
    store = SQLiteStore(str(path))
    store.open()
    with closing(store):
        store.append(Batch(rooms=[RoomMade(1, 1, ROOM, ROOM, 0)]))
        for first in range(1, settings.messages + 1, 10_000):
            last = min(first + 9_999, settings.messages)
            numbers = range(first, last + 1)
            store.append(Batch(events=[message(n, step, chance) for n in numbers]))
        while store.index():
            pass


def message(n: int, step: int, chance: random.Random) -> Event:
    """Return a message of ten words; each ``step``-th has the rare one."""
    words = chance.choices(WORDS, k=10)
    if n % step == 0:
        words[5] = RARE
    return Event(n + 1, 1, n, n, 1, "alice", "message", " ".join(words))


@contextmanager
def connected(port: int, **hello: Any) -> Iterator[tuple[socket.socket, Any]]:
    """Say hello to a server."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        say(connection, op="hello", protocol=1, **hello)
        yield connection, connection.makefile("rb")


def say(connection: socket.socket, **fields: Any) -> None:
    """Send an object."""
    connection.sendall(json.dumps(fields).encode() + b"\0")


def heard(stream: Any, last: bytes, count: int) -> None:
    """Read until an object that has these bytes in it, and see how many messages came.

    :raises BenchmarkError: when it was another number.
    """
    data = b""
    while last not in data[-200 - len(last) :] or not data.endswith(b"\0"):
        data += stream.read1(1 << 20)
    messages = data.count(b'{"op":"message"')
    if messages != count:
        raise BenchmarkError(f"{messages} messages came, not {count}")


def timed(call: Callable[[], None]) -> float:
    """Return how long something takes, in milliseconds."""
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


def run_server(
    port: int, settings: Settings, chance: random.Random
) -> dict[str, float]:
    """Ask a server for each thing once."""
    end = b'{"op":"end"'
    before = chance.randrange(settings.page + 1, settings.messages)
    figures = {}
    with connected(port, rooms={}) as (connection, stream):
        stream.read1(1 << 20)

        def ask(count: int, **request: Any) -> Callable[[], None]:
            def asked() -> None:
                say(connection, **request)
                heard(stream, end, count)

            return asked

        page = {"op": "history", "room": ROOM, "before": before}
        search = {"op": "search", "words": RARE}
        few = min(20, settings.rare)
        figures[PAGE] = timed(ask(settings.page, **page, limit=settings.page))
        figures[FEW] = timed(ask(few, **search, limit=few))
        figures[MANY] = timed(ask(settings.rare, **search, limit=settings.rare))

    def resume() -> None:
        rooms = {ROOM: settings.messages - settings.missed}
        with connected(port, rooms=rooms) as (_, stream):
            heard(stream, b'"n":%d,' % settings.messages, settings.missed)

    figures[MISSED] = timed(resume)
    return figures


def run_store(
    store: SQLiteStore, settings: Settings, chance: random.Random
) -> dict[str, float]:
    """Read each thing once from the store itself."""
    before = chance.randrange(settings.page + 1, settings.messages)

    def read(after: int, upto: int) -> Callable[[], None]:
        def reading() -> None:
            events = store.page(1, after, upto, 2**40)
            if len(events) != upto - after:
                raise BenchmarkError(f"the store has {len(events)} of the page")

        return reading

    def search(limit: int) -> Callable[[], None]:
        def searching() -> None:
            wanted = SearchRange((RARE,), None, {}, None, 0, NUMBER, limit)
            if len(store.search(wanted)) != limit:
                raise BenchmarkError("the store does not find them")

        return searching

    last = settings.messages
    return {
        PAGE: timed(read(before - 1 - settings.page, before - 1)),
        FEW: timed(search(min(20, settings.rare))),
        MANY: timed(search(settings.rare)),
        MISSED: timed(read(last - settings.missed, last)),
    }


def measure(short: bool = False) -> Results:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = SHORT if short else Settings()
    assert settings.rare <= HISTORY
    chance = random.Random(2)
    runs = []
    with tempfile.TemporaryDirectory(prefix="ecochat-") as folder:
        path = Path(folder) / "history.sqlite"
        fill(path, settings)
        for number in range(settings.rounds + 1):
            runs += one_round(number, path, settings, chance)
        counted = [run for run in runs if run.pair]
        return new_results(NAME, Path(folder), msgspec.to_builtins(settings), counted)


def one_round(
    number: int, path: Path, settings: Settings, chance: random.Random
) -> list[Run]:
    """Start a server on the file and ask it, end it, and ask the store."""
    with server("--data", str(path)) as started, on_core(OTHERS):
        ours = run_server(started.port, settings, chance)
    store = SQLiteStore(str(path))
    store.open()
    with closing(store), on_core(OURS):
        theirs = run_store(store, settings, chance)
    return [Run(number, SERVER, ours), Run(number, STORE, theirs)]


def section(results: Results) -> str:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = msgspec.convert(results.settings, Settings)
    asked = {
        PAGE: f"a page of {settings.page} messages, somewhere",
        FEW: f"the newest 20 of {settings.rare:,} messages that have a word",
        MANY: f"all {settings.rare:,} of them",
        MISSED: f"coming back: {settings.missed:,} missed messages",
    }
    rows = [["", "EcoChat, ms", "store alone, ms", "EcoChat / store", "at most, ms"]]
    for figure, what in asked.items():
        ours, theirs = (results.figures(who, figure) for who in (SERVER, STORE))
        ratio = spread(results.ratios(SERVER, STORE, figure), ".1f")
        limit = LIMITS[figure]
        kept = str(limit) if max(ours) <= limit else f"**{limit}, missed**"
        rows.append([what, spread(ours, ".1f"), spread(theirs, ".1f"), ratio, kept])
    return (
        f"{table(rows)}\n"
        f"Median (least to greatest) of {settings.rounds} rounds, after one to warm up;"
        f" a room of {settings.messages:,} messages of ten words. Each round starts a"
        " server on the file and asks it once for each; coming back is measured with"
        f" connecting and hello.\n\n{origin(results)}"
    )
