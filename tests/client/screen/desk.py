"""Someone before the whole screen without a terminal: keys from a pipe, the screen in
memory."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pyte
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.styles import Style

from ecochat.client import Answer, ClientError, Happening, Online
from ecochat.client.screen.face import Face
from ecochat.client.screen.focus import ScreenOutput
from ecochat.client.screen.keys import give_keys
from ecochat.client.screen.look import STYLE
from ecochat.client.screen.model import Model
from ecochat.client.screen.writings import Sent
from ecochat.core import wire
from tests.client.terminal.fakes import message, welcome

WAIT = 10.0
NOW = 1_795_000_000.0


class Glass:
    """A file that is a terminal in memory.

    :ivar written: all that was written.
    """

    encoding = "utf-8"

    def __init__(self, columns: int, lines: int) -> None:
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.Stream(self.screen)
        self.written = ""

    def write(self, text: str) -> int:
        """Take what is written."""
        self.written += text
        self._stream.feed(text)
        return len(text)

    def flush(self) -> None:
        """All is taken already."""

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return True

    def resize(self, columns: int, lines: int) -> None:
        """Have another size, and what a terminal has on its screen then: anything."""
        self.screen.resize(lines, columns)

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()


class Desk:
    """Someone before the whole screen.

    :ivar said: what was written and sent.
    :ivar granted: what the model has wished.
    """

    def __init__(self, keyboard: PipeInput, columns: int, lines: int) -> None:
        self.keyboard = keyboard
        self.glass = Glass(columns, lines)
        self.said: list[str] = []
        self.granted: list[Any] = []
        self.model = Model("alice", "X", clock=lambda: NOW)
        self.history = InMemoryHistory()
        self.face = Face(
            self.model,
            self._say,
            self.history,
            Style.from_dict(STYLE),
            self.granted.append,
            keyboard,
            ScreenOutput(
                self.glass,  # type: ignore[arg-type]
                self._size,
                term="xterm",
                enable_cpr=False,
            ),
        )
        give_keys(self.face)

    def _size(self) -> Size:
        return Size(self.glass.screen.lines, self.glass.screen.columns)

    def _say(self, typed: str) -> None:
        self.said.append(typed)
        self.model.say(typed)
        self.face.changed()

    def hear(self, *happenings: Happening) -> None:
        """Have things happen."""
        for happening in happenings:
            self.model.happened(happening)
        self.face.changed()

    def messages(self, first: int, last: int, room: str = "lobby") -> None:
        """Have somebody say ``message 1``, ``message 2``, …"""
        for n in range(first, last + 1):
            self.hear(message(f"message {n}", n, room=room))

    def asked(self, kind: type) -> Sent:
        """Return the last of what was asked of this kind."""
        sents = [s for s in self.model.requests() if isinstance(s.request, kind)]
        return sents[-1]

    def answer(self, sent: Sent, items: list[Any], end: Any = None) -> None:
        """Have something answered."""
        self.model.answered(sent, Answer(items, end or wire.End(count=len(items))))
        self.face.changed()

    def refuse(self, sent: Sent, why: ClientError) -> None:
        """Have something refused."""
        self.model.failed(sent, why)
        self.face.changed()

    def type(self, *keys: str) -> None:
        """Press keys."""
        for each in keys:
            self.keyboard.send_text(each)

    @property
    def input(self) -> str:
        """What stands in the line in which one writes."""
        return self.face.writing.text

    async def until(self, done: Callable[[], bool]) -> None:
        """Wait until something holds; :raises AssertionError: when it never does."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + WAIT
        while not done():
            assert loop.time() < deadline, f"not in time:\n{self.glass.text}"
            await asyncio.sleep(0.005)

    async def sees(self, *texts: str) -> None:
        """Wait until all these are on the screen."""
        await self.until(lambda: all(text in self.glass.text for text in texts))

    async def sees_no(self, *texts: str) -> None:
        """Wait until none of these is on the screen any more."""
        await self.until(lambda: not any(text in self.glass.text for text in texts))


def at_desk(
    act: Callable[[Desk], Coroutine[Any, Any, None]],
    *rooms: str,
    columns: int = 80,
    lines: int = 24,
) -> Desk:
    """Have someone do something before the screen, then leave; return what is left.

    :param rooms: where one is; by default in the lobby.
    """

    async def sit(desk: Desk) -> None:
        desk.hear(Online(welcome("alice", *rooms), False))
        showing = asyncio.ensure_future(desk.face._run())
        await desk.until(lambda: desk.face.app.is_running)
        try:
            await asyncio.wait_for(act(desk), 2 * WAIT)
        finally:
            desk.face.end()
            await showing

    with create_pipe_input() as keyboard:
        desk = Desk(keyboard, columns, lines)
        with create_app_session():
            asyncio.run(sit(desk))
    return desk
