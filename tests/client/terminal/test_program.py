"""The real program in a terminal, against a real server."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import tempfile
import termios
from pathlib import Path
from typing import Any
from unittest import mock

from prompt_toolkit.output.flush_stdout import flush_stdout
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.program import USAGE
from ecochat.client.terminal import entry
from ecochat.client.terminal.keyboard import Keyboard
from ecochat.client.terminal.names import login_name
from ecochat.client.terminal.program import write_whole
from tests.support.client import Client
from tests.support.ports import free_port
from tests.support.server import Server
from tests.support.terminal import Terminal

PROGRAM = (
    "import sys; from ecochat.client.terminal import run; sys.exit(run(*sys.argv[1:]))"
)


class ProgramTestCase(SynchronousTestCase):
    """Has terminals that are closed at the end."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="ecochat-")
        self.addCleanup(folder.cleanup)
        self.home = folder.name

    def open(self, *words: str, term: str = "xterm-256color") -> Terminal:
        """Start the program in a terminal."""
        command = (sys.executable, "-c", PROGRAM, *words)
        home = self.home
        terminal = Terminal(
            *command,
            TERM=term,
            XDG_STATE_HOME=home,
            XDG_DATA_HOME=home,
            XDG_CONFIG_HOME=home,
        )
        self.addCleanup(terminal.close)
        return terminal


