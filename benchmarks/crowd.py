"""Very many readers in a room: how fast they come, and how evenly they are served."""

from statistics import median

import msgspec

from benchmarks.contest import (
    ECOCHAT,
    HEAD,
    LOOP,
    MAX_CLIENTS,
    RATE,
    Contender,
    compared,
    contenders,
    results_of,
    started,
)
from benchmarks.load import closed
from benchmarks.machine import BenchmarkError, files
from benchmarks.results import Results, Run, origin, spread, table, verdict

NAME = "crowd"
ARRIVED, SLOWEST = "connections/s", "slowest reader / median"
LIMITS = {LOOP: (0.75, 0.9)}
CONNECTIONS, LAG = 4_000, 1.2
"""Connections a second, and how much longer the slowest may take than the median."""


class Settings(msgspec.Struct, frozen=True):
    """How much is measured.

    :param in_flight: messages of each sender that may be unanswered.
    """

    pairs: int = 5
    readers: int = 15_000
    senders: int = 4
    in_flight: int = 50
    milliseconds: int = 1_500
    warm_up: int = 200


SHORT = Settings(pairs=1, readers=20, senders=2, milliseconds=50, warm_up=10)


def measure(short: bool = False) -> Results:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = SHORT if short else Settings()
    if (most := files()) < settings.readers + 100:
        raise BenchmarkError(f"a process may have only {most} files here")
    runs = [
        Run(pair, one.name, run_one(one, settings))
        for pair in range(1, settings.pairs + 1)
        for one in contenders(peers=())
    ]
    return results_of(NAME, msgspec.to_builtins(settings), runs, ())


def run_one(contender: Contender, settings: Settings) -> dict[str, float]:
    """Start a contender, fill its room, and talk there."""
    assert settings.readers + settings.senders <= MAX_CLIENTS
    with started(contender, settings.readers, settings.senders) as ready:
        joined = settings.readers + settings.senders
        closed(ready.audience, ready.pid, settings.in_flight, settings.warm_up / 1000)
        seconds = settings.milliseconds / 1000
        got = closed(ready.audience, ready.pid, settings.in_flight, seconds)
        return {
            RATE: got.rate,
            ARRIVED: joined / ready.seconds,
            SLOWEST: got.slowest,
        }


def section(results: Results) -> str:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = msgspec.convert(results.settings, Settings)
    arrived, slowest = (results.figures(ECOCHAT, f) for f in (ARRIVED, SLOWEST))
    others = [
        ["", "EcoChat", "floor", ""],
        [
            "connections a second, until all are greeted",
            spread(arrived, ",.0f"),
            f"{CONNECTIONS:,}",
            verdict(median(arrived), CONNECTIONS, CONNECTIONS),
        ],
        [
            "last byte of the slowest reader / of the median",
            spread(slowest, ".3f"),
            f"at most {LAG}",
            verdict(-median(slowest), -LAG, -LAG),
        ],
    ]
    return (
        f"{table([HEAD, *compared(results, RATE, LIMITS)])}\n{table(others)}\n"
        f"Median (least to greatest) of {settings.pairs} pairs, of"
        f" {settings.milliseconds / 1000:.1f} s each, and each with new processes."
        f" {settings.readers:,} readers; {settings.senders} senders with"
        f" {settings.in_flight} messages of 100 bytes in flight. Times of last bytes"
        f" count from the first message of the run.\n\n{origin(results)}"
    )
