"""Keys that are kept on this machine, for programs that want to be the same again."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from ecochat.client.errors import NoKey
from ecochat.client.files import replace

SLOTS = 100
"""Keys kept for one server: as many windows as anyone has open there at one time."""

SIZE = 32
"""Random bytes of a key; 16 would do (see :data:`ecochat.core.limits.KEY_SHORTEST`)."""


@contextlib.contextmanager
def held_key(server: str, folder: Path | None = None) -> Iterator[str]:
    """Hold a key for this server that no other program holds meanwhile.

    It is the first one that is free, so that a program that is started again is who it
    was; one is made when there is none. Whoever can read the files can be this user in
    the chat: they can be read by their owner only.

    :param server: the server's address, as in ``str(parse_address(...))``: each has
        keys of its own.
    :param folder: where they are kept; by default this user's data folder.
    :raises NoKey: when :data:`SLOTS` are held, or none can be read or made.
    """
    folder = folder or _data_folder()
    with contextlib.ExitStack() as held:
        try:
            key = _first_free(folder, quote(server, safe="")[:200], held)
        except OSError as error:
            raise NoKey(f"no key can be kept in {folder}: {error.strerror}") from None
        if key is None:
            raise NoKey(f"{SLOTS} programs hold a key for {server} already, end one")
        yield key


def key_of_name(name: str) -> str:
    """Return the key that stands for a name: 64 hexadecimal digits, the SHA-256 of
    ``ecochat:`` and the name in UTF-8 (FIPS 180-4).

    It is the same for everybody who uses the name on a server, and so no secret: it is
    for a message that is to be sent once, however often and by whomever.
    """
    return sha256(b"ecochat:" + name.encode()).hexdigest()


def _data_folder() -> Path:
    from platformdirs import user_data_path

    return user_data_path("ecochat") / "keys"


def _first_free(folder: Path, name: str, held: contextlib.ExitStack) -> str | None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for slot in range(1, SLOTS + 1):
        file = folder / f"{name}.{slot}"
        if _lock(file.with_name(f"{file.name}.lock"), held):
            return _read(file) or _make(file)
    return None


def _lock(file: Path, held: contextlib.ExitStack) -> bool:
    """Hold a file until the end, or the end of the program; return whether it could be.

    The file stays: one that was removed could be held twice.
    """
    number = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(number)
        if isinstance(error, BlockingIOError):
            return False
        raise
    held.callback(os.close, number)
    return True


def _read(file: Path) -> str:
    """Return the key in a file; empty where there is none, or none that is whole."""
    try:
        key = file.read_text("ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""
    return key if len(key) == _LENGTH else ""


def _make(file: Path) -> str:
    """Make a key; its file appears when it is complete and on the disk."""
    key = secrets.token_urlsafe(SIZE)
    replace(file, f"{key}\n")
    return key


_LENGTH = len(secrets.token_urlsafe(SIZE))
