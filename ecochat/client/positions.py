"""How far each room has been seen, by which what comes twice or not at all is known."""

from collections.abc import Iterator, Mapping

from ecochat.client.errors import ServerFault
from ecochat.core.names import fold
from ecochat.core.wire import Event, RoomState


class Positions(Mapping[str, int]):
    """The rooms that a session is in, each with the number of its last event seen."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self._ids: dict[str, int] = {}
        self._unsure: set[str] = set()

    def __getitem__(self, room: str) -> int:
        return self._seen[room]

    def __iter__(self) -> Iterator[str]:
        return iter(self._seen)

    def __len__(self) -> int:
        return len(self._seen)

    def asked(self) -> dict[str, int | None]:
        """Return what to ask for when one comes back: private rooms by their ids, as
        their names may have changed."""
        return {self._lasting(room): n for room, n in self._seen.items()}

    def talk(self, room: str) -> int | None:
        """Return the id of the private room that a name means, if it is known."""
        if not room.startswith("@"):
            return None
        ids = {f"@{id}": id for id in self._ids.values()}
        ids |= {fold(name): id for name, id in self._ids.items()}
        return ids.get(fold(room))

    def begin(
        self, rooms: Mapping[str, RoomState], asked: Mapping[str, int | None]
    ) -> dict[str, str]:
        """Take the rooms that a server greets with.

        A log that ends before what was seen of it is another one, as on a server that
        keeps nothing: it is seen from there on. A private room that was not asked for
        may begin before its last event, from where the server knows that it was heard:
        its first event tells.

        :param asked: what was asked for: the last number seen, None for from now on.
        :return: the private rooms that have another name now: old and new.
        """
        wanted = {fold(room): n for room, n in asked.items()}
        before = {id: room for room, id in self._ids.items()}
        unsure = {self._lasting(room) for room in self._unsure}
        self._ids = {r: state.id for r, state in rooms.items() if state.id is not None}
        self._seen, self._unsure = {}, set()
        for room, state in rooms.items():
            lasting = self._lasting(room)
            seen = wanted.get(fold(lasting), wanted.get(fold(room)))
            self._seen[room] = _least(seen, state.last)
            if room.startswith("@") and (seen is None or lasting in unsure):
                self._unsure.add(room)
        names = {before[id]: room for room, id in self._ids.items() if id in before}
        return {old: new for old, new in names.items() if old != new}

    def enter(
        self, room: str, after: int | None, last: int, id: int | None = None
    ) -> None:
        """Take it that the session is in a room; of one that it was in nothing changes.

        :param after: the number of the last event seen; None for the last there is.
        :param id: of a private room.
        """
        if id is not None:
            self._ids[room] = id
        self._seen.setdefault(room, _least(after, last))

    def leave(self, room: str) -> None:
        """Take it that the session is in a room no longer."""
        self._seen.pop(room, None)
        self._ids.pop(room, None)
        self._unsure.discard(room)

    def relabel(self, room: str, new: str) -> None:
        """Take it that a room has another name."""
        if room in self._seen:
            self._seen[new] = self._seen.pop(room)
        if room in self._ids:
            self._ids[new] = self._ids.pop(room)
        if room in self._unsure:
            self._unsure.remove(room)
            self._unsure.add(new)

    def see(self, event: Event) -> bool:
        """Take an event; return whether it is one that was not seen.

        :raises ServerFault: when one before it was left out.
        """
        seen = self._seen.get(event.room, event.n - 1)
        if event.room in self._unsure:
            self._unsure.remove(event.room)
            seen = min(seen, event.n - 1)
        if event.n > seen + 1:
            text = f"number {event.n} of {event.room} came after {seen}"
            raise ServerFault(f"the server left something out: {text}")
        self._seen[event.room] = max(seen, event.n)
        return event.n > seen

    def expire(self, room: str, upto: int) -> bool:
        """Take it that what is up to a number does not come; return whether any of it
        was not seen."""
        seen = self._seen.get(room, upto)
        self._seen[room] = max(seen, upto)
        return upto > seen

    def _lasting(self, room: str) -> str:
        """Return the name of a room that never changes."""
        return f"@{self._ids[room]}" if room in self._ids else room


def _least(after: int | None, last: int) -> int:
    return last if after is None else min(after, last)
