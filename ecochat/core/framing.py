"""Frames on the wire: UTF-8 text (RFC 3629) without NUL, then one NUL byte."""

from enum import Enum

DELIMITER = b"\0"
DEFAULT_LIMIT = 65_536


class BadFrame(Enum):
    """A frame that could not be read; the connection goes on behind it."""

    TOO_LONG = "too long"
    NOT_UTF8 = "not UTF-8"
    UNTERMINATED = "without its null byte"


class FrameDecoder:
    """Cuts a stream of bytes into frames.

    Memory is bounded by ``limit`` plus what one call brings, even when the NUL never
    comes: of a frame that grows over the limit nothing is kept, and it is reported at
    once, before its NUL.

    :param limit: the longest frame in bytes, its NUL not counted.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._limit = limit
        self._begun = bytearray()
        self._skipping = False

    def receive(self, data: bytes) -> list[str | BadFrame]:
        """Take the next bytes and return the frames they complete, in order."""
        ended = data.split(DELIMITER)
        rest = ended.pop()
        frames: list[str | BadFrame] = []
        for raw in ended:
            if self._skipping:
                self._skipping = False
                continue
            if self._begun:
                raw = bytes(self._begun) + raw
                self._begun.clear()
            frames.append(self._decode(raw))
        if rest and not self._skipping:
            self._begun += rest
            if len(self._begun) > self._limit:
                self._begun.clear()
                self._skipping = True
                frames.append(BadFrame.TOO_LONG)
        return frames

    def finish(self) -> BadFrame | None:
        """Say what is wrong with the end of input: bytes that no NUL ended, or nothing.

        The rest of a frame already reported as too long is not reported again.
        """
        return BadFrame.UNTERMINATED if self._begun else None

    def _decode(self, raw: bytes) -> str | BadFrame:
        if len(raw) > self._limit:
            return BadFrame.TOO_LONG
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return BadFrame.NOT_UTF8


def encode_frame(text: str) -> bytes:
    """Return ``text`` as one frame, its NUL included.

    :raises ValueError: when the text holds a NUL, which no frame can carry, or a lone
        surrogate, which UTF-8 has no form for.
    """
    if "\0" in text:
        raise ValueError("a frame cannot hold a NUL character")
    return text.encode() + DELIMITER
