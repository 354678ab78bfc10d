"""A room as a person has it before the eyes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from ecochat.client.screen.entries import Entry
from ecochat.core.wire import Delete, Edit, React

ENTRIES = 2_000
"""Entries of a room that are kept while one is at its end: some screens full. What is
older is read again from the server when somebody scrolls there."""

SCROLLED = 2 * ENTRIES
"""Entries that are kept while one has scrolled back."""

CHANGES = 2_000
"""Edits, deletions and reactions of a stretch that are kept, to be applied to older
messages that are loaded; of more the oldest go, and such messages lack them."""


@dataclass(slots=True, eq=False)
class Stretch:
    """A part of a room's log without a hole: the events ``first`` to ``upto``, of which
    there are none where ``first`` is above ``upto``.

    :ivar entries: what is shown of it, and what else was said meanwhile, in order.
    :ivar index: the entries that have numbers, by those.
    :ivar changes: what in it, and maybe before it, changes a message, in order; such an
        event has an entry of its own only where that message is not here.
    """

    entries: list[Entry] = field(default_factory=list)
    first: int = 1
    upto: int = 0
    index: dict[int, Entry] = field(default_factory=dict)
    changes: deque[Edit | Delete | React] = field(
        default_factory=lambda: deque(maxlen=CHANGES)
    )


@dataclass(slots=True, eq=False)
class Place:
    """Where the last row on the screen is, when one has scrolled back.

    :ivar entry: the entry that it is of.
    :ivar row: how many rows of that entry are below the screen; below zero: how many
        rows of what follows it are seen too, as far as there are any.
    """

    entry: Entry
    row: int = 0


@dataclass(slots=True, eq=False)
class Room:
    """Its entries, oldest first, and what one has done in it.

    :ivar entries: what has numbers is in their order, without a hole that is not shown
        as one; pending messages of one's own stand at the end, refused ones where
        they were refused.
    :ivar first: the number of the oldest event here, 1 when nothing is before it.
    :ivar is_loading: whether older events are asked for.
    :ivar last: the number of the newest event heard.
    :ivar read: how far one has read.
    :ivar unread: messages of others since then; of these ``mentions`` name oneself.
    :ivar fresh: from where it is new since one was away: the number of the first event,
        how many there are, and since when (seconds since 1970); None for no such line.
    :ivar place: where one has scrolled to; None for the end.
    :ivar resume: the number of the event to scroll to once the log is here, as when the
        client ended; 0 for none.
    :ivar members: who is here, by name, in the order shown; with ``away`` ones.
    :ivar typing: who writes now, by name, and when that was last heard.
    :ivar draft: what one has begun to write here.
    :ivar own: what one has written that no event has shown yet, pending, refused, or
        stored: from the first on that was not refused they are the last of
        ``entries``, where those go to the end.
    :ivar tail: the end of the log, while what is shown is an older part of it; None
        where that goes to the end.
    :ivar is_joined: whether the server tells what happens in it.
    :ivar is_left: whether one is not in it any more, and shall not be at the next
        start: it stays for what one has written there and that is not stored.
    :ivar people: who is here: the names by session.
    :ivar quoted: messages that were read because others answer them, by number; None
        for what is not known yet, or not kept.
    """

    name: str
    topic: str = ""
    entries: list[Entry] = field(default_factory=list)
    first: int = 1
    is_loading: bool = False
    last: int = 0
    read: int = 0
    unread: int = 0
    mentions: int = 0
    fresh: tuple[int, int, float] | None = None
    place: Place | None = None
    resume: int = 0
    members: list[str] = field(default_factory=list)
    away: set[str] = field(default_factory=set)
    typing: dict[str, float] = field(default_factory=dict)
    draft: str = ""
    is_muted: bool = False
    version: int = 0
    """Rises with each change of what is shown of it."""
    own: list[Entry] = field(default_factory=list)
    tail: Stretch | None = None
    is_joined: bool = False
    is_left: bool = False
    people: dict[str, str] = field(default_factory=dict)
    quoted: dict[int, Entry | None] = field(default_factory=dict)
    shown: Stretch = field(init=False)
    """The part of the log that ``entries`` are."""

    def __post_init__(self) -> None:
        index = {entry.n: entry for entry in self.entries if entry.n is not None}
        self.shown = Stretch(self.entries, self.first, self.last, index)

    @property
    def is_private(self) -> bool:
        """Whether it is with one other person."""
        return self.name.startswith("@")

    @property
    def is_at_end(self) -> bool:
        """Whether ``entries`` go to the end of the log."""
        return self.tail is None

    @property
    def live(self) -> Stretch:
        """The end of the log, shown or not."""
        return self.tail or self.shown

    def show(self, stretch: Stretch) -> None:
        """Have a part of the log before the eyes."""
        self.shown = stretch
        self.entries = stretch.entries
        self.sync()

    def sync(self) -> None:
        """Take it that the parts of the log have changed."""
        self.first = self.shown.first
        self.last = self.live.upto
        self.version += 1
