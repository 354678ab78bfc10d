"""The ``ecochat`` command, run in this process."""

import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat import __version__, main
from ecochat.options import ServerOptions
from ecochat.shell import outcome
from ecochat.store import backup
from ecochat.store.sqlite import SQLiteStore
from tests.support.uncounted import uncounted

HEAVY = {"twisted", "prompt_toolkit", "sqlite3", "msgspec", "argcomplete"}
"""What is not to be imported before it is known to be needed."""


class MainTestCase(SynchronousTestCase):
    """Runs command lines, and keeps what they write."""

    def setUp(self) -> None:
        self.out, self.err = StringIO(), StringIO()
        self.patch(sys, "stdout", self.out)
        self.patch(sys, "stderr", self.err)
        self.set_environment({"ECOCHAT_SERVER": None, "_ARGCOMPLETE": None})
        self.addCleanup(signal.signal, signal.SIGTERM, signal.getsignal(signal.SIGTERM))

    def set_environment(self, variables: Mapping[str, str | None]) -> None:
        """Set variables for this test, or take them out."""
        for name, value in variables.items():
            if name in os.environ:
                self.addCleanup(os.environ.__setitem__, name, os.environ[name])
            else:
                self.addCleanup(os.environ.pop, name, None)
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value

    def run_main(self, *words: str) -> int:
        """Return the exit status of a command line."""
        try:
            return main.main(words)
        except SystemExit as end:
            self.assertIsInstance(end.code, int)
            return int(str(end.code))

    def assert_fails(self, status: int, text: str, *words: str) -> None:
        """A command line ends so, and writes this one line."""
        before = self.err.getvalue()
        self.assertEqual(self.run_main(*words), status)
        self.assertEqual(self.err.getvalue(), f"{before}ecochat: {text}\n")


class ClientTests(MainTestCase):
    """Without a word of our own the first client is opened."""

    def setUp(self) -> None:
        super().setUp()
        self.opened: list[tuple[str | None, ...]] = []
        self.how: list[dict[str, Any]] = []
        self.module: Any = SimpleNamespace(run=self.open)
        name = "ecochat.client.screen.start"
        modules: dict[str, Any] = sys.modules
        if name in modules:
            self.addCleanup(modules.__setitem__, name, modules[name])
        else:
            self.addCleanup(modules.pop, name)
        modules[name] = self.module

    def open(self, server: str, nick: str | None, room: str | None, **how: Any) -> int:
        """Stand in for the client."""
        self.opened.append((server, nick, room))
        self.how.append(how)
        return outcome.UNREACHABLE

    def test_without_an_output(self) -> None:
        """A shell can start it with that closed; the status is the client's."""
        self.patch(sys, "stdout", None)
        self.assertEqual(self.run_main("lab"), outcome.UNREACHABLE)

    def test_where(self) -> None:
        """At a server that is named, else in the environment, else on this machine."""
        self.run_main()
        self.set_environment({"ECOCHAT_SERVER": "lab:4041"})
        self.run_main()
        self.run_main("[::1]:4040", "--nick", "alice")
        self.run_main("--nick=alice", "--room", "tea", "backup")
        self.assertEqual(
            self.opened,
            [
                ("localhost:4040", None, None),
                ("lab:4041", None, None),
                ("[::1]:4040", "alice", None),
                ("backup", "alice", "tea"),
            ],
        )

    def test_an_empty_variable_is_none(self) -> None:
        """As everywhere in a shell."""
        self.set_environment({"ECOCHAT_SERVER": ""})
        self.run_main()
        self.assertEqual(self.opened, [("localhost:4040", None, None)])

    def test_how(self) -> None:
        """On the whole screen, unless lines are asked for."""
        self.run_main()
        self.run_main("--inline")
        self.assertEqual([how["is_inline"] for how in self.how], [False, True])

    def test_its_exit_status(self) -> None:
        """Is the program's."""
        self.assertEqual(self.run_main(), outcome.UNREACHABLE)

    def test_interrupted(self) -> None:
        """No traceback."""

        def interrupt(*where: str | None, **how: Any) -> int:
            raise KeyboardInterrupt

        self.module.run = interrupt
        self.assert_fails(outcome.INTERRUPTED, "interrupted")


