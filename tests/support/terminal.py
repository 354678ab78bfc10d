"""A terminal in memory, in which a real program runs."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable

import pyte

WAIT = 20.0
"""Seconds after which what was expected is taken not to come."""


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


class Terminal(Pty):
    """A program in a terminal, whose screen can be looked at.

    :ivar screen: what is on the screen.
    """

    def __init__(
        self, *command: str, columns: int = 80, lines: int = 24, **environment: str
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
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
            if select.select([self], [], [], left)[0] and not self.read():
                raise AssertionError(f"it has ended; the screen is:\n{self.text}")

    def expect(self, *texts: str) -> None:
        """Wait until all these are on the screen."""
        self.until(lambda screen: all(text in screen for text in texts))

    def read(self) -> bytes:
        """See :class:`Pty`."""
        data = super().read()
        self._stream.feed(data)
        return data
