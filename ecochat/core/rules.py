"""What each request does: the rules, which stand here once for every dialect."""

from bisect import bisect_right
from collections.abc import Callable
from itertools import islice
from typing import Any

from msgspec.structs import asdict

from ecochat.core import limits
from ecochat.core.commands import COMMANDS, find_command
from ecochat.core.errors import Refused
from ecochat.core.items import (
    Body,
    Ended,
    Entered,
    Event,
    Exited,
    HelpText,
    Item,
    LogRange,
    Note,
    Refusal,
    Renamed,
    Reply,
    RoomLine,
    RoomMade,
    RoomsPage,
    SessionClosed,
    SessionOpened,
    SessionRenamed,
    Topic,
    Welcomed,
    WhoPage,
)
from ecochat.core.names import check_nick, check_room, fold, guest
from ecochat.core.requests import (
    Depart,
    GetTopic,
    Help,
    History,
    Join,
    Leave,
    Open,
    Refuse,
    Request,
    Rooms,
    Say,
    SetNick,
    SetTopic,
    Since,
    Who,
)
from ecochat.core.state import Room, Session, State

LOBBY = "lobby"

READS: frozenset[type[Request]] = frozenset(
    (GetTopic, Who, Rooms, History, Since, Help, Refuse)
)
"""Requests that change nothing."""


