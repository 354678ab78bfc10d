"""The command line of ``twistd ecochat``, read in this process."""

import resource
import socket
import sys
from io import StringIO
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat import __version__
from ecochat.listen import DEFAULT
from ecochat.options import MAX_CLIENTS, OWN_FILES, ServerOptions

PLENTY = 1_000_000
"""A limit on open files that is none."""


class OptionsTestCase(SynchronousTestCase):
    """Reads options, and never touches the true limit on open files."""

    def setUp(self) -> None:
        self.asked_for: list[tuple[int, int]] = []
        self.limit_files(hard=PLENTY)

    def limit_files(self, hard: int) -> None:
        """Make the process one that may have so many open files, 1,024 unasked."""

        def set_limit(which: int, limits: tuple[int, int]) -> None:
            self.assertEqual(which, resource.RLIMIT_NOFILE)
            self.asked_for.append(limits)

        self.patch(resource, "getrlimit", lambda which: (1_024, hard))
        self.patch(resource, "setrlimit", set_limit)

    def read(self, *words: str) -> dict[str, Any]:
        """Return what the options are when the command line has these words."""
        read = ServerOptions()
        read.parseOptions(list(words))
        return dict(read)

    def refusal(self, *words: str) -> str:
        """Return the line that the program ends with; only one, and status 1."""
        with self.assertRaises(SystemExit) as caught:
            ServerOptions().parseOptions(list(words))
        line = caught.exception.code
        assert isinstance(line, str)  # Python writes it to stderr, and exits with 1
        self.assertTrue(line.startswith("ecochat: "), line)
        self.assertNotIn("\n", line)
        return line


class DefaultsTests(OptionsTestCase):
    """Nothing has to be configured."""

    def test_all_of_them(self) -> None:
        """Without options the server has these."""
        expected = {
            "data": "ecochat.sqlite",
            "durability": "full",
            "listen": [DEFAULT],
            "log-messages": 0,
            "max-clients": 10_000,
            "max-frame": 65_536,
            "max-message": 4_000,
            "name": socket.gethostname(),
            "welcome": "",
        }
        self.assertEqual(self.read(), expected)

    def test_an_empty_name_is_the_host_name(self) -> None:
        """``--name ''`` would leave a hole in the welcome."""
        self.assertEqual(self.read("--name", "")["name"], socket.gethostname())


class GivenTests(OptionsTestCase):
    """What can be set."""

    def test_each_option(self) -> None:
        """Each long option sets its value, a number as a number."""
        given = {
            "data": ":memory:",
            "durability": "normal",
            "max-clients": 5,
            "max-frame": 100,
            "max-message": 10,
            "name": "here we are",
            "welcome": "no smoking",
        }
        words = [w for name, value in given.items() for w in (f"--{name}", str(value))]
        read = self.read(*words)
        self.assertEqual({name: read[name] for name in given}, given)

    def test_short_options(self) -> None:
        """The options one types often have a letter too."""
        read = self.read("-l1", "-dx", "-ny", "-wz", "-m3")
        self.assertEqual(read["listen"], ["1"])
        letters = [read[name] for name in ("data", "name", "welcome", "max-clients")]
        self.assertEqual(letters, ["x", "y", "z", 3])

    def test_listen_is_repeatable(self) -> None:
        """All the places are kept, in order, as they were written."""
        read = self.read("--listen", "1", "--listen=unix:x", "-l", "[::1]:2")
        self.assertEqual(read["listen"], ["1", "unix:x", "[::1]:2"])

    def test_log_messages_is_a_flag(self) -> None:
        """It takes no value."""
        self.assertTrue(self.read("--log-messages")["log-messages"])
        self.assertIn("log-messages", self.refusal("--log-messages=yes"))


