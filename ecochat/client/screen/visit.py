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
from ecochat.client.screen.farewell import Left
from ecochat.client.screen.model import Model, Snapshot
from ecochat.client.screen.talk import Talk
from ecochat.client.trust import Trust
from ecochat.core.names import LOBBY

NO_SERVER = "there is no server to be reached by this address, /connect goes elsewhere"
"""Why something is not written where a visit could not begin."""


UNKEPT = "not kept on disk"
"""What the status says where there is no outbox: what is written would be lost."""

DRAFTS_UNKEPT = "drafts not kept on disk"
"""The same where only what is remembered cannot be written."""


class Visit:
    """A talk with one server, from its begin to its end.

    :ivar model: what is shown of it.
    :param nick: the name to ask for; empty for the one that the server gives.
    :param is_choice: whether a person chose that name, and not one for want of another:
        then it is the one to ask for the next time. So is the first one of all.
    :param room: the room to go into first, beside those remembered; empty for none.
    """

    def __init__(
        self,
        address: Address,
        nick: str,
        room: str,
        memory: Memory,
        trust: Trust,
        is_choice: bool = True,
    ) -> None:
        self.address = address
        self._trust = trust
        self._held = contextlib.ExitStack()
        self._talk: Talk | None = None
        self._changed: Callable[[], None] = lambda: None
        self._asked = nick
        self._is_kept = True
        self._is_first = not memory.nick_at(str(address))
        self.model = Model(nick, str(address), clock=time.time)
        self.model.choice = nick * (is_choice or self._is_first)
        self.model.rings = memory.rings
        self.model.tells_typing = memory.tells_typing
        self.model.has_mouse = memory.has_mouse
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
        known = self.model.rooms.values()
        rooms = [room.name for room in known if not (room.is_private or room.is_left)]
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

    @property
    def is_trying(self) -> bool:
        """Whether there is a session, or it goes on trying to have one."""
        return self._talk is not None and not self._talk.is_over

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
        nick = self._nick_to_keep(remembered.nick)
        if nick != remembered.nick:
            memory.nick = remembered.nick = nick
        memory.rings = self.model.rings
        memory.tells_typing = self.model.tells_typing
        memory.has_mouse = self.model.has_mouse
        remembered.current = kept.current
        rooms = self.model.rooms.values()  # also those that no session has had yet
        remembered.rooms = {
            room.name: room.read for room in rooms if room.is_joined or not room.is_left
        }
        remembered.drafts = dict(kept.drafts)
        remembered.muted = set(kept.muted)
        remembered.places = dict(kept.places)
        remembered.refused = list(kept.refused)

    def note_unkept(self, memory: Memory) -> None:
        """Have the model say what is not kept on the disk, as long as it is so."""
        drafts = "" if memory.is_kept else DRAFTS_UNKEPT
        unkept = drafts if self._is_kept else UNKEPT
        if unkept != self.model.unkept:
            self.model.unkept = unkept
            self.model.version += 1
            self._changed()

    def left(self, memory: Memory) -> Left:
        """Return what is left here when one goes."""
        model, where = self.model, safe(str(self.address))
        refused = len(model.refusals)
        return Left(where, model.unstored, refused, self._is_kept, memory.is_kept)

    def _nick_to_keep(self, before: str) -> str:
        """Return the name to ask for the next time: one that a person chose, and had;
        the first one of all before that, too, unless the server did not let it in."""
        if self.model.chosen or not self._is_first:
            return self.model.chosen or before
        return "" if self.model.is_over else self._asked

    def _kept(self) -> tuple[str | None, SQLiteOutbox | None]:
        """Return the key and the outbox; without them, this run has to do."""

        def tell(why: str) -> None:
            self.model.tell(safe(why), Kind.ERROR)

        key, outbox = held_identity(str(self.address), self._held, tell)
        self._is_kept = outbox is not None
        return key, outbox


def _snapshot(remembered: Remembered, nick: str, room: str) -> Snapshot:
    """Return what is remembered as a model takes it."""
    known = remembered.rooms or {LOBBY: None}  # where a server puts who comes first
    rooms = {name: read or 0 for name, read in known.items()}
    if room:
        rooms.setdefault(room, 0)
    drafts, muted = dict(remembered.drafts), sorted(remembered.muted)
    before = remembered.current if remembered.current in rooms else next(iter(rooms))
    places = {name: n for name, n in remembered.places.items() if name in rooms}
    refused = remembered.refused
    return Snapshot(nick, room or before, rooms, drafts, muted, places, refused)