class TalkTests(ProgramTestCase):
    """Two people and a server that is killed and started again."""

    def test_two_people_talk(self) -> None:
        """A name is completed, an attack comes, the server restarts, they talk on."""
        port = free_port()
        with Server(listen=f"tcp:{port}:interface=127.0.0.1") as server:
            where = f"127.0.0.1:{port}"
            alice = self.open(where, "alice")
            alice.expect("Welcome to", "nobody else is in lobby", "alice lobby>")
            bob = self.open(where, "bob")
            bob.expect("in lobby: alice", "bob lobby>")
            alice.expect("bob joined")

            alice.type("bo\t")
            alice.expect("alice lobby> bob:")
            alice.type("tea?\r")
            alice.expect("alice: bob: tea?  1")
            bob.expect("alice: bob: tea?")
            bob.type("/join lab\r")
            bob.expect("bob lab>")
            bob.type("here I am\r")
            bob.expect("bob: here I am  1")
            alice.type("/msg bob psst\r")
            alice.expect("[@bob] alice: psst  1")
            bob.expect("[@alice] alice: psst")

            with Client(port) as eve:
                eve.say("\x1b[2J\x1b]0;owned\x07\x9b31m\n* bob left")
                eve.expect(r"\+ lobby 2")
            alice.expect(r"\x1b[2J\x1b]0;owned\x07\x9b31m", "\n    * bob left", "tea?")
            self.assertNotIn(b"\x1b[2J", alice.written)
            self.assertNotIn(b"owned\x07", alice.written)

            alice.type("half a li")
            alice.expect("alice lobby> half a li")
            server.kill()
            alice.expect("connection lost", "alice lobby (no connection)> half a li")
            alice.type("ne\r")
            alice.expect("alice: half a line\nalice lobby (no connection)>")
            bob.expect("bob lab (no connection)>")
            server.start()
            alice.expect("connected again", "alice: half a line  3")
            bob.expect("connected again", "[lobby] alice: half a line", "bob lab>")
            alice.until(lambda screen: screen.count("half a line") == 1)
            bob.type("/leave\r")
            bob.expect("You left lab", "bob lobby>")
            bob.type("/nick rob\r")
            bob.expect("you are rob now", "rob lobby>")
            alice.expect("bob is now rob")
            bob.type("welcome back\r")
            alice.expect("rob: welcome back")

            alice.type("\x1b[A")
            alice.expect("alice lobby> /edit 3 half a line")
            alice.type("\x03")
            alice.expect("to leave: /quit or Ctrl-D")
            alice.type("\x1b[1;5A")
            alice.expect("alice lobby> half a line")
            alice.type("\x03")
            alice.until(lambda screen: screen.endswith("alice lobby>"))
            alice.type("\x04")
            self.assertEqual(alice.end(), 0)
            bob.expect("alice left")
            bob.type("/quit\r")
            self.assertEqual(bob.end(), 0)

    def test_told_to_end(self) -> None:
        """It leaves, and the terminal is as it was."""
        with Server() as server:
            alice = self.open(f"127.0.0.1:{server.port}", "alice")
            alice.expect("alice lobby>")
            alice.process.send_signal(signal.SIGTERM)
            self.assertEqual(alice.end(), 0)
            self.assertTrue(alice.written.rpartition(b"\x1b[?2004")[2].startswith(b"l"))

    def test_elsewhere_and_back(self) -> None:
        """One goes to another server and back, and is who one is there."""
        with Server() as one, Server() as other:
            alice = self.open(f"127.0.0.1:{one.port}", "alice")
            alice.expect("alice lobby>")
            alice.type("/join lab\r")
            alice.expect("alice lab>")
            alice.type("/connect tcp:x\r")
            alice.expect("'tcp:x' is no complete endpoint", "alice lab> /connect")
            alice.type("\x03")
            alice.expect("to leave: /quit or Ctrl-D")
            alice.type("/clear\r")
            alice.until(lambda screen: screen == "alice lab>")
            alice.type(f"CONNECT 127.0.0.1:{other.port}\r")
            alice.expect("alice lobby>")
            alice.type("hello\r")
            alice.expect("alice: hello  1")
            alice.type(f"/connect 127.0.0.1:{one.port}\r")
            alice.expect("alice lab>")
            alice.type("\x04")
            self.assertEqual(alice.end(), 0)

    def test_a_call(self) -> None:
        """By bell and notification, until that is switched off; what is pasted is not
        sent before one has said so."""
        with Server() as server, Client(server.port, "eve") as eve:
            alice = self.open(f"127.0.0.1:{server.port}", "alice")
            alice.expect("alice lobby>")
            eve.say("alice: tea?\x07\x1b]9;x\x07")
            alice.expect("eve: alice: tea?")
            call = rb"EcoChat: eve in lobby: alice: tea?\x07\x1b]9;x\x07"
            alice.until(lambda _: alice.written.count(b"\a") == 2)
            self.assertIn(b"\a\x1b]9;" + call + b"\a", alice.written)
            alice.type("/bell off\r")
            alice.expect("bell and notifications are off")
            eve.say("/msg alice psst")
            alice.expect("[@eve] eve: psst")
            self.assertEqual(alice.written.count(b"\a"), 2)
            lines = "".join(f"{n}\n" for n in range(7))
            alice.type(f"\x1b[200~{lines}\x1b[201~")
            alice.expect("7 lines are pasted: Enter sends them as one message")
            alice.type("\x03")
            alice.expect("to leave: /quit or Ctrl-D")
        folder = Path(self.home) / "ecochat"
        self.assertIn('"rings": false', (folder / "client.json").read_text())

    def test_what_is_written_is_seen(self) -> None:
        """By others, unless that is switched off."""
        with Server() as server:
            where = f"127.0.0.1:{server.port}"
            alice = self.open(where, "alice")
            alice.expect("alice lobby>")
            with Client(server.port) as eve:
                eve.say('{"op":"hello","protocol":1,"nick":"eve"}')
                eve.expect('.*"welcome"')
                alice.type("half a line")
                eve.expect('.*"typing".*"alice"')


