"""The server is killed while many send, again and again: what was promised is kept.

``python -m tests.system.killing --times 20`` prints its figures.
"""

import argparse
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import count, takewhile
from typing import NamedTuple

from tests.support.client import Client
from tests.support.server import Server
from tests.system.crowd import Entry, Talker, read_log, talk_until

WINDOW = 50
"""Unanswered messages of each client: with 20 of them there are always some."""

MOMENT = 0.05
"""Seconds before the kill in which something must have been acknowledged."""

SHORTEST, LONGEST = 0.3, 0.7
"""Seconds for which they talk before the kill."""


class Killed(NamedTuple):
    """What one kill met.

    :param acknowledged: messages whose number had come, or still came out of the
        kernel after the kill.
    :param just_before: those whose number came in the last moment before the kill.
    :param unanswered: those that had left, and whose number never came.
    :param kept_unanswered: those of the unanswered that are in the log.
    :param heard: messages of others that somebody had seen, all clients together.
    :param last: the number of the last message in the log.
    """

    acknowledged: int
    just_before: int
    unanswered: int
    kept_unanswered: int
    heard: int
    last: int

    def __str__(self) -> str:
        return (
            f"{self.acknowledged} acknowledged, {self.just_before} of them in the last"
            f" {MOMENT * 1000:.0f} ms; {self.unanswered} unanswered, of which"
            f" {self.kept_unanswered} were kept; {self.heard} heard; the log ends at"
            f" {self.last}"
        )


def run(times: int = 20, clients: int = 20, seed: int = 1) -> Iterator[Killed]:
    """Kill a server so many times on the same data, and say what each kill met.

    One that met nothing unanswered, as this program was too slow to kill, is checked
    like the others and not counted.

    :param seed: of the moments of the kills.
    :raises AssertionError: when something promised is not kept.
    """
    chance = random.Random(seed)
    log: list[Entry] = []
    met = 0
    with Server() as server:
        for attempt in range(2 * times):
            killed = _kill_once(server, f"k{attempt}c", clients, chance, log)
            if killed.unanswered:
                met += 1
                yield killed
            if met == times:
                break
        assert met == times, "too many kills met a server that had nothing to do"
        with Client(server.port) as reader:
            assert read_log(reader) == log, "the log has changed since it was read"


def _kill_once(
    server: Server, prefix: str, clients: int, chance: random.Random, log: list[Entry]
) -> Killed:
    """Make some talk, kill, start again, check.

    :param log: all that was said before; what is new is appended.
    """
    with ExitStack() as connections:
        talkers = [
            Talker(server.port, nick, _texts(nick, chance), WINDOW)
            for nick in (f"{prefix}{number}" for number in range(clients))
        ]
        for talker in talkers:
            connections.enter_context(talker.client)
        moment = _talk(talkers, chance.uniform(SHORTEST, LONGEST))
        server.kill()
        died = time.time()
        for talker in talkers:
            talker.listen_to_end()
    server.start()
    _check_file(server.data, {talker.nick for talker in talkers}, died)
    new = _read_new(server, len(log))
    log += new
    for talker in talkers:
        talker.check(new)
    return _figures(talkers, new, moment, len(log))


def _texts(nick: str, chance: random.Random) -> Iterator[str]:
    """Return texts without end, no two of them the same, some of them long."""
    return (
        f"{number} of {nick} " + "x" * chance.choice((0, 20, 100, 1000))
        for number in count(1)
    )


def _talk(talkers: list[Talker], seconds: float) -> float:
    """Let them talk for so long; return when they ended, on the monotonic clock.

    They end when something has just been acknowledged and something has just been
    sent: on a machine that stood still for a moment a kill would show nothing.
    """
    until = time.monotonic() + seconds
    sent, ended = 0, 0.0

    def is_time() -> bool:
        nonlocal sent, ended
        sent, before, ended = sum(t.sent for t in talkers), sent, time.monotonic()
        return ended > until and sent > before and _just_before(talkers, ended) > 0

    talk_until(talkers, is_time)
    return ended


def _just_before(talkers: list[Talker], moment: float) -> int:
    """Return how many numbers came in the last 50 ms before a moment."""
    just = 0
    for talker in talkers:
        times = (came for _, came in reversed(talker.acknowledged))
        latest = takewhile(lambda came: came >= moment - MOMENT, times)
        just += sum(came <= moment for came in latest)
    return just


def _unanswered(talkers: list[Talker]) -> int:
    return sum(talker.sent - len(talker.acknowledged) for talker in talkers)


def _figures(
    talkers: list[Talker], new: list[Entry], moment: float, last: int
) -> Killed:
    acknowledged = sum(len(talker.acknowledged) for talker in talkers)
    heard = sum(len(talker.heard) for talker in talkers) - acknowledged
    killed = Killed(
        acknowledged,
        _just_before(talkers, moment),
        _unanswered(talkers),
        len(new) - acknowledged,
        heard,
        last,
    )
    assert killed.just_before > 0, killed
    return killed


def _read_new(server: Server, known: int) -> list[Entry]:
    with Client(server.port) as reader:
        new = read_log(reader, known)
        reader.say("/quit")
        reader.read_to_end()
        return new


def _check_file(path: str, nicks: set[str], died: float) -> None:
    """Look at the data itself, which the server has just opened again.

    :param nicks: those who were here when it died, at this time of the wall clock.
    """
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rooms = db.execute(
            "SELECT rooms.id, last, min(n), max(n), count(*), count(DISTINCT n)"
            " FROM rooms JOIN events ON room = rooms.id GROUP BY rooms.id"
        ).fetchall()
        for id, last, *numbers in rooms:
            assert numbers == [1, last, last, last], (id, last, numbers)
        _check_sessions(db, nicks, round(died * 1000))


def _check_sessions(db: sqlite3.Connection, nicks: set[str], died: int) -> None:
    """Those who were here ended when the last thing was stored, and no one is open."""
    stored = db.execute("SELECT max(time) FROM events").fetchone()[0]
    assert stored <= died, (stored, died)
    rows = db.execute("SELECT nick, connected, disconnected FROM sessions").fetchall()
    for nick, connected, disconnected in rows:
        assert disconnected is not None, f"{nick} is still open"
        assert connected <= disconnected <= died, (nick, connected, disconnected, died)
    ends = {nick: disconnected for nick, _, disconnected in rows if nick in nicks}
    assert ends == dict.fromkeys(nicks, stored), (ends, stored)


def main() -> None:
    """Run it as the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    acknowledged = heard = 0
    kills = run(arguments.times, arguments.clients, arguments.seed)
    for number, killed in enumerate(kills, 1):
        print(f"kill {number}: {killed}", flush=True)
        acknowledged += killed.acknowledged
        heard += killed.heard
    print(
        f"{arguments.times} kills: all of {acknowledged} acknowledged messages are kept"
        f" with their texts, all of {heard} heard ones too, no number is missing"
    )


if __name__ == "__main__":
    main()
