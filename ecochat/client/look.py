"""How lines look: sober colours, the same one for a person in every room and run."""

import re
from collections.abc import Iterable
from zlib import crc32

from ecochat.client.line import Kind, Line
from ecochat.client.safe import indented

Fragments = list[tuple[str, str]]
"""What prompt_toolkit shows: pairs of a style and a text."""

COLOURS = ("ansicyan", "ansigreen", "ansimagenta", "ansiyellow", "ansiblue")
"""Of people's names. Red is for errors; the rest cannot be read on white or black."""

STYLE = {
    "quiet": "dim",
    "error": "ansired",
    "own": "bold",
    "called": "bold",
    "completion-menu": "noinherit",
    "completion-menu.completion.current": "noinherit reverse",
    "completion-menu.meta.completion": "noinherit dim",
    "completion-menu.meta.completion.current": "noinherit reverse",
    "scrollbar.background": "noinherit",
    "scrollbar.button": "noinherit reverse",
    "validation-toolbar": "noinherit ansired",
}
"""The terminal's own colours, which its owner has chosen."""

ACTION = "/me "


def nick_style(nick: str) -> str:
    """Return the style of a person's name."""
    return COLOURS[crc32(nick.encode()) % len(COLOURS)]


def fragments(line: Line, own_nick: str) -> Fragments:
    """Return a line as it is to be shown, without a line feed at its end."""
    where = [("class:quiet", f"[{line.room}] ")] if line.room else []
    return [*where, *_SHOWN[line.kind](line, own_nick), *_number(line)]


def waiting_fragments(typed: str, nick: str) -> Fragments:
    """Return a message that is sent and not yet stored, shortened to one line."""
    first, *more = typed.split("\n", 1)
    return [("class:quiet", f"{nick}: {first}{' …' if more else ''}")]


def prompt_fragments(nick: str, room: str, online: bool) -> Fragments:
    """Return the prompt: who one is, and where."""
    where = room or "no room"
    state: Fragments = [] if online else [("class:error", " (no connection)")]
    return [("class:own", nick), ("", f" {where}"), *state, ("class:quiet", "> ")]


def _message(line: Line, own_nick: str) -> Fragments:
    style = "class:own" if line.kind is Kind.OWN else nick_style(line.nick)
    called = line.kind is Kind.MESSAGE and _names(line.text, own_nick)
    text = "class:called" if called else ""
    if line.text.startswith(ACTION):
        done = indented(line.text.removeprefix(ACTION))
        return [("", "~ "), (style, line.nick), (text, f" {done}")]
    return [(style, line.nick), ("", ": "), (text, indented(line.text))]


def _names(text: str, nick: str) -> bool:
    return bool(nick) and bool(re.search(rf"(?i)(?<!\w){re.escape(nick)}(?!\w)", text))


def _notice(line: Line, own_nick: str) -> Fragments:
    return [("class:quiet", "* "), ("", indented(line.text))]


def _presence(line: Line, own_nick: str) -> Fragments:
    return [("class:quiet", f"* {indented(line.text)}")]


def _error(line: Line, own_nick: str) -> Fragments:
    return [("class:error", f"! {indented(line.text)}")]


def _number(line: Line) -> Iterable[tuple[str, str]]:
    return [("class:quiet", f"  {line.number}")] if line.number else []


_SHOWN = {
    Kind.MESSAGE: _message,
    Kind.OWN: _message,
    Kind.NOTICE: _notice,
    Kind.PRESENCE: _presence,
    Kind.ERROR: _error,
}
