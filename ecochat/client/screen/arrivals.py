"""What happens, as it comes to be seen: without I/O, happenings in, rooms out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ecochat.client.happenings import Happening, Held, Offline, Online
from ecochat.client.lines import sentence
from ecochat.client.safe import safe, safe_name
from ecochat.client.screen import history, members, presence, writings
from ecochat.client.screen.crowd import Crowd
from ecochat.client.screen.entries import Entry, Kind, State
from ecochat.client.screen.room import Room
from ecochat.client.screen.stretches import moment
from ecochat.client.screen.wishes import Wish, notice_of
from ecochat.client.terminal.names import names
from ecochat.client.terminal.scene import remember
from ecochat.core import wire
from ecochat.core.names import fold

WISHES = 100
"""Wishes that wait for a face; it takes them at once, so that more are of no use."""

LOST = "connection lost ({}); trying again, what you say is kept and sent then"


class Arrivals:
    """Takes what happens.

    :ivar rooms: by name, in the order shown: public ones as joined, then private ones.
    :ivar current: the name of the room before the eyes; "" for none.
    :ivar nick: one's name; before the first session the one asked for.
    :ivar server: the server's name, or its address before it has said its name.
    :ivar online: whether there is a session.
    :ivar why: why there is none, for people; "" while there is one.
    :ivar version: rises with every change of what can be seen.
    :ivar has_focus: whether the terminal is before the person's eyes.
    :ivar crowd: who is there.
    :ivar places: the rooms one has heard of, who was heard of last is last.
    :ivar unkept: what is not kept on this machine's disk, for people; "" for nothing.
    :ivar elsewhere: how much is not known to be stored of what one wrote at servers
        where one was before.
    """

    def __init__(
        self, nick: str = "", server: str = "", *, clock: Callable[[], float]
    ) -> None:
        self.rooms: dict[str, Room] = {}
        self.current = ""
        self.nick = nick
        self.server = server
        self.online = False
        self.why = "connecting"
        self.version = 0
        self.has_focus = True
        self.unkept = ""
        self.elsewhere = 0
        self.crowd = Crowd(clock)
        self.places: dict[str, None] = {}
        self._clock = clock
        self._nowhere = Room("", is_joined=True)
        self._wishes: list[Wish] = []
        self._lost = 0.0
        self._caught_up: dict[str, int] = {}
        self._unread: dict[str, range] = {}

    @property
    def room(self) -> Room:
        """The room before the eyes; where one is in none, one without a name that has
        what the client says."""
        return self.rooms.get(self.current, self._nowhere)

    @property
    def people(self) -> dict[str, None]:
        """Whom one has seen, who was seen last is last."""
        return self.crowd.people

    def take_wishes(self) -> list[Wish]:
        """Return what the face is to do now, once."""
        wishes, self._wishes = self._wishes, []
        return wishes

    def happened(self, happening: Happening) -> None:
        """Take what happened."""
        take = _HAPPENINGS.get(type(happening))
        if take is not None:
            take(self, happening)
            self.version += 1

    def tell(
        self, text: str, kind: Kind = Kind.NOTICE, room: Room | None = None
    ) -> None:
        """Show a sentence, by default in the current room.

        :param text: safe to show.
        """
        nick = "Server" if kind is Kind.SERVER else ""
        history.note(
            room or self.room, Entry(kind, self._clock(), text=text, nick=nick)
        )
        self.version += 1

    def entry_of(self, event: wire.Event) -> Entry:
        """Return an event as an entry."""
        time = moment(event.time)
        nick, is_own = safe_name(event.nick), event.session in self.crowd.own
        if not isinstance(event, wire.Message):
            said = sentence(event)
            return Entry(Kind.EVENT, time, event.n, nick, said=said, is_own=is_own)
        return Entry(
            Kind.MESSAGE,
            time,
            event.n,
            nick,
            text=safe(event.text),
            is_own=is_own,
            raw=event.text,
            reply_to=event.reply_to,
            is_edited=event.changed is not None and not event.deleted,
            is_deleted=event.deleted,
            is_mention=not is_own and names(event.text, self.nick),
            changed=event.changed or 0,
        )

    # Rooms

    def open_room(self, name: str) -> Room:
        """Return the room of this name, made where there is none."""
        name = safe_name(name)
        room = self.find_room(name)
        if room is None:
            room = self.rooms[name] = Room(name)
            self._sort()
        remember(self.places, name)
        return room

    def find_room(self, name: str) -> Room | None:
        """Return the room of this name in any case, if it is here."""
        room = self.rooms.get(safe_name(name))
        if room is None:
            rooms = (r for r in self.rooms.values() if fold(r.name) == fold(name))
            room = next(rooms, None)
        return room

    def close_room(self, room: Room) -> None:
        """Have a room no longer; the one before it is current."""
        names = list(self.rooms)
        at = names.index(room.name)
        del self.rooms[room.name]
        if self.current == room.name:
            rest = names[at - 1 : at] or names[1:2]
            self.current = rest[0] if rest and rest[0] in self.rooms else ""
            self.look()

    def let_go(self, room: Room) -> None:
        """Take it that one is in a room no longer; it stays while it has something that
        one wrote there and that is not stored."""
        room.is_joined, room.is_left = False, True
        if all(entry.state is State.STORED for entry in room.own):
            self.close_room(room)

    def look(self) -> None:
        """Take it that the current room is seen, at its end."""
        room = self.room
        if room.place is None and room.is_at_end and self.has_focus:
            room.read = max(room.read, room.last)
            if room.unread or room.mentions:
                room.unread = room.mentions = 0
                room.version += 1

    def entered(self, room: Room) -> None:
        """Take it that one has come into a room; :class:`Model` asks about it."""

    def _rename(self, room: Room, name: str) -> None:
        if room.name == name:
            return
        if (other := self.rooms.get(name)) is not None:
            for entry in list(other.own):
                writings.move(entry, other, room)
        is_current = self.current == room.name
        self.rooms = {
            (name if r is room else key): r
            for key, r in self.rooms.items()
            if r is room or key != name
        }
        room.name = name
        room.version += 1
        if is_current:
            self.current = name

    def _sort(self) -> None:
        self.rooms = dict(sorted(self.rooms.items(), key=lambda r: r[1].is_private))

    # The connection

    def _online(self, happening: Online) -> None:
        welcome, before, seen = happening.welcome, self.nick, self.room
        self.online, self.why = True, ""
        self.nick, self.server = safe_name(welcome.nick), safe_name(welcome.server)
        remember(self.crowd.own, welcome.session)
        for room in [r for r in self.rooms.values() if r.name not in welcome.rooms]:
            room.is_joined, room.is_left = False, True
            if not room.own and not room.draft:
                self.close_room(room)
        for name, state in welcome.rooms.items():
            self._welcomed(self.open_room(name), state)
        if not self.current and self.rooms:
            self.current = next(iter(self.rooms))
        if self.room is not seen:
            history.carry(seen, self.room)
        self.look()
        self._greet(happening, before)

    def _greet(self, happening: Online, before: str) -> None:
        if not happening.again:
            text = f"Welcome to {self.server}. You are {self.nick}."
            self.tell(f"{text} /nick NAME to choose a name, /help for the rest.")
        else:
            self.tell("connected again")
            if self.nick != before:
                self.tell(f"you are {self.nick} now")

    def _welcomed(self, room: Room, state: wire.RoomState) -> None:
        is_back = room.is_joined
        self._caught_up[room.name] = state.last if is_back else 0
        if history.enter(room, state.last):
            self.tell("what was said here before is no longer kept", room=room)
        room.topic = safe(state.topic)
        members.meet(room, {})
        room.fresh = None
        if not is_back:
            room.read = min(max(room.read, state.read) or state.last, state.last)
            self._unread[room.name] = range(room.read + 1, state.last + 1)
        self.entered(room)

    def _offline(self, happening: Offline) -> None:
        self.online, self.why = False, safe(happening.why)
        self._lost = self._clock()
        self.tell(LOST.format(self.why), Kind.ERROR)

    def _held(self, happening: Held) -> None:
        self.tell(f"what is kept cannot be sent: {safe(happening.why)}", Kind.ERROR)

    # What is said

    def _event(self, event: wire.Event) -> None:
        room = self.find_room(event.room)
        if room is None:
            return
        entry = writings.shown_by(room, self.entry_of(event))
        if not history.hear(room, event, entry):
            return
        if isinstance(event, wire.Topic):
            room.topic = safe(event.topic)
        room.typing.pop(entry.nick, None)
        if not entry.is_own:
            remember(self.people, entry.nick)
        if isinstance(event, wire.Message) and not entry.is_own:
            self._count(room, entry)
        if room is self.room:
            self.look()

    def _count(self, room: Room, entry: Entry) -> None:
        """Take it that somebody else has said something."""
        is_shown = room is self.room and room.place is None and room.is_at_end
        is_seen = is_shown and self.has_focus
        n, is_missed = entry.n or 0, (entry.n or 0) <= self._caught_up.get(room.name, 0)
        if not (is_missed or is_seen or room.unread):
            room.fresh = (n, 0, entry.time)
        if is_missed or not is_seen:
            first, count, since = room.fresh or (n, 0, self._lost)
            room.fresh = (first, count + 1, since)
        room.unread += 1
        room.mentions += entry.is_mention
        if (entry.is_mention or room.is_private) and not is_seen and not room.is_muted:
            self.wish(notice_of(room, entry))

    def count_old(self, room: Room) -> None:
        """Count what was said while one was away, once it was read from the server."""
        new = self._unread.pop(room.name, range(0))
        if not new:
            return
        old = [e for e in room.entries if (e.n or new.stop) < new.start]
        others = [
            e
            for e in room.entries
            if e.kind is Kind.MESSAGE and not e.is_own and (e.n or 0) in new
        ]
        if others:
            first = others[0]
            since = old[-1].time if old else first.time
            room.fresh = (first.n or 0, len(others), since)
        unseen = [e for e in others if (e.n or 0) > room.read]
        room.unread += len(unseen)
        room.mentions += sum(e.is_mention for e in unseen)

    def wish(self, wish: Wish) -> None:
        """Want something of the face."""
        if len(self._wishes) < WISHES:
            self._wishes.append(wish)

    def _expired(self, said: wire.Expired) -> None:
        if (room := self.find_room(said.room)) is not None:
            history.expire(room, said.upto, self._clock())

    def _server_says(self, said: wire.Notice) -> None:
        self.tell(safe(said.text), Kind.SERVER if said.operator else Kind.NOTICE)

    # Who is there

    def _did(self, said: wire.Joined | wire.Left | wire.Typing) -> None:
        if (room := self.find_room(said.room)) is not None:
            self.crowd.take(room, said)

    def _renamed(self, said: wire.Renamed) -> None:
        if (room := self.find_room(said.room)) is not None:
            self.crowd.take(room, said)
        if said.session in self.crowd.own:
            self.nick = safe_name(said.new)

    def _many(self, said: wire.Presence) -> None:
        """Tell the numbers; who they are is asked again, by :class:`Model`."""
        if (room := self.find_room(said.room)) is not None:
            self.crowd.take(room, said)
            self.entered(room)

    # Private rooms

    def _opened(self, said: wire.Opened) -> None:
        room = self.open_room(said.room)
        self._rename(room, safe_name(said.room))
        history.enter(room, said.last)
        self.entered(room)

    def _relabelled(self, said: wire.Relabelled) -> None:
        room = self.rooms.get(safe_name(said.room))
        if room is not None:
            old, new = room.name, safe_name(said.new)
            self._rename(room, new)
            self.places.pop(old, None)
            remember(self.places, new)
            members.pair(room, self.nick)
            self.crowd.tell(room, old[1:], f"{presence.RENAMED}{new[1:]}")

    def _dropped(self, said: wire.Dropped) -> None:
        if (room := self.find_room(said.room)) is not None:
            self.let_go(room)
            self.tell(f"{room.name} is no longer kept")


_HAPPENINGS: dict[type, Callable[[Arrivals, Any], None]] = {
    Online: Arrivals._online,
    Offline: Arrivals._offline,
    Held: Arrivals._held,
    **dict.fromkeys(wire.EVENTS, Arrivals._event),
    wire.Expired: Arrivals._expired,
    wire.Notice: Arrivals._server_says,
    wire.Joined: Arrivals._did,
    wire.Left: Arrivals._did,
    wire.Renamed: Arrivals._renamed,
    wire.Presence: Arrivals._many,
    wire.Typing: Arrivals._did,
    wire.Opened: Arrivals._opened,
    wire.Relabelled: Arrivals._relabelled,
    wire.Dropped: Arrivals._dropped,
}