class WrongTests(OptionsTestCase):
    """A wrong command line ends the program with one line that says what to do."""

    def test_numbers(self) -> None:
        """A number is whole, plain and at least 1; the line says so."""
        for option in ("max-clients", "max-frame", "max-message"):
            for value in ("0", "-1", "many", "1.5", "", "\u0663", "1_0"):
                with self.subTest(option=option, value=value):
                    line = self.refusal(f"--{option}={value}")
                    self.assertIn(f"--{option}", line)
                    self.assertIn("is not a number above 0", line)
                    self.assertIn("see twistd ecochat --help", line)

    def test_durability(self) -> None:
        """The option and its words are named."""
        line = self.refusal("--durability", "half")
        self.assertIn("--durability", line)
        self.assertIn("full or normal", line)

    def test_unknown_option(self) -> None:
        """It is named."""
        self.assertIn("--colour", self.refusal("--colour"))

    def test_words_that_are_no_options(self) -> None:
        """The first of them is named."""
        self.assertIn("'4040' is no option", self.refusal("4040", "4041"))

    def test_missing_value(self) -> None:
        """An option that needs a value says so."""
        self.assertIn("--data", self.refusal("--data"))

    def test_text_that_is_not_utf_8(self) -> None:
        """What the terminal gave cannot be sent to anybody."""
        for option in ("--name", "--welcome"):
            with self.subTest(option=option):
                self.assertIn("it is not UTF-8", self.refusal(option, "\udcff"))


class OpenFilesTests(OptionsTestCase):
    """Each client is an open file."""

    def test_the_limit_is_raised_as_far_as_may_be(self) -> None:
        """The server asks for all that the hard limit allows."""
        self.limit_files(hard=4_096)
        self.read()
        self.assertEqual(self.asked_for, [(4_096, 4_096)])

    def test_the_default_fits_into_the_limit(self) -> None:
        """What is left beside the server's own files is for clients, to the default."""
        for hard, clients in (
            (4_096, 4_096 - OWN_FILES),
            (MAX_CLIENTS + OWN_FILES - 1, MAX_CLIENTS - 1),
            (MAX_CLIENTS + OWN_FILES, MAX_CLIENTS),
            (PLENTY, MAX_CLIENTS),
            (OWN_FILES, OWN_FILES // 2),
            (1, 1),
        ):
            with self.subTest(hard=hard):
                self.limit_files(hard)
                self.assertEqual(self.read()["max-clients"], clients)

    def test_no_limit_at_all(self) -> None:
        """An unlimited number of files allows any number of clients."""
        self.limit_files(resource.RLIM_INFINITY)
        self.assertEqual(self.read()["max-clients"], MAX_CLIENTS)
        self.assertEqual(self.read("--max-clients", "50000")["max-clients"], 50_000)

    def test_a_limit_that_cannot_be_raised(self) -> None:
        """Where the kernel refuses, what is allowed already is what counts."""
        for error in (ValueError("not allowed"), PermissionError(1, "not allowed")):

            def refuse(*arguments: object, error: Exception = error) -> None:
                raise error

            with self.subTest(error=error):
                self.patch(resource, "setrlimit", refuse)
                self.assertEqual(self.read()["max-clients"], 1_024 - OWN_FILES)
                self.assertIn("ulimit -n", self.refusal("--max-clients=1024"))

    def test_more_clients_than_files(self) -> None:
        """More than the limit allows is refused with the most, and what to do."""
        self.limit_files(hard=1_000)
        most = 1_000 - OWN_FILES
        self.assertEqual(self.read(f"--max-clients={most}")["max-clients"], most)
        line = self.refusal(f"--max-clients={most + 1}")
        self.assertIn(f"{most} is the most", line)
        self.assertIn("ulimit -n", line)


class VersionTests(OptionsTestCase):
    """What ``twistd ecochat --version`` shows."""

    def test_name_and_version(self) -> None:
        """EcoChat's own, not Twisted's, and the exit status is 0."""
        written = StringIO()
        self.patch(sys, "stdout", written)
        with self.assertRaises(SystemExit) as caught:
            self.read("--version")
        self.assertEqual(caught.exception.code, 0)
        self.assertEqual(written.getvalue(), f"EcoChat {__version__}\n")


class HelpTests(OptionsTestCase):
    """What ``twistd ecochat --help`` shows."""

    def test_every_option_is_explained(self) -> None:
        """Each option is there with its words, the limits and the defaults."""
        text = str(ServerOptions())
        for name in self.read():
            self.assertIn(f"--{name}", text)
        for default in (DEFAULT, "ecochat.sqlite", "65536", "4000", "10000"):
            self.assertIn(default, text)

    def test_how_to_talk_is_shown(self) -> None:
        """The help says how a client speaks to the server."""
        text = " ".join(str(ServerOptions()).split())
        self.assertIn(r"printf 'hi\0' | nc -N", text)
