"""The table of settings, and files of them."""

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import ecochat
from ecochat.config import ConfigError, read_config, write_config
from ecochat.settings import ACTIONS, SETTINGS
from ecochat.textfile import LARGEST

PAGE = Path(ecochat.__file__).parents[1] / "docs" / "operations.md"


class TableTests(SynchronousTestCase):
    """What is true of every setting."""

    def test_names_and_letters_are_given_once(self) -> None:
        """A name or a letter is one setting's."""
        self.assertEqual(set(SETTINGS) & set(ACTIONS), set())
        letters = [s.letter for s in SETTINGS.values() if s.letter]
        self.assertEqual(len(letters), len(set(letters)))

    def test_defaults_are_values(self) -> None:
        """A default is written, and read again, to the same; or it is found out."""
        for name, setting in SETTINGS.items():
            default = setting.default
            with self.subTest(name=name):
                if default is None:
                    self.assertTrue(setting.found_out)
                for value in default if setting.repeatable else [default]:
                    if value is not None:
                        kind = setting.kind
                        self.assertEqual(kind.take(kind.write(value)), value)

    def test_the_page_has_a_row_for_each(self) -> None:
        """docs/operations.md names every option, with its argument, in this order."""
        rows = re.findall(r"(?m)^\| `--([\w-]+) ?([^`]*)` \|", PAGE.read_text())
        table = [
            (s.name, s.argument.replace("|", r"\|"))
            for s in (*SETTINGS.values(), *ACTIONS.values())
        ]
        self.assertEqual(rows, table)

    def test_the_pages_example(self) -> None:
        """The file that docs/operations.md shows is one."""
        example = re.search(r"(?s)```toml\n(.*?)```", PAGE.read_text())
        assert example
        path = Path(self.mktemp())
        path.write_text(example[1])
        self.assertEqual(read_config(str(path))["quit-password"], "until-tomorrow")


