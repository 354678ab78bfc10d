"""Everything that no client should send, at a real server, from several connections.

Frames, halves of frames and noise are split at random; connections are reset, half
closed, left without reading, or closed. Half of them say hello first, and speak the
structured dialect as badly. Beside them a well-behaved client says something every
second and waits for its number.

``python -m tests.system.fuzz`` prints the figures of the full form. With
``--many-rooms`` every room has a name of its own, which shows what a room costs.
"""

import argparse
import json
import re
import select
import socket
import struct
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from ecochat.core.commands import COMMANDS
from ecochat.dialects.structured_parser import NAMES
from tests.support.client import Client
from tests.support.server import Server

CONNECTIONS = 12
SETTLED = 10.0
"""Seconds after which the server's memory is taken to be what it stays."""

EVERY = 1.0
"""Seconds between two messages of the well-behaved client."""

TURNS = 20
"""Deeds of the fuzzers between two looks at the well-behaved client."""

PAUSE = 0.004
"""Seconds that such a look takes at least. This is noise, not a flood: some 4,000
deeds and 100 new connections a second leave the server time for others."""

ROOMS = ("lobby", "Déjà", "deja", "#lobby", "a.b", "комната", "部屋")
NUMBERS = ("0", "1", "-1", "999999999999999999", "9" * 400, "٣", "१२", "², ", "1e3", "")
TEXTS = ("", " ", "hello", "é" * 3_000, "x" * 4_001, "//", "\r\n", "\x1b[2J", "\ufeff")
KEYS = [letter * 22 for letter in "abcdefgh"]
"""Few, so that sessions are taken over, and taken up again, all the time."""

DEEP = 30_000
"""Levels that a frame can be nested, and is still short enough to be looked at."""

ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2**63, 2**70, 1.5, 10**400, 1e308),
    *("", "@", "@steady", "\0", "\ud800", "é" * 3_000, "x" * 4_001),
    *([], {}, [[]], {"a": 1}),
)
"""Values that few fields can have."""

FIELDS = (
    *("room", "id", "text", "nick", "message", "n", "after", "before", "limit"),
    *("reply_to", "topic", "words", "reaction", "remove", "ref", "rooms", "key"),
)

BROKEN = (
    b'{"op":"say","text":"x"',
    b'{"op":"say","text":"x"}}',
    b'{"op":"say","op":"ping"}',
    b'{"op":"say","text":"a\\u0000b"}',
    b'{"op":"say","text":"\\ud800"}',
    b'{"op":"say","text":"\xed\xa0\x80"}',
    b'{"op":"say","text":"x","id":1e999}',
    b'{"op":"say","text":"x","id":%s}' % (b"9" * 5_000),
    b'{"op":"no such thing"}',
    b'{"OP":"ping"}',
    b"[]",
    b"null",
    b'"text"',
    b"\xef\xbb\xbf{}",
    b'{"op":"ping","x":%s}' % (b"[" * DEEP + b"]" * DEEP),
    b'{"op":"ping","x":%s}' % (b'{"a":' * 10_000),
    b"[" * DEEP,
)
"""Frames that ask for nothing."""

FAR_TOO_LONG = (
    b'{"op":"say","text":"%s"}' % (b"x" * 2**20),
    b'{"op":"ping","x":%s}' % (b"[" * 100_000 + b"]" * 100_000),
)

TROUBLE = re.compile(r"Traceback|Unhandled|#critical|#error|\bfailed\b")


class Noise:
    """Makes what is sent, from a seed.

    :param many_rooms: whether rooms have new names each time, or one of a few.
    """

    def __init__(self, random: Random, many_rooms: bool) -> None:
        self._random = random
        self._many_rooms = many_rooms
        self._kinds: tuple[Callable[[], bytes], ...] = (
            self._bytes,
            self._half_utf8,
            self._command,
            self._command,
            self._text,
            self._text,
            self._controls,
            self._nuls,
            self._over_long,
        )

    def piece(self) -> bytes:
        """Return one or more frames, or what is none."""
        end = b"" if self._random.random() < 0.1 else b"\0"
        return self._random.choice(self._kinds)() + end

    def _bytes(self) -> bytes:
        return self._random.randbytes(self._random.randrange(300))

    def _half_utf8(self) -> bytes:
        text = "".join(chr(self._random.randrange(0x80, 0xD800)) for _ in range(20))
        raw = text.encode()
        return raw[self._random.randrange(3) : len(raw) - self._random.randrange(3)]

    def _command(self) -> bytes:
        if self._many_rooms and self._random.random() < 0.5:
            return f"/join {self._room()}".encode()
        names = [*COMMANDS, "", "/", "nosuch", "JOIN", "quitt", "Ⅷ"]
        name = self._random.choice(names)
        if name == "quit" and self._random.random() < 0.9:
            name = "help"
        words = [self._word() for _ in range(self._random.randrange(4))]
        return f"/{name} {' '.join(words)}".encode()

    def _word(self) -> str:
        kind = self._random.randrange(6)
        if kind == 0:
            return self._random.choice(NUMBERS)
        if kind == 1:
            return self._random.choice(("before", "before 1", *TEXTS))
        if kind == 2:
            return self._random.choice([*COMMANDS, "guest-1", "server", "here"])
        if kind == 3:
            return "n" * self._random.randrange(40)
        return self._room()

    def _room(self) -> str:
        if self._many_rooms:
            return f"r{self._random.getrandbits(60):x}"
        return self._random.choice(ROOMS)

    def _text(self) -> bytes:
        return (self._random.choice(TEXTS) + self._word()).encode()

    def _controls(self) -> bytes:
        return bytes(self._random.randrange(1, 32) for _ in range(30))

    def _nuls(self) -> bytes:
        most = 30 if self._random.random() < 0.9 else 3_000
        return b"\0" * self._random.randrange(most)

    def _over_long(self) -> bytes:
        if self._random.random() < 0.9:
            return b"short"
        return b"\xc3\xa9" * self._random.randrange(30_000, 60_000)


