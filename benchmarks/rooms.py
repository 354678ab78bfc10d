"""What many small rooms cost: in each, someone talks to a few readers."""

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
from benchmarks.load import closed
from benchmarks.peers import PEERS
from benchmarks.results import Results, origin, table

NAME = "rooms"
LIMITS = {INSPIRCD: (0.5, 1), NGIRCD: (0, 0)}


class Settings(msgspec.Struct, frozen=True):
    """How much is measured.

    :param readers: in each room.
    :param in_flight: messages of each room's sender that may be unanswered.
    """

    pairs: int = 5
    rooms: int = 200
    readers: int = 10
    in_flight: int = 10
    milliseconds: int = 1_000
    warm_up: int = 200


SHORT = Settings(pairs=1, rooms=3, readers=2, milliseconds=50, warm_up=10)


def measure(short: bool = False) -> Results:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = SHORT if short else Settings()

    def one(started: Started, seconds: float) -> dict[str, float]:
        got = closed(started.audience, started.pid, settings.in_flight, seconds)
        return {RATE: got.rate}

    joining = (settings.rooms * settings.readers, settings.rooms, settings.rooms)
    found = [one for one in contenders() if one.name != LOOP]  # it has no rooms
    runs = in_turn(found, joining, settings, one)
    return results_of(NAME, msgspec.to_builtins(settings), runs, PEERS)


def section(results: Results) -> str:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = msgspec.convert(results.settings, Settings)
    return (
        f"{table([HEAD, *compared(results, RATE, LIMITS)])}\n"
        f"Median (least to greatest) of {settings.pairs} pairs, of"
        f" {settings.milliseconds / 1000:.1f} s each. {settings.rooms} rooms, in each"
        f" {settings.readers} readers and a sender with {settings.in_flight} messages"
        f" of 100 bytes in flight.\n\n{origin(results)}"
    )
