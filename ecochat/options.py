"""The command line of ``twistd ecochat``."""

import resource
import socket
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from twisted.python.usage import Options, UsageError

from ecochat import __version__
from ecochat.core.framing import DEFAULT_LIMIT
from ecochat.core.limits import Limits
from ecochat.listen import DEFAULT
from ecochat.store.sqlite import DURABILITY

MAX_CLIENTS = 10_000
OWN_FILES = 256
"""Files kept free of clients, of half of all at most: the data, the log, listeners; and
connections that are one too many, of which Twisted takes 100 at a time."""


def give_up(text: str) -> NoReturn:
    """End the program before it has begun: one line on stderr, exit status 1."""
    raise SystemExit(f"ecochat: {text}")


def _number(option: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit()) or int(text) < 1:
            raise UsageError(f"--{option} {text} is not a number above 0")
        return int(text)

    return read


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("it is not UTF-8") from None
    return text


def _durability(text: str) -> str:
    if text not in DURABILITY:
        raise UsageError(f"--durability {text} is not {' or '.join(DURABILITY)}")
    return text


class ServerOptions(Options):
    """What an operator can set. Wrong options end the program with one line."""

    synopsis = "[options]"
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
        ["name", "n", None, "the server's name (default: the host name)", _text],
        ["welcome", "w", None, "what everyone is told at the start", _text],
        [
            "max-clients",
            "m",
            None,
            f"connections at one time (default: {MAX_CLIENTS}, or what the limit on"
            " open files allows)",
            _number("max-clients"),
        ],
        [
            "max-frame",
            None,
            DEFAULT_LIMIT,
            "longest frame, in bytes",
            _number("max-frame"),
        ],
        [
            "max-message",
            None,
            Limits().message,
            "longest message, in characters (code points)",
            _number("max-message"),
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

    opt_listen.__doc__ = " ".join(str(opt_listen.__doc__).split())  # --help shows it
    opt_l = opt_listen

    def opt_version(self) -> None:
        """Display EcoChat's version and exit."""
        sys.stdout.write(f"EcoChat {__version__}\n")
        raise SystemExit(0)

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
        self["welcome"] = self["welcome"] or ""
        files = _open_files()
        allowed = max(files - min(OWN_FILES, files // 2), 1)
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
    if most == resource.RLIM_INFINITY:
        most = 2**20  # as many as Linux gives at most, unless told otherwise
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (ValueError, OSError):  # more than this kernel allows
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return most
