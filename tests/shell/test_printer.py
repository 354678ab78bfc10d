"""Where and how is printed."""

import io
import json
import os
import pty
from io import StringIO

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.wire import Member, Stored
from ecochat.shell.printer import Printer, has_colours, painted

BOB = Member(ref="7", room="lobby", nick="büb", session="s1")
EVIL = Member(room="lobby", nick="\x9b\u202e\x7f", session="s1")


class Watched(io.BytesIO):
    """Bytes, of which is known what was there at each flush."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed: list[bytes] = []

    def flush(self) -> None:
        """Keep what is there."""
        self.flushed.append(self.getvalue())


class PrinterTests(SynchronousTestCase):
    """Lines and objects."""

    def setUp(self) -> None:
        self.bytes = Watched()

    def out(self, encoding: str = "utf-8") -> io.TextIOWrapper:
        """Return an output as a program has it."""
        return io.TextIOWrapper(self.bytes, encoding)

    def test_lines(self) -> None:
        """Each is written at once."""
        printer = Printer(out := self.out())
        printer.print(BOB)
        self.assertEqual(self.bytes.flushed[-1], "büb\n".encode())
        printer.print(Stored(room="lobby", n=5))
        self.assertEqual(self.bytes.flushed[-1], "büb\n5\n".encode())
        out.detach()

    def test_in_colours(self) -> None:
        """Only where they are wanted."""
        Printer(out := self.out(), colours=True).print(BOB)
        self.assertRegex(self.bytes.getvalue(), rb"\A\x1b\[38;5;\d+mb.*\x1b\[0m\n\Z")
        out.detach()

    def test_each_style(self) -> None:
        """What is quiet is dim, what was found is reversed, and each ends; a name has
        the colour that is its own."""
        line = [("quiet", "[x] "), ("name", "alice"), ("text", ""), ("found", "tea")]
        dim, name = "\x1b[2m[x] \x1b[0m", r"\x1b\[38;5;31malice\x1b\[0m"
        shown = painted(line)
        self.assertTrue(shown.startswith(dim))
        self.assertTrue(shown.endswith("\x1b[7mtea\x1b[0m"))
        self.assertRegex(
            shown.removeprefix(dim).removesuffix("\x1b[7mtea\x1b[0m"), name
        )

    def test_json(self) -> None:
        """The server's own object, in UTF-8 whatever the locale is, without our ref,
        and never in colours."""
        printer = Printer(out := self.out("latin-1"), as_json=True, colours=True)
        printer.print(BOB)
        line = self.bytes.flushed[-1]
        said = {"op": "member", "room": "lobby", "nick": "büb", "session": "s1"}
        self.assertEqual(json.loads(line), said)
        self.assertTrue(line.endswith(b"}\n") and "ü".encode() in line)
        out.detach()

    def test_json_on_a_terminal(self) -> None:
        """What a terminal would obey, or hide, is escaped, and means the same."""
        Printer(out := self.out(), as_json=True).print(EVIL)
        line = self.bytes.flushed[-1]
        self.assertEqual(json.loads(line)["nick"], EVIL.nick)
        self.assertIn(rb"\u009b\u202e\u007f", line)
        out.detach()

    def test_what_cannot_be_encoded(self) -> None:
        """Is named, as by Python: an old terminal is no reason to fail."""
        Printer(out := self.out("ascii")).print(BOB)
        self.assertEqual(self.bytes.getvalue(), b"b\\xfcb\n")
        out.detach()

    def test_nowhere(self) -> None:
        """The shell can start a program with its output closed."""
        Printer(None).print(BOB)


class ColourTests(SynchronousTestCase):
    """Whether there are colours."""

    def test_a_terminal(self) -> None:
        """Has them, if its owner does not say otherwise, and it is no dumb one."""
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        with open(theirs, "w") as terminal:
            self.assertTrue(has_colours(terminal, {"TERM": "xterm"}))
            self.assertTrue(has_colours(terminal, {"TERM": "xterm", "NO_COLOR": ""}))
            self.assertFalse(has_colours(terminal, {"TERM": "xterm", "NO_COLOR": "1"}))
            self.assertFalse(has_colours(terminal, {"TERM": "dumb"}))
            self.assertFalse(has_colours(terminal, {}))

    def test_anything_else(self) -> None:
        """A file or a pipe has none."""
        self.assertFalse(has_colours(StringIO(), {"TERM": "xterm"}))
        self.assertFalse(has_colours(None, {"TERM": "xterm"}))
