"""The first client: a chat in a terminal, or lines from one program to another."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from ecochat import __version__
from ecochat.client.address import Address, parse_address
from ecochat.client.program import UNREACHABLE, USAGE, complain
from ecochat.client.program import run as run_program

PATIENCE = 10.0
"""Seconds that lines between programs wait for a server that is lost: one that is
started again takes about one, and a script should know soon that it is gone."""

NO_FILES = "standard input and output have to be open"


def run(server: str, nick: str | None = None) -> int:
    """Talk with a server until the user leaves; return the exit status.

    In a terminal there is a prompt. Where input or output is none, or the terminal is
    a dumb one, each line of input is said and what comes is printed.

    :param server: what :func:`ecochat.client.address.parse_address` reads.
    :param nick: the name to take; the server gives one by default.
    :return: 0: the user left; 1: the server ended the session, or, between programs,
        refused something; 2: the address cannot be read; 3: the server cannot be
        reached, or was lost.
    """
    if not has_files():
        return tell(USAGE, NO_FILES)
    try:
        address = parse_address(server)
    except ValueError as wrong:
        return tell(USAGE, str(wrong))
    return (_chat if has_terminal() else _copy)(address, nick or None)


def has_files() -> bool:
    """Whether there are an input and an output: a shell can start us without."""
    return None not in (sys.stdin, sys.stdout)


def has_terminal() -> bool:
    """Whether both are a terminal on which a prompt can be shown."""
    dumb = os.environ.get("TERM", "").lower() in ("", "dumb", "unknown")
    return sys.stdin.isatty() and sys.stdout.isatty() and not dumb


def in_terminal(history: str) -> Callable[[Any], Any]:
    """Prepare this process for a prompt; return what makes that for a talk.

    :param history: the name of the file that keeps what is typed.
    """
    import asyncio

    from twisted.internet import asyncioreactor

    asyncioreactor.install(asyncio.new_event_loop())  # before anything asks for one

    from platformdirs import user_state_path
    from prompt_toolkit.output import ColorDepth
    from prompt_toolkit.output.vt100 import Vt100_Output

    from ecochat.client.terminal.history import InputHistory
    from ecochat.client.terminal.keyboard import Keyboard
    from ecochat.client.terminal.prompt import Prompt

    kept = InputHistory(user_state_path("ecochat") / history)
    output = Vt100_Output.from_pty(
        sys.stdout, os.environ.get("TERM"), ColorDepth.from_env()
    )
    # To ask the terminal where its cursor is would cost a round trip for each line.
    output.enable_cpr = False

    def make(talk: Any) -> Any:
        return Prompt(talk.chat, talk.say, kept, Keyboard(sys.stdin), output)

    return make


@contextlib.contextmanager
def between_programs() -> Iterator[Callable[[Any], Any]]:
    """Give what makes a talk's lines in, lines out."""
    from ecochat.client.terminal.relay import Relay

    def make(talk: Any) -> Any:
        from twisted.internet import reactor

        return Relay(talk.chat, talk.say, reactor)

    blocking = {file: os.get_blocking(file) for file in (0, 1)}
    try:
        yield make
    finally:
        for file, was in blocking.items():  # other programs may go on with them
            os.set_blocking(file, was)


def _chat(address: Address, nick: str | None) -> int:
    make = in_terminal("input-history")

    from ecochat.client.errors import NoKey
    from ecochat.client.keys import held_key

    with contextlib.ExitStack() as held:
        key = None
        try:
            key = held.enter_context(held_key(str(address)))
        except NoKey as why:  # one for this run has to do
            tell(0, str(why))
        return run_talk(make, True, address, nick=nick, key=key)


def _copy(address: Address, nick: str | None) -> int:
    with between_programs() as make:
        return run_talk(make, False, address, nick=nick, patience=PATIENCE)


def run_talk(
    make: Callable[[Any], Any],
    is_watched: bool,
    address: Address,
    *,
    chat: Any = None,
    advice: str = "",
    **settings: Any,
) -> int:
    """Talk with a face until that is done; return the exit status.

    :param make: makes the face of a talk.
    :param is_watched: whether a person sees it.
    :param chat: what is known of it at first; by default nothing.
    :param advice: what to do when the server cannot be reached, beside the usual.
    :param settings: of the :class:`ecochat.client.Client`.
    """
    from ecochat.client.client import Client
    from ecochat.client.terminal.talk import Talk

    async def main() -> None:
        from twisted.internet import reactor

        try:
            address.connector(reactor)
        except ValueError as wrong:
            raise SystemExit(tell(USAGE, str(wrong))) from None
        client = Client(address.written, name=f"ecochat/{__version__}", **settings)
        talk = Talk(client, is_watched, chat)
        status, why = await talk.run(make(talk))
        raise SystemExit(tell(status, why + advice * (status == UNREACHABLE)))

    try:
        run_program(main)
    except SystemExit as end:
        return int(end.code or 0)


def tell(status: int, why: str) -> int:
    """Write why, if there is anything to say; return the status."""
    if why:
        complain(f"ecochat: {why}")
    return status
