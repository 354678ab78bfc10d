"""What was said and is edited, deleted or forgotten, and those who have not read it.

Whoever is told something after that was acknowledged is told its present form.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.items import Changed, Event
from ecochat.core.limits import STALE
from ecochat.net import outlet
from ecochat.net.channel import Channel, Channels, Recent
from ecochat.store.port import EVENT_SIZE
from tests.net.fakes import Connection, World

KEY = "k" * 22
OLD = "old"
PAGE = 3 * (EVENT_SIZE + len(OLD))


class ChangesTestCase(SynchronousTestCase):
    """One who writes ``old`` ten times, and one whose pipe is blocked."""

    def setUp(self) -> None:
        self.patch(outlet, "PAGE", PAGE)
        self.world = World(grace=60)
        self.writer = self.world.greet(nick="w", key=KEY, rooms={"a": None, "b": None})
        self.reader = self.world.greet(nick="r", rooms={"a": None, "b": None})
        self.reader.clear()
        self.block(self.reader)
        for _ in range(10):
            self.write("say", text=OLD)

    def write(self, op: str, room: str = "a", **fields: Any) -> None:
        """Let something be written, and be acknowledged."""
        self.writer.clear()
        self.writer.ask(op, room=room, **fields)
        self.world.run()
        self.assertIn("stored", self.writer.ops())

    def room(self, name: str) -> int:
        """Return the id of a room."""
        channels = self.world.exchange.channels
        return next(id for id, channel in channels.items() if channel.name == name)

    def block(self, connection: Connection) -> None:
        """Let every write block."""
        connection.pipe.blocking = lambda: True

    def unblock(self) -> None:
        """Let the reader take all that there is."""
        self.reader.clear()
        self.reader.pipe.blocking = lambda: False
        self.reader.pipe.drain()
        self.world.run()

    def forget(self) -> None:
        """Let memory hold nothing of what was written."""
        for channel in self.world.exchange.channels.values():
            while list(channel.after(channel.last - 1) or ()):
                channel.forget(1)

    def told(self, room: str = "a") -> list[str]:
        """Return of each message of a room its number and its text, or its sign."""
        return [
            f"{s['n']} {s.get('text', s['op'])}"
            for s in self.reader.said
            if s.get("room") == room and "n" in s and s["op"] != "end"
        ]


class MemoryTests(ChangesTestCase):
    """What is in memory."""

    def test_an_edit(self) -> None:
        """The message has its new text in its old place, and the edit follows."""
        self.write("edit", message=5, text="new")
        self.unblock()
        wanted = [f"{n} {OLD}" for n in (2, 3, 4)] + ["5 new"]
        wanted += [f"{n} {OLD}" for n in range(6, 11)] + ["11 new"]
        self.assertEqual(self.told(), wanted)
        self.assertEqual(self.reader.said[3]["changed"], 11)

    def test_a_deletion(self) -> None:
        """Of the text nothing is left, neither in the message nor in its edits."""
        self.write("edit", message=5, text="secret")
        self.write("delete", message=5)
        self.unblock()
        self.assertIn("5 ", self.told())
        self.assertEqual(self.told()[-2:], ["11 ", "12 delete"])
        self.assertNotIn("secret", "".join(self.reader.frames))
        self.assertTrue(self.reader.said[3]["deleted"])

    def test_in_one_turn(self) -> None:
        """Who is told of both at once is told the present form."""
        other = self.world.greet(nick="o", rooms={"a": None})
        other.clear()
        self.world.storage.at_once = False
        self.writer.ask("say", room="a", text="secret")
        self.world.run()
        self.world.storage.commit()
        self.writer.ask("delete", room="a", message=11)
        other.clear()
        self.world.storage.at_once = True
        self.world.run()
        self.assertEqual([s["op"] for s in other.said], ["delete"])


class StoreTests(ChangesTestCase):
    """What is read from the store."""

    def setUp(self) -> None:
        super().setUp()
        self.forget()
        self.storage = self.world.storage

    def begin_to_read(self) -> None:
        """Let the reader take more, and ask for its first page."""
        self.storage.reads_at_once = False
        self.reader.clear()
        self.reader.pipe.blocking = lambda: False
        self.reader.pipe.drain()
        self.assertEqual([page.wanted[1] for page in self.storage.pages], [1])

    def change(self, op: str, message: int, room: str = "a", **fields: Any) -> None:
        """Change a message while the reader's page is being read."""
        mine = self.storage.pages[:]
        self.storage.pages.clear()
        self.storage.reads_at_once = True
        self.write(op, message=message, room=room, **fields)
        self.storage.reads_at_once = False
        self.storage.pages += mine

    def go_on(self) -> int:
        """Answer pages while there are any; return how many were read."""
        count = 0
        while self.storage.pages:
            count += 1
            self.storage.answer()
        self.world.run()
        return count

    def test_deleted_while_it_is_read(self) -> None:
        """The page is read again: the text is gone."""
        self.begin_to_read()
        self.change("delete", 3)
        self.assertEqual(self.go_on(), 1 + 3)
        self.assertEqual(self.told()[:3], [f"2 {OLD}", "3 ", f"4 {OLD}"])
        self.assertEqual(self.told()[-1], "11 delete")
        self.assertEqual(len(self.told()), 10)

    def test_what_does_not_concern_it(self) -> None:
        """A page in which nothing has changed is not read again."""
        self.begin_to_read()
        self.change("delete", 9)
        self.assertEqual(self.go_on(), 3)
        self.assertEqual(self.told()[7], "9 ")

    def test_many_changes_hold_up_nobody(self) -> None:
        """However often others change something elsewhere, a page is read once."""
        self.begin_to_read()
        count = 0
        while self.storage.pages and count < 20:
            self.change("edit", 1, text=f"new {count}")
            self.storage.answer()
            count += 1
        self.go_on()
        self.assertLess(count, 20)
        self.assertEqual(len(self.told()), 9 + count)

    def test_changed_while_another_room_is_read(self) -> None:
        """A page that is at hand, and waits for that of another room, is read again
        too; so is one that waits for a list."""
        for _ in range(3):
            self.write("say", "b", text=OLD)
        self.forget()
        self.begin_to_read()
        self.storage.answer()
        [page] = self.storage.pages
        self.assertEqual(page.wanted[:2], (self.room("b"), 0))
        self.change("delete", 2)
        self.go_on()
        self.assertEqual(self.told()[0], "2 ")
        self.assertEqual(len(self.told()), 10)
        self.assertEqual(len(self.told("b")), 3)

    def test_a_history_while_it_is_read(self) -> None:
        """The same for a list that was asked for."""
        self.unblock()
        self.storage.reads_at_once = False
        self.reader.clear()
        self.reader.ask("history", room="a")
        self.world.run()
        self.change("delete", 3)
        self.go_on()
        listed = self.told()[:10]
        self.assertEqual(listed[2], "3 ")
        self.assertEqual(self.told()[10:], ["11 delete"])

    def test_a_search_while_it_is_read(self) -> None:
        """What was deleted meanwhile is not found."""
        self.unblock()
        self.reader.clear()
        self.storage.reads_at_once = False
        self.reader.ask("search", words=OLD, limit=100)
        self.world.run()
        self.storage.answer()  # up to where it is indexed
        self.change("delete", 3)
        self.go_on()
        found = [n.split()[0] for n in self.told() if n.endswith(OLD)]
        self.assertEqual(found, [str(n) for n in range(10, 0, -1) if n != 3])

    def test_a_search_that_finds_a_new_room(self) -> None:
        """One that was made after it was asked for."""
        self.unblock()
        self.reader.clear()
        self.storage.reads_at_once = False
        self.reader.ask("search", words="fresh")
        self.world.run()
        mine = self.storage.pages[:]
        self.storage.pages.clear()
        self.writer.ask("join", room="new")
        self.writer.ask("say", room="new", text="fresh")
        self.world.run()
        self.storage.pages += mine
        self.go_on()
        self.assertEqual(self.told("new"), ["1 fresh"])
        self.assertEqual(self.reader.ops()[-1], "end")


