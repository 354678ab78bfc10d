"""Standard input: read when it comes, beside everything else that goes on."""

import os
import select
from collections.abc import AsyncIterator
from threading import Thread
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

SIZE = 65_536
"""Bytes that are read at once."""

LONGEST = 2**20
"""Bytes of a line, or of all of the input where that is one message: 60 times what a
server takes unless its operator says otherwise."""


class TooLong(Exception):
    """There is too much input for one message; the text says so, for people."""


class Input:
    """Text from a file.

    :param file: its number.
    :param reactor: hears of what is read.
    """

    def __init__(self, file: int, reactor: Any) -> None:
        self._file = file
        self._reactor = reactor

    async def lines(self) -> AsyncIterator[str]:
        """Yield each line that is not empty, when it is complete or the input ends.

        :raises TooLong: at one that is longer than :data:`LONGEST`.
        """
        rest = b""
        while data := await self._read():
            *lines, rest = (rest + data).split(b"\n")
            for line in map(_text, lines):
                if line:
                    yield line
            _check_length(rest)
        if line := _text(rest):
            yield line

    async def whole(self) -> str:
        """Return all of it, without the line feed at its end.

        :raises TooLong: when that is longer than :data:`LONGEST`.
        """
        whole = bytearray()
        while data := await self._read():
            whole += data
            _check_length(whole)
        return _text(whole.removesuffix(b"\n"))

    def _read(self) -> Deferred[bytes]:
        """Read what there is, when there is something; nothing at the end.

        A thread waits for it, as not every file can be waited for otherwise. It is left
        waiting when the program ends.
        """
        done: Deferred[bytes] = Deferred()

        def read() -> None:
            try:
                select.select([self._file], [], [])  # it may be set not to wait
                result: Any = os.read(self._file, SIZE)
            except OSError:
                result = Failure()
            self._reactor.callFromThread(done.callback, result)

        Thread(target=read, daemon=True).start()
        return done


def _text(data: bytes | bytearray) -> str:
    return data.removesuffix(b"\r").decode(errors="replace")


def _check_length(data: bytes | bytearray) -> None:
    if len(data) > LONGEST:
        raise TooLong(f"the input has a message of more than {LONGEST:,} bytes")
