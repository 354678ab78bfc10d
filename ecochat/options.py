"""The command line of ``twistd ecochat``, and what the settings come to."""

import resource
import shlex
import shutil
import socket
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from twisted.python.usage import Options, UsageError

from ecochat import __version__
from ecochat.config import ConfigError, read_config, write_config
from ecochat.settings import (
    ACTIONS,
    MAX_CLIENTS,
    SETTINGS,
    Setting,
    socket_beside,
)

OWN_FILES = 256
"""Files kept free of clients, of half of all at most: the data, the log, listeners; and
connections that are one too many, of which Twisted takes 100 at a time."""


def give_up(text: str) -> NoReturn:
    """End the program before it has begun: one line on stderr, exit status 1."""
    raise SystemExit(f"ecochat: {' '.join(text.splitlines())}")


class ServerOptions(Options):
    """What an operator has set: a mapping of all settings, by name, to their values.

    What the command line gives goes before what the file of ``--config`` gives, and
    that before the defaults. Wrong options end the program with one line.
    """

    synopsis = "[options]"
    longdesc = (
        "EcoChat: a chat server where acknowledged means on disk. Clients send UTF-8"
        " frames, each ended by a null byte: printf 'hi\\0' | nc -N localhost 4040"
    )

    def __init__(self) -> None:
        Options.__init__(self)
        self._given: dict[str, Any] = {}
        self._file: str | None = None
        self._printing = False

    def take(self, setting: Setting, word: str) -> None:
        """Take a setting's value from the command line.

        :raises UsageError: when it cannot have this value.
        """
        try:
            value = setting.kind.read(word)
        except ValueError as wrong:
            shown = "" if setting.secret else f" {shlex.quote(word)}"
            raise UsageError(f"--{setting.name}{shown} {wrong}") from None
        if setting.repeatable:
            self._given.setdefault(setting.name, []).append(value)
        else:
            self._given[setting.name] = value

    def raise_flag(self, setting: Setting) -> None:
        """Take a setting that the command line gives without a value."""
        self._given[setting.name] = True

    def opt_config(self, path: str) -> None:
        """Note where the settings are; they are read when all options are."""
        self._file = path

    def opt_print_config(self) -> None:
        """Note that the settings are asked for."""
        self._printing = True

    def opt_version(self) -> None:
        """Write EcoChat's version, not Twisted's, and exit."""
        sys.stdout.write(f"EcoChat {__version__}\n")
        raise SystemExit(0)

    def parseOptions(self, options: Any = None) -> None:
        """Read the command line; ends the program when it cannot be read."""
        try:
            Options.parseOptions(self, options)
        except ConfigError as error:
            give_up(str(error))
        except UsageError as error:
            give_up(f"{error}; see twistd ecochat --help")

    def parseArgs(self, *rest: str) -> None:
        """Refuse words that are no options."""
        if rest:
            raise UsageError(f"{rest[0]!r} is no option")

    def postOptions(self) -> None:
        """Put the settings together, and print them when that is asked for."""
        for name, setting in SETTINGS.items():
            listed = setting.repeatable
            self[name] = list(setting.default) if listed else setting.default
        if self._file is not None:
            self.update(read_config(self._file))
        self.update(self._given)
        self._find_out()
        if self._printing:
            _print(write_config(self))
            raise SystemExit(0)

    def _find_out(self) -> None:
        """Fill in the defaults that depend on the machine or on other settings."""
        self["name"] = self["name"] or socket.gethostname()
        if self["operator-socket"] is None:
            self["operator-socket"] = socket_beside(self["data"])
        files = _open_files()
        allowed = max(files - min(OWN_FILES, files // 2), 1)
        if self["max-clients"] is None:
            self["max-clients"] = min(MAX_CLIENTS, allowed)
        elif self["max-clients"] > allowed:
            raise UsageError(
                f"--max-clients {self['max-clients']} needs more open files than this"
                f" process may have, {allowed} is the most; raise it with ulimit -n"
            )

    def getUsage(self, width: int | None = None) -> str:
        """Return the help, for a terminal of so many columns."""
        width = width or min(max(shutil.get_terminal_size().columns, 60), 100)
        settings = [*SETTINGS.values(), *ACTIONS.values()]
        lines = [line for setting in settings for line in _help(setting, width)]
        return "\n".join(["Options:", *lines, "", *textwrap.wrap(self.longdesc, width)])


def _handler(setting: Setting) -> Callable[..., None]:
    """Return the method that Twisted calls when the option is given."""

    def take(self: ServerOptions, word: str) -> None:
        self.take(setting, word)

    def raise_flag(self: ServerOptions) -> None:
        self.raise_flag(setting)

    return take if setting.argument else raise_flag


for _setting in SETTINGS.values():
    _method = _handler(_setting)
    for _name in filter(None, (_setting.name.replace("-", "_"), _setting.letter)):
        setattr(ServerOptions, f"opt_{_name}", _method)

HELP_COLUMN = 30
"""Where the words of the help begin; a longer option has a line of its own."""


def _help(setting: Setting, width: int) -> Iterator[str]:
    letter = f"-{setting.letter}," if setting.letter else ""
    option = f"  {letter:3} --{setting.name} {setting.argument}"
    default = setting.default_words
    text = f"{setting.help} [default: {default}]" if default else setting.help
    first, *rest = textwrap.wrap(text, width - HELP_COLUMN)
    if len(option) >= HELP_COLUMN:
        yield option
        option = ""
    yield f"{option:{HELP_COLUMN}}{first}"
    yield from (" " * HELP_COLUMN + line for line in rest)


def _print(text: str) -> None:
    """Write a settings file on stdout, in UTF-8 whatever the terminal speaks."""
    try:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()
    except UnicodeEncodeError:
        give_up("--print-config: a path is not UTF-8, and TOML is; name it otherwise")
    except OSError as error:
        give_up(f"--print-config: {error.strerror}")


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
