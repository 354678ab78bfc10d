"""Starts the client: on the whole screen of a terminal, or as lines."""

import gc
import os
import sys

from ecochat.client.address import Address, parse_address
from ecochat.client.program import USAGE
from ecochat.client.terminal.program import (
    check_connector,
    complain_of,
    has_files,
    has_terminal,
    tell,
    use_asyncio,
    write_whole,
)
from ecochat.client.trust import Trust


def run(
    server: str,
    nick: str | None = None,
    room: str | None = None,
    *,
    is_inline: bool = False,
    trust: Trust | None = None,
) -> int:
    """Talk with a server until the user leaves; return the exit status.

    :param server: what :func:`ecochat.client.address.parse_address` reads.
    :param nick: the name to take; by default the one that one had there last, and for
        the first time it is asked for.
    :param room: the room to go into; by default those that one was in.
    :param is_inline: whether there are lines above a prompt, as there are anyhow
        where there is no terminal that could show more.
    :param trust: whom to trust over TLS.
    :return: 0: the user left; 2: the address, or what verifies servers, cannot be used.
        Inline see :func:`ecochat.client.terminal.run`.
    """
    if is_inline or not (has_files() and has_terminal()):
        from ecochat.client.terminal import run as run_inline

        return run_inline(server, nick, trust, room)
    try:
        address = parse_address(server)
    except ValueError as wrong:
        return tell(USAGE, str(wrong))
    return _show(address, nick, room, trust or Trust())


def _show(address: Address, nick: str | None, room: str | None, trust: Trust) -> int:
    gc.disable()  # a fifth of the time of the start would be spent in vain
    use_asyncio()

    from ecochat.client.program import run as run_program
    from ecochat.client.screen.program import Program

    gc.freeze()
    gc.enable()

    async def main() -> None:
        from twisted.internet import reactor

        check_connector(address, reactor, trust)
        write_whole()
        program = Program(trust)
        try:
            await program.run(address, nick or "", room or "")
        finally:
            for line in program.farewell():
                complain_of(line)

    try:
        run_program(main)
    except SystemExit as end:
        _flush()
        return int(end.code or 0)


def _flush() -> None:
    """Write what the terminal has not taken yet; where it is gone, to nobody: Python
    would try again at its end, and make that the exit status."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
