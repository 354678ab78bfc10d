"""What was sent and not answered yet.

Answers come in the order of the frames, but only two kinds can be told from what comes
unasked: a number (``+``), which answers a message, and an error (``!``). Other answers
are notices of one or more frames; so what has had one is taken as answered when the
next frame is sent, or has its answer.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from ecochat.core.commands import parse_command
from ecochat.core.errors import Refused
from ecochat.core.requests import Depart, Request, Say, SetTopic
from ecochat.core.words import QUIT, find_word

MOST = 100
"""Messages that may wait for their answer; a person sees before that that none come."""


class Sent(NamedTuple):
    """A frame that was sent: what was typed, and what it asks for, where known."""

    typed: str
    request: Request | None

    @property
    def said(self) -> str:
        """What others read of it; empty for what is no message."""
        return self.request.text if isinstance(self.request, Say) else ""

    @property
    def is_acknowledged(self) -> bool:
        """Whether its answer, if it is carried out, is a number."""
        return isinstance(self.request, (Say, SetTopic))


class Unanswered:
    """The frames that wait for their answers, in their order."""

    def __init__(self) -> None:
        self._sent: deque[Sent] = deque()
        self._oldest_has_line = False

    @property
    def is_full(self) -> bool:
        """Whether no more should be sent."""
        return len(self._sent) >= MOST

    @property
    def messages(self) -> list[Sent]:
        """Those that others will read."""
        return [sent for sent in self._sent if sent.said]

    @property
    def has_departure(self) -> bool:
        """Whether one of them asks the server to close."""
        return any(isinstance(sent.request, Depart) for sent in self._sent)

    @property
    def has_line(self) -> bool:
        """Whether a notice came that the oldest may have asked for."""
        return self._oldest_has_line

    def clear(self) -> None:
        """Forget all, since the connection is another one."""
        self._sent.clear()
        self._oldest_has_line = False

    def add(self, sent: Sent) -> None:
        """Take a frame that is sent now."""
        self._skip(lambda _: self._oldest_has_line)
        self._sent.append(sent)

    def noticed(self) -> None:
        """Take that a notice came that may be an answer, or one line of it."""
        self._oldest_has_line = bool(self._sent) and not self._sent[0].is_acknowledged

    def answered(self, *kinds: type[Request]) -> None:
        """Take an answer that only requests of these kinds have: the first of them has
        it, and whatever was sent before has its own."""
        for index, sent in enumerate(self._sent):
            if isinstance(sent.request, kinds):
                for _ in range(index + 1):
                    self._take()
                return

    def acknowledged(self) -> Sent | None:
        """Take that a number came; return what it is of, if that is known."""
        self._skip(lambda sent: not sent.is_acknowledged)
        return self._take()

    def refused(self) -> Sent | None:
        """Take that an error came; return what it is of, None if it came unasked."""
        self._skip(lambda _: self._oldest_has_line)
        return self._take()

    def _take(self) -> Sent | None:
        self._oldest_has_line = False
        return self._sent.popleft() if self._sent else None

    def _skip(self, done: Callable[[Sent], bool]) -> None:
        while self._sent and done(self._sent[0]):
            self._take()


def read_typed(typed: str) -> Sent:
    """Return what a typed frame asks the server for, as far as a client can know."""
    if match := QUIT.fullmatch(typed):
        return Sent(typed, Depart() if match[1] else None)
    if not typed.startswith("/"):
        return Sent(typed, find_word(typed) or Say(typed))
    try:
        return Sent(typed, parse_command(typed))
    except Refused:
        return Sent(typed, None)  # the server says what is wrong with it
