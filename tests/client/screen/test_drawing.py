"""The rows of an entry."""

from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.utils import get_cwidth
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen.drawing import LEAST, Around, entry_rows, is_quote
from ecochat.client.screen.entries import Entry, Kind, State
from ecochat.client.screen.graphemes import cells, displayable
from tests.client.screen.hostile import HOSTILE, harm
from tests.client.screen.local import use_utc

NOON = 1795262400.0
"""12:00 of Saturday, 21 November 2026."""

SAME_DAY = Around(Entry(Kind.MESSAGE, NOON - 60))

TEXTS = st.text("ab *_`漢é\n👍\u0301ש:/", max_size=40) | st.text(max_size=16)


def message(n: int | None, nick: str, text: str, **other: object) -> Entry:
    """Return a message."""
    entry = Entry(Kind.MESSAGE, NOON, n, nick, text)
    for name, value in other.items():
        setattr(entry, name, value)
    return entry


def rows(entry: Entry, width: int, around: Around = SAME_DAY) -> list[str]:
    """Return an entry's rows as text."""
    shown = entry_rows(entry, width, around)
    return ["".join(text for _, text in row) for row in shown]


def styles(entry: Entry, around: Around = SAME_DAY) -> dict[str, str]:
    """Return the style of each text in an entry's rows."""
    return {t: s for row in entry_rows(entry, 80, around) for s, t in row}


