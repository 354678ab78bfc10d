"""A server's log, as its own console shows it."""

import os
from typing import Any

from twisted.internet.main import CONNECTION_DONE
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.terminal import logged
from ecochat.client.terminal.line import Kind
from ecochat.client.terminal.logged import LogLines, LogReader
from ecochat.client.terminal.look import plain

AT = b"2026-11-21T19:30:05+0000"


class LogLinesTests(SynchronousTestCase):
    """From bytes to lines."""

    def setUp(self) -> None:
        self.lines = LogLines()

    def shown(self, data: bytes) -> list[str]:
        """Return what is shown of some bytes."""
        return [plain(line) for line in self.lines.receive(data)]

    def test_entries(self) -> None:
        """Each with its time, however it is cut; what warns looks so."""
        entry = AT + b" [ecochat.service.ChatService#info] listening on tcp:4040\n"
        self.assertEqual(self.shown(entry[:30]), [])
        self.assertEqual(self.shown(entry[30:]), ["19:30:05 * listening on tcp:4040"])
        self.assertEqual(self.shown(AT + b" [-] (Port)\n"), ["19:30:05 * (Port)"])
        [line] = self.lines.receive(AT + b" [x#warn] OPEN\n")
        self.assertEqual((line.kind, line.text), (Kind.ERROR, "OPEN"))

    def test_what_the_console_shows_anyway(self) -> None:
        """Is left out, and what goes on with it; what goes on with a failure is not."""
        own = AT + b" [ecochat.net.serverlog.ServerLog#info] s1 al connected from x\n"
        more = b"\ts2 bo connected from y\n"
        self.assertEqual(self.shown(own + more), [])
        self.assertEqual(self.shown(own + b"Fatal error\n"), ["* Fatal error"])
        failed = AT + b" [x#critical] failed\n\tTraceback\n\n"
        self.assertEqual(self.shown(failed), ["19:30:05 ! failed", "!     Traceback"])

    def test_it_is_harmless(self) -> None:
        """Whatever bytes come."""
        shown = self.shown(b"\x1b]0;evil\x07\xff\n")
        self.assertEqual(shown, ["* \\x1b]0;evil\\x07\ufffd"])

    def test_no_line_is_waited_for_for_ever(self) -> None:
        """Nor held, if it never ends."""
        self.assertEqual(self.shown(b"x" * logged.LONGEST), [])
        [line] = self.shown(b"y")
        self.assertEqual(len(line), len("* ") + logged.LONGEST + 1)


class LogReaderTests(SynchronousTestCase):
    """From a file number."""

    def test_to_the_end(self) -> None:
        """It takes what comes, does not wait, and says when it is over."""
        pipe, entrance = os.pipe()
        self.addCleanup(os.close, pipe)
        taken: list[bytes] = []
        over: list[bool] = []
        read: Any = LogReader(pipe, taken.append, lambda: over.append(True))
        readers: list[Any] = []

        class Reactor:
            """Keeps what it is to read."""

            addReader = staticmethod(readers.append)

        read.start(Reactor())
        self.assertEqual((readers, read.fileno()), ([read], pipe))
        self.assertIsNone(read.doRead())
        os.write(entrance, b"ready\n")
        read.doRead()
        self.assertEqual(taken, [b"ready\n"])
        os.close(entrance)
        self.assertIs(read.doRead(), CONNECTION_DONE)
        read.connectionLost(Failure(CONNECTION_DONE))
        self.assertEqual((over, read.logPrefix()), ([True], "log"))
