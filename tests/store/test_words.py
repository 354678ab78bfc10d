"""How texts are cut into words, and where words are found."""

import sqlite3
from contextlib import closing

from twisted.trial.unittest import SynchronousTestCase

from ecochat.store import fulltext
from ecochat.store.words import cut, marks, terms

RANGES = (
    *((0x20, 0x1E0), (0x1E2, 0x370), (0x384, 0x38B), (0x391, 0x3A2), (0x3A3, 0x528)),
    *(
        (0x5D0, 0x5EB),
        (0x1E00, 0x1E9B),
        (0x1EA0, 0x1EFA),
        (0x2010, 0x2060),
        (0x3041, 0x3097),
    ),
    *((0x1F300, 0x1F64F), (0x1F6C6, 0x1F6F0), (0x1F900, 0x1FA00), (0x1FA70, 0x1FB00)),
)
"""Latin, Greek, Cyrillic, Hebrew, Japanese; signs; emoji."""


def folded(text: str) -> list[str]:
    """Return the words of a text as they are compared."""
    return [word.folded for word in cut(text)]


class WordsTests(SynchronousTestCase):
    """What a word is."""

    def test_cutting(self) -> None:
        """Letters and digits; all else is between words."""
        for text, words in (
            ("", []),
            (" .,-_!? ✓🙂 ", []),
            ("Hi, Bob_2!", ["hi", "bob", "2"]),
            ("don't", ["don", "t"]),
            ("Ärger ÉTÉ été Ångström", ["arger", "ete", "ete", "angstrom"]),
            ("e\u0301te\u0301 İ", ["ete", "i"]),
            ("Привет ΑΒΓ", ["привет", "αβγ"]),
            ("straße", ["straße"]),
            ("日本語 テスト", ["日本語", "テスト"]),
            ("a\0b", ["a", "b"]),
        ):
            self.assertEqual(folded(text), words, text)

    def test_places(self) -> None:
        """They are told in code points of the text as it is."""
        words = [(word.begin, word.end) for word in cut("🙂 e\u0301a, b")]
        self.assertEqual(words, [(2, 5), (7, 8)])

    def test_as_sqlite_does_it(self) -> None:
        """Letter by letter of many scripts, also with marks of their own, and emoji."""
        with closing(sqlite3.connect(":memory:")) as db:
            db.execute(fulltext._CREATE.format(1).replace("content = '',", ""))
            db.execute("CREATE VIRTUAL TABLE v USING fts5vocab(search_1, instance)")
            for ends in RANGES:
                for letter in map(chr, range(*ends)):
                    db.execute("DELETE FROM search_1")
                    db.execute("INSERT INTO search_1 VALUES (?, '')", (f"a {letter}",))
                    query = "SELECT term FROM v WHERE offset > 0"
                    theirs = [term for (term,) in db.execute(query)]
                    self.assertEqual(folded(letter), theirs, hex(ord(letter)))


class MarksTests(SynchronousTestCase):
    """Where in a text the words of a search are."""

    def marked(self, text: str, *words: str) -> list[str] | None:
        """Return what is marked in a text; None when it does not have it all."""
        spans = marks(text, terms(words))
        return None if spans is None else [text[begin:end] for begin, end in spans]

    def test_marks(self) -> None:
        """Each place of each word, in order; all words have to be there."""
        for text, words, expected in (
            ("Tea for two, tea!", ("tea",), ["Tea", "tea"]),
            ("Tea for two", ("two", "tea"), ["Tea", "two"]),
            ("tea", ("tea", "coffee"), None),
            ("teapot", ("tea",), None),
            ("teapot, tea", ("tea*",), ["teapot", "tea"]),
            ("I don't, don", ("don't",), ["don't"]),
            ("don, t", ("don't",), ["don, t"]),
            ("t don", ("don't",), None),
            ("don't do", ("don't*",), ["don't"]),
            ("don't", ("don't", "don", "t"), ["don't"]),
            ("a b a b a", ("a-b-a",), ["a b a b a"]),
            ("\x02Été\x03 <b>", ("ete", "B"), ["Été", "b"]),
            ("hi", ("hi", "--", "*"), ["hi"]),
        ):
            self.assertEqual(self.marked(text, *words), expected, (text, words))

    def test_nothing_to_search_for(self) -> None:
        """Signs only are no word."""
        self.assertEqual(terms(["", "*", "--", '"', "🙂", "_"]), [])
