"""The plain dialect: what a frame asks for."""

from __future__ import annotations

import hmac

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import requests as r
from ecochat.core.words import WORDS, WORDS_IN_ANY_CASE
from ecochat.dialects import plain_parser
from ecochat.dialects.plain import PlainDialect
from ecochat.dialects.plain_parser import (
    ATTEMPTS,
    LAST_PASSWORD,
    PlainParser,
    trim,
)
from ecochat.net.opening import BEFORE_A_HELLO

PASSWORD = "sesame"
QUIT = r.Depart()
ASKED = r.Tell("password?")
WRONG = r.Refuse("wrong_password", "wrong password, try again")
LAST = r.Refuse(LAST_PASSWORD, "wrong password, try again")


class RunTests(SynchronousTestCase):
    """Frames that are looked at together."""

    def test_messages(self) -> None:
        """They are counted up to the first that may be something else."""
        parser = PlainParser(PASSWORD)
        for text in ("hi", "über", "1. ", "more\nlines", "time"):
            self.assertEqual(parser.messages(["a", text, "/who", "b"]), 2, text)
        for text in ("", "TIME", "Exit", "/me hi", "hi\n", "  ", "{", "\ufeff{"):
            self.assertEqual(parser.messages(["a", text, "b"]), 1, text)
        self.assertEqual(parser.messages(["a"] * 3), 3)
        self.assertEqual(parser.messages([]), 0)

    def test_passwords(self) -> None:
        """They are not messages, nor is what asks for one."""
        parser = PlainParser(PASSWORD)
        self.assertEqual(parser.messages([f"QUIT {PASSWORD}"]), 0)
        parser.request("QUIT")
        self.assertEqual(parser.messages([PASSWORD]), 0)

    @given(st.lists(st.text(max_size=3) | st.sampled_from([*WORDS, "QUIT", "eXit"])))
    def test_what_is_counted_is_said(self, frames: list[str]) -> None:
        """It is what the parser takes it for one by one, and cannot be a hello."""
        parser = PlainParser(PASSWORD)
        for frame in frames[: parser.messages(frames)]:
            self.assertEqual(parser.request(frame), r.Say(frame))
            self.assertFalse(frame.startswith(BEFORE_A_HELLO))


class FrameTests(SynchronousTestCase):
    """Frames, whoever sends them."""

    def test_requests(self) -> None:
        """Text is said, a slash commands, two slashes say one."""
        parser = PlainParser()
        for frame, request in (
            ("hi", r.Say("hi")),
            (" hi ", r.Say(" hi ")),
            ("hi\n", r.Say("hi")),
            ("hi\r\n", r.Say("hi")),
            ("hi\n\n", r.Say("hi\n")),
            ("hi\r", r.Say("hi\r")),
            ("a\nb", r.Say("a\nb")),
            ("\x1b[1m", r.Say("\x1b[1m")),
            ("//who", r.Say("/who")),
            ("/who\n", r.Who()),
            ("/nick", r.Refuse("usage", "NAME is missing; usage: /nick NAME")),
            ("", None),
            (" \t\n", None),
        ):
            self.assertEqual(parser.request(frame), request, repr(frame))

    def test_trim(self) -> None:
        """One LF or CRLF is trimmed, and no more."""
        for frame, text in (
            ("a\r\n\r\n", "a\r\n"),
            ("a\n", "a"),
            ("a\r", "a\r"),
            ("a\n\r", "a\n\r"),
            ("\n", ""),
            ("a", "a"),
        ):
            self.assertEqual(trim(frame), text, repr(frame))

    def test_each_session_has_its_own(self) -> None:
        """What one is asked is nothing to another."""
        dialect = PlainDialect("x", quit_password=PASSWORD)
        one, other = dialect.parser(), dialect.parser()
        self.assertEqual(one.request("QUIT"), ASKED)
        self.assertEqual(other.request(PASSWORD), r.Say(PASSWORD))
        self.assertEqual(one.request(PASSWORD), QUIT)


