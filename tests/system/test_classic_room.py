"""Clients of the classroom programs in one room with everyone, at a real server."""

import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.memory import resident
from ecochat.net.paced import PAUSE
from tests.support.classic import ALL, KINDS, Classic
from tests.support.client import Client
from tests.support.program import Program
from tests.support.server import Server
from tests.support.terminal import Terminal
from tests.support.waiting import wait_until
from tests.system.crowd import read_log
from tests.system.full_disk import Party, fill_disk, make_room

TERMINAL = (
    "import sys; from ecochat.client.terminal import run; sys.exit(run(*sys.argv[1:]))"
)

LAZY = ("nick", "nick", "eco", "eco")

MUCH, TAKEN = 600, 3
"""Messages that are said while they do not read, and of those the ones that they read
later, in pieces of one read: 9.6 MB and 48 KB."""

BEHIND = 250
"""Messages that take 5 seconds to be told one by one: far more than it takes to be
heard, on a busy machine too."""

MEMORY = 14_000_000
"""Bytes that the server may take more meanwhile: the newest events in memory, up to
4 MiB, and what storing takes. The queues of these four would be 38 MB."""


def text(number: int) -> str:
    """Return a long message that no other one is like."""
    return f"m{number} ".ljust(4_000, "\U0001f600")


class PromptReader:
    """Reads from a client as soon as anything comes, like a program's own loop.

    :ivar reads: what each read gave.
    """

    def __init__(self, client: Classic) -> None:
        self.reads: list[bytes] = []
        self._client = client
        self._before = client.segments
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while data := self._client.read():
            self.reads.append(data)

    def told(self, texts: list[str], begun: float) -> None:
        """See that each of these has come, apart from the others: in a segment of its
        own, which came no sooner after the one before than a read takes.

        One that the machine held up for longer than that may have read two at once.

        :param begun: when the first was sent, at the earliest.
        :raises AssertionError: when it is otherwise.
        """
        expected = [text.encode() for text in texts]
        wait_until(lambda: len(b"".join(self.reads)) >= len(b"".join(expected)))
        seconds = time.monotonic() - begun
        assert b"".join(self.reads) == b"".join(expected), self.reads
        segments = self._client.segments - self._before
        assert segments >= len(expected), (segments, len(expected))
        assert seconds >= (len(expected) - 1) * PAUSE, seconds
        self._client.end_input()
        self._thread.join()
        assert any(read in expected for read in self.reads), self.reads


class RoomTestCase(SynchronousTestCase):
    """Has servers and clients, which are gone at the end."""

    def setUp(self) -> None:
        self.stack = ExitStack()
        self.addCleanup(self.stack.close)

    def serve(self, *options: str) -> Server:
        """Return a running server for clients of all kinds."""
        return self.stack.enter_context(Server(*ALL, *options))

    def enter(self, server: Server, kind: str, nick: str = "nora") -> Classic:
        """Let a client in, and return it once it is in the lobby."""
        client = self.stack.enter_context(Classic(server, kind))
        if kind == "ack":
            client.read()
        elif kind == "nick":
            assert client.read() == b"NICK"
            client.send(nick)
            wait_until(lambda: f" {nick} connected" in server.log)
        else:
            told = client.ask("here")
            assert told.lower() == b"here", told
        return client

    def enter_plain(self, server: Server, nick: str) -> Client:
        """Let someone in who speaks the plain dialect."""
        return self.stack.enter_context(Client(server.port, nick))


