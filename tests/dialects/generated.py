"""Frames of the structured dialect as a program may send them, made from its types."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from ecochat.core import limits
from ecochat.core.requests import OPERATIONS, Request

Strategy = st.SearchStrategy[Any]

TEXT = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
"""What can stand in a text: all of Unicode but what no text has."""

JSON: Strategy = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(TEXT),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(TEXT), inner),
    max_leaves=9,
)
"""Any value."""


UNKNOWN = st.text(TEXT).map("x-{}".format)
"""Names of fields that no operation has."""

PIECES = (
    *(r"\u0000", r"\ud83d", '"', "\\", "{", "}", "[" * 2_000, ",", ":", "null"),
    *("9" * 5_000, "1e999", "NaN", "\0", '"op":"say",', '"ref":"x",'),
)
"""What is put into a frame somewhere."""


class Meant(NamedTuple):
    """A frame's object, and the request that it is."""

    value: dict[str, Any]
    request: Request


def _text(kind: inspect.StrType) -> Strategy:
    return st.text(TEXT, min_size=kind.min_length or 0, max_size=kind.max_length)


def _integer(kind: inspect.IntType) -> Strategy:
    least = -limits.NUMBER if kind.ge is None else kind.ge
    return st.integers(least, limits.NUMBER if kind.le is None else kind.le)


def _union(kind: inspect.UnionType) -> Strategy:
    return st.one_of(*map(values, kind.types))


def _dictionary(kind: inspect.DictType) -> Strategy:
    return st.dictionaries(values(kind.key_type), values(kind.value_type), max_size=5)


_STRATEGIES: dict[type[inspect.Type], Callable[[Any], Strategy]] = {
    inspect.StrType: _text,
    inspect.IntType: _integer,
    inspect.BoolType: lambda kind: st.booleans(),
    inspect.NoneType: lambda kind: st.none(),
    inspect.UnionType: _union,
    inspect.DictType: _dictionary,
}


def values(kind: inspect.Type) -> Strategy:
    """Return what makes values of a type, as JSON has them."""
    return _STRATEGIES[type(kind)](kind)


@st.composite
def requests(draw: st.DrawFn) -> Meant:
    """Make a request with any of its fields, and some that are unknown."""
    kind = draw(st.sampled_from(OPERATIONS))
    value = draw(st.just({}) | st.dictionaries(UNKNOWN, JSON))
    fields = {}
    for field in msgspec.structs.fields(kind):
        if field.required or draw(st.booleans()):
            fields[field.name] = draw(values(inspect.type_info(field.type)))
    value |= fields | {"op": kind.__struct_config__.tag}
    order = draw(st.permutations(list(value)))
    return Meant({name: value[name] for name in order}, kind(**fields))


@st.composite
def spoiled(draw: st.DrawFn) -> str:
    """Make a frame that was a request, with something wrong in it, or not."""
    value = dict(draw(requests()).value)
    name = draw(st.sampled_from([*value]))
    how = draw(st.sampled_from(["gone", "other", "renamed", "cut", "put in"]))
    if how == "gone":
        del value[name]
    elif how == "other":
        value[name] = draw(JSON | st.text())
    elif how == "renamed":
        value[draw(st.text())] = value.pop(name)
    frame = json.dumps(value, ensure_ascii=draw(st.booleans()))
    at = draw(st.integers(0, len(frame)))
    if how == "cut":
        return frame[:at]
    if how == "put in":
        piece = draw(st.text() | st.sampled_from(PIECES))
        return frame[:at] + piece + frame[at:]
    return frame
