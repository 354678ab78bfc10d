"""A chat: what is typed in, what is asked and shown out."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import Answer, Disconnected, Online, Refused
from ecochat.client.lines import moment as local
from ecochat.client.terminal import chat, phrases
from ecochat.client.terminal.chat import Chat
from ecochat.client.terminal.line import Kind, Line, error
from ecochat.core import limits, wire
from ecochat.core.commands import COMMANDS
from ecochat.core.requests import (
    OPERATIONS,
    Clients,
    Edit,
    History,
    Join,
    Leave,
    Me,
    Request,
    Rooms,
    Say,
    SayTo,
    Search,
    SetNick,
    SetTopic,
    Status,
    Time,
    Who,
)
from tests.client.terminal.fakes import TIME, message, stored, welcome

ARGUMENTS = {
    "NAME": "al",
    "NICK": "bob",
    "NUMBER": "5",
    "SIGN": "+",
    "on|off": "on",
    "ID": "s3",
    "SECONDS": "1",
}


class ChatTestCase(SynchronousTestCase):
    """Has a chat of alice's, in the lobby."""

    def setUp(self) -> None:
        self.chat = Chat(asks_who=False)
        self.chat.happened(Online(welcome(), False))

    def asked(self) -> list[Request]:
        """Return what was asked since the last call."""
        return [sent.request for sent in self.chat.requests()]

    def answer(self, end: wire.Said, *items: wire.Said) -> list[Line]:
        """Have the oldest request answered."""
        sent = self.chat.unanswered[0]
        return self.chat.answered(sent, Answer(list(items), end))

    def ask(self, typed: str, end: wire.Said, *items: wire.Said) -> list[str]:
        """Type something and have it answered; return what is shown."""
        self.assertEqual(self.chat.say(typed), [])
        return [line.text for line in self.answer(end, *items)]

    def break_off(self, error: Disconnected | Refused) -> list[Line]:
        """Have the oldest request fail."""
        return self.chat.failed(self.chat.unanswered[0], error)


