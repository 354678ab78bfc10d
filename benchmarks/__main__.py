"""Measures, and writes docs/benchmarks.md: ``python -m benchmarks [NAME ...]``.

Without a name all are run. ``--short`` shows that they work, in a few seconds: its
figures mean nothing and are not kept. ``--page`` measures nothing and writes the page
from the results that are kept.
"""

import argparse
import sys

from benchmarks import reading, stored
from benchmarks.machine import BenchmarkError
from benchmarks.results import FOLDER, PAGE, Benchmark, load, save, write_section

BENCHMARKS: dict[str, Benchmark] = {"stored": stored, "reading": reading}
"""By name: one module for each question."""


def run(name: str, short: bool, page: bool) -> None:
    """Measure one, keep its results, and tell of them."""
    benchmark = BENCHMARKS[name]
    results = load(name, FOLDER) if page else benchmark.measure(short)
    section = benchmark.section(results)
    print(f"# {name}\n\n{section}", flush=True)
    if not (short or page):
        save(results, FOLDER)
    if page or not short:
        write_section(name, section, PAGE)


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line names, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--page", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    given = parser.parse_args(arguments)
    for name in set(given.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {name}, choose of {', '.join(BENCHMARKS)}")
    try:
        for name in given.names or BENCHMARKS:
            run(name, given.short, given.page)
    except (BenchmarkError, AssertionError, OSError) as error:
        print(f"benchmarks: the run does not count: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
