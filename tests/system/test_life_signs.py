"""Clients that stop reading, or stop altogether, and are asked for a sign of life."""

from __future__ import annotations

import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from typing import Any

from twisted.trial.unittest import TestCase

from tests.support.program import Program
from tests.support.server import Server
from tests.support.waiting import WAIT

PINGS = 4
"""Pings that go by while a client does nothing."""

MESSAGES = 3_000
TEXT = "x" * 2_000
"""So many of those are far more than the kernel holds for one that does not read."""

FLAT_KB = 8 * 1024
"""How much the memory may have grown at the end: a tenth of what was not read."""

READER = """
import sys, socket
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
connection.sendall(b'{"op":"hello","protocol":1,"nick":"stopped"}\\0')
while data := connection.recv(1 << 18):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
"""


class LifeSignTests(TestCase):
    """A server that asks each second."""

    def setUp(self) -> None:
        self.server = Server("--ping-interval", "1s")
        self.server.__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)

    def program(self, receive_buffer: int = 0, **hello: Any) -> Program:
        """Return a client that was welcomed."""
        program = Program(self.server.port, hello, receive_buffer)
        self.addCleanup(program.close)
        return program

    def say(self, writer: Program, first: int, count: int) -> None:
        """Let something be said, some at a time."""
        for n in range(first, first + count):
            writer.request("say", room="lobby", text=f"{n} {TEXT}")
            if n % 100 == 0:
                writer.until_event(n)
        writer.until_event(first + count - 1)

    def pings(self, program: Program, count: int) -> None:
        """Receive until so many pings have come."""
        program.said.clear()
        program.until(lambda: sum(s["op"] == "ping" for s in program.said) >= count)

    def test_pong(self) -> None:
        """One who answers, and one who does not, is asked again and again."""
        one, other = self.program(), self.program()
        for _ in range(2):
            self.pings(one, 1)
            one.request("pong")
        self.pings(other, 2)
        self.assertEqual(one.call("ping")["op"], "ok")
        self.assertEqual(other.call("ping")["op"], "ok")

    def test_one_that_does_not_read(self) -> None:
        """It is kept however long, costs no memory, and goes on where it was."""
        writer = self.program(nick="w")
        self.say(writer, 1, MESSAGES)
        before = self.server.resident_kb()
        slow = self.program(4_096, nick="slow", key=secrets.token_urlsafe(16))
        self.say(writer, MESSAGES + 1, MESSAGES)
        self.pings(writer, PINGS)
        self.assertLess(self.server.resident_kb() - before, FLAT_KB)
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        slow.until_event(2 * MESSAGES)
        numbers = [event["n"] for event in slow.events()]
        self.assertEqual(numbers, list(range(MESSAGES + 1, 2 * MESSAGES + 1)))
        self.assertNotIn("is away", self.server.log)

    def test_one_that_is_stopped(self) -> None:
        """A program that is suspended is kept: its machine answers for it."""
        command = [sys.executable, "-c", READER, str(self.server.port)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        assert process.stdout
        self.addCleanup(process.stdout.close)
        self.wait_for(process, b'"op":"welcome"')
        process.send_signal(signal.SIGSTOP)
        writer = self.program(nick="w")
        self.pings(writer, PINGS)
        writer.request("say", room="lobby", text="are you there")
        self.pings(writer, 1)
        process.send_signal(signal.SIGCONT)
        self.wait_for(process, b"are you there")
        writer.request("say", room="lobby", text="still")
        self.wait_for(process, b"still")

    def wait_for(self, process: subprocess.Popen[bytes], words: bytes) -> None:
        """Read what a process writes until these words come."""
        assert process.stdout
        deadline = time.monotonic() + WAIT
        data = b""
        while words not in data:
            rest = deadline - time.monotonic()
            ready = select.select([process.stdout], [], [], max(rest, 0))[0]
            self.assertTrue(ready, data)
            data += process.stdout.read1(1 << 18)  # type: ignore[attr-defined]
