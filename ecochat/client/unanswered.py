"""What was asked and has no answer yet, in order."""

import contextlib
from collections.abc import Callable, Iterable, Mapping

import msgspec

from ecochat.client.errors import NotKept, TooMuch
from ecochat.client.outbox import Kept, Outbox, is_write
from ecochat.core.requests import Request, SayTo
from ecochat.core.wire import Said

MOST = 1_000
"""Requests without an answer: with the longest messages, of 16 KB, they take 16 MB."""

ITEMS = 200_000
"""Items of one answer: twice as many as there are sessions at the largest servers."""


class Asked:
    """A request that has no answer yet.

    :ivar request: what was asked, its id included once it may have been sent.
    :ivar sent: whether it was sent on the present connection.
    :ivar items: what has come of the answer.
    :ivar kept: what the outbox has of it, if that has it.
    :ivar is_old: whether a client before this one was asked it.
    """

    __slots__ = ("is_old", "items", "kept", "request", "sent")

    def __init__(
        self, request: Request, kept: Kept | None = None, is_old: bool = False
    ) -> None:
        self.request = request
        self.sent = False
        self.items: list[Said] = []
        self.kept = kept
        self.is_old = is_old

    @property
    def is_write(self) -> bool:
        """Whether it is kept when the connection is lost, and sent again."""
        return is_write(self.request)

    @property
    def id(self) -> int | None:
        """Its id, where it writes and has one."""
        id: int | None = getattr(self.request, "id", None)
        return id

    def take_id(self, last_id: int) -> int:
        """Have an id, above the last one if it has none yet; return the last one now.

        :param last_id: the largest that is in use.
        """
        id = self.id or last_id + 1
        self.request = msgspec.structs.replace(self.request, id=id)
        return max(last_id, id)

    @property
    def to_send(self) -> Request:
        """The request as it is sent. What is in an outbox names a private room by its
        id, where that is known: names may change while nobody is here to be told."""
        if self.kept is None or self.kept.talk is None:
            return self.request
        return _renamed(self.request, f"@{self.kept.talk}")

    @property
    def is_vague(self) -> bool:
        """Whether a client before this one wrote it for somebody whom it knew by a name
        only, which may be another's now, or for the room in which it was then."""
        if not self.is_old or self.kept is None or self.kept.talk is not None:
            return False
        room = room_of(self.request)
        return not room or room.startswith("@")


