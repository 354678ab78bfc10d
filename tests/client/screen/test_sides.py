"""The lists beside the log, and other ways through a room, on the screen."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import wire
from ecochat.core.requests import History, Search
from tests.client.screen.desk import Desk, at_desk
from tests.client.terminal.fakes import TIME, message

ROOMS = [f"room{n:02}" for n in range(1, 61)]


def wheel(desk: Desk, column: int, by: int) -> None:
    """Turn the wheel by so many notches over a column; up where it is negative."""
    button = 64 if by < 0 else 65
    desk.type(f"\x1b[<{button};{column};10M" * abs(by))


def click(desk: Desk, text: str) -> None:
    """Click where this stands first."""
    for y, line in enumerate(desk.glass.screen.display, 1):
        if (x := line.find(text)) >= 0:
            desk.type(f"\x1b[<0;{x + 1};{y}M\x1b[<0;{x + 1};{y}m")
            return
    raise AssertionError(f"not there: {text}\n{desk.glass.text}")


def reply(n: int, to: int) -> wire.Message:
    """Return an answer to a message."""
    return wire.Message(
        room="lobby",
        n=n,
        time=TIME,
        session="s2",
        nick="bob",
        text="of course",
        reply_to=to,
    )


class SidesTests(SynchronousTestCase):
    """Rooms and members."""

    def test_rooms(self) -> None:
        """The wheel goes through them; another room is seen again when one is there.
        What calls out of sight is told, and gone to by a click."""

        async def act(desk: Desk) -> None:
            await desk.sees("1 room01", "room21")
            wheel(desk, 5, 30)
            await desk.sees("room60")
            await desk.sees_no("room01 ")
            desk.hear(message("hi alice", 1, room="room05"))
            await desk.sees("▲ @1 1")
            click(desk, "▲ @1 1")
            await desk.sees("5 room05", "hi alice", "1 room01")

        at_desk(act, *ROOMS)

    def test_members(self) -> None:
        """The wheel goes through them; a click on one begins a message to them, where
        nothing is written."""

        async def act(desk: Desk) -> None:
            for n in range(50):
                desk.hear(wire.Joined(room="lobby", nick=f"n{n:02}", session=f"s{n}"))
            await desk.sees("50 members", "n00", "31 more")
            wheel(desk, 115, 3)
            await desk.sees("n27", "22 more")
            wheel(desk, 115, 30)
            await desk.sees("n49")
            click(desk, "n49")
            await desk.until(lambda: desk.input == "/msg n49 ")
            click(desk, "n48")
            desk.type("x")
            await desk.until(lambda: desk.input == "/msg n49 x")
            wheel(desk, 115, -30)
            await desk.sees("n00")

        at_desk(act, columns=120)


class ReachingTests(SynchronousTestCase):
    """What is far back is reached by a key, or by a click."""

    def test_what_is_answered(self) -> None:
        """A click on it goes there; Escape returns, then goes to the end."""

        async def act(desk: Desk) -> None:
            desk.messages(1, 80)
            desk.hear(reply(81, 5))
            desk.messages(82, 110)
            await desk.sees("message 110")
            desk.type("\x1b[5~")
            await desk.sees("↳ bob: message 5")
            click(desk, "↳ bob: message 5")
            await desk.sees("message 5 ", "message 9 ")
            await desk.sees_no("of course")
            desk.type("\x1b")
            await desk.sees("message 80", "of course")
            desk.type("\x1b")
            await desk.sees("message 110")

        at_desk(act)

    def test_what_is_answered_is_read(self) -> None:
        """Where it is not here."""

        async def act(desk: Desk) -> None:
            desk.messages(51, 60)
            desk.hear(reply(61, 5))
            await desk.sees("↳ 5")
            asked = History(room="lobby", after=4, limit=1)
            few = [s for s in desk.model.requests() if s.request == asked]
            desk.answer(few[0], [message("shall we?", 5)])
            await desk.sees("↳ bob: shall we?")

        at_desk(act)

    def test_the_first(self) -> None:
        """Home goes far back, and says how to get to the first message: Home again."""

        async def act(desk: Desk) -> None:
            desk.messages(901, 1_000)
            await desk.sees("message 1000")
            desk.model.requests()
            desk.type("\x1b[H")
            await desk.sees("Home again goes to the first message")
            desk.type("\x1b[H")
            first = History(room="lobby", after=0, limit=100)
            asked = lambda: [s.request for s in desk.model._to_ask]  # noqa: E731
            await desk.until(lambda: first in asked())
            sents = [s for s in desk.model.requests() if s.request == first]
            page = [message(f"message {n}", n) for n in range(1, 101)]
            desk.answer(sents[0], page)
            await desk.sees("message 1 ", "message 9 ")
            desk.type("\x1b")
            await desk.sees("message 1000")

        at_desk(act)

    def test_more_hits(self) -> None:
        """At the last one more are asked for; the list stays where it is. When one has
        left the list they do not bring it back."""

        async def act(desk: Desk) -> None:
            desk.type("/search #lobby tea\r")
            await desk.until(lambda: bool(desk.said))
            page = [message(f"tea {n}", n) for n in range(300, 200, -1)]
            desk.answer(desk.asked(Search), page)
            await desk.sees("100+ found of tea", "> ", "tea 300")
            desk.type("\x1b[6~" * 10)
            await desk.sees("tea 201")
            asked = desk.asked(Search)
            self.assertEqual(getattr(asked.request, "before", 0), 201)
            older = [message(f"tea {n}", n) for n in range(200, 100, -1)]
            desk.answer(asked, older)
            await desk.sees("200+ found of tea", "tea 201")
            desk.type("\x1b[6~")
            await desk.sees("tea 190")
            desk.type("\x1b[6~" * 10)
            await desk.sees("tea 101")
            asked = desk.asked(Search)
            desk.type("\r")
            await desk.sees("alice>")
            desk.answer(asked, [message("tea 7", 7)])
            await desk.sees_no("found of tea")
            desk.type("\x1b")
            await desk.sees("201 found of tea", "tea 101")

        at_desk(act)


class NarrowTests(SynchronousTestCase):
    """On 40 columns."""

    def test_keys(self) -> None:
        """All of what they do can be read."""

        async def act(desk: Desk) -> None:
            desk.type("\x1bOP", "complete")
            await desk.sees("Tab            complete what you")
            await desk.sees("               write; again: the next")

        at_desk(act, columns=40, lines=12)

    def test_the_prompt(self) -> None:
        """A long name has a third of the row."""

        async def act(desk: Desk) -> None:
            desk.model.nick = "a2345678901234567890123456789012"
            desk.face.app.invalidate()
            await desk.sees("a23456789012…>")

        at_desk(act, columns=40, lines=12)

    def test_the_status(self) -> None:
        """For how long there is no answer, and what is not stored."""

        async def act(desk: Desk) -> None:
            desk.model.say("hi")
            desk.model.lag = 12.0
            desk.face.app.invalidate()
            await desk.sees(" no answer for 12 s · 1 not yet stored")

        at_desk(act, columns=40, lines=12)