class ConfigTestCase(SynchronousTestCase):
    """Reads files of settings."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def wrong(self, content: bytes) -> str:
        """Return what is said of a file with this in it, behind its name."""
        self.path.write_bytes(content)
        error = self.assertRaises(ConfigError, read_config, str(self.path))
        said = str(error).removeprefix("--config ")
        self.assertTrue(said.startswith(str(self.path)), said)
        self.assertNotIn("\n", said)
        return said.removeprefix(str(self.path)).removeprefix(": ")


class ReadTests(ConfigTestCase):
    """What a file may say."""

    def test_each_kind(self) -> None:
        """Text, numbers, flags, lists; and nothing but what stands there."""
        for text, name, value in (
            ('data = "a b"', "data", "a b"),
            ("max_clients = 5", "max-clients", 5),
            ("log-messages = true", "log-messages", True),
            ("log-messages = false", "log-messages", False),
            ('listen = "4040"', "listen", ["4040"]),
            ('listen = ["1", "unix:x"]', "listen", ["1", "unix:x"]),
            ('rate = "90/m"', "rate", 1.5),
            ("rate = 3", "rate", 3.0),
            ("rate = 0.00001", "rate", 0.00001),
            ('limits = "off"', "limits", False),
            ('classic = "all"', "classic", [("all", "")]),
            ('classic = ["eco", "ack=1"]', "classic", [("eco", ""), ("ack", "1")]),
            ('operator-socket = "off"', "operator-socket", ""),
            ('\ufeff# from an editor\r\nname = "ä"\r\n', "name", "ä"),
        ):
            with self.subTest(text=text):
                self.path.write_text(text, encoding="utf-8", newline="")
                self.assertEqual(read_config(str(self.path)), {name: value})

    def test_an_empty_file(self) -> None:
        """It gives nothing."""
        self.path.touch()
        self.assertEqual(read_config(str(self.path)), {})

    def test_unknown_keys(self) -> None:
        """The nearest known one is named; so is a table, which none of them is."""
        for key, near in (
            ("max_client", "max-clients"),
            ("Burst", "burst"),
            ("lissten", "listen"),
        ):
            said = self.wrong(f"{key} = 1".encode())
            expected = f"there is no setting {key}, did you mean {near}? "
            self.assertTrue(said.startswith(expected), said)
        self.assertIn("no setting server, ", self.wrong(b"[server]\ndata = 'x'"))

    def test_what_is_of_the_command_line_only(self) -> None:
        """A file does not lead to another, and is not a question."""
        for key in ("config", "print_config", "help", "version"):
            said = self.wrong(f'{key} = "x"'.encode())
            self.assertEqual(said, f"{key} can stand on the command line only")

    def test_a_key_twice(self) -> None:
        """With one dash or another it is the same; TOML itself sees to the rest."""
        said = self.wrong(b"max-frame = 1\nmax_frame = 1")
        self.assertEqual(said, "max_frame is there twice, with - and with _")
        self.assertIn("is not TOML", self.wrong(b"burst = 1\nburst = 1"))

    def test_wrong_types(self) -> None:
        """The key and what was expected are named."""
        text = "is not text in quotes"
        number = "is not a whole number (without quotes)"
        for line, expected in (
            ("data = 1", f"data {text}"),
            ("data = 1979-05-27", f"data {text}"),
            ("data = {}", f"data {text}"),
            ("listen = 4040", f"listen {text}, or a list of such"),
            ("listen = [1]", f"listen {text}, or a list of such"),
            ("classic = 1", 'classic is not text as "eco", or a list of such'),
            ("listen = []", "listen has nothing in it; leave it out for the default"),
            ('burst = "5"', f'burst = "5" {number}'),
            ("burst = 1.0", f"burst {number}"),
            ("burst = true", f"burst {number}"),
            ("rate = [1]", 'rate is not a number, or text as "20/s"'),
            ("rate = true", 'rate is not a number, or text as "20/s"'),
            ('log_messages = "yes"', 'log_messages = "yes" is not true or false'),
            ("limits = true", f"limits {text}"),
            ("quit-password = 12345", f"quit-password {text}"),
        ):
            with self.subTest(line=line):
                self.assertEqual(self.wrong(line.encode()), expected)

    def test_wrong_values(self) -> None:
        """They are wrong for the same reasons as on the command line."""
        for line, expected in (
            ("burst = 0", "burst is not a number above 0"),
            (f"burst = 0x{'f' * 9_000}", "burst is too large a number"),
            ("rate = inf", "rate is not a number above 0 for each second"),
            ("rate = nan", "rate is not a number above 0 for each second"),
            ('durability = "half"', 'durability = "half" is not full or normal'),
            (r'welcome = "a\u0000"', r'welcome = "a\u0000" has a null character in it'),
            ('jokes = "/nowhere"', 'jokes = "/nowhere" cannot be read: No such file'),
            ('quit-password = "hush hush"', "quit-password is not one word"),
            (f'limits = "{"x" * 500}"', f'limits = "{"x" * 99} is not on or off'),
        ):
            with self.subTest(line=line):
                said = self.wrong(line.encode())
                self.assertTrue(said.startswith(expected), said)

    def test_what_is_not_toml(self) -> None:
        """Nor all that looks like it can be read."""
        self.assertIn("is not TOML: ", self.wrong(b"burst 5"))
        self.assertIn("is not TOML: ", self.wrong(b"a = " + b"[" * 10_000))
        self.assertIn("is not UTF-8", self.wrong(b'name = "\xff"'))
        self.assertIn(f"longer than {LARGEST} bytes", self.wrong(b"#" * (LARGEST + 1)))

    def test_a_folder(self) -> None:
        """What cannot be read is named, with the reason."""
        self.path.mkdir()
        error = self.assertRaises(ConfigError, read_config, str(self.path))
        self.assertIn(f"{self.path} cannot be read: Is a directory", str(error))


class WriteTests(ConfigTestCase):
    """A file made of values."""

    def test_it_is_read_back(self) -> None:
        """All characters come back, those that TOML escapes too."""
        values = {
            name: list(setting.default) if setting.repeatable else setting.default
            for name, setting in SETTINGS.items()
        }
        every = "".join(map(chr, (*range(1, 0x250), 0x2028, 0xFEFF, 0x1F600)))
        values |= {"listen": ["1", every], "welcome": every, "rate": 1 / 3}
        self.path.write_text(write_config(values), encoding="utf-8", newline="")
        given = {name: value for name, value in values.items() if value is not None}
        self.assertEqual(read_config(str(self.path)), given)

    def test_each_is_explained(self) -> None:
        """A comment stands before each; one without a value is a comment itself."""
        values = {name: setting.default for name, setting in SETTINGS.items()}
        text = write_config(values)
        self.assertIn(
            "\n# the longest frame, without its null byte\nmax-frame = 65536\n", text
        )
        self.assertIn("# (not given: EcoChat's own)\n", text)
        self.assertLessEqual(max(map(len, text.splitlines())), 88)