class DumbTests(ProgramTestCase):
    """A person at a terminal that only takes lines."""

    def test_lines_and_a_prompt(self) -> None:
        """Without one sequence: a name, a call, a name that is taken."""
        port = free_port()
        where = f"127.0.0.1:{port}"
        alice = self.open(where, term="dumb")
        alice.expect("Your nickname:")
        alice.type("alice\n")
        alice.expect("nobody listens", "start a server with: t", "trying again")
        alice.expect("\nalice lobby (no connection)>")
        alice.type("early\n")
        with Server(listen=f"tcp:{port}:interface=127.0.0.1"):
            alice.expect("You are alice in lobby", "alice: early  1", "\nalice lobby>")
            bob = self.open(where, "alice", term="dumb")
            bob.expect("the name alice is taken", "Another name: [alice_]")
            bob.type("\n")
            bob.expect("\nalice_ lobby>")
            alice.type("/clear\n/keys\n")
            alice.expect("cannot be taken away", "Enter: send the line")
            bob.type("alice: look\n")
            alice.expect("alice_: alice: look")
            bob.expect("look  2\nalice_ lobby>")
            bob.type("half a li")
            bob.expect("alice_ lobby> half a li")
            alice.type("meanwhile\n")
            bob.expect("half a li\nalice: meanwhile\nalice_ lobby>")
            bob.type("ne\n")
            for person in alice, bob:
                person.expect("alice_: half a line")
                person.until(lambda screen: screen.endswith(" lobby>"))
            for person in alice, bob:
                person.type("\x04")
                self.assertEqual(person.end(), 0)
        for person in alice, bob:
            codes = {byte for byte in person.written if byte < 32 or byte == 127}
            self.assertEqual(codes - {7}, {10, 13})
        self.assertEqual((alice.written + bob.written).count(b"\a"), 1)
        self.assertTrue(alice.written.endswith(b"> \r\n"))

    def test_leaving_while_nobody_listens(self) -> None:
        """What is not stored does not hold one; the end of input leaves, too."""
        for keys in ("/quit\n", "\x04"):
            alice = self.open(f"127.0.0.1:{free_port()}", "alice", term="dumb")
            alice.expect("alice lobby (no connection)>")
            alice.type("one\n")
            alice.type(keys)
            self.assertEqual(alice.end(), 0)
            alice.expect("not stored yet, kept to be sent the next time: 1")

    def test_no_name_is_given(self) -> None:
        """The end of input leaves, and so does Ctrl-C; at a prompt, too."""
        for term in ("dumb", "xterm"):
            for keys in ("\x04", "\x03"):
                alice = self.open("127.0.0.1:1", term=term)
                alice.expect("Your nickname:")
                alice.type(f"\x15{keys}")
                self.assertEqual(alice.end(), 0)
                self.assertNotIn("Traceback", alice.text)


class KeyTests(ProgramTestCase):
    """Who one is, from one run to the next."""

    def test_two_windows_are_two(self) -> None:
        """One that died is taken up again, with its name and rooms."""
        with Server() as server:
            where = f"127.0.0.1:{server.port}"
            first = self.open(where, "alice")
            first.expect("alice lobby>")
            first.type("/join lab\r")
            first.expect("alice lab>")
            second = self.open(where)
            second.expect("the name alice is taken", "Another name: alice_")
            second.type("\r")
            second.expect("in lab: alice (s1), alice_ (s2)", "alice_ lab>")
            first.process.kill()
            again = self.open(where)
            again.expect("alice lab>")
            second.type("/who\r")
            who = "in lab: alice (s1), alice_ (s2)"
            second.until(lambda screen: screen.count(who) == 2)

    def test_name_and_rooms_are_remembered(self) -> None:
        """By a server that has forgotten them, too; another name may be asked for."""
        port = free_port()
        where = f"127.0.0.1:{port}"
        with Server(listen=f"tcp:{port}:interface=127.0.0.1"):
            alice = self.open(where, "alice")
            alice.expect("alice lobby>")
            alice.type("/join lab\r")
            alice.expect("alice lab>")
            alice.type("/join attic\r")
            alice.expect("alice attic>")
            alice.type("/leave lobby\r")
            alice.expect("You left lobby")
            alice.type("\x04")
            self.assertEqual(alice.end(), 0)
        with Server(listen=f"tcp:{port}:interface=127.0.0.1"):
            again = self.open(where)
            again.expect("alice attic>")
            again.type("/leave\r")
            again.expect("alice lab>")
            again.type("/leave\r")
            again.expect("alice no room>")
            again.type("\x04")
            again.end()
            bob = self.open(where, "bob")
            bob.expect("bob lobby>")

    def test_a_dumb_terminal_has_an_identity(self) -> None:
        """As any other; lines between programs have none."""
        with Server() as server:
            where = f"127.0.0.1:{server.port}"
            for words in (("alice",), ()):
                alice = self.open(where, *words, term="dumb")
                alice.expect("You are alice in lobby")
                alice.type("\x04")
                self.assertEqual(alice.end(), 0)
        folder = Path(self.home) / "ecochat"
        self.assertTrue((folder / "outbox.sqlite").exists())


