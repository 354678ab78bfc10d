"""A server whose disk is full for a while."""

from twisted.trial.unittest import TestCase

from tests.system import full_disk


class FullDiskTests(TestCase):
    """The scenarios of :mod:`tests.system.full_disk`, once each."""

    def test_what_cannot_be_stored_is_refused_until_there_is_room(self) -> None:
        """Nobody sees what is refused, who leaves is gone, who comes has to wait, and
        it all goes on by itself, without a hole."""
        (met,) = full_disk.run()
        self.assertNotEqual(met.reason, "")
        self.assertEqual(met.last, met.before + 1)

    def test_a_departure_is_stored_when_there_is_room(self) -> None:
        """Nobody has to say anything for that."""
        self.assertGreater(full_disk.leave_while_full(), 0)

    def test_a_server_stops_while_its_disk_is_full(self) -> None:
        """It says goodbye, ends cleanly, and what it has acknowledged is there."""
        log = full_disk.stop_while_full()
        self.assertIn("cannot store: ", log)
        self.assertIn("stopped", log)
        self.assertNotIn("Traceback", log)
