"""The prompt of a terminal, with the lines of the chat above it."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.buffer import ValidationState
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import History
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.output import Output
from prompt_toolkit.shortcuts import print_formatted_text
from prompt_toolkit.styles import Style
from prompt_toolkit.validation import ValidationError, Validator

from ecochat.client.completion import ChatCompleter
from ecochat.client.conversation import Conversation
from ecochat.client.line import Kind, Line
from ecochat.client.look import (
    STYLE,
    Fragments,
    fragments,
    prompt_fragments,
    waiting_fragments,
)
from ecochat.client.safe import safe
from ecochat.client.unanswered import MOST
from ecochat.client.wrap import wrapped

WAITING = 1_000
"""Lines that may wait to be shown, before the server is read no further."""

SHOWN_WAITING = 3
"""Messages without their answer that are shown above the prompt; the last ones."""

LEAVE = "/quit"
"""What leaves, also without a connection."""

LEAVE_HINT = "to leave: /quit or Ctrl-D"

_KEYS = KeyBindings()


@_KEYS.add("escape", "enter")
def _new_line(event: KeyPressEvent) -> None:
    """Alt-Enter begins another line of the message."""
    event.current_buffer.insert_text("\n")


class Prompt:
    """Reads what a person types, and shows a conversation's lines above it.

    :param say: takes what was typed.
    :param pause: called with True when too many lines wait to be shown, with False
        when they are.
    """

    def __init__(
        self,
        conversation: Conversation,
        say: Callable[[str], None],
        pause: Callable[[bool], None],
        history: History,
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self._conversation = conversation
        self._say = say
        self._pause = pause
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
            completer=ChatCompleter(conversation),
            complete_while_typing=False,
            validator=_Sendable(conversation),
            validate_while_typing=False,
            key_bindings=_KEYS,
            history=_Discreet(history, conversation.is_secret),
            input=input,
            output=output,
        )

    async def talk(self) -> None:
        """Read and say lines until the person leaves or :meth:`end` is called."""
        with self._session.input.raw_mode():  # also between one line and the next
            await self._talk()

    async def _talk(self) -> None:
        while not self._over:
            try:
                typed = await self._session.prompt_async()
            except KeyboardInterrupt:
                self._conversation.given_back.clear()
                self.show([Line(Kind.NOTICE, LEAVE_HINT)])
                continue
            except EOFError:
                break
            if _leaves(typed):
                break
            if typed.strip():
                self._say(typed)

    async def shown(self) -> None:
        """Wait until all lines are shown."""
        if self._showing is not None:
            await self._showing

    def end(self) -> None:
        """Make :meth:`talk` return."""
        self._over = True
        app = self._session.app
        if app.is_running and not app.is_done:
            app.exit(exception=EOFError())

    def show(self, lines: list[Line]) -> None:
        """Show lines above the prompt, and the prompt as it is now."""
        self._waiting += lines
        if len(self._waiting) > WAITING:
            self._pause(True)
        if self._showing is None or self._showing.done():
            self._showing = asyncio.ensure_future(self._show())

    async def _show(self) -> None:
        self._keep_private()
        self._give_back()
        self._look_anew()
        while self._waiting:
            lines, self._waiting = self._waiting, []
            await run_in_terminal(partial(self._print, lines))
        self._pause(False)
        self._session.app.invalidate()

    def _look_anew(self) -> None:
        """Forget that the input could not be sent: the connection may be back."""
        buffer = self._session.default_buffer
        buffer.validation_state = ValidationState.UNKNOWN
        buffer.validation_error = None

    def _print(self, lines: list[Line]) -> None:
        width = self._session.output.get_size().columns
        shown: Fragments = []
        for line in lines:
            row = fragments(line, self._conversation.nick)
            shown += [*wrapped(row, width), ("", "\n")]
        print_formatted_text(
            FormattedText(shown),
            end="",
            style=self._style,
            include_default_pygments_style=False,
            output=self._session.output,
        )

    def _keep_private(self) -> None:
        """Have what was begun for one person stay for that one, when another room is
        current all of a sudden, as after the connection was lost."""
        before, self._room = self._room, self._conversation.room
        buffer = self._session.default_buffer
        is_public = not self._room.startswith("@")
        if is_public and before.startswith("@") and buffer.text[:1] not in ("", "/"):
            buffer.document = Document(f"/msg {before[1:]} {buffer.text}")

    def _give_back(self) -> None:
        """Put a message that is not confirmed back into the input, if that is empty."""
        buffer = self._session.default_buffer
        if self._conversation.given_back and not buffer.text:
            buffer.document = Document(self._conversation.given_back.popleft())

    def _message(self) -> FormattedText:
        talk = self._conversation
        shown: Fragments = []
        for sent in talk.unanswered.messages[-SHOWN_WAITING:]:
            shown += [*waiting_fragments(safe(sent.said), talk.nick), ("", "\n")]
        return FormattedText(
            shown + prompt_fragments(talk.nick, talk.room, talk.online)
        )


def _leaves(typed: str) -> bool:
    return typed.strip().lower() == LEAVE


class _Discreet(History):
    """A history without what is nobody's business."""

    def __init__(self, history: History, is_secret: Callable[[str], bool]) -> None:
        super().__init__()
        self._history = history
        self._is_secret = is_secret

    def load_history_strings(self) -> Iterable[str]:
        """See prompt_toolkit."""
        return self._history.load_history_strings()

    def append_string(self, string: str) -> None:
        """See prompt_toolkit."""
        if not self._is_secret(string):
            super().append_string(string)

    def store_string(self, string: str) -> None:
        """See prompt_toolkit."""
        self._history.append_string(string)


class _Sendable(Validator):
    """Keeps in the input what cannot be sent now, and says why."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def validate(self, document: Document) -> None:
        """See prompt_toolkit."""
        if not document.text.strip() or _leaves(document.text):
            return
        if not self._conversation.online:
            stays = "your input stays here until there is, /quit leaves"
            raise ValidationError(message=f"there is no connection; {stays}")
        if self._conversation.unanswered.is_full:
            many = f"{MOST} messages are not answered yet"
            raise ValidationError(message=f"{many}; your input stays here")
