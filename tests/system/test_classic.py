"""The unchanged clients of the classroom programs, at a real server."""

import ast
import datetime
import re
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.support.classic import ALL, KINDS, LOCAL, READ, Classic
from tests.support.client import Client
from tests.support.server import TWISTD, Server
from tests.support.stage import JOKE
from tests.support.waiting import wait_until
from tests.system.crowd import read_log

LAST = 50
"""Visits that ack tells of."""

APART = 0.5
"""Seconds until one is asked again whose name cannot be had, so that each is a read."""

TALK = Path(__file__).with_name("classic.talk")

VARYING = re.compile(
    rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    rb"|datetime\.datetime\([^)]+\)|\b\d\d:\d\d:\d\d$|^([0-9a-f]{2}:){5}[0-9a-f]{2}$"
    rb"|^this machine shows no hardware address\n$"
)
"""Times and hardware addresses, which are never the same."""


def talks() -> dict[str, list[str]]:
    """Return the lines of each talk, by its title."""
    blocks = TALK.read_text().split("\n## ")[1:]
    lines = {block.partition("\n")[0]: block.splitlines()[1:] for block in blocks}
    return {
        title: [line for line in talk if line and not line.startswith("#")]
        for title, talk in lines.items()
    }


def constant(data: bytes) -> bytes:
    """Return the part of a message that is always the same."""
    return VARYING.sub(b"VARYING", data)


class Talk:
    """Plays the lines of one talk; each read has to be on the page.

    Where this process is held up for so long that two messages have come by then, one
    read returns both: then the second is what the next one would have returned.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._clients: dict[str, Classic] = {}
        self._rest: dict[str, bytes] = {}
        self._sent = 0.0
        self._closed: set[str] = set()

    def play(self, lines: list[str]) -> None:
        """Play a whole talk, and see that nothing comes that it does not have."""
        for line in lines:
            name, arrow, text = line.split(" ", 2)
            if name == "log":
                self._wait_for(text)
            elif arrow == "->":
                client = self._client(name)
                self._sent = time.monotonic()
                client.send(ast.literal_eval(text))
            else:
                self._expect(name, text)
        for name, client in self._clients.items():
            if name not in self._closed:
                client.end_input()
                self._expect(name, "(closed)")

    def _wait_for(self, text: str) -> None:
        wait_until(lambda: text in self._server.log)

    def _client(self, name: str) -> Classic:
        if name not in self._clients:
            self._clients[name] = Classic(self._server, name.rstrip("123456789"))
        return self._clients[name]

    def _expect(self, name: str, text: str) -> None:
        client = self._client(name)
        told = self._rest.pop(name, b"") or client.read()
        if text == "(closed)":
            self._closed.add(name)
            assert not told, (name, told)
            return
        expected = ast.literal_eval(text).encode()
        if told.startswith(expected) and told != expected:
            assert time.monotonic() - self._sent >= APART, f"{name}: {told!r} at once"
            self._rest[name] = told.removeprefix(expected)
            told = expected
        assert constant(told) == constant(expected), (name, told, expected)

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()


class TalkTests(SynchronousTestCase):
    """The talks of the page."""

    def play(self, kind: str) -> None:
        """Play those of one program, in one server's life."""
        jokes = Path(self.mktemp()).absolute()
        jokes.write_text(JOKE)
        with Server("--name", "NAME", "--jokes", str(jokes), *ALL) as server:
            for title, lines in talks().items():
                if title.startswith(f"{kind}: "):
                    talk = Talk(server)
                    self.addCleanup(talk.close)
                    try:
                        talk.play(lines)
                    except Exception as error:
                        raise AssertionError(f"{title}: {error!r}") from error

    def test_eco(self) -> None:
        """The echo program with commands and a password."""
        self.play("eco")

    def test_ack(self) -> None:
        """The acknowledging program, whose client waits for each answer."""
        self.play("ack")

    def test_upper(self) -> None:
        """The program that answers in upper case."""
        self.play("upper")

    def test_nick(self) -> None:
        """The program that asks for a nickname."""
        self.play("nick")

    def test_each_talk_is_of_one_of_them(self) -> None:
        """No talk of the page is left out."""
        self.assertEqual({title.partition(":")[0] for title in talks()}, set(KINDS))


