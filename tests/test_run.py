"""The test runner: true counts and a true exit status, seen as a real process."""

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests import run

HEADER = """
import unittest
from twisted.internet import defer, reactor
from twisted.trial.unittest import SkipTest, TestCase
"""


class RunTests(SynchronousTestCase):
    """Runs the runner on small packages of its own, in a temporary folder."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        package = self.folder / "tests"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        shutil.copy(run.__file__, package / "run.py")
        self.minimum(1)

    def minimum(self, least: int) -> None:
        """Say how many tests there have to be."""
        (self.folder / "tests" / "minimum").write_text(f"{least}\n")

    def module(self, name: str, body: str = "", header: str = HEADER) -> None:
        """Write a test module of this name."""
        text = header + textwrap.dedent(body)
        (self.folder / "tests" / f"{name}.py").write_text(text)

    def passing(self, count: int) -> None:
        """Write a module of so many tests that pass."""
        lines = "".join(f"    def test_{n}(self): pass\n" for n in range(count))
        self.module("test_passing", f"class T(TestCase):\n{lines}")

    def outcome(self, *arguments: str) -> tuple[int, str]:
        """Run the runner, and return its exit status and the last line it wrote."""
        command = [sys.executable, "-m", "tests.run", *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        self.output = done.stdout
        return done.returncode, done.stdout.splitlines()[-1]

    def test_all_pass(self) -> None:
        """Without arguments everything under ``tests`` is run."""
        self.passing(3)
        self.module(
            "test_more", "class M(unittest.TestCase):\n  def test_m(self): pass"
        )
        self.assertEqual(self.outcome(), (0, "4 passed, 0 failed, 0 skipped"))

    def test_failures_and_errors(self) -> None:
        """What fails or breaks is a failed test, and one only, wherever it did so."""
        self.module(
            "test_x",
            """
            class T(TestCase):
                def test_passes(self): pass
                def test_fails(self): self.fail()
                def test_breaks(self): raise ValueError
                def test_fails_later(self): return defer.fail(ValueError())
                def test_leaves_a_mess(self): reactor.callLater(600, int)

            class Twice(TestCase):
                def tearDown(self): raise ValueError
                def test_and_tear_down(self): self.fail()

            class Before(TestCase):
                def setUp(self): raise ValueError
                def test_set_up(self): pass
            """,
        )
        self.assertEqual(self.outcome(), (1, "1 passed, 6 failed, 0 skipped"))

    def test_unexpected_success(self) -> None:
        """A test that passes against expectation failed, in trial and unittest."""
        self.module(
            "test_x",
            """
            class T(TestCase):
                def test_passes(self): pass
                def test_todo(self): pass
                test_todo.todo = "not yet"

            class U(unittest.TestCase):
                @unittest.expectedFailure
                def test_expected(self): pass
            """,
        )
        self.assertEqual(self.outcome(), (1, "1 passed, 2 failed, 0 skipped"))

    def test_skipped(self) -> None:
        """What was not run, or failed as was expected, is skipped and not passed."""
        self.module(
            "test_x",
            """
            class T(TestCase):
                def test_passes(self): pass
                def test_raises_skip(self): raise SkipTest("no")
                def test_attribute(self): pass
                test_attribute.skip = "no"
                def test_todo(self): self.fail()
                test_todo.todo = "not yet"

            class U(unittest.TestCase):
                @unittest.skip("no")
                def test_unittest(self): pass
                @unittest.expectedFailure
                def test_expected(self): self.fail()
            """,
        )
        self.assertEqual(self.outcome(), (0, "1 passed, 0 failed, 5 skipped"))

    def test_only_skipped(self) -> None:
        """A run in which nothing was tested is no good run."""
        self.module(
            "test_x", "class T(TestCase):\n  skip = 'no'\n  def test_x(self): 1"
        )
        self.assertEqual(self.outcome(), (1, "0 passed, 0 failed, 1 skipped"))

    def test_sub_tests(self) -> None:
        """A subTest is no test: however many fail, it is their test that failed."""
        self.module(
            "test_x",
            """
            class U(unittest.TestCase):
                def test_pass(self):
                    for n in range(5):
                        with self.subTest(n=n):
                            pass
                def test_some_fail(self):
                    for n in range(5):
                        with self.subTest(n=n):
                            self.assertEqual(n % 2, 0)
                def test_break(self):
                    for n in range(2):
                        with self.subTest(n=n):
                            raise ValueError
                    self.fail()

            class T(TestCase):
                test_pass = U.test_pass
                test_some_fail = U.test_some_fail
            """,
        )
        self.assertEqual(self.outcome(), (1, "2 passed, 3 failed, 0 skipped"))

    def test_skipped_sub_tests(self) -> None:
        """A test of which a part was left out did not pass, and is one test still."""
        self.module(
            "test_x",
            """
            class U(unittest.TestCase):
                def test_left_out(self):
                    for n in range(3):
                        with self.subTest(n=n):
                            raise unittest.SkipTest("no")
                def test_fail_and_skip(self):
                    for n in range(3):
                        with self.subTest(n=n):
                            self.assertTrue(n)
                            raise unittest.SkipTest("no")
            """,
        )
        self.assertEqual(self.outcome(), (1, "0 passed, 1 failed, 1 skipped"))

    def test_module_that_cannot_be_imported(self) -> None:
        """It counts as failed, as what is in it cannot; the others are run."""
        self.passing(2)
        self.module("test_gone", "import there_is_no_such_module")
        self.module("test_wrong", "this is no Python", header="")
        self.assertEqual(self.outcome(), (1, "2 passed, 2 failed, 0 skipped"))

    def test_name_of_nothing(self) -> None:
        """A name that is no test's fails the run."""
        self.passing(2)
        for name in ("tests.test_nothing", "tests.test_passing.Nobody", "nonsense"):
            with self.subTest(name):
                status, _ = self.outcome("tests.test_passing", name)
                self.assertEqual(status, 1)

    def test_no_tests(self) -> None:
        """Nothing to run is not success."""
        self.module("test_x", "class T(TestCase): pass")
        none = (1, "0 passed, 0 failed, 0 skipped")
        self.assertEqual(self.outcome(), none)
        self.assertEqual(self.outcome("tests.test_x"), none)

    def test_fewer_than_the_least(self) -> None:
        """A run of everything that lost tests is not success; one of a part may be."""
        self.passing(3)
        self.minimum(3)
        self.assertEqual(self.outcome(), (0, "3 passed, 0 failed, 0 skipped"))
        self.minimum(4)
        self.assertEqual(self.outcome(), (1, "3 passed, 0 failed, 0 skipped"))
        self.assertIn("only 3 tests ran, 4 is the least", self.output)
        part = self.outcome("tests.test_passing.T.test_1")
        self.assertEqual(part, (0, "1 passed, 0 failed, 0 skipped"))

    def test_counts_in_a_file(self) -> None:
        """``--counts`` leaves the last line in a file too."""
        self.passing(2)
        self.outcome("--counts", "counts")
        counts = (self.folder / "counts").read_text()
        self.assertEqual(counts, "2 passed, 0 failed, 0 skipped\n")
