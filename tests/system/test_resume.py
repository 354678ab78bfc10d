"""Sessions that lose their connection, or their server, and come back."""

from __future__ import annotations

import secrets
import socket
import struct
import threading
from typing import Any

from twisted.trial.unittest import TestCase

from tests.support.client import Client
from tests.support.program import Program
from tests.support.server import Server
from tests.support.waiting import WAIT

MISSED = 10_000
ROUNDS = 100
WRITERS = 4
SAID = 250


def reset(client: Client) -> None:
    """Break a connection, as a network does (RFC 9293, 3.10.4)."""
    linger = struct.pack("ii", 1, 0)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    client.close()


class ResumeTestCase(TestCase):
    """A server, and clients that are closed at the end."""

    def serve(self, *options: str) -> Server:
        """Return a server with these options."""
        server = Server(*options)
        server.__enter__()
        self.addCleanup(server.__exit__, None, None, None)
        return server

    def program(self, server: Server, **hello: Any) -> Program:
        """Return a client that was welcomed."""
        program = Program(server.port, hello)
        self.addCleanup(program.close)
        self.assertEqual(program.welcome["op"], "welcome", program.welcome)
        return program

    def plain(self, server: Server, nick: str) -> Client:
        """Return a client of the plain dialect, of this name."""
        client = Client(server.port, nick)
        self.addCleanup(client.close)
        return client

    def numbers(self, program: Program) -> list[int]:
        """Return the numbers of what came unasked of the lobby."""
        return [event["n"] for event in program.events()]


class ComeBackTests(ResumeTestCase):
    """A session that is kept for a client that comes back."""

    def setUp(self) -> None:
        self.key = secrets.token_urlsafe(16)

    def begin(self, server: Server) -> tuple[Program, Client]:
        """Return alice with a key in two rooms, who has seen one message, and bob."""
        bob = self.plain(server, "bob")
        rooms = {"red": None, "lobby": None}
        alice = self.program(server, key=self.key, nick="alice", rooms=rooms)
        bob.expect(r"\* alice joined")
        bob.say("m1")
        alice.until_event(1)
        return alice, bob

    def come_back(self, server: Server, first: int, last: int) -> Program:
        """Come back, and check that everything is as it was, and what is told."""
        rooms = {"red": 0, "lobby": first - 1}
        alice = self.program(server, key=self.key, rooms=rooms)
        welcome = alice.welcome
        self.assertTrue(welcome["resumed"])
        self.assertEqual((welcome["nick"], welcome["session"]), ("alice", self.session))
        self.assertEqual(set(welcome["rooms"]), {"red", "lobby"})
        alice.until_event(last)
        self.assertEqual(self.numbers(alice), list(range(first, last + 1)))
        return alice

    def nobody_saw(self, bob: Client) -> None:
        """Check that bob was told neither that alice left nor that she came."""
        bob.ask("/topic", r"\* lobby: there is no topic")
        seen = [f for f in bob.frames if f in ("* alice left", "* alice joined")]
        self.assertEqual(seen, ["* alice joined"])

    def test_a_dropped_connection(self) -> None:
        """Reset, or closed: it goes on where it was, and nobody saw it."""
        server = self.serve()
        alice, bob = self.begin(server)
        self.session = alice.welcome["session"]
        for n, drop in enumerate((reset, Client.close), 1):
            drop(alice)
            bob.say(f"m{3 * n - 1}", f"m{3 * n}")
            bob.expect(rf"\+ lobby {3 * n}")
            alice = self.come_back(server, 3 * n - 1, 3 * n)
            bob.say(f"m{3 * n + 1}")
            alice.until_event(3 * n + 1)
        self.nobody_saw(bob)

    def test_a_connection_that_only_seems_alive(self) -> None:
        """The old one is told why it ends, and is closed."""
        server = self.serve()
        alice, bob = self.begin(server)
        self.session = alice.welcome["session"]
        bob.say("m2")
        bob.expect(r"\+ lobby 2")
        self.come_back(server, 2, 2)
        alice.read_to_end()
        self.assertEqual(alice.said[-1]["code"], "taken_over")
        self.nobody_saw(bob)

    def test_a_killed_server(self) -> None:
        """Number, name, rooms and places outlive it, and exactly what followed comes;
        who had no key is gone."""
        self.restart(Server.kill)

    def test_a_stopped_server(self) -> None:
        """The same when it was asked to stop."""
        self.restart(Server.stop)

    def restart(self, end: Any) -> None:
        """End a server and start it again, twice."""
        server = self.serve()
        alice, bob = self.begin(server)
        self.session = alice.welcome["session"]
        for n in (2, 4):
            bob.say(f"m{n}", f"m{n + 1}")
            bob.expect(rf"\+ lobby {n + 1}")
            end(server)
            server.start()
            bob = self.plain(server, "bob")
            members = bob.ask("/who", r"\* end lobby")
            self.assertRegex("\n".join(members), r"(?m)^\* lobby alice s\d+.*away")
            alice = self.come_back(server, n, n + 1)
            members = bob.ask("/who", r"\* end lobby")
            self.assertNotIn("away", "".join(members))

    def test_its_time_is_over(self) -> None:
        """It has left, and its name is free."""
        server = self.serve("--grace", "1s")
        alice, bob = self.begin(server)
        reset(alice)
        bob.expect(r"\* alice left")
        other = self.program(server, key=self.key, nick="alice")
        self.assertFalse(other.welcome["resumed"])

    def test_plain_ones_leave_at_once(self) -> None:
        """And so do all where nothing is kept."""
        server = self.serve("--grace", "0")
        alice, bob = self.begin(server)
        carl = self.plain(server, "carl")
        alice.close()
        bob.expect(r"\* alice left")
        carl.close()
        bob.expect(r"\* carl left")
        server = self.serve()
        bob, carl = self.plain(server, "bob"), self.plain(server, "carl")
        carl.close()
        bob.expect(r"\* carl left")

    def test_they_take_nobodys_place(self) -> None:
        """Those that are away are no connections."""
        server = self.serve("--max-clients", "2")
        for n in range(6):
            key = secrets.token_urlsafe(16)
            one = self.program(server, key=key, nick=f"n{n}")
            reset(one)
        bob, carl = self.plain(server, "bob"), self.plain(server, "carl")
        members = bob.ask("/who", r"\* end lobby 8")
        self.assertEqual(sum("away" in line for line in members), 6)
        carl.say("hi")
        bob.expect("carl: hi")
        with Client(server.port) as late:
            self.assertRegex(late.read_to_end()[0], "^! server is full")

    def test_many_that_were_missed(self) -> None:
        """All of them come, each once, in order, and then what is new."""
        server = self.serve()
        writer = self.program(server, nick="w")
        alice = self.program(server, key=self.key, nick="alice", rooms={"lobby": None})
        alice.close()
        texts = [f"missed {n}" for n in range(1, MISSED + 1)]
        for begin in range(0, MISSED, 1_000):
            for text in texts[begin : begin + 1_000]:
                writer.request("say", room="lobby", text=text)
            writer.until_event(begin + 1_000)
        back = self.program(server, key=self.key, rooms={"lobby": 0})
        writer.request("say", room="lobby", text="new")
        back.until_event(MISSED + 1)
        told = [(event["n"], event["text"]) for event in back.events()]
        self.assertEqual(told, list(enumerate([*texts, "new"], 1)))


