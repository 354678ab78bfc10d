"""What keeps what is written: both kinds alike, and the file."""

import fcntl
import multiprocessing
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import files
from ecochat.client import outbox as module
from ecochat.client.errors import NotKept
from ecochat.client.outbox import Kept, MemoryOutbox, Outbox, SQLiteOutbox
from ecochat.core import requests as ask
from ecochat.core.requests import Request

KEY, OTHER = "k" * 43, "o" * 43
NOW = 1_795_235_449.5
WRITES: tuple[Request, ...] = (
    ask.Say(text="hé\n", room="lobby", reply_to=3),
    ask.SayTo(nick="bob", text="hi"),
    ask.Me(text="waves", room="lobby"),
    ask.SetTopic(topic="", room="lobby"),
    ask.Edit(message=3, text="x", room="lobby"),
    ask.Delete(message=3, room="lobby"),
    ask.React(message=3, reaction="👍", room="lobby", remove=True),
)


def say(text: str, id: int | None = None) -> ask.Say:
    """Return that something is said in the lobby."""
    return ask.Say(text=text, room="lobby", id=id)


def fill(path: Path, key: str, count: int) -> None:
    """Keep so many things, in a process of its own."""
    with closing(SQLiteOutbox(key, path)) as outbox:
        for n in range(count):
            kept = outbox.keep(say(str(n)), None)
            outbox.change([kept._replace(request=say(str(n), n + 1))])


class OutboxTests:
    """What both kinds do."""

    def outbox(self, key: str = KEY) -> Outbox:
        """Return an outbox; what the last one kept is in it."""
        raise NotImplementedError

    def texts(self: Any) -> list[str]:
        """Return the texts that the next client finds."""
        return [kept.request.text for kept in self.outbox().load()]

    def test_all_that_writes(self: Any) -> None:
        """Is there as it was, in its order, with its time."""
        outbox = self.outbox()
        self.assertEqual((outbox.key, outbox.load()), (KEY, []))
        kept = [outbox.keep(request, None) for request in WRITES]
        self.assertEqual(self.outbox().load(), kept)
        self.assertEqual(tuple(each.request for each in kept), WRITES)
        self.assertEqual({each.written for each in kept}, {NOW})
        serials = [each.serial for each in kept]
        self.assertEqual(sorted(set(serials)), serials)

    def test_changed(self: Any) -> None:
        """It keeps its place."""
        outbox = self.outbox()
        kept = [outbox.keep(say(text), None) for text in "abc"]
        changed = [
            Kept(kept[2].serial, say("c", 9), None, NOW),
            Kept(kept[0].serial, say("A", 8), 12, NOW),
        ]
        outbox.change(changed)
        self.assertEqual(self.outbox().load(), [changed[1], kept[1], changed[0]])

    def test_removed(self: Any) -> None:
        """What is kept next is behind what is left."""
        outbox = self.outbox()
        kept = [outbox.keep(say(text), None).serial for text in "abc"]
        outbox.remove([kept[0], kept[2]])
        outbox.keep(say("d"), None)
        self.assertEqual(self.texts(), ["b", "d"])


class MemoryOutboxTests(OutboxTests, SynchronousTestCase):
    """In memory."""

    def setUp(self) -> None:
        self.only = MemoryOutbox(KEY, lambda: NOW)

    def outbox(self, key: str = KEY) -> Outbox:
        """See :class:`OutboxTests`."""
        return self.only


