"""The words and options of the shell commands.

Nothing heavy is imported here: help and completion are made of this.
"""

import argparse
import math
import os
from collections.abc import Callable
from typing import Any, NamedTuple

SERVER = "localhost:4040"

ROOM = "lobby"
"""The room where none is named: the one that everyone is in at first."""

SHOWN = 10
"""Lines that ``tail`` begins with, as that of every system does."""

LIMIT = 20
"""Items of a history or a search where no number is given."""


class Words(NamedTuple):
    """A command's words.

    :param help: what it does, in a line.
    :param description: what it does, in a paragraph.
    :param fill: adds its arguments to its parser.
    """

    help: str
    description: str
    fill: Callable[[argparse.ArgumentParser], None]


def default_server() -> str:
    """Return the server where none is named."""
    return os.environ.get("ECOCHAT_SERVER") or SERVER


def add(place: Any, *names: str, **options: Any) -> None:
    """Add an argument for which nothing can be offered: nobody can guess it."""
    options = {"type": text, **options}
    vars(place.add_argument(*names, **options))["completer"] = lambda **_: ()


def text(word: str) -> str:
    """Read what can be sent: bytes that are no text become marks."""
    return word.encode(errors="surrogateescape").decode(errors="replace")


def number(text: str) -> int:
    """Read a number: of an event, or how many.

    :raises argparse.ArgumentTypeError: when it is none, or too large for a server.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        wrong = f"{text!r} is no whole number of at most 18 digits, 0 or more"
        raise argparse.ArgumentTypeError(wrong)
    return int(text)


def count(text: str) -> int:
    """Read how many; :raises argparse.ArgumentTypeError: when it is none, or 0."""
    if number(text) == 0:
        raise argparse.ArgumentTypeError("it has to be 1 or more")
    return int(text)


def seconds(text: str) -> float:
    """Read a time; :raises argparse.ArgumentTypeError: when it is none above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        wrong = f"{text!r} is no number of seconds above 0"
        raise argparse.ArgumentTypeError(wrong)
    return value


def _add_common(parser: argparse.ArgumentParser, what: str) -> None:
    add(
        parser,
        "--server",
        metavar="SERVER",
        default=default_server(),
        help="HOST, HOST:PORT, tls:HOST:PORT or unix:PATH"
        f" (default: $ECOCHAT_SERVER, else {SERVER})",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help=f"print {what} as the server's own objects, one a line",
    )


def _add_room(parser: argparse.ArgumentParser) -> None:
    add(
        parser,
        "--room",
        metavar="ROOM",
        default=ROOM,
        help="the room, or @NAME for what is private with somebody"
        " (default: %(default)s)",
    )


def _add_range(parser: argparse.ArgumentParser) -> None:
    where = {"metavar": "N", "type": number}
    add(parser, "--before", help="only what is before this number", **where)
    add(parser, "--after", help="only what is after this number", **where)
    add(
        parser,
        *("-n", "--limit"),
        metavar="N",
        type=count,
        default=LIMIT,
        help="how many at most (default: %(default)s)",
    )


def _fill_send(parser: argparse.ArgumentParser) -> None:
    _add_room(parser)
    add(
        parser,
        "--nick",
        metavar="NAME",
        help="the name to send under (default: your login name); with a number behind"
        " it where that is taken",
    )
    add(
        parser,
        "--once",
        metavar="NAME",
        help="send one message, however often this is run with this NAME",
    )
    parser.add_argument(
        "--whole",
        action="store_true",
        help="make one message of all of standard input; with --once it always is",
    )
    add(
        parser,
        "--timeout",
        metavar="SECONDS",
        type=seconds,
        help="how long to wait for the server, also where it is not there at first"
        " (default: 10, of a server that was reached)",
    )
    _add_common(parser, "what is stored")
    add(
        parser,
        "text",
        metavar="TEXT",
        nargs="?",
        default="-",
        help="the message; without it or with -, standard input, a message a line",
    )


def _fill_tail(parser: argparse.ArgumentParser) -> None:
    _add_room(parser)
    begin = parser.add_mutually_exclusive_group()
    add(
        begin,
        *("-n", "--limit"),
        metavar="N",
        type=number,
        default=SHOWN,
        help="begin with the last N (default: %(default)s)",
    )
    add(
        begin,
        "--since",
        metavar="N",
        type=number,
        help="begin with what follows this number, all of it",
    )
    parser.add_argument(
        *("-f", "--follow"),
        action="store_true",
        help="go on with what is said from now on",
    )
    add(
        parser,
        "--nick",
        metavar="NAME",
        help="the name to follow under (default: your login name and -tail)",
    )
    _add_common(parser, "what is said")


def _fill_history(parser: argparse.ArgumentParser) -> None:
    _add_room(parser)
    _add_range(parser)
    _add_common(parser, "what was said")


def _fill_search(parser: argparse.ArgumentParser) -> None:
    add(
        parser,
        "--room",
        metavar="ROOM",
        help="where to search (default: in every room); --before and --after need it",
    )
    add(parser, "--nick", metavar="NAME", help="only what was written under this name")
    _add_range(parser)
    _add_common(parser, "what is found")
    add(
        parser,
        "words",
        metavar="WORD",
        nargs="+",
        help="what has to be in a message; with a * behind it, the beginning of a word",
    )


def _fill_who(parser: argparse.ArgumentParser) -> None:
    _add_room(parser)
    _add_common(parser, "who is there")


def _fill_list(parser: argparse.ArgumentParser) -> None:
    _add_common(parser, "the list")


COMMANDS = {
    "send": Words(
        "send a message, or each line of the input",
        "Sends TEXT, or each line of standard input but the empty ones, and prints the"
        " number under which each is stored, when it is: it is on the server's disk"
        " then. A connection that is lost is made again, and what was not answered is"
        " sent again without coming twice. One is not in the room for that, so"
        " nobody sees one come and go; a room that is not there yet is made.",
        _fill_send,
    ),
    "tail": Words(
        "print what was said last, and what is said from now on",
        "Prints what was said last in a room. With --follow it joins the room and goes"
        " on, also when the connection is lost and comes back: nothing is left out, and"
        " nothing comes twice.",
        _fill_tail,
    ),
    "history": Words(
        "print what was said in a room",
        "Prints what was said in a room, the oldest first: the last N, those before a"
        " number, or the first N after one.",
        _fill_history,
    ),
    "search": Words(
        "find messages that have all these words",
        "Prints the messages that have all these words, the newest first.",
        _fill_search,
    ),
    "rooms": Words(
        "list the rooms",
        "Prints the rooms, each with its members, the number of what was said there"
        " last, and its topic.",
        _fill_list,
    ),
    "who": Words(
        "list who is in a room",
        "Prints who is in a room, a name a line.",
        _fill_who,
    ),
    "status": Words(
        "list the sessions, and those that ended last",
        "Prints the sessions that are open, and those that ended last, with when they"
        " began and ended.",
        _fill_list,
    ),
}
"""The commands, in the order in which they are told of."""
