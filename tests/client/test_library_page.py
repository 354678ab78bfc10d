"""What docs/library.md shows, as it stands there."""

import inspect
import re
import signal
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ecochat import client
from ecochat.client import Client, ClientError
from tests.support.client import Client as PlainClient
from tests.support.server import Server
from tests.support.waiting import WAIT, wait_until

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "library.md").read_text()
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
ROWS = "\n".join(re.findall(r"^\| (`\w+\(.*?) \|", PAGE, re.MULTILINE))
CALLS = dict(re.findall(r"`(\w+)\(([^`]*)\)`", ROWS))


class LibraryPageTests(SynchronousTestCase):
    """The page is true."""

    def test_the_bot(self) -> None:
        """Its ten lines are a bot: it answers, and leaves when it is told to end."""
        bot = PROGRAMS[0]
        self.assertLessEqual(sum(bool(line) for line in bot.splitlines()), 10)
        file = Path(self.mktemp())
        file.write_text(bot)
        with Server() as server, PlainClient(server.port, "alice") as alice:
            command = [sys.executable, str(file), f"localhost:{server.port}"]
            process = subprocess.Popen(command)
            try:
                alice.expect(r"\* bot joined")
                alice.say("hello", "!ping", "!ping")
                for n in (2, 3):
                    alice.expect(rf"bot \(to {n}\): pong$")
                process.send_signal(signal.SIGINT)
                self.assertEqual(process.wait(WAIT), 130)
            finally:
                process.kill()
                process.wait()
            wait_until(lambda: "bot disconnected: quit" in server.log)

    def test_the_bot_of_the_front_page(self) -> None:
        """It is the same one."""
        self.assertIn(f"```python\n{PROGRAMS[0]}```", (ROOT / "README.md").read_text())

    def test_every_program(self) -> None:
        """Is Python."""
        for program in PROGRAMS:
            indented = "".join(f"    {line}\n" for line in program.splitlines())
            compile(f"async def main():\n{indented}", "library.md", "exec")
        self.assertEqual(len(PROGRAMS), 5)

    def test_every_call(self) -> None:
        """All that a client can be asked is there, with its arguments."""
        asked = {
            name: call
            for name, call in vars(Client).items()
            if not name.startswith("_") and callable(call)
        }
        self.assertEqual(set(CALLS), {*asked, "request"})
        for name, call in {**asked, "request": Client.request}.items():
            parameters = list(inspect.signature(call).parameters.values())[1:]
            bare = [p.replace(annotation=inspect.Parameter.empty) for p in parameters]
            text = str(inspect.Signature(bare))[1:-1].replace("'", '"')
            self.assertEqual(CALLS[name], text, name)

    def test_every_name(self) -> None:
        """All that the library gives is there, and all errors in their table."""
        for name in client.__all__:
            self.assertRegex(PAGE, rf"`{name}\b|{name}\(|import.* {name}\b", name)
        errors = {e for e in vars(client).values() if inspect.isclass(e)}
        for error in errors:
            if issubclass(error, ClientError) and error is not ClientError:
                self.assertIn(f"\n| `{error.__name__}`", PAGE)
