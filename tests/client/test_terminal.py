"""Which face is taken, how it is run, and the chat in a terminal as a whole."""

import asyncio
import io
import os
from collections.abc import Callable, Coroutine
from typing import Any
from unittest import mock

from prompt_toolkit.application import create_app_session
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from twisted.internet import asyncioreactor
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone, ReactorNotRunning
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import chat, relay, terminal
from ecochat.client.address import parse_address
from ecochat.client.chat import Chat
from ecochat.client.connection import Outcome
from ecochat.client.keyboard import Keyboard
from ecochat.client.prompt import Prompt


class Reactor:
    """Runs what is to be done when it runs, and when it is told to end."""

    def __init__(self, told_to_end: bool) -> None:
        self._told_to_end = told_to_end
        self._at: list[Callable[[], Any]] = []
        self.stopped = 0

    def callWhenRunning(self, call: Callable[[], None]) -> None:
        """See Twisted."""
        self._at.append(call)

    def addSystemEventTrigger(
        self, phase: str, event: str, call: Callable[[], Any]
    ) -> None:
        """See Twisted."""
        self._at.append(call)

    def run(self) -> None:
        """See Twisted."""
        start, leave = self._at
        if self._told_to_end:
            leave()
        else:
            start()
            leave()

    def stop(self) -> None:
        """See Twisted."""
        self.stopped += 1
        if self._told_to_end:
            raise ReactorNotRunning


class Face:
    """Is over as soon as it is started or stopped."""

    def __init__(self, *given: Any) -> None:
        self.done: Deferred[Outcome] = Deferred()

    def start(self) -> None:
        """Fail."""
        self.done.callback(Outcome(3, "nobody listens"))

    def stop(self) -> None:
        """Leave."""
        self.done.callback(Outcome(0))


class BrokenFace(Face):
    """Fails as soon as it is started."""

    def start(self) -> None:
        """Fail otherwise than a face should."""
        self.done.errback(Failure(ZeroDivisionError("oops")))


class RunTests(SynchronousTestCase):
    """From the call to the exit status."""

    def run_it(
        self, tty: bool, term: str = "xterm", told: bool = False, server: str = "h"
    ) -> tuple[int, str]:
        """Return the exit status and what was written on stderr."""
        stream = mock.Mock(isatty=lambda: tty)
        with (
            mock.patch("twisted.internet.reactor", Reactor(told), create=True),
            mock.patch("sys.stdin", stream),
            mock.patch("sys.stdout", stream),
            mock.patch("sys.stderr", io.StringIO()) as error,
            mock.patch.dict(os.environ, TERM=term),
        ):
            return terminal.run(server), error.getvalue()

    def test_a_terminal_has_a_prompt(self) -> None:
        """On asyncio's loop, which prompt_toolkit needs."""
        self.patch(chat, "Chat", Face)
        self.patch(Keyboard, "__init__", lambda self, stdin: None)
        installed: list[asyncio.AbstractEventLoop] = []
        self.patch(asyncioreactor, "install", installed.append)
        with mock.patch("prompt_toolkit.output.vt100.Vt100_Output.from_pty") as output:
            result = self.run_it(tty=True)
        self.assertEqual(result, (3, "ecochat: nobody listens\n"))
        self.assertFalse(output.return_value.enable_cpr)
        installed[0].close()

    def test_anything_else_has_lines(self) -> None:
        """Pipes, files, and terminals that know no sequences."""
        self.patch(relay, "Relay", Face)
        expected = (3, "ecochat: nobody listens\n")
        self.assertEqual(self.run_it(tty=False), expected)
        for term in ("dumb", "unknown", ""):
            self.assertEqual(self.run_it(tty=True, term=term), expected)

    def test_a_fault(self) -> None:
        """Ends it, and is shown."""
        self.patch(relay, "Relay", BrokenFace)
        status, error = self.run_it(tty=False)
        self.assertEqual(status, terminal.FAILED)
        self.assertIn("ZeroDivisionError", error)
        self.assertTrue(error.endswith("which is a fault of its own\n"), error)

    def test_closed_input_or_output(self) -> None:
        """Python has None for one that the shell has closed."""
        for name in ("stdin", "stdout"):
            with (
                mock.patch(f"sys.{name}", None),
                mock.patch("sys.stderr", io.StringIO()) as error,
            ):
                self.assertEqual(terminal.run("h"), terminal.USAGE)
            self.assertIn("have to be open", error.getvalue())

    def test_told_to_end(self) -> None:
        """The face leaves first."""
        self.patch(relay, "Relay", Face)
        self.assertEqual(self.run_it(tty=False, told=True), (0, ""))

    def test_an_address_that_is_none(self) -> None:
        """Is told in one line."""
        status, error = self.run_it(tty=False, server="h:x")
        self.assertEqual((status, error.count("\n")), (terminal.USAGE, 1))
        self.assertTrue(error.startswith("ecochat: the port in 'h:x'"))

    def test_the_keyboard_stays_raw(self) -> None:
        """While lines are shown."""
        keyboard = Keyboard.__new__(Keyboard)
        with keyboard.cooked_mode():
            pass


