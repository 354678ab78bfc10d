"""The same fan-out over TLS, beside a naive server of Twisted's."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from benchmarks.audience import over_tls
from benchmarks.contest import (
    ECOCHAT,
    HEAD,
    MAX_CLIENTS,
    RATE,
    Contender,
    Started,
    compared,
    in_turn,
    results_of,
)
from benchmarks.dialects import BARE, PLAIN
from benchmarks.load import closed
from benchmarks.naive import endpoint, make_certificate, naive
from benchmarks.results import Results, origin, table
from benchmarks.server import server

NAME = "tls"
NAIVE = "a write for each message and reader"
LIMITS = {NAIVE: (3, 5)}


class Settings(msgspec.Struct, frozen=True):
    """How much is measured.

    :param in_flight: messages of each sender that may be unanswered.
    """

    pairs: int = 5
    readers: int = 1_000
    senders: int = 4
    in_flight: int = 50
    milliseconds: int = 1_000
    warm_up: int = 200


SHORT = Settings(pairs=1, readers=5, senders=2, milliseconds=50, warm_up=10)


@contextmanager
def ecochat(folder: Path) -> Iterator[tuple[int, int]]:
    """Run the server, with the certificate in that folder."""
    most = str(MAX_CLIENTS)
    with server("--max-clients", most, listen=endpoint(folder)) as started:
        yield started.port, started.pid


def measure(short: bool = False) -> Results:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = SHORT if short else Settings()

    def one(started: Started, seconds: float) -> dict[str, float]:
        got = closed(started.audience, started.pid, settings.in_flight, seconds)
        return {RATE: got.rate}

    with tempfile.TemporaryDirectory(prefix="ecochat-") as name:
        folder = Path(name)
        make_certificate(folder)
        found = [
            Contender(ECOCHAT, PLAIN, partial(ecochat, folder), connect=over_tls),
            Contender(NAIVE, BARE, partial(naive, folder), connect=over_tls),
        ]
        joining = (settings.readers, settings.senders, 1)
        runs = in_turn(found, joining, settings, one)
    return results_of(NAME, msgspec.to_builtins(settings), runs, ())


def section(results: Results) -> str:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = msgspec.convert(results.settings, Settings)
    return (
        f"{table([HEAD, *compared(results, RATE, LIMITS)])}\n"
        f"Median (least to greatest) of {settings.pairs} pairs, of"
        f" {settings.milliseconds / 1000:.1f} s each. {settings.readers:,} readers;"
        f" {settings.senders} senders with {settings.in_flight} messages of 100 bytes"
        f" in flight.\n\n{origin(results)}"
    )
