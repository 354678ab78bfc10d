"""Operators who watch: told what happens on the whole server, as it happens.

They need not be in any room. What they are told is owed to each of them alone, in its
place in the one order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from msgspec.structs import replace

from ecochat.core.items import (
    Body,
    Changed,
    Event,
    Happened,
    Item,
    Overlooked,
    Reply,
    SessionAway,
    SessionClosed,
    SessionOpened,
    SessionRenamed,
    SessionResumed,
    Watched,
)
from ecochat.net.channel import Attached, Channels
from ecochat.net.delivery import Turn
from ecochat.net.outlet import Outlet
from ecochat.net.owed import Owed

WAITING = 500
"""What may wait for a watcher that does not read; more is only counted. It is more than
happens in a turn but in a rush, and takes 8 MB with the longest messages."""

_ENDINGS = frozenset((SessionAway, SessionResumed, SessionClosed))
"""By what a watcher is forgotten: its connection is gone, or another."""

_NEWS = _ENDINGS | {SessionOpened, SessionRenamed}
"""What is told of sessions."""


class Watchers:
    """All of them, by the numbers of their sessions; false while there is none.

    :param channels: the rooms by id.
    :param sessions: the links of open sessions, by their numbers.
    :param now: returns the present time, in seconds since 1970 (UTC).
    """

    def __init__(
        self,
        channels: Channels,
        sessions: Mapping[int, Attached],
        now: Callable[[], float],
    ) -> None:
        self._channels = channels
        self._sessions = sessions
        self._now = now
        self._watchers: dict[int, _Watcher] = {}

    def __bool__(self) -> bool:
        return bool(self._watchers)

    def add(self, watched: Watched) -> None:
        """Take it that a session watches from now on, or no longer."""
        self._watchers.pop(watched.session, None)
        link = self._sessions.get(watched.session)
        if watched.on and link is not None:
            self._watchers[watched.session] = _Watcher(cast(Outlet, link.outlet))

    def tell(self, turn: Turn, run: list[Any]) -> Iterator[Any]:
        """Tell items of one type, and, if they are events, of one room; return them."""
        kind = type(run[0])
        if kind in _ENDINGS:
            for item in run:
                self._watchers.pop(item.session, None)
        if kind is Changed:
            self._change(run)
        elif kind in _NEWS or (kind is Event and not self._is_private(run[0])):
            self._tell_all(turn, run)
        return iter(run)

    def _is_private(self, event: Event) -> bool:
        return self._channels[event.room].is_private

    def _tell_all(self, turn: Turn, run: list[Any]) -> None:
        told = [(item.seq, self._happened(item)) for item in run]
        for watcher in self._watchers.values():
            turn.set_apart(watcher.outlet)
            for seq, body in told:
                watcher.tell(seq, body)

    def _happened(self, item: Item) -> Happened:
        time = getattr(item, "time", 0) or int(self._now() * 1000)
        where = self._channels[item.room].name if isinstance(item, Event) else ""
        return Happened(item, time, where)

    def _change(self, run: list[Changed]) -> None:
        """Give what is not sent yet its present text: nobody is sent a deleted one."""
        changes = {(changed.room, changed.target): changed for changed in run}
        for watcher in self._watchers.values():
            for owed in watcher.outlet.owed:
                _change(owed, changes)


def _change(owed: Owed, changes: Mapping[tuple[int, int], Changed]) -> None:
    body = owed.body
    if isinstance(body, Happened) and isinstance(event := body.item, Event):
        message = event.target if event.kind == "edit" else event.n
        changed = changes.get((event.room, message or 0))
        if changed is not None:
            new = replace(event, text=changed.text, changed=changed.by)
            owed.body = replace(body, item=new)


class _Watcher:
    """One of them."""

    def __init__(self, outlet: Outlet) -> None:
        self.outlet = outlet
        self._missed: Owed | None = None

    def tell(self, seq: int, body: Body) -> None:
        """Owe something in its place; or, while too much is owed, count it in one."""
        if len(self.outlet.owed) < WAITING:
            self._missed = None
            self._owe(seq, body)
        elif self._missed is None:
            self._missed = self._owe(seq, Overlooked(1))
        elif isinstance(self._missed.body, Overlooked):
            self._missed.body = Overlooked(self._missed.body.count + 1)

    def _owe(self, seq: int, body: Body) -> Owed:
        return self.outlet.owe(Reply(seq, 0, body, False))
