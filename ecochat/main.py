# PYTHON_ARGCOMPLETE_OK
"""The ``ecochat`` command: opens the first client, or does what its first word says.

What a word needs is imported when it is run, so that ``--help`` and completion answer
at once.
"""

import argparse
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, NoReturn

from ecochat import __version__
from ecochat.shell.arguments import COMMANDS, SERVER, default_server
from ecochat.shell.outcome import DONE, FAILED, INTERRUPTED, USAGE, fail

SOCKET = "ecochat.sqlite.operator"
"""The operators' socket where none is named: that of a server in the present folder."""

ENVIRONMENT = {
    "ECOCHAT_SERVER": f"The server, where none is given; without it, {SERVER}.",
    "ECOCHAT_SOCKET": "The operators' socket, where the console is given none; without"
    f" it, {SOCKET} in the present folder.",
    "NO_COLOR": "If it is not empty, what is printed on a terminal has no colours.",
}


class Subcommand(NamedTuple):
    """A word that can come first: what it does, in a line and in a paragraph.

    :param fill: adds its arguments to its parser.
    :param run: does it, and returns the exit status.
    """

    help: str
    description: str
    fill: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        """End the program because of a wrong command line."""
        sys.exit(fail(f"{message}; see {self.prog} --help", USAGE))


def _fill_backup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the copy to make")
    parser.add_argument(
        "--data",
        metavar="FILE",
        default="ecochat.sqlite",
        help="the data to copy (default: %(default)s)",
    )
    parser.add_argument(
        "--replace", action="store_true", help="take the place of a FILE that exists"
    )


def _back_up(arguments: argparse.Namespace) -> int:
    from ecochat.store.backup import back_up
    from ecochat.store.port import StoreError

    # Whoever ends it, by whatever signal, ends it well: nothing half is left.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        saved = back_up(arguments.data, arguments.file, arguments.replace)
    except StoreError as error:
        return fail(str(error))
    rooms, messages = _counted(saved.rooms, "room"), _counted(saved.messages, "message")
    size = _counted(saved.size, "byte")
    sys.stdout.write(f"saved {size}: {rooms}, {messages}\n")
    return DONE


def _fill_console(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--socket",
        metavar="PATH",
        default=os.environ.get("ECOCHAT_SOCKET") or SOCKET,
        help=f"the operators' socket (default: $ECOCHAT_SOCKET, else {SOCKET})",
    )
    parser.add_argument("--log-fd", type=int, help=argparse.SUPPRESS)


def _open_console(arguments: argparse.Namespace) -> int:
    from ecochat.client.terminal.operating import run_console

    return run_console(arguments.socket, arguments.log_fd)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _in_shell(word: str, arguments: argparse.Namespace) -> int:
    from ecochat.shell.running import run_command

    return run_command(word, arguments)


SUBCOMMANDS = {
    **{
        word: Subcommand(*words, partial(_in_shell, word))
        for word, words in COMMANDS.items()
    },
    "backup": Subcommand(
        "copy a server's data into a file, also while it runs",
        "Copies the data as it is at one moment, with everything acknowledged before;"
        " a running server goes on meanwhile. FILE appears when it is complete and"
        " on the disk. It is data that a server can be started with.",
        _fill_backup,
        _back_up,
    ),
    "console": Subcommand(
        "show what happens on a server, and say things to everyone, as its operator",
        "Opens the console of a server that runs on this machine: who connects and"
        " disconnects, and what is said in all rooms, as it happens. What is typed is"
        " said to everyone, as Server; operators' commands can be typed too, as /status"
        " and /kick.",
        _fill_console,
        _open_console,
    ),
}
"""What the first word can be beside a server."""


def make_parser(word: str = "") -> Parser:
    """Return the parser for a command line that begins with this word."""
    row = SUBCOMMANDS.get(word)
    if row is None:
        return _client_parser()
    parser = Parser(
        prog=f"ecochat {word}", description=row.description, allow_abbrev=False
    )
    row.fill(parser)
    parser.set_defaults(run=row.run)
    return parser


def _client_parser() -> Parser:
    words = "".join(f"  {word:14}{row.help}\n" for word, row in SUBCOMMANDS.items())
    parser = Parser(
        prog="ecochat",
        usage="%(prog)s [OPTIONS] [SERVER]\n       %(prog)s COMMAND [--help] ...",
        description="Opens a chat on a server, or does what COMMAND says.",
        epilog=f"commands:\n{words}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    server = parser.add_argument(
        "server",
        metavar="SERVER",
        nargs="?",
        default=default_server(),
        help="HOST, HOST:PORT or a Twisted endpoint"
        f" (default: $ECOCHAT_SERVER, else {SERVER})",
    )
    nick = parser.add_argument("--nick", metavar="NAME", help="the name to go by")
    room = parser.add_argument("--room", metavar="ROOM", help="the room to go into")
    parser.add_argument(
        "--tls",
        action="store_true",
        help="encrypted; a server that nobody verifies is asked about once",
    )
    parser.add_argument(
        "--ca",
        metavar="FILE",
        help="encrypted, where the certificates in FILE (PEM) verify the server",
    )
    parser.add_argument(
        "--inline",
        action="store_true",
        help="lines above a prompt, instead of the whole screen",
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"EcoChat {__version__}",
        help="show the version, and end",
    )
    parser.set_defaults(run=_open_client)
    # What argcomplete offers in their places.
    vars(server)["completer"] = lambda **_: {w: r.help for w, r in SUBCOMMANDS.items()}
    vars(nick)["completer"] = vars(room)["completer"] = lambda **_: ()
    return parser


def _open_client(arguments: argparse.Namespace) -> int:
    gc.disable()  # while what stays is made, looking for what does not is in vain
    try:
        from ecochat.client.address import over_tls
        from ecochat.client.screen.start import run
        from ecochat.client.trust import Trust
    finally:
        gc.enable()
    server = arguments.server
    if arguments.tls or arguments.ca:
        try:
            server = over_tls(server)
        except ValueError as wrong:
            return fail(str(wrong), USAGE)
    return run(
        server,
        arguments.nick,
        arguments.room,
        is_inline=arguments.inline,
        trust=Trust(arguments.ca),
    )


def _complete() -> None:
    """Answer a shell that asks how a command line may go on; does not return.

    The shell says in the environment how many words to leave out, for the program. A
    word that has a parser of its own is one more, when it is complete.
    """
    import argcomplete

    skipped = int(os.environ["_ARGCOMPLETE"])
    line = os.environ["COMP_LINE"][: int(os.environ["COMP_POINT"])]
    complete = line.rpartition(" ")[0].split()
    word = (*complete[skipped : skipped + 1], "")[0]
    if word in SUBCOMMANDS:
        os.environ["_ARGCOMPLETE"] = str(skipped + 1)
    argcomplete.autocomplete(make_parser(word), exit_method=sys.exit)


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says, and return the exit status.

    :param words: the command line without the program; by default this program's own.
    :raises SystemExit: when it is wrong, or asks for help; with the exit status.
    """
    if "_ARGCOMPLETE" in os.environ:
        _complete()
    words = sys.argv[1:] if words is None else words
    own = words[:1] if words and words[0] in SUBCOMMANDS else ()
    arguments = make_parser(*own).parse_args(words[len(own) :])
    try:
        status: int = arguments.run(arguments)
        if sys.stdout is not None:  # closed by the shell that started us
            sys.stdout.flush()
    except KeyboardInterrupt:
        return fail("interrupted", INTERRUPTED)
    except BrokenPipeError:  # whoever read our output has gone; Python would complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return status


if __name__ == "__main__":
    sys.exit(main())
