"""Who one is at a server, for clients of people: the key, and the outbox of that."""

import contextlib
from collections.abc import Callable

from ecochat.client.errors import NoKey, NotKept
from ecochat.client.keys import held_key
from ecochat.client.outbox import SQLiteOutbox

NOT_FOR_LONG = "what you write is kept only while this runs"


def held_identity(
    server: str, held: contextlib.ExitStack, tell: Callable[[str], None]
) -> tuple[str | None, SQLiteOutbox | None]:
    """Return the key and the outbox. Where there is none, this run has to do: a person
    can talk all the same.

    :param server: the server's address, as in ``str(parse_address(...))``.
    :param held: holds them until it is closed.
    :param tell: is told, in a sentence, why one of them is None.
    """
    key = outbox = None
    try:
        key = held.enter_context(held_key(server))
        outbox = _outbox(key, tell)
        held.enter_context(contextlib.closing(outbox))
    except (NoKey, NotKept) as why:
        tell(str(why))
    if outbox is None:
        tell(NOT_FOR_LONG)
    return key, outbox


def _outbox(key: str, tell: Callable[[str], None]) -> SQLiteOutbox:
    """Return the outbox; a new one, where that which was there is set aside as damaged.

    :raises NotKept: when there is none at the second attempt either.
    """
    try:
        return SQLiteOutbox(key)
    except NotKept as why:
        first = str(why)
    try:
        outbox = SQLiteOutbox(key)
    except NotKept as why:
        if str(why) != first:
            tell(first)
        raise
    tell(first)
    return outbox
