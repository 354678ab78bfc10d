"""Clients that are killed while they send: what they were given is stored once."""

import random
import signal
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from twisted.internet.defer import gatherResults
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import Disconnected, Message, Refused, SQLiteOutbox
from ecochat.core.wire import Stored
from tests.client.test_with_server import ServerTestCase
from tests.support.client import Client
from tests.support.server import Server
from tests.support.uncounted import uncounted
from tests.system.crowd import read_log

KILLS = 5
"""Clients that are killed; each has some hundred messages on their way then."""

NO_END = 1_000_000
"""More messages than one that is killed can send."""

KEY = "k" * 43

CLIENT = """
import os
import sys
from contextlib import closing
from pathlib import Path

from ecochat.client import Client, SQLiteOutbox, run

server, folder, key, count = sys.argv[1:]
WINDOW = 100  # messages without an answer


async def main():
    # What was given to the outbox last may not be noted: then it is there still.
    noted = os.open(f"{folder}/noted", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with closing(SQLiteOutbox(key, Path(folder, "outbox.sqlite"))) as outbox:
        client = Client(server, key=key, rooms=["lobby"], outbox=outbox)
        waiting = [
            (int(kept.request.text), answer.addCallback(lambda answer: answer.end.n))
            for kept, answer in client.take_kept()
        ]
        first = max([os.fstat(noted).st_size, *(n + 1 for n, _ in waiting)])
        os.truncate(noted, first)
        client.startService()
        for number in range(first, int(count)):
            waiting.append((number, client.say("lobby", str(number))))
            os.write(noted, b".")
            if len(waiting) > WINDOW:
                await tell(*waiting.pop(0))
        for each in waiting:
            await tell(*each)
        await client.quit()


async def tell(number, answer):
    print(number, await answer, flush=True)


run(main)
"""


Answer = tuple[str, int]
"""A message's text, and its number in the room."""


class KilledClientTests(SynchronousTestCase):
    """With a server of their own."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="ecochat-outbox-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def run_client(
        self, server: str, count: int, answers: int = 0
    ) -> tuple[int, set[Answer]]:
        """Run a client until so many messages were sent by it and those before it, or
        it has had so many answers.

        :return: its exit status, and the answers.
        """
        program = [sys.executable, "-c", CLIENT, server, str(self.folder)]
        program += [KEY, str(count)]
        told: set[Answer] = set()
        with subprocess.Popen(
            program, env=uncounted(), stdout=subprocess.PIPE, text=True
        ) as client:
            assert client.stdout is not None
            for line in client.stdout:
                if line.endswith("\n"):  # it is killed while it writes one, too
                    text, n = line.split()
                    told.add((text, int(n)))
                if answers and len(told) == answers:
                    client.kill()
        return client.returncode, told

    def left(self) -> int:
        """Return how many messages are in the outbox."""
        with closing(SQLiteOutbox(KEY, self.folder / "outbox.sqlite")) as outbox:
            return len(outbox.load())

    def test_once_in_order(self) -> None:
        """Each message is in the room once, in its order, and was answered so."""
        chance, left = random.Random(7), []
        answers: set[Answer] = set()
        with Server() as server:
            address = f"127.0.0.1:{server.port}"
            for _ in range(KILLS):
                status, told = self.run_client(address, NO_END, chance.randint(1, 150))
                self.assertEqual(status, -signal.SIGKILL)
                left.append(self.left())
                answers |= told
            count = (self.folder / "noted").stat().st_size + 100
            status, told = self.run_client(address, count)
            with Client(server.port) as reader:
                log = [(entry.text, entry.n) for entry in read_log(reader)]
        self.assertEqual((status, self.left()), (0, 0))
        self.assertGreater(min(left), 0)
        self.assertEqual(log, [(str(n), n + 1) for n in range(count)])
        self.assertEqual((answers | told) - set(log), set())


class PrivateTests(ServerTestCase):
    """What is for one person, and has to wait."""

    async def test_who_has_another_name(self) -> None:
        """It goes to that one, and not to who has the name by then."""
        outbox = SQLiteOutbox(KEY, Path(self.mktemp()))
        self.addCleanup(outbox.close)
        alice = self.client(nick="alice", key=KEY, outbox=outbox)
        bob = self.client(nick="bob")
        await gatherResults([alice.ready(), bob.ready()])
        await alice.say("@bob", "one")
        self.server.kill()
        said = [alice.say("@bob", "two"), alice.msg("bob", "three")]
        await alice.stopService()
        for each in said:
            with self.assertRaises(Disconnected):
                await each
        await deferToThread(self.server.start)
        await bob.set_nick("rob")
        other = self.client(nick="bob")
        await other.ready()
        alice = self.client(nick="alice", key=KEY, outbox=outbox)
        answers = [answer for _, answer in alice.take_kept()]
        ends = [a.end for a in await gatherResults(answers)]
        stored = [(e.room, e.n) for e in ends if isinstance(e, Stored)]
        self.assertEqual(stored, [("@rob", 2), ("@rob", 3)])
        log = [e.text for e in await bob.history("@alice") if isinstance(e, Message)]
        self.assertEqual(log, ["one", "two", "three"])
        with self.assertRaises(Refused):
            await other.history("@alice")
