"""The screen, as it is drawn and when."""

import asyncio

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen import face
from ecochat.client.screen.model import Model
from ecochat.core import wire
from ecochat.core.requests import History, Search
from tests.client.screen.desk import NOW, Desk, at_desk
from tests.client.terminal.fakes import TIME, message


class LayoutTests(SynchronousTestCase):
    """What is where."""

    def rows(self, columns: int, lines: int) -> list[str]:
        """Return the rows of a screen of this size."""
        rows: list[str] = []

        async def act(desk: Desk) -> None:
            desk.hear(wire.Joined(room="lobby", nick="bob", session="s2"))
            desk.messages(1, 3)
            await desk.sees("message 3", "alice>")
            rows.extend(desk.glass.text.splitlines())

        at_desk(act, "lobby", "lab", columns=columns, lines=lines)
        return rows

    def test_the_usual_size(self) -> None:
        """Rooms at the left, the log, one line for the title, one for the status."""
        rows = self.rows(80, 24)
        self.assertEqual(len(rows), 24)
        self.assertEqual(rows[0].strip(), "lobby")
        self.assertTrue(rows[1].startswith("1 lobby"))
        self.assertTrue(rows[2].startswith("2 lab"))
        self.assertIn("message 3", rows[21])
        self.assertIn("connected", rows[22])
        self.assertEqual(rows[23], "alice>")

    def test_members_where_it_is_wide(self) -> None:
        """At the right."""
        row = self.rows(120, 20)[2]
        self.assertEqual(row.split("│")[-1].strip(), "bob")
        self.assertNotIn("bob", self.rows(99, 20)[2])

    def test_no_rooms_where_it_is_narrow(self) -> None:
        """The log has all the width."""
        rows = self.rows(40, 12)
        self.assertEqual(len(rows), 12)
        self.assertNotIn("lab", "".join(rows))
        self.assertIn("message 3", rows[9])

    def test_any_size(self) -> None:
        """One is as good as another while the terminal is resized."""

        async def act(desk: Desk) -> None:
            desk.messages(1, 100)
            desk.type("a line that is being written")
            await desk.sees("message 100", "written")
            for columns, lines in ((40, 12), (250, 80), (10, 3), (60, 24), (80, 24)):
                desk.glass.resize(columns, lines)
                desk.face.app._on_resize()
                if columns >= 40:
                    await desk.sees("message 100", "written")
                    shown = desk.glass.text.splitlines()
                    self.assertEqual(len(shown), lines)
                    self.assertEqual(desk.glass.text.count("message 100"), 1)

        at_desk(act)

    def test_the_input_grows(self) -> None:
        """Up to a third of the height."""

        async def act(desk: Desk) -> None:
            desk.messages(1, 30)
            await desk.sees("message 30")
            for n in range(20):
                desk.type(f"line {n}\x1b\r")
            await desk.sees("line 19")
            rows = desk.glass.text.splitlines()
            status = next(n for n, row in enumerate(rows) if "connected" in row)
            self.assertEqual(status, 24 - 8 - 1)
            self.assertIn("message 30", rows[status - 1])

        at_desk(act)


class PaceTests(SynchronousTestCase):
    """When it is drawn."""

    def test_a_flood_is_drawn_at_its_pace(self) -> None:
        """Not at each message, at most 30 times a second; and its end is shown."""

        async def act(desk: Desk) -> None:
            loop = asyncio.get_running_loop()
            await desk.sees("alice>")
            before, begun = desk.face.app.render_counter, loop.time()
            for n in range(1, 301):
                desk.hear(message(f"message {n}", n))
                await asyncio.sleep(0)
            await desk.sees("message 300")
            drawn = desk.face.app.render_counter - before
            self.assertLessEqual(drawn, 2 + (loop.time() - begun) / face.PACE)

        at_desk(act)

    def test_keys_are_drawn_at_once(self) -> None:
        """They do not wait for the pace of the model."""

        async def act(desk: Desk) -> None:
            await desk.sees("alice>")
            desk.face._took = 1_000.0
            desk.hear(message("hidden"))
            desk.type("x")
            await desk.sees("alice> x", "hidden")

        at_desk(act)


