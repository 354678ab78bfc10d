"""The first client: a chat in a terminal, or lines from one program to another."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ecochat import __version__
from ecochat.client.address import Address, parse_address
from ecochat.client.errors import Disconnected, Ended, NotKept, Untrusted
from ecochat.client.program import UNREACHABLE, USAGE, complain
from ecochat.client.program import run as run_program
from ecochat.client.trust import Trust

if TYPE_CHECKING:
    from ecochat.client.outbox import Outbox
    from ecochat.client.terminal.place import Place

PATIENCE = 10.0
"""Seconds that lines between programs wait for a server that is lost: one that is
started again takes about one, and a script should know soon that it is gone."""

NO_FILES = "standard input and output have to be open"


def run(
    server: str,
    nick: str | None = None,
    trust: Trust | None = None,
    room: str | None = None,
) -> int:
    """Talk with a server until the user leaves; return the exit status.

    In a terminal there is a prompt. Where input or output is none, or the terminal is
    a dumb one, each line of input is said and what comes is printed. In any terminal
    name and rooms are remembered, and what is typed is kept until it is stored.

    :param server: what :func:`ecochat.client.address.parse_address` reads.
    :param nick: the name to take; by default, in a terminal, the one that one had
        last, if it is free; else the server gives one.
    :param trust: whom to trust over TLS; by default whom this user does.
    :param room: the room to be in; by default the lobby, or in a terminal those in
        which one was.
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
    is_person = sys.stdin.isatty() and sys.stdout.isatty()
    talk = _chat if is_person else _copy
    return talk(address, nick or None, trust or Trust(), room or None)


def has_files() -> bool:
    """Whether there are an input and an output: a shell can start us without."""
    return None not in (sys.stdin, sys.stdout)


def has_terminal() -> bool:
    """Whether both are a terminal on which a prompt can be shown."""
    dumb = os.environ.get("TERM", "").lower() in ("", "dumb", "unknown")
    return sys.stdin.isatty() and sys.stdout.isatty() and not dumb


def check_connector(address: Address, reactor: Any, trust: Trust | None) -> None:
    """End the program where an address, or what verifies servers, is of no use.

    :raises SystemExit: with the exit status, when it is told what is wrong.
    """
    try:
        address.connector(reactor, trust)
    except ValueError as wrong:
        raise SystemExit(tell(USAGE, str(wrong))) from None


def use_asyncio() -> None:
    """Have Twisted's reactor run on asyncio, as prompt_toolkit does; that comes before
    anything asks for a reactor."""
    import asyncio

    from twisted.internet import asyncioreactor

    asyncioreactor.install(asyncio.new_event_loop())


def in_terminal(history: str) -> Callable[[Any], Any]:
    """Prepare this process for a prompt; return what makes that for a talk.

    :param history: the name of the file that keeps what is typed.
    """
    use_asyncio()

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


def _chat(
    address: Address, nick: str | None, trust: Trust, room: str | None = None
) -> int:
    """Have a person talk, who is known and whose words are kept."""
    with contextlib.ExitStack() as held:
        is_watched = has_terminal()
        if is_watched:
            make = in_terminal("input-history")
        else:
            make = held.enter_context(between_programs())

        from ecochat.client.identity import held_identity
        from ecochat.client.memory import Memory
        from ecochat.client.terminal.place import Place

        memory = Memory.load()
        place = Place(memory, str(address), nick, room)
        key, outbox = held_identity(str(address), held, complain_of)
        settings: dict[str, Any] = {"key": key, "outbox": outbox, "trust": trust}
        if not is_watched:
            settings["patience"] = PATIENCE
        status = run_talk(make, is_watched, address, place=place, **settings)
        for note in (*memory.take_notes(), _left_in(outbox)):
            complain_of(note)
        return status


def _left_in(outbox: "Outbox | None") -> str:
    """Return that something waits for the next run, if it does."""
    try:
        left = len(outbox.load()) if outbox is not None else 0
    except NotKept as why:
        return str(why)
    return f"not stored yet, kept to be sent the next time: {left}" if left else ""


def _copy(
    address: Address, nick: str | None, trust: Trust, room: str | None = None
) -> int:
    """Talk for another program."""
    rooms = (room.removeprefix("#"),) if room else None
    settings: dict[str, Any] = {"nick": nick, "trust": trust, "rooms": rooms}
    with between_programs() as make:
        return run_talk(make, False, address, patience=PATIENCE, **settings)


def run_talk(
    make: Callable[[Any], Any],
    is_watched: bool,
    address: Address,
    *,
    chat: Any = None,
    advice: str = "",
    place: "Place | None" = None,
    trust: Trust | None = None,
    **settings: Any,
) -> int:
    """Talk with a face until that is done; return the exit status.

    :param make: makes the face of a talk.
    :param is_watched: whether a person sees it.
    :param chat: what is known of it at first; by default nothing.
    :param advice: what to do when the server cannot be reached, beside the usual.
    :param place: the name and the rooms to have, which are remembered; by default those
        of the settings, and nothing is.
    :param trust: whom to trust over TLS; a person is asked about whom nobody knows.
    :param settings: of the :class:`ecochat.client.Client`.
    """
    from ecochat.client.client import Client
    from ecochat.client.network import watched_network
    from ecochat.client.terminal.talk import Talk

    async def main() -> None:
        from twisted.internet import reactor

        check_connector(address, reactor, trust)
        settings.update(name=f"ecochat/{__version__}", trust=trust)
        keeps = settings.get("outbox") is not None
        while True:
            if place is not None:
                settings.update(nick=place.nick, rooms=place.rooms)
            client = Client(address.written, **settings)
            talk = Talk(client, is_watched, chat, place, keeps)
            with contextlib.ExitStack() as watching:
                if is_watched:
                    watch = watched_network(reactor, talk.retry_now)
                    watching.enter_context(watch)
                status, why = await talk.run(make(talk))
            error = talk.error
            if _is_about_name(error) and place is not None and place.do_without_nick():
                complain_of(str(error))
                continue
            if not (is_watched and isinstance(error, Untrusted)):
                break
            if not error.can_be_accepted:
                break
            if not await _is_accepted(error, trust or Trust()):
                why = error.brief
                break
        raise SystemExit(tell(status, why + advice * (status == UNREACHABLE)))

    try:
        run_program(main)
    except SystemExit as end:
        return int(end.code or 0)


def _is_about_name(error: Disconnected | None) -> bool:
    """Whether the server lets nobody in under the name that was asked for."""
    from ecochat.client.conversation import NAMES

    return isinstance(error, Ended) and error.code in NAMES


async def _is_accepted(untrusted: Untrusted, trust: Trust) -> bool:
    """Ask a person whether a server that is not known is to be trusted from now on."""
    import asyncio

    from prompt_toolkit import PromptSession
    from twisted.internet.defer import Deferred

    complain(str(untrusted))
    asked = PromptSession[str]().prompt_async("Trust it from now on (yes/no)? ")
    try:
        answer = await Deferred.fromFuture(asyncio.ensure_future(asked))
    except (EOFError, KeyboardInterrupt):
        return False
    is_accepted = answer.strip().lower() in ("y", "yes")
    if is_accepted:
        trust.accept(untrusted)
    return is_accepted


def tell(status: int, why: str) -> int:
    """Write why, if there is anything to say; return the status."""
    complain_of(why)
    return status


def complain_of(why: str) -> None:
    """Write it as one line, if there is anything to say."""
    if why:
        complain(f"ecochat: {why}")
