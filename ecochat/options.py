"""The command line of ``twistd ecochat``."""

import resource
import socket
from typing import Any, NoReturn

from twisted.python.usage import Options, UsageError

from ecochat.core.framing import DEFAULT_LIMIT
from ecochat.core.limits import Limits
from ecochat.listen import DEFAULT
from ecochat.store.sqlite import DURABILITY

MAX_CLIENTS = 10_000
OWN_FILES = 64
"""Files the server needs beside its clients: the data, the log, listeners, threads."""


def give_up(text: str) -> NoReturn:
    """End the program before it has begun: one line on stderr, exit status 1."""
    raise SystemExit(f"ecochat: {text}")


def _whole(least: int) -> Any:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or int(text) < least:
            raise ValueError(f"it is a whole number from {least}")
        return int(text)

    read.coerceDoc = f"A whole number from {least}."  # type: ignore[attr-defined]
    return read


def _durability(text: str) -> str:
    if text not in DURABILITY:
        raise ValueError(f"it is {' or '.join(DURABILITY)}")
    return text


class ServerOptions(Options):
    """What an operator can set. Wrong options end the program with one line."""

    synopsis = "Usage: twistd [twistd's options] ecochat [options]"
    longdesc = (
        "EcoChat: a chat server where acknowledged means on disk. Clients send UTF-8"
        " frames, each ended by a null byte: printf 'hi\\0' | nc -N localhost 4040"
    )
    optParameters = [
        [
            "data",
            "d",
            "ecochat.sqlite",
            "the file that everything is kept in, or :memory:",
        ],
        ["name", "n", None, "the server's name (default: the host name)"],
        ["welcome", "w", "", "what everyone is told at the start"],
        [
            "max-clients",
            "m",
            None,
            f"connections at one time (default: {MAX_CLIENTS}, or what the limit on"
            " open files allows)",
            _whole(1),
        ],
        ["max-frame", None, DEFAULT_LIMIT, "longest frame, in bytes", _whole(1)],
        [
            "max-message",
            None,
            Limits().message,
            "longest message, in characters (code points)",
            _whole(1),
        ],
        [
            "durability",
            None,
            "full",
            "full: what is acknowledged outlives a power cut; normal: faster, outlives"
            " a killed server, and a power cut may take the last moments",
            _durability,
        ],
    ]
    optFlags = [["log-messages", None, "write what is said into the server's log"]]

    def __init__(self) -> None:
        Options.__init__(self)
        self["listen"] = []

    def opt_listen(self, where: str) -> None:
        """where to listen; can be given several times. PORT, HOST:PORT, [::1]:PORT or
        a Twisted endpoint, as unix:chat.sock or ssl:4041:privateKey=key.pem
        [default: tcp:4040:interface=127.0.0.1]"""
        self["listen"].append(where)

    opt_l = opt_listen

    def parseOptions(self, options: Any = None) -> None:
        """Read the command line; ends the program when it cannot be read."""
        try:
            Options.parseOptions(self, options)
        except UsageError as error:
            give_up(f"{error}; see twistd ecochat --help")

    def postOptions(self) -> None:
        """Fill in what was not given."""
        self["listen"] = self["listen"] or [DEFAULT]
        self["name"] = self["name"] or socket.gethostname()
        allowed = max(_open_files() - OWN_FILES, 1)
        if self["max-clients"] is None:
            self["max-clients"] = min(MAX_CLIENTS, allowed)
        elif self["max-clients"] > allowed:
            raise UsageError(
                f"--max-clients {self['max-clients']} needs more open files than this"
                f" process may have, {allowed} is the most; raise it with ulimit -n"
            )

    def parseArgs(self, *rest: str) -> None:
        """Refuse words that are no options."""
        if rest:
            raise UsageError(f"{rest[0]!r} is no option")


def _open_files() -> int:
    """Ask for as many open files as may be, and return how many that is."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most
