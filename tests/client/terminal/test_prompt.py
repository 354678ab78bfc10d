"""The prompt, typed at through a pipe."""

import asyncio
from unittest import mock

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import Offline, Online, Refused
from ecochat.client.terminal import prompt
from ecochat.client.terminal.chat import LEAVE_HINT
from ecochat.client.terminal.line import error
from ecochat.core import wire
from tests.client.terminal.fakes import Desk, at_desk, message, stored, welcome


class PromptTests(SynchronousTestCase):
    """What a person types and sees."""

    def test_a_line_is_said_and_shown_once(self) -> None:
        """With its number, when it is stored; until then above the prompt."""

        async def act(desk: Desk) -> None:
            desk.keyboard.send_text("hello\r")
            await desk.until(lambda: desk.said == ["hello"])
            await desk.until(lambda: desk.sees("alice: hello"))
            desk.answer(stored(42))
            desk.hear(message("hello", 42, "alice", session="s1"))
            await desk.until(lambda: desk.sees("  42"))

        desk = at_desk(act)
        self.assertEqual(desk.history.get_strings(), ["hello"])
        self.assertEqual(desk.chat.unanswered, [])

    def test_what_is_for_one_person_stays_so(self) -> None:
        """When the private room is gone behind its back."""

        async def act(desk: Desk) -> None:
            desk.chat.go_into("@bob")
            desk.prompt.show([])
            desk.keyboard.send_text("a secret")
            await desk.until(lambda: desk.input == "a secret")
            desk.hear(wire.Dropped(room="@bob"))
            await desk.until(lambda: desk.input == "/msg bob a secret")
            desk.chat.go_into("lab")
            desk.hear(message("hi"))
            await desk.until(lambda: desk.sees(": hi"))
            self.assertEqual(desk.input, "/msg bob a secret")

        at_desk(act)

    def test_what_is_typed_stays_while_lines_come(self) -> None:
        """They are shown above it."""

        async def act(desk: Desk) -> None:
            desk.keyboard.send_text("half a li")
            await desk.until(lambda: desk.input == "half a li")
            desk.hear(message("hi"))
            await desk.until(lambda: desk.sees(": hi"))
            desk.keyboard.send_text("ne\r")
            await desk.until(lambda: desk.said == ["half a line"])

        at_desk(act)

    def test_white_space_says_nothing(self) -> None:
        """Nor does an empty line."""

        async def act(desk: Desk) -> None:
            desk.keyboard.send_text("\r")
            desk.keyboard.send_text("  \r")
            desk.keyboard.send_text("x\r")
            await desk.until(lambda: "x" in desk.said)

        asked = [sent.typed for sent in at_desk(act).chat.unanswered]
        self.assertEqual(asked, ["x"])

    def test_several_lines(self) -> None:
        """Alt-Enter begins another one."""

        async def act(desk: Desk) -> None:
            desk.keyboard.send_text("one\x1b\rtwo\r")
            await desk.until(lambda: desk.said == ["one\ntwo"])

        at_desk(act)

    def test_a_name_is_completed(self) -> None:
        """By Tab."""

        async def act(desk: Desk) -> None:
            desk.hear(wire.Joined(room="lobby", nick="bob", session="s2"))
            desk.keyboard.send_text("bo\t")
            await desk.until(lambda: desk.input == "bob: ")

        at_desk(act)

    def test_leaving(self) -> None:
        """By /quit or Ctrl-D; Ctrl-C clears the line and says so."""
        for keys in ("/QUIT \r", "\x04"):

            async def act(desk: Desk, keys: str = keys) -> None:
                desk.keyboard.send_text("oops\x03")
                await desk.until(lambda: desk.sees(LEAVE_HINT))
                await desk.until(lambda: desk.prompt._session.app.is_running)
                self.assertEqual(desk.input, "")
                desk.keyboard.send_text(keys)
                await desk.until(lambda: not desk.prompt._session.app.is_running)

            self.assertEqual(at_desk(act).chat.unanswered, [])

    def test_without_a_connection(self) -> None:
        """The prompt says so, and what is said waits above it; one can leave."""

        async def act(desk: Desk) -> None:
            desk.hear(Offline("it broke"))
            desk.keyboard.send_text("late\r")
            await desk.until(lambda: desk.sees("alice: late"))
            await desk.until(lambda: desk.sees("(no connection)"))
            self.assertEqual((desk.input, desk.said), ("", ["late"]))
            desk.hear(Online(welcome(), True))
            await desk.until(lambda: desk.sees("connected again"))
            desk.keyboard.send_text("/quit\r")
            await desk.until(lambda: desk.chat.has_left)

        at_desk(act)

    def test_what_was_refused_comes_back(self) -> None:
        """One after the other, when the input is empty; Ctrl-C drops the rest."""

        async def act(desk: Desk) -> None:
            for text in ("one", "two", "three"):
                desk.keyboard.send_text(f"{text}\r")
            await desk.until(lambda: len(desk.said) == 3)
            for sent in list(desk.chat.unanswered):
                why = Refused("not_stored", "the disk is full")
                desk.prompt.show(desk.chat.failed(sent, why))
            await desk.until(lambda: desk.input == "one")
            self.assertTrue(desk.sees("the disk is full"))
            desk.keyboard.send_text("\r")
            await desk.until(lambda: desk.input == "two")
            desk.keyboard.send_text("\x03")
            await desk.until(lambda: desk.sees(LEAVE_HINT))
            await desk.until(lambda: desk.input == "")

        desk = at_desk(act)
        self.assertEqual(desk.said, ["one", "two", "three", "one"])

    def test_what_was_refused_while_lines_are_shown(self) -> None:
        """Comes back, too."""

        async def act(desk: Desk) -> None:
            desk.hear(message("hi"))
            await asyncio.sleep(0)  # it is being shown
            desk.chat.given_back.append("one")
            desk.prompt.show([error("it is wrong")])
            await desk.until(lambda: desk.sees("it is wrong"))
            await desk.finish()
            self.assertEqual(desk.input, "one")

        at_desk(act)

    def test_a_flood_waits(self) -> None:
        """What happens is taken when what came before is shown: lines cost memory."""

        async def act(desk: Desk) -> None:
            loop = asyncio.get_running_loop()
            desk.hear(message("first"))
            self.assertTrue(Deferred.fromCoroutine(desk.prompt.keep_up()).called)
            desk.hear(*(message(str(n)) for n in range(prompt.WAITING + 1)))
            waiting = Deferred.fromCoroutine(desk.prompt.keep_up())
            self.assertFalse(waiting.called)
            await waiting.asFuture(loop)
            self.assertTrue(desk.sees(f": {prompt.WAITING}"))

        at_desk(act)

    def test_what_was_begun_is_given_back(self) -> None:
        """When it ends while one writes, as to ask for another name."""

        async def act(desk: Desk) -> None:
            desk.keyboard.send_text("half a line")
            await desk.until(lambda: desk.input == "half a line")
            desk.prompt.end()

        self.assertEqual(list(at_desk(act).chat.given_back), ["half a line"])

    def test_the_end_comes_before_the_prompt(self) -> None:
        """As when the server closes while the greeting is shown."""

        async def act(desk: Desk) -> None:
            desk.prompt.end()
            await desk.until(lambda: not desk.prompt._session.app.is_running)
            with mock.patch.object(desk.prompt._session, "prompt_async") as asked:
                await desk.prompt.talk()
            asked.assert_not_called()
            desk.prompt.show([error("the last line")])
            await desk.finish()

        self.assertIn("the last line", at_desk(act).screen.getvalue())
