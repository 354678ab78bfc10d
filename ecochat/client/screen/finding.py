"""Lists of messages from which one is chosen: what was found, what can be answered."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from ecochat.client.lines import Fragments, plain
from ecochat.client.screen.beside import Beside
from ecochat.client.screen.drawing import part_style
from ecochat.client.screen.entries import Entry, Kind
from ecochat.client.screen.hits import Hit, Hits
from ecochat.client.screen.look import nick_style
from ecochat.client.screen.room import Room
from ecochat.client.screen.switcher import Choice

REPLIES = 200
"""Messages from which one to answer can be chosen; others are answered by number."""


def hits(
    found: Hits,
    go: Callable[[str, int], object],
    beside: Callable[[Hit], Beside],
) -> list[Choice]:
    """Return what was found.

    :param go: goes to a message, by its room and number.
    :param beside: gives what stands before and after one.
    """
    return [_hit(hit, go, partial(beside, hit)) for hit in found.hits]


def answerable(room: Room, begin: Callable[[str], object]) -> list[Choice]:
    """Return the messages of a room that can be answered, the newest first.

    :param begin: begins an answer: is given the command for it.
    """
    messages = [entry for entry in room.entries if reply_to(entry)]
    return [_message(entry, begin) for entry in reversed(messages[-REPLIES:])]


def _hit(
    hit: Hit, go: Callable[[str, int], object], beside: Callable[[], Beside]
) -> Choice:
    day = datetime.fromtimestamp(hit.time).strftime("%d %b %H:%M")
    row: Fragments = [("class:time", f"{day} "), ("class:quiet", f"{hit.room} ")]
    said = [(part_style(part, text), text) for part, text in hit.said]
    name = f"{hit.room} {plain(hit.said)}"
    return Choice(name, row + said, partial(go, hit.room, hit.n), beside)


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