class WordTests(SynchronousTestCase):
    """The words of the classroom programs."""

    EXACT = {
        "TIME": r.Time(local=True),
        "WHRU": r.Name(),
        "WHORU": r.Name(),
        "MAC": r.Mac(),
        "CLIENTS NUM": r.Clients(),
        "CLOSE SOCKET": QUIT,
        "q": QUIT,
    }
    ANY_CASE = {"status": r.Status(), "exit": r.Depart(tell=True)}

    def setUp(self) -> None:
        self.parser = PlainParser(PASSWORD)

    def test_none_is_left_out(self) -> None:
        """Every word that is understood is here."""
        self.assertEqual((WORDS, WORDS_IN_ANY_CASE), (self.EXACT, self.ANY_CASE))

    def test_as_a_whole_frame(self) -> None:
        """Alone, and with the end of a line behind it."""
        for word, request in (self.EXACT | self.ANY_CASE).items():
            for end in ("", "\n", "\r\n"):
                with self.subTest(word, end=end):
                    self.assertEqual(self.parser.request(word + end), request)

    def test_with_anything_else(self) -> None:
        """A longer text is a message; so is one more space or line."""
        for word in (*self.EXACT, *self.ANY_CASE, "QUIT"):
            for text in (
                f" {word}",
                f"{word} ",
                f"{word}.",
                f"{word}\r",
                f"{word}\nx",
                f"{word} is it",
                f"say {word}",
            ):
                with self.subTest(text):
                    self.assertEqual(self.parser.request(text), r.Say(text))

    def test_case(self) -> None:
        """It is as written, except where any will do."""
        for word in (*self.EXACT, "QUIT"):
            for other in {word.lower(), word.upper(), word.title()} - {word}:
                with self.subTest(other):
                    self.assertEqual(self.parser.request(other), r.Say(other))
        self.assertEqual(self.parser.request("quit sesame"), r.Say("quit sesame"))
        for word, request in self.ANY_CASE.items():
            for other in (word.upper(), word.title(), word[:-1] + word[-1].upper()):
                with self.subTest(other):
                    self.assertEqual(self.parser.request(other), request)

    def test_off(self) -> None:
        """Without a password there are none: all of them are messages."""
        parser = PlainDialect("x").parser()
        for word in (*self.EXACT, *self.ANY_CASE, "QUIT", "QUIT 12345", "EXIT"):
            with self.subTest(word):
                self.assertEqual(parser.request(word), r.Say(word))
        self.assertEqual(parser.request("/quit"), QUIT)


class QuitTests(SynchronousTestCase):
    """QUIT and its password."""

    def setUp(self) -> None:
        self.parser = PlainParser(PASSWORD)

    def play(self, *frames: str) -> list[r.Request | None]:
        """Return what the frames ask for."""
        return [self.parser.request(frame) for frame in frames]

    def test_right(self) -> None:
        """At the first attempt, at the second, at the third."""
        for wrong in range(ATTEMPTS):
            with self.subTest(wrong):
                self.setUp()
                frames = ["QUIT\n", *["no"] * wrong, PASSWORD + "\r\n"]
                asked = [ASKED, *[WRONG] * wrong, QUIT]
                self.assertEqual(self.play(*frames), asked)

    def test_wrong(self) -> None:
        """After three attempts frames are messages again, and QUIT asks anew."""
        self.assertEqual(
            self.play("QUIT", "a", "b", "c", PASSWORD, "QUIT", PASSWORD),
            [ASKED, WRONG, WRONG, LAST, r.Say(PASSWORD), ASKED, QUIT],
        )

    def test_any_frame_is_an_attempt(self) -> None:
        """A blank one, a command, a word: nothing of it is said or done."""
        attempts = ("", "/quit", "TIME")
        self.assertEqual(self.play("QUIT", *attempts), [ASKED, WRONG, WRONG, LAST])
        attempts = (" \n", "QUIT", "QUIT sesame")
        self.assertEqual(self.play("QUIT", *attempts), [ASKED, WRONG, WRONG, LAST])
        self.assertEqual(self.play("TIME"), [r.Time(local=True)])

    def test_nearly_right(self) -> None:
        """Other case, space, or a part of it is wrong."""
        for text in ("Sesame", " sesame", "sesame ", "sesam", "sesame\n\n", "sésame"):
            with self.subTest(text):
                self.setUp()
                self.assertEqual(self.play("QUIT", text), [ASKED, WRONG])

    def test_with_the_password_behind_it(self) -> None:
        """Exactly one word is taken for one; it asks nothing."""
        self.assertEqual(self.play("QUIT sesame\r\n"), [QUIT])
        self.assertEqual(self.play(*["QUIT no"] * 4), [WRONG] * 4)
        self.assertEqual(self.play("hi"), [r.Say("hi")])
        for text in ("QUIT two words", "QUIT  sesame", "QUIT sesame ", "QUIT\tsesame"):
            with self.subTest(text):
                self.assertEqual(self.play(text), [r.Say(text)])

    def test_passwords_of_any_script(self) -> None:
        """They are compared as bytes."""
        self.parser = PlainParser("пароль")
        self.assertEqual(self.play("QUIT parol", "QUIT пароль"), [WRONG, QUIT])

    def test_compared_in_constant_time(self) -> None:
        """By the function made for it, and by nothing else."""
        compared: list[tuple[bytes, bytes]] = []

        def compare(one: bytes, other: bytes) -> bool:
            compared.append((one, other))
            return hmac.compare_digest(one, other)

        class Watched:
            compare_digest = staticmethod(compare)

        self.patch(plain_parser, "hmac", Watched)
        self.play("QUIT no", "QUIT", "no", PASSWORD)
        tried = [one for one, _ in compared]
        self.assertEqual(tried, [b"no", b"no", b"sesame"])
        self.assertEqual({other for _, other in compared}, {b"sesame"})
