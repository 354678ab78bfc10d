"""What a connection has sent and is not taken yet."""

from __future__ import annotations

from collections.abc import Callable

from ecochat.core.framing import BadFrame, FrameDecoder
from ecochat.core.reads import ReadDecoder
from ecochat.net.bucket import TokenBucket

BAD_FRAMES = 100
"""Bad frames in a row after which the peer is taken to speak something else."""


class Intake:
    """It waits here as bytes, and is taken frame by frame, no faster than it may be.

    :param decoder: what it is cut by.
    :param bucket: how fast it may be taken; None for as fast as one likes.
    """

    __slots__ = ("_bad", "_bucket", "_decoder")

    def __init__(
        self, decoder: FrameDecoder | ReadDecoder, bucket: TokenBucket | None = None
    ) -> None:
        self._decoder = decoder
        self._bucket = bucket
        self._bad = 0  # frames in a row

    @property
    def waiting(self) -> bool:
        """Whether anything waits."""
        return self._decoder.waiting

    @property
    def may_wait(self) -> bool:
        """Whether there is anything, and a limit on how fast it may be taken."""
        return self._bucket is not None and self._decoder.waiting

    @property
    def is_full(self) -> bool:
        """Whether no more is to be read for now."""
        return self._decoder.is_full

    @property
    def is_senseless(self) -> bool:
        """Whether so many bad frames came in a row as nobody sends by mistake."""
        return self._bad == BAD_FRAMES

    def receive(self, data: bytes) -> None:
        """Take what was read."""
        self._decoder.receive(data)

    def wait(self, now: float) -> float:
        """Return how many seconds the next frame has to wait; 0 for none.

        :param now: the present time, in seconds.
        """
        return 0 if self._bucket is None else self._bucket.wait(now)

    def is_too_fast(self, now: float) -> bool:
        """Whether it begins to wait now, which is to be told once."""
        return self._bucket is not None and self._bucket.empty(now)

    def next_run(
        self, most: int, size: int, count: Callable[[list[str]], int]
    ) -> list[str]:
        """Take some of the next frames at once, or none; see
        :meth:`ecochat.core.framing.FrameDecoder.next_run`."""
        assert isinstance(self._decoder, FrameDecoder)  # reads are never a run
        if self._bucket is not None:
            most = min(most, self._bucket.tokens)
        texts = self._decoder.next_run(most, size, count)
        if texts:
            self._bad = 0
            self._pay(len(texts))
        return texts

    def next_frame(self) -> str | BadFrame | None:
        """Take the next frame, or what is wrong with it; None when there is none."""
        frame = self._decoder.next_frame()
        if frame is not None:
            self._bad = self._bad + 1 if isinstance(frame, BadFrame) else 0
            self._pay(1)
        return frame

    def _pay(self, frames: int) -> None:
        if self._bucket is not None:
            self._bucket.take(frames)

    def finish(self) -> BadFrame | None:
        """Say what is wrong with the end of input, if anything is."""
        return self._decoder.finish()


UNREAD = Intake(FrameDecoder())
"""What all links have till something is read; it is never given anything."""