class OneByOneTests(RoomTestCase):
    """What one read returns is one message, also where many talk."""

    def test_many_talk_at_once(self) -> None:
        """Who reads promptly is given each message of each of several talkers by
        itself, and its own echo too, in the order of the log; what is longer than a
        read in pieces that are whole characters."""
        server = self.serve()
        nick, eco = self.enter(server, "nick"), self.enter(server, "eco")
        self.assertEqual(nick.read(), b"eco-1: here")
        talkers = [self.enter_plain(server, name) for name in ("ann", "bob", "cy")]
        told_eco, told_nick = PromptReader(eco), PromptReader(nick)
        time.sleep(3 * PAUSE)  # it has to be time: who is up to date is told otherwise
        begun = time.monotonic()
        for number in range(8):
            for talker in talkers:
                talker.say(f"one {number}", f"two {number}")
            eco.send(f"own {number}")
            talkers[0].expect(f"eco-1: own {number}$")
        talkers[0].say("\u00e9" * 1_500)  # of two bytes each
        talkers[1].expect("ann: \u00e9")
        log = [f"{e.nick}: {e.text}" for e in read_log(talkers[0])][1:]
        self.assertEqual(len(log), 8 * 7 + 1)
        log[-1:] = ["ann: " + "\u00e9" * 509, "\u00e9" * 512, "\u00e9" * 479]
        told_nick.told(log, begun)
        told_eco.told([text.removeprefix("eco-1: ") for text in log], begun)

    def test_who_is_behind_is_heard(self) -> None:
        """Where others say more than it can be told one by one, what it says itself
        does not wait until it has been told all of that."""
        server = self.serve()
        nick, eco = self.enter(server, "nick"), self.enter(server, "eco")
        self.assertEqual(nick.read(), b"eco-1: here")
        talker = self.enter_plain(server, "ann")
        talker.say(*(f"m{number}" for number in range(BEHIND)))
        talker.expect(rf"\+ lobby {BEHIND + 1}$")
        begun = time.monotonic()
        eco.send("and me")  # the next would wait until it has the echo of this
        talker.expect("eco-1: and me$")
        for number in range(3):
            nick.send(f"me {number}")
            talker.expect(f"nora: me {number}$")
        self.assertLess(time.monotonic() - begun, BEHIND * PAUSE)
        log = [f"{e.nick}: {e.text}" for e in read_log(talker)[1:]]
        to_eco = "".join(log).replace("eco-1: ", "")
        to_nick = "".join(text for text in log if not text.startswith("nora: "))
        eco.read_all(to_eco.encode())
        nick.read_all(to_nick.encode())

    def test_who_does_not_read(self) -> None:
        """It is not cut off and costs no memory while much is said, and then gets all
        of it in order, as its connection takes it."""
        server = self.serve()
        lazy = [Classic(server, kind, receive_buffer=4_096) for kind in LAZY]
        for client in lazy:
            self.stack.enter_context(client)
        self.assertEqual((lazy[0].read(), lazy[1].read()), (b"NICK", b"NICK"))
        for number in range(2):
            lazy[number].send(f"lazy-{number}")
        talker = self.enter_plain(server, "ann")
        wait_until(lambda: server.log.count(" connected from ") == len(LAZY) + 1)
        talker.say(*(text(number) for number in range(20)))
        talker.expect(r"\+ lobby 20$")
        before = resident(server.pid)
        for begin in range(20, MUCH, 20):
            talker.say(*(text(number) for number in range(begin, begin + 20)))
            talker.expect(rf"\+ lobby {begin + 20}$")
        self.assertLess(resident(server.pid) - before, MEMORY)
        for client in lazy[1:3]:
            for number in range(TAKEN):
                client.read_all(f"ann: {text(number)}".encode())
        lazy[2].send("still here")
        talker.expect("eco-1: still here$")


ENTERED = {
    f"* {nick} joined"
    for nick in ("prog", "tess", "Client01", "client-1", "eco-1", "nora")
}
"""What one is told who was there first."""

ACKNOWLEDGED = (
    r"\AClient Name: Client01\nRequest Time: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\n"
    r"Message \(echoed back\): {} ACK\n\Z"
)


