"""What a person types and does: said, asked, or done here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

from ecochat.client.safe import safe, safe_name, sendable
from ecochat.client.screen import commands as here
from ecochat.client.screen import history, writings
from ecochat.client.screen.asking import Asking
from ecochat.client.screen.entries import Entry, Kind, State
from ecochat.client.screen.hits import Hits
from ecochat.client.screen.room import Room
from ecochat.client.screen.wishes import AskNick, Connect, ShowKeys
from ecochat.client.screen.writings import Sent
from ecochat.client.terminal.offers import Offer, offers
from ecochat.client.terminal.placed import placed
from ecochat.client.unanswered import room_of
from ecochat.core.commands import Command
from ecochat.core.errors import Refused
from ecochat.core.requests import (
    Depart,
    Help,
    Join,
    Request,
    Search,
    SetNick,
)

GIVEN_BACK = 100
"""What was refused that is given back in the order in which it was; older messages,
which their rooms still have, come after that."""


class Saying(Asking):
    """Takes what a person types and does.

    :ivar has_left: whether the person asked to leave.
    :ivar is_over: whether the server has ended the session, or let nobody in, for good.
    :ivar rings: whether bell and notification call the person.
    :ivar search: what was searched for and is being looked at; None: nothing.
    :cvar commands: those that are completed, by name.
    """

    commands: ClassVar[Mapping[str, Command]] = here.OFFERED

    def __init__(
        self, nick: str = "", server: str = "", *, clock: Callable[[], float]
    ) -> None:
        super().__init__(nick, server, clock=clock)
        self.has_left = self.is_over = False
        self.rings = True
        self.search: Hits | None = None
        self._given_back: deque[str | Entry] = deque(maxlen=GIVEN_BACK)
        self._writes: set[Sent] = set()

    @property
    def unstored(self) -> int:
        """How much of what one wrote is not known to be stored, in all rooms."""
        return len(self._writes)

    # What a person does

    def say(self, typed: str) -> None:
        """Take a line, a message of several, or a command.

        What is wrong with it is said in the current room; :meth:`recall` gives it back.
        """
        typed = sendable(typed).rstrip("\r\n")
        if not typed.strip():
            return
        self.room.draft = ""
        self.to_end(self.room)
        try:
            self._do(typed, here.understood(typed))
        except Refused as refusal:
            self._refuse(typed, refusal.text)
        self.version += 1

    def recall(self) -> str:
        """Give back what was refused last here, the newest first; "" for nothing. A
        message goes from the room's entries: it is written anew."""
        refused = [e for e in self.room.own if e.state is State.REFUSED]
        for given in reversed([*refused, *self._given_back]):
            if isinstance(given, str):
                self._given_back.remove(given)
                return given
            if given in refused:
                return self._taken_back(given)
        return ""

    def _taken_back(self, entry: Entry) -> str:
        history.disown(self.room, entry)
        self.version += 1
        to = entry.reply_to
        return entry.raw if to is None else f"/reply {to} {entry.raw}"

    def edit_last(self) -> str:
        """Return what edits one's last message in the room; "" where there is none."""
        for entry in reversed(self.room.entries):
            is_stored = entry.is_own and entry.n is not None and not entry.is_deleted
            if is_stored and entry.kind is Kind.MESSAGE:
                return f"/edit {entry.n} {entry.raw}"
        return ""

    def completions(self, before: str, word: str) -> Iterator[Offer]:
        """Return what can stand in a word's place; see
        :func:`ecochat.client.terminal.offers.offers`."""
        return offers(before, word, self)

    def go_by(self, delta: int) -> None:
        """Go so many rooms down the list, or up; around its ends."""
        names = list(self.rooms)
        if names:
            at = names.index(self.current) + delta if self.current in names else 0
            self.go(names[at % len(names)])

    def go_unread(self) -> None:
        """Go to the next room that has something new, where one is named first; in the
        room before the eyes that is at its end."""
        names = list(self.rooms)
        at = names.index(self.current) + 1 if self.current in names else 0
        others = [self.rooms[name] for name in names[at:] + names[:at]]
        for room in sorted(others, key=lambda room: not room.mentions):
            if room.unread and not (room.is_muted and not room.mentions):
                self.go(room.name)
                self.to_end(room)
                break

    def seen(self) -> None:
        """Take it that the current room is before a person's eyes, at its end."""
        self.look()
        self.version += 1

    def close_search(self) -> None:
        """Look at what was found no longer."""
        self.search = None
        self.version += 1

    # What it asks

    def _do(self, typed: str, request: Request) -> None:
        take = _HERE.get(type(request))
        if take is not None:
            take(self, request)
        else:
            self._ask(typed, placed(request, self.current))

    def _ask(self, typed: str, request: Request) -> None:
        room = self._room_for(request)
        nick, now = self.nick, self._clock()
        entry = writings.entry_of(request, nick, now)
        if entry is not None and room is not None:
            history.own(room, entry)
            if room is not self.room:
                self.go(room.name)
            room.fresh = None
        self._send(self.ask(request, typed=typed, room=room, entry=entry))

    def _send(self, sent: Sent) -> Sent:
        if sent.is_write:
            self._writes.add(sent)
        return sent

    def _room_for(self, request: Request) -> Room | None:
        """Return the room that a request is about; what is written to a person, and
        what is entered, has one from now on."""
        if isinstance(request, Search):
            return None
        name = room_of(request)
        if name.startswith("@") and isinstance(request, writings.SAID):
            return self.open_room(name)
        return self.find_room(name) if name else None

    def _join(self, request: Join) -> None:
        """Go there at once, so that what is typed next is said there."""
        room = self.find_room(request.room)
        if room is None or not room.is_joined:
            room = self.open_room(request.room)
            typed = f"/join {request.room}"
            self.ask(request, typed=typed, room=room)
        self.go(room.name)

    def _rename(self, room: Room, name: str) -> None:
        """What was written in another room of that name is in this one from now on."""
        other = self.rooms.get(name, room)
        super()._rename(room, name)
        for sent in self._writes:
            if sent.room is other:
                sent.room = room

    def _take_name(self, request: SetNick) -> None:
        """Ask for it; without a session, connect with it."""
        if self.is_over:
            self.wish(AskNick(self.why, request.nick))
        else:
            self.ask(request, typed=f"/nick {request.nick}")

    def _depart(self, request: Depart) -> None:
        self.has_left = True

    def _keys(self, request: here.Keys) -> None:
        self.wish(ShowKeys())

    def _elsewhere(self, request: here.GoElsewhere) -> None:
        self.wish(Connect(request.server))

    def _ring(self, request: here.Ring) -> None:
        if request.on is not None:
            self.rings = request.on
        self.tell(f"bell and notifications are {'on' if self.rings else 'off'}")

    def _tell_typing(self, request: here.TellTyping) -> None:
        if request.on is not None:
            self.tells_typing = request.on
        sees = "see" if self.tells_typing else "do not see"
        self.tell(f"others {sees} that you write")

    def _mute(self, request: here.Mute) -> None:
        name = request.room or self.current
        room = self.find_room(name)
        if room is None:
            raise Refused("no_room", f"there is no room {safe_name(name)} here")
        room.is_muted = not room.is_muted
        room.version += 1
        calls = "does not call you any more" if room.is_muted else "calls you again"
        self.tell(f"{room.name} {calls}")

    def _close(self, request: here.CloseRoom) -> None:
        room = self.room
        if not room.is_private:
            raise Refused("usage", "/close is for private rooms; /leave leaves another")
        if any(sent.room is room for sent in self._writes):
            raise Refused("not_stored", "not all you wrote here is stored yet")
        self.close_room(room)

    def _clear(self, request: here.Clear) -> None:
        history.clear(self.room)

    def _help(self, request: Help) -> None:
        name = (request.command or "").removeprefix("/").lower()
        if name and name not in here.ALL:
            raise Refused("unknown_command", f"there is no command /{safe_name(name)}")
        known = here.OFFERED.values()
        for command in [here.ALL[name]] if name else known:
            self.tell(f"{command.usage}: {command.help}")
        if not name:
            self.tell(
                "anything else is said in the room; //x says /x; F1 shows the keys"
            )

    def _refuse(self, typed: str, why: str, room: Room | None = None) -> None:
        if typed:
            self._given_back.append(typed)
        self.tell(safe(why), Kind.ERROR, room)


_HERE: dict[type[Request], Callable[[Saying, Any], None]] = {
    Join: Saying._join,
    SetNick: Saying._take_name,
    Depart: Saying._depart,
    Help: Saying._help,
    here.Keys: Saying._keys,
    here.GoElsewhere: Saying._elsewhere,
    here.Ring: Saying._ring,
    here.TellTyping: Saying._tell_typing,
    here.Mute: Saying._mute,
    here.CloseRoom: Saying._close,
    here.Clear: Saying._clear,
}
"""What is done here first, or only here."""
