"""Who comes, goes, has another name or writes: told at a rate that a room can bear.

In a small room each is told at once. In a large one that would cost the square of its
members; so what comes while the room has been told enough is gathered, and told later
in few lines, or as one digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace
from twisted.internet.interfaces import IDelayedCall

from ecochat.core.items import Digest, Note
from ecochat.net.channel import Attached, Channel
from ecochat.net.delivery import Turn

RATE = 200
"""Deliveries of presence in a room, a second: some 1 ms of one core. A room of 10,000
is told every 50 s, one of 20 ten times a second."""

AHEAD = 1.0
"""Seconds by which a room may be ahead of that: so the first few things that happen in
a small room at one time are told at once, in their places among the messages."""

LINES = 8
"""Sessions that are told of one by one, at most; of more there are only numbers, which
are read as fast as one line."""


class Presence:
    """That of all rooms.

    :param reactor: the clock.
    :param sessions: the links of open sessions, by their number.
    """

    def __init__(self, reactor: Any, sessions: Mapping[int, Attached]) -> None:
        self._reactor = reactor
        self._sessions = sessions
        self._crowds: dict[Channel, Crowd] = {}
        self._new: dict[Crowd, list[Note]] = {}
        self._stopped = False

    def take(self, turn: Turn, channel: Channel, note: Note) -> None:
        """Take what happens in a room; of a private one that is always told.

        Who writes is told at once or not at all, since it soon is not true any more.
        """
        if channel.is_private:
            turn.add_note(channel, note)
        elif not self._stopped:
            crowd = self._crowds.get(channel)
            if crowd is None:
                crowd = self._crowds[channel] = Crowd(
                    channel, self._reactor, self._sessions
                )
            if note.kind == "typing":
                crowd.tell_typing(turn, note)
            else:
                self._new.setdefault(crowd, []).append(note)

    def tell(self, turn: Turn) -> None:
        """Have told what was taken in this turn, or have it wait."""
        new, self._new = self._new, {}
        for crowd, notes in new.items():
            crowd.tell(turn, notes)

    def stop(self) -> None:
        """Tell no more: the server stops, and everyone is told that."""
        self._stopped = True
        for crowd in self._crowds.values():
            crowd.stop()


class Crowd:
    """Those in one room, as far as the others have not been told of them.

    What is gathered is one note for each session, or none when it came and went
    meanwhile. So it is bounded by the members that there were and are.

    :param channel: the room.
    :param reactor: the clock.
    :param sessions: see :class:`Presence`.
    """

    def __init__(
        self, channel: Channel, reactor: Any, sessions: Mapping[int, Attached]
    ) -> None:
        self._channel = channel
        self._reactor = reactor
        self._sessions = sessions
        self._paid = 0.0  # up to when what was told has used up the rate
        self._gathered: dict[int, Note] = {}  # by session, in order
        self._timer: IDelayedCall | None = None

    def tell_typing(self, turn: Turn, note: Note) -> None:
        """Tell who writes, if something may be told now."""
        if self._timer is None and self._wait() <= 0:
            self._tell(turn, (note,))

    def tell(self, turn: Turn, notes: list[Note]) -> None:
        """Tell what happened in this turn, now if that may be, else when it may."""
        is_time = self._timer is None and self._wait() <= 0
        if is_time and len(notes) <= LINES:
            self._tell(turn, notes)
            return
        for note in notes:
            self._gather(note)
        if is_time:
            self._tell(turn, self._summed_up())
        elif self._timer is None and self._gathered:
            self._timer = self._reactor.callLater(self._wait(), self._tell_late)

    def stop(self) -> None:
        """Tell nothing later."""
        self._gathered.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self, turn: Turn, notes: Iterable[Note]) -> None:
        for note in notes:
            turn.add_note(self._channel, note)
        self._pay()

    # How often

    def _wait(self) -> float:
        """Return the seconds until something may be told."""
        seconds: float = self._paid - AHEAD - self._reactor.seconds()
        return seconds

    def _pay(self) -> None:
        now = self._reactor.seconds()
        self._paid = max(self._paid, now) + len(self._channel.listeners) / RATE

    # What

    def _gather(self, note: Note) -> None:
        before = self._gathered.pop(note.session, None)
        now = note if before is None else _NET[before.kind, note.kind](before, note)
        if now is not None:
            self._gathered[note.session] = now

    def _summed_up(self) -> list[Note]:
        """Return what is gathered, which is over with that: a line for each session, or
        a digest in the place of the last of them."""
        notes = list(self._gathered.values())
        self._gathered.clear()
        return notes if len(notes) <= LINES else [_digest(notes)]

    # Later

    def _tell_late(self) -> None:
        """Tell what is gathered to all who are up to date with the room's messages."""
        self._timer = None
        notes = self._summed_up()
        if notes:
            turn = Turn()
            self._tell(turn, notes)
            for note in notes:
                link = self._sessions.get(note.session)
                if link is not None:  # it is not told of itself
                    turn.set_apart(link.outlet)
            turn.deliver()


def _digest(notes: list[Note]) -> Digest:
    kinds = [note.kind for note in notes]
    return Digest(
        notes[-1].seq,
        notes[-1].room,
        joined=kinds.count("joined"),
        left=kinds.count("left"),
        renamed=kinds.count("renamed"),
    )


def _renamed_on(before: Note, note: Note) -> Note | None:
    return None if note.new == before.nick else replace(note, nick=before.nick)


def _back(before: Note, note: Note) -> Note | None:
    back = replace(note, kind="renamed", new=note.nick)
    return _renamed_on(before, back)


_NET: dict[tuple[str, str], Callable[[Note, Note], Note | None]] = {
    ("joined", "renamed"): lambda _, note: replace(
        note, kind="joined", nick=note.new, new=""
    ),
    ("joined", "left"): lambda *_: None,
    ("renamed", "renamed"): _renamed_on,
    ("renamed", "left"): lambda before, note: replace(note, nick=before.nick),
    ("left", "joined"): _back,
}
"""What two notes of one session come to: nothing, where all is as it was before."""
