"""The disk is full while people talk, and then it is not: nothing mocked.

The running server's limit on the size of files is set to that of its write-ahead log,
so that it cannot write there (setrlimit(2), RLIMIT_FSIZE), and lifted later.
``python -m tests.system.full_disk --times 3`` prints its figures.
"""

import argparse
import re
import resource
import sqlite3
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

from tests.support.client import Client
from tests.support.server import Server
from tests.support.waiting import wait_until
from tests.system.crowd import LONG, read_log

REFUSED = "! not stored: ."
"""How what cannot be stored is answered; the reason follows."""

BEFORE = 2**18
"""Bytes of the write-ahead log that there are before: more than all other files have
that the server writes, and fewer than SQLite lets it have."""

VISITORS = 10
"""Those who come and go while the disk is full: each is told why after 0.3 s."""

REQUESTS = 30 + VISITORS
"""Requests made while the disk is full, beside the messages that are counted: each is
a group that the server tries to store at most."""

RETRIES = 4
"""Times a second that the server may try by itself: once for those who have left, and
once for each who waits to come in."""


class Met(NamedTuple):
    """What people met while the disk was full.

    :param said: messages that were refused.
    :param reason: why, in the server's words.
    :param groups: how often the server tried in vain to store, by its own log.
    :param full: seconds for which the disk was full.
    :param before: the number of the last message before.
    :param last: the number of the last message, stored afterwards.
    """

    said: int
    reason: str
    groups: int
    full: float
    before: int
    last: int

    def __str__(self) -> str:
        return (
            f"{self.said} messages refused ({self.reason}), {self.groups} groups in"
            f" {self.full:.1f} s; then stored up to {self.last} without a hole"
        )


def fill_disk(server: Server) -> tuple[int, int]:
    """Let the server's files grow no more; return what :func:`make_room` needs."""
    size = Path(f"{server.data}-wal").stat().st_size
    assert size > len(server.log) + 2**16, "other files would be in the way"
    limits = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size, limits[1]))
    return limits


def make_room(server: Server, limits: tuple[int, int]) -> None:
    """Let the server's files grow again."""
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, limits)


class Party:
    """Those who are there all the time, and those who come and go.

    :ivar alice: the one who says most.
    :ivar bob: one who listens.
    :ivar kept: the texts that were acknowledged, in order.
    """

    def __init__(self, server: Server, connections: ExitStack) -> None:
        self.kept: list[str] = []
        self._server = server
        self._connections = connections
        log = Path(f"{server.data}-wal")
        # The server empties it once, soon after its start: not what is stored from now.
        wait_until(lambda: not log.stat().st_size)
        self.alice = self.enter("alice")
        self.bob = self.enter("bob")
        self.say("before")
        while log.stat().st_size < BEFORE:
            self.say(f"before {len(self.kept)}")

    def enter(self, nick: str = "") -> Client:
        """Connect one more."""
        client = Client(self._server.port, nick)
        return self._connections.enter_context(client)

    def say(self, text: str) -> None:
        """Let alice say something that is stored and heard."""
        self.kept.append(text)
        self.alice.say(text)
        told = self.alice.expect(r"[+!] ")
        assert told == f"+ lobby {len(self.kept)}", told
        self.bob.expect(re.escape(f"alice: {text}") + "$")

    def who(self) -> list[str]:
        """Return who is in the lobby, as bob is told."""
        lines = self.bob.ask("/who", r"\* end lobby")
        names = [line.split()[2] for line in lines if line.startswith("* lobby ")]
        assert lines[-1] == f"* end lobby {len(names)}", lines
        return names


def run(times: int = 1) -> list[Met]:
    """Let people meet a full disk so many times in one server's life, and restart it.

    :raises AssertionError: when something is not as it has to be.
    """
    met = []
    with Server() as server:
        with ExitStack() as connections:
            party = Party(server, connections)
            for _ in range(times):
                met.append(_meet(server, party))
        _restart(server, party)
    return met


def stop_while_full() -> str:
    """Stop a server whose disk is full, and restart it; return what it had logged.

    :raises AssertionError: when it lost what it had acknowledged.
    """
    with Server() as server:
        with ExitStack() as connections:
            party = Party(server, connections)
            fill_disk(server)
            _talk_in_vain(party)
            party.alice.say("in vain", "/quit")
            party.bob.expect(r"\* alice left$")
            server.stop()
            party.bob.expect(r"\* server is stopping$")
        log = server.log
        server.start()
        _restart(server, party)
    return log


def leave_while_full() -> float:
    """Leave while the disk is full, and let nobody do anything afterwards.

    :returns: seconds after which the departure was stored, once there was room.
    :raises AssertionError: when it never was.
    """
    with Server() as server, ExitStack() as connections:
        party = Party(server, connections)
        limits = fill_disk(server)
        party.alice.say("/quit")
        party.bob.expect(r"\* alice left$")
        make_room(server, limits)
        begun = time.monotonic()
        while "alice" in _open_sessions(server.data):
            assert time.monotonic() < begun + LONG, "the departure was not stored"
            time.sleep(0.05)
        seconds = time.monotonic() - begun
        wait_until(lambda: "storing again" in server.log)
        return seconds


def _restart(server: Server, party: Party) -> None:
    server.stop()
    _check_sessions(server.data)
    server.start()
    with Client(server.port, "reader") as reader:
        log = read_log(reader)
    assert [entry.text for entry in log] == party.kept, "the log is not what was said"


