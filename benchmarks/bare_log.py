"""The bare limit of storing: a loop of commits, with the store's own schema, insert
statement and settings, and nothing else."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ecochat.store.sqlite import DURABILITY, SQLiteStore
from ecochat.store.writing import _INSERT, _PLAIN

GROUP = 1_000
"""Rows in a transaction."""

Row = tuple[Any, ...]


@contextmanager
def bare_log(path: Path, durability: str = "full") -> Iterator[sqlite3.Connection]:
    """Make a file as the store makes it, and open it as the store's writer does."""
    store = SQLiteStore(str(path), durability)
    store.check()
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA synchronous = {DURABILITY[durability]}")
        yield db


def write(db: sqlite3.Connection, rows: list[Row]) -> float:
    """Store rows of the table of events, and return how many seconds that took."""
    groups = [rows[at : at + GROUP] for at in range(0, len(rows), GROUP)]
    insert = _INSERT[_PLAIN][1]
    begun = time.perf_counter()
    for group in groups:
        db.execute("BEGIN IMMEDIATE")
        db.executemany(insert, group)
        db.execute("COMMIT")
    return time.perf_counter() - begun
