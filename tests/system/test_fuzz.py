"""What no client should send: the short form of :mod:`tests.system.fuzz`."""

from twisted.trial.unittest import TestCase

from tests.support.program import Program
from tests.support.server import Server
from tests.system.fuzz import BROKEN, DEEP, FAR_TOO_LONG, Figures, run

SECONDS = 5.0
SEED = 20_261_121


class FuzzTests(TestCase):
    """Nothing that is sent disturbs the server, or others."""

    def check_peace(self, figures: Figures) -> None:
        """Check that nothing went wrong and nothing was lost."""
        self.assertEqual(figures.trouble, [], f"seed {figures.seed}")
        self.assertGreater(figures.connections, 20)
        self.assertGreater(len(figures.said), 0)
        self.assertEqual(list(figures.kept.items()), list(figures.said.items()))
        count = len(figures.numbers)
        self.assertEqual(figures.numbers, list(range(1, count + 1)))

    def test_noise_disturbs_nobody(self) -> None:
        """A well-behaved client is answered all through, what it said is kept in
        order among what the others said, and the server's log has no exception."""
        self.check_peace(run(SECONDS, SEED))

    def test_noise_in_ever_new_rooms_disturbs_nobody(self) -> None:
        """The same where every room has a new name."""
        self.check_peace(run(SECONDS / 2, SEED, many_rooms=True))


class BadFrameTests(TestCase):
    """Each bad frame of the structured dialect is an error, and no more."""

    def setUp(self) -> None:
        self.server = Server()
        self.server.__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)
        self.one = Program(self.server.port, {"nick": "one", "rooms": {"lobby": None}})
        self.addCleanup(self.one.close)

    def code(self, frame: bytes) -> str:
        """Send a frame, and return the code of its error; the connection goes on."""
        self.one.said.clear()
        self.one.send(frame + b'\0{"op":"ping","ref":"on"}\0')
        self.one.answer("on")
        self.assertEqual([s["op"] for s in self.one.said], ["error", "ok"], frame[:80])
        return str(self.one.said[0]["code"])

    def test_each(self) -> None:
        """What is wrong is told by its code."""
        for frame, code in (
            (b'{"op":"say","text":"x"', "bad_json"),
            (b"{'op':'ping'}", "bad_json"),
            (b'{"op":"say","text":5}', "bad_request"),
            (b'{"op":"say"}', "bad_request"),
            (b'{"op":"say","text":"x","id":1e999}', "bad_request"),
            (b'{"op":"say","text":"x","id":%s}' % (b"9" * 5_000), "bad_request"),
            (b'{"op":"say","text":"x","id":-1}', "bad_request"),
            (b'{"op":"say","text":"\\ud800"}', "bad_text"),
            (b'{"op":"say","text":"a\\u0000b"}', "bad_text"),
            (b'{"op":"say","text":"a","\\u0000":1}', "bad_text"),
            (b'{"op":"fly"}', "unknown_op"),
            (b"[]", "bad_request"),
            (b'{"op":"ping","x":%s}' % (b"[" * DEEP + b"]" * DEEP), "bad_json"),
            (b'{"op":"say","text":"\xff"}', "bad_frame"),
            *((frame, "bad_frame") for frame in FAR_TOO_LONG),
        ):
            with self.subTest(frame=frame[:60]):
                self.assertEqual(self.code(frame), code)

    def test_many(self) -> None:
        """However many of the worst there are, the memory stays what it was."""
        worst = (*FAR_TOO_LONG, BROKEN[-1], BROKEN[-2], BROKEN[-3])
        self.send_each(worst, 10)
        before = self.server.resident_kb()
        self.send_each(worst, 40)
        self.assertLess(self.server.resident_kb() - before, 2_048)

    def send_each(self, frames: tuple[bytes, ...], times: int) -> None:
        """Send all of them so often."""
        for _ in range(times):
            for frame in frames:
                self.code(frame)
