"""What all rules stand on: the state, what is yielded, and which room a name means."""

from __future__ import annotations

from typing import Any

from ecochat.core.entities import Room, Session, talk_key
from ecochat.core.errors import Refused
from ecochat.core.facts import Facts
from ecochat.core.items import (
    Body,
    Event,
    Item,
    Missing,
    Note,
    Reply,
    RoomMade,
)
from ecochat.core.limits import Limits
from ecochat.core.names import MAX_NICK, check_room, fold
from ecochat.core.requests import Informed, Request
from ecochat.core.state import State


def may_read(session: Session, room: Room) -> bool:
    """Whether a session may read a room. Nothing else decides that."""
    return not room.owners or session.identity in room.owners


class Ground:
    """The state, and the request that is being applied.

    :ivar items: what applying has yielded so far.
    :ivar time: when the request was proposed, in milliseconds since 1970 (UTC).
    :ivar origin: the connection that it came over.
    :ivar request: it.
    """

    def __init__(self, state: State, settings: Limits, facts: Facts) -> None:
        self.items: list[Item] = []
        self.state = state
        self.limits = settings
        self.facts = facts
        self.time = 0
        self.origin = 0
        self.request = Request()
        self._informed: Informed | None = None

    def take(self, origin: int, time: int, request: Request) -> Request:
        """Begin with a request; return it without what was found for it."""
        self.origin, self.time = origin, time
        self._informed = None
        if isinstance(request, Informed):
            self._informed, request = request, request.request
        self.request = request
        return request

    def reply(self, body: Body) -> None:
        """Answer the connection that asked."""
        self.answer(self.origin, self.request, body)

    def answer(self, origin: int, request: Request, body: Body) -> None:
        """Answer a request of a connection."""
        seq = self.state.next_seq()
        self.items.append(Reply(seq, origin, body, True, request.ref))

    def tell(self, origin: int, body: Body) -> None:
        """Tell one connection, unasked; 0: that of a session that is away, so none."""
        if origin:
            self.items.append(Reply(self.state.next_seq(), origin, body, False))

    def note(self, room: Room, session: Session, kind: str, new: str = "") -> None:
        """Tell a room who came, went, writes or has another name; of a private one
        only who writes."""
        if not room.owners or kind == "typing":
            seq = self.state.next_seq()
            note = Note(seq, room.id, session.number, kind, session.nick, new)
            self.items.append(note)

    # What is found in the store

    @property
    def found(self) -> Any:
        """What the store has for the request, where that was asked."""
        return self._informed.found if self._informed else None

    def key_record(self, hash: bytes) -> Informed | None:
        """Return what the store has of a key; None where it has to be asked, and the
        request will come again."""
        return self._looked_up(hash, key=hash)

    def _looked_up(self, thing: Any, **place: Any) -> Informed | None:
        informed = self._informed
        if informed and not self.state.changes.since(thing, informed.as_of):
            return informed
        seq = self.state.next_seq()
        missing = Missing(self.request, seq, **place)
        self.items.append(Reply(seq, self.origin, missing, False))
        return None

    def message(self, room: Room, session: Session, n: int) -> Event | None:
        """Return a message of a room's; None where the store has to be asked, and the
        request will come again.

        :raises Refused: ``no_message``.
        """
        name = self.name_of(room, session)
        if not room.first <= n <= room.last:
            raise Refused("no_message", f"there is no message {n} in {name}")
        informed = self._looked_up((room.id, n), room=room.id, n=n)
        if informed is None:
            return None
        found: Event | None = informed.found
        if found is None or found.kind != "message":
            raise Refused("no_message", f"{n} of {name} is not a message")
        if found.is_deleted:
            raise Refused("no_message", f"message {n} of {name} is deleted")
        return found

    def made(self, room: Room) -> None:
        """Have it recorded that a room was made."""
        seq = self.state.next_seq()
        key = room.key
        if room.owners:  # of two there may be one before it, which both have forgotten
            key += f" {room.id}"
        self.items.append(
            RoomMade(seq, room.id, room.name, key, self.time, room.owners)
        )

    # Whom and which room a name means

    def person(self, nick: str) -> Session:
        """Return the session of this name; :raises Refused: ``no_nick``."""
        session = self.state.names.get(fold(nick))
        if session is None:
            raise _nobody(nick)
        return session

    def room(self, session: Session, name: str | None) -> Room:
        """Return a room that the session may read.

        :param name: None for its current one, ``@bob`` for the private one with bob,
            ``@12`` for the private one that has this id.
        :raises Refused: ``bad_name``, ``no_room``, ``no_nick``, ``no_current_room``.
        """
        if name is None:
            room = _current(session)
        elif name.startswith("@"):
            room = self._talk(session, name[1:])
        else:
            room = self._room_of_everyone(name)
        if not may_read(session, room):
            raise Refused("no_room", "there is no such room")
        return room

    def own_room(self, session: Session, name: str | None) -> Room:
        """Return a room that the session is in: the current one, or that of a name.

        :raises Refused: also ``not_member``.
        """
        room = self.room(session, name)
        if not is_member(session, room):
            raise Refused("not_member", f"you are not in {self.name_of(room, session)}")
        return room

    def _room_of_everyone(self, name: str) -> Room:
        room = self.state.rooms.get(check_room(name))
        if room is None:
            raise Refused("no_room", f"there is no room {name}, /join {name} makes it")
        return room

    def _talk(self, session: Session, nick: str) -> Room:
        talk = self._called(session, nick)
        if talk is not None:
            return talk
        other = self.state.names.get(fold(nick))
        if nick.isdecimal():
            raise Refused("no_room", f"you have no private room @{nick[:20]}")
        if other is None:
            raise _nobody(nick)
        if other is session:
            raise Refused("no_room", "you have no private room with yourself")
        how = f"/msg {other.nick} TEXT begins"
        raise Refused("no_room", f"you and {other.nick} have not talked; {how}")

    def _called(self, session: Session, nick: str) -> Room | None:
        """Return the private room that a session calls so: by its id, by the other's
        name, or by the last name of one who is gone, and then the newest one."""
        if nick.isdecimal():
            rooms = (talk for talk in session.talks.values() if str(talk.id) == nick)
            return next(rooms, None)
        key = fold(nick)
        other = self.state.names.get(key)
        if other is not None and other is not session:
            return self.state.talks.get(talk_key(session.identity, other.identity))
        for room in reversed(list(session.talks.values())):
            if fold(room.nicks[room.other(session.identity)]) == key:
                return room
        return None

    def name_of(self, room: Room, session: Session) -> str:
        """Return what a session calls a room: a private one by the other's name, as
        ``@bob``, and where that means another room by its id, as ``@12``."""
        if not room.owners:
            return room.name
        nick = room.nicks[room.other(session.identity)]
        return f"@{nick if self._called(session, nick) is room else room.id}"

    def present(self, room: Room) -> list[int]:
        """Return the numbers of a room's members, rising; of a private one those of
        its two who are here."""
        if not room.owners:
            return room.members
        owners = map(self.state.speaker, room.owners)
        return sorted(owner.number for owner in owners if owner is not None)


def check_length(what: str, text: str, most: int, undone: str) -> None:
    """See that a text is no longer than it may be, in code points.

    :param undone: what has not been done with it: ``not sent``.
    :raises Refused: ``too_long``.
    """
    if len(text) > most:
        raise Refused("too_long", f"{what} longer than {most} characters, {undone}")


def is_member(session: Session, room: Room) -> bool:
    """Whether a session hears what is said in a room."""
    if room.owners:
        return session.number in room.members
    return room.id in session.rooms


def _nobody(nick: str) -> Refused:
    return Refused("no_nick", f"there is nobody called {nick[:MAX_NICK] or '@'}")


def _current(session: Session) -> Room:
    if session.current is None:
        raise Refused("no_current_room", "you are in no room, /join one")
    return session.current