class ExpiredTests(ChangesTestCase):
    """What is not kept any more."""

    def expire(self, upto: int) -> None:
        """Have the first ones forgotten."""
        self.world.exchange.expire(self.room("a"), upto)
        self.world.run()

    def test_who_is_behind(self) -> None:
        """It is told once up to where, and goes on behind that."""
        self.expire(4)
        self.expire(6)
        self.unblock()
        self.assertEqual(self.reader.said[0]["op"], "expired")
        self.assertEqual(self.reader.said[0]["upto"], 6)
        self.assertEqual(self.told(), [f"{n} {OLD}" for n in range(7, 11)])
        self.assertEqual(self.reader.ops().count("expired"), 1)

    def test_who_has_read_that(self) -> None:
        """It is told nothing."""
        self.unblock()
        self.reader.clear()
        self.expire(10)
        self.assertEqual(self.reader.frames, [])
        self.write("say", text="on")
        self.assertEqual(self.told(), ["11 on"])

    def test_all_of_it(self) -> None:
        """What comes next follows, and the numbers go on."""
        self.expire(10)
        self.unblock()
        self.assertEqual(self.reader.said[0]["upto"], 10)
        self.write("say", text="on")
        self.assertEqual(self.told(), ["11 on"])

    def test_where_a_hello_goes_on(self) -> None:
        """From before that: it is told, behind the welcome; from behind: it is not."""
        self.expire(6)
        for after, wanted in (
            (0, ["welcome", "expired"]),
            (5, ["welcome", "expired"]),
            (6, ["welcome"]),
            (8, ["welcome"]),
        ):
            one = self.world.greet(rooms={"a": after})
            ops = [op for op in one.ops() if op != "message"]
            self.assertEqual(ops, wanted, after)
            numbers = [s["n"] for s in one.said if s["op"] == "message"]
            self.assertEqual(numbers, list(range(max(after, 6) + 1, 11)))

    def test_while_that_is_read(self) -> None:
        """It is found not to be there, and a second later it is known why."""
        self.forget()
        self.world.storage.reads_at_once = False
        self.reader.clear()
        self.reader.pipe.blocking = lambda: False
        self.reader.pipe.drain()
        [page] = self.world.storage.pages
        self.world.storage.pages.clear()
        self.expire(5)
        page.deferred.callback(self.world.storage.memory.page(*page.wanted))
        self.world.clock.advance(1)
        self.world.storage.reads_at_once = True
        self.assertEqual(self.reader.ops()[:1], ["expired"])
        while self.world.storage.pages:
            self.world.storage.answer()
        self.world.run()
        self.assertEqual(self.told(), [f"{n} {OLD}" for n in range(6, 11)])
        self.assertEqual(self.reader.shell.calls, [])

    def test_in_a_list_that_is_read(self) -> None:
        """It is left out."""
        self.unblock()
        self.world.storage.reads_at_once = False
        self.reader.clear()
        self.reader.ask("history", room="a", limit=10)
        self.world.run()
        [page] = self.world.storage.pages
        self.world.storage.pages.clear()
        self.expire(10)
        page.deferred.callback([])
        self.world.run()
        self.assertEqual(self.reader.ops(), ["end"])

    def test_plain(self) -> None:
        """The same in words."""
        plain = self.world.join("/join a")
        self.block(plain)
        self.write("say", text="x")
        self.write("say", text="y")
        self.expire(12)
        plain.clear()
        plain.pipe.blocking = lambda: False
        plain.pipe.drain()
        self.world.run()
        self.assertEqual(plain.frames, ["* messages up to 12 are no longer kept"])


