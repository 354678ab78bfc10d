"""The client in a terminal of its own, and somebody who talks with it."""

import re
import select
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

from benchmarks.machine import OURS, BenchmarkError, on_core
from tests.support.client import Client
from tests.support.server import Server
from tests.support.terminal import Pty


class Size(NamedTuple):
    """The size of a terminal."""

    columns: int
    lines: int

    def __str__(self) -> str:
        return f"{self.columns}×{self.lines}"


USUAL = Size(120, 40)
"""That of the terminal, where nothing else is said."""

WAIT = 60.0
"""Seconds after which what was expected is taken not to come."""

SEQUENCES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
"""What is written between letters."""

MARKS = "ЖЩЮ"
"""What is said by turns when it has to be seen that all has come, as only what is not
the same as before is written."""

HERE = b"Welcome"
"""What is shown when one is in the room."""


@contextmanager
def program(*command: str, size: Size = USUAL) -> Iterator[Pty]:
    """Start a program of Python in a terminal, with an empty folder for its files."""
    with tempfile.TemporaryDirectory(prefix="ecochat-") as home:
        places = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
        files = dict.fromkeys(places, home)
        with on_core(OURS):
            started = Pty(
                sys.executable,
                *command,
                columns=size.columns,
                lines=size.lines,
                **files,
            )
        with closing(started):
            yield started
            started.process.terminate()  # it leaves, and its name is free again
            started.end()


@contextmanager
def client(started: Server, size: Size = USUAL) -> Iterator[Pty]:
    """Start the client, and wait until it is in the room."""
    where = f"127.0.0.1:{started.port}"
    with program("-m", "ecochat.main", where, "--nick", "tester", size=size) as shown:
        until(shown, HERE)
        yield shown


def crowd(started: Server) -> Client:
    """Return somebody else, who is not told what is stored: nobody reads it."""
    others = Client(started.port, "crowd")
    others.ask("/acks off", r"\* ")
    return others


def until(shown: Pty, text: bytes, begun: int = 0) -> None:
    """Wait until a text is shown, behind so much of what was written.

    :raises BenchmarkError: when it is not, or the program ends.
    """
    deadline = time.perf_counter() + WAIT
    while text not in SEQUENCES.sub(b"", shown.written[begun:]):
        left = deadline - time.perf_counter()
        if left < 0 or (select.select([shown], [], [], left)[0] and not shown.read()):
            raise BenchmarkError(f"the client does not show {text.decode()}")


class Crowd:
    """Says something so many times a second, in the client's room."""

    def __init__(self, started: Server, rate: int) -> None:
        self.said = 0
        self._rate = rate
        self._client = crowd(started)
        self._begun = time.perf_counter()

    def close(self) -> None:
        """Say no more."""
        self._client.close()

    def press(self, shown: Pty, key: str) -> float:
        """Press a key, and return the seconds until it is shown."""
        shown.written = b""  # that adding to it does not take longer and longer
        begun = time.perf_counter()
        shown.type(key)
        self._run(shown, lambda: key.encode() in shown.written, WAIT)
        took = time.perf_counter() - begun
        if took >= WAIT:
            raise BenchmarkError("a key is not shown")
        return took

    def end(self, shown: Pty) -> None:
        """Say the last, and wait until that is shown, behind everything."""
        self._client.say(MARKS[0])
        until(shown, MARKS[0].encode(), len(shown.written))

    def wait(self, shown: Pty, seconds: float) -> None:
        """Go on for some time."""
        self._run(shown, lambda: False, seconds)

    def _run(self, shown: Pty, done: Callable[[], bool], seconds: float) -> None:
        """Say what is due and read what comes, until something holds or for so long."""
        deadline = time.perf_counter() + seconds
        while not done() and (left := deadline - time.perf_counter()) > 0:
            self._say()
            wait = min(left, 1 / self._rate)
            if select.select([shown], [], [], wait)[0] and not shown.read():
                raise BenchmarkError("the client has ended")

    def _say(self) -> None:
        due = int((time.perf_counter() - self._begun) * self._rate)
        texts = [f"said {number}." for number in range(self.said + 1, due + 1)]
        self._client.say(*texts)
        self.said = max(due, self.said)


def drain(shown: Pty, seconds: float) -> None:
    """Read what is written, for some time."""
    deadline = time.perf_counter() + seconds
    while (left := deadline - time.perf_counter()) > 0:
        if select.select([shown], [], [], left)[0] and not shown.read():
            raise BenchmarkError("the client has ended")


def cpu(shown: Pty) -> float:
    """Return the CPU seconds of a program so far, to the microsecond: its ticks are too
    long for what hardly does anything (clock_getcpuclockid(3))."""
    return time.clock_gettime(~shown.process.pid << 3 | 2)
