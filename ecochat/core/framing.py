"""Frames on the wire: UTF-8 text (RFC 3629) without NUL, then one NUL byte."""

from collections.abc import Callable, Sequence
from enum import Enum

DELIMITER = b"\0"
DEFAULT_LIMIT = 65_536


class BadFrame(Enum):
    """A frame that could not be read; the connection goes on behind it."""

    TOO_LONG = "too long"
    NOT_UTF8 = "not UTF-8"
    UNTERMINATED = "without its null byte"
    WITH_NUL = "with a null byte in it"


class FrameDecoder:
    """Cuts a stream of bytes into frames, one at a time as they are asked for.

    What is not asked for stays bytes: as many objects as frames would take many times
    the memory. Of a frame that grows over the limit nothing is kept, and it is
    reported at once, before its NUL; so beside what was read and not asked for, memory
    is bounded by the limit. A run of empty frames is given as one: they say nothing,
    and a read may be full of them.

    :param limit: the longest frame in bytes, its NUL not counted.
    """

    __slots__ = ("_at", "_begun", "_data", "_limit", "_skipping")

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._limit = limit
        self._data = b""
        self._at = 0
        self._begun: bytearray | None = None  # an empty one takes 56 bytes
        self._skipping = False

    @property
    def waiting(self) -> bool:
        """Whether there are bytes that :meth:`next_frame` has not looked at."""
        return self._at < len(self._data)

    @property
    def is_full(self) -> bool:
        """Whether no more is to be read for now: while there is anything."""
        return self.waiting

    def receive(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        self._data = self._data[self._at :] + data
        self._at = 0

    def next_frame(self) -> str | BadFrame | None:
        """Return the next frame, or what is wrong with it; None when there is none."""
        while (end := self._data.find(DELIMITER, self._at)) >= 0:
            raw = self._data[self._at : end]
            self._at = end + 1
            if self._skipping:
                self._skipping = False
            elif self._begun:
                raw = bytes(self._begun) + raw
                self._begun = None
                return self._decode(raw)
            elif raw:
                return self._decode(raw)
            else:
                self._data = self._data[self._at :].lstrip(DELIMITER)
                self._at = 0
                return ""
        return self._keep_rest()

    def next_run(
        self, most: int, size: int, count: Callable[[list[str]], int]
    ) -> list[str]:
        """Return some of the next frames at once, or none.

        :param most: frames at most.
        :param size: bytes that they may take together, their NULs counted.
        :param count: says how many, given texts that are whole frames; what it does
            not count is not taken. It is not asked where one of them cannot be read.
        """
        begun = self._begun or b""
        end = self._at + max(size - len(begun), 0)
        parts = self._data[self._at : end].split(DELIMITER, most)
        parts.pop()  # what no NUL has ended yet, or what is too much
        if self._skipping or not parts:
            return []
        parts[0] = bytes(begun) + parts[0]
        if max(map(len, parts)) > self._limit:
            return []
        try:
            texts = DELIMITER.join(parts).decode().split("\0")
        except UnicodeDecodeError:
            return []
        del texts[count(texts) :]
        if texts:
            self._begun = None
            taken = sum(map(len, parts[: len(texts)])) + len(texts)
            self._at += taken - len(begun)
        return texts

    def _keep_rest(self) -> BadFrame | None:
        rest, self._data, self._at = self._data[self._at :], b"", 0
        if self._skipping or not rest:
            return None
        self._begun = self._begun or bytearray()
        self._begun += rest
        if len(self._begun) <= self._limit:
            return None
        self._begun = None
        self._skipping = True
        return BadFrame.TOO_LONG

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
    return encode_frames([text])


def encode_frames(texts: Sequence[str]) -> bytes:
    """Return texts as frames, one behind the other; see :func:`encode_frame`."""
    frames = "\0".join([*texts, ""])
    if frames.count("\0") != len(texts):
        raise ValueError("a frame cannot hold a NUL character")
    return frames.encode()
