"""The layers: who may import whom, only downwards, and no circles."""

import ast
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import ecochat

ROOT = Path(ecochat.__file__).parent
FILES = {
    ".".join(("ecochat", *file.relative_to(ROOT).with_suffix("").parts)): file
    for file in ROOT.rglob("*.py")
}
TOP = frozenset(
    f"ecochat.{name}"
    for name in (
        *("service", "options", "settings", "kinds", "config", "console", "jokes"),
        *("listen", "main", "manual", "schema", "tap", "textfile"),
        *("classics", "ports"),
    )
)
"""Composition: the only modules that may know everything."""

MAY = {
    "core": {"ecochat.core", "msgspec"},
    "store": {"ecochat.core", "ecochat.store", "msgspec"},
    "dialects": {"ecochat.core", "ecochat.dialects", "msgspec"},
    "net": {"ecochat.core", "ecochat.dialects", "ecochat.net", "ecochat.store.port"}
    | {"msgspec", "twisted", "zope", "OpenSSL"},
    "shell": {"ecochat.core", "ecochat.client", "ecochat.shell", "msgspec", "twisted"},
    "client": {"ecochat.core", "ecochat.client", "msgspec", "twisted", "zope"}
    | {"OpenSSL", "platformdirs", "service_identity"},
    "client.terminal": {"ecochat.core", "ecochat.client", "msgspec", "twisted", "zope"}
    | {"OpenSSL", "platformdirs", "prompt_toolkit"},
    "client.screen": {"ecochat.core", "ecochat.client", "msgspec", "twisted", "zope"}
    | {"OpenSSL", "platformdirs", "prompt_toolkit", "pygments", "wcwidth"},
}
"""What the modules of a package may import beside the standard library. A package that
is not named here fails the test: a new one is given its row first. One within another
has its row, or that of the other."""


def imports(tree: ast.AST) -> set[str]:
    """Return what a module imports anywhere in it, modules of ours by full name."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            names = {f"{module}.{alias.name}" for alias in node.names}
            found |= {name if name in FILES else module for name in names}
    return found


def allowed(name: str, package: str) -> bool:
    """Whether the modules of a package may import this name."""
    own = any(f"{name}.".startswith(f"{prefix}.") for prefix in MAY[package])
    has_version_only = name == "ecochat"
    return own or has_version_only or name.split(".")[0] in sys.stdlib_module_names


class LayerTests(SynchronousTestCase):
    """The arrows between the packages."""

    def setUp(self) -> None:
        self.imports = {
            module: imports(ast.parse(file.read_text()))
            for module, file in FILES.items()
        }

    def test_modules_import_only_downwards(self) -> None:
        """Each package imports what its row of the table names, and nothing else."""
        below = {m for m in FILES if m not in TOP and m != "ecochat.__init__"}
        for module in sorted(below):
            package = module.split(".")[1]
            within = ".".join(module.split(".")[1:3])
            row = within if within in MAY else package
            wrong = {i for i in self.imports[module] if not allowed(i, row)}
            self.assertEqual(wrong, set(), f"{module} must not import that")

    def test_there_are_no_circles(self) -> None:
        """No module imports itself over others, not even for its types."""
        try:
            TopologicalSorter(self.imports).prepare()
        except CycleError as error:
            self.fail(" <- ".join(error.args[1]))
