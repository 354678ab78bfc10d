"""Input without frames."""

from codecs import getincrementaldecoder
from itertools import cycle
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import reads
from ecochat.core.framing import BadFrame
from ecochat.core.reads import READ, WAITING, ReadDecoder

WIDE = "aé€🙂"
"""Characters of one to four bytes."""


def taken(decoder: ReadDecoder) -> list[str | BadFrame]:
    """Return all that there is."""
    frames = []
    while (frame := decoder.next_frame()) is not None:
        frames.append(frame)
    return frames


def given_reads(*reads: bytes) -> list[str | BadFrame]:
    """Return what comes of these reads."""
    decoder = ReadDecoder()
    for data in reads:
        decoder.receive(data)
    return taken(decoder)


class ReadTests(SynchronousTestCase):
    """What a read is."""

    def test_each_is_one(self) -> None:
        """Of any length, with line feeds in it or nothing but blanks, as it is."""
        texts = ["a", "two\nlines\r\n", " ", "b" * READ]
        self.assertEqual(given_reads(*map(str.encode, texts)), texts)

    def test_a_longer_one(self) -> None:
        """It is several, each as long as may be, as the old programs read them."""
        long = b"x" * (2 * READ + 1)
        self.assertEqual(given_reads(long), ["x" * READ, "x" * READ, "x"])

    def test_a_character_in_two_parts(self) -> None:
        """What is whole is not kept waiting, and the rest comes with what follows."""
        self.assertEqual(given_reads(b"a\xe2\x82", b"\xacb"), ["a", "€b"])

    def test_a_part_that_is_no_text_yet(self) -> None:
        """It is nothing by itself, in as many parts as there may be."""
        parts = [bytes([byte]) for byte in "🙂".encode()]
        self.assertEqual(given_reads(*parts), ["🙂"])
        self.assertEqual(given_reads(*parts[:-1]), [])

    def test_what_is_not_utf_8(self) -> None:
        """That read is bad as a whole; what follows begins anew."""
        bad = BadFrame.NOT_UTF8
        self.assertEqual(given_reads(b"a\xff", b"b"), [bad, "b"])
        self.assertEqual(given_reads(b"a\xe2", b"b", b"c"), ["a", bad, "c"])

    def test_a_null_byte(self) -> None:
        """Nothing that is sent on can hold it; a part behind it is not lost."""
        found = given_reads(b"a\0\xe2\x82", b"\xac")
        self.assertEqual(found, [BadFrame.WITH_NUL, "€"])

    def test_the_end(self) -> None:
        """A part of a character is left over, or nothing is."""
        for data, problem in ((b"a", None), (b"a\xe2", BadFrame.NOT_UTF8)):
            decoder = ReadDecoder()
            self.assertIsNone(decoder.finish())
            decoder.receive(data)
            taken(decoder)
            self.assertEqual(decoder.finish(), problem)

    def test_how_many_may_wait(self) -> None:
        """One that is full is so until one is taken."""
        decoder = ReadDecoder()
        self.assertFalse(decoder.waiting)
        for _ in range(WAITING - 1):
            decoder.receive(b"a")
            self.assertEqual((decoder.waiting, decoder.is_full), (True, False))
        decoder.receive(b"a")
        self.assertTrue(decoder.is_full)
        decoder.next_frame()
        self.assertFalse(decoder.is_full)
        taken(decoder)
        self.assertFalse(decoder.waiting)


class PropertyTests(SynchronousTestCase):
    """Whatever is read."""

    @settings(max_examples=150, deadline=None, database=None, derandomize=True)
    @given(
        st.text(st.sampled_from(WIDE), max_size=40),
        st.lists(st.integers(1, 9), min_size=1),
        st.integers(1, 5),
    )
    def test_any_split_of_any_text(
        self, text: str, sizes: list[int], longest: int
    ) -> None:
        """It is the same text in the end, and after each read all that is whole; no
        message is of more bytes than a read and the rest of a character."""
        rest, before = text.encode(), b""
        whole = getincrementaldecoder("utf-8")()
        decoder = ReadDecoder()
        with mock.patch.object(reads, "READ", longest):
            for size in cycle(sizes):
                data, rest = rest[:size], rest[size:]
                decoder.receive(data)
                now = [str(part) for part in taken(decoder)]
                self.assertEqual("".join(now), whole.decode(data))
                self.assertNotIn("", now)
                self.assertTrue(all(len(x.encode()) <= longest + 3 for x in now))
                before += "".join(now).encode()
                if not rest:
                    break
        self.assertEqual(before.decode(), text)
        self.assertIsNone(decoder.finish())
