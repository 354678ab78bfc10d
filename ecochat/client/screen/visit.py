"""Being at one server: who one is there, what is kept, and the talk."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

from ecochat import __version__
from ecochat.client.address import Address
from ecochat.client.client import Client
from ecochat.client.errors import Refused
from ecochat.client.identity import held_identity
from ecochat.client.memory import ENTERED, Memory, Remembered
from ecochat.client.outbox import SQLiteOutbox
from ecochat.client.safe import safe
from ecochat.client.screen.entries import Kind
from ecochat.client.screen.model import Model, Snapshot
from ecochat.client.screen.talk import Talk
from ecochat.client.trust import Trust
from ecochat.core.names import LOBBY

NO_SERVER = "there is no server to be reached by this address, /connect goes elsewhere"
"""Why something is not written where a visit could not begin."""


class Visit:
    """A talk with one server, from its begin to its end.

    :ivar model: what is shown of it.
    :param nick: the name to ask for; empty for the one that the server gives.
    :param room: the room to go into first, beside those remembered; empty for none.
    """

    def __init__(
        self, address: Address, nick: str, room: str, memory: Memory, trust: Trust
    ) -> None:
        self.address = address
        self._trust = trust
        self._held = contextlib.ExitStack()
        self._talk: Talk | None = None
        self._changed: Callable[[], None] = lambda: None
        self.model = Model(nick, str(address), clock=time.time)
        self.model.rings = memory.rings
        self.model.tells_typing = memory.tells_typing
        self._remembered = memory.server(str(address))
        self.model.restore(_snapshot(self._remembered, nick, room.removeprefix("#")))

    def begin(self, changed: Callable[[], None], reactor: Any) -> None:
        """Connect, and go on trying.

        :param changed: called when something of the model may be another.
        :raises ValueError: when Twisted cannot read the endpoint.
        :raises NotKept: when the outbox cannot be read any more.
        """
        self._changed = changed
        key, outbox = self._kept()
        rooms = [name for name in self.model.rooms if not name.startswith("@")]
        client = Client(
            self.address.written,
            nick=self.model.nick or None,
            rooms=rooms[:ENTERED] or None,
            key=key,
            name=f"ecochat/{__version__}",
            outbox=outbox,
            trust=self._trust,
        )
        talk = Talk(client, self.model, changed, reactor)
        talk.start()
        self._talk = talk

    def say(self, typed: str) -> None:
        """Take what a person typed; look at once whether the server is back."""
        if self._talk is None:
            self._refuse(typed)
            return
        self._talk.say(typed)
        if not self.model.online:
            self._talk.retry_now()

    def retry_now(self) -> None:
        """Connect at once, or see whether the connection is still good."""
        if self._talk is not None:
            self._talk.retry_now()

    def _refuse(self, typed: str) -> None:
        """Do what can be done without a server; give back the rest."""
        self.model.say(typed)
        for sent in self.model.requests():
            self.model.failed(sent, Refused("not_connected", NO_SERVER))
        self._changed()

    async def end(self) -> None:
        """Leave."""
        try:
            if self._talk is not None:
                await self._talk.stop()
        finally:
            self._held.close()

    def remember(self, memory: Memory) -> None:
        """Have what is worth it remembered."""
        kept = self.model.snapshot()
        remembered = self._remembered
        if kept.nick:
            memory.nick = remembered.nick = kept.nick
        memory.rings = self.model.rings
        memory.tells_typing = self.model.tells_typing
        remembered.current = kept.current
        rooms = self.model.rooms.values()  # also those that no session has had yet
        remembered.rooms = {room.name: room.read for room in rooms}
        remembered.drafts = dict(kept.drafts)
        remembered.muted = set(kept.muted)
        remembered.places = dict(kept.places)

    def _kept(self) -> tuple[str | None, SQLiteOutbox | None]:
        """Return the key and the outbox; without them, this run has to do."""

        def tell(why: str) -> None:
            self.model.tell(safe(why), Kind.ERROR)

        return held_identity(str(self.address), self._held, tell)


def _snapshot(remembered: Remembered, nick: str, room: str) -> Snapshot:
    """Return what is remembered as a model takes it."""
    known = remembered.rooms or {LOBBY: None}  # where a server puts who comes first
    rooms = {name: read or 0 for name, read in known.items()}
    if room:
        rooms.setdefault(room, 0)
    drafts, muted = dict(remembered.drafts), sorted(remembered.muted)
    before = remembered.current if remembered.current in rooms else next(iter(rooms))
    places = {name: n for name, n in remembered.places.items() if name in rooms}
    return Snapshot(nick, room or before, rooms, drafts, muted, places)
