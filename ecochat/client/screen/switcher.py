"""Lists from which one is chosen: by a few of its letters, by keys or by the mouse."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from ecochat.client.lines import Fragments
from ecochat.client.screen.graphemes import cells, end_of, isolated, one_line
from ecochat.core.names import fold

FOUND = 500
"""Choices that are found at most: more than anyone looks through."""

LONGEST = 200
"""Letters of a name that are looked at: others may have written it, and all names are
looked at with each key."""

Row = Sequence[tuple[object, ...]]
"""As :data:`ecochat.client.screen.paint.Row`."""

BESIDE = 3
"""Rows of the one that Enter takes, with those beside it; where there are fewer, it is
alone."""

BEHIND = 8
"""Cells that are seen behind a word that was found."""

NOTHING: Row = [("class:quiet", "  nothing")]


class Choice(NamedTuple):
    """Something that can be chosen.

    :param name: by what it is found.
    :param row: how it is shown; safe (:mod:`ecochat.client.safe`).
    :param do: what choosing it does.
    :param beside: gives what is shown before and after the row while Enter takes it:
        two rows, which can be empty, so that nothing moves when they are known; None
        for none.
    """

    name: str
    row: Fragments
    do: Callable[[], object]
    beside: Callable[[], tuple[Fragments, Fragments]] | None = None


def choice(name: str, about: str, do: Callable[[], object]) -> Choice:
    """Return one that is shown as its name, with something about it behind; both have
    to be safe to show."""
    return Choice(name, [("", name), ("class:quiet", f"  {about}" * bool(about))], do)


def found(typed: str, choices: Sequence[Choice]) -> list[Choice]:
    """Return those that have all the letters typed, in that order, the nearest first:
    those that have them close to each other, and early."""
    letters = [re.escape(letter) for letter in fold(typed) if not letter.isspace()]
    # One that is skipped is never the one looked for: else there were too many ways.
    first, rest = "".join(letters[:1]), (f"[^{it}]*{it}" for it in letters[1:LONGEST])
    pattern = re.compile(f"(?=({first}{''.join(rest)}))")
    near = []
    for place, one in enumerate(choices):
        name = fold(one.name)[:LONGEST]
        hits = [(len(m[1]), m.start()) for m in pattern.finditer(name)]
        if hits:
            near.append((*(min(hits) if letters else (0, 0)), place))
    return [choices[place] for *_, place in sorted(near)[:FOUND]]


class Picker:
    """A list that one looks through and chooses from.

    :ivar choices: those that are shown.
    :ivar chosen: the number of the one that Enter takes.
    :param take: called when one is chosen, with what that does.
    """

    def __init__(
        self,
        choices: Sequence[Choice],
        take: Callable[[Callable[[], object]], None],
    ) -> None:
        self.choices = list(choices)
        self.chosen = 0
        self._all = self.choices
        self._take = take
        self._top = 0

    def find(self, typed: str) -> None:
        """Show only those that have the letters typed."""
        self.choices = found(typed, self._all)
        self.chosen = self._top = 0

    def move(self, by: int) -> None:
        """Choose another one, further down, or up where it is negative."""
        self.chosen = max(0, min(self.chosen + by, len(self.choices) - 1))

    def enter(self) -> None:
        """Take the one that is chosen; nothing where there is none."""
        if self.choices:
            self._take(self.choices[self.chosen].do)

    def rows(self, width: int, height: int) -> list[Row]:
        """Return the rows that are seen: the chosen one is always among them."""
        before, after = self._beside(height)
        height -= len(before) + len(after)
        self._top = max(self._top, self.chosen - height + 1)
        self._top = min(self._top, self.chosen)
        seen = range(self._top, min(self._top + height, len(self.choices)))
        shown = [self._row(number, width) for number in seen]
        at = self.chosen - self._top
        shown[at + 1 : at + 1] = after
        shown[at:at] = before
        return shown or [NOTHING]

    def _beside(self, height: int) -> tuple[list[Row], list[Row]]:
        """Return the rows before and after the chosen one."""
        beside = self.choices[self.chosen].beside if self.choices else None
        if beside is None or height < BESIDE:
            return [], []
        before, after = ([("", "    "), *_safe(row)] for row in beside())
        return [before], [after]

    def _row(self, number: int, width: int) -> Row:
        one, is_chosen = self.choices[number], number == self.chosen
        style, taken = " class:chosen" * is_chosen, partial(self._clicked, one)
        shown = [("", "> " if is_chosen else "  "), *_found_in(one.row, width - 2)]
        return [(have + style, text, taken) for have, text in shown]

    def _clicked(self, one: Choice, event: object) -> None:
        self._take(one.do)


def _found_in(row: Fragments, width: int) -> Fragments:
    """Return a row in which the first word that was found can be seen: of what is said
    just before it the beginning goes, as far as needed."""
    row = [(style, one_line(text)) for style, text in row]
    at = next((n for n, (style, _) in enumerate(row) if style == "class:found"), 0)
    over = sum(cells(text) for _, text in row[: at + 1]) + BEHIND - width
    if at and over > 0:
        style, text = row[at - 1]
        row[at - 1] = style, end_of(text, max(1, cells(text) - over))
    return isolated(row)


def _safe(row: Fragments) -> Fragments:
    """Return it as one row that does not turn what stands beside it."""
    return isolated([(style, one_line(text)) for style, text in row])
