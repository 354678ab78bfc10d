"""How fan-out goes with the number of readers in the room."""

import msgspec

from benchmarks.chart import Axis, Chart, Point
from benchmarks.contest import Contender, contenders, results_of, started
from benchmarks.dialects import IRC_2812
from benchmarks.load import closed
from benchmarks.machine import files
from benchmarks.peers import PEERS
from benchmarks.results import Results, Run, origin, table

NAME = "scale"
PICTURE = "fanout.svg"


PEER_READERS = 1_000
"""Readers that a peer has at most: it tells everyone of each who comes, so the time
until all are there goes with their square. For 10,000 that is minutes."""


class Settings(msgspec.Struct, frozen=True):
    """How much is measured.

    :param steps: how many numbers of readers: 100, 300, 1,000, …
    :param in_flight: messages of each sender that may be unanswered.
    """

    steps: int = 5
    senders: int = 4
    in_flight: int = 50
    milliseconds: int = 700

    @property
    def sizes(self) -> list[int]:
        """The numbers of readers."""
        return [100, 300, 1_000, 3_000, 10_000][: self.steps]


SHORT = Settings(steps=1, senders=2, in_flight=5, milliseconds=50)


def measure(short: bool = False) -> Results:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = SHORT if short else Settings()
    files()
    runs = [Run(1, one.name, run_one(one, settings)) for one in contenders()]
    return results_of(NAME, msgspec.to_builtins(settings), runs, PEERS)


def run_one(contender: Contender, settings: Settings) -> dict[str, float]:
    """Start a contender, and measure it with more and more readers."""
    figures = {}
    seconds = settings.milliseconds / 1000
    with started(contender, 1, settings.senders) as ready:
        here = 1
        for readers in settings.sizes:
            if contender.dialect is IRC_2812 and readers > PEER_READERS:
                break
            ready.audience.join(readers - here)
            here = readers
            got = closed(ready.audience, ready.pid, settings.in_flight, seconds)
            figures[str(readers)] = got.rate
    return figures


def section(results: Results) -> str:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = msgspec.convert(results.settings, Settings)
    rows = [["readers", *(f"{size:,}" for size in settings.sizes)]]
    for name, points in lines(results, settings).items():
        rates = [f"{rate / 1e6:.2f}" for _, rate in points]
        rows.append([name, *rates, *("" for _ in settings.sizes[len(rates) :])])
    return (
        f"![Deliveries per CPU-second against readers]({PICTURE})\n\n{table(rows)}\n"
        "Million deliveries per CPU-second of the server, one run of"
        f" {settings.milliseconds / 1000:.1f} s each; {settings.senders} senders with"
        f" {settings.in_flight} messages of 100 bytes in flight."
        f" The IRC servers have {PEER_READERS:,} readers at most: they tell everyone of"
        f" each who joins.\n\n{origin(results)}"
    )


def lines(results: Results, settings: Settings) -> dict[str, list[Point]]:
    """Return for each program its rate against readers, as far as it was measured."""
    return {
        run.what: [
            (size, run.figures[str(size)])
            for size in settings.sizes
            if str(size) in run.figures
        ]
        for run in results.runs
    }


def pictures(results: Results) -> dict[str, Chart]:
    """See :class:`benchmarks.results.Illustrated`."""
    settings = msgspec.convert(results.settings, Settings)
    series = lines(results, settings)
    title = "Fan-out: what a second of the server's CPU time delivers"
    across = Axis("readers in the room", log=True)
    return {PICTURE: Chart(title, across, Axis("deliveries"), series)}
