"""How a text is cut into words, and where in it the words of a search are.

The rules are those of SQLite's tokenizer ``unicode61`` with ``remove_diacritics 2``
(sqlite.org/fts5.html, section 4.3.1): letters and digits make a word; case does not
count, nor do marks on Latin letters.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

_MARKS = "\u0300-\u0331"
"""Marks that stand behind their letter."""

_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}])*")
_MARK = re.compile(f"[{_MARKS}]")

_CHARACTERS = 4_096
"""Characters whose folded form is remembered: those of several scripts."""


class Word(NamedTuple):
    """A word of a text; ``begin`` and ``end`` are code points."""

    begin: int
    end: int
    folded: str


class Term(NamedTuple):
    """What a message must have: words that stand one behind the other.

    :param text: them as they were written, with a space between two.
    :param folded: them as they are compared.
    :param is_prefix: whether the last one may go on.
    """

    text: str
    folded: tuple[str, ...]
    is_prefix: bool


@lru_cache(_CHARACTERS)
def _fold_character(character: str) -> str:
    base = unicodedata.normalize("NFD", character)[0]
    letter = base if base.isascii() else character
    folded = letter.casefold()
    return folded if len(folded) == 1 else letter.lower()[0]


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower()
    return "".join(map(_fold_character, _MARK.sub("", word)))


def cut(text: str) -> list[Word]:
    """Return the words of a text."""
    found = _WORD.finditer(text)
    return [Word(*match.span(), _fold(match.group())) for match in found]


def terms(words: Iterable[str]) -> list[Term]:
    """Return what a search for these is for; those that are signs only are ignored.

    :param words: as a user has written them: ``don't`` are two behind each other,
        ``ca*`` is one that begins so.
    """
    cuts = [(word, cut(word)) for word in words]
    return [
        Term(
            " ".join(word[part.begin : part.end] for part in parts),
            tuple(part.folded for part in parts),
            word.endswith("*"),
        )
        for word, parts in cuts
        if parts
    ]


def marks(text: str, wanted: Iterable[Term]) -> tuple[tuple[int, int], ...] | None:
    """Return where a text has what is wanted, as pairs of begin and end, rising and
    apart; None when it does not have all of it."""
    words = cut(text)
    spans: list[tuple[int, int]] = []
    for term in wanted:
        found = _spans(words, term)
        if not found:
            return None
        spans += found
    return _apart(spans)


def _spans(words: list[Word], term: Term) -> list[tuple[int, int]]:
    length = len(term.folded)
    return [
        (words[at].begin, words[at + length - 1].end)
        for at in range(len(words) - length + 1)
        if _is_at(words, at, term)
    ]


def _is_at(words: list[Word], at: int, term: Term) -> bool:
    *before, last = term.folded
    if any(words[at + i].folded != folded for i, folded in enumerate(before)):
        return False
    there = words[at + len(before)].folded
    return there.startswith(last) if term.is_prefix else there == last


def _apart(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return spans by rising begin, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if joined and begin < joined[-1][1]:
            begin, end = joined[-1][0], max(end, joined.pop()[1])
        joined.append((begin, end))
    return tuple(joined)
