"""Calls a person who looks elsewhere: the terminal's bell, and its notifications."""

from collections.abc import Callable
from math import inf

from ecochat.client.safe import safe_name

PAUSE = 1.0
"""Seconds between two of a kind: what comes sooner says nothing new to who is away, and
a room that is busy must not make a terminal ring without end."""

LENGTH = 200
"""Characters of a notification: desktops show about as many."""

PROGRAM = "EcoChat"
"""Begins each, so that no text is taken for one of the numbers that some terminals read
there (``9;4;…`` is ConEmu's progress bar)."""


class Notifier:
    """Rings the bell, and has the terminal notify (OSC 9, ``ESC ] 9 ; text BEL``). A
    terminal that knows no OSC 9 shows nothing of it.

    :param write: writes to the terminal as it is, at once.
    :param clock: gives seconds, since any moment.
    """

    def __init__(
        self, write: Callable[[str], None], clock: Callable[[], float]
    ) -> None:
        self._write = write
        self._clock = clock
        self._rang = self._notified = -inf

    def bell(self) -> None:
        """Ring, unless that was done less than a second ago."""
        now = self._clock()
        if now >= self._rang + PAUSE:
            self._rang = now
            self._write("\a")

    def notify(self, title: str, text: str) -> None:
        """Show a notification, unless one was shown less than a second ago.

        :param title: as the room and who writes; others wrote it, as they did the text.
        """
        now = self._clock()
        if now >= self._notified + PAUSE:
            self._notified = now
            shown = safe_name(f"{PROGRAM}: {title}: {text}"[:LENGTH])
            self._write(f"\033]9;{shown}\a")
