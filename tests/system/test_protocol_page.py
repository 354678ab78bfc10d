"""The talks of docs/protocol.md, played against a running server."""

import re
from pathlib import Path

from twisted.trial.unittest import TestCase

from ecochat.core.commands import COMMANDS
from tests.support.client import Client
from tests.support.server import Server

PAGE = Path(__file__).parents[2] / "docs" / "protocol.md"
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def talks() -> list[list[str]]:
    """Return the lines of each talk on the page."""
    blocks = re.findall(r"```talk\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [block.splitlines() for block in blocks]


class Stage:
    """Plays the lines of one talk; every frame that comes has to be on the page."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._clients: dict[str, Client] = {}
        self._closed: list[Client] = []

    def play(self, lines: list[str]) -> None:
        """Play a whole talk."""
        for line in lines:
            name, arrow, text = line.split(" ", 2)
            (self._send if arrow == "->" else self._expect)(self._client(name), text)

    def _client(self, name: str) -> Client:
        if name not in self._clients:
            self._clients[name] = Client(self._port)
        return self._clients[name]

    def _send(self, client: Client, text: str) -> None:
        if text == "(end of input)":
            client.end_input()
        else:
            client.say(text.replace(r"\n", "\n"))

    def _expect(self, client: Client, text: str) -> None:
        if text == "(closed)":
            assert client.read_to_end() == [], client.frames
            self._closed.append(client)
            return
        client.until(lambda: bool(client.frames))
        found = client.frames.pop(0).replace("\n", r"\n")
        assert STAMP.sub("TIME", found) == STAMP.sub("TIME", text), (found, text)

    def end(self) -> None:
        """Nothing more came than the page has; close everything."""
        for client in self._clients.values():
            if client not in self._closed:
                client.say("/help quit")
                self._expect(client, "* /quit: end the session")
                self._expect(client, "* end help")
        for client in self._clients.values():
            client.close()


class ProtocolPageTests(TestCase):
    """The page is true."""

    def test_every_talk(self) -> None:
        """Each frame that is sent gives the frames that the page says, no other."""
        self.assertGreater(len(talks()), 4)
        for lines in talks():
            with Server("--name", "NAME", data=":memory:") as server:
                stage = Stage(server.port)
                stage.play(lines)
                stage.end()

    def test_every_command_is_on_the_page(self) -> None:
        """The table of commands is that of the server."""
        named = re.findall(r"^\| `(/[^`]+)` \|", PAGE.read_text(), re.MULTILINE)
        self.assertEqual(named, [command.usage for command in COMMANDS.values()])