class TypedTests(ChatTestCase):
    """From what is typed to what is asked."""

    def test_what_is_said_is_said_in_the_current_room(self) -> None:
        """By its name; so is whatever else can be about a room."""
        typed = {
            "hello\n": Say("hello", room="lobby"),
            "//x": Say("/x", room="lobby"),
            "a\0b\ud800": Say("ab?", room="lobby"),
            "TIME": Say("TIME", room="lobby"),
            "/me waves": Me("waves", room="lobby"),
            "/who": Who("lobby"),
            "/who lab": Who("lab"),
            "/topic": SetTopic(room="lobby"),
            "/topic tea": SetTopic("tea", room="lobby"),
            "/edit 5 x": Edit(5, "x", room="lobby"),
            "/edit lab 5 x": Edit(5, "x", room="lab"),
            "/since 7": History("lobby", after=7, limit=limits.HISTORY),
            "/search tea": Search("tea"),
            "/msg bob psst": SayTo("bob", "psst"),
            "/rooms": Rooms(),
        }
        for text, request in typed.items():
            self.assertEqual(self.chat.say(text), [], text)
            self.assertEqual(self.asked(), [request])

    def test_every_command_is_an_operation(self) -> None:
        """But for those that the client does by itself."""
        for command in COMMANDS.values():
            self.setUp()
            words = [
                ARGUMENTS.get(a.name, "x") for a in command.arguments if a.required
            ]
            shown = self.chat.say(" ".join([f"/{command.name}", *words]))
            asked = self.asked()
            if command.name in ("acks", "quit"):
                self.assertEqual(asked, [])
            else:
                self.assertEqual(([type(asked[0]) in OPERATIONS], shown), ([True], []))

    def test_leaving(self) -> None:
        """Needs no answer."""
        self.chat.say(" ")
        self.assertFalse(self.chat.has_left)
        self.chat.say("/QUIT ")
        self.assertEqual((self.chat.has_left, self.asked()), (True, []))

    def test_without_numbers(self) -> None:
        """/acks is the client's own."""
        (line,) = self.chat.say("/acks off")
        self.assertEqual((line.text, self.chat.has_numbers), ("acks off", False))

    def test_what_cannot_be_read_is_given_back(self) -> None:
        """With what is wrong; so is what is said in no room."""
        (line,) = self.chat.say("/histroy")
        self.assertEqual(line.kind, Kind.ERROR)
        self.assertIn("did you mean /history?", line.text)
        self.ask("/leave", wire.Ok(room="lobby"))
        (line,) = self.chat.say("hello")
        self.assertEqual(line.text, "you are in no room, /join one")
        self.assertEqual(list(self.chat.given_back), ["/histroy", "hello"])
        self.assertEqual(self.chat.failures, 2)

    def test_too_much_unanswered(self) -> None:
        """So much is a sign that no answers come."""
        for _ in range(chat.MOST):
            self.assertEqual(self.chat.say("hello"), [])
        (line,) = self.chat.say("more")
        self.assertIn("not answered yet", line.text)
        self.assertEqual(list(self.chat.given_back), ["more"])

    def test_what_follows_another_room_waits_for_it(self) -> None:
        """It is not for the room that one comes from."""
        for typed in ("/join lab", "one", "/leave", "two"):
            self.chat.say(typed)
        self.assertEqual(self.asked(), [Join("lab")])
        self.assertEqual(self.chat.in_flight, 4)
        self.answer(wire.Ok(room="Lab", last=0, topic=""))
        self.assertEqual(self.asked(), [Say("one", room="Lab"), Leave("Lab")])
        self.answer(wire.Stored(room="Lab", n=1))
        self.assertEqual(self.asked(), [])
        self.answer(wire.Ok(room="Lab"))
        self.assertEqual(self.asked(), [Say("two", room="lobby")])

    def test_what_follows_a_room_that_one_cannot_go_into_is_given_back(self) -> None:
        """Nobody reads it who should not."""
        self.chat.say("/join @eve")
        self.chat.say("a secret")
        lines = self.break_off(Refused("no_nick", "there is nobody called eve"))
        self.assertEqual(self.asked(), [Join("@eve")])
        self.assertEqual([line.kind for line in lines], [Kind.ERROR] * 2)
        self.assertEqual(list(self.chat.given_back), ["/join @eve", "a secret"])


class StoredTests(ChatTestCase):
    """What becomes of what is said."""

    def test_it_waits_until_it_is_stored(self) -> None:
        """Its event shows it; where that is not heard, a line does."""
        self.chat.say("hello")
        self.chat.say("/who")
        self.assertEqual([sent.said for sent in self.chat.waiting], ["hello"])
        self.assertEqual(self.chat.answered(self.chat.unanswered[0], stored()), [])
        self.assertEqual(self.chat.waiting, [])
        self.chat.unanswered.clear()
        shown = self.ask("/topic tea", wire.Stored(room="lobby", n=2))
        self.assertEqual(shown, [])
        shown = self.ask("/delete lab 5", wire.Stored(room="lab", n=9))
        self.assertEqual(shown, ["stored in lab as 9: /delete lab 5"])

    def test_what_is_refused_is_given_back(self) -> None:
        """With the reason."""
        self.chat.say("one\x1b")
        (line,) = self.break_off(Refused("not_stored", "the disk is full\x07"))
        self.assertEqual(line, error(r"the disk is full\x07"))
        self.assertEqual(list(self.chat.given_back), ["one\x1b"])

    def test_what_was_for_one_person_is_for_one_person_when_it_comes_back(self) -> None:
        """Their room may be gone then, and everyone would read it."""
        self.ask("/join @bob", wire.Ok(room="@bob", last=0))
        for typed in ("one", "//two", "/msg eve hi"):
            self.chat.say(typed)
            self.break_off(Refused("no_nick", "gone"))
        self.assertEqual(
            list(self.chat.given_back), ["/msg bob one", "/msg bob /two", "/msg eve hi"]
        )

    def test_without_an_answer(self) -> None:
        """It is told which message may not be stored, and what nobody answers."""
        self.chat.say("one\x1b")
        self.chat.say("/who")
        (line,) = self.break_off(Disconnected("the client was stopped"))
        self.assertTrue(line.text.startswith("not confirmed (/history shows"))
        self.assertTrue(line.text.endswith(r": one\x1b"))
        (line,) = self.break_off(Disconnected("it broke"))
        self.assertEqual(line.text, "there was no answer to: /who")


