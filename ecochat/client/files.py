"""Small files that several programs of one user read and write at the same time."""

import contextlib
import fcntl
import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path


@contextlib.contextmanager
def alone(file: Path) -> Iterator[None]:
    """Have a file to oneself among those who ask for it so; its folder is made.

    The lock is a file beside it, which stays: one that was removed could be held twice.

    :raises OSError: when the folder cannot be made or written.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    lock = os.open(file.with_name(f"{file.name}.lock"), flags, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def replace(file: Path, text: str) -> None:
    """Give a file another content: whoever reads it, also after the machine has
    stopped, finds all of the old one or all of the new one. Only its owner can read it.

    Whoever calls it is :func:`alone` with the file.

    :raises OSError: when it cannot be written; then nothing is changed.
    """
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)  # left by a program that was ended
    number = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(number, "w", encoding="utf-8") as output:
        output.write(text)
        output.flush()
        os.fsync(output.fileno())
    new.replace(file)


def set_aside(file: Path, ends: Sequence[str] = ()) -> Path:
    """Rename a file to a name that no file has; return that.

    :param ends: what is added to its name for those that belong to it, and may be
        there: they are renamed, too.
    :raises OSError: when it cannot be renamed.
    """
    for number in itertools.count(1):
        aside = file.with_name(f"{file.name}.damaged-{number}")
        if not aside.exists():
            break
    file.rename(aside)
    for end in ends:
        with contextlib.suppress(FileNotFoundError):
            file.with_name(file.name + end).rename(aside.with_name(aside.name + end))
    return aside