class MessageTests(SynchronousTestCase):
    """Messages."""

    def setUp(self) -> None:
        use_utc(self)

    def test_at_80(self) -> None:
        """Time, name, text with a hanging indent, number."""
        entry = message(7, "alice", "one two three four five six seven eight nine ten")
        first = "12:00       alice │ one two three four five six seven eight nine ten"
        self.assertEqual(rows(entry, 80), [f"{first}          7"])
        entry.text += " elevenths, twelve"
        self.assertEqual(
            rows(entry, 80),
            [f"{first}          7", "                  │ elevenths, twelve"],
        )

    def test_at_40(self) -> None:
        """A narrower name, and the number behind the text."""
        entry = message(7, "wilhelmina", "one two three")
        self.assertEqual(rows(entry, 40), ["12:00 wilhelm… │ one two three  7"])
        self.assertEqual(
            entry_rows(entry, 40, SAME_DAY)[0][-1], ("class:number", "  7")
        )
        entry.text += " four six"
        self.assertEqual(
            rows(entry, 40),
            ["12:00 wilhelm… │ one two three four six", "               │ 7"],
        )

    def test_at_200(self) -> None:
        """The name has no more space than it needs."""
        self.assertEqual(
            rows(message(7, "漢字漢字漢字漢", "hello"), 200),
            ["12:00  漢字漢字漢… │ hello" + "7".rjust(200 - 21 - 5 - 1)],
        )

    def test_at_20(self) -> None:
        """No time, and numbers only of one's own."""
        entry = message(7, "alice", "hello world")
        self.assertEqual(rows(entry, 20), ["ali… │ hello world"])
        entry.is_own = True
        self.assertEqual(rows(entry, 20), ["ali… │ hello world", "     │ 7"])

    def test_lines(self) -> None:
        """Those of a message are below each other; one without text is a row."""
        self.assertEqual(
            rows(message(None, "bob", "a\n  b"), 40),
            ["12:00      bob │ a", "               │   b"],
        )
        self.assertEqual(rows(message(None, "bob", ""), 40), ["12:00      bob │ "])

    def test_an_action(self) -> None:
        """The name stands before what is done."""
        self.assertEqual(
            rows(message(7, "bob", "/me waves"), 50),
            ["12:00        * │ bob waves  7"],
        )

    def test_own_messages(self) -> None:
        """Pending ones are dim and have a mark; refused ones say why and how to get
        them back; stored ones are as others."""
        entry = message(None, "me", "hi", is_own=True, state=State.PENDING)
        self.assertEqual(rows(entry, 50), ["12:00       me │ hi …"])
        self.assertEqual(styles(entry)["hi …"], "class:pending")
        entry.state, entry.why = State.REFUSED, "too fast"
        self.assertEqual(
            rows(entry, 60),
            [
                "12:00       me │ hi",
                "               │ ✗ too fast (Up gives it back)",
            ],
        )
        self.assertEqual(styles(entry)["hi"], "class:refused")
        entry.state, entry.n = State.STORED, 8
        self.assertEqual(rows(entry, 50), ["12:00       me │ hi  8"])
        self.assertEqual(styles(entry)["hi"], "")
        self.assertEqual(styles(entry)["me"], "class:own")

    def test_changes(self) -> None:
        """Edited ones say so; of deleted ones nothing else is left."""
        entry = message(7, "bob", "hi", is_edited=True, reactions={"👍": ["alice"]})
        entry.reply_to = 3
        self.assertEqual(
            rows(entry, 50),
            [
                "12:00      bob │ ↳ 3",
                "               │ hi (edited)  7",
                "               │ 👍 1 alice",
            ],
        )
        self.assertEqual(styles(entry)[" (edited)"], "class:quiet")
        entry.is_deleted, entry.is_edited, entry.text = True, False, ""
        self.assertEqual(rows(entry, 50), ["12:00      bob │ (deleted)"])

    def test_reactions(self) -> None:
        """Each with who gave it; of many the first ones."""
        many = {"👍": ["a", "b"], "❤\ufe0f": [f"n{n}" for n in range(9)]}
        self.assertEqual(
            rows(message(7, "bob", "hi", reactions=many), 50)[1:],
            [
                "               │ 👍 2 a, b   ❤ 9 n0, n1, n2, n3,",
                "               │ n4, 4 more",
            ],
        )

    def test_many_reactions(self) -> None:
        """Eight are shown, and how many more there are."""
        entry = message(7, "bob", "hi", reactions={f"r{n}": ["x"] for n in range(300)})
        shown = " ".join(row.split("│ ")[1] for row in rows(entry, 50)[1:])
        self.assertEqual(
            shown.split(),
            [*" 1 x ".join(f"r{n}" for n in range(9)).split()[:-1], "+292"],
        )

    def test_a_reaction_for_many(self) -> None:
        """A line that stands for several says for how many."""
        said = [("quiet", "* "), ("name", "bob"), ("", " reacted to 3: ")]
        entry = Entry(Kind.EVENT, NOON, 9, "bob", said=[*said, ("text", "x")], about=3)
        entry.more = 4
        self.assertEqual(
            rows(entry, 60), ["12:00        * │ bob reacted to 3: x, and 4 more"]
        )

    def test_an_answer(self) -> None:
        """The beginning of what it answers stands above it."""
        entry = message(7, "bob", "yes", reply_to=3)
        quoted = message(3, "alice", "shall we go\nto the mountains or to the sea?")
        around = SAME_DAY._replace(quoted=quoted)
        self.assertEqual(
            rows(entry, 50, around),
            [
                "12:00      bob │ ↳ alice: shall we go to the mou…",
                "               │ yes  7",
            ],
        )
        shown = entry_rows(entry, 50, around)
        self.assertEqual([is_quote(row) for row in shown], [True, False])
        quoted.is_deleted, quoted.text = True, ""
        self.assertIn("↳ alice: (deleted)", rows(entry, 50, around)[0])

    def test_a_mention(self) -> None:
        """It has a bar of its own, and one's name is marked."""
        entry = message(7, "bob", "hi alice", is_mention=True)
        around = SAME_DAY._replace(nick="alice")
        self.assertEqual(rows(entry, 50, around), ["12:00      bob ┃ hi alice  7"])
        self.assertEqual(styles(entry, around)["alice"], "class:called")
        self.assertEqual(styles(entry, around)[" ┃ "], "class:bar.called")

    def test_right_to_left(self) -> None:
        """Name and text are isolated, each by itself."""
        self.assertEqual(
            rows(message(None, "דנה", "שלום"), 50),
            ["12:00      \u2068דנה\u2069 │ \u2068שלום\u2069"],
        )
        self.assertEqual(
            rows(message(7, "x", "שלום"), 50), ["12:00        x │ \u2068שלום\u2069  7"]
        )


