"""Runs the crash test, and says what was met and what was found.

The exit status is 0 only when every promise was kept.
"""

import argparse
import random
import sys
import time
from dataclasses import fields
from typing import get_args

from tests.crash.broken import BROKEN
from tests.crash.check import Fault, Kind
from tests.crash.run import Plan, Result, run

SHOWN = 5
"""Faults of each kind that are shown: of a broken server there are thousands."""


def _plan() -> Plan:
    parser = argparse.ArgumentParser("python -m tests.crash", description=__doc__)
    for name in ("messages", "kills", "cuts", "writers", "readers", "plain"):
        default = next(field.default for field in fields(Plan) if field.name == name)
        parser.add_argument(f"--{name}", type=int, default=default)
    seed = random.randrange(1_000_000)
    parser.add_argument("--seed", type=int, default=seed, help="random by default")
    parser.add_argument(
        "--broken",
        choices=list(BROKEN),
        default="",
        help="break a promise of the server, to see that it is found",
    )
    parser.add_argument(
        "--library",
        action="store_true",
        help="write and read by ecochat.client, not by clients of the test's own",
    )
    return Plan(**vars(parser.parse_args()))


def _report(result: Result, seconds: float) -> None:
    cuts = ", ".join(f"{count} {way}" for way, count in sorted(result.cuts.items()))
    flights = " ".join(map(str, result.in_flight))
    print(f"kills: {len(result.in_flight)}")
    print(f"messages in flight at each kill: {flights}")
    print(
        f"cuts: {result.cuts.total()} ({cuts}), {result.in_frames} of them in mid-frame"
    )
    print(
        f"messages stored: {result.messages}, heard {result.heard} times,"
        f" {result.heard_plain} of them in the plain dialect"
    )
    if result.sent_again:  # the library does it by itself, and does not say so
        print(
            f"sent again: {result.sent_again} times, of which {result.repeated} were"
            " stored before"
        )
    print(f"lost: {result.count('lost')}")
    print(f"doubled: {result.count('doubled')}")
    print(f"out of order: {result.count('out of order')}")
    print(f"wrong otherwise: {result.count('wrong')}")
    print(
        f"the longest pause of a client: {result.pause:.2f} s (the longest without a"
        f" server: {result.down:.2f} s)"
    )
    print(f"it took {seconds:.1f} s")


def _show(faults: list[Fault]) -> None:
    for fault in faults[:SHOWN]:
        print(f"{fault.kind}: {fault.what}")
    if len(faults) > SHOWN:
        print(f"{faults[0].kind}: {len(faults) - SHOWN} more")


def main() -> int:
    """Run it as the command line says; return the exit status."""
    plan = _plan()
    print(
        f"seed {plan.seed}: {plan.writers} writers, {plan.readers} readers,"
        f" {plan.plain} plain readers; at least {plan.messages} messages,"
        f" {plan.kills} kills, {plan.cuts} cuts",
        flush=True,
    )
    begun = time.monotonic()
    result = run(plan)
    _report(result, time.monotonic() - begun)
    for kind in get_args(Kind):
        _show([fault for fault in result.faults if fault.kind == kind])
    return 1 if result.faults else 0


if __name__ == "__main__":
    sys.exit(main())
