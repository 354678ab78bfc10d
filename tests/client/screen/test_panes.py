"""The panes around the log."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen import panes
from ecochat.client.screen.entries import Entry, Kind
from ecochat.client.screen.graphemes import cells
from ecochat.client.screen.room import Place, Room, Stretch
from tests.client.screen.hostile import HOSTILE, harm


@dataclass
class Model:
    """What the panes show, and where clicks went."""

    rooms: dict[str, Room]
    current: str = "lobby"
    nick: str = "me"
    server: str = "localhost"
    online: bool = True
    why: str = ""
    ping: float | None = 0.0034
    lag: float = 0.0
    unstored: int = 0
    unkept: str = ""
    elsewhere: int = 0
    gone_to: list[str] = field(default_factory=list)

    @property
    def room(self) -> Room:
        """The current room, or none."""
        return self.rooms.get(self.current, Room(""))

    def go(self, room: str) -> None:
        """Take a click."""
        self.gone_to.append(room)


def model(*rooms: Room, **other: Any) -> Model:
    """Return a model with these rooms."""
    return Model({room.name: room for room in rooms}, **other)


def texts(rows: Any) -> list[str]:
    """Return rows as text."""
    return ["".join(fragment[1] for fragment in row) for row in rows]


def styled(rows: Any) -> dict[str, str]:
    """Return the style of each text."""
    return {text: style for row in rows for style, text, *_ in row}


class RoomsTests(SynchronousTestCase):
    """The rooms."""

    def test_rows(self) -> None:
        """Digits, names, counts; a name gives way to counts."""
        given = model(
            Room("lobby"),
            Room("dev", unread=12),
            Room("a-long-name", unread=1_200, mentions=2),
            Room("@bob", unread=1, mentions=1),
        )
        self.assertEqual(
            texts(panes.rooms(given, 16, 9)),
            [
                "1 lobby         ",
                "2 dev         12",
                "3 a-lon… @2 999+",
                "4 @bob      @1 1",
            ],
        )

    def test_styles(self) -> None:
        """The current one, unread ones, those one is called in, muted ones."""
        given = model(
            Room("lobby"),
            Room("dev", unread=1),
            Room("ops", unread=2, mentions=1),
            Room("dull", unread=3, mentions=1, is_muted=True),
            Room("calm"),
        )
        found = styled(panes.rooms(given, 16, 9))
        expected = {
            "lobby": "class:room.current",
            "dev": "class:room.unread",
            "1": "class:room.unread",
            "@1 2": "class:room.called",
            "dull": "class:room.quiet",
            "⊘ @1 3": "class:room.quiet",
            "calm": "class:room",
        }
        self.assertEqual({text: found[text] for text in expected}, expected)
        given.online = False
        self.assertEqual(styled(panes.rooms(given, 16, 9))["calm"], "class:room.quiet")

    def test_more_than_fit(self) -> None:
        """The current one is always among those that are seen."""
        names = [f"r{n}" for n in range(1, 31)]
        given = model(*map(Room, names))
        for name in names:
            given.current = name
            shown = texts(panes.rooms(given, 10, 7))
            self.assertEqual(len(shown), 7)
            self.assertIn(name, "".join(shown).split())
        self.assertEqual(shown[-1], "  r30     ")

    def test_what_is_new_out_of_sight(self) -> None:
        """The first and last row tell of it, what calls first; a click goes there. What
        is muted is not told of, and a current room is never covered."""
        names = [f"r{n}" for n in range(1, 31)]
        given = model(*map(Room, names), current="r15")
        given.rooms["@bob"] = Room("@bob", unread=2)
        given.rooms["r2"].unread = 1_000
        given.rooms["r3"].unread, given.rooms["r3"].mentions = 5, 1
        given.rooms["r30"].unread = 3
        given.rooms["r29"].unread, given.rooms["r29"].is_muted = 7, True
        rows = panes.rooms(given, 10, 7)
        shown = texts(rows)
        self.assertEqual(shown[0], "▲ @1 999+ ")
        self.assertEqual(shown[1:-1], [f"  r{n}     " for n in range(13, 18)])
        self.assertEqual(shown[-1], "▼ @2 5    ")
        for row in (rows[0], rows[-1]):
            row[0][2](None)  # type: ignore[misc]
        self.assertEqual(given.gone_to, ["r3", "@bob"])
        for height in range(1, 7):
            self.assertIn("r15", "".join(texts(panes.rooms(given, 10, height))))
        given.rooms["r3"].unread = given.rooms["r2"].unread = 0
        self.assertEqual(texts(panes.rooms(given, 10, 7))[0], "  r12     ")

    def test_what_is_new_in_the_only_row_more(self) -> None:
        """Where one room alone would be covered, it is seen instead."""
        given = model(*map(Room, "abcd"), current="a")
        given.rooms["d"].unread = 1
        self.assertEqual(texts(panes.rooms(given, 8, 4))[-1], "4 d    1")

    def test_scrolled(self) -> None:
        """So many rows on, or back; as far as there are any."""
        given = model(*(Room(f"r{n}") for n in range(1, 31)), current="r15")
        self.assertEqual(panes.rooms_range(given, 7), (-11, 12))
        for by, first in ((-11, 1), (-3, 9), (0, 12), (2, 14), (12, 24), (99, 24)):
            self.assertIn(f"r{first} ", texts(panes.rooms(given, 10, 7, by))[0])
        self.assertEqual(panes.rooms_range(given, 40), (0, 0))

    def test_a_click(self) -> None:
        """It goes there, wherever in the row it is."""
        given = model(Room("lobby"), Room("dev", unread=1))
        for _, _, go in panes.rooms(given, 10, 5)[1]:  # type: ignore[misc]
            go(None)
        self.assertEqual(set(given.gone_to), {"dev"})
        self.assertEqual(len(given.gone_to), 4)


class MembersTests(SynchronousTestCase):
    """The members."""

    def test_rows(self) -> None:
        """How many, and who; oneself and those who are away look otherwise."""
        room = Room("lobby", members=["alice", "bob", "me"], away={"bob"})
        shown = panes.members(model(room), 12, 9)
        self.assertEqual(texts(shown), [" 3 members", " alice", " bob", " me"])
        found = styled(shown)
        self.assertTrue(found["alice"].startswith("class:nick-"))
        self.assertEqual(found["bob"], "class:quiet")
        self.assertEqual(found["me"], "class:own")

    def test_more_than_fit(self) -> None:
        """How many more there are stands in the last row."""
        room = Room("lobby", members=[f"m{n}" for n in range(10)])
        self.assertEqual(len(panes.members(model(room), 12, 11)), 11)
        self.assertEqual(
            texts(panes.members(model(room), 12, 5)),
            [" 10 members", " m0", " m1", " m2", " … 7 more"],
        )
        for height in range(4):
            self.assertLessEqual(len(panes.members(model(room), 12, height)), height)

    def test_scrolled(self) -> None:
        """From one on; how many follow is told until the last is seen."""
        given = model(Room("lobby", members=[f"m{n}" for n in range(10)]))
        self.assertEqual(panes.members_range(given, 5), (0, 6))
        self.assertEqual(
            texts(panes.members(given, 12, 5, 4)),
            [" 10 members", " m4", " m5", " m6", " … 3 more"],
        )
        self.assertEqual(
            texts(panes.members(given, 12, 5, 6)),
            [" 10 members", " m6", " m7", " m8", " m9"],
        )
        self.assertEqual(panes.members_range(given, 11), (0, 0))

    def test_a_click(self) -> None:
        """It gives the name of who is there."""
        given, clicked = model(Room("lobby", members=["alice", "bob"])), list[str]()
        rows = panes.members(given, 12, 9, 0, clicked.append)
        for _, _, go in rows[2]:  # type: ignore[misc]
            go(None)
        self.assertEqual(set(clicked), {"bob"})

    def test_one_and_none(self) -> None:
        """Alone, and where nobody is known to be."""
        room = Room("lobby", members=["me"])
        self.assertEqual(texts(panes.members(model(room), 12, 9))[0], " 1 member")
        self.assertEqual(panes.members(model(), 12, 9), [])


class TitleTests(SynchronousTestCase):
    """The title."""

    def test_rows(self) -> None:
        """The room, and as much of the topic as there is space for."""
        room = Room("lobby", "be\nkind to all")
        self.assertEqual(
            texts([panes.title(model(room), 40)]), [" lobby  be kind to all"]
        )
        self.assertEqual(texts([panes.title(model(room), 16)]), [" lobby  be kin…"])
        self.assertEqual(texts([panes.title(model(room), 4)]), [" l…"])
        self.assertEqual(texts([panes.title(model(), 40)]), [" no room"])

    def test_what_is_new_elsewhere(self) -> None:
        """Is told where the rooms are not seen, but not of muted ones."""
        rooms = (
            Room("lobby", topic="be kind", unread=1),
            Room("lab", unread=2),
            Room("team", unread=5, is_muted=True),
            Room("@bob", unread=1, mentions=1),
            Room("empty"),
        )
        narrow = [panes.title(model(*rooms), 59)]
        self.assertEqual(texts(narrow), [" lobby  @bob @1 1, lab 2"])
        wide = [panes.title(model(*rooms), 60)]
        self.assertEqual(texts(wide), [" lobby  be kind"])


class StatusTests(SynchronousTestCase):
    """The status line."""

    def status(self, width: int = 80, **given: Any) -> str:
        """Return it, without the spaces at its ends."""
        room = given.pop("room", Room("lobby"))
        return texts([panes.status(model(room, **given), width)])[0].strip()

    def test_the_connection(self) -> None:
        """Its round trip; that there is no answer; that there is none, and why."""
        self.assertEqual(self.status(), "localhost · connected, 3 ms")
        self.assertEqual(self.status(ping=None), "localhost · connected")
        self.assertEqual(self.status(lag=7.2), "localhost · no answer for 7 s")
        self.assertEqual(
            self.status(online=False, why="nobody listens"),
            "localhost · offline: nobody listens",
        )
        self.assertEqual(self.status(online=False), "localhost · offline")
        self.assertEqual(self.status(online=False, server=""), "offline")

    def test_what_is_not_stored(self) -> None:
        """How much."""
        self.assertIn("· 3 not yet stored", self.status(unstored=3))
        self.assertIn("· 2 not yet stored elsewhere", self.status(elsewhere=2))
        both = self.status(unstored=1, elsewhere=2)
        self.assertIn("· 1 not yet stored, +2 elsewhere", both)
        self.assertIn("· not kept on disk", self.status(unkept="not kept on disk"))
        long = {"online": False, "why": "nobody listens, start a server"}
        row = self.status(46, unstored=3, **long)
        self.assertEqual(row, "offline: nobody listens,… · 3 not yet stored")
        row = self.status(41, unstored=3, **long)
        self.assertEqual(row, "offline: nobody lis… · 3 not yet stored")

    def test_looking_back(self) -> None:
        """That one does, and the key back."""
        room = Room("lobby", place=Place(Entry(Kind.MESSAGE, 0)))
        self.assertIn("· looking back, End returns", self.status(room=room))
        room = Room("lobby", tail=Stretch())
        self.assertIn("· looking back, End returns", self.status(room=room))

    def test_who_writes(self) -> None:
        """At the right; some by name."""
        room = Room("lobby", typing={"bob": 95.0})
        row = texts([panes.status(model(room), 50)])[0]
        self.assertEqual(row, " localhost · connected, 3 ms         bob writes …")
        room.typing = dict.fromkeys("abcde", 99.0)
        self.assertTrue(self.status(room=room).endswith("a, b, c and 2 more write …"))
        self.assertTrue(self.status(36, room=room).endswith("a, b,…"))

    def test_no_space(self) -> None:
        """Its beginning."""
        self.assertEqual(self.status(16), "connected, 3 …")


class HarmlessTests(SynchronousTestCase):
    """What must be so, whatever the names are."""

    def shown(self, text: str, width: int, height: int) -> list[Any]:
        """Return the rows of all panes with a text in each place."""
        room = Room(text, text, members=[text] * 3, typing={text: 100.0}, unread=5)
        other = Room(f"{text}2", mentions=3)
        given = model(room, other, current=text, nick=text, server=text)
        offline = model(room, server=text, online=False, why=text)
        return [
            *panes.rooms(given, width, height),
            *panes.members(given, width, height),
            panes.title(given, width),
            panes.status(given, width),
            panes.status(offline, width),
        ]

    def test_hostile_text(self) -> None:
        """No control character comes through."""
        for text in HOSTILE:
            self.assertEqual(harm(self.shown(text, 60, 9)), [], repr(text))

    @given(
        st.text(max_size=16) | st.text("ab漢é👍ש\n", max_size=16), st.integers(12, 60)
    )
    def test_no_row_is_too_wide(self, text: str, width: int) -> None:
        """By whatever measure."""
        for row in texts(self.shown(text, width, 5)):
            self.assertLessEqual(cells(row), width)
            self.assertLessEqual(get_cwidth(row), width)
