"""What keys and the mouse do."""

from unittest import mock

import msgspec
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import Online, Refused
from ecochat.client.screen import keys
from ecochat.client.screen.model import Model
from ecochat.client.screen.questions import Question
from ecochat.client.screen.wishes import ShowKeys
from ecochat.core import wire
from ecochat.core.requests import Say
from tests.client.screen.desk import NOW, Desk, at_desk
from tests.client.terminal.fakes import message, stored, welcome


class WritingTests(SynchronousTestCase):
    """The line in which one writes."""

    def test_a_message(self) -> None:
        """It is shown at once, and sent once; what is white space only is not."""

        async def act(desk: Desk) -> None:
            desk.type("\r", "  \r", "\x15hello\r")
            await desk.until(lambda: desk.said == ["hello"])
            await desk.sees("alice │ hello …")
            self.assertEqual(desk.input, "")
            desk.model.answered(desk.asked(Say), stored(7))
            desk.face.changed()
            await desk.sees("7")
            await desk.sees_no("hello …")

        desk = at_desk(act)
        self.assertEqual(desk.history.get_strings(), ["hello"])

    def test_several_lines(self) -> None:
        """Alt-Enter begins another one; arrows go from one to the other."""

        async def act(desk: Desk) -> None:
            desk.type("one\x1b\rtwo", "\x1b[A", "!", "\x1b[B", "?\r")
            await desk.until(lambda: desk.said == ["one!\ntwo?"])

        at_desk(act)

    def test_what_was_typed_before(self) -> None:
        """By Ctrl-Up and Ctrl-Down, or searched for by Ctrl-R."""

        async def act(desk: Desk) -> None:
            for text in ("apples", "pears", "plums"):
                desk.type(f"{text}\r")
            await desk.sees("alice │ plums")
            desk.type("\x1b[1;5A")
            await desk.until(lambda: desk.input == "plums")
            desk.type("\x1b[1;5A")
            await desk.until(lambda: desk.input == "pears")
            desk.type("\x1b[1;5B")
            await desk.until(lambda: desk.input == "plums")
            desk.type("\x15\x12app")
            await desk.sees("typed before", "alice> apples")
            desk.type("\r")
            await desk.sees_no("typed before")
            desk.type("\r")
            await desk.until(lambda: desk.said[-1] == "apples")

        at_desk(act)

    def test_editing_the_last_message(self) -> None:
        """Up in an empty line."""

        async def act(desk: Desk) -> None:
            desk.hear(message("teh tea", 5, "alice", session="s1"))
            desk.type("\x1b[A")
            await desk.until(lambda: desk.input == "/edit 5 teh tea")

        at_desk(act)

    def test_what_was_refused(self) -> None:
        """Is red, with why; Up gives it back to be changed."""

        async def act(desk: Desk) -> None:
            desk.type("too much\r")
            await desk.until(lambda: bool(desk.said))
            desk.refuse(desk.asked(Say), Refused("too_long", "that is too long"))
            await desk.sees("that is too long")
            desk.type("\x1b[A")
            await desk.until(lambda: desk.input == "too much")
            await desk.sees_no("that is too long")

        at_desk(act)

    def test_completing(self) -> None:
        """Commands as one types, and by Tab; so are names in the first word."""

        async def act(desk: Desk) -> None:
            desk.hear(wire.Joined(room="lobby", nick="bob", session="s2"))
            desk.type("/to")
            await desk.sees("/topic [TEXT]")
            desk.type("\t")
            await desk.until(lambda: desk.input == "/topic ")
            desk.type("\x15bo")
            await desk.until(lambda: desk.input == "bo")
            await desk.sees_no("/topic")
            desk.type("\t")
            await desk.until(lambda: desk.input == "bob: ")

        at_desk(act)

    def test_completing_at_once(self) -> None:
        """Tab is not lost where it comes together with what is completed."""

        async def act(desk: Desk) -> None:
            desk.hear(wire.Joined(room="lobby", nick="bob", session="s2"))
            desk.type("bo\thello\r/to\ttea\r\tzz\t\r")
            await desk.until(lambda: len(desk.said) == 3)
            self.assertEqual(desk.said, ["bob: hello", "/topic tea", "bob: zz"])

        at_desk(act)

    def test_names_that_are_offered(self) -> None:
        """Take no key but Tab: Enter sends what is written, arrows go through what was
        typed before; once one is chosen they go to the next."""

        async def act(desk: Desk) -> None:
            buffer = desk.face.writing.buffer
            for nick in ("rosalind", "rosanna"):
                desk.hear(wire.Joined(room="lobby", nick=nick, session=nick))
            desk.type("ro")
            await desk.sees("          rosanna ", "\n X · conn rosalind")
            desk.type("\r")
            await desk.until(lambda: desk.said == ["ro"])
            for text, key, at in (("rosa", "\x1b[A", "ro"), ("ros", "\x1b[B", "rosa")):
                desk.type("\x15", text)
                await desk.until(lambda: buffer.complete_state is not None)
                desk.type(key)
                await desk.until(lambda: buffer.complete_state is None)
                self.assertEqual(desk.input, at)
            desk.type("\x15", "ros")
            await desk.until(lambda: buffer.complete_state is not None)
            desk.type("\t")
            await desk.until(lambda: desk.input == "rosanna: ")
            desk.type("\x1b[B")
            await desk.until(lambda: desk.input == "rosalind: ")

        at_desk(act)

    def test_pasting(self) -> None:
        """Some lines are taken; many only when that is meant."""
        some, many = "a\nb", "\r\n".join("abcdefg")

        async def act(desk: Desk) -> None:
            desk.type(f"\x1b[200~{some}\x1b[201~")
            await desk.until(lambda: desk.input == some)
            desk.type("\x03")
            all = "a\nb\nc\nd\ne\nf\ng"
            for answer, got in (("\x1b", ""), ("no\r", ""), ("\r", all)):
                desk.type(f"\x1b[200~{many}\x1b[201~")
                await desk.sees("Paste 7 lines?")
                desk.type(answer)
                await desk.sees_no("Paste 7 lines?")
                self.assertEqual(desk.input, got)
            self.assertEqual(desk.said, [])

        at_desk(act)

    def test_pasting_too_much(self) -> None:
        """The question says how much it is, and how much may be sent; the end of the
        last line is no line."""

        async def act(desk: Desk) -> None:
            for text, counted in (
                ("x\r\n" * 200, "Paste 200 lines?"),
                ("y" * 49 + "\n" + "y" * 3_951, "2 lines, 4,001 characters (4,000 may"),
                ("z" * 4_001, "Paste 1 line, 4,001 characters (4,000 may be sent)?"),
            ):
                desk.type(f"\x1b[200~{text}\x1b[201~")
                await desk.sees(counted)
                desk.type("\x1b")
                await desk.sees_no("Paste")
            bounds = wire.Bounds(frame=65_536, message=4_001)
            there = msgspec.structs.replace(welcome("alice"), limits=bounds)
            desk.hear(Online(there, True))
            desk.type(f"\x1b[200~{'z' * 4_001}\x1b[201~")
            await desk.until(lambda: len(desk.input) == 4_001)

        at_desk(act)

    def test_typed_ahead(self) -> None:
        """However many lines are read at once: each is sent, none is asked about."""
        lines = [f"line {n} " + "x" * 90 for n in range(50)]

        async def act(desk: Desk) -> None:
            desk.type("".join(f"{line}\r" for line in lines))
            await desk.until(lambda: len(desk.said) == len(lines))
            self.assertEqual(desk.said, lines)

        at_desk(act)

    def test_replying_by_a_click(self) -> None:
        """On a message, where nothing is written; on what has no number nothing is."""

        async def act(desk: Desk) -> None:
            desk.hear(message("coffee?", 1), message("milk?", 2))
            desk.model.tell("by the way")
            desk.face.changed()
            await desk.sees("by the way")

            def click(text: str) -> None:
                lines = desk.glass.text.split("\n")
                row = 1 + next(n for n, line in enumerate(lines) if text in line)
                desk.type(f"\x1b[<0;70;{row}M\x1b[<0;70;{row}m")

            click("by the way")
            desk.type("!")
            await desk.until(lambda: desk.input == "!")
            click("coffee?")
            desk.type("!")
            await desk.until(lambda: desk.input == "!!")
            desk.type("\x15")
            click("coffee?")
            await desk.until(lambda: desk.input == "/reply 1 ")

        at_desk(act)

    def test_replying(self) -> None:
        """To a message that is chosen from a list, by some of its letters."""

        async def act(desk: Desk) -> None:
            desk.hear(message("coffee?", 1), message("tea?", 2), message("milk?", 3))
            desk.type("\x1br", "te")
            await desk.sees("Reply to: te", "> 2 bob tea?")
            desk.type("\r")
            await desk.until(lambda: desk.input == "/reply 2 ")

        at_desk(act)


