"""A real server that has signed its certificate itself, and the real programs."""

import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.program import DONE, UNREACHABLE
from tests.support.certificates import Certificate, self_signed
from tests.support.ports import free_port
from tests.support.server import Server
from tests.support.terminal import Terminal
from tests.support.waiting import WAIT

PROGRAM = (
    "import sys; from ecochat.client.terminal import run; sys.exit(run(*sys.argv[1:]))"
)


class TrustTests(SynchronousTestCase):
    """One user, with a home of the test's own."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="ecochat-trust-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        self.port = free_port()
        kinds = ("CONFIG", "STATE", "DATA")
        self.home = {f"XDG_{kind}_HOME": str(self.folder / "home") for kind in kinds}

    def serve(self, certificate: Certificate) -> Server:
        """Return a server, always on the same port."""
        keys = f"privateKey={certificate.key}:certKey={certificate.certificate}"
        return Server(listen=f"ssl:{self.port}:{keys}:interface=127.0.0.1")

    def open(self) -> Terminal:
        """Start the client in a terminal."""
        where = f"tls:127.0.0.1:{self.port}"
        command = (sys.executable, "-c", PROGRAM, where, "ada")
        terminal = Terminal(*command, columns=120, lines=24, **self.home)
        self.addCleanup(terminal.close)
        return terminal

    def send(self, text: str) -> tuple[int, str, str]:
        """Send a message as a script does; return its status, output and errors."""
        where = f"tls:127.0.0.1:{self.port}"
        command = ["-m", "ecochat.main", "send", "--server", where, text]
        done = subprocess.run(
            [sys.executable, *command],
            env=self.home | {"PATH": ""},
            capture_output=True,
            text=True,
            timeout=WAIT,
        )
        return done.returncode, done.stdout, done.stderr

    def test_a_person_and_a_script(self) -> None:
        """The person is asked once, the script never; both notice another one."""
        right = self_signed(self.folder, "lab")
        with self.serve(right) as server:
            status, _, errors = self.send("too early")
            self.assertEqual(status, UNREACHABLE)
            self.assertIn(right.fingerprint, errors.replace(" ", ""))
            self.assertIn(f"ecochat --tls 127.0.0.1:{self.port} asks", errors)

            ada = self.open()
            ada.expect("it is signed by itself", "Trust it from now on (yes/no)?")
            ada.type("maybe\r")
            ada.until(lambda screen: screen.count("(yes/no)?") == 2)
            ada.type("no\r")
            self.assertEqual(ada.end(), UNREACHABLE)
            ada = self.open()
            ada.expect("Trust it from now on (yes/no)?")
            ada.type("yes\r")
            ada.expect("Welcome to", "ada lobby>")
            ada.type("hello\r")
            ada.expect("ada: hello  1")
            ada.type("/quit\r")
            self.assertEqual(ada.end(), DONE)

            self.assertEqual(self.send("in time"), (DONE, "2\n", ""))
            ada = self.open()
            ada.expect("Welcome to", "ada lobby>")
            self.assertNotIn("yes/no", ada.text)
            self.assertIn("ada ", server.log)
        ada.expect("connection lost")
        with self.serve(self_signed(self.folder, "mallory")) as mallory:
            ada.expect("HAS CHANGED!", "nothing was sent")
            status, _, errors = self.send("a secret")
            self.assertEqual(status, UNREACHABLE)
            self.assertIn("HAS CHANGED!", errors)
            other = self.open()
            self.assertEqual(other.end(), UNREACHABLE)
            self.assertIn("HAS CHANGED!", other.text)
            self.assertNotIn("yes/no", other.text)
            self.assertNotIn("ada ", mallory.log)
