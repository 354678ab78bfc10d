"""The server's log."""

from __future__ import annotations

from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.items import Item, SessionAway, SessionRenamed
from ecochat.net.serverlog import FEW, ServerLog


def renamed(count: int) -> list[Item]:
    """Return as many new names."""
    return [SessionRenamed(n, n, f"a{n}", f"b{n}") for n in range(1, count + 1)]


class ServerLogTests(SynchronousTestCase):
    """What is written of a turn."""

    def written(self, items: list[Item]) -> list[str]:
        """Return what is."""
        log = ServerLog(with_messages=False)
        with capturedLogs() as entries:
            for item in items:
                log.record(item)
            log.write()
            log.write()
        return [formatEvent(entry) for entry in entries]

    def test_few(self) -> None:
        """A line for each is an entry of its own, written once."""
        lines = [f"s{n} a{n} is now b{n}" for n in range(1, FEW + 1)]
        self.assertEqual(self.written(renamed(FEW)), lines)

    def test_many(self) -> None:
        """They are one entry, of as many lines."""
        [entry] = self.written(renamed(FEW + 1))
        lines = [f"s{n} a{n} is now b{n}" for n in range(1, FEW + 2)]
        self.assertEqual(entry.split("\n"), lines)

    def test_nothing(self) -> None:
        """There is no entry."""
        self.assertEqual(self.written([]), [])

    def test_a_reason_of_several_lines(self) -> None:
        """It is no line of its own: that could be taken for something else's."""
        away = SessionAway(1, 7, "lost\ns8 eve is now bob")
        [entry] = self.written([away])
        self.assertEqual(entry, "s7 is away: lost s8 eve is now bob")
