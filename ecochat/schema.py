"""The JSON Schema of the structured dialect, made from the types that speak it.

``python -m ecochat.schema > docs/protocol.schema.json``; see json-schema.org, 2020-12.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any, Union

import msgspec

from ecochat.core import requests, wire

DIALECT = "https://json-schema.org/draft/2020-12/schema"

SIDES = {
    "request": (requests, requests.OPERATIONS, "What a client says."),
    "said": (wire, wire.SAID, "What the server says."),
}
"""The two definitions that stand for all: where their types are, and what they are."""

_PARAMETER = re.compile(r":param (\w+):(.*?)(?=:param|\Z)", re.DOTALL)
_ROLE = re.compile(r":\w+:`([^`]*)`")


def schema() -> str:
    """Return the whole schema, as the text of a file."""
    definitions: dict[str, Any] = {}
    for side in SIDES:
        definitions |= _side(side)
    whole = {
        "$schema": DIALECT,
        "title": f"EcoChat, protocol {wire.PROTOCOL}",
        "description": "A frame of the structured dialect. Fields that are not here are"
        " ignored, and so is, by clients, an op that is not here.",
        "anyOf": [{"$ref": f"#/$defs/{side}"} for side in SIDES],
        "$defs": definitions,
    }
    return json.dumps(whole, indent=2) + "\n"


def _side(side: str) -> dict[str, Any]:
    """Return the definitions of what one side says by name, that of all of it first."""
    module, types, description = SIDES[side]
    [every], parts = msgspec.json.schema_components(
        [Union[types]],  # noqa: UP007 (there is no other way to make one of a tuple)
        ref_template=f"#/$defs/{side}.{{name}}",
    )
    one_of = {"description": description, "oneOf": every.pop("anyOf"), **every}
    for name, part in parts.items():
        _describe(part, getattr(module, name))
    return {side: one_of} | {f"{side}.{name}": part for name, part in parts.items()}


def _describe(part: dict[str, Any], kind: type[msgspec.Struct]) -> None:
    """Say what a type and its fields are, as its docstring and those it inherits do."""
    part["description"] = _plain((kind.__doc__ or "").partition(":param")[0])
    for base in reversed(kind.__mro__[: kind.__mro__.index(msgspec.Struct)]):
        for name, text in _PARAMETER.findall(base.__doc__ or ""):
            if name in part["properties"]:
                part["properties"][name]["description"] = _plain(text)


def _plain(text: str) -> str:
    """Return a part of a docstring as text without markup, in one line."""
    return " ".join(_ROLE.sub(r"\1", text).replace("``", "`").split())


if __name__ == "__main__":
    sys.stdout.write(schema())
