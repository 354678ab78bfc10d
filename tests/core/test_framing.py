"""Frames: cut from bytes however they arrive, bounded whatever arrives."""

from functools import partial
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.framing import BadFrame, FrameDecoder, encode_frame

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def received(decoder: FrameDecoder, data: bytes) -> list[str | BadFrame]:
    """Return the frames that a read completes."""
    decoder.receive(data)
    frames = []
    while (frame := decoder.next_frame()) is not None:
        frames.append(frame)
    assert not decoder.waiting
    return frames


class DecoderTests(SynchronousTestCase):
    """Bytes in, frames out."""

    def test_frames_of_one_read(self) -> None:
        """A read may bring several frames, and the beginning of another."""
        decoder = FrameDecoder()
        self.assertEqual(
            received(decoder, "eins\0zwölf\0dr".encode()), ["eins", "zwölf"]
        )
        self.assertEqual(received(decoder, b"ei\0"), ["drei"])

    def test_an_empty_frame_says_nothing(self) -> None:
        """Two NULs have an empty frame between them; a run of those is given as one."""
        found = received(FrameDecoder(), b"\0a\0\0\0\0b\0")
        self.assertEqual(found, ["", "a", "", "b"])

    def test_frames_wait_as_bytes(self) -> None:
        """Frames come as they are asked for, also when more is read meanwhile."""
        decoder = FrameDecoder()
        self.assertFalse(decoder.waiting)
        decoder.receive(b"one\0two\0th")
        self.assertEqual(decoder.next_frame(), "one")
        self.assertTrue(decoder.waiting)
        decoder.receive(b"ree\0")
        self.assertEqual(received(decoder, b""), ["two", "three"])

    def test_a_character_cut_in_half(self) -> None:
        """A character of several bytes may come in two reads."""
        decoder = FrameDecoder()
        self.assertEqual(received(decoder, b"\xe2\x9c"), [])
        self.assertEqual(received(decoder, b"\x93\0"), ["✓"])

    def test_not_utf8(self) -> None:
        """A frame that is not UTF-8 is reported in its place; the next is read."""
        found = received(FrameDecoder(), b"a\0\xff\xfe\0\xed\xa0\x80\0b\0")
        self.assertEqual(found, ["a", BadFrame.NOT_UTF8, BadFrame.NOT_UTF8, "b"])

    def test_the_longest_frame(self) -> None:
        """The limit counts bytes without the NUL; one more is too many."""
        decoder = FrameDecoder(4)
        self.assertEqual(received(decoder, b"1234\0"), ["1234"])
        self.assertEqual(received(decoder, b"12345\0x\0"), [BadFrame.TOO_LONG, "x"])
        self.assertEqual(received(decoder, "äöü\0".encode()), [BadFrame.TOO_LONG])

    def test_too_long_is_told_once_and_at_once(self) -> None:
        """A frame without end is reported when it is too long, and skipped after."""
        decoder = FrameDecoder(4)
        self.assertEqual(received(decoder, b"1234"), [])
        self.assertEqual(received(decoder, b"5"), [BadFrame.TOO_LONG])
        for _ in range(3):
            self.assertEqual(received(decoder, b"x" * 1000), [])
        self.assertIsNone(decoder.finish())
        self.assertEqual(received(decoder, b"end\0ok\0"), ["ok"])

    def test_input_that_ends_within_a_frame(self) -> None:
        """Bytes without their NUL at the end are reported."""
        decoder = FrameDecoder()
        self.assertIsNone(decoder.finish())
        received(decoder, b"whole\0half")
        self.assertIs(decoder.finish(), BadFrame.UNTERMINATED)

    @given(st.lists(TEXT), st.data())
    def test_any_cuts_give_the_same_frames(
        self, texts: list[str], data: st.DataObject
    ) -> None:
        """However the stream is cut into reads, the frames are the same."""
        stream = b"".join(map(encode_frame, texts))
        cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
        edges = [0, *sorted(cuts), len(stream)]
        decoder = FrameDecoder()
        found: list[str | BadFrame] = []
        for begin, end in pairwise(edges):
            found += received(decoder, stream[begin:end])
        told = [text for text in texts if text]
        self.assertEqual([text for text in found if text], told)
        self.assertEqual("" in found, "" in texts)

    @given(st.lists(st.binary(max_size=40), max_size=20))
    def test_any_bytes_are_read_within_bounds(self, reads: list[bytes]) -> None:
        """No bytes raise, and each NUL ends one frame at most, good or bad."""
        decoder = FrameDecoder(16)
        found = [frame for read in reads for frame in received(decoder, read)]
        nuls = sum(read.count(b"\0") for read in reads)
        self.assertLessEqual(len(found), nuls + 1)
        self.assertTrue(all(len(f.encode()) <= 16 for f in found if isinstance(f, str)))


