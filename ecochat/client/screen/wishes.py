"""What a model wants of its face, beside being shown."""

from __future__ import annotations

from typing import NamedTuple

from ecochat.client.errors import Untrusted
from ecochat.client.lines import ACTION
from ecochat.client.screen.entries import Entry
from ecochat.client.screen.room import Room


class Connect(NamedTuple):
    """Talk with another server: the face makes a client and a model for it.

    :param address: see :func:`ecochat.client.address.parse_address`; "" for that of
        the present one, at once.
    """

    address: str


class AskNick(NamedTuple):
    """Ask for another name, and connect with it: the server did not let one in.

    :param why: a sentence for people.
    :param suggestion: a name that may be free.
    :param is_choice: whether a person has chosen it, and wants to have it the next time
        too.
    """

    why: str
    suggestion: str
    is_choice: bool = False


class AskTrust(NamedTuple):
    """Ask whether a server is to be trusted whose certificate nobody verifies.

    :param error: what is known of it.
    """

    error: Untrusted


class Notify(NamedTuple):
    """Call the person: somebody has named them, or has written to them alone. All text
    is safe to show.

    :param room: where.
    :param title: who and where.
    :param text: what was said.
    """

    room: str
    title: str
    text: str


class ShowKeys(NamedTuple):
    """Show the table of keys."""


class Keep(NamedTuple):
    """Have it remembered at once what was refused: nothing else keeps it."""


Wish = Connect | AskNick | AskTrust | Notify | ShowKeys | Keep


def notice_of(room: Room, entry: Entry) -> Notify:
    """Return what calls the person because of a message."""
    where = "" if room.is_private else f" in {room.name}"
    text = entry.text.removeprefix(ACTION)
    return Notify(room.name, f"{entry.nick}{where}", text)
