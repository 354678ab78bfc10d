"""Other chat servers, where they are installed: InspIRCd and ngIRCd.

They store nothing. Each has settings of its own, made for the run: no limits on rates,
no look-ups.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.audience import ARRIVING
from benchmarks.machine import BenchmarkError

INSPIRCD = """\
<server name="peer.test" description="peer" id="001" network="peer">
<admin name="nobody" nick="nobody" email="nobody@peer.test">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect name="all" allow="*" timeout="60" pingfreq="900"
  limit="100000" localmax="100000" globalmax="100000" maxconnwarn="no"
  resolvehostnames="no" useconnectban="no" useconnflood="no" usednsbl="no"
  fakelag="no" threshold="1000000000" commandrate="1000000000" recvq="1048576"
  softsendq="16777216" hardsendq="67108864">
<dns server="127.0.0.1" timeout="1">
<performance softlimit="100000" somaxconn="4096" clonesonconnect="no">
"""

NGIRCD = """\
[Global]
Name = peer.test
Info = peer
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = peer
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = 900
[Options]
DNS = no
Ident = no
PAM = no
"""

START = 10.0
"""Seconds that a peer has to listen."""


@dataclass(frozen=True)
class Peer:
    """A server that is compared with.

    :param settings: the text of its file of settings.
    :param options: how it is told to stay in the foreground and to read that file,
        whose name follows.
    :param root: more options for when root runs it.
    :param at_once: how many may connect at one time, or the kernel drops some for a
        second: ngIRCd lets it queue 10.
    """

    name: str
    program: str
    settings: str
    options: tuple[str, ...]
    root: tuple[str, ...] = ()
    at_once: int = ARRIVING

    @property
    def path(self) -> str | None:
        """Where it is, if it is installed: Debian puts servers into ``sbin``."""
        places = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin"))
        return shutil.which(self.program, path=places)

    @property
    def version(self) -> str:
        """What it says that it is, or nothing when it is not installed."""
        if self.path is None:
            return ""
        asked = [self.path, "--version"]
        said = subprocess.run(asked, capture_output=True, text=True).stdout
        return said.partition("\n")[0].strip()

    @contextmanager
    def running(self) -> Iterator[tuple[int, int]]:
        """Run it, on the core that this runs on; yield its port and its process id."""
        assert self.path is not None
        port = free_port()
        with tempfile.TemporaryDirectory(prefix="ecochat-") as folder:
            settings, log = Path(folder) / "settings", Path(folder) / "log"
            settings.write_text(self.settings.format(port=port))
            settings.chmod(0o644)
            root = self.root if os.geteuid() == 0 else ()
            command = [self.path, *root, *self.options, str(settings)]
            with log.open("wb") as out:
                process = subprocess.Popen(command, stdout=out, stderr=out)
            try:
                wait_for(port, process, log)
                yield port, process.pid
            finally:
                process.kill()
                process.wait()


PEERS = (
    Peer(
        "InspIRCd",
        "inspircd",
        INSPIRCD,
        ("--nofork", "--nopid", "--config"),
        root=("--runasroot",),
    ),
    Peer("ngIRCd", "ngircd", NGIRCD, ("--nodaemon", "--config"), at_once=8),
)


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a process listens.

    :raises BenchmarkError: when it ends, or takes too long.
    """
    deadline = time.monotonic() + START
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                text = log.read_text(errors="replace")
                raise BenchmarkError(f"a peer did not start: {text}") from None
            time.sleep(0.02)
