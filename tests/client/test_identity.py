"""Who one is, where files cannot be used."""

import contextlib
import os
import tempfile
from pathlib import Path
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client import outbox as module
from ecochat.client.identity import NOT_FOR_LONG, held_identity
from ecochat.core.requests import Say


class IdentityTests(SynchronousTestCase):
    """In a folder of the test's own."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory(prefix="ecochat-identity-")
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name) / "ecochat"
        self.folder.mkdir()
        self.patch(os, "environ", {**os.environ, "XDG_DATA_HOME": temporary.name})
        self.held = contextlib.ExitStack()
        self.addCleanup(self.held.close)
        self.told: list[str] = []

    def test_damaged(self) -> None:
        """A damaged outbox is told of; this run has a new one already."""
        (self.folder / "outbox.sqlite").write_bytes(b"no database" * 99)
        key, outbox = held_identity("lab:4040", self.held, self.told.append)
        assert outbox is not None
        self.assertEqual(outbox.key, key)
        outbox.keep(Say("hi", "lobby"), None)
        self.assertEqual(len(outbox.load()), 1)
        (told,) = self.told
        self.assertIn("is damaged", told)

    def test_no_outbox(self) -> None:
        """It is told why, and what that means."""
        (self.folder / "outbox.sqlite").mkdir()
        key, outbox = held_identity("lab:4040", self.held, self.told.append)
        self.assertTrue(key)
        self.assertIsNone(outbox)
        why, means = self.told
        self.assertIn("cannot be opened", why)
        self.assertEqual(means, NOT_FOR_LONG)

    def test_no_other_outbox(self) -> None:
        """Where the second attempt fails too, each reason is told once."""
        (self.folder / "outbox.sqlite").write_bytes(b"no database" * 99)
        aside = mock.Mock(side_effect=[Path("aside"), OSError(28, "disk full")])
        self.patch(module, "set_aside", aside)
        _, outbox = held_identity("lab:4040", self.held, self.told.append)
        self.assertIsNone(outbox)
        first, second, means = self.told
        self.assertIn("is damaged", first)
        self.assertIn("disk full", second)
        self.assertEqual(means, NOT_FOR_LONG)

    def test_no_key(self) -> None:
        """As well."""
        (self.folder / "keys").write_text("a file")
        found = held_identity("lab:4040", self.held, self.told.append)
        self.assertEqual(found, (None, None))
        self.assertEqual(self.told[1:], [NOT_FOR_LONG])
