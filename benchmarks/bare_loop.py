"""The bare limit of fan-out: ``bare_fanout.c``, built where there is a compiler."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCE = Path(__file__).with_name("bare_fanout.c")
COMPILER = "cc"


def compiler() -> str:
    """Return the version of the C compiler, or nothing where there is none."""
    if shutil.which(COMPILER) is None:
        return ""
    said = subprocess.run([COMPILER, "--version"], capture_output=True, text=True)
    return said.stdout.partition("\n")[0]


@contextmanager
def built() -> Iterator[Path]:
    """Build the program in a temporary folder, which is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="ecochat-") as folder:
        program = Path(folder) / "bare_fanout"
        command = [COMPILER, "-O2", "-o", str(program), str(SOURCE)]
        subprocess.run(command, check=True)
        yield program


@contextmanager
def bare_loop() -> Iterator[tuple[int, int]]:
    """Run it, on the core that this runs on; yield its port and its process id."""
    with built() as program:
        process = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), process.pid
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
