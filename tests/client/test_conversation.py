"""The library's conversation, without a server."""

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import conversation, unanswered
from ecochat.client.conversation import Conversation
from ecochat.client.errors import (
    Disconnected,
    Ended,
    NotStored,
    Refused,
    ServerFault,
    TooMuch,
)
from ecochat.client.happenings import Answer, Answered, Failed, Offline, Online, Over
from ecochat.core import requests as ask
from ecochat.core import wire
from tests.client.fakes import Talk, error, frames, message, numbers, welcome


class HelloTests(SynchronousTestCase):
    """How a session begins."""

    def test_the_first(self) -> None:
        """It says who one is and what one wants; what is not wanted is left out."""
        talk = Talk(nick="alice", rooms={"lobby": 41, "dev": None}, name="bot/1.0")
        hello = talk.connect()
        expected = {"op": "hello", "ref": "hello", "protocol": 1, "client": "bot/1.0"}
        rooms = {"lobby": 41, "dev": None}
        self.assertEqual(
            hello, {**expected, "key": "k" * 22, "nick": "alice"} | {"rooms": rooms}
        )
        self.assertEqual(set(Talk().connect()), {*expected, "key"})

    def test_a_key_is_made(self) -> None:
        """Of its own for each who has none, long enough."""
        one, other = Conversation(), Conversation()
        self.assertNotEqual(one.key, other.key)
        self.assertGreaterEqual(len(one.key), 22)

    def test_welcomed(self) -> None:
        """The server says name, rooms and positions; what it calls a room counts."""
        talk = Talk(nick="al", rooms={"Lobby": 3, "dev": None})
        talk.conversation.connected()
        said = welcome({"lobby": 5, "dev": 7})
        self.assertEqual(talk.hear(said), [Online(said, again=False)])
        self.assertEqual(talk.conversation.nick, "alice")
        self.assertEqual(dict(talk.conversation.positions), {"lobby": 3, "dev": 7})

    def test_greeted_as_plain(self) -> None:
        """What comes before the first object is ignored, of whatever kind."""
        talk = Talk()
        talk.conversation.connected()
        early = b"* Welcome to X.\0! server is full\0\0bob: {\0" + frames(welcome())
        self.assertEqual(len(list(talk.conversation.receive_data(early))), 1)
        self.assertEqual(talk.conversation.said_before, "server is full")
        with self.assertRaises(ServerFault):
            list(talk.conversation.receive_data(b"* something plain\0"))

    def test_refused_at_first(self) -> None:
        """The caller is told, and nothing is tried again."""
        talk = Talk(nick="alice")
        talk.conversation.connected()
        talk.sent()
        (over,) = talk.hear(error("hello", "name_taken", "the name alice is taken"))
        assert isinstance(over, Over)
        assert isinstance(over.error, Ended)
        self.assertEqual(over.error.code, "name_taken")
        self.assertEqual(talk.sent(), [])

    def test_not_now(self) -> None:
        """A server that is full may have space later: that is no end."""
        talk = Talk()
        talk.conversation.connected()
        for ref in ("hello", None):
            with self.assertRaises(Disconnected):
                talk.hear(error(ref, "too_many", "the server is full"))

    def test_the_name_is_gone(self) -> None:
        """Back again one comes without it, whoever has it now."""
        talk = Talk(nick="alice")
        talk.connect()
        talk.lose()
        talk.conversation.connected()
        self.assertEqual(talk.sent()[0]["nick"], "alice")
        self.assertEqual(talk.hear(error("hello", "name_taken")), [])
        (again,) = talk.sent()
        self.assertNotIn("nick", again)
        self.assertEqual(again["rooms"], {"lobby": 0})
        talk.hear(welcome({"lobby": 0}, nick="guest-9"))
        self.assertEqual(talk.conversation.nick, "guest-9")
        talk.lose()
        self.assertNotIn("nick", talk.connect())


