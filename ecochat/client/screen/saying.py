"""What a person types and does: said, asked, or done here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, ClassVar, NamedTuple

from msgspec.structs import replace

from ecochat.client.happenings import Happening, Online
from ecochat.client.memory import Refusal
from ecochat.client.safe import safe, safe_name, sendable
from ecochat.client.screen import history, writings
from ecochat.client.screen.asking import Asking
from ecochat.client.screen.entries import Entry, Kind, State
from ecochat.client.screen.hits import PAGE, Hits
from ecochat.client.screen.room import Room
from ecochat.client.screen.wishes import AskNick, Connect, ShowKeys
from ecochat.client.screen.writings import Sent
from ecochat.client.terminal import commands as here
from ecochat.client.terminal.offers import Offer, offers
from ecochat.client.terminal.placed import NOT_HERE, placed
from ecochat.client.unanswered import room_of
from ecochat.core.commands import Command
from ecochat.core.errors import Refused
from ecochat.core.limits import Limits
from ecochat.core.requests import (
    Depart,
    Help,
    Join,
    Request,
    Search,
    SetNick,
)

ON_ITS_WAY = "not stored yet, and maybe on its way: Up edits it once it is stored"
"""Why one's last message is not edited yet."""


class Failed(NamedTuple):
    """A command that came to nothing, to be typed again where it was.

    :param where: the room; None: anywhere.
    """

    typed: str
    where: Room | None


OFFERED = 50
"""Entries of a room among which are the messages whose numbers are offered."""

BEGINNING = 40
"""Letters of such a message that are shown."""


