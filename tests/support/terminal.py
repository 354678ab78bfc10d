"""A terminal in memory, in which a real program runs."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
import unicodedata
from collections.abc import Callable

import pyte
from wcwidth import wcwidth

from tests.support.waiting import WAIT

AT_ONCE = 64
"""Reads before the screen is looked at, which takes as long as some of them."""


class Pty:
    """A program in a terminal that shows nothing: what is written is only kept.

    :param command: the program and its arguments.
    :param columns: the width of the terminal; ``lines`` is its height.
    :param environment: changes to this process's environment.
    :ivar written: all that it has written, as bytes.
    """

    def __init__(
        self, *command: str, columns: int = 80, lines: int = 24, **environment: str
    ) -> None:
        self._fd, theirs = pty.openpty()
        self.resize(columns, lines)
        usual = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        self.process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, **usual, **environment},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)
        self.written = b""

    def resize(self, columns: int, lines: int) -> None:
        """Make the terminal larger or smaller; the program is told."""
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, size)

    def fileno(self) -> int:
        """Return what can be read when the program has written."""
        return self._fd

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._fd, keys.encode())

    def read(self) -> bytes:
        """Return what is written next; nothing when the program has ended."""
        try:
            data = os.read(self._fd, 65_536)
        except OSError:  # the program has closed its end
            data = b""
        self.written += data
        return data

    def rest(self, seconds: float) -> None:
        """Read for so long whatever is written."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self], [], [], left)[0] and not self.read():
                break

    def end(self) -> int:
        """Read until the program ends, and return its exit status."""
        deadline = time.monotonic() + WAIT
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self], [], [], left)[0] and not self.read():
                break
        return self.process.wait(WAIT)

    def close(self) -> None:
        """End the program however it is."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._fd)


class _Screen(pyte.Screen):
    """A screen; what has no width does nothing on it, where pyte's would take that for
    the end of what is written."""

    def draw(self, data: str) -> None:
        super().draw("".join(filter(_has_place, data)))


def _has_place(char: str) -> bool:
    return wcwidth(char) > 0 or unicodedata.combining(char) > 0


class Terminal(Pty):
    """A program in a terminal, whose screen can be looked at.

    :ivar screen: what is on the screen.
    """

    def __init__(
        self, *command: str, columns: int = 80, lines: int = 24, **environment: str
    ) -> None:
        self.screen = _Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        super().__init__(*command, columns=columns, lines=lines, **environment)

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def resize(self, columns: int, lines: int) -> None:
        """See :class:`Pty`."""
        self.screen.resize(lines, columns)
        super().resize(columns, lines)

    def until(self, done: Callable[[str], bool]) -> None:
        """Wait until the screen is so; :raises AssertionError: when it never is."""
        deadline = time.monotonic() + WAIT
        while not done(self.text):
            left = deadline - time.monotonic()
            assert left > 0, f"not in time; the screen is:\n{self.text}"
            for _ in range(AT_ONCE):
                if not select.select([self], [], [], left)[0]:
                    break
                if not self.read():
                    assert done(self.text), f"it has ended; the screen is:\n{self.text}"
                    return
                left = 0

    def expect(self, *texts: str) -> None:
        """Wait until all these are on the screen."""
        self.until(lambda screen: all(text in screen for text in texts))

    def read(self) -> bytes:
        """See :class:`Pty`."""
        data = super().read()
        self._stream.feed(data)
        return data
