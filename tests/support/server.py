"""A real server: ``twistd ecochat`` in a process of its own, on a free port."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from tests.support.uncounted import uncounted
from tests.support.waiting import WAIT

TWISTD = str(Path(sys.executable).parent / "twistd")


class Server:
    """Starts and stops one server; ``with Server() as server`` stops it always.

    Its data outlives :meth:`kill` and :meth:`stop`, so that :meth:`start` goes on with
    it, until the folder is removed at the end of the ``with`` block.

    :param options: options of ``twistd ecochat``, beside ``--listen`` and ``--data``.
        There is no limit on rates, unless they set ``--limits``: tests send fast.
    :param listen: where it listens; a free port by default.
    :param prefix: a command that runs the server, as ``taskset -c 0``.
    """

    def __init__(
        self,
        *options: str,
        listen: str = "tcp:0:interface=127.0.0.1",
        data: str = "ecochat.sqlite",
        prefix: tuple[str, ...] = (),
    ) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="ecochat-")
        self.folder = Path(self._temporary.name)
        self.data = data if data == ":memory:" else str(self.folder / data)
        self._log = self.folder / "log"
        self._options = options
        self._listen = listen
        self._prefix = prefix
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self.kill()
        self._temporary.cleanup()

    @property
    def operators(self) -> str:
        """The path of the operators' socket, where the data is a file."""
        return f"{self.data}.operator"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """All that the server has logged since its first start."""
        return self._log.read_text(errors="replace")

    def start(self, wait: float = WAIT) -> None:
        """Start the server, and wait until it is ready."""
        begun = self._log.stat().st_size if self._log.exists() else 0
        command = [
            *self._prefix,
            TWISTD,
            "-n",
            "--pidfile=",
            "ecochat",
            "--listen",
            self._listen,
        ]
        command += ["--data", self.data, "--limits", "off", *self._options]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=uncounted(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + wait
        while "#info] ready" not in (new := self.log_since(begun)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the server did not start: {new}")
            time.sleep(0.01)
        if place := re.search(r"listening on (?:tcp|ssl):.*:(\d+)", new):
            self.port = int(place[1])

    def log_since(self, size: int) -> str:
        """Return what was logged after the log had so many bytes."""
        return self._log.read_bytes()[size:].decode(errors="replace")

    def signal(self, number: int) -> None:
        """Send the process a signal."""
        os.kill(self.pid, number)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the process up: what is done meanwhile takes no time for it."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the process with -9."""
        self._end(signal.SIGKILL, WAIT)

    def stop(self, wait: float = WAIT) -> int:
        """Stop the server as an operator does, and return its exit status.

        Of a stop by SIGTERM that is -15: twistd ends by the signal it was sent.
        """
        return self._end(signal.SIGTERM, wait)

    def _end(self, number: int, wait: float) -> int:
        assert self._process is not None
        process, self._process = self._process, None
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(wait)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def resident_kb(self) -> int:
        """Return the server's resident memory in KiB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", status)
        assert found
        return int(found[1])
