"""What was typed, kept in a file."""

import json
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.terminal.history import ENTRIES, InputHistory


class HistoryTests(SynchronousTestCase):
    """A file in a folder that is not there yet."""

    def setUp(self) -> None:
        self.file = Path(self.mktemp()) / "deep" / "input-history"

    def loaded(self) -> list[str]:
        """Return what a new run of the client finds."""
        return list(InputHistory(self.file).load_history_strings())

    def test_it_is_kept_for_its_owner_only(self) -> None:
        """The newest comes first; several lines are one entry."""
        self.assertEqual(self.loaded(), [])
        history = InputHistory(self.file)
        for text in ("one", "two\nlines", "ü \ud800"):
            history.append_string(text)
        self.assertEqual(self.loaded(), ["ü \ud800", "two\nlines", "one"])
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.file.parent.stat().st_mode & 0o777, 0o700)

    def test_it_does_not_grow_for_ever(self) -> None:
        """The last entries are kept, and still for the owner only."""
        self.file.parent.mkdir(parents=True)
        self.file.write_text("".join(f'"{n}"\n' for n in range(2 * ENTRIES + 1)))
        self.assertEqual(len(self.loaded()), ENTRIES)
        self.assertEqual(len(self.file.read_text().splitlines()), ENTRIES)
        self.assertEqual(self.loaded()[0], str(2 * ENTRIES))
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)

    def test_two_that_start(self) -> None:
        """Neither loses what the other one adds while it shortens the file."""
        self.file.parent.mkdir(parents=True)
        self.file.write_text("".join(f'"{n}"\n' for n in range(2 * ENTRIES + 1)))
        one, other = (InputHistory(self.file) for _ in range(2))
        shorten = one._shorten

        def added_first() -> None:
            other.append_string("new")
            shorten()

        self.patch(one, "_shorten", added_first)
        list(one.load_history_strings())
        self.assertEqual(self.loaded()[0], "new")

    def test_what_cannot_be_read_is_passed_over(self) -> None:
        """Somebody's editor, or half a line."""
        self.file.parent.mkdir(parents=True)
        self.file.write_bytes(b'"one"\n\xff\n{"a": 1}\n' + json.dumps("two").encode())
        self.assertEqual(self.loaded(), ["two", "one"])

    def test_where_nothing_can_be_written(self) -> None:
        """The chat goes on, and remembers for this run."""
        history = InputHistory(Path("/dev/null/input-history"))
        history.append_string("one")
        self.assertEqual(history.get_strings(), ["one"])
        self.assertEqual(list(history.load_history_strings()), [])
        [note] = history.take_notes()
        self.assertIn("/dev/null/input-history cannot be written", note)
        history.append_string("two")
        self.assertEqual(history.take_notes(), [])
