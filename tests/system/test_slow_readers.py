"""Readers that stop reading: the short form of :mod:`tests.system.slow_readers`."""

from twisted.trial.unittest import TestCase

from tests.system.slow_readers import Load, measure

MOST_KB = 10 * 1024
"""What the slow readers may cost the server, together."""

WAL_MOST = 33 * 2**20
"""The store empties the write-ahead log above 32 MiB; one group may go beyond."""


class SlowReaderTests(TestCase):
    """What the server holds for readers that do not read is no more than a chunk."""

    def check_cost(self, load: Load) -> None:
        """Check that a load costs no memory, and that it was one: that more was said
        than the kernel takes for one connection. That all was told, once and in order,
        the run itself has checked."""
        without = measure(load, with_slow=False)
        slow = measure(load, with_slow=True)
        told = sum(len(load.nick) + len(text) + 3 for text in load.texts())
        self.assertGreater(slow.held, 0)
        self.assertLess(slow.held, told)
        self.assertLess(slow.passing.peak_kb - without.passing.peak_kb, MOST_KB)
        self.assertLess(slow.catching_up.peak_kb - without.catching_up.peak_kb, MOST_KB)
        self.assertLess(
            max(slow.passing.wal_bytes, slow.catching_up.wal_bytes), WAL_MOST
        )

    def test_readers_that_stop_reading_cost_no_memory(self) -> None:
        """Each gets everything in the end, once and in order; so does one that asks
        for the history again and again and never reads it."""
        load = Load(messages=5_000, more=500, size=2_000, slow=10, asked=2_000)
        self.check_cost(load)

    def test_many_short_messages_cost_no_memory_either(self) -> None:
        """What is read from the store for one of them is bounded by more than the
        length of the texts: an event costs memory when it says one letter."""
        nick = "writer".ljust(32, "_")
        self.check_cost(Load(150_000, more=0, size=1, slow=5, asked=0, nick=nick))
