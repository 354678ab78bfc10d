"""The jokes that the server tells: its own, or an operator's."""

from importlib.resources import files

from ecochat.textfile import read_text

LONGEST = 1_000
"""Characters (code points) of a joke: it is one frame, and one line."""


def read_jokes(path: str | None) -> list[str]:
    """Return the jokes of a file, or EcoChat's own for None; there is at least one.

    A file is UTF-8 text, of at most 1 MiB, with a joke a line; blank lines and lines
    that begin with ``#`` are left out.

    :raises ValueError: with what is wrong of the file, as "has no joke in it".
    """
    text = _own() if path is None else read_text(path)
    lines = [line.strip() for line in text.split("\n")]
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


def _own() -> str:
    return files("ecochat").joinpath("jokes.txt").read_text("utf-8")
