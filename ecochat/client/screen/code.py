"""Program text in messages, coloured by Pygments."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from time import process_time

from ecochat.client.lines import Fragments

LONGEST = 10_000
"""Characters of program text that are coloured: more than is seen at one time."""

TIME = 0.03
"""Seconds of CPU after which the rest of a text is not coloured: more than most of
100 lines take. Some lexers take 0.3 s for 4,000 line feeds, and four times that for
twice as many; nobody may keep a person from typing by saying that."""

LEXERS = {
    name: lexer
    for lexer, names in {
        "bash": "bash sh shell console zsh",
        "c": "c h",
        "cpp": "cpp c++ cc hpp",
        "css": "css",
        "diff": "diff patch",
        "go": "go golang",
        "html": "html",
        "java": "java",
        "javascript": "javascript js",
        "json": "json",
        "lua": "lua",
        "php": "php",
        "python": "python py python3",
        "ruby": "ruby rb",
        "rust": "rust rs",
        "sql": "sql",
        "toml": "toml ini cfg conf",
        "typescript": "typescript ts",
        "xml": "xml svg",
        "yaml": "yaml yml",
    }.items()
    for name in names.split()
}
"""The languages known, by what people call them. No others: a message must not make the
client load any of hundreds of lexers. That of INI files is not among them: it takes
0.7 s for one step over 10,000 equals signs."""


@lru_cache(64)
def coloured(text: str, language: str) -> Fragments:
    """Return program text with its styles, ``class:code.keyword`` and so on; those of a
    language that is not known have one style.

    :param text: is safe to show.
    """
    name = LEXERS.get(language.lower())
    if name is None or len(text) > LONGEST:
        return [("class:code", text)]
    # Only when there is code, since it takes 30 ms.
    from pygments.lexers import get_lexer_by_name

    lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
    return list(in_time(lexer.get_tokens(text), text))


def in_time(
    tokens: Iterable[tuple[object, str]],
    text: str,
    clock: Callable[[], float] = process_time,
) -> Iterator[tuple[str, str]]:
    """Yield the tokens of a text with their styles, as long as there is time."""
    end, at = clock() + TIME, 0
    for kind, part in tokens:
        yield f"class:code.{str(kind)[len('Token.') :].lower()}", part
        at += len(part)
        if clock() > end:
            yield "class:code", text[at:]
            return
