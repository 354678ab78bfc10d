"""What each request that changes nothing is answered with."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import islice
from typing import Any

from ecochat.core import limits
from ecochat.core.commands import COMMANDS, find_command
from ecochat.core.entities import Room, Session
from ecochat.core.errors import Refused
from ecochat.core.ground import Ground, check_length
from ecochat.core.items import (
    AcksSet,
    Announced,
    Clock,
    Done,
    Fact,
    HelpText,
    LogRange,
    Member,
    RoomLine,
    RoomsPage,
    SearchRange,
    StatusRange,
    Stopping,
    Topic,
    Visited,
    Watched,
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
    Ping,
    Refuse,
    Request,
    Rooms,
    Search,
    SetAcks,
    Shutdown,
    Status,
    Tell,
    Time,
    Visits,
    Watch,
    Who,
)


def _get_topic(ground: Ground, session: Session, request: GetTopic) -> None:
    room = ground.room(session, request.room)
    ground.reply(Topic(ground.name_of(room, session), room.topic))


def _who(ground: Ground, session: Session, request: Who) -> None:
    room = ground.room(session, request.room)
    present = ground.present(room)
    begin = bisect_right(present, request.after)
    numbers = present[begin : begin + limits.WHO_PAGE]
    found = (ground.state.sessions[n] for n in numbers)
    members = tuple(Member(s.nick, s.number, not s.origin) for s in found)
    rest = len(present) - begin - len(numbers)
    name = ground.name_of(room, session)
    more = Who(name, numbers[-1], ref=request.ref) if rest else None
    ground.reply(WhoPage(name, members, len(present), more))


def _rooms(ground: Ground, session: Session, request: Rooms) -> None:
    upto = request.after + limits.ROOMS_PAGE
    rooms = islice(ground.state.rooms.values(), request.after, upto)
    lines = tuple(RoomLine(r.name, len(r.members), r.last, r.topic) for r in rooms)
    count = len(ground.state.rooms)
    more = Rooms(upto, ref=request.ref) if upto < count else None
    ground.reply(RoomsPage(lines, count, more))


def _history(ground: Ground, session: Session, request: History) -> None:
    room = ground.room(session, request.room)
    upto = room.last
    if request.before is not None:
        upto = min(upto, max(request.before - 1, 0))
    if request.after is None:
        after = upto - request.limit
    else:
        after = max(request.after, room.first - 1)
        upto = min(upto, after + request.limit)
    after = max(after, room.first - 1)
    end = upto if after < upto else room.last
    ground.reply(LogRange(room.id, ground.name_of(room, session), after, upto, end))


def _status(ground: Ground, session: Session, request: Status) -> None:
    upto = ground.state.last_session
    away = frozenset(ground.state.away)
    ground.reply(StatusRange(ground.time, upto, session.operator, away))


def _visits(ground: Ground, session: Session, request: Visits) -> None:
    visits = ground.state.visits.get(request.form, {})
    ground.reply(Visited(tuple(visits.values())))


def _search(ground: Ground, session: Session, request: Search) -> None:
    words = tuple(request.words.split())
    if not words:
        raise Refused("usage", "there is no word to search for")
    if len(words) > limits.SEARCH_WORDS:
        raise Refused("too_many", f"more than {limits.SEARCH_WORDS} words to search")
    room = _room_to_search(ground, session, request)
    rooms = session.talks.values() if room is None else [room]
    ground.reply(
        SearchRange(
            words,
            room.id if room else None,
            {room.id: ground.name_of(room, session) for room in rooms},
            request.nick,
            request.after or 0,
            limits.NUMBER if request.before is None else request.before,
            request.limit,
        )
    )


def _room_to_search(ground: Ground, session: Session, request: Search) -> Room | None:
    if request.room is not None:
        return ground.room(session, request.room)
    if request.before is not None or request.after is not None:
        raise Refused("usage", "before and after are numbers of a room, name it")
    return None


def _ping(ground: Ground, session: Session, request: Ping) -> None:
    ground.reply(Done())


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
    ground.reply(Fact("told", request.text))


def _refuse(ground: Ground, session: Session, request: Refuse) -> None:
    raise Refused(request.code, request.text, request.path)


def _announce(ground: Ground, session: Session, request: Announce) -> None:
    check_length("message", request.text, ground.limits.message, "not sent")
    _tell_everyone(ground, request.text)
    if session.answered:
        ground.reply(Done())


def _shutdown(ground: Ground, session: Session, request: Shutdown) -> None:
    check_length("reason", request.reason, limits.REASON, "nothing done")
    unit = "second" if request.seconds == 1 else "seconds"
    when = f"in {request.seconds} {unit}" if request.seconds else "now"
    why = f": {request.reason}" if request.reason else ""
    _tell_everyone(ground, f"stopping {when}{why}")
    if session.answered:
        ground.reply(Done())
    ground.items.append(Stopping(ground.state.next_seq(), request.seconds))


def _watch(ground: Ground, session: Session, request: Watch) -> None:
    seq = ground.state.next_seq()
    ground.items.append(Watched(seq, session.number, request.on))
    ground.reply(Fact("notice", f"watch {'on' if request.on else 'off'}"))


def _tell_everyone(ground: Ground, text: str) -> None:
    announced = Announced(text)
    for everyone in ground.state.sessions.values():
        ground.tell(everyone.origin, announced)


QUESTIONS: dict[type[Request], Callable[[Ground, Session, Any], None]] = {
    GetTopic: _get_topic,
    Who: _who,
    Rooms: _rooms,
    History: _history,
    Search: _search,
    Status: _status,
    Visits: _visits,
    Clients: _clients,
    Ping: _ping,
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
    Watch: _watch,
}
"""Their functions, by type of request. None changes what is kept."""
