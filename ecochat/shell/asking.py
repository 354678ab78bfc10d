"""The commands that print what a server has: ``tail``, ``history`` and the lists."""

import argparse
from collections.abc import AsyncIterator

from ecochat.client.client import Client
from ecochat.client.errors import Disconnected, Ended
from ecochat.client.happenings import Offline, Online
from ecochat.client.safe import safe
from ecochat.core.limits import HISTORY
from ecochat.core.wire import Event, Expired, Relabelled, Said
from ecochat.shell.naming import login_name, take_name
from ecochat.shell.outcome import tell


async def tail(client: Client, arguments: argparse.Namespace) -> AsyncIterator[Said]:
    """Yield what was said last in a room, or since a number; then what follows."""
    seen = arguments.since or 0
    begin = _last if arguments.since is None else _since
    async for said in begin(client, arguments):
        if isinstance(said, Event):
            seen = said.n
        if arguments.since is not None or arguments.limit:
            yield said
    if arguments.follow:
        async for said in _follow(client, arguments, seen):
            yield said


def _last(client: Client, arguments: argparse.Namespace) -> AsyncIterator[Said]:
    """Yield the last events; of ``-n 0`` one, as that tells where to go on."""
    return history(client, arguments.room, limit=max(arguments.limit, 1))


async def _since(client: Client, arguments: argparse.Namespace) -> AsyncIterator[Said]:
    """Yield all events after a number, and before them what is missing there."""
    seen = arguments.since
    async for event in client.log(arguments.room, after=seen):
        if event.n > seen + 1:
            yield Expired(room=event.room, upto=event.n - 1)
        seen = event.n
        yield event


async def _follow(
    client: Client, arguments: argparse.Namespace, seen: int
) -> AsyncIterator[Said]:
    """Yield what is said in a room after a number, without an end."""
    nick = arguments.nick or login_name("-tail")
    if nick is not None:
        await take_name(client, nick)
    happenings = client.events()
    room = await _join(client, arguments.room, seen)
    async for happening in happenings:
        if isinstance(happening, Offline):
            tell(safe(f"{happening.why}; trying again"))
        elif isinstance(happening, Online):
            tell("connected again")
        elif isinstance(happening, Relabelled) and happening.room == room:
            room = happening.new
        elif isinstance(happening, Event | Expired) and happening.room == room:
            yield happening


async def _join(client: Client, room: str, after: int) -> str:
    """Join, however often the connection is lost before the answer."""
    while True:
        try:
            return await client.join(room, after=after)
        except Ended:
            raise
        except Disconnected:
            if not client.running:
                raise


async def read_history(
    client: Client, arguments: argparse.Namespace
) -> AsyncIterator[Event]:
    """Yield what was said in a room."""
    events = history(
        client, arguments.room, arguments.before, arguments.after, arguments.limit
    )
    async for event in events:
        yield event


async def history(
    client: Client,
    room: str,
    before: int | None = None,
    after: int | None = None,
    limit: int = HISTORY,
) -> AsyncIterator[Event]:
    """Yield events of a room, by rising number, page by page.

    They are the first ones after a number; without that the last ones, before a number
    where one is given. The numbers have no holes, so that the first of many is known
    from the last.
    """
    if after is None and limit > HISTORY:
        newest = await client.history(room, before=before, limit=1)
        last = newest[-1].n if newest else 0
        before, after = last + 1, max(last - limit, 0)
    while limit > 0:
        page = await client.history(
            room, before=before, after=after, limit=min(limit, HISTORY)
        )
        for event in page:
            yield event
        if not page:
            break
        after = page[-1].n
        limit -= len(page)


async def search(client: Client, arguments: argparse.Namespace) -> AsyncIterator[Said]:
    """Yield messages that have these words, the newest first."""
    found = await client.search(
        " ".join(arguments.words),
        room=arguments.room,
        nick=arguments.nick,
        before=arguments.before,
        after=arguments.after,
        limit=arguments.limit,
    )
    for message in found:
        yield message


async def who(client: Client, arguments: argparse.Namespace) -> AsyncIterator[Said]:
    """Yield who is in a room."""
    for member in await client.who(arguments.room):
        yield member


async def rooms(client: Client, arguments: argparse.Namespace) -> AsyncIterator[Said]:
    """Yield the rooms."""
    for room in await client.rooms():
        yield room


async def status(client: Client, arguments: argparse.Namespace) -> AsyncIterator[Said]:
    """Yield the sessions."""
    for session in await client.status():
        yield session
