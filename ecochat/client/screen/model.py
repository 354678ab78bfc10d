"""A person's chat on the whole screen, without I/O: what happens and what is typed in,
what is shown and what is asked out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from ecochat.client.errors import (
    ClientError,
    Disconnected,
    Ended,
    NotStored,
    Refused,
)
from ecochat.client.happenings import Answer
from ecochat.client.memory import Refusal
from ecochat.client.outbox import Kept
from ecochat.client.safe import safe, safe_name
from ecochat.client.screen import beside, history, lists, writings
from ecochat.client.screen.beside import UNKNOWN, Beside
from ecochat.client.screen.entries import Kind
from ecochat.client.screen.hits import Hit, hits_of
from ecochat.client.screen.room import Room
from ecochat.client.screen.saying import Saying
from ecochat.client.screen.wishes import AskNick, Keep
from ecochat.client.screen.writings import Sent
from ecochat.client.terminal.names import other_name
from ecochat.client.terminal.scene import remember
from ecochat.client.terminal.typed import typed_for
from ecochat.client.unanswered import room_of
from ecochat.core import wire
from ecochat.core.names import is_nick
from ecochat.core.requests import (
    Announce,
    Join,
    Leave,
    Request,
    SayTo,
    Search,
    SetNick,
    SetTopic,
    Shutdown,
)
from ecochat.core.requests import Rooms as GetRooms

FIRST = "nobody has said anything yet in"


class Snapshot(NamedTuple):
    """What is worth keeping until the next start, of one server.

    :param nick: one's name.
    :param current: the room before the eyes.
    :param rooms: those one is in, in the order shown, with how far each was read.
    :param drafts: what was begun to write, by room.
    :param muted: the rooms that do not call.
    :param places: the number of the last event on the screen, by room, where one has
        scrolled back.
    :param refused: what was refused, in that order.
    """

    nick: str
    current: str
    rooms: dict[str, int]
    drafts: dict[str, str]
    muted: list[str]
    places: dict[str, int] = {}
    refused: list[Refusal] = []


class Model(Saying):
    """Takes what happens on one server and what a person types there, and has what is
    shown of it.

    All text in it is safe to show, but ``Entry.raw``, ``Room.draft`` and what
    :meth:`recall` and :meth:`edit_last` give: those are one's own words as they were
    typed. The rest of it is in
    :class:`~ecochat.client.screen.saying.Saying` (what a person does),
    :class:`~ecochat.client.screen.asking.Asking` (who is there, the clock),
    :class:`~ecochat.client.screen.reading.Reading` (the log) and
    :class:`~ecochat.client.screen.arrivals.Arrivals` (rooms, and what happens).

    :param nick: the name asked for.
    :param server: the server's address, until it says its name.
    :param clock: gives the time in seconds since 1970.
    """

    # What is left from before, and what becomes of the connection

    def kept(self, kept: list[Kept]) -> list[Sent]:
        """Take what the outbox has from before, in order; return what stands for each,
        to be answered. It is not asked again: the library sends it."""
        return [self._send(self._left_over(each)) for each in kept]

    def _left_over(self, kept: Kept) -> Sent:
        name = room_of(kept.request)
        room = self.open_room(name) if name else self.room
        entry = writings.entry_of(kept.request, self.nick, kept.written)
        if entry is not None:
            history.own(room, entry)
        is_said = isinstance(kept.request, writings.SAID)
        typed = "" if is_said else typed_for(kept.request)
        return Sent(kept.request, typed, room, entry, time=kept.written)

    def unreached(self, why: str) -> None:
        """Take it that an attempt to connect came to nothing; others follow."""
        why = safe(why)
        if why != self.why:
            self.why = why
            self.tell(f"{why}; trying again", Kind.ERROR)

    def ended(self, why: ClientError) -> None:
        """Take it that the server has ended the session, or begins none, for good."""
        self.online, self.is_over, self.why = False, True, safe(str(why))
        self.tell(f"the session has ended: {self.why}", Kind.ERROR)
        if isinstance(why, Ended) and why.code in ("name_taken", "bad_name"):
            self.wish(AskNick(self.why, other_name(self.nick)))

    def snapshot(self) -> Snapshot:
        """Return what is worth keeping until the next start."""
        rooms = list(self.rooms.values())
        return Snapshot(
            self.nick,
            self.current,
            {
                r.name: r.read
                for r in rooms
                if r.is_joined or not (r.is_private or r.is_left)
            },
            {room.name: room.draft for room in rooms if room.draft},
            [room.name for room in rooms if room.is_muted],
            {r.name: n for r in rooms if (n := history.scrolled_to(r))},
            self.refusals,
        )

    def restore(self, kept: Snapshot) -> None:
        """Take what a snapshot has; before the first session."""
        self.nick = self.nick or kept.nick
        for name, read in kept.rooms.items():
            self.open_room(name).read = read
        for name, draft in kept.drafts.items():
            self.open_room(name).draft = draft
        for name in kept.muted:
            self.open_room(name).is_muted = True
        for name, n in kept.places.items():
            self.open_room(name).resume = n
        for each in kept.refused:
            room = self.open_room(each.room) if each.room else self.room
            entry = writings.again(each.typed, self.nick, each.time)
            writings.refused(room, entry, safe(each.why))
        for room in self.rooms.values():
            room.is_left = room.name not in kept.rooms
        if kept.current in self.rooms:
            self.current = kept.current
        self.version += 1

    # What comes back

    def answered(self, sent: Sent, answer: Answer) -> None:
        """Take the answer to something."""
        self._writes.discard(sent)
        self.version += 1
        if sent.then is not None:
            sent.then(answer)
        elif isinstance(answer.end, wire.Stored):
            self._stored(sent, answer.end)
        else:
            take = _ANSWERS.get(type(sent.request), Model._done)
            items: list[Any] = answer.items
            take(self, sent, items, answer.end)

    def failed(self, sent: Sent, wrong: ClientError | ValueError) -> None:
        """Take it that something was refused, or has no answer.

        What writes and has none because the client ends is in the outbox.
        """
        self.version += 1
        if sent.is_write and isinstance(wrong, Disconnected):
            return
        self._writes.discard(sent)
        if sent.then is not None:
            self.failed_unasked(sent, wrong)
        elif sent.is_write and isinstance(sent.request, writings.WORDED):
            self._not_written(sent, wrong)
        else:
            self._not_done(sent, wrong)

    def _not_written(self, sent: Sent, wrong: ClientError | ValueError) -> None:
        """Show it in its room, which may be gone by now, and have it remembered."""
        room, why = self._for_nobody(sent, wrong) or sent.room or self.room, str(wrong)
        room, why = self.open_room(room.name) if room.name else room, safe(why)
        entry = sent.entry or writings.command(sent.typed, self.nick, sent.time)
        writings.refused(room, entry, why)
        if room is not self.room and len(writings.all_refused(room)) == 1:
            self.tell(f"what you wrote in {room.name} is refused: {why}", Kind.ERROR)
        self.wish(Keep())

    def _for_nobody(self, sent: Sent, wrong: ClientError | ValueError) -> Room | None:
        """Where somebody was written to whom there is not: have no room for that, and
        return the one in which it was typed, to be shown there as the command."""
        room, where = sent.room, sent.where
        is_for_good = isinstance(wrong, Refused) and not isinstance(wrong, NotStored)
        if not (is_for_good and isinstance(sent.request, SayTo) and where and room):
            return None
        is_new = not room.is_joined and room.own == [sent.entry] and where is not room
        if not is_new or where.name not in self.rooms or room.name not in self.rooms:
            return None
        is_current = room is self.room
        sent.entry = None
        self.close_room(room)
        self.places.pop(room.name, None)
        if is_current:
            self.go(where.name)
        return where

    def _not_done(self, sent: Sent, wrong: ClientError | ValueError) -> None:
        room, why = sent.room, str(wrong)
        if isinstance(wrong, Ended):
            why = f"{sent.typed} is not done: the session has ended"
        elif isinstance(wrong, Disconnected):
            why = f"there was no answer to {sent.typed}: {why}"
        if isinstance(sent.request, Join) and room is not None:
            self._not_joined(room)
        elif isinstance(sent.request, Leave) and room is not None:
            self._not_in(room)
        self._refuse(sent.typed, why, sent.where, sent.time)

    def _not_in(self, room: Room) -> None:
        """Have a room no longer that stayed only for what was refused there."""
        if not room.is_joined and self.rooms.get(room.name) is room:
            self.close_room(room)

    def _not_joined(self, room: Room) -> None:
        room.is_left = not room.is_joined
        if room.is_left and not room.own and room.name in self.rooms:
            self.close_room(room)

    def _stored(self, sent: Sent, end: wire.Stored) -> None:
        room, entry = sent.room, sent.entry
        if room is None or entry is None:
            return
        actual = self.find_room(end.room)
        if actual is None and room.is_private:
            self._rename(room, safe_name(end.room))
        elif actual is not None and actual is not room:
            writings.move(entry, room, actual)
            if room.is_private:
                self._not_joined(room)
            room = actual
        writings.stored(room, entry, end.n)

    def _done(self, sent: Sent, items: list[Any], end: Any) -> None:
        shown = lists.answer(sent.request, items, end, self._clock())
        history.note(self.room, shown)

    def _entered(self, sent: Sent, items: list[Any], ok: wire.Ok) -> None:
        """Take it that one is in a room, of which the server knows how it is called."""
        assert isinstance(sent.request, Join)
        name = safe_name(ok.room or sent.request.room)
        room = self.open_room(name)
        if sent.room is not None and sent.room is not room:
            self._not_joined(sent.room)
        self._rename(room, name)
        history.enter(room, ok.last or 0)
        room.topic = safe(ok.topic or "")
        room.read = max(room.read, room.last)
        self.entered(room)
        if not room.last:
            self.tell(f"{FIRST} {room.name}", room=room)
        self.go(self.current or name)

    def _left_room(self, sent: Sent, items: list[Any], ok: wire.Ok) -> None:
        room = self.find_room(ok.room or "")
        if room is not None:
            self.let_go(room)
            self.tell(f"You left {room.name}.")

    def _new_name(self, sent: Sent, items: list[Any], ok: wire.Ok) -> None:
        self.nick = safe_name(ok.nick or self.nick)
        if is_nick(self.nick):
            self.choice = self.chosen = self.nick
        self.tell(f"you are {self.nick} now")

    def _topic(self, sent: Sent, items: list[Any], ok: wire.Ok) -> None:
        about = f"the topic is: {ok.topic}" if ok.topic else "there is no topic"
        self.tell(f"{safe_name(ok.room or '')}: {safe(about)}")

    def _list_of_rooms(self, sent: Sent, items: list[Any], end: Any) -> None:
        for room in items:
            remember(self.places, safe_name(room.room))
        self._done(sent, items, end)

    def _announced(self, sent: Sent, items: list[Any], end: Any) -> None:
        """What the server says to everyone, oneself too, shows it."""

    def _found(self, sent: Sent, items: list[Any], end: Any) -> None:
        assert isinstance(sent.request, Search)
        found = hits_of(items, sent.request, self._clock())
        if found.hits:
            self.search = found
        else:
            self.tell(f"nothing was found that has: {found.words}")

    def find_more(self) -> None:
        """Ask for what is before the last of what was found, unless that is asked."""
        search = self.search
        asked = None if search is None else search.more()
        if search is None or asked is None:
            return
        search.is_all = True  # until the answer is here

        def take(answer: Answer) -> None:
            items: list[Any] = answer.items
            if self.search is search:
                found = hits_of(items, asked, self._clock())
                self.search = search.followed(found)

        def lost(why: str) -> None:
            search.is_all = False

        self.ask(asked, take, lost=lost)

    def beside(self, hit: Hit) -> Beside:
        """Return what stands before and after what was found: of what is here, else of
        what was asked for; that is asked once, and one at a time."""
        room, search, key = self.find_room(hit.room), self.search, (hit.room, hit.n)
        if room is not None and (found := beside.here(room, hit.n)) is not None:
            return found
        if search is None or key in search.beside:
            return UNKNOWN if search is None else search.beside[key]
        take = partial(search.beside.__setitem__, key)
        if self.ask_beside(*key, take):
            search.beside[key] = UNKNOWN
        return UNKNOWN


_ANSWERS: dict[type[Request], Callable[[Model, Sent, list[Any], Any], None]] = {
    SetNick: Model._new_name,
    SetTopic: Model._topic,
    Join: Model._entered,
    Leave: Model._left_room,
    Search: Model._found,
    GetRooms: Model._list_of_rooms,
    Announce: Model._announced,
    Shutdown: Model._announced,
}
"""What the answers to what a person asked are to them; of the rest they are shown."""
