"""A proxy that cuts the connections through it, at random places in the stream."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import Counter
from dataclasses import dataclass
from random import Random

HOST = "127.0.0.1"

CHUNK = 4_096
"""Bytes read at once: few, so that cuts are not only where the server's writes end."""

MEAN_UP, MEAN_DOWN = 20_000, 150_000
"""Bytes after which a connection is cut, in the mean, towards the server or towards the
client: a writer sends about a tenth of what it hears."""

LEFT = 2.0
"""Seconds for which a connection that was left seems alive to the server."""

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: a close that sends a reset and not the end of the stream (socket(7))."""


@dataclass
class _Link:
    """One connection through the proxy.

    :ivar up: bytes that still pass to the server; None for any number.
    :ivar down: those that still pass to the client.
    """

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    up: int | None = None
    down: int | None = None


class Proxy:
    """Forwards to a port on this machine.

    A connection is cut where a random number of bytes have passed in one direction, so
    mostly in the middle of a frame, in one of three ways: both ends are reset; both are
    closed; or the client's is reset and the server's stays open, and is not read.

    :param server: the port that it forwards to.
    :param chance: of the places and the ways.
    :ivar port: where it listens.
    :ivar cuts: how many connections were cut in each way.
    :ivar in_frames: how many of them in the middle of a frame.
    :ivar cutting: whether connections that begin now are to be cut.
    """

    def __init__(self, server: int, chance: Random) -> None:
        self.port = 0
        self.cuts: Counter[str] = Counter()
        self.in_frames = 0
        self.cutting = True
        self._server = server
        self._chance = chance
        self._listener: asyncio.Server | None = None
        self._left: set[asyncio.StreamWriter] = set()
        self._open: dict[asyncio.Task[None], _Link] = {}

    async def start(self) -> None:
        """Begin to listen."""
        self._listener = await asyncio.start_server(self._accept, HOST, 0)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Listen no longer, and break all connections off."""
        assert self._listener is not None
        self._listener.close()
        for writer in self._left:
            _reset(writer)
        for link in self._open.values():
            _reset(link.client)
            _reset(link.server)
        await asyncio.gather(*self._open)

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            from_server, to_server = await asyncio.open_connection(HOST, self._server)
        except OSError:  # it is dead
            _reset(writer)
            return
        link = _Link(writer, to_server)
        self._choose_place(link)
        up = asyncio.create_task(self._pump(reader, link, "up"))
        down = asyncio.create_task(self._pump(from_server, link, "down"))
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = link
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        if to_server not in self._left:
            to_server.close()
        writer.close()
        await asyncio.wait({up, down})
        del self._open[task]

    def _choose_place(self, link: _Link) -> None:
        if self._chance.random() < 0.5:
            link.up = int(self._chance.expovariate(1 / MEAN_UP))
        else:
            link.down = int(self._chance.expovariate(1 / MEAN_DOWN))

    async def _pump(self, source: asyncio.StreamReader, link: _Link, way: str) -> None:
        """Forward in one direction until an end is gone, or it is time to cut."""
        sink = link.server if way == "up" else link.client
        last = b""
        try:
            while (data := await source.read(CHUNK)) and not sink.is_closing():
                left = getattr(link, way)
                if self.cutting and left is not None and len(data) > left:
                    sink.write(data[:left])
                    last = data[:left][-1:] or last
                    self._cut(link, in_frame=last not in (b"", b"\0"))
                    return
                if left is not None:
                    setattr(link, way, max(0, left - len(data)))
                sink.write(data)
                last = data[-1:]
                await sink.drain()
        except OSError:  # an end is gone
            return

    def _cut(self, link: _Link, in_frame: bool) -> None:
        way = self._chance.choice(("reset", "closed", "left"))
        self.cuts[way] += 1
        self.in_frames += in_frame
        if way == "left":
            self._leave(link.server)
        elif way == "reset":
            _reset(link.server)
        if way != "closed":
            _reset(link.client)

    def _leave(self, server: asyncio.StreamWriter) -> None:
        self._left.add(server)
        if not server.is_closing():
            server.transport.pause_reading()  # type: ignore[attr-defined]

        def end() -> None:
            self._left.discard(server)
            _reset(server)

        asyncio.get_running_loop().call_later(LEFT, end)


def _reset(writer: asyncio.StreamWriter) -> None:
    """Break a connection off without the end of the stream."""
    sock = writer.get_extra_info("socket")
    if not writer.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
