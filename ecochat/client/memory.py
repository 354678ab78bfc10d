"""What the client remembers from one run to the next: names, servers, rooms, drafts."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from ecochat.client.files import alone, replace, set_aside

VERSION = 1
"""Of both files."""

SERVERS = 50
"""Servers remembered, those used last: more than anyone goes to."""

ROOMS = 1_000
"""Rooms remembered of a server, those entered last: more than anyone is in."""

ENTERED = 100
"""Rooms that are entered at the start; a server may allow no more."""

DRAFT = 16_000
"""Characters kept of a draft, and of what was refused: four times what a server takes
by default."""

REFUSED = 100
"""What was refused at a server that is kept, the newest: more than anyone writes
again."""

LARGEST = 1 << 24
"""Bytes of a file, at most: what is remembered by a person is some kilobytes; what
these bounds allow to be written by mistake must not stop the start for ever."""

V = TypeVar("V")


class Refusal(msgspec.Struct, frozen=True):
    """Something that one wrote, that is not stored, and that one has not taken back.

    :ivar room: where.
    :ivar typed: what is typed there to write it again.
    :ivar why: why it was refused, in a sentence.
    :ivar time: when it was written, in seconds since 1970 (UTC).
    """

    room: str
    typed: str
    why: str
    time: float = 0.0


@dataclass(slots=True)
class Remembered:
    """What is remembered of one server. Change it in place, then save.

    :ivar nick: the name that one chose there last, which is not always the one that
        one got; empty for none yet.
    :ivar rooms: the rooms that one is in, in the order shown, each with the number that
        one has read up to; None where that is not known.
    :ivar drafts: what one has begun to write, by room.
    :ivar muted: the rooms that do not call.
    :ivar current: the room that was before the eyes; empty for none.
    :ivar places: where one has scrolled back to, by room: the number of the last event
        on the screen.
    :ivar used: when one went there last, in seconds since 1970 (UTC).
    :ivar refused: what was refused, in that order.
    """

    nick: str = ""
    rooms: dict[str, int | None] = field(default_factory=dict)
    drafts: dict[str, str] = field(default_factory=dict)
    muted: set[str] = field(default_factory=set)
    current: str = ""
    used: int = 0
    places: dict[str, int] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)


class Memory:
    """Two files, which several clients of one user can change at the same time: in the
    config folder the names, servers and rooms; in the state folder how far one has
    read, drafts, what was refused, and what is muted. They can be read by their owner
    only.

    A file that cannot be read or written costs what is in it, not the chat; see
    :meth:`take_notes`. Make it with :meth:`load`.

    :ivar nick: the name that one chose last, anywhere; empty for none yet.
    :ivar rings: whether one is called by bell and notification.
    :ivar tells_typing: whether others are shown that one writes.
    :ivar has_mouse: whether the mouse works on the whole screen.
    """

    def __init__(self, config: Path, state: Path, clock: Callable[[], float]) -> None:
        self.nick = ""
        self.rings = self.tells_typing = self.has_mouse = True
        self._servers: dict[str, Remembered] = {}
        self._config = _File(config, _Config)
        self._state = _File(state, _State)
        self._clock = clock

    @classmethod
    def load(
        cls, folder: Path | None = None, clock: Callable[[], float] = time.time
    ) -> "Memory":
        """Return what is remembered.

        :param folder: where both files are; by default each is in this user's folder
            for its kind.
        :param clock: gives the time in seconds since 1970.
        """
        config, state = folder or _config_folder(), folder or _state_folder()
        memory = cls(config / "client.json", state / "rooms.json", clock)
        memory._take(memory._config.load(), memory._state.load())
        return memory

    @property
    def servers(self) -> list[str]:
        """The addresses of the servers, the one that was used last first."""
        found = self._servers
        return sorted(found, key=lambda address: -found[address].used)

    def server(self, address: str) -> Remembered:
        """Return what is remembered of a server; it is the one used last now.

        :param address: in full, as ``str(parse_address(...))``.
        """
        remembered = self._servers.setdefault(address, Remembered())
        remembered.used = int(self._clock())
        return remembered

    def nick_at(self, address: str) -> str:
        """Return the name that one chose at a server last, or else anywhere; empty for
        none yet."""
        return self.server(address).nick or self.nick

    def save(self) -> None:
        """Write what has changed, unless nothing has. What other clients have written
        meanwhile stays; where both changed one thing, this one's is written, but of how
        far one has read the larger."""
        for gone in self.servers[SERVERS:]:
            del self._servers[gone]
        config, state = self._given()
        self._config.save(config)
        self._state.save(state)

    @property
    def is_kept(self) -> bool:
        """Whether all was written by the last :meth:`save`."""
        return self._config.is_written and self._state.is_written

    def take_notes(self) -> list[str]:
        """Return what went wrong with the files, in sentences, each once."""
        return [*self._config.take_notes(), *self._state.take_notes()]

    def _take(self, config: "_Config", state: "_State") -> None:
        self.nick = config.nick
        self.rings, self.tells_typing = config.rings, config.tells_typing
        self.has_mouse = config.has_mouse
        for address, place in config.servers.items():
            rooms = state.servers.get(address, _Rooms())
            self._servers[address] = Remembered(
                place.nick,
                {room: rooms.read.get(room) for room in place.rooms},
                rooms.drafts,
                set(rooms.muted),
                rooms.current,
                place.used,
                rooms.places,
                rooms.refused,
            )

    def _given(self) -> tuple["_Config", "_State"]:
        servers = self._servers.items()
        config = {
            address: _Place(it.nick, it.used, _newest(dict.fromkeys(it.rooms, True)))
            for address, it in servers
        }
        state = {
            address: _Rooms(
                _newest({room: n for room, n in it.rooms.items() if n is not None}),
                _newest({room: text[:DRAFT] for room, text in it.drafts.items()}),
                dict.fromkeys(sorted(it.muted)[:ROOMS], True),
                it.current,
                _newest(it.places),
                [_shortened(each) for each in it.refused[-REFUSED:]],
            )
            for address, it in servers
        }
        switches = self.rings, self.tells_typing, self.has_mouse
        return _Config(VERSION, self.nick, config, *switches), _State(VERSION, state)


# What is in the files


class _Place(msgspec.Struct):
    """A server; its rooms are keys, so that they are merged one by one."""

    nick: str = ""
    used: int = 0
    rooms: dict[str, bool] = {}


class _Content(msgspec.Struct):
    version: int = VERSION


class _Config(_Content):
    nick: str = ""
    servers: dict[str, _Place] = {}
    rings: bool = True
    tells_typing: bool = True
    has_mouse: bool = True


class _Rooms(msgspec.Struct):
    """The rooms of a server: how far one has read, drafts, which are muted, which was
    before the eyes, where one has scrolled back to, and what was refused."""

    read: dict[str, int] = {}
    drafts: dict[str, str] = {}
    muted: dict[str, bool] = {}
    current: str = ""
    places: dict[str, int] = {}
    refused: list[Refusal] = []


class _State(_Content):
    servers: dict[str, _Rooms] = {}


K = TypeVar("K", bound=_Content)


class _File(Generic[K]):
    """One of the files, and what of it this client has read or written last.

    :ivar is_written: whether it has what was to be written last.
    """

    def __init__(self, path: Path, kind: type[K]) -> None:
        self.is_written = True
        self._path = path
        self._kind = kind
        self._base: dict[str, Any] = {}
        self._notes: list[str] = []
        self._noted: set[str] = set()

    def load(self) -> K:
        """Return what is in it; one that is damaged is set aside."""
        read = self._kind()
        try:
            try:
                read = self._read()
            except _Damaged:
                with alone(self._path):
                    read = self._sound()
        except OSError as error:
            self._note(f"{self._path} cannot be read: {error.strerror}")
        self._base = msgspec.to_builtins(read)
        return read

    def save(self, new: K) -> None:
        """Write what has changed since the last time."""
        mine = msgspec.to_builtins(new)
        self.is_written = mine == self._base
        if self.is_written:
            return
        try:
            with alone(self._path):
                theirs = msgspec.to_builtins(self._sound())
                replace(self._path, _text(_merged(self._base, mine, theirs)))
        except OSError as error:
            self._note(f"{self._path} cannot be written: {error.strerror}")
        else:
            self._base, self.is_written = mine, True

    def take_notes(self) -> list[str]:
        """See :class:`Memory`."""
        notes, self._notes = self._notes, []
        return notes

    def _note(self, note: str) -> None:
        if note not in self._noted:
            self._noted.add(note)
            self._notes.append(note)

    def _sound(self) -> K:
        """Read it while alone with it; one that is damaged is set aside."""
        try:
            return self._read()
        except _Damaged as damage:
            aside = set_aside(self._path)
            self._note(f"{self._path} {damage}; it is set aside as {aside.name}")
            return self._kind()

    def _read(self) -> K:
        try:
            with self._path.open("rb") as file:
                data = file.read(LARGEST + 1)
        except FileNotFoundError:
            return self._kind()
        if len(data) > LARGEST:
            raise _Damaged("is too large")
        try:
            read = msgspec.json.decode(data, type=self._kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _Damaged(f"is damaged ({error})") from None
        if read.version != VERSION:
            raise _Damaged(f"is of another version ({read.version}) of EcoChat")
        return read


class _Damaged(Exception):
    """What is in a file cannot be used; the text follows its name."""


def _merged(base: Any, mine: Any, theirs: Any) -> Any:
    """Return what is right after two have changed the same thing; None for nothing.

    :param base: what it was when mine began.
    """
    if isinstance(mine, dict) and isinstance(theirs, dict):
        base = base or {}
        keys = {**mine, **theirs}
        all = {key: (base.get(key), mine.get(key), theirs.get(key)) for key in keys}
        merged = {key: _merged(*each) for key, each in all.items()}
        return {key: value for key, value in merged.items() if value is not None}
    if isinstance(mine, list) and isinstance(theirs, list):
        base = base or []
        kept = [each for each in theirs if each in mine or each not in base]
        return kept + [each for each in mine if each not in base]
    if mine == base:
        return theirs
    is_risen = isinstance(mine, int) and mine > (base or 0)
    return max(mine, theirs or 0) if is_risen else mine


def _shortened(refusal: Refusal) -> Refusal:
    typed = refusal.typed[:DRAFT]
    return msgspec.structs.replace(refusal, typed=typed)


def _newest(of: dict[str, V]) -> dict[str, V]:
    return dict(list(of.items())[-ROOMS:])


def _text(value: Any) -> str:
    """Return it as JSON; what was typed can have halves of characters in it."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return text.encode(errors="replace").decode() + "\n"


def _config_folder() -> Path:
    from platformdirs import user_config_path

    return user_config_path("ecochat")


def _state_folder() -> Path:
    from platformdirs import user_state_path

    return user_state_path("ecochat")
