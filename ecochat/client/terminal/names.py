"""Names of people: which to ask for, and whether one is named."""

import getpass
import re

from ecochat.core.errors import Refused
from ecochat.core.names import MAX_NICK, check_nick, fold, is_nick


def login_name() -> str:
    """Return the name that this user has on this machine; "" where that cannot be a
    nickname."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a user that the machine has no name for
        return ""
    return name if is_nick(name) else ""


def other_name(nick: str) -> str:
    """Return a name to ask for where this one is taken: ``bob_``, ``bob2``, ``bob3``,
    …; where it cannot be one, one like it that can."""
    possible = re.sub(r"[^\w-]+", "_", nick)[: MAX_NICK - 1]
    if not possible.startswith("_") and not possible[:1].isalpha():
        possible = f"_{possible}"
    if possible != nick:
        return possible
    if nick.endswith("_"):
        return f"{nick[:-1]}2"
    begin = nick.rstrip("0123456789")
    return f"{begin}{int(nick[len(begin) :]) + 1}" if begin != nick else f"{nick}_"


def wrong_with(nick: str) -> str:
    """Return why a person cannot go by this name; "" where they can, if it is free."""
    try:
        check_nick(nick.strip())
    except Refused as why:
        return why.text
    return ""


def names(text: str, nick: str) -> bool:
    """Whether a text has a name in it, as a word, in any case and width."""
    name = fold(nick)
    folded = fold(text) if name else ""
    is_there = name and name in folded
    return bool(is_there and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", folded))