def _meet(server: Server, party: Party) -> Met:
    """Talk, come and go while the disk is full, and see what becomes of it."""
    logged, heard = len(server.log), len(party.bob.frames)
    before = len(party.kept)
    carol, dave = party.enter("carol"), party.enter("dave")
    begun = time.time()
    limits = fill_disk(server)
    reason = _talk_in_vain(party)
    _change_in_vain(party)
    _go(party, carol, dave)
    late = _come(party)
    said = _talk_on(party)
    gone = time.time()
    make_room(server, limits)
    _recover(party, late)
    full = time.time() - begun
    seen = party.bob.frames[heard:] + late[0].frames + late[1].frames
    assert not [frame for frame in seen if "in vain" in frame], "it was heard"
    _check_departed(server.data, ("carol", "dave"), begun, gone)
    groups = _groups(server.log[logged:])
    assert groups <= REQUESTS + said + RETRIES * full, f"{groups} in {full:.1f} s"
    return Met(said, reason, groups, full, before, len(party.kept))


def _talk_in_vain(party: Party) -> str:
    """What is said is refused; return the reason."""
    party.alice.say("in vain")
    refusal = party.alice.expect(r"[+!] ")
    assert re.match(REFUSED, refusal), refusal
    return refusal.removeprefix("! not stored: ")


def _change_in_vain(party: Party) -> None:
    """Names, rooms and topics stay as they were. Questions are answered."""
    for command in ("/nick alicia", "/join elsewhere", "/topic in vain"):
        party.alice.say(command)
        answer = party.alice.expect(r"[*!+] ")
        assert re.match(REFUSED, answer), f"{command}: {answer}"
    assert party.who() == ["alice", "bob", "carol", "dave"], party.who()
    rooms = party.alice.ask("/rooms", r"\* end rooms")
    about = f"* lobby 4 members, last {len(party.kept)}"
    assert rooms == [about, "* end rooms"], rooms
    answer = party.alice.ask("/topic", r"\* lobby: ")[-1]
    assert answer == "* lobby: there is no topic", answer


def _go(party: Party, carol: Client, dave: Client) -> None:
    """Who leaves is gone at once, and the others are told."""
    carol.say("in vain, and gone")
    carol.close()
    party.bob.expect(r"\* carol left$")
    assert party.who() == ["alice", "bob", "dave"], party.who()
    dave.say("in vain", "/quit")
    dave.expect(REFUSED)
    dave.read_to_end()
    party.bob.expect(r"\* dave left$")
    assert party.who() == ["alice", "bob"], party.who()


def _come(party: Party) -> list[Client]:
    """Who comes is told why nothing happens; return those who wait.

    One waits in silence, one has said something, one leaves again.
    """
    silent, hasty, fleeting = party.enter(), party.enter(), party.enter()
    hasty.say("in vain")
    hasty.expect(REFUSED)
    fleeting.expect(REFUSED)
    fleeting.close()
    silent.expect(REFUSED)
    assert party.who() == ["alice", "bob"], party.who()
    return [silent, hasty]


def _talk_on(party: Party, messages: int = 300) -> int:
    """Go on talking, then let some more come one after another, in silence.

    That takes some seconds, in which the server tries by itself: not more often because
    more was said since somebody left. Return how much was said.
    """
    for number in range(messages):
        party.alice.say(f"in vain {number}")
        party.alice.expect(REFUSED)
    for _ in range(VISITORS):
        with party.enter() as visitor:
            visitor.expect(REFUSED)
    return messages


def _recover(party: Party, late: list[Client]) -> None:
    """There is room again: everything goes on where it was, by itself."""
    for client in late:
        client.expect(r"\* Welcome to \S+ You are guest-\d+ in lobby with ", LONG)
    party.say("afterwards")
    for client in late:
        client.expect(r"alice: afterwards$")
        client.say("/quit")
        client.read_to_end()
    for nick in ("carol", "dave"):
        with party.enter(nick) as namesake:
            assert nick in party.who()
            namesake.say("/quit")
            namesake.read_to_end()
    assert party.who() == ["alice", "bob"], party.who()


def _groups(log: str) -> int:
    """Return how many groups the server says it has refused, in one go."""
    assert len(re.findall("cannot store: .+; what comes is refused", log)) == 1, log
    again = re.findall(r"storing again; (\d+) groups were refused", log)
    assert len(again) == 1, log
    return int(again[0])


def _check_departed(
    data: str, nicks: tuple[str, ...], begun: float, gone: float
) -> None:
    """Those who left have left when they did, not when it could be stored."""
    with closing(sqlite3.connect(f"file:{data}?mode=ro", uri=True)) as db:
        for nick in nicks:
            ends = db.execute(
                "SELECT disconnected FROM sessions WHERE nick = ?"
                " AND disconnected BETWEEN ? AND ?",
                (nick, int(begun * 1000), int(gone * 1000) + 1),
            ).fetchall()
            assert len(ends) == 1, (nick, ends)


def _check_sessions(data: str) -> None:
    """After a clean stop no session is open, and the file is whole."""
    assert not _open_sessions(data), "a session is open still"
    with closing(sqlite3.connect(data)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def _open_sessions(data: str) -> list[str]:
    """Return the names of those who are here, by the file."""
    with closing(sqlite3.connect(f"file:{data}?mode=ro", uri=True)) as db:
        open = "SELECT nick FROM sessions WHERE disconnected IS NULL"
        return [nick for (nick,) in db.execute(open)]


def main() -> None:
    """Run it as the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3)
    for number, met in enumerate(run(parser.parse_args().times), 1):
        print(f"full disk {number}: {met}")
    print(f"left while the disk was full: stored {leave_while_full():.1f} s afterwards")
    stop_while_full()
    print("stopped while the disk was full, and nothing acknowledged was lost")


if __name__ == "__main__":
    main()
