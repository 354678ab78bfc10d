"""The jokes: EcoChat's own, and an operator's."""

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ecochat.jokes import LONGEST, read_jokes
from ecochat.textfile import LARGEST


class OwnTests(SynchronousTestCase):
    """Those that come with EcoChat."""

    def test_there_are_many_and_they_are_short(self) -> None:
        """At least 50, all different, each one line of at most 200 characters."""
        jokes = read_jokes(None)
        self.assertGreaterEqual(len(jokes), 50)
        self.assertEqual(len(set(jokes)), len(jokes))
        for joke in jokes:
            self.assertLessEqual(len(joke), 200)
            self.assertTrue(joke.isprintable(), joke)


class FileTests(SynchronousTestCase):
    """Those of an operator's file."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def wrong(self, content: bytes) -> str:
        """Return what is said of a file with this in it."""
        self.path.write_bytes(content)
        return str(self.assertRaises(ValueError, read_jokes, str(self.path)))

    def test_a_joke_a_line(self) -> None:
        """Blank lines, comments and white space around are left out."""
        text = (
            "\ufeffone\r\n\r\n  # a comment\n#another\n \n  twö # 2 \nthree\x85\u2028x"
        )
        self.path.write_bytes(text.encode())
        jokes = ["one", "twö # 2", "three\x85\u2028x"]
        self.assertEqual(read_jokes(str(self.path)), jokes)

    def test_none_at_all(self) -> None:
        """A file has to have one."""
        for content in (b"", b"\n \n", b"# later\n"):
            self.assertIn("has no joke in it", self.wrong(content))

    def test_jokes_that_cannot_be_told(self) -> None:
        """What no frame or no line takes is refused, and its line named."""
        longest = b"x" * LONGEST
        for content in (b"#\nok\n" + longest + b"x\n", b"#\nok\nx\0x\n"):
            self.assertIn("in line 3 no joke that can be told", self.wrong(content))
        self.path.write_bytes(b"#" + longest + b"\n" + longest)
        self.assertEqual(read_jokes(str(self.path)), [longest.decode()])

    def test_files_that_cannot_be_read(self) -> None:
        """The reason is given."""
        self.assertEqual(self.wrong(b"\xff"), "is not UTF-8")
        self.assertIn("is longer than", self.wrong(b"x\n" * (LARGEST // 2) + b"x"))
        self.path.unlink()
        said = str(self.assertRaises(ValueError, read_jokes, str(self.path)))
        self.assertEqual(said, "cannot be read: No such file or directory")