class MixedRoomTests(RoomTestCase):
    """People with all kinds of clients in one room."""

    def setUp(self) -> None:
        super().setUp()
        server = self.serve()
        self.plain = self.enter_plain(server, "paul")
        hello = {"nick": "prog", "rooms": {"lobby": None}}
        self.program = self.stack.enter_context(Program(server.port, hello))
        self.terminal = self.open_terminal(server)
        self.ack = self.stack.enter_context(Classic(server, "ack"))
        self.upper = self.stack.enter_context(Classic(server, "upper"))
        self.listening = {
            "eco-1": self.stack.enter_context(Classic(server, "eco")),
            "nora": self.enter(server, "nick"),
        }
        self.plain.until(lambda: set(self.plain.frames) >= ENTERED)
        self.said: list[tuple[str, str]] = []

    def open_terminal(self, server: Server) -> Terminal:
        """Return the terminal client, in the lobby as tess."""
        home = self.mktemp()
        Path(home).mkdir()
        command = (sys.executable, "-c", TERMINAL, f"127.0.0.1:{server.port}", "tess")
        terminal = Terminal(*command, XDG_STATE_HOME=home, XDG_DATA_HOME=home)
        self.stack.callback(terminal.close)
        terminal.expect("tess lobby>")
        return terminal

    def all_see(self, nick: str, text: str) -> None:
        """All who are shown what others say are shown this; ack and upper are not."""
        self.said.append((nick, text))
        for other, client in self.listening.items():
            if other != nick:
                self.assertEqual(client.read(), f"{nick}: {text}".encode())
        if nick == "paul":
            self.assertEqual(self.plain.expect(r"\+ "), f"+ lobby {len(self.said)}")
        else:
            self.assertEqual(self.plain.expect(r"[\w-]+: "), f"{nick}: {text}")
        if nick != "prog":
            self.program.until_event(len(self.said))
        self.terminal.expect(f"{nick}: {text}")

    def test_all_talk(self) -> None:
        """Each sees what its program would have shown, and all that was said is one
        numbered log."""
        self.assertRegex(self.ack.read().decode(), r"\A\nYou .* Welcome Client01!\n\Z")
        for round in ("one", "two"):
            self.assertEqual(self.listening["eco-1"].ask(round), round.encode())
            self.all_see("eco-1", round)
            told = self.ack.ask(f"ack {round}").decode()
            self.assertRegex(told, ACKNOWLEDGED.replace("{}", f"ack {round}"))
            self.all_see("Client01", f"ack {round}")
            self.assertEqual(self.upper.ask(round), round.upper().encode())
            self.all_see("client-1", round)
            self.listening["nora"].send(f"nora: nick {round}")
            self.all_see("nora", f"nick {round}")
            self.plain.say(f"plain {round}")
            self.all_see("paul", f"plain {round}")
            self.program.call("say", room="lobby", text=f"program {round}")
            self.all_see("prog", f"program {round}")
            self.terminal.type(f"terminal {round}\r")
            self.all_see("tess", f"terminal {round}")
        self.check_log()
        self.plain.say("q")
        self.plain.read_to_end()

    def check_log(self) -> None:
        """The log is what was said, as plain shows it and as programs are told it."""
        log = read_log(self.plain)
        self.assertEqual([(entry.nick, entry.text) for entry in log], self.said)
        events = [(e["n"], e["nick"], e["text"]) for e in self.program.events()]
        self.assertEqual(events, log)


