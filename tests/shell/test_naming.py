"""The names that commands go by."""

import getpass
import socket

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core.names import check_nick
from ecochat.shell.naming import candidates, login_name


class NamingTests(SynchronousTestCase):
    """What is made of the login name."""

    def log_in(self, user: str, host: str = "web1.example.org") -> None:
        """Be this user on this machine."""
        self.patch(getpass, "getuser", lambda: user)
        self.patch(socket, "gethostname", lambda: host)

    def test_login_names(self) -> None:
        """As it is; with what no name has replaced; where it is reserved with the
        machine, which tells more than a number."""
        for user, name in {
            "alice": "alice",
            "john.doe": "john-doe",
            "_apt": "_apt",
            "jürgen": "jürgen",
            "root": "root-web1",
            "guest-7": "guest-7-web1",
        }.items():
            self.log_in(user)
            self.assertEqual(login_name(), name)
            check_nick(name)

    def test_what_stands_behind(self) -> None:
        """Is kept when the name is too long."""
        self.log_in("x" * 40)
        self.assertEqual(login_name("-tail"), "x" * 27 + "-tail")
        self.log_in("root")
        self.assertEqual(login_name("-tail"), "root-tail")

    def test_none_that_can_be_had(self) -> None:
        """Then the server gives one."""
        self.log_in("1000", "7")
        self.assertIsNone(login_name())

        def nobody() -> str:
            raise KeyError("getpwuid(): uid not found: 1000")

        self.patch(getpass, "getuser", nobody)
        self.assertIsNone(login_name())

    def test_candidates(self) -> None:
        """Nine names at most, none too long, and no two the same."""
        names = candidates("x" * 32)
        self.assertEqual(names[:2], ["x" * 32, "x" * 30 + "-2"])
        self.assertEqual(len(set(names)), 9)
        for name in names:
            check_nick(name)