class EventTests(SynchronousTestCase):
    """What is said in rooms."""

    def setUp(self) -> None:
        self.talk = Talk()
        self.talk.connect(welcome({"lobby": 5, "dev": 0}))

    def test_each_once(self) -> None:
        """What was seen is not told again, also after another connection."""
        self.assertEqual(
            numbers(self.talk.hear(message("lobby", 5), message("lobby", 6))),
            [("lobby", 6)],
        )
        self.talk.lose()
        hello = self.talk.connect(welcome({"lobby": 8, "dev": 0}))
        self.assertEqual(hello["rooms"], {"lobby": 6, "dev": 0})
        got = self.talk.hear(*(message("lobby", n) for n in (5, 6, 7, 8)))
        self.assertEqual(numbers(got), [("lobby", 7), ("lobby", 8)])

    def test_one_left_out(self) -> None:
        """Is the server's fault, in whichever room; what came before it counts."""
        outcomes = self.talk.conversation.receive_data(
            frames(message("lobby", 6), message("dev", 1), message("lobby", 8))
        )
        self.assertEqual(
            [numbers([next(outcomes)]) for _ in range(2)],
            [[("lobby", 6)], [("dev", 1)]],
        )
        with self.assertRaisesRegex(ServerFault, "number 8 of lobby came after 6"):
            next(outcomes)

    def test_expired(self) -> None:
        """What is no longer kept is said not to come, and is not missed."""
        expired = wire.Expired(room="lobby", upto=90)
        got = self.talk.hear(expired, expired, message("lobby", 91))
        self.assertEqual(got, [expired, message("lobby", 91)])

    def test_another_log(self) -> None:
        """Of a log that began anew what follows is told, not taken for seen."""
        self.talk.hear(message("lobby", 6))
        self.talk.lose()
        self.talk.connect(welcome({"lobby": 2}))
        got = self.talk.hear(message("lobby", 3))
        self.assertEqual(numbers(got), [("lobby", 3)])
        self.assertEqual(dict(self.talk.conversation.positions), {"lobby": 3})

    def test_private_rooms(self) -> None:
        """They begin, change their names and end."""
        opened = wire.Opened(room="@bob", last=0)
        relabelled = wire.Relabelled(room="@bob", new="@rob")
        got = self.talk.hear(opened, message("@bob", 1), relabelled, message("@rob", 2))
        self.assertEqual(numbers(got), [("@bob", 1), ("@rob", 2)])
        self.assertEqual(self.talk.conversation.positions["@rob"], 2)
        self.assertNotIn("@bob", self.talk.conversation.positions)
        self.talk.hear(wire.Dropped(room="@rob"))
        self.assertNotIn("@rob", self.talk.conversation.positions)

    def test_one_is_renamed(self) -> None:
        """Also by another connection's hand: it is one's session that is named."""
        note = wire.Renamed(room="lobby", nick="alice", session="s1", new="eve")
        other = wire.Renamed(room="lobby", nick="bob", session="s2", new="rob")
        self.assertEqual(self.talk.hear(note, other), [note, other])
        self.assertEqual(self.talk.conversation.nick, "eve")

    def test_notices_and_unknown(self) -> None:
        """What the server says to all is told; what a later one may say is ignored."""
        notice = wire.Notice(text="soon", operator=True)
        data = b'{"op":"poll","room":"lobby","deep":[[1]],"event":"x"}\0'
        data += b'{"op":"happened","kind":"event","event":{"op":"poll"}}\0'
        data += frames(notice)
        self.assertEqual(list(self.talk.conversation.receive_data(data)), [notice])
        data = b'{"op":"notice","text":"more","later":{"a":1}}\0'
        self.assertEqual(len(list(self.talk.conversation.receive_data(data))), 1)

    def test_faults(self) -> None:
        """What is no object of the protocol is a fault, never an error of ours."""
        for wrong in (
            b"{",
            b'{"a":1}',
            b'{"op":"message"}',
            b'{"op":' + b"[" * 10**5,
            b"\xff",
            b"{" * (4 * 2**20 + 1),
        ):
            talk = Talk()
            talk.connect()
            with self.assertRaises(ServerFault):
                list(talk.conversation.receive_data(wrong + b"\0"))

    def test_a_private_room_of_another_name(self) -> None:
        """What is said there while one is away comes, as far back as the server says;
        so it does when that connection breaks before it has come."""
        self.talk.hear(wire.Opened(room="@bob", last=0), message("@bob", 1))
        for _ in range(2):
            self.talk.lose()
            self.talk.connect(welcome({"lobby": 5, "@rob": 3}))
        got = self.talk.hear(message("@rob", 2), message("@rob", 3), message("@rob", 3))
        self.assertEqual(numbers(got), [("@rob", 2), ("@rob", 3)])
        self.talk.lose()
        self.talk.connect(welcome({"lobby": 5, "@rob": 3}))
        self.assertEqual(numbers(self.talk.hear(message("@rob", 3))), [])

    def test_a_private_room_by_its_id(self) -> None:
        """It is asked for by that, goes on from where it was heard, and what is not
        stored is for the one it was for, also where another has the name now."""
        self.talk.hear(
            wire.Opened(room="@bob", id=2, last=0),
            wire.Opened(room="@eve", id=12, last=4),
            message("@bob", 1),
        )
        for room in ("@bob", "@eve"):
            self.talk.conversation.request(ask.Say(text="psst", room=room))
        self.talk.lose()
        said = welcome({"lobby": 5})
        said.rooms["@rob"] = wire.RoomState(last=3, topic="", id=2)
        said.rooms["@bob"] = wire.RoomState(last=4, topic="", id=12)
        self.talk.conversation.connected()
        self.assertEqual(self.talk.sent()[0]["rooms"]["@2"], 1)
        relabelled = [
            wire.Relabelled(room="@bob", new="@rob"),
            wire.Relabelled(room="@eve", new="@bob"),
        ]
        self.assertEqual(self.talk.hear(said), [*relabelled, Online(said, again=True)])
        self.assertEqual([s["room"] for s in self.talk.sent()], ["@rob", "@bob"])
        got = self.talk.hear(*(message("@rob", n) for n in (1, 2, 3)))
        self.assertEqual(numbers(got), [("@rob", 2), ("@rob", 3)])

    def test_a_hole_in_a_private_room_of_another_name(self) -> None:
        """Is a fault as in any other."""
        self.talk.hear(wire.Opened(room="@bob", last=0))
        self.talk.lose()
        self.talk.connect(welcome({"lobby": 5, "@rob": 3}))
        self.talk.hear(wire.Relabelled(room="@rob", new="@robert"))
        with self.assertRaises(ServerFault):
            self.talk.hear(message("@robert", 5))

    def test_pings(self) -> None:
        """Are answered, and told to nobody; also before the welcome."""
        self.assertEqual(self.talk.hear(wire.Ping()), [])
        self.assertEqual(self.talk.sent(), [{"op": "pong"}])
        self.talk.lose()
        self.talk.conversation.connected()
        self.talk.sent()
        self.assertEqual(self.talk.hear(wire.Ping()), [])
        self.assertEqual(self.talk.sent(), [{"op": "pong"}])

    def test_ended(self) -> None:
        """Thrown out or taken over, the session is over."""
        for code in ("kicked", "taken_over"):
            (over,) = self.talk.hear(error(None, code, "why"))
            assert isinstance(over, Over)
            assert isinstance(over.error, Ended)
            self.assertEqual((over.error.code, over.error.text), (code, "why"))
        other = error(None, "failed")
        self.assertEqual(self.talk.hear(other), [other])


