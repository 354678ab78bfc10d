"""What a server may answer that wants to harm whoever asks: in every field that is
text."""

from collections.abc import Callable, Iterable
from typing import Any

from ecochat.core import wire
from ecochat.core.wire import Bounds, RoomState, Said
from tests.support.malice import STRINGS, every, sample, some, whole
from tests.support.scripted import Asked

TIME = "2026-11-21T14:02:03.000Z"

ABOUT: dict[str, Any] = {"room": "lobby", "session": "s2", "time": TIME}
"""Where, by whom and when."""

SESSIONS = 500
"""Where there are so many, lines do not tell unasked who is in a room, the screen does.
"""

FEW = 6
"""Strings in a place that has space for no more."""

LAST = len(STRINGS)
"""The number of the lobby's last event, before any comes."""


def welcome(server: str, nick: str = "alice") -> wire.Welcome:
    """Return a greeting, with rooms whose names and topics are hostile."""
    names = ["lobby", *every("rm"), *(f"@{name}" for name in sample("pv"))]
    topics = ["", *every("rt"), *sample("pt")]
    states = {
        name: RoomState(last=0, topic=topic, id=name.startswith("@") * n or None)
        for n, (name, topic) in enumerate(zip(names, topics, strict=True))
    }
    states["lobby"] = RoomState(last=LAST, topic=some("lt"))
    return wire.Welcome(
        protocol=1,
        server=server,
        time=TIME,
        session="s1",
        nick=nick,
        resumed=False,
        last_id=0,
        rooms=states,
        limits=Bounds(frame=65_536, message=4_000),
    )


def message(n: int, nick: str, text: str) -> wire.Message:
    """Return what somebody wrote in the lobby."""
    return wire.Message(n=n, nick=nick, text=text, **ABOUT)


def messages(nicks: str, texts: str, begin: int = 1) -> list[Said]:
    """Return a message of each of the strings, by people who are called so."""
    both = enumerate(zip(every(nicks), every(texts), strict=True), begin)
    return [message(n, nick, text) for n, (nick, text) in both]


def topics(begin: int) -> list[Said]:
    """Return the same of topics that are set."""
    both = enumerate(zip(every("tn"), every("tt"), strict=True), begin)
    return [wire.Topic(n=n, nick=nick, topic=text, **ABOUT) for n, (nick, text) in both]


def reactions(begin: int) -> list[Said]:
    """Return the same of signs for the first messages."""
    both = enumerate(zip(every("rn"), every("rs"), strict=True))
    return [
        wire.React(
            n=begin + at, message=LAST + 1 + at, nick=nick, reaction=sign, **ABOUT
        )
        for at, (nick, sign) in both
    ]


def edits(begin: int) -> list[Said]:
    """Return the same of messages that have another text now."""
    return [
        wire.Edit(n=begin + at, message=LAST + 1 + at, nick="eve", text=text, **ABOUT)
        for at, text in enumerate(every("ed"))
    ]


def comings() -> list[Said]:
    """Return that some people come, and get other names, and that others are gone."""
    said: list[Said] = []
    for number, (nick, old, new, gone) in enumerate(
        zip(*(sample(field, FEW) for field in ("jn", "ol", "nw", "gn")), strict=True),
        1_000,
    ):
        about: dict[str, Any] = {"room": "lobby", "session": f"s{number}"}
        said.append(wire.Joined(nick=nick, **about))
        said.append(wire.Renamed(nick=old, new=new, **about))
        about["session"] = "s999"
        said.append(wire.Left(nick=gone, **about))
    return said


def answer(asked: Asked) -> Iterable[Said]:
    """Return what answers a request."""
    return _ANSWERS[asked["op"]](asked)


def _ok(**fields: object) -> Callable[[Asked], list[Said]]:
    return lambda asked: [wire.Ok(**fields)]  # type: ignore[arg-type]


def _refuse(asked: Asked) -> list[Said]:
    return [wire.Error(code="bad_text", text=whole("er"))]


def _who(asked: Asked) -> list[Said]:
    members = enumerate(every("wn"), 2)
    found = [
        wire.Member(room="lobby", nick=name, session=f"s{n}") for n, name in members
    ]
    return [*found, wire.End(room="lobby", count=len(found))]


def _rooms(asked: Asked) -> list[Said]:
    both = zip(every("ln"), every("la"), strict=True)
    found = [
        wire.Room(room=name, members=1, last=0, topic=topic) for name, topic in both
    ]
    return [*found, wire.End(count=len(found))]


def _status(asked: Asked) -> list[Said]:
    parts = zip(every("si"), every("sn"), every("sa"), every("st"), strict=True)
    found: list[Said] = []
    for session, nick, address, time in parts:
        fields: dict[str, Any] = {"session": session, "nick": nick, "address": address}
        found.append(wire.Session(connected=TIME, **fields))
        found.append(wire.Session(connected=time, disconnected=time, **fields))
    return [*found, wire.End(count=len(found))]


def _search(asked: Asked) -> list[Said]:
    return [*messages("fn", "fx"), wire.End()]


def _history(asked: Asked) -> list[Said]:
    if asked["room"] != "lobby":
        return [wire.End(room=asked["room"])]
    return [*messages("hn", "hx"), wire.End(room="lobby", n=len(every("hx")))]


_ANSWERS: dict[str, Callable[[Asked], Iterable[Said]]] = {
    "hello": lambda asked: [welcome(some("sv", FEW))],
    "say": _refuse,
    "me": _refuse,
    "who": _who,
    "rooms": _rooms,
    "status": _status,
    "search": _search,
    "history": _history,
    "topic": _ok(room=some("gr"), topic=whole("gt")),
    "join": lambda asked: [wire.Ok(room=asked["room"], topic=some("jt"), last=0)],
    "leave": _ok(room="lobby"),
    "nick": _ok(nick=some("my", 3)),
    "name": _ok(lines=tuple(every("na"))),
    "joke": _ok(text=whole("jk")),
    "time": _ok(time=whole("ti")),
    "clients": _ok(count=SESSIONS),
    **dict.fromkeys(("ping", "read", "typing", "watch", "quit", "announce"), _ok()),
}
"""By what is asked."""


def talks() -> list[Said]:
    """Return that private rooms are begun, have other names, and are forgotten."""
    said: list[Said] = []
    for id, (old, new, gone) in enumerate(
        zip(*(sample(field) for field in ("tk", "rl", "dr")), strict=True), 9_000
    ):
        said.append(wire.Opened(room=f"@{old}", id=id, last=0))
        said.append(wire.Opened(room=f"@{gone}", id=id + 500, last=0))
        said.append(wire.Relabelled(room=f"@{old}", id=id, new=f"@{new}"))
        said.append(wire.Dropped(room=f"@{gone}", id=id + 500))
    return said


def happened(begin: int = 1) -> list[Said]:
    """Return what an operator is told who watches."""
    said: list[Said] = []
    for at, (nick, session, other) in enumerate(
        zip(every("on"), every("os"), every("oo"), strict=True), begin
    ):
        who: dict[str, Any] = {"nick": nick, "session": session, "time": TIME}
        said.append(wire.Happened(kind="connected", address=other, **who))
        said.append(wire.Happened(kind="renamed", new=other, **who))
        said.append(wire.Happened(kind="away", reason=other, **who))
        said.append(wire.Happened(kind="disconnected", reason=other, **who))
        said.append(wire.Happened(kind="event", event=message(at, nick, other)))
    return said
