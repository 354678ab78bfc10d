"""The command line of ``twistd ecochat``, read in this process."""

import os
import resource
import socket
import sys
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ecochat import __version__
from ecochat.listen import DEFAULT
from ecochat.options import OWN_FILES, ServerOptions
from ecochat.settings import ACTIONS, MAX_CLIENTS, SETTINGS

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

    def file(self, *lines: str) -> str:
        """Return the path of a new file with these lines."""
        path = Path(self.mktemp())
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return str(path)


class DefaultsTests(OptionsTestCase):
    """Nothing has to be configured."""

    def test_all_of_them(self) -> None:
        """Without options the server has these."""
        expected = {
            "burst": 100,
            "classic": [],
            "classic-room": "lobby",
            "console": False,
            "data": "ecochat.sqlite",
            "durability": "full",
            "grace": 60,
            "jokes": None,
            "keep": [("", None)],
            "keep-messages": [("", None)],
            "limits": True,
            "listen": [DEFAULT],
            "log-messages": False,
            "max-clients": 10_000,
            "max-frame": 65_536,
            "max-message": 4_000,
            "max-per-address": 200,
            "name": socket.gethostname(),
            "no-classic-words": False,
            "operator-socket": "ecochat.sqlite.operator",
            "ping-interval": 30,
            "quit-password": "12345",
            "rate": 20.0,
            "welcome": "",
        }
        self.assertEqual(self.read(), expected)

    def test_an_empty_name_is_the_host_name(self) -> None:
        """``--name ''`` would leave a hole in the welcome."""
        self.assertEqual(self.read("--name", "")["name"], socket.gethostname())

    def test_the_operators_socket_is_beside_the_data(self) -> None:
        """Where there is a file; it can be elsewhere, or not at all."""
        for words, path in (
            (["--data", "/var/lib/chat"], "/var/lib/chat.operator"),
            (["--data", ":memory:"], ""),
            (["--data", ":memory:", "--operator-socket", "x"], "x"),
            (["--operator-socket", "off"], ""),
            (["--operator-socket", "./off"], "./off"),
        ):
            with self.subTest(words=words):
                self.assertEqual(self.read(*words)["operator-socket"], path)

    def test_one_list_is_not_another_servers(self) -> None:
        """The default list is copied."""
        self.read()["listen"].append("elsewhere")
        self.assertEqual(self.read()["listen"], [DEFAULT])