class Rules:
    """Applies one request after another to a state; what they yield is in ``items``.

    Applying is deterministic: the same requests at the same times give the same state
    and the same items.

    :ivar not_open: why requests of a connection that has no session are refused.
    """

    def __init__(self, state: State, settings: limits.Limits) -> None:
        self.items: list[Item] = []
        self.not_open = "this connection has no session"
        self._state = state
        self._limits = settings
        self._time = 0
        self._origin = 0

    def apply(self, origin: int, time: int, request: Request) -> None:
        """Carry out one request.

        :param origin: the connection that it came over.
        :param time: when, in milliseconds since 1970 (UTC).
        :raises Refused: when it may not be; nothing has changed then.
        """
        self._origin, self._time = origin, time
        if type(request) is Open:
            self._open(request)
            return
        session = self._state.origins.get(origin)
        if session is not None:
            _RULES[type(request)](self, session, request)
        elif type(request) is Depart:
            self.reply(Ended())
        else:
            raise Refused("not_stored", self.not_open)

    def reply(self, body: Body) -> None:
        """Tell the connection that asked."""
        self.items.append(Reply(self._state.next_seq(), self._origin, body))

    def refuse(self, origin: int, refusal: Refusal) -> None:
        """Tell a connection that its request was not carried out."""
        self._origin = origin
        self.reply(refusal)

    def _note(self, room: Room, session: Session, kind: str, new: str = "") -> None:
        seq = self._state.next_seq()
        note = Note(seq, room.id, session.number, kind, session.nick, new)
        self.items.append(note)

    # Sessions

    def _open(self, request: Open) -> None:
        nick = guest(self._state.last_session + 1)
        session = self._state.open_session(self._origin, nick, fold(nick))
        self.items.append(
            SessionOpened(
                self._state.next_seq(),
                session.number,
                nick,
                request.address,
                self._time,
                self._origin,
            )
        )
        room = self._enter(session, LOBBY)
        entered = asdict(_entered(session, room))
        self.reply(Welcomed(**entered, session=session.number))

    def _depart(self, session: Session, request: Depart) -> None:
        for room in list(session.rooms.values()):
            self._state.leave(session, room)
            self._note(room, session, "left")
        self._state.close_session(session)
        self.items.append(
            SessionClosed(
                self._state.next_seq(),
                session.number,
                session.nick,
                request.reason,
                self._time,
                len(self._state.sessions),
            )
        )
        self.reply(Ended())

    def _set_nick(self, session: Session, request: SetNick) -> None:
        own = fold(guest(session.number))
        key = check_nick(request.nick, own)
        if request.nick == session.nick:
            raise Refused("bad_name", f"you are {session.nick} already")
        if self._state.names.get(key, session) is not session:
            raise Refused("name_taken", f"the name {request.nick} is taken")
        old = session.nick
        for room in session.rooms.values():
            self._note(room, session, "renamed", request.nick)
        self._state.rename(session, request.nick, key)
        seq = self._state.next_seq()
        self.items.append(SessionRenamed(seq, session.number, old, request.nick))
        self.reply(Renamed(old, request.nick))

    # Rooms

    def _join(self, session: Session, request: Join) -> None:
        room = self._enter(session, request.room)
        self.reply(_entered(session, room))

    def _enter(self, session: Session, name: str) -> Room:
        key = check_room(name)
        room = self._state.rooms.get(key)
        if room is None or room.id not in session.rooms:
            if len(session.rooms) >= limits.ROOMS_OF_A_SESSION:
                most = limits.ROOMS_OF_A_SESSION
                raise Refused("too_many", f"you are in {most} rooms, /leave one first")
            room = room or self._make_room(name, key)
            self._state.enter(session, room)
            self._note(room, session, "joined")
        else:
            self._state.revisit(session, room)
        self._state.go_to(session, room)
        return room

    def _make_room(self, name: str, key: str) -> Room:
        if len(self._state.rooms) >= limits.ROOMS:
            most = limits.ROOMS
            raise Refused("too_many", f"there are {most} rooms, join one of them")
        room = self._state.make_room(name, key)
        seq = self._state.next_seq()
        self.items.append(RoomMade(seq, room.id, name, key, self._time))
        return room

    def _leave(self, session: Session, request: Leave) -> None:
        room = self._own_room(session, request.room)
        self._state.leave(session, room)
        self._note(room, session, "left")
        now = session.current
        current = (now.id, now.name) if now else ()
        self.reply(Exited(room.id, room.name, *current))

    def _own_room(self, session: Session, name: str | None) -> Room:
        """Return a room that the session is in: the current one, or that of a name."""
        if name is None:
            return _current(session)
        room = self._room(session, name)
        if room.id not in session.rooms:
            raise Refused("not_member", f"you are not in {room.name}")
        return room

    def _room(self, session: Session, name: str | None) -> Room:
        """Return a room that the session may read: any there is."""
        if name is None:
            return _current(session)
        room = self._state.rooms.get(check_room(name))
        if room is None:
            raise Refused("no_room", f"there is no room {name}, /join {name} makes it")
        return room

    # The log

    def _say(self, session: Session, request: Say) -> None:
        most = self._limits.message
        if len(request.text) > most:
            text = f"message longer than {most} characters, not sent"
            raise Refused("too_long", text)
        room = self._own_room(session, request.room)
        self._write(session, room, "message", request.text)

    def _set_topic(self, session: Session, request: SetTopic) -> None:
        if len(request.topic) > limits.TOPIC:
            text = f"topic longer than {limits.TOPIC} characters, not set"
            raise Refused("too_long", text)
        room = self._own_room(session, request.room)
        self._state.set_topic(room, request.topic)
        self._write(session, room, "topic", request.topic)

    def _write(self, session: Session, room: Room, kind: str, text: str) -> None:
        n = self._state.advance(room)
        seq = self._state.next_seq()
        event = Event(
            seq, room.id, n, self._time, session.number, session.nick, kind, text
        )
        self.items.append(event)

    # Questions

    def _get_topic(self, session: Session, request: GetTopic) -> None:
        room = self._room(session, request.room)
        self.reply(Topic(room.name, room.topic))

    def _who(self, session: Session, request: Who) -> None:
        room = self._room(session, request.room)
        begin = bisect_right(room.members, request.after)
        numbers = room.members[begin : begin + limits.WHO_PAGE]
        members = tuple((self._state.sessions[n].nick, n) for n in numbers)
        rest = len(room.members) - begin - len(numbers)
        more = Who(room.name, numbers[-1]) if rest else None
        self.reply(WhoPage(room.name, members, len(room.members), more))

    def _rooms(self, session: Session, request: Rooms) -> None:
        upto = request.after + limits.ROOMS_PAGE
        rooms = islice(self._state.rooms.values(), request.after, upto)
        lines = tuple(RoomLine(r.name, len(r.members), r.last, r.topic) for r in rooms)
        more = Rooms(upto) if upto < len(self._state.rooms) else None
        self.reply(RoomsPage(lines, more))

    def _history(self, session: Session, request: History) -> None:
        room = self._room(session, request.room)
        upto = room.last
        if request.before is not None:
            upto = min(upto, max(request.before - 1, 0))
        self._range(room, upto - request.count, upto)

    def _since(self, session: Session, request: Since) -> None:
        room = self._room(session, request.room)
        self._range(room, request.number, room.last)

    def _range(self, room: Room, after: int, upto: int) -> None:
        after = max(after, room.first - 1)
        end = upto if after < upto else room.last
        self.reply(LogRange(room.id, room.name, after, upto, end))

    def _help(self, session: Session, request: Help) -> None:
        if request.command is None:
            lines = [f"{c.usage}: {c.help}" for c in COMMANDS.values()]
            lines.append("anything else is said in the room; //x says /x")
        else:
            command = find_command(request.command)
            lines = [f"{command.usage}: {command.help}"]
        self.reply(HelpText(tuple(lines)))

    def _refuse(self, session: Session, request: Refuse) -> None:
        raise Refused(request.code, request.text)


def _entered(session: Session, room: Room) -> Entered:
    others = len(room.members) - 1
    return Entered(room.id, room.name, room.last, session.nick, others, room.topic)


def _current(session: Session) -> Room:
    if session.current is None:
        raise Refused("no_current_room", "you are in no room, /join one")
    return session.current


_RULES: dict[type[Request], Callable[[Rules, Session, Any], None]] = {
    Depart: Rules._depart,
    SetNick: Rules._set_nick,
    Join: Rules._join,
    Leave: Rules._leave,
    Say: Rules._say,
    SetTopic: Rules._set_topic,
    GetTopic: Rules._get_topic,
    Who: Rules._who,
    Rooms: Rules._rooms,
    History: Rules._history,
    Since: Rules._since,
    Help: Rules._help,
    Refuse: Rules._refuse,
}
