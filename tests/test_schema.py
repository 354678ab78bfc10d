"""The schema of the structured dialect, and the codes in it."""

import ast
import json
import runpy
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from jsonschema import Draft202012Validator
from twisted.trial.unittest import SynchronousTestCase

import ecochat
from ecochat import schema
from ecochat.core.requests import OPERATIONS, Refuse
from ecochat.core.wire import CODES, SAID
from ecochat.dialects.structured_parser import StructuredParser
from tests.dialects.generated import Meant, requests, spoiled

ROOT = Path(ecochat.__file__).parent
FILE = ROOT.parent / "docs" / "protocol.schema.json"

REFUSING = ("Refused", "Refuse", "Refusal", "NotOpened", "Kicked", "Error")
"""What is made with a code, which is its first argument or named so."""

PLAIN = ("wrong_password", "last_wrong_password")
"""Codes of the plain dialect's own, which are told to nobody."""


def validator(side: str) -> Any:
    """Return what knows what one side may say."""
    whole = json.loads(schema.schema())
    del whole["anyOf"]
    return Draft202012Validator(whole | {"$ref": f"#/$defs/{side}"})


class SchemaTests(SynchronousTestCase):
    """What is in the repository, and what is in the schema."""

    def test_it_is_current(self) -> None:
        """Whoever changes a type makes the file again."""
        hint = "make it again: make schema"
        self.assertEqual(FILE.read_text(), schema.schema(), hint)

    def test_the_program_writes_it(self) -> None:
        """On its standard output."""
        out = StringIO()
        self.patch(sys, "stdout", out)
        runpy.run_path(schema.__file__, run_name="__main__")
        self.assertEqual(out.getvalue(), schema.schema())

    def test_it_is_a_schema(self) -> None:
        """As the standard has it, with all operations and all that is said."""
        whole = json.loads(schema.schema())
        Draft202012Validator.check_schema(whole)
        for side, kinds in (("request", OPERATIONS), ("said", SAID)):
            ops = [str(kind.__struct_config__.tag) for kind in kinds]
            mapping = whole["$defs"][side]["discriminator"]["mapping"]
            self.assertEqual(list(mapping), ops)
            self.assertEqual(len(whole["$defs"][side]["oneOf"]), len(ops))

    def test_it_explains(self) -> None:
        """Each type and each field that its class explains, inherited ones too, without
        the markup of docstrings."""
        whole = json.loads(schema.schema())
        for name, part in whole["$defs"].items():
            self.assertTrue(part["description"], name)
            self.assertNotIn(":class:", json.dumps(part))
            self.assertNotIn("``", json.dumps(part))
        edit = whole["$defs"]["said.Edit"]["properties"]
        for field in ("ref", "nick", "message"):
            self.assertTrue(edit[field]["description"], field)

    def test_the_codes(self) -> None:
        """They are a closed list."""
        error = json.loads(schema.schema())["$defs"]["said.Error"]
        self.assertEqual(error["properties"]["code"]["enum"], list(CODES))
        said = validator("said")
        self.assertTrue(said.is_valid({"op": "error", "code": "no_room", "text": "x"}))
        self.assertFalse(said.is_valid({"op": "error", "code": "x", "text": "x"}))


class AgreementTests(SynchronousTestCase):
    """The schema and the server are of one mind."""

    def setUp(self) -> None:
        self.request = validator("request")

    @settings(max_examples=100, deadline=None, database=None, derandomize=True)
    @given(requests())
    def test_what_is_read_is_valid(self, meant: Meant) -> None:
        """All that can be asked."""
        self.assertEqual(list(self.request.iter_errors(meant.value)), [])

    @settings(max_examples=200, deadline=None, database=None, derandomize=True)
    @given(spoiled())
    def test_what_is_not_valid_is_refused(self, frame: str) -> None:
        """And what is valid is not, but for what is no text, or another protocol, or
        has a name twice: then readers may differ (RFC 8259, section 4)."""
        asked = StructuredParser().request(frame)
        try:
            value = json.loads(frame, object_pairs_hook=_once)
        except (ValueError, RecursionError):
            return
        code = asked.code if isinstance(asked, Refuse) else ""
        if code not in ("bad_text", "bad_json", "unknown_protocol"):
            self.assertEqual(code == "", self.request.is_valid(value))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; :raises ValueError: when it has a name twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name is there twice")
    return found


class CodeTests(SynchronousTestCase):
    """The codes that are in use."""

    def test_all_are_in_the_list(self) -> None:
        """Whatever core, net and dialects refuse with."""
        files = [f for part in ("core", "net", "dialects") for f in self.files(part)]
        used = {c for f in files for c in codes(ast.parse(f.read_text()))}
        self.assertEqual(sorted(used - set(CODES) - set(PLAIN)), [])
        self.assertIn("no_room", used)

    def files(self, part: str) -> list[Path]:
        """Return the modules of a package."""
        return sorted((ROOT / part).rglob("*.py"))


def codes(tree: ast.AST) -> Iterator[str]:
    """Yield the codes that stand in a module, where something is refused."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in (*REFUSING, "_wrong"):
            named = [k.value for k in node.keywords if k.arg == "code"]
            for argument in (*node.args[:1], *named):
                yield from _words(argument)


def _name(function: ast.expr) -> str:
    return getattr(function, "id", "") or getattr(function, "attr", "")


def _words(value: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression may be; of a variable there are none."""
    if isinstance(value, ast.IfExp):
        yield from (*_words(value.body), *_words(value.orelse))
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
