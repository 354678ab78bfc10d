"""Who is there: who comes, goes, has another name, and writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ecochat.client.safe import safe_name
from ecochat.client.screen import history, members, presence
from ecochat.client.screen.entries import Entry, Kind
from ecochat.client.screen.room import Room
from ecochat.client.terminal.scene import remember
from ecochat.core import wire

TYPING = 20
"""People of a room of whom it is shown at a time that they write."""


class Crowd:
    """Takes what others do in a room, beside what they say.

    :ivar people: whom one has seen, who was seen last is last.
    :ivar own: one's own sessions, of which nothing of it is told.
    :param clock: gives the time in seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.people: dict[str, None] = {}
        self.own: dict[str, None] = {}
        self._clock = clock

    def take(self, room: Room, said: wire.Said) -> None:
        """Take what somebody did, or many did."""
        _TAKEN[type(said)](self, room, said)

    def see(self, session: str, nick: str) -> None:
        """Take it that there is somebody of this name."""
        if session not in self.own:
            remember(self.people, nick)

    def tell(self, room: Room, nick: str, what: str) -> None:
        """Show what somebody did; see :func:`ecochat.client.screen.presence.add`."""
        presence.add(self._folded(room), nick, what)

    def _joined(self, room: Room, said: wire.Joined) -> None:
        nick = safe_name(said.nick)
        members.add(room, said.session, nick)
        self.see(said.session, nick)
        if said.session not in self.own:
            self.tell(room, nick, presence.JOINED)

    def _left(self, room: Room, said: wire.Left) -> None:
        if said.session in self.own:
            return
        members.remove(room, said.session)
        nick = safe_name(said.nick)
        self.people.pop(nick, None)
        self.tell(room, nick, presence.LEFT)

    def _renamed(self, room: Room, said: wire.Renamed) -> None:
        nick, new = safe_name(said.nick), safe_name(said.new)
        members.remove(room, said.session)
        members.add(room, said.session, new)
        if said.session not in self.own:
            self.people.pop(nick, None)
            remember(self.people, new)
            self.tell(room, nick, f"{presence.RENAMED}{new}")

    def _many(self, room: Room, said: wire.Presence) -> None:
        presence.count(self._folded(room), said.joined, said.left, said.renamed)

    def _typing(self, room: Room, said: wire.Typing) -> None:
        nick = safe_name(said.nick)
        is_shown = nick in room.typing or len(room.typing) < TYPING
        if is_shown and said.session not in self.own:
            room.typing[nick] = self._clock()
            room.version += 1

    def _folded(self, room: Room) -> Entry:
        last, now = history.newest(room), self._clock()
        room.version += 1
        if last is None or not presence.folds(last, now):
            last = Entry(Kind.PRESENCE, now)
            history.note(room, last)
        return last


_TAKEN: dict[type[wire.Said], Callable[[Crowd, Room, Any], None]] = {
    wire.Joined: Crowd._joined,
    wire.Left: Crowd._left,
    wire.Renamed: Crowd._renamed,
    wire.Presence: Crowd._many,
    wire.Typing: Crowd._typing,
}
