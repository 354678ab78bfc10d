"""Who the load is: connections to one server, in rooms; readers, and senders."""

import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from ssl import (
    CERT_NONE,
    PROTOCOL_TLS_CLIENT,
    SSLContext,
    SSLSocket,
    SSLWantReadError,
    SSLWantWriteError,
)

from typing_extensions import Buffer

from benchmarks.dialects import LOBBY, Dialect
from benchmarks.machine import BenchmarkError

READ = 1 << 18
"""Bytes read at once."""

RECORD = 1 << 14
"""Bytes that a record of TLS holds at most (RFC 8446, 5.1)."""

EVENTS = 4_096
"""Sockets looked at before the senders have their turn again."""

ARRIVING = 3_000
"""Connections that have heard nothing yet: fewer than the kernel queues for a listener
(4,096), which would drop the others for a second."""

QUIET = 0.3
"""Seconds without a byte after which joining is taken to be over."""

WAIT = 20.0
"""Seconds after which what has to come is taken not to come."""

BUSY = (BlockingIOError, SSLWantReadError, SSLWantWriteError)
"""A socket has nothing, or takes nothing, just now."""

Connect = Callable[[], socket.socket]
"""Makes one connection, blocking, with all that it needs before it is used."""


def over_tcp(port: int) -> Connect:
    """Return what connects to a port of this machine."""

    def connect() -> socket.socket:
        made = socket.create_connection(("127.0.0.1", port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    return connect


class WholeSocket(SSLSocket):
    """Reads all records that are there, as another socket reads all bytes."""

    def recv_into(self, buffer: Buffer, nbytes: int | None = 0, flags: int = 0) -> int:
        """Read: one record, and the next if that was full."""
        free = memoryview(buffer)
        size = got = super().recv_into(free)
        while got == RECORD:
            try:
                got = super().recv_into(free[size:])
            except BUSY:
                break
            size += got
        return size


def over_tls(port: int) -> Connect:
    """Return what connects to a port of this machine, whoever it is there."""
    context = SSLContext(PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = WholeSocket
    context.check_hostname, context.verify_mode = False, CERT_NONE
    connect = over_tcp(port)
    return lambda: context.wrap_socket(connect())


@dataclass
class Sender:
    """One who talks.

    :ivar unsent: what the socket has not taken yet.
    """

    socket: socket.socket
    unsent: bytes = b""

    def send(self, data: bytes) -> None:
        """Send what is unsent and this, as much as the socket takes."""
        self.unsent += data
        with suppress(*BUSY):
            self.unsent = self.unsent[self.socket.send(self.unsent) :]


@dataclass
class Room:
    """A room, and who is in it.

    :ivar readers: their file descriptors.
    :ivar said: messages so far.
    """

    name: str
    readers: list[int] = field(default_factory=list)
    senders: list[Sender] = field(default_factory=list)
    said: int = 0

    def say(self, frame: bytes, times: int) -> None:
        """Say something: the senders in turn, each all of its share at once."""
        each, over = divmod(times, len(self.senders))
        for place, sender in enumerate(self.senders):
            share = each + ((place - self.said) % len(self.senders) < over)
            if share or sender.unsent:
                sender.send(frame * share)
        self.said += times


@dataclass
class Arrival:
    """A connection that is not in its room yet.

    :ivar steps: what has to come, and what is sent then.
    :ivar seen: what came last.
    """

    socket: socket.socket
    steps: list[tuple[bytes, bytes]]
    seen: bytes = b""

    def done(self, data: bytes) -> bool:
        """Take what came; return whether it is in its room."""
        self.seen += data
        while self.steps and self.steps[0][0] in self.seen:
            expected, answer = self.steps.pop(0)
            self.seen = self.seen.partition(expected)[2]
            self.socket.sendall(answer)
        self.seen = self.seen[-64:]
        return not self.steps


class Audience:
    """Connections to one server; ``with`` closes them.

    :param connect: makes a connection, as :func:`over_tcp` does.
    :param rooms: how many; one is the lobby. Reader and sender number i are in room i
        modulo that.
    :param at_once: how many may be connected, and have heard nothing of the server yet.
    """

    def __init__(
        self,
        connect: Connect,
        dialect: Dialect,
        rooms: int = 1,
        at_once: int = ARRIVING,
    ) -> None:
        names = [LOBBY] if rooms == 1 else [f"r{number}" for number in range(rooms)]
        self.dialect = dialect
        self.rooms = [Room(name) for name in names]
        self.epoll = select.epoll()
        self.sockets: dict[int, socket.socket] = {}
        self._connect = connect
        self._at_once = at_once
        self._arriving: dict[int, Arrival] = {}
        self._unheard: set[int] = set()

    def __enter__(self) -> "Audience":
        return self

    def __exit__(self, *_: object) -> None:
        self.epoll.close()
        for connection in self.sockets.values():
            connection.close()

    def join(self, readers: int, senders: int = 0) -> float:
        """Connect so many more, and wait until they are in their rooms and it is quiet.

        :returns: the seconds until all were connected, greeted and in their rooms; not
            those in which it became quiet.
        """
        begun = time.perf_counter()
        for number in range(readers):
            room = self.rooms[number % len(self.rooms)]
            room.readers.append(self._arrive(room).fileno())
        for number in range(senders):
            room = self.rooms[number % len(self.rooms)]
            room.senders.append(Sender(self._arrive(room)))
        while self._arriving:
            self._look(WAIT)
        took = time.perf_counter() - begun
        self._settle()
        return took

    def _arrive(self, room: Room) -> socket.socket:
        """Make a connection; it is greeted while others are made."""
        made = self._connect()
        number = made.fileno()
        enter = self.dialect.enter(room.name)
        steps = [(self.dialect.greeted, enter)] if self.dialect.greeted else []
        if enter:
            steps.append((self.dialect.entered, b""))
        if hello := self.dialect.hello(len(self.sockets), room.name):
            made.sendall(hello)
        made.setblocking(False)
        self.sockets[number] = made
        if steps:
            self._arriving[number] = Arrival(made, steps)
            self._unheard.add(number)
        self.epoll.register(number, select.EPOLLIN)
        self._look(0)
        while len(self._unheard) >= self._at_once:
            self._look(WAIT)
        return made

    def _look(self, wait: float) -> bool:
        """Take what comes, and return whether anything did."""
        ready = self.epoll.poll(wait, EVENTS)
        if not ready and wait == WAIT:
            raise BenchmarkError(f"{len(self._arriving)} connections are not greeted")
        for number, _ in ready:
            data = received(self.sockets[number])
            self._unheard.discard(number)
            arrival = self._arriving.get(number)
            if arrival is not None and arrival.done(data):
                del self._arriving[number]
        return bool(ready)

    def _settle(self) -> None:
        """Wait until nothing comes any more: others are told of who joined."""
        begun = time.perf_counter()
        while self._look(QUIET):
            if time.perf_counter() > begun + WAIT:
                raise BenchmarkError(f"no silence within {WAIT:.0f} s after joining")


def received(connection: socket.socket) -> bytes:
    """Return what has come; nothing when that was not for us yet.

    :raises BenchmarkError: when the server has closed the connection.
    """
    try:
        data = connection.recv(READ)
    except BUSY:
        return b""
    if not data:
        raise BenchmarkError("the server closed a connection")
    return data
