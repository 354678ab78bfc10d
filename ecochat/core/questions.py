"""What each request that changes nothing is answered with."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import islice
from typing import Any

from ecochat.core import limits
from ecochat.core.commands import COMMANDS, find_command
from ecochat.core.errors import Refused
from ecochat.core.ground import Ground, check_length
from ecochat.core.items import (
    AcksSet,
    Announced,
    Clock,
    Fact,
    HelpText,
    LogRange,
    RoomLine,
    RoomsPage,
    StatusRange,
    Stopping,
    Topic,
    WhoPage,
)
from ecochat.core.requests import (
    Announce,
    Clients,
    GetTopic,
    Help,
    History,
    Joke,
    Mac,
    Name,
    Refuse,
    Request,
    Rooms,
    SetAcks,
    Shutdown,
    Since,
    Status,
    Tell,
    Time,
    Who,
)
from ecochat.core.state import Room, Session


def _get_topic(ground: Ground, session: Session, request: GetTopic) -> None:
    room = ground.room(session, request.room)
    ground.reply(Topic(room.name_for(session), room.topic))


def _who(ground: Ground, session: Session, request: Who) -> None:
    room = ground.room(session, request.room)
    present = ground.present(room)
    begin = bisect_right(present, request.after)
    numbers = present[begin : begin + limits.WHO_PAGE]
    members = tuple((ground.state.sessions[n].nick, n) for n in numbers)
    rest = len(present) - begin - len(numbers)
    name = room.name_for(session)
    more = Who(name, numbers[-1]) if rest else None
    ground.reply(WhoPage(name, members, len(present), more))


def _rooms(ground: Ground, session: Session, request: Rooms) -> None:
    upto = request.after + limits.ROOMS_PAGE
    rooms = islice(ground.state.rooms.values(), request.after, upto)
    lines = tuple(RoomLine(r.name, len(r.members), r.last, r.topic) for r in rooms)
    more = Rooms(upto) if upto < len(ground.state.rooms) else None
    ground.reply(RoomsPage(lines, more))


def _history(ground: Ground, session: Session, request: History) -> None:
    room = ground.room(session, request.room)
    upto = room.last
    if request.before is not None:
        upto = min(upto, max(request.before - 1, 0))
    _range(ground, session, room, upto - request.count, upto)


def _since(ground: Ground, session: Session, request: Since) -> None:
    room = ground.room(session, request.room)
    _range(ground, session, room, request.number, room.last)


def _range(ground: Ground, session: Session, room: Room, after: int, upto: int) -> None:
    after = max(after, room.first - 1)
    end = upto if after < upto else room.last
    ground.reply(LogRange(room.id, room.name_for(session), after, upto, end))


def _status(ground: Ground, session: Session, request: Status) -> None:
    upto = ground.state.last_session
    ground.reply(StatusRange(ground.time, upto, session.operator))


def _clients(ground: Ground, session: Session, request: Clients) -> None:
    ground.reply(Fact("clients", str(len(ground.state.sessions))))


def _time(ground: Ground, session: Session, request: Time) -> None:
    ground.reply(Clock(ground.time, request.local))


def _name(ground: Ground, session: Session, request: Name) -> None:
    ground.reply(Fact("name", ground.facts.name))


def _mac(ground: Ground, session: Session, request: Mac) -> None:
    if not ground.facts.mac:
        raise Refused("no_mac", "this machine shows no hardware address")
    ground.reply(Fact("mac", ground.facts.mac))


def _joke(ground: Ground, session: Session, request: Joke) -> None:
    jokes = ground.facts.jokes
    ground.reply(Fact("joke", jokes[ground.state.next_joke() % len(jokes)]))


def _set_acks(ground: Ground, session: Session, request: SetAcks) -> None:
    ground.reply(AcksSet(request.on))


def _help(ground: Ground, session: Session, request: Help) -> None:
    if request.command is None:
        allowed = [c for c in COMMANDS.values() if session.operator or not c.operator]
        lines = [f"{command.usage}: {command.help}" for command in allowed]
        lines.append("anything else is said in the room; //x says /x")
    else:
        command = find_command(request.command)
        whom = " (operators only)" if command.operator else ""
        lines = [f"{command.usage}: {command.help}{whom}"]
    ground.reply(HelpText(tuple(lines)))


def _tell(ground: Ground, session: Session, request: Tell) -> None:
    ground.reply(Fact("notice", request.text))


def _refuse(ground: Ground, session: Session, request: Refuse) -> None:
    raise Refused(request.code, request.text)


def _announce(ground: Ground, session: Session, request: Announce) -> None:
    check_length("message", request.text, ground.limits.message, "not sent")
    _tell_everyone(ground, request.text)


def _shutdown(ground: Ground, session: Session, request: Shutdown) -> None:
    check_length("reason", request.reason, limits.REASON, "nothing done")
    unit = "second" if request.seconds == 1 else "seconds"
    when = f"in {request.seconds} {unit}" if request.seconds else "now"
    why = f": {request.reason}" if request.reason else ""
    _tell_everyone(ground, f"stopping {when}{why}")
    ground.items.append(Stopping(ground.state.next_seq(), request.seconds))


def _tell_everyone(ground: Ground, text: str) -> None:
    announced = Announced(text)
    for everyone in ground.state.sessions.values():
        ground.tell(everyone.origin, announced)


QUESTIONS: dict[type[Request], Callable[[Ground, Session, Any], None]] = {
    GetTopic: _get_topic,
    Who: _who,
    Rooms: _rooms,
    History: _history,
    Since: _since,
    Status: _status,
    Clients: _clients,
    Time: _time,
    Name: _name,
    Mac: _mac,
    Joke: _joke,
    SetAcks: _set_acks,
    Help: _help,
    Tell: _tell,
    Refuse: _refuse,
    Announce: _announce,
    Shutdown: _shutdown,
}
"""Their functions, by type of request. None changes what is kept."""
