"""What a person has in view, without I/O: what happens in, lines to show out."""

from collections.abc import Callable
from typing import Any

from ecochat.client.happenings import Distrusted, Happening, Held, Offline, Online
from ecochat.client.lines import sentence
from ecochat.client.safe import indented, safe
from ecochat.client.terminal import phrases
from ecochat.client.terminal.harmless import harmless
from ecochat.client.terminal.line import Kind, Line, error, line, notice
from ecochat.core import wire
from ecochat.core.presence import in_numbers

KNOWN = 1_000
"""Names of people, and of rooms, kept for completion; the oldest go first."""

TYPING_EVERY = 3.0
"""Seconds between two notes to others that one writes."""


class Scene:
    """Knows who and where one is, and whom and what one has seen.

    :ivar nick: one's name, as the server says it.
    :ivar rooms: the rooms one has gone into, the current one last.
    :ivar online: whether there is a session.
    :ivar people: whom one has seen, who was seen last is last.
    :ivar places: the rooms one has heard of, in the same way.
    :ivar heard: the rooms whose events come.
    :ivar unmet: those of them of which it is not known yet who is there.
    :ivar has_numbers: whether one's own messages are shown with their numbers.
    """

    def __init__(self) -> None:
        self.nick = ""
        self.rooms: list[str] = []
        self.online = False
        self.people: dict[str, None] = {}
        self.places: dict[str, None] = {}
        self.heard: set[str] = set()
        self.unmet: list[str] = []
        self.has_numbers = True
        self._sessions: set[str] = set()

    @property
    def room(self) -> str:
        """The current room; empty for none."""
        return self.rooms[-1] if self.rooms else ""

    @property
    def prompt(self) -> tuple[str, str]:
        """What the prompt says: who one is, and where; empty for nowhere ever."""
        return self.nick, self.room or "no room"

    def go_into(self, room: str) -> None:
        """Take it that this is the current room now."""
        self.rooms = [*(r for r in self.rooms if r != room), room]
        self.hear(room)

    def hear(self, room: str) -> None:
        """Take it that events of a room come from now on."""
        remember(self.places, room)
        if room not in self.heard and not room.startswith("@"):
            self.unmet.append(room)
        self.heard.add(room)

    def go_out(self, room: str) -> None:
        """Take it that one is in a room no longer; the one before it is current."""
        self.rooms = [r for r in self.rooms if r != room]
        self.heard.discard(room)

    def meet(self, members: list[wire.Member]) -> int:
        """Take who is in a room; return how many others that are."""
        others = [m for m in members if m.session not in self._sessions]
        for member in others:
            remember(self.people, member.nick)
        return len(others)

    def happened(self, happening: Happening) -> list[Line]:
        """Take what happened; return what to show."""
        take = _HAPPENINGS.get(type(happening))
        if take is None:
            return []
        if isinstance(happening, wire.Said):
            happening = harmless(happening)
        return take(self, happening)

    def _online(self, happening: Online) -> list[Line]:
        welcome, before = harmless(happening.welcome), self.nick
        self.online, self.nick = True, welcome.nick
        self._sessions.add(welcome.session)
        public = [room for room in welcome.rooms if not room.startswith("@")]
        kept = [room for room in self.rooms if room in welcome.rooms]
        self.rooms = [*(room for room in public if room not in kept), *kept]
        self.heard &= set(welcome.rooms)
        for room in welcome.rooms:
            self.hear(room)
        if not happening.again:
            return [self._greeting(welcome)]
        lines = [notice("connected again")]
        renamed = [notice(f"you are {self.nick} now")] if self.nick != before else []
        return lines + renamed

    def _greeting(self, welcome: wire.Welcome) -> Line:
        state = welcome.rooms.get(self.room)
        where = f"{self.nick} in {self.room or 'no room'}."
        help = "/nick NAME to choose a name, /help for the rest."
        about = phrases.topic(state.topic if state else "")
        return notice(f"Welcome to {welcome.server}. You are {where} {help}{about}")

    def _offline(self, happening: Offline) -> list[Line]:
        self.online = False
        text = f"connection lost ({safe(happening.why)}); trying again, what you say is"
        return [error(f"{text} kept and sent then")]

    def _distrusted(self, happening: Distrusted) -> list[Line]:
        return [error(indented(str(happening.error)))]

    def _kept_back(self, happening: Held) -> list[Line]:
        return [error(f"what is kept cannot be sent: {safe(happening.why)}")]

    def _event(self, event: wire.Event) -> list[Line]:
        room = self._elsewhere(event.room)
        remember(self.places, event.room)
        own = event.session in self._sessions
        if not own:
            remember(self.people, event.nick)
        number = str(event.n) if own and self.has_numbers else ""
        kind = Kind.OWN if own else Kind.OTHER
        return [Line(kind, sentence(event), room, number)]

    def _joined(self, said: wire.Joined) -> list[Line]:
        if said.session in self._sessions:
            return []
        remember(self.people, said.nick)
        return [self._presence(f"{said.nick} joined", said.room)]

    def _left(self, said: wire.Left) -> list[Line]:
        if said.session in self._sessions:
            return []
        self.people.pop(said.nick, None)
        return [self._presence(f"{said.nick} left", said.room)]

    def _renamed(self, said: wire.Renamed) -> list[Line]:
        if said.session in self._sessions:
            self.nick = said.new  # the answer says so
            return []
        return self._has_new_name(said.nick, said.new)

    def _many(self, said: wire.Presence) -> list[Line]:
        """Tell the numbers; who they are is not known."""
        text = in_numbers(said.joined, said.left, said.renamed)
        return [self._presence(text, said.room)]

    def _relabelled(self, said: wire.Relabelled) -> list[Line]:
        old, new = said.room, said.new
        self.rooms = [new if room == old else room for room in self.rooms]
        self.heard = {new if room == old else room for room in self.heard}
        self.places.pop(old, None)
        remember(self.places, new)
        return self._has_new_name(old[1:], new[1:])

    def _has_new_name(self, old: str, new: str) -> list[Line]:
        """Tell it once, of however many rooms it is heard."""
        if new in self.people and old not in self.people:
            return []
        self.people.pop(old, None)
        remember(self.people, new)
        return [self._presence(f"{old} is now {new}", self.room)]

    def _opened(self, said: wire.Opened) -> list[Line]:
        self.hear(said.room)
        return []

    def _dropped(self, said: wire.Dropped) -> list[Line]:
        self.go_out(said.room)
        return [notice(f"{said.room} is no longer kept")]

    def _expired(self, said: wire.Expired) -> list[Line]:
        return [Line(Kind.NOTICE, sentence(said), self._elsewhere(said.room))]

    def _server_says(self, said: wire.Notice) -> list[Line]:
        if said.operator:
            text = ("text", indented(said.text))
            return [Line(Kind.OTHER, [("name", "Server"), ("", ": "), text])]
        return [notice(said.text)]

    def _presence(self, text: str, room: str) -> Line:
        return line(Kind.PRESENCE, text, self._elsewhere(room))

    def _elsewhere(self, room: str) -> str:
        return "" if room == self.room else room


def remember(names: dict[str, None], name: str) -> None:
    """Take a name as the last one seen."""
    names.pop(name, None)
    names[name] = None
    if len(names) > KNOWN:
        del names[next(iter(names))]


_HAPPENINGS: dict[type, Callable[[Scene, Any], list[Line]]] = {
    Online: Scene._online,
    Offline: Scene._offline,
    Distrusted: Scene._distrusted,
    Held: Scene._kept_back,
    **dict.fromkeys(wire.EVENTS, Scene._event),
    wire.Joined: Scene._joined,
    wire.Left: Scene._left,
    wire.Renamed: Scene._renamed,
    wire.Presence: Scene._many,
    wire.Relabelled: Scene._relabelled,
    wire.Opened: Scene._opened,
    wire.Dropped: Scene._dropped,
    wire.Expired: Scene._expired,
    wire.Notice: Scene._server_says,
}
"""What is shown of what happens; who writes at the moment is not."""