class HelpTests(MainTestCase):
    """What it says about itself."""

    def test_version(self) -> None:
        """The one that the package has."""
        self.assertEqual(self.run_main("--version"), 0)
        self.assertEqual(self.out.getvalue(), f"EcoChat {__version__}\n")

    def test_as_a_program(self) -> None:
        """Its own words are read."""
        self.patch(sys, "argv", ["ecochat", "--version"])
        with self.assertRaises(SystemExit) as caught:
            runpy.run_path(main.__file__, run_name="__main__")
        self.assertEqual(caught.exception.code, 0)
        self.assertEqual(self.out.getvalue(), f"EcoChat {__version__}\n")

    def test_help(self) -> None:
        """Every word is in it with its line, and has a help of its own."""
        self.assertEqual(self.run_main("--help"), 0)
        text = self.out.getvalue()
        self.assertIn("$ECOCHAT_SERVER, else localhost:4040", text)
        for word, row in main.SUBCOMMANDS.items():
            self.assertRegex(text, rf"(?m)^  {word} +{row.help}$")
            self.assertEqual(self.run_main(word, "--help"), 0)
            self.assertIn(f"usage: ecochat {word} ", self.out.getvalue())

    def test_wrong_command_lines(self) -> None:
        """One line says what is wrong, and where to read what is right."""
        text = "unrecognized arguments: x y; see ecochat --help"
        self.assert_fails(outcome.USAGE, text, "host", "x", "y")
        text = "unrecognized arguments: --nic x; see ecochat --help"
        self.assert_fails(outcome.USAGE, text, "host", "--nic", "x")
        text = "the following arguments are required: FILE; see ecochat backup --help"
        self.assert_fails(outcome.USAGE, text, "backup")
        text = "argument -n/--limit: it has to be 1 or more; see ecochat history --help"
        self.assert_fails(outcome.USAGE, text, "history", "-n", "0")
        for word, wrong in (("--after", "-1"), ("--before", "9" * 19)):
            text = f"argument {word}: '{wrong}' is no whole number of at most 18 digits"
            text += ", 0 or more; see ecochat history --help"
            self.assert_fails(outcome.USAGE, text, "history", f"{word}={wrong}")
        for wrong in ("0", "-1", "nan", "inf", "soon"):
            text = f"argument --timeout: '{wrong}' is no number of seconds above 0; see"
            text += " ecochat send --help"
            self.assert_fails(outcome.USAGE, text, "send", f"--timeout={wrong}", "x")

    def test_bytes_that_are_no_text(self) -> None:
        """Become marks: a room or a text of them can be sent."""
        read = main.make_parser("send").parse_args(["--room", "a\udcff", "b\udcff"])
        self.assertEqual((read.room, read.text), ("a\ufffd", "b\ufffd"))

    def test_nothing_heavy_is_imported(self) -> None:
        """So that the answer comes at once: in a process that has nothing yet."""
        script = (
            "import sys; from ecochat import main\n"
            "try: main.main(sys.argv[1:])\n"
            "except SystemExit: print(*sys.modules, sep='\\n')"
        )
        own = [[word, "--help"] for word in main.SUBCOMMANDS]
        for words in (["--help"], ["--version"], *own):
            command = [sys.executable, "-c", script, *words]
            done = subprocess.run(
                command, capture_output=True, text=True, env=uncounted()
            )
            self.assertIn("argparse", done.stdout, done.stderr)
            self.assertEqual(HEAVY & set(done.stdout.split("\n")), set())


