"""A naive chat server over TLS: one ``transport.write`` for each message and reader.

``python -m benchmarks.naive FOLDER`` prints the port that it listens on. It has no
names and no rooms, and stores nothing: what anyone sends is sent to everyone.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

KEY, CERTIFICATE = "key.pem", "certificate.pem"


class Naive(LineOnlyReceiver):
    """One connection."""

    delimiter = b"\0"
    transport: Any
    clients: set["Naive"] = set()

    def connectionMade(self) -> None:
        """Talk with the others."""
        self.transport.setTcpNoDelay(True)
        self.clients.add(self)

    def lineReceived(self, line: bytes) -> None:
        """Send it to everyone."""
        frame = line + self.delimiter
        for client in self.clients:
            client.transport.write(frame)

    def connectionLost(self, reason: Failure | None = None) -> None:
        """Talk no more."""
        self.clients.discard(self)


def make_certificate(folder: Path) -> None:
    """Put a key and a certificate of its own into a folder."""
    command = "openssl req -x509 -nodes -newkey ec -days 2 -subj /CN=localhost"
    options = ["-pkeyopt", "ec_paramgen_curve:prime256v1"]
    files = ["-keyout", str(folder / KEY), "-out", str(folder / CERTIFICATE)]
    whole = [*command.split(), *options, *files]
    subprocess.run(whole, check=True, capture_output=True)


def endpoint(folder: Path) -> str:
    """Return where to listen with what is in that folder, on a free port."""
    keys = f"privateKey={folder / KEY}:certKey={folder / CERTIFICATE}"
    return f"ssl:0:{keys}:interface=127.0.0.1"


@contextmanager
def naive(folder: Path) -> Iterator[tuple[int, int]]:
    """Run it, on the core that this runs on; yield its port and its process id."""
    command = [sys.executable, "-m", "benchmarks.naive", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline()), process.pid
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def main(folder: str) -> None:
    """Listen, with what is in that folder, until the process is ended."""
    from twisted.internet import reactor

    loop: Any = reactor
    listening = serverFromString(loop, endpoint(Path(folder))).listen(
        Factory.forProtocol(Naive)
    )
    listening.addCallback(lambda port: print(port.getHost().port, flush=True))
    loop.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