class KeptTests(ProgramTestCase):
    """What is typed, and the program ends before it is stored."""

    def test_killed_while_nobody_listens(self) -> None:
        """What was typed is stored once by the next start."""
        port = free_port()
        where = f"127.0.0.1:{port}"
        with Server(listen=f"tcp:{port}:interface=127.0.0.1") as server:
            alice = self.open(where, "alice")
            alice.expect("alice lobby>")
            alice.type("one\r")
            alice.expect("alice: one  1")
            server.kill()
            alice.expect("(no connection)>")
            alice.type("two\rthree\r")
            alice.expect("alice: two\nalice: three\n")
            alice.process.kill()
            gone = self.open(where)
            gone.expect("trying again", "alice: two\nalice: three\nalice lobby (no")
            gone.type("\x04")
            self.assertEqual(gone.end(), 0)
            gone.expect("not stored yet, kept to be sent the next time: 2")
            server.start()
            again = self.open(where)
            again.expect("alice: two  2", "alice: three  3", "alice lobby>")
            again.type("\x04")
            self.assertEqual(again.end(), 0)
            self.assertNotIn(b"not stored yet", again.written)
            once_more = self.open(where)
            once_more.expect("alice lobby>")
            with Client(port, "eve") as eve:
                eve.say("/history lobby")
                eve.expect(r"\* end lobby 3")
            said = "".join(eve.frames)
            self.assertEqual((said.count("two"), said.count("three")), (1, 1))

    def test_without_an_outbox(self) -> None:
        """One is told so in a line, and talks all the same."""
        (Path(self.home) / "ecochat" / "outbox.sqlite").mkdir(parents=True)
        with Server() as server:
            alice = self.open(f"127.0.0.1:{server.port}", "alice")
            alice.expect("outbox.sqlite cannot be opened", "alice lobby>")
            alice.type("hello\r")
            alice.expect("alice: hello  1")


class LinesTests(ProgramTestCase):
    """Between programs."""

    def pipe(self, text: str, *words: str) -> tuple[int, str, str]:
        """Return the exit status, and what is printed for these lines."""
        command = (sys.executable, "-c", PROGRAM, *words)
        places = ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, **dict.fromkeys(places, self.home)},
        )
        self.assertEqual(os.listdir(self.home), [])  # nothing is kept
        return done.returncode, done.stdout, done.stderr

    def test_lines_are_said_where_one_is(self) -> None:
        """Each is answered before the end; the exit status says how it went."""
        with Server() as server:
            where = f"127.0.0.1:{server.port}"
            lines = "/join lab\nhello lab\n/leave\nhello lobby"
            status, printed, error = self.pipe(lines, where, "build")
            self.assertEqual((status, error), (0, ""))
            self.assertEqual(
                printed.splitlines()[1:],
                [
                    "* You are build in lab.",
                    "build: hello lab  1",
                    "* You left lab. You are in lobby.",
                    "build: hello lobby  1",
                ],
            )
            many = "".join(f"{n}\n" for n in range(2_000))
            status, printed, error = self.pipe(many, where, "build")
            self.assertEqual((status, error), (0, ""))
            self.assertTrue(printed.endswith("build: 1999  2001\n"))
            status, printed, _ = self.pipe("/nothing\nhello\n", where, "build")
            self.assertEqual(status, 1)
            self.assertIn("! unknown command /nothing", printed)
            with Client(server.port, "taken"):
                status, printed, error = self.pipe("hello\n", where, "taken")
            self.assertEqual((status, printed), (1, ""))
            self.assertIn("does not let you in: the name taken", error)