class StatusTests(SynchronousTestCase):
    """What ack tells of those who came and went."""

    def test_the_last_fifty(self) -> None:
        """Python reads it as the dictionary that it was: the last 50, as they came."""
        with Server(*ALL) as server:
            for _ in range(LAST + 1):
                with Classic(server, "ack") as ack:
                    ack.read()
                    self.assertTrue(ack.ask("exit").startswith(b"You have ended "))
                    self.assertEqual(ack.read(), b"")
            with Classic(server, "ack") as ack:
                welcome = ack.read().decode()
                ack.send("status")
                ack.end_input()
                told = ack.read_to_end().decode()
        self.assertTrue(told.startswith("Server Cache: {'Client"), told[:100])
        cache = eval(told.removeprefix("Server Cache: "), {"datetime": datetime})
        names = [f"Client{number:02}" for number in range(3, LAST + 3)]
        self.assertEqual(list(cache), names)
        *ended, last = cache.values()
        self.assertIn(f"{last['connection']:%Y-%m-%d %H:%M:%S.%f}", welcome)
        self.assertIsNone(last["disconnection"])
        for visit in ended:
            self.assertLessEqual(visit["connection"], visit["disconnection"])
        self.assertEqual(repr(cache), told.removeprefix("Server Cache: ")[:-1])


WITH_NUL = b"a message cannot have a null byte in it, ignored\n"
NOT_UTF8 = b"not UTF-8, ignored\n"
TIMES = re.compile(rb"(Request Time: ).*")


def acknowledged(text: str) -> bytes:
    """Return how ack answers this, without the time."""
    told = f"Client Name: Client01\nRequest Time: \nMessage (echoed back): {text} ACK\n"
    return told.encode()


ANSWERS: dict[str, Callable[[str], bytes]] = {
    "eco": str.encode,
    "ack": acknowledged,
    "upper": lambda text: text.upper().encode(),
}
"""What a program answers to a text; nick answers nothing, but others hear it."""

NAMES = {"eco": "eco-1", "ack": "Client01", "upper": "client-1", "nick": "nora"}


class Room:
    """One client of each program, alone in the lobby of a server of their own, with a
    member who hears everything.

    :ivar member: that one.
    :ivar said: what each has said, in order.
    """

    def __init__(self, test: SynchronousTestCase, server: Server) -> None:
        self.server = server
        self.member = Client(server.port, "member")
        test.addCleanup(self.member.close)
        self.said: list[tuple[str, str]] = []
        self._test = test

    def enter(self, kind: str) -> Classic:
        """Let a client in, and return it once it may say something."""
        client = Classic(self.server, kind)
        self._test.addCleanup(client.close)
        if kind == "ack":
            client.read()
        if kind == "nick":
            assert client.read() == b"NICK"
            client.send("nora")
        self.member.expect(rf"\* {NAMES[kind]} joined$")
        return client

    def hears(self, kind: str, *texts: str) -> None:
        """The member hears these, one after the other."""
        for text in texts:
            self.said.append((NAMES[kind], text))
            heard = self.member.expect(rf"{NAMES[kind]}: ")
            assert heard == f"{NAMES[kind]}: {text}", (heard, text)

    def answers(self, kind: str, client: Classic, *texts: str) -> None:
        """These are heard, and then the client is sent its answers to them."""
        self.hears(kind, *texts)
        if kind in ANSWERS:
            expected = b"".join(ANSWERS[kind](text) for text in texts)
            told = b""
            while len(told) < len(expected) and (data := client.read()):
                told = TIMES.sub(rb"\1", told + data)
            assert told == expected, (told, expected)

    def check_log(self) -> None:
        """The room's log is what was said, numbered without a hole."""
        log = [(entry.nick, entry.text) for entry in read_log(self.member)]
        assert log == self.said, (log, self.said)
        assert "Traceback" not in self.server.log, self.server.log


