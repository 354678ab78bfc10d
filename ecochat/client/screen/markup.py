"""What people write between signs, and what is made of it: styles. The signs stay.

``*bold*``, ``_italic_``, ```code```, lines of code between lines of three backticks,
links, and the names of who is called.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import lru_cache

from ecochat.client.lines import Fragments
from ecochat.client.screen.code import coloured
from ecochat.client.screen.graphemes import displayable
from ecochat.client.screen.links import ADDRESS, link

_FENCE = "```"
_OPENING = re.compile(r"```([\w+-]*) *")
_INLINE = (
    r"(?P<code>(?<!`)(?P<ticks>`{1,3})(?!`)[^`\n]+(?P=ticks)(?!`))"
    rf"|(?P<link>{ADDRESS})"
    r"|(?P<bold>(?<![\w*])\*(?=[^\s*])[^*\n]+(?<=\S)\*(?![\w*]))"
    r"|(?P<italic>(?<![\w_])_(?=[^\s_])[^_\n]+(?<=\S)_(?![\w_]))"
)


def fragments(text: str, nick: str = "", style: str = "") -> Fragments:
    """Return a message with its styles, safe to show.

    :param nick: marked where it is a word; one's own name, or "".
    :param style: stands before every style.
    """
    found: Fragments = []
    for language, part in _blocks(displayable(text).split("\n")):
        if language is None:
            found += _inline(part, nick, style)
        else:
            for kind, code in _code(part, language):
                found.append((f"{style} {kind}".strip(), code))
    return found


def _blocks(lines: list[str]) -> Iterator[tuple[str | None, str]]:
    """Yield runs of lines: None and text, or a language and code with its fences."""
    closing = [n for n, line in enumerate(lines) if line.rstrip() == _FENCE]
    last = closing[-1] if closing else 0
    begin = at = 0
    while at < last:
        opening = _OPENING.fullmatch(lines[at])
        at += 1
        if opening is None:
            continue
        end = closing[bisect_left(closing, at)] + 1
        if begin < at - 1:
            yield None, "\n".join([*lines[begin : at - 1], ""])
        is_last = end == len(lines)
        yield opening[1], "\n".join([*lines[at - 1 : end], *([] if is_last else [""])])
        begin = at = end
    if begin < len(lines):
        yield None, "\n".join(lines[begin:])


def _code(block: str, language: str) -> Fragments:
    """Return a block with its fences, which may end with a line feed."""
    opening, rest = block.split("\n", 1)
    at = rest.rindex(_FENCE)
    fences = "class:quiet"
    code = coloured(rest[:at], language) if at else []
    return [(fences, f"{opening}\n"), *code, (fences, rest[at:])]


@lru_cache(16)
def _pattern(nick: str) -> re.Pattern[str]:
    called = rf"|(?P<called>(?i:(?<!\w){re.escape(nick)}(?!\w)))" if nick else ""
    return re.compile(_INLINE + called)


def _inline(text: str, nick: str, style: str) -> Fragments:
    found: Fragments = []
    at = 0
    for match in _pattern(nick).finditer(text):
        if at < match.start():
            found.append((style, text[at : match.start()]))
        kind = str(match.lastgroup if match.lastgroup != "ticks" else "code")
        found += _KINDS[kind](match[0], nick, f"{style} class:{kind}".strip())
        at = match.end()
    if at < len(text):
        found.append((style, text[at:]))
    return found


def _whole(text: str, nick: str, style: str) -> Fragments:
    return [(style, text)]


def _within(text: str, nick: str, style: str) -> Fragments:
    """Return what is between two signs; there may be more of it in it."""
    return [(style, text[0]), *_inline(text[1:-1], nick, style), (style, text[0])]


def _link(text: str, nick: str, style: str) -> Fragments:
    return link(text, style.removesuffix("class:link").strip())


_KINDS: dict[str, Callable[[str, str, str], Fragments]] = {
    "code": _whole,
    "link": _link,
    "bold": _within,
    "italic": _within,
    "called": _whole,
}
