"""The client on the whole screen: where everything stands, in terminals of all sizes,
whatever is written; colours, and the mouse."""

import re
import threading
from collections.abc import Callable

from tests.support.client import Client
from tests.support.people import LARGE, ScreenTestCase, rooms, shows
from tests.support.sequences import renditions
from tests.support.server import Server
from tests.support.terminal import Terminal

SIZES = ((40, 12), (80, 24), (120, 40), (250, 80), (120, 40), (80, 24), (40, 12))
"""Terminals that one changes into each other."""

ROOMS, MEMBERS = 18, 19
"""Cells from the left, and from the right, at which lines divide the panes."""

NARROW, WIDE = 60, 100
"""Columns from which on the rooms are shown, and the members."""

RATE = 200
"""Messages a second that come meanwhile."""

COLOURS = {*range(30, 50), *range(90, 108)}
"""Renditions that are colours, of 3 and of 4 bits or more."""

ODD = {
    "wide": "你好世界 这是一条消息 日本語 한국어",
    "emoji": "👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 ❤️ 🇩🇪 1️⃣ ☺ ☎️",
    "marks": "Z̷͎̊a̸͓̓l̶̗̏g̸̢̏ȏ̵̘ é ñ क्षि नमस्ते ภาษาไทย",
    "hebrew": "שלום עולם, מה שלומך?",
    "arabic": "مرحبا بالعالم كيف حالك؟ می‌خواهم",
    "tower": "e" + "\u0301" * 200,
}
"""Writing that takes more or fewer cells than it has characters, or other directions.
"""


class LayoutTests(ScreenTestCase):
    """Rows and columns."""

    def test_other_sizes_while_much_comes(self) -> None:
        """Each time all is in its place, and the log without a hole or a double."""
        with Server() as server, Client(server.port, "eve") as eve:
            alice = self.enter("alice", server)
            alice.type("draft")
            with Flood(eve):
                newest = 1
                for columns, lines in SIZES:
                    alice.resize(columns, lines)
                    alice.until(is_whole(alice, newest))
                    newest = numbers(alice.text)[-1] + RATE // 4
                    alice.until(is_whole(alice, newest))
            eve.say("the end")
            alice.expect("eve │ the end")
            alice.until(is_whole(alice))
            alice.expect("alice> draft")

    def test_any_writing(self) -> None:
        """The panes stand where they should, beside whatever names, topics and
        messages, and the text is there."""
        with Server() as server, Client(server.port, "eve") as eve:
            alice = self.enter("alice", server, (120, 40))
            for text in ODD.values():
                eve.say(f"/topic {text}", text, f"x {text} " * 8, f"`{text}` *{text}*")
            for name in ("李雷", "שלום", "مرحبا", "한국어"):
                eve.say(f"/nick {name}", f"/join {name}", f"{name}: {name}", "/leave")
                eve.say("/join lobby", f"{name} again")
                alice.type(f"/join {name}\r")
            alice.type("\x1b1")
            eve.say("the end")
            alice.expect("│ the end")
            alice.until(is_whole(alice))
            for size in ((80, 30), (120, 40), (200, 80)):
                alice.resize(*size)
                alice.until(is_whole(alice))
            for text in ("你好世界 这是一条消息", "שלום עולם", "مرحبا بالعالم"):
                self.assertIn(text, alice.text)
            for digit in "2345":
                alice.type(f"\x1b{digit}")
                name = rooms(alice.text)[int(digit) - 1].split()[1]
                alice.until(lambda screen: screen.split()[0] == name)  # noqa: B023
                alice.until(is_whole(alice))


class ColourTests(ScreenTestCase):
    """Colours, and none."""

    def test_no_color(self) -> None:
        """NO_COLOR: not one, but attributes; without it there are some."""
        with Server() as server, Client(server.port, "eve") as eve:
            plain = self.enter("alice", server, LARGE, NO_COLOR="1")
            coloured = self.enter("bob", server, LARGE, NO_COLOR="")
            eve.say("alice, bob: `code` *bold* _italic_ https://a.example/ call")
            eve.say("```python\ndef f(x): return 'text'  # comment\n```")
            for person in plain, coloured:
                person.expect("# comment")
                person.type("/search call\r")
                person.expect("1 found of call")
                person.type("\x1b/nosuch\r")
                person.expect("/nosuch")
            self.assertEqual(renditions(plain.written) & COLOURS, set())
            self.assertLessEqual({1, 2, 4, 7}, renditions(plain.written))
            self.assertTrue(renditions(coloured.written) & COLOURS)


