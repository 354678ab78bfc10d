"""Lines between programs, on real pipes."""

import contextlib
import os
import pty
from typing import Any

from twisted.internet import defer, reactor
from twisted.trial.unittest import TestCase

from ecochat.client import Online
from ecochat.client.terminal import relay
from ecochat.client.terminal.chat import Chat
from ecochat.client.terminal.line import Kind, line, notice
from ecochat.client.terminal.relay import Relay
from tests.client.terminal.fakes import stored, welcome


class RelayTests(TestCase):
    """Two pipes for input and output, and a chat whose answers come from here."""

    timeout = 20

    def setUp(self) -> None:
        self.their_stdin, self.stdin = os.pipe()
        self.stdout, self.their_stdout = os.pipe()
        self.chat = Chat(asks_who=False)
        self.chat.happened(Online(welcome(), False))
        self.said: list[str] = []
        self.is_answering = True
        self.relay = self.make(self.their_stdin)

    def make(self, stdin: int) -> Relay:
        """Return a relay between two files."""
        return Relay(self.chat, self.say, reactor, stdin, self.their_stdout)

    def say(self, typed: str) -> None:
        """Take a line, and answer it."""
        self.said.append(typed)
        self.relay.show(self.chat.say(typed))
        if self.is_answering:
            self.answer()

    def answer(self) -> None:
        """Answer everything."""
        while self.chat.unanswered:
            self.relay.show(self.chat.answered(self.chat.unanswered[0], stored()))

    async def converse(self) -> None:
        """Let it talk to its end."""
        await defer.Deferred.fromCoroutine(self.relay.converse())
        await self.relay.finish()

    def type(self, data: bytes) -> None:
        """Write to the input, and end it."""
        os.write(self.stdin, data)
        os.close(self.stdin)

    def read_all(self) -> str:
        """Return what was printed."""
        os.write(self.their_stdout, b"!")  # so that there is something to read
        written = os.read(self.stdout, 65_536).decode()
        for file in (self.stdout, self.their_stdout):
            os.close(file)
        return written.removesuffix("!")

    async def test_each_line_is_said(self) -> None:
        """Until the end of input; a null byte ends a line too."""
        self.type("one\ntwo\r\n\nthree ✓\0four".encode())
        await self.converse()
        self.assertEqual(self.said, ["one", "two\r", "", "three ✓", "four"])
        self.assertEqual(self.read_all(), "")

    async def test_what_comes_is_printed(self) -> None:
        """As text, without a style."""
        talking = defer.Deferred.fromCoroutine(self.relay.converse())
        self.relay.show([line(Kind.OTHER, "bob: a\n✓", "lab")])
        self.type(b"/nothing\n")
        await talking
        await self.relay.finish()
        printed = self.read_all().splitlines()
        self.assertEqual(printed[:2], ["[lab] bob: a", "    ✓"])
        self.assertTrue(printed[2].startswith("! unknown command /nothing"))
        self.assertEqual(self.chat.failures, 1)

    async def test_what_is_not_utf_8_is_not_said(self) -> None:
        """It is told, and counts."""
        self.type(b"one\n\xff\ntwo")
        await self.converse()
        self.assertEqual(self.said, ["one", "two"])
        self.assertEqual(self.chat.failures, 1)
        self.assertIn("not UTF-8", self.read_all())

    async def test_a_quit_of_ones_own(self) -> None:
        """Ends it, though the input goes on; what came before is answered."""
        self.is_answering = False
        os.write(self.stdin, b"one\n/quit\ntwo\n")
        talking = defer.Deferred.fromCoroutine(self.relay.converse())
        while not self.chat.has_left:
            await self.pause()
        self.assertFalse(talking.called)
        self.answer()
        await talking
        await self.relay.finish()
        self.assertEqual(self.said, ["one", "/quit"])
        self.read_all()
        os.close(self.stdin)

    async def test_no_more_is_read_than_is_answered(self) -> None:
        """Lines wait in their pipe."""
        self.is_answering = False
        self.type(b"x\n" * (3 * relay.FLIGHT))
        talking = defer.Deferred.fromCoroutine(self.relay.converse())
        while len(self.said) < relay.FLIGHT:
            await self.pause()
        await self.pause()
        self.assertEqual(len(self.said), relay.FLIGHT)
        self.is_answering = True
        self.answer()
        await talking
        await self.relay.finish()
        self.assertEqual(len(self.said), 3 * relay.FLIGHT)
        self.read_all()

    async def test_a_line_without_end(self) -> None:
        """Costs no more memory than a line may."""
        self.patch(relay, "LONGEST", 10)
        self.type(b"x" * 100)
        await self.converse()
        self.assertEqual("".join(self.said), "x" * 100)
        self.read_all()

    async def test_nobody_reads_the_output(self) -> None:
        """As behind head: what is to be said is said all the same, to its end."""
        os.close(self.stdout)
        talking = defer.Deferred.fromCoroutine(self.relay.converse())
        self.relay.show([notice("hello")])
        self.type(b"one\ntwo\n")
        await talking
        await self.relay.finish()
        self.assertEqual(self.said[:2], ["one", "two"])

    async def test_nobody_reads_at_a_terminal(self) -> None:
        """Who typed until then has nothing left to do: it leaves."""
        mine, theirs = pty.openpty()
        self.addCleanup(os.close, mine)
        self.relay = self.make(theirs)
        os.close(self.stdout)
        talking = defer.Deferred.fromCoroutine(self.relay.converse())
        self.assertFalse(talking.called)
        self.relay.show([notice("hello")])
        await talking
        await self.relay.finish()
        self.assertEqual(self.said, [])
        for file in (self.stdin, self.their_stdin):
            os.close(file)

    async def test_a_slow_reader_is_waited_for(self) -> None:
        """What happens is taken when there is space again."""
        talking = defer.Deferred.fromCoroutine(self.relay.converse())
        self.relay.show([notice("x" * 1_000_000)])
        while defer.Deferred.fromCoroutine(self.relay.keep_up()).called:
            await self.pause()
        waiting = defer.Deferred.fromCoroutine(self.relay.keep_up())
        os.set_blocking(self.stdout, False)
        taken = 0
        while not waiting.called:
            with contextlib.suppress(BlockingIOError):
                taken += len(os.read(self.stdout, 65_536))
            await self.pause()
        self.assertGreater(taken, 0)
        self.relay.end()
        await talking
        closing = defer.Deferred.fromCoroutine(self.relay.finish())
        await closing
        for file in (self.stdin, self.stdout):
            os.close(file)

    async def test_there_was_no_conversation(self) -> None:
        """The input is not touched."""
        self.type(b"one\n")
        await self.relay.finish()
        self.assertEqual(os.read(self.their_stdin, 9), b"one\n")
        self.read_all()
        os.close(self.their_stdin)

    def pause(self) -> defer.Deferred[None]:
        """Let the reactor turn."""
        turned: defer.Deferred[None] = defer.Deferred()
        network: Any = reactor
        network.callLater(0, turned.callback, None)
        return turned
