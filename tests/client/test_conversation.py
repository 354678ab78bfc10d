"""A conversation: frames in, lines out, what is sent and what is known."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import conversation, unanswered
from ecochat.client.conversation import Conversation
from ecochat.client.line import Kind, Line
from ecochat.core.framing import encode_frame

HELLO = "* Welcome to X. You are guest-1 in lobby alone. /nick NAME to choose a name."


class ConversationTestCase(SynchronousTestCase):
    """Has a conversation that is connected and greeted."""

    def setUp(self) -> None:
        self.talk = Conversation()
        self.begin()

    def begin(self, greeting: str = HELLO) -> list[Line]:
        """Connect, be greeted, and forget what was sent until then."""
        self.talk.connected()
        return self.hear(greeting)

    def hear(self, *frames: str) -> list[Line]:
        """Have the server send frames."""
        return self.talk.receive(b"".join(map(encode_frame, frames)))

    def sent(self) -> list[str]:
        """Return the frames that were sent since the last call."""
        return self.talk.output().decode().split("\0")[:-1]


class SessionTests(ConversationTestCase):
    """The beginning and the end."""

    def test_the_first_frame_opens_the_session_at_once(self) -> None:
        """An empty one, or the name to take."""
        self.assertEqual(self.sent(), [""])
        self.talk = Conversation("alice\ud800")
        self.talk.connected()
        self.assertEqual(self.sent(), ["/nick alice?"])

    def test_the_greeting_says_who_and_where_one_is(self) -> None:
        """And it is shown."""
        self.assertEqual((self.talk.nick, self.talk.room), ("guest-1", "lobby"))
        self.assertTrue(self.talk.online and self.talk.welcomed)
        talk = Conversation()
        talk.connected()
        lines = talk.receive(encode_frame(HELLO))
        self.assertEqual(lines, [Line(Kind.NOTICE, HELLO[2:])])

    def test_names_and_rooms_are_taken_again(self) -> None:
        """On another connection: each room, the current one last."""
        self.hear("* guest-1 is now alice", "* You are alice in lab alone.")
        self.hear("* You are alice in lobby alone.")
        self.sent()
        self.talk.lost()
        self.assertFalse(self.talk.online)
        lines = self.begin(HELLO.replace("guest-1", "guest-2"))
        self.assertEqual(lines[0].text, "connected again")
        self.assertEqual(self.sent(), ["/nick alice", "/join lab", "/join lobby"])
        self.hear(
            "* guest-2 is now alice",
            "* You are alice in lab with 3 others.",
            "* You are alice in lobby with 3 others.",
        )
        self.assertEqual(self.talk.rooms, ["lab", "lobby"])
        self.assertEqual((self.talk.nick, self.sent()), ("alice", ["/who lobby"]))

    def test_a_room_that_was_left_is_left_again(self) -> None:
        """The one that the server puts everyone into."""
        self.hear(
            "* You are guest-1 in lab alone.", "* You left lobby. You are in lab."
        )
        self.sent()
        self.talk.lost()
        self.begin()
        self.assertEqual(self.sent(), ["", "/join lab", "/leave lobby"])

    def test_messages_without_an_answer_are_given_back(self) -> None:
        """When the connection is lost; and told, since they may be stored."""
        for typed in ("/who", "one\x1b", "/me waves"):
            self.talk.say(typed)
        lines = self.talk.lost()
        self.assertEqual(list(self.talk.given_back), ["one\x1b", "/me waves"])
        self.assertEqual([line.kind for line in lines], [Kind.ERROR] * 3)
        self.assertIn("trying again", lines[0].text)
        self.assertTrue(lines[1].text.endswith(r": one\x1b"))

    def test_what_is_said_without_a_session_is_given_back(self) -> None:
        """It would be lost otherwise."""
        self.talk.lost()
        self.assertEqual(self.talk.say("late"), [])
        self.assertEqual(list(self.talk.given_back), ["late"])

    def test_asking_to_leave(self) -> None:
        """After these the server closes because it was asked to."""
        for typed in ("/quit", "exit", "EXIT\n", "q", "CLOSE SOCKET", "QUIT 12345"):
            self.setUp()
            self.talk.say("hello")
            self.talk.say(typed)
            self.hear("+ lobby 1")  # of what was said before
            self.assertTrue(self.talk.asked_to_leave, typed)
        self.setUp()
        for typed in ("EXIT ", "QUIT", "QUIT while you can", "close socket"):
            self.talk.say(typed)
            self.assertFalse(self.talk.asked_to_leave, typed)
        self.setUp()
        self.talk.say("QUIT 1")
        self.hear("! wrong password, try again")
        self.assertFalse(self.talk.asked_to_leave)
        self.talk.say("q")
        self.hear("+ lobby 1")  # it was a message there
        self.assertFalse(self.talk.asked_to_leave)

    def test_a_password(self) -> None:
        """It is no message: it is not shown as one, nor given back."""
        self.talk.say("QUIT")
        self.hear("* password?")
        for wrong in ("1", "2"):
            self.talk.say(wrong)
            self.assertTrue(self.talk.asked_to_leave)
            self.hear("! wrong password, try again")
            self.assertFalse(self.talk.asked_to_leave)
        self.talk.say("3")
        self.assertEqual(self.talk.unanswered.messages, [])
        self.hear("! wrong password, try again", "* back to chat")
        self.talk.say("4")
        self.assertFalse(self.talk.asked_to_leave)
        self.assertEqual([s.said for s in self.talk.unanswered.messages], ["4"])

    def test_what_was_for_one_person_is_for_one_person_when_it_comes_back(self) -> None:
        """Their room may be gone then, and everyone would read it."""
        self.hear("* You are guest-1 in @bob with 1 other.")
        for typed in ("one", "//two", "/me waves", "/msg eve hi"):
            self.talk.say(typed)
        self.talk.lost()
        self.talk.say("late")
        given = ["/msg bob one", "/msg bob /two", "/msg bob /me waves"]
        self.assertEqual(
            list(self.talk.given_back), [*given, "/msg eve hi", "/msg bob late"]
        )

    def test_an_error_that_nothing_asked_for_is_the_end(self) -> None:
        """Who is kicked does not come again; who made a mistake does."""
        self.talk.say("/time")
        self.hear("* 2026-11-21T04:30:49Z", "! an operator ended your session")
        self.assertTrue(self.talk.dismissed)
        self.hear("* after all")
        self.assertFalse(self.talk.dismissed)
        self.talk.say("/histroy")
        self.hear("! unknown command /histroy, did you mean /history?")
        self.assertFalse(self.talk.dismissed)


class MessageTests(ConversationTestCase):
    """What is said."""

    def test_what_others_say(self) -> None:
        """In the current room, in another one, in private, or by the server."""
        said = {
            "bob: hi: you": Line(Kind.MESSAGE, "hi: you", "bob"),
            "[lab] bob: x\n* y": Line(Kind.MESSAGE, "x\n* y", "bob", "lab"),
            "[@bob] bob: psst": Line(Kind.MESSAGE, "psst", "bob", "@bob"),
            "Server: tea": Line(Kind.MESSAGE, "tea", "Server"),
            "something else": Line(Kind.NOTICE, "something else"),
        }
        for frame, line in said.items():
            self.assertEqual(self.hear(frame), [line])
        self.assertEqual(list(self.talk.people), ["bob"])
        self.assertEqual(list(self.talk.places), ["lobby", "lab", "@bob"])

    def test_everything_is_made_safe(self) -> None:
        """Also names and notices, and frames that are no text."""
        lines = self.hear("\x1bbob: \x9b", "[\u202e] b: x", "* \x07", "! \x08")
        shown = "".join(line.nick + line.room + line.text for line in lines)
        self.assertEqual(shown, r"\x1bbob\x9bb\u202ex\x07\x08")
        (line,) = self.talk.receive(b"\xff\0")
        self.assertEqual((line.kind, "not UTF-8" in line.text), (Kind.ERROR, True))

    def test_ones_own_message_is_shown_with_its_number(self) -> None:
        """Once, when it is stored; the room is told unless it is the current one."""
        self.talk.say("hello\tall")
        self.assertEqual(
            [s.said for s in self.talk.unanswered.messages], ["hello\tall"]
        )
        own = Line(Kind.OWN, "hello    all", "guest-1", "", "42")
        self.assertEqual(self.hear("+ lobby 42"), [own])
        self.assertEqual(self.talk.unanswered.messages, [])
        self.talk.say("/msg bob psst")
        own = Line(Kind.OWN, "psst", "guest-1", "@bob", "1")
        self.assertEqual(self.hear("+ @bob 1"), [own])
        self.talk.say("//x")
        self.assertEqual(self.hear("+ lobby 43")[0].text, "/x")
        self.talk.say("/topic tea")
        topic = Line(Kind.NOTICE, "guest-1 set the topic: tea", "", "", "44")
        self.assertEqual(self.hear("+ lobby 44"), [topic])

    def test_a_number_of_nothing_known_is_shown(self) -> None:
        """As of what the client took for a classic word."""
        self.talk.say("TIME")
        self.assertEqual(self.hear("+ lobby 7"), [Line(Kind.NOTICE, "stored: lobby 7")])

    def test_without_numbers_a_message_is_shown_at_once(self) -> None:
        """After /acks off; on another connection they come again."""
        self.talk.say("/acks off")
        own = Line(Kind.OWN, "hello", "guest-1")
        self.assertEqual(self.talk.say("hello"), [own])
        self.talk.lost()
        self.begin()
        self.assertEqual(self.talk.say("hello"), [])

    def test_answers_find_what_they_answer(self) -> None:
        """Numbers and errors, in the order of the frames; notices in between."""
        self.talk.say("/who")
        self.talk.say("/nick 1st")
        self.talk.say("one")
        self.talk.say("two")
        self.hear("* lobby bob s2", "* end lobby 1", "! a nickname begins with …")
        self.assertEqual(len(self.talk.unanswered.messages), 2)
        self.hear("! you are in no room")
        self.assertEqual(self.hear("+ lobby 5")[0].text, "two")

    def test_a_notice_that_comes_unasked_answers_no_message(self) -> None:
        """Each number stays with its message."""
        self.talk.say("one")
        self.hear("* bob set the topic: tea")
        self.talk.say("two")
        lines = self.hear("+ lobby 2", "+ lobby 3")
        shown = [(line.text, line.number) for line in lines]
        self.assertEqual(shown, [("one", "2"), ("two", "3")])

    def test_answers_after_a_connection_was_lost(self) -> None:
        """What the client asks by itself then is answered before what is typed: a
        refusal is of what was refused, and each message has its own number."""
        self.hear("* guest-1 is now al", "* You are al in r1 alone.")
        self.hear("* You are al in r2 alone.")
        self.talk.lost()
        self.begin()
        self.hear("* guest-1 is now al", "* You are al in r1 alone.")
        self.hear("* You are al in r2 alone.", "* You left lobby. You are in r2.")
        for typed in ("/msg nobody x", "hello one", "hello two"):
            self.talk.say(typed)
        lines = self.hear("! there is nobody called nobody", "+ r2 1", "+ r2 2")
        numbers = [(line.kind, line.text, line.number) for line in lines]
        self.assertEqual(
            numbers,
            [
                (Kind.ERROR, "there is nobody called nobody", ""),
                (Kind.OWN, "hello one", "1"),
                (Kind.OWN, "hello two", "2"),
            ],
        )

    def test_an_answer_that_nothing_asked_for(self) -> None:
        """It answers nothing that waits."""
        self.talk.say("hi")
        self.hear("* You are guest-1 in lab alone.")
        (line,) = self.hear("+ lobby 1")
        self.assertEqual((line.text, line.number), ("hi", "1"))

    def test_too_much_unanswered(self) -> None:
        """So much is a sign that no answers come."""
        for _ in range(unanswered.MOST):
            self.assertFalse(self.talk.unanswered.is_full)
            self.talk.say("hello")
        self.assertTrue(self.talk.unanswered.is_full)

    def test_commands_that_are_answered_do_not_add_up(self) -> None:
        """Their answers cannot be told from notices, but the next frame comes after."""
        for _ in range(unanswered.MOST + 1):
            self.talk.say("/time")
            self.hear("* 2026-11-21T04:30:49Z")
        self.assertFalse(self.talk.unanswered.is_full)


class NoticeTests(ConversationTestCase):
    """Who and what is there."""

    def test_people_come_go_and_are_renamed(self) -> None:
        """Presence is known, and shown as such."""
        lines = self.hear("* bob joined", "* [lab] ann joined", "* bob is now rob")
        self.assertEqual({line.kind for line in lines}, {Kind.PRESENCE})
        self.assertEqual(list(self.talk.people), ["ann", "rob"])
        self.hear("* [lab] ann left", "* eve left")
        self.assertEqual(list(self.talk.people), ["rob"])

    def test_ones_own_name(self) -> None:
        """Is followed, and is nobody else's."""
        (line,) = self.hear("* guest-1 is now alice")
        self.assertEqual((self.talk.nick, line.kind), ("alice", Kind.NOTICE))
        self.assertEqual(list(self.talk.people), [])

    def test_a_private_room_follows_its_name(self) -> None:
        """What was @bob is @rob."""
        self.hear("[@bob] bob: psst", "* You are guest-1 in @bob with 1 other.")
        self.hear("* bob is now rob")
        self.assertEqual(list(self.talk.places), ["lobby", "@rob"])
        self.assertEqual(self.talk.room, "@rob")

    def test_rooms(self) -> None:
        """The one gone into last is current; who leaves it is in the one before."""
        self.hear("* You are guest-1 in v1.2 alone. Topic: You left it")
        self.assertEqual(self.talk.rooms, ["lobby", "v1.2"])
        self.hear("* You left v1.2. You are in lobby.")
        self.assertEqual(self.talk.rooms, ["lobby"])
        self.hear("* You left lobby. You are in no room, /join one.")
        self.assertEqual((self.talk.rooms, self.talk.room), ([], ""))
        self.hear("* lobby 3 members, last 42: tea", "* lab 1 member, last 0")
        self.assertEqual(list(self.talk.places), ["v1.2", "lobby", "lab"])

    def test_who_is_here_is_asked_unless_they_are_many(self) -> None:
        """So that names can be completed from the beginning."""
        self.sent()
        self.hear("* You are guest-1 in lab with 1 other.")
        self.assertEqual(self.sent(), ["/who lab"])
        lines = self.hear("* lab guest-1 s1", "* lab bob s2", "* end lab 2")
        self.assertEqual(
            [line.text for line in lines], ["in lab: guest-1 (s1), bob (s2)"]
        )
        self.assertEqual(list(self.talk.people), ["bob"])
        self.hear(f"* You are guest-1 in big with {conversation.ASKED + 1} others.")
        self.assertEqual(self.sent(), [])

    def test_long_lists_take_several_lines(self) -> None:
        """However long a list the server sends, little of it is kept."""
        frames = [f"* lobby p{n} s{n}" for n in range(2 * conversation.LISTED + 1)]
        self.assertEqual(len(self.hear(*frames, "* end lobby 9")), 3)
        self.assertEqual(len(self.talk.people), conversation.KNOWN)

    def test_the_end_of_a_list_is_shown_only_if_nothing_was_in_it(self) -> None:
        """It is for programs; but a question has an answer."""
        self.talk.say("/since 9")
        self.assertEqual(len(self.hear("* end lobby 3")), 1)
        self.talk.say("/help who")
        lines = self.hear("* /who [ROOM]: list who is in a room", "* end help")
        self.assertEqual(len(lines), 1)
