"""Everything that is checked: tests with coverage, lint, types. ``make test`` runs it.

The last line is the tests' counts, whatever else failed; the exit status is 0 only
when nothing did.
"""

import os
import subprocess
import sys
from pathlib import Path

BUILD = Path("build")
COUNTS = BUILD / "counts"
PYTHON = sys.executable

ENVIRONMENT = {
    "COVERAGE_PROCESS_START": str(Path("setup.cfg").absolute()),
    "COVERAGE_FILE": str(Path(".coverage").absolute()),
    "PYTHONDONTWRITEBYTECODE": "",
}
"""Has the commands that tests run counted too (coverage.py, "Measuring subprocesses");
not the servers, which would be slower. Hundreds of programs are started: each takes a
third longer where what it imports is compiled each time."""

STEPS: dict[str, list[str | Path]] = {
    "tests": [PYTHON, "-m", "coverage", "run", "-m", "tests.run", "--counts", COUNTS],
    "coverage of all processes": [PYTHON, "-m", "coverage", "combine", "--quiet"],
    "coverage of the core is 100 %": [
        *(PYTHON, "-m", "coverage", "report"),
        *("--include=ecochat/core/*", "--fail-under=100"),
    ],
    "coverage": [PYTHON, "-m", "coverage", "report", "--fail-under=98"],
    "ruff": [PYTHON, "-m", "ruff", "check", "."],
    "ruff format": [PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."],
    "mypy": [PYTHON, "-m", "mypy"],
}


def main() -> int:
    """Run all steps and return the exit status."""
    BUILD.mkdir(exist_ok=True)
    COUNTS.unlink(missing_ok=True)
    for left in Path().glob(".coverage*"):
        left.unlink()
    failed = []
    for name, command in STEPS.items():
        print(f"== {name}", flush=True)
        if subprocess.run(command, env=os.environ | ENVIRONMENT).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}")
    counts = "0 passed, 1 failed, 0 skipped\n"
    print(COUNTS.read_text() if COUNTS.exists() else counts, end="", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
