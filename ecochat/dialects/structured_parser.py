"""What a frame of the structured dialect asks for: a JSON object with an ``op``.

A good frame is decoded once, straight into its request. Only one that fails is looked
at again, loosely, to say what is wrong with it and which request it was.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Union

import msgspec

from ecochat.core import limits
from ecochat.core.requests import (
    OPERATIONS,
    Depart,
    GetTopic,
    Quit,
    Refuse,
    Request,
    SetTopic,
)
from ecochat.core.wire import PROTOCOL

ECHO = 40
"""Characters of a frame that an error repeats: enough to find it by, no more."""

NAMES = tuple(str(kind.__struct_config__.tag) for kind in OPERATIONS)
"""What ``op`` can be."""

_decode: Callable[[str], Request] = msgspec.json.Decoder(Union[OPERATIONS]).decode  # noqa: UP007

_LONGEST = len("Invalid value '") + ECHO
"""Characters of what the decoder says that are told: it may name what it found."""

_HELLO = re.compile(r'[\s\ufeff]*\{.*"op"\s*:\s*"hello"', re.DOTALL)
_PLACE = re.compile(r"(.*) - at `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(\w+)`")
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


class StructuredParser:
    """See :class:`ecochat.dialects.port.Parser`. It keeps nothing between frames."""

    messages = None

    def request(self, frame: str) -> Request | None:
        """See :class:`ecochat.dialects.port.Parser`."""
        try:
            request = _decode(frame)
        except (msgspec.DecodeError, RecursionError, ValueError) as wrong:
            return _refuse(frame, wrong) if frame and not frame.isspace() else None
        if "\\u0000" in frame and (refusal := _no_text(_loosely(frame))):
            return refusal
        translate = _INTERNAL.get(type(request))
        return translate(request) if translate else request

    def named(self, nick: str) -> None:
        """See :class:`ecochat.dialects.port.Parser`; it makes no difference here."""


def is_hello(frame: str) -> bool:
    """Whether a first frame is a hello, or was meant to be one: it holds a secret, and
    is not to be said in a room when it is broken."""
    return bool(_HELLO.match(frame)) or _member(_loosely(frame), "op") == "hello"


def _topic(request: SetTopic) -> Request:
    if request.topic is None:
        return GetTopic(request.room, ref=request.ref)
    return request


def _quit(request: Quit) -> Request:
    return Depart(tell=True, ref=request.ref)


_INTERNAL: dict[type[Request], Callable[[Any], Request]] = {
    SetTopic: _topic,
    Quit: _quit,
}
"""What is another request than the one it is decoded into."""


def _refuse(frame: str, wrong: Exception) -> Refuse:
    """Say what is wrong with a frame that could not be decoded."""
    loose = _loosely(frame)
    if refusal := _no_text(loose):
        return refusal
    ref = _ref(loose)
    if not isinstance(wrong, msgspec.ValidationError):
        text = f"not JSON that can be read: {_reason(wrong)}; expected one object"
        return Refuse("bad_json", text, ref=ref)
    op = _member(loose, "op")
    if isinstance(op, str) and op not in NAMES:
        return _unknown(op, ref)
    if op == "hello" and (newer := unknown_protocol(_member(loose, "protocol"), ref)):
        return newer
    text, path = _explained(str(wrong))
    return Refuse("bad_request", text, path, ref=ref)


def unknown_protocol(protocol: Any, ref: str | None) -> Refuse | None:
    """Refuse a hello of another version of the protocol, whatever else is in it."""
    if not isinstance(protocol, int | float) or protocol == PROTOCOL:
        return None
    text = f"protocol {protocol:.0f} is not known here, {PROTOCOL} is"
    return Refuse("unknown_protocol", text, "$.protocol", ref=ref)


def _unknown(op: str, ref: str | None) -> Refuse:
    name = op[:ECHO]
    near = difflib.get_close_matches(name.lower(), NAMES, 1)
    hint = f", did you mean {near[0]!r}?" if near else "; the protocol page lists them"
    return Refuse("unknown_op", f"unknown operation {name!r}{hint}", "$.op", ref=ref)


def _reason(wrong: Exception) -> str:
    return "nested too deeply" if isinstance(wrong, RecursionError) else str(wrong)


def _explained(message: str) -> tuple[str, str]:
    """Return a sentence and a path from what the decoder says of a frame."""
    if missing := _MISSING.fullmatch(message):
        return f"the field {missing[1]} is missing", f"$.{missing[1]}"
    place = _PLACE.fullmatch(message)
    what, path = place.groups() if place else (message, "")
    what = what[:_LONGEST]
    return f"{path or 'the frame'}: {what[:1].lower()}{what[1:]}", path


def _loosely(frame: str) -> Any:
    """Return a frame as whatever JSON it is, also with half a surrogate pair in it;
    None where it is none, or nested deeper than Python's own calls may be.

    Integers become floats: of a huge one Python would refuse to make an integer.
    """
    try:
        return json.loads(frame, parse_int=float)
    except (ValueError, RecursionError):
        return None


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _ref(loose: Any) -> str | None:
    """Return the ref of a frame, if it has one that can be sent back."""
    ref = _member(loose, "ref")
    is_one = isinstance(ref, str) and len(ref) <= limits.REF
    return ref if is_one and not _NO_TEXT.search(ref) else None


def _no_text(loose: Any) -> Refuse | None:
    """Refuse a frame with a string in it that is no text."""
    for name, value in loose.items() if isinstance(loose, dict) else ():
        for found in filter(None, map(_NO_TEXT.search, _strings(name, value))):
            is_field = name.isidentifier() and len(name) <= ECHO
            path = f"$.{name}" if is_field else "$"
            what = "a NUL" if found[0] == "\0" else "half a surrogate pair"
            text = f"{path}: expected Unicode text, got a string with {what}"
            return Refuse("bad_text", text, path, ref=_ref(loose))
    return None


def _strings(*values: Any) -> Iterator[str]:
    """Yield all strings in what was decoded, the names of members too."""
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += [*value, *value.values()]
