"""The client on the whole screen: the real program in terminals of several sizes,
against a real server."""

import re
import signal
from functools import partial

from tests.client.screen.hostile import HOSTILE
from tests.support.client import Client
from tests.support.people import (
    CLEAR_LINE,
    END,
    ENTER,
    ESCAPE,
    LARGE,
    PAGE_UP,
    SMALL,
    ScreenTestCase,
    rooms,
    shows,
)
from tests.support.ports import free_port
from tests.support.sequences import strange
from tests.support.server import Server
from tests.support.waiting import wait_until

ADVICE = "twistd -n ecochat"
"""What starts a server."""


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
        """It says so and what to do, once, however often it tries; and is there when a
        server is. No line is lost."""
        port = free_port()
        alice = self.open("alice", f"127.0.0.1:{port}", "--nick", "alice")
        alice.expect("offline", ADVICE, "alice>")
        alice.type("first\r")
        alice.expect("alice │ first …", "1 not yet stored")
        for count in range(2, 6):
            alice.type("again\r")  # which has it try at once
            alice.expect(f"{count} not yet stored")
        alice.rest(1.0)  # some attempts more
        self.assertEqual(alice.text.count("! │ nobody listens"), 1)
        with Server(listen=f"tcp:{port}:interface=127.0.0.1") as server:
            alice.type("last\r")
            alice.expect("connected")
            alice.until(shows(r"│ first +1\b.*│ again +5\b.*│ last +6\b"))
            self.assertEqual(self.said(server), ["first", *["again"] * 4, "last"])

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
            alice.until(lambda screen: screen.split()[0] == "lobby")
            bob.type("one\r\x1b2")
            bob.until(lambda screen: screen.split()[0] == "lab")
            bob.type("two\ralice: three\r")
            expected = ["1 lobby", "2 lab @1 2", "3 tea 1"]
            alice.until(lambda screen: rooms(screen) == expected)
            alice.type("\x1ba")
            alice.expect("2 new since", "bob │ two", "bob ┃ alice: three")
            expected = ["1 lobby", "2 lab", "3 tea 1"]
            alice.until(lambda screen: rooms(screen) == expected)

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
            for number, text in enumerate(texts):
                eve.say(f"/nick e{text}", f"/topic {text}", f"{number}: {text}")
            eve.say("/nick eve", "the end")
            alice.expect("eve │ the end")
            alice.type(PAGE_UP)
            alice.expect("looking back")
            self.leave(alice)
        self.assertEqual(strange(alice.written), [])


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

            find = partial(eve.ask, "/search needle", r"\* end search")
            wait_until(lambda: "needle" in find()[0])  # the index follows
            alice.type("/search needle\r")
            alice.expect("1 found of needle")
            alice.type(ENTER)
            alice.until(lambda screen: {76, 77, 78} <= {*numbers(screen)})
            alice.until(lambda screen: count not in numbers(screen))
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
    if not shown:
        return False
    is_whole = shown == [*range(shown[0], shown[0] + len(shown))]
    return is_whole and shown[0] < behind and ("── " not in screen or shown[0] == 1)
