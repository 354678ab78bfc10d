"""What the server says, before any of it is shown."""

from typing import Any, TypeVar

import msgspec

from ecochat.client.safe import safe, safe_name
from ecochat.core.wire import Said

S = TypeVar("S", bound=Said)

TEXTS = frozenset(("text", "topic", "lines", "reaction"))
"""The fields that may have several lines; the others are names."""


def harmless(said: S) -> S:
    """Return the same with all text in it safe for a terminal, names too.

    Where the marks of what was found are, is not changed with it: of that,
    :mod:`ecochat.client.lines` makes safe what it shows.
    """
    return msgspec.convert(_safe_in(msgspec.to_builtins(said)), type(said))


def _safe_in(value: Any, field: str = "") -> Any:
    if isinstance(value, str):
        return safe(value) if field in TEXTS else safe_name(value)
    if isinstance(value, dict):
        return {safe_name(key): _safe_in(inner, key) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_safe_in(inner, field) for inner in value]
    return value
