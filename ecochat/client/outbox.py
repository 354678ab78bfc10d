"""What is written and not known to be stored, kept for the client that comes next."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, Union

import msgspec

from ecochat.client.errors import NotKept
from ecochat.client.files import alone, set_aside
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

if TYPE_CHECKING:
    import sqlite3  # else only where a file is opened: most programs open none

WRITES = (Say, SayTo, Me, SetTopic, Edit, Delete, React)
"""What is kept until it is stored, and has an id."""

BUSY = 2.0
"""Seconds that the file may be in use by others, each of whom takes milliseconds."""

VERSION = 1
"""Of the file's tables, as its ``user_version`` says; 0 is a new file."""


def is_write(request: Request) -> bool:
    """Whether a request is one of those that are kept."""
    is_set = getattr(request, "topic", "") is not None  # None asks for it
    return isinstance(request, WRITES) and is_set


class Kept(NamedTuple):
    """What an outbox has of something written.

    :param serial: its place: they rise in the order in which things were written.
    :param request: what was asked; with its id, once it has one that may have left.
    :param talk: the id of the private room it is for, which stays when names change;
        None for a room of everyone, or where it is not known.
    :param written: when it was written, in seconds since 1970 (UTC).
    """

    serial: int
    request: Request
    talk: int | None
    written: float


class Outbox(Protocol):
    """Keeps what one key writes until its answer has come.

    What a call has done is still done when the program, or the machine, stops right
    after it. All calls can raise :class:`~ecochat.client.errors.NotKept`; then nothing
    is changed. One client at a time uses the rows of a key, see
    :func:`ecochat.client.keys.held_key`.
    """

    @property
    def key(self) -> str:
        """The key of whoever writes."""

    def load(self) -> list[Kept]:
        """Return all that is kept of the key, in the order in which it was written."""

    def keep(self, request: Request, talk: int | None) -> Kept:
        """Keep what is being written, behind all that is kept."""

    def change(self, changed: Sequence[Kept]) -> None:
        """Keep these instead of what has their serials; all of them, or none."""

    def remove(self, serials: Sequence[int]) -> None:
        """Keep these no longer: they have their answers."""


class MemoryOutbox:
    """Keeps it as long as the program runs.

    :param clock: gives the time in seconds since 1970.
    """

    def __init__(self, key: str, clock: Callable[[], float] = time.time) -> None:
        self.key = key
        self._clock = clock
        self._serials = itertools.count(1)
        self._rows: dict[int, Kept] = {}

    def load(self) -> list[Kept]:
        """See :class:`Outbox`."""
        return list(self._rows.values())

    def keep(self, request: Request, talk: int | None) -> Kept:
        """See :class:`Outbox`."""
        kept = Kept(next(self._serials), request, talk, self._clock())
        self._rows[kept.serial] = kept
        return kept

    def change(self, changed: Sequence[Kept]) -> None:
        """See :class:`Outbox`."""
        self._rows |= {kept.serial: kept for kept in changed}

    def remove(self, serials: Sequence[int]) -> None:
        """See :class:`Outbox`."""
        for serial in serials:
            del self._rows[serial]


