"""What one types for something that was written before, to write it again."""

from collections.abc import Callable
from typing import Any

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


def typed_for(request: Request) -> str:
    """Return what asks for this again. Words for everyone are for the current room.

    :param request: any of :data:`ecochat.client.outbox.WRITES`.
    """
    return _TYPED[type(request)](request)


def _said(request: Say) -> str:
    room, text = request.room or "", request.text
    if room.startswith("@"):
        return f"/msg {room[1:]} {text}"
    if request.reply_to is not None:
        return f"/reply {request.reply_to} {text}"
    return f"/{text}" if text.startswith("/") else text


def _to(request: Edit | Delete | React) -> str:
    room = request.room or ""
    sharp = "" if not room or room.startswith("@") else "#"
    return f"{sharp}{room} {request.message}".lstrip()


_TYPED: dict[type[Request], Callable[[Any], str]] = {
    Say: _said,
    SayTo: lambda request: f"/msg {request.nick} {request.text}",
    Me: lambda request: f"/me {request.text}",
    SetTopic: lambda request: f"/topic {request.topic}",
    Edit: lambda request: f"/edit {_to(request)} {request.text}",
    Delete: lambda request: f"/delete {_to(request)}",
    React: lambda request: (
        f"/react {_to(request)} {request.reaction}{' off' * request.remove}"
    ),
}


PASTED = 5
"""Lines that are pasted unasked; more may be something else than one wanted to say."""


def pasted(data: str) -> str:
    """Return what was pasted as text: its lines end as ours do, and the last one has no
    end, as it is no line more."""
    return data.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")


def meant(answer: str) -> bool | None:
    """Return whether an answer means yes; None for what is neither yes nor no."""
    return _MEANT.get(answer.strip().lower())


_MEANT = {"y": True, "yes": True, "n": False, "no": False}
