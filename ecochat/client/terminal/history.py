"""What a person typed, kept from one run of the client to the next."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit.history import History

ENTRIES = 1_000
"""Entries kept: more than anyone looks through, and read in a few milliseconds."""


class InputHistory(History):
    """A file of one JSON string a line, which only its owner can read.

    A file that cannot be read or written costs the history, not the chat.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def load_history_strings(self) -> Iterable[str]:
        """Return what was typed, the newest first; see prompt_toolkit."""
        try:
            lines = self._file.read_text(errors="replace").splitlines()
            if len(lines) > 2 * ENTRIES:
                self._rewrite(lines[-ENTRIES:])
        except OSError:
            return []
        return [text for line in reversed(lines[-ENTRIES:]) if (text := _read(line))]

    def store_string(self, string: str) -> None:
        """Add what was typed; see prompt_toolkit."""
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(self._file, [json.dumps(string)], os.O_APPEND)
        except OSError:
            return

    def _rewrite(self, lines: list[str]) -> None:
        """Replace the file by its last lines, so that it does not grow for ever."""
        shorter = self._file.with_suffix(".new")
        self._write(shorter, lines, os.O_TRUNC)
        shorter.replace(self._file)

    def _write(self, file: Path, lines: list[str], how: int) -> None:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | how, 0o600)
        with open(handle, "w") as opened:
            opened.writelines(f"{line}\n" for line in lines)


def _read(line: str) -> str:
    try:
        text = json.loads(line)
    except ValueError:
        return ""
    return text if isinstance(text, str) else ""
