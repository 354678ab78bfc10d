"""How cheap it is to give everyone in one room what someone says there.

Many readers, a few senders. With many messages in flight those of one turn of the
server travel together; with one for each sender there is little to put together.
"""

from collections.abc import Mapping

import msgspec

from benchmarks.contest import (
    HEAD,
    INSPIRCD,
    LOOP,
    NGIRCD,
    RATE,
    Started,
    compared,
    contenders,
    in_turn,
    results_of,
)
from benchmarks.load import TEXT, Outcome, closed
from benchmarks.peers import PEERS
from benchmarks.results import Results, origin, table

NAME = "fanout"
MANY, FEW = f"{RATE}, many in flight", f"{RATE}, few in flight"
Limits = Mapping[str, Mapping[str, tuple[float, float]]]

LIMITS: Limits = {
    MANY: {LOOP: (0.45, 0.7), INSPIRCD: (1.8, 3), NGIRCD: (1.8, 3)},
    FEW: {LOOP: (0.65, 0.85), INSPIRCD: (0.85, 1), NGIRCD: (0, 0)},
}
"""The ratios that EcoChat has to reach, and should; none is asked for where it is 0."""


class Settings(msgspec.Struct, frozen=True):
    """How much is measured.

    :param many: messages of each sender that may be unanswered.
    :param milliseconds: of each run.
    """

    pairs: int = 5
    readers: int = 1_000
    senders: int = 4
    many: int = 50
    few: int = 1
    milliseconds: int = 1_000
    warm_up: int = 200

    @property
    def in_flight(self) -> dict[str, int]:
        """Messages of each sender that may be unanswered, by figure."""
        return {MANY: self.many, FEW: self.few}


SHORT = Settings(pairs=1, readers=5, senders=2, many=5, milliseconds=50, warm_up=10)


def measure(short: bool = False) -> Results:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = SHORT if short else Settings()

    def one(started: Started, seconds: float) -> dict[str, float]:
        outcomes = talk(started, settings, seconds, TEXT)
        return {figure: outcome.rate for figure, outcome in outcomes.items()}

    joining = (settings.readers, settings.senders, 1)
    runs = in_turn(contenders(), joining, settings, one)
    return results_of(NAME, msgspec.to_builtins(settings), runs, PEERS)


def talk(
    started: Started, settings: Settings, seconds: float, size: int
) -> dict[str, Outcome]:
    """Say messages of some size, with many and with few in flight."""
    return {
        figure: closed(started.audience, started.pid, in_flight, seconds, size)
        for figure, in_flight in settings.in_flight.items()
    }


def section(results: Results) -> str:
    """See :class:`benchmarks.results.Benchmark`."""
    return f"{tables(results, LIMITS)}\n\n{origin(results)}"


def tables(results: Results, limits: Limits) -> str:
    """Return both tables, and what was done."""
    settings = msgspec.convert(results.settings, Settings)
    parts = []
    for figure, in_flight in settings.in_flight.items():
        head = [f"{in_flight * settings.senders} messages in flight", *HEAD[1:]]
        parts.append(table([head, *compared(results, figure, limits[figure])]))
    return (
        "\n".join(parts) + f"\nMedian (least to greatest) of {settings.pairs} pairs, of"
        f" {settings.milliseconds / 1000:.1f} s each. {settings.readers:,} readers;"
        f" {settings.senders} senders, each with {settings.many} or {settings.few}"
        f" messages of {TEXT} bytes in flight."
    )