class GivenTests(OptionsTestCase):
    """What can be set."""

    def test_each_option(self) -> None:
        """Each long option sets its value, a number as a number."""
        given = {
            "burst": 7,
            "classic-room": "Klasse.7",
            "data": ":memory:",
            "durability": "normal",
            "jokes": self.file("ha"),
            "max-clients": 5,
            "max-frame": 100,
            "max-message": 10,
            "max-per-address": 3,
            "name": "here we are",
            "operator-socket": "op.sock",
            "quit-password": "geheim",
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

    def test_classic_is_repeatable(self) -> None:
        """Each is a kind and where it is, with nothing for its own port."""
        words = ("eco", "ack=0", "nick=tcp:1:interface=::1", "all", "eco=[::1]:2")
        read = self.read(*(f"--classic={word}" for word in words))
        expected = [
            *(("eco", ""), ("ack", "0"), ("nick", "tcp:1:interface=::1")),
            *(("all", ""), ("eco", "[::1]:2")),
        ]
        self.assertEqual(read["classic"], expected)

    def test_flags(self) -> None:
        """They take no value."""
        for name in ("log-messages", "no-classic-words"):
            with self.subTest(name=name):
                self.assertIs(self.read(f"--{name}")[name], True)
                self.assertIn(name, self.refusal(f"--{name}=yes"))

    def test_rates(self) -> None:
        """For each second unless it is for each minute; decimals too."""
        for word, rate in (
            ("20/s", 20.0),
            ("20", 20.0),
            ("0.5/s", 0.5),
            ("90/m", 1.5),
            ("1e-3", 0.001),
        ):
            with self.subTest(word=word):
                self.assertEqual(self.read("--rate", word)["rate"], rate)

    def test_times(self) -> None:
        """In seconds, or with their unit; 0 is one."""
        for word, seconds in (
            ("0", 0),
            ("30", 30),
            ("60s", 60),
            ("5m", 300),
            ("12h", 43_200),
            ("90d", 7_776_000),
        ):
            for name in ("grace", "ping-interval"):
                with self.subTest(word=word, name=name):
                    self.assertEqual(self.read(f"--{name}", word)[name], seconds)

    def test_what_is_kept(self) -> None:
        """For all rooms and for some, as often as one likes."""
        words = ("--keep", "90d", "--keep=lab=1h", "--keep", "Déjà=all")
        kept = [("", 7_776_000), ("lab", 3_600), ("Déjà", None)]
        self.assertEqual(self.read(*words)["keep"], kept)
        read = self.read("--keep-messages", "500", "--keep-messages", "a.b=7")
        self.assertEqual(read["keep-messages"], [("", 500), ("a.b", 7)])

    def test_limits_are_a_switch(self) -> None:
        """On or off."""
        self.assertIs(self.read("--limits", "off")["limits"], False)
        self.assertIs(self.read("--limits", "on")["limits"], True)


class WrongTests(OptionsTestCase):
    """A wrong command line ends the program with one line that says what to do."""

    def test_numbers(self) -> None:
        """A number is whole, plain and at least 1; the line says so."""
        counts = ("burst", "max-clients", "max-frame", "max-message", "max-per-address")
        for option in counts:
            for value in ("0", "-1", "many", "1.5", "", "\u0663", "1_0"):
                with self.subTest(option=option, value=value):
                    line = self.refusal(f"--{option}={value}")
                    self.assertIn(f"--{option}", line)
                    self.assertIn("is not a number above 0", line)
                    self.assertIn("see twistd ecochat --help", line)
            self.assertIn("too large", self.refusal(f"--{option}", "9" * 5_000))

    def test_rates(self) -> None:
        """A rate is finite, more than nothing, and of a unit that is known."""
        wrong = ("0", "0/m", "-1", "", "20/h", "20 /s", "nan", "inf", "1e999", "1_0")
        for word in (*wrong, "1e-999/m", "\u0663", "/s"):
            with self.subTest(word=word):
                self.assertIn("as 20/s or 100/m", self.refusal(f"--rate={word}"))

    def test_times(self) -> None:
        """What is no time is named, with examples."""
        for option in ("grace", "ping-interval", "keep"):
            for word in ("", "-1", "1.5", "1w", "1 d", "\u0663d", "9" * 10 + "s"):
                with self.subTest(option=option, word=word):
                    line = self.refusal(f"--{option}={word}")
                    self.assertIn("is not a time, as 90d, 12h, 5m or 30s", line)

    def test_what_is_kept(self) -> None:
        """Nothing at all is no amount, and a room has a name that rooms can have."""
        self.assertIn("is no time at all", self.refusal("--keep=0d"))
        self.assertIn("is no time at all", self.refusal("--keep=lab=0d"))
        for word in ("90", "lab=90"):
            self.assertIn("lacks its unit, as 90d", self.refusal(f"--keep={word}"))
        for word in ("0", "lab=0", "lab=", "-1", "1d"):
            with self.subTest(word=word):
                line = self.refusal(f"--keep-messages={word}")
                self.assertIn("is not a number above 0", line)
        for word in ("a b=5", "@bob=5", "=5"):
            for option in ("keep", "keep-messages"):
                with self.subTest(option=option, word=word):
                    line = self.refusal(f"--{option}={word}")
                    self.assertIn("is not for a room: ", line)

    def test_words(self) -> None:
        """The option and what it takes are named."""
        for option, word, expected in (
            ("limits", "maybe", "--limits maybe is not on or off"),
            ("operator-socket", "", "--operator-socket '' is neither a path nor off"),
            ("quit-password", "", "one word without white space"),
            ("quit-password", "two words", "one word without white space"),
            ("quit-password", "\u2003x", "one word without white space"),
            ("jokes", "/nowhere", "--jokes /nowhere cannot be read: No such file"),
        ):
            with self.subTest(option=option, word=word):
                self.assertIn(expected, self.refusal(f"--{option}={word}"))

    def test_classroom_programs(self) -> None:
        """All that there are are named; a place that is none is found when it is
        opened."""
        known = "is none of eco, ack, upper, nick, alone or as eco=tcp:50002"
        for word in ("", "Eco", "echo", "eco=", "=1", "all=1", "eco,ack", "50002"):
            with self.subTest(word=word):
                self.assertIn(known, self.refusal("--classic", word))
        for room in ("", "@bob", "a b"):
            with self.subTest(room=room):
                line = self.refusal("--classic-room", room)
                self.assertIn("is not for a room: a room name", line)

    def test_a_secret_is_not_repeated(self) -> None:
        """What stands on stderr may end in a log."""
        self.assertNotIn("hush", self.refusal("--quit-password", "hush hush"))

    def test_a_line_break_in_a_value(self) -> None:
        """The refusal is one line all the same."""
        self.refusal("--max-clients", "1\n2")

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
        for option in ("--name", "--welcome", "--quit-password"):
            with self.subTest(option=option):
                self.assertIn("is not UTF-8", self.refusal(option, "\udcff"))


class FileTests(OptionsTestCase):
    """Settings from a file, beside those of the command line."""

    def test_the_file_goes_before_the_defaults(self) -> None:
        """And what it does not say is as ever; with either kind of dash."""
        path = self.file('data = "x"', "max-frame = 9", "max_message = 8")
        read = self.read("--config", path)
        self.assertEqual((read["max-frame"], read["max-message"]), (9, 8))
        self.assertEqual(read["operator-socket"], "x.operator")
        self.assertEqual(read["burst"], 100)

    def test_the_command_line_goes_before_the_file(self) -> None:
        """Whatever the order: text, lists as a whole, flags, and the default too."""
        path = self.file(
            'listen = ["1", "2"]',
            'name = "there"',
            "burst = 5",
            "log-messages = false",
            'limits = "off"',
        )
        words = ["--burst=100", "-l3", "--log-messages", "--limits=on", "-nhere"]
        for given in ([*words, "--config", path], ["--config", path, *words]):
            with self.subTest(given=given):
                read = self.read(*given)
                self.assertEqual(read["burst"], 100)
                self.assertEqual(read["listen"], ["3"])
                self.assertEqual(read["name"], "here")
                self.assertTrue(read["log-messages"] and read["limits"])

    def test_a_wrong_file(self) -> None:
        """It is named, with the key and what was expected."""
        path = self.file('burst = "5"')
        told = 'burst = "5" is not a whole number (without quotes)'
        self.assertEqual(self.refusal("--config", path), f"ecochat: {path}: {told}")

    def test_a_missing_file(self) -> None:
        """It is named."""
        line = self.refusal("--config", "/nowhere")
        self.assertIn("--config /nowhere cannot be read: No such file", line)


class PrintTests(OptionsTestCase):
    """``--print-config``: the settings, as a file."""

    def printed(self, *words: str) -> str:
        """Return what is written on stdout, with exit status 0."""
        bytes_written = BytesIO()
        self.patch(sys, "stdout", TextIOWrapper(bytes_written, encoding="ascii"))
        with self.assertRaises(SystemExit) as caught:
            self.read("--print-config", *words)
        self.assertEqual(caught.exception.code, 0)
        return bytes_written.getvalue().decode()

    def assert_read_back(self, *words: str) -> None:
        """See that what is printed gives the settings that the words give."""
        path = self.file(self.printed(*words))
        self.assertEqual(self.read("--config", path), self.read(*words))

    def test_it_is_read_back(self) -> None:
        """The defaults are, and so is everything else, whatever its characters."""
        self.assert_read_back()
        self.assert_read_back(
            *(
                "-l1",
                '-lunix:"q"',
                "-d:memory:",
                "-nGrüße",
                "-w\x7f\\ \t\n\x1b€😀",
                "-m9",
            ),
            *("--rate", "100/m", "--burst", "1", "--limits", "off", "--log-messages"),
            *("--no-classic-words", "--quit-password", "ö'\"", "--durability=normal"),
            *("--jokes", self.file("ha"), "--max-per-address=1", "--max-frame=3"),
            *("--classic", "all", "--classic", 'ack=unix:"ö"', "--classic-room=Ä"),
        )

    def test_the_effective_ones(self) -> None:
        """What the file and the command line give is in it, each with its help."""
        path = self.file("burst = 5", "max-frame = 6")
        text = self.printed("--burst", "7", "--config", path)
        self.assertIn("\nburst = 7\n", text)
        self.assertIn(
            "\n# the longest frame, without its null byte\nmax-frame = 6\n", text
        )

    def test_wrong_settings_are_not_printed(self) -> None:
        """The refusal comes as ever."""
        self.assertIn("--burst", self.refusal("--print-config", "--burst", "0"))

    def test_a_path_that_no_file_can_hold(self) -> None:
        """A file is UTF-8, and a path need not be."""
        line = self.refusal("--print-config", "--data", "\udcff")
        self.assertIn("is not UTF-8", line)

    def test_nowhere_to_print(self) -> None:
        """A full disk is told in one line too."""
        self.patch(sys, "stdout", open("/dev/full", "w"))  # noqa: SIM115
        self.assertIn("No space left", self.refusal("--print-config"))


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
        text = " ".join(str(ServerOptions()).split())
        for name, setting in (SETTINGS | ACTIONS).items():
            with self.subTest(name=name):
                shown = f"--{name} {setting.argument}".strip()
                self.assertIn(f"{shown} {setting.help}", text)
                if setting.default_words:
                    self.assertIn(f"[default: {setting.default_words}]", text)
        for default in (DEFAULT, "ecochat.sqlite", "65536", "4000", "10000", "20/s"):
            self.assertIn(default, text)

    def test_it_fits(self) -> None:
        """No line is wider than the terminal, nor than one can read."""
        for columns, widest in (("80", 80), ("70", 70), ("20", 60), ("300", 100)):
            self.patch(os, "environ", os.environ | {"COLUMNS": columns})
            with self.subTest(columns=columns):
                lines = str(ServerOptions()).splitlines()
                self.assertLessEqual(max(map(len, lines)), widest)

    def test_how_to_talk_is_shown(self) -> None:
        """The help says how a client speaks to the server."""
        text = " ".join(str(ServerOptions()).split())
        self.assertIn(r"printf 'hi\0' | nc -N", text)
