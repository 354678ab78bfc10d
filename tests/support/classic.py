"""Clients of the classroom programs, as bytes: what one read returns is one message."""

import re
import socket
import struct
import time

from tests.support.connected import Connected
from tests.support.server import Server
from tests.support.waiting import WAIT

READ = 1_024
"""Bytes that their clients ask the kernel for at once."""

DATA_SEGMENTS_IN = 152
"""Where the kernel says how many segments with data have come (tcp_info in
linux/tcp.h: tcpi_data_segs_in)."""

LOCAL = "tcp:0:interface=127.0.0.1"
KINDS = ("eco", "ack", "upper", "nick")

ALL = [word for kind in KINDS for word in ("--classic", f"{kind}={LOCAL}")]
"""Options of a server that serves all of them, on free ports."""


def port_of(server: Server, kind: str) -> int:
    """Return where a server says that it serves the clients of a program."""
    found = re.search(rf"classic {kind} on tcp:.*:(\d+)\n", server.log)
    assert found, server.log
    return int(found[1])


class Classic(Connected):
    """A client of one program, blocking; that of ``eco`` is told where to talk first.

    :param receive_buffer: bytes that the kernel keeps unread for it; 0 for as usual.
    """

    def __init__(self, server: Server, kind: str, receive_buffer: int = 0) -> None:
        self._receive_buffer = receive_buffer
        self._connect(port_of(server, kind))
        if kind == "eco":
            told = self.read_to_end()
            assert re.fullmatch(rb"[1-9]\d{3,4}", told), told
            self.close()
            self._connect(int(told))

    def _connect(self, port: int) -> None:
        self.socket = socket.socket()
        if self._receive_buffer:
            option = (socket.SOL_SOCKET, socket.SO_RCVBUF)
            self.socket.setsockopt(*option, self._receive_buffer)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(WAIT)
        self.socket.connect(("127.0.0.1", port))

    def reset(self) -> None:
        """Break the connection off, as a machine does that knows nothing of it."""
        linger = struct.pack("ii", 1, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.socket.close()

    def send(self, data: bytes | str) -> None:
        """Send these bytes in one segment, if they are few."""
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def end_input(self) -> None:
        """Send the end of input, and keep reading."""
        self.socket.shutdown(socket.SHUT_WR)

    def read(self, most: int = READ) -> bytes:
        """Return what one read gives; empty at the end.

        :raises TimeoutError: when nothing comes.
        """
        return self.socket.recv(most)

    @property
    def segments(self) -> int:
        """How many segments with data have come. One is counted twice that was sent
        again, as where this machine was too busy to acknowledge it in time."""
        info = self.socket.getsockopt(
            socket.IPPROTO_TCP, socket.TCP_INFO, DATA_SEGMENTS_IN + 4
        )
        (number,) = struct.unpack_from("=I", info, DATA_SEGMENTS_IN)
        return int(number)

    def ask(self, data: bytes | str) -> bytes:
        """Send this, and return what the next read gives."""
        self.send(data)
        return self.read()

    def read_to_end(self) -> bytes:
        """Return all that comes before the server closes."""
        deadline = time.monotonic() + WAIT
        told = b""
        while data := self.read():
            told += data
            assert time.monotonic() < deadline, f"not closed; last: {told[-200:]!r}"
        return told

    def read_all(self, expected: bytes) -> None:
        """Read until so many bytes have come, in however many reads.

        :raises AssertionError: when they are not these.
        """
        told = b""
        while len(told) < len(expected):
            data = self.read(len(expected) - len(told))
            assert data, f"closed; last: {told[-200:]!r}"
            told += data
        assert told == expected, (told, expected)
