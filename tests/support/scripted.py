"""A server that says whatever a test wants, in the structured dialect."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

import msgspec

from ecochat.core.wire import Said
from tests.support.waiting import WAIT

Asked = dict[str, Any]
"""A request as it came: its ``op``, its ``ref``, and the rest."""


class Scripted:
    """Listens on a socket in a thread of its own, and talks with one client at a time,
    one after the other.

    :ivar port: where it listens on 127.0.0.1; 0 where that is a path.
    :ivar asked: what was asked, in order.
    :param answer: gives what answers a request: items, and the answer; they have its
        ref then.
    :param path: that of a UNIX socket, to listen there.
    """

    def __init__(self, answer: Callable[[Asked], Iterable[Said]], path: str = ""):
        self._answer = answer
        self._listening = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self._listening.bind(path or ("127.0.0.1", 0))
        self._listening.listen()
        self.port = 0 if path else self._listening.getsockname()[1]
        self.asked: list[Asked] = []
        self._talking: socket.socket | None = None
        self._is_over = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over = True
        self._listening.shutdown(socket.SHUT_RDWR)
        self.drop()
        self._thread.join(WAIT)
        self._listening.close()

    def tell(self, *said: Said) -> None:
        """Say something unasked."""
        self.send(b"".join(msgspec.json.encode(each) + b"\0" for each in said))

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        assert self._talking is not None
        with self._lock:
            self._talking.sendall(data)

    def drop(self) -> None:
        """End the present connection."""
        if self._talking is not None:
            with contextlib.suppress(OSError):  # the client was quicker
                self._talking.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        while not self._is_over:
            try:
                talking, _ = self._listening.accept()
            except OSError:
                break
            with talking:
                talking.settimeout(WAIT)
                self._talking = talking
                self._talk(talking)
                self._talking = None

    def _talk(self, talking: socket.socket) -> None:
        begun = b""
        try:
            while data := talking.recv(1 << 16):
                *frames, begun = (begun + data).split(b"\0")
                for frame in frames:
                    self._take(json.loads(frame))
        except OSError:
            pass  # the client is gone

    def _take(self, asked: Asked) -> None:
        self.asked.append(asked)
        ref = asked.get("ref")
        replies = self._answer(asked)
        self.tell(*(msgspec.structs.replace(said, ref=ref) for said in replies))
