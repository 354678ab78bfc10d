"""Requests, and what the server says, as the JSON objects that travel."""

from typing import Any, Union

import msgspec

from ecochat.client.errors import ServerFault
from ecochat.core import wire
from ecochat.core.requests import Request

_OPS = frozenset(str(kind.__struct_config__.tag) for kind in wire.SAID)
_decode = msgspec.json.Decoder(Union[wire.SAID]).decode  # noqa: UP007


class _Op(msgspec.Struct):
    op: str
    event: Any = None

    @property
    def is_known(self) -> bool:
        """Whether this version knows it, and the event that it tells of, if any."""
        inner = self.event.get("op") if isinstance(self.event, dict) else self.op
        return {self.op, str(inner)} <= _OPS


def encoded(request: Request) -> bytes:
    """Return a request as JSON, without what is not said in it."""
    fields = msgspec.structs.asdict(request)
    said = {name: value for name, value in fields.items() if value is not None}
    return msgspec.json.encode({"op": request.__struct_config__.tag, **said})


def decoded(frame: str) -> wire.Said | None:
    """Return what a frame says; None for what this version does not know."""
    try:
        said: wire.Said = _decode(frame)
    except (msgspec.DecodeError, RecursionError) as wrong:
        try:
            is_known = msgspec.json.decode(frame, type=_Op).is_known
        except (msgspec.DecodeError, RecursionError):
            is_known = True
        if not is_known:
            return None
        raise ServerFault(f"the server sent what cannot be read: {wrong}") from None
    return said
