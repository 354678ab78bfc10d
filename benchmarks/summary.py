"""All figures in one table, and the headlines of the README: from the results kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

import msgspec

from benchmarks import (
    client,
    crowd,
    delay,
    fanout,
    memory,
    presence,
    reading,
    rooms,
    soak,
    start,
    stored,
    structured,
    tls,
)
from benchmarks.contest import ECOCHAT, INSPIRCD, LOOP, NGIRCD, RATE
from benchmarks.results import Results, spread, table, verdict

Kept = Mapping[str, Results]
"""Results by the name of their benchmark."""

Values = Callable[[Results], list[float]]
"""Returns a figure of each run; nothing when who it is beside was not measured."""


@dataclass(frozen=True)
class Line:
    """A line of the summary.

    :param values: has its figures.
    :param form: how to write each.
    :param is_most: whether floor and goal are what it may be at most.
    """

    benchmark: str
    what: str
    values: Values
    form: str
    floor: float
    goal: float
    is_most: bool = False

    def cells(self, results: Results) -> list[str]:
        """Return it for the table."""
        values = self.values(results)
        least = "at most " if self.is_most else ""
        wanted = [f"{least}{self.floor:,g}", f"{least}{self.goal:,g}"]
        if not values:
            return [self.what, "", *wanted, "not measured"]
        sign = -1 if self.is_most else 1
        stands = verdict(*(sign * v for v in (median(values), self.floor, self.goal)))
        return [self.what, f"**{spread(values, self.form)}**", *wanted, stands]


def beside(figure: str, other: str, what: str = ECOCHAT, unit: float = 1) -> Values:
    """Return what gives the ratios to another program."""

    def values(results: Results) -> list[float]:
        if not results.figures(other, figure):
            return []
        return [unit * ratio for ratio in results.ratios(what, other, figure)]

    return values


def alone(figure: str, what: str = ECOCHAT) -> Values:
    """Return what gives EcoChat's own figures."""
    return lambda results: results.figures(what, figure)


def connection(results: Results) -> list[float]:
    """Return the bytes that an idle connection takes."""
    settings = msgspec.convert(results.settings, memory.Settings)
    return memory.bytes_each(results, settings)


def everything(results: Results) -> list[float]:
    """Return the MB of the server with all connections."""
    settings = msgspec.convert(results.settings, memory.Settings)
    return memory.megabytes(results, settings)


MANY, FEW = fanout.LIMITS[fanout.MANY], fanout.LIMITS[fanout.FEW]
MOST = 100 * presence.MOST

LINES = (
    *(
        Line(
            "fanout",
            f"fan-out, 1,000 readers, {flight} messages in flight / {other}",
            beside(figure, other),
            ".2f",
            *limits[other],
        )
        for flight, figure, limits, others in (
            (200, fanout.MANY, MANY, (LOOP, INSPIRCD, NGIRCD)),
            (4, fanout.FEW, FEW, (LOOP, INSPIRCD)),
        )
        for other in others
    ),
    Line(
        "crowd",
        f"fan-out, 15,000 readers / {LOOP}",
        beside(RATE, LOOP),
        ".2f",
        *crowd.LIMITS[LOOP],
    ),
    Line(
        "crowd",
        "15,000 connections, a second",
        alone(crowd.ARRIVED),
        ",.0f",
        crowd.CONNECTIONS,
        crowd.CONNECTIONS,
    ),
    Line(
        "crowd",
        "15,000 readers: last byte of the slowest / of the median",
        alone(crowd.SLOWEST),
        ".2f",
        crowd.LAG,
        crowd.LAG,
        is_most=True,
    ),
    Line(
        "rooms",
        f"fan-out, 200 rooms of 10 readers / {INSPIRCD}",
        beside(RATE, INSPIRCD),
        ".2f",
        *rooms.LIMITS[INSPIRCD],
    ),
    *(
        Line(
            "structured",
            f"structured dialect, {flight} messages in flight / {LOOP}",
            beside(figure, LOOP),
            ".2f",
            *structured.LIMITS[figure][LOOP],
        )
        for flight, figure in ((200, fanout.MANY), (4, fanout.FEW))
    ),
    Line(
        "tls",
        f"over TLS, 1,000 readers / {tls.NAIVE}",
        beside(RATE, tls.NAIVE),
        ".2f",
        *tls.LIMITS[tls.NAIVE],
    ),
    Line(
        "delay",
        f"delay, 99 % of deliveries, more than the {LOOP}, ms",
        delay.more,
        ".2f",
        delay.FLOOR,
        delay.GOAL,
        is_most=True,
    ),
    Line(
        "stored",
        f"messages stored and acknowledged / {stored.LOOP} of commits",
        beside(stored.RATE, stored.LOOP),
        ".2f",
        stored.FLOOR,
        stored.GOAL,
    ),
    Line(
        "memory",
        "an idle connection, bytes",
        connection,
        ",.0f",
        *memory.EACH,
        is_most=True,
    ),
    Line(
        "memory",
        "the server with 15,000 of them, MB",
        everything,
        ".0f",
        *memory.ALL,
        is_most=True,
    ),
    Line(
        "soak",
        "memory added in four minutes under load, MB",
        lambda results: [soak.growth(results)],
        ".2f",
        soak.GROWTH,
        soak.GROWTH,
        is_most=True,
    ),
    Line(
        "start",
        "start until it listens, s",
        alone(start.SECONDS),
        ".2f",
        *start.LIMITS,
        is_most=True,
    ),
    Line(
        "client",
        "client: key to screen, 500 messages/s arriving, median, ms",
        alone(client.MIDDLE, client.TYPING),
        ".1f",
        client.KEYS,
        client.KEYS,
        is_most=True,
    ),
    Line(
        "client",
        "client: start until a key is shown, s",
        alone(client.PROMPT),
        ".2f",
        client.START,
        client.START,
        is_most=True,
    ),
    Line(
        "client",
        "client: idle, % of a core",
        alone(client.CPU, client.IDLING),
        ".2f",
        client.IDLE,
        client.IDLE,
        is_most=True,
    ),
    Line(
        "client",
        "client: memory added by 90,000 messages, MB",
        client.growth,
        ".1f",
        client.GROWTH,
        client.GROWTH,
        is_most=True,
    ),
    Line(
        "presence",
        "1,000 of 10,000 come and go, % of a line to everyone for each",
        beside(presence.CPU, presence.EACH, unit=100),
        ".2f",
        MOST,
        MOST,
        is_most=True,
    ),
    *(
        Line("reading", what, alone(figure), ".1f", limit, limit, is_most=True)
        for (figure, limit), what in zip(
            reading.LIMITS.items(),
            (
                "reading: 100 of a million messages, ms",
                "reading: 20 that have a word, ms",
                "reading: 1,000 that have a word, ms",
                "reading: coming back to 10,000 that were missed, ms",
            ),
            strict=True,
        )
    ),
)
"""What the summary tells."""

