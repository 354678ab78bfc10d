"""Text in the cells of a terminal: how wide it is, and where it may be cut.

A cluster is what a person takes for one character: a letter with its accents, a
syllable. It is never cut. Emoji that are sequences of several (families, skin tones,
flags) are shown so that all terminals agree on their width: some draw a sequence as one
emoji and some as all of its parts, and nothing tells which, so that the rest of the row
would stand elsewhere than it is thought to.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from prompt_toolkit.utils import get_cwidth
from wcwidth import iter_graphemes, wcswidth

from ecochat.client.lines import Fragments
from ecochat.client.safe import safe

LONGEST = 16
"""Code points of a cluster that are shown: enough for every script; a tower of hundreds
of accents would cover the rows above."""

CELLS = 4_096
"""Clusters whose width is remembered: more than are in use in most scripts."""

_ODD = re.compile(
    "[\ufe0e\ufe0f]"  # as text, as emoji: terminals differ in the width
    "|(?<![\u0600-\u08ff\u0900-\u0dff])[\u200c\u200d]"  # joins emoji, not letters
    r"|(?<=\S)[\U0001f3fb-\U0001f3ff]"  # skin tones
    "|[\U0001f1e6-\U0001f1ff]"  # letters of flags
)
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_FLAG_A = 0x1F1E6


def displayable(text: str) -> str:
    """Return the text with a mark for whatever is not safe to show, and emoji as all
    terminals show them. Line feeds stay."""
    safe_text = safe(text)
    return safe_text if safe_text.isascii() else _ODD.sub(_even, safe_text)


def one_line(text: str) -> str:
    """Return the same with spaces for line feeds."""
    return displayable(text).replace("\n", " ")


def clusters(text: str) -> Iterable[str]:
    """Return the clusters of a text; of one that is too long only the beginning, and
    then an ellipsis."""
    return text if text.isascii() else _shortened(iter_graphemes(text))


@lru_cache(CELLS)
def cluster_cells(cluster: str) -> int:
    """Return the cells of a cluster: what prompt_toolkit counts, or what a terminal
    that knows clusters does, whichever is more."""
    return max(sum(map(get_cwidth, cluster)), wcswidth(cluster))


def cells(text: str) -> int:
    """Return the cells of a text of one line that is safe to show."""
    return len(text) if text.isascii() else sum(map(cluster_cells, clusters(text)))


def cut(text: str, width: int) -> str:
    """Return a text of one line, with an ellipsis for what is beyond the width."""
    if cells(text) <= width:
        return text
    kept, left = [], width - 1
    for cluster in clusters(text):
        left -= cluster_cells(cluster)
        if left < 0:
            break
        kept.append(cluster)
    return "".join(kept) + "…" if width > 0 else ""


def end_of(text: str, width: int) -> str:
    """Return the end of a text of one line, behind an ellipsis for what is cut."""
    kept, left = list[str](), cells(text)
    if left <= width:
        return text
    for cluster in clusters(text):
        if left < width:
            kept.append(cluster)
        left -= cluster_cells(cluster)
    return "…" + "".join(kept)


def isolated(fragments: Fragments) -> Fragments:
    """Return a part of a row so that it does not turn the direction of the others: if
    there is writing from right to left in it, between the characters for that (FSI and
    PDI, Unicode UAX #9), which take no cell."""
    if any(_RIGHT_TO_LEFT.search(text) for _, text in fragments):
        return [("", "\u2068"), *fragments, ("", "\u2069")]
    return fragments


def _shortened(found: Iterable[str]) -> Iterator[str]:
    for cluster in found:
        yield cluster[:LONGEST]
        if len(cluster) > LONGEST:
            yield "…"


def _even(match: re.Match[str]) -> str:
    letter = ord(match[0]) - _FLAG_A
    return chr(ord("A") + letter) if 0 <= letter < 26 else ""
