"""What can stand in a word's place: commands, their arguments, people and rooms."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from ecochat.core.commands import COMMANDS, Argument, Command
from ecochat.core.names import fold

Offer = tuple[str, str, str]
"""What is inserted, what is shown for it, and a line of help."""


SIGNS = ("👍", "❤", "😂", "🎉", "👀", "✅", "🙏", "👎")
"""Reactions that are offered; any other can be written."""


class Known(Protocol):
    """What a chat knows."""

    @property
    def people(self) -> dict[str, None]:
        """Whom one has seen, who was seen last is last."""

    @property
    def places(self) -> dict[str, None]:
        """The rooms one has heard of, in the same way."""

    @property
    def numbers(self) -> Mapping[str, str]:
        """Those of messages, the newest first, and how each begins."""

    @property
    def commands(self) -> Mapping[str, Command]:
        """Those that are completed, by name."""


def offers(before: str, word: str, known: Known) -> Iterator[Offer]:
    """Return what can stand in a word's place.

    :param before: the whole text up to the cursor.
    :param word: the end of it, since the last white space; may be empty.
    """
    command, *arguments = before.split() or [""]
    if before == word and before.startswith("/"):
        return _commands(word, known)
    if word.startswith("@"):
        people = _matching(word[1:], reversed(known.people))
        return ((f"@{nick} ", f"@{nick}", "") for nick in people)
    if command.startswith("/") and not command.startswith("//"):
        done = arguments[: len(arguments) - bool(word)]
        return _arguments(command[1:], done, word, known)
    if before == word:
        people = _matching(word, reversed(known.people))
        return ((f"{nick}: ", nick, "") for nick in people)
    return iter(())


def _commands(word: str, known: Known) -> Iterator[Offer]:
    for command in known.commands.values():
        if f"/{command.name}".startswith(word.lower()):
            end = " " if command.arguments else ""
            yield f"/{command.name}{end}", command.usage, command.help


def _arguments(name: str, done: list[str], word: str, known: Known) -> Iterator[Offer]:
    command = known.commands.get(name.lower()) or COMMANDS.get(name.lower())
    arguments = command.arguments if command else ()
    for argument in _next(arguments, done):
        if argument.keyword:
            continue
        sharp = "#" if word.startswith("#") else ""
        if argument.name.startswith("#") and not sharp:
            continue
        for text in _matching(word[len(sharp) :], _values(argument, known)):
            about = known.numbers.get(text, "") if argument.name == "NUMBER" else ""
            yield f"{sharp}{text} ", text, about


def _next(arguments: tuple[Argument, ...], done: list[str]) -> tuple[Argument, ...]:
    """Return what can follow these words: one argument; where it may be absent the
    next one before it."""
    for word in done:
        while arguments and not _fits(arguments[0], word):
            arguments = arguments[1:]
        arguments = arguments[1:]
    may_be_absent = arguments[:1] and not arguments[0].required
    return arguments[:2][::-1] if may_be_absent else arguments[:1]


def _fits(argument: Argument, word: str) -> bool:
    return argument.required or bool(argument.fits.match(word))


def _values(argument: Argument, known: Known) -> Iterable[str]:
    if "|" in argument.name:
        return argument.name.split("|")
    values = _VALUES.get(argument.name.removeprefix("#"))
    return values(known) if values else ()


_VALUES: dict[str, Callable[[Known], Iterable[str]]] = {
    "NICK": lambda known: reversed(known.people),
    "ROOM": lambda known: reversed(known.places),
    "COMMAND": lambda known: known.commands,
    "NUMBER": lambda known: known.numbers,
    "SIGN": lambda known: SIGNS,
}
"""What an argument can be, by its name; the likeliest first."""


def _matching(begin: str, names: Iterable[str]) -> list[str]:
    """Return the names that begin so, in whatever case and width."""
    return [name for name in names if fold(name).startswith(fold(begin))]