HEADLINES = (
    ("fanout", "1 room, 1,000 readers, 200 messages in flight", fanout.MANY),
    ("fanout", "the same, 4 in flight", fanout.FEW),
    ("crowd", "1 room, 15,000 readers", RATE),
    ("rooms", "200 rooms of 10 readers", RATE),
)
"""What the README tells of fan-out."""


def section(kept: Kept) -> str:
    """Return the summary, in Markdown."""
    lines = [
        line.cells(kept[line.benchmark]) for line in LINES if line.benchmark in kept
    ]
    return (
        f"{table([['', 'EcoChat', 'floor', 'goal', ''], *lines])}\n"
        f"Median (least to greatest) of the runs.{_absent(kept)} {_origin(kept)}\n"
    )


def headlines(kept: Kept) -> str:
    """Return what the README tells, in Markdown."""
    others = (LOOP, INSPIRCD)
    rows = [["million deliveries per CPU-second", ECOCHAT, *others]]
    for benchmark, what, figure in HEADLINES:
        results = kept[benchmark]
        cells = [_beside(results, figure, other) for other in others]
        ours = median(results.figures(ECOCHAT, figure)) / 1e6
        rows.append([what, f"**{ours:.2f}**", *cells])
    messages = median(kept["stored"].figures(stored.SERVER, stored.RATE))
    return (
        f"{table(rows)}\n"
        f"In brackets: EcoChat's figure / the other's. Stored and acknowledged:"
        f" {messages:,.0f} messages/s. An idle connection takes"
        f" {median(connection(kept['memory'])):,.0f} bytes.{_absent(kept)}"
        f" {_origin(kept)}\n"
    )


def _beside(results: Results, figure: str, other: str) -> str:
    theirs = results.figures(other, figure)
    if not theirs:
        return ""
    ratio = median(results.ratios(ECOCHAT, other, figure))
    return f"{median(theirs) / 1e6:.2f} ({ratio:.2f})"


def _absent(kept: Kept) -> str:
    """Name the peers that were not there."""
    facts = kept["fanout"].machine
    names = [name for name in (INSPIRCD, NGIRCD) if facts.get(name) == "absent"]
    return f" Absent: {' and '.join(names)}." if names else ""


def _origin(kept: Kept) -> str:
    """Say when and how it was measured."""
    dates = sorted(results.date for results in kept.values())
    commands = {results.command for results in kept.values()}
    how = commands.pop() if len(commands) == 1 else "python -m benchmarks NAME"
    return f"Measured {' to '.join(dict.fromkeys((dates[0], dates[-1])))}, `{how}`."
