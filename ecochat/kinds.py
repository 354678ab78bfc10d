"""The kinds of settings: how their values are read and written."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

import msgspec

from ecochat.core.errors import Refused
from ecochat.core.names import check_room
from ecochat.jokes import read_jokes
from ecochat.listen import CLASSIC
from ecochat.store.sqlite import DURABILITY

OFF = "off"

_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)(?:/([sm]))?", re.ASCII)
_SECONDS = {None: 1, "s": 1, "m": 60}
_DURATION = re.compile(r"([0-9]{1,9})([smhd]?)", re.ASCII)
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}

ALL = "all"


class Kind(msgspec.Struct, frozen=True):
    """How the values of settings are read and written.

    :param read: makes a value of a word; :raises ValueError: with what is wrong, as
        "is not a number above 0", to stand behind the word.
    :param write: makes of a value what stands in a file, of one of the ``types``.
    :param types: what a file may give: text, whole numbers, numbers, yes or no.
    :param file: how to call that: "text in quotes".
    """

    read: Callable[[str], Any] = str
    write: Callable[[Any], Any] = str
    types: tuple[type, ...] = (str,)
    file: str = "text in quotes"

    def take(self, given: object) -> Any:
        """Return the value that something in a file stands for.

        :raises ValueError: with what is wrong.
        """
        if type(given) not in self.types:  # a bool is an int, and is not meant here
            raise ValueError(f"is not {self.file}")
        if isinstance(given, int) and given.bit_length() > 64:  # TOML knows no such
            raise ValueError("is too large a number")
        word = given if isinstance(given, str) else json.dumps(given)
        if "\0" in word:  # no command line can hold one
            raise ValueError("has a null character in it")
        return self.read(word)


def _text(word: str) -> str:
    try:
        word.encode()
    except UnicodeEncodeError:
        raise ValueError("is not UTF-8") from None
    return word


def _word(word: str) -> str:
    if word.split() != [word]:
        raise ValueError("is not one word without white space")
    return _text(word)


def _number(word: str) -> int:
    if not re.fullmatch("[0-9]+", word) or not word.strip("0"):
        raise ValueError("is not a number above 0")
    if len(word) > 18:
        raise ValueError("is too large a number")
    return int(word)


def _seconds(word: str) -> int:
    match = _DURATION.fullmatch(word)
    if not match:
        raise ValueError("is not a time, as 90d, 12h, 5m or 30s")
    return int(match[1]) * _UNITS[match[2]]


def _write_seconds(seconds: int) -> str:
    fitting = (unit for unit in "dhm" if seconds % _UNITS[unit] == 0)
    unit = next((unit for unit in fitting if seconds > _UNITS[unit]), "s")
    return f"{seconds // _UNITS[unit]}{unit}"


def _room(word: str) -> str:
    try:
        check_room(word)
    except Refused as refused:
        raise ValueError(f"is not for a room: {refused.text}") from None
    return word


def _kept(
    read: Callable[[str], int],
) -> Callable[[str], tuple[str, int | None]]:
    """Return what reads how much is kept: ``90d``, ``ROOM=30d``, ``ROOM=all``."""

    def kept(word: str) -> tuple[str, int | None]:
        room, equals, amount = word.rpartition("=")
        if equals:
            _room(room)
        return room, None if amount == ALL else read(amount)

    return kept


def _write_kept(
    write: Callable[[int], object],
) -> Callable[[tuple[str, int | None]], str]:
    def written(kept: tuple[str, int | None]) -> str:
        room, amount = kept
        shown = ALL if amount is None else write(amount)
        return f"{room}={shown}" if room else str(shown)

    return written


def _kept_time(word: str) -> int:
    if word.isdigit():  # of what is lost by a unit left out
        raise ValueError("lacks its unit, as 90d, 12h, 5m or 30s")
    seconds = _seconds(word)
    if not seconds:
        raise ValueError("is no time at all")
    return seconds


def _classic(word: str) -> tuple[str, str]:
    """Return which classroom program, or all, and where; empty for its own port."""
    name, equals, where = word.partition("=")
    if (name in CLASSIC and (where or not equals)) or word == ALL:
        return name, where
    names = ", ".join(CLASSIC)
    raise ValueError(f"is none of {names}, alone or as eco=tcp:50002, and not {ALL}")


def _rate(word: str) -> float:
    match = _RATE.fullmatch(word)
    rate = float(match[1]) / _SECONDS[match[2]] if match else 0.0
    if not 0 < rate < math.inf:
        raise ValueError("is not a number above 0 for each second, as 20/s or 100/m")
    return rate


def _write_rate(rate: float) -> str:
    return f"{rate!r}".removesuffix(".0") + "/s"


def _durability(word: str) -> str:
    if word not in DURABILITY:
        raise ValueError(f"is not {' or '.join(DURABILITY)}")
    return word


def _switch(word: str) -> bool:
    if word not in ("on", OFF):
        raise ValueError("is not on or off")
    return word == "on"


def _socket(word: str) -> str:
    if not word:
        raise ValueError(f"is neither a path nor {OFF}")
    return "" if word == OFF else word


def _jokes(path: str) -> str:
    read_jokes(path)
    return path


ANYTHING = Kind()
PLACE = Kind(file="text in quotes, or a list of such")
TEXT = Kind(_text)
WORD = Kind(_word)
NUMBER = Kind(_number, int, (int,), "a whole number (without quotes)")
RATE = Kind(_rate, _write_rate, (str, int, float), 'a number, or text as "20/s"')
SECONDS = Kind(_seconds, _write_seconds, (str, int), 'text as "60s", or seconds')
KEEP = Kind(
    _kept(_kept_time), _write_kept(_write_seconds), (str,), 'text as "90d", or a list'
)
KEEP_MESSAGES = Kind(
    _kept(_number), _write_kept(str), (str, int), 'a number, or text as "lab=500"'
)
FLAG = Kind(lambda word: word == "true", bool, (bool,), "true or false")
SWITCH = Kind(_switch, lambda on: "on" if on else OFF)
CLASSICS = Kind(
    _classic,
    lambda given: "=".join(filter(None, given)),
    (str,),
    'text as "eco", or a list of such',
)
ROOM = Kind(_room)
DURABLE = Kind(_durability)
SOCKET = Kind(_socket, lambda path: path or OFF)
JOKES = Kind(_jokes)
