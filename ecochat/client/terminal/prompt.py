"""The prompt of a terminal, with the lines of the chat above it."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from functools import partial

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import History
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.output import Output
from prompt_toolkit.shortcuts import print_formatted_text
from prompt_toolkit.styles import Style
from twisted.internet.defer import Deferred

from ecochat.client.lines import Fragments
from ecochat.client.safe import safe
from ecochat.client.terminal.chat import Chat
from ecochat.client.terminal.completion import OfferCompleter
from ecochat.client.terminal.line import Line, notice
from ecochat.client.terminal.look import (
    STYLE,
    fragments,
    prompt_fragments,
    waiting_fragments,
)
from ecochat.client.terminal.notify import Notifier
from ecochat.client.terminal.offers import offers
from ecochat.client.terminal.typed import PASTED, pasted
from ecochat.client.terminal.wrap import wrapped

WAITING = 500
"""Lines that may wait to be shown, before what happened next is taken."""

SHOWN_WAITING = 3
"""Messages without their answer that are shown above the prompt; the last ones."""

PASTED_HINT = "{} lines are pasted: Enter sends them as one message, Ctrl-C drops them"


class Prompt:
    """Reads what a person types, and shows a chat's lines above it.

    It needs a running asyncio loop, which is Twisted's reactor too.

    :param say: takes what was typed.
    :param typed: takes what stands in the input, at each change.
    """

    def __init__(
        self,
        chat: Chat,
        say: Callable[[str], None],
        history: History,
        input: Input | None = None,
        output: Output | None = None,
        typed: Callable[[str], None] = lambda draft: None,
    ) -> None:
        self._chat = chat
        self._say = say
        self._waiting: list[Line] = []
        self._showing: asyncio.Task[None] | None = None
        self._over = False
        self._room = ""
        self._style = Style.from_dict(STYLE)
        self._session: PromptSession[str] = PromptSession(
            self._message,
            style=self._style,
            include_default_pygments_style=False,
            erase_when_done=True,
            completer=OfferCompleter(partial(offers, known=chat)),
            complete_while_typing=False,
            key_bindings=self._keys(),
            history=history,
            input=input,
            output=output,
        )
        self._session.default_buffer.on_text_changed += lambda b: typed(b.text)
        self._notifier = Notifier(self._write, time.monotonic)

    def _keys(self) -> KeyBindings:
        """Return what keys do here, beside what they do at any prompt."""
        keys = KeyBindings()

        @keys.add("escape", "enter")
        def _new_line(event: KeyPressEvent) -> None:
            event.current_buffer.insert_text("\n")

        @keys.add("up", filter=Condition(self._can_edit))
        def _edit_last(event: KeyPressEvent) -> None:
            event.current_buffer.document = Document(self._chat.edit_last())

        @keys.add("c-up")
        def _before(event: KeyPressEvent) -> None:
            event.current_buffer.history_backward()

        @keys.add("c-down")
        def _after(event: KeyPressEvent) -> None:
            event.current_buffer.history_forward()

        @keys.add(Keys.BracketedPaste)
        def _paste(event: KeyPressEvent) -> None:
            self._paste(event.current_buffer, pasted(event.data))

        return keys

    # A face; see :class:`ecochat.client.terminal.talk.Face`

    async def converse(self) -> None:
        """Read and say lines until the person leaves or :meth:`end` is called."""
        with contextlib.suppress(asyncio.CancelledError):  # told to end
            await Deferred.fromFuture(asyncio.ensure_future(self.talk()))

    def show(self, lines: list[Line]) -> None:
        """Show lines above the prompt, and the prompt as it is now."""
        self._waiting += lines
        if self._showing is None or self._showing.done():
            self._showing = asyncio.ensure_future(self._show())

    async def keep_up(self) -> None:
        """Wait while too many lines are not shown."""
        if len(self._waiting) > WAITING:
            await self.finish()

    def end(self) -> None:
        """Make :meth:`converse` return; what was begun to write is given back."""
        self._over = True
        app = self._session.app
        if app.is_running and not app.is_done:
            if text := self._session.default_buffer.text:
                self._chat.given_back.appendleft(text)
            app.exit(exception=EOFError())

    def clear(self) -> None:
        """Take away what is shown."""
        self._session.app.renderer.clear()

    async def finish(self) -> None:
        """Wait until all lines are shown."""
        if self._showing is not None:
            await Deferred.fromFuture(self._showing)

    # Reading

    async def talk(self) -> None:
        """Read and say lines, as a coroutine of asyncio's."""
        with self._session.input.raw_mode():  # also between one line and the next
            while not (self._over or self._chat.has_left):
                await self._read()

    async def _read(self) -> None:
        try:
            typed = await self._session.prompt_async()
        except KeyboardInterrupt:
            self.show(self._chat.interrupted())
        except EOFError:
            self._over = True
        else:
            self._say(typed)

    def _can_edit(self) -> bool:
        return not self._session.default_buffer.text and bool(self._chat.edit_last())

    def _paste(self, buffer: Buffer, text: str) -> None:
        """Take what was pasted; of many lines it is said what becomes of them."""
        buffer.insert_text(text)
        if (lines := text.count("\n") + 1) > PASTED:
            self.show([notice(PASTED_HINT.format(lines))])

    # Showing

    async def _show(self) -> None:
        self._keep_private()
        self._give_back()
        while self._waiting:
            lines, self._waiting = self._waiting, []
            await run_in_terminal(partial(self._print, lines))
            self._give_back()  # what was refused meanwhile
        self._session.app.invalidate()

    def _print(self, lines: list[Line]) -> None:
        width = self._session.output.get_size().columns
        shown: Fragments = []
        for line in lines:
            row = fragments(line, self._chat.nick)
            shown += [*wrapped(row, width), ("", "\n")]
        print_formatted_text(
            FormattedText(shown),
            end="",
            style=self._style,
            include_default_pygments_style=False,
            output=self._session.output,
        )
        self._call(lines)

    def _call(self, lines: list[Line]) -> None:
        """Call the person, at the first line that does."""
        for line in lines:
            if line.caller:
                self._notifier.bell()
                self._notifier.notify(line.caller, line.written)
                break

    def _write(self, text: str) -> None:
        self._session.output.write_raw(text)
        self._session.output.flush()

    def _keep_private(self) -> None:
        """Have what was begun for one person stay for that one, when another room is
        current all of a sudden, as when theirs is gone."""
        before, self._room = self._room, self._chat.room
        buffer = self._session.default_buffer
        is_public = not self._room.startswith("@")
        if is_public and before.startswith("@") and buffer.text[:1] not in ("", "/"):
            buffer.document = Document(f"/msg {before[1:]} {buffer.text}")

    def _give_back(self) -> None:
        """Put what was not stored back into the input, if that is empty."""
        buffer = self._session.default_buffer
        if self._chat.given_back and not buffer.text:
            buffer.document = Document(self._chat.given_back.popleft())

    def _message(self) -> FormattedText:
        chat = self._chat
        shown: Fragments = []
        for sent in chat.waiting[-SHOWN_WAITING:]:
            shown += [*waiting_fragments(safe(sent.said), chat.prompt[0]), ("", "\n")]
        return FormattedText(shown + prompt_fragments(*chat.prompt, chat.online))
