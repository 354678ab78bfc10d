"""Breaks text into rows, between words where there are any."""

import re
from collections.abc import Iterator

from ecochat.client.lines import Fragments
from ecochat.client.screen.graphemes import cells, cluster_cells, clusters

LEAST = 2
"""Cells that a row must have: a wide character takes two."""

_PARTS = re.compile(r"\n| +|[^ \n]+")
_SPACELESS = re.compile(
    "[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60\U00020000-\U0003ffff]"
)
"""Writing that has no spaces: it may be broken anywhere."""


def wrapped(fragments: Fragments, width: int) -> list[Fragments]:
    """Return the rows of a text, at least one.

    A word goes whole into the next row where it does not fit, and is cut between
    clusters if it is longer than a row. Spaces at the end of a row go; those at the
    beginning of a line stay.

    :param width: cells of a row, :data:`LEAST` at least.
    """
    if len(fragments) == 1 and _fits(fragments[0][1], width):
        return [fragments]
    rows = _Rows(width)
    for word in _words(fragments):
        rows.add(word)
    return [*rows.done, rows.row]


def _fits(text: str, width: int) -> bool:
    return text.isascii() and len(text) <= width and "\n" not in text


def _words(fragments: Fragments) -> Iterator[Fragments]:
    """Yield line feeds, runs of spaces, and words; a word may have several styles."""
    word: Fragments = []
    for style, text in fragments:
        for part in _PARTS.findall(text):
            if part[0] not in " \n":
                word.append((style, part))
                continue
            if word:
                yield word
                word = []
            yield [(style, part)]
    if word:
        yield word


class _Rows:
    """Rows that grow word by word.

    :ivar done: those that are full.
    :ivar row: the last one.
    """

    def __init__(self, width: int) -> None:
        self.done: list[Fragments] = []
        self.row: Fragments = []
        self._width = width
        self._column = 0
        self._spaces: Fragments = []  # shown if a word follows in the same row

    def add(self, word: Fragments) -> None:
        """Take a word, a run of spaces or a line feed."""
        if word[0][1][0] == "\n":
            self._end()
        elif word[0][1][0] == " ":
            self._add_spaces(*word[0])
        else:
            self._add_word(word)

    def _end(self) -> None:
        self.done.append(self.row)
        self.row, self._column, self._spaces = [], 0, []

    def _add_spaces(self, style: str, text: str) -> None:
        """Keep them; where a line begins with more than half a row, that is enough."""
        text = text if self._column else text[: self._width // 2]
        self._spaces.append((style, text))

    def _add_word(self, word: Fragments) -> None:
        size = sum(cells(text) for _, text in word)
        left = self._width - self._column - sum(len(text) for _, text in self._spaces)
        if size <= left:
            self._column = self._width - left + size
            self._put([*self._spaces, *word])
        elif left <= 0 or (self._column and not self._may_cut(word, size)):
            self._end()
            self._add_word(word)
        else:
            self._column = self._width - left
            self._put(self._spaces)
            self._cut(word)
        self._spaces = []

    def _may_cut(self, word: Fragments, size: int) -> bool:
        return size > self._width or any(_SPACELESS.search(text) for _, text in word)

    def _put(self, fragments: Fragments) -> None:
        """Add to the row what fits there; what has one style becomes one fragment."""
        for style, text in fragments:
            if self.row and self.row[-1][0] == style:
                self.row[-1] = (style, self.row[-1][1] + text)
            else:
                self.row.append((style, text))

    def _cut(self, word: Fragments) -> None:
        """Fill rows with a word, cluster by cluster."""
        for style, text in word:
            for cluster in clusters(text):
                whole = cluster_cells(cluster) <= self._width
                for piece in (cluster,) if whole else cluster:
                    size = cluster_cells(piece)
                    if self._column + size > self._width:
                        self._end()
                    self._column += size
                    self._put([(style, piece)])