class LogTests(SynchronousTestCase):
    """Going through what was said."""

    def test_looking_back(self) -> None:
        """By pages, what comes meanwhile does not move it; and back to the end."""

        async def act(desk: Desk) -> None:
            desk.messages(1, 100)
            await desk.sees("message 100")
            desk.type("\x1b[5~")
            await desk.sees_no("message 100")
            await desk.sees("message 79", "looking back")
            desk.messages(101, 120)
            desk.type("x")
            await desk.sees("alice> x", "message 79")
            desk.type("\x7f\x1b[6~")
            await desk.sees("message 99")
            desk.type("\x1b[F")
            await desk.sees("message 120")
            await desk.sees_no("looking back")

        at_desk(act)

    def test_older_ones_are_asked_for(self) -> None:
        """When one has scrolled to the first that is here; then it goes on to where
        the keys have led."""

        async def act(desk: Desk) -> None:
            desk.messages(101, 140)
            await desk.sees("message 140")
            desk.model.say("/clear")
            desk.model.requests()
            desk.type("\x1b[5~" * 4)
            await desk.until(lambda: desk.model.room.is_loading)
            sent = desk.asked(History)
            page = [message(f"message {n}", n) for n in range(1, 101)]
            desk.answer(sent, page)
            desk.type("\x1b[5~")
            await desk.sees("message 20 ", "message 40")
            self.assertNotIn("message 41", desk.glass.text)

        at_desk(act)

    def test_older_ones_are_asked_for_in_time(self) -> None:
        """Before one gets to the first, not when one is far from it."""

        async def act(desk: Desk) -> None:
            desk.messages(101, 300)
            await desk.sees("message 300")
            desk.type("\x1b[5~")
            await desk.sees_no("message 300")
            self.assertFalse(desk.model.room.is_loading)
            desk.type("\x1b[5~" * 6)
            await desk.until(lambda: desk.model.room.is_loading)
            self.assertNotIn("message 101", desk.glass.text)

        at_desk(act)

    def test_the_wheel(self) -> None:
        """Scrolls three rows."""

        async def act(desk: Desk) -> None:
            desk.messages(1, 100)
            await desk.sees("message 100")
            desk.type("\x1b[<64;40;10M")
            await desk.sees_no("message 98")
            await desk.sees("message 97")
            desk.type("\x1b[<65;40;10M")
            await desk.sees("message 100")

        at_desk(act)

    def test_searching(self) -> None:
        """What was found is a list; Enter goes there, Escape back to it, and out."""

        async def act(desk: Desk) -> None:
            desk.messages(1, 100)
            desk.type("/search tea\r")
            await desk.until(lambda: bool(desk.said))
            sent = desk.asked(Search)
            found = [
                wire.Message(
                    room="lobby",
                    n=n,
                    time=TIME,
                    session="s2",
                    nick="bob",
                    text=f"tea {n}",
                )
                for n in (50, 20)
            ]
            desk.answer(sent, found)
            await desk.sees("2 found of tea", "> ", "tea 50", "tea 20")
            await desk.sees("bob message 49", "bob message 51")
            desk.type("\x1b[B")
            await desk.sees("bob message 19", "bob message 21")
            desk.type("\r")
            await desk.sees("message 20", "alice>")
            await desk.sees_no("message 100", "tea 50")
            self.assertEqual(marked(desk), ["message 20"])
            desk.type("\x1b[F")
            await desk.sees("message 100")
            desk.type("\x1b[5~" * 4)
            await desk.sees("message 20 ")
            self.assertEqual(marked(desk), [])
            desk.type("\x1b")
            await desk.sees("tea 50", "tea 20")
            desk.type("\x1b")
            await desk.sees("message 100", "alice>")
            self.assertEqual(marked(desk), [])
            self.assertIsNone(desk.model.search)

        at_desk(act)


def marked(desk: Desk) -> list[str]:
    """Return what is said in the rows whose bar is marked."""
    found = []
    for y, row in enumerate(desk.glass.screen.display[1:-2], 1):
        bar = row.find("│", row.find("│") + 1)
        if desk.glass.screen.buffer[y][bar].reverse:
            found.append(" ".join(row[bar + 1 :].split()[:2]))
    return found


class LifeTests(SynchronousTestCase):
    """Its end, and what is told of the terminal."""

    def test_the_terminal_is_as_before(self) -> None:
        """The other screen is left, and the mouse, pasting and the focus are let go."""

        async def act(desk: Desk) -> None:
            await desk.sees("alice>")

        written = at_desk(act).glass.written
        for mode in ("1049", "1000", "1006", "2004", "1004"):
            self.assertIn(f"\x1b[?{mode}h", written)
            last = written.rpartition(f"\x1b[?{mode}")[2]
            self.assertEqual(last[:1], "l", mode)

    def test_the_mouse(self) -> None:
        """Tells of no movement, and can be left to the terminal, and had back."""

        async def act(desk: Desk) -> None:
            mouse = "\x1b[?1000"
            await desk.until(lambda: f"{mouse}h" in desk.glass.written)
            for typed, end in (("off", "l"), ("on", "h")):
                desk.type(f"/mouse {typed}\r")
                await desk.sees(f"the mouse is {typed}")
                await desk.until(
                    lambda end=end: desk.glass.written.rpartition(mouse)[2][0] == end  # type: ignore[misc]
                )

        self.assertNotIn("1003h", at_desk(act).glass.written)

    def test_the_focus(self) -> None:
        """What comes while one looks elsewhere is unread, until one is back."""

        async def act(desk: Desk) -> None:
            await desk.sees("alice>")
            desk.type("\x1b[O")
            await desk.until(lambda: not desk.model.has_focus)
            desk.messages(1, 2)
            self.assertEqual(desk.model.room.unread, 2)
            desk.type("\x1b[I")
            await desk.until(lambda: desk.model.room.unread == 0)

        at_desk(act)

    def test_no_more_keys(self) -> None:
        """When the input ends, so does the screen, without an error."""

        async def act(desk: Desk) -> None:
            await desk.sees("alice>")
            desk.keyboard.close()
            await desk.until(lambda: not desk.face.app.is_running)

        at_desk(act)

    def test_another_model(self) -> None:
        """What is typed from then on is for its rooms, also those of the same name."""

        async def act(desk: Desk) -> None:
            before, other = desk.model, Model("alice", clock=lambda: NOW)
            other.open_room("lobby")
            other.go("lobby")
            desk.type("old")
            await desk.until(lambda: desk.input == "old")
            desk.face.show(other)
            desk.type("new")
            await desk.until(lambda: other.room.draft == "new")
            self.assertEqual(before.room.draft, "old")

        at_desk(act)

    def test_leaving(self) -> None:
        """By /quit."""

        async def act(desk: Desk) -> None:
            desk.type("/quit\r")
            await desk.until(lambda: not desk.face.app.is_running)

        at_desk(act)