class BackupTests(MainTestCase):
    """``ecochat backup``; what it does is tested with the store."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.data = str(self.folder / "ecochat.sqlite")
        self.file = str(self.folder / "copy")
        store = SQLiteStore(self.data)
        store.open()
        store.close()

    def back_up(self, *words: str) -> int:
        """Copy the data, and return the exit status."""
        return self.run_main("backup", self.file, "--data", self.data, *words)

    def test_done(self) -> None:
        """One line says how much it is."""
        self.assertEqual(self.back_up(), outcome.DONE)
        line = r"\Asaved \d\d,\d{3} bytes: 0 rooms, 0 messages\n\Z"
        self.assertRegex(self.out.getvalue(), line)

    def test_counted(self) -> None:
        """One room is not one rooms."""
        saved = backup.Saved(1_234_567, 1, 2_000)
        self.patch(backup, "back_up", lambda *_: saved)
        self.back_up()
        line = "saved 1,234,567 bytes: 1 room, 2,000 messages\n"
        self.assertEqual(self.out.getvalue(), line)

    def test_refused(self) -> None:
        """A file is replaced only when one says so."""
        self.back_up()
        line = f"{self.file} exists; choose another name, or add --replace"
        self.assert_fails(
            outcome.FAILED, line, "backup", self.file, "--data", self.data
        )
        self.assertEqual(self.back_up("--replace"), outcome.DONE)

    def test_the_servers_own_data(self) -> None:
        """Without ``--data`` both take the same file of the folder they are in."""
        read = main.make_parser("backup").parse_args(["copy"])
        options = ServerOptions()
        options.parseOptions([])
        self.assertEqual(read.data, options["data"])

    def test_terminated(self) -> None:
        """SIGTERM ends it as Ctrl-C does: it can clear up what it has begun."""

        def terminate(*_: object) -> None:
            os.kill(os.getpid(), signal.SIGTERM)

        self.patch(backup, "back_up", terminate)
        words = ("backup", self.file, "--data", self.data)
        self.assert_fails(outcome.INTERRUPTED, "interrupted", *words)

    def test_nobody_reads(self) -> None:
        """``ecochat … | head -0``: a status, and no complaint of Python's."""
        reads, writes = os.pipe()
        os.close(reads)
        with open(writes, "w") as broken:
            self.patch(sys, "stdout", broken)
            self.assertEqual(self.back_up(), outcome.FAILED)
        self.assertEqual(self.err.getvalue(), "")


class CompletionTests(MainTestCase):
    """What argcomplete answers a shell, asked in its way: by environment variables."""

    def offered(self, line: str) -> set[str]:
        """Return what may follow a line at whose end the cursor is."""
        answer = Path(self.mktemp())
        variables = {
            "_ARGCOMPLETE": "1",
            "_ARGCOMPLETE_IFS": "\n",
            "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
            "_ARGCOMPLETE_STDOUT_FILENAME": str(answer),
            "COMP_LINE": line,
            "COMP_POINT": str(len(line.encode())),
        }
        self.set_environment(variables)
        self.patch(os, "fdopen", self.refuse)
        self.assertEqual(self.run_main(), 0)
        return set(answer.read_text().split("\n"))

    def refuse(self, *_: object) -> None:
        """Keep argcomplete from file 9, which is a shell's there and another's here."""
        raise OSError

    def test_words(self) -> None:
        """The first word is one of ours, if it is not a server."""
        self.assertLessEqual(set(main.SUBCOMMANDS), self.offered("ecochat "))
        self.assertEqual(self.offered("ecochat bac"), {"backup"})

    def test_options(self) -> None:
        """Those of the client before a word, a word's own behind it."""
        client = {"--nick", "--room", "--tls", "--ca", "--inline"}
        client |= {"--help", "--version", "-h"}
        self.assertEqual(self.offered("ecochat -"), client)
        own = {"--data", "--replace", "--help", "-h"}
        self.assertEqual(self.offered("ecochat backup -"), own)
        self.assertEqual(self.offered("ecochat backup x --rep"), {"--replace"})
        self.assertEqual(self.offered("ecochat example.org --ni"), {"--nick"})

    def test_options_of_the_shell_commands(self) -> None:
        """Each has its own."""
        options = {"--room", "--nick", "--once", "--whole", "--timeout", "--server"}
        options |= {"--json", "--help", "-h"}
        self.assertEqual(self.offered("ecochat send -"), options)
        self.assertEqual(self.offered("ecochat history --be"), {"--before"})
        self.assertEqual(self.offered("ecochat s"), {"search", "send", "status"})

    def test_nothing(self) -> None:
        """Nobody can guess a name, or a number; no file is offered for it."""
        for line in ("ecochat --nick ", "ecochat tail -n ", "ecochat send --room "):
            self.assertEqual(self.offered(line), {""})

    def test_files(self) -> None:
        """Where a file is due, files are offered."""
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "saved.sqlite").touch()
        file = {f"{folder}/saved.sqlite"}
        self.assertEqual(self.offered(f"ecochat backup {folder}/sa"), file)
        self.assertEqual(self.offered(f"ecochat backup --data {folder}/sa"), file)
