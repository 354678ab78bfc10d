"""What a room's log is made of, as a person sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from ecochat.client.lines import Fragments


class Kind(Enum):
    """What an entry is.

    A message; another event, as a topic; who came and went; what the server or the
    client says; what an operator says; what went wrong; where something is no longer
    kept.
    """

    MESSAGE = "message"
    EVENT = "event"
    PRESENCE = "presence"
    NOTICE = "notice"
    SERVER = "server"
    ERROR = "error"
    GAP = "gap"


class State(Enum):
    """Whether a message of one's own is on the server's disk."""

    PENDING = "pending"
    STORED = "stored"
    REFUSED = "refused"


@dataclass(slots=True, eq=False)
class Entry:
    """One thing in a room. All text in it is safe to show
    (:mod:`ecochat.client.safe`), but for ``raw``.

    :ivar time: when, in seconds since 1970 (UTC).
    :ivar n: its number in the room; None for what has none, or not yet.
    :ivar nick: who wrote it; empty for what nobody did.
    :ivar text: what was written, with its line feeds; of what is no message a sentence.
    :ivar said: instead of ``text``, a sentence with styles
        (:data:`ecochat.client.lines.Fragments`).
    :ivar raw: of one's own message what was written, to edit it.
    :ivar why: why it was refused.
    :ivar typed: of what was refused what is typed in its room to write it again.
    :ivar reply_to: the number of the message that it answers.
    :ivar reactions: for each sign, who gave it, by name, in order.
    :ivar about: of a reaction the number of the message, where that is not here.
    :ivar columns: people, below what is said: their names, and whether they are away.
    :ivar more: how many reactions to the same message followed at once.
    :ivar is_mention: whether it names oneself.
    :ivar changed: the number of the event that edited or deleted it last; 0 for none.
    :ivar names: of presence: what each one did last, by name.
    :ivar counts: of presence: how many more joined, left and were renamed.
    """

    kind: Kind
    time: float
    n: int | None = None
    nick: str = ""
    text: str = ""
    said: Fragments | None = None
    is_own: bool = False
    raw: str = ""
    state: State = State.STORED
    why: str = ""
    typed: str = ""
    reply_to: int | None = None
    is_edited: bool = False
    is_deleted: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    about: int | None = None
    columns: list[tuple[str, bool]] = field(default_factory=list)
    more: int = 0
    is_mention: bool = False
    changed: int = 0
    names: dict[str, str] = field(default_factory=dict)
    counts: tuple[int, int, int] = (0, 0, 0)
