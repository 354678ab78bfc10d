"""How long the server takes to start, with much in its file and with nothing.

``python -m tests.system.starting`` makes a file of a million messages and 100,000
sessions, some of them open as a crash leaves them, and prints how long the server
takes from the start of its process to ``ready``, beside one with an empty file.
"""

import argparse
import sqlite3
import statistics
import time
from contextlib import closing
from pathlib import Path

from ecochat.store.sqlite import SQLiteStore
from tests.support.server import Server

BEGUN = 1_700_000_000_000
"""When the first of the messages was said, in milliseconds since 1970."""

STEP = 1_000
"""Milliseconds from one message to the next."""

LEFT_OPEN = 0.01
"""The part of the sessions that a crash has left open: the newest."""


def fill(path: Path, messages: int, sessions: int) -> None:
    """Make a file in which so much was said in the lobby, then the server crashed."""
    store = SQLiteStore(str(path))
    store.check()
    store.close()
    if not messages:
        return
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "INSERT INTO rooms (id, name, key, made, last)"
            " VALUES (1, 'lobby', 'lobby', ?, ?)",
            (BEGUN, messages),
        )
        db.executemany(
            "INSERT INTO events (seq, room, n, time, session, nick, kind, text)"
            " VALUES (?1, 1, ?1, ?2, 1 + ?1 % ?3, 'someone', 'message', ?4)",
            (
                (n, time_of(n), sessions, f"message {n} ".ljust(100, "x"))
                for n in range(1, messages + 1)
            ),
        )
        db.executemany(
            "INSERT INTO sessions (nick, address, connected, disconnected)"
            " VALUES ('someone', '127.0.0.1:9', ?, ?)",
            ((BEGUN + n, BEGUN + n + 1) for n in range(sessions)),
        )
    leave_open(path, sessions)


def time_of(n: int) -> int:
    """Return when a message was said, in milliseconds since 1970."""
    return BEGUN + n * STEP


def leave_open(path: Path, sessions: int) -> None:
    """Leave the newest sessions open, as a crash does."""
    first = sessions - int(sessions * LEFT_OPEN) + 1
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE sessions SET disconnected = NULL WHERE id >= ?", (first,))


def start_times(messages: int, sessions: int, times: int) -> list[float]:
    """Return the seconds that so many starts took."""
    server = Server()
    taken = []
    try:
        path = Path(server.data)
        fill(path, messages, sessions)
        for _ in range(times):
            leave_open(path, sessions)
            begun = time.monotonic()
            server.start()
            taken.append(time.monotonic() - begun)
            server.stop()
    finally:
        server.__exit__(None, None, None)
    return taken


def main() -> None:
    """Run the full form, or what the command line says, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--sessions", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    medians = []
    for messages, sessions in ((0, 0), (arguments.messages, arguments.sessions)):
        taken = start_times(messages, sessions, arguments.times)
        medians.append(statistics.median(taken))
        each = ", ".join(f"{seconds:.2f}" for seconds in taken)
        print(f"{messages:,} messages, {sessions:,} sessions: {each} s")
    print(f"medians {medians[0]:.2f} s and {medians[1]:.2f} s")
    print(f"all that is stored costs {medians[1] - medians[0]:+.2f} s")


if __name__ == "__main__":
    main()
