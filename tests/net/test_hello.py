"""How a connection comes to speak the structured dialect, and to its session."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat.net import exchange
from ecochat.net.link import RETRY, LinkSettings
from ecochat.net.silence import QUIET
from ecochat.store.port import StoreError
from tests.net.fakes import MAX_FRAME, Connection, World
from tests.support.snapshot import snapshot

KEY = "k" * 22
HELLO = json.dumps({"op": "hello", "protocol": 1, "nick": "alice"})


class HelloTestCase(SynchronousTestCase):
    """A world in which sessions with a key are kept for a minute."""

    def setUp(self) -> None:
        self.world = World(grace=60)

    def sessions(self) -> list[Any]:
        """Return the number, name, rooms and current room of each session."""
        return list(snapshot(self.world.exchange._hub)["sessions"])

    def lobby(self) -> list[str]:
        """Return what is said in the lobby, of what is stored."""
        return [e.text for e in self.world.storage.memory.page(1, 0, 10**6, 10**9)]


class BeginTests(HelloTestCase):
    """The first frame tells which dialect it is."""

    def test_as_the_first_frame(self) -> None:
        """It is welcomed in its own dialect, with all that the hello asked for."""
        one = self.world.greet(nick="alice", rooms={"lobby": None, "red": 7}, ref="h")
        [welcome] = one.said
        self.assertEqual(len(one.frames), 1)
        del welcome["time"]
        self.assertEqual(
            welcome,
            {
                "op": "welcome",
                "ref": "h",
                "protocol": 1,
                "server": "test",
                "session": "s1",
                "nick": "alice",
                "resumed": False,
                "last_id": 0,
                "rooms": {
                    "lobby": {"last": 0, "topic": ""},
                    "red": {"last": 0, "topic": ""},
                },
                "limits": {"frame": 65_536, "message": 4_000},
            },
        )

    def test_nothing_is_due_afterwards(self) -> None:
        """Neither a greeting for the silent, nor a ping where there are none."""
        one = self.world.greet()
        self.assertEqual(self.world.timers, [])
        self.world.clock.advance(5)
        self.world.run()
        self.assertEqual(one.ops(), ["welcome"])

    def test_split_over_reads(self) -> None:
        """It is one frame, however it comes."""
        one = self.world.connect()
        for byte in HELLO.encode() + b"\0":
            one.receive(bytes([byte]))
        self.world.run()
        self.assertEqual(one.ops(), ["welcome"])
        self.assertEqual(len(one.frames), 1)

    def test_slowly(self) -> None:
        """Half a hello and then silence: it is greeted as plain, and then welcomed as
        what it is; of the first session nothing is left."""
        one = self.world.connect()
        one.receive(HELLO.encode()[:20])
        self.world.clock.advance(QUIET)
        self.world.run()
        self.assertIn("You are guest-1 in lobby", one.frames[0])
        one.receive(HELLO.encode()[20:] + b"\0")
        self.world.run()
        self.assertEqual(one.ops(), ["welcome"])
        self.assertEqual(len(one.frames), 2)
        self.assertEqual(self.sessions(), [(2, "alice", ("lobby",), "lobby")])
        self.assertEqual(list(self.world.exchange.sessions), [2])

    def test_behind_the_greeting(self) -> None:
        """The same for one who says nothing for a time; what is said then comes
        once, in its own dialect."""
        other = self.world.join()
        one = self.world.connect()
        self.world.clock.advance(QUIET)
        self.world.run()
        one.clear()
        other.clear()
        one.hello(key=KEY, rooms={"lobby": None})
        self.world.run()
        other.send("hi")
        self.world.run()
        self.assertEqual(one.ops(), ["welcome", "message"])
        self.assertEqual(len(one.frames), 2)
        told = ["~* guest-2 left", "~* guest-3 joined", "+ lobby 1"]
        self.assertEqual(other.frames, told)

    def test_while_it_is_being_greeted(self) -> None:
        """The greeting that is on its way is not sent any more."""
        self.world.storage.at_once = False
        one = self.world.connect()
        self.world.clock.advance(QUIET)
        self.world.run()
        one.send(HELLO)
        while self.world.storage.appends:
            self.world.storage.commit()
            self.world.run()
        self.assertEqual(one.ops(), ["welcome"])
        self.assertEqual(len(one.frames), 1)
        self.assertEqual([s[0] for s in self.sessions()], [2])

    def test_while_it_is_being_greeted_in_vain(self) -> None:
        """A greeting that cannot be stored is not told, nor tried again."""
        self.world.storage.at_once = False
        one = self.world.connect()
        self.world.clock.advance(QUIET)
        self.world.run()
        one.send(HELLO)
        self.world.storage.fail()
        self.world.run()
        self.world.storage.at_once = True
        self.world.storage.commit()
        self.world.clock.advance(RETRY)
        self.world.run()
        self.assertEqual(one.ops(), ["welcome"])
        self.assertEqual(len(one.frames), 1)

    def test_that_has_to_wait(self) -> None:
        """Where the hub has too much to do it is no silence."""
        other = self.world.join()
        full = self.patch(exchange, "WAITING", 0)
        one = self.world.connect()
        one.send(HELLO)
        for _ in range(5):
            self.world.clock.advance(QUIET)
            self.world.run()
        self.assertEqual(one.frames, [])
        full.restore()
        other.send("/topic")
        self.world.run()
        self.assertEqual((one.ops(), len(one.frames)), (["welcome"], 1))
        self.assertEqual(self.world.timers, [])
        self.assertEqual(other.frames[1:], ["~* alice joined"])

    def test_what_was_for_the_greeted_one(self) -> None:
        """A private room that somebody begins with it meanwhile is not its own."""
        other = self.world.join("/nick bob")
        one = self.world.connect()
        self.world.clock.advance(QUIET)
        self.world.run()
        one.clear()
        self.world.storage.at_once = False
        other.send("/msg guest-2 psst")
        self.world.run()
        one.send(HELLO)
        while self.world.storage.appends:
            self.world.storage.commit()
            self.world.run()
        self.assertEqual(one.ops(), ["welcome"])
        positions = one.link.outlet.positions
        self.assertEqual([channel.name for channel in positions], ["lobby"])

    def test_a_frame_that_is_none(self) -> None:
        """Any other first frame is said; a hello behind it is not, for its key."""
        one = self.world.connect()
        one.send('{"op":"say"}', HELLO, f" {HELLO}", '{"op":"say","text":"hi"}')
        self.world.run()
        late = "! a hello has to be the first frame; connect anew"
        self.assertEqual(one.frames[1:], ["+ lobby 1", late, late, "+ lobby 2"])
        self.assertEqual(self.lobby(), ['{"op":"say"}', '{"op":"say","text":"hi"}'])

    def test_behind_nothing(self) -> None:
        """Frames that say nothing do not say in which dialect."""
        one = self.world.connect()
        one.send("", " \n", HELLO)
        self.world.run()
        self.assertEqual(one.ops(), ["welcome"])

    def test_behind_a_page_that_is_read(self) -> None:
        """What is read for the greeted session is not taken for the right one's: that
        would be sent with a gap."""
        writer = self.world.join()
        one = self.world.connect()
        self.world.clock.advance(QUIET)
        self.world.run()
        one.pipe.blocking = lambda: True
        for text in "abc":
            writer.send(text)
            self.world.run()
        self.forget()
        self.world.storage.reads_at_once = False
        one.pipe.blocking = lambda: False
        one.pipe.drain()
        self.assertEqual(len(self.world.storage.pages), 1)
        one.clear()
        one.hello(rooms={"lobby": 0})
        self.world.storage.answer()
        self.world.storage.reads_at_once = True
        self.world.run()
        self.assertEqual([said.get("n") for said in one.said], [None, 1, 2, 3])

    def forget(self) -> None:
        """Let memory hold nothing of what was said."""
        channel = self.world.exchange.channels[1]
        while list(channel.after(channel.last - 1) or ()):
            channel.forget(1)


class RefusedTests(HelloTestCase):
    """A hello that is not welcome."""

    def refused(self, one: Connection) -> list[tuple[str, str | None]]:
        """Return the code and the ref of each error, and forget all."""
        self.world.run()
        errors = [(s["code"], s.get("ref")) for s in one.said if s["op"] == "error"]
        self.assertEqual(len(errors), len(one.frames), one.frames)
        one.clear()
        return errors

    def test_another_protocol(self) -> None:
        """It is told which one is known; it can be said again, rightly."""
        one = self.world.connect()
        one.ask("hello", protocol=2, ref="a")
        self.world.run()
        self.assertEqual(one.said[0]["path"], "$.protocol")
        self.assertIn("1 is", one.said[0]["text"])
        self.assertEqual(self.refused(one), [("unknown_protocol", "a")])
        one.send(HELLO)
        self.world.run()
        self.assertEqual(one.ops(), ["welcome"])

    def test_a_name_that_is_taken(self) -> None:
        """The same; nobody saw it come."""
        other = self.world.join("/nick alice")
        one = self.world.connect()
        one.send(HELLO)
        self.assertEqual(self.refused(one), [("name_taken", None)])
        one.hello(nick="bob", key=KEY)
        self.world.run()
        self.assertEqual([s["nick"] for s in one.said], ["bob"])
        self.assertEqual(other.frames, ["~* bob joined"])

    def test_broken(self) -> None:
        """It is no message: it may hold a secret. The right one is welcome behind."""
        one = self.world.connect()
        one.send('{"op":"hello","protocol":1,', '{"op":"hello"}', '{"op":"helo"}')
        wanted = ["bad_json", "bad_request", "unknown_op"]
        self.assertEqual([code for code, _ in self.refused(one)], wanted)
        one.send(HELLO)
        self.world.run()
        self.assertEqual(one.ops(), ["welcome"])
        self.assertEqual(self.lobby(), [])

    def test_what_comes_before_it(self) -> None:
        """Every other operation is refused, with its ref."""
        one = self.world.connect()
        one.ask("hello", protocol=9)
        one.ask("say", room="lobby", text="hi", ref="1")
        one.ask("history", room="lobby", ref="2")
        one.ask("quit", ref="3")
        one.send('{"op":"ping","ref":"4"}', "{}")
        self.world.run()
        codes = [*["no_session"] * 4, "bad_request"]
        refs = ["1", "2", "3", "4", None]
        wanted = [("unknown_protocol", None), *zip(codes, refs, strict=True)]
        self.assertEqual(self.refused(one), wanted)
        self.assertEqual(self.sessions(), [])

    def test_a_second_one(self) -> None:
        """A connection has one session; that goes on."""
        one = self.world.greet(nick="alice")
        one.clear()
        one.hello(key=KEY, ref="again")
        self.assertEqual(self.refused(one), [("already_open", "again")])
        one.ask("say", room="lobby", text="hi", id=1)
        self.world.run()
        self.assertEqual(one.ops(), ["stored", "message"])

    def test_two_at_once(self) -> None:
        """The first one counts."""
        one = self.world.connect()
        one.send(HELLO, HELLO)
        self.world.run()
        self.assertEqual(one.ops(), ["welcome", "error"])

    def test_that_cannot_be_stored(self) -> None:
        """It is an error, and it is for the client to say it again."""
        self.world.storage.at_once = False
        one = self.world.connect()
        one.send(HELLO)
        self.world.run()
        self.world.storage.fail()
        self.assertEqual(self.refused(one), [("not_stored", None)])
        self.world.clock.advance(RETRY)
        self.world.storage.at_once = True
        self.world.run()
        self.assertEqual(one.frames, [])
        one.send(HELLO)
        self.world.run()
        self.assertEqual(one.ops(), ["welcome"])


class KeyTests(HelloTestCase):
    """The key is looked up in the store before the session begins."""

    def setUp(self) -> None:
        super().setUp()
        self.world.storage.reads_at_once = False
        self.one = self.world.connect()
        self.one.hello(key=KEY, nick="alice", rooms={"lobby": None})
        self.one.ask("say", room="lobby", text="hi", id=1)
        self.world.run()
        self.assertEqual(len(self.world.storage.pages), 1)

    def test_what_follows_waits(self) -> None:
        """Nothing is taken before it is known whose the key is."""
        self.assertEqual(self.one.frames, [])
        self.assertTrue(self.one.shell.paused)
        self.world.storage.answer()
        self.world.run()
        self.assertEqual(self.one.ops(), ["welcome", "stored", "message"])
        self.assertFalse(self.one.shell.paused)

    def test_what_comes_then_waits(self) -> None:
        """At most what one read brings: the connection is not read meanwhile."""
        self.one.ask("say", room="lobby", text="ho", id=2)
        self.world.storage.answer()
        self.world.run()
        self.assertEqual(self.lobby(), ["hi", "ho"])

    def test_lost_meanwhile(self) -> None:
        """What was sent whole is stored all the same, behind the beginning."""
        self.one.lose()
        self.assertEqual(self.one.shell.calls, ["pause"])
        self.world.storage.answer()
        self.world.run()
        self.assertEqual(self.lobby(), ["hi"])
        self.assertEqual(self.one.shell.calls, ["pause", "gone"])
        self.assertEqual(self.world.exchange.links, {})
        self.assertEqual(self.sessions(), [(1, "alice", ("lobby",), "lobby")])
        self.world.clock.advance(60)
        self.world.run()
        self.assertEqual((self.sessions(), self.world.timers), ([], []))

    def test_stopped_meanwhile(self) -> None:
        """The answer of the store comes to nobody."""
        self.one.lose()
        self.one.link.stop()
        self.world.storage.answer()
        self.world.run()
        self.assertEqual(self.one.shell.calls, ["pause", "gone"])
        self.assertEqual((self.sessions(), self.lobby()), ([], []))
        self.assertEqual(self.world.exchange.links, {})
        self.assertEqual(self.world.timers, [])

    def test_it_cannot_be_read(self) -> None:
        """It is asked again a second later."""
        self.world.storage.pages.pop().deferred.errback(StoreError("disk gone"))
        self.world.run()
        self.assertEqual(self.one.frames, [])
        self.world.clock.advance(RETRY)
        self.world.storage.answer()
        self.world.run()
        self.assertEqual(self.one.ops(), ["welcome", "stored", "message"])

    def test_a_fault_in_reading_it(self) -> None:
        """The connection ends, and nothing is left of it."""
        self.world.storage.pages.pop().deferred.errback(ZeroDivisionError())
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(self.one.shell.calls[-1], "abort")
        self.one.lose("aborted")
        self.world.run()
        self.assertEqual((self.world.exchange.links, self.world.timers), ({}, []))
        self.assertEqual(self.one.shell.calls[-1], "gone")

    def test_two_of_one_key(self) -> None:
        """Both are looked up; the later one has the session then."""
        two = self.world.connect()
        two.hello(key=KEY, nick="alice")
        self.world.run()
        for _ in range(3):
            if self.world.storage.pages:
                self.world.storage.answer()
            self.world.run()
        self.assertEqual(self.one.ops()[-1], "error")
        self.assertEqual(self.one.said[-1]["code"], "taken_over")
        self.assertEqual(self.one.shell.calls[-1], "close")
        self.assertEqual(two.said[0]["resumed"], True)
        self.assertEqual([s[0] for s in self.sessions()], [1])


class LostTests(HelloTestCase):
    """The connection ends with things unread."""

    def test_a_hello_that_was_not_taken_yet(self) -> None:
        """It begins its session, which is away at once; no ping is due for it."""
        world = self.world = World(grace=60, ping_interval=1)
        self.patch(exchange, "WAITING", 0)
        one = world.connect()
        one.hello(key=KEY, nick="alice", rooms={"lobby": None})
        one.ask("say", room="lobby", text="hi", id=1)
        one.lose()
        world.run()
        self.assertEqual(self.lobby(), ["hi"])
        self.assertEqual(len(world.timers), 1, "its grace, and nothing else")
        world.clock.advance(60)
        world.run()
        self.assertEqual((world.timers, self.sessions()), ([], []))

    def test_a_list_that_was_on_its_way(self) -> None:
        """It holds up nothing any more."""
        one = self.world.greet(nick="alice", rooms={"lobby": None})
        self.world.storage.reads_at_once = False
        one.ask("say", room="lobby", text="a")
        one.ask("history", room="lobby")
        one.ask("say", room="lobby", text="b")
        self.world.run()
        one.lose()
        self.world.run()
        self.assertEqual(self.lobby(), ["a", "b"])
        self.assertEqual(one.shell.calls[-1], "gone")

    def test_an_edit_that_has_to_look(self) -> None:
        """It is carried out, and what follows it in its order."""
        one = self.world.greet(nick="alice", rooms={"lobby": None})
        one.ask("say", room="lobby", text="a")
        self.world.run()
        one.ask("edit", room="lobby", message=1, text="A")
        one.ask("delete", room="lobby", message=1)
        one.ask("say", room="lobby", text="b")
        one.lose()
        self.world.run()
        self.assertEqual(self.lobby(), ["", "", "", "b"])
        self.assertEqual((self.world.exchange.links, self.world.timers), ({}, []))

    def test_thrown_out_meanwhile(self) -> None:
        """What it had asked for is not looked for any more."""
        operator = self.world.join(settings=self.world.of_operators)
        one = self.world.greet(nick="alice", rooms={"lobby": None}, key=KEY)
        one.ask("say", room="lobby", text="a")
        self.world.run()
        self.world.storage.reads_at_once = False
        one.ask("edit", room="lobby", message=1, text="A")
        one.ask("say", room="lobby", text="b")
        self.world.run()
        one.lose()
        operator.send("/kick alice")
        self.world.run()
        self.assertEqual(one.shell.calls[-1], "gone")
        self.world.storage.answer()
        self.world.run()
        self.assertEqual(self.lobby(), ["a"])
        self.assertEqual([s[0] for s in self.sessions()], [1])
        self.assertEqual(one.shell.calls.count("gone"), 1)
        self.assertEqual(self.world.timers, [])

    def test_a_second_look(self) -> None:
        """What was looked up and changed meanwhile is looked up again."""
        one = self.world.greet(nick="alice", rooms={"lobby": None}, key=KEY)
        two = self.world.connect(self.world.of_operators)
        two.hello(nick="bob")
        self.world.run()
        one.ask("say", room="lobby", text="a")
        self.world.run()
        self.world.storage.reads_at_once = False
        for each in (one, two):
            each.ask("edit", room="lobby", message=1, text=each.said[0]["nick"])
        self.world.run()
        one.lose()
        self.world.storage.pages.pop().answer()
        self.world.run()
        self.world.storage.answer()
        self.world.run()
        self.assertEqual(len(self.world.storage.pages), 1, "it is looked up again")
        self.world.storage.answer()
        self.world.run()
        self.assertEqual(self.lobby(), ["alice"] * 3)
        self.assertEqual(one.shell.calls[-1], "gone")


class HalfCloseTests(HelloTestCase):
    """End of input is not an error."""

    def test_with_a_key(self) -> None:
        """All is answered, the link closes, and the session is away, not over."""
        other = self.world.join("/nick bob")
        one = self.world.connect()
        one.hello(key=KEY, nick="alice", rooms={"lobby": None})
        one.ask("say", room="lobby", text="hi", id=1)
        one.ask("history", room="lobby", ref="h")
        one.end_input()
        self.world.run()
        wanted = ["welcome", "stored", "message", "message", "end"]
        self.assertEqual(one.ops(), wanted)
        self.assertEqual(one.shell.calls[-1], "close")
        self.assertEqual(other.frames, ["~* alice joined", "alice: hi"])
        one.lose("closed")
        self.world.run()
        self.assertEqual([s[1] for s in self.sessions()], ["bob", "alice"])

    def test_without_a_key(self) -> None:
        """The session is over."""
        one = self.world.greet(nick="alice")
        one.end_input()
        self.world.run()
        self.assertEqual(self.sessions(), [])

    def test_without_a_session(self) -> None:
        """A hello that was refused is answered, and the link closes."""
        one = self.world.connect()
        one.ask("hello", protocol=7)
        one.end_input()
        self.world.run()
        self.assertEqual((one.ops(), one.shell.calls), (["error"], ["close"]))
        one.lose()
        self.world.run()
        self.assertEqual((self.world.exchange.links, self.world.timers), ({}, []))

    def test_of_half_a_hello(self) -> None:
        """It is a frame without its null byte, as any other."""
        one = self.world.connect()
        one.receive(HELLO.encode())
        one.end_input()
        self.world.run()
        self.assertEqual(one.frames, ["! frame without its null byte, ignored"])


class NothingKeptTests(SynchronousTestCase):
    """Where nothing is kept, ``--grace 0``."""

    def test_it_leaves_at_once(self) -> None:
        """With a key or without."""
        world = World(grace=0)
        other = world.join("/nick bob")
        for key in (KEY, None):
            one = world.greet(nick="alice", rooms={"lobby": None}, key=key)
            one.lose()
            world.run()
        told = ["~* alice joined", "~* alice left"]
        self.assertEqual(other.frames, told * 2)
        self.assertEqual(world.timers, [])

    def test_no_other_dialect(self) -> None:
        """Where only the plain one is spoken, a hello is a message."""
        world = World()
        settings = LinkSettings(world.dialect, MAX_FRAME)
        one = world.connect(settings)
        one.send(HELLO)
        world.run()
        self.assertEqual(one.frames[1:], ["+ lobby 1"])
