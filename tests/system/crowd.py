"""A crowd joins, talks all at once, and leaves: what each of them was sent.

``python -m tests.system.crowd --clients 100 --messages 20`` prints its figures.
"""

import argparse
import re
import selectors
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import NamedTuple

from tests.support.client import Client
from tests.support.server import Server

LONG = 120.0
"""Seconds after which even a slow and busy machine should have been done."""

_ENTRY = re.compile(r"\* lobby (\d+) (\S+)Z ([^ :]+): (.*)", re.DOTALL)
_NUMBER = "+ lobby "


class Entry(NamedTuple):
    """A message as the room's log has it."""

    n: int
    nick: str
    text: str


def read_log(client: Client, after: int = 0) -> list[Entry]:
    """Return what ``/since`` gives, whose numbers have to follow without a hole."""
    begun = len(client.frames)
    client.say(f"/since {after}")
    end = client.expect(r"\* end lobby \d+$", LONG)
    lines = [line for line in client.frames[begun:] if line.startswith("* lobby ")]
    log = [_entry(line) for line in lines]
    numbers = [entry.n for entry in log]
    assert numbers == list(range(after + 1, after + 1 + len(log))), "holes in the log"
    assert end == f"* end lobby {after + len(log)}", end
    return log


def _entry(line: str) -> Entry:
    found = _ENTRY.fullmatch(line)
    assert found, line
    return Entry(int(found[1]), found[3], found[4])


class Talker:
    """One of many clients: it sends without waiting, and keeps all that it is sent.

    :param texts: what it has to say.
    :param window: how many of its messages may be unanswered.
    :ivar said: what it has begun to say, in order.
    :ivar heard: messages and numbers, in the order in which they came.
    :ivar acknowledged: the numbers of its own messages with the time of their coming.
    :ivar ended: the server has closed the connection.
    """

    def __init__(
        self, port: int, nick: str, texts: Iterator[str], window: int = 10
    ) -> None:
        self.nick = nick
        self.client = Client(port, nick)
        self.said: list[str] = []
        self.heard: list[str] = []
        self.acknowledged: list[tuple[int, float]] = []
        self.ended = False
        self._texts = texts
        self._window = window
        self._looked_at = len(self.client.frames)
        self._unsent = b""

    @property
    def sent(self) -> int:
        """How many messages have left as a whole."""
        return len(self.said) - self._unsent.count(b"\0")

    def talk(self) -> None:
        """Send what may be sent now; never waits for long."""
        while len(self.said) - len(self.acknowledged) < self._window:
            text = next(self._texts, None)
            if text is None:
                break
            self.said.append(text)
            self._unsent += text.encode() + b"\0"
        if self._unsent and not self.ended:
            self._send()

    def _send(self) -> None:
        try:
            sent = self.client.socket.send(self._unsent, socket.MSG_DONTWAIT)
        except (BlockingIOError, TimeoutError):
            return
        except (BrokenPipeError, ConnectionResetError):
            self.ended = True
            return
        self._unsent = self._unsent[sent:]

    def listen(self) -> None:
        """Take what has come, at once."""
        try:
            self.ended = not self.client.receive(0)
        except TimeoutError:
            return
        except ConnectionResetError:
            self.ended = True
        self._take()

    def listen_to_end(self) -> None:
        """Take all that there is until the connection is closed or broken."""
        with suppress(ConnectionResetError):
            self.client.read_to_end()
        self.ended = True
        self._take()

    def _take(self) -> None:
        now = time.monotonic()
        for frame in self.client.frames[self._looked_at :]:
            assert not frame.startswith("!"), f"{self.nick} was told {frame}"
            if frame.startswith(_NUMBER):
                self.acknowledged.append((int(frame[len(_NUMBER) :]), now))
            if not frame.startswith("*"):
                self.heard.append(frame)
        self._looked_at = len(self.client.frames)

    def check(self, log: Sequence[Entry]) -> None:
        """Compare what it has sent and heard with what is in the log.

        :param log: the log from the first message said in its presence.
        :raises AssertionError: when a number is not that of the text it stands for,
            when what it heard is not how the log begins, or when the log has a text of
            this client's that it did not send, twice, or in another order.
        """
        self._check_numbers(log, log[0].n if log else 1)
        for place, heard in enumerate(self.heard):
            assert place < len(log), f"{self.nick} heard what is gone: {heard[:60]}"
            due = self._form(log[place])
            assert heard == due, f"{self.nick} heard {heard[:60]}, not {due[:60]}"
        own = [entry.text for entry in log if entry.nick == self.nick]
        assert own == self.said[: len(own)], f"{self.nick} did not say all this"

    def _check_numbers(self, log: Sequence[Entry], first: int) -> None:
        for (n, _), text in zip(self.acknowledged, self.said, strict=False):
            known = n - first < len(log)
            assert known, f"{self.nick}'s message {n} is gone: {text[:60]}"
            due = Entry(n, self.nick, text)
            assert log[n - first] == due, f"{n} is not {text[:60]}"

    def _form(self, entry: Entry) -> str:
        if entry.nick == self.nick:
            return f"{_NUMBER}{entry.n}"
        return f"{entry.nick}: {entry.text}"


