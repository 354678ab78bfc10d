"""One person's chat: what is done here, and what calls."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import Answer, Disconnected, Distrusted, Offline, Online, Untrusted
from ecochat.client.terminal import commands
from ecochat.client.terminal.line import Kind
from ecochat.client.terminal.offers import offers
from ecochat.client.terminal.personal import KEYS, Personal
from ecochat.client.terminal.scene import TYPING_EVERY
from ecochat.core import wire
from ecochat.core.requests import History, Request, Say, Typing
from tests.client.terminal.fakes import TIME, message, welcome

HEAD: dict[str, Any] = {"time": TIME, "room": "lobby", "nick": "alice", "session": "s1"}


def untrusted(**of: Any) -> Distrusted:
    """Return that a server shows a certificate that nobody knows."""
    return Distrusted(Untrusted("long", "brief", "h:4041", "AB", **of))


class PersonalTestCase(SynchronousTestCase):
    """Has a chat of alice's, in the lobby."""

    def setUp(self) -> None:
        self.now = 0.0
        self.chat = Personal(clock=lambda: self.now, find=self.find)
        self.chat.happened(Online(welcome(), False))
        self.chat.requests()

    def find(self, server: str) -> None:
        """Look at an address."""
        if server == "nowhere":
            raise ValueError("that is no address")

    def say(self, typed: str) -> list[str]:
        """Type something; return what is shown at once."""
        return [line.text for line in self.chat.say(typed)]

    def asked(self) -> list[Request]:
        """Return what was asked since the last call."""
        return [sent.request for sent in self.chat.requests()]

    def callers(self, *happenings: Any) -> list[str]:
        """Return who calls by these."""
        lines = [line for each in happenings for line in self.chat.happened(each)]
        return [line.caller for line in lines]


class CommandTests(PersonalTestCase):
    """Those that are done here."""

    def test_one_table(self) -> None:
        """Each is understood, explained and completed as on the whole screen."""
        shown = self.say("/help")
        usages = [f"{c.usage}: {c.help}" for c in commands.OFFERED.values()]
        self.assertEqual(shown, [*usages, commands.REST])
        self.assertEqual(
            self.say("/help mute"), [shown[list(commands.OFFERED).index("mute")]]
        )
        self.assertIn("/kick NICK", self.say("/help kick")[0])
        text = "unknown command /nothing, did you mean /typing? /help lists them all"
        self.assertEqual(self.say("/help nothing"), [text])
        self.assertIn("did you mean /mute?", self.say("/help mut")[0])
        offered = {text.strip("/ ") for text, _, _ in offers("/", "/", self.chat)}
        self.assertEqual(offered, set(commands.OFFERED))
        texts = [text for text, _, _ in offers("/bell ", "", self.chat)]
        self.assertEqual(texts, ["on ", "off "])
        self.assertIn("did you mean /mute?", self.say("/mut")[0])
        self.assertEqual(self.asked(), [])

    def test_goto(self) -> None:
        """The message is asked for, with two before it and two after it, and no more
        than these."""
        self.say("/goto 5")
        (sent,) = self.chat.requests()
        self.assertEqual(sent.request, History(room="lobby", before=8, limit=5))
        page: list[Any] = [message(f"it is {n}", n) for n in range(3, 8)]
        lines = self.chat.answered(sent, Answer(page, wire.End()))
        self.assertEqual(len(lines), 5)
        self.assertEqual(self.asked(), [])

    def test_reply(self) -> None:
        """By the number of what is answered."""
        self.assertEqual(self.say("/reply 5 two words"), [])
        self.assertEqual(self.asked(), [Say("two words", room="lobby", reply_to=5)])

    def test_numbers_can_be_left_out(self) -> None:
        """As before."""
        self.assertEqual(self.say("/acks off"), ["acks off"])

    def test_keys(self) -> None:
        """Are those of the prompt, unless others are."""
        self.assertEqual(self.say("/keys"), list(KEYS))

    def test_elsewhere(self) -> None:
        """By the command or the word; not where that is no address."""
        self.assertEqual(self.say("/connect nowhere"), ["that is no address"])
        self.assertFalse(self.chat.has_left)
        for typed in ("/connect h:1", "CONNECT h:1"):
            self.setUp()
            self.assertEqual(self.say(typed), [])
            self.assertEqual((self.chat.goes_to, self.chat.has_left), ("h:1", True))

    def test_again(self) -> None:
        """Alone they go to the same server, where one is not connected."""
        self.chat.address = "h:2"
        for typed in ("/connect", "CONNECT"):
            self.assertEqual(self.say(typed), ["you are connected already"])
            self.assertFalse(self.chat.has_left)
        self.callers(Offline("lost"))
        self.assertEqual(self.say("/connect"), [])
        self.assertEqual((self.chat.goes_to, self.chat.has_left), ("h:2", True))

    def test_the_mouse(self) -> None:
        """Is none of ours here."""
        [told] = self.say("/mouse off")
        self.assertIn("your terminal's own", told)

    def test_switches(self) -> None:
        """Alone they say how it stands."""
        texts = [self.say(typed)[0] for typed in ("/bell off", "/bell", "/bell on")]
        off, on = "bell and notifications are off", "bell and notifications are on"
        self.assertEqual(texts, [off, off, on])
        texts = [self.say(typed)[0] for typed in ("/typing off", "/typing")]
        self.assertEqual(texts, 2 * ["others do not see that you write"])
        self.assertEqual((self.chat.rings, self.chat.tells_typing), (True, False))

    def test_closing(self) -> None:
        """A private room is current no longer, and is heard all the same."""
        self.assertIn("is for private rooms", self.say("/close")[0])
        self.chat.go_into("@bob")
        self.assertEqual(self.say("/close"), ["@bob is closed. You are in lobby."])
        (line,) = self.chat.happened(message("hi", room="@bob"))
        self.assertEqual(line.room, "@bob")

    def test_clearing(self) -> None:
        """Is for the face to do."""
        self.say("/clear")
        self.assertTrue(self.chat.wants_clear)