class AnswerTests(ChatTestCase):
    """Answers, as people read them."""

    def test_rooms(self) -> None:
        """The one gone into last is current; who leaves it is in the one before."""
        shown = self.ask("/join lab", wire.Ok(room="lab", last=3, topic="tea"))
        self.assertEqual(shown, ["You are alice in lab. Topic: tea"])
        self.ask("/join v1.2", wire.Ok(room="v1.2", last=0, topic=""))
        self.ask("/join lobby", wire.Ok(room="lobby", last=0, topic=""))
        self.assertEqual(self.chat.rooms, ["lab", "v1.2", "lobby"])
        shown = self.ask("/leave", wire.Ok(room="lobby"))
        self.assertEqual(shown, ["You left lobby. You are in v1.2."])
        self.ask("/leave lab", wire.Ok(room="lab"))
        shown = self.ask("/leave", wire.Ok(room="v1.2"))
        self.assertEqual(shown, ["You left v1.2. You are in no room, /join one."])

    def test_ones_name(self) -> None:
        """As the server has it."""
        self.assertEqual(self.ask("/nick al", wire.Ok(nick="Al")), ["you are Al now"])
        self.assertEqual(self.chat.nick, "Al")

    def test_topics(self) -> None:
        """There is one, or none."""
        told = wire.Ok(room="lobby", topic="tea")
        self.assertEqual(self.ask("/topic", told), ["lobby: the topic is: tea"])
        told = wire.Ok(room="lobby", topic="")
        self.assertEqual(self.ask("/topic", told), ["lobby: there is no topic"])

    def test_short_answers(self) -> None:
        """Words, lines, a number, a time; or that it is done."""
        self.assertEqual(self.ask("/joke", wire.Ok(text="ha\x1b")), [r"ha\x1b"])
        self.assertEqual(self.ask("/help", wire.Ok(lines=("a", "b"))), ["a", "b"])
        self.assertEqual(self.ask("/clients", wire.Ok(count=3)), ["3"])
        self.assertEqual(self.ask("/time", wire.Ok(time=TIME)), [TIME])
        self.assertEqual(self.ask("/kick bob", wire.Ok()), ["done"])

    def test_lists(self) -> None:
        """Rooms and sessions, a line each."""
        lab = wire.Room(room="lab", members=1, last=0, topic="")
        tea = wire.Room(room="tea", members=3, last=42, topic="green")
        shown = self.ask("/rooms", wire.End(count=2), lab, tea)
        self.assertEqual(
            shown, ["lab 1 member, last 0", "tea 3 members, last 42: green"]
        )
        self.assertEqual(list(self.chat.places), ["lobby", "lab", "tea"])
        gone = wire.Session(
            session="s3", nick="bob", connected=TIME, disconnected=TIME, address="::1"
        )
        here = wire.Session(session="s4", nick="ann", connected=TIME, away=True)
        moment = local(TIME)
        self.assertEqual(
            self.ask("/status", wire.End(), gone, here),
            [
                f"s3 bob connected {moment} disconnected {moment} from ::1",
                f"s4 ann connected {moment} (away)",
            ],
        )

    def test_who_is_there(self) -> None:
        """In one line; a long list takes several."""
        members = [
            wire.Member(room="lab", nick="alice", session="s1"),
            wire.Member(room="lab", nick="bob", session="s2", away=True),
        ]
        shown = self.ask("/who lab", wire.End(room="lab", count=2), *members)
        self.assertEqual(shown, ["in lab: alice (s1), bob (s2, away)"])
        self.assertEqual(list(self.chat.people), ["bob"])
        many = [
            wire.Member(room="lab", nick=f"p{n}", session=f"s{n}")
            for n in range(2 * phrases.LISTED + 1)
        ]
        shown = self.ask("/who lab", wire.End(room="lab", count=9), *many)
        self.assertEqual(len(shown), 3)

    def test_the_log(self) -> None:
        """Each event with its number and its time; nothing has a line, too."""
        event = message("tea?", 41, reply_to=40)
        moment = local(TIME)
        for typed in ("/history", "/search tea"):
            shown = self.ask(typed, wire.End(room="lobby", n=41), event)
            self.assertEqual(shown, [f"[lobby 41] {moment} bob (to 40): tea?"])
        shown = self.ask("/since 41", wire.End(room="lobby", n=41))
        self.assertEqual(shown, ["lobby: nothing is kept of that"])
        self.assertEqual(self.ask("/search x", wire.End()), ["nothing was found"])

    def test_all_that_followed_a_message_comes_in_pages(self) -> None:
        """Until there is no more."""
        self.chat.say("/since 0")
        self.asked()
        page = [message("x", n + 1) for n in range(limits.HISTORY)]
        self.assertEqual(len(self.answer(wire.End(room="lobby"), *page)), len(page))
        after = limits.HISTORY
        self.assertEqual(
            self.asked(), [History("lobby", after=after, limit=limits.HISTORY)]
        )
        self.assertEqual(len(self.answer(wire.End(room="lobby"), *page)), len(page))
        self.assertEqual(len(self.asked()), 1)
        self.assertEqual(self.answer(wire.End(room="lobby")), [])
        self.assertEqual(self.asked(), [])

    def test_what_was_found_is_marked(self) -> None:
        """Where the server says, whatever is shown for what is not safe before it."""
        found = message("\t\x07tea", marks=((2, 5),))
        self.chat.say("/search tea")
        (line,) = self.answer(wire.End(), found)
        self.assertEqual(line.said[-2:], [("found", "tea"), ("text", "")])
        self.assertTrue(line.text.endswith(r"bob:     \x07tea"), line.text)


