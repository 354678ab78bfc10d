"""Where one is at a server, from one run of the prompt to the next."""

from ecochat.client.memory import ENTERED, Memory
from ecochat.client.terminal.personal import Personal
from ecochat.core.names import LOBBY, is_nick


class Place:
    """Knows the name and the rooms that one had at a server, and keeps those one has.

    How far one has read, drafts and private rooms are left as they are.

    :ivar nick: the name to ask for; empty for the one that the server gives.
    :ivar rooms: the rooms to go into, the one to be in last; None for those in which
        the server still has one, or the lobby.
    :param server: the server's address, as in ``str(parse_address(...))``.
    :param nick: the name that was asked for now, if one was.
    :param room: the room that was asked for now, if one was.
    """

    def __init__(
        self, memory: Memory, server: str, nick: str | None, room: str | None
    ) -> None:
        known = memory.nick_at(server)
        self.nick = nick or known
        self._is_known = bool(known)
        self._memory = memory
        self._here = memory.server(server)
        self._stands_in = ""
        self._noted: object = None
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

    def choose(self, nick: str) -> None:
        """Ask for this name, the first of all; it is remembered at once."""
        self.nick = nick
        if is_nick(nick):
            self._memory.nick = self._here.nick = nick

    def go_by(self, nick: str) -> None:
        """Ask for this name instead, as the other one is not to be had: what was
        remembered before that stays so."""
        self.nick = nick
        self._stands_in = nick if self._is_known else ""

    def begin(self, chat: Personal) -> None:
        """Have a chat begin where one was."""
        chat.nick, chat.rooms = self.nick, list(self.rooms or (LOBBY,))
        chat.rings = self._memory.rings
        chat.tells_typing = self._memory.tells_typing
        chat.muted = set(self._here.muted)

    def remember(self, chat: Personal) -> None:
        """Have it remembered where one is, and what calls, if that has changed."""
        switches = (chat.rings, chat.tells_typing, frozenset(chat.muted))
        where = (chat.nick, tuple(chat.rooms)) if chat.has_begun else ()
        if (now := (switches, where)) == self._noted:
            return
        self._noted = now
        self._memory.rings, self._memory.tells_typing = switches[:2]
        self._here.muted = set(chat.muted)
        if where:
            self._remember_where(chat)
        self._memory.save()

    def _remember_where(self, chat: Personal) -> None:
        if is_nick(chat.nick) and chat.nick != self._stands_in:
            self._memory.nick = self._here.nick = chat.nick
        before = self._here.rooms
        private = {name: n for name, n in before.items() if name.startswith("@")}
        public = {name for name in chat.rooms if not name.startswith("@")}
        kept = {name: n for name, n in before.items() if name in public | set(private)}
        new = dict.fromkeys(name for name in chat.rooms if name in public - set(kept))
        self._here.rooms = {**kept, **new}
        self._here.current = chat.room
