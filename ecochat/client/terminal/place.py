"""Where one is at a server, from one run of the prompt to the next."""

from ecochat.client.memory import ENTERED, Memory
from ecochat.client.terminal.scene import Scene
from ecochat.core.errors import Refused
from ecochat.core.names import LOBBY, check_nick


class Place:
    """Knows the name and the rooms that one had at a server, and keeps those one has.

    How far one has read, drafts and private rooms are left as they are.

    :ivar nick: the name to ask for; None for the one that the server gives.
    :ivar rooms: the rooms to go into, the one to be in last; None for those in which
        the server still has one, or the lobby.
    :param server: the server's address, as in ``str(parse_address(...))``.
    :param nick: the name that was asked for now, if one was.
    :param room: the room that was asked for now, if one was.
    """

    def __init__(
        self, memory: Memory, server: str, nick: str | None, room: str | None
    ) -> None:
        self.nick = nick or memory.nick_at(server) or None
        self._memory = memory
        self._here = memory.server(server)
        self._is_asked_for = bool(nick)
        self._noted: tuple[str, list[str]] = ("", [])
        self.rooms = self._rooms((room or "").removeprefix("#"))

    def _rooms(self, room: str) -> list[str] | None:
        current = room or self._here.current
        known = [name for name in self._here.rooms if not name.startswith("@")]
        if room and not known:
            known = [LOBBY]
        if room and room not in known:
            known.append(room)
        known.sort(key=lambda name: name == current)  # the others stay in order
        return known[-ENTERED:] or None

    def do_without_nick(self) -> bool:
        """Ask for the remembered name no longer, which is not to be had; return False
        where a person has asked for it now."""
        if self._is_asked_for or self.nick is None:
            return False
        self.nick = None
        return True

    def remember(self, scene: Scene) -> None:
        """Have it remembered where one is, if that has changed."""
        now = (scene.nick, scene.rooms)
        if now == self._noted or not scene.nick:
            return
        self._noted = now
        if _is_own(scene.nick):
            self._memory.nick = self._here.nick = scene.nick
        before = self._here.rooms
        private = {name: n for name, n in before.items() if name.startswith("@")}
        public = {name for name in scene.rooms if not name.startswith("@")}
        kept = {name: n for name, n in before.items() if name in public | set(private)}
        new = dict.fromkeys(name for name in scene.rooms if name in public - set(kept))
        self._here.rooms = {**kept, **new}
        self._here.current = scene.room
        self._memory.save()


def _is_own(nick: str) -> bool:
    """Whether it is a name that one can choose, and not one of those that are given."""
    try:
        check_nick(nick)
    except Refused:
        return False
    return True
