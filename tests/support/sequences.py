"""What a program may tell a terminal: a list of all that the client does, to find in
what it has written whatever else there is."""

import re
import unicodedata

from ecochat.client.lines import COLOURS, RED

_MODES = "1|7|12|25|1000|1003|1004|1006|1015|1049|2004"
_OF_256 = "|".join(map(str, (*COLOURS.values(), RED)))
_RENDITIONS = rf"0|1|2|3|4|7|3[0-7]|9[0-7]|38;5;(?:{_OF_256})"
_NO_CONTROL = r"[^\x00-\x1f\x7f-\x9f]"

CALL = rf"\x07\x1b\]9;EcoChat: {_NO_CONTROL}*\x07"
"""The bell and a notification, which come together."""

LINK = rf"\x1b\]8;;(?:https?://{_NO_CONTROL}+|mailto:{_NO_CONTROL}+)?\x1b\\"
RENDITION = rf"\x1b\[(?:(?:{_RENDITIONS})(?:;(?:{_RENDITIONS}))*)?m"
MOVE = r"\x1b\[(?:\d{1,3}(?:;\d{1,3})?)?[ABCDHJKP]"
MODE = rf"\x1b\[\?(?:{_MODES})[hl]"

OURS = re.compile("|".join((CALL, LINK, RENDITION, MOVE, MODE, r"[\b\r\n]")))
"""All that the client itself says to a terminal."""

ISOLATES = "\u2068\u2069"
"""Around what is written from right to left."""

AROUND = 20
"""Characters shown before and after what is strange."""


def strange(written: bytes) -> list[str]:
    """Return what of it is neither text that can be seen nor the client's own, each
    with what stands around that."""
    left = shown(written)
    found = (at for at, char in enumerate(left) if _is_hidden(char))
    return [left[max(0, at - AROUND) : at + AROUND] for at in found]


def shown(written: bytes) -> str:
    """Return what was written without what the client itself says to a terminal.

    :raises UnicodeDecodeError: when that is not UTF-8, as a C1 control of one byte.
    """
    return OURS.sub("", written.decode())


def renditions(written: bytes) -> set[int]:
    """Return which colours and attributes were used (SGR, ECMA-48 section 8.3.117)."""
    found = re.findall(r"\x1b\[([\d;:]*)m", written.decode())
    return {int(n or 0) for codes in found for n in re.split("[;:]", codes)}


def _is_hidden(char: str) -> bool:
    is_format = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    return is_format and char not in ISOLATES
