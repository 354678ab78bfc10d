"""The benchmarks: that they measure what they say, and that their checks can fail.

Nothing here looks at how long anything took.
"""

import contextlib
import io
import os
import socket
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from benchmarks import __main__ as program
from benchmarks import reading, results, senders, stored
from benchmarks.bare_log import bare_log, write
from benchmarks.machine import (
    CORES,
    OURS,
    BenchmarkError,
    cpu_seconds,
    machine,
    on_core,
)
from benchmarks.results import Results, Run
from benchmarks.senders import Sender, drive, enter
from benchmarks.server import server
from benchmarks.stored import LOOP, RATE, SERVER, SHORT


def contents(path: Path) -> dict[str, Any]:
    """Return a file's schema, without the search index, which follows; its journal
    mode; and its events without when they came and their places in the order."""
    said = "SELECT room, n, session, nick, kind, text, key, id FROM events ORDER BY seq"
    with closing(sqlite3.connect(path)) as db:
        return {
            "schema": db.execute(
                "SELECT type, name, sql FROM sqlite_master"
                " WHERE name NOT LIKE 'search\\_%' ESCAPE '\\'"
            ).fetchall(),
            "journal": db.execute("PRAGMA journal_mode").fetchone(),
            "events": db.execute(said).fetchall(),
        }


def some_results(ours: list[float], limit: list[float]) -> Results:
    """Return results of which only the rates matter."""
    runs = []
    for pair, rates in enumerate(zip(ours, limit, strict=True), 1):
        for what, rate in zip((SERVER, LOOP), rates, strict=True):
            other = dict.fromkeys((stored.SECONDS, stored.CPU, stored.LOAD), 1.0)
            runs.append(Run(pair, what, {RATE: rate, **other}))
    settings = {"pairs": len(ours), "connections": 1, "messages": 1, "window": 1}
    return Results("stored", "today", "by hand", {"cores": "2"}, settings, runs)


