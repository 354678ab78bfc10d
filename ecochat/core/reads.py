"""Input without frames: what one read returns is one message."""

from codecs import getincrementaldecoder
from collections import deque

from ecochat.core.framing import BadFrame

READ = 1_024
"""Bytes of one read: what the classroom programs asked the kernel for at once."""

WAITING = 64
"""Reads that wait, before no more is read: as much as the server reads at once."""

_Decoder = getincrementaldecoder("utf-8")


class ReadDecoder:
    """Gives each read as a text, when it is asked for.

    Only the bytes of a character that two reads divide are put together; a read that
    has no more than a part of one is nothing by itself.
    """

    __slots__ = ("_reads", "_text")

    def __init__(self) -> None:
        self._reads: deque[bytes] = deque()
        self._text = _Decoder()

    @property
    def waiting(self) -> bool:
        """Whether there is something that :meth:`next_frame` has not looked at."""
        return bool(self._reads)

    @property
    def is_full(self) -> bool:
        """Whether no more is to be read for now."""
        return len(self._reads) >= WAITING

    def receive(self, data: bytes) -> None:
        """Take what was read; more than :data:`READ` bytes are several reads."""
        self._reads.extend(data[at : at + READ] for at in range(0, len(data), READ))

    def next_frame(self) -> str | BadFrame | None:
        """Return the next read, or what is wrong with it; None when there is none."""
        while self._reads:
            try:
                text = self._text.decode(self._reads.popleft())
            except UnicodeDecodeError:
                self._text.reset()
                return BadFrame.NOT_UTF8
            if "\0" in text:  # no frame could carry that to others
                return BadFrame.WITH_NUL
            if text:
                return text
        return None

    def finish(self) -> BadFrame | None:
        """Say what is wrong at the end of input: a part of a character, or nothing."""
        return BadFrame.NOT_UTF8 if self._text.getstate()[0] else None