class SameIdTests(ResumeTestCase):
    """One key and one id over two connections."""

    def test_at_the_same_moment(self) -> None:
        """It is one message, however the two race."""
        server = self.serve()
        key = secrets.token_urlsafe(16)
        for n in range(1, ROUNDS + 1):
            self.race(server, key, n)
        reader = self.program(server, rooms={"lobby": 0})
        reader.until_event(ROUNDS)
        texts = [event["text"] for event in reader.events()]
        self.assertEqual(texts, [f"text {n}" for n in range(1, ROUNDS + 1)])

    def race(self, server: Server, key: str, n: int) -> None:
        """Let one who is there say it, and one who takes over from it, at once; whoever
        is told a number is told the same one."""
        hello = {"key": key, "rooms": {"lobby": None}}
        two = [Program(server.port, hello), Program(server.port)]
        barrier = threading.Barrier(2)

        def say(program: Program) -> None:
            barrier.wait(WAIT)
            if not program.welcome:
                program.hello(**hello)
            program.request("say", room="lobby", text=f"text {n}", id=n)
            program.end_input()
            program.read_to_end()

        threads = [threading.Thread(target=say, args=(each,)) for each in two]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
        stored = {s["n"] for p in two for s in p.said if s["op"] == "stored"}
        self.assertEqual(stored, {n})
        for each in two:
            each.close()


class SameOrderTests(ResumeTestCase):
    """Structured and plain sessions in one room."""

    def test_many_writers_of_both_kinds(self) -> None:
        """All see the same messages in the same order, each its own too."""
        server = self.serve()
        plain = [self.plain(server, f"p{i}") for i in range(WRITERS)]
        programs = [self.program(server, nick=f"s{i}") for i in range(WRITERS)]
        reader = self.plain(server, "reader")
        last = 2 * WRITERS * SAID
        for n in range(SAID):
            for one in plain:
                one.say(f"{n}")
            for program in programs:
                program.request("say", room="lobby", text=f"{n}", id=n + 1)
        for program in programs:
            program.until_event(last)
        wanted = [f"{e['nick']}: {e['text']}" for e in programs[0].events()]
        self.assertEqual(len(wanted), last)
        for program in programs:
            self.assertEqual(program.events(), programs[0].events())
        self.assertEqual(self.heard(reader, last), wanted)
        for i, one in enumerate(plain):
            others = [text for text in wanted if not text.startswith(f"p{i}: ")]
            self.assertEqual(self.heard(one, len(others)), others)
            own = [f for f in one.frames if f.startswith("+ lobby ")]
            places = [n for n, text in enumerate(wanted, 1) if f"p{i}: " in text]
            self.assertEqual(own, [f"+ lobby {n}" for n in places])

    def heard(self, client: Client, count: int) -> list[str]:
        """Return what the others said, once all of it is there."""

        def said() -> list[str]:
            return [f for f in client.frames if f[0] not in "*+!"]

        client.until(lambda: len(said()) >= count)
        return said()
