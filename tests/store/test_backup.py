"""Copies of the data, made while it is in use."""

import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.items import Event, RoomMade
from ecochat.core.records import Batch
from ecochat.store import backup
from ecochat.store.backup import Saved, back_up
from ecochat.store.port import StoreError
from ecochat.store.sqlite import SQLiteStore

BEGUN = 40
"""Messages that are there when a copy is begun: more than fit on a few pages."""


class BackupTestCase(SynchronousTestCase):
    """Has a store that is open as a server's is, with a room and some messages."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.source = str(self.folder / "ecochat.sqlite")
        self.copies = self.folder / "copies"
        self.copies.mkdir()
        self.target = str(self.copies / "copy.sqlite")
        self.store = SQLiteStore(self.source)
        self.addCleanup(self.store.close)
        self.store.open()
        self.said = 0
        self.store.append(Batch(rooms=[RoomMade(1, 1, "lobby", "lobby", 1000)]))
        for _ in range(BEGUN):
            self.say()

    def say(self) -> None:
        """Store one more message, of a size that makes a page of four of them."""
        self.said += 1
        n, text = self.said, f"{self.said} {'x' * 900}"
        event = Event(1 + n, 1, n, 1000, 1, "alice", "message", text)
        self.store.append(Batch(events=[event]))

    def at_each_step(self, act: Callable[[], None], most: int = 1_000) -> list[int]:
        """Copy page by page, and act after each; return how much was left each time."""
        left: list[int] = []

        def step(_: int, remaining: int, __: int) -> None:
            left.append(remaining)
            if len(left) > most:
                raise AssertionError("it begins again and again")
            act()

        self.patch(backup, "STEP", 1)
        self.patch(backup, "_interruptible", step)
        return left

    def numbers(self) -> list[int]:
        """Return the numbers of the messages that a server finds in the copy."""
        store = SQLiteStore(self.target)
        with closing(store):
            (room,) = store.open().rooms
            events = store.page(1, 0, room.last, 10**6)
        self.assertEqual(events[-1].n, room.last)
        return [event.n for event in events]

    def refusal(self, target: str = "", source: str = "", replace: bool = False) -> str:
        """Return why no copy is made."""
        with self.assertRaises(StoreError) as caught:
            back_up(source or self.source, target or self.target, replace)
        return str(caught.exception)

    def names(self) -> list[str]:
        """Return what is in the folder of the copies."""
        return sorted(os.listdir(self.copies))


class CopyTests(BackupTestCase):
    """What a copy is."""

    def test_everything_stored_is_in_it(self) -> None:
        """A server is started with it; also what is in the write-ahead log is there."""
        self.assertGreater(os.path.getsize(f"{self.source}-wal"), 0)
        saved = back_up(self.source, self.target)
        self.assertEqual(saved, Saved(os.path.getsize(self.target), 1, BEGUN))
        self.assertEqual(self.numbers(), list(range(1, BEGUN + 1)))

    def test_one_file(self) -> None:
        """Its owner only can read it, nothing is beside it, and it needs nothing: it
        can be looked at where nothing can be written."""
        back_up(self.source, self.target)
        self.assertEqual(os.stat(self.target).st_mode & 0o777, 0o600)
        with closing(sqlite3.connect(self.target)) as copy:
            mode = copy.execute("PRAGMA journal_mode").fetchone()[0]
        self.assertEqual(mode, "delete")
        self.assertEqual(self.names(), ["copy.sqlite"])

    def test_one_moment(self) -> None:
        """What is stored while it copies is not in it, nor makes it begin again."""
        left = self.at_each_step(self.say)
        back_up(self.source, self.target)
        self.assertEqual(self.numbers(), list(range(1, BEGUN + 1)))
        self.assertEqual(left, list(range(len(left) - 1, -1, -1)))
        self.assertGreater(self.said, BEGUN + 5)

    def test_of_a_server_that_is_stopped(self) -> None:
        """The data is there as before, with nothing beside it."""
        self.store.close()
        before = Path(self.source).read_bytes()
        back_up(self.source, self.target)
        self.assertEqual(self.numbers(), list(range(1, BEGUN + 1)))
        self.assertEqual(os.listdir(self.folder).count("ecochat.sqlite-wal"), 0)
        self.assertEqual(Path(self.source).read_bytes(), before)

    def test_a_name_that_a_uri_would_read(self) -> None:
        """``?``, ``#`` and ``%`` are letters like others."""
        self.store.close()
        odd = str(self.folder / "a?mode=memory#%41")
        os.rename(self.source, odd)
        self.assertEqual(back_up(odd, self.target).messages, BEGUN)

    def test_synced_then_renamed(self) -> None:
        """It has its name when it is on the disk, and then the name is put there."""
        calls: list[str] = []
        sync, rename = os.fsync, os.replace

        def fsync(opened: int) -> None:
            calls.append(os.path.basename(os.readlink(f"/proc/self/fd/{opened}")))
            sync(opened)

        def replace(old: str, new: str) -> None:
            calls.append(f"{os.path.basename(old)} -> {os.path.basename(new)}")
            rename(old, new)

        self.patch(os, "fsync", fsync)
        self.patch(os, "replace", replace)
        back_up(self.source, self.target)
        self.assertEqual(calls, ["copy", "copy -> copy.sqlite", "copies"])

    def test_replacing(self) -> None:
        """The older copy is there until the new one is."""
        Path(self.target).write_text("older")
        seen: set[str] = set()
        self.at_each_step(lambda: seen.add(Path(self.target).read_text()))
        back_up(self.source, self.target, replace=True)
        self.assertEqual(seen, {"older"})
        self.assertEqual(self.numbers(), list(range(1, BEGUN + 1)))


