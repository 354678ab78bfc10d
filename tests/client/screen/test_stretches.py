"""Moments as the wire has them."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen.drawing import Around, entry_rows
from ecochat.client.screen.entries import Entry, Kind
from ecochat.client.screen.stretches import EARLIEST, LATEST, moment


class MomentTests(SynchronousTestCase):
    """Those of servers that are in order, and of others."""

    def test_in_order(self) -> None:
        """In seconds since 1970."""
        self.assertEqual(moment("2026-11-21T12:00:00.500Z"), 1_795_262_400.5)

    def test_not_in_order(self) -> None:
        """It is another one, which can be shown."""
        for time, expected in (
            ("", EARLIEST),
            ("noon", EARLIEST),
            ("0001-01-01T00:00:00", EARLIEST),
            ("0001-01-01T00:00:00+23:59", EARLIEST),
            ("9999-12-31T23:59:59-23:59", LATEST),
        ):
            with self.subTest(time):
                self.assertEqual(moment(time), expected)
                entry = Entry(Kind.MESSAGE, moment(time), 1, "ada", "x")
                self.assertTrue(entry_rows(entry, 80, Around()))
