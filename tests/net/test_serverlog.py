"""The server's log."""

from __future__ import annotations

from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.items import (
    Event,
    Item,
    SessionAway,
    SessionClosed,
    SessionOpened,
    SessionRenamed,
)
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
        away = SessionAway(1, 7, "lost\ns8 eve is now bob", "al")
        [entry] = self.written([away])
        self.assertEqual(entry, "s7 is away: lost s8 eve is now bob")

    def test_clients_of_the_upper_case_program(self) -> None:
        """They are called what that program's log called them; others are not, whose
        names only look like that."""
        for nick, name in (("client-12", "Client 12"), ("myclient-1", "myclient-1")):
            items = [
                SessionOpened(1, 7, nick, "1.2.3.4:5", 1000, 3),
                SessionClosed(2, 7, nick, "closed", 1000, 0),
            ]
            lines = [
                f"s7 {name} connected from 1.2.3.4:5",
                f"s7 {name} disconnected: closed; 0 remain",
            ]
            self.assertEqual(self.written(list(items)), lines)

    def test_what_they_say(self) -> None:
        """It is theirs in the log, too, where that has what is said."""
        event = Event(1, 1, 5, 1000, 7, "client-1", "message", "client-2")
        log = ServerLog(with_messages=True)
        with capturedLogs() as entries:
            log.messages("lobby", [event])
            log.write()
        [entry] = map(formatEvent, entries)
        self.assertEqual(entry, "lobby 5 Client 1: 'client-2'")
