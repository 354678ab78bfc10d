"""A terminal that only takes lines, as a real one."""

import contextlib
import os
import pty
import termios
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from ecochat.client import Online
from ecochat.client.terminal.chat import Chat
from ecochat.client.terminal.line import Line, notice
from ecochat.client.terminal.teletype import Teletype, ask_line
from tests.client.terminal.fakes import welcome


class TeletypeTestCase(TestCase):
    """Has a terminal, and what is seen there."""

    timeout = 20

    def setUp(self) -> None:
        self.mine, self.theirs = pty.openpty()
        self.addCleanup(os.close, self.mine)
        self.out = os.dup(self.theirs)  # a reactor has one thing for each number
        for file in (self.theirs, self.out):
            self.addCleanup(os.close, file)
        modes = termios.tcgetattr(self.theirs)
        modes[1] &= ~termios.OPOST  # a line feed stays one
        termios.tcsetattr(self.theirs, termios.TCSANOW, modes)
        os.set_blocking(self.mine, False)
        self.network: Any = reactor
        self.seen = ""

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self.mine, keys.encode())

    async def see(self, text: str) -> None:
        """Wait until all that is seen is this."""
        while self.seen != text:
            await self.pause()
            with contextlib.suppress(BlockingIOError):
                self.seen += os.read(self.mine, 65_536).decode()
            assert text.startswith(self.seen), (self.seen, text)

    def pause(self) -> Deferred[None]:
        """Let the reactor turn."""
        turned: Deferred[None] = Deferred()
        self.network.callLater(0, turned.callback, None)
        return turned


class TeletypeTests(TeletypeTestCase):
    """With a chat whose lines come from here."""

    def setUp(self) -> None:
        super().setUp()
        self.chat = Chat(asks_who=False)
        self.chat.happened(Online(welcome(), False))
        self.said: list[str] = []
        self.teletype = Teletype(
            self.chat,
            self.say,
            reactor,
            lambda: f"{self.chat.nick}> ",
            self.theirs,
            self.out,
            quiet=0.01,
        )
        self.talking = Deferred.fromCoroutine(self.teletype.converse())

    def say(self, typed: str) -> None:
        """Take a line."""
        self.said.append(typed)
        self.teletype.show(self.chat.say(typed))

    async def test_lines_and_prompts(self) -> None:
        """A run of lines has one prompt below it; they begin below what is typed."""
        await self.see("alice> ")
        self.teletype.show([notice("one")])
        self.teletype.show([notice("two")])
        self.teletype.show([])
        await self.see("alice> \n* one\n* two\nalice> ")
        self.type("half")
        await self.see("alice> \n* one\n* two\nalice> half")
        self.teletype.show([notice("three")])
        seen = "alice> \n* one\n* two\nalice> half\n* three\nalice> "
        await self.see(seen)
        self.type(" a line\n")
        await self.see(f"{seen} a line\r\nalice> ".replace("\r", ""))
        self.assertEqual(self.said, ["half a line"])
        self.type("\x04")
        await self.talking
        self.teletype.show([notice("late")])
        await self.teletype.finish()
        await self.see(f"{seen} a line\nalice> \n* late\n")

    async def test_leaving(self) -> None:
        """What is not answered yet does not hold one."""
        self.type("one\n/quit\n")
        await self.talking
        self.assertEqual(self.said, ["one", "/quit"])
        self.assertEqual(self.chat.in_flight, 1)
        await self.teletype.finish()

    async def test_a_call(self) -> None:
        """Rings; how often is bounded."""
        await self.see("alice> ")
        calling = Line(*notice("alice!"))._replace(caller="bob")
        self.teletype.show([calling])
        self.teletype.show([calling])
        await self.see("alice> \n* alice!\n\a* alice!\nalice> ")
        self.teletype.end()
        await self.talking
        await self.teletype.finish()

    async def test_nothing_can_be_taken_away(self) -> None:
        """It says so."""
        await self.see("alice> ")
        self.teletype.clear()
        await self.see("alice> \n* what is shown here cannot be taken away\nalice> ")
        self.teletype.end()
        await self.talking
        await self.teletype.finish()


class AskTests(TeletypeTestCase):
    """A question."""

    def ask(self, suggestion: str = "ada") -> Deferred[str | None]:
        """Begin to ask."""
        asking = ask_line("Name:", suggestion, reactor, self.theirs, self.out)
        return Deferred.fromCoroutine(asking)

    async def test_an_answer(self) -> None:
        """Is what is typed, without spaces around it; else the suggestion."""
        for typed, answer in ((" bob \n", "bob"), ("\n", "ada")):
            asked = self.ask()
            self.seen = ""
            await self.see("Name: [ada] ")
            self.type(typed)
            self.assertEqual(await asked, answer)
            self.seen = ""
            await self.see(typed)

    async def test_no_answer(self) -> None:
        """At the end of input; what comes next begins a line."""
        asked = self.ask("")
        await self.see("Name: ")
        self.type("\x04")
        self.assertEqual(await asked, None)
        await self.see("Name: \n")
