"""A program's conversation with a server, without I/O: bytes in, happenings out.

It speaks the structured dialect (docs/protocol.md) over connections that come and go,
and keeps what outlives them: the key, the name, how far each room has been seen, and
what was written and is not known to be stored.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from ecochat.client.errors import (
    ClientError,
    Disconnected,
    Ended,
    NotKept,
    NotStored,
    Refused,
    ServerFault,
)
from ecochat.client.happenings import (
    Answer,
    Answered,
    Failed,
    Held,
    Offline,
    Online,
    Outcome,
    Over,
)
from ecochat.client.objects import decoded, encoded
from ecochat.client.outbox import Outbox
from ecochat.client.positions import Positions
from ecochat.client.unanswered import ITEMS, Asked, Unanswered, room_of
from ecochat.core import wire
from ecochat.core.framing import DEFAULT_LIMIT, DELIMITER, BadFrame, FrameDecoder
from ecochat.core.requests import Hello, Join, Leave, Pong, Request, SetNick

LONGEST = 4 * 2**20
"""Bytes of a frame that is read: a welcome to 200 rooms with the longest topics has
half a megabyte, and an operator may allow longer messages."""

NOT_NOW = frozenset(("failed", "not_stored", "too_many", "unavailable"))
"""Why a server does not let in somebody who may come back later all the same."""

NAMES = frozenset(("bad_name", "name_taken"))
"""Why a name that one had is not to be had again."""

ENDINGS = frozenset(("kicked", "taken_over"))
"""What ends a session for good, said unasked."""

FAILED_WRITES = frozenset(("not_stored", "id_skipped"))
"""What says of something in order that it is not stored."""

_HELLO = "hello"

_HEAD = 64
"""Bytes that the ref and the id of a request take at most, and the id of a private room
instead of its name."""


class Conversation:
    """Talks with a server for one identity.

    :ivar key: the secret that makes it the same identity on the next connection.
    :ivar nick: one's name, as the server says it; before that the one asked for.
    :ivar positions: the rooms one is in, with the number of the last event seen.
    :ivar welcome: what the server greeted with last; None before that.
    :ivar online: whether there is a session.
    :ivar unanswered: what was asked and has no answer yet.
    :ivar said_before: the last error said before a session, for who asks why not.
    :param nick: the name to go by; None for the one that the server gives.
    :param rooms: the rooms to be in, with the number of the last event seen there, None
        for from now on; None for the lobby.
    :param key: at least 22 characters; one is made by default.
    :param name: the program's own name and version.
    :param outbox: keeps what is written until it is answered, for the next one of this
        key; what it holds from before is sent first.
    :raises ValueError: when the outbox is that of another key.
    :raises NotKept: when the outbox cannot be read.
    """

    def __init__(
        self,
        *,
        nick: str | None = None,
        rooms: Mapping[str, int | None] | None = None,
        key: str | None = None,
        name: str = "",
        outbox: Outbox | None = None,
    ) -> None:
        if outbox is not None and key != outbox.key:
            raise ValueError("an outbox needs the key that it is for")
        self.key = key or secrets.token_urlsafe(32)
        self.nick = nick or ""
        self.positions = Positions()
        self.welcome: wire.Welcome | None = None
        self.online = False
        self.unanswered = Unanswered(outbox, self.positions.talk)
        self.said_before = ""
        self._wanted = nick
        self._asked_rooms = None if rooms is None else dict(rooms)
        self._name = name
        self._held = False
        self._greeted = False
        self._output = bytearray()
        self._decoder = FrameDecoder(LONGEST)

    # What goes out

    def connected(self) -> None:
        """Begin on a new connection."""
        self._decoder = FrameDecoder(LONGEST)
        self._output.clear()
        self._greeted = False
        self.said_before = ""
        if self.welcome is not None:
            self._asked_rooms = self.positions.asked()
        self._hello(self._wanted)

    def request(self, request: Request) -> str:
        """Ask something, now or as soon as there is a session; return its ref.

        What writes is in the outbox by then, if there is one.

        :raises TooMuch: when too much is unanswered.
        :raises Refused: ``too_long`` when no frame could hold it.
        :raises NotKept: when the outbox cannot keep it.
        :raises ValueError: when JSON cannot hold it.
        """
        self._check_length(request)
        is_sent = self.online and not self._held
        ref = self.unanswered.add(request, is_sent)
        if is_sent:
            self._send(self.unanswered[ref])
        elif self.online:
            self._send_waiting()
        return ref

    def withdraw(self, ref: str) -> bool:
        """Take back what was asked, if certainly no server has it; return whether.

        What writes has its id kept before a byte of it leaves, and so has what a client
        before this one has sent: what has none never left.
        """
        return self.unanswered.withdraw(ref)

    def data_to_send(self) -> bytes:
        """Return what is to be sent now, once."""
        data = bytes(self._output)
        self._output.clear()
        return data

    def _check_length(self, request: Request) -> None:
        limit = self.welcome.limits.frame if self.welcome else DEFAULT_LIMIT
        if len(encoded(request)) + _HEAD > limit:
            raise Refused("too_long", f"a request has at most {limit:,} bytes")

    def _hello(self, nick: str | None) -> None:
        self._write(
            Hello(
                ref=_HELLO,
                protocol=wire.PROTOCOL,
                client=self._name,
                key=self.key,
                nick=nick,
                rooms=self._asked_rooms,
            )
        )

    def _send(self, asked: Asked) -> None:
        asked.sent = True
        self._write(asked.to_send)

    def _send_waiting(self) -> str:
        """Send what waits for it, in order; what writes once it has its id, since only
        the welcome tells which ids are free. Return why some of it may not be sent."""
        why = ""
        try:
            self.unanswered.number()
        except NotKept as error:
            why = str(error)
        self._held = bool(why)
        for _, asked in self.unanswered.items():
            if not asked.sent and (asked.id or not asked.is_write):
                self._send(asked)
        return why

    def _write(self, request: Request) -> None:
        self._output += encoded(request) + DELIMITER

    # What comes in

    def receive_data(self, data: bytes) -> Iterator[Outcome]:
        """Take what was read; yield what comes of it, one after the other.

        The connection is of no use after an error.

        :raises ServerFault: when it is not as the protocol has it.
        :raises Disconnected: when the server does not let us in now.
        """
        self._decoder.receive(data)
        try:
            yield from self._frames()
        finally:
            self.unanswered.sweep()
        if self._held and self.online:
            self._send_waiting()

    def lost(self, why: str) -> Iterator[Outcome]:
        """Take the end of a connection; yield what comes of it."""
        was_online, self.online = self.online, False
        self._output.clear()
        if was_online:
            yield Offline(why)
        for ref in self.unanswered.lose():
            yield Failed(ref, Disconnected(why))

    def close(self, error: ClientError) -> Iterator[Outcome]:
        """Take it that there is no connection any more; yield what comes of it."""
        self.online = False
        self._output.clear()
        for ref in self.unanswered.clear():
            yield Failed(ref, error)

    def _frames(self) -> Iterator[Outcome]:
        while (frame := self._decoder.next_frame()) is not None:
            if isinstance(frame, BadFrame):
                raise ServerFault(f"the server sent a frame that is {frame.value}")
            if frame.startswith("{"):
                self._greeted = True
                yield from self._read(frame)
            elif self._greeted and frame:
                raise ServerFault("the server sent something that is no JSON object")
            elif frame.startswith("! "):
                self.said_before = frame[2:]

    def _read(self, frame: str) -> Iterator[Outcome]:
        said = decoded(frame)
        if said is None:
            return
        if not self.online:
            yield from self._before(said)
        elif said.ref is not None:
            yield from self._answer(said)
        else:
            take = _UNASKED.get(type(said))
            if take is None or take(self, said):
                yield _ending(said) or said

    # The beginning

    def _before(self, said: wire.Said) -> Iterator[Outcome]:
        if isinstance(said, wire.Welcome):
            again = self.welcome is not None
            names = self.positions.begin(said.rooms, self._asked_rooms or {})
            self.unanswered.relabel(names)
            yield from self._begin(said)
            for room, new in names.items():
                yield wire.Relabelled(room=room, new=new)
            yield Online(said, again)
        elif isinstance(said, wire.Ping):
            self._pong(said)
        elif isinstance(said, wire.Error):
            yield from self._not_begun(said)

    def _begin(self, welcome: wire.Welcome) -> Iterator[Failed | Held]:
        """Begin a session; send what waited for it, but what may not be sent to this
        server."""
        self.welcome = welcome
        self.nick = welcome.nick
        self.online = True
        self.unanswered.last_id = max(self.unanswered.last_id, welcome.last_id)
        failed = []
        for ref, waiting in self.unanswered.items():
            try:
                self._check_known(waiting)
                self._check_length(waiting.to_send)
            except Refused as refusal:
                self.unanswered.pop(ref)
                failed.append(Failed(ref, refusal))
        if why := self._send_waiting():
            yield Held(why)
        yield from failed

    def _check_known(self, waiting: Asked) -> None:
        """See that nothing goes to somebody else than it was written for. What may be
        stored is asked for all the same: under its id it is not written again."""
        last_id = self.welcome.last_id if self.welcome else 0
        if waiting.is_vague and (waiting.id or last_id + 1) > last_id:
            room = room_of(waiting.request) or "the room where you were"
            text = f"{room} may be another one by now, not sent; write it again"
            raise Refused("no_nick", text)

    def _not_begun(self, error: wire.Error) -> Iterator[Outcome]:
        """Take a refused hello. Back again, a name that is gone is not insisted on."""
        self.said_before = error.text
        if self.welcome is not None and error.code in NAMES and self._wanted:
            self._wanted = None
            self._hello(None)
        elif error.code in NOT_NOW:
            raise Disconnected(error.text)
        else:
            yield Over(Ended(error.code, error.text))

    # Answers

    def _answer(self, said: wire.Said) -> Iterator[Outcome]:
        """Take a part of an answer; one that nobody waits for is ignored."""
        asked = self.unanswered.get(said.ref)
        if asked is None or said.ref is None:
            return
        if isinstance(said, wire.Error):
            self.unanswered.pop(said.ref)
            yield Failed(said.ref, _refusal(said))
        elif isinstance(said, wire.Stored | wire.Ok | wire.End):
            self.unanswered.pop(said.ref)
            self._done(asked.request, said)
            yield Answered(said.ref, Answer(asked.items, said))
        elif len(asked.items) < ITEMS:
            asked.items.append(msgspec.structs.replace(said, ref=None))
        else:
            raise ServerFault(f"the server sent a list of more than {ITEMS:,} items")

    def _done(self, request: Request, said: Any) -> None:
        """Take what an answer says of oneself."""
        if isinstance(request, Join):
            self.positions.enter(said.room, request.after, said.last, said.id)
        elif isinstance(request, Leave):
            self.positions.leave(said.room)
        elif isinstance(request, SetNick):
            self.nick = self._wanted = said.nick

    # What comes unasked; each says whether it is told

    def _event(self, event: wire.Event) -> bool:
        return self.positions.see(event)

    def _expired(self, said: wire.Expired) -> bool:
        return self.positions.expire(said.room, said.upto)

    def _opened(self, said: wire.Opened) -> bool:
        self.positions.enter(said.room, said.last, said.last, said.id)
        return True

    def _relabelled(self, said: wire.Relabelled) -> bool:
        self.positions.relabel(said.room, said.new)
        self.unanswered.relabel({said.room: said.new})
        return True

    def _dropped(self, said: wire.Dropped) -> bool:
        self.positions.leave(said.room)
        return True

    def _renamed(self, said: wire.Renamed) -> bool:
        if self.welcome is not None and said.session == self.welcome.session:
            self.nick = said.new
        return True

    def _pong(self, said: wire.Ping) -> bool:
        self._write(Pong(ref=said.ref))
        return False


_UNASKED: dict[type[wire.Said], Callable[[Conversation, Any], bool]] = {
    **dict.fromkeys(wire.EVENTS, Conversation._event),
    wire.Expired: Conversation._expired,
    wire.Opened: Conversation._opened,
    wire.Relabelled: Conversation._relabelled,
    wire.Dropped: Conversation._dropped,
    wire.Renamed: Conversation._renamed,
    wire.Ping: Conversation._pong,
}
"""What changes something of the conversation's own."""


def _refusal(error: wire.Error) -> Refused:
    kind = NotStored if error.code in FAILED_WRITES else Refused
    return kind(error.code, error.text, error.path)


def _ending(said: wire.Said) -> Over | None:
    if isinstance(said, wire.Error) and said.code in ENDINGS:
        return Over(Ended(said.code, said.text))
    return None
