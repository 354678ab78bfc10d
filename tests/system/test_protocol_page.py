"""The talks of docs/protocol.md, played against a running server."""

import re
from pathlib import Path

from msgspec.structs import fields
from twisted.trial.unittest import TestCase

from ecochat.core.commands import COMMANDS
from ecochat.core.requests import OPERATIONS
from ecochat.core.words import WORDS, WORDS_IN_ANY_CASE
from tests.support.server import Server
from tests.support.stage import JOKE, Stage

PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"


def talks() -> list[list[str]]:
    """Return the lines of each talk on the page."""
    blocks = re.findall(r"```talk\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [block.splitlines() for block in blocks]


class ProtocolPageTests(TestCase):
    """The page is true."""

    def test_every_talk(self) -> None:
        """Each frame that is sent gives the frames that the page says, no other."""
        self.assertGreater(len(talks()), 4)
        jokes = Path(self.mktemp()).absolute()
        jokes.write_text(JOKE)
        for lines in talks():
            with Server("--name", "NAME", "--jokes", str(jokes)) as server:
                stage = Stage(server)
                stage.play(lines)
                stage.end()

    def test_every_command_is_on_the_page(self) -> None:
        """The table of commands is that of the server."""
        named = re.findall(r"^\| `(/[^`]+)` \|", PAGE.read_text(), re.MULTILINE)
        usages = [command.usage.replace("|", r"\|") for command in COMMANDS.values()]
        self.assertEqual(named, usages)

    def test_every_operation_is_in_a_talk(self) -> None:
        """What a program can ask is shown, with what the server says to it."""
        said = re.findall(r'-> \{"op":"(\w+)"', "\n".join(map("\n".join, talks())))
        tags = {operation.__struct_config__.tag for operation in OPERATIONS}
        self.assertEqual(set(said) & tags, tags)

    def test_every_operation_is_on_the_page(self) -> None:
        """The table of operations is that of the server."""
        row = r"^\| `(\w+)` \| (.*?) \| .* \| .* \|$"
        rows = re.findall(row, PAGE.read_text(), re.MULTILINE)
        table = {
            str(operation.__struct_config__.tag): ", ".join(
                f"`{field.name}`{'' if field.required else '?'}"
                for field in fields(operation)
                if field.name != "ref"
            )
            for operation in OPERATIONS
        }
        self.assertEqual(dict(rows), table)

    def test_every_classic_word_is_on_the_page(self) -> None:
        """The table of words is the server's."""
        words = {*WORDS, *WORDS_IN_ANY_CASE}
        section = PAGE.read_text().split("### Classic words")[1].split("\n### ")[0]
        rows = re.findall(r"^\| (`[a-zA-Z][^|]*) \|", section, re.MULTILINE)
        named = {word for row in rows for word in re.findall("`([^`]+)`", row)}
        self.assertEqual(named, words | {"QUIT", "QUIT PASSWORD"})