class CallTests(PersonalTestCase):
    """Who calls."""

    def test_who_names_one_or_writes_to_one_alone(self) -> None:
        """And nobody else, oneself neither."""
        own = message("alice", session="s1", nick="alice")
        said = (message("hi"), message("hi Alice"), message("psst", room="@bob"), own)
        self.assertEqual(self.callers(*said), ["", "bob in lobby", "bob", ""])

    def test_names_that_would_do_harm(self) -> None:
        """Are shown as marks."""
        self.assertEqual(
            self.callers(message("alice", nick="\x1b")), [r"\x1b in lobby"]
        )

    def test_switched_off(self) -> None:
        """By the bell, or for one room; that is known by its new name, too."""
        self.say("/bell off")
        self.assertEqual(self.callers(message("alice")), [""])
        self.say("/bell on")
        self.assertEqual(self.say("/mute LOBBY"), ["lobby does not call you any more"])
        self.assertEqual(self.callers(message("alice")), [""])
        self.assertEqual(self.say("/mute"), ["lobby calls you again"])
        self.assertEqual(self.callers(message("alice")), ["bob in lobby"])
        self.assertEqual(self.say("/mute nowhere"), ["there is no room nowhere here"])
        self.chat.happened(wire.Opened(room="@bob", last=0))
        self.say("/mute @bob")
        self.chat.happened(wire.Relabelled(room="@bob", new="@rob"))
        self.assertEqual(self.chat.muted, {"@rob"})


class WritingTests(PersonalTestCase):
    """One's own words."""

    def test_editing_the_last_message(self) -> None:
        """Of the room, as it is now."""
        self.assertEqual(self.chat.edit_last(), "")
        own: dict[str, Any] = {"session": "s1", "nick": "alice"}
        self.chat.happened(message("one", 1, **own))
        self.chat.happened(message("two\x07", 2, **own))
        self.chat.happened(message("three", 3))
        self.chat.happened(message("lab", 9, room="lab", **own))
        self.assertEqual(self.chat.edit_last(), "/edit 2 two\x07")
        self.chat.happened(wire.Edit(n=4, message=2, text="zwei", **HEAD))
        self.chat.happened(wire.Delete(n=5, message=1, **HEAD))
        self.assertEqual(self.chat.edit_last(), "/edit 2 zwei")
        self.chat.happened(wire.Delete(n=6, message=2, **HEAD))
        self.assertEqual(self.chat.edit_last(), "")

    def test_a_private_room_of_another_name(self) -> None:
        """Its last message is still that."""
        self.chat.go_into("@bob")
        self.chat.happened(message("psst", 1, "alice", session="s1", room="@bob"))
        self.chat.happened(wire.Relabelled(room="@bob", new="@rob"))
        self.assertEqual(self.chat.edit_last(), "/edit 1 psst")

    def test_others_see_that_one_writes(self) -> None:
        """Now and then; not of commands, nor where one does not want it."""
        self.chat.typed("h")
        self.chat.typed("he")
        self.assertEqual(self.asked(), [Typing(room="lobby")])
        self.now = TYPING_EVERY
        for draft in ("", "  ", "/nick"):
            self.chat.typed(draft)
        self.chat.tells_typing = False
        self.chat.typed("hell")
        self.chat.tells_typing = True
        self.chat.happened(Offline("gone"))
        self.chat.typed("hell")
        self.assertEqual(self.asked(), [])
        self.chat.happened(Online(welcome(), True))
        self.chat.requests()
        self.chat.typed("hello")
        self.assertEqual(self.asked(), [Typing(room="lobby")])

    def test_what_becomes_of_that(self) -> None:
        """Is not shown."""
        self.chat.typed("h")
        sent = self.chat.unanswered[-1]
        self.assertEqual(self.chat.failed(sent, Disconnected("gone")), [])


class ConnectionTests(PersonalTestCase):
    """Without a session."""

    def test_before_the_first(self) -> None:
        """What is typed is said where one will be."""
        chat = Personal("zoe", ["lobby", "lab"])
        self.assertEqual((chat.prompt, chat.has_begun), (("zoe", "lab"), False))
        self.assertEqual(chat.say("hello"), [])
        self.assertEqual(
            [s.request for s in chat.requests()], [Say("hello", room="lab")]
        )

    def test_why_there_is_none(self) -> None:
        """Is told once."""
        shown = [self.chat.unreached(why) for why in ("no\x1b", "no\x1b", "not yet")]
        texts = [[(line.kind, line.text) for line in lines] for lines in shown]
        no, later = r"no\x1b; trying again", "not yet; trying again"
        self.assertEqual(texts, [[(Kind.ERROR, no)], [], [(Kind.ERROR, later)]])

    def test_a_server_that_is_not_known(self) -> None:
        """It is over, so that one is asked; later only where one can be asked."""
        for chat in (Personal(), self.chat):
            (line,) = chat.happened(untrusted())
            self.assertEqual(line.text, "long")
            self.assertTrue(chat.has_left and chat.untrusted)
        for chat, is_over in ((Personal(), True), (self.again(), False)):
            chat.happened(untrusted(known="CD"))
            self.assertEqual(chat.has_left, is_over)

    def again(self) -> Personal:
        """Return a chat that is online."""
        self.setUp()
        return self.chat
