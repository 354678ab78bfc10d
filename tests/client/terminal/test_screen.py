"""What others write, on its whole way to the screen: nothing harmful gets out."""

import re
import sys
import unicodedata
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import Answer, Happening, Offline, Online, Refused
from ecochat.core import wire
from tests.client.terminal.fakes import TIME, Desk, at_desk, message, welcome

ATTACKS = (
    "\x1b[2J\x1b[H",  # clear the screen
    "\x1b]0;owned\x07",  # the window's title
    "\x1b]52;c;cm0gLXJm\x07",  # the clipboard
    "\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",  # a link
    '\x1bP$q"p\x1b\\',  # a question that the terminal answers as if typed
    "\x1b[6n\x1b[c\x05",
    "\x1b[?1049h\x1b[?25l\x1bc",
    "\x9b2J\x9d0;owned\x9c\x90q\x9c",  # the same in C1
    "a\rb\x08\x08\x08c\x0b\x0c\x7f",
    "\u202egnp.exe\u202c \u2066x\u2069 \u200fx",  # written from right to left
    "ad\u200bmin \ufeffx \u00ad \u2060 \U000e0041\U000e007f",  # not seen
    "x\n* bob left",
    "x\n\x1b[1A\x1b[2K* bob left",
    "\u2028* bob left\u2029\x85y",
)
OWN_SEQUENCES = re.compile(
    r"\x1b(?:\[\?(?:1|7|12|25|2004)[hl]|\[[\d;]*[mABCDJKHG]|\[\d? q)"
)
"""What prompt_toolkit itself writes: colours, moves and erasures."""

HEAD: dict[str, Any] = {"n": 7, "time": TIME, "nick": "bob", "session": "s2"}


def everywhere(text: str) -> list[Happening]:
    """Return what can happen, with a text of someone else's in each place."""
    where = {**HEAD, "room": "lobby"}
    return [
        message(text),
        message("hi", nick=text),
        message("hi", room=text),
        wire.Topic(topic=text, **where),
        wire.Edit(message=1, text=text, **where),
        wire.React(message=1, reaction=text, **where),
        wire.Joined(room="lab", nick=text, session="s2"),
        wire.Left(room=text, nick="bob", session="s2"),
        wire.Renamed(room="lobby", nick="bob", session="s2", new=text),
        wire.Presence(room=text, joined=37, left=12),
        wire.Opened(room=text, last=0),
        wire.Relabelled(room="@bob", new=f"@{text}"),
        wire.Dropped(room=text),
        wire.Expired(room=text, upto=3),
        wire.Notice(text=text),
        wire.Notice(text=text, operator=True),
        Offline(text),
        Online(welcome(text, text), True),
        Online(welcome(), True),
    ]


def answers(text: str) -> list[tuple[str, Answer]]:
    """Return what is asked, and answers with a text of someone else's."""
    about: dict[str, Any] = {"room": text, "topic": text}
    member = wire.Member(room=text, nick=text, session=text)
    room = wire.Room(members=1, last=0, **about)
    session = wire.Session(session=text, nick=text, connected=TIME, address=text)
    return [
        ("/who", Answer([member], wire.End(room=text))),
        ("/rooms", Answer([room], wire.End())),
        ("/status", Answer([session], wire.End())),
        ("/history", Answer([message(text)], wire.End(room=text))),
        ("/help", Answer([], wire.Ok(lines=(text,)))),
        ("/joke", Answer([], wire.Ok(text=text))),
        ("/topic", Answer([], wire.Ok(room=text, topic=text))),
        ("/nick x", Answer([], wire.Ok(nick=text))),
        ("/join x", Answer([], wire.Ok(last=0, **about))),
        ("hello", Answer([], wire.Stored(room=f"{text}!", n=1))),
    ]


class ScreenTests(SynchronousTestCase):
    """What the server says against the characters for the terminal."""

    def written(self, *texts: str) -> str:
        """Return what is written to the terminal when these texts come everywhere."""

        async def act(desk: Desk) -> None:
            for text in texts:
                desk.hear(*everywhere(text))
                for typed, answer in answers(text):
                    desk.chat.say(typed)
                    desk.answer(answer)
                desk.chat.say("hello")
                refusal = Refused("failed", text)
                desk.prompt.show(desk.chat.failed(desk.chat.unanswered[0], refusal))
                desk.chat.given_back.clear()
            desk.hear(message("the last line"))
            await desk.until(lambda: desk.sees(": the last line"))
            desk.keyboard.send_text("\t")  # names are offered, too
            desk.hear(message("after the names"))
            await desk.until(lambda: desk.sees(": after the names"))

        return at_desk(act).screen.getvalue()

    def assert_harmless(self, written: str) -> None:
        """See that beside prompt_toolkit's own sequences there is only text."""
        rest = OWN_SEQUENCES.sub("", written)
        bad = {
            char
            for char in rest
            if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        }
        self.assertEqual(bad - {"\r", "\n"}, set())

    def test_every_control_code(self) -> None:
        """All of C0, DEL and C1, in every place."""
        codes = [*range(1, 32), *range(127, 160)]
        text = "".join(f"{chr(code)}." for code in codes)
        written = self.written(text)
        self.assert_harmless(written)
        whole = written.replace("\r\n    ", "")
        for code in codes:
            if code not in (9, 10):
                self.assertIn(rf"\x{code:02x}." if code != 13 else r"\r.", whole)

    def test_known_attacks(self) -> None:
        """In every place; none of them does what it is made for."""
        written = self.written(*ATTACKS)
        self.assert_harmless(written)
        self.assertNotIn("\x1b[2J\x1b[H", written)
        self.assertNotIn("\n* bob left", written.replace("\r", ""))

    def test_carriage_returns_are_the_terminals_own(self) -> None:
        """None comes from a message: each stands where a line ends or begins."""
        written = self.written("secret\rpublic")
        self.assertIn(r"secret\rpublic", written)

    def test_any_character(self) -> None:
        """Of all that can be written, whatever it is."""
        step = 997
        chars = [chr(c) for c in range(1, sys.maxunicode, step)]
        chars = [c for c in chars if unicodedata.category(c) != "Cs"]
        self.assert_harmless(self.written("".join(chars)))