def talk_until(talkers: Sequence[Talker], done: Callable[[], bool]) -> None:
    """Let all of them talk and listen at once until something holds.

    It is looked at each time when everyone has sent what may be sent.
    """
    deadline = time.monotonic() + LONG
    with selectors.DefaultSelector() as selector:
        for talker in talkers:
            selector.register(talker.client.socket, selectors.EVENT_READ, talker)
        while True:
            for talker in talkers:
                talker.talk()
            if done():
                return
            assert time.monotonic() < deadline, "they are not done in time"
            for key, _ in selector.select(0.01):
                key.data.listen()
                assert not key.data.ended, f"{key.data.nick} was disconnected"


class Figures(NamedTuple):
    """What a crowd has been through; seconds from the first word to the last heard."""

    clients: int
    messages: int
    deliveries: int
    seconds: float


def run(clients: int = 100, messages: int = 20) -> Figures:
    """Let a crowd join, talk and leave; :raises AssertionError: see the module."""
    with Server() as server, ExitStack() as connections:
        crowd = [
            Talker(server.port, nick, _texts(nick, messages))
            for nick in (f"c{number}" for number in range(clients))
        ]
        for talker in crowd:
            connections.enter_context(talker.client)
        begun = time.monotonic()
        total = clients * messages
        talk_until(crowd, lambda: all(len(t.heard) >= total for t in crowd))
        seconds = time.monotonic() - begun
        _check(server, crowd, total)
    deliveries = sum(len(talker.heard) for talker in crowd)
    return Figures(clients, total, deliveries, seconds)


def _texts(nick: str, messages: int) -> Iterator[str]:
    return (f"{number} of {nick}, as said" for number in range(messages))


def _check(server: Server, crowd: list[Talker], total: int) -> None:
    with Client(server.port, "witness") as witness:
        _leave(crowd, witness)
        log = read_log(witness)
        said = [(talker.nick, text) for talker in crowd for text in talker.said]
        assert sorted(entry[1:] for entry in log) == sorted(said), "not what was said"
        assert len(set(said)) == len(log) == total
        for talker in crowd:
            assert len(talker.heard) == total, f"{talker.nick} heard something twice"
            talker.check(log)
        here = witness.ask("/who", r"\* end lobby")
        page = [line for line in here if line.startswith(("* lobby ", "* end "))]
        assert page[1:] == ["* end lobby 1"], here  # what leaves is summed up anywhere


def _leave(crowd: list[Talker], witness: Client) -> None:
    """Make all of them leave, each second one without a word."""
    for number, talker in enumerate(crowd):
        if number % 2:
            talker.client.close()
        else:
            talker.client.say("/quit")
            talker.listen_to_end()
    deadline = time.monotonic() + LONG
    while witness.ask("/clients", r"\* \d+$")[-1] != "* 1":
        assert time.monotonic() < deadline, "somebody is still there"


def main() -> None:
    """Run it as the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--messages", type=int, default=20)
    arguments = parser.parse_args()
    figures = run(arguments.clients, arguments.messages)
    print(
        f"{figures.clients} clients said {figures.messages} messages in"
        f" {figures.seconds:.2f} s; each got every message of the others once and its"
        f" own numbers, {figures.deliveries} in all, in the order of /since 0"
    )


if __name__ == "__main__":
    main()
