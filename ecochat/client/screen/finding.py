"""Lists of messages from which one is chosen: what was found, what can be answered."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from ecochat.client.lines import Fragments, plain
from ecochat.client.screen.beside import Beside
from ecochat.client.screen.drawing import part_style
from ecochat.client.screen.entries import Entry, Kind
from ecochat.client.screen.graphemes import cut
from ecochat.client.screen.hits import Hit, Hits
from ecochat.client.screen.look import nick_style
from ecochat.client.screen.room import Room
from ecochat.client.screen.switcher import Choice

REPLIES = 200
"""Messages from which one to answer can be chosen; others are answered by number."""

WORDS = 12
"""Cells of what was searched for that are shown: the label has to fit on 40 columns."""


def hits(
    found: Hits,
    go: Callable[[Hit], object],
    beside: Callable[[Hit], Beside],
    more: Callable[[], object],
) -> tuple[str, list[Choice]]:
    """Return what stands before the answer, and what was found.

    :param go: goes to one.
    :param beside: gives what stands before and after one.
    :param more: asks for more, once the last one is reached.
    """
    count = f"{len(found.hits)}{'+' if found.has_more else ''}"
    label = f"{count} found of {cut(found.words, WORDS)}, Enter opens: "
    last = len(found.hits) - 1

    def chosen(number: int) -> Beside:
        found.chosen = number
        if number == last:
            more()
        return beside(found.hits[number])

    year = datetime.fromtimestamp(found.time).year
    return label, [
        _hit(hit, go, partial(chosen, number), year)
        for number, hit in enumerate(found.hits)
    ]


def answerable(room: Room, begin: Callable[[str], object]) -> list[Choice]:
    """Return the messages of a room that can be answered, the newest first.

    :param begin: begins an answer: is given the command for it.
    """
    messages = [entry for entry in room.entries if reply_to(entry)]
    return [_message(entry, begin) for entry in reversed(messages[-REPLIES:])]


def _hit(
    hit: Hit, go: Callable[[Hit], object], beside: Callable[[], Beside], year: int
) -> Choice:
    when = datetime.fromtimestamp(hit.time)
    day = when.strftime("%d %b %H:%M" if when.year == year else "%d %b %Y %H:%M")
    row: Fragments = [("class:time", f"{day} "), ("class:quiet", f"{hit.room} ")]
    said = [(part_style(part, text), text) for part, text in hit.said]
    name = f"{hit.room} {plain(hit.said)}"
    return Choice(name, row + said, partial(go, hit), beside)


def _message(entry: Entry, begin: Callable[[str], object]) -> Choice:
    row: Fragments = [
        ("class:quiet", f"{entry.n} "),
        (nick_style(entry.nick), entry.nick),
        ("", f" {entry.text}"),
    ]
    name = f"{entry.nick} {entry.text}"
    return Choice(name, row, partial(begin, reply_to(entry)))


def reply_to(entry: Entry) -> str:
    """Return the command that begins an answer to an entry; "" where none can be."""
    is_message = entry.kind is Kind.MESSAGE and not entry.is_deleted
    return f"/reply {entry.n} " if is_message and entry.n is not None else ""
