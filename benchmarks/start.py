"""How long it takes until a server that is started can be connected to."""

import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import median

import msgspec

from benchmarks.machine import OTHERS, OURS, BenchmarkError, on_core
from benchmarks.results import Results, Run, new_results, origin, spread, table, verdict
from tests.support.server import TWISTD

NAME = "start"
SERVER, PYTHON = "EcoChat", "Python alone"
SECONDS = "seconds"

LIMITS = (0.7, 0.4)
"""Seconds that it may take, and should."""

WAIT = 20.0
"""Seconds after which it is taken not to listen."""

LOOK = 0.001
"""Seconds between two attempts to connect."""


class Settings(msgspec.Struct, frozen=True):
    """How much is measured.

    :param runs: starts that count; one before them, to warm up, does not.
    """

    runs: int = 20


SHORT = Settings(runs=1)


def measure(short: bool = False) -> Results:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = SHORT if short else Settings()
    runs = []
    for number in range(settings.runs + 1):
        runs.append(Run(number, SERVER, {SECONDS: until_it_listens()}))
        runs.append(Run(number, PYTHON, {SECONDS: until_python_ends()}))
    folder = Path(tempfile.gettempdir())
    counted = [run for run in runs if run.pair]
    return new_results(NAME, folder, msgspec.to_builtins(settings), counted)


def until_it_listens() -> float:
    """Start a server with an empty folder, and return the seconds until a connection
    to it is taken."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="ecochat-") as folder:
        command = [TWISTD, "-n", "--pidfile=", "ecochat"]
        command += ["--listen", f"127.0.0.1:{port}", "--data", f"{folder}/data.sqlite"]
        begun = time.perf_counter()
        with on_core(OURS):
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        try:
            with on_core(OTHERS):
                wait_for(process, port)
            return time.perf_counter() - begun
        finally:
            process.kill()
            process.wait()


def wait_for(process: "subprocess.Popen[bytes]", port: int) -> None:
    """Wait until a port takes connections.

    :raises BenchmarkError: when the process ends before, or it takes too long.
    """
    deadline = time.perf_counter() + WAIT
    while process.poll() is None and time.perf_counter() < deadline:
        with suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(LOOK)
    raise BenchmarkError(f"the server does not listen at {port}")


def until_python_ends() -> float:
    """Return the seconds that Python takes to begin and to end."""
    begun = time.perf_counter()
    with on_core(OURS):
        subprocess.run([Path(TWISTD).with_name("python"), "-c", ""], check=True)
    return time.perf_counter() - begun


def section(results: Results) -> str:
    """See :class:`benchmarks.results.Benchmark`."""
    settings = msgspec.convert(results.settings, Settings)
    ours, python = (results.figures(what, SECONDS) for what in (SERVER, PYTHON))
    stands = verdict(-median(ours), *(-limit for limit in LIMITS))
    rows = [
        ["", "seconds", "floor", "goal", ""],
        [
            "EcoChat, from its start to the first connection",
            f"**{spread(ours, '.3f')}**",
            *(f"{limit}" for limit in LIMITS),
            stands,
        ],
        ["Python, from its start to its end", spread(python, ".3f"), "", "", ""],
    ]
    return (
        f"{table(rows)}\n"
        f"Median (least to greatest) of {settings.runs} starts on an empty folder, on"
        f" one core, after one to warm up.\n\n{origin(results)}"
    )
