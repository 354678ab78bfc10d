"""The nickname program: it asks for a name, and everyone hears everyone."""

from __future__ import annotations

from msgspec.structs import replace

from ecochat.core.commands import COMMANDS, parse_command
from ecochat.core.errors import Refused
from ecochat.core.items import Clock, HelpText, Renamed, WhoPage
from ecochat.core.moments import timestamp
from ecochat.core.requests import Hello, Refuse, Request, Say, Tell
from ecochat.core.wire import PROTOCOL
from ecochat.dialects.classic.base import ASKED, ClassicDialect, ClassicParser
from ecochat.dialects.plain_parser import trim

WORDS = ("help", "time", "joke", "who", "nick", "quit")
"""The commands that there are here."""

HELP = "\n".join(f"{COMMANDS[word].usage}: {COMMANDS[word].help}" for word in WORDS)


class NickParser(ClassicParser):
    """See :class:`ecochat.dialects.port.Parser`. The first read, and each one after a
    name that was refused, is a name.

    :param rooms: where the session is to be.
    """

    def __init__(self, rooms: dict[str, int | None] | None) -> None:
        self._rooms = rooms
        self._own = ""  # what its client calls itself
        self._nick = ""  # once it has one

    def named(self, nick: str) -> None:
        """See :class:`ecochat.dialects.port.Parser`."""
        self._nick = nick

    def request(self, frame: str) -> Request | None:
        """See :class:`ecochat.dialects.port.Parser`."""
        text = self._without_name(trim(frame))
        if not self._nick:
            self._own = self._own or text
            return Hello(
                protocol=PROTOCOL, nick=text.strip(), rooms=self._rooms, ref=ASKED
            )
        if text.startswith("/") and not text.startswith("//"):
            return _command(text)
        return None if not text or text.isspace() else Say(text.removeprefix("/"))

    def _without_name(self, text: str) -> str:
        """Take away the name that a client writes before what its user has typed: the
        one that it was asked for first, even where that has changed or was refused."""
        for name in filter(None, (self._own, self._nick)):
            if text.startswith(f"{name}: "):
                return text[len(name) + 2 :]
        return text


def _command(text: str) -> Request:
    word = text.split(maxsplit=1)[0].removeprefix("/").lower()
    if text.strip().lower() == "/help":
        return Tell(HELP, ref=ASKED)
    if word not in WORDS:
        wrong = f"there is no command /{word[:40]} here, /help lists them"
        return Refuse("unknown_command", wrong)
    try:
        request = parse_command(text)
    except Refused as refused:
        return Refuse(refused.code, refused.text)
    return replace(request, ref=ASKED)


class NickDialect(ClassicDialect):
    """See :class:`ecochat.dialects.port.Dialect`."""

    is_answered = False
    needs_hello = True
    prompt = "NICK"

    def parser(self) -> NickParser:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return NickParser(self.rooms)

    @staticmethod
    def _clock(body: Clock, ref: str | None) -> str:
        return timestamp(body.time, "seconds")

    @staticmethod
    def _renamed(body: Renamed, ref: str | None) -> str:
        return f"{body.old} is now {body.new}"

    @staticmethod
    def _who(body: WhoPage, ref: str | None) -> str:
        online = [f"{m.nick} (away)" if m.away else m.nick for m in body.members]
        return f"online: {', '.join(online)}"

    @staticmethod
    def _help(body: HelpText, ref: str | None) -> str:
        return "\n".join(body.lines)

    answers = {Clock: _clock, HelpText: _help, Renamed: _renamed, WhoPage: _who}
