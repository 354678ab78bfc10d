"""Breaks lines between words, where a terminal would break them anywhere.

A terminal goes on at its left edge, where a text could look like a line of its own.
"""

import re
from collections.abc import Iterator

from prompt_toolkit.utils import get_cwidth

from ecochat.client.safe import INDENT

_PARTS = re.compile(r"\n *| +|[^ \n]+")

LEAST = 8
"""Columns of a terminal below which nothing is broken."""


def wrapped(fragments: list[tuple[str, str]], width: int) -> list[tuple[str, str]]:
    """Return fragments with line feeds where a word would not fit in its line.

    What follows such a line feed is indented. A word longer than a line is cut.

    :param fragments: pairs of a style and a text, as prompt_toolkit shows them.
    :param width: columns of the terminal.
    """
    if width < LEAST:
        return fragments
    broken: list[tuple[str, str]] = []
    column = 0
    space = ""  # seen, and shown only when a word follows in the same line
    for style, text in fragments:
        for part in _parts(text, width - len(INDENT)):
            if part[0] == " ":
                space += part
                continue
            if part[0] == "\n":
                column, space = len(part) - 1, ""
            else:
                size = get_cwidth(part)
                if column + len(space) + size > width:
                    column, space = 0, "\n" + INDENT
                column += len(space.lstrip("\n")) + size
                part, space = space + part, ""
            broken.append((style, part))
    return [*broken, ("", space)] if space else broken


def _parts(text: str, most: int) -> Iterator[str]:
    """Return line feeds, spaces, and words of so many columns at most."""
    for part in _PARTS.findall(text):
        begin = columns = 0
        for at, char in enumerate(part):
            columns += get_cwidth(char)
            if columns > most:
                yield part[begin:at]
                begin, columns = at, get_cwidth(char)
        yield part[begin:]
