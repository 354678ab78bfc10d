"""The machine that is measured on: what it is, its cores, and a process's CPU time."""

import os
import platform
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ecochat
import twisted

CORES = sorted(os.sched_getaffinity(0))
"""The cores that this program was given; the first is the server's."""

OURS, OTHERS = {CORES[0]}, {CORES[-1]}
"""The server's core and that of who loads it: the same one when there is but one."""

TICK = 1 / os.sysconf("SC_CLK_TCK")
"""Seconds in which the kernel counts CPU time, mostly 0.01."""


class BenchmarkError(Exception):
    """A measurement does not count; the text says why, for people."""


@contextmanager
def on_core(core: set[int]) -> Iterator[None]:
    """Run on a core only; a process that is started meanwhile stays on it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process so far, of all its threads and the kernel for
    it, in seconds (proc(5), ``/proc/pid/stat``)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def files() -> int:
    """Have this process, and those that it starts, open as many files as they may, and
    return how many that is."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def machine(folder: Path) -> dict[str, str]:
    """Return what a reader of the figures has to know of the machine.

    :param folder: where what is stored goes.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": _field("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": str(os.cpu_count()),
        "pinned": _pinned(),
        "memory": f"{memory:.0f} GiB",
        "file system": _file_system(folder),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "Python": platform.python_version(),
        "Twisted": twisted.__version__,
        "SQLite": sqlite3.sqlite_version,
        "EcoChat": ecochat.__version__,
    }


def _pinned() -> str:
    if OURS == OTHERS:
        return "server and load share one core"
    return "server and bare loop on one core, load on another"


def _field(path: str, name: str) -> str:
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _file_system(folder: Path) -> str:
    """Return the kind of file system that a folder is on, as ``ext4``."""
    kinds = {}
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        kinds[Path(place)] = kind
    here = folder.resolve()
    return next((kinds[p] for p in (here, *here.parents) if p in kinds), "unknown")
