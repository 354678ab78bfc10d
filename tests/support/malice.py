"""Texts that are meant to do harm, each with a word of its own, by which one finds on a
screen whether it has come there, and as what."""

from tests.client.screen.hostile import ATTACKS, CONTROLS, FORMATS, HIDDEN, mark

STRINGS = [*(f"{char}¤" for char in (*CONTROLS, *FORMATS)), *ATTACKS]
"""What is put into each field; the sign is never anything else's neighbour."""

SAMPLE = [
    STRINGS.index(f"{char}¤")
    for char in "\x1b\x07\x9b\u202e\r\0\x7f\x9d\u200b\u2028\U000e0041\b\u2066\ufeff"
]
"""The numbers of those that stand for the others where there is space for few."""

MARKED = 4
"""Characters of a mark that are looked for: names are cut where there is little space.
"""


def every(field: str) -> list[str]:
    """Return a text with each of the strings.

    :param field: two letters, which no other field has.
    """
    return [f"{word(field, number)}{text}" for number, text in enumerate(STRINGS)]


def sample(field: str, count: int = len(SAMPLE)) -> list[str]:
    """Return those that stand for the others, or the first few of them."""
    texts = every(field)
    return [texts[number] for number in SAMPLE[:count]]


def some(field: str, count: int = len(SAMPLE)) -> str:
    """Return one text with these."""
    return " ".join(sample(field, count))


def whole(field: str) -> str:
    """Return one text with all of the strings."""
    return " ".join(every(field))


def word(field: str, number: int) -> str:
    """Return what stands before a string in a field."""
    return f"{field}{number:03}"


def harmless(field: str) -> list[str]:
    """Return how each of :func:`every` has to begin where it is shown."""
    return [_harmless(field, number) for number in range(len(STRINGS))]


def some_harmless(field: str, count: int = len(SAMPLE)) -> list[str]:
    """Return the same for :func:`sample` and :func:`some`."""
    return [_harmless(field, number) for number in SAMPLE[:count]]


def _harmless(field: str, number: int) -> str:
    text = STRINGS[number]
    is_marked = text[0] in HIDDEN and text[0] != "\n" and text[:2] != "\r\n"
    shown = mark(text[0])[:MARKED] if is_marked else ""
    return word(field, number) + shown