class CommittedTests(RoomTestCase):
    """What is answered is stored."""

    def test_a_full_disk(self) -> None:
        """What cannot be stored is refused in one line, and nobody sees it."""
        server = self.serve()
        party = Party(server, self.stack)
        ack, upper, eco = (self.enter(server, kind) for kind in ("ack", "upper", "eco"))
        nick = self.enter(server, "nick")
        self.assertEqual(nick.ask("/who")[:8], b"online: ")
        self.assertEqual(upper.ask("heard"), b"HEARD")
        self.assertEqual(nick.read(), b"client-1: heard")
        self.assertEqual(eco.read(), b"client-1: heard")
        limits = fill_disk(server)
        for client in (ack, upper, eco, nick):
            self.assertRegex(client.ask("in vain").decode(), r"\Anot stored: .+\n\Z")
        late = self.stack.enter_context(Classic(server, "ack"))
        make_room(server, limits)
        self.assertIn(b"Welcome Client02!", late.read())
        self.assertTrue(ack.ask("kept").endswith(b"): kept ACK\n"))
        for client in (eco, nick):
            self.assertEqual(client.read(), b"Client01: kept")
        self.assertEqual(eco.ask("and this"), b"and this")
        self.assertEqual(nick.read(), b"eco-1: and this")
        said = [entry.text for entry in read_log(party.alice)]
        self.assertNotIn("in vain", said)
        self.assertEqual(said[-2:], ["kept", "and this"])

    def test_a_killed_server(self) -> None:
        """What was answered is there after the server was killed in the middle."""
        server = self.serve()
        clients = {kind: self.enter(server, kind) for kind in ("ack", "upper")}
        for number in range(10):
            for client in clients.values():
                self.assertIn(f"X {number}".encode(), client.ask(f"X {number}"))
        for client in clients.values():
            client.send("unanswered")
        server.kill()
        server.start()
        with Client(server.port) as reader:
            said = [entry.text for entry in read_log(reader)]
        kept = [text for text in said if text.startswith("X ")]
        self.assertEqual(kept, [f"X {number // 2}" for number in range(20)])


class OperatorTests(RoomTestCase):
    """What operators do, as these clients see it."""

    def test_say_and_kick_and_stop(self) -> None:
        """What they say comes to all but ack, whose client waits for answers only; a
        line of text tells who is thrown out, and that the server stops."""
        server = self.serve()
        operator = self.stack.enter_context(Client(server.operators))
        plain = self.enter_plain(server, "paul")
        program = self.stack.enter_context(Program(server.port, {"nick": "prog"}))
        clients = {kind: self.enter(server, kind) for kind in ("ack", "upper", "eco")}
        clients["nick"] = self.enter(server, "nick")
        operator.ask("/say tea is ready", "Server: ")
        for kind in ("upper", "eco", "nick"):
            self.assertEqual(clients[kind].read(), b"Server: tea is ready", kind)
        self.assertTrue(clients["ack"].ask("hi").endswith(b": hi ACK\n"))
        plain.expect("Server: tea is ready$")
        program.find(lambda said: said.get("text") == "tea is ready")
        for kind in ("eco", "nick"):
            self.assertEqual(clients[kind].read(), b"Client01: hi")
        for name, kind in (("Client01", "ack"), ("nora", "nick"), ("eco-1", "eco")):
            operator.ask(f"/kick {name} enough", r"\* ")
            told = b"an operator has ended your session: enough\n"
            self.assertEqual(clients[kind].read(), told)
            self.assertEqual(clients[kind].read(), b"")
        clients |= {kind: self.enter(server, kind) for kind in ("ack", "eco")}
        clients["nick"] = self.enter(server, "nick")
        server.stop()
        for kind in KINDS:
            self.assertEqual(clients[kind].read(), b"server is stopping\n", kind)
            self.assertEqual(clients[kind].read(), b"")
        self.assertNotIn("Traceback", server.log)

    def test_too_many_clients(self) -> None:
        """All kinds take the same places; one too many is told so in a line of text,
        and the server closes. Who was told a port only has none."""
        server = self.serve("--max-clients", "4")
        inside = [self.enter(server, kind) for kind in KINDS]
        told = b"server is full (4 clients), try later\n"
        for kind in KINDS:
            with Classic(server, kind) as outside:
                self.assertEqual(outside.read_to_end(), told, kind)
        with Client(server.port) as plain:
            self.assertEqual(plain.read_to_end(), [f"! {told.decode().strip()}"])
        inside[0].close()
        wait_until(lambda: self.is_heard(server))

    def is_heard(self, server: Server) -> bool:
        """Whether one more is let in."""
        with Classic(server, "eco") as eco:
            return eco.ask("here") == b"here"
