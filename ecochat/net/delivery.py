"""Delivery: what a turn has brought, to all whom it concerns."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from ecochat.core.items import Event, Note
from ecochat.dialects.port import Dialect, View
from ecochat.net.channel import Audience, Channel, Reader, Send, Told
from ecochat.net.listing import CHUNK

_BY_SEQ = attrgetter("seq")

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
        self._notes: list[Told[Note]] = []
        self._apart: dict[Reader, None] = {}

    def add_events(self, channel: Channel, events: Sequence[Event]) -> None:
        """Take the next events of a channel."""
        self._told.setdefault(channel, []).extend(channel.extend(events))
        if channel.is_private:
            self._part(channel)

    def add_note(self, channel: Channel, note: Note) -> None:
        """Take word of who came, went, writes or has another name."""
        told = Told(channel, note)
        insort(self._told.setdefault(channel, []), told, key=_BY_SEQ)
        insort(self._notes, told, key=_BY_SEQ)
        if channel.is_private:
            self._part(channel)

    def set_apart(self, reader: Reader) -> None:
        """Have a reader told apart, since it wrote, or something is for it alone."""
        if reader not in self._apart:
            self._apart[reader] = None
            reader.fall_behind()

    def _part(self, channel: Channel) -> None:
        for reader in channel.listeners:
            self.set_apart(reader)

    def deliver(self) -> None:
        """Give each reader what is new."""
        if len(self._told) > 1:
            self._part_readers_of_several()
        for channel, told in self._told.items():
            self._deliver(channel, told)
        for reader in self._apart:
            reader.owner.guarded(reader.pump, self._notes)

    def _part_readers_of_several(self) -> None:
        seen: set[Send] = set()
        several: set[Reader] = set()
        for channel in self._told:
            for audience in channel.audiences.values():
                several.update(map(audience.__getitem__, seen.intersection(audience)))
                seen.update(audience)
        for reader in several:
            self.set_apart(reader)

    def _deliver(self, channel: Channel, told: News) -> None:
        unsent: list[tuple[Reader, bytes | Exception]] = []
        for way, audience in channel.audiences.items():
            data = self._joined(channel, told, *way) if audience else b""
            if data is None or len(data) > CHUNK:
                for reader in list(audience.values()):
                    self.set_apart(reader)
            elif data:
                unsent += _send(audience, data)
        channel.told = channel.last
        for reader, rest in unsent:
            reader.owner.guarded(_hold, reader, rest)

    def _joined(
        self, channel: Channel, told: News, dialect: Dialect, view: View
    ) -> bytes | None:
        """Return what is new as one; None where there is no such thing, or it fails:
        then each reader makes its own, and fails by itself."""
        if len(told) > 1 and not dialect.is_framed:
            return None
        try:
            writers = {one.item.session for one in told}
            if self._notes or len(writers) > 1:  # they need each other's forms, too
                return b"".join([one.form(dialect, view) for one in told])
            events: list[Any] = [one.item for one in told]
            return dialect.events(channel.name, events, view)
        except Exception:
            return None


def _send(audience: Audience, data: bytes) -> list[tuple[Reader, bytes | Exception]]:
    """Send to all, and return what was not taken at once, of those where that is so, or
    how sending has failed."""
    size = len(data)
    unsent: list[tuple[Reader, bytes | Exception]] = []
    for send in audience:
        try:
            if (sent := send(data)) != size:
                unsent.append((audience[send], data[sent:]))
        except OSError:  # full, or broken: then the transport meets the error itself
            unsent.append((audience[send], data))
        except Exception as error:  # of this reader's, as over TLS much is done
            unsent.append((audience[send], error))
    return unsent


def _hold(reader: Reader, rest: bytes | Exception) -> None:
    if isinstance(rest, Exception):
        raise rest
    reader.hold(rest)
