"""The client library: talk with a server from a program of one's own.

docs/library.md explains it. What a terminal shows is in ``ecochat.client.terminal``.
"""

from ecochat.client.client import Client
from ecochat.client.errors import (
    ClientError,
    Disconnected,
    Ended,
    NoKey,
    NotKept,
    NotStored,
    Refused,
    ServerFault,
    TooMuch,
    Unreachable,
    Untrusted,
)
from ecochat.client.feed import Feed
from ecochat.client.happenings import (
    Answer,
    Distrusted,
    Happening,
    Held,
    Offline,
    Online,
)
from ecochat.client.keys import held_key, key_of_name
from ecochat.client.outbox import Kept, MemoryOutbox, Outbox, SQLiteOutbox
from ecochat.client.program import run
from ecochat.client.trust import Trust
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
    "Distrusted",
    "Dropped",
    "Edit",
    "Ended",
    "Event",
    "Expired",
    "Feed",
    "Happening",
    "Held",
    "Joined",
    "Kept",
    "Left",
    "Member",
    "MemoryOutbox",
    "Message",
    "NoKey",
    "NotKept",
    "NotStored",
    "Notice",
    "Offline",
    "Online",
    "Opened",
    "Outbox",
    "Presence",
    "React",
    "Refused",
    "Relabelled",
    "Renamed",
    "Room",
    "SQLiteOutbox",
    "Said",
    "ServerFault",
    "Session",
    "TooMuch",
    "Topic",
    "Trust",
    "Typing",
    "Unreachable",
    "Untrusted",
    "held_key",
    "key_of_name",
    "run",
]
