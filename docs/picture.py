"""Draws docs/talk.svg: a person's terminal while three people talk.

    python docs/picture.py

It starts a server and the client in a terminal of its own, has people talk, and draws
what the screen shows. The last message is not stored yet: the server is halted then.
"""

import signal
import sys
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path

import pyte

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.client import Client
from tests.support.server import Server
from tests.support.terminal import Terminal

COLUMNS, ROWS = 100, 28
WIDTH, HEIGHT, BASE = 8.43, 18, 13
"""Pixels of a character's cell, and of its base line from the cell's top."""

MARGIN, TITLE = 14, 30
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
PAPER, BAR, INK = "#14171c", "#262b33", "#d8dee9"
COLOURS = {
    "default": INK,
    "black": "#4c566a",
    "red": "#e06c75",
    "green": "#98c379",
    "brown": "#e5c07b",
    "blue": "#61afef",
    "magenta": "#c678dd",
    "cyan": "#56b6c2",
    "white": "#abb2bf",
    "brightblack": "#7f8896",
    "brightred": "#ff7b86",
    "brightgreen": "#b5e890",
    "brightbrown": "#ffd689",
    "brightyellow": "#ffd689",
    "brightblue": "#82c4ff",
    "brightmagenta": "#dc95ee",
    "brightcyan": "#7fdbe6",
    "brightwhite": "#ffffff",
}
ATTRIBUTES = {
    "bold": ' font-weight="bold"',
    "italics": ' font-style="italic"',
    "underscore": ' text-decoration="underline"',
    "blink": ' opacity="0.55"',
}
"""Those of a character of pyte's, in SVG."""

Part = tuple[float, float, float, float]
LINES: dict[str, Part] = {
    "│": (0.45, 0, 0.1, 1),
    "┃": (0.4, 0, 0.25, 1),
    "─": (0, 0.5, 1, 0.05),
}
"""Characters that touch those in the next cells: the part of the cell that they fill
(left, top, width, height). Fonts leave gaps."""

pyte.graphics.TEXT[2] = "+blink"
"""What is dim: pyte does not know it, and nothing of ours blinks."""

CODE = """\
`test_halves` fails, as this is no whole number:
```python
def half(n: int) -> int:
    return n / 2  # here
```"""


def talk(server: Server, alice: Terminal, bob: Client, carol: Client) -> None:
    """Have three people talk, so that the screen shows some of each kind of thing."""

    def say(who: Client, text: str, seen: str) -> None:
        who.say(text)
        alice.expect(seen)

    def type_in(text: str, seen: str) -> None:
        alice.type(f"{text}\r")
        alice.expect(seen)

    alice.expect("alice>", "3 members")
    type_in("/topic the build, and what else there is today", "  the build")
    for room in ("lab", "team"):
        for who in (bob, carol):
            who.say(f"/join {room}", "/join lobby")
        type_in(f"/join {room}", f" {room}\n1 lobby")
    alice.type("\0331")  # Alt-1: the lobby
    alice.expect("3 members")
    say(carol, "good morning ☕ did the build get through?", "get through?")
    say(bob, f"not yet: {CODE}", "# here")
    type_in("/reply 3 `n // 2`, *of course*", "of course")
    bob.expect(".*of course")
    say(bob, "/react 4 👍", "👍 1 bob")
    say(carol, "/react 4 👍", "👍 2 bob, carol")
    say(bob, "pushed, and green ✓ https://ci.example.org/42", "ci.example.org/42")
    say(bob, "/me goes for some tea", "some tea")
    say(carol, "@alice tea for you, too? There are _biscuits_.", "biscuits")
    bob.say("/join lab", "the new sensor is here", "who has time today?", "@alice now?")
    carol.say("/msg alice there is one left for you")
    alice.expect("@1 3", "@carol         1")
    server.signal(signal.SIGSTOP)
    type_in("yes, please, I am on my way", "1 not yet stored")
    alice.type("and who else ")
    alice.expect("alice> and who else")


def drawn(title: str, screen: pyte.Screen) -> str:
    """Return a screen under its title as SVG (W3C SVG 1.1)."""
    width, height = COLUMNS * WIDTH + 2 * MARGIN, ROWS * HEIGHT + TITLE + 2 * MARGIN
    size = f'width="{width:.0f}" height="{height}"'
    begin = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}"'
    )
    parts = [
        f'{begin} {size} font-size="14" font-family="{FONT}">',
        f'<rect {size} rx="8" fill="{PAPER}"/>',
        f'<rect width="{width:.0f}" height="{TITLE}" rx="8" fill="{BAR}"/>',
        f'<text x="{MARGIN}" y="20" fill="{INK}">{escape(title)}</text>',
        *_lines(screen),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _lines(screen: pyte.Screen) -> Iterator[str]:
    for row in range(ROWS):
        cells = [(column, screen.buffer[row][column]) for column in range(COLUMNS)]
        if screen.cursor.y == row:
            yield _rectangle(screen.cursor.x, row, 1, f'fill="{INK}" opacity="0.5"')
        for _, run in groupby(cells, key=lambda cell: cell[1]._replace(data="")):
            yield from _run(row, list(run))


def _run(row: int, run: list[tuple[int, pyte.screens.Char]]) -> Iterator[str]:
    """Yield what draws cells of one style; a wide character has an empty one."""
    (column, first), count = run[0], len(run)
    colour, paper = COLOURS.get(first.fg) or f"#{first.fg}", PAPER
    if first.reverse:
        colour, paper = paper, colour
        yield _rectangle(column, row, count, f'fill="{paper}"')
    style = f'fill="{colour}"'
    style += "".join(svg for name, svg in ATTRIBUTES.items() if getattr(first, name))
    for at, char in run:
        if char.data in LINES:
            yield _rectangle(at, row, 1, style, LINES[char.data])
    text = "".join(" " if char.data in LINES else char.data for _, char in run)
    count -= len(text) - len(text.rstrip())
    if text.strip():
        x, y = _place(column, row)
        yield (
            f'<text x="{x:.1f}" y="{y}" {style} textLength="{count * WIDTH:.1f}"'
            f' xml:space="preserve">{escape(text.rstrip())}</text>'
        )


def _rectangle(
    column: int, row: int, count: int, style: str, part: Part = (0, 0, 1, 1)
) -> str:
    x, y = _place(column, row)
    left, top, width, height = part
    corner = f'x="{x + left * WIDTH:.1f}" y="{y - BASE + top * HEIGHT:.1f}"'
    size = f'width="{width * count * WIDTH:.1f}" height="{height * HEIGHT:.1f}"'
    return f"<rect {corner} {size} {style}/>"


def _place(column: int, row: int) -> tuple[float, int]:
    return MARGIN + column * WIDTH, TITLE + MARGIN + row * HEIGHT + BASE


def main() -> None:
    """Play the talk and write the picture."""
    program = str(Path(sys.executable).parent / "ecochat")
    with (
        Server("--name", "lab-server") as server,
        Client(server.port, "bob") as bob,
        Client(server.port, "carol") as carol,
    ):
        home = {
            f"XDG_{kind}_HOME": str(server.folder)
            for kind in ("CONFIG", "DATA", "STATE")
        }
        alice = Terminal(
            *(program, f"localhost:{server.port}", "--nick", "alice"),
            columns=COLUMNS,
            lines=ROWS,
            **home,
        )
        try:
            talk(server, alice, bob, carol)
            picture = drawn("ecochat --nick alice", alice.screen)
            Path(__file__).with_name("talk.svg").write_text(picture)
        finally:
            alice.close()


if __name__ == "__main__":
    main()
