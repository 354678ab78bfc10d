"""The check: acknowledged = stored = seen by every reader, each once, in one order.

It knows nothing of sockets or servers: it compares what clients kept with a log.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Literal, NamedTuple

Kind = Literal["lost", "doubled", "out of order", "wrong"]

SHOWN = 60
"""Characters of a text that a fault shows."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Entry(NamedTuple):
    """A message as somebody has it: told as an event, read in the history or the file.

    :param time: milliseconds since 1970 (UTC).
    """

    n: int
    time: int
    nick: str
    session: str
    id: int | None
    text: str


class Fault(NamedTuple):
    """Something that was promised and is not so."""

    kind: Kind
    what: str


class Answer(NamedTuple):
    """That a message is stored, as its writer was told.

    :param repeated: whether it was said to have been stored before.
    """

    id: int
    n: int
    repeated: bool


@dataclass
class Account:
    """What one client can tell of a run.

    :ivar sent: what it has sent at least once, by id.
    :ivar answers: in the order in which they came.
    :ivar heard: in the order in which it came.
    :ivar faults: what cannot be found out afterwards, as an error it was told.
    """

    name: str
    sent: dict[int, str] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    heard: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def entry_of(message: dict[str, Any]) -> Entry:
    """Return a message of the wire as an entry."""
    time = (datetime.fromisoformat(message["time"]) - EPOCH) // timedelta(
        milliseconds=1
    )
    rest = (message["nick"], message["session"], message.get("id"), message["text"])
    return Entry(message["n"], time, *rest)


def check_log(log: Sequence[Entry]) -> Iterator[Fault]:
    """Yield what is wrong with a log in itself: its numbers have to be 1, 2, 3, …,
    and of one writer each id is there once, and rising."""
    numbers = [entry.n for entry in log]
    yield from compare("the log", numbers, range(1, max(numbers, default=0) + 1))
    ids: dict[str, list[int]] = defaultdict(list)
    for entry in log:
        ids[entry.nick].append(entry.id or 0)
    for nick, found in ids.items():
        rising = sorted(set(found))
        names = [[f"{nick} {id}" for id in some] for some in (found, rising)]
        yield from compare("the log", *names)


def check_writer(account: Account, log: Sequence[Entry]) -> Iterator[Fault]:
    """Yield what of a writer's messages is not as it was told."""
    stored = {e.n: e for e in log if e.nick == account.name}
    numbers: dict[int, set[int]] = defaultdict(set)
    for answer in account.answers:
        numbers[answer.id].add(answer.n)
    for id, told in numbers.items():
        if len(told) > 1:
            yield Fault("doubled", f"{account.name} {id} was told to be {sorted(told)}")
        for n in told:
            found = stored.get(n)
            if found is None or (found.id, found.text) != (id, account.sent[id]):
                what = f"{account.name} {id}, acknowledged as {n}, is not stored so"
                yield Fault("lost", what)
    for id in account.sent.keys() - numbers.keys():
        yield Fault("lost", f"{account.name} {id} was never acknowledged")
    for entry in stored.values():
        if entry.id is None or account.sent.get(entry.id) != entry.text:
            yield Fault("wrong", f"{account.name} never sent {_shown(entry)}")


def check_run(
    name: str, heard: list[tuple[str, str]], log: Sequence[Entry]
) -> Iterator[Fault]:
    """Yield how what someone without numbers heard is no piece of the log.

    :param heard: who said what, from some time on.
    """
    said = [(entry.nick, entry.text) for entry in log]
    begins = (place for place, item in enumerate(said) if item in heard[:1])
    if not heard or any(said[at : at + len(heard)] == heard for at in begins):
        return
    found = {item: place for place, item in enumerate(said)}
    places = [found[item] for item in heard if item in found]
    piece = said[min(places) : max(places) + 1] if places else []
    yield from compare(name, heard, piece)


def compare(
    name: str, got: Sequence[Hashable], due: Sequence[Hashable]
) -> Iterator[Fault]:
    """Yield how what somebody got differs from what was due, each difference once."""
    times, wanted = Counter(got), set(due)
    for item in due:
        if item not in times:
            yield Fault("lost", f"{name} lacks {_shown(item)}")
    for item, count in times.items():
        if item not in wanted:
            yield Fault("wrong", f"{name} has {_shown(item)}, which is not stored")
        elif count > 1:
            yield Fault("doubled", f"{name} has {_shown(item)} {count} times")
    places = {item: place for place, item in enumerate(due)}
    order = [places[item] for item in times if item in places]
    for before, after in pairwise(order):
        if after < before:
            what = f"{name} has {_shown(due[after])} after {_shown(due[before])}"
            yield Fault("out of order", what)


def _shown(item: Hashable) -> str:
    text = str(tuple(item) if isinstance(item, Entry) else item)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
