"""The benchmarks: that they measure what they say, and that their checks can fail.

Nothing here looks at how long anything took.
"""

import contextlib
import io
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from benchmarks import __main__ as program
from benchmarks import (
    client,
    memory,
    presence,
    reading,
    results,
    senders,
    soak,
    start,
    stored,
    summary,
)
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
from benchmarks.terminal import drain, until
from benchmarks.terminal import program as program_in_terminal


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


class PresenceTests(SynchronousTestCase):
    """People who come and go in a large room."""

    def test_the_short_form_counts_what_is_told(self) -> None:
        """A real server tells fewer lines than one for each, and each has figures."""
        measured = presence.measure(short=True)
        told, each = measured.runs
        lines = presence.SHORT.lines * presence.SHORT.members
        self.assertEqual(each.figures[presence.DELIVERIES], lines)
        self.assertLess(told.figures[presence.DELIVERIES], lines)
        self.assertGreater(told.figures[presence.CPU], 0)
        self.assertIn("| EcoChat | ", presence.section(measured))

    def test_the_verdict(self) -> None:
        """The worst run decides."""
        settings = {"pairs": 2, "members": 9, "changes": 9, "seconds": 1}
        for worst, words in ((4.9, "5 %: it is."), (5.1, "5 %: **it is not**.")):
            runs = []
            for pair, cpu in enumerate((1.0, worst), 1):
                for what, figure in ((presence.TOLD, cpu), (presence.EACH, 100.0)):
                    figures = {presence.CPU: figure, presence.DELIVERIES: 1}
                    runs.append(Run(pair, what, figures))
            measured = Results(
                "presence", "today", "by hand", {"cores": "2"}, settings, runs
            )
            self.assertIn(words, presence.section(measured))


class MemoryTests(SynchronousTestCase):
    """Idle connections."""

    def test_the_short_form_reads_the_memory(self) -> None:
        """A real server's, with none, with some and with more connections."""
        measured = memory.measure(short=True)
        (run,) = measured.runs
        self.assertEqual(list(run.figures), ["0", "20", "40"])
        for size in run.figures.values():
            self.assertGreater(size, 10_000_000, "Python alone has 8 MB")
        (chart,) = memory.pictures(measured).values()
        self.assertEqual(len(chart.series[memory.SERVER]), 3)

    def test_what_one_takes(self) -> None:
        """It is what the later ones take, not the server and the first."""
        settings = {"runs": 1, "first": 10, "step": 5, "steps": 2}
        figures = {"0": 5e7, "10": 6e7, "15": 6.001e7, "20": 6.002e7}
        runs = [Run(1, memory.SERVER, figures)]
        measured = Results("memory", "today", "by hand", {}, settings, runs)
        text = memory.section(measured)
        self.assertIn("**2,000 (2,000 to 2,000)** | 4,000 | 2,500 | the goal is", text)
        self.assertIn("**60 (60 to 60)** | 120 | 90 | the goal is met", text)
        figures["20"] = 7e7
        self.assertIn("**over the limit**", memory.section(measured))


class SoakTests(SynchronousTestCase):
    """A load that stays the same."""

    def results(self, sizes: list[float]) -> Results:
        """Return results of 10 s, of which the first 4 do not count."""
        figures = {str(2 * place): 1e6 * size for place, size in enumerate(sizes)}
        said = (soak.MESSAGES, soak.VISITS, soak.READS, soak.CPU)
        runs = [
            Run(1, SERVER, figures),
            Run(1, soak.LOAD, dict.fromkeys(said, 1.0)),
        ]
        settings = {"seconds": 10, "settle": 4, "sample": 2}
        return Results("soak", "today", "by hand", {}, settings, runs)

    def test_the_short_form(self) -> None:
        """A real server has its memory looked at; all kinds of load are there."""
        measured = soak.measure(short=True)
        taken, load = (run.figures for run in measured.runs)
        self.assertEqual(list(taken), ["0", "1", "2"])
        self.assertEqual(load[soak.MESSAGES], 210)
        self.assertEqual(load[soak.VISITS], 11)
        self.assertEqual(load[soak.READS], 3)
        (chart,) = soak.pictures(measured).values()
        self.assertEqual(len(chart.series[SERVER]), 3)

    def test_what_is_added(self) -> None:
        """By the slope, behind the time that does not count; one point that stands out
        says little."""
        for sizes, added in (
            ([20, 50, 60, 60, 60, 60], 0.0),
            ([60, 60, 60, 62, 64, 66], 6.0),
            ([60, 60, 60, 68, 60, 60], -2.4),
        ):
            measured = self.results([float(size) for size in sizes])
            self.assertAlmostEqual(soak.growth(measured), added)

    def test_the_verdict(self) -> None:
        """Up to the limit nothing grows."""
        flat, steep = [60.0] * 6, [60, 60, 60, 61, 62, 63.1]
        self.assertIn("| nothing grows |", soak.section(self.results(flat)))
        self.assertIn("| **it grows** |", soak.section(self.results(steep)))


