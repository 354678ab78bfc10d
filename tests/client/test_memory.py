"""What is remembered from one run to the next, in files of the test's own."""

import fcntl
import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import files
from ecochat.client import memory as module
from ecochat.client.address import parse_address
from ecochat.client.memory import Memory, Refusal
from ecochat.client.screen.visit import Visit
from ecochat.client.trust import Trust

LAB, CLUB = "lab:4040", "tls:club:4041"

COUNT = 100
"""Drafts that each of two programs saves, one by one."""

SAVE = f"""
import sys
from pathlib import Path
from ecochat.client.memory import Memory
memory = Memory.load(Path(sys.argv[1]))
remembered = memory.server({LAB!r})
print("ready", flush=True)
sys.stdin.readline()
for number in range({COUNT}):
    remembered.drafts[f"{{sys.argv[2]}}-{{number}}"] = "x"
    memory.save()
assert memory.take_notes() == []
"""


class MemoryTestCase(SynchronousTestCase):
    """Has a folder, and a clock."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="ecochat-memory-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "ecochat"
        self.config = self.folder / "client.json"
        self.state = self.folder / "rooms.json"
        self.now = 1_000.5

    def load(self) -> Memory:
        """Return what is remembered."""
        return Memory.load(self.folder, lambda: self.now)


class MemoryTests(MemoryTestCase):
    """One client at a time."""

    def test_a_visit_that_only_lasts(self) -> None:
        """Writes nothing: when one went there is all that is known of the time."""
        address, trust = parse_address(LAB), Trust(file=self.folder / "known")
        memory = self.load()
        visit = Visit(address, "ada", "", memory, trust)
        visit.remember(memory)
        memory.save()
        before = self.config.stat().st_ino
        self.now += 2
        visit.remember(memory)
        memory.save()
        self.assertEqual(self.config.stat().st_ino, before)

    def test_nothing_at_first(self) -> None:
        """Nothing is remembered, and there is nothing to say of it."""
        memory = self.load()
        self.assertEqual((memory.nick, memory.servers), ("", []))
        self.assertEqual(memory.take_notes(), [])

    def test_all_of_it(self) -> None:
        """The next client has what the one before had, in the same order."""
        memory = self.load()
        memory.nick = "ada"
        lab = memory.server(LAB)
        lab.nick = "ada_"
        lab.rooms = {"lobby": 7, "dev": None, "@bob": 3}
        lab.drafts = {"dev": "half a\nthought 🙂", "lobby": "\ud800"}
        lab.muted = {"lobby"}
        lab.places = {"dev": 4}
        memory.save()
        again = self.load()
        found = again.server(LAB)
        self.assertEqual((again.nick, found.nick, found.used), ("ada", "ada_", 1_000))
        self.assertEqual(list(found.rooms.items()), list(lab.rooms.items()))
        self.assertEqual(found.drafts, {"dev": "half a\nthought 🙂", "lobby": "?"})
        self.assertEqual((found.muted, found.places), ({"lobby"}, {"dev": 4}))
        self.assertEqual(again.take_notes(), [])

    def test_the_switches(self) -> None:
        """Are on at first, and as one left them at the next visit, of any server."""
        trust = Trust(file=self.folder / "known")
        switches = ("rings", "tells_typing", "has_mouse")
        for off in ("", *switches, ""):
            memory = self.load()
            visit = Visit(parse_address(LAB), "ada", "", memory, trust)
            for switch in switches:
                setattr(visit.model, switch, switch != off)
            visit.remember(memory)
            memory.save()
            model = Visit(parse_address(CLUB), "ada", "", self.load(), trust).model
            are_off = [switch for switch in switches if not getattr(model, switch)]
            self.assertEqual(are_off, [off] * bool(off))

    def test_what_is_no_more(self) -> None:
        """A room that is left, a draft that is sent, a mute that ends: all are gone."""
        memory = self.load()
        lab = memory.server(LAB)
        lab.rooms, lab.drafts, lab.muted = {"lobby": 7, "dev": 1}, {"dev": "x"}, {"dev"}
        lab.places = {"dev": 4}
        memory.save()
        del lab.rooms["dev"]
        lab.drafts.clear()
        lab.muted.clear()
        lab.places.clear()
        memory.save()
        found = self.load().server(LAB)
        self.assertEqual(
            (found.rooms, found.drafts, found.muted), ({"lobby": 7}, {}, set())
        )
        self.assertEqual(found.places, {})

    def test_the_servers(self) -> None:
        """The one used last is first, also after another start; not more than some."""
        self.patch(module, "SERVERS", 3)
        memory = self.load()
        for self.now, address in enumerate(("a:1", "b:1", LAB, CLUB, "b:1")):
            memory.server(address).rooms["lobby"] = 1
        memory.save()
        self.assertEqual(memory.servers, ["b:1", CLUB, LAB])
        self.assertEqual(self.load().servers, ["b:1", CLUB, LAB])
        for file in (self.config, self.state):
            self.assertEqual(len(json.loads(file.read_text())["servers"]), 3)

    def test_bounds(self) -> None:
        """Of a draft and of the rooms not more is kept than anyone has."""
        self.patch(module, "ROOMS", 2)
        self.patch(module, "DRAFT", 5)
        memory = self.load()
        lab = memory.server(LAB)
        lab.rooms = {"a": 1, "b": 2, "c": 3}
        lab.drafts = {"a": "123456", "b": "x", "c": "123456"}
        lab.muted = {"a", "b", "c"}
        lab.places = {"a": 1, "b": 2, "c": 3}
        memory.save()
        found = self.load().server(LAB)
        self.assertEqual(found.rooms, {"b": 2, "c": 3})
        self.assertEqual(found.places, {"b": 2, "c": 3})
        self.assertEqual(found.drafts, {"b": "x", "c": "12345"})
        self.assertEqual(len(found.muted), 2)

    def test_nothing_to_write(self) -> None:
        """What has not changed is not written."""
        memory = self.load()
        memory.nick = "ada"
        memory.save()
        self.config.unlink()
        memory.save()
        self.assertFalse(self.config.exists())

    def test_nobody_else_reads_them(self) -> None:
        """Whatever the mask for new files is; and nothing else is left there."""
        self.addCleanup(os.umask, os.umask(0))
        memory = self.load()
        memory.server(LAB).drafts["lobby"] = "secret"
        memory.save()
        self.assertEqual(stat.S_IMODE(self.folder.stat().st_mode), 0o700)
        files = {
            file.name: stat.S_IMODE(file.stat().st_mode)
            for file in self.folder.iterdir()
        }
        names = ("client.json", "client.json.lock", "rooms.json", "rooms.json.lock")
        self.assertEqual(files, dict.fromkeys(names, 0o600))

    def test_whose_folders(self) -> None:
        """This user's for configuration and for state, by default."""
        where = {
            "XDG_CONFIG_HOME": str(self.folder / "c"),
            "XDG_STATE_HOME": str(self.folder / "s"),
        }
        self.patch(os, "environ", {**os.environ, **where})
        memory = Memory.load()
        memory.server(LAB).rooms["lobby"] = 1
        memory.save()
        self.assertTrue((self.folder / "c/ecochat/client.json").exists())
        self.assertTrue((self.folder / "s/ecochat/rooms.json").exists())


