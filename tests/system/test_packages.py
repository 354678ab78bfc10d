"""The packages: each is built, installed into an environment of its own, and used."""

import atexit
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

from twisted.trial.unittest import TestCase

from ecochat import __version__
from tests.support import server
from tests.support.client import Client
from tests.support.server import Server

ROOT = Path(__file__).parents[2]
WAIT = 300.0
"""Seconds for one step: pip fetches and builds, on a slow line too."""

FILES = """
from importlib.metadata import files
print(*(file for file in files("ecochat") if file.suffix != ".pyc"), sep="\\n")
"""

TAB = """
eval "$(register-python-argcomplete ecochat)"
COMP_WORDS=(ecochat ""); COMP_CWORD=1; COMP_LINE="ecochat "; COMP_POINT=8; COMP_TYPE=9
_python_argcomplete ecochat
printf '%s\\n' "${COMPREPLY[@]}"
"""
"""What bash does when the Tab key is pressed behind ``ecochat``."""


def run(*command: str | Path, folder: Path) -> str:
    """Run a command that has to succeed, in a folder; return its output."""
    done = subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WAIT,
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}"
    return done.stdout


class Built(NamedTuple):
    """What the tests have in common, made once: pip has enough to do.

    :param copy: a copy of the tree, so that nothing is written into that.
    :param tree: the files that belong to it.
    """

    copy: Path
    tree: frozenset[str]
    wheel: Path
    sdist: Path


@cache
def built() -> Built:
    """Build both packages; the wheel is made from the sdist, not from the tree."""
    folder = Path(tempfile.mkdtemp(prefix="ecochat-packages-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    copy, packages = folder / "copy", folder / "packages"
    listed = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = run("git", *listed, folder=ROOT).split("\0")
    tree = frozenset(name for name in names if name and (ROOT / name).exists())
    for name in tree:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    run(sys.executable, "-m", "build", "--outdir", packages, copy, folder=folder)
    (wheel,), (sdist,) = packages.glob("*.whl"), packages.glob("*.tar.gz")
    return Built(copy, tree, wheel, sdist)


class PackagesTestCase(TestCase):
    """Has an empty environment, and a folder that has nothing to do with ours."""

    def setUp(self) -> None:
        path = os.environ.pop("PYTHONPATH", None)
        if path is not None:
            self.addCleanup(os.environ.__setitem__, "PYTHONPATH", path)
        self.folder = Path(self.mktemp()).absolute()
        self.elsewhere = self.folder / "elsewhere"
        self.elsewhere.mkdir(parents=True)
        self.environment = self.folder / "environment"

    def install(self, *what: str | Path) -> None:
        """Make the environment, and let pip install into it."""
        self.run_here(sys.executable, "-m", "venv", "--without-pip", self.environment)
        self.pip("install", *what)

    def pip(self, *words: str | Path) -> None:
        """Run our pip for the environment, which has none: that takes seconds."""
        options = ("--python", self.environment, "--quiet")
        self.run_here(sys.executable, "-m", "pip", *options, *words)

    def run_here(self, *command: str | Path) -> str:
        """Run a command that has to succeed, away from the tree; return its output."""
        return run(*command, folder=self.elsewhere)

    def program(self, name: str, *arguments: str | Path) -> str:
        """Run a program of the environment; return its output."""
        return self.run_here(self.environment / "bin" / name, *arguments)

    def files(self) -> set[str]:
        """Return what pip has installed of ours, beside what it writes itself."""
        files = self.program("python", "-c", FILES).splitlines()
        return {file for file in files if not file.startswith("ecochat-")}

    def assert_works(self) -> None:
        """Use all of it, as one would who has just installed it."""
        self.assertIn("ecochat", self.program("twistd", "--help"))
        text = self.program("twistd", "ecochat", "--help")
        self.assertIn("--listen", text)
        self.assertNotIn("Traceback", text)
        self.assertIn("backup", self.program("ecochat", "--help"))
        for command in (("twistd", "ecochat"), ("ecochat",)):
            version = self.program(*command, "--version")
            self.assertEqual(version, f"EcoChat {__version__}\n")
        self.assert_talks()

    def assert_talks(self) -> None:
        """Start the server, and talk to it: its schema and its jokes are there."""
        self.patch(server, "TWISTD", str(self.environment / "bin" / "twistd"))
        with Server() as running, Client(running.port, "alice") as alice:
            alice.say("hello")
            alice.expect(r"\+ lobby 1$")
            alice.say("/joke")
            alice.expect(r"\* .")
            copy = self.elsewhere / "copy"
            text = self.program("ecochat", "backup", copy, "--data", running.data)
            self.assertIn("1 room, 1 message\n", text)


class PackagesTests(PackagesTestCase):
    """The wheel and the sdist."""

    def test_what_the_wheel_holds(self) -> None:
        """The package whole, the plugin, the manual page; under ``twisted`` nothing
        else, as that folder is Twisted's."""
        with zipfile.ZipFile(built().wheel) as wheel:
            names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        source = {name for name in built().tree if name.startswith("ecochat/")}
        page = f"ecochat-{__version__}.data/data/share/man/man1/ecochat.1"
        plugin = "twisted/plugins/ecochat_plugin.py"
        self.assertEqual(names, source | {page, plugin})

    def test_what_the_sdist_holds(self) -> None:
        """All of the tree: the tests can be run, and the packages made, from it."""
        with tarfile.open(built().sdist) as sdist:
            files = {member.name for member in sdist if member.isfile()}
        names = {name.partition("/")[2] for name in files}
        self.assertEqual(built().tree - names, {".gitignore"})

    def test_the_wheel_installed(self) -> None:
        """It works from any folder; and when it is uninstalled, all of it is gone and
        Twisted is as it was."""
        self.install(built().wheel)
        self.assert_works()
        page = self.environment / "share" / "man" / "man1" / "ecochat.1"
        written = (built().copy / "docs" / "ecochat.1").read_text()
        self.assertEqual(page.read_text(), written)
        self.pip("uninstall", "--yes", "ecochat")
        self.assertNotIn("ecochat", self.program("twistd", "--help"))
        self.assertFalse(page.exists())

    def test_the_sdist_installed(self) -> None:
        """It works, and is the same as the wheel."""
        self.install(built().sdist)
        self.assert_works()
        with zipfile.ZipFile(built().wheel) as wheel:
            names = {
                name for name in wheel.namelist() if name.endswith((".py", ".sql"))
            }
        self.assertLessEqual(names, self.files())

    def test_the_tree_installed(self) -> None:
        """``pip install -e .``: the copy itself is what runs; and Tab completes."""
        self.install("--editable", built().copy)
        self.assert_works()
        where = self.program("python", "-c", "import ecochat; print(ecochat.__file__)")
        self.assertEqual(Path(where.strip()), built().copy / "ecochat" / "__init__.py")
        twisted = {name for name in self.files() if name.startswith("twisted")}
        self.assertEqual(twisted, set())
        activate = f'PATH="{self.environment}/bin:$PATH"'
        offered = self.run_here("bash", "-c", activate + TAB).split()
        self.assertIn("backup", offered)
