"""Names of people and rooms: which are allowed, and when two are the same."""

import re
import unicodedata
from functools import lru_cache

from ecochat.core.errors import Refused

LOBBY = "lobby"
"""The room in which who comes for the first time is."""

MAX_NICK = 32
MAX_ROOM = 64
RESERVED = frozenset(
    ("server", "system", "operator", "admin", "root", "everyone", "here", "end")
)
_NUMBERED = {
    "nickname": re.compile(r"(guest|client|eco)-\d+|client\d+"),
    "room name": re.compile(r"(guest|client)-\d+"),
}
"""What the server gives to people by itself; of rooms what was never to be had."""
_ALLOWED = {"L", "M", "Nd"}
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Letters and marks that show as nothing (Unicode's Default_Ignorable_Code_Point):
with them two names would look the same."""


def fold(name: str) -> str:
    """Return the form under which a name is unique: NFKC, then case folded.

    Source: Unicode Standard, section 3.13, compatibility caseless matching (D146).
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    folded = unicodedata.normalize("NFKC", folded)
    return name if folded == name else folded  # the same object: others are equal


def guest(number: int) -> str:
    """Return the name that the server gives to the session of this number."""
    return f"guest-{number}"


def check_nick(name: str, own: str = "") -> str:
    """Return the folded form of a nickname that may be taken.

    :param own: the one name of a reserved form that its bearer may take (``guest-7``).
    :raises Refused: ``bad_name`` when it breaks the rules for nicknames.
    """
    return _check("nickname", name, "", MAX_NICK, own)


def is_nick(name: str) -> bool:
    """Whether a name breaks no rule for nicknames: a person can choose it, if it is
    free."""
    try:
        check_nick(name)
    except Refused:
        return False
    return True


@lru_cache(maxsize=1_000)  # each message of a program names its room
def check_room(name: str) -> str:
    """Return the folded form of a room's name; :raises Refused: ``bad_name``."""
    return _check("room name", name, ".", MAX_ROOM, "")


def _check(what: str, name: str, extra: str, longest: int, own: str) -> str:
    if not name:
        raise Refused("bad_name", f"a {what} cannot be empty")
    if len(name) > longest:
        raise Refused("bad_name", f"a {what} has at most {longest} characters")
    if not (name[0] == "_" or unicodedata.category(name[0])[0] == "L"):
        raise Refused("bad_name", f"a {what} begins with a letter or _")
    key = fold(name)
    if not all(_is_allowed(char, "_-" + extra) for char in name + key):
        others = "_ - and ." if extra else "_ and -"
        raise Refused("bad_name", f"a {what} has letters, marks, digits, {others} only")
    if key in RESERVED or (_NUMBERED[what].fullmatch(key) and key != own):
        raise Refused("bad_name", f"the name {name} is reserved")
    return key


def _is_allowed(char: str, punctuation: str) -> bool:
    if char in punctuation:
        return True
    category = unicodedata.category(char)
    known = category in _ALLOWED or category[0] in _ALLOWED
    return known and not _INVISIBLE.match(char)
