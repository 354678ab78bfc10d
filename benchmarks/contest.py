"""Who is compared: EcoChat, the bare loop in C, and the peers that are installed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import gettempdir
from typing import Protocol

from benchmarks.audience import ARRIVING, Audience, Connect, over_tcp
from benchmarks.bare_loop import bare_loop, compiler
from benchmarks.dialects import BARE, IRC_2812, PLAIN, Dialect
from benchmarks.machine import OTHERS, OURS, files, on_core
from benchmarks.peers import PEERS, Peer
from benchmarks.results import Results, Run, new_results, spread, verdict
from benchmarks.server import server

ECOCHAT, LOOP = "EcoChat", "bare loop in C"
INSPIRCD, NGIRCD = (peer.name for peer in PEERS)

RATE = "deliveries per CPU-second"

MAX_CLIENTS = 19_000
"""Connections that a server takes: somewhat fewer than a process may have files."""


@dataclass(frozen=True)
class Contender:
    """A program that is compared.

    :param start: runs it; yields its port and its process id.
    :param at_once: see :class:`benchmarks.audience.Audience`.
    :param connect: how to connect to the port.
    """

    name: str
    dialect: Dialect
    start: Callable[[], AbstractContextManager[tuple[int, int]]]
    at_once: int = ARRIVING
    connect: Callable[[int], Connect] = over_tcp


@dataclass(frozen=True)
class Started:
    """A contender that runs, and its audience.

    :ivar seconds: how long it took until all readers and senders were in their rooms.
    """

    name: str
    pid: int
    audience: Audience
    seconds: float


@contextmanager
def ecochat() -> Iterator[tuple[int, int]]:
    """Run the server with its defaults."""
    with server("--max-clients", str(MAX_CLIENTS)) as started:
        yield started.port, started.pid


def contenders(
    dialect: Dialect = PLAIN, peers: Sequence[Peer] = PEERS
) -> list[Contender]:
    """Return who is here: EcoChat in a dialect, the loop if it can be built, peers."""
    found = [Contender(ECOCHAT, dialect, ecochat)]
    if compiler():
        found.append(Contender(LOOP, BARE, bare_loop))
    found += [
        Contender(peer.name, IRC_2812, peer.running, peer.at_once)
        for peer in peers
        if peer.path
    ]
    return found


@contextmanager
def started(
    contender: Contender, readers: int, senders: int, rooms: int = 1
) -> Iterator[Started]:
    """Run a contender on its core, and connect to it from the other one."""
    with ExitStack() as stack:
        with on_core(OURS):
            port, pid = stack.enter_context(contender.start())
        stack.enter_context(on_core(OTHERS))
        connect = contender.connect(port)
        made = Audience(connect, contender.dialect, rooms, contender.at_once)
        audience = stack.enter_context(made)
        yield Started(contender.name, pid, audience, audience.join(readers, senders))


class Timing(Protocol):
    """What the settings of a benchmark say of its runs."""

    @property
    def pairs(self) -> int:
        """How many of each contender there are."""

    @property
    def milliseconds(self) -> int:
        """How long each is."""

    @property
    def warm_up(self) -> int:
        """The milliseconds of the one before them, which does not count."""


def in_turn(
    found: Sequence[Contender],
    joining: tuple[int, int, int],
    timing: Timing,
    measure: Callable[[Started, float], dict[str, float]],
) -> list[Run]:
    """Run all at once, and have one measured after the other, some times.

    Who is not measured does nothing meanwhile.

    :param joining: readers, senders, and rooms of each.
    :param measure: returns the figures of so many seconds.
    """
    runs = []
    seconds = timing.milliseconds / 1000
    files()
    with ExitStack() as stack:
        ready = [stack.enter_context(started(one, *joining)) for one in found]
        for one in ready:
            measure(one, timing.warm_up / 1000)
        for pair in range(1, timing.pairs + 1):
            runs += [Run(pair, one.name, measure(one, seconds)) for one in ready]
    return runs


def results_of(
    benchmark: str, settings: dict[str, int], runs: list[Run], peers: Sequence[Peer]
) -> Results:
    """Put runs together with what has to be known of those who were compared."""
    facts = {"C compiler": compiler() or "none"}
    facts |= {peer.name: peer.version or "absent" for peer in peers}
    return new_results(benchmark, Path(gettempdir()), settings, runs, facts)


HEAD = ["", "million deliveries per CPU-second", "EcoChat / it", "floor", "goal", ""]


def compared(
    results: Results, figure: str, limits: Mapping[str, tuple[float, float]]
) -> list[list[str]]:
    """Return a table's rows: EcoChat, and beside it each other with floor and goal."""

    def millions(what: str) -> str:
        return spread([each / 1e6 for each in results.figures(what, figure)], ".2f")

    rows = [[ECOCHAT, millions(ECOCHAT), "", "", "", ""]]
    for other, (floor, goal) in limits.items():
        wanted = [str(floor or ""), str(goal or "")]
        if not results.figures(other, figure):
            rows.append([other, "absent", "", *wanted, "not measured"])
            continue
        ratios = results.ratios(ECOCHAT, other, figure)
        said = verdict(median(ratios), floor, goal) if floor else ""
        ratio = f"**{spread(ratios, '.2f')}**"
        rows.append([other, millions(other), ratio, *wanted, said])
    return rows
