"""Prints what the server says: lines for people, or JSON for programs."""

import io
import os
import sys
from collections.abc import Mapping
from typing import TextIO

import msgspec

from ecochat.client.lines import COLOURS, Fragments, line_of, nick_colour, plain
from ecochat.client.safe import safe_json
from ecochat.core.wire import Said

_SGR = {
    "quiet": "2",
    "found": "7",
    **{name: f"38;5;{number}" for name, number in COLOURS.items()},
}
"""What a terminal is told for each style (ECMA-48, section 8.3.117)."""


class Printer:
    """Prints one thing a line, each at once.

    :param out: where to; None for nowhere, where the shell has closed it.
    :param as_json: whether the server's own objects are printed, in UTF-8.
    :param colours: whether lines for people are coloured.
    """

    def __init__(
        self, out: TextIO | None, as_json: bool = False, colours: bool = False
    ) -> None:
        self._out = out
        self._as_json = as_json
        self._paint = painted if colours else plain
        if isinstance(out, io.TextIOWrapper):  # what cannot be encoded is named
            out.reconfigure(errors="backslashreplace")

    def print(self, said: Said) -> None:
        """Print what the server says.

        :raises BrokenPipeError: when nobody reads it any more.
        """
        if self._out is None:
            return
        if self._as_json:
            self._out.buffer.write(as_json(said) + b"\n")
        else:
            self._out.write(self._paint(line_of(said)) + "\n")
        self._out.flush()


def painted(line: Fragments) -> str:
    """Return a line as a terminal shows it in colours."""
    return "".join(_painted(style, text) for style, text in line)


def _painted(style: str, text: str) -> str:
    code = _SGR.get(nick_colour(text) if style == "name" else style)
    return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


def as_json(said: Said) -> bytes:
    """Return what the server says as it said it, without the ref of who had asked, and
    with escapes for what would harm a terminal."""
    said = msgspec.structs.replace(said, ref=None)
    return safe_json(msgspec.json.encode(said).decode()).encode()


def has_colours(out: TextIO | None, environment: Mapping[str, str]) -> bool:
    """Return whether this is a terminal whose owner wants colours.

    A variable ``NO_COLOR`` that is not empty says no (no-color.org).
    """
    if out is None or environment.get("NO_COLOR"):
        return False
    return out.isatty() and environment.get("TERM", "") not in ("", "dumb")


def standard_printer(as_json: bool) -> Printer:
    """Return one that prints on standard output."""
    return Printer(sys.stdout, as_json, has_colours(sys.stdout, os.environ))