class OddTimingTests(SynchronousTestCase):
    """What comes is cut and joined in odd ways; each program makes its sense of it."""

    def setUp(self) -> None:
        server = Server(*ALL)
        server.__enter__()
        self.addCleanup(server.__exit__, None, None, None)
        self.room = Room(self, server)

    def test_reads_are_messages(self) -> None:
        """Two messages in one segment are one, and one byte is one; of what is longer
        than a read, each read is one, which cuts no character in half."""
        for kind in KINDS:
            client = self.room.enter(kind)
            client.send(b"onetwo")
            self.room.answers(kind, client, "onetwo")
            client.send(b"x")
            self.room.answers(kind, client, "x")
            client.send(b"a" * READ + b"b" * READ + b"c")
            self.room.answers(kind, client, "a" * READ, "b" * READ, "c")
            client.send("a" + "\u00e9" * READ)
            cut = ("a" + "\u00e9" * 511, "\u00e9" * 512, "\u00e9")
            self.room.answers(kind, client, *cut)
            client.close()
        self.room.check_log()

    def test_a_character_in_pieces(self) -> None:
        """Only the bytes of the character are put together: what came before it is a
        message, and a part of one is none."""
        for kind in KINDS:
            client = self.room.enter(kind)
            client.send(b"gr\xc3")
            self.room.answers(kind, client, "gr")
            client.send(b"\xbc\xc3\x9fe")
            self.room.answers(kind, client, "\u00fc\u00dfe")
            *parts, last = (bytes((byte,)) for byte in "\U0001f600".encode())
            for part in parts:
                client.send(part)
                self.room.member.ask("/time", r"\* ")  # it has been read meanwhile
            client.send(last)
            self.room.answers(kind, client, "\U0001f600")
            client.close()
        self.room.check_log()

    def test_what_is_no_text(self) -> None:
        """It is answered by a line that says why, nobody sees it, and it goes on."""
        for kind in KINDS:
            client = self.room.enter(kind)
            for wrong, answer in (
                (b"\xff\xfe", NOT_UTF8),
                (b"good\xff", NOT_UTF8),
                (b"\xed\xa0\x80", NOT_UTF8),
                (b"one\0two", WITH_NUL),
                (b"\0", WITH_NUL),
            ):
                self.assertEqual(client.ask(wrong), answer)
            client.send(b"good")
            self.room.answers(kind, client, "good")
            client.send(b"half\xc3")
            self.room.answers(kind, client, "half")
            self.assertEqual(client.ask("of"), NOT_UTF8)
            client.close()
        self.room.check_log()

    def test_a_half_close(self) -> None:
        """What was asked is answered and stored, then the server closes too."""
        for kind in KINDS:
            client = self.room.enter(kind)
            client.send("a" * READ + "b" * READ + "last")
            client.end_input()
            self.room.answers(kind, client, "a" * READ, "b" * READ, "last")
            self.assertEqual(client.read(), b"")
            self.room.member.expect(rf"\* {NAMES[kind]} left$")
        self.room.check_log()

    def test_a_half_close_at_once(self) -> None:
        """It comes together with the first message; in nick, instead of a name."""
        for kind in ANSWERS:
            with Classic(self.room.server, kind) as client:
                client.send("hello")
                client.end_input()
                told = TIMES.sub(rb"\1", client.read_to_end())
                self.assertTrue(told.endswith(ANSWERS[kind]("hello")), told)
                self.room.hears(kind, "hello")
        with Classic(self.room.server, "nick") as nick:
            nick.end_input()
            self.assertEqual(nick.read_to_end(), b"NICK")
        with Classic(self.room.server, "nick") as nick:
            nick.send("member")
            nick.end_input()
            self.assertEqual(nick.read_to_end(), b"NICKthe name member is taken\n")
        self.room.check_log()

    def test_a_half_close_in_a_character(self) -> None:
        """The part that there is of it is answered as what it is."""
        for kind in KINDS:
            client = self.room.enter(kind)
            client.send(b"end\xe2\x9c")
            client.end_input()
            self.room.answers(kind, client, "end")
            self.assertEqual(client.read_to_end(), NOT_UTF8)
        self.room.check_log()

    def test_a_reset(self) -> None:
        """Whenever it comes: all others talk on, and what was answered is kept."""
        stays = self.room.enter("nick")
        for kind in ANSWERS:
            client = self.room.enter(kind)
            client.send("kept")
            self.room.answers(kind, client, "kept")
            client.send(b"x" * READ * 20)
            client.reset()
            self.room.member.expect(rf"\* {NAMES[kind]} left$")
        for kind in KINDS:
            Classic(self.room.server, kind).reset()
        asked = Classic(self.room.server, "nick")
        asked.ask(b"member")
        asked.reset()
        asked = Classic(self.room.server, "eco")
        asked.ask(b"QUIT")
        asked.reset()
        ask = self.room.member.ask
        wait_until(lambda: ask("/clients", r"\* \d+$")[-1] == "* 2")
        stays.send("still here")
        self.room.member.expect("nora: still here$")
        said = {(entry.nick, entry.text) for entry in read_log(self.room.member)}
        self.assertLessEqual(set(self.room.said), said)
        self.assertNotIn("Traceback", self.room.server.log)


class WrongOptionsTests(SynchronousTestCase):
    """A server that cannot serve them does not start."""

    def refused(self, *options: str) -> str:
        """Return the one line that says why."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        command = [TWISTD, "-n", "--pidfile=", "ecochat", "--listen", LOCAL, *options]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"\Aecochat: [^\n]+\n\Z")
        return done.stderr

    def test_unknown(self) -> None:
        """A program that there is not; the line has those that there are."""
        told = self.refused("--classic", "nonsense")
        self.assertIn("--classic nonsense is none of eco, ack, upper, nick", told)

    def test_busy(self) -> None:
        """A port that somebody listens on already."""
        with socket.create_server(("127.0.0.1", 0)) as busy:
            classic = f"ack={busy.getsockname()[1]}"
            told = self.refused("--classic", classic)
        self.assertIn(f"--classic {classic}: Address already in use", told)

    def test_eco_without_a_port(self) -> None:
        """Its clients are told a port number, so they cannot be sent elsewhere."""
        told = self.refused("--classic", "eco=unix:eco.sock")
        self.assertIn("--classic eco=unix:eco.sock: ", told)
        self.assertIn("write eco=PORT", told)