class SQLiteOutboxTests(OutboxTests, SynchronousTestCase):
    """In a file."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="ecochat-outbox-")
        self.addCleanup(temporary.cleanup)
        self.path = Path(temporary.name) / "data" / "outbox.sqlite"

    def outbox(self, key: str = KEY) -> SQLiteOutbox:
        """See :class:`OutboxTests`."""
        outbox = SQLiteOutbox(key, self.path, lambda: NOW)
        self.addCleanup(outbox.close)
        return outbox

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """Have the file itself."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            yield db

    def test_each_key_its_own(self) -> None:
        """Another's rows are not seen; the keys themselves are not in the file."""
        self.outbox(OTHER).keep(say("other"), None)
        outbox = self.outbox()
        outbox.keep(say("mine"), None)
        self.assertEqual(self.texts(), ["mine"])
        outbox.close()
        parts = b"".join(f.read_bytes() for f in self.path.parent.iterdir())
        self.assertIn(b"other", parts)
        self.assertNotIn(OTHER.encode(), parts)

    def test_several_programs(self) -> None:
        """At one time, from the first: none is in another's way."""
        keys = [f"{number}" * 43 for number in range(4)]
        spawn = multiprocessing.get_context("spawn")
        programs = [
            spawn.Process(target=fill, args=(self.path, key, 50)) for key in keys
        ]
        for program in programs:
            program.start()
        for program in programs:
            program.join()
        self.assertEqual([program.exitcode for program in programs], [0] * 4)
        wanted = [say(str(n), n + 1) for n in range(50)]
        for key in keys:
            kept = self.outbox(key).load()
            self.assertEqual([each.request for each in kept], wanted)

    def test_nobody_else_reads_it(self) -> None:
        """Whatever the mask for new files is, and how it was before."""
        self.addCleanup(os.umask, os.umask(0))
        self.outbox().keep(say("a"), None)
        self.path.chmod(0o644)
        self.outbox()
        files = {f.name: stat.S_IMODE(f.stat().st_mode) for f in self.folder()}
        names = [f"{self.path.name}{end}" for end in ("", "-wal", "-shm", ".lock")]
        self.assertEqual(files, dict.fromkeys(names, 0o600))
        self.assertEqual(stat.S_IMODE(self.path.parent.stat().st_mode), 0o700)

    def folder(self) -> list[Path]:
        """Return the files beside it, and itself."""
        return list(self.path.parent.iterdir())

    def test_synchronous(self) -> None:
        """What was kept is on the disk: the log is synced at each commit."""
        db = self.outbox()._db
        mode = [db.execute(f"PRAGMA {p}").fetchone()[0] for p in SAFE]
        self.assertEqual(mode, list(SAFE.values()))

    def test_a_full_disk(self) -> None:
        """Nothing is changed; with space again it goes on."""
        outbox = self.outbox()
        kept = outbox.keep(say("a"), None)
        (pages,) = outbox._db.execute("PRAGMA page_count").fetchone()
        outbox._db.execute(f"PRAGMA max_page_count = {pages}")
        long = say("x" * 9_000)
        with self.assertRaisesRegex(NotKept, f"{self.path} cannot be written: .*full"):
            outbox.keep(long, None)
        with self.assertRaises(NotKept):
            outbox.change(
                [kept._replace(request=say("b")), kept._replace(request=long)]
            )
        self.assertEqual(self.texts(), ["a"])
        outbox._db.execute("PRAGMA max_page_count = 1000")
        outbox.keep(say("c"), None)
        self.assertEqual(self.texts(), ["a", "c"])

    def test_in_use(self) -> None:
        """By one that does not let go of it: that is said, and nothing is kept."""
        self.patch(module, "BUSY", 0.01)
        outbox = self.outbox()
        with self.database() as db:
            db.execute("BEGIN IMMEDIATE")
            with self.assertRaisesRegex(NotKept, "written: .*locked"):
                outbox.keep(say("a"), None)
        outbox.keep(say("b"), None)
        self.assertEqual(self.texts(), ["b"])

    def test_damaged(self) -> None:
        """It is set aside as it is, and said where; the next one is new."""
        outbox = self.outbox()
        for n in range(99):
            outbox.keep(say("x" * n), None)
        outbox.close()
        content = self.path.read_bytes()
        cases = (b"no database" * 99, content[: len(content) // 2])
        for number, broken in enumerate(cases, 1):
            self.path.write_bytes(broken)
            aside = f"{self.path}.damaged-{number}"
            with self.assertRaisesRegex(NotKept, f"is damaged .* as {aside}, "):
                self.outbox()
            self.assertEqual(Path(aside).read_bytes(), broken)
            outbox = self.outbox()
            self.assertEqual(outbox.load(), [])
            outbox.close()

    def test_damaged_with_what_belongs_to_it(self) -> None:
        """What SQLite has beside a file stays with it, or it were the new one's."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for end in ("", "-wal"):
            Path(f"{self.path}{end}").write_text(end)
        aside = files.set_aside(self.path, ("-wal", "-shm"))
        self.assertEqual(Path(f"{aside}-wal").read_text(), "-wal")
        self.assertFalse(Path(f"{self.path}-wal").exists())

    def test_damaged_for_two(self) -> None:
        """Who finds it so is alone: nobody opens it before there is a new one."""
        self.outbox().close()
        self.path.write_bytes(b"no database")
        seen = []

        def look(path: Path, ends: tuple[str, ...]) -> Path:
            with open(f"{path}.lock") as lock, self.assertRaises(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            seen.append(path)
            return files.set_aside(path, ends)

        self.patch(module, "set_aside", look)
        with self.assertRaises(NotKept):
            self.outbox()
        self.assertEqual(seen, [self.path])

    def test_a_row_that_is_none(self) -> None:
        """What cannot be read is not taken for nothing: the file is set aside."""
        self.outbox().keep(say("a"), None)
        with self.database() as db:
            db.execute("UPDATE kept SET request = x'7b7d' WHERE serial = 1")
        with self.assertRaisesRegex(NotKept, "is damaged"):
            self.outbox()
        self.assertEqual(self.texts(), [])

    def test_of_a_newer_version(self) -> None:
        """It is left as it is."""
        self.outbox().keep(say("a"), None)
        with self.database() as db:
            db.execute("PRAGMA user_version = 2")
        for _ in range(2):
            with self.assertRaisesRegex(NotKept, "opened: it is of a newer version"):
                self.outbox()

    def test_no_folder(self) -> None:
        """Where none can be made, that is said."""
        self.path.parent.write_text("a file")
        with self.assertRaisesRegex(NotKept, "outbox.sqlite cannot be opened: "):
            self.outbox()

    def test_whose_folder(self) -> None:
        """This user's, by default."""
        folder = self.path.parent
        self.patch(os, "environ", {**os.environ, "XDG_DATA_HOME": str(folder)})
        SQLiteOutbox(KEY).close()
        self.assertTrue((folder / "ecochat" / "outbox.sqlite").exists())


SAFE = {"journal_mode": "wal", "synchronous": 2}
"""What makes a commit outlive the machine's end: 2 is FULL."""
