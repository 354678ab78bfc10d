"""A person's chat, without I/O: what is typed and answered in, lines to show out."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

import msgspec

from ecochat.client.errors import ClientError, Disconnected
from ecochat.client.happenings import Answer, Happening
from ecochat.client.safe import safe, sendable
from ecochat.client.terminal import phrases
from ecochat.client.terminal.harmless import harmless
from ecochat.client.terminal.line import Line, error, notice
from ecochat.client.terminal.placed import placed
from ecochat.client.terminal.scene import Scene, remember
from ecochat.client.terminal.typed import typed_for
from ecochat.core import wire
from ecochat.core.commands import COMMANDS, Command, parse_command
from ecochat.core.errors import Refused
from ecochat.core.requests import (
    Announce,
    Clients,
    Depart,
    History,
    Join,
    Leave,
    Request,
    Say,
    SetAcks,
    SetNick,
    SetTopic,
    Shutdown,
    Typing,
    Who,
)
from ecochat.core.requests import Rooms as GetRooms

MOST = 100
"""Requests that may wait for their answer; a person sees before that that none come."""

LEAVE_HINT = "to leave: /quit or Ctrl-D"

ASKED = 200
"""Sessions at a server up to which it is asked who is in a room that one enters."""


class Sent(NamedTuple):
    """What is asked of the server.

    :param typed: what a person typed; empty for what the chat asks by itself.
    :param is_more: whether a part of the answer has come before.
    """

    typed: str
    request: Request
    is_more: bool = False

    @property
    def said(self) -> str:
        """What others read of it; empty for what they do not."""
        return str(getattr(self.request, "text", ""))


class Chat(Scene):
    """Takes what a person types, and knows what of it is not stored yet.

    :ivar has_left: whether the person asked to leave.
    :ivar failures: how much was refused, or not confirmed.
    :ivar unanswered: what was asked and has no answer, in that order.
    :ivar given_back: what was typed and not stored; the input takes it from here, one
        after the other.
    :param asks_who: whether it asks who is in a room that one enters.
    :cvar commands: those that are completed, by name.
    """

    numbers: ClassVar[Mapping[str, str]] = {}  # what was said is not kept here
    commands: ClassVar[Mapping[str, Command]] = {
        name: command for name, command in COMMANDS.items() if not command.operator
    }

    def __init__(self, asks_who: bool = True) -> None:
        super().__init__()
        self.has_left = False
        self.failures = 0
        self.unanswered: list[Sent] = []
        self.given_back: deque[str] = deque(maxlen=MOST)
        self._to_ask: list[Sent] = []
        self._held: list[str] = []
        self._asks_who = asks_who

    @property
    def in_flight(self) -> int:
        """How much of what was typed is not answered yet."""
        return len(self.unanswered) + len(self._held)

    @property
    def waiting(self) -> list[Sent]:
        """What others will read, and is not stored yet."""
        return [sent for sent in self.unanswered if sent.said]

    def requests(self) -> list[Sent]:
        """Return what is to be asked now, once."""
        asked, self._to_ask = self._to_ask, []
        return asked

    # What a person types

    def say(self, typed: str) -> list[Line]:
        """Take what a person typed; return what to show at once."""
        typed = sendable(typed).rstrip("\r\n")
        if not typed.strip():
            return []
        try:
            return self._do(typed, self._understood(typed))
        except Refused as refusal:
            return self._refused(typed, refusal.text)

    def interrupted(self) -> list[Line]:
        """Take a Ctrl-C: what was typed is dropped."""
        self.given_back.clear()
        return [notice(LEAVE_HINT)]

    def typed(self, draft: str) -> None:
        """Take what stands in the input, as it is being written."""

    def edit_last(self) -> str:
        """Return what edits one's last message in the room; "" where there is none."""
        return ""

    def _understood(self, typed: str) -> Request:
        """Return what is asked for; :raises Refused: when that cannot be read."""
        return parse_command(typed) if typed.startswith("/") else Say(typed)

    def _do(self, typed: str, request: Request) -> list[Line]:
        if isinstance(request, Depart):
            self.has_left = True
        elif isinstance(request, SetAcks):
            self.has_numbers = request.on
            return [notice(f"acks {'on' if request.on else 'off'}")]
        elif self.in_flight >= MOST:
            text = f"{MOST} messages are not answered yet, wait for some"
            raise Refused("too_many", text)
        elif self._is_moving:
            self._held.append(typed)
        else:
            self._ask(typed, placed(request, self.room))
        return []

    @property
    def _is_moving(self) -> bool:
        """Whether it is not known yet in which room what is typed is said."""
        return any(isinstance(sent.request, Join | Leave) for sent in self.unanswered)

    def _moved(self) -> list[Line]:
        """Say what was typed since one asked for another room."""
        held, self._held = self._held, []
        return [line for typed in held for line in self.say(typed)]

    def _not_moved(self) -> list[Line]:
        """Have that typed again: it is not for the room where one still is."""
        held, self._held = self._held, []
        return [
            line
            for typed in held
            for line in self._refused(typed, f"not said: {typed}")
        ]

    def _ask(self, typed: str, request: Request, is_more: bool = False) -> None:
        sent = Sent(typed, request, is_more)
        self.unanswered.append(sent)
        self._to_ask.append(sent)

    # What comes back

    def answered(self, sent: Sent, answer: Answer) -> list[Line]:
        """Take the answer to something; return what to show."""
        self.unanswered.remove(sent)
        take = _ANSWERS.get(type(sent.request), Chat._done)
        items = [
            item if isinstance(item, wire.Event) else harmless(item)
            for item in answer.items
        ]
        lines = take(self, sent, items, harmless(answer.end))
        return lines if self._is_moving else lines + self._moved()

    def failed(self, sent: Sent, wrong: ClientError | ValueError) -> list[Line]:
        """Take it that something was refused, or has no answer; return what to show."""
        self.unanswered.remove(sent)
        lines = self._not_done(sent, wrong) if sent.typed else []
        if isinstance(sent.request, Join | Leave):
            lines += self._not_moved()
        return lines

    def kept(self, requests: list[Request]) -> list[Sent]:
        """Take what was written before this run and is not stored yet, in order; return
        what stands for each, to be answered. It is not to be asked again."""
        left = [Sent(typed_for(request), request) for request in requests]
        self.unanswered += left
        return left

    def put_off(self, sent: Sent) -> list[Line]:
        """Take it that something is not stored in this run, but kept for the next."""
        self.unanswered.remove(sent)
        return []

    def _not_done(self, sent: Sent, wrong: ClientError | ValueError) -> list[Line]:
        if not isinstance(wrong, Disconnected):
            return self._refused(sent.typed, str(wrong), sent)
        self.failures += 1
        is_kept = sent.said and not isinstance(sent.request, Announce)
        lost = "not confirmed (/history shows if it is stored)" if is_kept else ""
        text = f"{lost or 'there was no answer to'}: {sent.typed}"
        return [error(safe(text))]

    def _refused(self, typed: str, why: str, sent: Sent | None = None) -> list[Line]:
        """Say why, and have it typed again: what was for one person for that one, as
        everyone would read it where their room is gone."""
        self.failures += 1
        room = getattr(sent.request, "room", None) if sent else None
        if sent and room and room.startswith("@") and isinstance(sent.request, Say):
            typed = f"/msg {room[1:]} {sent.said}"
        self.given_back.append(typed)
        return [error(safe(why))]

    def _done(self, sent: Sent, items: list[Any], end: Any) -> list[Line]:
        if isinstance(end, wire.Stored):
            return self._stored(sent, end)
        return phrases.facts(end) if isinstance(end, wire.Ok) else phrases.listed(items)

    def _stored(self, sent: Sent, end: wire.Stored) -> list[Line]:
        """One's own event shows it, unless one does not hear the room."""
        if end.room in self.heard:
            return []
        remember(self.places, end.room)
        return [notice(f"stored in {end.room} as {end.n}: {safe(sent.typed)}")]

    def _announced(self, sent: Sent, items: list[Any], end: Any) -> list[Line]:
        """There is nothing to show; what the server says to everyone shows itself."""
        return []

    def _topic(self, sent: Sent, items: list[Any], end: Any) -> list[Line]:
        if isinstance(end, wire.Stored):
            return self._stored(sent, end)
        about = f"the topic is: {end.topic}" if end.topic else "there is no topic"
        return [notice(f"{end.room}: {about}")]

    def _renamed_oneself(self, sent: Sent, items: list[Any], ok: wire.Ok) -> list[Line]:
        self.nick = ok.nick or self.nick
        return [notice(f"you are {self.nick} now")]

    def _entered(self, sent: Sent, items: list[Any], ok: wire.Ok) -> list[Line]:
        room = ok.room or ""
        self.go_into(room)
        self._ask_around()
        return [notice(f"You are {self.nick} in {room}.{phrases.topic(ok.topic)}")]

    def _left_room(self, sent: Sent, items: list[Any], ok: wire.Ok) -> list[Line]:
        self.go_out(ok.room or "")
        now = f"in {self.room}" if self.room else "in no room, /join one"
        return [notice(f"You left {ok.room}. You are {now}.")]

    def _log(self, sent: Sent, items: list[Any], end: Any) -> list[Line]:
        """Show a page; all that followed a message may be several."""
        asked = sent.request
        assert isinstance(asked, History)
        if asked.after is not None and len(items) == asked.limit:
            after = items[-1].n
            self._ask(sent.typed, msgspec.structs.replace(asked, after=after), True)
        if not items:
            nothing = notice(f"{end.room}: nothing is kept of that")
            return [] if sent.is_more else [nothing]
        return phrases.listed(items)

    def _list_of_rooms(self, sent: Sent, items: list[Any], end: Any) -> list[Line]:
        for room in items:
            remember(self.places, room.room)
        return phrases.listed(items)

    def _list_of_people(self, sent: Sent, items: list[Any], end: Any) -> list[Line]:
        others = self.meet(items)
        if not sent.typed and not others:
            return [notice(f"nobody else is in {end.room}")]
        return phrases.names(end.room, items)

    # Who is where one comes in

    def happened(self, happening: Happening) -> list[Line]:
        """See :class:`ecochat.client.terminal.scene.Scene`."""
        lines = super().happened(happening)
        self._ask_around()
        return lines

    def _ask_around(self) -> None:
        """Ask who is in the rooms one has come into, unless they may be many."""
        if self.unmet and self._asks_who and _HOW_MANY not in self.unanswered:
            self._ask(_HOW_MANY.typed, _HOW_MANY.request)

    def _count(self, sent: Sent, items: list[Any], ok: wire.Ok) -> list[Line]:
        if sent.typed:
            return phrases.facts(ok)
        for room in self.unmet if (ok.count or 0) <= ASKED else ():
            self._ask("", Who(room))
        self.unmet.clear()
        return []


_HOW_MANY = Sent("", Clients())

_ANSWERS: dict[type[Request], Callable[[Chat, Sent, list[Any], Any], list[Line]]] = {
    SetTopic: Chat._topic,
    SetNick: Chat._renamed_oneself,
    Join: Chat._entered,
    Leave: Chat._left_room,
    History: Chat._log,
    GetRooms: Chat._list_of_rooms,
    Who: Chat._list_of_people,
    Clients: Chat._count,
    Announce: Chat._announced,
    Shutdown: Chat._announced,
    Typing: Chat._announced,
}