class Unanswered:
    """The requests without an answer, by their refs, in the order they were made in.

    :ivar last_id: the largest id that is in use, as far as is known.
    :param outbox: keeps what writes, beyond the end of the program; None: nothing does.
    :param talk_of: gives the id of the private room that a name means, if it is known.
    :raises NotKept: when the outbox cannot be read.
    """

    def __init__(
        self,
        outbox: Outbox | None = None,
        talk_of: Callable[[str], int | None] = lambda room: None,
    ) -> None:
        self.last_id = 0
        self._asked: dict[str, Asked] = {}
        self._refs = 0
        self._outbox = outbox
        self._talk_of = talk_of
        self._over: list[int] = []
        for kept in outbox.load() if outbox is not None else ():
            self._put(Asked(kept.request, kept, is_old=True))

    def __len__(self) -> int:
        return len(self._asked)

    def __getitem__(self, ref: str) -> Asked:
        return self._asked[ref]

    def items(self) -> list[tuple[str, Asked]]:
        """Return them all, each with its ref."""
        return list(self._asked.items())

    def get(self, ref: str | None) -> Asked | None:
        """Return what has this ref, if anything has."""
        return self._asked.get(ref or "")

    def add(self, request: Request, is_sent: bool = False) -> str:
        """Take a request, and return the ref that it has now.

        :param is_sent: whether it is sent now: then what writes gets its id, and is
            kept with it at once.
        :raises TooMuch: when there are :data:`MOST` already.
        :raises NotKept: when it cannot be kept; it is not taken then.
        """
        if len(self._asked) >= MOST:
            raise TooMuch(f"{MOST:,} requests have no answer yet, wait for some")
        asked, last_id = Asked(request), self.last_id
        if asked.is_write:
            if is_sent:
                last_id = asked.take_id(last_id)
            if self._outbox is not None:
                talk = self._talk_of(room_of(request))
                asked.kept = self._outbox.keep(asked.request, talk)
        self.last_id = last_id
        return self._put(asked)

    def number(self) -> None:
        """Give an id to all that is to be sent, writes, and has none. It is kept then.

        :raises NotKept: when it cannot be; then none of that has one, or may be sent.
        """
        waiting = [a for a in self._asked.values() if a.is_write and not a.sent]
        new = [asked for asked in waiting if asked.id is None]
        last_id = self.last_id
        for asked in waiting:
            last_id = asked.take_id(last_id)
        try:
            self._keep(new)
        except NotKept:
            for asked in new:
                asked.request = msgspec.structs.replace(asked.request, id=None)
            raise
        finally:  # the others are sent in any case
            self.last_id = max([self.last_id, *(a.id for a in waiting if a.id)])

    def pop(self, ref: str) -> Asked:
        """Return what has this ref, which is answered now."""
        asked = self._asked.pop(ref)
        if asked.kept is not None:
            self._over.append(asked.kept.serial)
        return asked

    def withdraw(self, ref: str) -> bool:
        """Forget what was never sent, nor has an id to be sent with; return whether it
        is so. What an outbox cannot let go is sent."""
        asked = self._asked.get(ref)
        if asked is None or asked.sent or asked.id is not None:
            return False
        if asked.kept is not None and self._outbox is not None:
            try:
                self._outbox.remove([asked.kept.serial])
            except NotKept:
                return False
        del self._asked[ref]
        return True

    def sweep(self) -> None:
        """Keep what is answered no longer. If that cannot be, it is tried again later;
        what is sent again because of that has its answer again."""
        if self._over and self._outbox is not None:
            with contextlib.suppress(NotKept):
                self._outbox.remove(self._over)
                self._over = []

    def lose(self) -> list[str]:
        """Forget what no connection can answer any more, and return the refs of that:
        what was sent and does not write. The rest is to be sent again."""
        lost = [
            ref
            for ref, asked in self._asked.items()
            if asked.sent and not asked.is_write
        ]
        for ref in lost:
            del self._asked[ref]
        for asked in self._asked.values():
            asked.sent = False
        return lost

    def clear(self) -> list[str]:
        """Forget everything, but what is kept for the next client; return the refs."""
        refs = list(self._asked)
        self._asked.clear()
        return refs

    def relabel(self, names: Mapping[str, str]) -> None:
        """Have what is for a private room be for the one it is, under its new name, if
        it has to be sent again.

        :param names: those that changed: old and new.
        """
        relabelled = [a for a in self._asked.values() if room_of(a.request) in names]
        for asked in relabelled:
            name = names[room_of(asked.request)]
            asked.request = _renamed(asked.request, name)
        with contextlib.suppress(NotKept):  # it is known by its id all the same
            self._keep(relabelled)

    def _put(self, asked: Asked) -> str:
        self._refs += 1
        ref = str(self._refs)
        asked.request = msgspec.structs.replace(asked.request, ref=ref)
        self._asked[ref] = asked
        return ref

    def _keep(self, changed: Iterable[Asked]) -> None:
        """Have the outbox keep what requests are now, and for which private room."""
        kept = {a: self._now(a, a.kept) for a in changed if a.kept is not None}
        if kept and self._outbox is not None:
            self._outbox.change(list(kept.values()))
            for asked, now in kept.items():
                asked.kept = now

    def _now(self, asked: Asked, kept: Kept) -> Kept:
        talk = kept.talk
        if talk is None and not asked.is_old:
            talk = self._talk_of(room_of(asked.request))
        return kept._replace(request=asked.request, talk=talk)


def room_of(request: Request) -> str:
    """Return the room that a request is for; empty for none, and the current one."""
    if isinstance(request, SayTo):
        return f"@{request.nick}"
    return getattr(request, "room", None) or ""


def _renamed(request: Request, room: str) -> Request:
    """Return a request for a private room by another name of that."""
    if isinstance(request, SayTo):
        return msgspec.structs.replace(request, nick=room[1:])
    return msgspec.structs.replace(request, room=room)
