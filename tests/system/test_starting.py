"""Starting on a file with something in it, not starting on others, and stopping."""

import os
import re
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from twisted.trial.unittest import TestCase

from tests.support.client import Client
from tests.support.server import TWISTD, Server
from tests.support.waiting import WAIT, wait_until
from tests.system.starting import LEFT_OPEN, fill, time_of

MESSAGES = 20_000
SESSIONS = 2_000


class FullFileTests(TestCase):
    """A server starts from what is in its file."""

    def test_it_goes_on_where_the_file_ends(self) -> None:
        """Sessions that a crash left open ended when the last thing was stored, no
        session number is given twice, and the log is there to read."""
        server = Server()
        self.addCleanup(server.__exit__, None, None, None)
        fill(Path(server.data), MESSAGES, SESSIONS)
        server.start()
        with Client(server.port) as client:
            client.say("after all that")
            greeting = client.expect(r"\* Welcome")
            self.assertIn(f"You are guest-{SESSIONS + 1} in lobby alone.", greeting)
            self.assertEqual(client.expect(r"\+ "), f"+ lobby {MESSAGES + 1}")
            lines = client.ask("/history 1000", r"\* end lobby \d+$")
        begun = MESSAGES + 1 - 999
        numbers = [int(re.match(r"\* lobby (\d+) ", li)[1]) for li in lines[:-1]]  # type: ignore[index]
        self.assertEqual(numbers, list(range(begun, MESSAGES + 2)))
        self.assertIn(f"someone: message {MESSAGES} x", lines[-3])
        self.check_sessions(server)

    def check_sessions(self, server: Server) -> None:
        """Check when the sessions of the file ended."""
        server.stop()
        with closing(sqlite3.connect(server.data)) as db:
            ended = db.execute("SELECT disconnected FROM sessions WHERE id <= ?",
                               (SESSIONS,)).fetchall()  # fmt: skip
        open_ones = int(SESSIONS * LEFT_OPEN)
        crashed = time_of(MESSAGES)
        self.assertEqual(ended[-open_ones:], [(crashed,)] * open_ones)
        self.assertNotIn((crashed,), ended[:-open_ones])
        self.assertNotIn((None,), ended)


class RefusedFileTests(TestCase):
    """A file that cannot be used ends the start: one line that says what to do."""

    def setUp(self) -> None:
        """Have a folder for the files."""
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(parents=True)
        self.pid_file = self.folder / "pid"

    def run_server(self, data: object, daemon: bool) -> tuple[int, str]:
        """Start a server; return the exit status and what it wrote on stderr."""
        twistd = [TWISTD, f"--pidfile={self.pid_file}", "--logfile=log"]
        if not daemon:
            twistd.append("-n")
        where = ["--listen", "tcp:0:interface=127.0.0.1", "--data", str(data)]
        self.addCleanup(self.stop_daemon)
        ended = subprocess.run(
            [*twistd, "ecochat", *where],
            cwd=self.folder,
            capture_output=True,
            timeout=WAIT,
            check=False,
        )
        return ended.returncode, ended.stderr.decode()

    def stop_daemon(self) -> None:
        """Stop the server that the pid file names, where there is one."""
        if self.pid_file.exists():
            pid = int(self.pid_file.read_text())
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda: not Path(f"/proc/{pid}").exists())

    def check_refused(self, data: object, told: str) -> None:
        """Check that both kinds of server refuse a file with one line."""
        for daemon in (False, True):
            with self.subTest(data=data, daemon=daemon):
                status, said = self.run_server(data, daemon)
                self.assertEqual(status, 1, said)
                self.assertRegex(said, rf"\Aecochat: [^\n]*{told}[^\n]*\n\Z")
                self.assertFalse(self.pid_file.exists())

    def make_database(self, *statements: str) -> Path:
        """Return an SQLite file in which so much was done."""
        path = self.folder / "some.sqlite"
        with closing(sqlite3.connect(path)) as db:
            for statement in statements:
                db.execute(statement)
            db.commit()
        return path

    def test_a_newer_file(self) -> None:
        """A file that a newer program wrote is left as it is."""
        path = self.folder / "newer.sqlite"
        fill(path, 10, 10)
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA user_version = 99")
        self.check_refused(path, "newer EcoChat.*upgrade EcoChat, or choose another")
        with closing(sqlite3.connect(path)) as db:
            version = db.execute("PRAGMA user_version").fetchone()
        self.assertEqual(version, (99,))

    def test_a_file_in_use(self) -> None:
        """A second server on the same file is refused; the first one goes on."""
        with Server() as server:
            self.check_refused(server.data, "in use by another server")
            with Client(server.port) as client:
                client.say("hello")
                self.assertEqual(client.expect(r"\+ "), "+ lobby 1")

    def test_a_file_that_is_no_database(self) -> None:
        """Somebody's letters are not overwritten."""
        path = self.folder / "letters.txt"
        path.write_text("Dear Ada,\n" * 100)
        self.check_refused(path, "not a database")
        self.assertEqual(path.read_text(), "Dear Ada,\n" * 100)

    def test_a_database_of_another_program(self) -> None:
        """Another program's database is left as it is, marked as its own or not."""
        path = self.make_database("CREATE TABLE letters (text)")
        before = path.read_bytes()
        self.check_refused(path, "not an EcoChat file; choose another")
        self.assertEqual(path.read_bytes(), before)
        path.unlink()
        path = self.make_database("PRAGMA application_id = 7")
        self.check_refused(path, "not an EcoChat file; choose another")

    def test_a_folder(self) -> None:
        """A folder is no file."""
        path = self.folder / "place"
        path.mkdir()
        self.check_refused(path, "Is a directory")

    def test_a_place_where_nothing_can_be_written(self) -> None:
        """Where there is no folder, or none that takes files."""
        self.check_refused(self.folder / "missing" / "some.sqlite", "No such file")
        self.check_refused("/proc/some.sqlite", "No such file|Permission denied")


class StopTests(TestCase):
    """A server that is stopped ends what it has begun."""

    COUNT = 5_000

    def test_everyone_is_told_and_nothing_that_was_told_is_lost(self) -> None:
        """While one talks as fast as it can the server is stopped: what it took is
        stored, told and acknowledged; everyone hears that it is stopping, last."""
        texts = [f"message {n}" for n in range(1, self.COUNT + 1)]
        with Server() as server:
            with (
                Client(server.port, "alice") as alice,
                Client(server.port, "bob") as bob,
                Client(server.port) as silent,
            ):
                silent.expect(r"\* Welcome")
                alice.say(*texts)
                alice.expect(r"\+ lobby 1$")
                status = server.stop()
                for client in (alice, bob, silent):
                    last = client.read_to_end()[-1]
                    self.assertEqual(last, "* server is stopping")
                acknowledged = [f for f in alice.frames if f.startswith("+ ")]
                seen = [f for f in bob.frames if f.startswith("alice: ")]
            self.assertEqual(status, -signal.SIGTERM)
            self.assertNotIn("Traceback", server.log)
            server.start()
            with Client(server.port) as reader:
                lines = reader.ask("/since 0", r"\* end lobby \d+$")[:-1]
        entries = [line for line in lines if re.match(r"\* lobby \d", line)]
        stored = [entry.split(" ", 4)[4] for entry in entries]
        self.assertEqual(stored, [f"alice: {text}" for text in texts[: len(stored)]])
        numbers = [f"+ lobby {n}" for n in range(1, len(stored) + 1)]
        self.assertEqual(acknowledged, numbers)
        self.assertEqual(seen, stored)
