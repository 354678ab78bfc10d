"""Delivery: what a turn has brought, to all whom it concerns."""

from __future__ import annotations

from itertools import chain
from operator import attrgetter

from ecochat.core.items import Event, Note
from ecochat.dialects.port import Dialect, View
from ecochat.net.channel import Channel, Reader, Told
from ecochat.net.listing import CHUNK

News = list[Told[Event | Note]]
"""What is new in a room, in order."""


class Turn:
    """What is new in each room, and who is told apart from the others.

    All who see a room the same way are given the same bytes. Told apart are those who
    wrote or asked in this turn, those who read several of its rooms, and those of
    private rooms; all are when there is more than may be written at once.
    """

    def __init__(self) -> None:
        self._told: dict[Channel, News] = {}
        self._apart: dict[Reader, None] = {}

    def add_event(self, channel: Channel, event: Event) -> None:
        """Take the next event of a channel."""
        self._told.setdefault(channel, []).append(channel.append(event))
        if channel.is_private:
            self._apart.update(channel.readers)

    def add_note(self, channel: Channel, note: Note) -> None:
        """Take word of who came, went, writes or has another name."""
        self._told.setdefault(channel, []).append(Told(channel, note))
        if channel.is_private:
            self._apart.update(channel.readers)

    def set_apart(self, reader: Reader) -> None:
        """Have a reader told apart, since it wrote, or something is for it alone."""
        self._apart[reader] = None

    def deliver(self) -> None:
        """Give each reader what is new."""
        for channel, told in self._told.items():
            self._deliver(channel, told)
        everything = chain.from_iterable(self._told.values())
        notes = [told for told in everything if isinstance(told.item, Note)]
        notes.sort(key=attrgetter("seq"))  # they may be of several rooms
        for reader in self._apart:
            reader.owner.guarded(reader.pump, notes)

    def _deliver(self, channel: Channel, told: News) -> None:
        forms: dict[tuple[Dialect, View], bytes | None] = {}
        for reader in list(channel.readers):
            if not reader.live or reader in self._apart:
                continue
            if len(self._told) > 1 and len(reader.positions) > 1:
                self._apart[reader] = None
                continue
            way = reader.dialect, reader.view(channel)
            if way not in forms:
                forms[way] = _joined(told, *way)
            data = forms[way]
            if data is None or len(data) > CHUNK:
                self._apart[reader] = None
            else:
                reader.owner.guarded(reader.deliver, channel, data)


def _joined(told: News, dialect: Dialect, view: View) -> bytes | None:
    """Return what is new as one; None when that fails: then each reader makes its own,
    and fails by itself."""
    try:
        return b"".join(item.form(dialect, view) for item in told)
    except Exception:
        return None
