"""The client library: talk with a server from a program of one's own.

docs/library.md explains it. What a terminal shows is in ``ecochat.client.terminal``.
"""

from ecochat.client.client import Client
from ecochat.client.errors import (
    ClientError,
    Disconnected,
    Ended,
    NoKey,
    NotStored,
    Refused,
    ServerFault,
    TooMuch,
    Unreachable,
)
from ecochat.client.feed import Feed
from ecochat.client.happenings import Answer, Happening, Offline, Online
from ecochat.client.keys import held_key, key_of_name
from ecochat.client.program import run
from ecochat.core.wire import (
    Delete,
    Dropped,
    Edit,
    Event,
    Expired,
    Joined,
    Left,
    Member,
    Message,
    Notice,
    Opened,
    Presence,
    React,
    Relabelled,
    Renamed,
    Room,
    Said,
    Session,
    Topic,
    Typing,
)

__all__ = [
    "Answer",
    "Client",
    "ClientError",
    "Delete",
    "Disconnected",
    "Dropped",
    "Edit",
    "Ended",
    "Event",
    "Expired",
    "Feed",
    "Happening",
    "Joined",
    "Left",
    "Member",
    "Message",
    "NoKey",
    "NotStored",
    "Notice",
    "Offline",
    "Online",
    "Opened",
    "Presence",
    "React",
    "Refused",
    "Relabelled",
    "Renamed",
    "Room",
    "Said",
    "ServerFault",
    "Session",
    "TooMuch",
    "Topic",
    "Typing",
    "Unreachable",
    "held_key",
    "key_of_name",
    "run",
]
