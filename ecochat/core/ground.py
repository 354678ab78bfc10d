"""What all rules stand on: the state, what is yielded, and which room a name means."""

from __future__ import annotations

from ecochat.core.errors import Refused
from ecochat.core.facts import Facts
from ecochat.core.items import Body, Item, Note, Reply, RoomMade
from ecochat.core.limits import Limits
from ecochat.core.names import MAX_NICK, check_room, fold
from ecochat.core.state import Room, Session, State, talk_key


def may_read(session: Session, room: Room) -> bool:
    """Whether a session may read a room. Nothing else decides that."""
    return not room.owners or session.identity in room.owners


class Ground:
    """The state, and the request that is being applied.

    :ivar items: what applying has yielded so far.
    :ivar time: when the request was proposed, in milliseconds since 1970 (UTC).
    :ivar origin: the connection that it came over.
    """

    def __init__(self, state: State, settings: Limits, facts: Facts) -> None:
        self.items: list[Item] = []
        self.state = state
        self.limits = settings
        self.facts = facts
        self.time = 0
        self.origin = 0

    def reply(self, body: Body) -> None:
        """Answer the connection that asked."""
        self.tell(self.origin, body, is_answer=True)

    def tell(self, origin: int, body: Body, is_answer: bool = False) -> None:
        """Tell one connection, unasked unless it is said to be an answer."""
        self.items.append(Reply(self.state.next_seq(), origin, body, is_answer))

    def note(self, room: Room, session: Session, kind: str, new: str = "") -> None:
        """Tell a room who came, went or has another name; nobody of a private one."""
        if not room.owners:
            seq = self.state.next_seq()
            note = Note(seq, room.id, session.number, kind, session.nick, new)
            self.items.append(note)

    def made(self, room: Room) -> None:
        """Have it recorded that a room was made."""
        seq = self.state.next_seq()
        self.items.append(
            RoomMade(seq, room.id, room.name, room.key, self.time, room.owners)
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

        :param name: None for its current one, ``@bob`` for the private one with bob.
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
            raise Refused("not_member", f"you are not in {room.name_for(session)}")
        return room

    def _room_of_everyone(self, name: str) -> Room:
        room = self.state.rooms.get(check_room(name))
        if room is None:
            raise Refused("no_room", f"there is no room {name}, /join {name} makes it")
        return room

    def _talk(self, session: Session, nick: str) -> Room:
        other = self.state.names.get(fold(nick))
        if other is None or other is session:
            return self._talk_of_before(session, nick)
        talk = self.state.talks.get(talk_key(session.identity, other.identity))
        if talk is None:
            how = f"/msg {other.nick} TEXT begins"
            raise Refused("no_room", f"you and {other.nick} have not talked; {how}")
        return talk

    def _talk_of_before(self, session: Session, nick: str) -> Room:
        """Return the newest private room with one who is gone and had this name."""
        key = fold(nick)
        for room in reversed(session.talks.values()):
            if fold(room.nicks[room.other(session.identity)]) == key:
                return room
        if key == session.key:
            raise Refused("no_room", "you have no private room with yourself")
        raise _nobody(nick)

    def present(self, room: Room) -> list[int]:
        """Return the numbers of a room's members, rising; of a private one those of
        its two who are here."""
        if not room.owners:
            return room.members
        owners = map(self.state.identities.get, room.owners)
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