class Saying(Asking):
    """Takes what a person types and does.

    :ivar has_left: whether the person asked to leave.
    :ivar is_over: whether the server has ended the session, or let nobody in, for good.
    :ivar rings: whether bell and notification call the person.
    :ivar has_mouse: whether the mouse works here, and not for the terminal.
    :ivar longest: the characters that a message may have, as far as is known.
    :ivar search: what was searched for and is being looked at; None: nothing.
    :cvar commands: those that are completed, by name.
    """

    commands: ClassVar[Mapping[str, Command]] = here.OFFERED

    def __init__(
        self, nick: str = "", server: str = "", *, clock: Callable[[], float]
    ) -> None:
        super().__init__(nick, server, clock=clock)
        self.has_left = self.is_over = False
        self.rings = self.has_mouse = True
        self.longest = Limits().message
        self.search: Hits | None = None
        self._failed: Failed | None = None
        self._said = 0.0

    def happened(self, happening: Happening) -> None:
        """Take what happened."""
        super().happened(happening)
        if isinstance(happening, Online):
            self.longest = happening.welcome.limits.message
            if not happening.again:
                self._remind()

    def _remind(self) -> None:
        """Tell of what was refused before this start: it may stand far back."""
        rooms = dict.fromkeys(refusal.room for refusal in self.refusals)
        if rooms:
            where = ", ".join(rooms)
            self.tell(f"refused and still here, in {where}: Up gives it back there")

    # What a person does

    def say(self, typed: str) -> None:
        """Take a line, a message of several, or a command.

        What is wrong with it is said in the current room; until the next is said,
        :meth:`recall` gives it back.
        """
        typed = sendable(typed).rstrip("\r\n")
        if not typed.strip():
            return
        self.room.draft = ""
        self._failed, self._said = None, self._clock()
        self.to_end(self.room)
        try:
            self._do(typed, here.understood(typed))
        except Refused as refusal:
            self._refuse(typed, refusal.text, self._where)
        self.version += 1

    def recall(self, line: str = "") -> str:
        """Give what Up puts in place of a line; "" where it puts nothing there.

        In an empty one that is a command that just failed; else the newest message of
        one's own here: refused, to be written anew; stored, as what edits it; or not
        sent yet, which it is not then. In place of what edits the last one unchanged:
        what was refused before that. Something typed in another room is given back
        there: it may mean something else here.

        :raises ecochat.core.errors.Refused: where the newest may be on its way: what
            was said before it is not given in its stead.
        """
        failed, entry = self._failed, writings.last(self.room)
        if line:
            refused = writings.all_refused(self.room)
            entry = refused[-1] if refused and line == self.edit_last() else None
        elif failed is not None and failed.where in (None, self.room):
            self._failed = None
            return failed.typed
        return _RECALLED[entry.state](self, entry) if entry is not None else ""

    def edit_last(self) -> str:
        """Return what edits one's last message in the room; "" where there is none, or
        it is not stored."""
        entry = writings.last(self.room)
        is_stored = entry is not None and entry.state is State.STORED
        return self._edit(entry) if is_stored and entry is not None else ""

    def _edit(self, entry: Entry) -> str:
        return f"/edit {entry.n} {entry.raw}"

    def _give_back(self, entry: Entry) -> str:
        history.disown(self.room, entry)
        self.version += 1
        return writings.typed(entry)

    def _take_back(self, entry: Entry) -> str:
        sent = next((sent for sent in self._writes if sent.entry is entry), None)
        if sent is None or sent.take_back is None or not sent.take_back():
            raise Refused("not_stored", ON_ITS_WAY)
        self._writes.discard(sent)
        return self._give_back(entry)

    @property
    def refusals(self) -> list[Refusal]:
        """What was refused in all rooms and is not taken back, as it was written."""
        refusals = [
            Refusal(room.name, entry.typed, entry.why, entry.time)
            for room in self.rooms.values()
            for entry in writings.all_refused(room)
        ]
        return sorted(refusals, key=lambda refusal: refusal.time)

    @property
    def numbers(self) -> Mapping[str, str]:
        """Those of the room's last messages, the newest first, and how each begins."""
        last = islice(reversed(self.room.entries), OFFERED)
        return {
            str(entry.n): f"{entry.nick}: {entry.text[:BEGINNING]}"
            for entry in last
            if entry.kind is Kind.MESSAGE and entry.n is not None
        }

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
        self._stay()
        self.version += 1

    def to_end(self, room: Room) -> None:
        """Show the end of a room's log; without a search one stays here."""
        super().to_end(room)
        self._stay()

    def _stay(self) -> None:
        if self.search is None:
            self._back = None

    def close_search(self) -> None:
        """Look at what was found no longer."""
        self.search = None
        self.version += 1

    # What it asks

    def _do(self, typed: str, request: Request) -> None:
        if isinstance(request, Search):
            request = replace(request, limit=PAGE)
        take = _HERE.get(type(request))
        if take is not None:
            take(self, request)
        else:
            self._ask(typed, placed(request, self.current))

    def _ask(self, typed: str, request: Request) -> None:
        room = self._room_for(request)
        where, nick, now = self._where, self.nick, self._clock()
        entry = writings.entry_of(request, nick, now)
        if entry is not None and room is not None:
            history.own(room, entry)
            if room is not self.room:
                self.go(room.name)
            room.fresh = None
        self._send(self.ask(request, typed=typed, room=room, entry=entry, where=where))

    @property
    def _where(self) -> Room | None:
        """The room in which one types; None for none."""
        return self.room if self.current else None

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
            room.is_left = False
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
            self.wish(AskNick(self.why, request.nick, is_choice=True))
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

    def _take_mouse(self, request: here.TakeMouse) -> None:
        if request.on is not None:
            self.has_mouse = request.on
        is_on = "on; hold Shift to select text" if self.has_mouse else "off"
        self.tell(f"the mouse is {is_on}")

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

    def _go_to(self, request: here.GoTo) -> None:
        if not self.current:
            raise Refused("no_current_room", NOT_HERE)
        self.around(self.current, request.message)

    def _clear(self, request: here.Clear) -> None:
        history.clear(self.room)
        for entry in writings.all_refused(self.room):
            history.disown(self.room, entry)

    def _help(self, request: Help) -> None:
        lines = here.explained(request)
        head = [f"{len(here.OFFERED)} commands:"] if len(lines) > 1 else []
        self.tell("\n".join([*head, *lines]))

    def _refuse(
        self, typed: str, why: str, where: Room | None = None, time: float | None = None
    ) -> None:
        """Tell why a command came to nothing.

        :param time: when it was asked; None for now. What was said after it is what Up
            is about by then.
        """
        if typed and (time is None or time >= self._said):
            self._failed = Failed(typed, where)
        self.tell(safe(why), Kind.ERROR)


_RECALLED: dict[State, Callable[[Saying, Entry], str]] = {
    State.REFUSED: Saying._give_back,
    State.PENDING: Saying._take_back,
    State.STORED: Saying._edit,
}
"""What Up does with the last message of one's own."""


_HERE: dict[type[Request], Callable[[Saying, Any], None]] = {
    Join: Saying._join,
    SetNick: Saying._take_name,
    Depart: Saying._depart,
    Help: Saying._help,
    here.Keys: Saying._keys,
    here.GoElsewhere: Saying._elsewhere,
    here.Ring: Saying._ring,
    here.TakeMouse: Saying._take_mouse,
    here.TellTyping: Saying._tell_typing,
    here.Mute: Saying._mute,
    here.CloseRoom: Saying._close,
    here.Clear: Saying._clear,
    here.GoTo: Saying._go_to,
}
"""What is done here first, or only here."""
