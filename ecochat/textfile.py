"""A text of an operator's, in a file."""

LARGEST = 2**20
"""Bytes of such a file: far more than anyone writes, and soon read."""


def read_text(path: str) -> str:
    """Return the text in a file: UTF-8, with or without the mark that tells so.

    :raises ValueError: with what is wrong of the file, as "is not UTF-8".
    """
    try:
        with open(path, "rb") as file:
            found = file.read(LARGEST + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    if len(found) > LARGEST:
        raise ValueError(f"is longer than {LARGEST} bytes")
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
