"""The echo program with commands: an echo, and what others write."""

import hmac
from datetime import datetime

from ecochat.core.items import Clock
from ecochat.core.requests import Clients, Depart, Mac, Name, Request, Tell, Time
from ecochat.dialects.classic.base import ASKED, ClassicDialect, ClassicParser, said

ATTEMPTS = 10
"""Passwords that may be tried after one QUIT; then the connection is closed."""

PROMPT = "ENTER PASSWORD: "
WRONG = "WRONG PASSWORD, TRY AGAIN..."

WORDS: dict[str, Request] = {
    "TIME": Time(local=True, ref=ASKED),
    "WHORU": Name(ref=ASKED),
    "WHRU": Name(ref=ASKED),
    "MAC": Mac(ref=ASKED),
    "CLIENTS NUM": Clients(ref=ASKED),
}
"""What a read that begins so asks for."""


class EcoParser(ClassicParser):
    """See :class:`ecochat.dialects.port.Parser`.

    :param password: what ends the session after QUIT; what follows it in the same read
        does not count.
    """

    def __init__(self, password: str) -> None:
        self._password = password
        self._attempts = 0  # that are left

    def request(self, frame: str) -> Request:
        """See :class:`ecochat.dialects.port.Parser`."""
        if self._attempts:
            return self._attempt(frame[: len(self._password)])
        if frame.startswith("QUIT"):
            self._attempts = ATTEMPTS
            return Tell(PROMPT, ref=PROMPT)
        known = (request for word, request in WORDS.items() if frame.startswith(word))
        return next(known, None) or said(frame, frame)

    def _attempt(self, password: str) -> Request:
        """Compare in constant time, so that answers tell nothing of the password."""
        if hmac.compare_digest(password.encode(), self._password.encode()):
            return Depart()
        self._attempts -= 1
        if not self._attempts:
            return Depart(f"{ATTEMPTS} wrong passwords", ref=WRONG)
        return Tell(WRONG, ref=WRONG)


class EcoDialect(ClassicDialect):
    """See :class:`ecochat.dialects.port.Dialect`.

    :param password: see :class:`EcoParser`.
    """

    form = "eco-{}"

    def __init__(self, room: str, password: str) -> None:
        super().__init__(room)
        self._password = password

    def parser(self) -> EcoParser:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return EcoParser(self._password)

    @staticmethod
    def _clock(body: Clock, ref: str | None) -> str:
        return f"SERVER TIME = {datetime.fromtimestamp(body.time / 1000):%H:%M:%S}"

    answers = {Clock: _clock}
