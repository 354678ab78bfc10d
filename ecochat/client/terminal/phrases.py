"""What the server answers, as lines of the chat."""

from collections.abc import Iterable

from ecochat.client.lines import line_of
from ecochat.client.terminal.line import Kind, Line, notice
from ecochat.core import wire

LISTED = 500
"""Names of a list that are shown in one line; a longer list takes several."""


def topic(text: str | None) -> str:
    """Return what stands behind the name of a room about its topic."""
    return f" Topic: {text}" if text else ""


def listed(items: Iterable[wire.Said]) -> list[Line]:
    """Return the items of a list, each in a line; if there are none, that."""
    lines = [Line(Kind.NOTICE, line_of(item)) for item in items]
    return lines or [notice("nothing was found")]


def names(room: str, members: list[wire.Member]) -> list[Line]:
    """Return who is in a room, as many in one line as can be read."""
    shown = [f"{m.nick} ({m.session}{', away' * m.away})" for m in members]
    return [
        notice(f"in {room}: {', '.join(shown[begin : begin + LISTED])}")
        for begin in range(0, len(shown), LISTED)
    ]


def facts(ok: wire.Ok) -> list[Line]:
    """Return an answer that is no list: whatever of it is there."""
    told = [*(ok.lines or ()), ok.text, ok.time]
    told.append(None if ok.count is None else str(ok.count))
    lines = [notice(text) for text in told if text is not None]
    return lines or [notice("done")]
