"""People at the client on the whole screen: the real program in terminals, with a
folder for each."""

import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.support.program import Program
from tests.support.server import Server
from tests.support.terminal import Terminal

SMALL, USUAL, LARGE = (40, 12), (80, 24), (200, 50)
"""Terminals: columns and lines."""

UP, PAGE_UP, END, CLEAR_LINE = "\x1b[A", "\x1b[5~", "\x1b[F", "\x15"
ENTER, ESCAPE, INTERRUPT = "\r", "\x1b", "\x03"


class ScreenTestCase(SynchronousTestCase):
    """Has terminals, and a folder for each person; all is gone at the end."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="ecochat-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def open(
        self,
        person: str,
        *words: str,
        size: tuple[int, int] = USUAL,
        **environment: str,
    ) -> Terminal:
        """Start the program as somebody, who has files of their own."""
        home = str(self.folder / person)
        places = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
        terminal = Terminal(
            *(sys.executable, "-m", "ecochat.main", *words),
            columns=size[0],
            lines=size[1],
            **dict.fromkeys(places, home),
            **environment,
        )
        self.addCleanup(terminal.close)
        return terminal

    def enter(
        self,
        person: str,
        server: Server,
        size: tuple[int, int] = USUAL,
        **environment: str,
    ) -> Terminal:
        """Start the program as somebody of this name, and wait until they are in."""
        where = f"127.0.0.1:{server.port}"
        terminal = self.open(person, where, "--nick", person, size=size, **environment)
        terminal.expect("connected", f"{person}>")
        return terminal

    def leave(self, terminal: Terminal) -> None:
        """Leave by Ctrl-C, twice; it ends well."""
        terminal.type(INTERRUPT)
        terminal.expect("again to leave")
        terminal.type(INTERRUPT)
        self.assertEqual(terminal.end(), 0)

    def said(self, server: Server, room: str = "lobby") -> list[str]:
        """Return what the server has of a room, checked to be numbered 1, 2, 3, …"""
        with Program(server.port, {"nick": "reader"}) as reader:
            reader.call("history", room=room, limit=1_000)
            kept = [said for said in reader.said if said["op"] == "message"]
        self.assertEqual([said["n"] for said in kept], list(range(1, len(kept) + 1)))
        return [said["text"] for said in kept]


def shows(pattern: str) -> Callable[[str], bool]:
    """Return what says whether a screen has this."""
    return lambda screen: re.search(pattern, screen, re.DOTALL) is not None


def rooms(screen: str) -> list[str]:
    """Return the rows of the rooms, which stand left of the log, where they do."""
    rows = [line.partition("│")[0].split() for line in screen.splitlines()]
    return [" ".join(row) for row in rows if row and re.fullmatch("[1-9]", row[0])]
