"""Names of people."""

import getpass

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.terminal.names import login_name, names, other_name
from ecochat.core.names import check_nick


class NameTests(SynchronousTestCase):
    """Those to ask for, and those that are read."""

    def test_login_names(self) -> None:
        """Are suggested where they can be had."""
        for user, name in (("alice", "alice"), ("root", ""), ("a b", "")):
            self.patch(getpass, "getuser", lambda user=user: user)
            self.assertEqual(login_name(), name)

        def nobody() -> str:
            raise KeyError("uid")

        self.patch(getpass, "getuser", nobody)
        self.assertEqual(login_name(), "")

    def test_other_names(self) -> None:
        """Each can be had, and is another one."""
        pairs = {"bob": "bob_", "bob_": "bob2", "bob2": "bob3", "bob9": "bob10"}
        pairs |= {"bob smith!": "bob_smith_", "42": "_42", "x" * 32: "x" * 31}
        for name, other in pairs.items():
            self.assertEqual(other_name(name), other)
            check_nick(other)

    def test_who_is_named(self) -> None:
        """As a word of its own, in any case and width."""
        for text in ("alice: tea?", "thanks @ALICE", "ａｌｉｃｅ!"):
            self.assertTrue(names(text, "Alice"), text)
        for text in ("malice", "alices", ""):
            self.assertFalse(names(text, "alice"), text)
        self.assertFalse(names("alice", ""))