class WhoIsHereTests(ChatTestCase):
    """Where one comes in, who is there is asked unless they may be many."""

    def setUp(self) -> None:
        self.chat = Chat()
        self.chat.happened(Online(welcome(), False))

    def test_few_are_asked_for(self) -> None:
        """So that names can be completed from the beginning; once."""
        self.chat.happened(message("hi"))
        self.assertEqual(self.asked(), [Clients()])
        self.assertEqual(self.answer(wire.Ok(count=chat.ASKED)), [])
        self.assertEqual(self.asked(), [Who("lobby")])
        alone = wire.Member(room="lobby", nick="alice", session="s1")
        (line,) = self.answer(wire.End(room="lobby", count=1), alone)
        self.assertEqual(line.text, "nobody else is in lobby")
        self.ask("/join lab", wire.Ok(room="lab", last=0))
        self.assertEqual(self.asked()[1:], [Clients()])
        self.answer(wire.Ok(count=2))
        bob = wire.Member(room="lab", nick="bob", session="s2")
        (line,) = self.answer(wire.End(room="lab", count=2), alone, bob)
        self.assertEqual(line.text, "in lab: alice (s1), bob (s2)")

    def test_many_are_not(self) -> None:
        """Nor again at the next room that is said something in."""
        self.answer(wire.Ok(count=chat.ASKED + 1))
        self.asked()
        self.chat.happened(message("hi"))
        self.assertEqual(self.asked(), [])

    def test_no_answer_is_no_news(self) -> None:
        """Nobody has asked."""
        self.assertEqual(self.break_off(Disconnected("it broke")), [])


class AskedTests(SynchronousTestCase):
    """What these tests know of the requests."""

    def test_what_has_no_room_is_left_alone(self) -> None:
        """A name, a time, a list of sessions: without a current room too."""
        chat = Chat(asks_who=False)
        for typed in ("/nick al", "/time", "/status"):
            self.assertEqual(chat.say(typed), [])
        asked = [sent.request for sent in chat.requests()]
        self.assertEqual(asked, [SetNick("al"), Time(), Status()])
