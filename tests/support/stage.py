"""Plays talks that are written as lines, against a running server.

    alice -> hello                  alice sends this frame
    alice <- + lobby 1              and this is the next one that she gets
    bob <- (closed)                 the server closes

A search waits until it would find something: the index follows what is said. What has
no line must not come.
"""

import json
import re
from contextlib import AbstractContextManager, ExitStack, nullcontext

from tests.support.client import Client
from tests.support.server import Server

VARYING = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z"
    r"|(?<=^\* )\d\d:\d\d:\d\d$|(?<=127\.0\.0\.1:)\d+"
)
"""Times and ports, which are never the same; how precise a time is stays."""

MAC = re.compile(
    r"(\* |.*\"text\":\")([0-9a-f]{2}:){5}[0-9a-f]{2}(\"\})?"
    r"|.*this machine shows no hardware address.*"
)
"""What ``(mac)`` stands for in a talk."""

JOKE = "Why was the null byte calm? It knew how to end things."
SEARCH = re.compile(r'/search (.+)|.*"op":"search","words":"([^"]+)"')
"""A search, and its words."""

ENDS = {
    "{": ('{"op":"ping"}', '{"op":"ok"}'),
    "": ("/help quit", "* /quit: end the session", "* end help"),
}
"""By how a client's first frame begins, what it says at the end, and the answer."""

OPERATOR = "operator"
"""Who is connected to the operators' socket."""


class Stage:
    """Plays the lines of one talk; every frame that comes has to be on the page."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._clients: dict[str, Client] = {}
        self._closed: list[Client] = []
        self._ends: dict[Client, tuple[str, ...]] = {}

    def play(self, lines: list[str]) -> None:
        """Play a whole talk."""
        for line in lines:
            name, arrow, text = line.split(" ", 2)
            if arrow == "->":
                self._send(name, text)
            else:
                self._expect(self._client(name), text)

    def _client(self, name: str) -> Client:
        if name not in self._clients:
            is_operator = name == OPERATOR
            place = self._server.operators if is_operator else self._server.port
            self._clients[name] = Client(place)
        return self._clients[name]

    def _send(self, name: str, text: str) -> None:
        search = SEARCH.match(text)
        if search:
            self._wait_until_found(search[1] or search[2])
        with self._at_once(name in self._clients):
            client = self._client(name)
            if text == "(end of input)":
                client.end_input()
            else:
                client.say(text.replace(r"\n", "\n"))
        speaks = "{" if text.startswith('{"op"') else ""
        self._ends.setdefault(client, ENDS[speaks])

    def _at_once(self, is_there: bool) -> AbstractContextManager[None]:
        """Have a first frame there when its connection is, or the server may greet who
        says nothing: what is on the page does not tell of that."""
        return nullcontext() if is_there else self._server.held()

    def _wait_until_found(self, words: str) -> None:
        """Wait until the search index has followed the lobby, and has the words."""
        with ExitStack() as stack:
            with self._server.held():
                other = stack.enter_context(Client(self._server.port))
                other.say('{"op":"hello","protocol":1,"rooms":{}}')
            other.expect(r'\{"op":"welcome"')
            log = other.ask('{"op":"history","room":"lobby"}', r'\{"op":"end"')
            times = [e["time"] for e in map(json.loads, log) if e["op"] == "message"]
            search = json.dumps({"op": "search", "words": words})
            while True:
                *found, end = map(json.loads, other.ask(search, r'\{"op":"end"'))
                if found and end.get("upto", "") >= max(times):
                    break

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
                last, *answers = self._ends[client]
                client.say(last)
                for answer in answers:
                    self._expect(client, answer)
        for client in self._clients.values():
            client.close()


def _constant(frame: str) -> str:
    return VARYING.sub(lambda match: f"VARYING{match[1] is not None}", frame)