class RoomTests(SynchronousTestCase):
    """Going from room to room."""

    def test_by_keys(self) -> None:
        """By number, to the next and the one before, to what is unread."""

        async def act(desk: Desk) -> None:
            for typed, room in (
                ("\x1b2", "lab"),
                ("\x1b9", "lab"),
                ("\x0e", "tea"),
                ("\x0e", "lobby"),
                ("\x10", "tea"),
            ):
                desk.type(typed)
                await desk.until(lambda room=room: desk.model.current == room)  # type: ignore[misc]
            desk.hear(message("news", 1, room="lab"))
            await desk.sees("2 lab            1")
            desk.type("\x1ba")
            await desk.until(lambda: desk.model.current == "lab")

        at_desk(act, "lobby", "lab", "tea")

    def test_by_letters(self) -> None:
        """Those that are found, the nearest first; Escape stays where one is."""

        async def act(desk: Desk) -> None:
            desk.type("\x0b", "ta")
            await desk.sees("Go to: ta", "> tea")
            desk.type("\r")
            await desk.until(lambda: desk.model.current == "tea")
            desk.type("\x0b", "l", "\x1b")
            await desk.sees_no("Go to:")
            self.assertEqual(desk.model.current, "tea")
            desk.type("\x0b", "\x1b[B", "\r")
            await desk.until(lambda: desk.model.current == "lab")

        at_desk(act, "lobby", "lab", "tea")

    def test_by_a_click(self) -> None:
        """On a room, or on one of a list."""

        async def act(desk: Desk) -> None:
            await desk.sees("3 tea")
            desk.type("\x1b[<0;3;4M\x1b[<0;3;4m")
            await desk.until(lambda: desk.model.current == "tea")
            desk.type("\x0b")
            await desk.sees("> lobby")
            desk.type("\x1b[<0;25;3M\x1b[<0;25;3m")
            await desk.until(lambda: desk.model.current == "lab")
            await desk.sees_no("Go to:")

        at_desk(act, "lobby", "lab", "tea")

    def test_each_has_its_draft(self) -> None:
        """Also when the keys come together; and a command leaves nothing behind."""

        async def act(desk: Desk) -> None:
            desk.type("for the lobby\x0efor the lab\x0e")
            await desk.until(lambda: desk.input == "for the lobby")
            desk.type("\x0e")
            await desk.sees("alice> for the lab")
            drafts = {name: room.draft for name, room in desk.model.rooms.items()}
            texts = {"lobby": "for the lobby", "lab": "for the lab"}
            self.assertEqual(drafts, texts)
            desk.type("\r\x0e\r")
            await desk.until(lambda: len(desk.said) == 2)
            self.assertEqual([r.draft for r in desk.model.rooms.values()], ["", ""])

        at_desk(act, "lobby", "lab")

    def test_what_is_for_one_person_stays_so(self) -> None:
        """When the private room is gone behind its back."""

        async def act(desk: Desk) -> None:
            desk.model.go("@bob")
            desk.type("a secret")
            await desk.until(lambda: desk.input == "a secret")
            desk.hear(wire.Dropped(room="@bob"))
            await desk.until(lambda: desk.input == "/msg bob a secret")

        at_desk(act, "lobby", "@bob")


