"""Where to listen: what users write for it, and what Twisted reads."""

import re

BACKLOG = 4_096
"""Connections that may wait to be accepted. With Twisted's 50 a class that connects
at one moment waits for seconds."""

DEFAULT = "tcp:4040:interface=127.0.0.1"

CLASSIC = {"eco": 50002, "ack": 12345, "upper": 56040, "nick": 55555}
"""The classroom programs whose clients can connect, and the ports that they had."""

_TYPES = ("tcp", "tcp6", "ssl", "unix")
_HOST_PORT = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^:=/\[\]]+)):(?P<port>\d+)"
)


def endpoint_description(text: str) -> str:
    """Return the Twisted endpoint string for what a user wrote.

    ``PORT`` means that port on 127.0.0.1, ``HOST:PORT`` and ``[V6ADDRESS]:PORT`` that
    interface; anything else is a Twisted endpoint string already. The backlog is
    added unless it is given.
    """
    if text.isdecimal():
        text = f"tcp:{text}:interface=127.0.0.1"
    match = _HOST_PORT.fullmatch(text)
    if match and match["host"] not in _TYPES:
        kind = "tcp6" if match["v6"] else "tcp"
        host = (match["v6"] or match["host"]).replace(":", r"\:")
        text = f"{kind}:{match['port']}:interface={host}"
    if text.split(":")[0] in _TYPES and ":backlog=" not in text:
        text += f":backlog={BACKLOG}"
    return text
