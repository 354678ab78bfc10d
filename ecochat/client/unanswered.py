"""What was asked and has no answer yet, in order."""

from collections.abc import Mapping

import msgspec

from ecochat.client.errors import TooMuch
from ecochat.core.requests import (
    Delete,
    Edit,
    Me,
    React,
    Request,
    Say,
    SayTo,
    SetTopic,
)
from ecochat.core.wire import Said

MOST = 1_000
"""Requests without an answer: with the longest messages, of 16 KB, they take 16 MB."""

ITEMS = 200_000
"""Items of one answer: twice as many as there are sessions at the largest servers."""

WRITES = (Say, SayTo, Me, SetTopic, Edit, Delete, React)
"""What is kept until it is stored, and has an id."""


class Asked:
    """A request that has no answer yet.

    :ivar request: what is sent, its id included once it was sent.
    :ivar sent: whether it was sent on the present connection.
    :ivar items: what has come of the answer.
    """

    __slots__ = ("items", "request", "sent")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.sent = False
        self.items: list[Said] = []

    @property
    def is_write(self) -> bool:
        """Whether it is kept when the connection is lost, and sent again."""
        topic = getattr(self.request, "topic", "")  # None asks for it
        return isinstance(self.request, WRITES) and topic is not None


class Unanswered:
    """The requests without an answer, by their refs, in the order they were made in."""

    def __init__(self) -> None:
        self._asked: dict[str, Asked] = {}
        self._refs = 0

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

    def add(self, request: Request) -> str:
        """Take a request, and return the ref that it has now.

        :raises TooMuch: when there are :data:`MOST` already.
        """
        if len(self._asked) >= MOST:
            raise TooMuch(f"{MOST:,} requests have no answer yet, wait for some")
        self._refs += 1
        ref = str(self._refs)
        self._asked[ref] = Asked(msgspec.structs.replace(request, ref=ref))
        return ref

    def pop(self, ref: str) -> Asked:
        """Return what has this ref, which is answered now."""
        return self._asked.pop(ref)

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
        """Forget everything, and return the refs of that."""
        refs = list(self._asked)
        self._asked.clear()
        return refs

    def relabel(self, names: Mapping[str, str]) -> None:
        """Have what is for a private room be for the one it is, under its new name, if
        it has to be sent again.

        :param names: those that changed: old and new.
        """
        for asked in self._asked.values():
            request = asked.request
            if (room := getattr(request, "room", None) or "") in names:
                asked.request = msgspec.structs.replace(request, room=names[room])
            elif isinstance(request, SayTo) and f"@{request.nick}" in names:
                nick = names[f"@{request.nick}"][1:]
                asked.request = msgspec.structs.replace(request, nick=nick)
