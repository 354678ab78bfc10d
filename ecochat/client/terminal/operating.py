"""An operator's console in a terminal, or lines from one program to another."""

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ecochat.client.address import parse_address
from ecochat.client.backoff import Backoff
from ecochat.client.program import INTERRUPTED, USAGE
from ecochat.client.terminal.console import Console
from ecochat.client.terminal.program import (
    NO_FILES,
    PATIENCE,
    between_programs,
    has_files,
    has_terminal,
    in_terminal,
    run_talk,
    tell,
)

LONGEST_WAIT = 1.0
"""Seconds until a server that was gone is tried again, at most: it is on this machine,
and few wait for it."""

ADVICE = "; or name the operators' socket of one that runs: --socket PATH"


def run_console(socket: str, log: int | None = None) -> int:
    """Show what happens on a server, and do what is typed; return the exit status.

    :param socket: the path of the operators' socket.
    :param log: the file number from which the log of the server comes whose own console
        this is; it ends with that.
    :return: as of :func:`ecochat.client.terminal.run`; of a server's own console 130
        when Ctrl-C was pressed.
    """
    if not has_files():
        return tell(USAGE, NO_FILES)
    is_watched = has_terminal()
    console = Console(socket, datetime.now, is_watched, log is not None)
    backoff = Backoff(longest=LONGEST_WAIT)
    patience = None if is_watched else PATIENCE
    with contextlib.ExitStack() as files:
        if is_watched:
            make = in_terminal("console-history")
        else:
            make = files.enter_context(between_programs())
        status = run_talk(
            make if log is None else _reading(log, make),
            is_watched,
            parse_address(f"unix:{_quoted(socket)}"),
            chat=console,
            advice=ADVICE,
            rooms=(),
            patience=patience,
            backoff=backoff,
        )
    return INTERRUPTED if console.was_interrupted else status


def _quoted(path: str) -> str:
    """Return a path as it stands in an endpoint."""
    return path.replace("\\", "\\\\").replace(":", "\\:").replace("=", "\\=")


def _reading(log: int, make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Have the face of a talk show a log, too, and end with it."""

    def make_with_log(talk: Any) -> Any:
        from twisted.internet import reactor

        from ecochat.client.terminal.logged import LogLines, LogReader

        face, lines = make(talk), LogLines()
        reader = LogReader(log, lambda data: face.show(lines.receive(data)), face.end)
        reader.start(reactor)
        return face

    return make_with_log
