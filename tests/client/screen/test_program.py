"""The real program on the whole screen of a terminal, against a real server."""

import io
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from twisted.internet.task import deferLater
from twisted.logger import LogEvent, LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase, TestCase

from ecochat.client.address import parse_address
from ecochat.client.keys import held_key
from ecochat.client.program import USAGE
from ecochat.client.screen import program as module
from ecochat.client.screen.program import Program
from ecochat.client.screen.visit import Visit
from ecochat.client.screen.wishes import Notify
from ecochat.client.terminal.notify import Notifier
from ecochat.client.trust import Trust
from tests.support.certificates import self_signed
from tests.support.client import Client
from tests.support.ports import free_port
from tests.support.server import Server
from tests.support.terminal import Terminal
from tests.support.waiting import WAIT

MODES = ("1049", "1000", "1006", "2004", "1004")
"""What is asked of a terminal, and has to be let go at the end."""


class ProgramTestCase(SynchronousTestCase):
    """Has people with terminals, that are closed at the end."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="ecochat-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def open(
        self, who: str, *words: str, columns: int = 80, lines: int = 24
    ) -> Terminal:
        """Start the program for somebody, whose files are kept until the end."""
        home = self.folder / who
        terminal = Terminal(
            *(sys.executable, "-m", "ecochat.main", *words),
            columns=columns,
            lines=lines,
            XDG_STATE_HOME=str(home / "state"),
            XDG_DATA_HOME=str(home / "data"),
            XDG_CONFIG_HOME=str(home / "config"),
            USER=who,
            LOGNAME=who,
        )
        self.addCleanup(terminal.close)
        return terminal

    def assert_given_back(self, terminal: Terminal) -> None:
        """See that the terminal was left as it was found."""
        for mode in MODES:
            asked, _, last = terminal.written.rpartition(f"\x1b[?{mode}".encode())
            self.assertIn(f"\x1b[?{mode}h".encode(), asked)
            self.assertTrue(last.startswith(b"l"), mode)


class TalkTests(ProgramTestCase):
    """Two people, three rooms, and a server that is killed and started again."""

    def test_two_people_talk(self) -> None:
        """Nothing that is typed is lost, nothing is shown twice."""
        port = free_port()
        with Server(listen=f"tcp:{port}:interface=127.0.0.1") as server:
            where = f"127.0.0.1:{port}"
            alice = self.open("alice", where)
            alice.expect("Your nickname: alice")
            alice.type("\r")
            alice.expect("Welcome to", "1 lobby", "connected", "alice>")
            bob = self.open("bob", where, "--nick", "bob", columns=200, lines=50)
            bob.expect("2 members", "bob>")

            alice.type("bo\t")
            alice.expect("alice> bob:")
            alice.type("tea?\r")
            alice.expect("alice │ bob: tea?")
            bob.expect("alice ┃ bob: tea?")
            alice.type("/join lab\r")
            alice.expect("2 lab")
            alice.type("in the lab\r")
            alice.expect("alice │ in the lab")
            bob.type("/msg alice psst\r")
            bob.expect("2 @alice", "bob │ psst")
            alice.expect("3 @bob")
            alice.type("\x1b3")
            alice.expect("bob │ psst")

            alice.type("\x1b1half a li")
            alice.expect("alice> half a li", "bob: tea?")
            server.kill()
            alice.expect("connection lost", "offline", "alice> half a li")
            alice.type("ne\r")
            alice.expect("alice │ half a line …", "1 not yet stored")
            server.start()
            alice.expect("connected again")
            alice.until(lambda screen: "half a line …" not in screen)
            bob.type("\x1b1")
            bob.expect("alice │ half a line")
            self.assertEqual(bob.text.count("half a line"), 1)

            bob.type("/nick rob\r")
            bob.expect("rob>")
            alice.expect("bob is now rob", "3 @rob")
            alice.type("\x04")
            self.assertEqual(alice.end(), 0)
            self.assert_given_back(alice)
            bob.type("/quit\r")
            self.assertEqual(bob.end(), 0)

    def test_killed_while_nobody_listens(self) -> None:
        """What was typed is sent once by the next start, which is where one was."""
        port = free_port()
        with Server(listen=f"tcp:{port}:interface=127.0.0.1") as server:
            where = f"127.0.0.1:{port}"
            alice = self.open("alice", where, "--nick", "alice", "--room", "lab")
            alice.expect("lab", "alice>", "connected")
            alice.type("one\r")
            alice.expect("alice │ one ", "1")
            alice.until(lambda screen: "one …" not in screen)
            server.kill()
            alice.expect("offline")
            alice.type("two\rthree\rfour")
            alice.expect("two …", "three …", "alice> four")
            alice.process.kill()
            again = self.open("alice", where)
            again.expect("two …", "three …", "nobody listens", "twistd -n ecochat")
            server.start()
            again.expect("connected", "alice │ one", "alice │ two")
            again.until(lambda screen: "three …" not in screen)
            with Client(port, "eve") as eve:
                eve.say("/history lab")
                eve.expect(r"\* end lab 3")
            self.assertEqual("".join(eve.frames).count("two"), 1)


def is_drawn(screen: str, lines: int) -> bool:
    """Whether a screen has what a person of one message sees on it, and that once."""
    *_, status, prompt = rows = screen.splitlines() or ["", ""]
    is_whole = len(rows) == lines and "connected" in status and prompt == "alice>"
    return is_whole and all(screen.count(part) == 1 for part in ("alice │ one", "ten"))


class RefusedTests(ProgramTestCase):
    """What the server refuses outlives the program."""

    def test_killed(self) -> None:
        """It is shown with its reason at the next start, can be had back, and is gone
        at the start after that."""
        with Server() as server:
            where = f"127.0.0.1:{server.port}"
            alice = self.open("alice", where, "--nick", "alice")
            alice.expect("alice>", "connected")
            alice.type("/msg nobody a word\r")
            alice.expect("✗ there is nobody called nobody")
            alice.process.kill()
            again = self.open("alice", where)
            again.expect("connected", "still here, in lobby")
            again.expect("alice │ /msg nobody a word", "✗ there is nobody called")
            again.type("\x1b[A")
            again.expect("alice> /msg nobody a word")
            again.until(lambda screen: "✗" not in screen)
            again.type("\x03\x04")
            self.assertEqual(again.end(), 0)
            third = self.open("alice", where)
            third.expect("alice>", "connected")
            self.assertNotIn("nobody", third.text)


class SignalTests(ProgramTestCase):
    """What a terminal, or a shell, tells the program."""

    def test_told_to_end(self) -> None:
        """It leaves, and the terminal is as it was; also when nobody listens."""
        with Server() as server:
            for port in (server.port, free_port()):
                for number in (signal.SIGTERM, signal.SIGHUP):
                    alice = self.open("alice", f"127.0.0.1:{port}", "--nick", "alice")
                    alice.expect("alice>")
                    alice.process.send_signal(number)
                    self.assertEqual(alice.end(), 0)
                    self.assert_given_back(alice)

    def test_the_terminal_is_closed(self) -> None:
        """The program ends, and what was being written is there the next time."""
        where = f"127.0.0.1:{free_port()}"
        alice = self.open("alice", where, "--nick", "alice")
        alice.type("half a li")
        alice.expect("alice> half a li")
        os.close(alice._fd)
        alice._fd = os.open(os.devnull, os.O_RDWR)
        self.assertEqual(alice.process.wait(WAIT), 0)
        self.open("alice", where).expect("alice> half a li")

    def test_resized(self) -> None:
        """To any size, with a message that is as wide as there is space."""
        with Server() as server:
            alice = self.open("alice", f"127.0.0.1:{server.port}", "--nick", "alice")
            alice.expect("alice>", "connected")
            alice.type("one two three four five six seven eight nine ten\r")
            for columns, lines in ((40, 12), (250, 80), (80, 24)):
                alice.resize(columns, lines)
                alice.until(lambda screen, lines=lines: is_drawn(screen, lines))  # type: ignore[misc]

    def test_suspended(self) -> None:
        """By Ctrl-Z, and back."""
        with Server() as server:
            alice = self.open("alice", f"127.0.0.1:{server.port}", "--nick", "alice")
            alice.expect("alice>", "connected")
            before = len(alice.written)
            alice.type("\x1a")
            alice.until(lambda screen: b"\x1b[?1049l" in alice.written[before:])
            alice.process.send_signal(signal.SIGCONT)
            alice.until(lambda screen: b"\x1b[?1049h" in alice.written[before:])
            alice.expect("alice>", "connected")
            alice.type("back\r")
            alice.expect("alice │ back")


class NameTests(ProgramTestCase):
    """Who one is."""

    def test_a_name_that_is_taken(self) -> None:
        """Another one is asked for, with a suggestion; that is remembered where it is
        the first one, and else the name that one wanted to have."""
        with Server() as server:
            where = f"127.0.0.1:{server.port}"
            with Client(server.port, "alice"):
                alice = self.open("alice", where, "--nick", "alice")
                alice.expect("Another name: alice_")
                alice.type("\r")
                alice.expect("You are alice_", "alice_>")
                alice.type("\x04")
                alice.end()
                again = self.open("alice", where)
                again.expect("You are alice_", "alice_>")
                second = self.open("alice", where)
                second.expect("Another name: alice2")
                second.type("\r")
                second.expect("You are alice2")
                for terminal in (again, second):
                    terminal.type("\x04")
                    terminal.end()
            self.open("alice", where).expect("You are alice_", "alice_>")

    def test_the_first_screen(self) -> None:
        """Tells what this is, where it goes, and of the keys, on the smallest screen;
        where nobody listens then, that and how to start a server."""
        where = f"127.0.0.1:{free_port()}"
        alice = self.open("alice", where, columns=40, lines=12)
        welcome = ("Welcome to EcoChat", "F1 lists the keys", where)
        alice.expect(*welcome, "Your nickname: alice")
        alice.type("9\x1bOP")
        alice.expect("Keys", "another line")
        alice.type("\x1b")
        alice.expect(*welcome, "Your nickname: 9")
        alice.type("\r")
        alice.expect("a nickname begins with", "a letter or _", "Your nickname: 9")
        alice.type("\x15bob\r")
        alice.expect("nobody listens", "twistd -n ecochat", "offline", "bob>")

    def test_no_name(self) -> None:
        """One can leave where a name is asked for, or go without one; then it is said
        what to do."""
        where = f"127.0.0.1:{free_port()}"
        alice = self.open("alice", where)
        alice.expect("Your nickname: alice")
        alice.type("/quit\r")
        self.assertEqual(alice.end(), 0)
        with Server() as server:
            where = f"127.0.0.1:{server.port}"
            guest = self.open("guest", where)
            guest.expect("Your nickname: guest")
            guest.type("\x1b")
            guest.expect("/nick NAME takes another", "guest-1>", "connected")
            with Client(server.port, "alice"):
                alice = self.open("alice", where, "--nick", "alice")
                alice.expect("Another name: alice_")
                alice.type("\x1b")
                alice.expect("/nick NAME tries", "alice>")
                alice.type("/nick carol\r")
                alice.expect("Another name: carol")
                alice.type("\x1b")
            alice.expect("alice>")
            alice.type("/connect\r")
            alice.expect("You are alice", "connected")

    def test_a_name_that_can_be_none(self) -> None:
        """Is told at once, and another one asked for."""
        alice = self.open("alice", f"127.0.0.1:{free_port()}", "--nick", "a b")
        alice.expect("a nickname has letters, marks,", "Your nickname: alice")

    def test_a_login_that_is_no_name(self) -> None:
        """Is not suggested."""
        root = self.open("root", f"127.0.0.1:{free_port()}")
        root.until(lambda screen: screen.endswith("Your nickname:"))


class OtherServerTests(ProgramTestCase):
    """Going elsewhere."""

    def test_connecting_elsewhere(self) -> None:
        """By /connect or CONNECT, as one was called here; and to no address."""
        with Server() as first, Server() as second:
            alice = self.open("alice", f"127.0.0.1:{first.port}", "--nick", "alice")
            alice.expect("alice>", "connected")
            alice.type("said at the first\r")
            alice.expect("alice │ said at the first")
            alice.type(f"/connect 127.0.0.1:{second.port}\r")
            alice.until(lambda screen: "said at the first" not in screen)
            alice.expect("You are alice", "connected")
            alice.type("/connect a:b\r")
            alice.expect("the port in 'a:b'")
            alice.type(f"CONNECT 127.0.0.1:{first.port}\r")
            alice.expect("said at the first", "connected")

    def test_connecting_again(self) -> None:
        """By /connect or CONNECT alone: with the same server, at once."""
        port = free_port()
        with Server(listen=f"tcp:{port}:interface=127.0.0.1") as server:
            alice = self.open("alice", f"127.0.0.1:{port}", "--nick", "alice")
            alice.expect("alice>", "connected")
            alice.type("/connect\r")
            alice.expect("you are connected already")
            server.kill()
            alice.expect("offline")
            alice.type("CONNECT\r")
            alice.until(lambda screen: screen.count("trying again") == 2)
            server.start()
            alice.expect("connected again")


class UselessTests(ProgramTestCase):
    """Addresses, and files of certificates, by which nobody is reached."""

    def test_at_the_start(self) -> None:
        """It is told in one line, and the program ends."""
        for words in (("tcp:host",), ("--ca", "/nonexistent.pem", "host")):
            alice = self.open("alice", *words)
            self.assertEqual(alice.end(), USAGE, alice.text)
            self.assertNotIn(b"\x1b[?1049h", alice.written)

    def test_later(self) -> None:
        """What is written is given back, and one can go elsewhere, or leave."""
        with Server() as server:
            where = f"127.0.0.1:{server.port}"
            alice = self.open("alice", where, "--nick", "alice")
            alice.expect("alice>", "connected")
            alice.type("/connect tcp:host\r")
            alice.expect("'tcp:host' is no complete endpoint")
            alice.type("hello\r")
            alice.expect("/connect goes elsewhere")
            alice.type(f"/connect {where}\r")
            alice.expect("alice>", "connected")
            alice.type("/connect tcp:host\r")
            alice.expect("'tcp:host' is no complete endpoint")
            alice.type("/quit\r")
            self.assertEqual(alice.end(), 0)


class WrongTests(TestCase):
    """A program of this process, which reaches nobody; and what goes wrong in it."""

    def setUp(self) -> None:
        folder = Path(self.mktemp()).resolve()
        self.state = folder / "state" / "ecochat"
        kinds = ("CONFIG", "DATA", "STATE")
        homes = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in kinds}
        self.patch(os, "environ", {**os.environ, **homes, "TERM": "xterm"})
        ours, theirs = os.openpty()
        self.addCleanup(os.close, ours)
        file = os.fdopen(theirs, "r+b", buffering=0)
        terminal = io.TextIOWrapper(file, "utf-8", write_through=True)
        self.addCleanup(terminal.close)
        for name in ("stdin", "stdout"):
            self.patch(sys, name, terminal)
        self.program = Program(Trust())
        self.visit = self.visiting()

    def visiting(self) -> Visit:
        """Return a visit that the program makes now; it has no server."""
        address = parse_address("tcp:host")
        program = self.program
        program._go(address, "alice")
        visit = program._visit
        assert visit is not None
        return visit

    def told(self) -> str:
        """Return what the person is told."""
        return "\n".join(entry.text for entry in self.visit.model.room.entries)

    def fail_to_save(self) -> None:
        """Have every save go wrong, in a way that nobody has thought of."""

        def save() -> None:
            raise RuntimeError("cannot save")

        self.patch(self.program._memory, "save", save)

    def test_the_bell(self) -> None:
        """Calls, unless the person wants none."""
        written: list[str] = []
        self.program._notifier = Notifier(written.append, lambda: 0.0)
        for rings in (False, True):
            self.visit.model.rings = rings
            self.program._grant(Notify("lobby", "bob in lobby", "alice: tea?"))
            self.assertEqual(len(written), 2 * rings)

    def test_not_remembered(self) -> None:
        """That it cannot be is told when it happens, once."""
        file = self.state / "rooms.json"
        file.unlink(missing_ok=True)
        file.mkdir(parents=True)
        for draft in ("half", "half a line"):
            self.visit.model.room.draft = draft
            self.program._save()
        self.assertEqual(self.told().count("rooms.json cannot be written"), 1)

    def test_refused(self) -> None:
        """It is on disk before anything else happens."""
        self.visit.say("lost words")
        kept = json.loads((self.state / "rooms.json").read_text())["servers"]
        [refusal] = kept[str(self.visit.address)]["refused"]
        self.assertEqual((refusal["room"], refusal["typed"]), ("lobby", "lost words"))

    def test_refused_at_last(self) -> None:
        """So is what is refused while a visit ends."""
        before = self.visit

        async def end() -> None:
            before.say("lost words")

        self.patch(before, "end", end)
        self.visit = self.visiting()
        [refusal] = self.program._memory.server(str(before.address)).refused
        self.assertEqual(refusal.typed, "lost words")

    def test_what_nobody_has_thought_of(self) -> None:
        """Is told once as a line, not written over the screen, and goes to the log."""
        self.fail_to_save()
        told = io.StringIO()
        self.patch(sys, "stderr", told)
        events: list[LogEvent] = []
        observe: Any = events.append
        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        for _ in range(3):
            self.program._save()
        self.assertEqual(self.told().count("it goes on: cannot save"), 1)
        self.assertEqual(told.getvalue(), "")
        levels = {event["log_level"] for event in events if "log_failure" in event}
        self.assertEqual(levels, {LogLevel.error})
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 3)

    def test_the_next_visit(self) -> None:
        """Begins, whatever went wrong with the one before: that has ended, too."""
        self.fail_to_save()
        for _ in range(2):
            before = self.visit
            self.visit = self.visiting()
            self.assertIsNot(self.visit, before)
            with held_key(str(before.address)):
                pass
        self.assertTrue(self.flushLoggedErrors(RuntimeError))

    async def test_leaving(self) -> None:
        """One leaves well, though nothing can be saved."""
        self.patch(module, "SAVED_EVERY", 0.0)
        self.fail_to_save()
        reactor, saving = self.program._reactor, self.program._saving
        begun: list[bool] = []
        ended: list[Visit] = []

        async def converse() -> None:
            for _ in range(3):
                await deferLater(reactor, 0)
            begun.append(saving.running)

        async def end(visit: Visit) -> None:
            ended.append(visit)

        self.addCleanup(signal.signal, signal.SIGHUP, signal.getsignal(signal.SIGHUP))
        self.patch(self.program._face, "converse", converse)
        self.patch(Visit, "end", end)
        await self.program.run(self.visit.address, "alice", "")
        self.assertEqual((begun, len(ended), ended[0]), ([True], 2, self.visit))
        self.assertTrue(self.flushLoggedErrors(RuntimeError))


class TrustTests(ProgramTestCase):
    """A server that has signed its certificate itself."""

    def test_asked_once(self) -> None:
        """Who is trusted is remembered; who has changed is not connected with."""
        port = free_port()

        def serve(name: str) -> Server:
            made = self_signed(self.folder, name)
            keys = f"privateKey={made.key}:certKey={made.certificate}"
            return Server(listen=f"ssl:{port}:{keys}:interface=127.0.0.1")

        words = (f"127.0.0.1:{port}", "--tls", "--nick", "alice")
        question = "this server from now on (yes/no)?"
        with serve("lab"):
            alice = self.open("alice", *words)
            alice.expect("Trust this server from now on (yes/no)?")
            alice.type("maybe\r")
            alice.expect("answer yes or no", "(yes/no)? maybe")
            alice.type("\x15no\r")
            alice.expect("not trusted; /connect asks again", "offline", "alice>")
            alice.type("/connect\r")
            alice.expect("trying again")
            alice.until(lambda screen: screen.endswith("\nTrust " + question))
            alice.type("\x1b")
            alice.until(lambda screen: screen.count("not trusted;") == 2)
            alice.type("\x04")
            alice.end()
            alice = self.open("alice", *words)
            alice.expect("Trust this server from now on (yes/no)?")
            alice.type("yes\r")
            alice.expect("connected", "alice>")
            alice.type("\x04")
            alice.end()
            again = self.open("alice", *words)
            again.expect("connected", "alice>")
            self.assertNotIn(b"yes/no", again.written)
        again.expect("connection lost")
        with serve("mallory"):
            again.expect("CHANGED!", "nothing was sent.", "alice>")
            self.assertNotIn(b"yes/no", again.written)
