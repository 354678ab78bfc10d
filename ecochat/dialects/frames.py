"""What dialects have in common: how a frame that could not be read is answered."""

from ecochat.core.framing import BadFrame
from ecochat.core.requests import Refuse

_TEXTS = {
    BadFrame.TOO_LONG: "frame longer than {limit} bytes, ignored",
    BadFrame.NOT_UTF8: "not UTF-8, ignored",
    BadFrame.UNTERMINATED: "frame without its null byte, ignored",
    BadFrame.WITH_NUL: "a message cannot have a null byte in it, ignored",
}


def bad_frame(problem: BadFrame, limit: int) -> Refuse:
    """See :class:`ecochat.dialects.port.Dialect`."""
    return Refuse("bad_frame", _TEXTS[problem].format(limit=limit))
