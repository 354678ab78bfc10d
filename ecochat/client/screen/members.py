"""Who is in a room."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Mapping

from ecochat.client.screen.room import Room
from ecochat.core.names import fold


def meet(room: Room, people: Mapping[str, str], away: Collection[str] = ()) -> None:
    """Take who is in a room: the names by session, safe to show.

    :param away: the names of those whose connection is lost.
    """
    room.people = dict(people)
    room.members = sorted(set(people.values()), key=fold)
    room.away = set(away)
    room.version += 1


def pair(room: Room, nick: str) -> None:
    """Take it that a private room has oneself and the other one in it."""
    room.members = sorted((nick, room.name[1:]), key=fold)
    room.version += 1


def add(room: Room, session: str, nick: str) -> None:
    """Take it that somebody is in a room."""
    room.people[session] = nick
    at = bisect_left(room.members, fold(nick), key=fold)
    if room.members[at : at + 1] != [nick]:
        insort(room.members, nick, key=fold)
    room.version += 1


def remove(room: Room, session: str) -> None:
    """Take it that somebody is in a room no longer."""
    nick = room.people.pop(session, None)
    if nick in room.members and nick not in room.people.values():
        room.members.remove(nick)
        room.away.discard(nick)
        room.typing.pop(nick, None)
    room.version += 1
