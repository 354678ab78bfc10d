"""A backup of a server that is being written to, and its restore, as docs/operations.md
says that they are done."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from twisted.trial.unittest import TestCase

from tests.support.client import Client
from tests.support.server import Server
from tests.system.crowd import Entry, Talker, read_log, talk_until

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"

BEFORE = 2_000
"""Messages before the copy is begun: 8 MB, so that it is made in several steps. Those
that follow are short: a copy without what is in the write-ahead log cannot pass because
of them."""

AFTER = 200
"""Messages that are acknowledged behind it."""


def steps(section: str) -> list[str]:
    """Return what a section of the page tells to type, a text for each place."""
    (text,) = re.findall(rf"\n## {section}\n(.*?)(?:\n## |\Z)", PAGE.read_text(), re.S)
    return re.findall(r"(?:^    .*\n)+", text, re.M)


def shell(script: str, folder: Path) -> subprocess.Popen[str]:
    """Start what one would type in a folder."""
    program = f'ecochat() {{ "{sys.executable}" -m ecochat.main "$@"; }}'
    return subprocess.Popen(
        ["sh", "-euc", f"{program}\n{script}"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def texts(nick: str) -> Iterator[str]:
    """Return texts without end, the first of them long, no two the same."""
    for number in count(1):
        yield f"{number} of {nick} {'x' * 3_900 if number <= BEFORE / 4 else ''}"


def entries(talkers: list[Talker]) -> dict[int, Entry]:
    """Return what has been acknowledged, by number."""
    return {
        n: Entry(n, talker.nick, text)
        for talker in talkers
        for (n, _), text in zip(talker.acknowledged, talker.said, strict=False)
    }


class BackupTests(TestCase):
    """``ecochat backup``, and a server that is started with what it made."""

    def setUp(self) -> None:
        self.connections = ExitStack()
        self.addCleanup(self.connections.close)
        self.server = self.connections.enter_context(Server())
        self.backup, self.restore = steps("Backup and restore")[:2]
        self.talkers = [
            Talker(self.server.port, nick, texts(nick), window=50)
            for nick in ("alice", "bob", "carol", "dave")
        ]
        for talker in self.talkers:
            self.connections.enter_context(talker.client)

    def acknowledged(self) -> int:
        """Return how many messages have been."""
        return sum(len(talker.acknowledged) for talker in self.talkers)

    def copy_while_they_talk(self) -> None:
        """Type what the page says, and see that they were not stopped by it."""
        process = shell(self.backup, self.server.folder)
        try:
            talk_until(self.talkers, lambda: process.poll() is not None)
            output = process.communicate()[0]
        finally:
            process.kill()
            process.wait()
        self.assertEqual(process.returncode, 0, output)
        line = r"saved [\d,]+ bytes: 1 room, [\d,]+ messages\n"
        self.assertRegex(output, rf"\A{line}\Z")

    def put_back(self) -> None:
        """Type what the page says, and start the server."""
        process = shell(self.restore, self.server.folder)
        self.assertEqual((process.communicate()[0], process.returncode), ("", 0))
        self.server.start()

    def test_while_everyone_talks(self) -> None:
        """It has all that was acknowledged before, and of the rest a part that has no
        hole; and the server goes on from there, also when the old one was killed."""
        talk_until(self.talkers, lambda: self.acknowledged() >= BEFORE)
        before = entries(self.talkers)
        self.copy_while_they_talk()
        end = self.acknowledged() + AFTER
        talk_until(self.talkers, lambda: self.acknowledged() >= end)
        self.server.kill()
        for talker in self.talkers:
            talker.listen_to_end()
        self.assertEqual(os.stat(self.server.data).st_mode & 0o777, 0o600)
        self.put_back()
        with Client(self.server.port, "reader") as reader:
            self.check(read_log(reader), before)
            reader.say("we go on")
            reader.expect(rf"\+ lobby {self.last + 1}$")

    def check(self, log: list[Entry], before: dict[int, Entry]) -> None:
        """Compare what was restored with what was said."""
        self.last = len(log)
        after = entries(self.talkers)
        self.assertGreaterEqual(self.last, max(before))
        self.assertLess(self.last, max(after))
        for n in range(1, self.last + 1):
            self.assertEqual(log[n - 1], after.get(n, log[n - 1]))
        for talker in self.talkers:
            own = [entry.text for entry in log if entry.nick == talker.nick]
            self.assertEqual(own, talker.said[: len(own)])
