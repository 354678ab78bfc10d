"""What stands around a link."""

from __future__ import annotations

from typing import Protocol

from ecochat.net.pipe import Pipe


class Shell(Protocol):
    """What a link needs of the protocol that it serves."""

    pipe: Pipe

    @property
    def address(self) -> str:
        """Where the peer is, in words."""

    def pause(self) -> None:
        """Read no more for now."""

    def resume(self) -> None:
        """Read again."""

    def close(self) -> None:
        """Close, once what is written has left."""

    def abort(self) -> None:
        """Close at once."""

    def gone(self) -> None:
        """The connection was lost, and all that came over it is taken."""

    def is_silent(self) -> bool:
        """Whether the peer's machine does not even acknowledge what it is sent."""
