"""The client on the whole screen: the real program in terminals of several sizes,
against a real server."""

import re
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.client.screen.hostile import HOSTILE
from tests.client.test_with_server import free_port
from tests.support.client import Client
from tests.support.program import Program
from tests.support.server import Server
from tests.support.terminal import Terminal

SMALL, USUAL, LARGE = (40, 12), (80, 24), (200, 50)
"""Terminals: columns and lines."""

UP, PAGE_UP, END, CLEAR_LINE = "\x1b[A", "\x1b[5~", "\x1b[F", "\x15"
ENTER, ESCAPE, INTERRUPT = "\r", "\x1b", "\x03"

ADVICE = "twistd -n ecochat"
"""What starts a server."""


class ScreenTestCase(SynchronousTestCase):
    """Has terminals, and a folder for each person; all is gone at the end."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="ecochat-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def open(self, person: str, *words: str, size: tuple[int, int] = USUAL) -> Terminal:
        """Start the program as somebody, who has files of their own."""
        home = str(self.folder / person)
        places = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
        terminal = Terminal(
            *(sys.executable, "-m", "ecochat.main", *words),
            columns=size[0],
            lines=size[1],
            **dict.fromkeys(places, home),
        )
        self.addCleanup(terminal.close)
        return terminal

    def enter(
        self, person: str, server: Server, size: tuple[int, int] = USUAL
    ) -> Terminal:
        """Start the program as somebody of this name, and wait until they are in."""
        where = f"127.0.0.1:{server.port}"
        terminal = self.open(person, where, "--nick", person, size=size)
        terminal.expect("connected", f"{person}>")
        return terminal

    def leave(self, terminal: Terminal) -> None:
        """Leave by Ctrl-C, twice; it ends well."""
        terminal.type(INTERRUPT)
        terminal.expect("again to leave")
        terminal.type(INTERRUPT)
        self.assertEqual(terminal.end(), 0)

    def said(self, server: Server, room: str = "lobby") -> list[str]:
        """Return what the server has of a room, checked to be numbered 1, 2, 3, …"""
        with Program(server.port, {"nick": "reader"}) as reader:
            reader.call("history", room=room, limit=1_000)
            kept = [said for said in reader.said if said["op"] == "message"]
        self.assertEqual([said["n"] for said in kept], list(range(1, len(kept) + 1)))
        return [said["text"] for said in kept]


def shows(pattern: str) -> Callable[[str], bool]:
    """Return what says whether a screen has this."""
    return lambda screen: re.search(pattern, screen, re.DOTALL) is not None


def rooms(screen: str) -> list[str]:
    """Return the rows of the rooms, which stand left of the log, where they do."""
    rows = [line.partition("│")[0].split() for line in screen.splitlines()]
    return [" ".join(row) for row in rows if row and re.fullmatch("[1-9]", row[0])]


class FirstTests(ScreenTestCase):
    """Who one is, and where."""

    def test_a_name_is_asked_for_once(self) -> None:
        """The next start knows it and the rooms; somebody else must take another."""
        with Server() as server:
            where = f"127.0.0.1:{server.port}"
            alice = self.open("alice", where)
            alice.expect("Your nickname:")
            alice.type(f"{CLEAR_LINE}alice\r")
            alice.expect("connected", "alice>")
            alice.type("/join lab\r")
            alice.until(lambda screen: rooms(screen) == ["1 lobby", "2 lab"])
            self.leave(alice)
            alice = self.open("alice", where, size=SMALL)
            alice.expect("connected", "alice>")
            self.assertNotIn("nickname", alice.text)
            alice.type("\x1b2")
            alice.until(lambda screen: screen.split()[0] == "lab")
            other = self.open("other", where, "--nick", "alice", size=SMALL)
            other.expect("Another name: alice_")
            other.type(ENTER)
            other.expect("connected", "alice_>")

    def test_nobody_listens(self) -> None:
        """It says so and what to do, and is there when a server is; a line is not
        lost."""
        port = free_port()
        alice = self.open("alice", f"127.0.0.1:{port}", "--nick", "alice")
        alice.expect("offline", ADVICE, "alice>")
        alice.type("first\r")
        alice.expect("alice │ first …", "1 not yet stored")
        with Server(listen=f"tcp:{port}:interface=127.0.0.1") as server:
            alice.type("second\r")  # which has it try at once
            alice.expect("connected")
            alice.until(shows(r"│ first +1\b.*│ second +2\b"))
            self.assertEqual(self.said(server), ["first", "second"])

    def test_lines_above_a_prompt(self) -> None:
        """``--inline``: nothing takes the whole screen."""
        with Server() as server:
            where = f"127.0.0.1:{server.port}"
            alice = self.open("alice", where, "--inline", "--nick", "alice")
            alice.expect("alice lobby>")
            alice.type("hello\r")
            alice.expect("alice: hello  1")
            self.assertNotIn(b"\x1b[?1049h", alice.written)


class TalkTests(ScreenTestCase):
    """Two people."""

    def test_three_rooms(self) -> None:
        """What is unread, and what names one; what is not stored yet; other sizes."""
        with Server() as server:
            alice = self.enter("alice", server)
            bob = self.enter("bob", server, LARGE)
            for person in alice, bob:
                person.type("/join lab\r/join tea\r")
                person.until(lambda screen: len(rooms(screen)) == 3)
            alice.type("\x1b1")
            bob.type("one\r")
            bob.expect("one")
            bob.type("\x1b2")
            bob.until(lambda screen: screen.split()[0] == "lab")
            bob.type("two\ralice: three\r")
            expected = ["1 lobby", "2 lab @1 2", "3 tea 1"]
            alice.until(lambda screen: rooms(screen) == expected)
            alice.type("\x1ba")
            alice.expect("2 new since", "bob │ two", "bob ┃ alice: three")
            self.assertEqual(rooms(alice.text), ["1 lobby", "2 lab", "3 tea 1"])

            server.signal(signal.SIGSTOP)
            alice.type("not yet\r")
            alice.expect("alice │ not yet …", "1 not yet stored")
            server.signal(signal.SIGCONT)
            alice.until(shows(r"alice │ not yet +3 *\n"))
            alice.until(lambda screen: "not yet stored" not in screen)
            bob.expect("alice │ not yet")

            self.assertNotIn("2 members", alice.text)
            alice.resize(120, 30)
            alice.expect("2 members", "1 lobby", "alice │ not yet")
            alice.resize(*SMALL)
            alice.until(lambda screen: not rooms(screen) and "not yet" in screen)
            alice.type("/quit\r")
            self.assertEqual(alice.end(), 0)
            bob.expect("alice left")

    def test_what_others_write_is_harmless(self) -> None:
        """Names, topics and messages: no control, escape or override gets through."""
        texts = [text for text in HOSTILE if not re.search("[\ud800\udfff\0]", text)]
        with Server() as server, Client(server.port) as eve:
            alice = self.enter("alice", server, LARGE)
            before = len(alice.written)
            for number, text in enumerate(texts):
                eve.say(f"/nick e{text}", f"/topic {text}", f"{number}: {text}")
            eve.say("/nick eve", "the end")
            alice.expect("eve │ the end")
            alice.type(PAGE_UP)
            alice.expect("looking back")
            shown = alice.written[before:].decode()
        self.assertEqual(strange(shown), [])


OURS = re.compile(
    r"\x1b\[[0-9;?]*[hlmABCDHJKP]"  # modes, colours, the cursor, erasing
    r"|\x1b\]8;[^;\x1b]*;[^\x1b\x07]*\x1b\\"  # links
    r"|\x1b\]9;[^\x1b\x07]*\x07|[\x07\x08\r\n]"
)
"""What the client itself writes."""

STRANGE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2067]")
"""What is no text that can be seen."""


def strange(written: str) -> list[str]:
    """Return what of it should not have been written to a terminal, with what stands
    around that."""
    left = OURS.sub("", written)
    found = STRANGE.finditer(left)
    return [left[max(0, at.start() - 20) : at.end() + 20] for at in found]


class LossTests(ScreenTestCase):
    """Servers and clients that are lost and come back."""

    def test_a_server_that_is_lost(self) -> None:
        """What was typed meanwhile is stored once, in order; what was missed is there,
        below a line that tells how much it is."""
        with Server(listen=f"tcp:{free_port()}:interface=127.0.0.1") as server:
            alice = self.enter("alice", server)
            alice.type("before\r")
            alice.until(shows(r"│ before +1"))
            server.kill()
            alice.expect("offline")
            alice.type("first\rsecond\r")
            alice.expect("│ first …", "│ second …", "2 not yet stored")
            alice.process.send_signal(signal.SIGSTOP)
            server.start()
            with Client(server.port, "eve") as eve:
                eve.say(*(f"missed {number}" for number in range(1, 4)))
                eve.expect(r"\+ lobby 4")
            alice.process.send_signal(signal.SIGCONT)
            alice.type("third\r")
            alice.expect("connected", "3 new since", "missed 3")
            alice.until(shows(r"│ third +7"))
            alice.until(lambda screen: "not yet stored" not in screen)
            log = re.findall(r"(?:alice|eve) │ (\w.*?) +(\d)\s*$", alice.text, re.M)
            expected = ["before", *(f"missed {number}" for number in range(1, 4))]
            expected += ["first", "second", "third"]
            self.assertEqual([text for text, _ in log], expected)
            self.assertEqual([n for _, n in log], [*"1234567"])
            self.assertEqual(self.said(server), expected)

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
            alice.process.kill()
            alice.process.wait()
            server.start()
            alice = self.enter("alice", server, LARGE)
            alice.until(shows(r"text-60 +60"))
            alice.until(lambda screen: "not yet stored" not in screen)
            self.assertEqual(self.said(server), texts)
            shown = re.findall(r"text-(\d+) +(\d+) *│", alice.text)
            self.assertEqual([n for n, _ in shown], [n for _, n in shown])
            numbers = [int(n) for n, _ in shown]
            self.assertEqual(numbers, list(range(numbers[0], 61)))


class HistoryTests(ScreenTestCase):
    """What was said long ago."""

    def test_back_to_the_beginning(self) -> None:
        """500 messages, by pages; each is shown. Then a search, a jump, and back."""
        count = 500
        with Server() as server, Client(server.port, "eve") as eve:
            texts = [f"message {number} of many" for number in range(1, count + 1)]
            texts[76] += ", a needle"
            eve.say(*texts)
            eve.expect(rf"\+ lobby {count}")
            alice = self.enter("alice", server, LARGE)
            alice.expect(f"message {count} of many")
            seen = set(numbers(alice.text))
            while min(seen) > 1:
                least = min(seen)
                alice.type(PAGE_UP)
                alice.until(lambda screen: is_page(screen, least))  # noqa: B023
                seen |= {*numbers(alice.text)}
            self.assertEqual(seen, set(range(1, count + 1)))
            alice.type(END)
            alice.expect(f"message {count} of many")
            alice.until(lambda screen: "looking back" not in screen)

            alice.type("/search needle\r")
            alice.expect("1 found of needle")
            alice.type(ENTER)
            alice.expect("message 76 of many", "a needle", "message 78 of many")
            self.assertNotIn(f"message {count} of many", alice.text)
            alice.type(ESCAPE)
            alice.expect("1 found of needle")
            alice.type(ESCAPE)
            alice.expect(f"message {count} of many")


def numbers(screen: str) -> list[int]:
    """Return which messages are on the screen."""
    return [int(found) for found in re.findall(r"message (\d+) of many", screen)]


def is_page(screen: str, behind: int) -> bool:
    """Whether all of the screen is a page that begins before a message. What is before
    the first one that is here is awaited: so long, the day stands above that."""
    shown = numbers(screen)
    is_whole = shown == [*range(shown[0], shown[0] + len(shown))]
    return is_whole and shown[0] < behind and ("── " not in screen or shown[0] == 1)
