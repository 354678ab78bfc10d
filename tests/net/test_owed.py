"""What waits for one session, and what of it is of no use any more."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.items import Body, Done, Dropped, Opened, Relabelled, Reply
from ecochat.net import owed
from ecochat.net.channel import Channel, Recent
from ecochat.net.owed import Owed, OwedQueue


class OwedTests(SynchronousTestCase):
    """A queue that looks for what is of no use when it holds more than four things."""

    def setUp(self) -> None:
        self.patch(owed, "OWED", 4)
        self.queue = OwedQueue()
        recent = Recent()
        self.channels = [Channel(n, "", 0, recent, is_private=True) for n in range(2)]

    def add(self, *bodies: Body, is_answer: bool = False) -> None:
        """Let things be owed, of the first channel or of the one that they name."""
        for body in bodies:
            channel = self.channels[getattr(body, "room", 0)]
            reply = Reply(0, 1, body, is_answer)
            self.queue.add(Owed(reply, channel), [])

    def test_names(self) -> None:
        """Of each room only the newest is left, told instead of the one before all."""
        self.add(Relabelled(0, "@a", "@b"), Done())
        self.add(Relabelled(1, "@x", "@y"))
        self.add(Relabelled(0, "@b", "@c"), Relabelled(0, "@c", "@d"))
        wanted = [Done(), Relabelled(1, "@x", "@y"), Relabelled(0, "@a", "@d")]
        self.assertEqual([o.body for o in self.queue], wanted)

    def test_names_again(self) -> None:
        """However often others change theirs there is one."""
        for n in range(50):
            self.add(Relabelled(0, f"@{n}", f"@{n + 1}"))
        self.assertLess(len(self.queue), 8)
        first, *_ = [o.body for o in self.queue]
        assert isinstance(first, Relabelled)
        self.assertEqual(first.old, "@0")

    def test_rooms_that_came_and_went(self) -> None:
        """Nothing is told of one that it has not heard of, unless it asked for it."""
        self.add(Opened(0, "@a", 0), Dropped(0, "@a"))
        self.add(Opened(1, "@b", 0), is_answer=True)
        self.add(Dropped(1, "@b"), Relabelled(1, "@b", "@c"))
        kinds = [type(o.body) for o in self.queue]
        self.assertEqual(kinds, [Opened, Dropped, Relabelled])
