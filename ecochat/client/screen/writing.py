"""The line at the bottom in which one writes, and what it has in each room."""

from collections.abc import Callable, Iterable

from prompt_toolkit.buffer import Buffer, CompletionState
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition
from prompt_toolkit.history import History

from ecochat.client.screen.model import Model
from ecochat.client.terminal.completion import OfferCompleter
from ecochat.core.errors import Refused
from ecochat.core.names import fold

BEGIN = 2
"""Letters of a first word from which on it may be a name: most words are none."""


class Writing:
    """What is being written: a draft in each room.

    :ivar model: to whose rooms it belongs.
    :ivar buffer: prompt_toolkit's, with what is written in the current room.
    :param say: takes what is written when it is done.
    """

    def __init__(
        self, model: Model, say: Callable[[str], None], history: History
    ) -> None:
        self.model = model
        self._say = say
        self._room = ""
        self.buffer = Buffer(
            completer=OfferCompleter(self._offers, self._is_named),
            complete_while_typing=Condition(self._is_named),
            history=history,
            multiline=True,
            on_text_changed=self._typed,
        )

    @property
    def text(self) -> str:
        """What is written."""
        return self.buffer.text

    def belong(self, model: Model) -> None:
        """Have what is written in the rooms of another model from now on.

        What was begun in a room stays there, and is in the history: a room of the same
        name is another one elsewhere.
        """
        if self._room:
            self._keep()
        self.model, self._room = model, ""
        self.follow()

    def follow(self) -> None:
        """Have what was written in the current room, when that is another one now.

        What was begun for one person stays for that one, when their room is gone.
        """
        before, now = self._room, self.model.current
        if before == now:
            return
        room = self.model.rooms.get(now)
        draft = room.draft if room else ""
        left = "" if before in self.model.rooms else self._left(before)
        if left and draft:
            self.buffer.history.append_string(left)
        self.put(draft or left)
        if room is not None:
            room.draft = self.text
        self._room = now

    def _left(self, room: str) -> str:
        """Return what was begun in a room that is gone, as it can be said elsewhere."""
        is_secret = room.startswith("@") and self.text[:1] not in ("", "/")
        return f"/msg {room[1:]} {self.text}" if is_secret else self.text

    def put(self, text: str) -> None:
        """Have another text, with the cursor at its end."""
        if text != self.text:
            self.buffer.cancel_completion()
            self.buffer.document = Document(text)

    def send(self) -> None:
        """Say what is written."""
        text = self.text
        if text.strip():
            self.buffer.reset(append_to_history=True)
            self._say(text)

    def clear(self) -> bool:
        """Keep what is written in the history only; return whether it was anything."""
        had = self._keep()
        self._typed(self.buffer)  # no draft either
        return had

    def _keep(self) -> bool:
        had = bool(self.text)
        self.buffer.reset(append_to_history=had)
        return had

    def up(self, by: int = 1) -> str:
        """Go up a line; in an empty line, get back what was refused, or edit what one
        said last; else what was typed before. Return why not, "" where it is done."""
        is_first = self.buffer.document.cursor_position_row == 0
        try:
            given = self.model.recall(self.text) if is_first else ""
        except Refused as why:
            return why.text
        if given or not self.text:
            self.put(given)
        else:
            self._pass_over()
            self.buffer.auto_up(by)
        return ""

    def down(self) -> None:
        """Go down a line, or to what was typed after this."""
        self._pass_over()
        self.buffer.auto_down()

    def _pass_over(self) -> None:
        """Have the names that are offered for a first word no longer: nobody asked for
        them, so they take no key but Tab. Once one is chosen, that word is no more."""
        if self.buffer.complete_state is not None and self._begins_name():
            self.buffer.cancel_completion()

    def complete(self) -> None:
        """Choose the next of what is offered. It is looked for at once: keys that come
        together do not wait for what is being looked for as one types."""
        buffer, document = self.buffer, self.buffer.document
        if buffer.complete_state is None or not buffer.complete_state.completions:
            asked = CompleteEvent(completion_requested=True)
            found = list(buffer.completer.get_completions(document, asked))
            if not found:
                return
            buffer.complete_state = CompletionState(document, found)
        buffer.complete_next()

    def _offers(self, before: str, word: str) -> Iterable[tuple[str, str, str]]:
        return self.model.completions(before, word)

    def _is_named(self) -> bool:
        """Whether what is being typed is a command or a name: what is completed as one
        types."""
        word = self._word
        if word.startswith("@"):
            return fold(word[1:]) not in map(fold, self.model.room.members)
        return self.text.startswith("/") or word.startswith("#") or self._begins_name()

    def _begins_name(self) -> bool:
        """Whether the first word may be the name of somebody here, not written out."""
        word = self._word
        if len(word) < BEGIN or word != self.buffer.document.text_before_cursor:
            return False
        word = fold(word)
        names = [fold(name) for name in self.model.room.members]
        return word not in names and any(name.startswith(word) for name in names)

    @property
    def _word(self) -> str:
        return self.buffer.document.get_word_before_cursor(WORD=True)

    def _typed(self, buffer: Buffer) -> None:
        if self._room == self.model.current:
            self.model.typed(self.text)