class RefusedTests(MemoryTestCase):
    """What was refused, as it was typed."""

    def refusals(self, *typed: str) -> list[Refusal]:
        """Return that these were refused, in the lobby."""
        return [Refusal("lobby", text, "disk full", 5.5) for text in typed]

    def test_it_is_kept(self) -> None:
        """In order, with room, reason and time; until it is taken back."""
        memory = self.load()
        lab = memory.server(LAB)
        lab.refused = self.refusals("two\nlines 🙂", "/topic tea", "two\nlines 🙂")
        memory.save()
        self.assertEqual(self.load().server(LAB).refused, lab.refused)
        lab.refused = lab.refused[1:2]
        memory.save()
        self.assertEqual(self.load().server(LAB).refused, lab.refused)
        lab.refused = []
        memory.save()
        self.assertEqual(self.load().server(LAB).refused, [])

    def test_bounds(self) -> None:
        """The newest ones are, and of each what anyone types."""
        self.patch(module, "REFUSED", 2)
        self.patch(module, "DRAFT", 5)
        memory = self.load()
        memory.server(LAB).refused = self.refusals("one", "two", "123456")
        memory.save()
        found = self.load().server(LAB).refused
        self.assertEqual(found, self.refusals("two", "12345"))

    def test_two_clients(self) -> None:
        """Each adds to what the other has, and takes away what it has taken back."""
        first = self.load()
        first.server(LAB).refused = self.refusals("a", "b")
        first.save()
        second = self.load()
        second.server(LAB).refused = self.refusals("a", "b", "c")
        second.save()
        first.server(LAB).refused = self.refusals("b", "d")
        first.save()
        found = self.load().server(LAB).refused
        self.assertEqual(found, self.refusals("b", "c", "d"))
        second.server(LAB).refused = self.refusals("a", "c")
        second.save()
        found = self.load().server(LAB).refused
        self.assertEqual(found, self.refusals("c", "d"))