class StoredTests(SynchronousTestCase):
    """Messages that are stored and acknowledged."""

    def test_the_short_form_counts_every_message(self) -> None:
        """A real server and the loop, in turn: each run has its figures."""
        measured = stored.measure(short=True)
        self.assertEqual([run.what for run in measured.runs], [SERVER, LOOP])
        for run in measured.runs:
            self.assertGreater(run.figures[RATE], 0)
        self.assertEqual(len(measured.ratios(SERVER, LOOP, RATE)), 1)
        self.assertIn("| EcoChat | ", stored.section(measured))

    def test_the_loop_stores_what_the_server_stores(self) -> None:
        """The same schema, in the same journal mode, and the same rows."""
        settings = stored.Settings(connections=1, messages=5)
        (room,) = settings.rooms
        with server() as started:
            with enter(started.port, room) as connection:
                drive([Sender(connection, room, settings.texts(room), 5)])
            started.kill()
            kept = contents(Path(started.data))
        path = Path(self.mktemp())
        with bare_log(path) as db:
            write(db, stored.rows_of(settings))
            synchronous = db.execute("PRAGMA synchronous").fetchone()
        self.assertEqual(contents(path), kept)
        self.assertEqual(len(kept["events"]), 5)
        self.assertEqual(synchronous, (2,))  # FULL

    def test_a_file_that_lacks_a_message_does_not_count(self) -> None:
        """A hole in a room's numbers, and a room that is not there."""
        rows = stored.rows_of(SHORT)
        for lost in (rows[1:], rows[:-1], rows[:7] + rows[8:], rows[: len(rows) // 2]):
            path = Path(self.mktemp())
            with bare_log(path) as db:
                write(db, lost)
            self.assertRaises(BenchmarkError, stored.check_kept, path, SHORT)

    def test_the_verdict(self) -> None:
        """Below the floor, at it, at the goal: the median of the pairs' ratios says."""
        for ours, words in (
            ([1.0, 29.0, 99.0], "below the floor"),
            ([1.0, 30.0, 99.0], "the floor is met, the goal is not"),
            ([1.0, 50.0, 99.0], "the goal is met"),
        ):
            section = stored.section(some_results(ours, [100.0] * 3))
            self.assertIn(words, section)


class ReadingTests(SynchronousTestCase):
    """A large history, that is read."""

    def test_the_short_form_counts_what_comes(self) -> None:
        """A real server and the store alone, in turn: each run has its figures."""
        measured = reading.measure(short=True)
        whats = [run.what for run in measured.runs]
        self.assertEqual(whats, [reading.SERVER, reading.STORE])
        for run in measured.runs:
            self.assertEqual(run.figures.keys(), reading.LIMITS.keys())
        self.assertIn("| a page of 10 messages", reading.section(measured))

    def test_too_few_do_not_count(self) -> None:
        """What ends with less than was asked for is no measurement."""
        ours, peer = socket.socketpair()
        with ours, peer:
            peer.sendall(b'{"op":"message"}\0{"op":"end"}\0')
            self.assertRaises(
                BenchmarkError, reading.heard, ours.makefile("rb"), b'{"op":"end"', 2
            )

    def test_too_slow_is_said(self) -> None:
        """A figure above its limit is marked."""
        slow = dict.fromkeys(reading.LIMITS, 1e6)
        runs = [Run(1, what, slow) for what in (reading.SERVER, reading.STORE)]
        settings = {"rounds": 1, "messages": 1, "rare": 1, "page": 1, "missed": 1}
        facts = {"cores": "2"}
        results = Results("reading", "today", "by hand", facts, settings, runs)
        self.assertEqual(reading.section(results).count("missed**"), 4)


class SenderTests(SynchronousTestCase):
    """The load: what is in flight, and what is taken for an answer."""

    def setUp(self) -> None:
        ours, self.peer = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(self.peer.close)
        self.sender = Sender(ours, "lab", ["one", "two", "six"], window=2)

    def test_it_keeps_its_window_full(self) -> None:
        """Two at first, then one for each that was answered, and no more than all."""
        self.sender.send()
        self.assertEqual(self.peer.recv(99), b"one\0two\0")
        self.peer.send(b"+ lab 1\0+ la")
        self.sender.receive()
        self.sender.send()
        self.assertEqual(self.peer.recv(99), b"six\0")
        self.assertEqual(self.sender.stored, 1)
        self.peer.send(b"b 2\0+ lab 3\0")
        self.sender.receive()
        self.sender.send()
        self.assertTrue(self.sender.done)

    def test_a_socket_that_is_full_gets_the_rest_later(self) -> None:
        """What it does not take is sent with the next answers."""
        self.sender.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        sender = Sender(self.sender.socket, "lab", ["x" * 100_000] * 2, window=1)
        expected = 2 * 100_001
        read = 0
        sender.send()
        sender.send()  # takes nothing
        while read < expected:
            read += len(self.peer.recv(1 << 16))
            if read == 100_001:
                self.peer.send(b"+ lab 1\0")
                sender.receive()
            sender.send()
        self.assertEqual(read, expected)

    def test_any_other_answer_does_not_count(self) -> None:
        """A hole, one twice, another room, an error, one too many, the end."""
        for wrong in (
            b"+ lab 2\0",
            b"+ lab 1\0+ lab 1\0",
            b"+ lobby 1\0",
            b"! not stored: disk full\0",
            b"+ lab 1\0+ lab 2\0+ lab 3\0+ lab 4\0",
            b"",
        ):
            ours, peer = socket.socketpair()
            with ours, peer:
                sender = Sender(ours, "lab", ["one", "two", "six"], window=3)
                peer.send(wrong)
                peer.shutdown(socket.SHUT_WR)
                self.assertRaises(BenchmarkError, drive, [sender])

    def test_silence_does_not_count(self) -> None:
        """A server that answers nothing ends the run."""
        self.patch(senders, "WAIT", 0.01)
        error = self.assertRaises(BenchmarkError, drive, [self.sender])
        self.assertIn("no answer", str(error))


class ResultsTests(SynchronousTestCase):
    """What is kept and told."""

    def test_ratios_are_of_pairs(self) -> None:
        """Each pair's own, in whatever order they ran; their median is told."""
        made = some_results([10.0, 30.0, 80.0], [100.0, 100.0, 200.0])
        made.runs.reverse()
        self.assertEqual(made.ratios(SERVER, LOOP, RATE), [0.1, 0.3, 0.4])
        self.assertEqual(results.spread([0.1, 0.4, 0.3], ".1f"), "0.3 (0.1 to 0.4)")

    def test_a_run_that_lacks_its_pair_is_found(self) -> None:
        """There is no ratio then."""
        made = some_results([10.0, 30.0], [100.0, 100.0])
        made.runs.pop()
        self.assertRaises(ValueError, made.ratios, SERVER, LOOP, RATE)

    def test_what_is_saved_is_loaded(self) -> None:
        """All of it, as readable JSON."""
        folder = Path(self.mktemp())
        made = some_results([10.0], [100.0])
        results.save(made, folder)
        self.assertEqual(results.load("stored", folder), made)

    def test_a_section_replaces_its_old_self(self) -> None:
        """What stands before and behind it stays."""
        page = Path(self.mktemp())
        page.write_text("a\n<!-- x -->\nold\n<!-- end of x -->\nb\n")
        for _ in range(2):
            results.write_section("x", "new\n", page)
        expected = "a\n<!-- x -->\nnew\n<!-- end of x -->\nb\n"
        self.assertEqual(page.read_text(), expected)

    def test_a_page_without_its_place_is_left_alone(self) -> None:
        """There is an error, and nothing is written."""
        page = Path(self.mktemp())
        page.write_text("a\n<!-- x -->\nb\n")
        self.assertRaises(BenchmarkError, results.write_section, "x", "new", page)
        self.assertEqual(page.read_text(), "a\n<!-- x -->\nb\n")

    def test_the_page_is_that_of_the_results_kept(self) -> None:
        """docs/benchmarks.md has the figures of benchmarks/results."""
        page = results.PAGE.read_text()
        for name, benchmark in program.BENCHMARKS.items():
            section = benchmark.section(results.load(name, results.FOLDER))
            self.assertIn(f"<!-- {name} -->\n{section}<!-- end of {name} -->\n", page)

    def test_the_machine(self) -> None:
        """What it is, and what a process has used of it."""
        facts = machine(Path(tempfile.gettempdir()))
        self.assertTrue(all(facts.values()), facts)
        with on_core(OURS):
            self.assertEqual(os.sched_getaffinity(0), OURS)
            self.assertGreaterEqual(cpu_seconds(os.getpid()), 0)
        self.assertEqual(os.sched_getaffinity(0), set(CORES))


class Fake:
    """A benchmark that measures nothing.

    :ivar fails: whether its run does not count.
    """

    fails = False

    def measure(self, short: bool) -> Results:
        """See :class:`benchmarks.results.Benchmark`."""
        if self.fails:
            raise BenchmarkError("a hole")
        return some_results([10.0], [100.0])

    def section(self, results: Results) -> str:
        """See :class:`benchmarks.results.Benchmark`."""
        return f"{len(results.runs)} runs\n"


class ProgramTests(SynchronousTestCase):
    """``python -m benchmarks``."""

    def setUp(self) -> None:
        self.fake = Fake()
        self.folder, self.page = Path(self.mktemp()), Path(self.mktemp())
        self.page.write_text("<!-- stored -->\n<!-- end of stored -->\n")
        self.patch(program, "BENCHMARKS", {"stored": self.fake})
        self.patch(program, "FOLDER", self.folder)
        self.patch(program, "PAGE", self.page)

    def run_program(self, *arguments: str) -> tuple[int | str | None, str, str]:
        """Return its exit status, and what it wrote to stdout and stderr."""
        out, err = io.StringIO(), io.StringIO()
        status: int | str | None
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = program.main(list(arguments))
            except SystemExit as end:
                status = end.code
        return status, out.getvalue(), err.getvalue()

    def test_it_keeps_and_tells_what_it_measured(self) -> None:
        """The results in their file, the section on the page and on the terminal."""
        status, out, _ = self.run_program()
        self.assertEqual((status, out), (0, "# stored\n\n2 runs\n\n"))
        self.assertEqual(len(results.load("stored", self.folder).runs), 2)
        self.assertIn("2 runs", self.page.read_text())

    def test_the_page_can_be_written_anew(self) -> None:
        """From the results that are kept, with nothing measured."""
        results.save(some_results([10.0, 20.0], [100.0, 100.0]), self.folder)
        self.fake.fails = True
        status, _, _ = self.run_program("--page", "stored")
        self.assertEqual(status, 0)
        self.assertIn("4 runs", self.page.read_text())

    def test_the_short_form_keeps_nothing(self) -> None:
        """Its figures mean nothing."""
        before = self.page.read_text()
        status, out, _ = self.run_program("--short", "stored")
        self.assertEqual((status, out), (0, "# stored\n\n2 runs\n\n"))
        self.assertFalse(self.folder.exists())
        self.assertEqual(self.page.read_text(), before)

    def test_a_run_that_does_not_count(self) -> None:
        """One line says why, nothing is kept, and the exit status is 1."""
        self.fake.fails = True
        status, out, err = self.run_program()
        self.assertEqual((status, out), (1, ""))
        self.assertEqual(err, "benchmarks: the run does not count: a hole\n")
        self.assertFalse(self.folder.exists())

    def test_an_unknown_name(self) -> None:
        """It is told with those that there are."""
        status, _, err = self.run_program("sotred")
        self.assertEqual(status, 2)
        self.assertIn("there is no benchmark sotred, choose of stored", err)
