"""What each request does: the rules, which stand here once for every dialect.

Those that change nothing are in ``questions``, the others in ``sessions``, ``rooms``,
``writing`` and ``talks``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ecochat.core import limits, rooms, sessions, writing
from ecochat.core.commands import OPERATORS_ONLY
from ecochat.core.entities import Session
from ecochat.core.errors import Refused
from ecochat.core.facts import Facts
from ecochat.core.ground import Ground
from ecochat.core.items import Ended
from ecochat.core.questions import QUESTIONS
from ecochat.core.requests import (
    Close,
    Delete,
    Depart,
    Drop,
    Edit,
    Expire,
    Join,
    Kick,
    Lapse,
    Leave,
    Me,
    Open,
    React,
    Read,
    Refuse,
    Request,
    Say,
    SayAll,
    SayTo,
    SetNick,
    SetTopic,
    Typing,
)
from ecochat.core.state import State

FINAL: frozenset[type[Request]] = frozenset(
    (*QUESTIONS, Depart, Drop, Lapse, Kick, Close)
)
"""Requests that are carried out also when nothing can be stored: those that change
nothing, and those by which someone is gone."""


class Rules(Ground):
    """Applies one request after another to a state; what they yield is in ``items``.

    Applying is deterministic: the same requests at the same times give the same state
    and the same items.

    :ivar not_open: why requests of a connection that has no session are refused.
    """

    def __init__(self, state: State, settings: limits.Limits, facts: Facts) -> None:
        super().__init__(state, settings, facts)
        self.not_open = "this connection has no session"

    def apply(self, origin: int, time: int, proposed: Request) -> None:
        """Carry out one request.

        :param origin: the connection that it came over; 0 for the server itself.
        :param time: when, in milliseconds since 1970 (UTC).
        :raises Refused: when it may not be; nothing has changed then.
        """
        request = self.take(origin, time, proposed)
        kind = type(request)
        session = self.state.origins.get(origin)
        if kind in _OF_NOBODY:
            _OF_NOBODY[kind](self, request)
        elif session is None:
            self._without_session(request)
        elif kind in OPERATORS_ONLY and not session.operator:
            text = f"/{OPERATORS_ONLY[kind]} is for operators only"
            raise Refused("not_allowed", text)
        else:
            _RULES[kind](self, session, request)

    def say_all(self, origin: int, time: int, request: SayAll) -> bool:
        """Carry out a :class:`ecochat.core.requests.SayAll`, if that is as simple as
        mostly; False when nothing was done."""
        session = self.state.origins.get(origin)
        if session is None:
            return False
        self.take(origin, time, request)
        return writing.say_all(self, session, request)

    def _without_session(self, request: Request) -> None:
        if isinstance(request, Refuse):
            raise Refused(request.code, request.text, request.path)
        if not isinstance(request, Depart | Drop):
            raise Refused("not_stored", self.not_open)
        self.reply(Ended())


_OF_NOBODY: dict[type[Request], Callable[[Ground, Any], None]] = {
    Open: sessions.begin,
    Lapse: sessions.lapse,
    Expire: rooms.expire,
}
"""What needs no session."""

_RULES: dict[type[Request], Callable[[Ground, Session, Any], None]] = {
    Depart: sessions.depart,
    Drop: sessions.drop,
    Kick: sessions.kick,
    Close: sessions.close,
    SetNick: sessions.set_nick,
    Join: rooms.join,
    Leave: rooms.leave,
    Say: writing.say,
    SayTo: writing.say_to,
    Me: writing.me,
    SetTopic: writing.set_topic,
    Edit: writing.edit,
    Delete: writing.delete,
    React: writing.react,
    Typing: writing.typing,
    Read: writing.read,
    **QUESTIONS,
}
