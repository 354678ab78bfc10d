"""The manual page."""

import argparse
import runpy
import sys
from io import StringIO
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ecochat import main, manual
from ecochat.core.commands import COMMANDS, Command
from ecochat.core.requests import Depart
from ecochat.settings import ACTIONS, SETTINGS, Setting
from ecochat.shell import outcome

PAGE = Path(__file__).parents[1] / "docs" / "ecochat.1"


class PageTests(SynchronousTestCase):
    """What is in the repository, and what is in the page."""

    def test_it_is_current(self) -> None:
        """Whoever changes a table makes the page again."""
        page = PAGE.read_text()
        hint = "make it again: python -m ecochat.manual > docs/ecochat.1"
        self.assertEqual(page, manual.manual(), hint)

    def test_the_program_writes_it(self) -> None:
        """On its standard output."""
        out = StringIO()
        self.patch(sys, "stdout", out)
        runpy.run_path(manual.__file__, run_name="__main__")
        self.assertEqual(out.getvalue(), manual.manual())

    def test_what_is_in_it(self) -> None:
        """Every command, setting, word and variable has its place."""
        page = manual.manual()
        for command in COMMANDS.values():
            self.assertIn(f"\n\\fB/{command.name}\\fR", page)
        for name in (*SETTINGS, *ACTIONS):
            dashed = name.replace("-", r"\-")
            self.assertIn(f"\\fB\\-\\-{dashed}\\fR", page)
        for word in main.SUBCOMMANDS:
            self.assertIn(f"\n.SS ecochat {word}", page)
        for variable in main.ENVIRONMENT:
            self.assertIn(f"\n\\fB{variable}\\fR\n", page)
        for status in outcome.STATUSES:
            self.assertIn(f"\n.TP\n\\fB{status}\\fR\n", page)

    def test_a_new_row_is_in_it(self) -> None:
        """So the test above fails until the page is made again."""

        def fill(parser: argparse.ArgumentParser) -> None:
            parser.add_argument("room", nargs="?", help="where")
            parser.add_argument("words", metavar="WORD", nargs="+", help="what")

        row = main.Subcommand("do it", "Does it.", fill, lambda _: 0)
        self.patch(main, "SUBCOMMANDS", {"shout": row})
        self.patch(manual, "SUBCOMMANDS", {"shout": row})
        command = Command("bang", "make a noise", Depart)
        self.patch(manual, "COMMANDS", {"bang": command})
        setting = Setting("loud", "N", "how loud", 11)
        self.patch(manual, "SETTINGS", {"loud": setting})
        page = manual.manual()
        self.assertIn("\n.SS ecochat shout [ROOM] WORD ...\nDoes it.\n", page)
        self.assertIn("\n\\fIROOM\\fR\nWhere.\n", page)
        self.assertIn("\n\\fB/bang\\fR\nMake a noise.\n", page)
        loud = "\n\\fB\\-\\-loud\\fR \\fIN\\fR\nHow loud.\nDefault: 11.\n"
        self.assertIn(loud, page)

    def test_it_has_no_errors(self) -> None:
        """Plain ASCII, no empty line, and no request but those that man pages have."""
        known = {"TH", "SH", "SS", "PP", "TP", "BR", "br", "RS", "RE", "nf", "fi"}
        for line in manual.manual().splitlines():
            self.assertTrue(line and line.isascii(), line)
            self.assertFalse(line.startswith("'"), line)
            if line.startswith("."):
                self.assertIn(line[1:].split()[0], known)

    def test_escapes(self) -> None:
        r"""No text is read as markup: a backslash, a dot or a quote at its beginning,
        what would be a typographic sign, what is not ASCII."""
        for text, escaped in {
            r"\0": r"\e0",
            ".operator": r"\&.operator",
            "'quoted'": r"\(aqquoted\(aq",
            "`a^b~-": r"\(gaa\(hab\(ti\-",
            "tea ✓": r"tea \[u2713]",
        }.items():
            self.patch(manual, "EXAMPLES", {text: "What it does."})
            self.assertIn(f".nf\n{escaped}\n.fi\n", manual.manual())
