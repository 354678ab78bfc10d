"""The same fan-out in the structured dialect, and a loop that moves as many bytes."""

import msgspec

from benchmarks.contest import ECOCHAT, LOOP, Started, contenders, in_turn, results_of
from benchmarks.dialects import STRUCTURED
from benchmarks.fanout import FEW, MANY, SHORT, Settings, tables, talk
from benchmarks.load import TEXT
from benchmarks.results import Results, origin

NAME = "structured"
BYTES = "bytes of a delivery"
LIMITS = {MANY: {LOOP: (0.4, 0.65)}, FEW: {LOOP: (0.6, 0.8)}}


def measure(short: bool = False) -> Results:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = SHORT if short else Settings()
    sizes = {ECOCHAT: TEXT}

    def one(started: Started, seconds: float) -> dict[str, float]:
        outcomes = talk(started, settings, seconds, sizes[started.name])
        size = outcomes[MANY].bytes_each
        if started.name == ECOCHAT:  # it is measured first
            sizes[LOOP] = round(size) - len("\0")
        rates = {figure: outcome.rate for figure, outcome in outcomes.items()}
        return {**rates, BYTES: size}

    joining = (settings.readers, settings.senders, 1)
    found = contenders(STRUCTURED, peers=())
    runs = in_turn(found, joining, settings, one)
    return results_of(NAME, msgspec.to_builtins(settings), runs, ())


def section(results: Results) -> str:
    """See :class:`benchmarks.results.Benchmark`."""
    size = max(results.figures(ECOCHAT, BYTES))
    return (
        f"{tables(results, LIMITS)} As delivered, with what is around the text, they"
        f" have {size:.0f} bytes; those of the loop are as long.\n\n{origin(results)}"
    )
