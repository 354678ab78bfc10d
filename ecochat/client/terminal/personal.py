"""One person's chat as lines: what is done here, beside what is asked of the server."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from ecochat.client.address import parse_address
from ecochat.client.errors import Untrusted
from ecochat.client.happenings import Distrusted, Happening
from ecochat.client.safe import safe, safe_name
from ecochat.client.terminal import commands as here
from ecochat.client.terminal.chat import Chat
from ecochat.client.terminal.line import Line, error, notice
from ecochat.client.terminal.names import names
from ecochat.client.terminal.scene import TYPING_EVERY
from ecochat.core import wire
from ecochat.core.commands import COMMANDS
from ecochat.core.errors import Refused
from ecochat.core.names import LOBBY, fold
from ecochat.core.requests import Help, History, Request, Typing

KEYS = (
    "Enter: send",
    "Alt-Enter: another line",
    "Tab: complete what you write",
    "Up: edit your last message, in an empty line; else what you typed before",
    "Ctrl-Up, Ctrl-Down: what you typed before, and after that",
    "Ctrl-R: search what you typed before",
    "Ctrl-L: draw the line again, on an empty screen",
    "Ctrl-C: drop the line",
    "Ctrl-D: leave, in an empty line",
)
"""What keys do at the prompt."""

KEYS_OF_LINES = (
    "Enter: send the line",
    "Ctrl-D: leave, in an empty line",
    "Ctrl-C: leave",
    "all others are your terminal's own",
)
"""What keys do on a terminal that only takes lines."""

_KNOWN = here.ALL | {"acks": COMMANDS["acks"]}
"""What can be written: here a number can be left out."""


class Personal(Chat):
    """Takes what one person types, also before there is a session, and calls the
    person.

    :ivar rings: whether one is called when one is named, or written to alone.
    :ivar tells_typing: whether others are shown that one writes.
    :ivar muted: the rooms that do not call.
    :ivar address: that of the present server, to go there again.
    :ivar goes_to: the address of the server to talk with next; empty for none.
    :ivar untrusted: why it is over, where that is the server's certificate.
    :ivar wants_clear: whether what is shown is to be taken away.
    :param nick: the name asked for; empty for the one that the server gives.
    :param rooms: those to be in, the current one last.
    :param clock: gives seconds, since any moment.
    :param find: looks at the address of a server; :raises ValueError: when that is of
        no use.
    :param keys: what keys do, in sentences.
    """

    commands = here.OFFERED

    def __init__(
        self,
        nick: str = "",
        rooms: Iterable[str] = (LOBBY,),
        *,
        clock: Callable[[], float] = time.monotonic,
        find: Callable[[str], object] = parse_address,
        keys: Iterable[str] = KEYS,
    ) -> None:
        super().__init__()
        self.nick, self.rooms = nick, list(rooms)
        self.rings = self.tells_typing = True
        self.muted: set[str] = set()
        self.address = self.goes_to = ""
        self.untrusted: Untrusted | None = None
        self.wants_clear = False
        self._keys = tuple(keys)
        self._clock = clock
        self._find = find
        self._told = -TYPING_EVERY
        self._why = ""
        self._own: dict[str, tuple[int, str]] = {}

    @property
    def has_begun(self) -> bool:
        """Whether there was a session."""
        return bool(self._sessions)

    # What a person types

    def typed(self, draft: str) -> None:
        """See :class:`Chat`: others are shown that one writes."""
        is_said = draft.strip() and not draft.startswith("/")
        if not (is_said and self.tells_typing and self.online and self.room):
            return
        if (now := self._clock()) >= self._told + TYPING_EVERY:
            self._told = now
            self._ask("", Typing(room=self.room))

    def edit_last(self) -> str:
        """See :class:`Chat`."""
        n, text = self._own.get(self.room, (0, ""))
        return f"/edit {n} {text}" if n else ""

    def _understood(self, typed: str) -> Request:
        return here.understood(typed, _KNOWN)

    def _do(self, typed: str, request: Request) -> list[Line]:
        take = _HERE.get(type(request))
        return take(self, request) if take else super()._do(typed, request)

    def _help(self, request: Help) -> list[Line]:
        return [notice(text) for text in here.explained(request)]

    def _show_keys(self, request: here.Keys) -> list[Line]:
        return [notice(text) for text in self._keys]

    def _go_elsewhere(self, request: here.GoElsewhere) -> list[Line]:
        if self.online and not request.server:
            return [notice("you are connected already")]
        server = request.server or self.address
        try:
            self._find(server)
        except ValueError as wrong:
            raise Refused("usage", str(wrong)) from None
        self.goes_to, self.has_left = server, True
        return []

    def _go_to(self, request: here.GoTo) -> list[Line]:
        """Show the message, with two before it and two after it."""
        n = request.message
        return super()._do(f"/goto {n}", History(before=n + 3, limit=5))

    def _clear(self, request: here.Clear) -> list[Line]:
        self.wants_clear = True
        return []

    def _ring(self, request: here.Ring) -> list[Line]:
        if request.on is not None:
            self.rings = request.on
        return [notice(f"bell and notifications are {'on' if self.rings else 'off'}")]

    def _take_mouse(self, request: here.TakeMouse) -> list[Line]:
        return [notice("the mouse is your terminal's own here")]

    def _tell_typing(self, request: here.TellTyping) -> list[Line]:
        if request.on is not None:
            self.tells_typing = request.on
        sees = "see" if self.tells_typing else "do not see"
        return [notice(f"others {sees} that you write")]

    def _mute(self, request: here.Mute) -> list[Line]:
        wanted = request.room or self.room
        known = (*self.rooms, *self.heard, *self.muted)
        room = next((name for name in known if fold(name) == fold(wanted)), "")
        if not room:
            raise Refused("no_room", f"there is no room {safe_name(wanted)} here")
        self.muted ^= {room}
        calls = "calls you again"
        if room in self.muted:
            calls = "does not call you any more"
        return [notice(f"{room} {calls}")]

    def _close(self, request: here.CloseRoom) -> list[Line]:
        """Be in a private room no longer; it is heard all the same."""
        if not self.room.startswith("@"):
            raise Refused("usage", "/close is for private rooms; /leave leaves another")
        closed = self.rooms.pop()
        now = f"in {self.room}" if self.room else "in no room, /join one"
        return [notice(f"{closed} is closed. You are {now}.")]

    # What happens

    def happened(self, happening: Happening) -> list[Line]:
        """See :class:`ecochat.client.terminal.scene.Scene`."""
        lines = super().happened(happening)
        take = _HAPPENINGS.get(type(happening))
        caller = take(self, happening) if take else ""
        return [line._replace(caller=caller) for line in lines] if caller else lines

    def unreached(self, why: str) -> list[Line]:
        """Take it that an attempt to connect came to nothing; others follow. What is
        wrong is told once."""
        before, self._why = self._why, why
        return [error(safe(f"{why}; trying again"))] if why != before else []

    def _said(self, said: wire.Message) -> str:
        """Return who calls one by this, and where; empty for nobody."""
        room = safe_name(said.room)
        if said.session in self._sessions:
            if not said.deleted:
                self._own[room] = (said.n, said.text)
            return ""
        is_private = room.startswith("@")
        is_call = is_private or names(said.text, self.nick)
        if not (is_call and self.rings and room not in self.muted):
            return ""
        return safe_name(said.nick) + ("" if is_private else f" in {room}")

    def _edited(self, said: wire.Edit) -> str:
        room = safe_name(said.room)
        if said.message == self._own.get(room, (0, ""))[0]:
            self._own[room] = (said.message, said.text)
        return ""

    def _deleted(self, said: wire.Delete) -> str:
        room = safe_name(said.room)
        if said.message == self._own.get(room, (0, ""))[0]:
            del self._own[room]
        return ""

    def _renamed_room(self, said: wire.Relabelled) -> str:
        room, new = safe_name(said.room), safe_name(said.new)
        if room in self._own:
            self._own[new] = self._own.pop(room)
        if room in self.muted:
            self.muted ^= {room, new}
        return ""

    def _distrusts(self, happening: Distrusted) -> str:
        """Have the person asked about the server; before the first session it is over
        where nothing can be asked."""
        if happening.error.can_be_accepted or not self.has_begun:
            self.untrusted, self.has_left = happening.error, True
        return ""


_HERE: dict[type[Request], Callable[[Personal, Any], list[Line]]] = {
    Help: Personal._help,
    here.Keys: Personal._show_keys,
    here.GoElsewhere: Personal._go_elsewhere,
    here.GoTo: Personal._go_to,
    here.Clear: Personal._clear,
    here.Ring: Personal._ring,
    here.TakeMouse: Personal._take_mouse,
    here.TellTyping: Personal._tell_typing,
    here.Mute: Personal._mute,
    here.CloseRoom: Personal._close,
}
"""What is done here only."""

_HAPPENINGS: dict[type, Callable[[Personal, Any], str]] = {
    wire.Message: Personal._said,
    wire.Edit: Personal._edited,
    wire.Delete: Personal._deleted,
    wire.Relabelled: Personal._renamed_room,
    Distrusted: Personal._distrusts,
}
"""What else there is to do about what happens; each returns who calls by it."""
