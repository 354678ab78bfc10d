"""What a person typed, kept from one run of the client to the next."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit.history import History

from ecochat.client.files import alone, replace

ENTRIES = 1_000
"""Entries kept: more than anyone looks through, and read in a few milliseconds."""


class InputHistory(History):
    """A file of one JSON string a line, which only its owner can read.

    A file that cannot be read or written costs the history, not the chat; see
    :meth:`take_notes`.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self._notes: list[str] = []
        self._is_noted = False

    def take_notes(self) -> list[str]:
        """Return what went wrong with the file, in sentences: the first thing, once."""
        notes, self._notes = self._notes, []
        return notes

    def load_history_strings(self) -> Iterable[str]:
        """Return what was typed, the newest first; see prompt_toolkit."""
        try:
            lines = self._lines()
            if len(lines) > 2 * ENTRIES:
                self._shorten()
        except FileNotFoundError:
            return []
        except OSError as error:
            self._note("read", error)
            return []
        return [text for line in reversed(lines[-ENTRIES:]) if (text := _read(line))]

    def store_string(self, string: str) -> None:
        """Add what was typed; see prompt_toolkit."""
        try:
            with alone(self._file), open(self._file, "a", opener=_own) as opened:
                opened.write(f"{json.dumps(string)}\n")
        except OSError as error:
            self._note("written", error)

    def _lines(self) -> list[str]:
        return self._file.read_text(errors="replace").splitlines()

    def _shorten(self) -> None:
        """Replace the file by its last lines, so that it does not grow for ever."""
        with alone(self._file):
            lines = self._lines()[-ENTRIES:]
            replace(self._file, "".join(f"{line}\n" for line in lines))

    def _note(self, what: str, error: OSError) -> None:
        if not self._is_noted:
            self._is_noted = True
            self._notes.append(f"{self._file} cannot be {what}: {error.strerror}")


def _own(file: str, flags: int) -> int:
    """Open it for its owner only."""
    return os.open(file, flags, 0o600)


def _read(line: str) -> str:
    try:
        text = json.loads(line)
    except ValueError:
        return ""
    return text if isinstance(text, str) else ""
