"""The name that a command goes by."""

import getpass
import re
import socket

from ecochat.client.client import Client
from ecochat.client.errors import Disconnected, Ended, Refused
from ecochat.core.names import MAX_NICK, is_nick

TRIES = 9
"""Names that are tried before the server's own is kept: ``alice``, ``alice-2``, …"""


def login_name(suffix: str = "") -> str | None:
    """Return a name that tells whose command this is; None for none that can be had.

    It is the login name; or with the machine's behind it, where that alone may not be
    taken, as ``root``.

    :param suffix: stands behind it.
    """
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user that the machine has no name for
        return None
    host = socket.gethostname().partition(".")[0]
    for name in (user, f"{user}-{host}"):
        name = numbered(re.sub(r"[^\w-]+", "-", name), suffix)
        if is_nick(name):
            return name
    return None


def numbered(name: str, suffix: str) -> str:
    """Return a name with something behind it, shortened where it has to be."""
    return name[: MAX_NICK - len(suffix)] + suffix


def candidates(name: str) -> list[str]:
    """Return the names to try, one after the other."""
    return [name, *(numbered(name, f"-{n}") for n in range(2, TRIES + 1))]


async def take_name(client: Client, name: str) -> None:
    """Take a name, or one like it where it is taken, or keep the server's.

    :raises Refused: when the server does not have it for another reason.
    """
    tried = iter(candidates(name))
    wanted: str | None = next(tried)
    while wanted is not None and client.nick != wanted:
        try:
            await client.set_nick(wanted)
        except Refused as refusal:
            if refusal.code != "name_taken":
                raise
            wanted = next(tried, None)
        except Ended:
            raise
        except Disconnected:  # before the answer: asked again on the next connection
            if not client.running:
                raise
