"""Standard input."""

import os
import select
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from ecochat.shell import input as module
from ecochat.shell.input import Input, TooLong


async def all_of(lines: AsyncIterator[str]) -> list[str]:
    """Return everything, in a list."""
    return [line async for line in lines]


class InputTests(TestCase):
    """What comes of the bytes of a pipe."""

    def setUp(self) -> None:
        reads, self.writes = os.pipe()
        self.addCleanup(os.close, reads)
        self.input = Input(reads, reactor)

    def give(self, data: bytes) -> None:
        """Write this, and end."""
        os.write(self.writes, data)
        os.close(self.writes)

    async def test_lines(self) -> None:
        """Without line feeds, of whatever system; the last needs none; the empty ones
        are no messages; what is no UTF-8 has marks."""
        self.give(b"one\n\ntwo\r\n\r\n  three \xff\xc3\xa9\nfour")
        lines = await all_of(self.input.lines())
        self.assertEqual(lines, ["one", "two", "  three \ufffdé", "four"])

    async def test_nothing(self) -> None:
        """No message."""
        self.give(b"")
        self.assertEqual(await all_of(self.input.lines()), [])

    async def test_each_when_it_comes(self) -> None:
        """A line is had before the next is written."""
        lines = self.input.lines()
        for text in ("one", "two"):
            os.write(self.writes, f"{text}\n".encode())
            self.assertEqual(await anext(lines), text)
        os.close(self.writes)
        self.assertEqual(await all_of(lines), [])

    async def test_whole(self) -> None:
        """All of it, but for the line feed at its end."""
        self.give("é\n\ntwo\n\n".encode())
        self.assertEqual(await self.input.whole(), "é\n\ntwo\n")

    async def test_too_long(self) -> None:
        """Neither a line nor the whole is kept without a bound."""
        self.patch(module, "LONGEST", 10)
        self.give(b"1234567890\n12345678901")
        lines = self.input.lines()
        self.assertEqual(await anext(lines), "1234567890")
        with self.assertRaisesRegex(TooLong, "more than 10 bytes"):
            await anext(lines)

    async def test_too_long_a_whole(self) -> None:
        """As long as its bytes are few it may have any number of lines."""
        self.patch(module, "LONGEST", 10)
        self.give(b"12345\n12345")
        with self.assertRaisesRegex(TooLong, "more than 10 bytes"):
            await self.input.whole()

    async def test_set_not_to_wait(self) -> None:
        """Another program may have done that to a terminal that both have."""
        reads, self.writes = os.pipe()
        self.addCleanup(os.close, reads)
        os.set_blocking(reads, False)
        wait_for = select.select

        def wait(*files: Any) -> Any:
            if self.writes:
                self.give(b"later")
                self.writes = 0
            return wait_for(*files)

        self.patch(select, "select", wait)
        self.assertEqual(await Input(reads, reactor).whole(), "later")

    async def test_a_file(self) -> None:
        """Any kind of file will do."""
        file = Path(self.mktemp())
        file.write_bytes(b"x" * 100_000 + b"\ny\n")
        with file.open("rb") as opened:
            lines = await all_of(Input(opened.fileno(), reactor).lines())
        self.assertEqual(lines, ["x" * 100_000, "y"])

    async def test_one_that_cannot_be_read(self) -> None:
        """As a folder: it is said why."""
        number = os.open(".", os.O_RDONLY)
        self.addCleanup(os.close, number)
        self.give(b"")
        with self.assertRaises(IsADirectoryError):
            await Input(number, reactor).whole()
