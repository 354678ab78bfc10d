"""What a frame of the plain dialect asks for: a command, a classic word, a message."""

from __future__ import annotations

import hmac

from ecochat.core.commands import parse_command
from ecochat.core.errors import Refused
from ecochat.core.requests import Depart, Refuse, Request, Say, Tell
from ecochat.core.words import QUIT, find_word

ATTEMPTS = 3
"""Passwords that may be tried after one QUIT; what follows is said in the room."""

LAST_PASSWORD = "last_wrong_password"
"""The code of the refusal after which frames are messages again."""

_OTHER = frozenset(("/", "Q", "{", "\ufeff", ""))
"""What something else than a message may begin with, beside blanks: a command, the word
QUIT, a hello that comes too late."""


class PlainParser:
    """See :class:`ecochat.dialects.port.Parser`.

    :param quit_password: see :class:`ecochat.dialects.plain.PlainDialect`.
    """

    __slots__ = ("_attempts", "_password")

    def __init__(self, quit_password: str | None = None) -> None:
        self._password = quit_password
        self._attempts = 0  # that are left

    def messages(self, frames: list[str]) -> int:
        """See :class:`ecochat.dialects.port.Parser`. What begins or ends as something
        else can is looked at by itself."""
        if self._attempts:
            return 0
        for count, text in enumerate(frames):
            first = text[:1]
            if first in _OTHER or first.isspace() or text[-1] == "\n":
                return count
            if find_word(text) is not None:
                return count
        return len(frames)

    def request(self, frame: str) -> Request | None:
        """See :class:`ecochat.dialects.port.Parser`."""
        text = trim(frame)
        if self._attempts:
            return self._attempt(text)
        if not text or text.isspace():
            return None
        if text.startswith("/"):
            return _command(text)
        return self._classic(text) or Say(text)

    def named(self, nick: str) -> None:
        """See :class:`ecochat.dialects.port.Parser`; it makes no difference here."""

    def _classic(self, text: str) -> Request | None:
        if self._password is None:
            return None
        if not text.startswith("QUIT"):
            return find_word(text)
        if text == "QUIT":
            self._attempts = ATTEMPTS
            return Tell("password?")
        if match := QUIT.fullmatch(text):
            return Depart() if self._is_right(match[1]) else _wrong("wrong_password")
        return None

    def _attempt(self, text: str) -> Request:
        if self._is_right(text):
            return Depart()
        self._attempts -= 1
        return _wrong("wrong_password" if self._attempts else LAST_PASSWORD)

    def _is_right(self, password: str) -> bool:
        """Compare in constant time, so that answers tell nothing of the password."""
        wanted = self._password or ""
        return hmac.compare_digest(password.encode(), wanted.encode())


def trim(frame: str) -> str:
    """Return a frame without the one LF or CRLF that may end it."""
    return (
        frame.removesuffix("\n").removesuffix("\r") if frame.endswith("\n") else frame
    )


def _wrong(code: str) -> Refuse:
    return Refuse(code, "wrong password, try again")


def _command(text: str) -> Request:
    try:
        return parse_command(text)
    except Refused as refused:
        return Refuse(refused.code, refused.text)
