"""An operator's console, without I/O: what happens on a server in, lines out."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ecochat.client.errors import ClientError, Disconnected
from ecochat.client.happenings import Answer, Happening, Offline, Online
from ecochat.client.lines import local_time, sentence
from ecochat.client.safe import safe
from ecochat.client.terminal.chat import ASKED, Chat, Sent
from ecochat.client.terminal.harmless import harmless
from ecochat.client.terminal.line import Kind, Line, error, notice
from ecochat.client.terminal.scene import remember
from ecochat.core import wire
from ecochat.core.commands import COMMANDS, Command, find_command
from ecochat.core.errors import Refused
from ecochat.core.requests import (
    Announce,
    Clients,
    GetTopic,
    Help,
    Join,
    Leave,
    Me,
    Request,
    Rooms,
    Say,
    Search,
    SetAcks,
    SetTopic,
    Status,
    Watch,
    Who,
)

SERVER = "Server"
"""Who speaks here, as everyone reads it."""

LOBBY = "lobby"
"""The room of which is told who is in it where none is named."""

CLOCK = "%H:%M:%S"
"""How a time of day is shown, for ``strftime``."""

NAMED = 20
"""Names of those who are here that are shown at the beginning."""

_IN_ROOMS = (
    "the console is in no room and sees what is said in all of them; to talk in one, as"
    " an operator: ecochat unix:{socket}"
)
_SENSELESS = {
    Join: _IN_ROOMS,
    Leave: _IN_ROOMS,
    GetTopic: "/rooms shows the rooms' topics; to set one: ecochat unix:{socket}",
    SetTopic: "/rooms shows the rooms' topics; to set one: ecochat unix:{socket}",
    Me: "write what everyone is to read from Server as it is, without /me",
    SetAcks: "nothing said here has a number; /watch off ends what is shown",
}
"""What makes no sense without being in a room, and what to write instead."""


class Console(Chat):
    """Takes what an operator types, and what happens on the whole server.

    :param socket: the path of the operators' socket.
    :param now: returns the present time of day, local.
    :param asks_who: whether it asks who is here at the beginning.
    :param is_hosted: whether it is a server's own, on that server's terminal: Ctrl-C
        stops the server then, and when the server is gone there is nothing to wait for.
    :ivar was_interrupted: whether Ctrl-C has stopped it so.
    """

    commands = {
        name: command
        for name, command in COMMANDS.items()
        if command.operation not in _SENSELESS
    }

    def __init__(
        self,
        socket: str,
        now: Callable[[], datetime],
        asks_who: bool = True,
        is_hosted: bool = False,
    ) -> None:
        super().__init__(asks_who)
        self.was_interrupted = False
        self._socket = socket
        self._now = now
        self._is_hosted = is_hosted

    @property
    def prompt(self) -> tuple[str, str]:
        """See :class:`ecochat.client.terminal.scene.Scene`."""
        return SERVER, ""

    # What an operator types

    def interrupted(self) -> list[Line]:
        """Take a Ctrl-C, which stops the server if the console is its own."""
        if not self._is_hosted:
            return super().interrupted()
        self.was_interrupted = self.has_left = True
        return []

    def _do(self, typed: str, request: Request) -> list[Line]:
        if isinstance(request, Help) and request.command is None:
            return self._help()
        return super()._do(typed, request)

    def _help(self) -> list[Line]:
        """Return what can be done here: not all that the server's help lists."""
        texts = [f"{_usage(c)}: {c.help}" for c in self.commands.values()]
        texts.append(f"anything else is said to everyone, as {SERVER}; //x says /x")
        return [notice(text) for text in texts]

    def _understood(self, typed: str) -> Request:
        request = super()._understood(typed)
        instead = _SENSELESS.get(type(request))
        if instead is not None:
            raise Refused("no_current_room", instead.format(socket=self._socket))
        if isinstance(request, Say):
            return Announce(text=request.text)
        if isinstance(request, Who) and request.room is None:
            return Who(room=LOBBY)
        if getattr(request, "room", "") is None and not isinstance(request, Search):
            usage = _usage(find_command(typed.split()[0]))
            text = f"the console is in no room, name one: {usage}"
            raise Refused("no_current_room", text)
        return request

    # What comes back

    def answered(self, sent: Sent, answer: Answer) -> list[Line]:
        """See :class:`Chat`; what was not typed is not shown, but learnt from."""
        lines = super().answered(sent, answer)
        if sent.typed:
            return lines
        learn = _LEARNT.get(type(sent.request))
        return self._timed(learn(self, answer)) if learn else []

    def failed(self, sent: Sent, wrong: ClientError | ValueError) -> list[Line]:
        """See :class:`Chat`; without being told what happens it is of little use."""
        lines = super().failed(sent, wrong)
        is_asked = isinstance(sent.request, Watch) and not sent.typed
        if is_asked and not isinstance(wrong, Disconnected):
            self.failures += 1
            text = f"not told what happens: {wrong}; is this the operators' socket?"
            return [error(safe(text))]
        return lines

    def _count_learnt(self, answer: Answer) -> list[Line]:
        """Ask who they are, unless they are very many."""
        count = getattr(answer.end, "count", 0)
        if count <= ASKED:
            self._ask("", Status())
            return []
        return [notice(f"{count - 1} are here")]

    def _sessions_learnt(self, answer: Answer) -> list[Line]:
        here = [
            harmless(session).nick
            for session in answer.items
            if isinstance(session, wire.Session)
            and session.disconnected is None
            and not session.away
            and session.session not in self._sessions
        ]
        for nick in here:
            remember(self.people, nick)
        more = f" and {len(here) - NAMED} more" if len(here) > NAMED else ""
        return [notice(f"here: {', '.join(here[:NAMED]) or 'nobody'}{more}")]

    # What happens

    def happened(self, happening: Happening) -> list[Line]:
        """See :class:`Scene`; each line has its time."""
        take = _HAPPENINGS.get(type(happening))
        return self._timed(
            take(self, happening) if take else super().happened(happening)
        )

    def _timed(self, lines: list[Line]) -> list[Line]:
        now = f"{self._now():{CLOCK}}"
        return [line._replace(time=line.time or now) for line in lines]

    def _begun(self, happening: Online) -> list[Line]:
        welcome = harmless(happening.welcome)
        self.online, self.nick = True, welcome.nick
        self._sessions.add(welcome.session)
        learning = (Rooms(), Clients()) if self._asks_who else ()
        for request in (Watch(on=True), *learning):
            self._ask("", request)
        if happening.again:
            return [notice(f"connected to {welcome.server} again")]
        stops = "Ctrl-C stops the server" if self._is_hosted else "the server goes on"
        return [
            notice(
                f"The console of {welcome.server}. What you type is said to everyone,"
                f" as {SERVER}; /help lists commands, /quit or Ctrl-D closes the"
                f" console; {stops}."
            )
        ]

    def _server_lost(self, happening: Offline) -> list[Line]:
        self.online = False
        if self._is_hosted:
            return []
        why = safe(happening.why)
        return [error(f"the server is gone ({why}); this goes on when it is back")]

    def _told(self, said: wire.Happened) -> list[Line]:
        said = harmless(said)
        take = Console._said if said.event else _NEWS.get(said.kind)
        if take is None:
            return []
        time = local_time(said.time, CLOCK) if said.time else f"{self._now():{CLOCK}}"
        return [take(self, said)._replace(time=time)]

    def _came(self, said: wire.Happened) -> Line:
        remember(self.people, said.nick or "")
        verb = "connected" if said.kind == "connected" else "is back"
        return _of_session(said, f"{verb} from {said.address}")

    def _is_renamed(self, said: wire.Happened) -> Line:
        self.people.pop(said.nick or "", None)
        remember(self.people, said.new or "")
        line = _of_session(said, "is now ")
        return line._replace(said=[*line.said, ("name", said.new or "")])

    def _went(self, said: wire.Happened) -> Line:
        if said.kind == "away":
            return _of_session(said, f"is away: {said.reason}")
        self.people.pop(said.nick or "", None)
        text = f"disconnected: {said.reason}; {said.remaining} remain"
        return _of_session(said, text)

    def _said(self, said: wire.Happened) -> Line:
        event = said.event
        assert event is not None  # else this is not asked
        remember(self.people, event.nick)
        remember(self.places, event.room)
        return Line(Kind.OTHER, sentence(event), f"{event.room} {event.n}")

    def _missed(self, said: wire.Happened) -> Line:
        return notice(f"… {said.count} more were not shown: they came too fast")


def _usage(command: Command) -> str:
    """Return how to write a command here: only /who knows a room unasked."""
    is_who = command.request is Who
    return command.usage if is_who else command.usage.replace("[ROOM]", "ROOM")


def _of_session(said: wire.Happened, text: str) -> Line:
    name = ("name", said.nick or "")
    return Line(Kind.PRESENCE, [name, ("", f" ({said.session}) {text}")])


_HAPPENINGS: dict[type, Callable[[Console, Any], list[Line]]] = {
    Online: Console._begun,
    Offline: Console._server_lost,
    wire.Happened: Console._told,
}

_NEWS: dict[str, Callable[[Console, wire.Happened], Line]] = {
    "connected": Console._came,
    "away": Console._went,
    "back": Console._came,
    "renamed": Console._is_renamed,
    "disconnected": Console._went,
    "missed": Console._missed,
}
"""What is shown of what a server tells those who watch; all else is newer than this."""

_LEARNT: dict[type[Request], Callable[[Console, Answer], list[Line]]] = {
    Clients: Console._count_learnt,
    Status: Console._sessions_learnt,
}
"""What the console asks by itself, and what it makes of that."""
