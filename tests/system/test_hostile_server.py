"""Whatever a server says, in whatever field: real programs in a terminal show it as
harmless marks, and tell the terminal nothing but what they always do."""

import re
import sys
import tempfile
from functools import partial
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import wire
from ecochat.core.wire import Said
from tests.support.evil import (
    ABOUT,
    FEW,
    LAST,
    answer,
    comings,
    edits,
    happened,
    message,
    messages,
    reactions,
    talks,
    topics,
    welcome,
)
from tests.support.malice import (
    SAMPLE,
    every,
    harmless,
    sample,
    some,
    some_harmless,
    whole,
)
from tests.support.scripted import Asked, Scripted
from tests.support.sequences import CALL, shown, strange
from tests.support.terminal import Pty, Terminal

LARGE = (220, 330)
"""Columns and lines of a terminal that has space for each string in its own row."""

PAGE_UP, END, TAB, CLEAR, SWITCH = "\x1b[5~", "\x1b[F", "\t", "\x15", "\x0b"
ESCAPE, FOCUS_LOST = "\x1b", "\x1b[O"

OWN = re.compile(".{,20}[\a\b\r\n]¤.{,20}")
"""What the programs themselves write, but never before this sign."""


class HostileTestCase(SynchronousTestCase):
    """Runs programs against a server that wants to harm them."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="ecochat-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        places = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
        self.places = dict.fromkeys(places, folder.name)

    def open(self, *words: str) -> Terminal:
        """Start the program in a terminal."""
        command = (sys.executable, "-m", "ecochat.main", *words)
        columns, lines = LARGE
        terminal = Terminal(*command, columns=columns, lines=lines, **self.places)
        self.addCleanup(terminal.close)
        return terminal

    def look(self, terminal: Terminal, *wanted: list[str]) -> None:
        """Wait until all this is on the screen; say what never is."""
        texts = [text for each in wanted for text in each]
        try:
            terminal.expect(*texts)
        except AssertionError:
            missing = [text for text in texts if text not in terminal.text]
            self.fail(f"not shown: {missing}; the screen is\n{terminal.text}")

    def check(self, terminal: Pty) -> None:
        """See that all that was written is text, or the programs' own sequences.

        The program is ended for that: what it has written is whole then.
        """
        if terminal.process.poll() is None:
            terminal.process.terminate()
            terminal.end()
        self.assertEqual(strange(terminal.written), [])
        own = OWN.findall(terminal.written.decode())
        self.assertEqual(own, [])


class ScreenTests(HostileTestCase):
    """The whole screen."""

    def enter(self, server: Scripted) -> Terminal:
        """Start the program, and wait until the rooms are there."""
        alice = self.open(f"127.0.0.1:{server.port}", "--nick", "alice")
        self.look(alice, harmless("hx"), harmless("hn"), some_harmless("sv", FEW))
        self.look(alice, harmless("wn"), harmless("rm"), some_harmless("lt"))
        self.look(alice, some_harmless("pv"))
        return alice

    def test_what_comes_unasked(self) -> None:
        """Messages, topics, reactions, edits, who comes and goes, who writes, what the
        server says; and names in completions."""
        with Scripted(answer) as server:
            alice = self.enter(server)
            server.tell(*messages("mn", "mx", LAST + 1))
            self.look(alice, harmless("mx"), harmless("mn"))
            server.tell(*reactions(2 * LAST + 1), *topics(3 * LAST + 1))
            self.look(alice, harmless("tn"), harmless("tt"))
            self.look(alice, harmless("rs")[LAST // 2 :], harmless("rn")[LAST // 2 :])
            alice.type(PAGE_UP)
            self.look(alice, harmless("rs")[: LAST // 2], harmless("rn")[: LAST // 2])
            alice.type(END)
            alice.until(lambda screen: "looking back" not in screen)
            server.tell(*edits(4 * LAST + 1))
            self.look(alice, harmless("ed")[LAST // 2 :])
            server.tell(*(wire.Notice(text=text) for text in every("no")))
            self.look(alice, harmless("no"))
            of_operator = (wire.Notice(text=t, operator=True) for t in every("op"))
            server.tell(*of_operator)
            self.look(alice, harmless("op"))
            server.tell(*comings())
            for field in ("jn", "ol", "nw", "gn"):
                self.look(alice, some_harmless(field, FEW))
            alice.type(f"/msg jn{TAB}")
            self.look(alice, some_harmless("jn", FEW))
            alice.type(CLEAR)
            server.tell(*talks())
            self.look(alice, some_harmless("rl"), some_harmless("dr"))
            self.look_at_writers(server, alice)
            self.check(alice)

    def look_at_writers(self, server: Scripted, alice: Terminal) -> None:
        """Wait until they are on the screen: each for some seconds only."""
        about = {"room": "lobby", "session": "s9"}

        def are_seen(screen: str) -> bool:
            seen = all(text in screen for text in some_harmless("ty", 3))
            if not seen:
                writers = sample("ty", 3)
                server.tell(*(wire.Typing(nick=nick, **about) for nick in writers))
            return seen

        alice.until(are_seen)

    def test_what_is_asked(self) -> None:
        """Lists, answers in words, refusals, what was found, and where one goes."""
        with Scripted(answer) as server:
            alice = self.enter(server)
            for typed, fields in ASKED.items():
                alice.type(f"{typed}\r")
                self.look(alice, *map(harmless, fields))
            alice.type("/search needle\r")
            self.look(alice, harmless("fx"), harmless("fn"))
            alice.type(ESCAPE)
            alice.until(lambda screen: "found of needle" not in screen)
            alice.type(SWITCH)
            self.look(alice, harmless("rm"), harmless("rt"))
            alice.type(f"{some('rm')[:5]}\r")
            alice.expect(f" {harmless('rm')[27]}¤  {harmless('rt')[27]}")
            alice.type("/topic\r")
            self.look(alice, harmless("gt"), some_harmless("gr"))
            alice.type("/join elsewhere\r")
            self.look(alice, some_harmless("jt"))
            alice.type("/nick bob\r")
            self.look(alice, [f"{text}¤" for text in some_harmless("my", 3)])
            self.check(alice)

    def test_calls(self) -> None:
        """The bell and a notification: with what was said, but as marks."""
        with Scripted(answer) as server:
            alice = self.enter(server)
            alice.type(f"{FOCUS_LOST}begun")
            alice.expect("alice> begun")
            called = message(LAST + 1, some("cn", 2), f"alice: {some('cx')}")
            server.tell(called)
            call = partial(re.search, CALL)
            alice.until(lambda _: bool(call(alice.written.decode(errors="ignore"))))
            found = call(alice.written.decode(errors="ignore"))
            assert found
            for text in (*some_harmless("cn", 2), *some_harmless("cx", 5)):
                self.assertIn(text, found[0])
            self.check(alice)

    def test_the_beginning_and_the_end(self) -> None:
        """Why one is not let in, whoever says it; why the connection is dropped, where
        what comes is no use; and why one is thrown out."""
        greeting: list[Said] = [wire.Error(code="failed", text=whole("un"))]
        words = whole("ex").replace("\0", "")

        def reluctant(asked: Asked) -> list[Said]:
            if asked["op"] != "hello":
                return list(answer(asked))
            if not greeting:
                server.send(f"! {words}\0".encode())
                server.drop()
            return greeting

        with Scripted(reluctant) as server:
            alice = self.open(f"127.0.0.1:{server.port}", "--nick", "alice")
            self.look(alice, harmless("un"))
            alice.expect("says: un000")
            greeting.clear()
            alice.type("hello\r")
            self.look(alice, harmless("ex")[1:])
            greeting.append(welcome(some("sv")))
            self.look(alice, harmless("hx"), harmless("er"))
            lost = "connection lost (the server "
            server.send(b'{"op":"notice","text":"\\ud800"}\0')
            alice.expect(f"{lost}sent what cannot be read")
            alice.until(lambda screen: "connected again" in screen)
            room = every("rm")[SAMPLE[0]]
            server.tell(
                wire.Message(n=9, nick="eve", text="", **ABOUT | {"room": room})
            )
            alice.expect(f"number 9 of {harmless('rm')[SAMPLE[0]]}")
            alice.until(lambda screen: screen.count("connected again") == 2)
            server.tell(wire.Error(code="kicked", text=whole("ki")))
            self.look(alice, harmless("ki"))
            alice.expect("offline: ki000")
            self.check(alice)


ASKED = {
    "/rooms": ("ln", "la"),
    "/who": ("wn",),
    "/status": ("si", "sn", "sa"),
    "/name": ("na",),
    "/joke": ("jk",),
    "/time": ("ti",),
    "said": ("er",),
    "/me waves": ("er",),
}
"""What is typed, and the fields that are shown then."""


class LinesTests(HostileTestCase):
    """Lines above a prompt, an operator's console, and commands of a shell."""

    def test_inline(self) -> None:
        """The same as on the whole screen."""
        with Scripted(answer) as server:
            where = f"127.0.0.1:{server.port}"
            alice = self.open("--inline", where, "--nick", "alice")
            self.look(alice, some_harmless("sv", FEW))
            unasked = [*messages("mn", "mx", LAST + 1), *reactions(2 * LAST + 1)]
            unasked += [*topics(3 * LAST + 1), *edits(4 * LAST + 1)]
            unasked += [*comings(), *talks()]
            unasked += [wire.Notice(text=text) for text in every("no")]
            server.tell(*unasked, wire.Notice(text=whole("op"), operator=True))
            alice.expect(harmless("op")[-1])
            for typed, last in INLINE.items():
                alice.type(f"{typed}\r")
                self.look(alice, harmless(last)[-1:])
            alice.type(f"{CLEAR}/msg jn{TAB}")
            self.look(alice, some_harmless("jn", 1))
            alice.type(CLEAR)
            server.tell(wire.Error(code="kicked", text=whole("ki")))
            self.assertEqual(alice.end(), 1)
            self.check(alice)
            text = shown(alice.written)
            for field in LINES:
                self.assertEqual([t for t in harmless(field) if t not in text], [])
            for field in ("jn", "nw", "gn"):
                missing = [t for t in some_harmless(field, FEW) if t not in text]
                self.assertEqual(missing, [])

    def test_console(self) -> None:
        """What an operator is told who watches."""
        path = str(self.folder / "socket")
        with Scripted(answer, path) as server:
            console = self.open("console", "--socket", path)
            self.look(console, some_harmless("sv", FEW))
            server.tell(*happened())
            self.look(console, harmless("oo")[-1:])
            console.type("/rooms\r")
            self.look(console, harmless("la")[-1:])
            console.type("/quit\r")
            self.assertEqual(console.end(), 0)
            self.check(console)
            text = shown(console.written)
            for field in ("on", "os", "oo", "ln", "la"):
                self.assertEqual([t for t in harmless(field) if t not in text], [])

    def test_shell(self) -> None:
        """Commands that print what a server has, or says."""
        with Scripted(answer) as server:
            for words, fields in SHELL.items():
                command = (*words.split(), "--server", f"127.0.0.1:{server.port}")
                written = self.run_command(*command)
                text = shown(written)
                for field in fields:
                    wanted = [each.rstrip() for each in harmless(field)]
                    self.assertEqual([t for t in wanted if t not in text], [])

    def run_command(self, *words: str) -> bytes:
        """Return what a command writes in a terminal."""
        command = (sys.executable, "-m", "ecochat.main", *words)
        terminal = Pty(*command, columns=LARGE[0], lines=LARGE[1], **self.places)
        self.addCleanup(terminal.close)
        terminal.end()
        self.check(terminal)
        return terminal.written


INLINE = {
    "/rooms": "la",
    "/who": "wn",
    "/status": "sa",
    "/name": "na",
    "/joke": "jk",
    "/time": "ti",
    "/topic": "gt",
    "/search needle": "fx",
    "said": "er",
}
"""What is typed there, and the field that is shown last then."""

LINES = (
    *("mn", "mx", "rn", "rs", "tn", "tt", "ed", "no", "op", "ki"),
    *("ln", "la", "wn", "si", "sn", "sa", "na", "jk", "ti", "gt", "fn", "fx", "er"),
)
"""All fields that are shown there as a whole."""

SHELL = {
    "history": ("hn", "hx"),
    "tail": ("hn", "hx"),
    "search needle": ("fn", "fx"),
    "rooms": ("ln", "la"),
    "who": ("wn",),
    "status": ("si", "sn", "sa", "st"),
    "send --nick alice hello": ("er",),
    "rooms --json": (),
}
"""Commands, and the fields that are shown by them."""
