"""What docs/client.md tells of keys and commands."""

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen.keys import KEYS
from ecochat.client.terminal.commands import OFFERED

PAGE = (Path(__file__).parents[3] / "docs" / "client.md").read_text()


def table(head: str) -> str:
    """Return the rows of the table that begins so."""
    found = re.search(rf"^\| {head} \|.*\n\| --- .*\n((\|.*\n)*)", PAGE, re.MULTILINE)
    return found[1] if found else ""


class ClientPageTests(SynchronousTestCase):
    """Its tables are the program's."""

    maxDiff = None

    def test_keys(self) -> None:
        """All that are shown in the program, in the same order and words."""
        rows = "".join(f"| {key.shown} | {key.help} |\n" for key in KEYS)
        self.assertEqual(table("key"), rows)

    def test_commands(self) -> None:
        """All that are offered, with their arguments."""
        usages = [(c.usage.replace("|", r"\|"), c.help) for c in OFFERED.values()]
        rows = "".join(f"| `{usage}` | {help} |\n" for usage, help in usages)
        self.assertEqual(table("command"), rows)