def _constant(number: int, _: list[str]) -> int:
    return number


class RunTests(SynchronousTestCase):
    """Several frames at once."""

    def setUp(self) -> None:
        """Let one frame be begun, and some more come."""
        self.decoder = FrameDecoder(8)
        self.decoder.receive(b"on")
        self.assertIsNone(self.decoder.next_frame())
        self.decoder.receive("e\0zwölf\0\0three\0fo".encode())

    def next_run(self, most: int = 9, size: int = 99, count: int = 9) -> list[str]:
        """Return the next run, of which so many are counted."""
        return self.decoder.next_run(most, size, partial(_constant, count))

    def rest(self) -> list[str | BadFrame]:
        """Return what is left, and what completes it."""
        return received(self.decoder, b"ur\0")

    def test_all(self) -> None:
        """What is whole is given, with what was begun before; the rest is begun."""
        self.assertEqual(self.next_run(), ["one", "zwölf", "", "three"])
        self.assertEqual(self.next_run(), [])
        self.assertEqual(self.rest(), ["four"])

    def test_some(self) -> None:
        """As many as are wanted, have room, and are counted."""
        self.assertEqual(self.next_run(size=3), [])
        self.assertEqual(self.next_run(most=1), ["one"])
        self.assertEqual(self.next_run(size=6), [])
        self.assertEqual(self.next_run(size=7), ["zwölf"])
        self.assertEqual(self.next_run(count=0), [])
        self.assertEqual(self.next_run(count=1), [""])
        self.assertEqual(self.rest(), ["three", "four"])

    def test_what_cannot_be_read(self) -> None:
        """It is left, and what would come with it, to be looked at one by one."""
        self.next_run()
        for bad, problem in (
            (b"\xff", BadFrame.NOT_UTF8),
            (b"x" * 9, BadFrame.TOO_LONG),
        ):
            self.rest()
            self.decoder.receive(b"good\0%b\0good\0" % bad)
            self.assertEqual(self.next_run(), [])
            self.assertEqual(self.next_run(most=1), ["good"])
            self.assertEqual(self.rest(), [problem, "good", "ur"])

    def test_behind_what_is_skipped(self) -> None:
        """The rest of a frame that is too long is no frame."""
        self.next_run()
        self.assertEqual(received(self.decoder, b"x" * 9), [BadFrame.TOO_LONG])
        self.decoder.receive(b"x\0five\0")
        self.assertEqual(self.next_run(), [])
        self.assertEqual(self.rest(), ["five", "ur"])

    @given(st.lists(TEXT), st.data())
    def test_any_runs_give_the_same_frames(
        self, texts: list[str], data: st.DataObject
    ) -> None:
        """However many are taken at once, the frames are the same."""
        numbers = st.integers(0, 9)
        decoder = FrameDecoder()
        found: list[str | BadFrame] = []
        stream = b"".join(map(encode_frame, texts))
        while stream or decoder.waiting:
            cut = data.draw(numbers)
            decoder.receive(stream[: cut + 1])
            stream = stream[cut + 1 :]
            most, size, count = (data.draw(numbers) for _ in range(3))
            found += decoder.next_run(most, 9 * size, partial(_constant, count))
            frame = decoder.next_frame()
            found += [] if frame is None else [frame]
        self.assertEqual([text for text in found if text], [t for t in texts if t])


class EncoderTests(SynchronousTestCase):
    """Text out."""

    def test_text_and_a_nul(self) -> None:
        """A frame is its text in UTF-8, then NUL."""
        self.assertEqual(encode_frame("zwölf"), b"zw\xc3\xb6lf\0")

    def test_what_no_frame_can_carry(self) -> None:
        """A NUL within, or a lone surrogate, is an error and not a broken stream."""
        self.assertRaises(ValueError, encode_frame, "a\0b")
        self.assertRaises(ValueError, encode_frame, "\ud800")
