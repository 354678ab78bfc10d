"""The first client: a chat in a terminal, or lines from one program to another."""

import contextlib
import os
import sys
from collections.abc import Callable
from typing import Any

from ecochat.client.address import Address, parse_address

FAILED, USAGE = 1, 2
"""The exit statuses for a fault of the client, and for an address that cannot be
read."""


def run(server: str, nick: str | None = None) -> int:
    """Talk with a server until the user leaves; return the exit status.

    In a terminal there is a prompt. Where input or output is none, or the terminal is
    a dumb one, each line of input is sent as a frame and what comes is printed.

    :param server: what :func:`ecochat.client.address.parse_address` reads.
    :param nick: the name to take; the server gives one by default.
    :return: 0: the user left; 1: the server ended the session; 2: the address cannot
        be read; 3: the server cannot be reached, or was lost.
    """
    if None in (sys.stdin, sys.stdout):  # closed by the shell that started us
        return _tell(USAGE, "standard input and output have to be open")
    try:
        address = parse_address(server)
        return (_chat if _has_terminal() else _copy)(address, nick or "")
    except ValueError as wrong:
        return _tell(USAGE, str(wrong))


def _has_terminal() -> bool:
    dumb = os.environ.get("TERM", "").lower() in ("", "dumb", "unknown")
    return sys.stdin.isatty() and sys.stdout.isatty() and not dumb


def _chat(address: Address, nick: str) -> int:
    import asyncio

    from twisted.internet import asyncioreactor

    asyncioreactor.install(asyncio.new_event_loop())  # before anything asks for one

    from platformdirs import user_state_path
    from prompt_toolkit.output import ColorDepth
    from prompt_toolkit.output.vt100 import Vt100_Output

    from ecochat.client.chat import Chat
    from ecochat.client.history import InputHistory
    from ecochat.client.keyboard import Keyboard

    history = InputHistory(user_state_path("ecochat") / "input-history")
    output = Vt100_Output.from_pty(
        sys.stdout, os.environ.get("TERM"), ColorDepth.from_env()
    )
    # To ask the terminal where its cursor is would cost a round trip for each line.
    output.enable_cpr = False
    return _run(lambda r: Chat(address, nick, r, history, Keyboard(sys.stdin), output))


def _copy(address: Address, nick: str) -> int:
    from ecochat.client.relay import Relay

    blocking = {file: os.get_blocking(file) for file in (0, 1)}
    try:
        return _run(lambda reactor: Relay(address, nick, reactor))
    finally:
        for file, was in blocking.items():  # other programs may go on with them
            os.set_blocking(file, was)


def _run(make: Callable[[Any], Any]) -> int:
    """Run the reactor with a face until that is done; told to end, the face leaves."""
    from twisted.internet import reactor as installed
    from twisted.internet.error import ReactorNotRunning

    reactor: Any = installed
    face = make(reactor)
    statuses: list[int] = []

    def finish(outcome: tuple[int, str]) -> None:
        statuses.append(_tell(*outcome))
        with contextlib.suppress(ReactorNotRunning):  # it is stopping already
            reactor.stop()

    def leave() -> Any:
        if not statuses:
            face.stop()
        return face.done

    face.done.addErrback(_failed)
    face.done.addCallback(finish)
    reactor.callWhenRunning(face.start)
    reactor.addSystemEventTrigger("before", "shutdown", leave)
    reactor.run()
    return statuses[0]


def _failed(failure: Any) -> tuple[int, str]:
    """A fault of ours: show where, for whoever mends it."""
    failure.printTraceback(sys.stderr)
    return FAILED, "the client failed, which is a fault of its own"


def _tell(status: int, why: str) -> int:
    if why:
        sys.stderr.write(f"ecochat: {why}\n")
    return status
