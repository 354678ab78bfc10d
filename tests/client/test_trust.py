"""The file of known servers, and that of who verifies servers."""

import os
import stat
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.errors import NotKept, Untrusted
from ecochat.client.trust import Trust

ONE, TWO = ":".join(["01"] * 32), ":".join(["A2"] * 32)


def shown(where: str, fingerprint: str) -> Untrusted:
    """Return that a server has shown a certificate."""
    return Untrusted("text", "brief", where, fingerprint)


class TrustTests(SynchronousTestCase):
    """In a folder of the test's own."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="ecochat-trust-")
        self.addCleanup(temporary.cleanup)
        self.file = Path(temporary.name) / "config" / "known-servers"
        self.trust = Trust(file=self.file)

    def test_nobody_at_first(self) -> None:
        """There is no file then, and none is made by looking."""
        self.assertEqual(self.trust.known("lab:4041"), "")
        self.assertFalse(self.file.parent.exists())

    def test_accepting(self) -> None:
        """It is in the file as a line, for the one server, and for the next client."""
        self.trust.accept(shown("lab:4041", ONE))
        self.trust.accept(shown("[::1]:4041", TWO))
        lines = f"lab:4041 SHA256:{ONE}\n[::1]:4041 SHA256:{TWO}\n"
        self.assertEqual(self.file.read_text(), lines)
        again = Trust(file=self.file)
        self.assertEqual(again.known("lab:4041"), ONE)
        self.assertEqual(again.known("[::1]:4041"), TWO)
        self.assertEqual(again.known("lab:404"), "")

    def test_accepting_another(self) -> None:
        """It takes the place of the one before."""
        for where, fingerprint in (("a:1", ONE), ("b:1", ONE), ("a:1", TWO)):
            self.trust.accept(shown(where, fingerprint))
        lines = f"b:1 SHA256:{ONE}\na:1 SHA256:{TWO}\n"
        self.assertEqual(self.file.read_text(), lines)

    def test_nobody_else_reads_it(self) -> None:
        """Whatever the mask for new files is: it says where somebody goes."""
        self.addCleanup(os.umask, os.umask(0))
        self.trust.accept(shown("a:1", ONE))
        self.assertEqual(stat.S_IMODE(self.file.parent.stat().st_mode), 0o700)
        modes = {stat.S_IMODE(f.stat().st_mode) for f in self.file.parent.iterdir()}
        self.assertEqual(modes, {0o600})

    def test_a_line_that_is_wrong(self) -> None:
        """Nobody is trusted, it is said which, and nothing is written over it."""
        good = f"a:1 SHA256:{ONE}"
        self.file.parent.mkdir()
        for wrong in ("b:1", f"{good}:01", good.lower(), f"{good} {good}", ""):
            with self.subTest(wrong):
                text = f"{good}\n{wrong}\n"
                self.file.write_text(text)
                for call in (
                    lambda: self.trust.known("b:1"),
                    lambda: self.trust.accept(shown("b:1", TWO)),
                ):
                    error = self.assertRaises(NotKept, call)
                    self.assertIn(f"line 2 of {self.file}", str(error))
                self.assertEqual(self.file.read_text(), text)

    def test_a_file_that_cannot_be_used(self) -> None:
        """That is said; it is not as if nothing were known."""
        self.file.mkdir(parents=True)
        with self.assertRaisesRegex(NotKept, "known-servers cannot be read"):
            self.trust.known("a:1")
        nowhere = Trust(file=self.file.parent / "x" / "known-servers")
        (self.file.parent / "x").write_text("a file")
        with self.assertRaisesRegex(NotKept, "cannot be"):
            nowhere.accept(shown("a:1", ONE))

    def test_whose_file(self) -> None:
        """This user's, by default."""
        folder = str(self.file.parent)
        self.patch(os, "environ", {**os.environ, "XDG_CONFIG_HOME": folder})
        self.assertEqual(Trust().file, self.file.parent / "ecochat" / "known-servers")

    def test_who_verifies(self) -> None:
        """What has no certificates in it is refused, in words."""
        self.file.parent.mkdir()
        self.assertIsNone(self.trust.authorities())
        for data, words in ((None, "cannot be read: No such"), (b"x", "no certific")):
            if data is not None:
                self.file.write_bytes(data)
            error = self.assertRaises(ValueError, Trust(self.file).authorities)
            self.assertIn(f"{self.file} ", str(error))
            self.assertIn(words, str(error))
