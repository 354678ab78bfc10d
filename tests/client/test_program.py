"""Programs on the library, as processes of their own: how they end."""

import signal
import subprocess
import sys
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.support.server import Server
from tests.support.waiting import WAIT, wait_until

BEGIN = """
import sys
from ecochat.client import Client, Refused, Unreachable, run

async def main():
"""
TALK = """
    async with Client(sys.argv[1], nick="bot") as client:
        print(client.nick, flush=True)
        async for event in client.events():
            pass
run(main)
"""


def start(text: str, *arguments: str) -> "subprocess.Popen[str]":
    """Start a program."""
    return subprocess.Popen(
        [sys.executable, "-c", text, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class StatusTests(SynchronousTestCase):
    """The exit status, and what is said of an error."""

    def run_main(self, body: str) -> tuple[int, str, str]:
        """Run a program whose main has this body; return its status and outputs."""
        with start(f"{BEGIN}    {body}\nrun(main)\n") as program:
            out, err = program.communicate(timeout=WAIT)
        return program.returncode, out, err

    def test_done(self) -> None:
        """Nothing is said, and it is 0."""
        self.assertEqual(self.run_main("print('hi')"), (0, "hi\n", ""))

    def test_errors_of_the_library(self) -> None:
        """One line each; one that is about reaching the server is 3."""
        errors = {"Refused('usage', 'why not')": 1, "Unreachable('why not')": 3}
        for error, status in errors.items():
            with self.subTest(error):
                result = self.run_main(f"raise {error}")
                self.assertEqual(result, (status, "", "why not\n"))

    def test_what_a_server_says(self) -> None:
        """Is harmless, and each line but the first is indented."""
        result = self.run_main(r"raise Refused('x', 'no\n\x1b]0;x\x07\u202e')")
        self.assertEqual(result, (1, "", "no\n    \\x1b]0;x\\x07\\u202e\n"))

    def test_nobody_listens(self) -> None:
        """A server that is not there is an error like that."""
        body = "await Client('unix:/nonexistent/socket').__aenter__()"
        status, _, err = self.run_main(body)
        self.assertEqual((status, err.count("\n")), (3, 1))
        self.assertIn("nobody listens at unix:/nonexistent/socket", err)

    def test_other_errors(self) -> None:
        """Have their traceback, once."""
        status, _, err = self.run_main("1 / 0")
        self.assertEqual((status, err.count("ZeroDivisionError")), (1, 1))
        self.assertIn("Traceback", err)

    def test_its_own_status(self) -> None:
        """A program may choose it."""
        self.assertEqual(self.run_main("sys.exit(7)")[0], 7)

    def test_imports(self) -> None:
        """The library takes no reactor before it needs one, and no prompt ever."""
        text = (
            "import sys, ecochat.client\n"
            "names = 'twisted.internet.reactor', 'prompt_toolkit'\n"
            "sys.exit(str([n for n in names if n in sys.modules]))\n"
        )
        with start(text) as program:
            _, err = program.communicate(timeout=WAIT)
        self.assertEqual(err, "[]\n")


class ServerTests(SynchronousTestCase):
    """With a server."""

    def setUp(self) -> None:
        self.server = Server()
        self.server.__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)

    def talk(self, first: str = "") -> "subprocess.Popen[str]":
        """Start a program that talks, and wait until it does."""
        program = start(first + BEGIN + TALK, f"127.0.0.1:{self.server.port}")
        self.addCleanup(program.__exit__, None, None, None)
        self.addCleanup(program.kill)
        assert program.stdout is not None
        self.assertEqual(program.stdout.readline(), "bot\n")
        return program

    def check_interrupted(self, program: Any) -> None:
        """It has left well, and nobody waits for it to come back."""
        self.assertEqual(program.wait(WAIT), 130)
        self.assertEqual(program.stderr.read(), "")
        wait_until(lambda: "bot disconnected" in self.server.log)
        self.assertIn("bot disconnected: quit", self.server.log)

    def test_interrupted(self) -> None:
        """It leaves where it waits, through its own ``async with``."""
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number=number):
                program = self.talk()
                program.send_signal(number)
                self.check_interrupted(program)

    def test_on_the_loop_of_asyncio(self) -> None:
        """All the same, on the reactor that a program chooses."""
        first = (
            "from twisted.internet import asyncioreactor\nasyncioreactor.install()\n"
        )
        program = self.talk(first)
        program.send_signal(signal.SIGINT)
        self.check_interrupted(program)

    def test_two_of_one_name(self) -> None:
        """The second is refused, in one line."""
        self.talk()
        program = start(BEGIN + TALK, f"127.0.0.1:{self.server.port}")
        _, err = program.communicate(timeout=WAIT)
        expected = (1, "the name bot is taken\n")
        self.assertEqual((program.returncode, err), expected)