class OtherTests(SynchronousTestCase):
    """Help, and leaving."""

    def test_the_keys_are_shown(self) -> None:
        """By F1, and by /keys; what is typed finds some of them. F1, q and Esc leave
        them."""

        async def act(desk: Desk) -> None:
            desk.type("\x1bOP", "fuzzyq")
            await desk.sees("find): fuzzyq", "nothing")
            desk.type("\x15alt1")
            await desk.sees("Alt-1 … Alt-9", "go to that room")
            for leave in ("\x1bOP", "q", "\x1b"):
                desk.type("\x15", leave)
                await desk.sees_no("Esc closes")
                self.assertEqual(desk.input, "")
                desk.type("\x1bOP", "x")
                await desk.sees("Esc closes, letters find): x")
            desk.type("\x1b", "/keys\r")
            await desk.until(lambda: desk.granted == [ShowKeys()])

        at_desk(act)

    def test_each_key_works(self) -> None:
        """None fails in an empty line, where what it does may be nothing; each that is
        shown has a help."""

        async def act(desk: Desk) -> None:
            with mock.patch.object(desk.face.app, "suspend_to_background"):
                for key in keys.KEYS:
                    self.assertTrue(key.help)
                    key.do(desk.face)
                    desk.face.questions.dismiss()

        at_desk(act)

    def test_leaving(self) -> None:
        """By Ctrl-D in an empty line, or by Ctrl-C twice, which drops the line at
        first; another key between them is not twice."""
        for typed in ("\x04", "\x03\x03"):

            async def act(desk: Desk, typed: str = typed) -> None:
                desk.type("oops\x03")
                await desk.sees(keys.LEAVE_HINT)
                self.assertEqual(desk.input, "")
                desk.type("x")
                await desk.sees_no(keys.LEAVE_HINT)
                desk.type("\x7f\x04" if typed == "\x04" else "\x7f\x03")
                if typed == "\x03\x03":
                    await desk.sees(keys.LEAVE_HINT)
                    self.assertTrue(desk.face.app.is_running)
                    desk.type("\x03")
                await desk.until(lambda: not desk.face.app.is_running)

            self.assertEqual(at_desk(act).history.get_strings(), ["oops"])

    def test_leaving_a_question(self) -> None:
        """By Ctrl-D, where nothing is answered yet; the program goes on."""

        async def act(desk: Desk) -> None:
            desk.type("\x0b", "ab\x1b[D", "\x04", "\x02")
            await desk.sees("Go to: a")
            await desk.sees_no("Go to: ab")
            desk.type("\x04", "\x04")
            await desk.sees_no("Go to:")
            self.assertTrue(desk.face.app.is_running)
            desk.face.ask(Question("Why? ", lambda answer: None))
            desk.type("\x04")
            await desk.sees_no("Why?")
            self.assertTrue(desk.face.app.is_running)

        at_desk(act)

    def test_leaving_the_first_question(self) -> None:
        """Leaves, as there is nothing behind it."""

        async def act(desk: Desk) -> None:
            desk.face.show(Model(clock=lambda: NOW))
            desk.face.ask(Question("Your nickname: ", lambda answer: None))
            desk.type("\x04")
            await desk.until(lambda: not desk.face.app.is_running)

        at_desk(act)

    def test_a_question_that_comes_by_itself(self) -> None:
        """Takes nothing of what one is typing: it waits until one stops, and the
        status says so; then the line is there again."""
        answers: list[str] = []

        async def act(desk: Desk) -> None:
            questions = desk.face.questions
            clock = Clock()
            self.patch(questions, "_clock", clock.seconds)
            desk.type("half a")
            await desk.sees("alice> half a")
            desk.face.offer(Question("Trust it? ", answers.append))
            await desk.sees("asked when you stop typing: Trust it?", "alice> half a")
            desk.type(" line\r")
            await desk.until(lambda: desk.said == ["half a line"])
            desk.type("more")
            await desk.until(lambda: desk.input == "more")
            clock.advance(1.0)
            await desk.sees("Trust it?")
            await desk.sees_no("stop typing", "alice> more")
            desk.type("yes\r")
            await desk.sees("alice> more")
            self.assertEqual(answers, ["yes"])

        at_desk(act)

    def test_a_suggestion(self) -> None:
        """Gives way to the first letter, also to what is pasted; what is wrong with an
        answer is told, and one goes on with it."""
        answers: list[str] = []

        async def act(desk: Desk) -> None:
            wrong = lambda text: "too short" * (len(text) < 2)  # noqa: E731
            desk.face.ask(Question("Name: ", answers.append, "alice_", check=wrong))
            await desk.sees("Name: alice_")
            desk.type("b\r")
            await desk.sees("Name: b", "too short")
            desk.type("ob\r")
            await desk.until(lambda: answers == ["bob"])
            desk.face.ask(Question("Name: ", answers.append, "alice_"))
            desk.type("\x1b[200~dave\x1b[201~\r")
            await desk.until(lambda: answers == ["bob", "dave"])

        at_desk(act)

    def test_suspending(self) -> None:
        """By Ctrl-Z."""

        async def act(desk: Desk) -> None:
            with mock.patch.object(desk.face.app, "suspend_to_background") as suspend:
                desk.type("\x1a")
                await desk.until(lambda: suspend.called)

        at_desk(act)