class ChatTests(SynchronousTestCase):
    """The prompt and the connection together."""

    def begin(self, keyboard: Any) -> None:
        """Start a chat, whose connection is in memory, and connect it."""
        reactor: Any = MemoryReactorClock()
        address, history = parse_address("tcp:h:1"), InMemoryHistory()
        self.chat = Chat(address, "", reactor, history, keyboard, DummyOutput())
        self.chat.start()
        self.protocol = reactor.tcpClients[0][2].buildProtocol(None)
        self.transport = StringTransport()
        self.protocol.makeConnection(self.transport)

    def greet(self) -> None:
        """Have the server greet."""
        greeting = b"* Welcome to X. You are guest-1 in lobby alone. /nick\0"
        self.protocol.dataReceived(greeting)

    async def until_it_leaves(self) -> None:
        """Wait until the chat asks the server to close."""
        async with asyncio.timeout(10):
            while b"/quit" not in self.transport.value():
                await asyncio.sleep(0.005)

    def end(self) -> asyncio.Future[Outcome]:
        """Have the server close; return what the chat comes to."""
        self.protocol.connectionLost(Failure(ConnectionDone()))
        return self.chat.done.asFuture(asyncio.get_running_loop())

    def play(self, act: Callable[[Any], Coroutine[Any, Any, Outcome]]) -> Outcome:
        """Return the outcome of what someone does at a keyboard."""

        async def sit(keyboard: Any) -> Outcome:
            self.begin(keyboard)
            return await act(keyboard)

        with create_pipe_input() as keyboard, create_app_session():
            return asyncio.run(sit(keyboard))

    def test_from_the_greeting_to_the_end(self) -> None:
        """A person says something, leaves, and the server closes."""

        async def act(keyboard: Any) -> Outcome:
            self.greet()
            keyboard.send_text("hello\r\x04")
            await self.until_it_leaves()
            self.assertEqual(self.transport.value(), b"\0hello\0/quit\0")
            self.chat.stop()
            return await self.end()

        self.assertEqual(self.play(act), Outcome(0))

    def test_a_prompt_that_fails(self) -> None:
        """The session ends, and then so does the chat, with what failed."""

        async def fail(prompt: Prompt) -> None:
            raise ZeroDivisionError("oops")

        async def act(keyboard: Any) -> Outcome:
            self.greet()
            await self.until_it_leaves()
            return await self.end()

        self.patch(Prompt, "talk", fail)
        self.assertRaises(ZeroDivisionError, self.play, act)

    def test_no_greeting(self) -> None:
        """There never was a prompt."""

        async def act(keyboard: Any) -> Outcome:
            return await self.end()

        self.assertEqual(self.play(act).status, 3)
