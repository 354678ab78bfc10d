"""Which face the client has."""

import io
import os
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.program import USAGE
from ecochat.client.screen import start


class StartTests(SynchronousTestCase):
    """The whole screen of a terminal, or lines."""

    def started(
        self, server: str = "lab", *, tty: bool, term: str, is_inline: bool = False
    ) -> str:
        """Return which face is opened; "" for none."""
        opened: list[str] = []

        def show(*_: object) -> int:
            opened.append("screen")
            return 0

        def inline(server: str, nick: None, trust: None, room: str | None) -> int:
            opened.append(f"inline {room}")
            return 0

        stream = mock.Mock(isatty=mock.Mock(return_value=tty))
        with (
            mock.patch("sys.stdin", stream),
            mock.patch("sys.stdout", stream),
            mock.patch("sys.stderr", io.StringIO()) as error,
            mock.patch.object(start, "_show", show),
            mock.patch("ecochat.client.terminal.run", inline),
            mock.patch.dict(os.environ, TERM=term),
        ):
            self.status = start.run(server, room="lab", is_inline=is_inline)
        self.error = error.getvalue()
        return "".join(opened)

    def test_which(self) -> None:
        """Lines where they are asked for, or nothing else can be shown."""
        self.assertEqual(self.started(tty=True, term="xterm"), "screen")
        inline = self.started(tty=True, term="xterm", is_inline=True)
        self.assertEqual(inline, "inline lab")
        self.assertEqual(self.started(tty=True, term="dumb"), "inline lab")
        self.assertEqual(self.started(tty=False, term="xterm"), "inline lab")

    def test_an_address_that_is_none(self) -> None:
        """Is told in one line, before anything is shown."""
        self.assertEqual(self.started("h:x", tty=True, term="xterm"), "")
        self.assertEqual((self.status, self.error.count("\n")), (USAGE, 1))

    def test_a_terminal_that_is_gone(self) -> None:
        """What it has not taken is no failure, then or at the end, when Python would
        write it again, and end with status 120."""
        terminal, theirs = os.pipe()
        os.close(terminal)
        stream = os.fdopen(theirs, "w")
        stream.write("bye")
        with mock.patch("sys.stdout", stream):
            start._flush()
        self.assertEqual(os.stat(theirs).st_rdev, os.stat(os.devnull).st_rdev)
        stream.close()
