"""What the load says, and how it knows an answer, in each language that is measured."""

import json
from typing import Protocol

MARK = b"^"
"""What each message has once, and nothing else has that a server sends."""


class Dialect(Protocol):
    """One language.

    :ivar greeted: what the greeting has in it; nothing when nobody is greeted.
    :ivar entered: what the answer to :meth:`enter` has in it.
    """

    greeted: bytes
    entered: bytes

    def hello(self, number: int, room: str) -> bytes:
        """Return what the ``number``-th connection sends at once."""

    def enter(self, room: str) -> bytes:
        """Return what goes into a room, once greeted; nothing if it is there."""

    def say(self, room: str, text: str) -> bytes:
        """Return a message to a room."""


class Plain:
    """EcoChat as people and shells speak it. Who says nothing is in the lobby."""

    greeted = b"* Welcome to "
    entered = b"* You are "

    def hello(self, number: int, room: str) -> bytes:
        """Return nothing: who is silent is greeted."""
        return b""

    def enter(self, room: str) -> bytes:
        """Return nothing for the lobby."""
        return b"" if room == LOBBY else f"/join {room}\0".encode()

    def say(self, room: str, text: str) -> bytes:
        """Return a message to the current room, which is that one."""
        return f"{text}\0".encode()


class Structured:
    """EcoChat as programs speak it."""

    greeted = b'"op":"welcome"'
    entered = b""

    def hello(self, number: int, room: str) -> bytes:
        """Return the hello, which enters the room too."""
        return _json(op="hello", protocol=1, rooms={room: None})

    def enter(self, room: str) -> bytes:
        """Return nothing."""
        return b""

    def say(self, room: str, text: str) -> bytes:
        """Return a message."""
        return _json(op="say", room=room, text=text)


class IRC:
    """RFC 2812, for other servers."""

    greeted = b" 001 "
    entered = b" 366 "

    def hello(self, number: int, room: str) -> bytes:
        """Return the registration."""
        return b"NICK u%d\r\nUSER u%d 0 * :u\r\n" % (number, number)

    def enter(self, room: str) -> bytes:
        """Return a JOIN; its answer ends with the list of names."""
        return f"JOIN #{room}\r\n".encode()

    def say(self, room: str, text: str) -> bytes:
        """Return a PRIVMSG."""
        return f"PRIVMSG #{room} :{text}\r\n".encode()


class Bare:
    """Bytes for everyone, as the loop in C takes them."""

    greeted = b""
    entered = b""

    def hello(self, number: int, room: str) -> bytes:
        """Return nothing."""
        return b""

    def enter(self, room: str) -> bytes:
        """Return nothing."""
        return b""

    def say(self, room: str, text: str) -> bytes:
        """Return the text, ended as a frame is."""
        return f"{text}\0".encode()


LOBBY = "lobby"
"""The room that all are in when there is but one."""

PLAIN, STRUCTURED, IRC_2812, BARE = Plain(), Structured(), IRC(), Bare()


def _json(**fields: object) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode() + b"\0"
