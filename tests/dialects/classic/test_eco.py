"""The echo program with commands."""

from __future__ import annotations

import hmac
from datetime import datetime

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import items as i
from ecochat.core import requests as r
from ecochat.dialects.classic.eco import ATTEMPTS, EcoDialect, EcoParser

PASSWORD = "sésame"
PROMPT = r.Tell("ENTER PASSWORD: ", ref="ENTER PASSWORD: ")
WRONG = r.Tell("WRONG PASSWORD, TRY AGAIN...", ref="WRONG PASSWORD, TRY AGAIN...")


class EcoTestCase(SynchronousTestCase):
    """A new client's parser."""

    def setUp(self) -> None:
        self.parser = EcoParser(PASSWORD)

    def requests(self, *reads: str) -> list[r.Request]:
        """Return what reads ask for."""
        return [self.parser.request(read) for read in reads]


class WordTests(EcoTestCase):
    """What is asked of the server."""

    def test_each(self) -> None:
        """A read that begins so asks for it, whatever follows."""
        for word, request in (
            ("TIME", r.Time(local=True, ref="")),
            ("WHORU", r.Name(ref="")),
            ("WHRU", r.Name(ref="")),
            ("MAC", r.Mac(ref="")),
            ("CLIENTS NUM", r.Clients(ref="")),
        ):
            reads = self.requests(word, f"{word}\n", f"{word} please", f"{word}X")
            self.assertEqual(reads, [request] * 4)

    def test_what_is_none(self) -> None:
        """In another case, behind something else, or in part it is a message."""
        for text in ("time", "Time", " TIME", "TIM", "CLIENTS", "x MAC", "quit", "q"):
            self.assertEqual(self.requests(text), [r.Say(text, ref=text)])

    def test_a_message(self) -> None:
        """It is sent back as it was, with its line feed; and what is no message too."""
        self.assertEqual(
            self.requests("grüße\n", " \n"),
            [r.Say("grüße", ref="grüße\n"), r.Tell(" \n", ref=" \n")],
        )


class QuitTests(EcoTestCase):
    """How one leaves."""

    def test_the_password(self) -> None:
        """It is asked for, also by a word that begins so, and then ends the session."""
        for word in ("QUIT", "QUITTING", f"QUIT {PASSWORD}"):
            for password in (PASSWORD, f"{PASSWORD}\r\n", f"{PASSWORD}!"):
                self.setUp()
                requests = self.requests(word, password)
                self.assertEqual(requests, [PROMPT, r.Depart()])

    def test_a_wrong_one(self) -> None:
        """It is said so; nothing else is understood until the right one comes."""
        reads = ("QUIT", "TIME", "QUIT", "sesame", f" {PASSWORD}", PASSWORD[:-1], "")
        self.assertEqual(self.requests(*reads), [PROMPT, *[WRONG] * 6])
        self.assertEqual(self.requests(PASSWORD), [r.Depart()])

    def test_the_last_wrong_one(self) -> None:
        """It is answered like the others, and ends the session."""
        requests = self.requests("QUIT", *["x"] * ATTEMPTS)
        last = r.Depart("10 wrong passwords", ref="WRONG PASSWORD, TRY AGAIN...")
        self.assertEqual(requests, [PROMPT, *[WRONG] * 9, last])

    def test_the_right_one_at_last(self) -> None:
        """The tenth may be it."""
        requests = self.requests("QUIT", *["x"] * 9, PASSWORD)
        self.assertEqual(requests[-1], r.Depart())

    def test_constant_time(self) -> None:
        """How long it takes does not tell how much of it was right."""
        compared: list[tuple[bytes, bytes]] = []
        digest = hmac.compare_digest

        def compare(one: bytes, other: bytes) -> bool:
            compared.append((one, other))
            return digest(one, other)

        self.patch(hmac, "compare_digest", compare)
        self.requests("QUIT", "sé")
        self.assertEqual(compared, [("sé".encode(), PASSWORD.encode())])


class AnswerTests(SynchronousTestCase):
    """What they are answered with."""

    def reply(self, body: i.Body, ref: str | None = "") -> bytes:
        """Return it."""
        return EcoDialect("class", PASSWORD).reply(body, ref)

    def test_the_time(self) -> None:
        """The server's local one, to the second."""
        moment = datetime(2026, 11, 21, 4, 5, 6, 999_000)
        clock = i.Clock(int(moment.timestamp() * 1000), True)
        self.assertEqual(self.reply(clock), b"SERVER TIME = 04:05:06")

    def test_facts(self) -> None:
        """They stand alone, without an end of line."""
        self.assertEqual(self.reply(i.Fact("name", "lab")), b"lab")
        self.assertEqual(self.reply(i.Fact("clients", "12")), b"12")
        refusal = i.Refusal("no_mac", "this machine shows no hardware address")
        line = b"this machine shows no hardware address\n"
        self.assertEqual(self.reply(refusal), line)

    def test_the_end(self) -> None:
        """With the right password nothing is said, with wrong ones it is."""
        self.assertEqual(self.reply(i.Ended(), None), b"")
        self.assertEqual(self.reply(i.Ended(), "WRONG"), b"WRONG")