class SQLiteOutbox:
    """Keeps it in a file, one for all keys of a user, which several programs may use at
    a time. It can be read by its owner only; close it (``contextlib.closing``).

    A row's key is known by its SHA-256 alone, so that the file lets nobody be its
    owner. A call takes as long as the disk does to write: on the machines of today 0.1
    to 10 ms.

    :param key: whose rows are meant; it is used at one server only, as those of
        :func:`ecochat.client.keys.held_key` are.
    :param path: the file; by default in this user's data folder.
    :param clock: gives the time in seconds since 1970.
    :raises NotKept: when it cannot be had. A damaged one is set aside under the name
        that the error says, so that the next attempt begins a new one.
    """

    def __init__(
        self,
        key: str,
        path: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        import sqlite3

        self.key = key
        self._owner = sha256(key.encode()).digest()
        self._path = path or _data_file()
        self._clock = clock
        # Alone, since of two that find it damaged the second must not set the new one
        # aside.
        with self._errors("opened"), alone(self._path):
            self._db = _opened(self._path)
            try:
                _check(self._db)
                self._rows()
            except (sqlite3.OperationalError, sqlite3.NotSupportedError):
                self._db.close()  # full, or another's: the file itself is sound
                raise
            except (sqlite3.DatabaseError, msgspec.DecodeError) as error:
                self._db.close()
                aside = set_aside(self._path, ("-wal", "-shm"))
                text = f"{self._path} is damaged ({error}); it is set aside as {aside}"
                raise NotKept(f"{text}, and what was to be sent is in it") from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def load(self) -> list[Kept]:
        """See :class:`Outbox`."""
        with self._errors("read"):
            return self._rows()

    def keep(self, request: Request, talk: int | None) -> Kept:
        """See :class:`Outbox`."""
        written = self._clock()
        row = (self._owner, _encode(request), talk, written)
        sql = "INSERT INTO kept (owner, request, talk, written) VALUES (?, ?, ?, ?)"
        with self._errors("written"):
            serial = self._db.execute(sql, row).lastrowid
        assert serial is not None
        return Kept(serial, request, talk, written)

    def change(self, changed: Sequence[Kept]) -> None:
        """See :class:`Outbox`."""
        rows = [(_encode(kept.request), kept.talk, kept.serial) for kept in changed]
        self._all("UPDATE kept SET request = ?, talk = ? WHERE serial = ?", rows)

    def remove(self, serials: Sequence[int]) -> None:
        """See :class:`Outbox`."""
        rows = [(serial,) for serial in serials]
        self._all("DELETE FROM kept WHERE serial = ?", rows)

    def _rows(self) -> list[Kept]:
        sql = "SELECT serial, request, talk, written FROM kept WHERE owner = ?"
        rows = self._db.execute(f"{sql} ORDER BY serial", (self._owner,))
        return [
            Kept(serial, _decode(request), talk, written)
            for serial, request, talk, written in rows
        ]

    def _all(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Do one thing with several rows, in one transaction."""
        with self._errors("written"), self._db:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(sql, rows)

    @contextlib.contextmanager
    def _errors(self, done: str) -> Iterator[None]:
        """Say what is wrong, if anything is.

        :param done: what could not be done with the file.
        """
        import sqlite3

        try:
            yield
        except (OSError, sqlite3.Error) as error:
            why = getattr(error, "strerror", None) or error
            raise NotKept(f"{self._path} cannot be {done}: {why}") from error


def _data_file() -> Path:
    from platformdirs import user_data_path

    return user_data_path("ecochat") / "outbox.sqlite"


def _opened(path: Path) -> sqlite3.Connection:
    """Open a file that its owner only can read; SQLite gives what it puts beside it the
    same mode. One that is there is not opened by us too: to close that would drop the
    locks that another client of this program has on it (POSIX.1, fcntl)."""
    import sqlite3

    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    path.chmod(0o600)
    return sqlite3.connect(path, timeout=BUSY, isolation_level=None)


def _check(db: sqlite3.Connection) -> None:
    """Have the tables of this version in a sound file."""
    import sqlite3

    version, *_ = db.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise sqlite3.NotSupportedError("it is of a newer version of EcoChat")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    found, *_ = db.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(found)
    if version < VERSION:
        db.executescript(_TABLES)


_TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE kept (
    serial INTEGER PRIMARY KEY,
    owner BLOB NOT NULL,
    request BLOB NOT NULL,
    talk INTEGER,
    written REAL NOT NULL
) STRICT;
PRAGMA user_version = {VERSION};
COMMIT;
"""

_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(Union[WRITES]).decode  # noqa: UP007