class SeveralTests(MemoryTestCase):
    """Several clients of one user at the same time."""

    def two(self) -> tuple[Memory, Memory]:
        """Return two that began with the same: the lobby read up to 5."""
        first = self.load()
        first.server(LAB).rooms = {"lobby": 5, "dev": 5}
        first.save()
        return first, self.load()

    def test_both_are_kept(self) -> None:
        """What each has added stays, what each has taken away is gone."""
        one, two = self.two()
        one.server(LAB).rooms["help"] = 1
        one.server(LAB).drafts["lobby"] = "x"
        one.server(CLUB).nick = "ada"
        one.save()
        two.nick = "bob"
        two.server(LAB).muted.add("lobby")
        del two.server(LAB).rooms["dev"]
        two.save()
        one.server(LAB).drafts["help"] = "y"
        one.save()
        found = self.load()
        self.assertEqual((found.nick, set(found.servers)), ("bob", {LAB, CLUB}))
        lab = found.server(LAB)
        self.assertEqual(lab.rooms, {"lobby": 5, "help": 1})
        self.assertEqual(lab.drafts, {"lobby": "x", "help": "y"})
        self.assertEqual(lab.muted, {"lobby"})

    def test_how_far_one_has_read(self) -> None:
        """What was read in one window was read; unless the room began anew."""
        one, two = self.two()
        one.server(LAB).rooms["lobby"] = 9
        one.save()
        two.server(LAB).rooms["lobby"] = 7
        two.save()
        self.assertEqual(self.load().server(LAB).rooms["lobby"], 9)
        two.server(LAB).rooms["lobby"] = 2
        two.save()
        self.assertEqual(self.load().server(LAB).rooms["lobby"], 2)

    def saving(self, name: str) -> Any:
        """Start a program that saves when it is told to."""
        program = subprocess.Popen(
            [sys.executable, "-c", SAVE, str(self.folder), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert program.stdout is not None
        with program.stdout:
            self.assertEqual(program.stdout.readline(), "ready\n")
        return program

    def test_alone(self) -> None:
        """Nobody else has the file between what is read of it and what is written."""
        memory = self.load()
        memory.nick = "ada"
        seen = []

        def locked(data: bytes, **how: Any) -> Any:
            with (self.folder / "client.json.lock").open() as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    seen.append("held")
            return decode(data, **how)

        def replaced(file: Path, text: str) -> None:
            locked(b"{}", type=dict)
            replace(file, text)

        memory.save()
        memory.nick = "bob"
        decode, replace = msgspec.json.decode, files.replace
        self.patch(msgspec.json, "decode", locked)
        self.patch(module, "replace", replaced)
        memory.save()
        self.assertEqual(seen, ["held", "held"])

    def test_two_programs(self) -> None:
        """Both save again and again at the same time; nothing of either is missing."""
        programs = [self.saving(name) for name in ("a", "b")]
        for program in programs:  # both are ready now
            program.stdin.write("go\n")
            program.stdin.close()
        self.assertEqual([program.wait() for program in programs], [0, 0])
        drafts = self.load().server(LAB).drafts
        wanted = {f"{name}-{number}" for name in ("a", "b") for number in range(COUNT)}
        self.assertEqual(set(drafts), wanted)


DAMAGED = {
    b"": "is damaged",
    b'{"version": 1, "nick": "ad': "is damaged",
    b'{"version": 1, "nick": 7}': "is damaged",
    b'{"version": 1, "nick": "\xff"}': "is damaged",
    b'{"version": 1, "more": ' + b"[" * 100_000 + b"]" * 100_000 + b"}": "is damaged",
    b'{"version": 2, "nick": "ada"}': "is of another version (2)",
}
"""What a file can hold, and what is said of it."""


class DamagedTests(MemoryTestCase):
    """Files that cannot be used cost what is in them, and nothing else."""

    def test_it_is_set_aside(self) -> None:
        """It stays beside, that is said once, and a new one is begun."""
        self.folder.mkdir()
        for number, (data, words) in enumerate(DAMAGED.items(), 1):
            with self.subTest(data[:30]):
                self.config.write_bytes(data)
                memory = self.load()
                (note,) = memory.take_notes()
                self.assertIn(words, note)
                self.assertTrue(note.endswith(f"client.json.damaged-{number}"))
                self.assertEqual(memory.take_notes(), [])
                aside = self.folder / f"client.json.damaged-{number}"
                self.assertEqual(aside.read_bytes(), data)
                memory.nick = "bob"
                memory.save()
                self.assertEqual(self.load().nick, "bob")

    def test_damaged_meanwhile(self) -> None:
        """Also one that is damaged while the client runs."""
        memory = self.load()
        memory.server(LAB).rooms["lobby"] = 1
        memory.save()
        self.state.write_text("{")
        memory.server(LAB).rooms["lobby"] = 2
        memory.save()
        self.assertIn("rooms.json is damaged", memory.take_notes()[0])
        self.assertEqual(self.load().server(LAB).rooms, {"lobby": 2})

    def test_too_large(self) -> None:
        """It is not read whole."""
        self.patch(module, "LARGEST", 20)
        self.folder.mkdir()
        self.config.write_text('{"version": 1}' + " " * 100)
        self.assertIn("too large", self.load().take_notes()[0])

    def test_a_write_that_is_broken_off(self) -> None:
        """The file has what it had; what was half written is no hindrance later."""
        memory = self.load()
        memory.nick = "ada"
        memory.save()

        def fail(file: int) -> None:
            raise OSError(28, "No space left on device")

        with self.subTest("a full disk"):
            patch = self.patch(os, "fsync", fail)
            memory.nick = "bob"
            memory.save()
            (note,) = memory.take_notes()
            self.assertIn("client.json cannot be written: No space left", note)
            self.assertEqual(self.load().nick, "ada")
            memory.save()
            self.assertEqual(memory.take_notes(), [])
            patch.restore()
        memory.save()
        self.assertEqual(self.load().nick, "bob")

    def test_no_folder(self) -> None:
        """Where none can be made, that is said, and the client goes on."""
        self.folder.write_text("a file")
        memory = self.load()
        self.assertEqual(len(memory.take_notes()), 2)
        memory.nick = "ada"
        memory.save()
        self.assertIn("client.json cannot be written", memory.take_notes()[0])

    def test_one_that_cannot_be_read(self) -> None:
        """It is not overwritten: what is in it may be of use again."""
        self.config.mkdir(parents=True)
        memory = self.load()
        self.assertIn("client.json cannot be read", memory.take_notes()[0])
        memory.nick = "ada"
        memory.save()
        self.assertTrue(self.config.is_dir())
