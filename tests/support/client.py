"""A client on a real socket, for tests that wait for what they expect."""

import re
import socket
import time
from collections.abc import Callable

from tests.support.connected import Connected
from tests.support.waiting import WAIT


class Client(Connected):
    """Sends and receives null-terminated frames, blocking.

    :param place: a port on 127.0.0.1, or the path of a UNIX socket.
    :ivar frames: all frames received, as text.
    """

    def __init__(
        self, place: int | str, nick: str = "", receive_buffer: int = 0
    ) -> None:
        family, address = (
            (socket.AF_UNIX, place)
            if isinstance(place, str)
            else (socket.AF_INET, ("127.0.0.1", place))
        )
        self.socket = socket.socket(family)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(address)
        self.frames: list[str] = []
        self._begun = b""
        self._looked_at = 0
        if nick:
            self.say(f"/nick {nick}")
            self.expect(rf"\* \S+ is now {re.escape(nick)}$")

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def say(self, *texts: str) -> None:
        """Send each text as a frame, all in one write."""
        self.send(b"".join(text.encode() + b"\0" for text in texts))

    def end_input(self) -> None:
        """Send the end of input, and keep reading."""
        self.socket.shutdown(socket.SHUT_WR)

    def receive(self, wait: float = WAIT) -> bool:
        """Take what comes next; return False at the end of the stream.

        :raises TimeoutError: when nothing comes.
        """
        self.socket.settimeout(max(wait, 0.001))
        data = self.socket.recv(1 << 18)
        *ended, self._begun = (self._begun + data).split(b"\0")
        self.frames += [frame.decode() for frame in ended]
        return bool(data)

    def until(self, done: Callable[[], bool], wait: float = WAIT) -> None:
        """Receive until something holds; :raises AssertionError: when it never does."""
        deadline = time.monotonic() + wait
        while not done():
            try:
                more = self.receive(deadline - time.monotonic())
            except TimeoutError:
                raise AssertionError(f"not in time; last: {self.frames[-5:]}") from None
            if not more and not done():
                raise AssertionError(f"closed; last: {self.frames[-5:]}")

    def expect(self, pattern: str, wait: float = WAIT) -> str:
        """Receive until a frame matches, from its beginning, and return that frame.

        Frames before it are passed over; the next call looks behind it.
        """
        found: list[str] = []

        def look() -> bool:
            while self._looked_at < len(self.frames) and not found:
                frame = self.frames[self._looked_at]
                self._looked_at += 1
                if re.match(pattern, frame, re.DOTALL):
                    found.append(frame)
            return bool(found)

        self.until(look, wait)
        return found[0]

    def read_to_end(self, wait: float = WAIT) -> list[str]:
        """Receive until the server closes, and return all frames."""
        deadline = time.monotonic() + wait
        while self.receive(deadline - time.monotonic()):
            pass
        return self.frames

    def ask(self, command: str, end: str) -> list[str]:
        """Send a command and return the frames up to the one that matches its end."""
        begun = len(self.frames)
        self._looked_at = begun
        self.say(command)
        self.expect(end)
        return self.frames[begun : self._looked_at]