class WithoutAServerTests(SynchronousTestCase):
    """What is wrong before anything is tried."""

    def run_it(self, server: str = "h", /, **streams: object) -> tuple[int, str]:
        """Return the exit status, and what was written on stderr."""
        given = {"stdin": mock.Mock(isatty=lambda: False), **streams}
        with contextlib.ExitStack() as patched:
            for name, stream in given.items():
                patched.enter_context(mock.patch(f"sys.{name}", stream))
            error = patched.enter_context(mock.patch("sys.stderr", io.StringIO()))
            return entry.run(server), error.getvalue()

    def test_closed_input_or_output(self) -> None:
        """Python has None for one that the shell has closed."""
        for name in ("stdin", "stdout"):
            status, error = self.run_it(**{name: None})
            self.assertEqual(status, USAGE)
            self.assertIn("have to be open", error)

    def test_an_address_that_is_none(self) -> None:
        """Is told in one line."""
        status, error = self.run_it("h:x")
        self.assertEqual((status, error.count("\n")), (USAGE, 1))
        self.assertTrue(error.startswith("ecochat: the port in 'h:x'"))

    def test_which_face(self) -> None:
        """A person's words are kept, also where the terminal shows no prompt; what
        another program says is not."""
        faces = {(True, "xterm"): "_chat", (True, "dumb"): "_chat"}
        faces |= {(False, "xterm"): "_copy", (True, ""): "_chat"}
        for (tty, term), face in faces.items():
            stream = mock.Mock(isatty=mock.Mock(return_value=tty))
            with (
                mock.patch.object(entry, face, return_value=7) as opened,
                mock.patch.dict(os.environ, TERM=term),
            ):
                self.assertEqual(self.run_it(stdin=stream, stdout=stream), (7, ""))
            opened.assert_called_once()

    def test_the_keyboard_stays_raw(self) -> None:
        """While lines are shown."""
        ours, theirs = os.openpty()
        self.addCleanup(os.close, ours)
        with open(theirs) as stream:
            keyboard = Keyboard(stream)
            with keyboard.raw_mode():
                raw = termios.tcgetattr(theirs)
                with keyboard.cooked_mode():
                    self.assertEqual(termios.tcgetattr(theirs), raw)
            self.assertNotEqual(termios.tcgetattr(theirs), raw)


class OutputTests(SynchronousTestCase):
    """What is printed without a buffer, as with PYTHONUNBUFFERED."""

    def test_all_of_it_gets_out(self) -> None:
        """Also what the system does not take at once."""
        taken = bytearray()

        class Slow(io.RawIOBase):
            def writable(self) -> bool:
                return True

            def write(self, data: Any) -> int:
                taken.extend(data[:7])
                return min(7, len(data))

        text = "".join(f"{n} á " for n in range(5000))
        raw: Any = Slow()
        stdout = io.TextIOWrapper(raw, "utf-8", write_through=True)
        with mock.patch.object(sys, "stdout", stdout):
            write_whole()
            flush_stdout(sys.stdout, text)
            self.assertEqual(sys.stdout.encoding, "utf-8")
        self.assertEqual(taken.decode(), text)

    def test_what_has_a_buffer_stays(self) -> None:
        """There is nothing to mend."""
        stdout = io.TextIOWrapper(io.BytesIO())
        with mock.patch.object(sys, "stdout", stdout):
            write_whole()
            self.assertIs(sys.stdout, stdout)


class NobodyListensTests(ProgramTestCase):
    """What a new user meets first."""

    def test_it_says_what_to_do(self) -> None:
        """Once, and goes on trying; what is written meanwhile is stored then."""
        port = free_port()
        where = f"127.0.0.1:{port}"
        alice = self.open(where)
        alice.expect(f"Your nickname: {login_name()}".strip())
        alice.type("\x159 lives\r")
        alice.expect("a nickname begins with a letter or _")
        alice.type("\x15alice\r")
        alice.expect("alice lobby (no connection)>")
        alice.type("hello\r\r\r")
        words = (
            f"! nobody listens at {where} (connection refused); start a server with:"
        )
        alice.until(lambda screen: words in " ".join(screen.split()))
        with Server(listen=f"tcp:{port}:interface=127.0.0.1"):
            alice.expect("alice: hello  1", "alice lobby>")
            self.assertEqual(alice.text.count("nobody listens"), 1)
            alice.type("\x04")
            self.assertEqual(alice.end(), 0)
            again = self.open(where)
            again.expect("alice lobby>")

    def test_an_endpoint_that_is_not_complete(self) -> None:
        """Is an error of the command line."""
        terminal = self.open("tcp:x")
        self.assertEqual(terminal.end(), 2)
        self.assertIn(b"ecochat: 'tcp:x' is no complete endpoint", terminal.written)
