"""Installing EcoChat with pip, each way into an environment of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import TestCase

ROOT = Path(__file__).parents[2]
WAIT = 300.0
"""Seconds for one step: pip fetches and builds, on a slow line too."""

FILES = """
from importlib.metadata import files
print(*(file for file in files("ecochat") if file.suffix != ".pyc"), sep="\\n")
"""


class InstallTests(TestCase):
    """``pip install .`` and ``pip install -e .``."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.copy = self.folder / "copy"
        self.elsewhere = self.folder / "elsewhere"
        self.elsewhere.mkdir(parents=True)
        self.copy_the_tree()
        self.run_here(sys.executable, "-m", "venv", self.folder / "venv")

    def copy_the_tree(self) -> None:
        """Copy what belongs to the tree, so that installing writes nothing into it."""
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = self.run_here(*listed, folder=ROOT).split("\0")
        for name in filter(None, names):
            target = self.copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)

    def run_here(self, *command: str | Path, folder: Path | None = None) -> str:
        """Run a command that has to succeed, away from the tree; return its output."""
        done = subprocess.run(
            command,
            cwd=folder or self.elsewhere,
            env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=WAIT,
        )
        self.assertEqual(done.returncode, 0, f"{command}:\n{done.stdout}")
        return done.stdout

    def program(self, name: str, *arguments: str | Path) -> str:
        """Run a program of the new environment; return its output."""
        return self.run_here(self.folder / "venv" / "bin" / name, *arguments)

    def assert_works(self) -> None:
        """See that ``twistd`` knows the server, from a folder that has nothing."""
        self.assertIn("ecochat", self.program("twistd", "--help"))
        text = self.program("twistd", "ecochat", "--help")
        self.assertIn("--listen", text)
        self.assertEqual(text.count("Usage:"), 1, text)
        self.assertNotIn("Traceback", text)

    def test_installed(self) -> None:
        """A copy is installed, whole and with nothing beside it; Twisted's own files
        are as they were, also when it is uninstalled."""
        self.program("pip", "install", "--quiet", self.copy)
        shutil.rmtree(self.copy)
        self.assert_works()
        files = self.program("python", "-c", FILES).splitlines()
        ours = {file for file in files if not file.startswith("ecochat-")}
        source = {
            str(file.relative_to(ROOT))
            for kind in ("*.py", "*.sql", "py.typed")
            for file in (ROOT / "ecochat").rglob(kind)
        }
        self.assertEqual(ours, source | {"twisted/plugins/ecochat_plugin.py"})
        self.program("pip", "uninstall", "--quiet", "--yes", "ecochat")
        self.assertNotIn("ecochat", self.program("twistd", "--help"))

    def test_editable(self) -> None:
        """The copy itself is what runs."""
        self.program("pip", "install", "--quiet", "--editable", self.copy)
        self.assert_works()
        where = self.program("python", "-c", "import ecochat; print(ecochat.__file__)")
        self.assertEqual(Path(where.strip()), self.copy / "ecochat" / "__init__.py")
        files = self.program("python", "-c", FILES).splitlines()
        self.assertEqual([file for file in files if file.startswith("twisted")], [])
