"""A client of the crash test that is one of :mod:`ecochat.client`."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from ecochat import client
from ecochat.client.backoff import Backoff
from ecochat.core.wire import Message
from tests.crash.check import Answer, entry_of
from tests.crash.clients import AGAIN, ROOM, Client
from tests.crash.proxy import HOST


class _Soon(Backoff):
    """As soon as the test's own clients: cut so often, it would wait half a minute."""

    def delay(self, was_of_use: bool) -> float:
        """Return the seconds to wait now."""
        return AGAIN * self._chance()


class LibraryClient(Client):
    """See :class:`tests.crash.clients.Client`; needs asyncio's reactor running."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._client = client.Client(
            f"{HOST}:{self._port}",
            nick=self.account.name,
            rooms={ROOM: 0},
            key=self._key,
            backoff=_Soon(self._chance.random),
        )

    @property
    def online(self) -> bool:
        """See :class:`tests.crash.clients.Client`."""
        return self._client.online

    def say(self, id: int, text: str) -> None:
        """See :class:`tests.crash.clients.Client`; the library sends it again."""
        stored = self._client.say(ROOM, text, id=id)
        stored.addCallbacks(partial(self._stored, id), partial(self._failed, id))

    def _stored(self, id: int, n: int) -> None:
        self.stored(Answer(id, n, repeated=False))

    def _failed(self, id: int, failure: Failure) -> None:
        if id in self.unanswered:
            self.fault(f"of {id}: {failure.value!r}")

    async def live(self) -> None:
        """See :class:`tests.crash.clients.Client`."""
        listening = Deferred.fromCoroutine(self._listen())
        self._client.startService()
        self.go_on()
        try:
            await listening.asFuture(asyncio.get_running_loop())
        finally:
            await self._client.stopService().asFuture(asyncio.get_running_loop())

    async def _listen(self) -> None:
        async for event in self._client.events(ROOM):
            if isinstance(event, Message):
                self.heard(entry_of(msgspec.to_builtins(event)))
