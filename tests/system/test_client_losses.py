"""The client on the whole screen, when servers and clients are lost and come back."""

import re
import signal
import time

from tests.support.client import Client
from tests.support.people import LARGE, ScreenTestCase, rooms, shows
from tests.support.ports import free_port
from tests.support.server import Server
from tests.support.terminal import Terminal

AWAY = 10.0
"""Seconds for which the server is dead."""

LOBBY, LAB = "\x1b1", "\x1b2"
"""Keys that go to these rooms."""


class LossTests(ScreenTestCase):
    """What was typed is stored once, in order, and what was missed is there."""

    def test_a_server_that_is_dead(self) -> None:
        """For ten seconds, while one goes on to write, in two rooms; meanwhile one sees
        that, and afterwards what somebody else was quicker to say."""
        port = free_port()
        with Server(listen=f"tcp:{port}:interface=127.0.0.1") as server:
            alice = self.enter("alice", server, LARGE)
            alice.type("/join lab\r")
            alice.until(lambda screen: rooms(screen) == ["1 lobby", "2 lab"])
            alice.type(f"{LOBBY}before\r")
            alice.until(shows(r"│ before +1 "))
            server.signal(signal.SIGSTOP)
            alice.type("unanswered\r")
            alice.expect("unanswered …", "1 not yet stored")
            server.kill()
            alice.expect("offline")
            typed = self.write_for(alice, AWAY)
            alice.expect("offline: ", f"{len(typed) + 1} not yet stored")
            told = re.findall(r"! │ (.*?) *│", alice.text)
            self.assertEqual(len(told), len(set(told)), told)
            self.assertIn("connection lost", told[0])
            alice.process.send_signal(signal.SIGSTOP)
            server.start()
            with Client(server.port, "eve") as eve:
                eve.say(*(f"missed {number}" for number in range(1, 4)))
                eve.expect(r"\+ lobby 4")
            alice.process.send_signal(signal.SIGCONT)
            alice.type("last\r")  # which has it try at once
            alice.expect("connected", "3 new since", "missed 3", "alice │ last")
            alice.until(lambda screen: "not yet stored" not in screen)
            lobby = ["before", "missed 1", "missed 2", "missed 3", "unanswered"]
            lobby += [*typed[::2], "last"]
            self.check(alice, lobby)
            self.assertEqual(self.said(server), lobby)
            alice.type(LAB)
            alice.until(lambda screen: screen.split()[0] == "lab")
            self.check(alice, typed[1::2])
            self.assertEqual(self.said(server, "lab"), typed[1::2])

    def write_for(self, alice: Terminal, seconds: float) -> list[str]:
        """Have somebody write for so long, in one room and in the other, and see each
        text before the next; return them. At last the first room is seen."""
        typed: list[str] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end or len(typed) % 2:
            text = f"text-{len(typed)}"
            alice.type(f"{LAB if len(typed) % 2 else LOBBY}{text}\r")
            alice.expect(f"alice │ {text} …", f"{len(typed) + 2} not yet stored")
            typed.append(text)
            alice.rest(min(0.5, max(0.0, end - time.monotonic())))
        alice.type(LOBBY)
        waits = pending(typed[::2])
        alice.until(lambda screen: re.findall(r"text-\d+ …", screen) == waits)
        return typed

    def check(self, alice: Terminal, texts: list[str]) -> None:
        """See that a room's messages are these, each once, numbered from 1."""
        pattern = r"(?:alice|eve) │ (\S.*?) +(\d+) *(?:│|$)"
        numbered = [(text, str(n)) for n, text in enumerate(texts, 1)]
        alice.until(lambda screen: re.findall(pattern, screen, re.M) == numbered)

    def test_a_client_that_is_killed(self) -> None:
        """In the middle of sending, and the server too: what it had taken is stored
        once, in order, when both are started again."""
        texts = [f"text-{number}" for number in range(1, 61)]
        with Server(listen=f"tcp:{free_port()}:interface=127.0.0.1") as server:
            alice = self.enter("alice", server, LARGE)
            alice.type("".join(f"{text}\r" for text in texts[:30]))
            alice.until(shows(r"text-9 +9"))
            server.signal(signal.SIGSTOP)  # some have no answer, now
            alice.type("".join(f"{text}\r" for text in texts[30:]))
            alice.expect("text-60 …")
            server.kill()
            kill(alice)
            server.start()
            alice = self.enter("alice", server, LARGE)
            alice.until(shows(r"text-60 +60"))
            alice.until(lambda screen: "not yet stored" not in screen)
            self.assertEqual(self.said(server), texts)
            shown = re.findall(r"text-(\d+) +(\d+) *│", alice.text)
            self.assertEqual([n for n, _ in shown], [n for _, n in shown])
            numbers = [int(n) for n, _ in shown]
            self.assertEqual(numbers, list(range(numbers[0], 61)))

    def test_a_client_that_is_killed_again_and_again(self) -> None:
        """At any moment, while the server takes what it sends: whatever was seen is
        stored, with all that was typed before it, once."""
        stored: list[str] = []
        with Server() as server:
            for run, moment in enumerate((1, 17, 40)):
                alice = self.enter("alice", server, LARGE)
                texts = [f"text-{run}-{number}" for number in range(1, 61)]
                for text in texts:
                    alice.type(f"{text}\r")
                alice.until(lambda screen: last_of(texts, screen) >= moment)  # noqa: B023
                kill(alice)
                seen = texts[last_of(texts, alice.text) - 1]
                stored = self.check_stored(server, stored, texts, seen)
        self.assertGreaterEqual(len(stored), 1 + 17 + 40)

    def check_stored(
        self, server: Server, before: list[str], texts: list[str], seen: str
    ) -> list[str]:
        """Start the client again; return what is stored when it has nothing left."""
        alice = self.enter("alice", server, LARGE)
        alice.until(lambda screen: "not yet stored" not in screen and seen in screen)
        self.leave(alice)
        stored = self.said(server)
        new = stored[len(before) :]
        self.assertEqual(stored, before + texts[: len(new)])
        self.assertIn(seen, new)
        return stored


def kill(person: Terminal) -> None:
    """End the program at once."""
    person.process.kill()
    person.process.wait()


def last_of(texts: list[str], screen: str) -> int:
    """Return how many of these have been typed, when this is seen."""
    words = set(screen.split())
    return max((n for n, text in enumerate(texts, 1) if text in words), default=0)


def pending(texts: list[str]) -> list[str]:
    """Return how texts are shown that are not stored yet."""
    return [f"{text} …" for text in texts]
