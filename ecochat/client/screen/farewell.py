"""What is told in the shell when the screen is closed: what waits there."""

from __future__ import annotations

from typing import NamedTuple


class Left(NamedTuple):
    """What one leaves at a server.

    :param where: its address, safe to show.
    :param unstored: how much of what one wrote is not known to be stored.
    :param refused: how many messages were refused, and not taken back.
    :param is_sent_later: whether an outbox has what is not stored.
    :param is_shown_later: whether what was refused is on the disk.
    """

    where: str
    unstored: int
    refused: int
    is_sent_later: bool = True
    is_shown_later: bool = True

    def told(self) -> list[str]:
        """Return a sentence on each; none where there is nothing."""
        told = []
        if self.unstored:
            what = f"{_messages(self.unstored)} for {self.where}"
            are = f"{what} {_are(self.unstored)} not stored yet"
            told.append(are + _end(self.unstored, "sent", self.is_sent_later))
        if self.refused:
            are = f"{_messages(self.refused)} for {self.where} {_are(self.refused)}"
            end = _end(self.refused, "shown", self.is_shown_later)
            told.append(f"{are} refused{end}")
        return told


def _end(count: int, done: str, is_later: bool) -> str:
    they = "it" if count == 1 else "they"
    if is_later:
        return f"; {they} {_are(count)} {done} at the next start there"
    return f", and {they} could not be kept on this machine's disk"


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