class FailingTests(BackupTestCase):
    """When there is no copy, there is nothing."""

    def test_a_full_disk(self) -> None:
        """It is told, and what had been written is gone."""

        def full(_: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        self.patch(os, "fsync", full)
        text = f"{self.target} was not written: No space left on device"
        self.assertEqual(self.refusal(), text)
        self.assertEqual(self.names(), [])

    def test_interrupted(self) -> None:
        """Whoever ends it in the middle finds the older copy, and nothing else."""

        def interrupt() -> None:
            raise KeyboardInterrupt

        Path(self.target).write_text("older")
        left = self.at_each_step(interrupt)
        with self.assertRaises(KeyboardInterrupt):
            back_up(self.source, self.target, replace=True)
        self.assertGreater(left[0], 5)
        self.assertEqual(self.names(), ["copy.sqlite"])
        self.assertEqual(Path(self.target).read_text(), "older")

    def test_damaged_data(self) -> None:
        """It is found out, and the last good copy is not replaced by a bad one."""
        self.store.close()
        with open(self.source, "r+b") as data:
            data.seek(-4 * 4096, os.SEEK_END)
            data.write(b"\xff" * 3 * 4096)
        self.assertIn("the data is damaged, and was not copied: ", self.refusal())
        self.assertEqual(self.names(), [])

    def test_no_folder(self) -> None:
        """A place that is not there is told."""
        target = str(self.folder / "none" / "copy")
        text = f"{target} was not written: No such file or directory"
        self.assertEqual(self.refusal(target), text)


class SourceTests(BackupTestCase):
    """What is no data of ours."""

    def test_missing(self) -> None:
        """It is not made, as SQLite would."""
        missing = str(self.folder / "missing")
        self.assertEqual(
            self.refusal(source=missing),
            f"{missing} is not there, or is no file; name the data with --data",
        )
        self.assertFalse(os.path.exists(missing))
        self.assertEqual(self.names(), [])

    def test_another_programs(self) -> None:
        """A database without our mark, and an empty one."""
        other = str(self.folder / "other")
        Path(other).touch()
        refused = f"{other} is not an EcoChat file; name the data with --data"
        self.assertEqual(self.refusal(source=other), refused)
        with closing(sqlite3.connect(other)) as db:
            db.execute("CREATE TABLE t (x)")
        self.assertEqual(self.refusal(source=other), refused)

    def test_no_database(self) -> None:
        """A text."""
        text = self.folder / "text"
        text.write_text("hello " * 1000)
        refused = f"{text} cannot be read: file is not a database"
        self.assertEqual(self.refusal(source=str(text)), refused)


class TargetTests(BackupTestCase):
    """What a copy does not take the place of."""

    def test_an_existing_file(self) -> None:
        """Not unless one says so."""
        Path(self.target).write_text("precious")
        hint = f"{self.target} exists; choose another name, or add --replace"
        self.assertEqual(self.refusal(), hint)
        self.assertEqual(Path(self.target).read_text(), "precious")

    def test_one_that_was_made_meanwhile(self) -> None:
        """Two copies under one name at one time: the first to end is kept."""
        self.at_each_step(lambda: Path(self.target).touch())
        self.assertIn("exists; choose another name", self.refusal())
        self.assertEqual(self.names(), ["copy.sqlite"])

    def test_the_data_itself(self) -> None:
        """Nor under another name, nor what SQLite keeps beside it."""
        link = str(self.copies / "link")
        os.link(self.source, link)
        for name in (link, f"{self.source}-wal", f"{self.source}-shm"):
            refused = self.refusal(name, replace=True)
            self.assertIn("is the data itself; choose another name", refused)
        self.assertIn("in use", self.refusal(self.source, replace=True))

    def test_a_database_in_use(self) -> None:
        """The log beside it would be taken for the copy's own."""
        for end in ("-wal", "-shm", "-journal"):
            left = Path(self.target + end)
            left.touch()
            refused = self.refusal(replace=True)
            self.assertTrue(refused.startswith(f"{left} is there"), refused)
            left.unlink()

    def test_no_plain_file(self) -> None:
        """A folder, a device, a link that may lead anywhere."""
        link = str(self.copies / "link")
        os.symlink(self.source, link)
        for name in (str(self.copies), os.devnull, link):
            refused = self.refusal(name, replace=True)
            self.assertIn("is there and no plain file", refused)