class MouseTests(ScreenTestCase):
    """What a mouse does."""

    def test_clicks_and_the_wheel(self) -> None:
        """On rooms, messages and members, and turned in the log; the terminal is asked
        to tell of it, and no longer at the end."""
        with Server() as server, Client(server.port, "eve") as eve:
            alice = self.enter("alice", server, (120, 40))
            for mode in MOUSE:
                self.assertIn(f"\x1b[?{mode}h".encode(), alice.written)
            alice.type("/join lab\r")
            alice.until(lambda screen: rooms(screen) == ["1 lobby", "2 lab"])
            for click in self.click, self.old_click:
                click(alice, "1 lobby")
                alice.until(lambda screen: screen.split()[0] == "lobby")
                click(alice, "2 lab")
                alice.until(lambda screen: screen.split()[0] == "lab")
            click(alice, "1 lobby")
            eve.say(*(f"message {number} of many" for number in range(1, 101)))
            alice.expect("message 100 of many")
            self.click(alice, "message 99 of many")
            alice.expect("alice> /reply 99")
            alice.type("\x03")
            alice.until(lambda screen: "/reply" not in screen)
            self.click(alice, "2 members")
            self.click(alice, "message 98 of many", button=2)
            self.wheel(alice, "message 98 of many", WHEEL_UP)
            alice.until(shows(r"message 97 of many.*looking back"))
            self.assertNotIn("message 98 of many", alice.text)
            self.assertNotIn("/reply", alice.text)
            self.wheel(alice, "message 97 of many", WHEEL_DOWN)
            alice.expect("message 100 of many")
            self.leave(alice)
            for mode in MOUSE:
                self.assertIn(f"\x1b[?{mode}l".encode(), alice.written)

    def click(self, person: Terminal, text: str, button: int = 0) -> None:
        """Press and release a button where a text is, as terminals tell it today (SGR).

        :param button: 0 is the left one, 2 the right one.
        """
        column, line = where(person, text)
        for end in "Mm":
            person.type(f"\x1b[<{button};{column};{line}{end}")

    def old_click(self, person: Terminal, text: str) -> None:
        """The same as terminals tell it that know nothing newer (X10)."""
        column, line = where(person, text)
        for button in (0, 3):  # 3 is the release, of whichever button
            person.type(f"\x1b[M{chr(32 + button)}{chr(32 + column)}{chr(32 + line)}")

    def wheel(self, person: Terminal, text: str, button: int) -> None:
        """Turn the wheel by a notch where a text is."""
        column, line = where(person, text)
        person.type(f"\x1b[<{button};{column};{line}M")


MOUSE = (1000, 1006)
"""Modes of a terminal: that clicks are told, and how."""

WHEEL_UP, WHEEL_DOWN = 64, 65


class Flood:
    """Has somebody say ``message 1 of many``, ``message 2 of many``, … all the time."""

    def __init__(self, person: Client) -> None:
        self._person = person
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        number = 0
        while not self._is_over.wait(1 / RATE):
            number += 1
            self._person.say(f"message {number} of many")


def where(person: Terminal, text: str) -> tuple[int, int]:
    """Return the column and the line, from 1, where a text stands on the screen."""
    for line, row in enumerate(person.screen.display, 1):
        if text in row:
            return row.index(text) + 1, line
    raise AssertionError(f"{text!r} is not on the screen:\n{person.text}")


def numbers(screen: str) -> list[int]:
    """Return which messages are on the screen."""
    return [int(found) for found in re.findall(r"message (\d+) of many", screen)]


def is_whole(person: Terminal, least: int = 0) -> Callable[[str], bool]:
    """Return what says whether all is in its place, and a message is there already.

    :param least: the number of the message.
    """

    def check(screen: str) -> bool:
        size = person.screen.columns, person.screen.lines
        shown = numbers(screen)
        is_log = shown == [*range(shown[0], shown[0] + len(shown))] if shown else True
        return is_log and max(shown, default=0) >= least and is_laid_out(person, *size)

    return check


def is_laid_out(person: Terminal, columns: int, lines: int) -> bool:
    """Whether each part of the screen is where it belongs."""
    rows = person.screen.display
    cells = person.screen.buffer
    body = range(1, lines - 2)
    at = [ROOMS] * (columns >= NARROW) + [columns - MEMBERS] * (columns >= WIDE)
    return (
        "connected" in rows[lines - 2]
        and rows[lines - 1].startswith("alice>")
        and all(cells[line][column].data == "│" for line in body for column in at)
    )
