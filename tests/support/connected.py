"""What test clients on a socket have in common."""

import socket
from types import TracebackType
from typing import Self


class Connected:
    """Closes its connection at the end of a ``with``."""

    socket: socket.socket

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()
