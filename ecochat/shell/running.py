"""Runs a shell command, from its arguments to its exit status."""

import argparse
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

from ecochat import __version__
from ecochat.client.address import parse_address
from ecochat.client.client import Client
from ecochat.client.errors import ClientError, Disconnected, Ended, Refused
from ecochat.client.program import run
from ecochat.client.safe import safe
from ecochat.core.wire import Said
from ecochat.shell import asking
from ecochat.shell.input import TooLong
from ecochat.shell.outcome import DONE, FAILED, INTERRUPTED, UNREACHABLE, USAGE, fail
from ecochat.shell.printer import standard_printer

Ask = Callable[[Client, argparse.Namespace], AsyncIterator[Said]]

_ASKING: dict[str, Ask] = {
    "tail": asking.tail,
    "history": asking.read_history,
    "search": asking.search,
    "rooms": asking.rooms,
    "who": asking.who,
    "status": asking.status,
}


def run_command(word: str, arguments: argparse.Namespace) -> int:
    """Run one of :data:`ecochat.shell.arguments.COMMANDS`; return the exit status.

    :raises KeyboardInterrupt: when it was interrupted, or told to end.
    """
    from twisted.internet import reactor

    try:
        parse_address(arguments.server).connector(reactor)
    except ValueError as wrong:
        return fail(str(wrong), USAGE)
    if word == "send" and arguments.text == "-" and sys.stdin is None:
        return fail("standard input is closed, so there is nothing to send", USAGE)
    return _run(word, arguments, reactor)


def _run(word: str, arguments: argparse.Namespace, reactor: Any) -> int:
    statuses: list[int] = []

    async def program() -> None:
        try:
            statuses.append(await _do(word, arguments, reactor))
        except BrokenPipeError:  # whoever read our output has gone
            statuses.append(FAILED)
        except (ClientError, TooLong, OSError) as error:
            statuses.append(fail(safe(str(error)), _status(error)))

    try:
        run(program)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            raise KeyboardInterrupt from None
    return statuses[0] if statuses else FAILED


async def _do(word: str, arguments: argparse.Namespace, reactor: Any) -> int:
    if word == "send":
        from ecochat.shell.sending import send

        return await send(arguments, reactor)
    printer = standard_printer(arguments.json)
    async with Client(
        arguments.server,
        rooms={},
        name=f"ecochat-{word}/{__version__}",
        patience=None if getattr(arguments, "follow", False) else 0,
    ) as client:
        async for said in _ASKING[word](client, arguments):
            printer.print(said)
    return DONE


def _status(error: Exception) -> int:
    """Return the exit status of an error; a session that was ended is no lost one."""
    if isinstance(error, Refused) and error.code == "usage":
        return USAGE
    is_lost = isinstance(error, Disconnected) and not isinstance(error, Ended)
    return UNREACHABLE if is_lost else FAILED