class RequestTests(SynchronousTestCase):
    """What is asked, and how it ends."""

    def setUp(self) -> None:
        self.talk = Talk()
        self.talk.connect(welcome({"lobby": 5}, last_id=7))

    def ask(self, request: ask.Request) -> str:
        """Ask; return the ref."""
        return self.talk.conversation.request(request)

    def failure(self, said: wire.Error) -> Any:
        """Return the error that comes of this."""
        (failed,) = self.talk.hear(said)
        assert isinstance(failed, Failed)
        return failed.error

    def test_ids_rise(self) -> None:
        """Above what the server has of this key; those that ask have none."""
        self.ask(ask.Say(text="a", room="lobby"))
        self.ask(ask.SetTopic(room="lobby"))
        self.ask(ask.SetTopic(topic="", room="lobby"))
        self.ask(ask.Say(text="mine", room="lobby", id=20))
        self.ask(ask.React(message=1, reaction="+", room="lobby"))
        sent = self.talk.sent()
        self.assertEqual([s.get("id") for s in sent], [8, None, 9, 20, 21])
        self.assertEqual(len({s["ref"] for s in sent}), 5)

    def test_answers(self) -> None:
        """Come to who asked, in whatever order; a list with its items."""
        one = self.ask(ask.Say(text="a", room="lobby"))
        two = self.ask(ask.Who(room="lobby"))
        member = wire.Member(ref=two, room="lobby", nick="bob", session="s2")
        end = wire.End(ref=two, room="lobby", count=1)
        stored = wire.Stored(ref=one, id=8, room="lobby", n=6)
        got = self.talk.hear(member, message("lobby", 6), end, stored, stored)
        listed = Answer([msgspec.structs.replace(member, ref=None)], end)
        expected = [Answered(two, listed), Answered(one, Answer([], stored))]
        self.assertEqual(got, [message("lobby", 6), *expected])

    def test_an_old_event_as_an_answer(self) -> None:
        """What history gives is not taken for what happens."""
        ref = self.ask(ask.History(room="lobby"))
        end = wire.End(ref=ref, room="lobby", n=5)
        (answered,) = self.talk.hear(message("lobby", 3, ref=ref), end)
        assert isinstance(answered, Answered)
        self.assertEqual(numbers(answered.answer.items), [("lobby", 3)])
        self.assertEqual(self.talk.conversation.positions["lobby"], 5)

    def test_refused(self) -> None:
        """With all that the server says of it."""
        ref = self.ask(ask.Say(text="", room="lobby"))
        wrong = wire.Error(ref=ref, code="usage", text="empty", path="$.text")
        refused = self.failure(wrong)
        self.assertEqual(type(refused), Refused)
        self.assertEqual(
            (refused.code, refused.text, refused.path), ("usage", "empty", "$.text")
        )

    def test_a_server_that_takes_less(self) -> None:
        """What waits for a session and is too long for its frames is refused then: the
        server could not say to whom its answer is."""
        talk = Talk()
        long = talk.conversation.request(ask.Say(text="x" * 500, room="lobby"))
        talk.conversation.request(ask.Say(text="y", room="lobby"))
        talk.conversation.connected()
        talk.sent()
        small = msgspec.structs.replace(welcome(), limits=wire.Bounds(200, 100))
        failed, online = talk.hear(small)
        assert isinstance(failed, Failed)
        assert isinstance(failed.error, Refused)
        self.assertEqual((failed.ref, failed.error.code), (long, "too_long"))
        self.assertIsInstance(online, Online)
        self.assertEqual([said["text"] for said in talk.sent()], ["y"])

    def test_not_stored(self) -> None:
        """Its id is used up: what is written next has another one."""
        one = self.ask(ask.Say(text="a", room="lobby"))
        two = self.ask(ask.Say(text="b", room="lobby"))
        self.assertIsInstance(self.failure(error(one, "not_stored")), NotStored)
        self.talk.hear(wire.Stored(ref=two, id=9, room="lobby", n=6))
        self.ask(ask.Say(text="a", room="lobby"))
        self.assertEqual([s["id"] for s in self.talk.sent()], [8, 9, 10])
        three = self.ask(ask.Say(text="c", room="lobby"))
        self.assertIsInstance(self.failure(error(three, "id_skipped")), NotStored)

    def test_sent_again(self) -> None:
        """What writes: the same, in order, before what is new; the rest fails."""
        self.ask(ask.Say(text="a", room="lobby"))
        who = self.ask(ask.Who(room="lobby"))
        self.ask(ask.Say(text="b", room="lobby"))
        before = self.talk.sent()
        offline, failed = self.talk.lose()
        self.assertEqual(offline, Offline("it broke"))
        assert isinstance(failed, Failed)
        self.assertEqual((failed.ref, type(failed.error)), (who, Disconnected))
        self.ask(ask.Say(text="c", room="lobby"))
        self.ask(ask.Rooms())
        self.talk.connect(welcome({"lobby": 5}, last_id=8, resumed=True))
        again = self.talk.sent()
        self.assertEqual(again[:2], [before[0], before[2]])
        self.assertEqual(
            [(s["op"], s.get("id")) for s in again[2:]], [("say", 10), ("rooms", None)]
        )

    def test_before_the_first_session(self) -> None:
        """What is asked waits for it; ids are above what the server has."""
        talk = Talk()
        talk.conversation.request(ask.Say(text="a", room="lobby"))
        self.assertEqual(list(talk.conversation.lost("nobody listens")), [])
        talk.connect(welcome({"lobby": 0}, last_id=99))
        self.assertEqual([s["id"] for s in talk.sent()], [100])

    def test_rooms_and_names(self) -> None:
        """The answers say where one is, and who; to join again changes nothing."""
        asked = (
            (ask.Join(room="Dev", after=3), wire.Ok(room="dev", last=9)),
            (ask.Join(room="new"), wire.Ok(room="new", last=4)),
            (ask.Join(room="Lobby"), wire.Ok(room="lobby", last=20)),
            (ask.Join(room="gone"), wire.Ok(room="gone", last=1)),
            (ask.Leave(room="gone"), wire.Ok(room="gone")),
            (ask.SetNick(nick="Eve"), wire.Ok(nick="Eve")),
        )
        for request, answer in asked:
            ref = self.ask(request)
            self.talk.hear(
                type(answer)(
                    **{
                        f: getattr(answer, f)
                        for f in answer.__struct_fields__
                        if f != "ref"
                    },
                    ref=ref,
                )
            )
        positions = dict(self.talk.conversation.positions)
        self.assertEqual(positions, {"lobby": 5, "dev": 3, "new": 4})
        self.talk.lose()
        self.assertEqual(self.talk.connect()["nick"], "Eve")

    def test_a_private_room_has_another_name(self) -> None:
        """What is sent again is for the one it was for."""
        self.ask(ask.Say(text="a", room="@bob"))
        self.ask(ask.SayTo(nick="bob", text="b"))
        self.ask(ask.Say(text="c", room="lobby"))
        self.talk.sent()
        self.talk.hear(
            wire.Opened(room="@bob", last=0), wire.Relabelled(room="@bob", new="@rob")
        )
        self.talk.lose()
        self.talk.connect(welcome({"lobby": 5}, last_id=7))
        again = [s.get("room") or s["nick"] for s in self.talk.sent()]
        self.assertEqual(again, ["@rob", "rob", "lobby"])

    def test_what_cannot_be_sent(self) -> None:
        """Is said at once, and leaves nothing behind: too long, no text, too many."""
        with self.assertRaises(Refused) as refused:
            self.ask(ask.Say(text="x" * 65_500, room="lobby"))
        self.assertEqual(refused.exception.code, "too_long")
        with self.assertRaises(ValueError):
            self.ask(ask.Say(text="\ud800", room="lobby"))
        self.assertEqual(self.talk.sent(), [])
        for _ in range(unanswered.MOST):
            self.ask(ask.Ping())
        with self.assertRaises(TooMuch):
            self.ask(ask.Ping())
        self.assertEqual(len(self.talk.conversation.unanswered), unanswered.MOST)

    def test_a_list_without_end(self) -> None:
        """Is a fault before it takes the memory."""
        self.patch(conversation, "ITEMS", 3)
        ref = self.ask(ask.Rooms())
        room = wire.Room(ref=ref, room="r", members=1, last=1, topic="")
        self.talk.hear(room, room, room)
        with self.assertRaises(ServerFault):
            self.talk.hear(room)

    def test_closed(self) -> None:
        """Everything that waits fails with the reason, what writes too."""
        refs = [self.ask(ask.Say(text="a", room="lobby")), self.ask(ask.Time())]
        why = Disconnected("stopped")
        closed = list(self.talk.conversation.close(why))
        self.assertEqual(closed, [Failed(ref, why) for ref in refs])
        self.assertEqual(self.talk.sent(), [])
        self.assertFalse(self.talk.conversation.online)
