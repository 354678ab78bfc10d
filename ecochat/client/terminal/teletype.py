"""The face for a person at a terminal that only takes lines, one below the other."""

import sys
from collections.abc import Callable
from typing import Any

from ecochat.client.terminal.chat import Chat
from ecochat.client.terminal.line import Line
from ecochat.client.terminal.notify import Notifier
from ecochat.client.terminal.relay import Relay

QUIET = 0.2
"""Seconds in which nothing is shown or typed, after which there is a prompt: each line
that comes ends it, so that a run of them has one."""


class Teletype(Relay):
    """Shows lines and a prompt below them, and not one sequence. What is being typed is
    the terminal's: it stays where it is, and lines that come begin below it.

    :param prompt: gives what stands before the line that is typed.
    :param quiet: see :data:`QUIET`.
    """

    flight = sys.maxsize  # a person is told by the chat when it is too much

    def __init__(
        self,
        chat: Chat,
        say: Callable[[str], object],
        reactor: Any,
        prompt: Callable[[], str],
        stdin: int = 0,
        stdout: int = 1,
        quiet: float = QUIET,
    ) -> None:
        super().__init__(chat, say, reactor, stdin, stdout)
        self._prompt = prompt
        self._quiet = quiet
        self._waiting: Any = None
        self._is_prompted = False
        self._notifier = Notifier(self._write, reactor.seconds)

    # A face; see :class:`ecochat.client.terminal.talk.Face`

    async def converse(self) -> None:
        """Read lines to the end, with a prompt."""
        self._prompt_later()
        try:
            await super().converse()
        finally:
            self._wait_no_more()

    def show(self, lines: list[Line]) -> None:
        """Show lines below what is there, and ring for those that call."""
        if lines:
            self._end_line()
            self._prompt_later()
        super().show(lines)
        if any(line.caller for line in lines):
            self._notifier.bell()

    async def finish(self) -> None:
        """Wait until everything is shown; what comes next begins a line."""
        self._end_line()
        await super().finish()

    # What is typed

    def dataReceived(self, data: bytes) -> None:
        """Take a line; the terminal has begun the next one."""
        self._is_prompted = False
        self._prompt_later()
        super().dataReceived(data)

    def _is_done(self) -> bool:
        """One leaves at once: what is not stored yet is kept."""
        return True

    # The prompt

    def _prompt_later(self) -> None:
        """Have a prompt when nothing has come for a moment."""
        self._wait_no_more()
        if not self._ended.called:
            self._waiting = self._reactor.callLater(self._quiet, self._prompt_now)

    def _prompt_now(self) -> None:
        self._waiting, self._is_prompted = None, True
        self._write(self._prompt())

    def _wait_no_more(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting.cancel()

    def _end_line(self) -> None:
        if self._is_prompted:
            self._is_prompted = False
            self._write("\n")

    def _write(self, text: str) -> None:
        if self.transport is not None and not self._closed.called:
            self.transport.write(text.encode(errors="replace"))


class _Answer(Chat):
    """Stands for a chat: the first line is all of it."""

    def __init__(self) -> None:
        super().__init__(asks_who=False)
        self.text: str | None = None

    def say(self, typed: str) -> list[Line]:
        self.text, self.has_left = typed, True
        return []


async def ask_line(
    label: str,
    suggestion: str,
    reactor: Any,
    stdin: int = 0,
    stdout: int = 1,
) -> str | None:
    """Ask a person something, as on a :class:`Teletype`; return the answer.

    :param suggestion: the answer where an empty line is typed.
    :return: None at the end of input.
    """
    shown = f"{label} [{suggestion}] " if suggestion else f"{label} "
    answer = _Answer()
    line = Teletype(
        answer, answer.say, reactor, lambda: shown, stdin, stdout, quiet=0.0
    )
    await line.converse()
    await line.finish()
    return answer.text if answer.text is None else answer.text.strip() or suggestion
