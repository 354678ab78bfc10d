"""Where a person sits: at a terminal with a prompt, or one that only takes lines."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Protocol

from ecochat.client.terminal.look import plain_prompt
from ecochat.client.terminal.personal import KEYS, KEYS_OF_LINES
from ecochat.client.terminal.program import (
    blocking_again,
    has_terminal,
    in_terminal,
    make_output,
)
from ecochat.client.terminal.talk import Face, Talk


class Seat(Protocol):
    """Where a person sits.

    :ivar keys: what keys do there.
    """

    keys: tuple[str, ...]

    def face(self, talk: Talk) -> Face:
        """Return what shows a talk, and takes what is typed."""

    async def ask(self, label: str, suggestion: str) -> str | None:
        """Ask something while there is no talk; return the answer, None for none."""


class _AtPrompt:
    """At a terminal that can show lines above a prompt."""

    keys: tuple[str, ...] = KEYS

    def __init__(self) -> None:
        self._make = in_terminal("input-history")

    def face(self, talk: Talk) -> Face:
        face: Face = self._make(talk)
        return face

    async def ask(self, label: str, suggestion: str) -> str | None:
        import asyncio

        from prompt_toolkit import PromptSession
        from twisted.internet.defer import Deferred

        asked = PromptSession[str](output=make_output())

        async def answer() -> str | None:
            try:
                text = await asked.prompt_async(f"{label} ", default=suggestion)
            except (EOFError, KeyboardInterrupt):  # the loop would end by the second
                return None
            return text.strip()

        return await Deferred.fromFuture(asyncio.ensure_future(answer()))


class _AtTeletype:
    """At a terminal that only takes lines."""

    keys: tuple[str, ...] = KEYS_OF_LINES

    def face(self, talk: Talk) -> Face:
        from twisted.internet import reactor

        from ecochat.client.terminal.teletype import Teletype

        chat = talk.chat
        prompt: Callable[[], str] = lambda: plain_prompt(*chat.prompt, chat.online)  # noqa: E731
        return Teletype(chat, talk.say, reactor, prompt)

    async def ask(self, label: str, suggestion: str) -> str | None:
        from twisted.internet import reactor

        from ecochat.client.terminal.teletype import ask_line

        return await ask_line(label, suggestion, reactor)


@contextlib.contextmanager
def seated() -> Iterator[Seat]:
    """Give where this process's person sits, until that is over."""
    if has_terminal():
        yield _AtPrompt()
        return
    with blocking_again():
        yield _AtTeletype()
