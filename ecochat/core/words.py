"""Classic words: what the classroom programs understood, each as a whole frame."""

import re

from ecochat.core.requests import Clients, Depart, Mac, Name, Request, Status, Time

WORDS: dict[str, Request] = {
    "TIME": Time(local=True),
    "WHRU": Name(),
    "WHORU": Name(),
    "MAC": Mac(),
    "CLIENTS NUM": Clients(),
    "CLOSE SOCKET": Depart(),
    "q": Depart(),
}

WORDS_IN_ANY_CASE: dict[str, Request] = {
    "status": Status(),
    "exit": Depart(tell=True),
}

QUIT = re.compile(r"QUIT(?: (\S+))?")
"""The word that needs a password, and the password where it stands behind it."""

_LONGEST = max(map(len, (*WORDS, *WORDS_IN_ANY_CASE)))


def find_word(text: str) -> Request | None:
    """Return what a frame asks for that is one of the words, but for ``QUIT``."""
    if len(text) > _LONGEST:
        return None  # nearly every message, so this is what it costs
    return WORDS.get(text) or WORDS_IN_ANY_CASE.get(text.lower())
