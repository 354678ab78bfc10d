"""A chat without a server; a prompt without a terminal: typed input from a pipe, the
screen in a string."""

import asyncio
import io
from collections.abc import Callable, Coroutine
from typing import Any

from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from ecochat.client import Answer, Happening, Online
from ecochat.client.terminal.chat import Chat
from ecochat.client.terminal.prompt import Prompt
from ecochat.core import wire

WAIT = 10.0
TIME = "2026-11-21T04:30:49.123Z"


def welcome(nick: str = "alice", *rooms: str, session: str = "s1") -> wire.Welcome:
    """Return what a server greets with."""
    return wire.Welcome(
        protocol=1,
        server="X",
        time=TIME,
        session=session,
        nick=nick,
        resumed=False,
        last_id=0,
        rooms={room: wire.RoomState(0, "") for room in rooms or ("lobby",)},
        limits=wire.Bounds(65_536, 4_000),
    )


def message(text: str, n: int = 1, nick: str = "bob", **fields: Any) -> wire.Message:
    """Return what somebody says, in the lobby unless ``fields`` has another room."""
    given = {"room": "lobby", "session": "s2", **fields}
    return wire.Message(n=n, time=TIME, nick=nick, text=text, **given)


def stored(n: int = 1, room: str = "lobby") -> Answer:
    """Return the answer to what writes."""
    return Answer([], wire.Stored(room=room, n=n))


class Screen(Vt100_Output):
    """Moves back by a sequence always: a backspace in it is somebody else's."""

    def cursor_backward(self, amount: int) -> None:
        """See prompt_toolkit."""
        if amount:
            self.write_raw(f"\x1b[{amount}D")


class Desk:
    """Someone at a prompt.

    :ivar said: what was typed and taken.
    """

    def __init__(self, keyboard: PipeInput) -> None:
        self.keyboard = keyboard
        self.screen = io.StringIO()
        self.said: list[str] = []
        self.chat = Chat(asks_who=False)
        output = Screen(
            self.screen, lambda: Size(24, 80), term="xterm", enable_cpr=False
        )
        self.history = InMemoryHistory()
        self.prompt = Prompt(self.chat, self._say, self.history, keyboard, output)

    def _say(self, typed: str) -> None:
        self.said.append(typed)
        self.prompt.show(self.chat.say(typed))

    def hear(self, *happenings: Happening) -> None:
        """Have things happen."""
        for happening in happenings:
            self.prompt.show(self.chat.happened(happening))

    def answer(self, answer: Answer) -> None:
        """Have the oldest request answered."""
        sent = self.chat.unanswered[0]
        self.prompt.show(self.chat.answered(sent, answer))

    def sees(self, text: str) -> bool:
        """Whether this was ever on the screen."""
        return text in self.screen.getvalue()

    @property
    def input(self) -> str:
        """What stands in the input."""
        return self.prompt._session.default_buffer.text

    async def until(self, done: Callable[[], bool]) -> None:
        """Wait until something holds; :raises AssertionError: when it never does."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + WAIT
        while not done():
            shown = self.screen.getvalue()[-500:]
            assert loop.time() < deadline, f"not in time; {shown!r}"
            await asyncio.sleep(0.005)

    async def finish(self) -> None:
        """Wait until all lines are shown."""
        if self.prompt._showing is not None:
            await self.prompt._showing


def at_desk(act: Callable[[Desk], Coroutine[Any, Any, None]]) -> Desk:
    """Have someone do something at a prompt, then leave; return what is left."""

    async def sit(desk: Desk) -> None:
        desk.hear(Online(welcome(), False))
        talking = asyncio.ensure_future(desk.prompt.talk())
        await desk.until(lambda: desk.prompt._session.app.is_running)
        try:
            await asyncio.wait_for(act(desk), 2 * WAIT)
        finally:
            desk.prompt.end()
            await talking
            await desk.finish()

    with create_pipe_input() as keyboard:
        desk = Desk(keyboard)
        with create_app_session():
            asyncio.run(sit(desk))
    return desk
