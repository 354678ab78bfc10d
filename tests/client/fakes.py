"""A prompt without a terminal: typed input from a pipe, the screen in a string."""

import asyncio
import io
from collections.abc import Callable, Coroutine
from typing import Any

from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from ecochat.client.conversation import Conversation
from ecochat.client.prompt import Prompt
from ecochat.core.framing import encode_frame

HELLO = "* Welcome to X. You are alice in lobby alone. /nick NAME to choose a name."
WAIT = 10.0


class Screen(Vt100_Output):
    """Moves back by a sequence always: a backspace in it is somebody else's."""

    def cursor_backward(self, amount: int) -> None:
        """See prompt_toolkit."""
        if amount:
            self.write_raw(f"\x1b[{amount}D")


class Desk:
    """Someone at a prompt.

    :ivar said: what was typed and taken.
    :ivar paused: what the prompt has asked for: to read no further, or to read on.
    """

    def __init__(self, keyboard: PipeInput) -> None:
        self.keyboard = keyboard
        self.screen = io.StringIO()
        self.said: list[str] = []
        self.paused: list[bool] = []
        self.talk = Conversation()
        self.talk.connected()
        output = Screen(
            self.screen, lambda: Size(24, 80), term="xterm", enable_cpr=False
        )
        self.history = InMemoryHistory()
        self.prompt = Prompt(
            self.talk,
            self._say,
            self.paused.append,
            self.history,
            keyboard,
            output,
        )

    def _say(self, typed: str) -> None:
        self.said.append(typed)
        self.prompt.show(self.talk.say(typed))

    def hear(self, *frames: str) -> None:
        """Have the server send frames."""
        data = b"".join(map(encode_frame, frames))
        self.prompt.show(self.talk.receive(data))

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


def at_desk(act: Callable[[Desk], Coroutine[Any, Any, None]]) -> Desk:
    """Have someone do something at a prompt, then leave; return what is left."""

    async def sit(desk: Desk) -> None:
        desk.hear(HELLO)
        talking = asyncio.ensure_future(desk.prompt.talk())
        await desk.until(lambda: desk.prompt._session.app.is_running)
        try:
            await asyncio.wait_for(act(desk), 2 * WAIT)
        finally:
            desk.prompt.end()
            await talking
            await desk.prompt.shown()

    with create_pipe_input() as keyboard:
        desk = Desk(keyboard)
        with create_app_session():
            asyncio.run(sit(desk))
    return desk
