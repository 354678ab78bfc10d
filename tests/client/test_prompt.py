"""The prompt, typed at through a pipe."""

import asyncio
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import prompt
from ecochat.client.line import Kind, Line
from ecochat.client.unanswered import MOST
from tests.client.fakes import Desk, at_desk


class PromptTests(SynchronousTestCase):
    """What a person types and sees."""

    def test_a_line_is_said_and_shown_once(self) -> None:
        """With its number, when it is stored."""

        async def act(desk: Desk) -> None:
            desk.keyboard.send_text("hello\r")
            await desk.until(lambda: desk.said == ["hello"])
            await desk.until(lambda: "alice: hello" in desk.screen.getvalue())
            desk.hear("+ lobby 42")
            await desk.until(lambda: "  42" in desk.screen.getvalue())

        desk = at_desk(act)
        self.assertEqual(desk.history.get_strings(), ["hello"])
        self.assertEqual(desk.talk.unanswered.messages, [])

    def test_passwords_are_not_kept(self) -> None:
        """Neither one behind the word that asks for it, nor one that was asked for."""

        async def act(desk: Desk) -> None:
            for typed, answer in (
                ("QUIT 4711", "! wrong password, try again"),
                ("QUIT", "* password?"),
                ("0815", "! wrong password, try again"),
                ("QUIT me not", "+ lobby 1"),
            ):
                wanted = [*desk.said, typed]
                desk.keyboard.send_text(f"{typed}\r")
                while desk.said != wanted:
                    await asyncio.sleep(0.005)
                desk.hear(answer, "* back to chat" if typed == "0815" else "* x")

        desk = at_desk(act)
        self.assertEqual(desk.history.get_strings(), ["QUIT", "QUIT me not"])

    def test_what_is_for_one_person_stays_so(self) -> None:
        """When the private room is gone behind its back, as in a restart."""

        async def act(desk: Desk) -> None:
            desk.hear("* You are alice in @bob with 1 other.")
            desk.keyboard.send_text("a secret")
            await desk.until(lambda: desk.input == "a secret")
            desk.prompt.show(desk.talk.lost())
            desk.talk.connected()
            desk.hear("* Welcome to X. You are alice in lobby alone.")
            await desk.until(lambda: desk.input == "/msg bob a secret")
            desk.hear("* You are alice in lab alone.", "carol: hi")
            await desk.until(lambda: ": hi" in desk.screen.getvalue())
            self.assertEqual(desk.input, "/msg bob a secret")

        at_desk(act)

    def test_what_is_typed_stays_while_lines_come(self) -> None:
        """They are shown above it."""

        async def act(desk: Desk) -> None:
            desk.keyboard.send_text("half a li")
            await desk.until(lambda: desk.input == "half a li")
            desk.hear("bob: hi")
            await desk.until(lambda: ": hi" in desk.screen.getvalue())
            desk.keyboard.send_text("ne\r")
            await desk.until(lambda: desk.said == ["half a line"])

        at_desk(act)

    def test_white_space_says_nothing(self) -> None:
        """Nor does an empty line."""

        async def act(desk: Desk) -> None:
            desk.keyboard.send_text("\r")
            desk.keyboard.send_text("  \r")
            desk.keyboard.send_text("x\r")
            await desk.until(lambda: bool(desk.said))

        self.assertEqual(at_desk(act).said, ["x"])

    def test_several_lines(self) -> None:
        """Alt-Enter begins another one."""

        async def act(desk: Desk) -> None:
            desk.keyboard.send_text("one\x1b\rtwo\r")
            await desk.until(lambda: desk.said == ["one\ntwo"])

        at_desk(act)

    def test_a_name_is_completed(self) -> None:
        """By Tab."""

        async def act(desk: Desk) -> None:
            desk.hear("* bob joined")
            desk.keyboard.send_text("bo\t")
            await desk.until(lambda: desk.input == "bob: ")

        at_desk(act)

    def test_leaving(self) -> None:
        """By /quit or Ctrl-D; Ctrl-C clears the line and says so."""
        for keys in ("/QUIT \r", "\x04"):

            async def act(desk: Desk, keys: str = keys) -> None:
                desk.keyboard.send_text("oops\x03")
                await desk.until(lambda: prompt.LEAVE_HINT in desk.screen.getvalue())
                await desk.until(lambda: desk.prompt._session.app.is_running)
                self.assertEqual(desk.input, "")
                desk.keyboard.send_text(keys)
                await desk.until(lambda: not desk.prompt._session.app.is_running)

            self.assertEqual(at_desk(act).said, [])

    def test_without_a_connection_the_input_stays(self) -> None:
        """It says why, and can be sent when the connection is back."""

        async def act(desk: Desk) -> None:
            desk.prompt.show(desk.talk.lost())
            desk.keyboard.send_text("late\r")
            await desk.until(lambda: "your input stays" in desk.screen.getvalue())
            self.assertEqual((desk.input, desk.said), ("late", []))
            desk.talk.connected()
            desk.hear("* Welcome to X. You are alice in lobby alone.")
            buffer = desk.prompt._session.default_buffer
            await desk.until(lambda: buffer.validation_error is None)
            desk.keyboard.send_text("\r")
            await desk.until(lambda: desk.said == ["late"])

        at_desk(act)

    def test_without_a_connection_one_can_leave(self) -> None:
        """/quit needs no server."""

        async def act(desk: Desk) -> None:
            desk.prompt.show(desk.talk.lost())
            desk.keyboard.send_text("/quit\r")
            await desk.until(lambda: not desk.prompt._session.app.is_running)

        at_desk(act)

    def test_what_was_not_confirmed_comes_back(self) -> None:
        """One after the other, when the input is empty; Ctrl-C drops the rest."""

        async def act(desk: Desk) -> None:
            for text in ("one", "two", "three"):
                desk.keyboard.send_text(f"{text}\r")
            await desk.until(lambda: len(desk.said) == 3)
            desk.prompt.show(desk.talk.lost())
            await desk.until(lambda: desk.input == "one")
            desk.talk.connected()
            desk.hear("* Welcome to X. You are alice in lobby alone.")
            await desk.until(lambda: "connected again" in desk.screen.getvalue())
            desk.keyboard.send_text("\r")
            await desk.until(lambda: desk.input == "two")
            desk.keyboard.send_text("\x03")
            await desk.until(lambda: prompt.LEAVE_HINT in desk.screen.getvalue())
            await desk.until(lambda: desk.input == "")

        desk = at_desk(act)
        self.assertEqual(desk.said, ["one", "two", "three", "one"])

    def test_when_no_answers_come_no_more_is_sent(self) -> None:
        """The input stays, and says why."""

        async def act(desk: Desk) -> None:
            for _ in range(MOST):
                desk.talk.say("hello")
            desk.keyboard.send_text("more\r")
            await desk.until(lambda: "not answered yet" in desk.screen.getvalue())
            self.assertEqual((desk.input, desk.said), ("more", []))

        at_desk(act)

    def test_a_flood_stops_the_reading(self) -> None:
        """Until it is shown: lines that wait cost memory."""

        async def act(desk: Desk) -> None:
            desk.hear("bob: first")
            while desk.prompt._waiting:
                await asyncio.sleep(0)  # it is taken then, and not yet shown
            self.assertNotIn(True, desk.paused)
            desk.hear(*(f"bob: {n}" for n in range(prompt.WAITING + 1)))
            self.assertEqual(desk.paused[-1], True)
            await desk.until(lambda: desk.paused[-1] is False)
            self.assertIn(f": {prompt.WAITING}", desk.screen.getvalue())
            begun = desk.paused.index(True)
            self.assertEqual(desk.paused[begun:], [True, False])

        at_desk(act)

    def test_the_end_comes_before_the_prompt(self) -> None:
        """As when the server closes while the greeting is shown."""

        async def act(desk: Desk) -> None:
            desk.prompt.end()
            await desk.until(lambda: not desk.prompt._session.app.is_running)
            with mock.patch.object(desk.prompt._session, "prompt_async") as asked:
                await desk.prompt.talk()
            asked.assert_not_called()
            desk.prompt.show([Line(Kind.ERROR, "the last line")])
            await desk.prompt.shown()

        self.assertIn("the last line", at_desk(act).screen.getvalue())