class StartTests(SynchronousTestCase):
    """From the start until a connection is taken."""

    def test_the_short_form(self) -> None:
        """A server is started and Python alone, and each has its time."""
        measured = start.measure(short=True)
        self.assertEqual([run.what for run in measured.runs], ["EcoChat", start.PYTHON])
        for run in measured.runs:
            self.assertGreater(run.figures[start.SECONDS], 0)
        self.assertIn("0.7 | 0.4 |", start.section(measured))

    def test_a_server_that_ends(self) -> None:
        """Its run does not count."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        process = subprocess.Popen([sys.executable, "-c", ""])
        process.wait()
        with self.assertRaisesRegex(BenchmarkError, "does not listen"):
            start.wait_for(process, port)


class ScreenTests(SynchronousTestCase):
    """The client on the whole screen."""

    def test_the_short_form(self) -> None:
        """The real program is started, typed in, left alone and told much."""
        measured = client.measure(short=True)
        for what, figure in (
            (client.CLIENT, client.IN_ROOM),
            (client.BARE, client.PROMPT),
            (client.PYTHON, client.PROMPT),
            *((what, client.P99) for what in client.SIZES),
            (client.IDLING, client.CPU),
            (client.READING, client.TOOK),
        ):
            (found,) = measured.figures(what, figure)
            self.assertGreater(found, -1 if figure == client.CPU else 0)
        self.assertGreater(measured.figures(client.READING, "50")[0], 10_000_000)
        self.assertIn("| idle, % of a core | ", client.section(measured))

    def test_a_program_that_ends(self) -> None:
        """Its run does not count, whatever was awaited."""
        with program_in_terminal("-c", "print('one')") as shown:
            until(shown, b"one")
            self.assertRaises(BenchmarkError, until, shown, b"two")
            self.assertRaises(BenchmarkError, drain, shown, 9.0)

    def results(self, start: float, grown: float = 1e6) -> Results:
        """Return results that say so of the start and the memory."""
        short = client.SHORT
        runs = [
            Run(1, client.CLIENT, {client.PROMPT: start, client.IN_ROOM: start}),
            Run(1, client.BARE, {client.PROMPT: 0.1}),
            Run(1, client.PYTHON, {client.PROMPT: 0.1}),
            *(
                Run(1, what, {client.MIDDLE: 1, client.P99: 2, client.LOAD: 3})
                for what in client.SIZES
            ),
            Run(1, client.IDLING, {client.CPU: 0.1}),
            Run(1, client.READING, {"50": 5e7, "200": 5e7 + grown, client.TOOK: 1.0}),
        ]
        settings = msgspec.to_builtins(short)
        return Results("client", "today", "by hand", {}, settings, runs)

    def test_the_verdict(self) -> None:
        """What is at most as much as it may be will do."""
        told = client.section(self.results(0.5, 8e6))
        self.assertEqual(told.count("the goal is met"), 6)
        self.assertEqual(client.growth(self.results(0.5, 8e6)), [8.0])
        for slow in self.results(0.51), self.results(0.5, 8.1e6):
            self.assertEqual(client.section(slow).count("**over the limit**"), 1)


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

    def test_the_summaries_are_those_of_the_results_kept(self) -> None:
        """That of the page, and the figures of the README."""
        kept = {n: results.load(n, results.FOLDER) for n in program.BENCHMARKS}
        self.assertIn(summary.section(kept), results.PAGE.read_text())
        self.assertIn(summary.headlines(kept), results.README.read_text())

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
        measured = some_results([10.0], [100.0])
        for run in measured.runs:
            run.pair = os.getpid()
        return measured

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
        self.summaries = 0
        self.patch(program, "write_summaries", self.count_summary)

    def count_summary(self) -> None:
        """Stand in for what tells of all benchmarks together."""
        self.summaries += 1

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
        self.assertEqual(self.summaries, 1)

    def test_one_beside_the_others(self) -> None:
        """It is measured in another process, and told of at its place."""
        self.patch(program, "BESIDE", {"stored"})
        status, out, _ = self.run_program()
        self.assertEqual((status, out), (0, "# stored\n\n2 runs\n\n"))
        kept = results.load("stored", self.folder)
        self.assertNotEqual(kept.runs[0].pair, os.getpid())
        self.assertEqual(len(kept.runs), 2)

    def test_one_beside_the_others_that_does_not_count(self) -> None:
        """The same is said as of any other."""
        self.patch(program, "BESIDE", {"stored"})
        self.fake.fails = True
        status, _, err = self.run_program()
        self.assertEqual(status, 1)
        self.assertEqual(err, "benchmarks: the run does not count: a hole\n")

    def test_the_page_can_be_written_anew(self) -> None:
        """From the results that are kept, with nothing measured."""
        results.save(some_results([10.0, 20.0], [100.0, 100.0]), self.folder)
        self.fake.fails = True
        status, _, _ = self.run_program("--page", "stored")
        self.assertEqual(status, 0)
        self.assertIn("4 runs", self.page.read_text())
        self.assertEqual(self.summaries, 1)

    def test_the_short_form_keeps_nothing(self) -> None:
        """Its figures mean nothing."""
        before = self.page.read_text()
        status, out, _ = self.run_program("--short", "stored")
        self.assertEqual((status, out), (0, "# stored\n\n2 runs\n\n"))
        self.assertFalse(self.folder.exists())
        self.assertEqual(self.page.read_text(), before)
        self.assertEqual(self.summaries, 0)

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
