"""What the Tab key offers: commands, their arguments, names of people and rooms."""

import re
from collections.abc import Callable, Iterable, Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from ecochat.client.terminal.chat import Chat
from ecochat.core.commands import COMMANDS, Argument
from ecochat.core.names import fold

Offer = tuple[str, str, str]
"""What is inserted, what is shown for it, and a line of help."""


class ChatCompleter(Completer):
    """Completes by the table of commands, and by what a chat knows."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """See prompt_toolkit; only the word before the cursor is completed."""
        before = document.text_before_cursor
        word = re.split(r"\s", before)[-1]
        for text, shown, help in offers(before, word, self._chat):
            yield Completion(text, -len(word), display=shown, display_meta=help)


def offers(before: str, word: str, chat: Chat) -> Iterator[Offer]:
    """Return what can stand in a word's place.

    :param before: the whole text up to the cursor.
    :param word: the end of it, since the last white space; may be empty.
    """
    command, *arguments = before.split() or [""]
    if before == word and before.startswith("/"):
        return _commands(word, chat)
    if word.startswith("@"):
        people = _matching(word[1:], reversed(chat.people))
        return ((f"@{nick} ", f"@{nick}", "") for nick in people)
    if command.startswith("/") and not command.startswith("//"):
        done = arguments[: len(arguments) - bool(word)]
        return _arguments(command[1:], done, word, chat)
    if before == word:
        people = _matching(word, reversed(chat.people))
        return ((f"{nick}: ", nick, "") for nick in people)
    return iter(())


def _commands(word: str, chat: Chat) -> Iterator[Offer]:
    for command in chat.commands.values():
        if f"/{command.name}".startswith(word.lower()):
            end = " " if command.arguments else ""
            yield f"/{command.name}{end}", command.usage, command.help


def _arguments(name: str, done: list[str], word: str, chat: Chat) -> Iterator[Offer]:
    command = COMMANDS.get(name.lower())
    arguments = command.arguments if command else ()
    for argument in arguments[len(done) : len(done) + 1]:
        sharp = "#" if word.startswith("#") else ""
        for text in _matching(word[len(sharp) :], _values(argument, chat)):
            yield f"{sharp}{text} ", text, ""


def _values(argument: Argument, chat: Chat) -> Iterable[str]:
    if "|" in argument.name:
        return argument.name.split("|")
    values = _VALUES.get(argument.name)
    return values(chat) if values else ()


_VALUES: dict[str, Callable[[Chat], Iterable[str]]] = {
    "NICK": lambda chat: reversed(chat.people),
    "ROOM": lambda chat: reversed(chat.places),
    "COMMAND": lambda chat: chat.commands,
}
"""What an argument can be, by its name; the likeliest first."""


def _matching(begin: str, names: Iterable[str]) -> list[str]:
    """Return the names that begin so, in whatever case and width."""
    return [name for name in names if fold(name).startswith(fold(begin))]