class LineTests(SynchronousTestCase):
    """What is no message, and lines between entries."""

    def setUp(self) -> None:
        use_utc(self)

    def test_others(self) -> None:
        """Each kind has a mark of its own."""
        shown = {
            Kind.PRESENCE: "12:00        · │ text",
            Kind.NOTICE: "12:00        * │ text",
            Kind.SERVER: "12:00   Server │ text",
            Kind.ERROR: "12:00        ! │ text",
            Kind.GAP: "── text ──────────────────────────────────────────",
        }
        for kind, row in shown.items():
            self.assertEqual(rows(Entry(kind, NOON, text="text"), 50), [row])

    def test_a_sentence(self) -> None:
        """Its star stands where names do; its styles are kept."""
        said = [("quiet", "* "), ("name", "bob"), ("", " said "), ("found", "x")]
        entry = Entry(Kind.EVENT, NOON, 9, "bob", said=said)
        self.assertEqual(rows(entry, 50), ["12:00        * │ bob said x"])
        self.assertEqual(styles(entry)["x"], "class:found")
        self.assertTrue(styles(entry)["bob"].startswith("class:nick-"))

    def test_people(self) -> None:
        """They stand in columns, below each other; who is away is dim."""
        entry = Entry(Kind.NOTICE, NOON, said=[("", "4 in lobby")])
        entry.columns = [
            ("al", False),
            ("bob", True),
            ("漢字漢字", False),
            ("x", False),
        ]
        self.assertEqual(
            [row.rstrip() for row in rows(entry, 40)],
            [
                "12:00        * │ 4 in lobby",
                "               │ al        bob",
                "               │ 漢字漢字  x",
            ],
        )
        self.assertEqual(styles(entry)["bob"], "class:quiet")
        self.assertEqual(rows(entry, 20)[-1].rstrip(), "     │ x")

    def test_a_day(self) -> None:
        """Where one begins, and at the beginning."""
        entry = message(None, "bob", "hi")
        line = "── Saturday, 21 November 2026 ────────────────────"
        yesterday = Around(Entry(Kind.MESSAGE, NOON - 12 * 3600 - 1))
        for around in (Around(), yesterday):
            self.assertEqual(rows(entry, 50, around)[0], line)
        midnight = Around(Entry(Kind.MESSAGE, NOON - 12 * 3600))
        self.assertEqual(len(rows(entry, 50, midnight)), 1)

    def test_what_is_new(self) -> None:
        """How much, and since when."""
        around = SAME_DAY._replace(fresh=(37, NOON - 3_600))
        self.assertEqual(
            rows(message(None, "bob", "hi"), 50, around)[0],
            "── 37 new since 11:00 ────────────────────────────",
        )
        before = SAME_DAY._replace(fresh=(37, NOON - 86_400))
        self.assertIn(
            "── 37 new since 20 November 12:00 ──",
            rows(message(None, "bob", "hi"), 50, before)[0],
        )


class HarmlessTests(SynchronousTestCase):
    """What must be so, whatever people write."""

    def setUp(self) -> None:
        use_utc(self)

    def test_hostile_text(self) -> None:
        """No control character comes through, by no field."""
        for text in HOSTILE:
            entry = message(7, text, text, is_mention=True, why=text, reply_to=3)
            entry.state = State.REFUSED
            entry.reactions = {text: [text]}
            quoted = message(3, text, text)
            around = Around(None, quoted, (3, NOON), text)
            self.assertEqual(harm(entry_rows(entry, 80, around)), [], repr(text))
            for kind in Kind:
                other = Entry(kind, NOON, text=text)
                self.assertEqual(harm(entry_rows(other, 80, around)), [], repr(text))
                other.said = [("name", text), ("text", text)]
                shown = entry_rows(other, 80, around)
                self.assertEqual(harm(shown), [], repr(text))

    @given(TEXTS, TEXTS, st.integers(LEAST, 90), st.sampled_from(State))
    def test_no_row_is_too_wide(
        self, nick: str, text: str, width: int, state: State
    ) -> None:
        """And all of the text is there."""
        entry = message(7, nick, text, reactions={text: [nick, text]}, reply_to=1)
        entry.why, entry.state = nick, state
        around = Around(None, message(1, nick, text), (3, NOON))
        shown = rows(entry, width, around)
        for row in shown:
            self.assertLessEqual(cells(row), width)
            self.assertLessEqual(get_cwidth(row), width)
        said = rows(message(None, "x", f"X{text}"), width)
        kept = "".join("".join(row.split("│", 1)[1:]) for row in said)
        bare = str.maketrans("", "", "\u2068\u2069")
        self.assertEqual(
            "".join(kept.translate(bare).split()),
            "".join(displayable(f"X{text}").split()),
        )
