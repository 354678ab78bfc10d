"""Starts a chat as lines: a person's at a prompt, or from one program to another."""

import sys
from typing import Any

from ecochat.client.address import Address, parse_address
from ecochat.client.program import USAGE
from ecochat.client.terminal.program import (
    NO_FILES,
    PATIENCE,
    between_programs,
    has_files,
    run_talk,
    tell,
)
from ecochat.client.trust import Trust


def run(
    server: str,
    nick: str | None = None,
    trust: Trust | None = None,
    room: str | None = None,
) -> int:
    """Talk with a server until the user leaves; return the exit status.

    In a terminal there is a prompt, name and rooms are remembered, and what is typed is
    kept until it is stored; where nobody listens it goes on trying. Where input or
    output is none, each line of input is said and what comes is printed.

    :param server: what :func:`ecochat.client.address.parse_address` reads.
    :param nick: the name to take; by default, in a terminal, the one that one had
        last, and for the first time it is asked for; else the server gives one.
    :param trust: whom to trust over TLS; by default whom this user does.
    :param room: the room to be in; by default the lobby, or in a terminal those in
        which one was.
    :return: 0: the user left; 1: the server ended the session, or lets nobody in, or,
        between programs, refused something; 2: the address cannot be read; 3: the
        server is not trusted, or, between programs, cannot be reached or was lost.
    """
    if not has_files():
        return tell(USAGE, NO_FILES)
    try:
        address = parse_address(server)
    except ValueError as wrong:
        return tell(USAGE, str(wrong))
    is_person = sys.stdin.isatty() and sys.stdout.isatty()
    talk = _chat if is_person else _copy
    return talk(address, nick or None, trust or Trust(), room or None)


def _chat(address: Address, nick: str | None, trust: Trust, room: str | None) -> int:
    """Have a person talk, who is known and whose words are kept."""
    from ecochat.client.terminal.person import run_person

    return run_person(address, nick, trust, room)


def _copy(address: Address, nick: str | None, trust: Trust, room: str | None) -> int:
    """Talk for another program."""
    rooms = (room.removeprefix("#"),) if room else None
    settings: dict[str, Any] = {"nick": nick, "trust": trust, "rooms": rooms}
    with between_programs() as make:
        return run_talk(make, False, address, patience=PATIENCE, **settings)
