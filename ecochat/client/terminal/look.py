"""How lines look: sober colours."""

from ecochat.client import lines
from ecochat.client.lines import Fragments, nick_colour
from ecochat.client.terminal.line import Kind, Line
from ecochat.client.terminal.names import names

STYLE = {
    "quiet": "dim",
    "error": lines.rgb(lines.RED),
    "own": "bold",
    "called": "bold",
    "found": "reverse",
    "completion-menu": "noinherit",
    "completion-menu.completion.current": "noinherit reverse",
    "completion-menu.meta.completion": "noinherit dim",
    "completion-menu.meta.completion.current": "noinherit reverse",
    "scrollbar.background": "noinherit",
    "scrollbar.button": "noinherit reverse",
}
"""Colours that can be read on any background; else the terminal's own."""


def nick_style(nick: str) -> str:
    """Return the style of a person's name."""
    return lines.rgb(lines.COLOURS[nick_colour(nick)])


def fragments(line: Line, own_nick: str) -> Fragments:
    """Return a line as it is to be shown, without a line feed at its end."""
    when = [("class:quiet", f"{line.time} ")] if line.time else []
    where = [("class:quiet", f"[{line.room}] ")] if line.room else []
    number = [("class:quiet", f"  {line.number}")] if line.number else []
    mark, style = _KINDS.get(line.kind, ([], ""))
    styles = {"quiet": "class:quiet", "found": "class:found"}
    if line.kind is Kind.OWN:
        styles["name"] = "class:own"
    elif line.kind is Kind.OTHER and _is_called(line, own_nick):
        styles["text"] = "class:called"
    said = []
    for part, text in line.said:
        other = nick_style(text) if part == "name" else style
        said.append((styles.get(part, other), text))
    return [*when, *where, *mark, *said, *number]


def plain(line: Line) -> str:
    """Return a line as text."""
    return lines.plain(fragments(line, ""))


def waiting_fragments(typed: str, nick: str) -> Fragments:
    """Return a message that is sent and not yet stored, shortened to one line."""
    first, *more = typed.split("\n", 1)
    return [("class:quiet", f"{nick}: {first}{' …' if more else ''}")]


def prompt_fragments(nick: str, room: str, online: bool) -> Fragments:
    """Return the prompt: who one is, and where, unless that is nowhere ever."""
    where: Fragments = [("", f" {room}")] if room else []
    state: Fragments = [] if online else [("class:error", " (no connection)")]
    return [("class:own", nick), *where, *state, ("class:quiet", "> ")]


def plain_prompt(nick: str, room: str, online: bool) -> str:
    """Return the same as text."""
    return lines.plain(prompt_fragments(nick, room, online))


def _is_called(line: Line, nick: str) -> bool:
    return names(line.written, nick)


_KINDS: dict[Kind, tuple[Fragments, str]] = {
    Kind.NOTICE: ([("class:quiet", "* ")], ""),
    Kind.PRESENCE: ([("class:quiet", "* ")], "class:quiet"),
    Kind.ERROR: ([("class:error", "! ")], "class:error"),
}
"""What stands before a line of a kind, and its style."""
