"""Draws docs/talk.svg: two people in two real terminals, and a script beside them.

    python docs/picture.py

It starts a server on port 4040 and two clients, types into them, and draws what their
screens show.
"""

import socket
import sys
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path

import pyte

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.support.server import Server
from tests.support.terminal import Terminal

COLUMNS, ROWS = 72, 15
WIDTH, HEIGHT, BASE = 8.43, 18, 13
"""Pixels of a character's cell, and of its base line from the cell's top."""

MARGIN, TITLE, GAP = 14, 30, 16
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


def talk(port: int, alice: Terminal, bob: Terminal) -> None:
    """Have two people and a script talk, so that each screen shows all of it."""

    def say(who: Terminal, text: str, *seen: str) -> None:
        who.type(f"{text}\r")
        for terminal in (alice, bob) if seen else (who,):
            terminal.expect(*(seen or (text,)))

    alice.expect("$")
    say(alice, "ecochat --nick alice")
    alice.expect("alice lobby>")
    say(bob, "ecochat --nick bob")
    bob.expect("bob lobby>")
    alice.expect("bob joined")
    say(alice, "good morning, did the build get through?", "build get through?")
    say(bob, "not yet ☕ tea meanwhile?", "tea meanwhile?")
    say(alice, "/msg bob yes, and bring the good biscuits", "good biscuits")
    with socket.create_connection(("localhost", port)) as script:
        script.sendall("/nick build\0test 42 is green ✓\0".encode())
        alice.expect("is green")
        bob.expect("is green")
    alice.expect("build left")
    bob.expect("build left")
    say(bob, "/me goes for the biscuits", "goes for the biscuits")
    bob.expect("biscuits  4")
    alice.type("who else wants some?")
    alice.expect("lobby> who else wants some?")
    bob.until(lambda screen: screen.endswith("\nbob lobby>"))


def drawn(screens: list[tuple[str, pyte.Screen]]) -> str:
    """Return screens side by side, each under its title, as SVG (W3C SVG 1.1)."""
    window = COLUMNS * WIDTH + 2 * MARGIN
    height = ROWS * HEIGHT + TITLE + 2 * MARGIN
    width = len(screens) * (window + GAP) - GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}"'
        f' width="{width:.0f}" height="{height}" font-size="14" font-family="{FONT}">'
    ]
    for number, (title, screen) in enumerate(screens):
        x = number * (window + GAP)
        parts.append(f'<g transform="translate({x:.1f} 0)">')
        size = f'width="{window:.1f}" rx="8"'
        parts.append(f'<rect {size} height="{height}" fill="{PAPER}"/>')
        parts.append(f'<rect {size} height="{TITLE}" fill="{BAR}"/>')
        parts.append(f'<text x="{MARGIN}" y="20" fill="{INK}">{escape(title)}</text>')
        parts += _lines(screen)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _lines(screen: pyte.Screen) -> Iterator[str]:
    for row in range(ROWS):
        cells = [(column, screen.buffer[row][column]) for column in range(COLUMNS)]
        if screen.cursor.y == row:
            x, y = _place(screen.cursor.x, row)
            yield (
                f'<rect x="{x:.1f}" y="{y - BASE}" width="{WIDTH}" height="{HEIGHT}"'
                f' fill="{INK}" opacity="0.5"/>'
            )
        for style, run in groupby(cells, key=lambda cell: _style(cell[1])):
            spot = list(run)
            text = "".join(char.data for _, char in spot)
            if text.strip():
                x, y = _place(spot[0][0], row)
                length = WIDTH * len(text.rstrip())
                yield (
                    f'<text x="{x:.1f}" y="{y}" {style} textLength="{length:.1f}"'
                    f' xml:space="preserve">{escape(text.rstrip())}</text>'
                )


def _place(column: int, row: int) -> tuple[float, int]:
    return MARGIN + column * WIDTH, TITLE + MARGIN + row * HEIGHT + BASE


def _style(char: pyte.screens.Char) -> str:
    colour = COLOURS.get(char.fg) or f"#{char.fg}"
    weight = ' font-weight="bold"' if char.bold else ""
    return f'fill="{colour}"{weight}'


def main() -> None:
    """Play the talk and write the picture."""
    folder = Path(sys.executable).parent
    with Server("--name", "lab-server", listen="4040") as server:
        home = str(server.folder)
        alice, bob = (
            Terminal(
                "sh",
                columns=COLUMNS,
                lines=ROWS,
                PS1="$ ",
                PATH=f"{folder}:/usr/bin:/bin",
                XDG_STATE_HOME=home,
                XDG_DATA_HOME=home,
            )
            for _ in "ab"
        )
        try:
            talk(server.port, alice, bob)
            screens = [("alice", alice.screen), ("bob", bob.screen)]
            Path(__file__).with_name("talk.svg").write_text(drawn(screens))
        finally:
            alice.close()
            bob.close()


if __name__ == "__main__":
    main()