class ChannelTests(SynchronousTestCase):
    """A channel whose events change, without anyone who reads it."""

    def setUp(self) -> None:
        self.recent = Recent()
        self.channels = Channels()
        self.channel = self.channels[1] = Channel(1, "red", 0, self.recent)
        for n in range(1, 6):
            self.channel.extend([self.event(n)])

    def event(self, n: int, kind: str = "message", target: int | None = None) -> Event:
        """Return an event of somebody's."""
        return Event(n, 1, n, 0, 9, "bob", kind, "x", target=target)

    def numbers(self, after: int) -> list[int] | None:
        """Return the numbers of what follows, as far as memory has it."""
        entries = self.channel.after(after)
        return None if entries is None else [entry.item.n for entry in entries]

    def test_stale(self) -> None:
        """Only what has changed since, and the edits of it."""
        edit = self.event(6, "edit", 3)
        answer = self.event(7, "message", 3)
        self.assertFalse(self.channels.has_stale([self.event(3)], self.channels.as_of))
        self.channels.change(Changed(20, 1, 3, 6, "new"))
        for event, is_stale in (
            (self.event(3), True),
            (edit, True),
            (answer, False),
            (self.event(4), False),
        ):
            self.assertIs(self.channels.has_stale([event], 19), is_stale, event)
            self.assertFalse(self.channels.has_stale([event], self.channels.as_of))

    def test_of_old_changes_it_is_only_known_that_there_were_some(self) -> None:
        """Then all may be stale that was asked for before them."""
        for seq in range(STALE + 1):
            self.channels.change(Changed(seq + 20, 1, seq + 100, 6, ""))
        self.assertTrue(self.channels.has_stale([self.event(3)], 19))
        self.assertFalse(self.channels.has_stale([self.event(3)], 20))

    def test_expired_and_then_forgotten(self) -> None:
        """What is counted in memory is right whichever of both comes first."""
        self.channel.expire(2)
        self.assertEqual((self.channel.first, self.numbers(2)), (3, [3, 4, 5]))
        for _ in range(2):
            self.channel.forget(1)
        self.assertEqual(self.numbers(2), [3, 4, 5])
        self.channel.forget(1)
        self.assertIsNone(self.numbers(2))
        self.assertEqual(self.numbers(3), [4, 5])
        self.channel.expire(3)
        self.assertEqual(self.numbers(3), [4, 5])
        self.channel.forget(1)
        self.assertEqual(self.numbers(4), [5])

    def test_expired_again(self) -> None:
        """The first number never goes back."""
        self.channel.expire(4)
        self.channel.expire(1)
        self.assertEqual((self.channel.first, self.numbers(4)), (5, [5]))
