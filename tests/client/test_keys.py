"""Keys kept on this machine."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import keys
from ecochat.client.errors import NoKey
from ecochat.client.keys import held_key, key_of_name

HOLD = """
import sys
from pathlib import Path
from ecochat.client.keys import held_key
with held_key("lab:4040", Path(sys.argv[1])) as key:
    print(key, flush=True)
    sys.stdin.read()
"""


class HeldKeyTests(SynchronousTestCase):
    """In a folder of the test's own."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="ecochat-keys-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "data" / "keys"

    def hold(self, server: str = "lab:4040") -> str:
        """Hold a key for a moment, and return it."""
        with held_key(server, self.folder) as key:
            return key

    def test_the_same_again(self) -> None:
        """A program that is started again has the key that it had, long enough."""
        key = self.hold()
        self.assertGreaterEqual(len(key), 22)
        self.assertEqual(self.hold(), key)

    def test_each_server_its_own(self) -> None:
        """Also those whose names would be paths."""
        servers = ("lab:4040", "lab:4041", "unix:/run/x", "../../x", "[::1]:4040")
        self.assertEqual(len({self.hold(server) for server in servers}), len(servers))
        self.assertEqual([f.name for f in self.folder.parent.iterdir()], ["keys"])

    def test_two_at_one_time(self) -> None:
        """Have keys of their own; who is alone has the first, as ever."""
        with held_key("lab", self.folder) as one:
            with held_key("lab", self.folder) as two:
                self.assertNotEqual(one, two)
            self.assertEqual(self.hold("lab"), two)
        self.assertEqual(self.hold("lab"), one)

    def test_two_programs(self) -> None:
        """The lock is between programs, and goes with the one that holds it."""
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as other:
            assert other.stdout is not None
            key = other.stdout.readline().strip()
            self.assertNotEqual(self.hold(), key)
            other.send_signal(signal.SIGKILL)
            other.wait()
            self.assertEqual(self.hold(), key)

    def test_nobody_else_reads_them(self) -> None:
        """Whatever the mask for new files is."""
        self.addCleanup(os.umask, os.umask(0))
        self.hold()
        self.assertEqual(stat.S_IMODE(self.folder.stat().st_mode), 0o700)
        modes = {stat.S_IMODE(f.stat().st_mode) for f in self.folder.iterdir()}
        self.assertEqual(modes, {0o600})

    def test_a_broken_file(self) -> None:
        """What is no whole key is none: another is made; so of one begun before."""
        self.hold()
        (file,) = self.folder.glob("*.1")
        (self.folder / f"{file.name}.new").write_text("half")
        for broken in (b"", b"short\n", b"\xff" * 43):
            file.write_bytes(broken)
            key = self.hold()
            self.assertEqual(file.read_text(), f"{key}\n")
            self.assertEqual(self.hold(), key)
        self.assertEqual(len(list(self.folder.iterdir())), 2)

    def test_too_many(self) -> None:
        """There are as many as slots."""
        self.patch(keys, "SLOTS", 1)
        with (
            held_key("lab", self.folder),
            self.assertRaisesRegex(NoKey, "1 programs hold a key for lab"),
        ):
            self.hold("lab")

    def test_no_folder(self) -> None:
        """Where none can be made, that is said."""
        self.folder.parent.write_text("a file")
        with self.assertRaisesRegex(NoKey, "no key can be kept in .*keys: "):
            self.hold()

    def test_whose_folder(self) -> None:
        """This user's, by default."""
        self.patch(os, "environ", {**os.environ, "XDG_DATA_HOME": str(self.folder)})
        with held_key("lab") as key:
            (file,) = self.folder.glob("ecochat/keys/lab.1")
            self.assertEqual(file.read_text(), f"{key}\n")


class NamedKeyTests(SynchronousTestCase):
    """Keys that stand for names."""

    def test_the_same_everywhere(self) -> None:
        """What makes it is written down, so it must not change."""
        key = key_of_name("backup-2026-11-21")
        wanted = "7ec792a0b5236fd10fe4"
        self.assertEqual(key, key_of_name("backup-2026-11-21"))
        self.assertNotEqual(key, key_of_name("backup-2026-11-22"))
        self.assertEqual((len(key), key[:20]), (64, wanted))
