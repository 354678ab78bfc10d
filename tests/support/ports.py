"""Ports for servers that have to be at a place that is known before they start."""

import socket

_held: list[socket.socket] = []
"""What keeps the ports until this process ends: some dozens in a run of all tests."""


def free_port() -> int:
    """Return a port of 127.0.0.1 at which nobody listens.

    It is bound here, so nobody else is given it meanwhile, be it to listen or to
    connect from; but a server can listen there that allows for that, as Twisted's do
    (socket(7), SO_REUSEADDR), also when it is started again.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    _held.append(holder)
    port: int = holder.getsockname()[1]
    return port
