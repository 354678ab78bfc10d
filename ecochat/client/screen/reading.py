"""What is read of the rooms' logs: page by page, and what one goes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from ecochat.client.happenings import Answer
from ecochat.client.safe import safe_name
from ecochat.client.screen import beside, history
from ecochat.client.screen.arrivals import Arrivals
from ecochat.client.screen.beside import Beside
from ecochat.client.screen.entries import Entry, Kind
from ecochat.client.screen.room import Place, Room
from ecochat.client.screen.stretches import made
from ecochat.client.screen.writings import Sent
from ecochat.core.requests import History, Request

QUOTED = 1_000
"""Messages of a room that are kept because others answer them: more than are on some
screens. If there were more they are read again."""


class Left(NamedTuple):
    """Where one was, to go back there, and where one went."""

    room: str
    place: Place | None
    to: str


class Reading(Arrivals):
    """Asks for what is to be seen of the log.

    :ivar asks: called when there is something in :meth:`requests`; not to be answered
        before it has returned.
    """

    def __init__(
        self, nick: str = "", server: str = "", *, clock: Callable[[], float]
    ) -> None:
        super().__init__(nick, server, clock=clock)
        self.asks: Callable[[], object] = lambda: None
        self._to_ask: list[Sent] = []
        self._back: Left | None = None
        self._asked_few: Sent | None = None

    def ask(
        self, request: Request, then: Callable[[Answer], None] | None = None, **of: Any
    ) -> Sent:
        """Ask something; see :class:`Sent`."""
        sent = Sent(request, then=then, time=self._clock(), **of)
        self._to_ask.append(sent)
        self.asks()
        return sent

    def requests(self) -> list[Sent]:
        """Return what is to be asked now, once."""
        asked, self._to_ask = self._to_ask, []
        return asked

    # Pages

    def older(self, room: Room) -> None:
        """Ask for a page before what is shown, once at a time."""
        asked = history.older(room)
        if asked is None or room.is_loading:
            return

        def take(answer: Answer) -> None:
            events: list[Any] = answer.items
            now = self._clock()
            history.take_older(room, asked, events, self.entry_of, now)
            self.count_old(room)
            self._resume(room)

        self._load(room, asked, take)

    def newer(self, room: Room) -> None:
        """Ask for a page behind what is shown, where that is not the end."""
        asked = history.newer(room)
        if asked is None or room.is_loading:
            return

        def take(answer: Answer) -> None:
            events: list[Any] = answer.items
            history.take_newer(room, asked, events, self.entry_of)

        self._load(room, asked, take)

    def _load(
        self,
        room: Room,
        asked: History,
        take: Callable[[Answer], None],
        lost: Callable[[str], object] = lambda why: None,
    ) -> None:
        def then(answer: Answer) -> None:
            room.is_loading = False
            take(answer)
            room.version += 1
            self.look()

        room.is_loading = True
        room.version += 1
        self.ask(asked, then, room=room, lost=lost)

    # One message

    def around(self, name: str, n: int) -> None:
        """Show a message with what stands around it."""
        room = self.find_room(name)
        if room is None:
            self.tell(f"you are not in {safe_name(name)}, /join it first")
            return
        self._back = Left(self.current, self.room.place, room.name)
        self.go(room.name)

        def found(is_here: bool) -> None:
            if not is_here:
                self.tell(f"there is no message {n}, or it is not kept any more")

        def lost(why: str) -> None:
            self.back()
            self.tell(f"message {n} cannot be read now: {why}", Kind.ERROR)

        self._find(room, n, found, lost)

    def to_first(self, room: Room) -> None:
        """Show the first that the server keeps of a room."""

        def take(answer: Answer) -> None:
            events: list[Any] = answer.items
            n, now = events[0].n if events else 0, self._clock()
            if history.take_near(room, n, events, self.entry_of, now):
                history.to_first(room)

        if room.shown.first <= 1:
            history.to_first(room)
        else:
            self._load(room, history.first(room), take)
        self.version += 1

    def _resume(self, room: Room) -> None:
        """Go where one had scrolled to when the client ended, unless that is gone."""
        n, room.resume = room.resume, 0

        def found(is_here: bool) -> None:
            if is_here and room.place is not None:
                room.place.row = 0  # it was the last one seen

        def lost(why: str) -> None:
            room.resume = n  # to be read with the next page

        if n:
            self._find(room, n, found, lost)

    def _find(
        self,
        room: Room,
        n: int,
        then: Callable[[bool], object],
        lost: Callable[[str], object] = lambda why: None,
    ) -> None:
        """Go to a message, which is read first if it is not here."""

        def take(answer: Answer) -> None:
            events: list[Any] = answer.items
            now = self._clock()
            then(history.take_near(room, n, events, self.entry_of, now))

        if history.find(room, n):
            then(True)
        else:
            self._load(room, history.near(room, n), take, lost)

    def ask_beside(self, name: str, n: int, take: Callable[[Beside], None]) -> bool:
        """Ask what stands beside a message, unless something is asked of that kind
        already; return whether it is."""

        def then(entries: list[Entry]) -> None:
            take(beside.beside(entries, n))

        return self._ask_few(beside.wanted(name, n), then)

    def ask_quoted(self, room: Room, entries: Iterable[Entry]) -> None:
        """Ask what these answer, where that is not here: each once, one at a time."""
        here, quoted = room.shown.index, room.quoted
        asked = (e.reply_to for e in entries if e.reply_to is not None)
        n = next((n for n in asked if n not in here and n not in quoted), None)
        if n is None:
            return

        def take(found: list[Entry]) -> None:
            said = [e for e in found if e.n == n and e.kind is Kind.MESSAGE]
            room.quoted[n] = said[0] if said else None

        if self._ask_few(History(room=room.name, after=n - 1, limit=1), take):
            if len(room.quoted) >= QUOTED:
                room.quoted.clear()
            room.quoted[n] = None

    def _ask_few(self, asked: History, take: Callable[[list[Entry]], None]) -> bool:
        """Ask for some messages that are not to stand in the log."""
        if self._asked_few is not None or not self.online:
            return False

        def then(answer: Answer) -> None:
            self._asked_few = None
            events: list[Any] = answer.items
            take(made(events, self.entry_of, 1).entries)

        self._asked_few = self.ask(asked, then)
        return True

    @property
    def has_gone(self) -> bool:
        """Whether one looks at what :meth:`around` has gone to."""
        gone, room = self._back, self.room
        return gone is not None and gone.to == room.name and room.place is not None

    def back(self) -> None:
        """Go where one was before :meth:`around`."""
        seen, self._back = self._back, None
        if seen is None or seen.room not in self.rooms:
            return
        self.to_end(self.room)
        self.go(seen.room)
        if seen.place is not None:
            self._go_back(self.room, seen.place)
        self.version += 1

    def _go_back(self, room: Room, place: Place) -> None:
        def found(is_here: bool) -> None:
            if is_here and room.place is not None:
                room.place.row = place.row

        if place.entry in room.entries:
            room.place = place
        elif place.entry.n is not None:
            self._find(room, place.entry.n, found)

    def to_end(self, room: Room) -> None:
        """Show the end of a room's log."""
        history.to_end(room)
        self.look()
        self.version += 1

    def go(self, name: str) -> None:
        """Have another room before the eyes."""
        if name in self.rooms and name != self.current:
            before = self.room
            if not before.unread:
                before.fresh = None
            self.current = name
        self.look()
