"""What the client asks by itself: pages of history, who is there, how far it is."""

from __future__ import annotations

from collections.abc import Callable

from ecochat.client.errors import ClientError
from ecochat.client.happenings import Answer, Distrusted, Happening, Online
from ecochat.client.safe import safe, safe_name
from ecochat.client.screen import history, members
from ecochat.client.screen.entries import Kind
from ecochat.client.screen.reading import Reading
from ecochat.client.screen.room import Room
from ecochat.client.screen.wishes import AskTrust
from ecochat.client.screen.writings import Sent
from ecochat.client.terminal.scene import TYPING_EVERY
from ecochat.core.names import fold
from ecochat.core.requests import (
    Clients,
    History,
    Ping,
    Read,
    Typing,
    Who,
)

PING_EVERY = 20.0
"""Seconds between two measurements of how far away the server is."""

PING_WAITING = 3.0
"""The same while something is not stored: so that a server that hangs is seen soon."""

WHO_EVERY = 10.0
"""Seconds between two questions who is in a room, where the server only tells how many
come and go."""

READ_EVERY = 5.0
"""Seconds between two notes to the server how far one has read."""

TYPING_FADES = 6.0
"""Seconds after which somebody is not taken to write any more: two notes."""

ASKED = 1_000
"""Sessions at a server up to which it is asked who is in a room."""


class Asking(Reading):
    """Asks what is to be known.

    :ivar ping: the round trip of the last ping, in seconds; None before that.
    :ivar lag: the seconds for which the present ping waits; 0.0 while none does.
    :ivar tells_typing: whether others are shown that one writes.
    :ivar choice: the name that a person wants to have; "" for none.
    :ivar chosen: the same, once one has had it; "" before that.
    """

    def __init__(
        self, nick: str = "", server: str = "", *, clock: Callable[[], float]
    ) -> None:
        super().__init__(nick, server, clock=clock)
        self.ping: float | None = None
        self.lag = 0.0
        self.tells_typing = True
        self.choice = self.chosen = ""
        self._writes: set[Sent] = set()
        self._pinging: Sent | None = None
        self._times: dict[str, float] = {}
        self._unmet: set[str] = set()
        self._is_meeting = False
        self._sessions_there: int | None = None
        self._marked: dict[str, int] = {}

    def _distrusted(self, happening: Distrusted) -> None:
        error = happening.error
        self.why = safe(error.brief)
        self.tell(safe(str(error)), Kind.ERROR)
        self.wish(AskTrust(error))
        self.version += 1

    def happened(self, happening: Happening) -> None:
        """Take what happened."""
        super().happened(happening)
        if isinstance(happening, Online):
            if fold(self.nick) == fold(self.choice):
                self.chosen = self.nick
            self._pinging = None
            self._times.clear()
            self.ask(Clients(), self._counted)
        elif isinstance(happening, Distrusted):
            self._distrusted(happening)

    def failed_unasked(self, sent: Sent, wrong: ClientError | ValueError) -> None:
        """Take it that what nobody typed has no answer, or is refused."""
        if sent is self._asked_few:
            self._asked_few = None
        elif isinstance(sent.request, History) and sent.room is not None:
            sent.room.is_loading = False
        elif isinstance(sent.request, Who):
            self._is_meeting = False
        elif isinstance(sent.request, Ping):
            self._pinging = None
        sent.lost(safe(str(wrong)))

    @property
    def unstored(self) -> int:
        """How much of what one wrote is not known to be stored, in all rooms."""
        return len(self._writes)

    def go(self, name: str) -> None:
        """Have another room before the eyes."""
        super().go(name)
        self._meet()
        if self.online and history.is_bare(self.room):
            self.older(self.room)
        self.version += 1

    # Who is there

    def entered(self, room: Room) -> None:
        """Take it that one has come into a room, or that many came and went."""
        if history.is_bare(room):
            self.older(room)
        if room.is_private:
            members.pair(room, self.nick)
        else:
            self._unmet.add(room.name)

    def _counted(self, answer: Answer) -> None:
        self._sessions_there = getattr(answer.end, "count", None) or 0
        self._meet()

    def _meet(self) -> None:
        """Ask who is in the current room, unless that is known or they are many."""
        room, count = self.room, self._sessions_there
        if self._is_meeting or not self.online or room.name not in self._unmet:
            return
        if count is None or count > ASKED:
            return

        def take(answer: Answer) -> None:
            self._is_meeting = False
            people = {m.session: safe_name(m.nick) for m in answer.items}  # type: ignore[attr-defined]
            away = [safe_name(m.nick) for m in answer.items if m.away]  # type: ignore[attr-defined]
            members.meet(room, people, away)
            for session, nick in people.items():
                self.crowd.see(session, nick)

        self._unmet.discard(room.name)
        self._is_meeting = True
        self.ask(Who(room.name), take, room=room)

    # The clock

    def tick(self) -> None:
        """Look at the clock; to be called about once a second."""
        now = self._clock()
        for room in self.rooms.values():
            self._fade(room, now)
        if not self.online:
            return
        self._ping(now)
        if self._is_due("who", now, WHO_EVERY):
            self._meet()
        if self._is_due("read", now, READ_EVERY):
            self._mark()

    def typed(self, draft: str) -> None:
        """Take what stands in the input: it is kept as the room's draft, and the others
        are shown that one writes."""
        room, before = self.room, self.room.draft
        room.draft = draft
        is_said = draft.strip() and not draft.startswith("/") and draft != before
        if not (is_said and self.tells_typing and self.online and room.is_joined):
            return
        if room.name and self._is_due("typing", self._clock(), TYPING_EVERY):
            self.ask(Typing(room=room.name), lambda answer: None)

    def _is_due(self, what: str, now: float, every: float) -> bool:
        is_due = (
            not self._times.get(what, -every)
            <= now
            < self._times.get(what, -every) + every
        )
        if is_due:
            self._times[what] = now
        return is_due

    def _fade(self, room: Room, now: float) -> None:
        gone = [n for n, time in room.typing.items() if time + TYPING_FADES <= now]
        for nick in gone:
            del room.typing[nick]
            room.version += 1
            self.version += 1

    def _ping(self, now: float) -> None:
        if self._pinging is not None:
            self.lag = max(0.0, now - self._pinging.time)
            self.version += self.lag >= 1.0
        elif self._is_due("ping", now, PING_WAITING if self.unstored else PING_EVERY):
            self._pinging = self.ask(Ping(), self._ponged)

    def _ponged(self, answer: Answer) -> None:
        if self._pinging is not None:
            self.ping = max(0.0, self._clock() - self._pinging.time)
            self._pinging, self.lag = None, 0.0
            self.version += 1

    def _mark(self) -> None:
        """Tell the server how far each room is read, for the next start."""
        for room in self.rooms.values():
            if room.is_joined and room.read > self._marked.get(room.name, 0):
                self._marked[room.name] = room.read
                self.ask(Read(room.read, room.name), lambda answer: None)
