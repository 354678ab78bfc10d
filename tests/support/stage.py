"""Plays talks that are written as lines, against a running server.

    alice -> hello                  alice sends this frame
    alice <- + lobby 1              and this is the next one that she gets
    bob <- (closed)                 the server closes

What has no line must not come.
"""

import re

from tests.support.client import Client
from tests.support.server import Server

VARYING = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z"
    r"|(?<=^\* )\d\d:\d\d:\d\d$|(?<=127\.0\.0\.1:)\d+"
)
"""Times and ports, which are never the same; how precise a time is stays."""

MAC = re.compile(
    r"\* ([0-9a-f]{2}:){5}[0-9a-f]{2}|! this machine shows no hardware address"
)
"""What ``(mac)`` stands for in a talk."""

JOKE = "Why was the null byte calm? It knew how to end things."
OPERATOR = "operator"
"""Who is connected to the operators' socket."""


class Stage:
    """Plays the lines of one talk; every frame that comes has to be on the page."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._clients: dict[str, Client] = {}
        self._closed: list[Client] = []

    def play(self, lines: list[str]) -> None:
        """Play a whole talk."""
        for line in lines:
            name, arrow, text = line.split(" ", 2)
            (self._send if arrow == "->" else self._expect)(self._client(name), text)

    def _client(self, name: str) -> Client:
        if name not in self._clients:
            is_operator = name == OPERATOR
            place = self._server.operators if is_operator else self._server.port
            self._clients[name] = Client(place)
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
        if text == "(mac)":
            assert MAC.fullmatch(found), found
            return
        assert _constant(found) == _constant(text), (found, text)

    def end(self) -> None:
        """Nothing more came than the page has; close everything."""
        for client in self._clients.values():
            if client not in self._closed:
                client.say("/help quit")
                self._expect(client, "* /quit: end the session")
                self._expect(client, "* end help")
        for client in self._clients.values():
            client.close()


def _constant(frame: str) -> str:
    return VARYING.sub(lambda match: f"VARYING{match[1] is not None}", frame)
