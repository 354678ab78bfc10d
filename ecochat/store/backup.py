"""A copy of the data, also of a running server's (sqlite.org/backup.html)."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import quote

from ecochat.store.port import StoreError
from ecochat.store.sqlite import APPLICATION_ID, BUSY_TIMEOUT

STEP = 1_024
"""Pages of 4 KiB that are copied at a time; between two the program can be ended."""

BESIDE = ("-wal", "-shm", "-journal")
"""Ends of the names of files that SQLite keeps beside a database, and would take for
the copy's own where one of another database is left."""

NAME_IT = "name the data with --data"


class Saved(NamedTuple):
    """What a copy has in it; ``size`` is that of the file, in bytes."""

    size: int
    rooms: int
    messages: int


def back_up(source: str, target: str, replace: bool = False) -> Saved:
    """Copy the data as it is at one moment; whoever writes it meanwhile is not stopped.

    The copy appears under its name when it is complete, checked and on the disk, for
    its owner only to read. Until then it is in a folder beside, which is removed also
    when this fails. It is one file, that needs none beside it.

    :param source: the data, which may be in use, and is not changed.
    :param target: the file to make.
    :param replace: whether it may take the place of a file that is there.
    :raises StoreError: when no copy was made; what was there is as it was.
    """
    _check_target(source, target, replace)
    parent = os.path.dirname(os.path.abspath(target))
    with _failing(f"{target} was not written"):
        with TemporaryDirectory(prefix=".ecochat-backup-", dir=parent) as folder:
            copy = os.path.join(folder, "copy")
            os.close(os.open(copy, os.O_CREAT | os.O_EXCL, 0o600))
            with closing(sqlite3.connect(copy, isolation_level=None)) as made:
                _copy(source, made)
                rooms, messages = _check_copy(made)
            saved = Saved(os.path.getsize(copy), rooms, messages)
            _sync(copy)
            _check_target(source, target, replace)  # somebody may have made it since
            os.replace(copy, target)
        _sync(parent)
    return saved


@contextmanager
def _failing(what: str) -> Iterator[None]:
    """Tell errors of SQLite and the system as people need them."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise StoreError(f"{what}: {reason}") from error


def _check_target(source: str, target: str, replace: bool) -> None:
    with _failing(f"{target} cannot be written"):
        found = os.lstat(target) if os.path.lexists(target) else None
    for left in (target + end for end in BESIDE):
        if os.path.lexists(left):
            text = f"{left} is there, so {target} is a database in use, or was one"
            raise StoreError(f"{text}; choose another name")
    if found is None:
        return
    if not stat.S_ISREG(found.st_mode):
        raise StoreError(f"{target} is there and no plain file; choose another name")
    taken = [source, *(source + end for end in BESIDE)]
    if any(os.path.exists(own) and os.path.samefile(own, target) for own in taken):
        raise StoreError(f"{target} is the data itself; choose another name")
    if not replace:
        raise StoreError(f"{target} exists; choose another name, or add --replace")


def _copy(source: str, made: sqlite3.Connection) -> None:
    """Fill an empty database with the data as it is now."""
    with closing(_open(source)) as data:
        # One transaction around all steps: else a step begins again from the first
        # page whenever the server has written, and never comes to an end.
        data.execute("BEGIN")
        with _failing(f"{source} cannot be read"):
            mark = data.execute("PRAGMA application_id").fetchone()[0]
        if mark != APPLICATION_ID:
            raise StoreError(f"{source} is not an EcoChat file; {NAME_IT}")
        made.execute("PRAGMA synchronous = OFF")  # it is synced as a whole
        data.backup(made, pages=STEP, progress=_interruptible)
    made.execute("PRAGMA journal_mode = DELETE")  # the server sets its own again


def _open(source: str) -> sqlite3.Connection:
    if not os.path.isfile(source):
        raise StoreError(f"{source} is not there, or is no file; {NAME_IT}")
    # Reading is all that is done; but one that may only read leaves files behind.
    place = f"file:{quote(os.fsencode(os.path.abspath(source)))}?mode=rw"
    wait = BUSY_TIMEOUT / 1000
    return sqlite3.connect(place, timeout=wait, isolation_level=None, uri=True)


def _interruptible(*_: int) -> None:
    """Be Python between two steps, so that Python sees signals."""


def _check_copy(made: sqlite3.Connection) -> tuple[int, int]:
    """Return how many rooms and messages there are.

    :raises StoreError: when SQLite finds the copy damaged, so the data is.
    """
    found = made.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreError(f"the data is damaged, and was not copied: {found}")
    count = (
        "SELECT (SELECT count(*) FROM rooms),"
        " (SELECT count(*) FROM events WHERE kind = 'message')"
    )
    rooms, messages = made.execute(count).fetchone()
    return rooms, messages


def _sync(path: str) -> None:
    """Wait until a file, or a folder's names, are on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