class StructuredNoise:
    """Makes what is sent in the structured dialect, from a seed."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def hello(self) -> bytes:
        """Return how such a connection begins; now and then it is not welcome."""
        hello = {"op": "hello", "protocol": 1, "key": self._random.choice(KEYS)}
        if self._random.random() < 0.2:
            hello[self._random.choice(FIELDS)] = self._random.choice(ODD)
        return json.dumps(hello).encode() + b"\0"

    def piece(self) -> bytes:
        """Return a frame."""
        kind = self._random.random()
        if kind < 0.005:
            return self._random.choice(FAR_TOO_LONG) + b"\0"
        if kind < 0.3:
            return self._random.choice(BROKEN) + b"\0"
        if kind < 0.35:
            return self._random.randbytes(40)
        return json.dumps(self._request()).encode() + b"\0"

    def _request(self) -> dict[str, Any]:
        op = self._random.choice(NAMES)
        if op == "quit" and self._random.random() < 0.9:
            op = "say"
        request = {"op": op, "room": "lobby", "message": 1, "text": "hello"}
        request |= {"nick": f"n{self._random.randrange(9)}", "reaction": "+"}
        for _ in range(self._random.randrange(3)):
            request[self._random.choice(FIELDS)] = self._value()
        return request

    def _value(self) -> Any:
        if self._random.random() < 0.5:
            return self._random.choice(ODD)
        return self._random.choice((self._random.randrange(1, 300), *ROOMS))


class Fuzzer:
    """One connection after another, each treated badly.

    :ivar sent: bytes sent over all of them.
    :ivar connections: how many there were.
    """

    def __init__(self, port: int, random: Random, noise: Noise) -> None:
        self.sent = 0
        self.connections = 0
        self._port = port
        self._random = random
        self._plain = noise
        self._structured = StructuredNoise(random)
        self._connect()

    def _connect(self) -> None:
        self.connections += 1
        is_plain = self._random.random() < 0.5
        self._piece = (self._plain if is_plain else self._structured).piece
        self._unsent = b"" if is_plain else self._structured.hello()
        self._reads = self._random.random() < 0.8
        self._socket = socket.create_connection(("127.0.0.1", self._port))
        self._socket.setblocking(False)

    def act(self) -> None:
        """Do one thing: most often, send a part of what there is to say."""
        deed = self._random.random()
        try:
            if deed < 0.97:
                self._send()
            elif deed < 0.98:
                self._socket.shutdown(socket.SHUT_WR)
            else:
                self._end(reset=deed < 0.99)
            if self._reads:
                self._read()
        except OSError:
            self._end(reset=False)

    def _send(self) -> None:
        self._unsent = self._unsent or self._piece()
        part = self._unsent[: self._random.randrange(1, 2 + len(self._unsent))]
        try:
            taken = self._socket.send(part)
        except BlockingIOError:
            return self._end(reset=self._random.random() < 0.5)
        self.sent += taken
        self._unsent = self._unsent[taken:]
        return None

    def _read(self) -> None:
        with suppress(BlockingIOError):
            if not self._socket.recv(1 << 18):
                self._end(reset=False)

    def _end(self, reset: bool) -> None:
        self.close(reset)
        self._connect()

    def close(self, reset: bool = False) -> None:
        """Close the connection, with a reset (RFC 9293, 3.10.4) or as usual."""
        if reset:
            linger = struct.pack("ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._socket.close()


class Steady:
    """The well-behaved client, in the lobby with all the others.

    :ivar said: what it said, by the number that it was told.
    :ivar slowest: the longest time an answer took, in seconds.
    """

    NICK = "steady"

    def __init__(self, port: int) -> None:
        self.said: dict[int, str] = {}
        self.slowest = 0.0
        self._client = Client(port, self.NICK)
        self._next = 0.0
        self._asked: float | None = None

    @property
    def waiting(self) -> bool:
        """Whether it has not been answered yet."""
        return self._asked is not None

    def look(self) -> None:
        """Take what has come; say the next thing when it is time."""
        end = time.monotonic() + PAUSE
        while (rest := end - time.monotonic()) > 0:
            ready = select.select([self._client.socket], [], [], rest)[0]
            if ready and not self._client.receive():
                raise AssertionError("the well-behaved client was cut off")
        for frame in self._client.frames:
            if stored := re.fullmatch(r"\+ lobby (\d+)", frame):
                self._answered(int(stored[1]))
        self._client.frames.clear()
        if not self.waiting and time.monotonic() >= self._next:
            self._asked = time.monotonic()
            self._next = self._asked + EVERY
            self._client.say(self._text)

    @property
    def _text(self) -> str:
        return f"thing {len(self.said)}"

    def _answered(self, number: int) -> None:
        assert self._asked is not None
        self.said[number] = self._text
        self.slowest = max(self.slowest, time.monotonic() - self._asked)
        self._asked = None

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


@dataclass
class Figures:
    """What a run showed.

    :ivar trouble: the lines of the server's log that no client should be able to cause.
    :ivar memory_kb: the server's memory after each :data:`SETTLED` seconds.
    :ivar said: what the well-behaved client said, by number, and
    :ivar kept: what the log has of it.
    :ivar numbers: the numbers in the lobby's log, in order.
    """

    seed: int
    sent: int = 0
    connections: int = 0
    slowest: float = 0.0
    end_kb: int = 0
    rooms: int = 0
    memory_kb: list[int] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    said: dict[int, str] = field(default_factory=dict)
    kept: dict[int, str] = field(default_factory=dict)
    numbers: list[int] = field(default_factory=list)


def run(seconds: float, seed: int, many_rooms: bool = False) -> Figures:
    """Fuzz one server for some seconds, and see how it was."""
    figures = Figures(seed)
    random = Random(seed)
    noise = Noise(random, many_rooms)
    with ExitStack() as kept:
        server = kept.enter_context(Server())
        steady = Steady(server.port)
        kept.callback(steady.close)
        fuzzers = [Fuzzer(server.port, random, noise) for _ in range(CONNECTIONS)]
        for fuzzer in fuzzers:
            kept.callback(fuzzer.close)
        _fuzz(seconds, random, fuzzers, steady, server, figures)
        figures.sent = sum(fuzzer.sent for fuzzer in fuzzers)
        figures.connections = sum(fuzzer.connections for fuzzer in fuzzers)
        figures.slowest, figures.said = steady.slowest, steady.said
        _look_back(server, figures)
    return figures


def _fuzz(
    seconds: float,
    random: Random,
    fuzzers: list[Fuzzer],
    steady: Steady,
    server: Server,
    figures: Figures,
) -> None:
    begun = time.monotonic()
    while (gone := time.monotonic() - begun) < seconds:
        for _ in range(TURNS):
            random.choice(fuzzers).act()
        steady.look()
        if gone >= SETTLED * (len(figures.memory_kb) + 1):
            figures.memory_kb.append(server.resident_kb())
    figures.end_kb = server.resident_kb()
    while steady.waiting and time.monotonic() < begun + seconds + SETTLED:
        steady.look()
    if steady.waiting:
        raise AssertionError("the well-behaved client was not answered any more")


def _look_back(server: Server, figures: Figures) -> None:
    """Read what is kept of it all, and what the server says of it."""
    with Client(server.port) as reader:
        rooms = reader.ask("/rooms", r"\* end rooms$")
        lines = reader.ask("/since 0", r"\* end lobby \d+$")
    figures.rooms = sum(", last " in line for line in rooms)
    for line in lines:
        if entry := re.match(r"\* lobby (\d+) \S+Z (?:(\S+): )?", line):
            figures.numbers.append(int(entry[1]))
            if entry[2] == Steady.NICK:
                figures.kept[int(entry[1])] = line[entry.end() :]
    figures.trouble = [line for line in server.log.split("\n") if TROUBLE.search(line)]


def main() -> None:
    """Run the full form, or what the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--many-rooms", action="store_true")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    figures = run(arguments.seconds, arguments.seed, arguments.many_rooms)
    said = f"{len(figures.said)} messages of the well-behaved client"
    same = "all kept, in order" if figures.said == figures.kept else "NOT ALL KEPT"
    print(f"{figures.sent:,} bytes over {figures.connections:,} connections")
    print(f"{len(figures.numbers):,} events in the lobby, {figures.rooms:,} rooms")
    print(f"{said}, {same}; slowest answer {figures.slowest * 1000:.0f} ms")
    memory = ", ".join(f"{kb / 1024:.1f}" for kb in figures.memory_kb)
    print(f"MiB of memory every {SETTLED:.0f} s: {memory}")
    if figures.memory_kb:
        grown = figures.end_kb - figures.memory_kb[0]
        print(f"memory at the end {grown / 1024:+.1f} MiB of that after the first")
    print(f"{len(figures.trouble)} lines of trouble in the log")
    for line in figures.trouble[:20]:
        print("   ", line[:300])


if __name__ == "__main__":
    main()
