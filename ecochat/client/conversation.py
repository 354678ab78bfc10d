"""A person's conversation with a server, without I/O: bytes in, lines to show out.

It speaks the plain dialect (docs/protocol.md). It keeps what a client has to know:
one's name and rooms, who and what can be completed, what is sent and not answered.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable

from ecochat.client.line import Kind, Line
from ecochat.client.safe import safe, sendable
from ecochat.client.unanswered import MOST, Sent, Unanswered, read_typed
from ecochat.core.framing import BadFrame, FrameDecoder, encode_frame
from ecochat.core.requests import (
    Depart,
    Join,
    Leave,
    Request,
    Say,
    SetAcks,
    SetNick,
    SetTopic,
)
from ecochat.core.words import QUIT

KNOWN = 1_000
"""Names of people, and of rooms, kept for completion; the oldest go first."""

LISTED = 500
"""Names of a list that are shown in one line; a longer list takes several."""

ASKED = 50
"""Others in a room up to which the client asks who they are, for completion."""


class Conversation:
    """Talks with a server over connections that come and go.

    :ivar nick: one's name, as the server says it.
    :ivar rooms: the rooms one is in, the current one last.
    :ivar online: whether there is a session.
    :ivar welcomed: whether there ever was one.
    :ivar dismissed: whether the last that the server said is an error that was no
        answer, as to be kicked: a connection that it closes then is not made again.
    :ivar people: whom one has seen, who was seen last is last.
    :ivar places: the rooms one has heard of, in the same way.
    :ivar unanswered: what was sent, in that order.
    :ivar given_back: messages that had no answer when the connection was lost, or came
        too late for it; the input takes them from here, one after the other.
    :param nick: the name to take; empty for the one that the server gives.
    """

    def __init__(self, nick: str = "") -> None:
        self.nick = nick
        self.rooms: list[str] = []
        self.online = False
        self.welcomed = False
        self.dismissed = False
        self.people: dict[str, None] = {}
        self.places: dict[str, None] = {}
        self.unanswered = Unanswered()
        self.given_back: deque[str] = deque(maxlen=MOST)
        self._wanted = sendable(nick)
        self._returning: set[str] = set()
        self._listed: list[str] = []
        self._acks = True
        self._password_is_due = False
        self._output = bytearray()
        self._decoder = FrameDecoder()

    @property
    def room(self) -> str:
        """The current room; empty for none."""
        return self.rooms[-1] if self.rooms else ""

    @property
    def asked_to_leave(self) -> bool:
        """Whether the server was asked to close, and has not refused."""
        return self.unanswered.has_departure

    # The connection

    def connected(self) -> None:
        """Begin a session on a new connection."""
        self._decoder = FrameDecoder()
        self._acks = True
        self.dismissed = False
        self._password_is_due = False
        self._output.clear()
        self.unanswered.clear()
        self._listed.clear()
        if self._wanted:
            self._ask(f"/nick {self._wanted}")
        else:
            self._output += encode_frame("")  # so that it begins without a wait

    def receive(self, data: bytes) -> list[Line]:
        """Take what was read; return what to show."""
        self._decoder.receive(data)
        lines: list[Line] = []
        while (frame := self._decoder.next_frame()) is not None:
            if isinstance(frame, BadFrame):
                text = f"the server sent something that is {frame.value}"
                lines.append(Line(Kind.ERROR, text))
            else:
                lines += self._read(safe(frame))
        return lines

    def lost(self) -> list[Line]:
        """Take the end of the connection; return what to show."""
        text = "connection lost; trying again, your input stays where it is"
        lines = [Line(Kind.ERROR, text)]
        for sent in self.unanswered.messages:
            self._give_back(sent)
            text = f"not confirmed (/history shows if it is stored): {sent.typed}"
            lines.append(Line(Kind.ERROR, safe(text)))
        self.unanswered.clear()
        self.online = False
        return lines

    def output(self) -> bytes:
        """Return what is to be sent now, once."""
        data = bytes(self._output)
        self._output.clear()
        return data

    def say(self, typed: str) -> list[Line]:
        """Send what a person typed, or give it back; return what to show at once."""
        sent = read_typed(sendable(typed).rstrip("\n"))
        if not self.online:
            self._give_back(sent)
            return []
        if self._password_is_due:
            sent = Sent(sent.typed, Depart())
        waits = self._acks or not sent.is_acknowledged
        self._send(sent, waits)
        return [] if waits else [self._own(sent)]

    def is_secret(self, typed: str) -> bool:
        """Whether what is typed is a password, or holds one."""
        match = QUIT.fullmatch(typed.strip())
        return self._password_is_due or bool(match and match[1])

    def _give_back(self, sent: Sent) -> None:
        """Have it typed again: to the one person that it is for, since everyone would
        read it where their room is gone."""
        here = isinstance(sent.request, Say) and sent.request.room is None
        private = here and self.room.startswith("@")
        typed = f"/msg {self.room[1:]} {sent.said}" if private else sent.typed
        self.given_back.append(typed)

    def _ask(self, text: str) -> None:
        self._send(read_typed(text))

    def _send(self, sent: Sent, waits: bool = True) -> None:
        self._output += encode_frame(sent.typed)
        if waits:
            self.unanswered.add(sent)
        if isinstance(sent.request, SetAcks):
            self._acks = sent.request.on

    # Frames

    def _read(self, frame: str) -> Iterable[Line]:
        self.dismissed = False
        read = _FRAMES.get(frame[:2])
        return read(self, frame[2:]) if read else [self._message(frame)]

    def _message(self, frame: str) -> Line:
        match = _MESSAGE.fullmatch(frame)
        if match is None:
            return Line(Kind.NOTICE, frame)
        if match["room"]:
            _remember(self.places, match["room"])
        if match["nick"] != "Server":
            _remember(self.people, match["nick"])
        return Line(Kind.MESSAGE, match["text"], match["nick"], match["room"] or "")

    def _error(self, text: str) -> list[Line]:
        self.dismissed = self.unanswered.refused() is None and self.online
        return [Line(Kind.ERROR, text)]

    def _ack(self, text: str) -> list[Line]:
        sent = self.unanswered.acknowledged()
        if sent is None:
            return [Line(Kind.NOTICE, f"stored: {text}")]
        room, _, number = text.partition(" ")
        _remember(self.places, room)
        elsewhere = "" if room == self.room else room
        return [self._own(sent)._replace(room=elsewhere, number=number)]

    def _own(self, sent: Sent) -> Line:
        if isinstance(sent.request, SetTopic):
            text = f"{self.nick} set the topic: {safe(sent.request.topic)}"
            return Line(Kind.NOTICE, text)
        return Line(Kind.OWN, safe(sent.said), self.nick)

    def _notice(self, text: str) -> list[Line]:
        for pattern, act in _NOTICES:
            if match := pattern.fullmatch(text):
                return act(self, match)
        return self._reply(text)

    def _reply(self, text: str) -> list[Line]:
        self.unanswered.noticed()
        return [Line(Kind.NOTICE, text)]

    def _answer(self, text: str, *kinds: type[Request]) -> list[Line]:
        self.unanswered.answered(*kinds)
        return [Line(Kind.NOTICE, text)]

    # Notices

    def _welcome(self, match: re.Match[str]) -> list[Line]:
        rooms, back = self.rooms, self.welcomed
        self.rooms = []
        self.online = self.welcomed = True
        if back:
            self._return_to(rooms, match["room"])
        self._enter(match)
        lines = [Line(Kind.NOTICE, match[0])]
        return [Line(Kind.NOTICE, "connected again"), *lines] if back else lines

    def _return_to(self, rooms: list[str], first: str) -> None:
        """Go into the rooms one was in; ``first`` is where the server puts everyone."""
        again = [room for room in rooms if room != first]
        if again and rooms[-1] == first:
            again.append(first)
        self._returning = set(again)
        for room in again:
            self._ask(f"/join {room}")
        if first not in rooms:
            self._ask(f"/leave {first}")

    def _entered(self, match: re.Match[str]) -> list[Line]:
        self._enter(match)
        return self._answer(match[0], Join)

    def _enter(self, match: re.Match[str]) -> None:
        self.nick, room = match["nick"], match["room"]
        self.rooms = [*(r for r in self.rooms if r != room), room]
        _remember(self.places, room)
        if room in self._returning:
            self._returning.discard(room)
        elif 0 < int(match["others"] or 0) <= ASKED:
            self._ask(f"/who {room}")

    def _left_room(self, match: re.Match[str]) -> list[Line]:
        now = [match["now"]] if match["now"] else []
        self.rooms = [r for r in self.rooms if r not in (match["room"], *now)] + now
        return self._answer(match[0], Leave)

    def _came(self, match: re.Match[str]) -> list[Line]:
        _remember(self.people, match["nick"])
        return [Line(Kind.PRESENCE, match[0])]

    def _went(self, match: re.Match[str]) -> list[Line]:
        self.people.pop(match["nick"], None)
        return [Line(Kind.PRESENCE, match[0])]

    def _renamed(self, match: re.Match[str]) -> list[Line]:
        old, new = match["nick"], match["new"]
        self.people.pop(old, None)
        if self.places.pop(f"@{old}", self) is None:
            _remember(self.places, f"@{new}")
        self.rooms = [f"@{new}" if room == f"@{old}" else room for room in self.rooms]
        if old == self.nick:
            self.nick = self._wanted = new
            return self._answer(match[0], SetNick)
        _remember(self.people, new)
        return [Line(Kind.PRESENCE, match[0])]

    def _listed_person(self, match: re.Match[str]) -> list[Line]:
        if match["nick"] != self.nick:
            _remember(self.people, match["nick"])
        self._listed.append(f"{match['nick']} ({match['id']})")
        self.unanswered.noticed()
        return self._list(match["room"]) if len(self._listed) == LISTED else []

    def _list(self, room: str) -> list[Line]:
        names = ", ".join(self._listed)
        self._listed.clear()
        return [Line(Kind.NOTICE, f"in {room}: {names}")]

    def _end_of_list(self, match: re.Match[str]) -> list[Line]:
        if self._listed:
            return self._list(match["room"])
        # Of a list with nothing in it, it is all the answer there is.
        return [] if self.unanswered.has_line else self._reply(match[0])

    def _listed_room(self, match: re.Match[str]) -> list[Line]:
        _remember(self.places, match["room"])
        return self._reply(match[0])

    def _password(self, match: re.Match[str]) -> list[Line]:
        """What is typed next is a password, until the server takes messages again."""
        self._password_is_due = match[0] == "password?"
        return self._reply(match[0])


def _remember(names: dict[str, None], name: str) -> None:
    names.pop(name, None)
    names[name] = None
    if len(names) > KNOWN:
        del names[next(iter(names))]


_FRAMES: dict[str, Callable[[Conversation, str], list[Line]]] = {
    "* ": Conversation._notice,
    "! ": Conversation._error,
    "+ ": Conversation._ack,
}
_MESSAGE = re.compile(
    r"(?:\[(?P<room>[^\]\s]+)\] )?(?P<nick>[^\s:\[\]]+): (?P<text>.*)", re.DOTALL
)
_YOU = r"You are (?P<nick>\S+) in (?P<room>\S+) (?:alone|with (?P<others>\d+) others?)"
_NOTICES: tuple[
    tuple[re.Pattern[str], Callable[[Conversation, re.Match[str]], list[Line]]], ...
] = (
    (re.compile(rf"Welcome to .*?\. {_YOU}\..*"), Conversation._welcome),
    (re.compile(rf"{_YOU}\..*"), Conversation._entered),
    (
        re.compile(
            r"You left (?P<room>\S+)\. You are in (?:no room, .*|(?P<now>\S+)\.)"
        ),
        Conversation._left_room,
    ),
    (re.compile(r"(?:\[\S+\] )?(?P<nick>\S+) joined"), Conversation._came),
    (re.compile(r"(?:\[\S+\] )?(?P<nick>\S+) left"), Conversation._went),
    (
        re.compile(r"(?:\[\S+\] )?(?P<nick>\S+) is now (?P<new>\S+)"),
        Conversation._renamed,
    ),
    (
        re.compile(r"(?P<room>\S+) (?P<nick>\S+) (?P<id>s\d+)"),
        Conversation._listed_person,
    ),
    (re.compile(r"end (?P<room>\S+)(?: \d+)?"), Conversation._end_of_list),
    (
        re.compile(r"(?P<room>\S+) \d+ members?, last \d+(?:: .*)?"),
        Conversation._listed_room,
    ),
    (re.compile(r"password\?|back to chat"), Conversation._password),
)
