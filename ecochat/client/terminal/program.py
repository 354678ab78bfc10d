"""What a chat as lines is made of: the terminal or the files, and the reactor."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ecochat import __version__
from ecochat.client.address import Address
from ecochat.client.program import UNREACHABLE, USAGE, complain
from ecochat.client.program import run as run_program
from ecochat.client.trust import Trust

if TYPE_CHECKING:
    from prompt_toolkit.output import Output

PATIENCE = 10.0
"""Seconds that lines between programs wait for a server that is lost: one that is
started again takes about one, and a script should know soon that it is gone."""

NO_FILES = "standard input and output have to be open"


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

    from ecochat.client.terminal.history import InputHistory
    from ecochat.client.terminal.keyboard import Keyboard
    from ecochat.client.terminal.prompt import Prompt

    kept = InputHistory(user_state_path("ecochat") / history)
    output = make_output()

    def make(talk: Any) -> Any:
        keyboard = Keyboard(sys.stdin)
        return Prompt(talk.chat, talk.say, kept, keyboard, output, talk.typed)

    return make


def make_output() -> "Output":
    """Return the terminal, as prompt_toolkit writes to it."""
    from prompt_toolkit.output import ColorDepth
    from prompt_toolkit.output.vt100 import Vt100_Output

    write_whole()
    output = Vt100_Output.from_pty(
        sys.stdout, os.environ.get("TERM"), ColorDepth.from_env()
    )
    # To ask the terminal where its cursor is would cost a round trip for each line.
    output.enable_cpr = False
    return output


def write_whole() -> None:
    """Have all that is printed get out, also when a signal comes in the middle of it.

    Without a buffer (``PYTHONUNBUFFERED``) what the system does not take at once would
    be dropped, since prompt_toolkit does not look how much that is.
    """
    import io

    if isinstance(sys.stdout.buffer, io.RawIOBase):
        whole = io.BufferedWriter(sys.stdout.buffer)
        codec, errors = sys.stdout.encoding, sys.stdout.errors
        sys.stdout = io.TextIOWrapper(whole, codec, errors, line_buffering=True)


@contextlib.contextmanager
def between_programs() -> Iterator[Callable[[Any], Any]]:
    """Give what makes a talk's lines in, lines out."""
    from ecochat.client.terminal.relay import Relay

    def make(talk: Any) -> Any:
        from twisted.internet import reactor

        return Relay(talk.chat, talk.say, reactor)

    with blocking_again():
        yield make


@contextlib.contextmanager
def blocking_again() -> Iterator[None]:
    """Have input and output as they were: other programs may go on with them."""
    blocking = {file: os.get_blocking(file) for file in (0, 1)}
    try:
        yield
    finally:
        for file, was in blocking.items():
            os.set_blocking(file, was)


def run_talk(
    make: Callable[[Any], Any],
    is_watched: bool,
    address: Address,
    *,
    chat: Any = None,
    advice: str = "",
    trust: Trust | None = None,
    **settings: Any,
) -> int:
    """Talk with a face until that is done; return the exit status.

    :param make: makes the face of a talk.
    :param is_watched: whether a person sees it.
    :param chat: what is known of it at first; by default nothing.
    :param advice: what to do when the server cannot be reached, beside the usual.
    :param trust: whom to trust over TLS.
    :param settings: of the :class:`ecochat.client.Client`.
    """
    from ecochat.client.client import Client
    from ecochat.client.network import watched_network
    from ecochat.client.terminal.talk import Talk

    async def main() -> None:
        from twisted.internet import reactor

        check_connector(address, reactor, trust)
        settings.update(name=f"ecochat/{__version__}", trust=trust)
        talk = Talk(Client(address.written, **settings), is_watched, chat)
        with contextlib.ExitStack() as watching:
            if is_watched:
                watching.enter_context(watched_network(reactor, talk.retry_now))
            status, why = await talk.run(make(talk))
        raise SystemExit(tell(status, why + advice * (status == UNREACHABLE)))

    try:
        run_program(main)
    except SystemExit as end:
        return int(end.code or 0)


def tell(status: int, why: str) -> int:
    """Write why, if there is anything to say; return the status."""
    complain_of(why)
    return status


def complain_of(why: str) -> None:
    """Write it as one line, if there is anything to say."""
    if why:
        complain(f"ecochat: {why}")
