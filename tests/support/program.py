"""A client that speaks the structured dialect, for tests that wait for what they
expect."""

import json
from collections.abc import Callable
from typing import Any

from tests.support.client import Client
from tests.support.waiting import WAIT


class Program(Client):
    """Sends and receives JSON objects, blocking.

    :param hello: the fields of its hello; None to say none.
    :ivar welcome: the answer to the hello.
    :ivar said: all objects received.
    """

    def __init__(
        self,
        port: int,
        hello: dict[str, Any] | None = None,
        receive_buffer: int = 0,
    ) -> None:
        super().__init__(port, receive_buffer=receive_buffer)
        self.said: list[dict[str, Any]] = []
        self.welcome: dict[str, Any] = {}
        if hello is not None:
            self.hello(**hello)
            self.welcome = self.find(lambda said: said["op"] in ("welcome", "error"))

    def __enter__(self) -> "Program":
        return self

    def hello(self, **fields: Any) -> None:
        """Send a hello."""
        self.request("hello", protocol=1, **fields)

    def request(self, op: str, **fields: Any) -> None:
        """Send a request."""
        self.say(json.dumps({"op": op, **fields}))

    def receive(self, wait: float = WAIT) -> bool:
        """See :class:`Client`; what is no object, as a greeting, is passed over."""
        more = super().receive(wait)
        found = [frame for frame in self.frames if frame.startswith("{")]
        self.frames.clear()
        self.said += map(json.loads, found)
        return more

    def find(
        self, wanted: Callable[[dict[str, Any]], bool], wait: float = WAIT
    ) -> dict[str, Any]:
        """Receive until an object is wanted, and return it."""
        begun = 0
        found: list[dict[str, Any]] = []

        def look() -> bool:
            nonlocal begun
            found.extend(filter(wanted, self.said[begun:]))
            begun = len(self.said)
            return bool(found)

        self.until(look, wait)
        return found[0]

    def answer(self, ref: str) -> dict[str, Any]:
        """Receive until a request with this ref is answered."""
        return self.find(lambda said: said.get("ref") == ref)

    def call(self, op: str, **fields: Any) -> dict[str, Any]:
        """Send a request, and return its answer, or the end of its list."""
        ref = f"call-{len(self.said)}"
        self.request(op, ref=ref, **fields)
        items = ("message", "topic", "edit", "delete", "react", "member", "room")
        kinds = (*items, "session")
        return self.find(lambda s: s.get("ref") == ref and s["op"] not in kinds)

    def events(self, room: str = "lobby") -> list[dict[str, Any]]:
        """Return all numbered events of a room that came unasked."""
        return [
            said
            for said in self.said
            if "n" in said
            and said["room"] == room
            and "ref" not in said
            and said["op"] != "stored"
        ]

    def until_event(self, n: int, room: str = "lobby", wait: float = WAIT) -> None:
        """Receive until the event of this number has come."""

        def is_it(said: dict[str, Any]) -> bool:
            is_event = said["op"] != "stored" and "ref" not in said
            return is_event and said.get("n") == n and said["room"] == room

        self.find(is_it, wait)
