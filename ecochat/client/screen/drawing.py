"""The rows of one entry of a room's log.

── Saturday, 21 November 2026 ─────────────
14:02        alice │ hello *world*        7
14:02          bob │ ↳ alice: hello …     8
                   │ what is said, with
                   │ a hanging indent
                   │ 👍 2 alice, carol
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from typing import NamedTuple

from ecochat.client.lines import ACTION, Fragments
from ecochat.client.screen import markup
from ecochat.client.screen.entries import Entry, Kind, State
from ecochat.client.screen.graphemes import (
    cells,
    cut,
    displayable,
    isolated,
    one_line,
)
from ecochat.client.screen.look import nick_style
from ecochat.client.screen.wrapping import wrapped

LEAST = 12
"""Cells for which everything is laid out at least; of less the beginning is seen."""

NAME, SHORT = 12, 8
"""Cells of the names: where there is space for so many, and on 80 columns, where what
is said needs it more."""

TIMED, NUMBERED = 30, 60
"""Cells of a row from which on times are shown, and the numbers of messages stand in a
column of their own; of less they stand behind the text."""

SHOWN = 8
"""Reactions to a message that are shown: a row or two. Others may give any number."""

GIVERS = 5
"""Names shown of those who gave a reaction."""

QUIET = "class:quiet"
NUMBER = "class:number"
QUOTE = "class:quiet class:quote"


class Around(NamedTuple):
    """What the rows of an entry also depend on.

    :param before: the entry before it, which may be of another day.
    :param quoted: what it is an answer to, if that is here.
    :param fresh: how many are new from here on, and since when; see ``Room.fresh``.
    :param nick: one's own name.
    :param found: the words in it for which it was found; None where it is no hit that
        one looks at.
    """

    before: Entry | None = None
    quoted: Entry | None = None
    fresh: tuple[int, float] | None = None
    nick: str = ""
    found: tuple[str, ...] | None = None


def entry_rows(entry: Entry, width: int, around: Around) -> list[Fragments]:
    """Return the rows of an entry, at least one, none wider than the width, with the
    lines that stand before it."""
    width = max(width, LEAST)
    rows = []
    if around.before is None or _date(around.before) != _date(entry):
        when = datetime.fromtimestamp(entry.time)
        rows.append(_rule(f"{when:%A}, {when.day} {when:%B %Y}", width, "class:rule"))
    if around.fresh is not None:
        rows.append(_rule(_since(*around.fresh, entry.time), width, "class:rule.fresh"))
    if entry.kind is Kind.GAP:
        rows.append(_rule(one_line(entry.text), width, "class:rule"))
    else:
        rows += _Body(entry, width, around).rows()
    return rows


def clock(time: float) -> str:
    """Return a moment as the local time of day."""
    return f"{datetime.fromtimestamp(time):%H:%M}"


def _date(entry: Entry) -> date:
    return datetime.fromtimestamp(entry.time).date()


def _rule(text: str, width: int, style: str) -> Fragments:
    text = cut(text, width - 6)
    line = "─" * (width - 4 - cells(text))
    return [(style, "── "), *isolated([(style, text)]), (style, f" {line}")]


def _since(count: int, time: float, now: float) -> str:
    """Tell how many are new, with the day if that was another one."""
    then, day = datetime.fromtimestamp(time), ""
    if then.date() != datetime.fromtimestamp(now).date():
        day = f"{then.day} {then:%B} "
    return f"{count} new since {day}{then:%H:%M}"


class _Body:
    """An entry below its lines: a head, and what is said."""

    def __init__(self, entry: Entry, width: int, around: Around) -> None:
        self._entry, self._around, self._width = entry, around, width
        self._is_timed, has_numbers = width >= TIMED, width >= NUMBERED
        self._name = min(NAME, width // 5, max(SHORT, width // 7))
        self._indent = self._name + 3 + 6 * self._is_timed
        is_message = entry.kind is Kind.MESSAGE and entry.n is not None
        self._number = f" {entry.n}" if is_message and has_numbers else ""
        self._text = width - self._indent - len(self._number) - 1
        self._style = _STYLES.get(entry.kind, "")
        if entry.kind is Kind.MESSAGE:
            self._style = _STATES[entry.state]

    def rows(self) -> list[Fragments]:
        """Return its rows."""
        said = [_isolated(row) for row in self._said()]
        rows = [self._head() + said[0]]
        empty = ("", " " * (self._indent - 3))
        rows += [[empty, self._bar(), *row] for row in said[1:]]
        if self._number:
            self._add_number(rows[0], said[0])
        return rows

    def _said(self) -> Iterator[Fragments]:
        """Yield what is right of the bar, row by row."""
        entry = self._entry
        if entry.reply_to is not None and not entry.is_deleted:
            yield self._quote(entry.reply_to)
        yield from wrapped(self._content(), self._text)
        yield from _columns(entry.columns, self._text)
        if entry.state is State.REFUSED:
            yield from wrapped(_refusal(entry), self._text)
        if entry.reactions and not entry.is_deleted:
            yield from wrapped(_reactions(entry), self._text)

    def _head(self) -> Fragments:
        style, name = _MARKS.get(self._entry.kind, (self._style, ""))
        if self._entry.kind is Kind.MESSAGE:
            style, name = self._author()
        name = cut(name, self._name)
        pad = " " * (self._name - cells(name))
        time = f"{clock(self._entry.time)} " if self._is_timed else ""
        head = isolated([(style, name)])
        return [("class:time", time + pad), *head, self._bar()]

    def _author(self) -> tuple[str, str]:
        entry = self._entry
        if _is_action(entry):
            return QUIET, "*"
        style = "class:own" if entry.is_own else nick_style(entry.nick)
        return f"{style} {self._style}".strip(), one_line(entry.nick)

    def _bar(self) -> tuple[str, str]:
        if self._around.found is not None:
            return "class:found", " │ "
        if self._entry.is_mention:
            return "class:bar.called", " ┃ "
        return "class:bar", " │ "

    def _quote(self, n: int) -> Fragments:
        quoted = self._around.quoted
        if quoted is None:
            return [(QUOTE, cut(f"↳ {n}", self._text))]
        text = "(deleted)" if quoted.is_deleted else one_line(quoted.text)
        nick = one_line(quoted.nick)
        return [(QUOTE, cut(f"↳ {nick}: {text}", self._text))]

    def _content(self) -> Fragments:
        entry, style = self._entry, self._style
        if entry.is_deleted:
            return [(QUIET, "(deleted)")]
        said = _sentence(entry, style) if entry.said else self._written()
        said = marked(said, self._around.found or ())
        if entry.more:
            said.append((QUIET, f", and {entry.more} more"))
        if entry.is_edited:
            said.append((QUIET, " (edited)"))
        if entry.state is State.PENDING:
            said.append((style, " …"))
        is_message = entry.kind is Kind.MESSAGE and entry.n is not None
        if is_message and not self._number and (entry.is_own or self._is_timed):
            said.append((NUMBER, f"  {entry.n}"))
        return said

    def _written(self) -> Fragments:
        entry, style = self._entry, self._style
        if entry.kind is not Kind.MESSAGE:
            return [(style, displayable(entry.text))]
        nick = self._around.nick if entry.is_mention else ""
        if not _is_action(entry):
            return markup.fragments(entry.text, nick, style)
        author = (f"{nick_style(entry.nick)} {style}".strip(), one_line(entry.nick))
        rest = markup.fragments(entry.text[len(ACTION) :], nick, style)
        return [author, (style, " "), *rest]

    def _add_number(self, row: Fragments, said: Fragments) -> None:
        """Put it at the right end of a row, but for a cell."""
        left = self._width - self._indent - sum(cells(text) for _, text in said) - 1
        row.append((NUMBER, self._number.rjust(left)))


def is_quote(row: Fragments) -> bool:
    """Whether a row tells what is answered."""
    return any(style == QUOTE for style, _ in row)


def _isolated(row: Fragments) -> Fragments:
    """Return a row that does not turn what is beside it, nor a number at its end."""
    at = len(row) - (bool(row) and row[-1][0] == NUMBER)
    return [*isolated(row[:at]), *row[at:]]


def marked(said: Fragments, words: Sequence[str]) -> Fragments:
    """Return what is said with these words marked in it."""
    if not words:
        return said
    either = "|".join(re.escape(word) for word in words)
    pattern = re.compile(rf"(?<!\w)({either})(?!\w)", re.IGNORECASE)
    return [
        (f"{style} class:found".strip() if number % 2 else style, part)
        for style, text in said
        for number, part in enumerate(pattern.split(text))
        if part
    ]


def _is_action(entry: Entry) -> bool:
    return entry.text.startswith(ACTION) and not entry.is_deleted


def _sentence(entry: Entry, style: str) -> Fragments:
    """Return what is said with styles; its star stands where names do."""
    said = entry.said or []
    return [
        (f"{style} {part_style(part, text)}".strip(), displayable(text))
        for part, text in (said[1:] if said[0][1] == "* " else said)
    ]


def part_style(part: str, text: str) -> str:
    """Return the style of a part of what :mod:`ecochat.client.lines` gives."""
    return nick_style(text) if part == "name" else _PARTS.get(part, "")


def _refusal(entry: Entry) -> Fragments:
    why = displayable(entry.why)
    return [("class:refused", f"✗ {why}"), (QUIET, " (Up gives it back)")]


def _columns(people: Sequence[tuple[str, bool]], width: int) -> Iterator[Fragments]:
    """Yield rows of names, below each other; away ones are dim."""
    shown = [(cut(one_line(nick), width), nick, away) for nick, away in people]
    size = max((cells(name) for name, *_ in shown), default=0) + 2
    count = max(1, width // size)
    for begin in range(0, len(shown), count):
        row: Fragments = []
        for name, nick, is_away in shown[begin : begin + count]:
            style = QUIET if is_away else nick_style(nick)
            pad = " " * (min(size, width) - cells(name))
            row += [*isolated([(style, name)]), ("", pad)]
        yield row


def _reactions(entry: Entry) -> Fragments:
    """Tell who gave what: ``👍 2 alice, bob``, and how many more signs there are."""
    shown = [_reaction(given) for given in islice(entry.reactions.items(), SHOWN)]
    more = len(entry.reactions) - SHOWN
    return [(QUIET, "   ".join([*shown, *[f"+{more}"] * (more > 0)]))]


def _reaction(given: tuple[str, list[str]]) -> str:
    sign, nicks = given
    names = ", ".join(one_line(nick) for nick in nicks[:GIVERS])
    more = f", {len(nicks) - GIVERS} more" if len(nicks) > GIVERS else ""
    return f"{one_line(sign)} {len(nicks)} {names}{more}"


_STYLES = {Kind.PRESENCE: QUIET, Kind.ERROR: "class:error"}

_MARKS: dict[Kind, tuple[str, str]] = {
    Kind.EVENT: (QUIET, "*"),
    Kind.PRESENCE: (QUIET, "·"),
    Kind.NOTICE: (QUIET, "*"),
    Kind.SERVER: ("class:server", "Server"),
    Kind.ERROR: ("class:error", "!"),
}
"""What stands in place of a name."""

_STATES = {
    State.STORED: "",
    State.PENDING: "class:pending",
    State.REFUSED: "class:refused",
}
_PARTS = {"found": "class:found", "quiet": QUIET}
"""The styles of :data:`ecochat.client.lines.Fragments`, as classes."""
