"""Breaks lines between words, where a terminal would break them anywhere."""

import re

from prompt_toolkit.utils import get_cwidth

from ecochat.client.safe import INDENT

_PARTS = re.compile(r"\n *| +|[^ \n]+")


def wrapped(fragments: list[tuple[str, str]], width: int) -> list[tuple[str, str]]:
    """Return fragments with line feeds where a word would not fit in its line.

    What follows such a line feed is indented. A word longer than a line is left to the
    terminal.

    :param fragments: pairs of a style and a text, as prompt_toolkit shows them.
    :param width: columns of the terminal.
    """
    broken: list[tuple[str, str]] = []
    column = 0
    space = ""  # seen, and shown only when a word follows in the same line
    for style, text in fragments:
        for part in _PARTS.findall(text):
            if part[0] == "\n":
                column, space = len(part) - 1, ""
            elif part[0] == " ":
                space += part
                continue
            else:
                size = get_cwidth(part)
                fits = column + len(space) + size <= width
                if not fits and column + len(space) > len(INDENT):
                    column, space = 0, "\n" + INDENT
                column += len(space.lstrip("\n")) + size
                part, space = space + part, ""
                column %= width + 1  # the terminal has broken a word that is longer
            broken.append((style, part))
    return [*broken, ("", space)] if space else broken
