"""Measures, and writes docs/benchmarks.md: ``python -m benchmarks [NAME ...]``.

Without a name all are run. ``--short`` shows that they work, in a few seconds: its
figures mean nothing and are not kept. ``--page`` measures nothing and writes the page
from the results that are kept.
"""

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from benchmarks import (
    client,
    crowd,
    delay,
    fanout,
    memory,
    presence,
    reading,
    rooms,
    scale,
    soak,
    start,
    stored,
    structured,
    summary,
    tls,
)
from benchmarks.machine import BenchmarkError
from benchmarks.results import (
    FOLDER,
    PAGE,
    README,
    Benchmark,
    Illustrated,
    load,
    save,
    write_section,
)

BENCHMARKS: dict[str, Benchmark] = {
    "fanout": fanout,
    "scale": scale,
    "crowd": crowd,
    "rooms": rooms,
    "structured": structured,
    "tls": tls,
    "presence": presence,
    "memory": memory,
    "soak": soak,
    "delay": delay,
    "stored": stored,
    "reading": reading,
    "start": start,
    "client": client,
}
"""By name: one module for each question. The figures of those before the soak are of
CPU time or of memory, those of the others are of time."""

BESIDE = {"soak"}
"""What runs beside those that come before it, in a process of its own: it takes five
minutes, and some per cent of each core."""


def run_all(names: Sequence[str], short: bool) -> None:
    """Measure each, keep its results, and tell of them."""
    with ProcessPoolExecutor(1) as pool:
        begun = {
            name: pool.submit(BENCHMARKS[name].measure, short)
            for name in names
            if name in BESIDE
        }
        for name in names:
            measured = begun.get(name)
            results = measured.result() if measured else BENCHMARKS[name].measure(short)
            print(f"# {name}\n\n{BENCHMARKS[name].section(results)}", flush=True)
            if not short:
                save(results, FOLDER)
                write(name)


def write(name: str) -> None:
    """Write a section of the page, and its pictures, from the results that are kept."""
    benchmark, results = BENCHMARKS[name], load(name, FOLDER)
    write_section(name, benchmark.section(results), PAGE)
    if isinstance(benchmark, Illustrated):
        for file, chart in benchmark.pictures(results).items():
            chart.save(PAGE.with_name(file))


def write_summaries() -> None:
    """Write what is told of all together, on the page and in the README."""
    kept = {name: load(name, FOLDER) for name in BENCHMARKS}
    write_section("summary", summary.section(kept), PAGE)
    write_section("benchmarks", summary.headlines(kept), README)


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line names, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--page", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    given = parser.parse_args(arguments)
    for name in set(given.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {name}, choose of {', '.join(BENCHMARKS)}")
    names = given.names or list(BENCHMARKS)
    try:
        if not given.page:
            run_all(names, given.short)
        if not given.short:
            for name in names if given.page else ():
                write(name)
            write_summaries()
    except (BenchmarkError, AssertionError, OSError) as error:
        print(f"benchmarks: the run does not count: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
