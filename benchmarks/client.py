"""The client on the whole screen: whether it keeps up with its person."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import cycle
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.machine import OTHERS, on_core
from benchmarks.memory import resident
from benchmarks.results import Results, Run, new_results, origin, spread, table, verdict
from benchmarks.server import server
from benchmarks.terminal import (
    HERE,
    MARKS,
    USUAL,
    Crowd,
    Size,
    client,
    cpu,
    crowd,
    drain,
    program,
    until,
)
from tests.support.server import Server

NAME = "client"
CLIENT, BARE, PYTHON = "EcoChat", "prompt_toolkit alone", "Python alone"
TYPING, IDLING, READING = "EcoChat, typing", "EcoChat, idle", "EcoChat, reading"

SIZES = {
    TYPING: USUAL,
    f"{TYPING} at 40×12": Size(40, 12),
    f"{TYPING} at 250×80": Size(250, 80),
}
"""Of the terminals in which it is typed: the usual, the least and the greatest."""

MIDDLE, P99, LOAD = "50 %, ms", "99 %, ms", "% of a core under load"
PROMPT, IN_ROOM, CPU, TOOK = "prompt, s", "in the room, s", "% of a core", "seconds"
"""The figures; those of memory, in bytes, have the number of messages as their name."""

KEYS, START, IDLE, GROWTH = 50, 0.5, 0.5, 8
"""What each may be at most: milliseconds in the median from a key to the screen,
seconds from the start until a key is shown, per cent of a core while nothing happens,
and MB by which it grows: less than the text alone of what came."""

LETTERS = "αβγδεζηθικλμνξοπρστυφχψω"
"""What is typed: nothing else on the screen has these, so that what is written tells
when one is shown."""

LINE = 20
"""Letters after which the line is cleared: no letter stands where it stood before, as
what is the same is not written again."""

CLEAR_LINE = "\x15"

SETTLE = 2.0
"""Seconds before the client is idle: by then it has asked what it wants to know."""

APP = """
from prompt_toolkit.application import Application
from prompt_toolkit.layout import Layout
from prompt_toolkit.widgets import TextArea
Application(Layout(TextArea(prompt="tester> ")), full_screen=True).run()
"""
"""The least that shows a prompt on the whole screen."""


class Settings(msgspec.Struct, frozen=True):
    """How much is measured.

    :param starts: those that count; one before them, to warm up, does not.
    :param runs: how often it is typed in each size of a terminal.
    :param keys: how many are typed each time, while messages arrive.
    :param rate: messages that arrive a second.
    :param milliseconds: for how long nothing happens.
    :param few: messages after which the memory is looked at first, and ``many`` last.
    """

    starts: int = 5
    runs: int = 3
    keys: int = 100
    rate: int = 500
    milliseconds: int = 10_000
    few: int = 10_000
    many: int = 100_000


SHORT = Settings(starts=1, runs=1, keys=5, milliseconds=100, few=50, many=200)


def measure(short: bool = False) -> Results:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = SHORT if short else Settings()
    with server() as started, on_core(OTHERS):
        runs = list(starts(settings, started))
        for number in range(1, settings.runs + 1):
            for what, size in SIZES.items():
                runs.append(Run(number, what, typing(settings, started, size)))
        runs.append(Run(1, IDLING, idle(settings, started)))
        runs.append(Run(1, READING, received(settings, started)))
    folder = Path(tempfile.gettempdir())
    return new_results(NAME, folder, msgspec.to_builtins(settings), runs)


# How long it takes to start


def starts(settings: Settings, started: Server) -> Iterator[Run]:
    """Start each in turn, and tell when it is of use."""
    ours = ("-m", "ecochat.main", f"127.0.0.1:{started.port}", "--nick", "tester")
    for number in range(settings.starts + 1):
        runs = (
            Run(number, CLIENT, until_of_use(ours, HERE)),
            Run(number, BARE, until_of_use(("-c", APP))),
            Run(number, PYTHON, {PROMPT: until_python_speaks()}),
        )
        yield from (run for run in runs if run.pair)


def until_of_use(command: tuple[str, ...], more: bytes = b"") -> dict[str, float]:
    """Return the seconds until a key is shown that is typed when the prompt is there,
    and until something more is shown."""
    begun, figures = time.perf_counter(), {}
    with program(*command) as shown:
        until(shown, b"tester>")
        shown.type(LETTERS[0])
        until(shown, LETTERS[0].encode())
        figures[PROMPT] = time.perf_counter() - begun
        if more:
            until(shown, more)
            figures[IN_ROOM] = time.perf_counter() - begun
    return figures


def until_python_speaks() -> float:
    """Return the seconds until Python has begun and written something."""
    begun = time.perf_counter()
    with program("-c", "print('tester> ')") as shown:
        until(shown, b"tester>")
    return time.perf_counter() - begun


# How long a key takes to the screen


def typing(settings: Settings, started: Server, size: Size = USUAL) -> dict[str, float]:
    """Type while messages arrive, and tell how long each key takes to the screen."""
    delays = []
    with (
        client(started, size) as shown,
        closing(Crowd(started, settings.rate)) as others,
    ):
        before, begun = cpu(shown), time.perf_counter()
        for number in range(settings.keys):
            others.wait(shown, pause(number))
            letter = LETTERS[number % len(LETTERS)]
            if number and number % LINE == 0:
                shown.type(CLEAR_LINE)
                others.wait(shown, pause(number))
            delays.append(1_000 * others.press(shown, letter))
        others.end(shown)
        load = (cpu(shown) - before) / (time.perf_counter() - begun)
    delays.sort()
    p99 = delays[int(len(delays) * 0.99)]
    return {MIDDLE: median(delays), P99: p99, LOAD: 100 * load}


def pause(number: int) -> float:
    """Return the seconds before a key: never in step with what is drawn 30 times a
    second."""
    return 0.02 + 0.06 * (number * 0.618 % 1)


# What it takes while nothing happens, and after much has


def idle(settings: Settings, started: Server) -> dict[str, float]:
    """Have nothing happen, and tell how much of a core that takes."""
    with client(started) as shown:
        drain(shown, SETTLE)
        before, begun = cpu(shown), time.perf_counter()
        drain(shown, settings.milliseconds / 1_000)
        took = time.perf_counter() - begun
        return {CPU: 100 * (cpu(shown) - before) / took}


def received(settings: Settings, started: Server) -> dict[str, float]:
    """Have many messages come as fast as they are taken, and tell what is resident
    after some and after all."""
    figures, said, marks = {}, 0, cycle(MARKS)
    with client(started) as shown, crowd(started) as others:
        for upto in settings.few, settings.many:
            begun = time.perf_counter()
            while said < upto:
                count = min(1_000, upto - said)
                mark = next(marks)
                shown.written = b""
                others.say(*["x" * 80] * (count - 1), mark)
                until(shown, mark.encode())
                said += count
            figures[str(upto)] = float(resident(shown.process.pid))
            figures[TOOK] = time.perf_counter() - begun
    return figures


# What is told


def section(results: Results) -> str:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = msgspec.convert(results.settings, Settings)
    rows = [["", "EcoChat", "at most", ""]]
    for what, values, form, most in lines(results, settings):
        stands = verdict(-median(values), -most, -most)
        rows.append([what, f"**{spread(values, form)}**", f"{most:g}", stands])
    said = [
        f"{name} {spread(results.figures(what, figure), form)}{unit}"
        for name, what, figure, form, unit in (
            ("99 % of the keys are shown within", TYPING, P99, ".0f", " ms"),
            ("and the client then takes", TYPING, LOAD, ".0f", " % of a core"),
            ("It is in the room", CLIENT, IN_ROOM, ".2f", " s from its start"),
            (
                "the least full screen of prompt_toolkit takes",
                BARE,
                PROMPT,
                ".2f",
                " s",
            ),
            ("and Python until it writes", PYTHON, PROMPT, ".2f", " s"),
        )
    ]
    few, many = (results.figures(READING, str(n))[0] / 1e6 for n in sizes(settings))
    more = settings.many - settings.few
    return (
        f"{table(rows)}\n"
        f"{said[0]}, {said[1]}. {said[2]}; {said[3]}, {said[4]}. It has {few:.0f} MB"
        f" resident after {settings.few:,} messages and {many:.0f} MB after"
        f" {settings.many:,}; the last {more:,} it took in"
        f" {results.figures(READING, TOOK)[0]:.1f} s. Median (least to greatest) of"
        f" {settings.starts} starts, after one to warm up, and of {settings.runs} times"
        f" {settings.keys} keys; idle for {settings.milliseconds / 1_000:g} s. A"
        f" terminal of {USUAL}.\n\n{origin(results)}"
    )


def lines(
    results: Results, settings: Settings
) -> Iterator[tuple[str, list[float], str, float]]:
    """Yield what is judged: what it is, its values, how to write each, the most."""
    keys = f"from a key to the screen, {settings.rate} messages/s arriving, median, ms"
    for what, size in SIZES.items():
        told = keys if what == TYPING else f"the same in a terminal of {size}, ms"
        if figures := results.figures(what, MIDDLE):
            yield told, figures, ".1f", KEYS
    start = "from its start until a key is shown, s"
    yield start, results.figures(CLIENT, PROMPT), ".2f", START
    yield "idle, % of a core", results.figures(IDLING, CPU), ".2f", IDLE
    few, many = sizes(settings)
    grown = f"memory added from {few:,} messages to {many:,}, MB"
    yield grown, growth(results), ".1f", GROWTH


def sizes(settings: Settings) -> tuple[int, int]:
    """Return after how many messages the memory is looked at."""
    return settings.few, settings.many


def growth(results: Results) -> list[float]:
    """Return the MB that were added between the two looks at the memory."""
    settings = msgspec.convert(results.settings, Settings)
    few, many = (results.figures(READING, str(n)) for n in sizes(settings))
    return [(b - a) / 1e6 for a, b in zip(few, many, strict=True)]
