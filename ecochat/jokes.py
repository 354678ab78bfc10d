"""The jokes that the server tells: its own, or an operator's."""

from importlib.resources import files

LARGEST = 2**20
"""Bytes of a file of jokes: thousands of them, and all are kept in memory."""

LONGEST = 1_000
"""Characters (code points) of a joke: it is one frame, and one line."""


def read_jokes(path: str | None) -> list[str]:
    """Return the jokes of a file, or EcoChat's own for None; there is at least one.

    A file is UTF-8 text with a joke a line; blank lines and lines that begin with ``#``
    are left out.

    :raises ValueError: with what is wrong of the file, as "has no joke in it".
    """
    found = _own() if path is None else _read(path)
    if len(found) > LARGEST:
        raise ValueError(f"is longer than {LARGEST} bytes")
    try:
        lines = [line.strip() for line in found.decode("utf-8-sig").split("\n")]
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    jokes = {n: j for n, j in enumerate(lines, 1) if j and not j.startswith("#")}
    if not jokes:
        raise ValueError("has no joke in it; write one a line")
    for number, joke in jokes.items():
        if len(joke) > LONGEST or "\0" in joke:
            raise ValueError(
                f"has in line {number} no joke that can be told: at most {LONGEST}"
                " characters, none of them null"
            )
    return list(jokes.values())


def _own() -> bytes:
    return files("ecochat").joinpath("jokes.txt").read_bytes()


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
