"""Runs the tests, and says truly how many passed, failed and were skipped.

``python -m tests.run [--counts FILE] [NAME ...]``; a name is what trial takes, the
default is everything. A test is counted once, whatever happened in it: it failed when
it had a failure or an error, or succeeded where it was expected not to. The exit
status is 0 only when none failed and all of at least ``tests/minimum`` were run.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from twisted.python.failure import Failure
from twisted.trial import reporter, runner

HERE = Path(__file__).parent


class CountingReporter(reporter.TreeReporter):
    """Trial's reporter, which also knows which tests did what, by their ids."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.started: set[str] = set()
        self.broken: set[str] = set()
        self.left_out: set[str] = set()

    def startTest(self, test: Any) -> None:
        """A test begins."""
        super().startTest(test)
        self.started.add(str(test.id()))

    def _fail(self, test: Any) -> None:
        self.broken.add(str(test.id()))

    def addFailure(self, test: Any, failure: Any) -> None:
        """A test failed."""
        super().addFailure(test, failure)
        self._fail(test)

    def addError(self, test: Any, error: Any) -> None:
        """A test broke, or a module could not be loaded."""
        super().addError(test, error)
        self._fail(test)

    def addUnexpectedSuccess(self, test: Any, todo: Any = None) -> None:
        """A test passed that was not expected to."""
        super().addUnexpectedSuccess(test, todo)
        self._fail(test)

    def addExpectedFailure(self, test: Any, error: Any, todo: Any = None) -> None:
        """A test that is marked as not working yet did not work: it was not tested."""
        if isinstance(error, tuple):  # from unittest, whose errors trial cannot print
            error = Failure(error[1], error[0], error[2])
        super().addExpectedFailure(test, error, todo)
        self.left_out.add(str(test.id()))

    def addSkip(self, test: Any, reason: Any) -> None:
        """A test was not run."""
        super().addSkip(test, reason)
        self.left_out.add(str(test.id()))

    def counts(self) -> tuple[int, int, int]:
        """Return how many passed, failed and were skipped."""
        failed = len(self.broken)
        skipped = len(self.left_out - self.broken)
        passed = len(self.started - self.broken - self.left_out)
        return passed, failed, skipped


def run(names: list[str], stream: Any = sys.stdout) -> CountingReporter:
    """Run the tests of these names and return the reporter."""
    suite = runner.TestLoader().loadByNames(names or ["tests"], recurse=True)
    with TemporaryDirectory(prefix="trial-") as folder:
        result = runner.TrialRunner(
            CountingReporter, stream=stream, workingDirectory=f"{folder}/work"
        ).run(suite)
    assert isinstance(result, CountingReporter)
    return result


def main() -> int:
    """Run what the command line names; return the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--counts", type=Path)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    passed, failed, skipped = run(arguments.names).counts()
    line = f"{passed} passed, {failed} failed, {skipped} skipped"
    if arguments.counts:
        arguments.counts.write_text(line + "\n")
    least = 1 if arguments.names else int((HERE / "minimum").read_text())
    if passed + failed < least:
        print(f"only {passed + failed} tests ran, {least} is the least")
    print(line)
    return 0 if not failed and passed >= least else 1


if __name__ == "__main__":
    sys.exit(main())
